/* The three readers of foreign reports; the first byte chooses. */
#include <stdint.h>

#include "graders/results.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(struct ctx *cx, const struct results *r)
{
	struct buf b = { 0 };
	struct results again;
	struct dec share;

	if (results_share(r, &share))
		CHECK(share.nano >= 0 && share.nano <= DEC_ONE_NANO);
	CHECK(r->tests.n <= RESULTS_TESTS);
	results_json_write(&b, r);
	CHECK(results_json_read(cx, buf_view(&b), &again) == OK);
	buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx cx = { .arena = arena_new(65536) };
	struct str text = { (const char *)data + 1, size - 1 };
	struct results r;
	enum err e = ERR_INVALID;

	if (size > 0 && data[0] == 'j')
		e = results_json_read(&cx, text, &r);
	else if (size > 0 && data[0] == 't')
		e = results_tap_read(&cx, text, &r);
	else if (size > 0 && data[0] == 'x')
		e = results_junit_read(&cx, text, &r);
	if (e == OK)
		look(&cx, &r);
	arena_free(cx.arena);
	return 0;
}
