/* A report whose last page makes all lines before it too wide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "tests/scenario/quiz.h"

/* A course-wide report fills each line up to the widest attempt. */
enum { NARROW = 3800, BATCH = 100, WIDE = LIMIT_SLOTS };

static void publish_wide(struct world *w)
{
	struct buf b = { 0 };

	buf_z(&b, "{\"assay\":1,\"course\":\"c\",\"slug\":\"wide\","
		  "\"title\":\"t\",\"items\":[");
	for (int i = 0; i < WIDE; i++)
		buf_fmt(&b,
			"%s{\"id\":\"w%d\",\"type\":\"short\",\"mark\":1,"
			"\"stem\":\"?\",\"answers\":[{\"text\":\"a\","
			"\"fraction\":1}]}",
			i ? "," : "", i);
	buf_z(&b, "]}");
	world_publish(w, str_z(w->cx.arena, buf_view(&b)));
	buf_done(&b);
}

static void reserve_narrow(struct world *w)
{
	struct asked *asked[BATCH];

	for (int from = 0; from < NARROW; from += BATCH) {
		for (int i = 0; i < BATCH; i++)
			asked[i] = world_ask(w, "platform", "attempt.reserve",
					     "{\"course\":\"c\",\"slug\":\"q\","
					     "\"learner\":\"l%d\"}",
					     from + i);
		world_run(w);
		for (int i = 0; i < BATCH; i++)
			assert_int_equal(world_answer(w, asked[i]).e, OK);
	}
}

static void a_page_that_makes_the_file_too_large_begins_the_next(void **state)
{
	struct world *w = *state;
	struct reply first, rest;

	quiz_publish(w, "");
	publish_wide(w);
	reserve_narrow(w);
	world_pass(w, 1000);
	world_ok(w, "learner:ann", "attempt.start",
		 "{\"course\":\"c\",\"slug\":\"wide\"}");
	first = world_ok(w, "moderator", "attempt.export",
			 "{\"course\":\"c\"}");
	assert_true(first.bytes.n < 8 << 20);
	assert_true(str_find(first.bytes, STR("slot_4"), 0) == SIZE_MAX);
	rest = world_ok(w, "moderator", "attempt.export",
			"{\"course\":\"c\",\"cursor\":\"%s\"}",
			reply_text(w, &first, "next"));
	assert_false(reply_has(w, &rest, "next"));
	assert_true(str_find(rest.bytes, STR("slot_500_max"), 0) != SIZE_MAX);
	assert_int_equal(reply_int(w, &first, "rows") +
				 reply_int(w, &rest, "rows"),
			 NARROW + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(a_page_that_makes_the_file_too_large_begins_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
