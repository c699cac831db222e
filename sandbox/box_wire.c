#include "sandbox/box_wire.h"

/* Numbers of a struct, in one order for both ways. */
#define ASK_LIMITS(X)                                                          \
	X(cpu_ms)                                                              \
	X(wall_ms)                                                             \
	X(memory_bytes)                                                        \
	X(tasks)                                                               \
	X(open_files)                                                          \
	X(stdout_bytes)                                                        \
	X(stderr_bytes)                                                        \
	X(file_bytes)                                                          \
	X(disk_bytes)                                                          \
	X(inodes)                                                              \
	X(stack_bytes)
#define TOLD_NUMBERS(X)                                                        \
	X(exit)                                                                \
	X(signal)                                                              \
	X(cpu_us)                                                              \
	X(wall_us)                                                             \
	X(memory_peak_bytes)                                                   \
	X(stdout_bytes)                                                        \
	X(stderr_bytes)                                                        \
	X(tasks_peak)                                                          \
	X(throttled_us)                                                        \
	X(steal_us)

static void put(struct buf *b, int64_t v)
{
	unsigned char raw[8];

	for (int i = 0; i < 8; i++)
		raw[i] = (unsigned char)((uint64_t)v >> (8 * i));
	buf_add(b, raw, sizeof(raw));
}

static void put_str(struct buf *b, struct str s)
{
	put(b, s.p ? (int64_t)s.n : -1);
	buf_str(b, s);
}

static void put_strs(struct buf *b, struct list l)
{
	const struct str *s = l.at;

	put(b, (int64_t)l.n);
	for (size_t i = 0; i < l.n; i++)
		put_str(b, s[i]);
}

void wire_put_ask(struct buf *b, const struct run_ask *ask, bool with_input)
{
	const struct run_file *f = ask->put.at;
	const struct run_want *w = ask->want.at;

#define X(m) put(b, ask->limits.m);
	ASK_LIMITS(X)
#undef X
	put(b, ask->alone);
	put_str(b, ask->peer);
	put_str(b, ask->toolchain);
	put_strs(b, ask->argv);
	put_strs(b, ask->env);
	put(b, (int64_t)ask->want.n);
	for (size_t i = 0; i < ask->want.n; i++) {
		put_str(b, w[i].name);
		put(b, w[i].max_bytes);
	}
	put(b, (int64_t)ask->put.n);
	for (size_t i = 0; i < ask->put.n; i++) {
		put_str(b, f[i].name);
		put(b, f[i].executable);
		put(b, f[i].fixed);
		put_str(b, f[i].data);
	}
	put_str(b, with_input ? ask->input : (struct str){ NULL, 0 });
}

struct reading {
	struct arena *arena;
	struct str rest;
	bool bad;
};

static int64_t get(struct reading *r)
{
	uint64_t v = 0;

	if (r->bad || r->rest.n < 8) {
		r->bad = true;
		return 0;
	}
	for (int i = 0; i < 8; i++)
		v |= (uint64_t)(unsigned char)r->rest.p[i] << (8 * i);
	r->rest = str_cut(r->rest, 8, r->rest.n);
	return (int64_t)v;
}

static int64_t get_within(struct reading *r, int64_t most)
{
	int64_t v = get(r);

	if (v < 0 || v > most) {
		r->bad = true;
		return 0;
	}
	return v;
}

static struct str get_str(struct reading *r)
{
	int64_t n = get(r);
	struct str s;

	if (r->bad || n == -1)
		return (struct str){ NULL, 0 };
	if (n < 0 || (uint64_t)n > r->rest.n) {
		r->bad = true;
		return (struct str){ NULL, 0 };
	}
	s = (struct str){ r->rest.p, (size_t)n };
	r->rest = (struct str){ r->rest.p + n, r->rest.n - (size_t)n };
	return s;
}

/* A count of things of at least 8 bytes each. */
static size_t get_count(struct reading *r, int64_t most)
{
	int64_t n = get_within(r, most);

	if ((uint64_t)n > r->rest.n / 8) {
		r->bad = true;
		return 0;
	}
	return (size_t)n;
}

