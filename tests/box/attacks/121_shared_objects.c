/* ATTACK 121 memory that belongs to no process: System V segments, message
 * queues, unix sockets full of data, deleted files.
 * LIMITS  mem 64 MiB, file space 32 MiB, wall 10 s, cpu 4 s.
 * EXPECT  CONTAINED or verdict MLE. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static char block[1 << 16];

static long segments(void)
{
	long held = 0;

	for (int i = 0; i < 100; i++) {
		int id = shmget(IPC_PRIVATE, 4 << 20, IPC_CREAT | 0600);
		char *p = id < 0 ? (void *)-1 : shmat(id, NULL, 0);

		if (p == (void *)-1)
			break;
		memset(p, 7, 4 << 20);
		shmdt(p); /* nobody has it mapped now */
		held += 4 << 20;
	}
	return held;
}

static long sockets(void)
{
	long held = 0;
	int ends[2];

	while (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0) {
		int size = 1 << 24;
		ssize_t n;

		setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
		fcntl(ends[0], F_SETFL, O_NONBLOCK);
		while ((n = write(ends[0], block, sizeof(block))) > 0)
			held += n;
	}
	return held;
}

static long queues(void)
{
	struct {
		long type;
		char text[8192];
	} m = { .type = 1 };
	long held = 0;

	for (int i = 0; i < 4000; i++) {
		int q = msgget(IPC_PRIVATE, IPC_CREAT | 0600);

		if (q < 0)
			break;
		while (msgsnd(q, &m, sizeof(m.text), IPC_NOWAIT) == 0)
			held += (long)sizeof(m.text);
	}
	return held;
}

static long secret(void)
{
	long fd = syscall(447 /* memfd_secret */, 0);
	char *p;

	if (fd < 0 || ftruncate((int)fd, 64 << 20))
		return 0;
	p = mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd,
		 0);
	if (p == MAP_FAILED)
		return 0;
	memset(p, 7, 64 << 20);
	return 64 << 20;
}

int main(void)
{
	long all = secret() + queues() + sockets() + segments();

	printf("RESULT %s held %ld MiB\n",
	       all > 100L << 20 ? "ESCAPED" : "CONTAINED", all >> 20);
	return 0;
}
