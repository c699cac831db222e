#include "tests/fuzz/graders/bank_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx cx = { .arena = arena_new(65536) };
	struct str bytes = { (const char *)data, size };
	struct buf text = { 0 };
	struct bank bank, again;

	if (size > 0 && moodle_xml_read(&cx, bytes, &bank) == OK) {
		bank_check(&cx, &bank);
		moodle_xml_write(&text, &bank);
		if (bank.items.n > 0) {
			CHECK(moodle_xml_read(&cx, buf_view(&text), &again) ==
			      OK);
			CHECK(again.refused == 0);
			bank_check_same(&bank, &again);
		}
	}
	buf_done(&text);
	arena_free(cx.arena);
	return 0;
}
