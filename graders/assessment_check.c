/*
 * What is wrong with an assessment file, listed whole: errors that would break
 * an attempt, and warnings for what an author hardly meant.
 */
#include "graders/assessment_file.h"

#include <math.h>

#include "base/limits.h"
#include "graders/assessment_index.h"
#include "graders/behaviour.h"
#include "graders/num.h"

struct check {
	struct ctx *cx;
	const struct assessment_def *def;
	struct problems *out;
	struct assessment_index *index;
	int64_t *uses;	   /* of each item, by how many entries */
	size_t *listed_by; /* of each item: the last list that named it, + 1 */
};

static const struct item *item_at(const struct check *k, size_t i)
{
	return (const struct item *)k->def->items.at + i;
}

#define SAY(k, level, code, text, ...)                                         \
	problem_add((k)->cx, (k)->out, (level),                                \
		    str_fmt((k)->cx->arena, __VA_ARGS__), (code), "%s",        \
		    (text))

/* ---- items ---- */

static void check_ids(const struct check *k)
{
	for (size_t i = 0; i < k->def->items.n; i++) {
		struct str id = item_at(k, i)->id;

		if (!id.n)
			SAY(k, PROBLEM_ERROR, "id_missing",
			    "an item needs an id", "/items/%zu/id", i);
		else if (assessment_index_item(k->index, id) != i)
			SAY(k, PROBLEM_ERROR, "duplicate_id",
			    "an earlier item has the same id", "/items/%zu/id",
			    i);
	}
}

static bool is_full(struct dec d)
{
	return dec_cmp(d, dec_ratio(999999, 1000000)) >= 0;
}

static bool choices_reach(const struct item *it)
{
	const struct choice *c = it->choices.at;
	struct dec sum = DEC_ZERO, best = DEC_ZERO;

	for (size_t i = 0; i < it->choices.n; i++) {
		best = dec_max(best, c[i].fraction);
		if (dec_cmp(c[i].fraction, DEC_ZERO) > 0)
			sum = dec_add(sum, c[i].fraction);
	}
	if (it->type != ITEM_MULTI)
		return is_full(best);
	if (it->multi_rule == MULTI_WEIGHTS)
		return is_full(sum);
	return true; /* the other rules reach 1 with the exact set */
}

static bool answers_reach(const struct item *it)
{
	const struct answer *a = it->answers.at;

	for (size_t i = 0; i < it->answers.n; i++)
		if (is_full(a[i].fraction))
			return true;
	return false;
}

/* Is there a response that gets full marks? */
static bool reaches_full(const struct item *it)
{
	const struct item *parts = it->parts.at;

	switch ((enum item_type)it->type) {
	case ITEM_CHOICE:
	case ITEM_MULTI:
	case ITEM_TRUE_FALSE:
		return choices_reach(it);
	case ITEM_SHORT:
	case ITEM_NUMERIC:
		return answers_reach(it);
	case ITEM_CLOZE:
		for (size_t i = 0; i < it->parts.n; i++)
			if (!reaches_full(&parts[i]))
				return false;
		return true;
	case ITEM_MATCH:
	case ITEM_ESSAY:
	case ITEM_DESCRIPTION:
	case ITEM_OPAQUE:
	case ITEM_CODE:
	case ITEM_TYPE_COUNT:
		break;
	}
	return true;
}

struct interval {
	double low, high;
};

/*
 * What an answer takes. Doubles do: it only decides on a warning, and ends
 * that meet are no overlap.
 */
static bool interval(const struct check *k, const struct answer *a,
		     struct interval *out)
{
	struct num_range r;
	double v, t, size;

