#include "graders/policy_grade.h"

#include <stdlib.h>

/* Below this a sum of marks is none at all (Moodle, mod/quiz/locallib.php). */
static const struct dec NO_MARKS = { 5000 }; /* 0.000005 */

static struct dec at_least_zero(struct dec d)
{
	return dec_max(d, DEC_ZERO);
}

/* ---- item marks -> sum of the attempt ---- */

static int by_mark_down(const void *a, const void *b)
{
	return dec_cmp(((const struct policy_mark *)b)->mark,
		       ((const struct policy_mark *)a)->mark);
}

static int by_max_down(const void *a, const void *b)
{
	return dec_cmp(((const struct policy_mark *)b)->max,
		       ((const struct policy_mark *)a)->max);
}

/* The n greatest; a mark that is not known yet is less than any other. */
static void keep_best(struct policy_mark *marks, size_t n, int64_t best,
		      struct policy_sum *sum)
{
	size_t keep = best > 0 && (size_t)best < n ? (size_t)best : n;
	size_t known = 0;

	qsort(marks, n, sizeof(marks[0]), by_max_down);
	for (size_t i = 0; i < keep; i++)
		sum->max = dec_add(sum->max, marks[i].max);
	for (size_t i = 0; i < n; i++)
		if (marks[i].has)
			marks[known++] = marks[i];
	sum->has = known == n;
	qsort(marks, known, sizeof(marks[0]), by_mark_down);
	for (size_t i = 0; i < known && i < keep; i++)
		sum->sum = dec_add(sum->sum, marks[i].mark);
}

/* mine: room for n marks. */
static void section_sum(const struct policy *p, const struct policy_section *s,
			const struct policy_mark *marks, size_t n,
			int64_t section, struct policy_mark *mine,
			struct policy_sum *out)
{
	size_t count = 0;

	*out = (struct policy_sum){ .has = true };
	for (size_t i = 0; i < n; i++) {
		if (marks[i].section != section)
			continue;
		mine[count] = marks[i];
		if (p->floor == FLOOR_ITEM)
			mine[count].mark = at_least_zero(mine[count].mark);
		count++;
	}
	keep_best(mine, count, s->best, out);
	if (dec_cmp(s->max_marks, DEC_ZERO) > 0) {
		out->sum = dec_min(out->sum, s->max_marks);
		out->max = dec_min(out->max, s->max_marks);
	}
	if (p->floor == FLOOR_SECTION)
		out->sum = at_least_zero(out->sum);
}

void policy_attempt_sum(struct ctx *cx, const struct policy *p,
			const struct policy_section *sections,
			size_t sections_n, const struct policy_mark *marks,
			size_t n, struct policy_sum *out)
{
	static const struct policy_section plain = { 0 };
	struct policy_mark *room =
		ARENA_ARRAY(cx->arena, struct policy_mark, n);
	struct policy_sum one;

	if (sections_n == 0) {
		sections = &plain;
		sections_n = 1;
	}
	for (size_t i = 0; i < n; i++)
		CHECK(marks[i].section >= 0 &&
		      (size_t)marks[i].section < sections_n);
	*out = (struct policy_sum){ .has = true };
	for (size_t s = 0; s < sections_n; s++) {
		section_sum(p, &sections[s], marks, n, (int64_t)s, room, &one);
		out->has = out->has && one.has;
		out->sum = dec_add(out->sum, one.sum);
		out->max = dec_add(out->max, one.max);
	}
	if (p->floor == FLOOR_ATTEMPT)
		out->sum = at_least_zero(out->sum);
}

/* ---- late credit and scale ---- */

void policy_late(const struct policy *p, int64_t finished,
		 struct policy_credit *out)
{
	const struct late_window *w = p->late.at;

	out->late = p->due_at && finished > p->due_at;
	out->percent = p->late.n ? p->late_after : dec_int(100);
	for (size_t i = 0; i < p->late.n; i++)
		if (finished <= w[i].until) {
			out->percent = w[i].credit;
			return;
		}
}

struct dec policy_rescale(const struct policy *p, struct dec sum,
			  struct dec max)
{
	if (dec_cmp(max, NO_MARKS) < 0)
		return DEC_ZERO;
	if (dec_eq(p->max_grade, DEC_ZERO))
		return sum;
	return dec_scale(sum, p->max_grade.nano, max.nano);
}

/* Credit rewards and punishes work; a negative grade it leaves as it is. */
static struct dec with_credit(struct dec grade, struct dec percent)
{
	if (dec_cmp(grade, DEC_ZERO) <= 0)
		return grade;
	return dec_scale(grade, percent.nano, dec_int(100).nano);
}

/* ---- choose ---- */

static bool highest(const struct dec *grades, const bool *has, size_t n,
		    struct dec *grade, size_t *at)
{
	bool any = false;

	for (size_t i = 0; i < n; i++)
		if (has[i] && (!any || dec_cmp(grades[i], *grade) > 0)) {
			*grade = grades[i];
			*at = i;
			any = true;
		}
	return any;
}

static bool average(const struct dec *grades, const bool *has, size_t n,
		    struct dec *grade, size_t *at)
{
	struct dec sum = DEC_ZERO;
	int64_t count = 0;

