/* Numbers: how they are read, and what is close enough. */
#include <stdlib.h>

#include "graders/num.h"
#include "graders/score.h"
#include "tests/oracle/moodle_item.h"

static struct str text_of(struct oracle *o, struct jval v, const char *name)
{
	struct jval m;

	return oracle_get(v, name, &m) ? moodle_scalar(o, m)
				       : (struct str){ 0 };
}

/* One numeric item with one answer, and what it gives. */
static enum oracle_verdict score(struct oracle *o, const struct oracle_case *c,
				 struct answer *answer, struct buf *got)
{
	struct item it = { .type = ITEM_NUMERIC, .answers = { answer, 1 } };
	struct response r = { .text = moodle_scalar(o, c->response) };
	struct variant v = { 0 };
	struct outcome out;

	answer->fraction = DEC_ONE;
	if (item_check(&o->cx, &it, "") != OK)
		return ORACLE_UNSUPPORTED;
	if (score_item(&o->cx, &it, &v, &r, &out) != OK)
		return ORACLE_FAILED;
	return oracle_expect(o, c, out.fraction, got);
}

static enum oracle_verdict
tolerance(struct oracle *o, const struct oracle_case *c, struct buf *got)
{
	struct answer answer = { 0 };
	struct str kind = text_of(o, c->item, "tolerance_type");

	if (str_is(c->format, "Canvas numerical question")) {
		answer.text = text_of(o, c->item, "start");
		answer.high = text_of(o, c->item, "end");
		answer.tolerance_kind = TOL_RANGE;
		return score(o, c, &answer, got);
	}
	answer.text = text_of(o, c->item, "answer");
	answer.tolerance = text_of(o, c->item, "tolerance");
	if (str_starts(kind, "relative"))
		answer.tolerance_kind = TOL_RELATIVE;
	else if (str_starts(kind, "geometric"))
		answer.tolerance_kind = TOL_GEOMETRIC;
	else if (!str_starts(kind, "nominal") && !str_starts(kind, "absolute"))
		return ORACLE_UNSUPPORTED;
	return score(o, c, &answer, got);
}

/* The case's own separators, else those of its language. */
static struct num_locale locale_of(struct oracle *o,
				   const struct oracle_case *c)
{
	struct str decimal = text_of(o, c->item, "decimal_sep");
	struct str group = text_of(o, c->item, "thousands_sep");
	struct num_locale l = *num_locale_find(text_of(o, c->item, "locale"));

	if (decimal.n > 0)
		l.decimal = str_z(o->cx.arena, decimal);
	if (group.n > 0)
		l.group = str_z(o->cx.arena, group);
	return l;
}

static enum oracle_verdict
canvas_number(struct oracle *o, const struct oracle_case *c, struct buf *got)
{
	struct num_locale l = locale_of(o, c);
	struct num_rules rules = { .locale = &l };
	struct num_text t;

	if (jval_type(c->expected) != J_STRING)
		return ORACLE_UNSUPPORTED;
	if (num_read(o->cx.arena, moodle_scalar(o, c->response), &rules, &t) !=
	    NUM_OK)
		return ORACLE_FAILED;
	num_write(got, &t.value);
	return str_eq(buf_view(got), jval_str(&o->cx, c->expected))
		       ? ORACLE_PASSED
		       : ORACLE_FAILED;
}

/* The factor to the base unit is 1 / multiplier; absent: null. */
static bool factor_fits(struct oracle *o, const struct oracle_case *c,
			struct str unit, struct buf *got)
{
	struct jval units, m, want;
	struct num n;
	bool known;

	known = oracle_get(c->item, "units", &units) &&
		oracle_get(units, str_z(o->cx.arena, unit), &m) &&
		num_plain(o->cx.arena, moodle_scalar(o, m), &n);
	if (known)
		buf_fmt(got, " factor %.15g", 1 / num_double(&n));
	if (!oracle_get(c->expected, "multiplier_to_base", &want))
		return !known;
	return known && oracle_near(o, c, want, 1 / num_double(&n));
}

static bool value_fits(struct oracle *o, const struct oracle_case *c,
		       const struct num *value, struct buf *got)
{
	struct jval want;
	struct num n;

	num_write(got, value);
	return oracle_get(c->expected, "value", &want) &&
	       num_plain(o->cx.arena, moodle_scalar(o, want), &n) &&
	       num_cmp(value, &n) == 0;
}

static enum oracle_verdict
number_unit(struct oracle *o, const struct oracle_case *c, struct buf *got)
{
	struct num_locale l = locale_of(o, c);
	struct num_rules rules = { .locale = &l };
	struct jval want, separate;
	enum num_status s;
	struct num_text t;

	if (str_is(c->format, "Canvas numerical question"))
		return canvas_number(o, c, got);
	if (jval_type(c->response) != J_OBJECT ||
	    jval_type(c->expected) != J_OBJECT)
		return ORACLE_UNSUPPORTED;
	rules.unit_before =
		str_is(oracle_str(o, c->item, "unit_position"), "before");
	s = num_read(o->cx.arena, text_of(o, c->response, "answer"), &rules,
		     &t);
	if (s != NUM_OK) {
		buf_z(got, "no number");
		return oracle_get(c->expected, "value", &want) ? ORACLE_FAILED
							       : ORACLE_PASSED;
	}
	if (oracle_get(c->response, "unit", &separate))
		t.unit = moodle_scalar(o, separate);
	if (!value_fits(o, c, &t.value, got))
		return ORACLE_FAILED;
	buf_fmt(got, " unit \"%.*s\"", STR_FMT(t.unit));
	return str_eq(t.unit, text_of(o, c->expected, "unit")) &&
			       factor_fits(o, c, t.unit, got)
		       ? ORACLE_PASSED
		       : ORACLE_FAILED;
}

