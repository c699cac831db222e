/* ATTACK 126 memory that its pages do not show: one page in each 2 MiB, so that
 * the tables cost as much as the pages; and files mapped, not read.
 * LIMITS  mem 64 MiB, cpu 4 s, wall 10 s.
 * EXPECT  MLE: whoever counts, counts the pages at least; never IE. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
	unsigned long step = 2UL << 20, all = 1UL << 36;
	volatile char *p =
		mmap(NULL, all, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return 3;
	for (unsigned long i = 0; i < all; i += step)
		p[i] = 1;
	/* Where nobody counts but now and then, until it is noticed. */
	for (;;)
		pause();
}
