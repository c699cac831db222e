#include "sandbox/tree_frames.h"

/* What is believed of any bytes: within the bounds, and the same once more. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx cx = { .arena = arena_new(65536) };
	struct str bytes = { (const char *)data, size };
	struct tree_told told, again;
	struct buf b = { 0 };

	if (tree_frames_read(&cx, bytes, &told) == OK) {
		CHECK(told.list.files.n <= TREE_ENTRIES);
		CHECK(told.list.bytes <= TREE_BYTES);
		tree_frames_write(&b, &told);
		CHECK(tree_frames_read(&cx, buf_view(&b), &again) == OK);
		CHECK(again.list.files.n == told.list.files.n);
		CHECK(again.list.refused.n == told.list.refused.n);
		CHECK(str_eq(again.commit, told.commit));
	}
	buf_done(&b);
	arena_free(cx.arena);
	return 0;
}
