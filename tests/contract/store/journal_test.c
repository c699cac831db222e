/* What record.h promises of the journal, on both engines. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/audit/record.h"
#include "tests/support/store/both.h"

/* A node: a journal and its executor over the world's store or its own. */
struct node {
	struct sw *w;
	struct journal *journal;
	struct executor *x;
	int64_t published, last_seq;
	bool in_order;
};

static void published(void *arg, const struct record *r, size_t n)
{
	struct node *d = arg;

	for (size_t i = 0; i < n; i++) {
		d->in_order = d->in_order && r[i].seq == d->last_seq + 1;
		d->last_seq = r[i].seq;
		d->published++;
	}
}

static void node_open(struct node *d, struct sw *w, struct store *s,
		      int64_t number)
{
	struct journal_opts jo = { .node = number,
				   .clock = &w->clock.clock,
				   .published = published,
				   .arg = d };
	struct tx_part part;
	struct executor_opts o = { .store = s,
				   .clock = &w->clock.clock,
				   .rng = &w->rng.rng,
				   .parts = &part,
				   .parts_n = 1,
				   .queue_max = 1000,
				   .batch_max = 64 };

	*d = (struct node){ .w = w, .in_order = true };
	d->journal = journal_new(&jo);
	part = journal_part(d->journal);
	d->x = executor_new(&o);
}

static void node_close(struct node *d)
{
	executor_free(d->x);
	journal_free(d->journal);
}

/* A command that appends records. */
struct job {
	struct work work; /* first */
	struct ctx cx;
	struct node *node;
	struct record_list list;
	struct id stream, org;
	int64_t n;	/* 0: the journal picks */
	int records;	/* of the stream, from n on */
	struct str key; /* of the first, or absent */
	struct str personal;
	enum err refuse;
	bool flush;	     /* and see the own records */
	struct record found; /* by its key, before it appends */
	enum err lookup;
	int dones;
	enum err end;
};

static enum err append(struct job *j)
{
	j->list.n = 0;
	j->list.actor = STR("key:test");
	j->cx.records = &j->list;
	for (int i = 0; i < j->records; i++) {
		struct record r = { .org = j->org,
				    .stream = j->stream,
				    .n = j->n ? j->n + i : 0,
				    .event = STR("test.happened"),
				    .body = STR("{\"a\":1}"),
				    .personal = j->personal };

		if (i == 0 && j->key.p) {
			r.keyed = true;
			r.idem = record_idem(&j->cx, STR("key:test"), j->key);
			r.ask = record_ask(&j->cx, STR("test.do"), j->key);
			r.reply = STR("{\"done\":true}");
		}
		record_stage(&j->cx, &r);
	}
	return journal_append(j->node->journal, &j->cx, &j->list);
}

static enum err see_own(struct job *j)
{
	struct list l;
	enum err e = journal_flush(j->node->journal, &j->cx);

	if (!e)
		e = record_stream(&j->cx, &j->stream, 0, &l);
	if (!e)
		assert_int_equal(l.n, j->records);
	return e;
}

static enum err job_run(struct work *w)
{
	struct job *j = (struct job *)w;
	enum err e = OK;

	j->lookup = ERR_NOT_FOUND;
	if (j->key.p)
		j->lookup = journal_by_key(
			j->node->journal, &j->cx, &j->org,
			record_idem(&j->cx, STR("key:test"), j->key),
			&j->found);
	if (j->lookup != ERR_NOT_FOUND)
		return j->lookup;
	e = append(j);
	if (!e && j->flush)
		e = see_own(j);
	if (!e && j->refuse)
		e = err_set(&j->cx, j->refuse, "refused");
	return e;
}

static void job_done(struct work *w, enum err e)
{
	struct job *j = (struct job *)w;

	j->dones++;
	j->end = e;
}

static void job_init(struct job *j, struct node *d)
{
	*j = (struct job){ .work = { .cx = &j->cx,
				     .run = job_run,
				     .done = job_done,
				     .single = true },
			   .cx = { .arena = d->w->cx.arena,
				   .clock = &d->w->clock.clock,
				   .rng = &d->w->rng.rng },
			   .node = d,
			   .stream = sw_id(d->w),
			   .org = { { 1 } },
			   .records = 1 };
}

