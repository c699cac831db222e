#include "graders/course_grade.h"

/* Is a better than b for its group? Earlier wins among equals. */
static bool better(const struct course_part *parts, size_t a, size_t b)
{
	struct dec x = parts[a].has ? parts[a].scaled : DEC_ZERO;
	struct dec y = parts[b].has ? parts[b].scaled : DEC_ZERO;
	int c = dec_cmp(x, y);

	return c > 0 || (c == 0 && a < b);
}

/* Those of the group that count, of those that take part. */
static bool among_best(const struct course_part *parts, size_t n, size_t at,
		       bool graded_only)
{
	int64_t ahead = 0;

	if (!parts[at].group.n || parts[at].group_best <= 0)
		return true;
	for (size_t i = 0; i < n; i++)
		if (i != at && str_eq(parts[i].group, parts[at].group) &&
		    (parts[i].has || !graded_only) && better(parts, i, at))
			ahead++;
	return ahead < parts[at].group_best;
}

void course_grade(struct ctx *cx, struct course_part *parts, size_t n,
		  struct course_total *out)
{
	struct dec weight = DEC_ZERO, sum = DEC_ZERO;
	struct dec weight_all = DEC_ZERO, sum_all = DEC_ZERO;

	(void)cx;
	*out = (struct course_total){ .parts = (int64_t)n };
	for (size_t i = 0; i < n; i++) {
		struct course_part *p = &parts[i];
		struct dec share =
			p->has ? dec_mul(p->weight, p->scaled) : DEC_ZERO;

		out->graded += p->has;
		p->in_current = p->has && among_best(parts, n, i, true);
		p->in_final = among_best(parts, n, i, false);
		if (p->in_current) {
			weight = dec_add(weight, p->weight);
			sum = dec_add(sum, share);
		}
		if (p->in_final) {
			weight_all = dec_add(weight_all, p->weight);
			sum_all = dec_add(sum_all, share);
		}
	}
	out->has_current = weight.nano > 0;
	out->has_final = weight_all.nano > 0;
	if (out->has_current)
		out->current = dec_div(sum, weight);
	if (out->has_final)
		out->final = dec_div(sum_all, weight_all);
}
