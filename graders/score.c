#include "graders/score.h"

#include "graders/score_impl.h"
#include "graders/text.h"

const char *const score_state_words[] = { "not_answered", "wrong",
					  "partial",	  "right",
					  "needs_person", "invalid",
					  "not_graded",	  NULL };

/* Fractions come from files with seven digits: 3 * 0.3333333 is all of it. */
enum { NEARLY_NOTHING = 1000, NEARLY_ALL = 999999000 };

void score_settle(struct outcome *o, struct dec fraction)
{
	if (fraction.nano >= NEARLY_ALL) {
		o->fraction = DEC_ONE;
		o->state = SCORE_RIGHT;
	} else {
		o->fraction = dec_max(fraction, dec_neg(DEC_ONE));
		o->state = fraction.nano <= NEARLY_NOTHING ? SCORE_WRONG
							   : SCORE_PARTIAL;
	}
}

size_t score_author_index(struct list order, int64_t position)
{
	const uint32_t *at = order.at;

	if (position >= 1 && position <= (int64_t)order.n)
		return at[position - 1];
	return (size_t)(position - 1);
}

int64_t score_shown_position(struct list order, size_t n, size_t index)
{
	for (size_t i = 1; i <= n; i++) {
		if (score_author_index(order, (int64_t)i) == index)
			return (int64_t)i;
	}
	return 0;
}

static void score_short(struct ctx *cx, const struct item *it,
			const struct response *r, struct outcome *out)
{
	const struct answer *at = it->answers.at;

	score_settle(out, DEC_ZERO);
	for (size_t i = 0; i < it->answers.n; i++) {
		if (!text_match(cx->arena, at[i].text, r->text, &it->text))
			continue;
		score_settle(out, at[i].fraction);
		out->feedback = at[i].feedback;
		out->feedback_format = at[i].feedback_format;
		return;
	}
}

/* Two options of the same text are the same answer. */
static bool is_right_option(const struct item *it, const struct variant *v,
			    const struct response_pair *pair)
{
	const struct match_stem *stems = it->stems.at;
	const struct str *options = it->options.at;
	size_t stem = score_author_index(v->stems, pair->stem);
	size_t option = score_author_index(v->order, pair->option);

	CHECK(stem < it->stems.n && option < it->options.n);
	return (int64_t)option == stems[stem].option ||
	       str_eq(options[option], options[stems[stem].option]);
}

/* Part outcomes are in the shown order of the stems. */
static void score_match(struct ctx *cx, const struct item *it,
			const struct variant *v, const struct response *r,
			struct outcome *out)
{
	size_t n = it->stems.n;
	struct part_outcome *parts =
		ARENA_ARRAY(cx->arena, struct part_outcome, n);
	const struct response_pair *at = r->pairs.at;

	for (size_t i = 0; i < n; i++)
		parts[i] = (struct part_outcome){ .state = SCORE_NOT_ANSWERED,
						  .weight = DEC_ONE };
	for (size_t i = 0; i < r->pairs.n; i++) {
		bool right;

		if (at[i].option == 0)
			continue;
		right = is_right_option(it, v, &at[i]);
		parts[at[i].stem - 1].fraction = right ? DEC_ONE : DEC_ZERO;
		parts[at[i].stem - 1].state = right ? SCORE_RIGHT : SCORE_WRONG;
	}
	for (size_t i = 0; i < n; i++)
		out->parts_right += parts[i].state == SCORE_RIGHT;
	out->parts = (int64_t)n;
	out->part_outcomes = (struct list){ parts, n };
	score_settle(out,
		     n ? dec_ratio(out->parts_right, out->parts) : DEC_ZERO);
}

/* The weighted mean; parts without any weight are practice only. */
static void settle_parts(struct outcome *out)
{
	const struct part_outcome *at = out->part_outcomes.at;
	struct dec sum = DEC_ZERO, weights = DEC_ZERO;

	for (size_t i = 0; i < out->part_outcomes.n; i++) {
		sum = dec_add(sum, dec_mul(at[i].fraction, at[i].weight));
		weights = dec_add(weights, at[i].weight);
		out->parts_right += at[i].state == SCORE_RIGHT;
	}
	out->parts = (int64_t)out->part_outcomes.n;
	if (dec_cmp(weights, DEC_ZERO) > 0)
		score_settle(out, dec_div(sum, weights));
	else
		out->state = SCORE_NOT_GRADED;
}

