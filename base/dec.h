/*
 * dec: exact decimals for marks, weights, fractions and scores.
 *
 * A fixed-point number with nine digits after the point in 64 bits: sums are
 * exact, so a total cannot depend on the order of its parts; a product or
 * quotient is rounded once, half away from zero, at the ninth digit. Range
 * +-9223372036.854775807 (9 * 10^9); on overflow the value saturates there, and
 * limits.h keeps inputs far below that. Stored as an integer, on the wire a
 * JSON number in plain digits. (A learner's numeric answer is another thing:
 * graders/num.h.)
 */
#pragma once

#include "base/str.h"

enum { DEC_DIGITS = 9, DEC_TEXT = 24 };
#define DEC_ONE_NANO INT64_C(1000000000)

struct dec {
	int64_t nano; /* value * 10^9 */
};

#define DEC_ZERO ((struct dec){ 0 })
#define DEC_ONE ((struct dec){ DEC_ONE_NANO })

struct dec dec_int(int64_t v);
/* num/den rounded; den != 0. */
struct dec dec_ratio(int64_t num, int64_t den);
struct dec dec_add(struct dec a, struct dec b);
struct dec dec_sub(struct dec a, struct dec b);
struct dec dec_mul(struct dec a, struct dec b);
struct dec dec_div(struct dec a, struct dec b); /* b != 0 */
/* a * num / den with one rounding. den != 0. */
struct dec dec_scale(struct dec a, int64_t num, int64_t den);
struct dec dec_neg(struct dec a);
int dec_cmp(struct dec a, struct dec b);
bool dec_eq(struct dec a, struct dec b);
struct dec dec_min(struct dec a, struct dec b);
struct dec dec_max(struct dec a, struct dec b);
struct dec dec_clamp(struct dec a, struct dec lo, struct dec hi);
/* To `digits` (0..9) places, half away from zero. */
struct dec dec_round(struct dec a, int digits);
/*
 * [-]digits[.digits][e[+-]digits]; digits past the ninth place are rounded.
 * false if it is not a number or out of range.
 */
bool dec_parse(struct str s, struct dec *out);
/* Would dec_parse take it, and round nothing away? */
bool dec_is_exact(struct str s);
/* Shortest exact text: "2", "0.5", "-0.333333333". Returns its length. */
size_t dec_text(struct dec a, char out[DEC_TEXT]);
double dec_double(struct dec a); /* for statistics only */
/*
 * Nearest; NaN gives 0. For numbers that exist only as doubles in foreign
 * files.
 */
struct dec dec_from_double(double v);
