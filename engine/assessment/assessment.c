#include "engine/assessment/assessment.h"

#include <sodium.h>

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

enum err assessment_resolve(struct ctx *cx, const struct assessment_ref *ref,
			    struct assessment *out)
{
	enum err e;

	if (!id_is_none(&ref->assessment))
		e = store_one(cx, &assessment_sql[ASSESSMENT_BY_ID],
			      VALS(v_id(&cx->who->org), v_id(&ref->assessment)),
			      out);
	else if (ref->course.n && ref->slug.n)
		e = store_one(cx, &assessment_sql[ASSESSMENT_NEWEST],
			      VALS(v_id(&cx->who->org), v_text(ref->course),
				   v_text(ref->slug)),
			      out);
	else
		return err_field(cx, ERR_INVALID, "/assessment",
				 "name the assessment by its id, or by course "
				 "and slug");
	if (!e && !principal_covers(cx->who, out->course))
		e = ERR_NOT_FOUND;
	return e == ERR_NOT_FOUND ? no_such(cx) : e;
}

static enum err read_override(struct ctx *cx, const struct override_row *row,
			      struct override *out)
{
	enum err e = field_decode_text(cx, row->body, &override_shape, out);

	if (e)
		return err_set(cx, ERR_CORRUPT,
			       "a stored override cannot be read; run assay "
			       "verify");
	out->scope = (int)row->scope;
	out->ref = row->ref;
	return OK;
}

/* Splits what was found into the learner's own and his groups'. */
static enum err gather(struct ctx *cx, const struct list *rows,
		       struct override *groups, size_t *groups_n,
		       struct override *own, bool *has_own)
{
	for (size_t i = 0; i < rows->n; i++) {
		const struct override_row *r =
			(const struct override_row *)rows->at + i;
		struct override *to =
			r->scope == OVERRIDE_LEARNER ? own : &groups[*groups_n];
		enum err e = read_override(cx, r, to);

		if (e)
			return e;
		if (to == own)
			*has_own = true;
		else
			(*groups_n)++;
	}
	return OK;
}

enum err assessment_effective(struct ctx *cx, const struct published *p,
			      const struct id *learner,
			      struct policy_effective *out)
{
	struct accommodation *acc = NULL;
	struct override own = { 0 }, *groups;
	struct body_row body;
	struct list rows;
	bool has_own = false;
	size_t groups_n = 0;
	char text[ID_TEXT + 1];
	enum err e;

	id_text(learner, text);
	e = store_list(cx, &assessment_sql[OVERRIDE_FOR],
		       VALS(v_id(&p->row.org), v_id(&p->row.series),
			    v_text(p->row.course), v_z(text), v_id(learner)),
		       LIMIT_PAGE, &rows, NULL);
	if (e)
		return e;
	groups = ARENA_ARRAY(cx->arena, struct override, rows.n);
	e = gather(cx, &rows, groups, &groups_n, &own, &has_own);
	if (e)
		return e;
	e = store_one(cx, &assessment_sql[ACCOMMODATION_OF],
		      VALS(v_id(&p->row.org), v_id(learner)), &body);
	if (e && e != ERR_NOT_FOUND)
		return e;
	if (!e) {
		acc = ARENA_NEW(cx->arena, struct accommodation);
		e = field_decode_text(cx, body.body, &accommodation_shape, acc);
		if (e)
			return err_set(cx, ERR_CORRUPT,
				       "a stored accommodation cannot be read");
	}
	err_clear(cx);
	policy_effective(cx, &p->def.policy, has_own ? &own : NULL, groups,
			 groups_n, acc, out);
	return OK;
}
