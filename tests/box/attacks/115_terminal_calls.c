/* ATTACK 115 pushes input into every descriptor, also with high bits and by the
 * console's selection; takes terminals.
 * EXPECT  CONTAINED. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	static const char *const names[] = { "/dev/tty",   "/dev/console",
					     "/dev/tty0",  "/dev/tty1",
					     "/dev/ttyS0", "/dev/pts/0",
					     "/dev/pts/1", "/dev/vcs",
					     NULL };
	int bad = 0;

	for (int i = 0; names[i]; i++)
		open(names[i], O_RDWR | O_NOCTTY | O_NONBLOCK);
	for (int fd = 0; fd < 32; fd++) {
		unsigned long long high = 0x5412 | 0xdead00000000ULL;
		char paste[16] = { 2 };

		if (syscall(SYS_ioctl, fd, 0x5412, "x") == 0)
			bad += printf("pushed into %d\n", fd) > 0;
		if (syscall(SYS_ioctl, fd, high, "x") == 0)
			bad += printf("pushed into %d by high bits\n", fd) > 0;
		if (syscall(SYS_ioctl, fd, 0x541C, paste) == 0)
			bad += printf("pasted into %d\n", fd) > 0;
		if (syscall(SYS_ioctl, fd, 0x5423, &paste) == 0) /* TIOCSETD */
			bad += printf("line discipline of %d\n", fd) > 0;
		if (syscall(SYS_ioctl, fd, 0x541D, 0) == 0) /* TIOCCONS */
			bad += printf("console by %d\n", fd) > 0;
	}
	printf("RESULT %s %d\n", bad ? "ESCAPED" : "CONTAINED", bad);
	return 0;
}
