/*
 * How a number is read.
 *
 * First every code point is mapped to a plain one (digits, signs, marks of
 * multiplication) and spaces are dropped, while the place of each in the text
 * is kept, so that the unit comes back as it was typed. Then: sign, mantissa,
 * power of ten, unit. What the separators of the mantissa mean is decided once
 * over the whole of it (lenient_point, strict_point).
 */
#include "graders/num.h"

#include "graders/text.h"

enum { FAR = 1000000000 }; /* where an exponent's digits stop to count */
#define NO_POINT SIZE_MAX

struct scan {
	struct str s;
	int32_t *c; /* mapped */
	size_t *at; /* byte offset of c[i]; at[n] is s.n */
	size_t n;
};

/* What was found, as positions in a scan. */
struct found {
	size_t start;	 /* sign or first of the mantissa; before: unit */
	size_t from, to; /* mantissa */
	size_t point;	 /* of the decimal sign, or NO_POINT */
	size_t end;	 /* of all of it; behind: unit */
	struct str exponent;
	int64_t power; /* of ten */
	bool negative, ambiguous, bare_power;
	struct str over;
};

static int32_t map_digit(int32_t c)
{
	static const int32_t zeros[] = { 0x660, 0x6F0, 0x966, 0x9E6, 0xFF10 };

	for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++) {
		if (c >= zeros[i] && c <= zeros[i] + 9)
			return '0' + (c - zeros[i]);
	}
	return c;
}

static const struct {
	int32_t from, to;
} marks[] = {
	{ 0x2212, '-' },  { 0x2010, '-' }, { 0x2011, '-' }, { 0x2012, '-' },
	{ 0x2013, '-' },  { 0xFE63, '-' }, { 0xFF0D, '-' }, { 0xFF0B, '+' },
	{ 0xD7, '*' },	  { 'x', '*' },	   { 'X', '*' },    { 0xB7, '*' },
	{ 0x22C5, '*' },  { 0x2217, '*' }, { 0x2219, '*' }, { 0x2715, '*' },
	{ 0x66B, '.' },	  { 0xFF0E, '.' }, { 0xFF0C, ',' }, { 0x66C, '\'' },
	{ 0x2019, '\'' },
};

static int32_t map(int32_t c)
{
	if (c < 0x80 && c != 'x' && c != 'X')
		return c;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (marks[i].from == c)
			return marks[i].to;
	}
	return map_digit(c);
}

static void scan_init(struct arena *a, struct scan *v, struct str s,
		      bool keep_spaces)
{
	*v = (struct scan){ .s = s,
			    .c = ARENA_ARRAY(a, int32_t, s.n + 1),
			    .at = ARENA_ARRAY(a, size_t, s.n + 1) };
	for (size_t at = 0; at < s.n;) {
		size_t start = at;
		int32_t c = text_next(s, &at);

		if (text_is_space(c)) {
			if (!keep_spaces)
				continue;
			c = ' ';
		}
		v->at[v->n] = start;
		v->c[v->n++] = map(c);
	}
	v->at[v->n] = s.n;
}

/* 0 behind the end, so that nobody needs to ask. */
static int32_t at(const struct scan *v, size_t i)
{
	return i < v->n ? v->c[i] : 0;
}

