/* What a server tells a worker of a terminal, which takes only what it can. */
#include <stdint.h>

#include "engine/worker/lab_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx cx = { .arena = arena_new(4096), .rng = rng_system() };
	struct str text = { (const char *)data, size };
	struct lab_ask ask;

	if (field_decode_text(&cx, text, &lab_ask_shape, &ask) == OK &&
	    (ask.rows < 2 || ask.rows > VT_ROWS || ask.cols < 2 ||
	     ask.cols > VT_COLS || !ask.shell.n ||
	     (ask.commit.n && ask.commit.n != OID_TEXT)))
		__builtin_trap();
	arena_free(cx.arena);
	return 0;
}
