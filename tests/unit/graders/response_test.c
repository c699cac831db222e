#include "graders/response.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/support/check.h"

static int set_up(void **state)
{
	static struct ctx cx;

	cx = (struct ctx){ .arena = arena_new(1 << 16) };
	*state = &cx;
	return 0;
}

static int tear_down(void **state)
{
	struct ctx *cx = *state;

	arena_free(cx->arena);
	return 0;
}

static struct item item_from(struct ctx *cx, const char *json)
{
	struct item it;

	if (field_decode_text(cx, str_of(json), &item_shape, &it) ||
	    item_check(cx, &it, ""))
		fail_msg("%s: %s", cx->error.field, cx->error.text);
	return it;
}

#define CHOICES                                                                \
	"\"choices\":[{\"text\":\"A\"},{\"text\":\"B\"},{\"text\":\"C\"}]"
static const char a_choice[] = "{\"type\":\"choice\"," CHOICES "}";
static const char a_multi[] = "{\"type\":\"multi\"," CHOICES "}";
static const char a_short[] =
	"{\"type\":\"short\",\"answers\":[{\"text\":\"x\"}]}";
static const char a_number[] =
	"{\"type\":\"numeric\",\"answers\":[{\"text\":\"1\"}],"
	"\"units\":[{\"name\":\"m\",\"multiplier\":\"1\"}],"
	"\"unit_separate\":true}";
static const char a_match[] =
	"{\"type\":\"match\",\"stems\":[{\"text\":\"s\",\"option\":0},"
	"{\"text\":\"t\",\"option\":1}],\"options\":[\"o\",\"p\",\"q\"]}";
static const char a_cloze[] =
	"{\"type\":\"cloze\",\"stem\":\"{#1} {#2}\",\"parts\":["
	"{\"type\":\"short\",\"answers\":[{\"text\":\"x\"}]},"
	"{\"type\":\"multi\"," CHOICES "}]}";
static const char an_essay[] =
	"{\"type\":\"essay\",\"essay\":{\"text_required\":true,\"min_words\":2,"
	"\"max_words\":4,\"attachments\":2,\"template_text\":\"Dear reader\"}}";
static const char *const items[] = { a_choice, a_multi, a_short,  a_number,
				     a_match,  a_cloze, an_essay, NULL };

static enum err read_text(struct ctx *cx, const struct item *it,
			  const char *json, struct response *out)
{
	struct jdoc *doc;
	enum err e = jdoc_parse(cx, str_of(json), &doc);

	if (e)
		fail_msg("%s", cx->error.text);
	return response_read(cx, it, jdoc_root(doc), out);
}

static struct response given(struct ctx *cx, const struct item *it,
			     const char *json)
{
	struct response r;

	if (read_text(cx, it, json, &r))
		fail_msg("%s: %s", cx->error.field, cx->error.text);
	return r;
}

static void what_is_blank_is_written_as_nothing(void **state)
{
	static const char *const blanks[] = {
		"null",
		"{}",
		"{\"choice\":\"\"}",
		"{\"choices\":[]}",
		"{\"text\":\"\"}",
		"{\"text\":null,\"unit\":\"\"}",
		"{\"pairs\":{\"1\":\"\"}}",
		"{\"parts\":{\"1\":{\"text\":\"\"},\"2\":{\"choices\":[]}}}",
		"{\"attachments\":[],\"text\":\"\"}",
	};
	/* by the type that has the member */
	static const int of[] = { 0, 0, 0, 1, 2, 3, 4, 5, 6 };
	struct ctx *cx = *state;

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		struct item it = item_from(cx, items[of[i]]);
		struct response r = given(cx, &it, blanks[i]);
		struct buf b = { 0 };

		assert_true(response_is_blank(&it, &r));
		assert_false(response_is_gradable(&it, &r));
		response_write(&b, &it, &r);
		assert_true(str_is(buf_view(&b), "{}"));
		buf_done(&b);
	}
}

