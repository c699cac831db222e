/* A program that may reach one peer, and tries whom else it can reach. */
#include "tests/box/programs/subject.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ASKED_MOST = 100 };

/* One more connection, by the program's standard input; -1. */
static int ask(const char *words)
{
	char ctl[CMSG_SPACE(sizeof(int))], mark;
	struct iovec iov = { &mark, 1 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = ctl,
			    .msg_controllen = sizeof(ctl) };
	struct cmsghdr *c;
	int fd = -1;

	if (send(0, words, strlen(words), MSG_NOSIGNAL) < 0 ||
	    recvmsg(0, &m, 0) != 1)
		return -1;
	c = CMSG_FIRSTHDR(&m);
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

static int answers(int fd)
{
	char said[4];

	return fd >= 0 && send(fd, "ping", 4, MSG_NOSIGNAL) == 4 &&
	       recv(fd, said, 4, MSG_WAITALL) == 4 && !memcmp(said, "pong", 4);
}

static int talk(char **args)
{
	int fd = ask("c");

	(void)args;
	return !answers(fd);
}

static int nobody(char **args)
{
	(void)args;
	return ask("c") != -1;
}

/* Sockets of its own, by every family and kind that leads out. */
static int sockets(void)
{
	static const int families[] = { AF_INET, AF_INET6, AF_NETLINK,
					AF_PACKET, 40 /* AF_VSOCK */ };
	static const int kinds[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW };
	int made = 0;

	for (size_t i = 0; i < sizeof(families) / sizeof(int); i++)
		for (size_t k = 0; k < sizeof(kinds) / sizeof(int); k++)
			made += socket(families[i], kinds[k], 0) >= 0;
	return made;
}

/* What is given turned round to another address. */
static int turns(int fd, const char *address, long port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((in_port_t)port) };
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	int turned = 0;

	inet_pton(AF_INET, address, &to.sin_addr);
	for (int i = 0; i < 2; i++) {
		turned += !connect(fd, (struct sockaddr *)&to, sizeof(to));
		turned += sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL,
				 (struct sockaddr *)&to, sizeof(to)) == 1;
		connect(fd, &none, sizeof(none));
		shutdown(fd, SHUT_RDWR);
	}
	return turned;
}

/* Devices and sockets that /proc tells of, but the loopback. */
static int seen(void)
{
	static const char *const files[] = { "/proc/net/dev", "/proc/net/tcp",
					     "/proc/net/udp",
					     "/proc/net/route" };
	static const int expected[] = { 3, 1, 1, 1 }; /* lines */
	int more = 0;

	for (int i = 0; i < 4; i++) {
		FILE *f = fopen(files[i], "r");
		int lines = 0, c;

		if (!f)
			continue;
		while ((c = getc(f)) != EOF)
			lines += c == '\n';
		fclose(f);
		more += lines > expected[i];
	}
	return more;
}

/* reaches PORT: 0 when the peer answers and nobody else can be reached. */
static int reaches(char **args)
{
	static const char *const others[] = { "127.0.0.1", "169.254.169.254",
					      "10.0.0.1", "8.8.8.8" };
	long port = arg(args, 0, 0);
	char words[64];
	int out = sockets() + seen();

	for (int i = 0; i < 4; i++) {
		int fd;

		snprintf(words, sizeof(words), "c%s:%ld", others[i], port);
		fd = ask(words);
		if (!answers(fd))
			return 100;
		out += turns(fd, others[i], port);
		close(fd);
	}
	return out;
}

/* 0 when there is an end to connections, at once and in all. */
static int many(char **args)
{
	int fd[ASKED_MOST], at_once = 0, in_all;

	(void)args;
	while (at_once < ASKED_MOST && (fd[at_once] = ask("c")) >= 0)
		at_once++;
	in_all = at_once;
	for (int i = 0; i < at_once; i++)
		close(fd[i]);
	for (int i = 0; i < ASKED_MOST; i++) {
		int one = ask("c");

		in_all += one >= 0 && answers(one);
		close(one);
	}
	return at_once < 1 || at_once > 4 || in_all < at_once + 10 ||
	       in_all > 64;
}

const struct mode peer_modes[] = {
	{ "talks", talk },
	{ "reaches", reaches },
	{ "reaches-nobody", nobody },
	{ "asks-for-many", many },
	{ NULL, NULL },
};
