/*
 * A stream's records are found whatever happened: against a model, with works
 * that fail, commits that fail or are told as lost, restarts, and readers whose
 * snapshots are old. On SQLite their places are written late (place.h); the
 * same must hold on PostgreSQL, where they are not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/app.h"
#include "engine/audit/place.h"
#include "tests/support/store/both.h"

enum { STREAMS = 9, READERS = 2, STEPS = 1500 };

/* How many records each stream has, numbered from 1. */
struct counts {
	int64_t n[STREAMS];
};

struct reader {
	struct ctx cx; /* cx.db: NULL when it is closed */
	struct counts sees;
};

struct rig {
	struct sw *w;
	struct store_conn *db;
	struct journal *j;
	struct tx_part part;
	struct app app;
	struct ctx cx;
	struct id streams[STREAMS];
	struct counts now, batch; /* committed; with what is pending */
	struct reader readers[READERS];
	int64_t lag;
};

static void start(struct rig *r)
{
	const struct journal_opts o = { .node = 1,
					.clock = &r->w->clock.clock,
					.lag = r->lag };

	r->j = journal_new(&o);
	r->part = journal_part(r->j);
	r->app.journal = r->j;
}

static void rig_init(struct rig *r, struct sw *w, int64_t lag)
{
	*r = (struct rig){ .w = w, .lag = lag };
	r->db = store_writer(w->store);
	r->cx = (struct ctx){ .arena = arena_new(65536),
			      .clock = &w->clock.clock,
			      .rng = &w->rng.rng,
			      .db = r->db,
			      .app = &r->app };
	for (int i = 0; i < STREAMS; i++)
		r->streams[i] = sw_id(w);
	start(r);
}

static int pick(struct rig *r, int n)
{
	return (int)rng_below(&r->w->rng.rng, (uint64_t)n);
}

/* The stream as a query finds it, against the model. */
static void check(struct rig *r, struct ctx *cx, const struct counts *sees)
{
	int s = pick(r, STREAMS);
	int64_t after = pick(r, (int)sees->n[s] + 2);
	int64_t want = sees->n[s] > after ? sees->n[s] - after : 0;
	struct record one;
	struct list l;

	assert_int_equal(record_stream(cx, &r->streams[s], after, &l), OK);
	assert_int_equal(l.n, want);
	for (size_t i = 0; i < l.n; i++) {
		const struct record *at = &((struct record *)l.at)[i];

		assert_int_equal(at->n, after + 1 + (int64_t)i);
		assert_true(id_eq(&at->stream, &r->streams[s]));
	}
	assert_int_equal(record_at(cx, &r->streams[s], after, &one),
			 after >= 1 && after <= sees->n[s] ? OK
							   : ERR_NOT_FOUND);
	err_clear(cx);
}

static enum err append(struct rig *r, int stream, int64_t n, int records)
{
	struct record_list list = { 0 };

	r->cx.records = &list;
	for (int i = 0; i < records; i++)
		record_stage(&r->cx,
			     &(struct record){ .org = { { 1 } },
					       .stream = r->streams[stream],
					       .n = n + i,
					       .event = STR("test.happened"),
					       .body = STR("{}") });
	r->cx.records = NULL;
	return journal_append(r->j, &r->cx, &list);
}

/* A few records of one stream; perhaps seen at once, perhaps undone. */
static void work(struct rig *r)
{
	size_t mark = r->part.mark(r->part.arg);
	struct counts before = r->batch;
	int s = pick(r, STREAMS), records = 1 + pick(r, 4);

	assert_int_equal(store_savepoint(r->db, &r->cx), OK);
	assert_int_equal(append(r, s, r->batch.n[s] + 1, records), OK);
	r->batch.n[s] += records;
	if (pick(r, 4) == 0) {
		assert_int_equal(journal_flush(r->j, &r->cx), OK);
		check(r, &r->cx, &r->batch);
	}
	if (store_alone(&r->cx) && pick(r, 8) == 0) {
		assert_int_equal(
			append(r, s, 1 + pick(r, (int)r->batch.n[s]), 1),
			ERR_CONFLICT);
		err_clear(&r->cx);
	}
	if (pick(r, 5) == 0) {
		r->part.undo(r->part.arg, mark);
		r->batch = before;
		assert_int_equal(store_rollback_to(r->db, &r->cx), OK);
	} else {
		assert_int_equal(store_release(r->db, &r->cx), OK);
	}
}

static void batch(struct rig *r)
{
	int how = pick(r, 10);
	enum err e;

	r->batch = r->now;
	assert_int_equal(store_begin(r->db, &r->cx), OK);
	for (int works = 1 + pick(r, 6); works > 0; works--)
		work(r);
	assert_int_equal(r->part.flush(r->part.arg, &r->cx), OK);
	if (how == 0) {
		store_rollback(r->db);
		r->part.aborted(r->part.arg);
		return;
	}
	if (how == 1)
		store_lose_commit(r->w->store);
	e = store_commit(r->db, &r->cx);
	assert_int_equal(e, how == 1 ? ERR_UNAVAILABLE : OK);
	r->now = r->batch;
	if (e) {
		store_rollback(r->db);
		r->part.aborted(r->part.arg);
		err_clear(&r->cx);
	} else {
		r->part.committed(r->part.arg, &r->cx);
	}
}

