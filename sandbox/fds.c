#include "sandbox/fds.h"

#include <errno.h>
#include <string.h>

void fds_attach(struct msghdr *m, char *room, const int *fds, int n)
{
	struct cmsghdr *c;

	m->msg_control = room;
	m->msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)n);
	c = CMSG_FIRSTHDR(m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)n);
	memcpy(CMSG_DATA(c), fds, sizeof(int) * (size_t)n);
}

bool fds_send(int sock, const int *fds, int n)
{
	char ctl[FDS_ROOM] = { 0 };
	char mark = 'f';
	struct iovec iov = { &mark, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	fds_attach(&m, ctl, fds, n);
	return sendmsg(sock, &m, MSG_NOSIGNAL) == 1;
}

void fds_receive(int sock, int *fd)
{
	char ctl[CMSG_SPACE(sizeof(int))], mark;
	struct iovec iov = { &mark, 1 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = ctl,
			    .msg_controllen = sizeof(ctl) };
	struct cmsghdr *c;
	ssize_t n;

	do
		n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		return;
	c = CMSG_FIRSTHDR(&m);
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(c), sizeof(*fd));
}
