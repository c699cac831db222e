#include "engine/local_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/auth/auth.h"

extern char **environ;

enum {
	NS = 1000000,
	SECRET = 32,
	PARENT_FD = 3,
	AGAIN_LEAST_MS = 1000,
	AGAIN_MOST_MS = 60000,
	STEADY_MS = 60000, /* who ran so long starts anew with patience */
	LEASE_S = 15, /* short: a crash of the server takes the worker along */
	KILL_MS = 1000,
	ENV_MOST = 64,
};

struct local_worker {
	struct local_worker_opts o;
	pid_t pid;	   /* 0: not running */
	int pidfd, parent; /* -1 */
	int64_t began_ns, start_ns;
	int deaths; /* in a row */
};

struct str local_worker_url(struct str urls)
{
	struct str one;

	while (str_split(&urls, ',', &one)) {
		one = str_trim(one);
		if (str_starts(one, "ipc://"))
			return one;
	}
	return (struct str){ 0 };
}

const char *local_worker_program(struct arena *a)
{
	char self[1024];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *path;

	while (n > 0 && self[n - 1] != '/')
		n--;
	if (n <= 0)
		return "/usr/sbin/assay-worker";
	path = str_fmt(a, "%.*sassay-worker", (int)n, self).p;
	return access(path, X_OK) == 0 ? path : "/usr/sbin/assay-worker";
}

struct local_worker *local_worker_new(const struct local_worker_opts *o)
{
	struct local_worker *l = calloc(1, sizeof(*l)); /* allowed: process */

	CHECK(l);
	l->o = *o;
	l->pidfd = l->parent = -1;
	return l;
}

void local_worker_free(struct local_worker *l)
{
	free(l);
}

/* ---- starting ---- */

/* The secret, as a line; its pipe's end tells that we have ended. */
static int secret_pipe(struct local_worker *l)
{
	uint8_t secret[SECRET];
	char token[sizeof(AUTH_OWN_WORKER) + 2 * SECRET + 1];
	size_t n = strlen(AUTH_OWN_WORKER);
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	randombytes_buf(secret, sizeof(secret));
	memcpy(token, AUTH_OWN_WORKER, n);
	sodium_bin2hex(token + n, 2 * SECRET + 1, secret, SECRET);
	n += (size_t)2 * SECRET;
	auth_own_worker(l->o.auth, (struct str){ token, n });
	token[n] = '\n';
	CHECK(write(ends[1], token, n + 1) == (ssize_t)n + 1);
	sodium_memzero(secret, sizeof(secret));
	sodium_memzero(token, sizeof(token));
	l->parent = ends[1];
	return ends[0];
}

/* What a worker may need of our environment, which may hold secrets. */
static void pass_env(char **env)
{
	static const char *const passed[] = {
		"PATH=", "TZ=", "LANG=", "LC_", "HOME", "ASSAY_WORKER_", NULL
	};
	size_t n = 0;

	for (char **e = environ; *e && n < ENV_MOST - 1; e++)
		for (int i = 0; passed[i]; i++)
			if (str_starts(str_of(*e), passed[i])) {
				env[n++] = *e;
				break;
			}
	env[n] = NULL;
}

static int spawn(struct local_worker *l, int secret, struct arena *a)
{
	const char *const argv[] = {
		"assay-worker",
		"--server",
		str_z(a, l->o.url),
		"--name",
		"local",
		"--parent-fd",
		"3",
		"--content-roots",
		str_z(a, l->o.content_roots),
		"--box-level",
		str_z(a, l->o.box_level),
		"--log-level",
		str_z(a, l->o.log_level),
		"--lease",
		str_fmt(a, "%ds", LEASE_S).p,
		"--poll",
		"500ms",
		"--drain",
		str_fmt(a, "%lldms", (long long)l->o.drain_ms).p,
		NULL,
	};
	char *env[ENV_MOST];
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none;
	int r;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, secret, PARENT_FD);
	posix_spawn_file_actions_addclosefrom_np(&files, PARENT_FD + 1);
	posix_spawnattr_init(&attr);
	/* A terminal's Ctrl-C is for the server, which stops it. */
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
						POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setsigmask(&attr, &none);
	pass_env(env);
	r = posix_spawn(&l->pid, l->o.program, &files, &attr,
			(char *const *)argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return r;
}

static void later(struct local_worker *l)
{
	int64_t ms = AGAIN_LEAST_MS;

	for (int i = 0; i < l->deaths && ms < AGAIN_MOST_MS; i++)
		ms *= 2;
	l->deaths++;
	l->start_ns = clock_mono_ns(l->o.clock) +
		      (ms < AGAIN_MOST_MS ? ms : AGAIN_MOST_MS) * NS;
}

static void let_go(struct local_worker *l)
{
	if (l->parent >= 0)
		close(l->parent);
	if (l->pidfd >= 0)
		close(l->pidfd);
	l->parent = l->pidfd = -1;
	l->pid = 0;
}

static void start(struct local_worker *l)
{
	struct arena *a = arena_new(2048);
	int secret = secret_pipe(l);
	int r = secret < 0 ? errno : spawn(l, secret, a);

	if (secret >= 0)
		close(secret);
	arena_free(a);
	if (!r) {
		l->pidfd = pidfd_open(l->pid, 0);
		l->began_ns = clock_mono_ns(l->o.clock);
		log_event(l->o.log, LOG_INFO, "local_worker_started",
			  LINT("pid", l->pid));
		return;
	}
	let_go(l);
	log_event(l->o.log, LOG_ERROR, "local_worker_failed",
		  LZ("program", l->o.program), LZ("error", strerror(r)));
	later(l);
}

/* ---- looking after it ---- */

static bool reap(struct local_worker *l, int flags)
{
	int status;

	if (waitpid(l->pid, &status, flags) != l->pid)
		return false;
	log_event(l->o.log, LOG_WARN, "local_worker_ended", LINT("pid", l->pid),
		  LINT("exit", WIFEXITED(status) ? WEXITSTATUS(status) : -1),
		  LINT("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0));
	let_go(l);
	return true;
}

void local_worker_tick(struct local_worker *l)
{
	int64_t now = clock_mono_ns(l->o.clock);

	if (l->pid && reap(l, WNOHANG)) {
		if (now - l->began_ns > (int64_t)STEADY_MS * NS)
			l->deaths = 0;
		later(l);
	}
	if (!l->pid && now >= l->start_ns)
		start(l);
}

int local_worker_fd(const struct local_worker *l)
{
	return l->pidfd;
}

int64_t local_worker_pause_ms(const struct local_worker *l)
{
	int64_t ns = l->start_ns - clock_mono_ns(l->o.clock);

	if (l->pid)
		return -1;
	return ns > 0 ? ns / NS + 1 : 0;
}

void local_worker_stop(struct local_worker *l)
{
	struct pollfd p = { .fd = l->pidfd, .events = POLLIN };

	if (!l->pid)
		return;
	kill(l->pid, SIGTERM);
	if (poll(&p, 1, (int)l->o.drain_ms + KILL_MS) <= 0)
		kill(l->pid, SIGKILL);
	reap(l, 0);
}
