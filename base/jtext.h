/*
 * jtext: the bytes inside JSON strings, for base's own reader and writers.
 * Not for other folders.
 */
#pragma once

#include "base/str.h"

/* Whether one of eight bytes is a control character, '"', '\' or not ASCII. */
static inline bool jtext_word_hit(uint64_t w)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t quote = w ^ (ones * '"'), slash = w ^ (ones * '\\');

	/* A byte's top bit: below 0x20, equal, equal, above 0x7f. */
	return (((w - ones * 0x20) | (quote - ones) | (slash - ones) | w) &
		(ones * 0x80)) != 0;
}

static inline bool jtext_hit(const char *p)
{
	uint64_t w;

	memcpy(&w, p, 8);
	return jtext_word_hit(w);
}

/* The same of four to seven bytes, those in the middle twice. */
static inline bool jtext_hit_short(const char *p, size_t n)
{
	uint32_t low, high;

	memcpy(&low, p, 4);
	memcpy(&high, p + n - 4, 4);
	return jtext_word_hit((uint64_t)high << 32 | low);
}

/*
 * How many bytes at p need no second look in a JSON string. Eight at a time,
 * which is what makes long texts cheap; the last eight may overlap.
 */
static inline size_t jtext_plain(const char *p, size_t n)
{
	size_t i = 0;

	if (n - 4 < 4 && !jtext_hit_short(p, n))
		return n;
	for (; n - i >= 8; i += 8)
		if (jtext_hit(p + i))
			break;
	if (n - i < 8 && n >= 8 && !jtext_hit(p + n - 8))
		return n;
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

	if (n == 0)
		return 0;
	if (u[0] < 0x80)
		return 1;
	if (u[0] < 0xe0)
		return n >= 2 && u[0] >= 0xc2 && (u[1] & 0xc0) == 0x80 ? 2 : 0;
	if (u[0] == 0xe0 || u[0] == 0xf0)
		least = u[0] == 0xe0 ? 0xa0 : 0x90; /* else overlong */
	else if (u[0] == 0xed)
		most = 0x9f; /* else a surrogate */
	else if (u[0] == 0xf4)
		most = 0x8f; /* else above U+10FFFF */
	if (n < 3 || u[0] > 0xf4 || u[1] < least || u[1] > most ||
	    (u[2] & 0xc0) != 0x80)
		return 0;
	if (u[0] < 0xf0)
		return 3;
	return n >= 4 && (u[3] & 0xc0) == 0x80 ? 4 : 0;
}

/*
 * Bytes at p that are plain or whole UTF-8 characters. Goes character by
 * character only until eight plain bytes stand in a row.
 */
static inline size_t jtext_run(const char *p, size_t n)
{
	size_t i = jtext_plain(p, n), len, plain = 0;

	while (i < n) {
		unsigned char c = (unsigned char)p[i];

		if (c >= 0x80) {
			len = jtext_utf8(p + i, n - i);
			if (!len)
				break;
			i += len;
			plain = 0;
		} else if (c < 0x20 || c == '"' || c == '\\') {
			break;
		} else if (++plain == 8) {
			i += jtext_plain(p + i, n - i);
			plain = 0;
		} else {
			i++;
		}
	}
	return i;
}

/*
 * Checks a string's content. SIZE_MAX if it is well formed, else the position
 * of the first bad byte. *escaped: has at least one escape.
 */
size_t jtext_check(struct str s, bool *escaped);
/* Resolves a checked content into out, which has room for s.n bytes. */
size_t jtext_resolve(struct str s, char *out);
/* Whether a checked content, resolved, is z. */
bool jtext_is(struct str s, const char *z);
