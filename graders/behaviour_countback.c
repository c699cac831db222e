/*
 * Parts of an item, one at a time: what each of them is worth after several
 * tries, and which of them to clear before the next.
 *
 * A stem of a match that ends right gives 1 less the penalty for every try up
 * to the last one in which it was wrong; a part of a cloze gives its fraction
 * less the penalty for every try before its answer was last changed. So a
 * part that was right at once and left alone costs nothing, however long the
 * others take.
 */
#include "graders/behaviour_impl.h"

/* Each try scored: one part_outcome for each part. */
static enum err score_tries(struct step *t, const struct response *tries,
			    size_t n, struct list **out)
{
	struct list *parts = ARENA_ARRAY(t->cx->arena, struct list, n);
	struct outcome o;
	int state;
	enum err e;

	for (size_t k = 0; k < n; k++) {
		e = step_score(t, &tries[k], &o, &state);
		if (e)
			return e;
		parts[k] = o.part_outcomes;
	}
	*out = parts;
	return OK;
}

static bool part_is_right(const struct list *outcomes, size_t i)
{
	const struct part_outcome *po = outcomes->at;

	return i < outcomes->n && po[i].state == SCORE_RIGHT;
}

static enum err match_fraction(struct step *t, const struct response *tries,
			       size_t n, struct dec *out)
{
	const struct item *it = t->s->setup.item;
	struct dec sum = DEC_ZERO;
	struct list *parts;
	enum err e = score_tries(t, tries, n, &parts);

	if (e)
		return e;
	for (size_t i = 0; i < it->stems.n; i++) {
		size_t cost = n; /* tries up to the last wrong one */
		struct dec f;

		while (cost && part_is_right(&parts[cost - 1], i))
			cost--;
		if (cost == n)
			continue;
		f = dec_sub(DEC_ONE, dec_scale(it->penalty, (int64_t)cost, 1));
		sum = dec_add(sum, dec_max(DEC_ZERO, f));
	}
	*out = it->stems.n ? dec_scale(sum, 1, (int64_t)it->stems.n) : DEC_ZERO;
	return OK;
}

static const struct response *part_of(const struct response *r, size_t i)
{
	static const struct response blank;

	return i < r->parts.n ? (const struct response *)r->parts.at + i
			      : &blank;
}

/* The try in which a part got the answer that it ends with. */
static size_t last_change(const struct item *part, const struct response *tries,
			  size_t n, size_t i)
{
	static const struct response blank;
	const struct response *was = &blank;
	size_t change = 0;

	for (size_t k = 0; k < n; k++) {
		const struct response *is = part_of(&tries[k], i);

		if (!response_is_same(part, was, is))
			change = k;
		was = is;
	}
	return change;
}

static enum err cloze_fraction(struct step *t, const struct response *tries,
			       size_t n, struct dec *out)
{
	const struct item *it = t->s->setup.item, *parts = it->parts.at;
	struct dec sum = DEC_ZERO, weights = DEC_ZERO;
	const struct part_outcome *po;
	struct outcome o;
	int state;
	enum err e;

	*out = DEC_ZERO;
	if (n == 0)
		return OK;
	e = step_score(t, &tries[n - 1], &o, &state);
	if (e)
		return e;
	po = o.part_outcomes.at;
	for (size_t i = 0; i < it->parts.n && i < o.part_outcomes.n; i++) {
		const size_t change = last_change(&parts[i], tries, n, i);
		struct dec f =
			dec_sub(po[i].fraction,
				dec_scale(it->penalty, (int64_t)change, 1));

		weights = dec_add(weights, po[i].weight);
		sum = dec_add(sum, dec_mul(dec_max(f, DEC_ZERO), po[i].weight));
	}
	if (dec_cmp(weights, DEC_ZERO) > 0)
		*out = dec_div(sum, weights);
	return OK;
}

enum err countback_fraction(struct step *t, const struct response *tries,
			    size_t n, struct dec *out)
{
	return t->s->setup.item->type == ITEM_MATCH
		       ? match_fraction(t, tries, n, out)
		       : cloze_fraction(t, tries, n, out);
}

static enum err clear_match(struct step *t, const struct response *r,
			    struct response *out)
{
	const struct response_pair *p = r->pairs.at;
	struct response_pair *kept =
		ARENA_ARRAY(t->cx->arena, struct response_pair, r->pairs.n);
	struct list pairs = { kept, 0 };
	struct outcome o;
	int state;
	enum err e = step_score(t, r, &o, &state);

	if (e)
		return e;
	for (size_t i = 0; i < r->pairs.n; i++)
		if (part_is_right(&o.part_outcomes, (size_t)p[i].stem - 1))
			kept[pairs.n++] = p[i];
	*out = (struct response){ .pairs = pairs };
	return OK;
}

static enum err clear_cloze(struct step *t, const struct response *r,
			    struct response *out)
{
	const size_t n = t->s->setup.item->parts.n;
	struct response *kept;
	struct outcome o;
	int state;
	enum err e = step_score(t, r, &o, &state);

	if (e)
		return e;
	kept = ARENA_ARRAY(t->cx->arena, struct response, n);
	for (size_t i = 0; i < n; i++)
		if (part_is_right(&o.part_outcomes, i))
			kept[i] = *part_of(r, i);
	*out = (struct response){ .parts = { kept, n } };
	return OK;
}

/* Keeps the choices that would give something if they were alone. */
static enum err clear_multi(struct step *t, const struct response *r,
			    struct response *out)
{
	const struct slot_setup *setup = &t->s->setup;
	const struct choice *c = setup->item->choices.at;
	const uint32_t *order = setup->variant->order.at; /* or NULL */
	const int64_t *chosen = r->choices.at;
	int64_t *kept = ARENA_ARRAY(t->cx->arena, int64_t, r->choices.n);
	struct list choices = { kept, 0 };

	for (size_t i = 0; i < r->choices.n; i++) {
		const size_t at = (size_t)chosen[i] - 1;

		if (dec_cmp(c[order ? order[at] : at].fraction, DEC_ZERO) > 0)
			kept[choices.n++] = chosen[i];
	}
	*out = (struct response){ .choices = choices };
	return OK;
}

enum err countback_clear(struct step *t, const struct response *r,
			 struct response *out)
{
	struct outcome o;
	int state;
	enum err e;

	switch ((enum item_type)t->s->setup.item->type) {
	case ITEM_MATCH:
		return clear_match(t, r, out);
	case ITEM_CLOZE:
		return clear_cloze(t, r, out);
	case ITEM_MULTI:
		return clear_multi(t, r, out);
	case ITEM_CHOICE:
	case ITEM_TRUE_FALSE:
	case ITEM_SHORT:
	case ITEM_NUMERIC:
	case ITEM_ESSAY:
	case ITEM_DESCRIPTION:
	case ITEM_OPAQUE:
	case ITEM_CODE:
	case ITEM_TYPE_COUNT:
		break;
	}
	/* An answer in one piece is wrong as a whole, or stays. */
	e = step_score(t, r, &o, &state);
	if (!e)
		*out = state == SLOT_GRADED_WRONG ? (struct response){ 0 } : *r;
	return e;
}
