/*
 * answer: durable attempt.answer beside a bare echo and beside a bare recorder
 * of the same rows, on SQLite and on PostgreSQL.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/benches.h"
#include "bench/contest.h"
#include "bench/daemon.h"
#include "bench/rep.h"

enum { ATTEMPTS = 4096, SLOTS = 10 };

static const int outstanding[] = { 64, 512 };

/* A reply and the record behind it, from the server itself. */
static void take_sample(struct run *r, struct daemon *d, const struct world *w,
			struct sample *s)
{
	struct ctx cx = bench_ctx(r);
	char id[ID_TEXT + 1];

	id_text(&w->attempts[0], id);
	s->method = "attempt.answer";
	s->result = daemon_call(
		d, s->method,
		str_fmt(r->arena,
			"{\"attempt\":\"%s\",\"slot\":%d,"
			"\"response\":{\"text\":\"I believe that it is the "
			"frog of the pond, number 12345\"},"
			"\"idempotency_key\":\"0123456789abcdef\"}",
			id, SLOTS));
	daemon_stop(d);
	db_last_record(&cx, d->store, &w->attempts[0], &s->record);
	daemon_start(d);
}

static void places_before(void *arg, int places)
{
	((struct answers *)arg)->places = places;
}

static struct runner runner_of(const char *name, const char *url, pid_t pid,
			       struct answers *a)
{
	return (struct runner){ .name = name,
				.load = { .url = url,
					  .server = pid,
					  .fill = answers_fill,
					  .check = answers_check,
					  .arg = a },
				.before = places_before };
}

/* The database holds exactly what was acknowledged. */
static void check_rows(const char *who, const char *url, int64_t acknowledged,
		       int64_t others)
{
	int64_t rows = db_number(url, "SELECT count(*) FROM record"
				      " WHERE event = 'attempt.answered'") -
		       others;

	if (rows != acknowledged)
		die("%s: %lld rows for %lld acknowledged answers", who,
		    (long long)rows, (long long)acknowledged);
	say("%s: %lld acknowledged, as many rows", who,
	    (long long)acknowledged);
}

struct arena_of_answers {
	struct daemon d;
	struct world w;
	struct sample sample;
	struct answers engine, proto, echo;
	pid_t proto_pid, echo_pid;
	const char *proto_store, *proto_url, *echo_ipc, *echo_tcp;
};

/*
 * The server was just started again: the first answer to an attempt reads it
 * from the database, once. The contests are about what comes after.
 */
static void read_all(struct run *r, struct arena_of_answers *x,
		     const char *name)
{
	struct load_result res;
	char full[60];

	x->engine.places = outstanding[0];
	load_run(&(struct load_opts){ .url = x->d.ipc,
				      .conns = outstanding[0],
				      .run_s = 120,
				      .most = ATTEMPTS,
				      .fill = answers_fill,
				      .check = answers_check,
				      .arg = &x->engine },
		 &res);
	if (res.answered != ATTEMPTS)
		die("%s: %s", name, res.first_wrong);
	snprintf(full, sizeof(full), "answer.%s.first", name);
	report(r, &(struct figure){ .name = full,
				    .unit = "req/s",
				    .value = res.rps,
				    .note = "first of each attempt after a "
					    "start" });
}

static void set_up(struct run *r, struct arena_of_answers *x, const char *name,
		   const char *store, const char *proto_store,
		   const struct rows *rows)
{
	bool lite = strncmp(proto_store, "sqlite:", 7) == 0;

	daemon_make(r, name, store, &x->d);
	daemon_start(&x->d);
	world_make(r, &x->d,
		   &(struct world_wish){ .slug = "answer",
					 .attempts = ATTEMPTS,
					 .slots = SLOTS,
					 .learners = "learner-" },
		   &x->w);
	take_sample(r, &x->d, &x->w, &x->sample);
	x->proto_store = proto_store;
	db_make_tables(r, proto_store);
	x->proto_url = str_fmt(r->arena, "ipc://%s/p-%s", r->dir, name).p;
	x->proto_pid = rep_recorder((const char *const[]){ x->proto_url, NULL },
				    &x->sample, rows,
				    lite ? proto_store + 7 : proto_store);
	answers_init(&x->engine, &x->w);
	answers_init(&x->proto, &x->w);
	answers_init(&x->echo, &x->w);
	/* The sample was the first save of its slot. */
	x->engine.seq[SLOTS - 1] = 1;
	read_all(r, x, name);
}

/* How the executor has worked so far. */
static void say_batches(struct daemon *d)
{
	double works = daemon_metric(d, "assay_commands_total");
	double batches = daemon_metric(d, "assay_commits_total");
	double us = daemon_metric(d, "assay_commit_microseconds_total");

	if (batches > 0)
		say("%.0f commits of %.1f commands and %.0f us on average",
		    batches, works / batches, us / batches);
}

