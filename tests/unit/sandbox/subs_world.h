/*
 * subs_world: a folder of submissions that goes when the test ends, and stock
 * git to look at it.
 */
#pragma once

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox/subs.h"
#include "tests/support/check.h"

struct subs_world {
	char dir[64];
	struct ctx cx;
	struct subs *s;
	struct subs_opts opts;
};

static int remove_it(const char *path, const struct stat *st, int type,
		     struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

static inline void world_start(struct subs_world *w)
{
	assert_int_equal(subs_open(&w->cx, &w->opts, &w->s), OK);
}

static inline void world_restart(struct subs_world *w)
{
	subs_close(w->s);
	w->s = NULL;
	world_start(w);
}

static inline int world_up(void **state)
{
	struct subs_world *w = calloc(1, sizeof(*w));

	snprintf(w->dir, sizeof(w->dir), "/tmp/subs-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->cx = (struct ctx){ .arena = arena_new(1 << 16),
			      .clock = &clock_system,
			      .rng = rng_system() };
	w->opts.dir = w->dir;
	world_start(w);
	*state = w;
	return 0;
}

static inline int world_down(void **state)
{
	struct subs_world *w = *state;

	subs_close(w->s);
	arena_free(w->cx.arena);
	nftw(w->dir, remove_it, 32, FTW_DEPTH | FTW_PHYS);
	free(w);
	return 0;
}

/* What git says to a command in a repository; its status must be 0. */
static inline struct str world_git(struct subs_world *w, const char *repo,
				   const char *args)
{
	const char *line = str_fmt(w->cx.arena,
				   "GIT_CONFIG_NOSYSTEM=1 HOME=%s "
				   "git --git-dir=%s/%s.git %s 2>&1",
				   w->dir, w->dir, repo, args)
				   .p;
	FILE *f = popen(line, "r");
	struct buf b = { 0 };
	struct str out;
	int status;
	int c;

	assert_non_null(f);
	while ((c = fgetc(f)) != EOF)
		buf_ch(&b, (char)c);
	status = pclose(f);
	out = buf_copy(&b, w->cx.arena);
	buf_done(&b);
	if (status)
		fail_msg("git %s: %.*s", args, STR_FMT(out));
	return out;
}

/* Nothing that git complains of, nothing that no ref reaches if strict. */
static inline void world_fsck(struct subs_world *w, const char *repo,
			      bool all_reached)
{
	struct str said =
		world_git(w, repo,
			  all_reached ? "fsck --strict --full "
					"--unreachable --no-progress"
				      : "fsck --strict --full "
					"--no-dangling --no-progress");

	/* HEAD is a branch that nobody makes. */
	if (said.n && !str_is(said, "notice: HEAD points to an unborn branch "
				    "(main)\n"))
		fail_msg("git fsck: %.*s", STR_FMT(said));
}

static inline void world_pack(struct subs_world *w)
{
	struct subs_packed p = { .more = true };

	assert_int_equal(subs_rotate(&w->cx, w->s), OK);
	while (p.more)
		assert_int_equal(subs_pack_step(&w->cx, w->s, &p), OK);
}

static inline struct list world_files(struct subs_world *w, const char *text,
				      uint64_t number)
{
	struct run_file *f = ARENA_ARRAY(w->cx.arena, struct run_file, 3);

	f[0] = (struct run_file){ STR("README"), STR("the same for all\n"),
				  false };
	f[1] = (struct run_file){ STR("run.sh"), STR("#!/bin/sh\n"), true };
	f[2] = (struct run_file){ STR("src/main.c"),
				  str_fmt(w->cx.arena, "/* %s %llu */\n", text,
					  (unsigned long long)number),
				  false };
	return (struct list){ f, 3 };
}

/* Not flushed. */
static inline struct subs_done world_put(struct subs_world *w, const char *repo,
					 const char *ref, const char *text,
					 uint64_t number)
{
	struct list files = world_files(w, text, number);
	struct subs_ask ask = { .repo = str_of(repo),
				.ref = str_of(ref),
				.files = &files,
				.message = STR("submission\n"),
				.time_ms = 1700000000000 };
	struct subs_done done;

	assert_int_equal(subs_put(&w->cx, w->s, &ask, &done), OK);
	return done;
}

static inline void world_flush(struct subs_world *w)
{
	assert_int_equal(subs_flush(w->s, &w->cx), OK);
	subs_committed(w->s, &w->cx);
}

/* The submission is there, whole. */
static inline void world_has(struct subs_world *w, const char *repo,
			     const struct oid *commit, const char *text,
			     uint64_t number)
{
	struct list want = world_files(w, text, number), got;
	const struct run_file *a = want.at, *b;

	if (subs_load(&w->cx, w->s, str_of(repo), commit, NULL, &got))
		fail_msg("%s %s", w->cx.error.text, w->cx.error.detail);
	b = got.at;
	assert_int_equal(got.n, want.n);
	for (size_t i = 0; i < want.n; i++) {
		assert_true(str_eq(a[i].name, b[i].name));
		assert_true(str_eq(a[i].data, b[i].data));
		assert_int_equal(a[i].executable, b[i].executable);
	}
}
