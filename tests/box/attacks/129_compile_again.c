/* ATTACK 129 includes itself until the compiler gives up, and talks a lot.
 * LIMITS  compile: cpu 10 s, mem 512 MiB, file 64 MiB, stderr 64 KiB.
 * EXPECT  CE, within the limits. */
#define T a a a a a a a a
#define U T T T T T T T T
#define V U U U U U U U U
int x = V V V V V V V V;
#include __FILE__
#include __FILE__