static void what_is_written_is_canonical(void **state)
{
	static const struct {
		int item;
		const char *given, *written;
	} cases[] = {
		{ 0, "{ \"choice\" : \"2\" }", "{\"choice\":\"2\"}" },
		{ 1, "{\"choices\":[\"3\",\"1\"]}",
		  "{\"choices\":[\"1\",\"3\"]}" },
		{ 2, "{\"text\":\"\\u0061 \"}", "{\"text\":\"a \"}" },
		{ 3, "{\"unit\":\"m\",\"text\":\"3\"}",
		  "{\"text\":\"3\",\"unit\":\"m\"}" },
		{ 4, "{\"pairs\":{\"2\":\"1\",\"1\":\"3\"}}",
		  "{\"pairs\":{\"1\":\"3\",\"2\":\"1\"}}" },
		{ 4, "{\"pairs\":{\"2\":\"1\",\"1\":\"\"}}",
		  "{\"pairs\":{\"2\":\"1\"}}" },
		{ 5, "{\"parts\":{\"2\":{\"choices\":[\"2\"]},\"1\":{}}}",
		  "{\"parts\":{\"2\":{\"choices\":[\"2\"]}}}" },
		{ 6, "{\"attachments\":[\"a.pdf\"],\"format\":\"html\"}",
		  "{\"format\":\"html\",\"attachments\":[\"a.pdf\"]}" },
	};
	struct ctx *cx = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct item it = item_from(cx, items[cases[i].item]);
		struct response r = given(cx, &it, cases[i].given);
		struct buf b = { 0 };

		response_write(&b, &it, &r);
		if (!str_is(buf_view(&b), cases[i].written))
			fail_msg("%.*s", STR_FMT(buf_view(&b)));
		r = given(cx, &it, cases[i].written);
		buf_reset(&b);
		response_write(&b, &it, &r);
		assert_true(str_is(buf_view(&b), cases[i].written));
		buf_done(&b);
	}
}

static void what_does_not_fit_is_refused_by_name(void **state)
{
	static const struct {
		int item;
		const char *given, *field;
	} cases[] = {
		{ 0, "[]", "" },
		{ 0, "{\"choices\":[\"1\"]}", "/choices" },
		{ 0, "{\"choice\":\"4\"}", "/choice" },
		{ 0, "{\"choice\":\"0\"}", "/choice" },
		{ 0, "{\"choice\":\"01\"}", "/choice" },
		{ 0, "{\"choice\":1}", "/choice" },
		{ 1, "{\"choices\":[\"1\",\"1\"]}", "/choices" },
		{ 1, "{\"choices\":[\"\"]}", "/choices" },
		{ 1, "{\"choices\":\"1\"}", "/choices" },
		{ 2, "{\"text\":[]}", "/text" },
		{ 2, "{\"unit\":\"m\"}", "/unit" },
		{ 4, "{\"pairs\":{\"3\":\"1\"}}", "/pairs" },
		{ 4, "{\"pairs\":{\"1\":\"4\"}}", "/pairs" },
		{ 5, "{\"parts\":{\"3\":{}}}", "/parts" },
		{ 5, "{\"parts\":{\"2\":{\"choices\":[\"9\"]}}}",
		  "/parts/2/choices" },
		{ 6, "{\"format\":\"rtf\"}", "/format" },
		{ 6, "{\"attachments\":[\"\"]}", "/attachments" },
	};
	struct ctx *cx = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct item it = item_from(cx, items[cases[i].item]);
		struct response r;

		err_clear(cx);
		if (read_text(cx, &it, cases[i].given, &r) != ERR_INVALID ||
		    strcmp(cx->error.field, cases[i].field) != 0)
			fail_msg("%s: %s", cases[i].given, cx->error.field);
	}
}

static void a_short_text_is_short_and_an_essay_may_be_long(void **state)
{
	struct ctx *cx = *state;
	struct item text = item_from(cx, a_short);
	struct item essay = item_from(cx, an_essay);
	char *long_text = arena_alloc(cx->arena, RESPONSE_SHORT_BYTES + 20);
	struct response r;

	strcpy(long_text, "{\"text\":\"");
	memset(long_text + 9, 'a', RESPONSE_SHORT_BYTES + 1);
	memcpy(long_text + 9 + RESPONSE_SHORT_BYTES + 1, "\"}", 3);
	assert_int_equal(read_text(cx, &text, long_text, &r), ERR_INVALID);
	assert_int_equal(read_text(cx, &essay, long_text, &r), OK);
	memcpy(long_text + 9 + RESPONSE_SHORT_BYTES, "\"}", 3);
	assert_int_equal(read_text(cx, &text, long_text, &r), OK);
}

