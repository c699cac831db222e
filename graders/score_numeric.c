#include "graders/num.h"
#include "graders/score_impl.h"
#include "graders/text.h"

/* Names are compared without white space: learners type "m / s". */
static bool same_name(struct str a, struct str b)
{
	size_t i = 0, j = 0;

	for (;;) {
		int32_t x = ' ', y = ' ';

		while (i < a.n && text_is_space(x))
			x = text_next(a, &i);
		while (j < b.n && text_is_space(y))
			y = text_next(b, &j);
		if (text_is_space(x) || text_is_space(y))
			return text_is_space(x) && text_is_space(y);
		if (x != y)
			return false;
	}
}

static const struct unit *find_unit(const struct item *it, struct str name)
{
	const struct unit *at = it->units.at;

	for (size_t i = 0; i < it->units.n; i++) {
		if (same_name(at[i].name, name))
			return &at[i];
	}
	return NULL;
}

/* What was understood of a response. */
struct given {
	struct num value;
	bool has_unit; /* a known one */
	struct num multiplier;
};

static const char *reason_of(enum num_status s)
{
	switch (s) {
	case NUM_OUT_OF_RANGE:
		return "The number is too large or too long. Shorten it.";
	case NUM_BLANK:
	case NUM_NOT_A_NUMBER:
	case NUM_OK:
		break;
	}
	return "This could not be read as a number. Enter digits, for "
	       "example 3.5 or 2e6.";
}

static enum err broken(struct ctx *cx)
{
	return err_set(cx, ERR_CORRUPT,
		       "the question has an answer that is no number");
}

static enum num_status read_given(struct ctx *cx, const struct item *it,
				  const struct response *r, struct given *out,
				  const struct unit **unit)
{
	struct num_rules rules = { .locale = num_locale_find(it->locale),
				   .unit_before = it->units_before,
				   .fractions = it->fractions };
	struct num_text t;
	enum num_status s = num_read(cx->arena, r->text, &rules, &t);

	if (s != NUM_OK)
		return s;
	out->value = t.value;
	*unit = find_unit(it, text_is_blank(r->unit) ? t.unit : r->unit);
	return NUM_OK;
}

/*
 * The first answer that the converted or the plain number meets; by the second
 * the unit is not right.
 */
static enum err find_answer(struct ctx *cx, const struct item *it,
			    const struct given *g, const struct answer **out,
			    bool *unit_right)
{
	const struct answer *at = it->answers.at;
	struct num_range range;

	*out = NULL;
	for (size_t i = 0; i < it->answers.n && *out == NULL; i++) {
		*unit_right = g->has_unit;
		if (text_is_any(at[i].text)) {
			*out = &at[i];
			break;
		}
		if (!num_range_read(cx->arena, &at[i], &range))
			return broken(cx);
		if (g->has_unit &&
		    num_within(&g->value, &g->multiplier, &range)) {
			*out = &at[i];
		} else if (num_within(&g->value, NULL, &range)) {
			*unit_right = false;
			*out = &at[i];
		}
	}
	return OK;
}

static struct dec without_unit(const struct item *it, struct dec fraction)
{
	struct dec lost = it->unit_penalty_share;

	if (it->unit_mode != UNIT_GRADED)
		return fraction;
	if (it->unit_penalty == UNIT_PENALTY_OF_MARK)
		lost = dec_mul(fraction, lost);
	return dec_max(dec_sub(fraction, lost), DEC_ZERO);
}

enum err score_numeric(struct ctx *cx, const struct item *it,
		       const struct response *r, struct outcome *out)
{
	const struct unit *unit = NULL;
	const struct answer *answer;
	struct given g = { 0 };
	enum num_status s;
	bool unit_right;
	enum err e;

	s = read_given(cx, it, r, &g, &unit);
	if (s != NUM_OK) {
		out->state = SCORE_INVALID;
		out->reason = str_of(reason_of(s));
		return OK;
	}
	g.has_unit = unit != NULL;
	if (unit && (!num_plain(cx->arena, unit->multiplier, &g.multiplier) ||
		     num_sign(&g.multiplier) <= 0))
		return broken(cx);
	e = find_answer(cx, it, &g, &answer, &unit_right);
	if (e)
		return e;
	if (answer == NULL) {
		score_settle(out, DEC_ZERO);
		return OK;
	}
	score_settle(out, unit_right ? answer->fraction
				     : without_unit(it, answer->fraction));
	out->feedback = answer->feedback;
	out->feedback_format = answer->feedback_format;
	return OK;
}

/* A number that the answer accepts. */
static bool right_number(struct arena *a, const struct answer *answer,
			 struct num *out)
{
	struct num_range range;

	if (text_is_any(answer->text) || !num_range_read(a, answer, &range))
		return false;
	*out = range.answer;
	if (range.kind == TOL_RANGE && range.low_open)
		*out = range.high_open
			       ? num_middle(a, &range.answer, &range.high)
			       : range.high;
	return true;
}

/* The unit that the answers are in. */
static const struct unit *base_unit(struct arena *a, const struct item *it)
{
	const struct unit *at = it->units.at;
	struct num one = num_int(a, 1), m;

	for (size_t i = 0; i < it->units.n; i++) {
		if (num_plain(a, at[i].multiplier, &m) &&
		    num_cmp(&m, &one) == 0)
			return &at[i];
	}
	return NULL;
}

void score_numeric_right(struct arena *a, const struct item *it,
			 const struct answer *answer, struct response *out)
{
	const struct unit *unit = base_unit(a, it);
	struct buf b = { 0 };
	struct num value;
	size_t start;

	if (!right_number(a, answer, &value))
		return;
	if (unit && it->units_before && !it->unit_separate)
		buf_str(&b, unit->name);
	start = b.n;
	num_write(&b, &value);
	for (size_t i = start; i < b.n; i++) {
		if (b.p[i] == '.')
			b.p[i] = num_locale_find(it->locale)->decimal[0];
	}
	if (unit && !it->units_before && !it->unit_separate) {
		buf_ch(&b, ' ');
		buf_str(&b, unit->name);
	}
	out->text = buf_copy(&b, a);
	if (unit && it->unit_separate)
		out->unit = unit->name;
	buf_done(&b);
}
