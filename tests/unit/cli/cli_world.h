/*
 * cli_world: the program with its streams in memory, a clock that stands still
 * and a folder of its own. Include after cmocka.h.
 */
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <locale.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "engine/methods.h"

#define WORLD_MS INT64_C(1767366245000) /* 2026-01-02T15:04:05Z */

struct world {
	struct ctx cx;
	struct clock_manual clock;
	struct rng_seeded rng;
	struct cli c;
	char folder[64];
	char *out, *err; /* of the last run */
	size_t out_n, err_n;
	int64_t waited_ms;
};

static struct world *world_now; /* for the functions without an argument */

static const char *world_env(const char *name)
{
	(void)name;
	return NULL;
}

static void world_wait(int64_t ms)
{
	world_now->waited_ms += ms;
}

static int world_setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (sodium_init() < 0 || !w)
		return -1;
	setlocale(LC_CTYPE, "C.UTF-8");
	setenv("TZ", "UTC", 1);
	clock_manual_init(&w->clock, WORLD_MS);
	rng_seeded_from(&w->rng, 1);
	w->cx = (struct ctx){ .arena = arena_new(65536),
			      .clock = &w->clock.clock,
			      .rng = &w->rng.rng };
	w->c = (struct cli){ .cx = &w->cx,
			     .in = stdin,
			     .columns = 80,
			     .methods = &all_methods,
			     .env = world_env,
			     .wait = world_wait,
			     .stmts = all_stmts,
			     .migrations = all_migrations,
			     .checks = all_checks };
	snprintf(w->folder, sizeof(w->folder), "/tmp/assay-cli-XXXXXX");
	if (!mkdtemp(w->folder))
		return -1;
	world_now = w;
	*state = w;
	return 0;
}

static int world_unlink(const char *path, const struct stat *st, int type,
			struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

static int world_teardown(void **state)
{
	struct world *w = *state;

	nftw(w->folder, world_unlink, 16, FTW_DEPTH | FTW_PHYS);
	arena_free(w->cx.arena);
	free(w->out);
	free(w->err);
	free(w);
	return 0;
}

/* Runs the words up to NULL; w->out and w->err are what was printed. */
static inline int world_run(struct world *w, ...)
{
	char *argv[40];
	int argc = 0, code;
	va_list ap;

	va_start(ap, w);
	while ((argv[argc] = va_arg(ap, char *)))
		argc++;
	va_end(ap);
	free(w->out);
	free(w->err);
	err_clear(&w->cx);
	w->c.out = open_memstream(&w->out, &w->out_n);
	w->c.err = open_memstream(&w->err, &w->err_n);
	code = cli_main(&w->c, argc, argv);
	fclose(w->c.out);
	fclose(w->c.err);
	return code;
}

/* A path in the folder; in the arena. */
static inline char *world_path(struct world *w, const char *name)
{
	return (char *)str_fmt(w->cx.arena, "%s/%s", w->folder, name).p;
}

static inline char *world_file(struct world *w, const char *name,
			       const char *text)
{
	char *path = world_path(w, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	return path;
}

static inline struct str world_read(struct world *w, const char *path)
{
	FILE *f = fopen(path, "r");
	char *p = arena_alloc(w->cx.arena, 1 << 20);
	size_t n;

	assert_non_null(f);
	n = fread(p, 1, (1 << 20) - 1, f);
	fclose(f);
	return (struct str){ p, n };
}

#define assert_has(text, part) assert_non_null(strstr((text), (part)))
#define assert_lacks(text, part) assert_null(strstr((text), (part)))
