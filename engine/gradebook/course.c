#include "engine/gradebook/course.h"

#include "base/limits.h"
#include "base/tm.h"
#include "engine/app.h"
#include "engine/gradebook/gradebook_sql.h"

enum {
	VERSIONS_MOST = 100000, /* of a course's assessments */
	TERMS_MOST = 10000,
};

static const struct field course_fields[] = {
	FIELD(struct course, course, KIND_STR, "the platform's course id"),
	FIELD(struct course, title, KIND_STR, "as shown"),
	FIELD(struct course, pass_mark, KIND_DEC,
	      "least final total to pass, 0 to 1; 0: none"),
	FIELD_OPT(struct course, term, KIND_STR,
		  "that it is in now; absent: the calendar year"),
	FIELD_OPT(struct course, updated_at, KIND_TIME, "last change"),
	FIELD_END,
};
const struct shape course_shape = { "course", sizeof(struct course),
				    course_fields };

static const struct field column_fields[] = {
	FIELD(struct course_column, series, KIND_ID, "the assessment"),
	FIELD(struct course_column, assessment, KIND_ID, "its newest version"),
	FIELD(struct course_column, slug, KIND_STR, "its name"),
	FIELD(struct course_column, title, KIND_STR, "as shown"),
	FIELD(struct course_column, max_score, KIND_DEC, "points"),
	FIELD(struct course_column, weight, KIND_DEC, "in the total"),
	FIELD_OPT(struct course_column, group, KIND_STR, "its group"),
	FIELD(struct course_column, group_best, KIND_INT,
	      "of the group only so many count; 0: all"),
	FIELD_END,
};
const struct shape course_column_shape = { "gradebook_column",
					   sizeof(struct course_column),
					   column_fields };

static struct course_column column_of(const struct published *p)
{
	const struct policy *policy = &p->def.policy;

	return (struct course_column){
		.series = p->row.series,
		.assessment = p->row.id,
		.slug = p->row.slug,
		.title = p->row.title,
		.max_score = policy->max_grade.nano ? policy->max_grade
						    : p->row.max_score,
		.weight = policy->weight,
		.group = policy->group,
		.group_best = policy->group_best,
		.release = policy->release,
	};
}

/*
 * Of the versions at a[from], of one slug, the one that stands for it
 * (assessment_newest): the last that is open, or the last. *next: behind them.
 */
static size_t version_of_slug(const struct course_assessment *a, size_t n,
			      size_t from, size_t *next)
{
	size_t at = from, i;

	for (i = from; i < n && str_eq(a[i].slug, a[from].slug); i++)
		if (!a[i].retired_at || a[at].retired_at)
			at = i;
	*next = i;
	return at;
}

enum err course_columns(struct ctx *cx, const struct id *org, struct str course,
			struct list *out, struct dec *pass_mark)
{
	const struct course_assessment *a;
	struct course_column *to;
	struct list rows;
	size_t n = 0, at, next;
	enum err e = store_list(cx, &gradebook_sql[COURSE_ASSESSMENTS],
				VALS(v_id(org), v_text(course)), VERSIONS_MOST,
				&rows, NULL);

	if (e)
		return e;
	a = rows.at;
	to = ARENA_ARRAY(cx->arena, struct course_column, rows.n);
	for (size_t i = 0; !e && i < rows.n && n < LIMIT_PAGE; i = next) {
		const struct published *p = NULL;

		at = version_of_slug(a, rows.n, i, &next);
		if (a[at].kind != POLICY_GRADED)
			continue;
		e = catalog_get(cx->app->catalog, cx, org, &a[at].id, &p);
		if (!e)
			to[n++] = column_of(p);
	}
	if (e)
		return e;
	if (pass_mark)
		*pass_mark = rows.n ? a[0].pass_mark : DEC_ZERO;
	*out = (struct list){ to, n };
	return OK;
}