static void jobs_init(struct job *j, size_t n, struct node *d)
{
	for (size_t i = 0; i < n; i++)
		job_init(&j[i], d);
}

static void submit(struct job *j, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(executor_submit(j[i].node->x, &j[i].work), OK);
}

static void run_one(struct job *j)
{
	submit(j, 1);
	while (executor_step(j->node->x))
		;
	assert_int_equal(j->dones, 1);
}

static int64_t head_of(struct node *d)
{
	uint8_t hash[HASH_BYTES];
	int64_t seq;

	journal_head(d->journal, &seq, hash);
	return seq;
}

/* The chain */

enum { MANY = 1100 }; /* more than one insert takes */

static void the_chain_goes_on_over_restarts(struct sw *w)
{
	struct node d;

	for (int round = 0; round < 3; round++) {
		struct job j[10];

		node_open(&d, w, w->store, 1);
		jobs_init(j, 10, &d);
		j[4].records = MANY;
		submit(j, 10);
		executor_step(d.x);
		assert_true(d.in_order || round > 0);
		assert_int_equal(d.published, 9 + MANY);
		assert_int_equal(head_of(&d), (round + 1) * (9 + MANY));
		node_close(&d);
		sw_reopen(w);
		assert_int_equal(sw_chain(w, 1), (round + 1) * (9 + MANY));
	}
}

static void a_batch_of_records_is_one_insert(struct sw *w)
{
	enum { N = 50 };
	struct node d;
	struct job j[N];
	int64_t calls;

	node_open(&d, w, w->store, 1);
	jobs_init(j, N, &d);
	submit(j, 1);
	executor_step(d.x); /* reads the head */
	submit(j + 1, N - 1);
	calls = store_calls(w->store);
	executor_step(d.x);
	/* Where this process alone writes each stream is asked for, once. */
	assert_int_equal(store_calls(w->store) - calls,
			 strcmp(store_kind(w->store), "sqlite") ? 3 : 2 + N);
	assert_int_equal(sw_chain(w, 1), N);
	node_close(&d);
}

static void a_work_that_fails_leaves_no_gap(struct sw *w)
{
	enum { N = 12 };
	struct node d;
	struct job j[N];

	node_open(&d, w, w->store, 1);
	jobs_init(j, N, &d);
	for (int i = 0; i < N; i += 3) {
		j[i].refuse = ERR_DENIED;
		j[i].records = 3;
		j[i].work.single = i % 2;
	}
	submit(j, N);
	executor_step(d.x);
	assert_int_equal(sw_chain(w, 1), 8);
	assert_int_equal(d.published, 8);
	assert_true(d.in_order);
	node_close(&d);
}

static void a_flush_shows_a_work_what_it_appended(struct sw *w)
{
	enum { N = 6 };
	struct node d;
	struct job j[N];

	node_open(&d, w, w->store, 1);
	jobs_init(j, N, &d);
	for (int i = 0; i < N; i++)
		j[i].records = 2;
	j[3].flush = j[4].flush = true;
	j[3].work.single = j[4].work.single = false;
	j[3].refuse = ERR_DENIED; /* takes what the others had out again */
	submit(j, N);
	executor_step(d.x);
	assert_int_equal(j[3].end, ERR_DENIED);
	assert_int_equal(j[4].end, OK);
	assert_int_equal(sw_chain(w, 1), 10);
	assert_int_equal(d.published, 10);
	node_close(&d);
}

static int64_t append_three(struct node *d, const struct id *stream,
			    int64_t last)
{
	struct job j;

	job_init(&j, d);
	j.stream = *stream;
	j.records = 3;
	run_one(&j);
	assert_int_equal(j.end, OK);
	for (int k = 0; k < 3; k++) {
		assert_true(j.list.r[k].n > last);
		last = j.list.r[k].n;
	}
	return last;
}

static void picked_places_grow_in_a_stream(struct sw *w)
{
	struct id stream = sw_id(w);
	int64_t last = 0;
	struct node d;

	for (int i = 0; i < 4; i++) {
		node_open(&d, w, w->store, 1);
		last = append_three(&d, &stream, last);
		clock_manual_step(&w->clock, -3600000); /* by an operator */
		last = append_three(&d, &stream, last);
		clock_manual_step(&w->clock, 3600000 + i);
		last = append_three(&d, &stream, last);
		node_close(&d);
	}
	assert_true(last < (INT64_C(1) << 53)); /* exact in a double */
}

