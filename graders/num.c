#include "graders/num.h"

#include <gmp.h>
#include <stdlib.h>

#include "graders/text.h"

/* Separators by language; from the CLDR's decimal and group symbols. */
static const struct num_locale locales[] = {
	{ "en", ".", "," },    { "ar", ".", "," },    { "bg", ",", " " },
	{ "ca", ",", "." },    { "cs", ",", " " },    { "da", ",", "." },
	{ "de", ",", "." },    { "de-at", ",", " " }, { "de-ch", ".", "'" },
	{ "de-li", ".", "'" }, { "el", ",", "." },    { "en-za", ",", " " },
	{ "es", ",", "." },    { "es-mx", ".", "," }, { "es-us", ".", "," },
	{ "et", ",", " " },    { "eu", ",", "." },    { "fa", ".", "," },
	{ "fi", ",", " " },    { "fr", ",", " " },    { "fr-ch", ",", " " },
	{ "gl", ",", "." },    { "he", ".", "," },    { "hi", ".", "," },
	{ "hr", ",", "." },    { "hu", ",", " " },    { "id", ",", "." },
	{ "is", ",", "." },    { "it", ",", "." },    { "it-ch", ".", "'" },
	{ "ja", ".", "," },    { "ka", ",", " " },    { "kk", ",", " " },
	{ "ko", ".", "," },    { "lt", ",", " " },    { "lv", ",", " " },
	{ "mk", ",", "." },    { "nb", ",", " " },    { "nl", ",", "." },
	{ "nn", ",", " " },    { "no", ",", " " },    { "pl", ",", " " },
	{ "pt", ",", "." },    { "pt-pt", ",", " " }, { "ro", ",", "." },
	{ "ru", ",", " " },    { "sk", ",", " " },    { "sl", ",", "." },
	{ "sq", ",", " " },    { "sr", ",", "." },    { "sv", ",", " " },
	{ "th", ".", "," },    { "tr", ",", "." },    { "uk", ",", " " },
	{ "vi", ",", "." },    { "zh", ".", "," },
};

static const struct num_locale *find(struct str tag)
{
	for (size_t i = 0; i < sizeof(locales) / sizeof(locales[0]); i++) {
		if (str_eq_nocase(tag, str_of(locales[i].tag)))
			return &locales[i];
	}
	return NULL;
}

const struct num_locale *num_locale_find(struct str tag)
{
	char text[6];
	const struct num_locale *found = NULL;
	size_t n = 0;

	while (n < tag.n && tag.p[n] != '-' && tag.p[n] != '_')
		n++;
	if (n == 2 && tag.n == 5) {
		memcpy(text, tag.p, 5);
		text[2] = '-';
		found = find((struct str){ text, 5 });
	}
	if (found == NULL)
		found = find(str_cut(tag, 0, n));
	return found ? found : &locales[0];
}

int num_sign(const struct num *x)
{
	if (x->digits.n == 0)
		return 0;
	return x->negative ? -1 : 1;
}

struct num num_int(struct arena *a, int64_t v)
{
	struct num out;
	bool ok = num_plain(a, str_fmt(a, "%lld", (long long)v), &out);

	CHECK(ok);
	return out;
}

/* Digits are at most NUM_TEXT_BYTES, so that a copy on the stack will do. */
static void set_digits(mpz_t z, struct str digits)
{
	char text[NUM_TEXT_BYTES + 1];

	CHECK(digits.n <= NUM_TEXT_BYTES);
	if (digits.n == 0) {
		mpz_set_ui(z, 0);
		return;
	}
	memcpy(text, digits.p, digits.n);
	text[digits.n] = 0;
	CHECK(mpz_set_str(z, text, 10) == 0);
}

static void to_rational(mpq_t q, const struct num *x)
{
	mpz_t power;

	CHECK(x->exponent <= 4 * NUM_EXPONENT &&
	      x->exponent >= -4 * NUM_EXPONENT);
	mpz_init(power);
	mpz_ui_pow_ui(power, 10, (unsigned long)llabs(x->exponent));
	set_digits(mpq_numref(q), x->digits);
	mpz_set_ui(mpq_denref(q), 1);
	if (x->over.p != NULL)
		set_digits(mpq_denref(q), x->over);
	if (x->exponent >= 0)
		mpz_mul(mpq_numref(q), mpq_numref(q), power);
	else
		mpz_mul(mpq_denref(q), mpq_denref(q), power);
	mpq_canonicalize(q);
	if (x->negative)
		mpq_neg(q, q);
	mpz_clear(power);
}

