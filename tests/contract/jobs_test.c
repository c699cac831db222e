/*
 * The queue with several nodes on one database, each a thread with a store, an
 * executor and a clock of its own; on both engines.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <sodium.h>

#include "tests/support/job_world.h"
#include "tests/support/store/db.h"

enum { NODES = 3, JOBS = 60, TURNS = 250 };

struct node {
	struct tx w;
	pthread_t thread;
	void (*play)(struct node *n);
	int64_t finished, conflicts;
	int number;
};

struct cluster {
	struct db db;
	struct node nodes[NODES];
};

static void *node_main(void *arg)
{
	struct node *n = arg;

	n->play(n);
	return NULL;
}

static struct cluster *cluster_new(enum db_kind kind)
{
	struct cluster *c = calloc(1, sizeof(*c));

	if (!db_make(&c->db, kind)) {
		print_message("%s is not installed\n", db_name(kind));
		free(c);
		return NULL;
	}
	for (int i = 0; i < NODES; i++) {
		struct tx_opts o = { .url = c->db.url, .node = i + 1 };

		c->nodes[i].number = i + 1;
		jw_open(&c->nodes[i].w, &o, i ? &c->nodes[0].w.who.org : NULL);
		tx_as(&c->nodes[i].w, ROLE_WORKER,
		      i == 0   ? "key:one"
		      : i == 1 ? "key:two"
			       : "key:three",
		      NULL);
	}
	return c;
}

static void cluster_free(struct cluster *c)
{
	for (int i = 0; i < NODES; i++)
		jw_close(&c->nodes[i].w);
	db_drop(&c->db);
	free(c);
}

static void all_play(struct cluster *c, void (*play)(struct node *n))
{
	for (int i = 0; i < NODES; i++) {
		c->nodes[i].play = play;
		CHECK(pthread_create(&c->nodes[i].thread, NULL, node_main,
				     &c->nodes[i]) == 0);
	}
	for (int i = 0; i < NODES; i++)
		CHECK(pthread_join(c->nodes[i].thread, NULL) == 0);
}

/* ---- leases ---- */

/* Takes some, loses some, is late with some: as workers are. */
static void work(struct node *n)
{
	struct rng *rng = &n->w.rng.rng;

	for (int i = 0; i < TURNS; i++) {
		struct job j;
		enum err e;

		if (rng_below(rng, 10) == 0)
			tx_step_clock(&n->w, 61000); /* leases run out */
		if (!jw_lease(&n->w, 1, &j) || rng_below(rng, 4) == 0)
			continue; /* none, or the worker died here */
		e = jw_say(&n->w, JW_FINISH, &j);
		CHECK(e == OK || e == ERR_CONFLICT || e == ERR_BUSY);
		n->finished += !e;
		n->conflicts += e == ERR_CONFLICT;
	}
}

static void every_job_counts_once_whoever_races(enum db_kind kind)
{
	struct cluster *c = cluster_new(kind);
	struct id ids[JOBS];
	int64_t finished = 0, done = 0;

	if (!c)
		skip();
	for (int i = 0; i < JOBS; i++) {
		struct jw_queue q = { .kind = "grade",
				      .wish = { .max_tries = 1000 } };

		assert_int_equal(tx_run(&c->nodes[0].w, jw_queue_run, &q), OK);
		ids[i] = q.id;
	}
	all_play(c, work);
	for (int i = 0; i < NODES; i++)
		finished += c->nodes[i].finished;
	for (int i = 0; i < JOBS; i++) {
		int64_t n = jw_effects(&c->nodes[0].w, &ids[i], "grade");

		assert_in_range(n, 0, 1);
		assert_int_equal(n, jw_get(&c->nodes[0].w, &ids[i]).state ==
					    JOB_DONE);
		done += n;
	}
	assert_int_equal(done, finished);
	assert_true(tx_chain(&c->nodes[0].w).intact);
	cluster_free(c);
}

/* ---- one lease ---- */

static void lease_one(struct node *n)
{
	n->finished = (int64_t)jw_lease(&n->w, 1, NULL);
}

static void one_of_several_workers_gets_the_job(enum db_kind kind)
{
	struct cluster *c = cluster_new(kind);

	if (!c)
		skip();
	for (int round = 0; round < 40; round++) {
		int64_t got = 0;

		jw_queue(&c->nodes[0].w, "grade", "{}");
		all_play(c, lease_one);
		for (int i = 0; i < NODES; i++)
			got += c->nodes[i].finished;
		assert_int_equal(got, 1);
	}
	cluster_free(c);
}

/* ---- steps ---- */

static void settle(struct node *n)
{
	for (int i = 0; i < 40; i++) {
		tx_settle(&n->w);
		tx_step_clock(&n->w, 5000);
	}
}

static void a_step_runs_on_one_node_at_a_time(enum db_kind kind)
{
	struct cluster *c = cluster_new(kind);
	struct id id;

	if (!c)
		skip();
	id = jw_queue(&c->nodes[0].w, "count", "{\"left\":50}");
	all_play(c, settle);
	assert_int_equal(jw_effects(&c->nodes[0].w, &id, "step"), 50);
	assert_int_equal(jw_get(&c->nodes[0].w, &id).state, JOB_DONE);
	assert_true(tx_chain(&c->nodes[0].w).intact);
	cluster_free(c);
}

/* ---- single ---- */

static void queue_single(struct node *n)
{
	struct jw_queue q = { .kind = "grade",
			      .wish = { .ref = { { 7 } }, .single = true } };
	enum err e = tx_run(&n->w, jw_queue_run, &q);

	CHECK(!e);
	n->finished = !id_is_none(&q.id);
}

