/* ATTACK 128 makes the compiler read without end and tell what it read.
 * LIMITS  compile: cpu 10 s, mem 512 MiB, file 64 MiB, stderr 64 KiB.
 * EXPECT  CE: nothing of the host in what the compiler says. */
#include "/etc/shadow"
#include "/proc/1/environ"
#include "/proc/self/cmdline"
#include "/dev/zero"
