#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"

struct str str_of(const char *z)
{
	return (struct str){ z, z ? strlen(z) : 0 };
}

/* memcmp and memcpy may not be given NULL, not even for no bytes. */
static int compare(const char *a, const char *b, size_t n)
{
	return n ? memcmp(a, b, n) : 0;
}

bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && compare(a.p, b.p, a.n) == 0;
}

bool str_is(struct str a, const char *z)
{
	return str_eq(a, str_of(z));
}

bool str_eq_nocase(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		if (str_lower(a.p[i]) != str_lower(b.p[i]))
			return false;
	}
	return true;
}

bool str_starts(struct str a, const char *z)
{
	size_t n = strlen(z);

	return a.n >= n && compare(a.p, z, n) == 0;
}

bool str_ends(struct str a, const char *z)
{
	size_t n = strlen(z);

	return a.n >= n && (n == 0 || memcmp(a.p + a.n - n, z, n) == 0);
}

int str_cmp(struct str a, struct str b)
{
	int d = compare(a.p, b.p, a.n < b.n ? a.n : b.n);

	if (d)
		return d < 0 ? -1 : 1;
	return (a.n > b.n) - (a.n < b.n);
}

struct str str_cut(struct str a, size_t from, size_t to)
{
	if (!a.p)
		return a;
	if (to > a.n)
		to = a.n;
	if (from > to)
		from = to;
	return (struct str){ a.p + from, to - from };
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str a)
{
	while (a.n > 0 && is_space(a.p[a.n - 1]))
		a.n--;
	while (a.n > 0 && is_space(a.p[0])) {
		a.p++;
		a.n--;
	}
	return a;
}

size_t str_find(struct str a, struct str needle, size_t from)
{
	const char *at;

	if (from > a.n || needle.n > a.n - from)
		return SIZE_MAX;
	if (needle.n == 0)
		return from;
	at = memmem(a.p + from, a.n - from, needle.p, needle.n);
	return at ? (size_t)(at - a.p) : SIZE_MAX;
}

bool str_split(struct str *rest, char sep, struct str *part)
{
	const char *at;

	if (!rest->p)
		return false;
	at = rest->n ? memchr(rest->p, sep, rest->n) : NULL;
	if (!at) {
		*part = *rest;
		*rest = (struct str){ NULL, 0 };
		return true;
	}
	*part = (struct str){ rest->p, (size_t)(at - rest->p) };
	*rest = (struct str){ at + 1, rest->n - part->n - 1 };
	return true;
}

const char *str_z(struct arena *a, struct str s)
{
	char *p;

	CHECK(s.n < SIZE_MAX);
	p = arena_alloc(a, s.n + 1); /* zeroed: the last byte stays NUL */
	if (s.n)
		memcpy(p, s.p, s.n);
	return p;
}

struct str str_copy(struct arena *a, struct str s)
{
	if (!s.p)
		return s;
	return (struct str){ str_z(a, s), s.n };
}

struct str str_fmt(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	int n;
	char *p;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	CHECK(n >= 0);
	p = arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return (struct str){ p, (size_t)n };
}

bool str_int(struct str s, int64_t *out)
{
	bool minus = s.n > 0 && s.p[0] == '-';
	uint64_t most = (uint64_t)INT64_MAX + minus;
	uint64_t v = 0;

	if (s.n == (size_t)minus)
		return false;
	for (size_t i = minus; i < s.n; i++) {
		unsigned d = (unsigned)(unsigned char)s.p[i] - '0';

		if (d > 9 || v > (most - d) / 10)
			return false;
		v = v * 10 + d;
	}
	/* -v without a signed overflow for INT64_MIN */
	*out = minus && v ? -(int64_t)(v - 1) - 1 : (int64_t)v;
	return true;
}

struct str str_of_int(char text[STR_INT_TEXT], int64_t v)
{
	size_t at = STR_INT_TEXT;
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do {
		text[--at] = (char)('0' + u % 10);
		u /= 10;
	} while (u);
	if (v < 0)
		text[--at] = '-';
	return (struct str){ text + at, STR_INT_TEXT - at };
}

size_t str_utf8_put(char out[4], uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* Bytes of the UTF-8 character that p[0..n-1] begins with; 0 if none. */
static size_t utf8_length(const unsigned char *p, size_t n)
{
	unsigned char least = 0x80, most = 0xbf; /* of the second byte */
	size_t len;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (n < len)
		return 0;
	if (p[0] == 0xe0)
		least = 0xa0; /* shorter forms exist */
	else if (p[0] == 0xed)
		most = 0x9f; /* surrogates */
	else if (p[0] == 0xf0)
		least = 0x90;
	else if (p[0] == 0xf4)
		most = 0x8f; /* past U+10FFFF */
	if (p[1] < least || p[1] > most)
		return 0;
	for (size_t i = 2; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return len;
}

bool str_utf8_ok(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t len;

	for (size_t i = 0; i < s.n; i += len) {
		len = utf8_length(p + i, s.n - i);
		if (len == 0)
			return false;
	}
	return true;
}

uint64_t str_hash(struct str s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < s.n; i++) {
		h ^= (unsigned char)s.p[i];
		h *= UINT64_C(0x100000001b3);
	}
	return h;
}