	if (!num_range_read(k->cx->arena, a, &r))
		return false;
	v = num_double(&r.answer);
	t = num_double(&r.tolerance);
	t = t < 0 ? -t : t;
	size = v < 0 ? -v : v;
	*out = (struct interval){ v - t, v + t };
	switch ((enum tolerance_kind)r.kind) {
	case TOL_ABSOLUTE:
		break;
	case TOL_RELATIVE:
		*out = (struct interval){ v - t * size, v + t * size };
		break;
	case TOL_LARGER: /* away from 0 the number itself is the larger */
		size *= t < 1 ? t / (1 - t) : t;
		*out = (struct interval){ v < 0 ? v - size : v - t * v,
					  v < 0 ? v - t * v : v + size };
		break;
	case TOL_SUM:
		t += num_double(&r.relative) * size;
		*out = (struct interval){ v - t, v + t };
		break;
	case TOL_GEOMETRIC:
		*out = (struct interval){ v < 0 ? v * (1 + t) : v / (1 + t),
					  v < 0 ? v / (1 + t) : v * (1 + t) };
		break;
	case TOL_RANGE:
		t = num_double(&r.high);
		*out = (struct interval){ v < t ? v : t, v < t ? t : v };
		break;
	}
	return true;
}

/*
 * The first answer that matches decides. A wider one behind a narrow one is
 * how partial credit is written; one inside an earlier one is never reached,
 * and two that merely cut each other are likely a slip.
 */
static void lint_answer(const struct check *k, size_t i, size_t j,
			const struct interval *all)
{
	const struct interval late = all[j];

	for (size_t n = 0; n < j; n++) {
		struct interval early = all[n];

		if (early.low <= late.low && late.high <= early.high) {
			SAY(k, PROBLEM_WARNING, "answer_unreachable",
			    "an earlier answer takes all of its numbers",
			    "/items/%zu/answers/%zu", i, j);
			return;
		}
		if ((late.low < early.low && early.low < late.high &&
		     late.high < early.high) ||
		    (early.low < late.low && late.low < early.high &&
		     early.high < late.high)) {
			SAY(k, PROBLEM_WARNING, "tolerance_overlap",
			    "an earlier answer takes some of its numbers",
			    "/items/%zu/answers/%zu", i, j);
			return;
		}
	}
}

/* Each is read once: to read one takes thousands of times a comparison. */
static void lint_answers(const struct check *k, size_t i)
{
	const struct list *answers = &item_at(k, i)->answers;
	const struct answer *a = answers->at;
	struct interval *all =
		ARENA_ARRAY(k->cx->arena, struct interval, answers->n);

	for (size_t j = 0; j < answers->n; j++) {
		/* What has none compares as false with everything. */
		if (!interval(k, &a[j], &all[j]))
			all[j] = (struct interval){ NAN, NAN };
		lint_answer(k, i, j, all);
	}
}

static void lint_item(const struct check *k, size_t i)
{
	const struct item *it = item_at(k, i);

	if (!reaches_full(it))
		SAY(k, PROBLEM_WARNING, "key_unreachable",
		    "no response gets full marks", "/items/%zu", i);
	if (it->type == ITEM_NUMERIC)
		lint_answers(k, i);
	if (it->type == ITEM_OPAQUE)
		SAY(k, PROBLEM_WARNING, "opaque",
		    "this item was kept from an import and cannot be scored",
		    "/items/%zu", i);
	if (assessment_item_gradable(it) && dec_eq(it->mark, DEC_ZERO))
		SAY(k, PROBLEM_WARNING, "mark_zero",
		    "the mark is 0, as it is where none is given: the item"
		    " changes no grade",
		    "/items/%zu/mark", i);
}

static void check_items(const struct check *k)
{
	if (!k->def->items.n && !k->def->peer.p)
		SAY(k, PROBLEM_ERROR, "no_items", "there are no items",
		    "/items");
	if (k->def->items.n && k->def->peer.p)
		SAY(k, PROBLEM_ERROR, "peer_items",
		    "what peers review has no items: leave out items or peer",
		    "/items");
	if (k->def->sections.n && !k->def->items.n && k->def->peer.p)
		SAY(k, PROBLEM_ERROR, "peer_sections",
		    "what peers review has no sections: leave them out",
		    "/sections");
	check_ids(k);
	for (size_t i = 0; i < k->def->items.n; i++) {
		struct str at = str_fmt(k->cx->arena, "/items/%zu", i);
		enum err e = item_check(k->cx, item_at(k, i),
					str_z(k->cx->arena, at));

		if (e) {
			problem_add(k->cx, k->out, PROBLEM_ERROR,
				    str_of(k->cx->error.field), "item", "%s",
				    k->cx->error.text);
			err_clear(k->cx);
		} else {
			lint_item(k, i);
		}
	}
}

