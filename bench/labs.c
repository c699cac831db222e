#include "bench/labs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/field.h"
#include "bench/load.h"

static struct str text_member(struct ctx *cx, struct str json, const char *name,
			      int64_t *number)
{
	struct jdoc *doc;
	struct jval v;

	if (jdoc_parse(cx, json, &doc) || !jval_get(jdoc_root(doc), name, &v))
		die("no %s in %.*s", name, STR_FMT(json));
	if (!number)
		return jval_str(cx, v);
	if (!jval_int(v, number))
		die("%s is no number", name);
	return (struct str){ 0 };
}

static void assay(struct run *r, const char *const *words, const char *out)
{
	const char *argv[20] = { str_fmt(r->arena, "%s/assay", r->bin).p };
	size_t n = 1;

	while (*words)
		argv[n++] = *words++;
	argv[n] = NULL;
	if (run_program(argv, out))
		die("assay %s %s failed", argv[1], argv[2]);
}

static struct str read_file(struct run *r, const char *path)
{
	char text[8192];
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(text, 1, sizeof(text), f) : 0;

	if (!n)
		die("cannot read %s", path);
	fclose(f);
	return str_trim(str_copy(r->arena, (struct str){ text, n }));
}

static void worker_begin(struct bench_labs *l)
{
	struct lab_person *w = &l->worker;
	struct ctx cx = bench_ctx(l->run);
	FILE *f;

	*w = (struct lab_person){ .cx = cx };
	w->token = text_member(
		&cx,
		daemon_call(&l->d, "key.create",
			    STR("{\"name\":\"w\",\"roles\":[\"worker\"],"
				"\"idempotency_key\":\"bench-labs-worker\"}")),
		"key", NULL);
	l->worker_key = in_dir(l->run, "worker.key");
	f = fopen(l->worker_key, "we");
	if (!f || fprintf(f, "%.*s\n", STR_FMT(w->token)) < 0 || fclose(f))
		die("cannot write %s", l->worker_key);
	w->cx.arena = arena_new(65536);
	if (client_open(&w->cx,
			&(struct client_opts){ .url = str_of(l->d.ipc),
					       .auth = w->token },
			&w->client))
		die("no connection: %s", w->cx.error.text);
}

void labs_begin(struct run *r, struct bench_labs *out)
{
	struct bench_labs *l = out;
	struct ctx cx = bench_ctx(r);
	const char *jwks = in_dir(r, "jwks");
	struct buf b = { 0 };

	*l = (struct bench_labs){ .run = r, .jwk = in_dir(r, "jwk") };
	daemon_make(r, "labs", NULL, &l->d);
	daemon_start(&l->d);
	assay(r, (const char *const[]){ "key", "new", "-o", l->jwk, NULL },
	      NULL);
	assay(r, (const char *const[]){ "key", "jwks", l->jwk, NULL }, jwks);
	buf_fmt(&b,
		"{\"issuer\":\"https://p.example\",\"jwks\":%.*s,"
		"\"idempotency_key\":\"bench-labs-issuer\"}",
		STR_FMT(read_file(r, jwks)));
	daemon_call(&l->d, "issuer.register", buf_view(&b));
	buf_done(&b);
	worker_begin(l);
	l->audience = text_member(
		&cx, daemon_call(&l->d, "organization.get", STR("{}")),
		"audience", NULL);
	daemon_call(&l->d, "lab.publish",
		    STR("{\"definition\":{\"assay_lab\":1,\"course\":\"c\","
			"\"slug\":\"small\",\"title\":\"S\",\"starter\":["
			"{\"name\":\"a.txt\",\"text\":\"a\"}]}}"));
}

void labs_end(struct bench_labs *l)
{
	labs_person_done(&l->worker);
	daemon_stop(&l->d);
}

/* Made once, by the program that a platform would not use. */
static struct str token_of(struct bench_labs *l, int i)
{
	struct run *r = l->run;
	const char *path = in_dir(r, "token%d", i);

	if (access(path, R_OK))
		assay(r,
		      (const char *const[]){
			      "token", l->jwk, "--issuer", "https://p.example",
			      "--audience", str_z(r->arena, l->audience),
			      "--subject", str_fmt(r->arena, "l%d", i).p,
			      "--courses", "c", "-o", path, NULL },
		      NULL);
	return read_file(r, path);
}

struct lab_person labs_person(struct bench_labs *l, int i)
{
	struct lab_person p = { .cx = bench_ctx(l->run),
				.token = token_of(l, i) };

	p.cx.arena = arena_new(65536);
	if (client_open(&p.cx,
			&(struct client_opts){ .url = str_of(l->d.ipc),
					       .auth = p.token,
					       .timeout_ms = 40000 },
			&p.client))
		die("no connection: %s", p.cx.error.text);
	return p;
}

void labs_person_done(struct lab_person *p)
{
	client_close(p->client);
	arena_free(p->cx.arena);
}

