/* ATTACK 107 calls the kernel by the doors of other ABIs: int 0x80, x32 bit.
 * EXPECT  CONTAINED: refused, or whoever tries is killed. */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
static long by_int80(long nr, long a, long b, long c)
{
	long r;

	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(nr), "b"(a), "c"(b), "d"(c)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)r;
}

/* Status 9: it worked. */
static int in_child(int door)
{
	int status = 0;
	pid_t p = fork();

	if (p == 0) {
		if (door == 0)
			_exit(by_int80(20, 0, 0, 0) > 0 ? 9 : 0); /* getpid */
		if (door == 1)
			_exit(by_int80(310, 0x10000000, 0, 0) == 0 ? 9 : 0);
		if (door == 2)
			_exit(by_int80(359, 16, 3, 0) >= 0 ? 9 : 0);
		_exit(syscall(0x40000000 + 39) > 0 ? 9 : 0);
	}
	waitpid(p, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 9;
}
#endif

int main(void)
{
	int bad = 0;

	setvbuf(stdout, NULL, _IONBF, 0);
#if defined(__x86_64__)
	for (int door = 0; door < 4; door++)
		if (in_child(door))
			bad += printf("door %d\n", door) > 0;
#endif
	printf("RESULT %s %d\n", bad ? "ESCAPED" : "CONTAINED", bad);
	return 0;
}
