/* Messages between a client and its assay-box. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/box_impl.h"
#include "sandbox/box_serve.h"
#include "sandbox/box_wire.h"
#include "sandbox/fds.h"

int box_sealed(struct str bytes)
{
	int fd = memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t done = 0;

	while (fd >= 0 && done < bytes.n) {
		ssize_t n = write(fd, bytes.p + done, bytes.n - done);

		if (n < 0) {
			close(fd);
			return -1;
		}
		done += (size_t)n;
	}
	if (fd >= 0)
		fcntl(fd, F_ADD_SEALS,
		      F_SEAL_SEAL | F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK);
	return fd;
}

bool serve_send(int sock, struct serve_head head, struct str bytes, int fd,
		int flags)
{
	char ctl[FDS_ROOM] = { 0 };
	struct iovec iov[2] = { { &head, sizeof(head) },
				{ (char *)bytes.p, bytes.n } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };
	int fds[2], n = 0, saved;
	ssize_t sent;

	head.bytes = (uint32_t)bytes.n;
	head.in_memfd = bytes.n > SERVE_INLINE;
	if (head.in_memfd) {
		fds[n] = box_sealed(bytes);
		if (fds[n++] < 0)
			return false;
		m.msg_iovlen = 1;
	}
	if (fd >= 0)
		fds[n++] = fd;
	if (n)
		fds_attach(&m, ctl, fds, n);
	do
		sent = sendmsg(sock, &m, MSG_NOSIGNAL | flags);
	while (sent < 0 && errno == EINTR);
	saved = errno;
	if (head.in_memfd)
		close(fds[0]);
	errno = saved;
	return sent >= 0;
}

/* A memfd that cannot change and is as long as was said. */
static bool map(struct serve_message *m, int fd)
{
	int need = F_SEAL_WRITE | F_SEAL_SHRINK;
	struct stat st;

	if (fd < 0 || m->head.bytes > WIRE_BYTES || !m->head.bytes ||
	    fstat(fd, &st) || st.st_size != (off_t)m->head.bytes ||
	    (fcntl(fd, F_GET_SEALS) & need) != need)
		return false;
	m->mapped = mmap(NULL, m->head.bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (m->mapped == MAP_FAILED) {
		m->mapped = NULL;
		return false;
	}
	m->mapped_bytes = m->head.bytes;
	m->bytes = (struct str){ m->mapped, m->mapped_bytes };
	return true;
}

static bool understand(struct serve_message *m, char *room, ssize_t n,
		       int fds[2])
{
	size_t behind = (size_t)n - sizeof(m->head);
	bool fine;

	if (n < (ssize_t)sizeof(m->head))
		return false;
	if (!m->head.in_memfd) {
		m->fd = fds[0];
		fds[0] = -1;
		m->bytes = (struct str){ room, behind };
		return behind == m->head.bytes;
	}
	fine = map(m, fds[0]);
	m->fd = fds[1];
	fds[1] = -1;
	return fine;
}

int serve_receive(struct arena *a, int sock, int flags,
		  struct serve_message *out)
{
	char *room = arena_alloc(a, SERVE_INLINE);
	char ctl[CMSG_SPACE(sizeof(int) * 2)];
	struct iovec iov[2] = { { &out->head, sizeof(out->head) },
				{ room, SERVE_INLINE } };
	struct msghdr m = { .msg_iov = iov,
			    .msg_iovlen = 2,
			    .msg_control = ctl,
			    .msg_controllen = sizeof(ctl) };
	struct cmsghdr *c;
	int fds[2] = { -1, -1 };
	bool fine;
	ssize_t n;

	*out = (struct serve_message){ .fd = -1 };
	do
		n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC | flags);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return -1;
	c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	if (c && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len <= CMSG_LEN(sizeof(fds)))
		memcpy(fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	fine = understand(out, room, n, fds);
	box_close(&fds[0]);
	box_close(&fds[1]);
	if (fine)
		return 1;
	box_close(&out->fd);
	serve_forget(out);
	return 0;
}

void serve_forget(struct serve_message *m)
{
	if (m->mapped)
		munmap(m->mapped, m->mapped_bytes);
	m->mapped = NULL;
}
