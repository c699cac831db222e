/* What is well, near the limits and in odd company. Status 0: as it should. */
#include "tests/box/programs/subject.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int hello(char **args)
{
	(void)args;
	return puts("42") < 0;
}

/* Standard input comes out as it went in. */
static int echoes(char **args)
{
	char room[4096];
	ssize_t n;

	(void)args;
	while ((n = read(0, room, sizeof(room))) > 0)
		if (write(1, room, (size_t)n) != n)
			return 3;
	return n < 0 ? 4 : 0;
}

static int closes_all(char **args)
{
	(void)args;
	for (int i = 0; i < 1024; i++)
		close(i);
	rest_ms(20);
	return 0;
}

static int stdin_ends(char **args)
{
	char c;

	(void)args;
	return read(0, &c, 1) == 0 ? 0 : 3;
}

static int many_children(char **args)
{
	int n = (int)arg(args, 0, 40);

	return children(n, burn_ms, 1) == n ? reap() : 3;
}

static void nap(long ms)
{
	rest_ms(ms);
}

/* More than it may: refused, and that is all. */
static int too_many_children(char **args)
{
	int n = children(5000, nap, 50);

	reap();
	return n <= arg(args, 0, 64) ? 0 : 3;
}

static void *idle_thread(void *at)
{
	pthread_barrier_wait(at);
	return NULL;
}

/* Each with a stack of 8 MiB of address space. */
static int many_threads(char **args)
{
	enum { THREADS = 32 };
	pthread_barrier_t b;
	pthread_t t[THREADS];

	(void)args;
	pthread_barrier_init(&b, NULL, THREADS);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&t[i], NULL, idle_thread, &b))
			return 3;
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	return 0;
}

static int zombies(char **args)
{
	(void)args;
	for (int i = 0; i < 5000; i++) {
		pid_t p = fork();

		if (p < 0)
			break;
		if (p == 0)
			_exit(0);
	}
	return 0;
}

/* Daemons in sessions of their own, left behind; they hold stdout too. */
static int daemons(char **args)
{
	for (long i = 0; i < arg(args, 0, 8); i++)
		if (fork() == 0) {
			setsid();
			if (fork() == 0)
				for (;;)
					pause();
			_exit(0);
		}
	reap();
	return puts("left") < 0;
}

/* The same, busy. */
static int busy_daemons(char **args)
{
	(void)args;
	for (int i = 0; i < 4; i++)
		if (fork() == 0) {
			setsid();
			signal(SIGHUP, SIG_IGN);
			for (volatile long n = 0;; n++)
				;
		}
	rest_ms(20);
	return 0;
}

static int stopped_child(char **args)
{
	(void)args;
	if (fork() == 0) {
		raise(SIGSTOP);
		_exit(0);
	}
	rest_ms(20);
	return 0;
}

static volatile sig_atomic_t forked;

static void forks_here(int sig)
{
	pid_t p = fork();

	(void)sig;
	if (p == 0)
		_exit(0);
	forked += p > 0;
}

static int fork_in_handler(char **args)
{
	(void)args;
	signal(SIGUSR1, forks_here);
	for (int i = 0; i < 20; i++)
		raise(SIGUSR1);
	return reap() == 0 && forked == 20 ? 0 : 3;
}

static int alarm_is_caught(char **args)
{
	(void)args;
	signal(SIGALRM, forks_here);
	alarm(1);
	alarm(0);
	return reap();
}

static int unix_pair(char **args)
{
	int ends[2];
	char c = 0;

	(void)args;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) ||
	    write(ends[0], "x", 1) != 1 || read(ends[1], &c, 1) != 1)
		return 3;
	return c == 'x' ? 0 : 4;
}

/* What just-in-time compilers do. */
static int executable_map(char **args)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static const unsigned char ret[] = { 0xc3 }; /* x86: return */
	void (*fn)(void);

	(void)args;
	if (p == MAP_FAILED)
		return 3;
#if defined(__x86_64__)
	memcpy(p, ret, sizeof(ret));
	memcpy(&fn, &p, sizeof(fn));
	fn();
#else
	(void)ret;
	(void)fn;
#endif
	return 0;
}

static int devices(char **args)
{
	static const char *const names[] = { "/dev/null", "/dev/zero",
					     "/dev/urandom", NULL };

	(void)args;
	for (int i = 0; names[i]; i++) {
		int fd = open(names[i], O_RDWR);

		if (fd < 0)
			fd = open(names[i], O_RDONLY);
		if (fd < 0)
			return 3;
		close(fd);
	}
	return 0;
}

static int own_proc(char **args)
{
	char room[256];
	int fd = open("/proc/self/status", O_RDONLY);

	(void)args;
	return fd >= 0 && read(fd, room, sizeof(room)) > 0 ? 0 : 3;
}

/* Groups and sessions of its own; a child that is waited for. */
static int job_control(char **args)
{
	pid_t p = fork();
	int status;

	(void)args;
	if (p == 0) {
		setpgid(0, 0);
		raise(SIGTSTP);
		_exit(7);
	}
	if (waitpid(p, &status, WUNTRACED) != p)
		return 3;
	kill(p, SIGKILL);
	return waitpid(p, &status, 0) == p ? 0 : 4;
}

const struct mode honest_modes[] = {
	{ "hello", hello },
	{ "echoes", echoes },
	{ "closes-all", closes_all },
	{ "stdin-ends", stdin_ends },
	{ "many-children", many_children },
	{ "too-many-children", too_many_children },
	{ "many-threads", many_threads },
	{ "zombies", zombies },
	{ "daemons", daemons },
	{ "busy-daemons", busy_daemons },
	{ "stopped-child", stopped_child },
	{ "fork-in-handler", fork_in_handler },
	{ "alarm-is-caught", alarm_is_caught },
	{ "unix-pair", unix_pair },
	{ "executable-map", executable_map },
	{ "devices", devices },
	{ "own-proc", own_proc },
	{ "job-control", job_control },
	{ 0 },
};
