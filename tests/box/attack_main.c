/*
 * assay-attacks DIR [--json] [--repeats N]
 *
 * Runs every program of a folder alone, then all at once at twice the cores,
 * then several times from the warm pool, and those that would meet in pairs.
 * Exit code: 0 all as expected, 1 not, 2 usage, 3 no box on this host, 4 the
 * folder cannot be read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/box/attack.h"

enum { EXIT_CODES = 5, HONEST_EACH = 6, MOST = 1000, REPEATS = 3 };

struct harness {
	struct boxed box;
	struct ctx keep; /* what lives for the whole run */
	struct attack *at;
	size_t n;
	struct leftovers before;
	bool json;
	int repeats, faults;
	char folder[64]; /* of canaries */
};

static void fault(struct harness *h, const struct attack *a, const char *phase,
		  const struct run_told *t, const char *what)
{
	char said[BOXED_SAID] = "";

	h->faults++;
	if (t)
		boxed_said(t, said);
	printf("FAULT %.*s (%s): %s\n  %s\n", STR_FMT(a->name), phase, what,
	       said);
	if (t && t->out.n)
		printf("  stdout %.*s\n", STR_FMT(str_cut(t->out, 0, 300)));
	if (t && t->err.n)
		printf("  stderr %.*s\n", STR_FMT(str_cut(t->err, 0, 300)));
}

static void check(struct harness *h, const struct attack *a, const char *phase,
		  const struct run_told *t, bool alone)
{
	const char *what = attack_fault(&h->box.cx, a, t);

	if (!what)
		what = attack_late(a, t, alone);
	if (what)
		fault(h, a, phase, t, what);
}

/* -- canaries -- */

static void plant_file(const struct harness *h, const char *name)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", h->folder, name);
	f = fopen(path, "w");
	if (!f)
		return;
	fputs(CANARY "\n", f);
	fclose(f);
	chmod(path, 0644);
}

/* In files that anybody may read, the environment, and the arguments. */
static void plant(struct harness *h)
{
	snprintf(h->folder, sizeof(h->folder), "/tmp/assay-canary-XXXXXX");
	if (!mkdtemp(h->folder))
		return;
	chmod(h->folder, 0755);
	plant_file(h, "expected_output.txt");
	plant_file(h, "submission.c");
	plant_file(h, "assay.db");
	setenv("ASSAY_CANARY", CANARY, 1);
}

static void dig_up(struct harness *h)
{
	static const char *const names[] = { "expected_output.txt",
					     "submission.c", "assay.db", NULL };
	char path[128];

	for (int i = 0; names[i]; i++) {
		snprintf(path, sizeof(path), "%s/%s", h->folder, names[i]);
		unlink(path);
	}
	rmdir(h->folder);
}

/* -- compiling, each in a box, too -- */

static void compiled(struct harness *h, struct attack *a, struct run_told *t)
{
	const struct attack any = { .limits = { .cpu_ms = 10000 },
				    .exit = -1,
				    .signal = -1 };
	const struct run_got *g = t->got.at;
	const char *what = NULL;

	if (t->verdict == RUN_AC && t->got.n && g[0].state == RUN_GOT)
		a->program = str_copy(h->keep.arena, g[0].data);
	if (t->verdict == RUN_IE)
		what = "compiling it made us fail";
	else if (a->compile_fails && a->program.p)
		what = "it compiles";
	else if (!a->compile_fails && !a->program.p)
		what = "it does not compile";
	else if (a->compile_fails)
		what = attack_fault(&h->box.cx, &any, t);
	if (a->compile_fails && !what)
		what = attack_late(&any, t, false);
	if (what)
		fault(h, a, "compile", t, what);
	a->skipped = a->compile_fails || !a->program.p;
	a->first = (struct run_told){ .verdict = RUN_CE, .cause = t->cause };
}

static bool compile_all(struct harness *h)
{
	struct ctx cx = boxed_cx(&h->box);
	struct run_ask *asks = ARENA_ARRAY(cx.arena, struct run_ask, h->n);
	struct run_told *told = ARENA_ARRAY(cx.arena, struct run_told, h->n);
	struct attack **of = arena_array(cx.arena, h->n, sizeof(*of));
	size_t n = 0;

	for (size_t i = 0; i < h->n; i++)
		if (h->at[i].language <= ATTACK_CPP) {
			of[n] = &h->at[i];
			asks[n++] = attack_compile_ask(&cx, &h->at[i]);
		}
	if (!boxed_all(&h->box, &cx, asks, n, told))
		return false;
	for (size_t i = 0; i < n; i++)
		compiled(h, of[i], &told[i]);
	boxed_forget(&h->box);
	return true;
}

