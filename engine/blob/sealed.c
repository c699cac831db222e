#include "engine/blob/sealed.h"

#include <sodium.h>

enum {
	MAGIC = 8,
	HEADER = crypto_secretstream_xchacha20poly1305_HEADERBYTES,
	MORE = crypto_secretstream_xchacha20poly1305_ABYTES,
	START = MAGIC + HEADER,
};

static const char magic[] = "assayb1\n";

typedef crypto_secretstream_xchacha20poly1305_state stream;

static size_t chunks(size_t n)
{
	return n ? (n + SEALED_CHUNK - 1) / SEALED_CHUNK : 1;
}

size_t sealed_size(size_t n)
{
	return START + n + chunks(n) * MORE;
}

static void push(stream *s, char *to, struct str part, struct str about,
		 bool last)
{
	crypto_secretstream_xchacha20poly1305_push(
		s, (unsigned char *)to, NULL, (const unsigned char *)part.p,
		part.n, (const unsigned char *)about.p, about.n,
		last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0);
}

struct str sealed_close(struct ctx *cx, const uint8_t key[SEALED_KEY],
			struct str about, struct str plain)
{
	struct str out = { NULL, sealed_size(plain.n) };
	char *to = arena_alloc(cx->arena, out.n);
	size_t at = 0;
	stream s;

	out.p = to;
	memcpy(to, magic, MAGIC);
	crypto_secretstream_xchacha20poly1305_init_push(
		&s, (unsigned char *)to + MAGIC, key);
	to += START;
	do {
		struct str part = str_cut(plain, at, at + SEALED_CHUNK);

		at += part.n;
		push(&s, to, part, about, at == plain.n);
		to += part.n + MORE;
		about = (struct str){ 0 };
	} while (at < plain.n);
	sodium_memzero(&s, sizeof(s));
	return out;
}

static enum err damaged(struct ctx *cx, const char *detail)
{
	err_set(cx, ERR_CORRUPT, "what was stored is damaged");
	return err_detail(cx, "sealed: %s", detail);
}

/* One chunk; false if it is not what was sealed, or not where it was. */
static bool pull(stream *s, char *to, struct str part, struct str about,
		 bool last)
{
	unsigned char tag;

	if (part.n < MORE || crypto_secretstream_xchacha20poly1305_pull(
				     s, (unsigned char *)to, NULL, &tag,
				     (const unsigned char *)part.p, part.n,
				     (const unsigned char *)about.p, about.n))
		return false;
	return tag ==
	       (last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0);
}

enum err sealed_open(struct ctx *cx, const uint8_t key[SEALED_KEY],
		     struct str about, struct str file, size_t most,
		     struct str *plain)
{
	size_t n, at = 0;
	bool good = true;
	char *to;
	stream s;

	if (file.n < START + MORE || memcmp(file.p, magic, MAGIC) != 0)
		return damaged(cx, "not a sealed file");
	n = file.n - START;
	n -= (n + SEALED_CHUNK + MORE - 1) / (SEALED_CHUNK + MORE) * MORE;
	if (n > most || sealed_size(n) != file.n)
		return damaged(cx, "a length that cannot be");
	if (crypto_secretstream_xchacha20poly1305_init_pull(
		    &s, (const unsigned char *)file.p + MAGIC, key))
		return damaged(cx, "a header that cannot be");
	to = arena_alloc(cx->arena, n);
	file = str_cut(file, START, file.n);
	do {
		size_t part = n - at < SEALED_CHUNK ? n - at : SEALED_CHUNK;

		good = pull(&s, to + at, str_cut(file, 0, part + MORE), about,
			    at + part == n);
		file = str_cut(file, part + MORE, file.n);
		about = (struct str){ 0 };
		at += part;
	} while (good && at < n);
	sodium_memzero(&s, sizeof(s));
	if (!good) {
		sodium_memzero(to, n);
		return damaged(cx, "a chunk does not open");
	}
	*plain = (struct str){ to, n };
	return OK;
}
