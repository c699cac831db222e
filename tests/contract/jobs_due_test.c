/*
 * Which jobs a worker finds, and who of those that wait is told; on both
 * engines.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <libpq-fe.h>
#include <sodium.h>
#include <sqlite3.h>

#include "engine/jobs/job_impl.h"
#include "engine/rpc/request.h"
#include "tests/support/job_world.h"
#include "tests/support/store/db.h"

enum { WAIT_MS = 10000, HOUR = 3600000 };

struct one {
	struct db db;
	struct tx w;
};

static struct one *one_new(enum db_kind kind)
{
	struct one *o = calloc(1, sizeof(*o));

	if (!db_make(&o->db, kind)) {
		print_message("%s is not installed\n", db_name(kind));
		free(o);
		return NULL;
	}
	jw_open(&o->w, &(struct tx_opts){ .url = o->db.url }, NULL);
	o->w.app.parking = parking_new(&o->w.clock.clock, 8, false);
	return o;
}

static void one_free(struct one *o)
{
	struct parking *p = o->w.app.parking;

	jw_close(&o->w);
	parking_free(p);
	db_drop(&o->db);
	free(o);
}

/* ---- what is queued, and asked ---- */

struct many {
	const char *needs; /* or NULL */
	int n;
	int64_t run_at;
};
static enum err queue_run(struct ctx *cx, void *arg)
{
	const struct many *m = arg;
	struct str needs = str_of(m->needs ? m->needs : "");
	const struct job_wish w = { .run_at = m->run_at,
				    .needs = { &needs, m->needs != NULL } };
	enum err e = OK;

	for (int i = 0; !e && i < m->n; i++)
		e = job_queue(cx, "grade", &w, NULL);
	return e;
}
static void queue_at(struct tx *w, const char *needs, int n, int64_t run_at)
{
	struct many m = { needs, n, run_at };
	enum err e = tx_run(w, queue_run, &m);

	assert_int_equal(e, OK);
}
static void queue(struct tx *w, const char *needs, int n)
{
	queue_at(w, needs, n, 0);
}

static struct str grade = { "grade", 5 };

/* With all of these words; NULL: it does not say what it has. */
static struct job_ask ask_of(struct str *words, const char *has)
{
	struct str rest = str_of(has), one;
	struct job_ask a = { .kinds = { &grade, 1 }, .worker = STR("w") };

	a.has_about = a.about.has_languages = has != NULL;
	a.about.languages.at = words;
	a.lease_ms = HOUR;
	while (rest.n && str_split(&rest, ' ', &one))
		words[a.about.languages.n++] = one;
	return a;
}

/* The needs of the jobs that it gets, in their order. */
static void gets(struct tx *w, const char *has, int64_t most, const char *needs)
{
	struct str words[4];
	struct jw_lease l = { .ask = ask_of(words, has) };
	const struct job *j;
	struct buf b = { 0 };
	enum err e;

	l.ask.limit = most;
	e = tx_run(w, jw_lease_run, &l);
	assert_int_equal(e, OK);
	j = l.got.at;
	for (size_t i = 0; i < l.got.n; i++) {
		buf_str(&b, j[i].needs.n ? j[i].needs : STR("-"));
		buf_ch(&b, ' ');
	}
	buf_ch(&b, '\0');
	assert_string_equal(b.p, needs);
	buf_done(&b);
}

/* ---- who waits ---- */

struct waits {
	const char *has;
	struct rpc_io io;
	const struct clock *clock; /* or NULL */
	bool due;
};
static enum err wait_run(struct ctx *cx, void *arg)
{
	struct waits *t = arg;
	struct str words[4];
	const struct job_ask a = ask_of(words, t->has);
	struct rpc_io *io = cx->io;
	const struct clock *clock = cx->clock;
	enum err e;

	cx->io = &t->io;
	if (t->clock)
		cx->clock = t->clock;
	e = job_wait(cx, &a, WAIT_MS, &t->due);
	cx->io = io;
	cx->clock = clock;
	return e;
}
static bool waits(struct tx *w, struct waits *t)
{
	enum err e = tx_read(w, wait_run, t);

	assert_int_equal(e, OK);
	return !t->due;
}

