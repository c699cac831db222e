/* libsodium's codecs: strict about padding and spare bits, and constant in
 * time, since keys pass through here. */
#include <sodium.h>

#include "base/field.h"

static void encode(struct buf *b, struct str bytes, int variant)
{
	size_t room = sodium_base64_encoded_len(bytes.n, variant);
	char *p = buf_room(b, room);

	if (!p)
		return;
	sodium_bin2base64(p, room, (const unsigned char *)bytes.p, bytes.n,
			  variant);
	b->n += room - 1; /* without the terminator */
}

static bool decode(struct arena *a, struct str text, int variant,
		   struct str *out)
{
	size_t room = text.n / 4 * 3 + 3, n = 0;
	char *p = arena_alloc(a, room);

	if (sodium_base642bin((unsigned char *)p, room, text.p, text.n, NULL,
			      &n, NULL, variant) != 0)
		return false;
	*out = (struct str){ p, n };
	return true;
}

void jout_base64(struct buf *b, struct str bytes)
{
	buf_ch(b, '"');
	encode(b, bytes, sodium_base64_VARIANT_ORIGINAL);
	buf_ch(b, '"');
}

bool base64_decode(struct arena *a, struct str text, struct str *out)
{
	return decode(a, text, sodium_base64_VARIANT_ORIGINAL, out);
}

void base64url_encode(struct buf *b, struct str bytes)
{
	encode(b, bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool base64url_decode(struct arena *a, struct str text, struct str *out)
{
	return decode(a, text, sodium_base64_VARIANT_URLSAFE_NO_PADDING, out);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* Lower case only: a digest has one spelling. */
bool hex_decode(struct arena *a, struct str text, struct str *out)
{
	char *p;

	if (text.n % 2)
		return false;
	p = arena_alloc(a, text.n / 2 + 1);
	for (size_t i = 0; i < text.n; i += 2) {
		int hi = hex_digit(text.p[i]), lo = hex_digit(text.p[i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		p[i / 2] = (char)(hi << 4 | lo);
	}
	*out = (struct str){ p, text.n / 2 };
	return true;
}
