#include "rubrics/rubric.h"

#include "base/limits.h"
#include "rubrics/feedback.h"

static const struct field level_fields[] = {
	FIELD(struct rubric_level, id, KIND_STR, "the level's name in scores",
	      .min = 1, .max = RUBRIC_ID_BYTES),
	FIELD_OPT(struct rubric_level, title, KIND_STR, "for people",
		  .max = LIMIT_NAME_BYTES),
	FIELD_OPT(struct rubric_level, text, KIND_STR, "what earns it"),
	FIELD(struct rubric_level, points, KIND_DEC, "what it is worth",
	      .min = 0, .max = RUBRIC_POINTS_MOST),
	FIELD_END,
};
static const struct shape level_shape =
	SHAPE(struct rubric_level, level_fields);

static const struct field criterion_fields[] = {
	FIELD(struct rubric_criterion, id, KIND_STR,
	      "the criterion's name in scores", .min = 1,
	      .max = RUBRIC_ID_BYTES),
	FIELD(struct rubric_criterion, title, KIND_STR, "for people", .min = 1,
	      .max = LIMIT_NAME_BYTES),
	FIELD_OPT(struct rubric_criterion, text, KIND_STR,
		  "what to look at, and what not"),
	FIELD_OPT(struct rubric_criterion, feedback_only, KIND_BOOL,
		  "asks for words alone, no points"),
	FIELD_MAYBE(struct rubric_criterion, weight, has_weight, KIND_DEC,
		    "its part of the grade, against the others'", .min = 0,
		    .max = RUBRIC_POINTS_MOST),
	FIELD_OPT(struct rubric_criterion, levels, KIND_LIST,
		  "what a reviewer picks one of", .of = KIND_OBJECT,
		  .shape = &level_shape, .max = RUBRIC_LEVELS),
	FIELD_OPT(struct rubric_criterion, points, KIND_DEC,
		  "or: the most of a range from 0", .min = 0,
		  .max = RUBRIC_POINTS_MOST),
	FIELD_OPT(struct rubric_criterion, step, KIND_DEC,
		  "of that range; 0: any value", .min = 0,
		  .max = RUBRIC_POINTS_MOST),
	FIELD_OPT(struct rubric_criterion, comment_required, KIND_BOOL,
		  "a score needs a reason"),
	FIELD_OPT(struct rubric_criterion, comment_words, KIND_INT,
		  "words of that reason, at least; 0: one", .min = 0,
		  .max = 500),
	FIELD_END,
};
static const struct shape criterion_shape =
	SHAPE(struct rubric_criterion, criterion_fields);

static const struct field rubric_fields[] = {
	FIELD(struct rubric, criteria, KIND_LIST, "what is judged",
	      .of = KIND_OBJECT, .shape = &criterion_shape, .min = 1,
	      .max = RUBRIC_CRITERIA),
	FIELD_END,
};
const struct shape rubric_shape = SHAPE(struct rubric, rubric_fields);

static const struct field score_fields[] = {
	FIELD(struct rubric_score, criterion, KIND_STR, "its id", .min = 1,
	      .max = RUBRIC_ID_BYTES),
	FIELD_OPT(struct rubric_score, level, KIND_STR,
		  "id of the level, where it has levels", .min = 1,
		  .max = RUBRIC_ID_BYTES),
	FIELD_MAYBE(struct rubric_score, points, has_points, KIND_DEC,
		    "or the points, where it has a range", .min = 0,
		    .max = RUBRIC_POINTS_MOST),
	FIELD_OPT(struct rubric_score, comment, KIND_STR, "why",
		  .max = FEEDBACK_POINT_BYTES),
	FIELD_END,
};
const struct shape rubric_score_shape =
	SHAPE(struct rubric_score, score_fields);

static const struct rubric_criterion *criterion(const struct rubric *r,
						size_t i)
{
	return (const struct rubric_criterion *)r->criteria.at + i;
}

static const struct rubric_level *level(const struct rubric_criterion *c,
					size_t i)
{
	return (const struct rubric_level *)c->levels.at + i;
}

static struct dec weight_of(const struct rubric_criterion *c)
{
	return c->has_weight ? c->weight : DEC_ONE;
}

/* What a full score of it has. */
static struct dec points_of(const struct rubric_criterion *c)
{
	struct dec most = c->points;

	for (size_t i = 0; i < c->levels.n; i++)
		most = dec_max(most, level(c, i)->points);
	return most;
}

size_t rubric_find(const struct rubric *r, struct str id)
{
	for (size_t i = 0; i < r->criteria.n; i++)
		if (str_eq(criterion(r, i)->id, id))
			return i;
	return SIZE_MAX;
}

static size_t level_find(const struct rubric_criterion *c, struct str id)
{
	for (size_t i = 0; i < c->levels.n; i++)
		if (str_eq(level(c, i)->id, id))
			return i;
	return SIZE_MAX;
}

