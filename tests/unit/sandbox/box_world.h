/* box_world: a host, an arena and short ways to ask, for tests of the box. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sandbox/box.h"

struct box_world {
	struct ctx cx;
	struct box_host *host;
	struct run_told told;
};

static inline int box_world_open(struct box_world *w, int level_most)
{
	struct box_opts opts = { .slots = 4, .level_most = level_most };

	memset(w, 0, sizeof(*w));
	w->cx.arena = arena_new(1 << 16);
	return box_host_open(&w->cx, &opts, &w->host);
}

static inline void box_world_close(struct box_world *w)
{
	box_host_close(w->host);
	arena_free(w->cx.arena);
}

static inline int box_setup(void **state)
{
	struct box_world *w = malloc(sizeof(*w)); /* allowed: a test's */

	*state = w;
	if (box_world_open(w, 0)) {
		print_message("no fence here: %s\n", w->cx.error.text);
		return 1;
	}
	print_message("level of the fence here: %s\n",
		      run_level_words[box_host_level(w->host)]);
	return 0;
}

static inline int box_teardown(void **state)
{
	box_world_close(*state);
	free(*state);
	return 0;
}

/* An ask for a shell that does what the script says. */
static inline struct run_ask ask_sh(struct box_world *w, const char *script)
{
	struct str *argv = ARENA_ARRAY(w->cx.arena, struct str, 3);

	argv[0] = STR("/bin/sh");
	argv[1] = STR("-c");
	argv[2] = str_copy(w->cx.arena, str_of(script));
	return (struct run_ask){ .argv = { argv, 3 } };
}

static inline const struct run_told *told(struct box_world *w,
					  const struct run_ask *ask)
{
	assert_int_equal(box_run(&w->cx, w->host, ask, &w->told), OK);
	if (w->told.verdict == RUN_IE)
		print_message("IE: %.*s\n", STR_FMT(w->told.why));
	return &w->told;
}

static inline const struct run_told *sh(struct box_world *w, const char *script)
{
	struct run_ask ask = ask_sh(w, script);

	return told(w, &ask);
}

static inline void assert_str(struct str s, const char *z)
{
	if (!str_is(s, z))
		print_message("\"%.*s\" is not \"%s\"\n", STR_FMT(s), z);
	assert_true(str_is(s, z));
}
