/*
 * policy_world: an exam to try the rules on.
 */
#pragma once

#include "graders/policy_grade.h"
#include "graders/policy_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "tests/support/check.h"

enum { MINUTE = 60 * 1000 };

/* 2026-03-02T09:00:00Z; the numbers below count from here. */
#define T0 INT64_C(1772442000000)
#define AT(minute) (T0 + (int64_t)(minute)*MINUTE)

static inline int set_up(void **state)
{
	static struct ctx cx;

	cx = (struct ctx){ .arena = arena_new(1 << 16) };
	*state = &cx;
	return 0;
}

static inline int tear_down(void **state)
{
	struct ctx *cx = *state;

	arena_free(cx->arena);
	return 0;
}

/* Open from minute 0 to 120, an hour for an attempt. */
static inline struct policy an_exam(void)
{
	struct policy p = { .attempts = 3,
			    .time_limit_ms = 60 * MINUTE,
			    .opens_at = AT(0),
			    .closes_at = AT(120) };

	policy_defaults(&p);
	return p;
}

static inline struct dec dec(const char *z)
{
	struct dec d;

	assert_true(dec_parse(str_of(z), &d));
	return d;
}

#define assert_dec(d, z)                                                       \
	do {                                                                   \
		char text_[DEC_TEXT];                                          \
		dec_text((d), text_);                                          \
		assert_string_equal(text_, (z));                               \
	} while (0)

/* Each test has an arena of its own. */
#define TEST_OF_EXAM(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