	for (size_t i = 0; i < n; i++)
		if (has[i]) {
			sum = dec_add(sum, grades[i]);
			count++;
		}
	if (!count)
		return false;
	*grade = dec_scale(sum, 1, count);
	*at = n;
	return true;
}

bool policy_counting(int counts, const struct dec *grades, const bool *has,
		     size_t n, struct dec *grade, size_t *at)
{
	size_t one = 0;

	if (n == 0)
		return false;
	switch ((enum policy_counts)counts) {
	case COUNT_HIGHEST:
		return highest(grades, has, n, grade, at);
	case COUNT_AVERAGE:
		return average(grades, has, n, grade, at);
	case COUNT_LAST:
		one = n - 1;
		break;
	case COUNT_FIRST:
		break;
	}
	if (!has[one])
		return false;
	*grade = grades[one];
	*at = one;
	return true;
}

/* ---- the whole order ---- */

static bool takes_part(const struct policy *p, const struct policy_graded *a)
{
	if (a->practice || a->preview)
		return false;
	if (a->state == ATTEMPT_ABANDONED)
		return p->abandoned == ABANDONED_ZERO;
	return attempt_is_completed(a->state);
}

static void grade_one(const struct policy *p, struct policy_graded *a)
{
	struct policy_credit credit;
	bool zero = a->state == ATTEMPT_ABANDONED;

	policy_late(p, a->finished, &credit);
	a->counts = takes_part(p, a);
	a->late = credit.late;
	a->credit = credit.percent;
	a->has_grade = a->counts && (zero || a->has_sum);
	a->grade = DEC_ZERO;
	if (a->has_grade && !zero)
		a->grade = with_credit(policy_rescale(p, a->sum, a->max),
				       credit.percent);
}

/* What the grade is out of: the same for all attempts, or the greatest. */
static struct dec out_of(const struct policy *p, const struct policy_graded *a,
			 size_t n)
{
	struct dec max = p->max_grade;

	if (dec_cmp(max, DEC_ZERO) > 0)
		return max;
	for (size_t i = 0; i < n; i++)
		if (a[i].counts)
			max = dec_max(max, a[i].max);
	return max;
}

static void finish(const struct policy *p, struct policy_result *r)
{
	if (!r->has)
		return;
	if (p->floor == FLOOR_GRADE)
		r->grade = at_least_zero(r->grade);
	if (dec_cmp(r->max, NO_MARKS) >= 0)
		r->scaled = dec_div(r->grade, r->max);
	/* The exact grade decides, not its rounded share: 0.666666667 of 3 is
	 * 2, and a pass mark of 2/3 must be reached by it. */
	r->passed = dec_cmp(p->pass_mark, DEC_ZERO) > 0 &&
		    (dec_cmp(r->scaled, p->pass_mark) >= 0 ||
		     dec_cmp(r->grade, dec_mul(p->pass_mark, r->max)) >= 0);
}

void policy_grade(struct ctx *cx, const struct policy *p,
		  struct policy_graded *attempts, size_t n,
		  struct policy_result *out)
{
	struct dec *grades = ARENA_ARRAY(cx->arena, struct dec, n);
	bool *has = ARENA_ARRAY(cx->arena, bool, n);
	size_t *which = ARENA_ARRAY(cx->arena, size_t, n);
	size_t count = 0, at = 0;

	*out = (struct policy_result){ 0 };
	for (size_t i = 0; i < n; i++) {
		grade_one(p, &attempts[i]);
		if (!attempts[i].counts)
			continue;
		grades[count] = attempts[i].grade;
		has[count] = attempts[i].has_grade;
		which[count++] = i;
		out->pending |= !attempts[i].has_grade;
	}
	out->max = out_of(p, attempts, n);
	out->has = policy_counting(p->counts, grades, has, count, &out->grade,
				   &at);
	if (out->has && at < count) {
		out->chosen = attempts[which[at]].number;
		out->late = attempts[which[at]].late;
	}
	finish(p, out);
}

/* ---- what is shown ---- */

struct str policy_feedback(const struct policy *p, struct dec scaled,
			   int *format)
{
	const struct feedback_band *b = p->feedback.at;
	const struct feedback_band *best = NULL;

	/* The lowest band also takes grades below 0. */
	for (size_t i = 0; i < p->feedback.n; i++)
		if (dec_cmp(b[i].from, at_least_zero(scaled)) <= 0 &&
		    (!best || dec_cmp(b[i].from, best->from) > 0))
			best = &b[i];
	if (!best)
		return (struct str){ 0 };
	*format = best->format;
	return best->text;
}

uint32_t policy_review(const struct policy *p, int state, int64_t finished,
		       int64_t now)
{
	uint32_t shown;

	if (attempt_is_open(state) || state == ATTEMPT_READY)
		return p->review.during;
	if (state == ATTEMPT_NONE || state == ATTEMPT_VOIDED)
		return 0;
	/* What was handed in is his own, whatever is still held back. */
	if (p->release == RELEASE_HELD && state != ATTEMPT_RELEASED)
		return REVIEW_BIT(REVIEW_RESPONSE);
	if (p->closes_at && now > p->closes_at)
		shown = p->review.closed;
	else if (now <= finished + POLICY_IMMEDIATE_MS)
		shown = p->review.immediately;
	else
		shown = p->review.later;
	return shown;
}
