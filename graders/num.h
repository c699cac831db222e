/*
 * num: a learner's number, exactly.
 *
 * What was typed is read as a decimal (or a quotient of two) and compared as a
 * rational, so that -11.72 lies within -11.7 +- 0.02 and 1e-20 is not 0. There
 * is no hidden epsilon. Sizes are bounded before any arithmetic: 1e999999999
 * costs nothing.
 *
 * Reading is lenient (num_read) or strict (.strict, num_plain). Lenient:
 * - any Unicode space anywhere is dropped, U+2212 and dashes are a minus,
 *   digits of other scripts are digits;
 * - 3e8, 3x10^8, 3*10**8, 3×10^8, 3·10⁸ and 10^8 are powers of ten;
 * - with points and commas both, the last is the decimal sign; several of one
 *   kind group digits; a lone point is decimal; a lone comma is decimal where
 *   the locale says so, otherwise it groups if it parts three digits, and is
 *   decimal if not: then the result says ambiguous, for the learner to confirm;
 * - what follows the number (or stands before it) is the unit.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "graders/item.h"

enum {
	NUM_TEXT_BYTES = 1000, /* longest text that is read */
	NUM_DIGITS = 400,      /* significant digits */
	NUM_EXPONENT = 1000,   /* largest power of ten, either way */
};

/* A finite number: digits * 10^exponent / over. */
struct num {
	bool negative;
	struct str digits; /* no zeros at either end; empty: zero */
	int64_t exponent;
	struct str over; /* digits of a divisor, not 0; absent: 1 */
};

struct num_locale {
	const char *tag;     /* language, "de", or with region, "de-CH" */
	const char *decimal; /* "." or "," */
	const char *group;   /* ",", ".", " ", "'" */
};
/* By a BCP 47 tag, case and "_" ignored; the language alone if the region is
 * unknown; "en" for an absent or unknown tag. Never NULL. */
const struct num_locale *num_locale_find(struct str tag);

enum num_status {
	NUM_OK,
	NUM_BLANK, /* nothing but white space */
	NUM_NOT_A_NUMBER,
	NUM_OUT_OF_RANGE, /* longer or larger than the bounds above */
};

struct num_rules {
	const struct num_locale *locale; /* NULL: "en" */
	bool unit_before; /* a unit may stand before: "£5", also "frog 5" */
	bool strict;	  /* groups of three only, the locale's signs only */
	bool fractions;	  /* "1/3" */
};

struct num_text {
	struct num value;
	struct str integer, decimals, exponent; /* digits as typed, with signs,
						   without group signs */
	bool point;	 /* a decimal sign was typed, as in "420." */
	struct str unit; /* as typed, trimmed; empty: none */
	bool ambiguous;	 /* a lone comma or point: might mean another number */
};

/* *out is set only for NUM_OK. Strings live in the arena. */
enum num_status num_read(struct arena *a, struct str s,
			 const struct num_rules *rules, struct num_text *out);
/* An author's number: [+-]digits[.digits][e[+-]digits], nothing else. */
bool num_plain(struct arena *a, struct str s, struct num *out);
struct num num_int(struct arena *a, int64_t v);

int num_cmp(const struct num *x, const struct num *y);
int num_sign(const struct num *x);
/* Half of low + high; both without .over. */
struct num num_middle(struct arena *a, const struct num *low,
		      const struct num *high);
/* Shortest: "1234.56", "-0.001", "1e+30", "1/3". num_plain reads it again,
 * but for a quotient. */
void num_write(struct buf *b, const struct num *x);
double num_double(const struct num *x); /* for statistics only */

/* What is close enough. */
struct num_range {
	int kind;		  /* enum tolerance_kind */
	struct num answer;	  /* TOL_RANGE: one end */
	struct num high;	  /* the other end; ends in either order */
	bool low_open, high_open; /* of answer and of high */
	struct num tolerance;	  /* its sign does not matter */
	struct num relative;	  /* TOL_SUM */
};
/* From an item's answer, "[5, 7)" and "10%" included. false: not numbers. */
bool num_range_read(struct arena *a, const struct answer *from,
		    struct num_range *out);
/*
 * Is x / divisor in the range? divisor NULL: 1. Authors round multipliers
 * (2.2369362920544), so with one that is not 1 the ends give way by 1e-12 of
 * themselves.
 */
bool num_within(const struct num *x, const struct num *divisor,
		const struct num_range *range);

/* How precisely a number was written: "0.0120" has 3 figures, 4 decimals. */
struct num_figures {
	int64_t least, most; /* significant; they differ if trailing zeros may
				or may not count: "100" 1..3, but "100." 3 */
	int64_t decimals; /* places after the point, exponent applied, >= 0 */
	int64_t last; /* power of ten of the last digit that counts (least) */
};
struct num_figures num_figures(const struct num_text *t);