static bool is_digit(int32_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_sign(int32_t c)
{
	return c == '+' || c == '-';
}

static bool is_separator(int32_t c)
{
	return c == '.' || c == ',' || c == '\'';
}

static bool starts_mantissa(const struct scan *v, size_t i)
{
	return is_digit(at(v, i)) ||
	       ((at(v, i) == '.' || at(v, i) == ',') && is_digit(at(v, i + 1)));
}

static bool starts_number(const struct scan *v, size_t i)
{
	return starts_mantissa(v, i + is_sign(at(v, i)));
}

/*
 * Where the number starts: at once, behind a sign and a unit ("-$5"), or
 * behind a unit. One currency sign may always stand before.
 */
static bool find_start(const struct scan *v, const struct num_rules *rules,
		       struct found *f)
{
	size_t i = 0, first = 0, most;

	if (!starts_number(v, 0) && is_sign(at(v, 0)))
		first = 1;
	most = rules->unit_before		? v->n
	       : text_is_currency(at(v, first)) ? first + 1
						: 0;
	for (i = first; i < most && !starts_number(v, i); i++)
		continue;
	if (!starts_number(v, i))
		return false;
	f->start = i;
	f->from = i + is_sign(at(v, i));
	if (first == 1 && f->from > i)
		return false; /* two signs */
	f->negative = at(v, first == 1 ? 0 : i) == '-';
	return true;
}

static void find_mantissa(const struct scan *v, struct found *f, bool spaces)
{
	size_t i = f->from;

	while (is_digit(at(v, i)) || is_separator(at(v, i)) ||
	       (spaces && at(v, i) == ' ' && is_digit(at(v, i + 1))))
		i++;
	while (i > f->from && at(v, i - 1) == '\'')
		i--; /* feet, minutes */
	f->to = i;
}

static size_t count(const struct scan *v, const struct found *f, int32_t c)
{
	size_t n = 0;

	for (size_t i = f->from; i < f->to; i++)
		n += v->c[i] == c;
	return n;
}

static size_t last(const struct scan *v, const struct found *f, int32_t c)
{
	for (size_t i = f->to; i > f->from; i--) {
		if (v->c[i - 1] == c)
			return i - 1;
	}
	return NO_POINT;
}

/* Up to end: one to three digits, then groups of exactly three. */
static bool grouped(const struct scan *v, const struct found *f, size_t end,
		    int32_t sign)
{
	size_t run = 0, groups = 0;

	for (size_t i = f->from; i < end; i++) {
		if (is_digit(v->c[i])) {
			run++;
		} else if (v->c[i] != sign || run == 0 || run > 3 ||
			   (groups > 0 && run != 3)) {
			return false;
		} else {
			groups++;
			run = 0;
		}
	}
	return groups == 0 || (run == 3 && v->c[f->from] != '0');
}

/* Only the locale's signs, each in its place. */
static bool strict_point(const struct scan *v, const struct num_locale *l,
			 struct found *f)
{
	int32_t decimal = (unsigned char)l->decimal[0];
	int32_t group = (unsigned char)l->group[0];

	f->point = last(v, f, decimal);
	if (f->point != NO_POINT && count(v, f, decimal) > 1)
		return false;
	for (size_t i = f->from; i < f->to; i++) {
		if (!is_digit(v->c[i]) && i != f->point &&
		    (v->c[i] != group || i > f->point))
			return false;
	}
	return grouped(v, f, f->point == NO_POINT ? f->to : f->point, group);
}

/* Points and commas both: the last kind, once and behind the others. */
static bool mixed_point(const struct scan *v, const struct num_locale *l,
			struct found *f)
{
	size_t point = last(v, f, '.'), comma = last(v, f, ',');
	int32_t decimal = point > comma ? '.' : ',';
	int32_t group = decimal == '.' ? ',' : '.';

	f->point = point > comma ? point : comma;
	return count(v, f, decimal) == 1 &&
	       (decimal == l->decimal[0] || grouped(v, f, f->point, group));
}

/* A lone comma or point, in a locale that might use it for groups. */
static void lone_sign(const struct scan *v, const struct num_locale *l,
		      struct found *f, int32_t sign)
{
	bool groups = grouped(v, f, f->to, sign);

	f->point = last(v, f, sign);
	if (sign == l->decimal[0])
		return;
	if (sign == ',') {
		f->ambiguous = true;
		if (groups && l->group[0] == ',')
			f->point = NO_POINT;
	} else {
		f->ambiguous = groups && l->group[0] == '.';
	}
}

static bool lenient_point(const struct scan *v, const struct num_locale *l,
			  struct found *f)
{
	size_t points = count(v, f, '.'), commas = count(v, f, ',');

	f->point = NO_POINT;
	if (points > 0 && commas > 0)
		return mixed_point(v, l, f);
	if (points + commas == 1)
		lone_sign(v, l, f, points ? '.' : ',');
	else if (points > 1)
		return grouped(v, f, f->to, '.');
	return true; /* several commas part groups, of whatever size */
}

static int64_t superscript(int32_t c)
{
	if (c == 0xB9)
		return 1;
	if (c == 0xB2 || c == 0xB3)
		return c - 0xB0;
	if (c == 0x2070 || (c >= 0x2074 && c <= 0x2079))
		return c - 0x2070;
	return -1;
}

/* Digits from i on into *power and the text; 0 if there are none. */
static size_t read_power(struct arena *a, const struct scan *v, size_t i,
			 struct found *f)
{
	char *p = arena_alloc(a, v->n - i + 1);
	bool raised = superscript(at(v, i)) >= 0 || at(v, i) == 0x207B ||
		      at(v, i) == 0x207A;
	bool negative = at(v, i) == '-' || at(v, i) == 0x207B;
	int64_t power = 0;
	size_t n = 0;

	if (is_sign(at(v, i)) || at(v, i) == 0x207B || at(v, i) == 0x207A) {
		p[n++] = negative ? '-' : '+';
		i++;
	}
	for (size_t from = i;; i++) {
		int64_t d = raised		 ? superscript(at(v, i))
			    : is_digit(at(v, i)) ? at(v, i) - '0'
						 : -1;

		if (d < 0 && i == from)
			return 0;
		if (d < 0)
			break;
		p[n++] = (char)('0' + d);
		power = power < FAR ? power * 10 + d : power;
	}
	f->power = negative ? -power : power;
	f->exponent = (struct str){ p, n };
	return i;
}

/* "^", "**" or raised digits from i on; where the power's digits begin. */
static size_t power_mark(const struct scan *v, size_t i)
{
	if (at(v, i) == '^')
		return i + 1;
	if (at(v, i) == '*' && at(v, i + 1) == '*')
		return i + 2;
	if (superscript(at(v, i)) >= 0 || at(v, i) == 0x207B)
		return i;
	return 0;
}

static void find_power(struct arena *a, const struct scan *v, struct found *f)
{
	size_t i = f->to, begin = 0, end;

	f->end = f->to;
	if (at(v, i) == 'e' || at(v, i) == 'E')
		begin = i + 1;
	else if (at(v, i) == '*' && at(v, i + 1) == '1' && at(v, i + 2) == '0')
		begin = power_mark(v, i + 3);
	else if (f->to - f->from == 2 && at(v, f->from) == '1' &&
		 at(v, f->from + 1) == '0') {
		begin = power_mark(v, i);
		f->bare_power = begin != 0;
	}
	end = begin ? read_power(a, v, begin, f) : 0;
	if (end != 0)
		f->end = end;
	else
		f->bare_power = false;
}

/* false: divided by zero. */
static bool find_divisor(struct arena *a, const struct scan *v, struct found *f)
{
	size_t i = f->end + 1, n = 0;
	char *p;

	if (at(v, f->end) != '/' || !is_digit(at(v, i)))
		return true;
	p = arena_alloc(a, v->n);
	for (; is_digit(at(v, i)); i++) {
		if (n > 0 || at(v, i) != '0')
			p[n++] = (char)at(v, i);
	}
	f->over = (struct str){ p, n };
	f->end = i;
	return n > 0;
}

/* An operator behind a number: a formula, which this is not. */
static bool goes_on(const struct scan *v, const struct found *f)
{
	size_t i = f->end;
	int32_t c;

	while (at(v, i) == ' ')
		i++;
	c = at(v, i);
	if (c == '/')
		return is_digit(at(v, i + 1));
	return is_digit(c) || c == '.' || c == ',' || is_sign(c) || c == '=' ||
	       c == '^' || c == '!' || superscript(c) >= 0 ||
	       (c == '*' && (v->s.p[v->at[i]] | 32) != 'x');
}

static struct str digits_of(struct arena *a, const struct scan *v, size_t from,
			    size_t to, int32_t sign)
{
	char *p = arena_alloc(a, to - from + 2);
	size_t n = 0;

	if (sign != 0)
		p[n++] = (char)sign;
	for (size_t i = from; i < to; i++) {
		if (is_digit(v->c[i]))
			p[n++] = (char)v->c[i];
	}
	return (struct str){ p, n };
}

/* Strips zeros, moves the point to the end, and checks the bounds. */
static enum num_status finish(struct arena *a, const struct scan *v,
			      const struct found *f, size_t decimals,
			      struct num *out)
{
	struct str d =
		f->bare_power ? STR("1") : digits_of(a, v, f->from, f->to, 0);
	int64_t exponent = f->power - (int64_t)decimals, point;

	while (d.n > 0 && d.p[0] == '0')
		d = str_cut(d, 1, d.n);
	while (d.n > 0 && d.p[d.n - 1] == '0') {
		d.n--;
		exponent++;
	}
	*out = (struct num){ .negative = f->negative && d.n > 0,
			     .digits = d,
			     .exponent = d.n ? exponent : 0,
			     .over = f->over };
	point = (int64_t)d.n + exponent;
	if (d.n > NUM_DIGITS || f->over.n > NUM_DIGITS ||
	    (d.n > 0 && (point > NUM_EXPONENT || point < -NUM_EXPONENT)))
		return NUM_OUT_OF_RANGE;
	return NUM_OK;
}

static bool find_parts(struct arena *a, const struct scan *v,
		       const struct num_rules *rules, struct found *f)
{
	const struct num_locale *l = rules->locale;

	if (l == NULL)
		l = num_locale_find(STR("en"));
	if (!find_start(v, rules, f))
		return false;
	find_mantissa(v, f, rules->strict && l->group[0] == ' ');
	if (!(rules->strict ? strict_point(v, l, f) : lenient_point(v, l, f)))
		return false;
	find_power(a, v, f);
	if (rules->fractions && !find_divisor(a, v, f))
		return false;
	return !goes_on(v, f);
}

/* The unit stands on one side, not on both. */
static bool find_unit(const struct scan *v, const struct found *f,
		      struct str *out)
{
	struct str before = str_cut(v->s, 0, v->at[f->start]);
	struct str behind = str_cut(v->s, v->at[f->end], v->s.n);

	before = text_trim(before);
	behind = text_trim(behind);
	if (f->start > 0 && is_sign(v->c[0]))
		before = text_trim(str_cut(v->s, v->at[1], v->at[f->start]));
	*out = before.n ? before : behind;
	return before.n == 0 || behind.n == 0;
}

enum num_status num_read(struct arena *a, struct str s,
			 const struct num_rules *rules, struct num_text *out)
{
	struct found f = { .point = NO_POINT };
	struct num_text t = { 0 };
	enum num_status status;
	struct scan v;
	int32_t sign;
	size_t mid;

	s = text_trim(s);
	if (s.n == 0)
		return NUM_BLANK;
	if (s.n > NUM_TEXT_BYTES)
		return NUM_OUT_OF_RANGE;
	scan_init(a, &v, s, rules->strict);
	if (!find_parts(a, &v, rules, &f) || !find_unit(&v, &f, &t.unit))
		return NUM_NOT_A_NUMBER;
	mid = f.point == NO_POINT ? f.to : f.point;
	sign = is_sign(at(&v, f.start)) ? at(&v, f.start)
	       : f.negative		? '-'
					: 0;
	t.integer = digits_of(a, &v, f.from, mid, sign);
	t.decimals = f.point == NO_POINT ? STR("")
					 : digits_of(a, &v, mid + 1, f.to, 0);
	t.point = f.point != NO_POINT;
	t.exponent = f.exponent;
	t.ambiguous = f.ambiguous;
	status = finish(a, &v, &f, t.decimals.n, &t.value);
	if (status == NUM_OK)
		*out = t;
	return status;
}

bool num_plain(struct arena *a, struct str s, struct num *out)
{
	static const struct num_locale plain = { "", ".", "" };
	struct num_rules rules = { .locale = &plain, .strict = true };
	struct num_text t;

	if (num_read(a, s, &rules, &t) != NUM_OK || t.unit.n > 0)
		return false;
	*out = t.value;
	return true;
}

/*
 * Zeros at the front never count. Zeros at the end of an integer may count or
 * not; behind a point they do.
 */
struct num_figures num_figures(const struct num_text *t)
{
	struct num_figures out = { 0 };
	int64_t all, tail = 0, lead = 0, power = t->value.exponent, shift;
	struct str i = t->integer, d = t->decimals;

	if (i.n > 0 && is_sign(i.p[0]))
		i = str_cut(i, 1, i.n);
	while (lead < (int64_t)i.n && i.p[lead] == '0')
		lead++;
	if (lead == (int64_t)i.n) {
		for (size_t k = 0; k < d.n && d.p[k] == '0'; k++)
			lead++;
	}
	all = (int64_t)i.n + (int64_t)d.n - lead;
	if (!t->point) {
		while (tail < all && i.p[(int64_t)i.n - 1 - tail] == '0')
			tail++;
	}
	if (all == 0) /* zero: the zeros behind the point are all it has */
		all = d.n ? (int64_t)d.n : 1;
	out.most = all;
	out.least = all - tail > 0 ? all - tail : 1;
	shift = power + (int64_t)t->value.digits.n;
	if (t->value.digits.n == 0)
		shift = 1;
	out.last = shift - out.least;
	out.decimals = shift - out.most < 0 ? out.most - shift : 0;
	return out;
}
