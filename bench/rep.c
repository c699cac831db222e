#include "bench/rep.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/methods.h"

enum { ARENA_FIRST = 16 << 10 };

struct server;

struct slot {
	struct server *server;
	nng_ctx ctx;
	nng_aio *aio;
	nng_msg *msg;
	bool sending;
	struct slot *next;
	struct ctx cx;
	struct buf out;
	struct str id;
	struct ask ask;
};

struct server {
	nng_socket sock;
	void (*take)(struct slot *s);
	struct slot *slots;

	/* reader, recorder */
	const struct sample *sample;
	const struct rpc_entry *entry;
	const struct shape *shape;
	void *result;
	const struct field *attempt, *response;

	/* recorder */
	const struct rows *rows;
	const char *where;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct slot *head, *tail;
	bool sleeping;
};

/* ---- the socket ---- */

static void receive(struct slot *s)
{
	s->sending = false;
	nng_ctx_recv(s->ctx, s->aio);
}

static void reply(struct slot *s)
{
	s->sending = true;
	nng_aio_set_msg(s->aio, s->msg);
	s->msg = NULL;
	nng_ctx_send(s->ctx, s->aio);
}

static void event(void *arg)
{
	struct slot *s = arg;
	int rv = nng_aio_result(s->aio);

	if (s->sending) {
		if (rv)
			nng_msg_free(nng_aio_get_msg(s->aio));
		receive(s);
	} else if (rv) {
		receive(s);
	} else {
		s->msg = nng_aio_get_msg(s->aio);
		s->server->take(s);
	}
}

static void listen_all(struct server *v, const char *const *urls)
{
	if (nng_rep0_open(&v->sock))
		die("cannot open a socket");
	for (int i = 0; urls[i]; i++) {
		int rv = nng_listen(v->sock, urls[i], NULL, 0);

		if (rv)
			die("cannot listen on %s: %s", urls[i],
			    nng_strerror(rv));
	}
	v->slots = calloc(REP_CONTEXTS, sizeof(*v->slots));
	CHECK(v->slots);
	for (int i = 0; i < REP_CONTEXTS; i++) {
		struct slot *s = &v->slots[i];

		s->server = v;
		s->cx = (struct ctx){ .arena = arena_new(ARENA_FIRST),
				      .clock = &clock_system,
				      .rng = rng_system() };
		if (nng_ctx_open(&s->ctx, v->sock) ||
		    nng_aio_alloc(&s->aio, event, s))
			die("cannot make a context");
		receive(s);
	}
}