/* ---- tests ---- */

static void an_offer_is_left_to_the_worker_it_is_for(enum db_kind kind)
{
	struct one *o = one_new(kind);
	struct waits java = { .has = "c java" }, second = { .has = "java" };
	struct waits python = { .has = "c python" };

	if (!o)
		skip();
	assert_true(waits(&o->w, &java));
	assert_true(waits(&o->w, &second));
	assert_true(waits(&o->w, &python));
	assert_int_equal(java.io.park.ms, WAIT_MS);
	queue(&o->w, "java", 1);
	assert_true(waits(&o->w, &python)); /* looks first */
	assert_false(waits(&o->w, &java));
	assert_true(waits(&o->w, &second)); /* one job, one worker */
	one_free(o);
}

static void what_nobody_finds_is_offered_no_more(enum db_kind kind)
{
	struct one *o = one_new(kind);
	struct waits any = { 0 };
	int64_t calls;

	if (!o)
		skip();
	assert_true(waits(&o->w, &any));
	queue(&o->w, "java", 1);
	gets(&o->w, NULL, 1, ",java, ");
	assert_true(waits(&o->w, &any)); /* looks in vain, once */
	calls = store_calls(o->w.app.store);
	assert_true(waits(&o->w, &any));
	assert_int_equal(store_calls(o->w.app.store), calls);
	one_free(o);
}

/* A clock that goes on with each look at it. */
struct ticking {
	struct clock clock;
	int64_t *ms;
};
static int64_t tick(const struct clock *c)
{
	return (*((const struct ticking *)c)->ms)++;
}

static void what_falls_due_during_a_look_is_not_missed(enum db_kind kind)
{
	struct one *o = one_new(kind);
	int64_t now = TX_NOW_MS * INT64_C(1000);
	struct ticking t = { .clock = { .now_ms = tick }, .ms = &now };
	struct waits any = { .clock = &t.clock };

	if (!o)
		skip();
	queue_at(&o->w, NULL, 1, now + 1);
	assert_true(waits(&o->w, &any));
	assert_in_range(any.io.park.ms, 1, 100);
	one_free(o);
}

static void the_oldest_of_all_that_fits_comes_first(enum db_kind kind)
{
	struct one *o = one_new(kind);
	static const char *const order[] = { "python", NULL, "java", "c",
					     "c",      NULL, "rust", "python" };

	if (!o)
		skip();
	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
		queue(&o->w, order[i], 1);
		tx_step_clock(&o->w, 1);
	}
	gets(&o->w, "c python", 4, ",python, - ,c, ,c, ");
	gets(&o->w, "", 4, "- ");
	gets(&o->w, "c python", 4, ",python, ");
	gets(&o->w, NULL, 4, ",java, ,rust, ");
	one_free(o);
}

/* ---- what a look costs ---- */

static char *sql_of(const struct stmt *st, enum db_kind kind)
{
	static const char *const words[][DB_KINDS + 1] = {
		{ "{bytes}", "BLOB", "BYTEA" }, { "{text}", "TEXT", "TEXT" }
	};
	static char out[4096];
	const char *at = st->sql;
	size_t n = 0;

	while (*at) {
		size_t i = 0;

		while (i < 2 && strncmp(at, words[i][0], strlen(words[i][0])))
			i++;
		if (i == 2) {
			out[n++] = *at++;
			continue;
		}
		at += strlen(words[i][0]);
		n += (size_t)snprintf(out + n, 16, "%s", words[i][1 + kind]);
	}
	out[n] = '\0';
	return out;
}

struct look {
	const struct stmt *st;
	const char *const *vals; /* texts; NULL ones, too */
	int n;
};

