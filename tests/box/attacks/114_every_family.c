/* ATTACK 114 every socket family, type and some protocols: all but unix
 * refused. EXPECT  CONTAINED. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

int main(void)
{
	static const int protocols[] = {
		0, 1, 6, 9, 15, 17, 58, 132, 255, 262
	};
	int bad = 0, ends[2];

	for (int f = 0; f < 60; f++)
		for (int type = 1; type < 11; type++)
			for (size_t p = 0;
			     p < sizeof(protocols) / sizeof(protocols[0]);
			     p++) {
				int s = socket(f, type, protocols[p]);

				if (s < 0)
					continue;
				if (f != AF_UNIX)
					bad += printf("family %d type %d\n", f,
						      type) > 0;
				close(s);
			}
	/* With bits in the upper half, which only the filter would see. */
	for (int f = 0; f < 60; f++) {
		long s = syscall(SYS_socket, 0x100000000L | f, 1L, 0L);

		if (s >= 0 && f != AF_UNIX)
			bad += printf("family %d, high bits\n", f) > 0;
		if (s >= 0)
			close((int)s);
		if (f != AF_UNIX && socketpair(f, SOCK_STREAM, 0, ends) == 0)
			bad += printf("pair of family %d\n", f) > 0;
	}
	printf("RESULT %s %d\n", bad ? "ESCAPED" : "CONTAINED", bad);
	return 0;
}
