/*
 * start: from the start of assayd on a folder that has data to the first
 * acknowledged answer; after a clean stop, and after a kill.
 */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/benches.h"
#include "bench/daemon.h"

enum { ATTEMPTS = 2000, SLOTS = 10 };

struct first {
	struct answers *a;
	int64_t left;
};

static bool fill(void *arg, int place, struct buf *b)
{
	struct first *f = arg;

	return f->left-- > 0 && answers_fill(f->a, place, b);
}

static bool check(void *arg, int place, struct str reply)
{
	struct first *f = arg;

	return answers_check(f->a, place, reply);
}

static void answer(struct daemon *d, struct answers *a, int64_t n, int conns)
{
	struct first f = { a, n };
	struct load_result res;

	a->places = conns;
	load_run(&(struct load_opts){ .url = d->ipc,
				      .conns = conns,
				      .run_s = 60,
				      .fill = fill,
				      .check = check,
				      .arg = &f },
		 &res);
	if (res.answered != n)
		die("answer: %s", res.first_wrong);
}

static double one_start(struct daemon *d, struct answers *a)
{
	int64_t from = now_ns();

	daemon_spawn(d);
	daemon_wait(d);
	answer(d, a, 1, 1);
	return (double)(now_ns() - from) / 1e6;
}

void bench_start(struct run *r)
{
	double clean[REPEATS_MAX], killed[REPEATS_MAX];
	struct answers a;
	struct daemon d;
	struct world w;

	daemon_make(r, "start", NULL, &d);
	daemon_start(&d);
	world_make(r, &d,
		   &(struct world_wish){ .slug = "start",
					 .attempts = ATTEMPTS,
					 .slots = SLOTS,
					 .learners = "learner-" },
		   &w);
	answers_init(&a, &w);
	for (int i = 0; i < r->repeats; i++) {
		answer(&d, &a, 20000, 64);
		daemon_stop(&d);
		clean[i] = one_start(&d, &a);
		answer(&d, &a, 20000, 64);
		daemon_kill(&d);
		killed[i] = one_start(&d, &a);
	}
	report(r, &(struct figure){ .name = "start.first_answer",
				    .unit = "ms",
				    .value = median(clean, r->repeats),
				    .target = -200 });
	report(r,
	       &(struct figure){ .name = "start.first_answer.killed",
				 .unit = "ms",
				 .value = median(killed, r->repeats),
				 .target = -200,
				 .note = "the log of writes is read first" });
	daemon_stop(&d);
	answers_done(&a);
}
