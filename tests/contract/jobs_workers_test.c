/*
 * Who may take a job, and what people are told of one that nobody can take;
 * several nodes on one database, on both engines.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/run.h"
#include "tests/support/job_world.h"
#include "tests/support/store/db.h"

enum { NODES = 2, MINUTE = 60000, HOUR = 3600000 };

struct nodes {
	struct db db;
	struct tx w[NODES];
};

static struct nodes *nodes_new(enum db_kind kind)
{
	struct nodes *n = calloc(1, sizeof(*n));

	if (!db_make(&n->db, kind)) {
		print_message("%s is not installed\n", db_name(kind));
		free(n);
		return NULL;
	}
	for (int i = 0; i < NODES; i++) {
		struct tx_opts o = { .url = n->db.url, .node = i + 1 };

		jw_open(&n->w[i], &o, i ? &n->w[0].who.org : NULL);
	}
	return n;
}

static void nodes_free(struct nodes *n)
{
	for (int i = 0; i < NODES; i++)
		jw_close(&n->w[i]);
	db_drop(&n->db);
	free(n);
}

static void step(struct nodes *n, int64_t ms)
{
	for (int i = 0; i < NODES; i++)
		tx_step_clock(&n->w[i], ms);
}

/* ---- what is asked ---- */

struct words {
	struct str at[4];
	struct list list;
};
static struct words words(const char *a, const char *b)
{
	struct words w = { .at = { str_of(a ? a : ""), str_of(b ? b : "") } };

	w.list = (struct list){ NULL, (size_t) !!a + !!b };
	return w;
}

static struct id queue(struct tx *w, const char *language, const char *other)
{
	struct words needs = words(language, other);
	struct jw_queue q = { .kind = "grade" };
	enum err e;

	needs.list.at = needs.at;
	q.wish.needs = needs.list;
	e = tx_run(w, jw_queue_run, &q);
	assert_int_equal(e, OK);
	return q.id;
}

struct worker {
	const char *name;
	const char *kind, *refuses, *language, *other; /* or NULL */
	int level, box_level;
};

/* How many it got, of one. */
static size_t asks(struct tx *w, const struct worker *who)
{
	struct words kinds = words(who->kind, NULL);
	struct words refuses = words(who->refuses, NULL);
	struct words languages = words(who->language, who->other);
	struct jw_lease l = { .ask = { .org = w->who.org,
				       .worker = str_of(who->name),
				       .limit = 1,
				       .lease_ms = HOUR,
				       .has_about = true } };
	enum err e;

	kinds.list.at = kinds.at;
	refuses.list.at = refuses.at;
	languages.list.at = languages.at;
	l.ask.kinds = kinds.list;
	l.ask.about = (struct job_about){ .kinds = kinds.list,
					  .refuses = refuses.list,
					  .has_languages = true,
					  .languages = languages.list,
					  .level = who->level,
					  .box_level = who->box_level };
	e = tx_run(w, jw_lease_run, &l);
	assert_int_equal(e, OK);
	return l.got.n;
}

struct stand {
	struct id id;
	int standing;
	char why[1000];
};
static enum err stand_run(struct ctx *cx, void *arg)
{
	struct stand *s = arg;
	struct job_workers workers = { 0 };
	struct str why = { 0 };
	struct job j;
	enum err e = job_load(cx, &cx->who->org, &s->id, &j);

	if (!e)
		e = job_standing(cx, &workers, &j, &s->standing, &why);
	snprintf(s->why, sizeof(s->why), "%.*s", STR_FMT(why));
	return e;
}
static struct stand stand(struct tx *w, struct id id)
{
	struct stand s = { .id = id };
	enum err e = tx_read(w, stand_run, &s);

	assert_int_equal(e, OK);
	assert_int_equal(s.standing == JOB_NO_WORKER, s.why[0] != 0);
	return s;
}

#define IS(w, id, code) assert_int_equal(stand(w, id).standing, code)
#define WHY(w, id, part)                                                       \
	do {                                                                   \
		struct stand at = stand(w, id);                                \
		if (!strstr(at.why, part))                                     \
			fail_msg("%s: not in: %s", part, at.why);              \
	} while (0)