/* Other streams take places between, attempts' records have small ones. */
static void
picked_places_grow_though_the_node_starts_again_at_once(struct sw *w)
{
	struct id stream = sw_id(w), other = sw_id(w);
	int64_t last = 0;
	struct node d;
	struct job j;

	for (int i = 0; i < 4; i++) {
		node_open(&d, w, w->store, 1);
		last = append_three(&d, &stream, last);
		append_three(&d, &other, 0);
		last = append_three(&d, &stream, last);
		job_init(&j, &d);
		j.n = 1;
		j.records = 4;
		run_one(&j);
		assert_int_equal(j.end, OK);
		node_close(&d);
		if (i == 2)
			clock_manual_step(&w->clock, -3600000);
	}
}

static void a_head_is_known_before_the_first_append(struct sw *w)
{
	struct node d;
	struct job j;

	node_open(&d, w, w->store, 1);
	job_init(&j, &d);
	j.records = 5;
	run_one(&j);
	node_close(&d);
	node_open(&d, w, w->store, 1);
	assert_int_equal(head_of(&d), 0);
	w->cx.db = store_reader(w->store, 1000);
	assert_int_equal(journal_load(d.journal, &w->cx), OK);
	store_reader_done(w->store, w->cx.db);
	w->cx.db = NULL;
	assert_int_equal(head_of(&d), 5);
	assert_int_equal(d.published, 0);
	node_close(&d);
}

/* Keys */

static void a_key_is_found_pending_and_stored(struct sw *w)
{
	struct node d;
	struct job j[3];

	node_open(&d, w, w->store, 1);
	jobs_init(j, 3, &d);
	j[0].key = j[1].key = j[2].key = STR("k1");
	j[2].org = (struct id){ { 2 } }; /* another tenant's key is his own */
	submit(j, 3);
	executor_step(d.x);
	assert_int_equal(j[0].lookup, ERR_NOT_FOUND);
	assert_int_equal(j[1].lookup, OK);
	assert_int_equal(j[2].lookup, ERR_NOT_FOUND);
	assert_true(str_is(j[1].found.reply, "{\"done\":true}"));
	assert_true(id_eq(&j[1].found.stream, &j[0].stream));
	node_close(&d);

	node_open(&d, w, w->store, 1);
	job_init(&j[1], &d);
	j[1].key = STR("k1");
	run_one(&j[1]);
	assert_int_equal(j[1].lookup, OK);
	assert_true(str_is(j[1].found.reply, "{\"done\":true}"));
	assert_true(str_eq(j[1].found.ask,
			   record_ask(&w->cx, STR("test.do"), STR("k1"))));
	assert_int_equal(sw_chain(w, 1), 2);
	node_close(&d);
}

static void the_key_of_a_work_that_failed_is_free_again(struct sw *w)
{
	struct node d;
	struct job j[2];

	node_open(&d, w, w->store, 1);
	jobs_init(j, 2, &d);
	j[0].key = j[1].key = STR("k1");
	j[0].refuse = ERR_DENIED;
	submit(j, 2);
	executor_step(d.x);
	assert_int_equal(j[0].end, ERR_DENIED);
	assert_int_equal(j[1].lookup, ERR_NOT_FOUND);
	assert_int_equal(j[1].end, OK);
	assert_int_equal(sw_chain(w, 1), 1);
	node_close(&d);
}

static void thousands_of_keys_may_wait_in_one_batch(struct sw *w)
{
	enum { N = 300 };
	struct node d;
	struct job *j = calloc(N, sizeof(*j));
	struct executor_opts o;
	struct tx_part part;

	node_open(&d, w, w->store, 1);
	executor_free(d.x);
	part = journal_part(d.journal);
	o = (struct executor_opts){ .store = w->store,
				    .clock = &w->clock.clock,
				    .rng = &w->rng.rng,
				    .parts = &part,
				    .parts_n = 1,
				    .queue_max = N,
				    .batch_max = 512 };
	d.x = executor_new(&o);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < N; i++) {
			job_init(&j[i], &d);
			j[i].records = 2;
			j[i].key = str_fmt(w->cx.arena, "key %d", i);
			j[i].refuse = i % 7 == 0 ? ERR_DENIED : OK;
		}
		submit(j, N);
		executor_step(d.x);
		for (int i = 0; i < N; i++)
			if (i % 7)
				assert_int_equal(j[i].lookup,
						 round ? OK : ERR_NOT_FOUND);
	}
	assert_int_equal(sw_chain(w, 1), 2 * (N - (N + 6) / 7));
	node_close(&d);
	free(j);
}