static struct list get_strs(struct reading *r)
{
	size_t n = get_count(r, WIRE_WORDS);
	struct str *s = ARENA_ARRAY(r->arena, struct str, n);

	for (size_t i = 0; i < n && !r->bad; i++)
		s[i] = get_str(r);
	return (struct list){ s, n };
}

static struct list get_wants(struct reading *r)
{
	size_t n = get_count(r, WIRE_FILES);
	struct run_want *w = ARENA_ARRAY(r->arena, struct run_want, n);

	for (size_t i = 0; i < n && !r->bad; i++) {
		w[i].name = get_str(r);
		w[i].max_bytes = get_within(r, INT64_MAX);
	}
	return (struct list){ w, n };
}

static struct list get_files(struct reading *r)
{
	size_t n = get_count(r, WIRE_FILES);
	struct run_file *f = ARENA_ARRAY(r->arena, struct run_file, n);

	for (size_t i = 0; i < n && !r->bad; i++) {
		f[i].name = get_str(r);
		f[i].executable = get_within(r, 1);
		f[i].fixed = get_within(r, 1);
		f[i].data = get_str(r);
	}
	return (struct list){ f, n };
}

static enum err done(struct ctx *cx, const struct reading *r)
{
	if (r->bad || r->rest.n)
		return err_set(cx, ERR_INVALID,
			       "a message of the sandbox is damaged");
	return OK;
}

enum err wire_get_ask(struct ctx *cx, struct str bytes, struct run_ask *out)
{
	struct reading r = { .arena = cx->arena, .rest = bytes };

	*out = (struct run_ask){ 0 };
#define X(m) out->limits.m = get_within(&r, INT64_MAX);
	ASK_LIMITS(X)
#undef X
	out->alone = get_within(&r, 1);
	out->peer = get_str(&r);
	out->toolchain = get_str(&r);
	out->argv = get_strs(&r);
	out->env = get_strs(&r);
	out->want = get_wants(&r);
	out->put = get_files(&r);
	out->input = get_str(&r);
	return done(cx, &r);
}

void wire_put_told(struct buf *b, const struct run_told *told)
{
	const struct run_got *g = told->got.at;

	put(b, told->verdict);
	put(b, told->cause);
	put(b, told->level);
#define X(m) put(b, told->m);
	TOLD_NUMBERS(X)
#undef X
	put_str(b, told->out);
	put_str(b, told->err);
	put_str(b, told->why);
	put(b, (int64_t)told->got.n);
	for (size_t i = 0; i < told->got.n; i++) {
		put_str(b, g[i].name);
		put(b, g[i].state);
		put(b, g[i].executable);
		put_str(b, g[i].data);
	}
}

enum err wire_get_told(struct ctx *cx, struct str bytes, struct run_told *out)
{
	struct reading r = { .arena = cx->arena, .rest = bytes };
	struct run_got *g;
	size_t n;

	*out = (struct run_told){ 0 };
	out->verdict = (int)get_within(&r, RUN_VERDICT_COUNT - 1);
	out->cause = (int)get_within(&r, RUN_CAUSE_COUNT - 1);
	out->level = (int)get_within(&r, RUN_LEVEL_COUNT - 1);
#define X(m) out->m = get_within(&r, INT64_MAX);
	TOLD_NUMBERS(X)
#undef X
	out->out = get_str(&r);
	out->err = get_str(&r);
	out->why = get_str(&r);
	n = get_count(&r, WIRE_FILES);
	g = ARENA_ARRAY(cx->arena, struct run_got, n);
	for (size_t i = 0; i < n && !r.bad; i++) {
		g[i].name = get_str(&r);
		g[i].state = (int)get_within(&r, RUN_GOT_TOO_LARGE);
		g[i].executable = get_within(&r, 1);
		g[i].data = get_str(&r);
	}
	out->got = (struct list){ g, n };
	return done(cx, &r);
}
