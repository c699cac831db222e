#include "graders/score_impl.h"

/* What the rules look at. */
struct tally {
	int64_t choices, right, picked, right_picked;
	struct dec sum; /* of the fractions of what was picked */
};

static struct tally tally_of(const struct item *it, const bool *chosen)
{
	const struct choice *at = it->choices.at;
	struct tally t = { .choices = (int64_t)it->choices.n };

	for (size_t i = 0; i < it->choices.n; i++) {
		bool right = dec_cmp(at[i].fraction, DEC_ZERO) > 0;

		t.right += right;
		if (!chosen[i])
			continue;
		t.picked++;
		t.right_picked += right;
		t.sum = dec_add(t.sum, at[i].fraction);
	}
	return t;
}

/* One error costs half and needs three choices, two leave a quarter of five. */
static struct dec halves(int64_t errors, int64_t choices)
{
	if (errors == 0)
		return DEC_ONE;
	if (errors == 1 && choices >= 3)
		return dec_ratio(1, 2);
	if (errors == 2 && choices >= 5)
		return dec_ratio(1, 4);
	return DEC_ZERO;
}

static struct dec share(int64_t num, int64_t den)
{
	return den > 0 && num > 0 ? dec_ratio(num, den) : DEC_ZERO;
}

static struct dec by_rule(int rule, const struct tally *t)
{
	int64_t wrong_picked = t->picked - t->right_picked;
	int64_t errors = wrong_picked + t->right - t->right_picked;

	switch ((enum multi_rule)rule) {
	case MULTI_WEIGHTS:
		return dec_clamp(t->sum, DEC_ZERO, DEC_ONE);
	case MULTI_ALL_OR_NOTHING:
		return errors == 0 ? DEC_ONE : DEC_ZERO;
	case MULTI_RIGHT_MINUS_WRONG:
		return share(t->right_picked - wrong_picked, t->right);
	case MULTI_EACH_DECISION:
		return share(t->choices - errors, t->choices);
	case MULTI_HALVES:
		return halves(errors, t->choices);
	case MULTI_COVERAGE:
		return share(t->right_picked * t->right_picked,
			     t->right * t->picked);
	}
	return DEC_ZERO;
}

void score_choice(const struct item *it, const struct variant *v,
		  const struct response *r, struct outcome *out)
{
	size_t i = score_author_index(v->order, r->choice);
	const struct choice *at = it->choices.at;

	CHECK(i < it->choices.n); /* response_read has seen to it */
	score_settle(out, at[i].fraction);
	out->feedback = at[i].feedback;
	out->feedback_format = at[i].feedback_format;
}

/* Those of the picked choices, in the order of the author. */
static void feedback_of(struct ctx *cx, const struct item *it,
			const bool *chosen, struct outcome *out)
{
	const struct choice *at = it->choices.at;
	struct buf b = { 0 };

	for (size_t i = 0; i < it->choices.n; i++) {
		if (!chosen[i] || at[i].feedback.n == 0)
			continue;
		if (b.n > 0)
			buf_ch(&b, '\n');
		else
			out->feedback_format = at[i].feedback_format;
		buf_str(&b, at[i].feedback);
	}
	if (b.n > 0)
		out->feedback = buf_copy(&b, cx->arena);
	buf_done(&b);
}

void score_multi(struct ctx *cx, const struct item *it, const struct variant *v,
		 const struct response *r, struct outcome *out)
{
	bool *chosen = ARENA_ARRAY(cx->arena, bool, it->choices.n);
	const int64_t *at = r->choices.at;
	struct tally t;

	for (size_t k = 0; k < r->choices.n; k++) {
		size_t i = score_author_index(v->order, at[k]);

		CHECK(i < it->choices.n);
		chosen[i] = true;
	}
	t = tally_of(it, chosen);
	score_settle(out, by_rule(it->multi_rule, &t));
	out->parts_right = t.right_picked;
	out->parts = t.right;
	feedback_of(cx, it, chosen, out);
}

/* The mean over all sets that are not empty; 0 for more than GUESSED choices.
 */
enum { GUESSED = 12 };

double score_multi_guess(const struct item *it)
{
	bool chosen[GUESSED];
	uint32_t sets;
	double sum = 0;
	struct tally t;

	if (it->choices.n == 0 || it->choices.n > GUESSED)
		return 0;
	sets = 1u << it->choices.n;
	for (uint32_t set = 1; set < sets; set++) {
		for (size_t i = 0; i < it->choices.n; i++)
			chosen[i] = set >> i & 1;
		t = tally_of(it, chosen);
		sum += dec_double(by_rule(it->multi_rule, &t));
	}
	return sum / (sets - 1);
}
