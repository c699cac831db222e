/*
 * rubrics_world: a request's context, and JSON written with '. Include first.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/ctx.h"
#include "base/field.h"

static inline int world_open(void **state)
{
	struct ctx *cx = test_calloc(1, sizeof(*cx));

	cx->arena = arena_new(65536);
	*state = cx;
	return 0;
}

static inline int world_close(void **state)
{
	struct ctx *cx = *state;

	arena_free(cx->arena);
	test_free(cx);
	return 0;
}

#define WORLD_TEST(f)                                                          \
	cmocka_unit_test_setup_teardown(f, world_open, world_close)

static inline struct str quoted(struct ctx *cx, const char *json)
{
	struct str text = str_copy(cx->arena, str_of(json));

	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '\'')
			((char *)text.p)[i] = '"';
	return text;
}

static inline void decode(struct ctx *cx, const char *json,
			  const struct shape *shape, void *out)
{
	enum err e = field_decode_text(cx, quoted(cx, json), shape, out);

	if (e)
		fail_msg("%s: %s %s", json, cx->error.field, cx->error.text);
}

static inline void assert_refused(struct ctx *cx, enum err e, const char *field)
{
	if (e != ERR_INVALID || strcmp(cx->error.field, field))
		fail_msg("%s at \"%s\" (%s), not invalid at \"%s\"",
			 err_kind(e), cx->error.field, cx->error.text, field);
}
