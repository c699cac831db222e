/*
 * str: a borrowed slice of bytes. Not terminated, may hold NULs; {NULL, 0} is
 * "absent", {"", 0} is "empty".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct arena;

struct str {
	const char *p;
	size_t n;
};

/* A str of a string literal. */
#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })
/* For printf's "%.*s". Lengths over INT_MAX are cut. */
#define STR_FMT(s) ((int)((s).n > 0x7fffffff ? 0x7fffffff : (s).n)), (s).p

/* ASCII: a capital's small letter; other bytes stay. */
static inline char str_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}
/* Of either case; -1 if it is none. */
static inline int str_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = str_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct str str_of(const char *z); /* NULL gives the absent str */
bool str_eq(struct str a, struct str b);
bool str_is(struct str a, const char *z);
/* ASCII letters fold, all other bytes are compared as they are. */
bool str_eq_nocase(struct str a, struct str b);
bool str_starts(struct str a, const char *z);
bool str_ends(struct str a, const char *z);
int str_cmp(struct str a, struct str b); /* byte order; shorter first */
struct str str_cut(struct str a, size_t from, size_t to); /* clamped */
struct str str_trim(struct str a); /* ASCII white space at both ends */
/* Position of needle at or after from; SIZE_MAX if absent. */
size_t str_find(struct str a, struct str needle, size_t from);
/*
 * Takes the part before the first sep off *rest and puts it into *part.
 * false when nothing is left (*rest is absent). "a,,b" gives three parts, "a,"
 * two, "" one that is empty.
 */
bool str_split(struct str *rest, char sep, struct str *part);
struct str str_copy(struct arena *a, struct str s); /* also terminates it */
const char *str_z(struct arena *a, struct str s);   /* terminated copy */
struct str str_fmt(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Decimal integer, whole str, optional leading '-'; false if not one. */
bool str_int(struct str s, int64_t *out);
/* The decimal text of v, in the caller's room. */
enum { STR_INT_TEXT = 20 }; /* "-9223372036854775808" */
struct str str_of_int(char text[STR_INT_TEXT], int64_t v);
/* A code point up to U+10FFFF as UTF-8; returns its bytes. */
size_t str_utf8_put(char out[4], uint32_t c);
bool str_utf8_ok(struct str s);	 /* RFC 3629: no overlong, no surrogates */
uint64_t str_hash(struct str s); /* FNV-1a; for tables, never for secrets */
