/* Ways to end. */
#include "tests/box/programs/subject.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int exits(char **args)
{
	return (int)arg(args, 0, 0);
}

static int exits_at_once(char **args)
{
	_exit((int)arg(args, 0, 0));
}

/* The signal's usual doing, whatever was set before. */
static int raises(char **args)
{
	int sig = (int)arg(args, 0, SIGABRT);
	sigset_t none;

	signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	kill(getpid(), sig);
	rest_ms(100);
	return 98; /* one that does not kill */
}

static int null_pointer(char **args)
{
	volatile int *nowhere = NULL;

	(void)args;
	return *nowhere;
}

static int divides(char **args)
{
	volatile int zero = (int)arg(args, 0, 0);

	return 77 / zero;
}

static int illegal(char **args)
{
	(void)args;
	__builtin_trap();
}

static int beyond_file(char **args)
{
	FILE *f = tmpfile();
	volatile char *p = MAP_FAILED;

	(void)args;
	if (f)
		p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fileno(f), 0);
	return p == MAP_FAILED ? 3 : *p;
}

static int broken_pipe(char **args)
{
	int ends[2];

	(void)args;
	if (pipe(ends))
		return 3;
	close(ends[0]);
	return write(ends[1], "x", 1) == 1 ? 4 : 3;
}

static int kills_all(char **args)
{
	(void)args;
	kill(-1, SIGKILL);
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
	return 0;
}

static int kills_group(char **args)
{
	(void)args;
	kill(0, SIGKILL);
	for (;;)
		pause();
	return 0;
}

static int killed_by_child(char **args)
{
	(void)args;
	if (fork() == 0) {
		kill(getppid(), SIGKILL);
		_exit(0);
	}
	for (;;)
		pause();
	return 0;
}

static void *kills_us(void *arg)
{
	(void)arg;
	syscall(SYS_tgkill, getpid(), getpid(), SIGKILL);
	return NULL;
}

static int killed_by_thread(char **args)
{
	pthread_t t;

	(void)args;
	pthread_create(&t, NULL, kills_us, NULL);
	for (;;)
		pause();
	return 0;
}

static void dies(long sig)
{
	kill(getpid(), (int)sig);
}

/* How a child ends is its parent's business. */
static int child_is_killed(char **args)
{
	children(3, dies, arg(args, 0, SIGKILL));
	reap();
	return 0;
}

static void *last_word(void *arg)
{
	rest_ms(20);
	exit((int)*(long *)arg);
}

/* The first thread is gone; another says the status. */
static int other_thread_exits(char **args)
{
	static long code;
	pthread_t t;

	code = arg(args, 0, 3);
	pthread_create(&t, NULL, last_word, &code);
	pthread_exit(NULL);
}

static int execs_nothing(char **args)
{
	(void)args;
	execl("./not-there", "not-there", (char *)NULL);
	return 127;
}

static int calls_abort(char **args)
{
	(void)args;
	abort();
}

/* A handler that returns does not end a fault: the kernel asks once more. */
static void again(int sig)
{
	signal(sig, SIG_DFL);
}

static int faults_twice(char **args)
{
	signal(SIGSEGV, again);
	return null_pointer(args);
}

static int stack_smashed(char **args)
{
	char room[16];
	char *volatile p = room;

	(void)args;
	memset(p, 'x', 256);
	return p[3];
}

const struct mode death_modes[] = {
	{ "exits", exits },
	{ "exits-at-once", exits_at_once },
	{ "raises", raises },
	{ "null-pointer", null_pointer },
	{ "divides", divides },
	{ "illegal", illegal },
	{ "beyond-file", beyond_file },
	{ "broken-pipe", broken_pipe },
	{ "kills-all", kills_all },
	{ "kills-group", kills_group },
	{ "killed-by-child", killed_by_child },
	{ "killed-by-thread", killed_by_thread },
	{ "child-is-killed", child_is_killed },
	{ "other-thread-exits", other_thread_exits },
	{ "execs-nothing", execs_nothing },
	{ "calls-abort", calls_abort },
	{ "faults-twice", faults_twice },
	{ "stack-smashed", stack_smashed },
	{ 0 },
};