int num_cmp(const struct num *x, const struct num *y)
{
	mpq_t a, b;
	int c;

	mpq_inits(a, b, NULL);
	to_rational(a, x);
	to_rational(b, y);
	c = mpq_cmp(a, b);
	mpq_clears(a, b, NULL);
	return (c > 0) - (c < 0);
}

double num_double(const struct num *x)
{
	mpq_t q;
	double d;

	mpq_init(q);
	to_rational(q, x);
	d = mpq_get_d(q);
	mpq_clear(q);
	return d;
}

/* value = z / 10^places */
static struct num from_scaled(struct arena *a, mpz_t z, int64_t places)
{
	size_t room = mpz_sizeinbase(z, 10) + 2, n;
	char *p = arena_alloc(a, room);
	struct num out = { .negative = mpz_sgn(z) < 0, .exponent = -places };

	mpz_get_str(p, 10, z);
	if (*p == '-')
		p++;
	n = strlen(p);
	while (n > 0 && p[n - 1] == '0') {
		n--;
		out.exponent++;
	}
	out.digits = (struct str){ p, n };
	if (n == 0)
		out.exponent = 0;
	return out;
}

struct num num_middle(struct arena *a, const struct num *low,
		      const struct num *high)
{
	int64_t e =
		low->exponent < high->exponent ? low->exponent : high->exponent;
	struct num out;
	mpz_t x, y, power;

	CHECK(low->over.p == NULL && high->over.p == NULL);
	mpz_inits(x, y, power, NULL);
	set_digits(x, low->digits);
	set_digits(y, high->digits);
	mpz_ui_pow_ui(power, 10, (unsigned long)(low->exponent - e));
	mpz_mul(x, x, power);
	mpz_ui_pow_ui(power, 10, (unsigned long)(high->exponent - e));
	mpz_mul(y, y, power);
	if (low->negative)
		mpz_neg(x, x);
	if (high->negative)
		mpz_neg(y, y);
	mpz_add(x, x, y);
	mpz_mul_ui(x, x, 5);
	out = from_scaled(a, x, 1 - e);
	mpz_clears(x, y, power, NULL);
	return out;
}

static void zeros(struct buf *b, int64_t n)
{
	for (; n > 0; n--)
		buf_ch(b, '0');
}

void num_write(struct buf *b, const struct num *x)
{
	int64_t n = (int64_t)x->digits.n, point = n + x->exponent;

	if (n == 0) {
		buf_ch(b, '0');
		return;
	}
	if (x->negative)
		buf_ch(b, '-');
	if (point > 21 || point < -6) {
		buf_ch(b, x->digits.p[0]);
		if (n > 1) {
			buf_ch(b, '.');
			buf_str(b, str_cut(x->digits, 1, x->digits.n));
		}
		buf_fmt(b, "e%+lld", (long long)point - 1);
	} else if (point <= 0) {
		buf_z(b, "0.");
		zeros(b, -point);
		buf_str(b, x->digits);
	} else if (point >= n) {
		buf_str(b, x->digits);
		zeros(b, point - n);
	} else {
		buf_str(b, str_cut(x->digits, 0, (size_t)point));
		buf_ch(b, '.');
		buf_str(b, str_cut(x->digits, (size_t)point, x->digits.n));
	}
	if (x->over.p != NULL) {
		buf_ch(b, '/');
		buf_str(b, x->over);
	}
}

/*
 * The interval that a range stands for. LARGER depends on x too. scratch and
 * one are the caller's, so that there is one place that clears.
 */
struct interval {
	mpq_t low, high, answer, tolerance, scratch;
};

static void interval_init(struct interval *v)
{
	mpq_inits(v->low, v->high, v->answer, v->tolerance, v->scratch, NULL);
}

static void interval_done(struct interval *v)
{
	mpq_clears(v->low, v->high, v->answer, v->tolerance, v->scratch, NULL);
}

static void around_answer(struct interval *v, mpq_t by)
{
	mpq_sub(v->low, v->answer, by);
	mpq_add(v->high, v->answer, by);
}

static void geometric(struct interval *v)
{
	mpq_set_ui(v->scratch, 1, 1);
	mpq_add(v->scratch, v->scratch, v->tolerance); /* 1 + t */
	mpq_div(v->low, v->answer, v->scratch);
	mpq_mul(v->high, v->answer, v->scratch);
}

