#include "bench/daemon.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/rpc/client.h"

enum { START_MS = 20000 };

static struct str read_key(struct run *r, const char *path)
{
	char text[256];
	FILE *f = fopen(path, "re");

	if (!f || !fgets(text, sizeof(text), f))
		die("cannot read the key %s", path);
	fclose(f);
	return str_copy(r->arena, str_trim(str_of(text)));
}

void daemon_make(struct run *r, const char *name, const char *store,
		 struct daemon *d)
{
	const char *program = str_fmt(r->arena, "%s/assayd", r->bin).p;
	const char *key = in_dir(r, "%s.key", name);

	*d = (struct daemon){ .run = r,
			      .data = in_dir(r, "%s", name),
			      .log = in_dir(r, "%s.log", name) };
	d->store = store ? store
			 : str_fmt(r->arena, "sqlite:%s/assay.db", d->data).p;
	d->ipc = str_fmt(r->arena, "ipc://%s/s", d->data).p;
	d->tcp = str_fmt(r->arena, "tcp://127.0.0.1:%d", free_port()).p;
	d->ws = str_fmt(r->arena, "ws://127.0.0.1:%d/rpc", free_port()).p;
	if (run_program(
		    (const char *const[]){ program, "init", "--organization",
					   "bench", "--key-file", key, "--data",
					   d->data, "--store", d->store, NULL },
		    d->log))
		die("assayd init failed; see %s", d->log);
	d->key = read_key(r, key);
}

static void exec_daemon(struct daemon *d)
{
	const char *argv[40], **p = argv;
	int fd = open(d->log, O_WRONLY | O_CREAT | O_APPEND, 0600);

	dup2(fd, STDERR_FILENO);
	dup2(fd, STDOUT_FILENO);
	*p++ = str_fmt(d->run->arena, "%s/assayd", d->run->bin).p;
	*p++ = "--data";
	*p++ = d->data;
	*p++ = "--store";
	*p++ = d->store;
	*p++ = "--listen";
	*p++ = str_fmt(d->run->arena, "%s,%s,%s", d->ipc, d->tcp, d->ws).p;
	*p++ = "--worker"; /* the server alone is measured */
	*p++ = "none";
	*p++ = "--rate";
	*p++ = "0";
	for (const char *const *m = d->more; *m; m++)
		*p++ = *m;
	*p = NULL;
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

void daemon_spawn(struct daemon *d)
{
	d->pid = fork_child();
	if (d->pid == 0)
		exec_daemon(d);
}

void daemon_wait(struct daemon *d)
{
	int64_t until = now_ns() + (int64_t)START_MS * 1000000;
	int fd;

	while ((fd = load_connect(d->ipc)) < 0) {
		if (waitpid(d->pid, NULL, WNOHANG) == d->pid)
			die("assayd ended at its start; see %s", d->log);
		if (now_ns() > until)
			die("assayd does not listen; see %s", d->log);
		sleep_ms(1);
	}
	close(fd);
}

void daemon_start(struct daemon *d)
{
	daemon_spawn(d);
	daemon_wait(d);
}

void daemon_stop(struct daemon *d)
{
	end_child(d->pid, SIGTERM);
	d->pid = 0;
}

void daemon_kill(struct daemon *d)
{
	end_child(d->pid, SIGKILL);
	d->pid = 0;
}

struct str daemon_call(struct daemon *d, const char *method, struct str params)
{
	struct ctx cx = bench_ctx(d->run);
	struct client_reply reply;
	struct client *c;
	enum err e = client_open(
		&cx,
		&(struct client_opts){ .url = str_of(d->ipc), .auth = d->key },
		&c);

	if (!e)
		e = client_call(&cx, c, str_of(method), params,
				(struct str){ 0 }, &reply);
	if (e)
		die("%s: %s", method, cx.error.text);
	if (reply.code)
		die("%s: %.*s %.*s", method, STR_FMT(reply.message),
		    STR_FMT(reply.field));
	client_close(c);
	return reply.result;
}

static void http_get(const char *ws_url, const char *path, struct buf *out)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	const char *port = strrchr(ws_url, ':') + 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval second = { 1, 0 };
	ssize_t n;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons((uint16_t)atoi(port));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
	    dprintf(fd,
		    "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
		    "Connection: close\r\n\r\n",
		    path) > 0)
		while ((n = read(fd, buf_room(out, 65536), 65536)) > 0)
			out->n += (size_t)n;
	buf_ch(out, 0);
	close(fd);
}

double daemon_metric(struct daemon *d, const char *name)
{
	struct buf b = { 0 };
	char want[128];
	double v = 0;
	const char *p;

	http_get(d->ws, "/metrics", &b);
	snprintf(want, sizeof(want), "\n%s ", name);
	p = strstr(b.p, want);
	if (p)
		v = atof(p + strlen(want));
	buf_done(&b);
	return v;
}
