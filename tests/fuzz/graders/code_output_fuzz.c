/*
 * What programs write: the first byte says whether it is an output to compare,
 * the replies of a driver, or what a checker says by a protocol.
 */
#include <stdint.h>

#include "graders/code_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_checker(struct ctx *cx, int protocol, struct str text)
{
	const struct code_checker c = { .protocol = protocol };
	struct run_got got = { .name = STR(CODE_FEEDBACK "score.txt"),
			       .data = text };
	struct run_told t = { .cause = RUN_BY_EXIT,
			      .exit = text.n ? (unsigned char)text.p[0] : 0,
			      .out = text,
			      .err = text,
			      .got = { &got, 1 } };
	struct code_opinion o;

	if (protocol > CODE_KATTIS)
		t.exit = 0;
	code_opinion_read(cx, &c, &t, &o);
	CHECK(o.share.nano >= 0 && o.share.nano <= DEC_ONE_NANO);
	CHECK((o.kind == OPINION_RIGHT) == (o.share.nano == DEC_ONE_NANO));
	CHECK(str_utf8_ok(o.message) && str_utf8_ok(o.staff));
}

static void as_output(struct ctx *cx, int how, struct str text)
{
	const struct code_compare c = { .how = how,
					.ignore_case = text.n % 2,
					.absolute = { 1000 },
					.relative = { 1000 } };
	struct code_diff d;

	code_compare_run(cx->arena, &c, STR("1.5 nan\n-3\nword\n"), text, &d);
	CHECK(str_utf8_ok(d.got));
	code_compare_run(cx->arena, &c, text, text, &d);
	CHECK(d.same);
	CHECK(str_utf8_ok(
		code_text(cx->arena, code_scrub(cx->arena, text), 1000)));
}

static void as_replies(struct ctx *cx, struct str text)
{
	const struct code_call calls[] = {
		{ STR("f"), STR("[1]"), true, STR("{\"a\":[1,2.5]}"), { 0 } },
		{ STR("g"), STR("[]"), false, { 0 }, STR("ValueError") },
	};
	const struct code_test t = { .calls = { (void *)calls, 2 } };
	const struct code_spec s = { .kind = CODE_FUNCTION };
	struct code_opinion o;

	code_driver_read(cx, &s, &t, text, &o);
	CHECK(o.kind != OPINION_BROKEN);
	CHECK(str_utf8_ok(o.message) && str_utf8_ok(o.got));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx cx = { .arena = arena_new(65536) };
	struct str text = { (const char *)data + 1, size - 1 };

	if (size > 0 && data[0] >= 'a' && data[0] <= 'f')
		as_checker(&cx, data[0] - 'a', text);
	else if (size > 0 && data[0] >= '0' && data[0] <= '3')
		as_output(&cx, data[0] - '0', text);
	else if (size > 0)
		as_replies(&cx, text);
	arena_free(cx.arena);
	return 0;
}
