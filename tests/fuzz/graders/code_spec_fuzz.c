/* A task from outside: what is taken is written the same, and can be shown. */
#include <stdint.h>

#include "graders/code_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx cx = { .arena = arena_new(65536) };
	struct str text = { (const char *)data, size }, one;
	struct code_report r = { .verdict = RUN_CE };
	struct code_spec s, again;
	struct code_result result;
	struct buf b = { 0 };

	if (field_decode_text(&cx, text, &code_spec_shape, &s) == OK &&
	    code_spec_check(&cx, &s, "") == OK) {
		one = field_text(cx.arena, &code_spec_shape, &s);
		CHECK(field_decode_text(&cx, one, &code_spec_shape, &again) ==
		      OK);
		CHECK(code_spec_check(&cx, &again, "") == OK);
		CHECK(str_eq(one,
			     field_text(cx.arena, &code_spec_shape, &again)));
		code_score(&cx, &s, &r, &result);
		CHECK(result.points.nano == 0);
		for (int who = CODE_FOR_LEARNER; who <= CODE_FOR_STAFF; who++)
			code_view(&cx, &s, &r, (enum code_audience)who, &b);
		code_deliver(&b, &s);
		for (size_t i = 0; s.kind == CODE_FUNCTION && i < s.languages.n;
		     i++)
			code_driver_file(&cx, &s,
					 ((struct str *)s.languages.at)[i]);
	}
	buf_done(&b);
	arena_free(cx.arena);
	return 0;
}
