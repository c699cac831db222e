/* A key set as a platform would register it. */
#include <stdint.h>

#include "engine/auth/org.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx cx = { .arena = arena_new(4096), .rng = rng_system() };
	enum err e = issuer_check_jwks(
		&cx, (struct str){ (const char *)data, size });

	(void)e;
	arena_free(cx.arena);
	return 0;
}