/* Runs v in a child; returns when it listens. */
static pid_t start(struct server *v, const char *const *urls,
		   void (*more)(struct server *v))
{
	int pipes[2];
	char c;
	pid_t pid;

	if (pipe(pipes))
		die("no pipe");
	pid = fork_child();
	if (pid == 0) {
		close(pipes[0]);
		if (more)
			more(v);
		listen_all(v, urls);
		if (write(pipes[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(pipes[1]);
	if (read(pipes[0], &c, 1) != 1)
		die("a bare server did not start");
	close(pipes[0]);
	return pid;
}

pid_t rep_echo(const char *const *urls)
{
	struct server v = { .take = reply };

	return start(&v, urls, NULL);
}

/* ---- decoding and encoding, as the core does ---- */

static const struct field *field_named(const struct shape *shape,
				       const char *name)
{
	for (const struct field *f = shape->fields; f->kind; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

static void prepare(struct server *v)
{
	static struct ctx cx;

	cx = (struct ctx){ .arena = arena_new(65536),
			   .clock = &clock_system,
			   .rng = rng_system() };
	v->entry = rpc_index_find(rpc_index_new(&all_methods),
				  str_of(v->sample->method));
	CHECK(v->entry);
	v->attempt = field_named(&v->entry->taken, "attempt");
	v->response = field_named(&v->entry->taken, "response");
	v->shape = v->entry->method->result;
	v->result = arena_alloc(cx.arena, v->shape->size);
	if (field_decode_text(&cx, v->sample->result, v->shape, v->result)) {
		say("%s: its reply is copied, not encoded (%s)",
		    v->sample->method, cx.error.text);
		v->result = NULL;
	}
}

/* The envelope and the params of the message; dies on anything else. */
static void decode(struct slot *s)
{
	const struct server *v = s->server;
	struct str text = { nng_msg_body(s->msg), nng_msg_len(s->msg) };
	struct str name;
	struct jval member, params = { 0 };
	struct jdoc *doc;
	uint32_t it = 0;
	char *in;

	arena_reset(s->cx.arena);
	in = arena_alloc(s->cx.arena, v->entry->taken.size);
	if (jdoc_parse(&s->cx, text, &doc))
		die("a bare server was sent no JSON");
	while (jval_next(jdoc_root(doc), &it, &name, &member))
		if (str_is(name, "id"))
			s->id = jval_text(member);
		else if (str_is(name, "params"))
			params = member;
		else
			(void)jval_str(&s->cx, member);
	if (!params.doc ||
	    field_decode(&s->cx, params, &v->entry->taken, "", in))
		die("a bare server was sent wrong params: %s",
		    s->cx.error.text);
	if (v->attempt)
		s->ask.attempt = *(struct id *)(in + v->attempt->offset);
	if (v->response)
		s->ask.response = *(struct str *)(in + v->response->offset);
}

static void encode(struct slot *s)
{
	const struct server *v = s->server;
	struct buf *b = &s->out;

	buf_reset(b);
	buf_z(b, "{\"jsonrpc\":\"2.0\",\"id\":");
	buf_str(b, s->id);
	buf_z(b, ",\"result\":");
	if (v->result)
		field_encode(b, v->shape, v->result);
	else
		buf_str(b, v->sample->result);
	buf_ch(b, '}');
	nng_msg_clear(s->msg);
	nng_msg_append(s->msg, b->p, b->n);
}

static void take_reader(struct slot *s)
{
	decode(s);
	encode(s);
	reply(s);
}

pid_t rep_reader(const char *const *urls, const struct sample *sample)
{
	struct server v = { .take = take_reader, .sample = sample };

	return start(&v, urls, prepare);
}

/* ---- recording ---- */

void ask_record(const struct sample *s, struct numbering *n,
		const struct ask *a, struct record *out)
{
	*out = s->record;
	out->seq = ++n->seq;
	out->n = out->seq;
	out->stream = a->attempt;
	out->personal = a->response;
}

static void take_recorder(struct slot *s)
{
	struct server *v = s->server;

	decode(s);
	s->next = NULL;
	pthread_mutex_lock(&v->lock);
	if (v->tail)
		v->tail->next = s;
	else
		v->head = s;
	v->tail = s;
	if (v->sleeping)
		pthread_cond_signal(&v->wake);
	pthread_mutex_unlock(&v->lock);
}

/* Up to a batch of what waits; sleeps until there is some. */
static size_t take_batch(struct server *v, struct slot **out)
{
	size_t n = 0;

	pthread_mutex_lock(&v->lock);
	while (!v->head) {
		v->sleeping = true;
		pthread_cond_wait(&v->wake, &v->lock);
		v->sleeping = false;
	}
	while (v->head && n < REP_BATCH) {
		out[n++] = v->head;
		v->head = v->head->next;
	}
	if (!v->head)
		v->tail = NULL;
	pthread_mutex_unlock(&v->lock);
	return n;
}

static void *writer(void *arg)
{
	struct server *v = arg;
	struct slot *batch[REP_BATCH];
	struct ask asks[REP_BATCH];
	void *db = v->rows->open(v->where, v->sample);

	for (;;) {
		size_t n = take_batch(v, batch);

		for (size_t i = 0; i < n; i++)
			asks[i] = batch[i]->ask;
		v->rows->write(db, asks, n);
		for (size_t i = 0; i < n; i++) {
			encode(batch[i]);
			reply(batch[i]);
		}
	}
	return NULL;
}

static void start_writer(struct server *v)
{
	pthread_t t;

	prepare(v);
	CHECK(pthread_mutex_init(&v->lock, NULL) == 0);
	CHECK(pthread_cond_init(&v->wake, NULL) == 0);
	CHECK(pthread_create(&t, NULL, writer, v) == 0);
}

pid_t rep_recorder(const char *const *urls, const struct sample *sample,
		   const struct rows *rows, const char *where)
{
	struct server v = { .take = take_recorder,
			    .sample = sample,
			    .rows = rows,
			    .where = where };

	return start(&v, urls, start_writer);
}