static void call(struct lab_person *p, const char *method, struct str params,
		 struct str bytes, struct client_reply *out)
{
	if (client_call(&p->cx, p->client, str_of(method), params, bytes, out))
		die("%s: %s", method, p->cx.error.text);
	if (out->code)
		die("%s: %.*s %.*s", method, STR_FMT(out->message),
		    STR_FMT(out->field));
}

void labs_open(struct bench_labs *l, struct lab_person *p, const char *slug)
{
	struct client_reply reply;

	(void)l;
	call(p, "lab.open",
	     str_fmt(p->cx.arena,
		     "{\"course\":\"c\",\"slug\":\"%s\","
		     "\"idempotency_key\":\"open-%s-%lld\"}",
		     slug, slug, (long long)now_ns()),
	     (struct str){ 0 }, &reply);
	snprintf(p->session, sizeof(p->session), "%.*s",
		 STR_FMT(text_member(&p->cx, reply.result, "session", NULL)));
}

void labs_call(struct lab_person *p, const char *method, const char *more,
	       struct str bytes, struct client_reply *out)
{
	call(p, method,
	     str_fmt(p->cx.arena, "{\"session\":\"%s\"%s}", p->session, more),
	     bytes, out);
}

/* ---- the bench as a worker ---- */

static void first_job(struct ctx *cx, struct str told, struct str *id,
		      int64_t *fence)
{
	struct jdoc *doc;
	struct jval jobs, job;
	uint32_t it = 0;
	struct str name;

	if (jdoc_parse(cx, told, &doc) ||
	    !jval_get(jdoc_root(doc), "jobs", &jobs) ||
	    !jval_next(jobs, &it, &name, &job))
		return;
	*id = text_member(cx, jval_text(job), "id", NULL);
	text_member(cx, jval_text(job), "fence", fence);
}

static struct str lease(struct bench_labs *l, struct ctx *cx, int64_t *fence)
{
	struct client_reply reply;
	struct str id = { 0 };

	for (int i = 0; i < 2000 && !id.n; i++) {
		call(&l->worker, "job.lease",
		     STR("{\"kinds\":[\"lab.terminal\"],\"worker\":\"b\","
			 "\"limit\":1,\"lease_ms\":60000}"),
		     (struct str){ 0 }, &reply);
		first_job(cx, reply.result, &id, fence);
		if (!id.n)
			sleep_ms(2);
	}
	if (!id.n)
		die("no terminal was asked for");
	return id;
}

static void worker_says(struct bench_labs *l, const char *method,
			struct str held, const char *more, struct str bytes)
{
	struct client_reply reply;

	call(&l->worker, method,
	     str_fmt(l->worker.cx.arena, "{%.*s%s}", STR_FMT(held), more),
	     bytes, &reply);
}

void labs_park(struct bench_labs *l, struct lab_person *p,
	       struct lab_parked *out)
{
	struct client_reply opened, reply;
	struct str id, held, of;
	int64_t fence = 0;
	char screen[2048];

	labs_call(p, "lab.terminal_open", ",\"rows\":24,\"cols\":80",
		  (struct str){ 0 }, &opened);
	id = lease(l, &p->cx, &fence);
	held = str_fmt(p->cx.arena, "\"job\":\"%.*s\",\"fence\":%lld",
		       STR_FMT(id), (long long)fence);
	of = str_fmt(p->cx.arena, "%.*s,\"session\":\"%s\"", STR_FMT(held),
		     p->session);
	memset(screen, '$', sizeof(screen));
	worker_says(l, "job.input", held, "", (struct str){ 0 });
	worker_says(l, "lab.host", of, ",\"screen\":true",
		    (struct str){ screen, sizeof(screen) });
	worker_says(l, "lab.host", of, ",\"ended\":\"idle\"",
		    (struct str){ 0 });
	worker_says(l, "job.finish", held, ",\"result\":{}", (struct str){ 0 });
	arena_reset(l->worker.cx.arena);
	text_member(&p->cx, opened.result, "attach", &out->attach);
	labs_call(
		p, "lab.terminal_read",
		str_fmt(p->cx.arena, ",\"attach\":%lld", (long long)out->attach)
			.p,
		(struct str){ 0 }, &reply);
	text_member(&p->cx, reply.result, "next", &out->after);
	text_member(&p->cx, reply.result, "changes", &out->changes);
	memcpy(out->session, p->session, sizeof(out->session));
}

pid_t labs_worker(struct bench_labs *l)
{
	struct run *r = l->run;
	const char *log = in_dir(r, "worker.log");
	pid_t pid = fork_child();

	if (pid == 0) {
		char *argv[] = {
			(char *)str_fmt(r->arena, "%s/assay-worker", r->bin).p,
			(char *)"--server",
			(char *)l->d.ipc,
			(char *)"--token-file",
			(char *)l->worker_key,
			(char *)"--poll",
			(char *)"50ms",
			NULL
		};

		if (!freopen(log, "ae", stderr))
			_exit(127);
		execv(argv[0], argv);
		_exit(127);
	}
	return pid;
}

/* ---- a reader who waits ---- */