/* ---- a rubric ---- */

#define REFUSE(cx, where, field, ...)                                          \
	err_field((cx), ERR_INVALID,                                           \
		  str_z((cx)->arena,                                           \
			str_fmt((cx)->arena, "%s%s", (where), (field))),       \
		  __VA_ARGS__)

static enum err check_levels(struct ctx *cx, const struct rubric_criterion *c,
			     const char *where)
{
	bool differ = false;

	if (c->points.nano || c->step.nano)
		return REFUSE(cx, where, c->points.nano ? "/points" : "/step",
			      "a criterion has levels or a range of points, "
			      "not both: leave one out");
	if (c->levels.n < 2)
		return REFUSE(cx, where, "/levels",
			      "needs at least two levels to choose from");
	for (size_t i = 0; i < c->levels.n; i++) {
		const struct rubric_level *l = level(c, i);

		if (!l->id.n || l->id.n > RUBRIC_ID_BYTES ||
		    level_find(c, l->id) != i)
			return err_field(
				cx, ERR_INVALID,
				str_z(cx->arena,
				      str_fmt(cx->arena, "%s/levels/%zu/id",
					      where, i)),
				"each level of a criterion needs an id of its "
				"own");
		if (l->points.nano < 0 ||
		    dec_cmp(l->points, dec_int(RUBRIC_POINTS_MOST)) > 0)
			return err_field(
				cx, ERR_INVALID,
				str_z(cx->arena,
				      str_fmt(cx->arena, "%s/levels/%zu/points",
					      where, i)),
				"must be from 0 to %d", RUBRIC_POINTS_MOST);
		differ = differ || !dec_eq(l->points, level(c, 0)->points);
	}
	if (!differ)
		return REFUSE(cx, where, "/levels",
			      "all levels are worth the same: give them "
			      "different points, or make it feedback_only");
	return OK;
}

static enum err check_range(struct ctx *cx, const struct rubric_criterion *c,
			    const char *where)
{
	if (c->points.nano <= 0)
		return REFUSE(cx, where, "/points",
			      "a criterion needs levels, or points above 0");
	if (dec_cmp(c->points, dec_int(RUBRIC_POINTS_MOST)) > 0)
		return REFUSE(cx, where, "/points", "must be from 0 to %d",
			      RUBRIC_POINTS_MOST);
	if (c->step.nano < 0 || (c->step.nano && c->points.nano % c->step.nano))
		return REFUSE(cx, where, "/step",
			      "must divide the points without a rest");
	return OK;
}

static enum err check_criterion(struct ctx *cx, const struct rubric *r,
				size_t i, const char *where)
{
	const struct rubric_criterion *c = criterion(r, i);

	if (!c->id.n || c->id.n > RUBRIC_ID_BYTES || rubric_find(r, c->id) != i)
		return REFUSE(cx, where, "/id",
			      "each criterion needs an id of its own");
	if (c->feedback_only) {
		if (c->levels.n || c->points.nano || c->step.nano)
			return REFUSE(cx, where, "/feedback_only",
				      "such a criterion has neither levels nor "
				      "points");
		if (c->has_weight && c->weight.nano)
			return REFUSE(cx, where, "/weight",
				      "a criterion that is feedback_only is "
				      "not part of the grade");
		return OK;
	}
	if (c->has_weight &&
	    (c->weight.nano < 0 ||
	     dec_cmp(c->weight, dec_int(RUBRIC_POINTS_MOST)) > 0))
		return REFUSE(cx, where, "/weight", "must be from 0 to %d",
			      RUBRIC_POINTS_MOST);
	return c->levels.n ? check_levels(cx, c, where)
			   : check_range(cx, c, where);
}

enum err rubric_check(struct ctx *cx, const struct rubric *r, const char *where)
{
	struct dec weights = DEC_ZERO;
	bool scored = false;
	enum err e;

	if (!r->criteria.n || r->criteria.n > RUBRIC_CRITERIA)
		return REFUSE(cx, where, "/criteria",
			      "needs one criterion to %d", RUBRIC_CRITERIA);
	for (size_t i = 0; i < r->criteria.n; i++) {
		const struct rubric_criterion *c = criterion(r, i);

		e = check_criterion(
			cx, r, i,
			str_z(cx->arena,
			      str_fmt(cx->arena, "%s/criteria/%zu", where, i)));
		if (e)
			return e;
		if (c->feedback_only)
			continue;
		scored = true;
		weights = dec_add(weights, weight_of(c));
	}
	if (!scored)
		return REFUSE(cx, where, "/criteria",
			      "all of them are feedback_only: nothing gives a "
			      "grade");
	if (!weights.nano)
		return REFUSE(cx, where, "/criteria",
			      "all weights are 0: nothing gives a grade");
	return OK;
}

