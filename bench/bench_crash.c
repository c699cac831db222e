/*
 * crash: kill -9 at random moments under load, again and again. After each
 * start every answer that was acknowledged so far must be in the database, and
 * at the end the audit chain must be intact.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/benches.h"
#include "bench/daemon.h"

enum { ATTEMPTS = 1024, SLOTS = 10, CONNS = 64, SERIALS = 1 << 24 };

struct crash {
	struct answers a;
	uint8_t *acked, *seen; /* by serial */
	int64_t acked_n, rows, last_seq, twice;
};

static bool check(void *arg, int place, struct str reply)
{
	struct crash *c = arg;

	if (!answers_check(&c->a, place, reply))
		return false;
	CHECK(c->a.id[place] < SERIALS);
	c->acked[c->a.id[place]] = 1;
	c->acked_n++;
	return true;
}

static bool fill(void *arg, int place, struct buf *b)
{
	struct crash *c = arg;

	return answers_fill(&c->a, place, b);
}

/* The text of an answer ends in its serial number: …, number 123"} */
static void saw(void *arg, const char *const *cols)
{
	struct crash *c = arg;
	const char *p = strstr(cols[1], "number ");
	long serial = p ? atol(p + 7) : 0;

	if (serial <= 0 || serial >= SERIALS)
		die("a row that nobody sent: %s", cols[1]);
	c->twice += c->seen[serial];
	c->seen[serial] = 1;
	c->rows++;
	c->last_seq = atoll(cols[0]);
}

static void look(struct crash *c, const struct daemon *d)
{
	char sql[200];
	int64_t lost = 0;

	snprintf(sql, sizeof(sql),
		 "SELECT seq, personal FROM record WHERE node = 1"
		 " AND seq > %lld AND event = 'attempt.answered' ORDER BY seq",
		 (long long)c->last_seq);
	db_each(d->store, sql, sql, saw, c);
	for (uint64_t i = 1; i <= c->a.serial; i++)
		lost += c->acked[i] && !c->seen[i];
	if (lost)
		die("%lld acknowledged answers are LOST", (long long)lost);
	if (c->twice)
		die("%lld answers are there twice", (long long)c->twice);
}

static void kill_later(pid_t victim)
{
	int64_t ms = 20 + (int64_t)rng_below(rng_system(), 400);
	pid_t pid = fork_child();

	if (pid)
		return; /* reaped with the rest at our end */
	sleep_ms(ms);
	kill(victim, SIGKILL);
	_exit(0);
}

static void crash_once(struct crash *c, struct daemon *d)
{
	struct load_result res;

	kill_later(d->pid);
	load_run(&(struct load_opts){ .url = d->ipc,
				      .conns = CONNS,
				      .run_s = 30,
				      .fill = fill,
				      .check = check,
				      .arg = c,
				      .may_break = true },
		 &res);
	if (res.wrong)
		die("%s", res.first_wrong);
	daemon_kill(d);
	daemon_start(d);
	look(c, d);
}

static void crashes(struct run *r, const char *name, const char *store)
{
	int kills = r->full ? 100 : r->quick ? 8 : 25;
	struct crash c = { 0 };
	struct daemon d;
	struct world w;
	char full[60];
	int64_t chain;

	daemon_make(r, name, store, &d);
	daemon_start(&d);
	world_make(r, &d,
		   &(struct world_wish){ .slug = "crash",
					 .attempts = ATTEMPTS,
					 .slots = SLOTS,
					 .learners = "learner-" },
		   &w);
	answers_init(&c.a, &w);
	c.a.places = CONNS;
	c.a.without_seq = true;
	c.acked = calloc(SERIALS, 1);
	c.seen = calloc(SERIALS, 1);
	CHECK(c.acked && c.seen);
	for (int i = 0; i < kills; i++)
		crash_once(&c, &d);
	daemon_stop(&d);
	look(&c, &d);
	chain = db_verify_chain(r, d.store);
	say("%s: %d kills, %lld acknowledged, %lld rows, chain of %lld intact",
	    name, kills, (long long)c.acked_n, (long long)c.rows,
	    (long long)chain);
	snprintf(full, sizeof(full), "crash.%s.kills_without_loss", name);
	report(r, &(struct figure){ .name = full,
				    .unit = "kills",
				    .value = kills,
				    .note = "none lost, none twice" });
	answers_done(&c.a);
	free(c.acked);
	free(c.seen);
}

void bench_crash(struct run *r)
{
	struct postgres pg;

	signal(SIGCHLD, SIG_DFL);
	crashes(r, "sqlite", NULL);
	if (!postgres_start(r, &pg)) {
		say("crash: no PostgreSQL here; that half is left out");
		return;
	}
	crashes(r, "postgresql", postgres_database(r, &pg, "crash"));
	postgres_stop(&pg);
}
