/*
 * jtext: the bytes inside JSON strings, for base's own reader and writers.
 * Not for other folders.
 */
#pragma once

#include "base/str.h"

/*
 * How many bytes at p need no second look in a JSON string: ASCII without
 * control characters, '"' and '\'. Eight at a time, which is what makes long
 * texts cheap.
 */
static inline size_t jtext_plain(const char *p, size_t n)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	size_t i = 0;

	for (; n - i >= 8; i += 8) {
		uint64_t w, quote, slash, hit;

		memcpy(&w, p + i, 8);
		quote = w ^ (ones * '"');
		slash = w ^ (ones * '\\');
		/* A byte's top bit: below 0x20, equal, equal, above 0x7f. */
		hit = (w - ones * 0x20) | (quote - ones) | (slash - ones) | w;
		if (hit & (ones * 0x80))
			break;
	}
	for (; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\')
			break;
	}
	return i;
}

/* Bytes of the UTF-8 character at p, 0 if it is not one (RFC 3629). */
static inline size_t jtext_utf8(const char *p, size_t n)
{
	const unsigned char *u = (const unsigned char *)p;
	unsigned char least = 0x80, most = 0xbf;
	size_t len;

	if (n == 0)
		return 0;
	if (u[0] < 0x80)
		return 1;
	if (u[0] >= 0xc2 && u[0] <= 0xdf)
		len = 2;
	else if (u[0] >= 0xe0 && u[0] <= 0xef)
		len = 3;
	else if (u[0] >= 0xf0 && u[0] <= 0xf4)
		len = 4;
	else
		return 0;
	if (u[0] == 0xe0)
		least = 0xa0; /* else overlong */
	else if (u[0] == 0xed)
		most = 0x9f; /* else a surrogate */
	else if (u[0] == 0xf0)
		least = 0x90;
	else if (u[0] == 0xf4)
		most = 0x8f; /* else above U+10FFFF */
	if (n < len || u[1] < least || u[1] > most)
		return 0;
	for (size_t i = 2; i < len; i++)
		if (u[i] < 0x80 || u[i] > 0xbf)
			return 0;
	return len;
}

/*
 * The escape at p (a '\'): writes its UTF-8 into out, its length into *len and
 * returns the bytes read; 0 if it is not an escape or a lone surrogate.
 */
size_t jtext_escape(const char *p, size_t n, char out[4], size_t *len);
/*
 * Checks a string's content. SIZE_MAX if it is well formed, else the position
 * of the first bad byte. *escaped: has at least one escape.
 */
size_t jtext_check(struct str s, bool *escaped);
/* Resolves a checked content into out, which has room for s.n bytes. */
size_t jtext_resolve(struct str s, char *out);
/* Whether a checked content, resolved, is z. */
bool jtext_is(struct str s, const char *z);