static void tear_down(struct run *r, struct arena_of_answers *x,
		      const char *name)
{
	say_batches(&x->d);
	daemon_stop(&x->d);
	end_child(x->proto_pid, SIGKILL);
	end_child(x->echo_pid, SIGKILL);
	check_rows(name, x->d.store, x->engine.acknowledged, 1);
	check_rows("bare", x->proto_store, x->proto.acknowledged, 0);
	if (!r->quick)
		say("%s: chain of %lld records intact", name,
		    (long long)db_verify_chain(r, x->d.store));
	answers_done(&x->engine);
	answers_done(&x->proto);
	answers_done(&x->echo);
}

static void start_echo(struct run *r, struct arena_of_answers *x)
{
	x->echo_ipc = str_fmt(r->arena, "ipc://%s/echo", r->dir).p;
	x->echo_tcp = str_fmt(r->arena, "tcp://127.0.0.1:%d", free_port()).p;
	x->echo_pid = rep_echo(
		(const char *const[]){ x->echo_ipc, x->echo_tcp, NULL });
}

void bench_answer(struct run *r)
{
	struct arena_of_answers x = { 0 };

	set_up(r, &x, "sqlite", NULL,
	       str_fmt(r->arena, "sqlite:%s/bare.db", r->dir).p, &rows_lite);
	start_echo(r, &x);
	for (int i = 0; i < 2; i++) {
		struct contest c = { .run = r,
				     .n = 5,
				     .conns = outstanding[i] };

		c.runners[0] =
			runner_of("assayd ipc", x.d.ipc, x.d.pid, &x.engine);
		c.runners[1] = runner_of("bare sqlite ipc", x.proto_url,
					 x.proto_pid, &x.proto);
		c.runners[2] =
			runner_of("echo ipc", x.echo_ipc, x.echo_pid, &x.echo);
		c.runners[3] =
			runner_of("assayd tcp", x.d.tcp, x.d.pid, &x.engine);
		c.runners[4] =
			runner_of("echo tcp", x.echo_tcp, x.echo_pid, &x.echo);
		contest_run(&c);
		contest_report(&c, "answer.bare_sqlite.ipc", 0, 1, 0.80);
		contest_report(&c, "answer.echo.ipc", 0, 2, 0.30);
		contest_report(&c, "answer.echo.tcp", 3, 4, 0.30);
	}
	tear_down(r, &x, "sqlite");
}

void bench_answer_pg(struct run *r)
{
	struct arena_of_answers x = { 0 };
	struct postgres pg;

	if (!postgres_start(r, &pg)) {
		say("answer-pg: no PostgreSQL here; left out");
		return;
	}
	set_up(r, &x, "postgresql", postgres_database(r, &pg, "engine"),
	       postgres_database(r, &pg, "bare"), &rows_pg);
	for (int i = 0; i < 2; i++) {
		struct contest c = { .run = r,
				     .n = 2,
				     .conns = outstanding[i] };

		c.runners[0] =
			runner_of("assayd ipc", x.d.ipc, x.d.pid, &x.engine);
		c.runners[1] = runner_of("bare postgresql", x.proto_url,
					 x.proto_pid, &x.proto);
		contest_run(&c);
		contest_report(&c, "answer.bare_postgresql.ipc", 0, 1, 0.80);
	}
	tear_down(r, &x, "postgresql");
	postgres_stop(&pg);
}

/* For a profiler: the load alone, for as long as it is told. */
void bench_hold(struct run *r)
{
	struct daemon d;
	struct world w;
	struct answers a;
	struct load_result res;

	daemon_make(r, "hold", NULL, &d);
	daemon_start(&d);
	world_make(r, &d,
		   &(struct world_wish){ .slug = "answer",
					 .attempts = ATTEMPTS,
					 .slots = SLOTS,
					 .learners = "learner-" },
		   &w);
	answers_init(&a, &w);
	a.places = r->hold_conns;
	say("assayd is process %d", (int)d.pid);
	load_run(&(struct load_opts){ .url = d.ipc,
				      .conns = a.places,
				      .run_s = r->hold_s,
				      .server = d.pid,
				      .fill = answers_fill,
				      .check = answers_check,
				      .arg = &a },
		 &res);
	say("%.0f/s, server CPU %.1f us, %lld wrong %s", res.rps, res.cpu_us,
	    (long long)res.wrong, res.first_wrong);
	say_batches(&d);
	daemon_stop(&d);
	answers_done(&a);
}
