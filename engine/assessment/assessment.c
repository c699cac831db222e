#include "engine/assessment/assessment.h"

#include <stdlib.h>

#include "engine/app.h"
#include "engine/assessment/assessment_sql.h"

static const struct field assessment_fields[] = {
	FIELD(struct assessment, id, KIND_ID, "this version"),
	FIELD(struct assessment, series, KIND_ID, "all its versions"),
	FIELD(struct assessment, org, KIND_ID, "the organization"),
	FIELD(struct assessment, course, KIND_STR, "the platform's course id"),
	FIELD(struct assessment, slug, KIND_STR, "its name in the course"),
	FIELD(struct assessment, title, KIND_STR, "as shown"),
	FIELD(struct assessment, version, KIND_INT, "from 1"),
	FIELD(struct assessment, kind, KIND_ENUM, "graded or practice",
	      .words = policy_kind_words),
	FIELD(struct assessment, max_score, KIND_DEC, "sum of its marks"),
	FIELD(struct assessment, digest, KIND_HEX,
	      "BLAKE2b-256 of the canonical file as assessment.get shows it"),
	FIELD_OPT(struct assessment, published_at, KIND_TIME, "when"),
	FIELD_OPT(struct assessment, retired_at, KIND_TIME,
		  "since when no attempt can start on it"),
	FIELD_OPT(struct assessment, source, KIND_STR,
		  "the repository or folder that content.sync found it in"),
	FIELD_OPT(struct assessment, source_commit, KIND_STR,
		  "and the commit; of a plain folder a digest of its files"),
	FIELD_END,
};
const struct shape assessment_row_shape = { "assessment",
					    sizeof(struct assessment),
					    assessment_fields };

struct ref_params {
	struct assessment_ref ref;
};
static const struct field ref_fields[] = {
	ASSESSMENT_REF_FIELDS(struct ref_params, ref),
	FIELD_END,
};
const struct shape assessment_ref_shape = SHAPE(struct ref_params, ref_fields);

static enum err no_such(struct ctx *cx)
{
	return err_set(cx, ERR_NOT_FOUND, "there is no such assessment");
}

enum err assessment_newest(struct ctx *cx, const struct id *org,
			   const struct id *series, struct assessment *out)
{
	enum err e = store_one(cx, &assessment_sql[ASSESSMENT_NEWEST_OF],
			       VALS(v_id(org), v_id(series)), out);

	return e == ERR_NOT_FOUND ? no_such(cx) : e;
}

enum err assessment_version(struct ctx *cx, const struct id *org,
			    const struct id *id, struct assessment *out)
{
	enum err e = store_one(cx, &assessment_sql[ASSESSMENT_BY_ID],
			       VALS(v_id(org), v_id(id)), out);

	return e == ERR_NOT_FOUND ? no_such(cx) : e;
}

enum err assessment_by_series(struct ctx *cx, const struct id *org,
			      const struct id *series, struct assessment *out)
{
	return assessment_version(cx, org, series, out);
}

/* The catalog has the row as well, but for whether it is retired by now. */
enum err assessment_by_slug(struct ctx *cx, const struct id *org,
			    struct str course, struct str slug,
			    struct assessment *out)
{
	const struct published *p = NULL;
	struct newest_row row;
	enum err e =
		store_one(cx, &assessment_sql[ASSESSMENT_NEWEST],
			  VALS(v_id(org), v_text(course), v_text(slug)), &row);

	if (!e)
		e = catalog_get(cx->app->catalog, cx, org, &row.id, &p);
	if (e == ERR_NOT_FOUND)
		return no_such(cx);
	if (e)
		return e;
	*out = p->row;
	out->retired_at = row.retired_at;
	return OK;
}

enum err assessment_resolve(struct ctx *cx, const struct assessment_ref *ref,
			    struct assessment *out)
{
	enum err e;

	if (!id_is_none(&ref->assessment))
		e = store_one(cx, &assessment_sql[ASSESSMENT_BY_ID],
			      VALS(v_id(&cx->who->org), v_id(&ref->assessment)),
			      out);
	else if (ref->course.n && ref->slug.n)
		e = assessment_by_slug(cx, &cx->who->org, ref->course,
				       ref->slug, out);
	else
		return err_field(cx, ERR_INVALID, "/assessment",
				 "name the assessment by its id, or by course "
				 "and slug");
	if (!e && !principal_covers(cx->who, out->course))
		e = ERR_NOT_FOUND;
	return e == ERR_NOT_FOUND ? no_such(cx) : e;
}

/* Of one learner: his own, his groups', what he is owed. */
struct rules {
	struct override own, *groups;
	size_t groups_n;
	struct accommodation owed;
	bool has_own, has_owed;
};

static enum err read_override(struct ctx *cx, const struct rule_row *row,
			      struct override *out)
{
	enum err e = field_decode_text(cx, row->body, &override_shape, out);

	if (e)
		return err_set(cx, ERR_CORRUPT,
			       "a stored override cannot be read; run assay "
			       "verify");
	out->scope = (int)row->what;
	out->ref = row->ref;
	return OK;
}

static enum err read_rule(struct ctx *cx, const struct rule_row *row,
			  struct rules *r)
{
	switch (row->what) {
	case RULE_LEARNER:
		r->has_own = true;
		return read_override(cx, row, &r->own);
	case RULE_GROUP:
		return read_override(cx, row, &r->groups[r->groups_n++]);
	}
	r->has_owed = true;
	if (field_decode_text(cx, row->body, &accommodation_shape, &r->owed))
		return err_set(cx, ERR_CORRUPT,
			       "a stored accommodation cannot be read");
	return OK;
}

static int by_ref(const void *a, const void *b)
{
	return str_cmp(((const struct override *)a)->ref,
		       ((const struct override *)b)->ref);
}

static enum err read_rules(struct ctx *cx, const struct list *rows,
			   struct rules *r)
{
	const struct rule_row *row = rows->at;
	enum err e = OK;

	*r = (struct rules){ 0 };
	r->groups = ARENA_ARRAY(cx->arena, struct override, rows->n);
	for (size_t i = 0; !e && i < rows->n; i++)
		e = read_rule(cx, &row[i], r);
	if (r->groups_n > 1)
		qsort(r->groups, r->groups_n, sizeof(*r->groups), by_ref);
	return e;
}

enum err assessment_effective(struct ctx *cx, const struct published *p,
			      const struct id *learner,
			      struct policy_effective *out)
{
	char text[ID_TEXT + 1];
	struct rules r;
	struct list rows;
	enum err e;

	id_text(learner, text);
	e = store_list(cx, &assessment_sql[RULES_FOR],
		       VALS(v_id(&p->row.org), v_id(&p->row.series),
			    v_text(p->row.course), v_z(text), v_id(learner)),
		       LIMIT_PAGE, &rows, NULL);
	if (!e)
		e = read_rules(cx, &rows, &r);
	if (e)
		return e;
	policy_effective(cx, &p->def.policy, r.has_own ? &r.own : NULL,
			 r.groups, r.groups_n, r.has_owed ? &r.owed : NULL,
			 out);
	return OK;
}