/* ---- sections and draws ---- */

/* list: a number of its own for each list of the file. */
static void check_refs(const struct check *k, const struct entry *e, size_t s,
		       size_t j, size_t list)
{
	const struct str *from = e->from.at;

	if (e->item.n && assessment_index_item(k->index, e->item) == SIZE_MAX)
		SAY(k, PROBLEM_ERROR, "unknown_item", "there is no such item",
		    "/sections/%zu/entries/%zu/item", s, j);
	for (size_t i = 0; i < e->from.n; i++) {
		size_t at = assessment_index_item(k->index, from[i]);

		if (at == SIZE_MAX)
			SAY(k, PROBLEM_ERROR, "unknown_item",
			    "there is no such item",
			    "/sections/%zu/entries/%zu/from/%zu", s, j, i);
		else if (k->listed_by[at] == list + 1)
			SAY(k, PROBLEM_ERROR, "duplicate_item",
			    "this item is in the list twice",
			    "/sections/%zu/entries/%zu/from/%zu", s, j, i);
		else
			k->listed_by[at] = list + 1;
	}
}

static bool marks_differ(const struct check *k, const struct list *can)
{
	const size_t *at = can->at;

	for (size_t i = 1; i < can->n; i++)
		if (!dec_eq(item_at(k, at[i])->mark, item_at(k, at[0])->mark))
			return true;
	return false;
}

static void check_draw(const struct check *k, const struct entry *e,
		       const struct list *can, size_t s, size_t j)
{
	size_t ways = (e->from.n != 0) + (e->tags.n || e->category.n);

	if (ways != 1)
		SAY(k, PROBLEM_ERROR, "draw_unclear",
		    "a draw is either from a list of items or by tags and"
		    " category",
		    "/sections/%zu/entries/%zu/from", s, j);
	else if ((size_t)e->pick > can->n)
		SAY(k, PROBLEM_ERROR, "draw_too_large",
		    "it picks more items than there are to draw from",
		    "/sections/%zu/entries/%zu/pick", s, j);
	else if (!e->has_mark && (size_t)e->pick < can->n &&
		 marks_differ(k, can))
		SAY(k, PROBLEM_WARNING, "draw_marks_differ",
		    "learners can get different totals: the items to draw from"
		    " have different marks; give the draw a mark",
		    "/sections/%zu/entries/%zu/mark", s, j);
}

static void check_entry(const struct check *k, const struct entry *e, size_t s,
			size_t j, size_t list)
{
	struct list can = assessment_index_entry(k->index, e);
	const size_t *at = can.at;

	check_refs(k, e, s, j, list);
	if (e->item.n && (e->pick || e->from.n || e->tags.n || e->category.n))
		SAY(k, PROBLEM_ERROR, "entry_unclear",
		    "an entry is one item or a draw, not both",
		    "/sections/%zu/entries/%zu/item", s, j);
	else if (!e->item.n && !e->pick)
		SAY(k, PROBLEM_ERROR, "entry_empty",
		    "an entry names an item, or picks some",
		    "/sections/%zu/entries/%zu", s, j);
	else if (!e->item.n)
		check_draw(k, e, &can, s, j);
	for (size_t i = 0; i < can.n; i++) {
		if (e->item.n && k->uses[at[i]])
			SAY(k, PROBLEM_WARNING, "item_twice",
			    "an attempt may ask this item twice",
			    "/sections/%zu/entries/%zu/item", s, j);
		k->uses[at[i]]++;
	}
}

static void check_sections(const struct check *k)
{
	const struct section *s = k->def->sections.at;
	size_t slots = 0, list = 0;

	for (size_t i = 0; i < k->def->sections.n; i++) {
		const struct entry *e = s[i].entries.at;

		if (!s[i].entries.n)
			SAY(k, PROBLEM_ERROR, "section_empty",
			    "a section asks nothing", "/sections/%zu/entries",
			    i);
		if (s[i].shuffle && s[i].fixed)
			SAY(k, PROBLEM_ERROR, "shuffle_and_fixed",
			    "a section is shuffled or fixed, not both",
			    "/sections/%zu/fixed", i);
		for (size_t j = 0; j < s[i].entries.n; j++) {
			check_entry(k, &e[j], i, j, list++);
			slots += e[j].item.n ? 1 : (size_t)e[j].pick;
		}
	}
	if (slots > LIMIT_SLOTS)
		SAY(k, PROBLEM_ERROR, "too_many_slots",
		    "an attempt would ask more than 500 items", "/sections");
}

