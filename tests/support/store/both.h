/*
 * both: runs a suite on both engines. Each test is listed once and gets a
 * struct sw of its own; the names of what runs say the engine. Include after
 * cmocka.h.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/store/store_world.h"

struct both_test {
	const char *name;
	void (*run)(struct sw *w);
};
#define BOTH(f)                                                                \
	{                                                                      \
#f, f                                                          \
	}

struct both_case {
	const struct both_test *test;
	enum db_kind kind;
	char name[160];
};

static inline void both_run(void **state)
{
	struct both_case *c = *state;
	struct sw *w = sw_new(c->kind);

	if (!w) {
		print_message("%s is not installed\n", db_name(c->kind));
		skip();
	}
	c->test->run(w);
	sw_free(w);
}

static inline int both_main(const char *suite, const struct both_test *tests,
			    size_t n)
{
	size_t all = n * DB_KINDS;
	struct both_case *cases = calloc(all, sizeof(*cases));
	struct CMUnitTest *list = calloc(all, sizeof(*list));
	int failures;

	for (size_t i = 0; i < all; i++) {
		struct both_case *c = &cases[i];
		const struct both_test *t = &tests[i % n];

		c->test = t;
		c->kind = (enum db_kind)(i / n);
		snprintf(c->name, sizeof(c->name), "%s: %s", db_name(c->kind),
			 t->name);
		list[i] = (struct CMUnitTest){ .name = c->name,
					       .test_func = both_run,
					       .initial_state = c };
	}
	failures = _cmocka_run_group_tests(suite, list, all, NULL, NULL);
	free(list);
	free(cases);
	return failures;
}