/* ---- what scores give ---- */

/*
 * A whole number of any size that occurs: 50 denominators of at most 2^40, a
 * sum of weights below 2^46, points, and the 2^37 of the answer's digits. So
 * the sum of fractions is exact, and only the answer is rounded.
 */
enum { BIG_LIMBS = 72 };
struct big {
	size_t n; /* limbs in use; the rest is zero */
	uint32_t at[BIG_LIMBS];
};

static struct big big_of(uint64_t v)
{
	return (struct big){ 2, { (uint32_t)v, (uint32_t)(v >> 32) } };
}

static void big_trim(struct big *b)
{
	while (b->n && !b->at[b->n - 1])
		b->n--;
}

static struct big big_mul(const struct big *a, uint64_t v)
{
	struct big out = { 0 };

	for (size_t half = 0; half < 2; half++) {
		uint64_t by = half ? v >> 32 : (uint32_t)v, t, carry = 0;

		for (size_t i = 0; by && i < a->n; i++) {
			t = out.at[i + half] + a->at[i] * by + carry;
			out.at[i + half] = (uint32_t)t;
			carry = t >> 32;
		}
		if (carry)
			out.at[a->n + half] = (uint32_t)carry;
	}
	out.n = a->n + 2;
	CHECK(out.n <= BIG_LIMBS);
	big_trim(&out);
	return out;
}

static void big_add(struct big *a, const struct big *b)
{
	uint64_t t = 0;
	size_t n = a->n > b->n ? a->n : b->n;

	CHECK(n < BIG_LIMBS);
	for (size_t i = 0; i <= n; i++) {
		t += (uint64_t)a->at[i] + b->at[i];
		a->at[i] = (uint32_t)t;
		t >>= 32;
	}
	a->n = n + 1;
	big_trim(a);
}

static int big_cmp(const struct big *a, const struct big *b)
{
	if (a->n != b->n)
		return a->n < b->n ? -1 : 1;
	for (size_t i = a->n; i--;)
		if (a->at[i] != b->at[i])
			return a->at[i] < b->at[i] ? -1 : 1;
	return 0;
}

/* times * num / den (at most times), rounded half up at the last digit. */
static struct dec big_ratio(const struct big *num, const struct big *den,
			    uint64_t times)
{
	struct big twice = big_mul(num, 2 * times * (uint64_t)DEC_ONE_NANO);
	uint64_t q = 0; /* the greatest with (2 q - 1) den <= twice */

	for (uint64_t bit = UINT64_C(1) << 37; bit; bit >>= 1) {
		struct big at_least = big_mul(den, 2 * (q | bit) - 1);

		if (big_cmp(&at_least, &twice) <= 0)
			q |= bit;
	}
	return (struct dec){ (int64_t)q };
}