/* -- alone -- */

static void line(const struct harness *h, const struct attack *a)
{
	const struct run_told *t = &a->first;

	printf(h->json ? "{\"file\":\"%.*s\",\"verdict\":\"%s\",\"cause\":"
			 "\"%s\",\"cpu_us\":%lld,\"wall_us\":%lld,"
			 "\"memory_peak_bytes\":%lld}\n"
		       : "%-28.*s %-4s %-7s cpu %8lld us, wall %8lld us, "
			 "peak %10lld\n",
	       STR_FMT(a->name), run_verdict_words[t->verdict],
	       run_cause_words[t->cause], (long long)t->cpu_us,
	       (long long)t->wall_us, (long long)t->memory_peak_bytes);
	fflush(stdout);
}

static bool run_alone(struct harness *h, struct attack *a)
{
	struct ctx cx = boxed_cx(&h->box);
	struct run_ask ask = attack_ask(&cx, a);
	struct run_told t;

	/* A machine that is one of many on its host may be taken away for a
	   while: what is late three times in a row is our fault. */
	for (int tries = 0; tries < 3; tries++) {
		if (runner_run(&cx, &h->box.runner, &ask, &t))
			return false;
		if (attack_fault(&cx, a, &t) || !attack_late(a, &t, true))
			break;
	}
	check(h, a, "alone", &t, true);
	if (!leftovers_gone(&h->before, false))
		fault(h, a, "alone", &t, "it left something behind");
	a->first = t;
	line(h, a);
	boxed_forget(&h->box);
	return true;
}

static bool run_exit_codes(struct harness *h, struct attack *a)
{
	static const int codes[EXIT_CODES] = { 0, 42, 43, 7, 3 };

	for (int i = 0; i < EXIT_CODES; i++) {
		struct ctx cx = boxed_cx(&h->box);
		struct run_ask ask = attack_ask(&cx, a);
		struct str env = str_fmt(cx.arena, "EXITCODE=%d", codes[i]);
		struct run_told t;

		ask.env = (struct list){ &env, 1 };
		if (runner_run(&cx, &h->box.runner, &ask, &t))
			return false;
		if (t.cause != RUN_BY_EXIT || t.exit != codes[i])
			fault(h, a, "exit codes", &t, "another exit status");
		boxed_forget(&h->box);
	}
	return true;
}

static void run_in_terminal(struct harness *h, struct attack *a)
{
	const char *what = attack_in_terminal(&h->box, a);

	if (what)
		fault(h, a, "in a terminal", NULL, what);
	if (!leftovers_gone(&h->before, false))
		fault(h, a, "in a terminal", NULL, "it left something behind");
	boxed_forget(&h->box);
}

/* -- many at once -- */

struct many {
	struct run_ask ask[MOST];
	struct run_told told[MOST];
	struct attack *of[MOST]; /* NULL: the honest one */
	size_t n;
};

static void add(struct many *m, struct ctx *cx, struct attack *a)
{
	if (m->n == MOST)
		return;
	m->of[m->n] = a;
	m->ask[m->n++] = attack_ask(cx, a);
}

/* Between them, a program that only says 42: it must not suffer. */
static void add_honest(struct harness *h, struct many *m, struct ctx *cx)
{
	static const char *const words[] = { "subject", "hello", NULL };

	if (m->n == MOST)
		return;
	m->of[m->n] = NULL;
	m->ask[m->n++] = boxed_ask(&h->box, cx, boxed_words(cx, words), NULL);
}

static bool run_many(struct harness *h, struct many *m, struct ctx *cx,
		     const char *phase)
{
	static struct attack honest = { .name = { "an honest program", 17 } };

	if (!boxed_all(&h->box, cx, m->ask, m->n, m->told))
		return false;
	for (size_t i = 0; i < m->n; i++) {
		struct attack *a = m->of[i];
		const struct run_told *t = &m->told[i];

		if (!a && (t->verdict != RUN_AC || !str_is(t->out, "42\n")))
			fault(h, &honest, phase, t, "it got another verdict");
		if (!a)
			continue;
		check(h, a, phase, t, false);
		/* Several are expected of some: then any of them. */
		if (t->verdict != a->first.verdict && !a->verdicts)
			fault(h, a, phase, t, "another verdict than alone");
	}
	if (!leftovers_gone(&h->before, false))
		fault(h, &honest, phase, NULL, "something was left behind");
	boxed_forget(&h->box);
	return true;
}

