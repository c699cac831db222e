/* An audit bundle from anywhere. */
#include <stdint.h>

#include "engine/audit/chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx cx = { .arena = arena_new(4096), .rng = rng_system() };
	struct chain_report report;
	enum err e = bundle_verify(
		&cx, (struct str){ (const char *)data, size }, &report);

	(void)e;
	arena_free(cx.arena);
	return 0;
}