static void a_single_job_is_single_across_nodes(enum db_kind kind)
{
	struct cluster *c = cluster_new(kind);

	if (!c)
		skip();
	for (int round = 0; round < 20; round++) {
		int64_t made = 0;
		struct job j;

		all_play(c, queue_single);
		for (int i = 0; i < NODES; i++)
			made += c->nodes[i].finished;
		assert_int_equal(made, 1);
		assert_int_equal(jw_lease(&c->nodes[0].w, 5, &j), 1);
		assert_int_equal(jw_say(&c->nodes[0].w, JW_FINISH, &j), OK);
	}
	cluster_free(c);
}

/* ---- where a job stands ---- */

static void a_jobs_place_and_end_are_told_from_what_was_done(enum db_kind kind)
{
	struct cluster *c = cluster_new(kind);
	struct tx *w;
	struct id id[6];
	struct job_position p;
	struct job a, b;

	if (!c)
		skip();
	w = &c->nodes[0].w;
	for (int i = 0; i < 6; i++) {
		id[i] = jw_queue(w, "grade", "{}");
		tx_step_clock(w, 1);
	}
	jw_queue(w, "other", "{}");
	p = jw_position(w, &id[4]);
	assert_int_equal(p.before, 4);
	assert_int_equal(p.running, 0);
	assert_int_equal(p.workers, 0);
	assert_false(p.has_estimate);

	assert_int_equal(jw_lease(w, 1, &a), 1);
	tx_step_clock(w, 10000);
	assert_int_equal(jw_say(w, JW_FINISH, &a), OK);
	p = jw_position(w, &id[4]);
	assert_int_equal(p.before, 3);
	assert_int_equal(p.workers, 1);
	assert_true(p.has_estimate);
	assert_int_equal(p.estimate_ms, 40000);

	assert_int_equal(jw_lease(w, 1, &a), 1);
	assert_int_equal(jw_lease(w, 1, &b), 1);
	tx_step_clock(w, 4000);
	p = jw_position(w, &id[5]);
	assert_int_equal(p.before, 2);
	assert_int_equal(p.running, 2);
	assert_int_equal(p.estimate_ms, 20000);
	p = jw_position(w, &a.id);
	assert_int_equal(p.before, 0);
	assert_int_equal(p.estimate_ms, 6000);
	/* Nobody came back: the leases ran out, and nothing is promised. */
	tx_step_clock(w, 700000);
	p = jw_position(w, &id[5]);
	assert_int_equal(p.running, 0);
	assert_int_equal(p.workers, 0);
	assert_false(p.has_estimate);
	cluster_free(c);
}

/* ---- given back ---- */

static void
a_released_job_has_lost_no_try_and_keeps_its_place(enum db_kind kind)
{
	struct cluster *c = cluster_new(kind);
	struct tx *one, *two;
	struct id first;
	struct job a, b;

	if (!c)
		skip();
	one = &c->nodes[0].w;
	two = &c->nodes[1].w;
	first = jw_queue(one, "grade", "{}");
	for (int i = 0; i < 20; i++) { /* grade: dead after 3 tries */
		assert_int_equal(jw_lease(i % 2 ? one : two, 1, &a), 1);
		assert_true(id_eq(&a.id, &first));
		assert_int_equal(a.tries, 1);
		assert_int_equal(a.fence, i + 1);
		tx_step_clock(one, 5);
		tx_step_clock(two, 5);
		jw_queue(one, "grade", "{}"); /* later than it */
		assert_int_equal(jw_say(i % 2 ? two : one, JW_RELEASE, &a),
				 ERR_CONFLICT);
		assert_int_equal(jw_say(i % 2 ? one : two, JW_RELEASE, &a), OK);
		/* Once more, as when the answer was lost. */
		assert_int_equal(jw_say(i % 2 ? one : two, JW_RELEASE, &a), OK);
		assert_int_equal(jw_say(i % 2 ? one : two, JW_FINISH, &a),
				 ERR_CONFLICT);
	}
	b = jw_get(one, &first);
	assert_int_equal(b.state, JOB_QUEUED);
	assert_int_equal(b.tries, 0);
	assert_int_equal(b.holder.n, 0);
	assert_int_equal(jw_effects(one, &first, "ended"), 0);
	assert_true(tx_chain(one).intact);
	cluster_free(c);
}

#define BOTH(f)                                                                \
	static void sqlite_##f(void **state)                                   \
	{                                                                      \
		(void)state;                                                   \
		f(DB_SQLITE);                                                  \
	}                                                                      \
	static void postgresql_##f(void **state)                               \
	{                                                                      \
		(void)state;                                                   \
		f(DB_PG);                                                      \
	}
BOTH(every_job_counts_once_whoever_races)
BOTH(one_of_several_workers_gets_the_job)
BOTH(a_step_runs_on_one_node_at_a_time)
BOTH(a_single_job_is_single_across_nodes)
BOTH(a_jobs_place_and_end_are_told_from_what_was_done)
BOTH(a_released_job_has_lost_no_try_and_keeps_its_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test(sqlite_##f), cmocka_unit_test(postgresql_##f)
		T(every_job_counts_once_whoever_races),
		T(one_of_several_workers_gets_the_job),
		T(a_step_runs_on_one_node_at_a_time),
		T(a_single_job_is_single_across_nodes),
		T(a_jobs_place_and_end_are_told_from_what_was_done),
		T(a_released_job_has_lost_no_try_and_keeps_its_place),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