/* Failures */

static void every_call_may_fail_and_the_chain_holds(struct sw *w)
{
	enum { N = 5 };
	int64_t records = 0;
	bool hit = true;
	struct node d;

	node_open(&d, w, w->store, 1);
	for (int n = 1; hit; n++) {
		int64_t calls = store_calls(w->store);
		struct job j[N];

		assert_true(n < 60);
		jobs_init(j, N, &d);
		for (int i = 0; i < N; i++)
			j[i].key = str_fmt(w->cx.arena, "%d %d", n, i);
		j[2].work.single = false;
		j[2].flush = true;
		submit(j, N);
		store_fail_at(w->store, n, ERR_UNAVAILABLE);
		executor_step(d.x);
		store_fail_at(w->store, 0, OK);
		hit = store_calls(w->store) - calls >= n;
		for (int i = 0; i < N; i++) {
			assert_int_equal(j[i].dones, 1);
			assert_true(!j[i].end || j[i].end == ERR_UNAVAILABLE);
			records += j[i].end == OK;
		}
		assert_int_equal(sw_chain(w, 1), records);
		assert_int_equal(d.published, records);
	}
	assert_true(d.in_order);
	node_close(&d);
}

static void a_commit_whose_answer_was_lost_is_found_by_its_keys(struct sw *w)
{
	enum { N = 5 };
	struct node d;
	struct job j[N], more;

	node_open(&d, w, w->store, 1);
	jobs_init(j, N, &d);
	for (int i = 0; i < N; i++)
		j[i].key = str_fmt(w->cx.arena, "%d", i);
	submit(j, N);
	store_lose_commit(w->store);
	executor_step(d.x);
	for (int i = 0; i < N; i++) {
		assert_int_equal(j[i].end, OK);
		assert_int_equal(j[i].lookup, OK); /* on the second run */
	}
	assert_int_equal(sw_chain(w, 1), N);
	job_init(&more, &d);
	run_one(&more);
	assert_int_equal(sw_chain(w, 1), N + 1);
	assert_int_equal(d.published, N + 1); /* the feed has missed none */
	assert_true(d.in_order);
	assert_int_equal(head_of(&d), N + 1);
	node_close(&d);
}

static void
of_two_nodes_that_race_on_one_stream_one_has_a_conflict(struct sw *w)
{
	struct store *other;
	struct node a, b;
	struct job ja[3], jb[3];
	struct id stream = sw_id(w);
	int conflicts = 0;

	assert_int_equal(sw_open(w, NULL, NULL, &other), OK);
	node_open(&a, w, w->store, 1);
	node_open(&b, w, other, 2);
	jobs_init(ja, 3, &a);
	jobs_init(jb, 3, &b);
	ja[1].stream = jb[1].stream = stream;
	ja[1].n = jb[1].n = 7;
	submit(ja, 3);
	submit(jb, 3);
	executor_step(a.x);
	executor_step(b.x);
	for (int i = 0; i < 3; i++) {
		conflicts += ja[i].end == ERR_CONFLICT;
		conflicts += jb[i].end == ERR_CONFLICT;
	}
	assert_int_equal(conflicts, 1);
	assert_int_equal(jb[1].end, ERR_CONFLICT);
	assert_int_equal(sw_chain(w, 1), 3);
	assert_int_equal(sw_chain(w, 2), 2);
	node_close(&a);
	node_close(&b);
	store_close(other);
}

static void
two_nodes_may_append_to_one_stream_where_the_journal_picks(struct sw *w)
{
	struct id stream = sw_id(w);
	struct store *other;
	struct node a, b;

	assert_int_equal(sw_open(w, NULL, NULL, &other), OK);
	node_open(&a, w, w->store, 1);
	node_open(&b, w, other, 2);
	for (int i = 0; i < 20; i++) {
		struct job j[2];

		job_init(&j[0], &a);
		job_init(&j[1], &b);
		j[0].stream = j[1].stream = stream;
		run_one(&j[0]);
		run_one(&j[1]);
		assert_int_equal(j[0].end, OK);
		assert_int_equal(j[1].end, OK);
		clock_manual_step(&w->clock, i % 3);
	}
	node_close(&a);
	node_close(&b);
	store_close(other);
	assert_int_equal(sw_chain(w, 1), 20);
	assert_int_equal(sw_chain(w, 2), 20);
}