/* ---- tests ---- */

static void nothing_is_said_before_it_can_be_known(enum db_kind kind)
{
	struct nodes *n = nodes_new(kind);
	struct id id;

	if (!n)
		skip();
	id = queue(&n->w[0], NULL, NULL);
	IS(&n->w[0], id, JOB_IN_LINE);
	step(n, MINUTE - 1);
	IS(&n->w[0], id, JOB_IN_LINE);
	step(n, 1);
	IS(&n->w[0], id, JOB_NO_WORKER);
	WHY(&n->w[0], id, "wanted is a worker for grade; none has asked");
	assert_false(jw_position(&n->w[0], &id).has_estimate);
	assert_int_equal(jw_position(&n->w[0], &id).standing, JOB_NO_WORKER);
	nodes_free(n);
}

static void
what_one_node_heard_is_told_by_the_other_for_a_minute(enum db_kind kind)
{
	const struct worker c = { .name = "one",
				  .kind = "grade",
				  .language = "c",
				  .level = RUN_FULL };
	struct nodes *n = nodes_new(kind);
	struct id id;

	if (!n)
		skip();
	step(n, MINUTE);
	assert_int_equal(asks(&n->w[0], &c), 0);
	id = queue(&n->w[0], "c", NULL);
	IS(&n->w[1], id, JOB_IN_LINE);
	step(n, MINUTE - 1);
	IS(&n->w[1], id, JOB_IN_LINE);
	step(n, 1);
	IS(&n->w[1], id, JOB_NO_WORKER);
	WHY(&n->w[1], id, "worker one could, and was last heard of 60 s ago");
	assert_int_equal(asks(&n->w[1], &c), 1);
	IS(&n->w[0], id, JOB_RUNS);
	/* An hour later it is not even remembered, once another has asked. */
	step(n, HOUR + 1);
	assert_int_equal(asks(&n->w[0], &(struct worker){ .name = "two" }), 0);
	IS(&n->w[1], id, JOB_NO_WORKER);
	assert_null(strstr(stand(&n->w[1], id).why, "worker one"));
	nodes_free(n);
}

static void
a_worker_without_the_language_is_not_given_the_job(enum db_kind kind)
{
	const struct worker c = { .name = "one",
				  .kind = "grade",
				  .language = "python",
				  .other = "c",
				  .level = RUN_FULL };
	const struct worker java = { .name = "two",
				     .kind = "grade",
				     .language = "java",
				     .other = "c",
				     .level = RUN_FULL };
	struct nodes *n = nodes_new(kind);
	struct id id, plain;

	if (!n)
		skip();
	id = queue(&n->w[0], "java", "c");
	assert_int_equal(asks(&n->w[0], &c), 0);
	assert_int_equal(stand(&n->w[0], id).standing, JOB_NO_WORKER);
	WHY(&n->w[0], id, "wanted is a worker for grade with c, java");
	WHY(&n->w[0], id, "worker one has python, c");
	/* Behind it, one that it can do is not held up. */
	plain = queue(&n->w[0], "c", NULL);
	IS(&n->w[0], plain, JOB_IN_LINE);
	assert_int_equal(asks(&n->w[0], &c), 1);
	IS(&n->w[0], plain, JOB_RUNS);
	assert_int_equal(asks(&n->w[1], &java), 1);
	IS(&n->w[0], id, JOB_RUNS);
	nodes_free(n);
}

static void a_worker_whose_level_is_too_low_says_so(enum db_kind kind)
{
	const struct worker weak = { .name = "thin",
				     .refuses = "grade",
				     .language = "c",
				     .level = RUN_WEAK,
				     .box_level = RUN_SAMPLED };
	struct nodes *n = nodes_new(kind);
	struct id id;

	if (!n)
		skip();
	id = queue(&n->w[0], "c", NULL);
	assert_int_equal(asks(&n->w[0], &weak), 0);
	IS(&n->w[1], id, JOB_NO_WORKER);
	WHY(&n->w[1], id,
	    "worker thin refuses it: its boxes reach level weak, and its "
	    "setting box_level is sampled");
	/* Of another kind's workers nothing is said. */
	assert_int_equal(asks(&n->w[0], &(struct worker){ .name = "labs",
							  .kind = "other" }),
			 0);
	assert_null(strstr(stand(&n->w[0], id).why, "labs"));
	nodes_free(n);
}

