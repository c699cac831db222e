#include "tests/support/store/appender.h"

void appender_open(struct appender *p, struct sw *w, bool threaded)
{
	struct journal_opts jo = { .node = 1, .clock = &w->clock.clock };
	struct tx_part part;
	struct executor_opts o = { .store = w->store,
				   .clock = &w->clock.clock,
				   .rng = rng_system(),
				   .parts = &part,
				   .parts_n = 1,
				   .queue_max = 1000,
				   .batch_max = 16,
				   .threaded = threaded };

	*p = (struct appender){ .w = w,
				.rng = rng_system(),
				.body_bytes = 300 };
	p->journal = journal_new(&jo);
	part = journal_part(p->journal);
	p->x = executor_new(&o);
}

void appender_close(struct appender *p)
{
	executor_free(p->x);
	journal_free(p->journal);
}

static enum err run(struct work *w)
{
	struct append *a = (struct append *)w;
	enum err e = OK;
	size_t n = a->by->body_bytes;
	char *body = arena_alloc(a->cx.arena, n);
	struct record r = { .stream = a->stream,
			    .event = STR("test.happened"),
			    .n = 1 };

	a->runs++;
	memset(body, 'x', n);
	body[0] = body[n - 1] = '"';
	r.body = (struct str){ body, n };
	a->list.n = 0;
	a->cx.records = &a->list;
	if (a->before)
		e = a->before(a);
	if (e)
		return e;
	record_stage(&a->cx, &r);
	return journal_append(a->by->journal, &a->cx, &a->list);
}

static void done(struct work *w, enum err e)
{
	struct append *a = (struct append *)w;

	a->dones++;
	a->end = e;
	if (!e && a->by->acknowledged)
		a->by->acknowledged(a->by->arg, &a->stream);
	if (e || !a->again)
		return;
	arena_reset(a->cx.arena);
	a->stream = id_new(a->cx.clock, a->cx.rng);
	(void)!executor_submit(a->by->x, w);
}

void append_init(struct append *a, struct appender *p)
{
	*a = (struct append){
		.work = { .cx = &a->cx, .run = run, .done = done },
		.cx = { .arena = arena_new(4096),
			.clock = &p->w->clock.clock,
			.rng = p->rng },
		.by = p
	};
	a->stream = id_new(a->cx.clock, a->cx.rng);
}

void append_done(struct append *a)
{
	arena_free(a->cx.arena);
}

enum err append_one(struct appender *p, struct id *stream)
{
	struct append a;

	append_init(&a, p);
	if (stream)
		*stream = a.stream;
	CHECK(executor_submit(p->x, &a.work) == OK);
	while (!a.dones)
		executor_step(p->x);
	append_done(&a);
	return a.end;
}

bool append_found(struct sw *w, const struct id *stream)
{
	struct record r;
	enum err e;

	w->cx.db = store_reader(w->store, 5000);
	CHECK(w->cx.db);
	e = record_at(&w->cx, stream, 1, &r);
	store_reader_done(w->store, w->cx.db);
	w->cx.db = NULL;
	return e == OK;
}