/* The personal part */

static const struct stmt erase = {
	"test_erase",
	"UPDATE record SET personal = NULL, personal_salt = NULL"
	" WHERE stream = $1",
	NULL
};
static const struct stmt_set erase_set = { "test", &erase, 1 };

static void a_personal_part_can_be_erased_and_the_chain_holds(struct sw *w)
{
	struct store *s;
	struct node d;
	struct job j[3];
	const struct record *r;

	assert_int_equal(sw_open(w, &erase_set, NULL, &s), OK);
	node_open(&d, w, s, 1);
	jobs_init(j, 3, &d);
	j[1].personal = STR("Ada Lovelace");
	submit(j, 3);
	executor_step(d.x);
	r = sw_records(w, 1).at;
	assert_true(str_is(r[1].personal, "Ada Lovelace"));
	assert_int_equal(r[1].personal_salt.n, SALT_BYTES);
	assert_true(!r[0].personal_hash.p);
	assert_int_equal(sw_chain(w, 1), 3);
	w->cx.db = store_writer(s);
	assert_int_equal(store_begin(w->cx.db, &w->cx), OK);
	assert_int_equal(
		store_exec(&w->cx, &erase, VALS(v_id(&j[1].stream)), NULL), OK);
	assert_int_equal(store_commit(w->cx.db, &w->cx), OK);
	w->cx.db = NULL;
	r = sw_records(w, 1).at;
	assert_true(!r[1].personal.p && r[1].personal_hash.p);
	assert_int_equal(sw_chain(w, 1), 3);
	node_close(&d);
	store_close(s);
}

static void records_of_a_stream_come_in_their_order(struct sw *w)
{
	struct node d;
	struct job j;
	struct list l;
	struct record one;

	node_open(&d, w, w->store, 1);
	job_init(&j, &d);
	j.n = 1;
	j.records = 10;
	run_one(&j);
	w->cx.db = store_reader(w->store, 1000);
	assert_int_equal(record_stream(&w->cx, &j.stream, 4, &l), OK);
	assert_int_equal(l.n, 6);
	for (int i = 0; i < 6; i++)
		assert_int_equal(((struct record *)l.at)[i].n, 5 + i);
	assert_int_equal(record_at(&w->cx, &j.stream, 3, &one), OK);
	assert_int_equal(one.n, 3);
	assert_true(str_is(one.actor, "key:test"));
	assert_int_equal(record_at(&w->cx, &j.stream, 11, &one), ERR_NOT_FOUND);
	store_reader_done(w->store, w->cx.db);
	w->cx.db = NULL;
	node_close(&d);
}

int main(void)
{
	static const struct both_test tests[] = {
		BOTH(the_chain_goes_on_over_restarts),
		BOTH(a_batch_of_records_is_one_insert),
		BOTH(a_work_that_fails_leaves_no_gap),
		BOTH(a_flush_shows_a_work_what_it_appended),
		BOTH(picked_places_grow_in_a_stream),
		BOTH(picked_places_grow_though_the_node_starts_again_at_once),
		BOTH(a_head_is_known_before_the_first_append),
		BOTH(a_key_is_found_pending_and_stored),
		BOTH(the_key_of_a_work_that_failed_is_free_again),
		BOTH(thousands_of_keys_may_wait_in_one_batch),
		BOTH(every_call_may_fail_and_the_chain_holds),
		BOTH(a_commit_whose_answer_was_lost_is_found_by_its_keys),
		BOTH(of_two_nodes_that_race_on_one_stream_one_has_a_conflict),
		BOTH(two_nodes_may_append_to_one_stream_where_the_journal_picks),
		BOTH(a_personal_part_can_be_erased_and_the_chain_holds),
		BOTH(records_of_a_stream_come_in_their_order),
	};

	return both_main("journal", tests, sizeof(tests) / sizeof(tests[0]));
}