/* The steps of SQLite's machine: as many as rows are looked at, and more. */
static int sqlite_steps(struct one *o, const struct look *l)
{
	sqlite3 *db;
	sqlite3_stmt *st;
	int steps;

	assert_int_equal(sqlite3_open(o->db.url + strlen("sqlite:"), &db), 0);
	assert_int_equal(
		sqlite3_prepare_v2(db, sql_of(l->st, DB_SQLITE), -1, &st, NULL),
		0);
	for (int i = 0; i < l->n; i++) {
		char name[16];
		const char *v = l->vals[i];

		snprintf(name, sizeof(name), "$%d", i + 1);
		if (v && *v >= '0' && *v <= '9')
			sqlite3_bind_int64(
				st, sqlite3_bind_parameter_index(st, name),
				strtoll(v, NULL, 10));
		else if (v)
			sqlite3_bind_text(
				st, sqlite3_bind_parameter_index(st, name), v,
				-1, SQLITE_STATIC);
	}
	while (sqlite3_step(st) == SQLITE_ROW)
		;
	steps = sqlite3_stmt_status(st, SQLITE_STMTSTATUS_VM_STEP, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return steps;
}

/* The pages of PostgreSQL's that are touched. */
static int pg_pages(struct one *o, const struct look *l)
{
	static const char head[] = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) ";
	PGconn *c = PQconnectdb(o->db.url);
	char sql[5000];
	const char *at;
	PGresult *r;
	int pages = -1;

	PQclear(PQexec(c, "ANALYZE job"));
	snprintf(sql, sizeof(sql), "%s%s", head, sql_of(l->st, DB_PG));
	for (int round = 0; round < 2; round++) { /* the second is warm */
		r = PQexecParams(c, sql, l->n, NULL, l->vals, NULL, NULL, 0);
		if (PQresultStatus(r) != PGRES_TUPLES_OK)
			fail_msg("%s", PQerrorMessage(c));
		at = NULL;
		for (int i = 0; !at && i < PQntuples(r); i++)
			at = strstr(PQgetvalue(r, i, 0), "shared hit=");
		pages = at ? (int)strtol(at + strlen("shared hit="), NULL, 10)
			   : 0;
		PQclear(r);
	}
	PQfinish(c);
	return pages;
}

static int cost(struct one *o, const struct look *l)
{
	return o->db.kind == DB_PG ? pg_pages(o, l) : sqlite_steps(o, l);
}

static void what_does_not_fit_costs_a_look_nothing(enum db_kind kind)
{
	enum { FEW = 20, MANY = 3000, NEAR = 8 };
	const char *const needs[] = { "grade", ",c,,python," };
	const char *const due[] = { "grade", "9000000000000", NULL, "1",
				    ",c," };
	const struct look looks[] = { { &job_sql[JOB_NEEDS], needs, 2 },
				      { &job_sql[JOB_DUE_OF], due, 5 } };
	struct one *o = one_new(kind);
	int few[2];

	if (!o)
		skip();
	queue(&o->w, "java", FEW);
	queue(&o->w, "c", 1);
	for (int i = 0; i < 2; i++)
		few[i] = cost(o, &looks[i]);
	queue(&o->w, "java", MANY);
	for (int i = 0; i < 2; i++)
		assert_in_range(cost(o, &looks[i]), 1, few[i] + NEAR);
	gets(&o->w, "c python", 2, ",c, ");
	gets(&o->w, "c python", 2, "");
	one_free(o);
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
BOTH(an_offer_is_left_to_the_worker_it_is_for)
BOTH(what_nobody_finds_is_offered_no_more)
BOTH(what_falls_due_during_a_look_is_not_missed)
BOTH(the_oldest_of_all_that_fits_comes_first)
BOTH(what_does_not_fit_costs_a_look_nothing)

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test(sqlite_##f), cmocka_unit_test(postgresql_##f)
		T(an_offer_is_left_to_the_worker_it_is_for),
		T(what_nobody_finds_is_offered_no_more),
		T(what_falls_due_during_a_look_is_not_missed),
		T(the_oldest_of_all_that_fits_comes_first),
		T(what_does_not_fit_costs_a_look_nothing),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
