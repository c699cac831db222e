/* From the slots of an attempt to its score. */
#include "engine/attempt/live.h"

/* Where a version asks for an item; its first section if nowhere. */
static int64_t section_in(struct ctx *cx, const struct published *p,
			  const struct item *it)
{
	size_t item = assessment_item(&p->def, it->id), section;

	(void)assessment_entry_of(cx, &p->def, item, &section);
	return (int64_t)section;
}

static struct policy_section *sections_of(struct ctx *cx,
					  const struct published *p)
{
	const struct section *s = p->def.sections.at;
	struct policy_section *out = ARENA_ARRAY(
		cx->arena, struct policy_section, p->def.sections.n);

	for (size_t i = 0; i < p->def.sections.n; i++)
		out[i] = (struct policy_section){ s[i].best, s[i].max_marks };
	return out;
}

/* One attempt by itself, whatever else there is: the gradebook chooses. */
static void grade_alone(struct ctx *cx, const struct live *l,
			const struct policy_sum *sum, struct score *out)
{
	struct policy_graded one = { .number = 1,
				     .state = ATTEMPT_SUBMITTED,
				     .has_sum = true,
				     .sum = sum->sum,
				     .max = sum->max,
				     .finished = l->row.finished_at };
	struct policy p = l->policy;
	struct policy_result r;

	p.counts = COUNT_HIGHEST;
	policy_grade(cx, &p, &one, 1, &r);
	*out = (struct score){ .has = sum->has,
			       .sum = sum->sum,
			       .sum_max = sum->max,
			       .score = r.grade,
			       .max = r.max,
			       .scaled = r.scaled,
			       .passed = sum->has && r.passed,
			       .late = one.late,
			       .credit = one.credit };
}

/* As it was when the answers were still there. */
static struct score last_score(const struct live *l)
{
	const struct attempt_row *r = &l->row;

	return (struct score){ .has = r->has_score,
			       .sum = r->sum,
			       .sum_max = r->sum_max,
			       .score = r->score,
			       .max = r->max_score,
			       .scaled = r->scaled,
			       .passed = r->passed,
			       .late = l->score_late,
			       .credit = l->credit };
}

void live_score(struct ctx *cx, const struct live *l, struct score *out)
{
	struct policy_mark *marks =
		ARENA_ARRAY(cx->arena, struct policy_mark, l->slots_n);
	struct policy_sum sum;

	if (l->erased) {
		*out = last_score(l);
		return;
	}
	for (size_t i = 0; i < l->slots_n; i++) {
		const struct live_slot *s = &l->slots[i];

		marks[i].has = slot_sum_mark(&s->run, &marks[i].mark);
		marks[i].max = s->run.setup.max;
		marks[i].section = l->pub == l->made_of
					   ? s->layout.section
					   : section_in(cx, l->pub, s->made_of);
	}
	policy_attempt_sum(cx, &l->policy, sections_of(cx, l->pub),
			   l->pub->def.sections.n, marks, l->slots_n, &sum);
	grade_alone(cx, l, &sum, out);
}
