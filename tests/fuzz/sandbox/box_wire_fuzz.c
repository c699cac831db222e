/* Asks and tellings as bytes: what is read is written again as it was. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "sandbox/box_impl.h"
#include "sandbox/box_wire.h"

static void same(const struct buf *b, struct str bytes)
{
	if (!str_eq(buf_view(b), bytes))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx cx = { .arena = arena_new(1 << 14) };
	struct str bytes = { (const char *)data, size };
	struct run_ask ask;
	struct run_told told;
	struct buf b = { 0 };

	if (!wire_get_ask(&cx, bytes, &ask)) {
		wire_put_ask(&b, &ask, true);
		same(&b, bytes);
		if (box_ask_check(&cx, &ask))
			err_clear(&cx);
	}
	buf_reset(&b);
	if (!wire_get_told(&cx, bytes, &told)) {
		wire_put_told(&b, &told);
		same(&b, bytes);
	}
	buf_done(&b);
	arena_free(cx.arena);
	return 0;
}
