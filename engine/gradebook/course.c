#include "engine/gradebook/course.h"

#include "base/limits.h"
#include "engine/app.h"
#include "engine/gradebook/gradebook_sql.h"

static const struct field course_fields[] = {
	FIELD(struct course, course, KIND_STR, "the platform's course id"),
	FIELD(struct course, title, KIND_STR, "as shown"),
	FIELD(struct course, pass_mark, KIND_DEC,
	      "least final total to pass, 0 to 1; 0: none"),
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

enum err course_columns(struct ctx *cx, const struct id *org, struct str course,
			struct list *out)
{
	struct course_column *to;
	struct list rows;
	enum err e = store_list(cx, &gradebook_sql[COURSE_ASSESSMENTS],
				VALS(v_id(org), v_text(course)), LIMIT_PAGE,
				&rows, NULL);

	if (e)
		return e;
	to = ARENA_ARRAY(cx->arena, struct course_column, rows.n);
	for (size_t i = 0; i < rows.n; i++) {
		const struct course_assessment *a =
			(const struct course_assessment *)rows.at + i;
		const struct published *p;

		e = catalog_get(cx->app->catalog, cx, org, &a->id, &p);
		if (e)
			return e;
		to[i] = (struct course_column){
			.series = a->series,
			.assessment = a->id,
			.slug = a->slug,
			.title = a->title,
			.max_score = p->def.policy.max_grade.nano
					     ? p->def.policy.max_grade
					     : a->max_score,
			.weight = p->def.policy.weight,
			.group = p->def.policy.group,
			.group_best = p->def.policy.group_best,
			.release = p->def.policy.release,
		};
	}
	*out = (struct list){ to, rows.n };
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
