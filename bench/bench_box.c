/*
 * box: what the fence around a program costs and how exact it is. Beside it, in
 * the same rounds of the same process: plain fork, exec and wait, and
 * bubblewrap where it is installed. Ratios are of minima: whatever else the
 * machine does only adds.
 */
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "bench/benches.h"
#include "bench/boxes.h"

enum { ROUNDS = 150, ROUNDS_QUICK = 40 };

#define TRUE_PROGRAM "/bin/true"

/* One way to run /bin/true; dies if it does not end with 0. */
struct way {
	const char *name;
	void (*before)(struct boxing *b); /* not timed; may be NULL */
	void (*run)(struct boxing *b);
	double target;
	const char *note;
};

static void plain(struct boxing *b)
{
	const char *const argv[] = { TRUE_PROGRAM, NULL };

	(void)b;
	if (run_program(argv, NULL))
		die(TRUE_PROGRAM " does not run");
}

/* The command that comparisons of sandboxes use. */
static void bubblewrap(struct boxing *b)
{
	const char *const argv[] = {
		"bwrap",	 "--unshare-all", "--ro-bind",
		"/usr",		 "/usr",	  "--symlink",
		"usr/lib",	 "/lib",	  "--symlink",
		"usr/lib64",	 "/lib64",	  "--symlink",
		"usr/bin",	 "/bin",	  "--proc",
		"/proc",	 "--dev",	  "/dev",
		"--tmpfs",	 "/tmp",	  "--die-with-parent",
		"--new-session", TRUE_PROGRAM,	  NULL
	};

	(void)b;
	if (run_program(argv, NULL))
		die("bwrap does not run");
}

static void boxed(struct boxing *b)
{
	struct str argv[] = { STR(TRUE_PROGRAM) };
	struct run_ask ask = { .argv = { argv, 1 } };
	struct run_told t;

	if (box_run(&b->cx, b->host, &ask, &t) || t.verdict != RUN_AC)
		die("a box does not run " TRUE_PROGRAM ": %.*s",
		    STR_FMT(t.why));
}

static void arm(struct boxing *b)
{
	if (box_arm_ahead(&b->cx, b->host, (struct str){ 0 }, 1) < 1)
		die("no box can be made ready: %s", b->cx.error.text);
}

static const struct way ways[] = {
	{ "plain", NULL, plain, 0, "fork, exec, wait" },
	{ "cold", NULL, boxed, -2.5, "all made for the run; no net namespace" },
	{ "pool", arm, boxed, -1.8, "made ready before" },
	{ "bwrap", NULL, bubblewrap, 0, "no verdicts, no limits" },
};
enum { WAYS = sizeof(ways) / sizeof(ways[0]), BWRAP = 3 };

static void round_of(struct boxing *b, int skip, double *least, double *all,
		     int round)
{
	int order[WAYS];

	for (int i = 0; i < WAYS; i++)
		order[i] = i;
	shuffle(order, WAYS);
	for (int i = 0; i < WAYS; i++) {
		const struct way *w = &ways[order[i]];
		int64_t from;
		double took;

		if (order[i] == skip)
			continue;
		if (w->before)
			w->before(b);
		from = now_ns();
		w->run(b);
		took = (double)(now_ns() - from) / 1e3;
		if (round == 0)
			continue; /* the first one warms up */
		if (round == 1 || took < least[order[i]])
			least[order[i]] = took;
		all[order[i]] += took;
		arena_reset(b->cx.arena);
	}
}

static void costs(struct run *r, struct boxing *b)
{
	const char *const look[] = { "bwrap", "--version", NULL };
	double least[WAYS] = { 0 }, all[WAYS] = { 0 };
	int rounds = r->quick ? ROUNDS_QUICK : ROUNDS;
	int skip = run_program(look, NULL) ? BWRAP : -1;

	for (int i = 0; i <= rounds; i++)
		round_of(b, skip, least, all, i);
	for (int i = 0; i < WAYS; i++) {
		struct figure f = { .name = in_dir(r, "box.%s", ways[i].name),
				    .unit = "us",
				    .value = least[i],
				    .note = ways[i].note };

		/* The name only: in_dir puts the folder before it. */
		f.name = strrchr(f.name, '/') + 1;
		if (i == skip) {
			say("bwrap is not installed: not compared");
			continue;
		}
		if (i > 0) {
			f.baseline = least[0];
			f.ratio = least[i] / least[0];
			f.target = ways[i].target;
			f.low = f.ratio;
			f.high = all[i] / all[0]; /* of the means */
		}
		report(r, &f);
	}
}

static void selftest(struct run *r, struct boxing *b)
{
	double ms = 0;

	for (int i = 0; i < r->repeats; i++) {
		struct box_selftest t;
		int64_t from = now_ns();
		double took;

		if (box_selftest(&b->cx, b->host, &t)) {
			say("selftest: %s", b->cx.error.text);
			err_clear(&b->cx);
		}
		took = (double)(now_ns() - from) / 1e6;
		ms = took > ms ? took : ms;
		arena_reset(b->cx.arena);
	}
	report(r, &(struct figure){ .name = "box.selftest",
				    .unit = "ms",
				    .value = ms,
				    .target = -200,
				    .note = "the longest" });
}

/*
 * Boxes are sessions of their own, so that what the bench asks for itself does
 * not reach them: on a machine that others use, ask for all that we start.
 */
bool boxes_go_first(bool first)
{
	struct sched_param p = { .sched_priority = first ? 1 : 0 };

	return sched_setscheduler(0, first ? SCHED_RR : SCHED_OTHER, &p) == 0;
}

void bench_box(struct run *r)
{
	struct boxing b = { .cx = bench_ctx(r) };
	struct box_opts opts = { 0 };

	if (box_host_open(&b.cx, &opts, &b.host)) {
		say("no box on this host: %s", b.cx.error.text);
		return;
	}
	b.cx.arena = arena_new(1 << 20);
	say("level %s, as user %d", run_level_words[box_host_level(b.host)],
	    (int)geteuid());
	costs(r, &b);
	selftest(r, &b);
	if (boxes_go_first(true))
		say("round robin: limits are measured before others");
	box_host_close(b.host);
	b.host = NULL;
	boxes_figures(r, &b);
	arena_free(b.cx.arena);
}