static bool all_at_once(struct harness *h, const char *phase)
{
	struct ctx cx = boxed_cx(&h->box);
	struct many *m = ARENA_NEW(cx.arena, struct many);

	for (size_t i = 0; i < h->n; i++) {
		if (!h->at[i].skipped)
			add(m, &cx, &h->at[i]);
		if (i % HONEST_EACH == 0)
			add_honest(h, m, &cx);
	}
	return run_many(h, m, &cx, phase);
}

/* Two of one: first both at once, then again, which is after the other. */
static bool meetings(struct harness *h)
{
	bool fine = true;

	for (size_t i = 0; i < h->n && fine; i++)
		for (int k = 0; k < 2 && fine && h->at[i].meets; k++) {
			struct ctx cx = boxed_cx(&h->box);
			struct many *m = ARENA_NEW(cx.arena, struct many);

			if (h->at[i].skipped)
				break;
			add(m, &cx, &h->at[i]);
			add(m, &cx, &h->at[i]);
			fine = run_many(h, m, &cx, "two at once");
		}
	return fine;
}

static bool all(struct harness *h)
{
	bool fine = compile_all(h);

	for (size_t i = 0; i < h->n && fine; i++) {
		if (h->at[i].skipped) {
			line(h, &h->at[i]);
			continue;
		}
		fine = run_alone(h, &h->at[i]);
		if (fine && h->at[i].terminal)
			run_in_terminal(h, &h->at[i]);
		if (fine && h->at[i].exit_codes)
			fine = run_exit_codes(h, &h->at[i]);
	}
	if (fine)
		fine = meetings(h);
	for (int i = 0; i < h->repeats && fine; i++)
		fine = all_at_once(h, "all at once");
	return fine;
}

/* Once more with a canary among its own arguments. */
static void with_canary(int argc, char **argv)
{
	char *more[12];
	int n = 0;

	if (getenv("ASSAY_CANARY") || argc > 9)
		return;
	setenv("ASSAY_CANARY", CANARY, 1);
	for (; n < argc; n++)
		more[n] = argv[n];
	more[n++] = (char *)"--canary=" CANARY;
	more[n] = NULL;
	execv("/proc/self/exe", more);
}

static int run_folder(struct harness *h, const char *dir)
{
	struct list l;
	int width = 2 * (int)sysconf(_SC_NPROCESSORS_ONLN);

	plant(h);
	if (!boxed_open(&h->box, width)) {
		dig_up(h);
		return 3;
	}
	h->keep = (struct ctx){ .arena = arena_new(1 << 20) };
	if (attacks_read(&h->keep, dir, &l)) {
		fprintf(stderr, "%s\n", h->keep.error.text);
		boxed_close(&h->box);
		dig_up(h);
		return 4;
	}
	h->at = l.at;
	h->n = l.n;
	leftovers_count(&h->before);
	if (!all(h)) {
		printf("the runner failed\n");
		h->faults++;
	}
	printf("%zu programs, %d repeats at %d at once: %d faults\n", h->n,
	       h->repeats, width, h->faults);
	boxed_close(&h->box);
	arena_free(h->keep.arena);
	dig_up(h);
	return h->faults ? 1 : 0;
}

int main(int argc, char **argv)
{
	static struct harness h = { .repeats = REPEATS };
	const char *dir = NULL;

	with_canary(argc, argv);
	for (int i = 1; i < argc; i++) {
		struct str a = str_of(argv[i]);

		if (str_is(a, "--json"))
			h.json = true;
		else if (str_is(a, "--repeats") && i + 1 < argc)
			h.repeats = atoi(argv[++i]);
		else if (!str_starts(a, "-") && !dir)
			dir = argv[i];
		else if (!str_starts(a, "--canary=") &&
			 !str_is(a, "--failures"))
			dir = NULL;
	}
	if (!dir) {
		fprintf(stderr, "usage: assay-attacks DIR [--json] "
				"[--repeats N]\n");
		return 2;
	}
	return run_folder(&h, dir);
}
