#include "graders/cloze.h"
#include "tests/fuzz/graders/bank_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx cx = { .arena = arena_new(65536) };
	struct str text = { (const char *)data, size };
	struct item it = { .type = ITEM_CLOZE }, again = { .type = ITEM_CLOZE };
	struct bank a = { .items = { &it, 1 } }, b = { .items = { &again, 1 } };
	struct buf out = { 0 };

	if (size > 0 && str_utf8_ok(text) && !memchr(data, 0, size) &&
	    cloze_read(&cx, text, TEXT_HTML, &it) == OK) {
		cloze_write(&out, &it);
		CHECK(cloze_read(&cx, buf_view(&out), TEXT_HTML, &again) == OK);
		bank_check_same(&a, &b);
	}
	buf_done(&out);
	arena_free(cx.arena);
	return 0;
}
