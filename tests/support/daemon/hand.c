#include "tests/support/daemon/hand.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/field.h"

enum { ARGS_MOST = 40, DEADLINE_MS = 20000, LOG_MOST = 1 << 18 };

static const char *key_path(struct daemon *d)
{
	return str_fmt(d->cx.arena, "%s/worker.key", d->dir).p;
}

void hand_key(struct daemon *d)
{
	struct jdoc *doc;
	struct jval v;
	FILE *f;

	CHECK(daemon_call(d, "key.create",
			  "{\"name\":\"w\",\"roles\":[\"worker\"]}") == OK);
	CHECK(jdoc_parse(&d->cx, d->result, &doc) == OK);
	CHECK(jval_get(jdoc_root(doc), "key", &v));
	f = fopen(key_path(d), "w");
	CHECK(f);
	fprintf(f, "%.*s\n", STR_FMT(jval_str(&d->cx, v)));
	fclose(f);
}

const char *hand_log(struct daemon *d, const struct hand *h)
{
	char *text = arena_alloc(d->cx.arena, LOG_MOST + 1);
	int fd = open(h->log, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, LOG_MOST);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = 0;
	return text;
}

struct ending {
	struct hand *h;
	int code;
};

static bool has_ended(void *arg)
{
	struct ending *e = arg;
	int status;
	pid_t got = waitpid(e->h->pid, &status, WNOHANG);

	if (got == 0)
		return false;
	e->code = got < 0	      ? -1
		  : WIFEXITED(status) ? WEXITSTATUS(status)
				      : -WTERMSIG(status);
	e->h->pid = 0;
	return true;
}

int hand_stop(struct hand *h, int sig)
{
	struct ending e = { .h = h };

	CHECK(h->pid);
	if (sig)
		kill(h->pid, sig);
	if (!daemon_until(has_ended, &e, DEADLINE_MS)) {
		kill(h->pid, SIGKILL);
		CHECK(daemon_until(has_ended, &e, DEADLINE_MS));
	}
	return e.code;
}

struct beginning {
	struct daemon *d;
	struct hand *h;
};

static bool has_begun(void *arg)
{
	struct beginning *b = arg;
	struct ending e = { .h = b->h };

	return strstr(hand_log(b->d, b->h), "worker_ready") || has_ended(&e);
}

bool hand_start(struct daemon *d, struct hand *h, const char *name,
		struct str url, const char *const *more)
{
	const char *argv[ARGS_MOST] = {
		WORKER_PROGRAM, "--server",  str_z(d->cx.arena, url),
		"--token-file", key_path(d), "--name",
		name,		"--poll",    "50ms",
		"--log-level",	"debug",
	};
	int n = 11, fd;

	for (; more && *more; more++)
		argv[n++] = *more;
	snprintf(h->name, sizeof(h->name), "%s", name);
	snprintf(h->log, sizeof(h->log), "%s/%s.log", d->dir, name);
	fd = open(h->log, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	CHECK(fd >= 0);
	h->pid = fork();
	CHECK(h->pid >= 0);
	if (h->pid == 0) {
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		execv(WORKER_PROGRAM, (char *const *)argv);
		_exit(127);
	}
	close(fd);
	CHECK(daemon_until(has_begun, &(struct beginning){ d, h },
			   DEADLINE_MS));
	if (!h->pid)
		fprintf(stderr, "no worker here: %s\n", hand_log(d, h));
	return h->pid != 0;
}
