/* Odd surroundings: arguments, environment, descriptors, names. */
#include "tests/box/programs/subject.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* Runs itself with as many long arguments as the kernel takes. */
static int huge_argv(char **args)
{
	static char word[4096];

	if (args[0] && strcmp(args[0], "again") == 0)
		return args[1] && args[2] ? 0 : 3;
	memset(word, 'A', sizeof(word) - 1);
	memcpy(word, "\n\x1b)", 3);
	for (int n = 4000; n > 8; n = n * 3 / 4) {
		char **v = calloc((size_t)n + 1, sizeof(*v));

		for (int i = 0; i < n; i++)
			v[i] = word;
		v[0] = "subject";
		v[1] = "huge-argv";
		v[2] = "again";
		execv("/proc/self/exe", v);
		free(v);
	}
	return 4;
}

/* A name that readers of /proc/PID/stat take for fields. */
static int odd_name(char **args)
{
	(void)args;
	prctl(PR_SET_NAME, ") R 0 0 0 0");
	burn_ms(30);
	if (fork() == 0) {
		prctl(PR_SET_NAME, "\n) Z 1 (");
		rest_ms(30);
		_exit(0);
	}
	return reap();
}

/* And the same at the limit of time. */
static int odd_name_burns(char **args)
{
	(void)args;
	prctl(PR_SET_NAME, ") R 0 0 0 0");
	burn_ms(100000);
	return 0;
}

static int odd_locale(char **args)
{
	(void)args;
	setenv("LC_ALL", "../../../tmp", 1);
	setenv("LANG", "x.\xff", 1);
	setenv("TZ", ":/dev/zero", 1);
	setlocale(LC_ALL, "");
	tzset();
	return printf("%d\n", 42) == 3 ? 0 : 3;
}

/* Files that nobody may read, in a folder that nobody may enter. */
static int umask_all(char **args)
{
	(void)args;
	umask(0777);
	if (mkdir("closed", 0777) || open("none", O_CREAT | O_WRONLY, 0666) < 0)
		return 3;
	umask(0);
	chmod(".", 0);
	return 0;
}

static int cwd_gone(char **args)
{
	char room[64];

	(void)args;
	if (mkdir("here", 0700) || chdir("here") || rmdir("../here"))
		return 3;
	return getcwd(room, sizeof(room)) ? 4 : 0;
}

/* No variable of whoever runs it; the fixed ones only. */
static int clean_environment(char **args)
{
	(void)args;
	for (char **e = environ; *e; e++)
		if (strstr(*e, "CANARY") || strncmp(*e, "LD_", 3) == 0)
			return 3;
	return getenv("PATH") ? 0 : 4;
}

/* Only 0, 1 and 2 are open. */
static int clean_descriptors(char **args)
{
	(void)args;
	for (int i = 3; i < 4096; i++)
		if (fcntl(i, F_GETFD) >= 0)
			return 3;
	return 0;
}

/* Nothing ignored or blocked, no timer, no umask of another's. */
static int clean_signals(char **args)
{
	struct itimerval t;
	struct sigaction s;
	sigset_t blocked;

	(void)args;
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	for (int i = 1; i < 32; i++)
		if (i != SIGKILL && i != SIGSTOP &&
		    (sigaction(i, NULL, &s) || s.sa_handler != SIG_DFL ||
		     sigismember(&blocked, i)))
			return i;
	if (getitimer(ITIMER_REAL, &t) || t.it_value.tv_sec)
		return 70;
	return umask(022) == 022 || umask(022) == 077 ? 0 : 71;
}

/* Not first in its namespace, and the next are near: nothing to be told. */
static int low_pid(char **args)
{
	(void)args;
	return getpid() >= 2 && getpid() < 10 ? 0 : 3;
}

static int no_core(char **args)
{
	struct rlimit l;

	(void)args;
	return !getrlimit(RLIMIT_CORE, &l) && l.rlim_max <= 1 ? 0 : 3;
}

static int stack_limit(char **args)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_STACK, &l))
		return 3;
	return (long)(l.rlim_cur >> 20) == arg(args, 0, 64) ? 0 : 4;
}

static int descriptor_limit(char **args)
{
	int n = 3;

	while (dup(0) >= 0)
		n++;
	return n <= arg(args, 0, 64) && errno == EMFILE ? 0 : 3;
}

static void nothing(int sig)
{
	(void)sig;
}

/* More timers and signals queued than one may have: refused. */
static int timers(char **args)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL,
			       .sigev_signo = SIGRTMIN };
	union sigval v = { .sival_int = 1 };
	sigset_t set;
	timer_t t;
	int made = 0, queued = 0;

	(void)args;
	signal(SIGRTMIN, nothing);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	while (made < 300000 && timer_create(CLOCK_MONOTONIC, &ev, &t) == 0)
		made++;
	while (queued < 300000 && sigqueue(getpid(), SIGRTMIN, v) == 0)
		queued++;
	return made + queued < 200000 ? 0 : 3;
}

/* A year that has ten digits, in a zone that is nowhere. */
static int dates(char **args)
{
	time_t late = (time_t)1 << 40;
	struct tm tm;
	char room[100];

	(void)args;
	setenv("TZ", "Nowhere/Else+99", 1);
	return gmtime_r(&late, &tm) && strftime(room, sizeof(room), "%c", &tm)
		       ? 0
		       : 3;
}

/* Whose cgroup it is in is no business of its: the top of all that it sees. */
static int clean_cgroup(char **args)
{
	FILE *f = fopen("/proc/self/cgroup", "r");
	char line[512];
	int lines = 0, bad = 0;

	(void)args;
	while (f && fgets(line, sizeof(line), f)) {
		size_t n = strlen(line);

		lines++;
		bad += n < 3 || strcmp(line + n - 3, ":/\n") != 0;
	}
	if (f)
		fclose(f);
	return lines && !bad ? 0 : 3;
}

const struct mode odd_modes[] = {
	{ "clean-cgroup", clean_cgroup },
	{ "huge-argv", huge_argv },
	{ "odd-name", odd_name },
	{ "odd-name-burns", odd_name_burns },
	{ "odd-locale", odd_locale },
	{ "umask-all", umask_all },
	{ "cwd-gone", cwd_gone },
	{ "clean-environment", clean_environment },
	{ "clean-descriptors", clean_descriptors },
	{ "clean-signals", clean_signals },
	{ "low-pid", low_pid },
	{ "no-core", no_core },
	{ "stack-limit", stack_limit },
	{ "descriptor-limit", descriptor_limit },
	{ "timers", timers },
	{ "dates", dates },
	{ 0 },
};
