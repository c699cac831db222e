#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "examples/demo/demo.h"

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

void stop(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("demo: ", stderr);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

void progress(const char *what, int done, int all)
{
	if (!isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r%-28s [%-30.*s] %3d %%", what, done * 30 / all,
		"##############################", done * 100 / all);
	if (done == all)
		fprintf(stderr, "\r%*s\r", 70, "");
}

/* A port that is free now: bound to 0, asked, and given back. */
static void free_port(char out[16])
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) ||
	    getsockname(fd, (struct sockaddr *)&a, &n))
		stop("no port is free: %m");
	close(fd);
	snprintf(out, 16, "%d", ntohs(a.sin_port));
}

void host_make(struct host *h, const char *bin)
{
	h->bin = bin;
	snprintf(h->folder, sizeof(h->folder), "/tmp/assay-demo-XXXXXX");
	if (!mkdtemp(h->folder))
		stop("cannot make a folder in /tmp: %m");
	free_port(h->port);
	snprintf(h->url, sizeof(h->url), "ws://127.0.0.1:%s/rpc", h->port);
}

static int spawn(const struct host *h, const char *const *more, const char *log)
{
	char program[512], listen[160];
	const char *argv[16] = { program, "--data", h->folder, "--listen",
				 listen };
	int n = 5, pid;

	snprintf(program, sizeof(program), "%s/assayd", h->bin);
	snprintf(listen, sizeof(listen), "ipc://%s/assay.sock,%s", h->folder,
		 h->url);
	while (more && *more && n < 15)
		argv[n++] = *more++;
	pid = fork();
	if (pid < 0)
		stop("cannot fork: %m");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGTERM); /* a demo that fails leaves none */
	if (!freopen(log, "a", stderr))
		_exit(127);
	execv(program, (char *const *)argv);
	_exit(127);
}

static int wait_for(int pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static const char *log_of(const struct host *h, char path[128])
{
	snprintf(path, 128, "%s/assayd.log", h->folder);
	return path;
}

int host_init(const struct host *h, const char *key_file)
{
	const char *more[] = {
		"init",	      "--organization", "Demo University",
		"--key-file", key_file,		NULL
	};
	char log[128];

	return wait_for(spawn(h, more, log_of(h, log)));
}

/* Listening is what "started" means here: calls retry by themselves. */
void host_start(struct host *h)
{
	char log[128];

	h->pid = spawn(h, NULL, log_of(h, log));
}

void host_kill(struct host *h)
{
	kill(h->pid, SIGKILL);
	wait_for(h->pid);
}

int host_stop(struct host *h)
{
	kill(h->pid, SIGTERM);
	return wait_for(h->pid);
}

void host_remove(const struct host *h)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", h->folder);
	if (system(command))
		fprintf(stderr, "demo: %s is left behind\n", h->folder);
}

int host_assay(const struct host *h, const char *const *args)
{
	const char *argv[16];
	char program[512], log[128];
	int n = 0, pid;

	snprintf(program, sizeof(program), "%s/assay", h->bin);
	argv[n++] = program;
	while (*args && n < 15)
		argv[n++] = *args++;
	argv[n] = NULL;
	pid = fork();
	if (pid < 0)
		stop("cannot fork: %m");
	if (pid)
		return wait_for(pid);
	if (!freopen(log_of(h, log), "a", stderr))
		_exit(127);
	execv(program, (char *const *)argv);
	_exit(127);
}

struct client *connect_as(struct ctx *cx, const struct host *h,
			  struct str token)
{
	struct client_opts o = { .url = str_of(h->url),
				 .auth = token,
				 .timeout_ms = 5000,
				 .tries = 10 };
	const struct timespec nap = { 0, 100000000 };
	struct client *c;

	for (int i = 0; i < 100; i++) {
		if (client_open(cx, &o, &c) == OK)
			return c;
		nanosleep(&nap, NULL);
	}
	stop("the server does not answer: %s; its log is %s/assayd.log",
	     cx->error.text, h->folder);
}

struct str must(struct ctx *cx, struct client *c, const char *method,
		struct str params, struct str bytes, struct str *bytes_out)
{
	const struct timespec nap = { 0, 100000000 };
	struct client_reply r;
	enum err e = ERR_UNAVAILABLE;

	for (int i = 0; i < 100 && e; i++) {
		e = client_call(cx, c, str_of(method), params, bytes, &r);
		if (!e && err_retry(r.code))
			e = r.code;
		if (e)
			nanosleep(&nap, NULL);
	}
	if (e)
		stop("%s: %s", method, cx->error.text);
	if (r.code)
		stop("%s was refused: %.*s %.*s", method, STR_FMT(r.message),
		     STR_FMT(r.field));
	if (bytes_out)
		*bytes_out = r.bytes;
	return r.result;
}

struct str read_all(struct ctx *cx, const char *path)
{
	FILE *f = fopen(path, "re");
	struct buf b = { .limit = LIMIT_IMPORT_BYTES };
	char part[4096];
	size_t n;
	struct str s;

	if (!f)
		stop("cannot read %s: %m", path);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(&b, part, n);
	fclose(f);
	s = buf_copy(&b, cx->arena);
	buf_done(&b);
	return s;
}

struct jval parsed(struct ctx *cx, struct str json)
{
	struct jdoc *doc;

	if (jdoc_parse(cx, json, &doc))
		stop("a reply is not JSON: %s", cx->error.text);
	return jdoc_root(doc);
}

struct jval follow(struct ctx *cx, struct jval v, const char *path)
{
	struct str rest = str_of(path), one;

	while (str_split(&rest, '/', &one))
		if (!jval_get(v, str_z(cx->arena, one), &v))
			stop("a reply has no %s", path);
	return v;
}

int64_t number_at(struct ctx *cx, struct jval v, const char *path)
{
	int64_t n;

	if (!jval_int(follow(cx, v, path), &n))
		stop("%s is no number", path);
	return n;
}
