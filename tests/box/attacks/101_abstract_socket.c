/* ATTACK 101 two runs meet at an abstract unix socket, which no mount hides.
 * HARNESS two at once.
 * EXPECT  CONTAINED: nobody connects to anybody. */
#define _GNU_SOURCE
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int talks(int type, const char *name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	socklen_t n = (socklen_t)(2 + 1 + strlen(name));
	int s = socket(AF_UNIX, type, 0), c = socket(AF_UNIX, type, 0);
	int met = 0;

	memcpy(at.sun_path + 1, name, strlen(name));
	if (s < 0 || c < 0)
		return 0;
	if (connect(c, (struct sockaddr *)&at, n) == 0)
		met = 1;
	else if (bind(s, (struct sockaddr *)&at, n) == 0) {
		struct pollfd p = { .fd = s, .events = POLLIN };

		if (type != SOCK_DGRAM)
			listen(s, 5);
		met = poll(&p, 1, 300) > 0;
	}
	if (met && type == SOCK_DGRAM)
		send(c, "x", 1, MSG_DONTWAIT);
	close(c);
	close(s);
	return met;
}

int main(void)
{
	int met = talks(SOCK_STREAM, "assay-meeting-a");

	met += talks(SOCK_SEQPACKET, "assay-meeting-b");
	met += talks(SOCK_DGRAM, "assay-meeting-c");
	printf("RESULT %s met %d\n", met ? "ESCAPED" : "CONTAINED", met);
	return 0;
}
