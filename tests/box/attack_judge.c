/* How an attack is asked to run, and whether it ended as it must. */
#include <stdio.h>

#include "tests/box/attack.h"

enum {
	LATE_US = 100000,
	BUSY_US = 1000000, /* beside as many bombs as there are */
	ROUND_US = 20000,
	WANT_BYTES = 1 << 20
};

#define MIB(n) ((int64_t)(n) << 20)

/* What tasks of all kinds would collect: what programs plant. */
static const char *const wanted[] = { "out.txt", "sub/out.txt",	 "a.log",
				      "b.log",	 "results.json", "score.txt",
				      NULL };

static const struct {
	const char *file;
	const char *run[3];
	const char *compile[8];
} languages[] = {
	[ATTACK_C] = { "x.c",
		       { "./x" },
		       { "gcc", "-pthread", "-o", "x", "x.c", "-lrt" } },
	[ATTACK_CPP] = { "x.cpp",
			 { "./x" },
			 { "g++", "-O1", "-pthread", "-o", "x", "x.cpp" } },
	[ATTACK_PYTHON] = { "x.py", { "python3", "x.py" }, { NULL } },
	[ATTACK_SHELL] = { "x.sh", { "sh", "x.sh" }, { NULL } },
};

static struct list one_file(struct ctx *cx, const char *name, struct str data,
			    bool executable)
{
	struct run_file *f = ARENA_ARRAY(cx->arena, struct run_file, 2);

	f[0] = (struct run_file){ str_of(name), data, executable, true };
	f[1] = (struct run_file){ STR("input.txt"), STR("1 2 3\n"), false,
				  true };
	return (struct list){ f, 2 };
}

struct run_ask attack_compile_ask(struct ctx *cx, const struct attack *a)
{
	struct run_want *w = ARENA_NEW(cx->arena, struct run_want);
	bool deep = str_find(a->text, STR("-O0"), 0) != SIZE_MAX;
	struct run_ask ask = {
		.argv = boxed_words(cx, languages[a->language].compile),
		.toolchain = a->language == ATTACK_C ? STR("c") : STR("c++"),
		.put = one_file(cx, languages[a->language].file, a->source,
				false),
		.want = { w, 1 },
	};
	struct str *words = ARENA_ARRAY(cx->arena, struct str, ask.argv.n + 1);

	*w = (struct run_want){ STR("x"), MIB(64) };
	memcpy(words, ask.argv.at, ask.argv.n * sizeof(*words));
	words[ask.argv.n] = deep ? STR("-O0") : STR("-O1");
	ask.argv = (struct list){ words, ask.argv.n + 1 };
	ask.limits = (struct run_limits){ .cpu_ms = 10000,
					  .wall_ms = 60000,
					  .memory_bytes = MIB(512),
					  .open_files = 256,
					  .file_bytes = MIB(64),
					  .disk_bytes = MIB(128) };
	if (a->limits_of_compiling) {
		ask.limits = a->limits;
		ask.limits.wall_ms = 60000;
		ask.limits.disk_bytes = MIB(128);
	}
	boxed_slow(&ask.limits);
	return ask;
}

struct run_ask attack_ask(struct ctx *cx, const struct attack *a)
{
	struct run_want *w = ARENA_ARRAY(cx->arena, struct run_want,
					 sizeof(wanted) / sizeof(*wanted));
	bool built = a->program.p != NULL;
	struct run_ask ask = {
		.argv = boxed_words(cx, languages[a->language].run),
		.put = one_file(cx, built ? "x" : languages[a->language].file,
				built ? a->program : a->source, built),
		.input = STR("1 2 3\n"),
	};

	if (!a->limits_of_compiling)
		ask.limits = a->limits;
	if (a->verdicts && !(a->verdicts & 1u << RUN_TLE))
		boxed_slow(&ask.limits);
	for (; wanted[ask.want.n]; ask.want.n++)
		w[ask.want.n] = (struct run_want){ str_of(wanted[ask.want.n]),
						   WANT_BYTES };
	ask.want.at = w;
	return ask;
}

static bool shows(struct str s, const char *what)
{
	return s.n && str_find(s, str_of(what), 0) != SIZE_MAX;
}

/* A canary, or the host's accounts, in anything that comes back. */
static const char *leak(const struct run_told *t)
{
	const struct run_got *g = t->got.at;

	if (shows(t->out, CANARY) || shows(t->err, CANARY))
		return "a canary is shown";
	if (shows(t->out, "root:x:0") || shows(t->err, "root:x:0") ||
	    shows(t->err, "root:*:"))
		return "accounts of the host are shown";
	for (size_t i = 0; i < t->got.n; i++) {
		if (shows(g[i].data, CANARY) || shows(g[i].data, "root:x:0"))
			return "a canary is collected";
		if (g[i].data.n > WANT_BYTES)
			return "more is collected than wanted";
	}
	return NULL;
}

static bool outside(int64_t v, int64_t low, int64_t high, int64_t slack)
{
	return high && (v < low - slack || v > high + slack);
}

const char *attack_late(const struct attack *a, const struct run_told *t,
			bool alone)
{
	struct run_limits l =
		a->limits_of_compiling ? (struct run_limits){ 0 } : a->limits;
	int64_t slow = boxed_times();

	run_limits_fill(&l);
	/* A bomb uses time while it is ended, the more the busier all are. */
	if (t->cause == RUN_BY_CPU &&
	    t->cpu_us > l.cpu_ms * 1000 + slow * (alone ? LATE_US : BUSY_US))
		return "the CPU limit is passed by far";
	if (alone && t->cause == RUN_BY_WALL &&
	    t->wall_us > l.wall_ms * 1000 + slow * LATE_US)
		return "the time limit is passed by more than 100 ms";
	if (t->level == RUN_FULL &&
	    outside(t->memory_peak_bytes, a->peak_low, a->peak_high, 0))
		return "the peak of memory is not as expected";
	if (t->cause == RUN_BY_CPU &&
	    outside(t->cpu_us, a->cpu_low, a->cpu_high, slow * ROUND_US))
		return "the CPU time is not as expected";
	if (alone && slow == 1 && t->cause == RUN_BY_WALL &&
	    outside(t->wall_us, a->wall_low, a->wall_high, ROUND_US))
		return "the time is not as expected";
	return NULL;
}

const char *attack_fault(struct ctx *cx, const struct attack *a,
			 const struct run_told *t)
{
	const char *l = leak(t);

	(void)cx;
	if (shows(t->out, "RESULT ESCAPED"))
		return "it escaped";
	if (t->verdict == RUN_IE)
		return "it made us fail";
	if (l)
		return l;
	if (a->verdicts && !(a->verdicts & 1u << t->verdict))
		return "the verdict is not among those expected";
	if (a->contained && t->verdict == RUN_AC && !a->exit_codes &&
	    !shows(t->out, "RESULT CONTAINED"))
		return "it ended well and does not say that it was contained";
	if (a->exit > 0 && (t->cause != RUN_BY_EXIT || t->exit != a->exit))
		return "the exit status is not as expected";
	if (a->signal >= 0 &&
	    (t->cause != RUN_BY_SIGNAL || t->signal != a->signal))
		return "the signal is not as expected";
	return NULL;
}
