/* A segment of submissions: frames that anybody may have damaged. */
#include <stdint.h>

#include "sandbox/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes with a checksum that fits, so that the body is looked at. */
static void as_frame(const uint8_t *data, size_t size)
{
	struct frame_object o;
	struct buf b = { 0 };
	struct frame f;
	static const char room[FRAME_HEAD];

	buf_add(&b, room, FRAME_HEAD);
	buf_add(&b, data, size);
	frame_end(&b, 0, 7, 32, 32);
	if (frame_read(buf_view(&b), 7, 0, &f))
		while (frame_object(&f, &o))
			CHECK(o.packed.n <= size);
	buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	uint64_t salt = 0;
	bool lost;

	if (segment_head_read(s, 1, &salt))
		CHECK(frames_end(s, salt, &lost) <= size);
	frames_end(s, 0, &lost);
	as_frame(data, size);
	return 0;
}