static void check_use(const struct check *k)
{
	bool gradable = false;

	for (size_t i = 0; i < k->def->items.n; i++) {
		if (!k->uses[i])
			SAY(k, PROBLEM_WARNING, "item_unused",
			    "no section asks this item", "/items/%zu", i);
		else if (assessment_item_gradable(item_at(k, i)))
			gradable = true;
	}
	if (k->def->items.n && !gradable)
		SAY(k, PROBLEM_ERROR, "nothing_gradable",
		    "nothing that is asked can be marked", "/items");
	else if (k->def->policy.kind == POLICY_GRADED && k->def->items.n &&
		 dec_eq(assessment_max(k->cx, k->def), DEC_ZERO))
		SAY(k, PROBLEM_ERROR, "no_marks",
		    "a graded assessment whose marks sum to 0", "/items");
}

/* ---- the rules, seen with the items ---- */

static bool any_hints(const struct check *k)
{
	for (size_t i = 0; i < k->def->items.n; i++)
		if (item_at(k, i)->hints.n)
			return true;
	return false;
}

/* Tries that nobody is told the outcome of. */
static void check_tries(const struct check *k, enum behaviour b)
{
	bool tries = b == BEHAVIOUR_ADAPTIVE || b == BEHAVIOUR_ADAPTIVE_FREE ||
		     b == BEHAVIOUR_INTERACTIVE || b == BEHAVIOUR_COUNTBACK;

	if (tries &&
	    !(k->def->policy.review.during & REVIEW_BIT(REVIEW_CORRECTNESS)))
		SAY(k, PROBLEM_WARNING, "tries_blind",
		    "a learner who tries again is not told whether the try"
		    " was right: correctness is not shown during the attempt",
		    "/policy/review/during");
}

static void check_rules(const struct check *k)
{
	const struct policy *p = &k->def->policy;
	const struct prerequisite *q = p->prerequisites.at;
	enum behaviour b;

	policy_check(k->cx, p, "/policy", k->out);
	if (!behaviour_parse(p->behaviour, &b))
		SAY(k, PROBLEM_ERROR, "behaviour_unknown",
		    "there is no such behaviour", "/policy/behaviour");
	else if ((b == BEHAVIOUR_INTERACTIVE || b == BEHAVIOUR_COUNTBACK) &&
		 !any_hints(k))
		SAY(k, PROBLEM_WARNING, "no_hints",
		    "an interactive item has one try more than hints, and"
		    " there are no hints",
		    "/policy/behaviour");
	if (behaviour_parse(p->behaviour, &b))
		check_tries(k, b);
	for (size_t i = 0; i < p->prerequisites.n; i++)
		if (str_eq(q[i].assessment, k->def->slug))
			SAY(k, PROBLEM_ERROR, "needs_itself",
			    "an assessment cannot be its own prerequisite",
			    "/policy/prerequisites/%zu/assessment", i);
}

static bool is_slug(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') ||
		      (s.p[i] >= '0' && s.p[i] <= '9') ||
		      (i && (s.p[i] == '-' || s.p[i] == '_' || s.p[i] == '.'))))
			return false;
	return s.n > 0;
}

void assessment_check(struct ctx *cx, const struct assessment_def *def,
		      struct problems *out)
{
	struct check k = { .cx = cx, .def = def, .out = out };

	k.index = assessment_index(cx, def);
	k.uses = ARENA_ARRAY(cx->arena, int64_t, def->items.n);
	k.listed_by = ARENA_ARRAY(cx->arena, size_t, def->items.n);
	if (!is_slug(def->slug))
		SAY(&k, PROBLEM_ERROR, "slug",
		    "a slug has small letters, digits, and - _ . between them",
		    "/slug");
	check_rules(&k);
	check_items(&k);
	check_sections(&k);
	check_use(&k);
}
