/* Ways to take memory. Each takes what its first argument says, in MiB. */
#include "tests/box/programs/subject.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>
#include <fcntl.h>

#define MIB(n) ((size_t)(n) << 20)

static int heap(char **args)
{
	for (long i = 0; i < arg(args, 0, 4096); i++) {
		void *p = malloc(MIB(1));

		if (!p)
			return 3;
		touch(p, MIB(1));
	}
	return 0;
}

/* malloc fails or not: it goes on, and pretends that nothing happened. */
static int heap_shrugs(char **args)
{
	for (long i = 0; i < arg(args, 0, 4096); i++) {
		void *p = malloc(MIB(1));

		if (p)
			touch(p, MIB(1));
	}
	return 0;
}

static void one_block(long mib)
{
	void *p = mmap(NULL, MIB(mib), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p != MAP_FAILED)
		touch(p, MIB(mib));
	rest_ms(10000);
}

/* No child has much, all together have too much. */
static int by_children(char **args)
{
	children((int)arg(args, 1, 16), one_block, arg(args, 0, 16));
	rest_ms(10000);
	return 0;
}

static void too_much(long mib)
{
	void *p = malloc(MIB(mib));

	touch(p, MIB(mib));
}

/* Only a child is killed; its parent is content. */
static int child_dies(char **args)
{
	children(1, too_much, arg(args, 0, 4096));
	reap();
	return 0;
}

/* A page that two have after fork counts twice when both write to it. */
static int copy_on_write(char **args)
{
	size_t n = MIB(arg(args, 0, 40));
	char *p = malloc(n);

	touch(p, n);
	if (fork() == 0) {
		touch(p, n);
		rest_ms(10000);
		_exit(0);
	}
	rest_ms(10000);
	return 0;
}

static int fill_fd(int fd, long mib)
{
	static char block[1 << 20];

	touch(block, sizeof(block));
	for (long i = 0; i < mib; i++)
		if (write(fd, block, sizeof(block)) != sizeof(block))
			return 0; /* refused: also well */
	rest_ms(10000);
	return 1;
}

static int by_memfd(char **args)
{
	return fill_fd(memfd_create("m", 0), arg(args, 0, 4096));
}

static int by_file(char **args)
{
	int fd = open(args[1] ? args[1] : "fill", O_CREAT | O_WRONLY, 0600);

	return fill_fd(fd, arg(args, 0, 4096));
}

static int shared_map(char **args)
{
	size_t n = MIB(arg(args, 0, 4096));
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return 3;
	touch(p, n);
	return 0;
}

static int sysv_shared(char **args)
{
	size_t n = MIB(arg(args, 0, 256));
	int id = shmget(IPC_PRIVATE, n, IPC_CREAT | 0600);
	void *p = id < 0 ? (void *)-1 : shmat(id, NULL, 0);

	if (p == (void *)-1)
		return 0; /* refused: also well */
	touch(p, n);
	rest_ms(10000);
	return 1;
}

__attribute__((noinline)) static long deeper(long n)
{
	volatile char frame[4096];

	frame[0] = (char)n;
	frame[4095] = frame[0];
	return n <= 0 ? 0 : deeper(n - 1) + frame[4095] * 0;
}

/* Recursion over so many MiB. */
static int stack(char **args)
{
	return (int)deeper(arg(args, 0, 1 << 20) * 256);
}

static void *thread_block(void *arg)
{
	size_t n = *(const size_t *)arg;

	touch(malloc(n), n);
	rest_ms(10000);
	return NULL;
}

static int by_threads(char **args)
{
	size_t n = MIB(arg(args, 0, 16));
	pthread_t t;

	for (int i = 0; i < 16; i++)
		pthread_create(&t, NULL, thread_block, &n);
	rest_ms(10000);
	return 0;
}

/* Address space is not memory: runtimes reserve far more than they use. */
static int reserve(char **args)
{
	void *p = mmap(NULL, MIB(arg(args, 0, 1 << 20)), PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? 3 : 0;
}

/* A big read-only file mapped and read: page cache, to be taken back. */
static int page_cache(char **args)
{
	static char room[1 << 16];
	const char *name = args[0] ? args[0] : "/proc/self/exe";

	for (int i = 0; i < 200; i++) {
		int fd = open(name, O_RDONLY);

		while (read(fd, room, sizeof(room)) > 0)
			;
		close(fd);
	}
	return 0;
}

/* Takes and gives back, again and again: the peak counts, not the sum. */
static int again(char **args)
{
	for (int i = 0; i < 20; i++) {
		size_t n = MIB(arg(args, 0, 16));
		void *p = mmap(NULL, n, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			return 3;
		touch(p, n);
		munmap(p, n);
	}
	return 0;
}

const struct mode memory_modes[] = {
	{ "heap", heap },
	{ "heap-shrugs", heap_shrugs },
	{ "memory-of-children", by_children },
	{ "memory-of-dead-child", child_dies },
	{ "copy-on-write", copy_on_write },
	{ "memfd", by_memfd },
	{ "memory-file", by_file },
	{ "shared-map", shared_map },
	{ "sysv-shared", sysv_shared },
	{ "stack", stack },
	{ "memory-of-threads", by_threads },
	{ "reserve", reserve },
	{ "page-cache", page_cache },
	{ "memory-again", again },
	{ 0 },
};