static void complete_means_that_every_part_is_dealt_with(void **state)
{
	static const struct {
		int item;
		const char *given;
		bool complete;
	} cases[] = {
		{ 0, "{\"choice\":\"1\"}", true },
		{ 1, "{\"choices\":[\"2\"]}", true },
		{ 2, "{\"text\":\" \"}", false },
		{ 2, "{\"text\":\"0\"}", true },
		{ 3, "{\"text\":\"3\"}", false }, /* the unit is missing */
		{ 3, "{\"text\":\"3 m\"}", true },
		{ 3, "{\"text\":\"3\",\"unit\":\"m\"}", true },
		{ 3, "{\"text\":\"three\",\"unit\":\"m\"}", false },
		{ 3, "{\"text\":\"3,000\",\"unit\":\"m\"}", false },
		{ 3, "{\"text\":\"3,000.0\",\"unit\":\"m\"}", true },
		{ 4, "{\"pairs\":{\"1\":\"1\"}}", false },
		{ 4, "{\"pairs\":{\"1\":\"1\",\"2\":\"1\"}}", true },
		{ 5, "{\"parts\":{\"1\":{\"text\":\"a\"}}}", false },
		{ 5,
		  "{\"parts\":{\"1\":{\"text\":\"a\"},"
		  "\"2\":{\"choices\":[\"1\"]}}}",
		  true },
		{ 6, "{\"text\":\"Once upon a time\"}", true },
		{ 6, "{\"text\":\"Once upon a long time\"}", false },
		{ 6, "{\"text\":\"Once\"}", false },
		{ 6, "{\"text\":\"Dear reader\"}", false }, /* as it was */
		{ 6, "{\"attachments\":[\"a\"]}", false },
	};
	struct ctx *cx = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct item it = item_from(cx, items[cases[i].item]);
		struct response r = given(cx, &it, cases[i].given);

		if (response_is_complete(&it, &r) != cases[i].complete)
			fail_msg("%s", cases[i].given);
	}
}

static void files_may_be_all_that_an_essay_asks_for(void **state)
{
	struct ctx *cx = *state;
	struct item it = item_from(
		cx, "{\"type\":\"essay\",\"essay\":{\"format\":\"noinline\","
		    "\"text_required\":true,\"attachments\":-1,"
		    "\"attachments_required\":2}}");
	struct response one = given(cx, &it, "{\"attachments\":[\"a\"]}");
	struct response two = given(cx, &it, "{\"attachments\":[\"a\",\"b\"]}");

	assert_false(response_is_complete(&it, &one));
	assert_true(response_is_gradable(&it, &one));
	assert_true(response_is_complete(&it, &two));
	assert_false(response_is_same(&it, &one, &two));
}

static void a_repeat_is_the_same_response(void **state)
{
	static const struct {
		int item;
		const char *a, *b;
		bool same;
	} cases[] = {
		{ 0, "{}", "{\"choice\":\"\"}", true },
		{ 0, "{\"choice\":\"1\"}", "{\"choice\":\"2\"}", false },
		{ 1, "{\"choices\":[\"1\",\"2\"]}",
		  "{\"choices\":[\"2\",\"1\"]}", true },
		{ 1, "{\"choices\":[\"1\",\"2\"]}", "{\"choices\":[\"1\"]}",
		  false },
		{ 2, "{\"text\":\"a\"}", "{\"text\":\" a\"}", true },
		{ 2, "{\"text\":\"a\"}", "{\"text\":\"A\"}", false },
		{ 3, "{\"text\":\"1\",\"unit\":\"m\"}", "{\"text\":\"1\"}",
		  false },
		{ 4, "{\"pairs\":{\"1\":\"1\"}}",
		  "{\"pairs\":{\"1\":\"1\",\"2\":\"\"}}", true },
		{ 4, "{\"pairs\":{\"1\":\"1\"}}", "{\"pairs\":{\"1\":\"2\"}}",
		  false },
		{ 5, "{}", "{\"parts\":{\"1\":{\"text\":\"\"}}}", true },
		{ 5, "{}", "{\"parts\":{\"1\":{\"text\":\"0\"}}}", false },
		{ 6, "{}", "{\"text\":\"Dear reader\"}", true },
		{ 6, "{}", "{\"text\":\"Dear Reader\"}", false },
	};
	struct ctx *cx = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct item it = item_from(cx, items[cases[i].item]);
		struct response a = given(cx, &it, cases[i].a);
		struct response b = given(cx, &it, cases[i].b);

		if (response_is_same(&it, &a, &b) != cases[i].same ||
		    response_is_same(&it, &b, &a) != cases[i].same)
			fail_msg("%s %s", cases[i].a, cases[i].b);
	}
}

