/* score_right: the response that is right, and what guessing would give. */
#include "graders/score.h"

#include "graders/score_impl.h"
#include "graders/text.h"

/* The first answer with the largest fraction over 0. */
static const struct answer *best_answer(const struct item *it)
{
	const struct answer *at = it->answers.at, *best = NULL;

	for (size_t i = 0; i < it->answers.n; i++) {
		if (dec_cmp(at[i].fraction, best ? best->fraction : DEC_ZERO) >
		    0)
			best = &at[i];
	}
	return best;
}

static void right_choice(const struct item *it, const struct variant *v,
			 struct response *out)
{
	const struct choice *at = it->choices.at;
	struct dec best = DEC_ZERO;
	size_t n = it->choices.n;

	for (size_t i = 0; i < n; i++) {
		if (dec_cmp(at[i].fraction, best) <= 0)
			continue;
		best = at[i].fraction;
		out->choice = score_shown_position(v->order, n, i);
	}
}

static void right_choices(struct arena *a, const struct item *it,
			  const struct variant *v, struct response *out)
{
	const struct choice *at = it->choices.at;
	size_t n = it->choices.n, k = 0;
	int64_t *list = ARENA_ARRAY(a, int64_t, n);

	for (size_t i = 1; i <= n; i++) {
		size_t index = score_author_index(v->order, (int64_t)i);

		if (dec_cmp(at[index].fraction, DEC_ZERO) > 0)
			list[k++] = (int64_t)i;
	}
	out->choices = (struct list){ list, k };
}

static void right_pairs(struct arena *a, const struct item *it,
			const struct variant *v, struct response *out)
{
	const struct match_stem *stems = it->stems.at;
	size_t n = it->stems.n;
	struct response_pair *list = ARENA_ARRAY(a, struct response_pair, n);

	for (size_t i = 0; i < n; i++) {
		size_t stem = score_author_index(v->stems, (int64_t)i + 1);

		list[i].stem = (int64_t)i + 1;
		list[i].option = score_shown_position(
			v->order, it->options.n, (size_t)stems[stem].option);
	}
	out->pairs = (struct list){ list, n };
}

static enum err right_parts(struct ctx *cx, const struct item *it,
			    const struct variant *v, struct response *out)
{
	static const struct variant as_it_is = { 0 };
	const struct item *items = it->parts.at;
	const struct variant *variants = v->parts.at;
	size_t n = it->parts.n;
	struct response *list = ARENA_ARRAY(cx->arena, struct response, n);
	enum err e;

	for (size_t i = 0; i < n; i++) {
		e = score_right_response(
			cx, &items[i],
			i < v->parts.n ? &variants[i] : &as_it_is, &list[i]);
		if (e)
			return e;
	}
	out->parts = (struct list){ list, n };
	return OK;
}

enum err score_right_response(struct ctx *cx, const struct item *it,
			      const struct variant *v, struct response *out)
{
	const struct answer *best;

	*out = (struct response){ 0 };
	switch ((enum item_type)it->type) {
	case ITEM_CHOICE:
	case ITEM_TRUE_FALSE:
		right_choice(it, v, out);
		return OK;
	case ITEM_MULTI:
		right_choices(cx->arena, it, v, out);
		return OK;
	case ITEM_SHORT:
		best = best_answer(it);
		if (best != NULL)
			out->text = text_of_pattern(cx->arena, best->text);
		return OK;
	case ITEM_NUMERIC:
		best = best_answer(it);
		if (best != NULL)
			score_numeric_right(cx->arena, it, best, out);
		return OK;
	case ITEM_MATCH:
		right_pairs(cx->arena, it, v, out);
		return OK;
	case ITEM_CLOZE:
		return right_parts(cx, it, v, out);
	case ITEM_ESSAY:
	case ITEM_DESCRIPTION:
	case ITEM_OPAQUE:
	case ITEM_CODE:
	case ITEM_TYPE_COUNT:
		break;
	}
	return OK;
}

static struct dec at_least_nothing(struct dec d)
{
	return dec_clamp(d, DEC_ZERO, DEC_ONE);
}

static struct dec guess_choice(const struct item *it)
{
	const struct choice *at = it->choices.at;
	struct dec sum = DEC_ZERO;

	for (size_t i = 0; i < it->choices.n; i++)
		sum = dec_add(sum, at[i].fraction);
	if (it->choices.n > 0)
		sum = dec_div(sum, dec_int((int64_t)it->choices.n));
	return at_least_nothing(sum);
}

/* Nobody guesses a text or a number, unless anything is accepted. */
static struct dec guess_answer(const struct item *it)
{
	const struct answer *at = it->answers.at;

	for (size_t i = 0; i < it->answers.n; i++) {
		if (text_is_any(at[i].text))
			return at_least_nothing(at[i].fraction);
	}
	return DEC_ZERO;
}

static struct dec guess_parts(const struct item *it)
{
	const struct item *at = it->parts.at;
	struct dec sum = DEC_ZERO, weights = DEC_ZERO;

	for (size_t i = 0; i < it->parts.n; i++) {
		sum = dec_add(sum, dec_mul(score_guess(&at[i]), at[i].mark));
		weights = dec_add(weights, at[i].mark);
	}
	return dec_cmp(weights, DEC_ZERO) > 0 ? dec_div(sum, weights)
					      : DEC_ZERO;
}

struct dec score_guess(const struct item *it)
{
	switch ((enum item_type)it->type) {
	case ITEM_CHOICE:
	case ITEM_TRUE_FALSE:
		return guess_choice(it);
	case ITEM_MULTI:
		return dec_from_double(score_multi_guess(it));
	case ITEM_SHORT:
	case ITEM_NUMERIC:
		return guess_answer(it);
	case ITEM_MATCH:
		return it->options.n ? dec_ratio(1, (int64_t)it->options.n)
				     : DEC_ZERO;
	case ITEM_CLOZE:
		return guess_parts(it);
	case ITEM_ESSAY:
	case ITEM_DESCRIPTION:
	case ITEM_OPAQUE:
	case ITEM_CODE:
	case ITEM_TYPE_COUNT:
		break;
	}
	return DEC_ZERO;
}