void course_line(struct ctx *cx, const struct list *columns,
		 const struct list *grades, bool released_only,
		 const struct grade **at, struct course_total *total)
{
	struct course_part *parts =
		ARENA_ARRAY(cx->arena, struct course_part, columns->n);
	const struct grade *g = grades->at;

	for (size_t i = 0; i < columns->n; i++) {
		const struct course_column *c =
			(const struct course_column *)columns->at + i;

		at[i] = NULL;
		for (size_t k = 0; k < grades->n; k++)
			if (id_eq(&g[k].series, &c->series) &&
			    (!released_only || g[k].released_at))
				at[i] = &g[k];
		parts[i] = (struct course_part){
			.weight = c->weight,
			.group = c->group,
			.group_best = c->group_best,
			.has = at[i] && at[i]->has_score,
			.scaled = at[i] ? at[i]->scaled : DEC_ZERO,
		};
	}
	course_grade(cx, parts, columns->n, total);
}

/* ---- terms ---- */

enum err course_term_check(struct ctx *cx, struct str term)
{
	bool plain = true;

	for (size_t i = 0; i < term.n; i++)
		plain = plain && (uint8_t)term.p[i] >= ' ' &&
			term.p[i] != '\x7f';
	if (str_is(term, COURSE_TERM_LABS))
		return err_field(cx, ERR_INVALID, "/term",
				 "the word %s stands for a course's labs: give "
				 "the term another name",
				 COURSE_TERM_LABS);
	if (!term.p ||
	    (plain && term.n && term.p[0] != ' ' && term.p[term.n - 1] != ' '))
		return OK;
	return err_field(cx, ERR_INVALID, "/term",
			 "a term is a short text without line breaks, and "
			 "without spaces at its ends: leave it out for the "
			 "calendar year");
}

static enum err term_at(struct ctx *cx, const struct id *org, struct str course,
			int64_t at_ms, struct str *out)
{
	struct course_term_row row = { 0 };
	enum err e =
		store_one(cx, &gradebook_sql[COURSE_TERM_AT],
			  VALS(v_id(org), v_text(course), v_int(at_ms)), &row);

	if (e && e != ERR_NOT_FOUND)
		return e;
	err_clear(cx);
	*out = row.term;
	return OK;
}

static struct str year_of(struct ctx *cx, int64_t at_ms)
{
	char text[TM_TEXT + 1];

	tm_text(at_ms, text);
	return str_copy(cx->arena, (struct str){ text, 4 });
}

enum err course_term(struct ctx *cx, const struct id *org, struct str course,
		     int64_t at_ms, struct str *out)
{
	enum err e = term_at(cx, org, course, at_ms, out);

	if (e || out->n)
		return e;
	*out = year_of(cx, at_ms);
	return OK;
}

enum err course_terms(struct ctx *cx, const struct id *org, struct str course,
		      int64_t at_ms, struct list *out)
{
	const struct course_term_row *row;
	struct str *terms;
	struct list rows;
	enum err e = store_list(cx, &gradebook_sql[COURSE_TERMS],
				VALS(v_id(org), v_text(course)), TERMS_MOST,
				&rows, NULL);

	if (e)
		return e;
	row = rows.at;
	terms = ARENA_ARRAY(cx->arena, struct str, rows.n + 1);
	for (size_t i = 0; i < rows.n; i++)
		terms[i] = row[i].term;
	terms[rows.n] = year_of(cx, at_ms);
	*out = (struct list){ terms, rows.n + 1 };
	return OK;
}

enum err course_term_begin(struct ctx *cx, const struct id *org,
			   struct str course, struct str term)
{
	int64_t from = clock_ms(cx->clock) + 1; /* what is there stays */
	struct str was;
	enum err e = term_at(cx, org, course, from, &was);

	if (e || str_eq(was, term))
		return e;
	return store_exec(cx, &gradebook_sql[COURSE_TERM_BEGIN],
			  VALS(v_id(org), v_text(course), v_int(from),
			       v_text(term.p ? term : STR(""))),
			  NULL);
}
