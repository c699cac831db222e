#include "tests/box/boxed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sandbox/box_client.h"

enum { TICKETS = 64 };

static const char *programs_dir(void)
{
	const char *set = getenv("ASSAY_TEST_PROGRAMS");

	return set ? set : BOX_PROGRAMS;
}

struct str file_bytes(struct ctx *cx, const char *path)
{
	FILE *f = fopen(path, "rb");
	struct buf b = { 0 };
	struct str all;
	size_t n;

	if (!f) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		abort();
	}
	do {
		char *p = buf_room(&b, 65536);

		n = fread(p, 1, 65536, f);
		b.n += n;
	} while (n > 0);
	fclose(f);
	all = buf_copy(&b, cx->arena);
	buf_done(&b);
	return all;
}

struct str boxed_program(struct boxed *b, struct str name)
{
	int which = str_is(name, "bss");

	if (!which && !str_is(name, "subject"))
		return (struct str){ 0 };
	if (!b->program[which].p)
		b->program[which] = file_bytes(
			&b->cx, str_z(b->cx.arena,
				      str_fmt(b->cx.arena, "%s/%.*s",
					      programs_dir(), STR_FMT(name))));
	return b->program[which];
}

struct ctx boxed_cx(struct boxed *b)
{
	struct ctx cx = b->cx;

	cx.arena = b->round;
	return cx;
}

void boxed_forget(struct boxed *b)
{
	arena_reset(b->round);
}

struct list boxed_words(struct ctx *cx, const char *const *words)
{
	size_t n = 0;
	struct str *at;

	while (words[n])
		n++;
	at = ARENA_ARRAY(cx->arena, struct str, n);
	for (size_t i = 0; i < n; i++)
		at[i] = str_of(words[i]);
	return (struct list){ at, n };
}

bool boxed_all(struct boxed *b, struct ctx *cx, const struct run_ask *asks,
	       size_t n, struct run_told *told)
{
	const struct runner *r = &b->runner;
	int64_t *ticket = ARENA_ARRAY(cx->arena, int64_t, n);
	size_t started = 0, ended = 0;

	while (ended < n) {
		struct run_told t;
		int64_t which;

		while (started < n && started - ended < (size_t)r->width)
			if (r->start(cx, r->arg, &asks[started],
				     &ticket[started])) {
				fprintf(stderr, "start: %s %s\n",
					cx->error.text, cx->error.field);
				return false;
			} else {
				started++;
			}
		if (r->wait(cx, r->arg, &which, &t)) {
			fprintf(stderr, "wait: %s\n", cx->error.text);
			return false;
		}
		for (size_t i = 0; i < started; i++)
			if (ticket[i] == which)
				told[i] = t;
		ended++;
	}
	return true;
}

const char *boxed_said(const struct run_told *t, char room[BOXED_SAID])
{
	snprintf(room, BOXED_SAID,
		 "%s %s exit %lld signal %lld cpu %lld us wall %lld us peak "
		 "%lld%s%.*s",
		 run_verdict_words[t->verdict], run_cause_words[t->cause],
		 (long long)t->exit, (long long)t->signal, (long long)t->cpu_us,
		 (long long)t->wall_us, (long long)t->memory_peak_bytes,
		 t->why.n ? ": " : "", STR_FMT(str_cut(t->why, 0, 60)));
	return room;
}

int boxed_times(void)
{
	const char *set = getenv("ASSAY_TEST_TIMES");
	int n = set ? atoi(set) : 1;

	return n < 1 ? 1 : n;
}

void boxed_slow(struct run_limits *l)
{
	int64_t n = boxed_times();

	if (n == 1)
		return;
	run_limits_fill(l);
	l->cpu_ms *= n;
	l->wall_ms *= n;
}

struct run_ask boxed_ask(struct boxed *b, struct ctx *cx, struct list argv,
			 const struct run_limits *limits)
{
	struct str *words = ARENA_ARRAY(cx->arena, struct str, argv.n);
	struct run_ask ask = { .argv = { words, argv.n } };
	struct run_file *f = ARENA_NEW(cx->arena, struct run_file);

	if (limits)
		ask.limits = *limits;
	memcpy(words, argv.at, argv.n * sizeof(*words));
	f->data = boxed_program(b, words[0]);
	if (!f->data.p)
		return ask;
	f->name = words[0];
	f->executable = true;
	ask.put = (struct list){ f, 1 };
	words[0] = str_fmt(cx->arena, "./%.*s", STR_FMT(words[0]));
	return ask;
}

bool boxed_open(struct boxed *b, int width)
{
	const char *level = getenv("ASSAY_TEST_BOX_LEVEL");
	struct boxes_opts opts = { .program = getenv("ASSAY_TEST_BOX"),
				   .width = width };

	for (int i = 0; level && run_level_words[i]; i++)
		if (!strcmp(level, run_level_words[i]))
			opts.box.level_most = i;
	if (!opts.program)
		opts.program = BOX_PROGRAM;
	/* Programs of these tests kill all that they can reach. */
	CHECK(geteuid() != 0 || !opts.box.level_most ||
	      opts.box.level_most > RUN_WEAK);
	*b = (struct boxed){ .cx = { .arena = arena_new(1 << 16),
				     .clock = &clock_system,
				     .rng = rng_system() },
			     .round = arena_new(1 << 20) };
	if (!strcmp(opts.program, "here")
		    ? !boxed_here(b, &opts.box)
		    : boxes_open(&b->cx, &opts, &b->boxes) != OK) {
		printf("no box on this host: %s\n", b->cx.error.text);
		boxed_close(b);
		return false;
	}
	if (b->boxes)
		b->runner = *boxes_runner(b->boxes);
	if (b->runner.level <= RUN_WEAK) {
		printf("only a weak fence on this host: not for these\n");
		boxed_close(b);
		return false;
	}
	printf("boxes of level %s, as user %d\n",
	       run_level_words[b->runner.level], (int)geteuid());
	return true;
}

void boxed_close(struct boxed *b)
{
	boxes_close(b->boxes);
	box_host_close(b->here);
	arena_free(b->cx.arena);
	arena_free(b->round);
	*b = (struct boxed){ 0 };
}