static void items_round_trip_through_their_shape(void **state)
{
	struct ctx *cx = *state;

	for (size_t i = 0; items[i]; i++) {
		struct item it = item_from(cx, items[i]), again;
		struct buf b = { 0 }, c = { 0 };

		field_encode(&b, &item_shape, &it);
		assert_int_equal(field_decode_text(cx, buf_view(&b),
						   &item_shape, &again),
				 OK);
		field_encode(&c, &item_shape, &again);
		assert_true(str_eq(buf_view(&b), buf_view(&c)));
		buf_done(&b);
		buf_done(&c);
	}
}

static void items_that_cannot_be_scored_are_refused(void **state)
{
	static const struct {
		const char *json, *field;
	} cases[] = {
		{ "{\"type\":\"choice\"}", "/choices" },
		{ "{\"type\":\"true_false\"," CHOICES "}", "/choices" },
		{ "{\"type\":\"multi\",\"choices\":[{\"id\":\"a\",\"text\":"
		  "\"\"},{\"id\":\"a\",\"text\":\"\"}]}",
		  "/choices/1" },
		{ "{\"type\":\"short\",\"answers\":[]}", "/answers" },
		{ "{\"type\":\"numeric\",\"answers\":[{\"text\":\"two\"}]}",
		  "/answers/0" },
		{ "{\"type\":\"numeric\",\"answers\":[{\"text\":\"2\","
		  "\"tolerance\":\"x\"}]}",
		  "/answers/0" },
		{ "{\"type\":\"numeric\",\"answers\":[{\"text\":\"2\"}],"
		  "\"units\":[{\"name\":\"m\",\"multiplier\":\"0\"}]}",
		  "/units/0" },
		{ "{\"type\":\"match\",\"stems\":[{\"text\":\"\",\"option\":1}"
		  "],\"options\":[\"a\"]}",
		  "/stems/0" },
		{ "{\"type\":\"cloze\"}", "/parts" },
		{ "{\"type\":\"cloze\",\"parts\":[{\"type\":\"essay\"}]}",
		  "/parts/0" },
		{ "{\"type\":\"cloze\",\"parts\":[{\"type\":\"numeric\","
		  "\"answers\":[{\"text\":\"\"}]}]}",
		  "/parts/0/answers/0" },
	};
	struct ctx *cx = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct item it;

		err_clear(cx);
		if (field_decode_text(cx, str_of(cases[i].json), &item_shape,
				      &it))
			fail_msg("%s: %s %s", cases[i].json, cx->error.field,
				 cx->error.text);
		if (item_check(cx, &it, "") != ERR_INVALID ||
		    strcmp(cx->error.field, cases[i].field) != 0)
			fail_msg("%s: %s", cases[i].json, cx->error.field);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(what_is_blank_is_written_as_nothing),
		T(what_is_written_is_canonical),
		T(what_does_not_fit_is_refused_by_name),
		T(a_short_text_is_short_and_an_essay_may_be_long),
		T(complete_means_that_every_part_is_dealt_with),
		T(files_may_be_all_that_an_essay_asks_for),
		T(a_repeat_is_the_same_response),
		T(items_round_trip_through_their_shape),
		T(items_that_cannot_be_scored_are_refused),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
