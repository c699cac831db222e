/*
 * sealed: the bytes of a sealed file, under a fixed key. What opens has the
 * length that its file says, and one bit less of truth does not open. Then the
 * same bytes as a content: what is closed opens again.
 */
#include <sodium.h>

#include "engine/blob/sealed.h"

enum { MOST = 1 << 20 };

static const uint8_t key[SEALED_KEY] = "assay's key for fuzzing sealed";

static void check_open(struct ctx *cx, struct str file)
{
	struct str plain, again;
	char *bad;
	size_t at;

	if (sealed_open(cx, key, STR("name"), file, MOST, &plain))
		return;
	CHECK(sealed_size(plain.n) == file.n);
	bad = arena_alloc(cx->arena, file.n);
	memcpy(bad, file.p, file.n);
	at = plain.n % file.n;
	bad[at] = (char)(bad[at] ^ 0x10);
	CHECK(sealed_open(cx, key, STR("name"), (struct str){ bad, file.n },
			  MOST, &again) == ERR_CORRUPT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx cx = { .arena = arena_new(4096) };
	struct str in = { (const char *)data, size }, file, out;

	CHECK(sodium_init() >= 0);
	check_open(&cx, in);
	if (size <= MOST) {
		file = sealed_close(&cx, key, STR("name"), in);
		CHECK(sealed_open(&cx, key, STR("name"), file, size, &out) ==
		      OK);
		CHECK(str_eq(in, out));
	}
	arena_free(cx.arena);
	return 0;
}