static void a_worker_that_is_busy_counts_as_there(enum db_kind kind)
{
	const struct worker c = { .name = "one",
				  .kind = "grade",
				  .language = "c",
				  .level = RUN_FULL };
	struct nodes *n = nodes_new(kind);
	struct id id;

	if (!n)
		skip();
	queue(&n->w[0], "c", NULL);
	id = queue(&n->w[0], "c", NULL);
	assert_int_equal(asks(&n->w[0], &c), 1);
	/* Its job is long, and it has no room for a second one. */
	step(n, MINUTE + 1);
	IS(&n->w[1], id, JOB_IN_LINE);
	step(n, HOUR);
	IS(&n->w[1], id, JOB_NO_WORKER);
	nodes_free(n);
}

static void one_that_goes_on_asking_stays_there(enum db_kind kind)
{
	const struct worker one = { .name = "one",
				    .kind = "grade",
				    .language = "c" };
	struct nodes *n = nodes_new(kind);
	struct id id;

	if (!n)
		skip();
	for (int i = 0; i < 10; i++) {
		assert_int_equal(asks(&n->w[0], &one), 0);
		step(n, MINUTE / 4);
	}
	id = queue(&n->w[0], "c", NULL);
	IS(&n->w[1], id, JOB_IN_LINE);
	nodes_free(n);
}

static void one_among_many_workers_is_enough(enum db_kind kind)
{
	const struct worker rust = { .name = "the one",
				     .kind = "grade",
				     .language = "rust" };
	struct nodes *n = nodes_new(kind);
	struct id id;
	char name[20];

	if (!n)
		skip();
	assert_int_equal(asks(&n->w[0], &rust), 0);
	for (int i = 0; i < 80; i++) {
		step(n, 1);
		snprintf(name, sizeof(name), "w%d", i);
		asks(&n->w[0], &(struct worker){ .name = name,
						 .kind = "grade",
						 .language = "c" });
	}
	id = queue(&n->w[0], "rust", NULL);
	IS(&n->w[1], id, JOB_IN_LINE);
	/* And as one that is gone it is still known. */
	step(n, MINUTE - 80);
	IS(&n->w[1], id, JOB_NO_WORKER);
	WHY(&n->w[1], id, "worker the one could, and was last heard of 60 s");
	nodes_free(n);
}

static void many_workers_are_named_by_a_few(enum db_kind kind)
{
	struct nodes *n = nodes_new(kind);
	struct id id;
	char name[20];

	if (!n)
		skip();
	id = queue(&n->w[0], "rust", NULL);
	for (int i = 0; i < 80; i++) {
		snprintf(name, sizeof(name), "w%d", i);
		asks(&n->w[0], &(struct worker){ .name = name,
						 .kind = "grade",
						 .language = "c" });
		step(n, 1);
	}
	WHY(&n->w[0], id, "worker w79 has c; worker w78 has c; worker w77");
	WHY(&n->w[0], id, "; and 77 others cannot either");
	nodes_free(n);
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
BOTH(nothing_is_said_before_it_can_be_known)
BOTH(what_one_node_heard_is_told_by_the_other_for_a_minute)
BOTH(a_worker_without_the_language_is_not_given_the_job)
BOTH(a_worker_whose_level_is_too_low_says_so)
BOTH(a_worker_that_is_busy_counts_as_there)
BOTH(one_that_goes_on_asking_stays_there)
BOTH(one_among_many_workers_is_enough)
BOTH(many_workers_are_named_by_a_few)

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test(sqlite_##f), cmocka_unit_test(postgresql_##f)
		T(nothing_is_said_before_it_can_be_known),
		T(what_one_node_heard_is_told_by_the_other_for_a_minute),
		T(a_worker_without_the_language_is_not_given_the_job),
		T(a_worker_whose_level_is_too_low_says_so),
		T(a_worker_that_is_busy_counts_as_there),
		T(one_that_goes_on_asking_stays_there),
		T(one_among_many_workers_is_enough),
		T(many_workers_are_named_by_a_few),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
