/* Programs from sources: argv, what is put into a box, compiling. */
#include "graders/code_impl.h"

#define MIB(n) ((int64_t)(n) << 20)

static const struct run_limits compile_usual = {
	.cpu_ms = 10000,
	.wall_ms = 60000,
	.memory_bytes = MIB(512),
	.file_bytes = MIB(64),
	.disk_bytes = MIB(128),
	.stderr_bytes = 65536,
};

/* Each limit of the two, by the table that they are read by. */
static void each_limit(struct run_limits *l, const struct run_limits *other,
		       int64_t (*choose)(int64_t own, int64_t other))
{
	for (const struct field *f = run_limits_shape.fields; f->kind; f++) {
		int64_t a, b;

		memcpy(&a, (char *)l + f->offset, sizeof(a));
		memcpy(&b, (const char *)other + f->offset, sizeof(b));
		a = choose(a, b);
		memcpy((char *)l + f->offset, &a, sizeof(a));
	}
}

static int64_t own_or_other(int64_t own, int64_t other)
{
	return own ? own : other;
}

static int64_t larger(int64_t own, int64_t other)
{
	return own < other ? other : own;
}

void code_limits_inherit(struct run_limits *l, const struct run_limits *from)
{
	each_limit(l, from, own_or_other);
}

void code_limits_raise(struct run_limits *l, const struct run_limits *least)
{
	each_limit(l, least, larger);
}

struct run_limits code_limits_compile(const struct run_limits *own,
				      const struct code_language *l)
{
	struct run_limits got = *own;

	code_limits_inherit(&got, &l->compile_limits);
	code_limits_inherit(&got, &compile_usual);
	run_limits_fill(&got);
	return got;
}

/* A header is found by who includes it, not built. */
static bool is_source(const struct code_language *l, struct str name)
{
	if (str_ends(name, ".h") || str_ends(name, ".hpp"))
		return false;
	for (size_t i = 0; l->suffixes[i]; i++)
		if (str_ends(name, l->suffixes[i]))
			return true;
	return false;
}

struct list code_sources(struct ctx *cx, const struct code_language *l,
			 struct list files, struct str main)
{
	const struct run_file *f = files.at;
	struct str *at = ARENA_ARRAY(cx->arena, struct str, files.n + 1);
	size_t n = 0;

	at[n++] = main;
	for (size_t i = 0; i < files.n; i++)
		if (!str_eq(f[i].name, main) && is_source(l, f[i].name))
			at[n++] = f[i].name;
	return (struct list){ at, n };
}

static size_t count_words(const char *const *words)
{
	size_t n = 0;

	while (words[n])
		n++;
	return n;
}

/* Without its ending. */
static struct str stem_of(struct str name)
{
	for (size_t i = name.n; i > 0 && name.p[i - 1] != '/'; i--)
		if (name.p[i - 1] == '.')
			return str_cut(name, 0, i - 1);
	return name;
}

struct list code_words(struct ctx *cx, const char *const *words,
		       struct list sources, int64_t memory_bytes,
		       struct list more)
{
	const struct str *s = sources.at, *m = more.at;
	struct str *at = ARENA_ARRAY(cx->arena, struct str,
				     count_words(words) + sources.n + more.n);
	size_t n = 0;

	for (size_t i = 0; words[i]; i++) {
		struct str w = str_of(words[i]);
		size_t heap = str_find(w, STR("{heap_mib}"), 0);

		if (str_is(w, "{sources}")) {
			for (size_t k = 0; k < sources.n; k++)
				at[n++] = s[k];
		} else if (str_is(w, "{main}")) {
			at[n++] = s[0];
		} else if (str_is(w, "{stem}")) {
			at[n++] = stem_of(s[0]);
		} else if (heap != SIZE_MAX) {
			at[n++] = str_fmt(
				cx->arena, "%.*s%lld%.*s", (int)heap, w.p,
				(long long)(memory_bytes / MIB(4) * 3),
				STR_FMT(str_cut(w, heap + 10, w.n)));
		} else {
			at[n++] = w;
		}
	}
	for (size_t k = 0; k < more.n; k++)
		at[n++] = m[k];
	return (struct list){ at, n };
}

static struct list env_of(struct ctx *cx, const struct code_language *l)
{
	size_t n = l->env ? count_words(l->env) : 0;
	struct str *at = ARENA_ARRAY(cx->arena, struct str, n);

	for (size_t i = 0; i < n; i++)
		at[i] = str_of(l->env[i]);
	return (struct list){ at, n };
}

/* One that came of our own failure is run once more. */
enum err code_run_twice(struct ctx *cx, const struct runner *r,
			const struct run_ask *ask, struct run_told *out)
{
	enum err e = runner_run(cx, r, ask, out);

	if (!e && out->verdict == RUN_IE)
		e = runner_run(cx, r, ask, out);
	return e;
}

/* Files of the author's and the learner's as a box takes them. */
struct list code_put(struct ctx *cx, const struct list *lists, size_t n)
{
	struct run_file *at;
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += lists[i].n;
	at = ARENA_ARRAY(cx->arena, struct run_file, count);
	count = 0;
	for (size_t i = 0; i < n; i++) {
		const struct code_file *f = lists[i].at;

		for (size_t k = 0; k < lists[i].n; k++)
			at[count++] = (struct run_file){
				.name = f[k].name,
				.data = code_file_bytes(&f[k]),
				.executable = f[k].executable,
			};
	}
	return (struct list){ at, count };
}