static void put_be(struct buf *b, uint64_t v, int bytes)
{
	while (bytes--)
		buf_ch(b, (char)(v >> (8 * bytes)));
}

/* The frame of ipc: see docs/wire.md. */
static void send_read(int fd, struct str token, const char *session,
		      int64_t attach, const char *more)
{
	struct buf body = { 0 }, b = { 0 };

	buf_fmt(&body,
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"lab.terminal_"
		"read\",\"auth\":\"%.*s\",\"params\":{\"session\":\"%s\","
		"\"attach\":%lld,\"wait_ms\":20000%s}}",
		STR_FMT(token), session, (long long)attach, more);
	buf_ch(&b, 1);
	put_be(&b, body.n + 4, 8);
	put_be(&b, 0x80000001, 4);
	buf_str(&b, buf_view(&body));
	if (write(fd, b.p, b.n) != (ssize_t)b.n)
		die("cannot ask for a terminal's output");
	buf_done(&b);
	buf_done(&body);
}

static void read_all(int fd, char *to, size_t n)
{
	while (n) {
		ssize_t got = read(fd, to, n);

		if (got <= 0)
			die("the terminal's connection ended");
		to += got;
		n -= (size_t)got;
	}
}

static struct str receive(struct ctx *cx, int fd)
{
	unsigned char head[9];
	size_t n = 0;
	char *p;

	read_all(fd, (char *)head, sizeof(head));
	for (int i = 1; i < 9; i++)
		n = n << 8 | head[i];
	p = arena_alloc(cx->arena, n + 1);
	read_all(fd, p, n);
	return str_cut((struct str){ p, n }, 4, n);
}

static int64_t attach_to(struct lab_person *p)
{
	struct client_reply reply;
	int64_t attach;

	labs_call(p, "lab.terminal_open", ",\"rows\":24,\"cols\":80",
		  (struct str){ 0 }, &reply);
	text_member(&p->cx, reply.result, "attach", &attach);
	return attach;
}

int labs_reader(struct bench_labs *l, int i, const struct lab_parked *at)
{
	int fd = load_connect(l->d.ipc);
	char more[80];

	if (fd < 0)
		die("no connection");
	snprintf(more, sizeof(more), ",\"after\":%lld,\"changes\":%lld",
		 (long long)at->after, (long long)at->changes);
	send_read(fd, token_of(l, i), at->session, at->attach, more);
	return fd;
}

/* ---- a shell ---- */

void labs_shell(struct bench_labs *l, int i, struct lab_shell *s)
{
	*s = (struct lab_shell){ .keys = labs_person(l, i), .after = -1 };
	labs_open(l, &s->keys, "small");
	s->attach = attach_to(&s->keys);
	s->fd = load_connect(l->d.ipc);
	if (s->fd < 0)
		die("no connection");
	send_read(s->fd, s->keys.token, s->keys.session, s->attach, "");
}

void labs_shell_done(struct lab_shell *s)
{
	close(s->fd);
	labs_person_done(&s->keys);
	buf_done(&s->seen);
}

void labs_type(struct lab_shell *s, const char *keys)
{
	struct client_reply reply;

	labs_call(&s->keys, "lab.terminal_write",
		  str_fmt(s->keys.cx.arena, ",\"attach\":%lld",
			  (long long)s->attach)
			  .p,
		  str_of(keys), &reply);
	arena_reset(s->keys.cx.arena);
}

/* One answer, and the next question at once. */
static void read_on(struct lab_shell *s)
{
	struct ctx *cx = &s->keys.cx;
	struct str reply = receive(cx, s->fd), json, result;
	size_t nul = str_find(reply, (struct str){ "", 1 }, 0);
	struct jdoc *doc;
	struct jval v;
	int64_t changes;
	char more[80];

	json = nul == SIZE_MAX ? reply : str_cut(reply, 0, nul);
	if (jdoc_parse(cx, json, &doc) ||
	    !jval_get(jdoc_root(doc), "result", &v))
		die("%.*s", STR_FMT(json));
	result = jval_text(v);
	text_member(cx, result, "next", &s->after);
	text_member(cx, result, "changes", &changes);
	if (nul != SIZE_MAX)
		buf_str(&s->seen, str_cut(reply, nul + 1, reply.n));
	snprintf(more, sizeof(more), ",\"after\":%lld,\"changes\":%lld",
		 (long long)s->after, (long long)changes);
	send_read(s->fd, s->keys.token, s->keys.session, s->attach, more);
	arena_reset(cx->arena);
}

void labs_until(struct lab_shell *s, const char *what)
{
	struct str want = str_of(what);
	size_t at;

	while ((at = str_find(buf_view(&s->seen), want, 0)) == SIZE_MAX) {
		if (s->seen.n > 1 << 16) { /* of a flood, only the end */
			memmove(s->seen.p, s->seen.p + s->seen.n - 100, 100);
			s->seen.n = 100;
		}
		read_on(s);
	}
	at += want.n;
	memmove(s->seen.p, s->seen.p + at, s->seen.n - at);
	s->seen.n -= at;
}