static void interval_of(struct interval *v, const struct num_range *r, mpq_t x)
{
	to_rational(v->answer, &r->answer);
	to_rational(v->tolerance, &r->tolerance);
	mpq_abs(v->tolerance, v->tolerance);
	mpq_abs(v->scratch, v->answer);
	switch ((enum tolerance_kind)r->kind) {
	case TOL_ABSOLUTE:
		around_answer(v, v->tolerance);
		return;
	case TOL_LARGER:
		mpq_abs(v->low, x);
		if (mpq_cmp(v->low, v->scratch) > 0)
			mpq_set(v->scratch, v->low);
		mpq_mul(v->tolerance, v->tolerance, v->scratch);
		around_answer(v, v->tolerance);
		return;
	case TOL_RELATIVE:
		mpq_mul(v->tolerance, v->tolerance, v->scratch);
		around_answer(v, v->tolerance);
		return;
	case TOL_SUM:
		to_rational(v->low, &r->relative);
		mpq_abs(v->low, v->low);
		mpq_mul(v->scratch, v->scratch, v->low);
		mpq_add(v->tolerance, v->tolerance, v->scratch);
		around_answer(v, v->tolerance);
		return;
	case TOL_GEOMETRIC:
		geometric(v);
		return;
	case TOL_RANGE:
		mpq_set(v->low, v->answer);
		to_rational(v->high, &r->high);
		return;
	}
}

/* Moves an end outwards by 1e-12 of itself. */
static void give_way(mpq_t end, mpq_t scratch, bool up)
{
	mpq_set_str(scratch, "1/1000000000000", 10);
	mpq_mul(scratch, scratch, end);
	mpq_abs(scratch, scratch);
	if (up)
		mpq_add(end, end, scratch);
	else
		mpq_sub(end, end, scratch);
}

bool num_within(const struct num *x, const struct num *divisor,
		const struct num_range *range)
{
	bool low_open = range->low_open, high_open = range->high_open, in;
	struct interval v;
	mpq_t value;
	int low, high;

	interval_init(&v);
	mpq_init(value);
	to_rational(value, x);
	if (divisor != NULL) {
		to_rational(v.scratch, divisor);
		CHECK(mpq_sgn(v.scratch) != 0);
		mpq_div(value, value, v.scratch);
		if (mpq_cmp_ui(v.scratch, 1, 1) == 0)
			divisor = NULL;
	}
	interval_of(&v, range, value);
	if (mpq_cmp(v.low, v.high) > 0) {
		mpq_swap(v.low, v.high);
		low_open = range->high_open;
		high_open = range->low_open;
	}
	if (divisor != NULL && !low_open)
		give_way(v.low, v.scratch, false);
	if (divisor != NULL && !high_open)
		give_way(v.high, v.scratch, true);
	low = mpq_cmp(value, v.low);
	high = mpq_cmp(value, v.high);
	in = (low_open ? low > 0 : low >= 0) &&
	     (high_open ? high < 0 : high <= 0);
	mpq_clear(value);
	interval_done(&v);
	return in;
}

/* "10%" is a share of the answer; an absent tolerance is 0. */
static bool read_tolerance(struct arena *a, struct str s, struct num *out,
			   bool *percent)
{
	s = text_trim(s);
	*percent = str_ends(s, "%");
	if (s.n == 0) {
		*out = (struct num){ 0 };
		return true;
	}
	if (!num_plain(a, *percent ? str_cut(s, 0, s.n - 1) : s, out))
		return false;
	if (*percent && out->digits.n > 0)
		out->exponent -= 2;
	return true;
}

/* "[5, 7)": brackets say whether the end belongs to it. */
static bool read_brackets(struct arena *a, struct str s, struct num_range *out)
{
	size_t comma = str_find(s, STR(","), 0);

	if (s.n < 5 || comma == SIZE_MAX ||
	    (s.p[s.n - 1] != ']' && s.p[s.n - 1] != ')'))
		return false;
	out->kind = TOL_RANGE;
	out->low_open = s.p[0] == '(';
	out->high_open = s.p[s.n - 1] == ')';
	return num_plain(a, str_cut(s, 1, comma), &out->answer) &&
	       num_plain(a, str_cut(s, comma + 1, s.n - 1), &out->high);
}

bool num_range_read(struct arena *a, const struct answer *from,
		    struct num_range *out)
{
	struct str s = text_trim(from->text);
	bool percent, ignored;

	*out = (struct num_range){ .kind = from->tolerance_kind };
	if (s.n > 0 && (s.p[0] == '[' || s.p[0] == '('))
		return read_brackets(a, s, out);
	if (!num_plain(a, s, &out->answer) ||
	    !read_tolerance(a, from->tolerance, &out->tolerance, &percent) ||
	    !read_tolerance(a, from->relative, &out->relative, &ignored))
		return false;
	if (percent && out->kind == TOL_ABSOLUTE)
		out->kind = TOL_RELATIVE;
	if (out->kind != TOL_RANGE)
		return true;
	out->low_open = from->low_open;
	out->high_open = from->high_open;
	return num_plain(a, from->high, &out->high);
}