/* What a limit or a signal did to a compiler, in words. */
static struct str end_of(struct ctx *cx, const struct run_told *t)
{
	switch ((enum run_cause)t->cause) {
	case RUN_BY_CPU:
	case RUN_BY_WALL:
		return STR("the time limit of compiling was reached\n");
	case RUN_BY_MEMORY:
		return STR("the memory limit of compiling was reached\n");
	case RUN_BY_STDOUT:
	case RUN_BY_STDERR:
		return STR("the compiler said more than is taken\n");
	case RUN_BY_SIGNAL:
		return str_fmt(cx->arena,
			       "the compiler was ended by signal %lld\n",
			       (long long)t->signal);
	case RUN_BY_EXIT:
	case RUN_BY_CANCEL:
	case RUN_BY_SETUP:
	case RUN_CAUSE_COUNT:
		break;
	}
	return STR("");
}

/* A limit is for what a program writes: what it is itself comes on top, where
 * that is much. (Seldom: runs of one size are made ready in advance.) */
static void make_room(struct run_ask *ask)
{
	struct run_limits *l = &ask->limits, need;

	run_files_need(ask->put, &need);
	run_limits_fill(l);
#define X(m)                                                                   \
	if (need.m > l->m / 2)                                                 \
		l->m += need.m;                                                \
	if (l->m > run_limits_most.m)                                          \
		l->m = run_limits_most.m;
	X(disk_bytes) X(inodes)
#undef X
}

static struct str compile_text(struct ctx *cx, const struct run_told *t,
			       bool made)
{
	struct buf b = { 0 };
	struct str s;

	buf_str(&b, end_of(cx, t));
	buf_str(&b, t->err);
	buf_str(&b, t->out);
	if (t->verdict == RUN_AC && !made)
		buf_z(&b, "the compiler left no program\n");
	s = code_text(cx->arena, code_scrub(cx->arena, buf_view(&b)),
		      CODE_TEXT_BYTES);
	buf_done(&b);
	return s;
}

/* What the compiler made, ready for each run. */
static bool take_made(struct ctx *cx, const struct code_language *l,
		      const struct run_told *t, struct code_program *out)
{
	const struct run_got *g = t->got.at;
	struct run_file *f;

	if (!l->made)
		return true;
	for (size_t i = 0; i < t->got.n; i++)
		if (str_is(g[i].name, l->made) && g[i].state == RUN_GOT) {
			f = ARENA_NEW(cx->arena, struct run_file);
			*f = (struct run_file){ str_of(l->made), g[i].data,
						g[i].executable };
			out->put = (struct list){ f, 1 };
			return true;
		}
	return false;
}

enum err code_build(struct ctx *cx, const struct runner *r,
		    const struct code_language *l, struct list files,
		    struct str main, struct list flags,
		    const struct run_limits *limits, struct code_program *out)
{
	struct run_want want = { str_of(l->made), limits->file_bytes };
	struct run_told t = { 0 };
	struct run_ask ask = { .limits = *limits,
			       .env = env_of(cx, l),
			       .toolchain = str_of(l->toolchain),
			       .put = files };
	bool made;
	enum err e;

	*out = (struct code_program){ .language = l,
				      .verdict = RUN_SK,
				      .env = ask.env,
				      .put = files,
				      .level = RUN_LEVEL_COUNT - 1 };
	out->sources = code_sources(cx, l, files, main);
	if (!l->compile)
		return OK;
	ask.argv = code_words(cx, l->compile, out->sources,
			      limits->memory_bytes, flags);
	if (l->made)
		ask.want = (struct list){ &want, 1 };
	make_room(&ask);
	e = code_run_twice(cx, r, &ask, &t);
	if (e)
		return e;
	made = take_made(cx, l, &t, out);
	out->cpu_us = t.cpu_us;
	out->level = t.level;
	out->verdict = t.verdict == RUN_IE	     ? RUN_IE
		       : t.verdict == RUN_AC && made ? RUN_AC
						     : RUN_CE;
	out->text = out->verdict == RUN_IE
			    ? code_text(cx->arena, t.why, CODE_TEXT_BYTES)
			    : compile_text(cx, &t, made);
	return OK;
}

struct run_ask code_ask(struct ctx *cx, const struct code_program *p,
			struct list args, const struct run_limits *limits,
			const struct run_file *more, size_t more_n)
{
	struct run_file *put =
		ARENA_ARRAY(cx->arena, struct run_file, p->put.n + more_n);
	struct run_ask ask;

	if (p->put.n)
		memcpy(put, p->put.at, p->put.n * sizeof(*put));
	if (more_n)
		memcpy(put + p->put.n, more, more_n * sizeof(*put));
	ask = (struct run_ask){
		.limits = *limits,
		.argv = code_words(cx, p->language->run, p->sources,
				   limits->memory_bytes, args),
		.env = p->env,
		.toolchain = str_of(p->language->toolchain),
		.put = { put, p->put.n + more_n },
	};
	make_room(&ask);
	return ask;
}