/* A part that cannot be read counts nothing, and its reason is passed on. */
static enum err score_cloze(struct ctx *cx, const struct item *it,
			    const struct variant *v, const struct response *r,
			    struct outcome *out)
{
	static const struct variant as_it_is = { 0 };
	static const struct response blank = { 0 };
	const struct item *items = it->parts.at;
	const struct variant *variants = v->parts.at;
	const struct response *responses = r->parts.at;
	size_t n = it->parts.n;
	struct part_outcome *parts =
		ARENA_ARRAY(cx->arena, struct part_outcome, n);
	struct outcome part;
	enum err e;

	for (size_t i = 0; i < n; i++) {
		e = score_item(cx, &items[i],
			       i < v->parts.n ? &variants[i] : &as_it_is,
			       i < r->parts.n ? &responses[i] : &blank, &part);
		if (e)
			return e;
		parts[i] = (struct part_outcome){ part.fraction, part.state,
						  items[i].mark };
		if (part.state == SCORE_INVALID && out->reason.p == NULL)
			out->reason = part.reason;
	}
	out->part_outcomes = (struct list){ parts, n };
	settle_parts(out);
	return OK;
}

static enum err score_answered(struct ctx *cx, const struct item *it,
			       const struct variant *v,
			       const struct response *r, struct outcome *out)
{
	switch ((enum item_type)it->type) {
	case ITEM_CHOICE:
	case ITEM_TRUE_FALSE:
		score_choice(it, v, r, out);
		return OK;
	case ITEM_MULTI:
		score_multi(cx, it, v, r, out);
		return OK;
	case ITEM_SHORT:
		score_short(cx, it, r, out);
		return OK;
	case ITEM_NUMERIC:
		return score_numeric(cx, it, r, out);
	case ITEM_MATCH:
		score_match(cx, it, v, r, out);
		return OK;
	case ITEM_CLOZE:
		return score_cloze(cx, it, v, r, out);
	case ITEM_ESSAY:
		out->state = SCORE_NEEDS_PERSON;
		return OK;
	case ITEM_DESCRIPTION:
		out->state = SCORE_NOT_GRADED;
		return OK;
	case ITEM_CODE: /* its verdict comes from a judge, not from here */
		out->state = SCORE_NEEDS_PERSON;
		return OK;
	case ITEM_OPAQUE:
	case ITEM_TYPE_COUNT:
		break;
	}
	return err_set(cx, ERR_UNSUPPORTED,
		       "this type of question cannot be scored");
}

enum err score_item(struct ctx *cx, const struct item *it,
		    const struct variant *v, const struct response *r,
		    struct outcome *out)
{
	struct outcome got = { .state = SCORE_NOT_ANSWERED };
	bool blank = response_is_blank(it, r);
	enum err e = OK;

	if (it->type == ITEM_OPAQUE || it->type == ITEM_DESCRIPTION || !blank)
		e = score_answered(cx, it, v, r, &got);
	else if (it->type == ITEM_MATCH || it->type == ITEM_MULTI ||
		 it->type == ITEM_CLOZE) {
		/* for the number of parts */
		e = score_answered(cx, it, v, r, &got);
		got.fraction = DEC_ZERO;
		if (got.state != SCORE_NOT_GRADED)
			got.state = SCORE_NOT_ANSWERED;
	}
	if (!e)
		*out = got;
	return e;
}

/*
 * A fraction such as 2/3 was rounded at the ninth digit, so its product may be
 * off by half a unit of that digit times max. Of all decimals as near as that,
 * the shortest is the one that was meant: 2/3 of 3 is 2, not 2.000000001.
 */
struct dec score_scale(struct dec fraction, struct dec max)
{
	struct dec exact = dec_mul(fraction, max);
	int64_t off = dec_div(max, dec_int(2)).nano / DEC_ONE_NANO + 1;

	if (fraction.nano % 1000000 == 0)
		return exact; /* three digits: nothing was rounded */
	for (int digits = 0; digits < DEC_DIGITS; digits++) {
		struct dec t = dec_round(exact, digits);
		int64_t gap = dec_sub(t, exact).nano;

		if (gap >= -off && gap <= off)
			return t;
	}
	return exact;
}

struct dec score_mark(const struct outcome *o, struct dec max)
{
	return score_scale(o->fraction, max);
}
