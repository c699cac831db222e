/* What a machine can read of an attack's leading comment is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/box/attack.h"

#define BIT(v) (1u << (v))

static struct attack read_one(struct arena *arena, int language,
			      const char *source)
{
	struct attack a = { .language = language, .source = str_of(source) };
	struct ctx cx = { .arena = arena };

	attack_parse(&cx, &a);
	return a;
}

static void limits_verdicts_and_ranges_are_read(void **state)
{
	struct arena *m = arena_new(4096);
	struct attack a = read_one(
		m, ATTACK_C,
		"/* ATTACK 1 x.\n * LIMITS  stack = mem = 64 MiB, wall 3.5 s "
		"(threads count), nofile 32.   BUILD cc x.c\n"
		" * EXPECT  MLE exactly (not RE, not TLE), peak within "
		"[60,68] MiB. */\nint x; /* cpu 9 s */\n");

	(void)state;
	assert_int_equal(a.limits.memory_bytes, 64 << 20);
	assert_int_equal(a.limits.stack_bytes, 64 << 20);
	assert_int_equal(a.limits.wall_ms, 3500);
	assert_int_equal(a.limits.open_files, 32);
	assert_int_equal(a.limits.cpu_ms, 0);
	assert_int_equal(a.verdicts, BIT(RUN_MLE));
	assert_int_equal(a.peak_low, 60 << 20);
	assert_int_equal(a.peak_high, 68 << 20);
	assert_false(a.contained);
	arena_free(m);
}

static void what_must_not_be_is_not_expected(void **state)
{
	struct arena *m = arena_new(4096);
	struct attack a = read_one(m, ATTACK_PYTHON,
				   "# ATTACK 2 x\n# LIMITS  file space 32 MiB\n"
				   "# EXPECT  verdict TLE or RE, never IE, "
				   "never AC.\nprint()\n# EXPECT AC\n");

	(void)state;
	assert_int_equal(a.verdicts, BIT(RUN_TLE) | BIT(RUN_RE));
	assert_int_equal(a.limits.disk_bytes, 32 << 20);
	assert_int_equal(a.limits.file_bytes, 0);
	a = read_one(m, ATTACK_C,
		     "/* EXPECT  RE (signal 9) and no other: neither TLE nor "
		     "MLE nor IE. */");
	assert_int_equal(a.verdicts, BIT(RUN_RE));
	assert_int_equal(a.signal, 9);
	arena_free(m);
}

static void a_run_that_breaks_a_rule_is_a_fault(void **state)
{
	struct arena *m = arena_new(4096);
	struct ctx cx = { .arena = m };
	struct attack a = read_one(m, ATTACK_C,
				   "/* LIMITS cpu 1 s.\n * EXPECT  CONTAINED, "
				   "or verdict MLE. */");
	struct run_told t = { .verdict = RUN_AC,
			      .cause = RUN_BY_EXIT,
			      .out = STR("RESULT CONTAINED 1\n") };

	(void)state;
	assert_null(attack_fault(&cx, &a, &t));
	t.out = STR("RESULT ESCAPED 1\n");
	assert_non_null(attack_fault(&cx, &a, &t));
	t.out = STR("RESULT CONTAINED " CANARY "\n");
	assert_non_null(attack_fault(&cx, &a, &t));
	t.out = STR("nothing\n");
	assert_non_null(attack_fault(&cx, &a, &t));
	t = (struct run_told){ .verdict = RUN_IE, .cause = RUN_BY_SETUP };
	assert_non_null(attack_fault(&cx, &a, &t));
	t = (struct run_told){ .verdict = RUN_MLE, .cause = RUN_BY_MEMORY };
	assert_null(attack_fault(&cx, &a, &t));
	t = (struct run_told){ .verdict = RUN_TLE, .cause = RUN_BY_CPU };
	assert_non_null(attack_fault(&cx, &a, &t));
	a.verdicts |= BIT(RUN_TLE);
	assert_null(attack_fault(&cx, &a, &t));
	t.cpu_us = 1050000;
	assert_null(attack_late(&a, &t, true));
	t.cpu_us = 1150000;
	assert_non_null(attack_late(&a, &t, true));
	arena_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_verdicts_and_ranges_are_read),
		cmocka_unit_test(what_must_not_be_is_not_expected),
		cmocka_unit_test(a_run_that_breaks_a_rule_is_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
