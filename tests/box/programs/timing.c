/* Ways to spend time, of the processor or of the clock. */
#include "tests/box/programs/subject.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LONG_MS = 100000 };

static int user(char **args)
{
	burn_ms(arg(args, 0, LONG_MS));
	return 0;
}

static int in_kernel(char **args)
{
	burn_system_ms(arg(args, 0, LONG_MS));
	return 0;
}

static int by_children(char **args)
{
	children((int)arg(args, 1, 4), burn_ms, arg(args, 0, LONG_MS));
	return reap();
}

/* Each is reaped before the next: no living process has used much. */
static int short_lived(char **args)
{
	for (long i = 0; i < arg(args, 1, 10000); i++) {
		children(1, burn_ms, arg(args, 0, 4));
		reap();
	}
	return 0;
}

/* The same, without a parent that waits for them. */
static int orphans(char **args)
{
	long n = arg(args, 0, LONG_MS);

	if (fork() == 0) {
		setsid();
		children(3, burn_ms, n);
		_exit(0);
	}
	rest_ms(LONG_MS);
	return 0;
}

static void *burner(void *arg)
{
	burn_ms(*(long *)arg);
	return NULL;
}

static int threads(char **args)
{
	long n = arg(args, 0, LONG_MS);
	pthread_t t[8];

	for (int i = 0; i < 8; i++)
		if (pthread_create(&t[i], NULL, burner, &n))
			return 3;
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	return 0;
}

static int deaf(char **args)
{
	sigset_t all;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	return user(args);
}

static void nothing(int sig)
{
	(void)sig;
}

/* Signals of time limits are caught. */
static int catches(char **args)
{
	signal(SIGXCPU, nothing);
	signal(SIGPROF, nothing);
	signal(SIGTERM, nothing);
	return user(args);
}

static int lowly(char **args)
{
	if (nice(19) < 0)
		return 3;
	return user(args);
}

static int yields(char **args)
{
	(void)args;
	for (;;)
		sched_yield();
	return 0;
}

static int rests(char **args)
{
	rest_ms(arg(args, 0, LONG_MS));
	return 0;
}

static int pauses(char **args)
{
	(void)args;
	for (;;)
		pause();
	return 0;
}

static int stops(char **args)
{
	raise((int)arg(args, 0, SIGSTOP));
	return 0;
}

/* The whole group is stopped by a child, who then stops too. */
static int stopped_by_child(char **args)
{
	(void)args;
	if (fork() == 0) {
		kill(getppid(), SIGSTOP);
		raise(SIGSTOP);
		_exit(0);
	}
	wait(NULL);
	return 0;
}

static int pipe_of_own(char **args)
{
	int ends[2];
	char c;

	(void)args;
	if (pipe(ends))
		return 3;
	return read(ends[0], &c, 1) == 1 ? 0 : 3;
}

static int deadlock(char **args)
{
	pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

	(void)args;
	pthread_mutex_lock(&m);
	pthread_mutex_lock(&m);
	return 0;
}

static int waits_for_child(char **args)
{
	children(1, rest_ms, arg(args, 0, LONG_MS));
	return reap();
}

static int vforks(char **args)
{
	(void)args;
	if (vfork() == 0) {
		pause();
		_exit(0);
	}
	return 0;
}

/* Alarms keep it busy for as long as it sleeps. */
static int alarmed(char **args)
{
	struct itimerval every = { { 0, 2000 }, { 0, 2000 } };

	(void)args;
	signal(SIGALRM, nothing);
	setitimer(ITIMER_REAL, &every, NULL);
	for (;;)
		pause();
	return 0;
}

const struct mode time_modes[] = {
	{ "user", user },
	{ "system", in_kernel },
	{ "time-of-children", by_children },
	{ "short-lived", short_lived },
	{ "orphans", orphans },
	{ "time-of-threads", threads },
	{ "deaf", deaf },
	{ "catches", catches },
	{ "lowly", lowly },
	{ "yields", yields },
	{ "rests", rests },
	{ "pauses", pauses },
	{ "stops", stops },
	{ "stopped-by-child", stopped_by_child },
	{ "pipe-of-own", pipe_of_own },
	{ "deadlock", deadlock },
	{ "waits-for-child", waits_for_child },
	{ "vforks", vforks },
	{ "alarmed", alarmed },
	{ 0 },
};
