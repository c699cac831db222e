#include "base/dec.h"

#include <math.h>

#include "base/err.h"

/* C17 has no 128-bit integer: two words, and the few steps that we need. */
struct wide {
	uint64_t high, low;
};

static uint64_t magnitude(int64_t v)
{
	return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

/* The dec of this sign and magnitude, saturated. */
static struct dec make(bool minus, uint64_t nano)
{
	int64_t v = nano > INT64_MAX ? INT64_MAX : (int64_t)nano;

	return (struct dec){ minus ? -v : v };
}

static struct wide wide_mul(uint64_t a, uint64_t b)
{
	uint64_t al = a & UINT32_MAX, ah = a >> 32;
	uint64_t bl = b & UINT32_MAX, bh = b >> 32;
	uint64_t low = al * bl;
	/* (2^32 - 1)^2 + 2^32 - 1 < 2^64: neither sum overflows */
	uint64_t mid = ah * bl + (low >> 32);
	uint64_t mid2 = al * bh + (mid & UINT32_MAX);

	return (struct wide){ ah * bh + (mid >> 32) + (mid2 >> 32),
			      mid2 << 32 | (low & UINT32_MAX) };
}

/*
 * n / d rounded half up; UINT64_MAX if that does not fit. Long division by
 * bits, unless the words are small enough for the machine's own.
 */
static uint64_t wide_div(struct wide n, uint64_t d)
{
	uint64_t q = 0, r = n.high;

	if (r >= d)
		return UINT64_MAX;
	if (r == 0) {
		q = n.low / d;
		r = n.low % d;
	} else {
		for (int i = 63; i >= 0; i--) {
			bool carry = r >> 63;

			r = r << 1 | (n.low >> i & 1);
			q <<= 1;
			if (carry || r >= d) {
				r -= d;
				q |= 1;
			}
		}
	}
	if (r >= d - r && q < UINT64_MAX)
		q++;
	return q;
}

/* a * b / c, rounded once. */
static struct dec mul_div(int64_t a, int64_t b, int64_t c)
{
	bool minus = ((a < 0) != (b < 0)) != (c < 0);

	CHECK(c != 0);
	return make(minus, wide_div(wide_mul(magnitude(a), magnitude(b)),
				    magnitude(c)));
}

struct dec dec_int(int64_t v)
{
	return mul_div(v, DEC_ONE_NANO, 1);
}

struct dec dec_ratio(int64_t num, int64_t den)
{
	return mul_div(num, DEC_ONE_NANO, den);
}

struct dec dec_add(struct dec a, struct dec b)
{
	if (a.nano > 0 && b.nano > INT64_MAX - a.nano)
		return make(false, UINT64_MAX);
	if (a.nano < 0 && b.nano < -INT64_MAX - a.nano)
		return make(true, UINT64_MAX);
	return (struct dec){ a.nano + b.nano };
}

struct dec dec_sub(struct dec a, struct dec b)
{
	return dec_add(a, dec_neg(b));
}

struct dec dec_mul(struct dec a, struct dec b)
{
	return mul_div(a.nano, b.nano, DEC_ONE_NANO);
}

struct dec dec_div(struct dec a, struct dec b)
{
	return mul_div(a.nano, DEC_ONE_NANO, b.nano);
}

struct dec dec_scale(struct dec a, int64_t num, int64_t den)
{
	return mul_div(a.nano, num, den);
}

struct dec dec_neg(struct dec a)
{
	return make(a.nano > 0, magnitude(a.nano));
}

int dec_cmp(struct dec a, struct dec b)
{
	return (a.nano > b.nano) - (a.nano < b.nano);
}

bool dec_eq(struct dec a, struct dec b)
{
	return a.nano == b.nano;
}

struct dec dec_min(struct dec a, struct dec b)
{
	return dec_cmp(a, b) <= 0 ? a : b;
}

struct dec dec_max(struct dec a, struct dec b)
{
	return dec_cmp(a, b) >= 0 ? a : b;
}

struct dec dec_clamp(struct dec a, struct dec lo, struct dec hi)
{
	return dec_max(lo, dec_min(a, hi));
}

struct dec dec_round(struct dec a, int digits)
{
	uint64_t unit = 1, n = magnitude(a.nano);

	CHECK(digits >= 0 && digits <= DEC_DIGITS);
	for (int i = digits; i < DEC_DIGITS; i++)
		unit *= 10;
	/* n + unit stays under 2^64 */
	return make(a.nano < 0, (n + unit / 2) / unit * unit);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The end of the digits that begin at from. */
static size_t digits_end(struct str s, size_t from)
{
	while (from < s.n && is_digit(s.p[from]))
		from++;
	return from;
}

/* "e+12" at s[at..]; a huge exponent is cut to one that is still huge. */
static bool parse_exponent(struct str s, size_t at, int64_t *out)
{
	const int64_t huge = INT64_MAX / 4;
	bool minus = false;
	int64_t v = 0;

	*out = 0;
	if (at == s.n)
		return true;
	if (s.p[at] != 'e' && s.p[at] != 'E')
		return false;
	at++;
	if (at < s.n && (s.p[at] == '+' || s.p[at] == '-'))
		minus = s.p[at++] == '-';
	if (at == s.n || digits_end(s, at) != s.n)
		return false;
	for (; at < s.n; at++)
		v = v > huge / 10 ? huge : v * 10 + (s.p[at] - '0');
	*out = minus ? -v : v;
	return true;
}

/* *v * 10 + d; false past the largest dec. */
static bool shift_in(uint64_t *v, unsigned d)
{
	if (*v > ((uint64_t)INT64_MAX - d) / 10)
		return false;
	*v = *v * 10 + d;
	return true;
}

/*
 * Every digit has a place, counted from the ninth after the point: 0 and more
 * count in full, place -1 alone decides the rounding, the rest is nothing.
 */
static bool parse(struct str s, struct dec *out, bool *exact)
{
	size_t start = s.n > 0 && s.p[0] == '-';
	size_t point = digits_end(s, start), end = point;
	uint64_t v = 0;
	int64_t place;

	if (point == start)
		return false;
	if (point < s.n && s.p[point] == '.') {
		end = digits_end(s, point + 1);
		if (end == point + 1)
			return false;
	}
	if (!parse_exponent(s, end, &place))
		return false;
	place += (int64_t)(point - start) + DEC_DIGITS;
	for (size_t i = start; i < end; i++) {
		if (i == point)
			continue;
		place--;
		if (place < 0 && s.p[i] != '0')
			*exact = false;
		if (place < -1)
			continue;
		if (place == -1)
			v += s.p[i] >= '5';
		else if (!shift_in(&v, (unsigned)(s.p[i] - '0')))
			return false;
	}
	for (; place > 0 && v > 0; place--) {
		if (!shift_in(&v, 0))
			return false;
	}
	if (v > INT64_MAX)
		return false;
	*out = make(start == 1, v);
	return true;
}

bool dec_parse(struct str s, struct dec *out)
{
	bool exact;

	return parse(s, out, &exact);
}

bool dec_is_exact(struct str s)
{
	bool exact = true;
	struct dec d;

	return parse(s, &d, &exact) && exact;
}

size_t dec_text(struct dec a, char out[DEC_TEXT])
{
	uint64_t n = magnitude(a.nano);
	uint64_t whole = n / DEC_ONE_NANO, part = n % DEC_ONE_NANO;
	char back[DEC_TEXT];
	size_t len = 0, at = 0;

	if (part) {
		for (int i = 0; i < DEC_DIGITS; i++) {
			if (len > 0 || part % 10)
				back[len++] = (char)('0' + part % 10);
			part /= 10;
		}
		back[len++] = '.';
	}
	do {
		back[len++] = (char)('0' + whole % 10);
		whole /= 10;
	} while (whole);
	if (a.nano < 0)
		back[len++] = '-';
	while (len > 0)
		out[at++] = back[--len];
	out[at] = 0;
	return at;
}

double dec_double(struct dec a)
{
	return (double)a.nano / 1e9;
}

/*
 * v = m * 2^e with an integer m of 53 bits, so v * 10^9 = m * 5^9 * 2^(e + 9):
 * a product of 74 bits, shifted, without any rounding but the last.
 */
struct dec dec_from_double(double v)
{
	bool minus = v < 0;
	struct wide w;
	int e, down;

	if (isnan(v) || v == 0)
		return DEC_ZERO;
	if (fabs(v) >= 1e10)
		return make(minus, UINT64_MAX);
	w = wide_mul((uint64_t)ldexp(frexp(fabs(v), &e), 53), 1953125);
	down = 53 - e - DEC_DIGITS; /* at least 10, since |v| < 2^34 */
	if (down > 75)
		return DEC_ZERO;
	for (; down > 1; down--) {
		w.low = w.low >> 1 | w.high << 63;
		w.high >>= 1;
	}
	if (w.high || w.low == UINT64_MAX)
		return make(minus, UINT64_MAX);
	return make(minus, (w.low + 1) >> 1);
}