static void reader_close(struct rig *r, struct reader *d)
{
	if (!d->cx.db)
		return;
	store_read_end(&d->cx);
	store_reader_done(r->w->store, d->cx.db);
	arena_free(d->cx.arena);
	d->cx = (struct ctx){ 0 };
}

static void reader_open(struct rig *r, struct reader *d)
{
	const struct id nobody = sw_id(r->w);
	struct list l;

	d->cx = (struct ctx){ .arena = arena_new(65536),
			      .clock = &r->w->clock.clock,
			      .rng = &r->w->rng.rng,
			      .app = &r->app };
	d->cx.db = store_reader(r->w->store, 1000);
	assert_non_null(d->cx.db);
	assert_int_equal(store_read_begin(&d->cx), OK);
	d->sees = r->now;
	/* The first look at the database fixes the snapshot. */
	assert_int_equal(record_stream(&d->cx, &nobody, 0, &l), OK);
	assert_int_equal(l.n, 0);
}

static void look(struct rig *r)
{
	struct reader *d = &r->readers[pick(r, READERS)];

	if (!d->cx.db)
		reader_open(r, d);
	else if (pick(r, 6) == 0)
		reader_close(r, d);
	else
		check(r, &d->cx, &d->sees);
}

static void play(struct rig *r, int steps)
{
	for (int i = 0; i < steps; i++) {
		if (pick(r, 3))
			look(r);
		else
			batch(r);
		if (pick(r, 200) == 0) {
			for (int k = 0; k < READERS; k++)
				reader_close(r, &r->readers[k]);
			journal_free(r->j);
			start(r);
		}
		arena_reset(r->cx.arena);
		r->w->clock.ms++;
	}
	for (int k = 0; k < READERS; k++)
		reader_close(r, &r->readers[k]);
}

static void all_is_found_whatever_happened(struct sw *w)
{
	static const int64_t lags[] = { 1, 5, 40, 300 };
	const char *given = getenv("ASSAY_SEED");
	uint64_t seed =
		given ? strtoull(given, NULL, 10) : rng_u64(rng_system());
	struct rig r;

	rig_init(&r, w, lags[0]);
	print_message("seed %llu\n", (unsigned long long)seed);
	rng_seeded_from(&w->rng, seed);
	for (int i = 0; i < 4; i++) {
		r.lag = lags[i];
		journal_free(r.j);
		start(&r);
		play(&r, STEPS / 4);
	}
	/* A tool that has no journal sees the same. */
	r.app.journal = NULL;
	for (int i = 0; i < 50; i++)
		check(&r, &r.cx, &r.now);
	journal_free(r.j);
	arena_free(r.cx.arena);
}

/* Numbers that leave gaps and come in any order are kept apart as well. */
static void a_place_is_taken_once(struct sw *w)
{
	static const int64_t order[] = { 5, 3, 4, 9, 1, 8 };
	struct rig r;

	rig_init(&r, w, 3);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(store_begin(r.db, &r.cx), OK);
		r.part.mark(r.part.arg);
		assert_int_equal(append(&r, 0, order[i], 1), OK);
		for (int k = 0; store_alone(&r.cx) && k <= i; k++)
			assert_int_equal(append(&r, 0, order[k], 1),
					 ERR_CONFLICT);
		err_clear(&r.cx);
		assert_int_equal(r.part.flush(r.part.arg, &r.cx), OK);
		assert_int_equal(store_commit(r.db, &r.cx), OK);
		r.part.committed(r.part.arg, &r.cx);
		if (i == 3) { /* after a start as well */
			journal_free(r.j);
			start(&r);
		}
	}
	assert_int_equal(sw_chain(w, 1), 6);
	journal_free(r.j);
	arena_free(r.cx.arena);
}

static void append_picked(struct rig *r)
{
	assert_int_equal(store_begin(r->db, &r->cx), OK);
	r->part.mark(r->part.arg);
	assert_int_equal(append(r, 0, 0, 1), OK);
	assert_int_equal(r->part.flush(r->part.arg, &r->cx), OK);
	assert_int_equal(store_commit(r->db, &r->cx), OK);
	r->part.committed(r->part.arg, &r->cx);
}

static void start_at(struct rig *r, int64_t ms)
{
	r->w->clock.ms = ms;
	journal_free(r->j);
	start(r);
}

/* Where several servers write, the unique index refuses the second. */
static void picked_places_stay_apart_when_clocks_are_set_back(struct sw *w)
{
	int64_t noon = w->clock.ms;
	struct rig r;
	struct list l;

	rig_init(&r, w, 1);
	if (store_alone(&r.cx)) {
		append_picked(&r);
		start_at(&r, noon - 3600000);
		append_picked(&r);
		start_at(&r, noon - 3600000 + 1);
		start_at(&r, noon);
		append_picked(&r);
		append_picked(&r);
		assert_int_equal(record_stream(&r.cx, &r.streams[0], 0, &l),
				 OK);
		assert_int_equal(l.n, 4);
	}
	journal_free(r.j);
	arena_free(r.cx.arena);
}

int main(void)
{
	static const struct both_test tests[] = {
		BOTH(all_is_found_whatever_happened),
		BOTH(a_place_is_taken_once),
		BOTH(picked_places_stay_apart_when_clocks_are_set_back),
	};

	return both_main("place", tests, sizeof(tests) / sizeof(tests[0]));
}
