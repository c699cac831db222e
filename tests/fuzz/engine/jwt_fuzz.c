/* A token from anywhere: read, timed, and held against an issuer's keys. */
#include <stdint.h>

#include "engine/auth/jwt.h"
#include "engine/auth/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct clock_manual clock;
	struct str token = { (const char *)data, size };
	struct ctx cx = { .arena = arena_new(4096), .rng = rng_system() };
	struct issuer i = {
		.issuer = STR("https://lms.example"),
		.audience = STR("assay"),
		.jwks = STR("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
			    "\"kid\":\"k1\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHM"
			    "zV76e8Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_tue6"
			    "59LNpXW6pCyStikYjKIWI5a0\"}]}")
	};
	struct jwt_claims c;
	uint8_t hash[32];
	struct id id;

	clock_manual_init(&clock, INT64_C(1750000000000));
	cx.clock = &clock.clock;
	key_parse(&cx, token, &id, hash);
	if (jwt_read(&cx, token, &c) == OK &&
	    jwt_in_time(&cx, &c, 60000, 86400000) == OK &&
	    jwt_signed_by(&cx, token, &c, &i))
		__builtin_trap(); /* nobody here has the private key */
	arena_free(cx.arena);
	return 0;
}
