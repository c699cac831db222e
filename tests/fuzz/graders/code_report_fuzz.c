/* A report from a worker that somebody else has taken over. */
#include <stdint.h>

#include "graders/code_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char task[] =
	"{\"languages\":[\"c\"],\"groups\":[{\"name\":\"g\",\"points\":3},"
	"{\"name\":\"h\",\"how\":\"min\",\"requires\":[\"g\"]}],\"tests\":["
	"{\"name\":\"a\",\"group\":\"g\",\"answer\":{\"text\":\"1\"}},"
	"{\"name\":\"b\",\"group\":\"h\",\"visibility\":\"hidden\","
	"\"answer\":{\"text\":\"SECRET\"}}]}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx cx = { .arena = arena_new(65536) };
	struct str text = { (const char *)data, size };
	struct code_result result;
	struct code_report r, again;
	struct code_spec s;
	struct buf b = { 0 };

	CHECK(field_decode_text(&cx, str_of(task), &code_spec_shape, &s) == OK);
	if (code_report_read(&cx, &s, text, &r) == OK) {
		code_score(&cx, &s, &r, &result);
		CHECK(result.fraction.nano >= 0 &&
		      result.fraction.nano <= DEC_ONE_NANO);
		code_report_write(&cx, &b, &r);
		CHECK(code_report_read(&cx, &s, buf_view(&b), &again) == OK);
		buf_reset(&b);
		code_view(&cx, &s, &r, CODE_FOR_RELEASED, &b);
		CHECK(str_find(buf_view(&b), STR("SECRET"), 0) == SIZE_MAX ||
		      str_find(text, STR("SECRET"), 0) != SIZE_MAX);
	}
	buf_done(&b);
	arena_free(cx.arena);
	return 0;
}
