#include "base/tm.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };
enum { DAY = 24 * HOUR };

static bool is_leap(int64_t y)
{
	return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
}

static int month_days(int64_t y, int m)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30,
				    31, 31, 30, 31, 30, 31 };

	return m == 2 && is_leap(y) ? 29 : days[m - 1];
}

/*
 * Days since 1970-01-01 in the proleptic Gregorian calendar, and back
 * (H. Hinnant, "chrono-compatible low-level date algorithms", 2013): years
 * begin in March, so that the leap day is the last; an era is 400 years.
 */
static int64_t days_from_date(int64_t y, int m, int d)
{
	int64_t era, of_era, of_year;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	y -= era * 400;
	of_era = y * 365 + y / 4 - y / 100 + of_year;
	return era * 146097 + of_era - 719468;
}

static void date_from_days(int64_t days, int64_t *y, int *m, int *d)
{
	int64_t era, of_era, of_year, year, month;

	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	of_era = days - era * 146097;
	year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) /
	       365;
	of_year = of_era - (365 * year + year / 4 - year / 100);
	month = (5 * of_year + 2) / 153;
	*d = (int)(of_year - (153 * month + 2) / 5 + 1);
	*m = (int)(month < 10 ? month + 3 : month - 9);
	*y = year + era * 400 + (*m <= 2);
}

/* Two digits and what stands behind them; gives the place after that. */
static char *put(char *at, unsigned v, char behind)
{
	at[0] = (char)('0' + v / 10);
	at[1] = (char)('0' + v % 10);
	at[2] = behind;
	return at + 3;
}

void tm_text(int64_t ms, char out[TM_TEXT + 1])
{
	int64_t least = days_from_date(0, 1, 1) * DAY;
	int64_t most = days_from_date(10000, 1, 1) * DAY - 1;
	int64_t days, y;
	unsigned rest; /* of the day */
	int m, d;

	ms = ms < least ? least : ms > most ? most : ms;
	days = ms / DAY - (ms % DAY < 0);
	rest = (unsigned)(ms - days * DAY);
	date_from_days(days, &y, &m, &d);
	put(out, (unsigned)y / 100, 0);
	out = put(out + 2, (unsigned)y % 100, '-');
	out = put(out, (unsigned)m, '-');
	out = put(out, (unsigned)d, 'T');
	out = put(out, rest / HOUR, ':');
	out = put(out, rest / MINUTE % 60, ':');
	out = put(out, rest / SECOND % 60, '.');
	*out++ = (char)('0' + rest % SECOND / 100);
	out = put(out, rest % 100, 'Z');
	*out = 0;
}

/* Takes exactly `digits` digits off *s. */
static bool take_number(struct str *s, int digits, int *out)
{
	int v = 0;

	if (s->n < (size_t)digits)
		return false;
	for (int i = 0; i < digits; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return false;
		v = v * 10 + (s->p[i] - '0');
	}
	*s = str_cut(*s, (size_t)digits, s->n);
	*out = v;
	return true;
}

/* Takes one character off *s if it is a or b. */
static bool take(struct str *s, char a, char b)
{
	if (s->n == 0 || (s->p[0] != a && s->p[0] != b))
		return false;
	*s = str_cut(*s, 1, s->n);
	return true;
}

/* ".1" to ".123456789", cut to ms; nothing is 0. */
static bool take_fraction(struct str *s, int *ms)
{
	int weight = 100, digits = 0, d;

	*ms = 0;
	if (!take(s, '.', '.'))
		return true;
	while (take_number(s, 1, &d)) {
		*ms += d * weight;
		weight /= 10;
		digits++;
	}
	return digits >= 1 && digits <= 9;
}

/* Z or +hh:mm or -hh:mm */
static bool take_offset(struct str *s, int64_t *offset_ms)
{
	bool west = s->n > 0 && s->p[0] == '-';
	int h, m;

	*offset_ms = 0;
	if (take(s, 'Z', 'z'))
		return true;
	if (!take(s, '+', '-') || !take_number(s, 2, &h) ||
	    !take(s, ':', ':') || !take_number(s, 2, &m) || h > 23 || m > 59)
		return false;
	*offset_ms =
		((int64_t)h * HOUR + (int64_t)m * MINUTE) * (west ? -1 : 1);
	return true;
}

bool tm_parse(struct str s, int64_t *ms)
{
	int y, mon, d, h, min, sec, part;
	int64_t offset, t;

	if (!take_number(&s, 4, &y) || !take(&s, '-', '-') ||
	    !take_number(&s, 2, &mon) || !take(&s, '-', '-') ||
	    !take_number(&s, 2, &d) || !take(&s, 'T', 't') ||
	    !take_number(&s, 2, &h) || !take(&s, ':', ':') ||
	    !take_number(&s, 2, &min) || !take(&s, ':', ':') ||
	    !take_number(&s, 2, &sec) || !take_fraction(&s, &part) ||
	    !take_offset(&s, &offset) || s.n != 0)
		return false;
	if (mon < 1 || mon > 12 || d < 1 || d > month_days(y, mon) || h > 23 ||
	    min > 59 || sec > 60)
		return false;
	t = days_from_date(y, mon, d) * DAY + (int64_t)h * HOUR +
	    (int64_t)min * MINUTE - offset;
	if (sec == 60) { /* only in the last minute of a day in UTC */
		if ((t % DAY + DAY) % DAY != DAY - MINUTE)
			return false;
		sec = 59;
		part = 999;
	}
	*ms = t + (int64_t)sec * SECOND + part;
	return true;
}

bool tm_parse_span(struct str s, int64_t *ms)
{
	static const struct {
		const char *suffix;
		int64_t ms;
	} units[] = { { "ms", 1 },   { "s", SECOND }, { "m", MINUTE },
		      { "h", HOUR }, { "d", DAY },    { "", 1 } };
	size_t digits = 0;
	struct str unit;
	int64_t v;

	while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
		digits++;
	if (!str_int(str_cut(s, 0, digits), &v))
		return false;
	unit = str_cut(s, digits, s.n);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!str_is(unit, units[i].suffix))
			continue;
		if (v > INT64_MAX / units[i].ms)
			return false;
		*ms = v * units[i].ms;
		return true;
	}
	return false;
}
