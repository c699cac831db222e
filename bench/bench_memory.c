/*
 * memory: is resident memory flat over 10^6 requests, of which four in five
 * are answers? The attempts are few, so that what each may keep in memory and
 * the caches of the database are full early and only a leak would still grow.
 */
#include <stdio.h>

#include "bench/benches.h"
#include "bench/daemon.h"

enum { ATTEMPTS = 256, SLOTS = 10, CONNS = 64, TOTAL = 1000000 };

struct mix {
	struct answers a;
	struct daemon *d;
	int64_t total, sent;
	bool is_get[CONNS];
	double at_10, at_50;
};

static bool fill(void *arg, int place, struct buf *b)
{
	struct mix *m = arg;

	m->is_get[place] = ++m->sent % 5 == 0;
	if (!m->is_get[place])
		return answers_fill(&m->a, place, b);
	buf_fmt(b,
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"gradebook.get\","
		"\"auth\":\"%.*s\",\"params\":{\"course\":\"bench\","
		"\"learner\":\"learner-%d\"}}",
		STR_FMT(m->d->key), (int)(m->sent % m->a.w->n));
	return true;
}

static bool check(void *arg, int place, struct str reply)
{
	struct mix *m = arg;

	return m->is_get[place]
		       ? str_find(reply, STR("\"result\""), 0) != SIZE_MAX
		       : answers_check(&m->a, place, reply);
}

static void progress(void *arg, int64_t answered)
{
	struct mix *m = arg;

	if (!m->at_10 && answered >= m->total / 10)
		m->at_10 = (double)proc_rss(m->d->pid) / (1 << 20);
	if (!m->at_50 && answered >= m->total / 2)
		m->at_50 = (double)proc_rss(m->d->pid) / (1 << 20);
}

void bench_memory(struct run *r)
{
	struct mix m = { .total = r->quick ? TOTAL / 10 : TOTAL };
	struct load_result res;
	struct daemon d;
	struct world w;
	double end;

	daemon_make(r, "memory", NULL, &d);
	daemon_start(&d);
	world_make(r, &d,
		   &(struct world_wish){ .slug = "memory",
					 .attempts = ATTEMPTS,
					 .slots = SLOTS,
					 .learners = "learner-" },
		   &w);
	answers_init(&m.a, &w);
	m.a.places = CONNS;
	m.d = &d;
	load_run(&(struct load_opts){ .url = d.ipc,
				      .conns = CONNS,
				      .run_s = 600,
				      .most = m.total,
				      .fill = fill,
				      .check = check,
				      .progress = progress,
				      .arg = &m },
		 &res);
	if (res.wrong || res.lost)
		die("%lld wrong, %lld lost: %s", (long long)res.wrong,
		    (long long)res.lost, res.first_wrong);
	end = (double)proc_rss(d.pid) / (1 << 20);
	report(r, &(struct figure){ .name = "memory.at_10_percent",
				    .unit = "MiB",
				    .value = m.at_10 });
	report(r, &(struct figure){ .name = "memory.at_50_percent",
				    .unit = "MiB",
				    .value = m.at_50 });
	report(r, &(struct figure){ .name = "memory.at_end",
				    .unit = "MiB",
				    .value = end,
				    .baseline = m.at_50,
				    .ratio = end / m.at_50,
				    .note = "/ at 50 %; flat is 1" });
	daemon_stop(&d);
	answers_done(&m.a);
}
