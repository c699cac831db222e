/*
 * Many open attempts that fall due together. ASSAY_MANY sets how many; the
 * times are printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/attempt/attempt.h"
#include "tests/scenario/quiz.h"

enum { DEFAULT = 3000, AT_ONCE = 256 };

static double seconds_since(int64_t ns)
{
	return (double)(clock_mono_ns(&clock_system) - ns) / 1e9;
}

static void start_all(struct world *w, int many)
{
	static struct asked *asked[AT_ONCE];

	for (int done = 0; done < many;) {
		struct arena *was = w->cx.arena;
		int n = many - done < AT_ONCE ? many - done : AT_ONCE;

		w->cx.arena = arena_new(1 << 16);
		for (int i = 0; i < n; i++) {
			char who[32];

			snprintf(who, sizeof(who), "learner:l%d", done + i);
			asked[i] = world_ask(w, who, "attempt.start", QUIZ_REF);
		}
		world_run(w);
		for (int i = 0; i < n; i++)
			assert_int_equal(world_answer(w, asked[i]).e, OK);
		done += n;
		arena_free(w->cx.arena);
		w->cx.arena = was;
		w->cx.error = (struct err_info){ 0 };
	}
}

static void all_of_them_expire_at_their_due_instant(void **state)
{
	const char *env = getenv("ASSAY_MANY");
	int many = env ? atoi(env) : DEFAULT;
	struct world *w = *state;
	struct attempts_stats s;
	struct reply r;
	int64_t from, due;

	quiz_publish(w, "\"time_limit_ms\":600000,\"network_grace_ms\":0");
	from = clock_mono_ns(&clock_system);
	start_all(w, many);
	printf("%d starts: %.2f s\n", many, seconds_since(from));
	due = world_now(w) + 600000;
	attempts_stats(w->app->attempts, &s);
	assert_int_equal(s.waiting, many);
	assert_true(s.live <= 20000);

	from = clock_mono_ns(&clock_system);
	world_restart(w);
	attempts_stats(w->app->attempts, &s);
	assert_int_equal(s.waiting, many);
	assert_int_equal(s.live, 0);
	printf("restart: %.2f s\n", seconds_since(from));

	from = clock_mono_ns(&clock_system);
	world_pass(w, 600001);
	printf("all expire and are graded: %.2f s\n", seconds_since(from));
	attempts_stats(w->app->attempts, &s);
	assert_int_equal(s.waiting, 0);
	assert_int_equal(s.swept, many);
	r = world_ok(w, "moderator", "attempt.list",
		     "{\"course\":\"c\",\"state\":\"active\"}");
	assert_int_equal(reply_count(w, &r, "attempts"), 0);
	r = world_ok(w, "moderator", "attempt.list",
		     "{\"course\":\"c\",\"state\":\"graded\",\"limit\":1000}");
	for (size_t i = 0; i < reply_count(w, &r, "attempts"); i += 97)
		assert_int_equal(
			reply_time(w, &r,
				   str_fmt(w->cx.arena,
					   "attempts/%zu/finished_at", i)
					   .p),
			due);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(all_of_them_expire_at_their_due_instant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