static uint64_t common(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

struct sum {
	struct big num, den;
	uint64_t weights; /* of the criteria so far, 10^-9 */
};

/* Adds weight * points / most. */
static void sum_add(struct sum *s, struct dec weight, struct dec points,
		    struct dec most)
{
	uint64_t p = (uint64_t)points.nano, m = (uint64_t)most.nano;
	uint64_t c = common(m, p);
	struct big more = big_mul(&s->den, (uint64_t)weight.nano);

	more = big_mul(&more, p / c);
	s->num = big_mul(&s->num, m / c);
	big_add(&s->num, &more);
	s->den = big_mul(&s->den, m / c);
	s->weights += (uint64_t)weight.nano;
}

/* The points that one score gives of its criterion. */
static enum err points_given(struct ctx *cx, const struct rubric_criterion *c,
			     const struct rubric_score *s, const char *where,
			     struct dec *out)
{
	char most[DEC_TEXT], step[DEC_TEXT];
	size_t l;

	if (c->levels.n) {
		if (s->has_points || !s->level.n)
			return REFUSE(cx, where,
				      s->has_points ? "/points" : "/level",
				      "criterion \"%.*s\" has levels: name one",
				      STR_FMT(c->id));
		l = level_find(c, s->level);
		if (l == SIZE_MAX)
			return REFUSE(cx, where, "/level",
				      "criterion \"%.*s\" has no such level",
				      STR_FMT(c->id));
		*out = level(c, l)->points;
		return OK;
	}
	if (s->level.n || !s->has_points)
		return REFUSE(cx, where, s->level.n ? "/level" : "/points",
			      "criterion \"%.*s\" takes points, no level",
			      STR_FMT(c->id));
	if (s->points.nano < 0 || dec_cmp(s->points, c->points) > 0)
		return REFUSE(cx, where, "/points", "must be from 0 to %.*s",
			      (int)dec_text(c->points, most), most);
	if (c->step.nano && s->points.nano % c->step.nano)
		return REFUSE(cx, where, "/points",
			      "must be a multiple of %.*s, from 0 to %.*s",
			      (int)dec_text(c->step, step), step,
			      (int)dec_text(c->points, most), most);
	*out = s->points;
	return OK;
}

/* Which score is a criterion's, by index + 1; 0: none. */
static enum err match(struct ctx *cx, const struct rubric *r,
		      const struct list *scores, const char *where, size_t *of)
{
	const struct rubric_score *s = scores->at;

	for (size_t i = 0; i < scores->n; i++) {
		const char *at =
			str_z(cx->arena,
			      str_fmt(cx->arena, "%s/%zu/criterion", where, i));
		size_t c = rubric_find(r, s[i].criterion);

		if (c == SIZE_MAX)
			return err_field(cx, ERR_INVALID, at,
					 "the rubric has no such criterion");
		if (of[c])
			return err_field(cx, ERR_INVALID, at,
					 "an earlier score is of the same "
					 "criterion");
		of[c] = i + 1;
	}
	return OK;
}

/* Names all that are missing, not one at a time. */
static enum err check_missing(struct ctx *cx, const struct rubric *r,
			      const size_t *of, const char *where)
{
	struct str names = { 0 };

	for (size_t i = 0; i < r->criteria.n; i++)
		if (!of[i] && !criterion(r, i)->feedback_only)
			names = str_fmt(cx->arena, "%.*s%s\"%.*s\"",
					STR_FMT(names), names.n ? ", " : "",
					STR_FMT(criterion(r, i)->id));
	if (!names.n)
		return OK;
	return err_field(cx, ERR_INVALID, where,
			 "every criterion needs a score; missing: %.*s",
			 STR_FMT(names));
}

static enum err score_one(struct ctx *cx, const struct rubric_criterion *c,
			  const struct rubric_score *s, const char *where,
			  struct sum *sum, struct dec *each)
{
	struct dec given, most = points_of(c);
	enum err e;

	if (c->feedback_only) {
		if (s && (s->has_points || s->level.n))
			return REFUSE(cx, where,
				      s->has_points ? "/points" : "/level",
				      "criterion \"%.*s\" asks for a comment "
				      "alone",
				      STR_FMT(c->id));
		return OK;
	}
	e = points_given(cx, c, s, where, &given);
	if (e)
		return e;
	*each = dec_div(given, most);
	sum_add(sum, weight_of(c), given, most);
	return OK;
}

enum err rubric_score(struct ctx *cx, const struct rubric *r,
		      const struct list *scores, const char *where,
		      struct rubric_result *out)
{
	const struct rubric_score *s = scores->at;
	size_t *of = ARENA_ARRAY(cx->arena, size_t, r->criteria.n);
	struct dec *each = ARENA_ARRAY(cx->arena, struct dec, r->criteria.n);
	struct sum sum = { .den = big_of(1) };
	enum err e = match(cx, r, scores, where, of);

	if (!e)
		e = check_missing(cx, r, of, where);
	for (size_t i = 0; !e && i < r->criteria.n; i++)
		e = score_one(cx, criterion(r, i), of[i] ? &s[of[i] - 1] : NULL,
			      str_z(cx->arena, str_fmt(cx->arena, "%s/%zu",
						       where, of[i] - 1)),
			      &sum, &each[i]);
	if (e)
		return e;
	sum.den = big_mul(&sum.den, sum.weights);
	if (!sum.den.n)
		return err_field(cx, ERR_INVALID, where,
				 "all weights of the rubric are 0");
	*out = (struct rubric_result){
		.points = big_ratio(&sum.num, &sum.den, 100),
		.max_points = dec_int(100),
		.scaled = big_ratio(&sum.num, &sum.den, 1),
		.each = each,
	};
	return OK;
}

enum err rubric_comments(struct ctx *cx, const struct rubric *r,
			 const struct list *scores, const char *where)
{
	const struct rubric_score *s = scores->at;
	size_t *of = ARENA_ARRAY(cx->arena, size_t, r->criteria.n);
	enum err e = match(cx, r, scores, where, of);

	for (size_t i = 0; !e && i < r->criteria.n; i++) {
		const struct rubric_criterion *c = criterion(r, i);
		int64_t least = c->comment_words ? c->comment_words : 1;
		int64_t has = of[i] ? feedback_words(s[of[i] - 1].comment) : 0;

		if (!c->comment_required || has >= least)
			continue;
		return err_field(
			cx, ERR_INVALID,
			of[i] ? str_z(cx->arena,
				      str_fmt(cx->arena, "%s/%zu/comment",
					      where, of[i] - 1))
			      : where,
			"criterion \"%.*s\" wants a comment of at least %lld "
			"word%s: it has %lld",
			STR_FMT(c->id), (long long)least, least == 1 ? "" : "s",
			(long long)has);
	}
	return e;
}