static enum oracle_verdict
number_strict(struct oracle *o, const struct oracle_case *c, struct buf *got)
{
	struct num_locale l = locale_of(o, c);
	struct num_rules rules = { .locale = &l, .strict = true };
	struct jval want;
	struct num_text t;

	if (!str_is(c->format, "Moodle numerical") ||
	    jval_type(c->expected) != J_OBJECT)
		return ORACLE_UNSUPPORTED;
	rules.unit_before =
		str_is(oracle_str(o, c->item, "unit_position"), "before");
	if (num_read(o->cx.arena, moodle_scalar(o, c->response), &rules, &t) !=
	    NUM_OK) {
		buf_z(got, "no number");
		return oracle_get(c->expected, "integer_part", &want)
			       ? ORACLE_FAILED
			       : ORACLE_PASSED;
	}
	buf_fmt(got, "%.*s|%.*s|%.*s|%.*s", STR_FMT(t.integer),
		STR_FMT(t.decimals), STR_FMT(t.exponent), STR_FMT(t.unit));
	return str_eq(t.integer, text_of(o, c->expected, "integer_part")) &&
			       str_eq(t.decimals,
				      text_of(o, c->expected, "decimals")) &&
			       str_eq(t.exponent,
				      text_of(o, c->expected, "exponent")) &&
			       str_eq(t.unit, text_of(o, c->expected, "unit"))
		       ? ORACLE_PASSED
		       : ORACLE_FAILED;
}

static struct str unsigned_(struct str s)
{
	return s.n && (s.p[0] == '-' || s.p[0] == '+') ? str_cut(s, 1, s.n) : s;
}

/* There, figures are counted after a power of ten is written out. */
static struct str written_out(struct oracle *o, const struct num_text *t)
{
	struct str i = unsigned_(t->integer), d = t->decimals;
	struct buf b = { 0 };
	int64_t power, point;
	struct str out;

	if (!str_int(unsigned_(t->exponent), &power) || power > 100)
		return (struct str){ 0 };
	if (t->exponent.p[0] == '-')
		power = -power;
	point = (int64_t)i.n + power;
	for (int64_t k = point < 0 ? point : 0;
	     k < (int64_t)(i.n + d.n) || k < point; k++) {
		if (k == point)
			buf_ch(&b, '.');
		buf_ch(&b, k < 0		      ? '0'
			   : k < (int64_t)i.n	      ? i.p[k]
			   : k < (int64_t)(i.n + d.n) ? d.p[k - (int64_t)i.n]
						      : '0');
	}
	out = buf_copy(&b, o->cx.arena);
	buf_done(&b);
	return out;
}

/* A quotient is as precise as one likes: 1000 digits, steps of nothing. */
static bool figure_of(struct oracle *o, struct str type,
		      const struct num_text *t, double *out)
{
	struct num_figures f = num_figures(t);
	struct buf b = { 0 };

	if (str_is(type, "string-precision")) {
		buf_fmt(&b, "1e%lld", (long long)f.last);
		*out = t->value.over.p
			       ? 0
			       : strtod(str_z(o->cx.arena, buf_view(&b)), NULL);
		buf_done(&b);
		return true;
	}
	*out = (double)(f.decimals < f.most ? f.decimals : f.most);
	if (str_is(type, "significant-digits"))
		*out = (double)f.least;
	else if (!str_is(type, "decimal-digits"))
		return false;
	if (t->value.over.p)
		*out = 1000;
	return true;
}

static enum oracle_verdict figures(struct oracle *o,
				   const struct oracle_case *c, struct buf *got)
{
	struct num_rules rules = { .fractions = true };
	struct str s = moodle_scalar(o, c->response);
	struct num_text t;
	double value;

	if (!str_is(c->format, "PrairieLearn element") ||
	    num_read(o->cx.arena, s, &rules, &t) != NUM_OK)
		return ORACLE_UNSUPPORTED;
	if (t.exponent.n > 0 &&
	    num_read(o->cx.arena, written_out(o, &t), &rules, &t) != NUM_OK)
		return ORACLE_FAILED;
	if (!figure_of(o, oracle_str(o, c->item, "type"), &t, &value))
		return ORACLE_UNSUPPORTED;
	buf_fmt(got, "%g", value);
	return oracle_near(o, c, c->expected, value) ? ORACLE_PASSED
						     : ORACLE_FAILED;
}

const struct oracle_kind kind_number[] = {
	{ "parse", figures },
	{ "tolerance", tolerance },
	{ "parse-number-unit", number_unit },
	{ "parse-number-strict", number_strict },
	{ 0 },
};
