#include "engine/assessment/rules_rpc.h"

#include "base/limits.h"
#include "engine/app.h"
#include "engine/assessment/assessment.h"
#include "engine/assessment/assessment_sql.h"
#include "engine/auth/org.h"

static enum err rules_changed(struct ctx *cx, const struct id *series,
			      const struct id *learner)
{
	const struct assessment_hooks *h = cx->app->assessment_hooks;

	if (!h || !h->rules_changed)
		return OK;
	return h->rules_changed(cx, &cx->who->org, series, learner);
}

/* ---- override.set / remove / list ---- */

struct override_params {
	struct assessment_ref ref;
	struct str learner, group;
	struct override rules;
};
static const struct field override_set_fields[] = {
	ASSESSMENT_REF_FIELDS(struct override_params, ref),
	FIELD_OPT(struct override_params, learner, KIND_STR,
		  "whose rules differ: the platform's name of the learner, or",
		  .max = LIMIT_REF_BYTES),
	FIELD_OPT(struct override_params, group, KIND_STR,
		  "a group of the course", .max = LIMIT_REF_BYTES),
	FIELD(struct override_params, rules, KIND_OBJECT,
	      "the fields that differ; others are inherited",
	      .shape = &override_shape),
	FIELD_END,
};
static const struct shape override_set_shape = { "override_set",
						 sizeof(struct override_params),
						 override_set_fields };
static const struct field override_remove_fields[] = {
	ASSESSMENT_REF_FIELDS(struct override_params, ref),
	FIELD_OPT(struct override_params, learner, KIND_STR,
		  "whose override goes: a learner, or", .max = LIMIT_REF_BYTES),
	FIELD_OPT(struct override_params, group, KIND_STR, "a group",
		  .max = LIMIT_REF_BYTES),
	FIELD_END,
};
static const struct shape override_remove_shape = {
	"override_remove", sizeof(struct override_params),
	override_remove_fields
};

struct override_result {
	struct id series;
	struct id learner;
	struct str group;
	struct str rules;
	bool password, has_password; /* has_password: the override says */
	int64_t updated_at;
	struct problems problems;
	bool has_problems;
};
static const struct field override_result_fields[] = {
	FIELD(struct override_result, series, KIND_ID, "the assessment"),
	FIELD_OPT(struct override_result, learner, KIND_ID, "whose"),
	FIELD_OPT(struct override_result, group, KIND_STR, "or which group's"),
	FIELD_OPT(struct override_result, rules, KIND_RAW,
		  "the fields that differ, but for a password"),
	{ .name = "has_password",
	  .doc = "they need a password of their own to start; false: none; "
		 "absent: as others do",
	  .kind = KIND_BOOL,
	  .optional = true,
	  .offset = offsetof(struct override_result, password),
	  .has = (int32_t)offsetof(struct override_result, has_password) + 1 },
	FIELD_OPT(struct override_result, updated_at, KIND_TIME, "last change"),
	FIELD_MAYBE(struct override_result, problems, has_problems, KIND_OBJECT,
		    "when it is set: warnings, likely slips",
		    .shape = &problems_shape),
	FIELD_END,
};
static const struct shape override_result_shape = {
	"override", sizeof(struct override_result), override_result_fields
};

/* Whom it is about: fills scope and ref of *out, and learner if one. */
static enum err override_target(struct ctx *cx, const struct override_params *p,
				int *scope, struct str *ref, struct id *learner)
{
	char *text;
	enum err e;

	if (!p->learner.n == !p->group.n)
		return err_field(cx, ERR_INVALID, "/learner",
				 "name either a learner or a group");
	*learner = (struct id){ 0 };
	if (p->group.n) {
		*scope = OVERRIDE_GROUP;
		*ref = p->group;
		return OK;
	}
	e = person_for(cx, p->learner, learner);
	if (e)
		return e;
	text = arena_alloc(cx->arena, ID_TEXT + 1);
	id_text(learner, text);
	*scope = OVERRIDE_LEARNER;
	*ref = str_of(text);
	return OK;
}

/* The rules as they may be shown: of a password only whether there is one. */
static void show_rules(struct ctx *cx, const struct override *rules,
		       struct override_result *out)
{
	struct override shown = *rules;

	out->has_password = rules->has_password;
	out->password = rules->password.n > 0;
	shown.has_password = false;
	shown.password = (struct str){ 0 };
	out->rules = field_text(cx->arena, &override_shape, &shown);
}

static void note_override(struct ctx *cx, const char *event,
			  const struct override_result *r)
{
	struct override_result public = *r;

	public.rules = (struct str){ 0 };
	public.has_problems = false;
	cx->io->private_reply = true;
	record_stage(
		cx, &(struct record){ .org = cx->who->org,
				      .stream = r->series,
				      .learner = r->learner,
				      .event = str_of(event),
				      .body = field_text(cx->arena,
							 &override_result_shape,
							 &public) });
}

/* A group is who is in it, and may be filled later: no reason to refuse. */
static enum err warn_of_nobody(struct ctx *cx, struct str course,
			       struct str group, struct problems *problems)
{
	struct list rows;
	enum err e = store_list(
		cx, &assessment_sql[MEMBER_LIST],
		VALS(v_id(&cx->who->org), v_text(course), v_text(group)), 1,
		&rows, NULL);

	if (!e && !rows.n)
		problem_add(cx, problems, PROBLEM_WARNING, STR("/group"),
			    "group_empty",
			    "the course has nobody in a group of this name: "
			    "the rules hold for nobody until group.set puts "
			    "somebody there");
	return e;
}

static enum err override_set(struct ctx *cx, const void *params, void *result)
{
	const struct override_params *p = params;
	struct override_result *out = result;
	struct override rules = p->rules;
	const struct published *pub;
	struct assessment a;
	enum err e;

	if (p->rules.ref.p)
		return err_field(
			cx, ERR_INVALID, "/rules/ref",
			"say whose rules they are by learner or group, "
			"beside the rules");
	e = assessment_resolve(cx, &p->ref, &a);
	if (!e)
		e = catalog_get(cx->app->catalog, cx, &a.org, &a.id, &pub);
	if (!e)
		e = override_target(cx, p, &rules.scope, &rules.ref,
				    &out->learner);
	if (e)
		return e;
	override_check(cx, &pub->def.policy, &rules, "/rules", &out->problems);
	e = problems_refuse(cx, &out->problems);
	if (!e && p->group.n)
		e = warn_of_nobody(cx, a.course, p->group, &out->problems);
	if (e)
		return e;
	out->has_problems = true;
	out->series = a.series;
	out->group = p->group;
	show_rules(cx, &rules, out);
	out->updated_at = clock_ms(cx->clock);
	e = store_exec(
		cx, &assessment_sql[OVERRIDE_SET],
		VALS(v_id(&a.org), v_id(&a.series), v_int(rules.scope),
		     v_text(rules.ref),
		     v_text(field_text(cx->arena, &override_shape, &rules)),
		     v_int(out->updated_at)),
		NULL);
	if (!e)
		e = rules_changed(cx, &a.series, &out->learner);
	if (!e)
		note_override(cx, "override.set", out);
	return e;
}

static enum err override_remove(struct ctx *cx, const void *params,
				void *result)
{
	const struct override_params *p = params;
	struct override_result *out = result;
	struct assessment a;
	int64_t changed;
	struct str ref;
	int scope = 0;
	enum err e = assessment_resolve(cx, &p->ref, &a);

	if (!e)
		e = override_target(cx, p, &scope, &ref, &out->learner);
	if (!e)
		e = store_exec(cx, &assessment_sql[OVERRIDE_REMOVE],
			       VALS(v_id(&a.org), v_id(&a.series), v_int(scope),
				    v_text(ref)),
			       &changed);
	if (e)
		return e;
	if (!changed)
		return err_set(cx, ERR_NOT_FOUND, "there is no such override");
	out->series = a.series;
	out->group = p->group;
	e = rules_changed(cx, &a.series, &out->learner);
	if (!e)
		note_override(cx, "override.removed", out);
	return e;
}

struct overrides {
	struct list overrides;
};
static const struct field overrides_fields[] = {
	FIELD(struct overrides, overrides, KIND_LIST, "groups, then learners",
	      .of = KIND_OBJECT, .shape = &override_result_shape),
	FIELD_END,
};
static const struct shape overrides_shape =
	SHAPE(struct overrides, overrides_fields);

static enum err override_list(struct ctx *cx, const void *params, void *result)
{
	const struct assessment_ref *ref = params;
	struct overrides *out = result;
	struct override_result *o;
	struct assessment a;
	struct list rows;
	enum err e = assessment_resolve(cx, ref, &a);

	if (!e)
		e = store_list(cx, &assessment_sql[OVERRIDE_LIST],
			       VALS(v_id(&a.org), v_id(&a.series)), LIMIT_PAGE,
			       &rows, NULL);
	if (e)
		return e;
	o = ARENA_ARRAY(cx->arena, struct override_result, rows.n);
	for (size_t i = 0; i < rows.n; i++) {
		const struct override_row *r =
			(const struct override_row *)rows.at + i;
		struct override rules;

		if (field_decode_text(cx, r->body, &override_shape, &rules))
			return err_set(cx, ERR_CORRUPT,
				       "a stored override cannot be read");
		o[i] = (struct override_result){ .series = r->series,
						 .updated_at = r->updated_at };
		show_rules(cx, &rules, &o[i]);
		if (r->scope == OVERRIDE_GROUP)
			o[i].group = r->ref;
		else if (!id_parse(r->ref, &o[i].learner))
			return err_set(cx, ERR_CORRUPT,
				       "a stored override names nobody");
	}
	out->overrides = (struct list){ o, rows.n };
	return OK;
}

/* ---- accommodation.set / remove / get ---- */

struct accommodation_params {
	struct str learner;
	struct accommodation rules;
};
static const struct field accommodation_set_fields[] = {
	FIELD(struct accommodation_params, learner, KIND_STR,
	      "the platform's name of the learner", .min = 1,
	      .max = LIMIT_REF_BYTES),
	FIELD(struct accommodation_params, rules, KIND_OBJECT,
	      "what the learner is owed", .shape = &accommodation_shape),
	FIELD_END,
};
static const struct shape accommodation_set_shape = {
	"accommodation_set", sizeof(struct accommodation_params),
	accommodation_set_fields
};
static const struct field accommodation_get_fields[] = {
	FIELD(struct accommodation_params, learner, KIND_STR,
	      "the platform's name of the learner", .min = 1,
	      .max = LIMIT_REF_BYTES),
	FIELD_END,
};
static const struct shape accommodation_get_shape = {
	"accommodation_get", sizeof(struct accommodation_params),
	accommodation_get_fields
};
struct accommodation_result {
	struct id learner;
	struct str rules;
};
static const struct field accommodation_result_fields[] = {
	FIELD(struct accommodation_result, learner, KIND_ID, "whose"),
	FIELD_OPT(struct accommodation_result, rules, KIND_RAW,
		  "what the learner is owed; absent: nothing"),
	FIELD_END,
};
static const struct shape accommodation_result_shape = {
	"accommodation", sizeof(struct accommodation_result),
	accommodation_result_fields
};

/* The reason may be health data in spite of the manual: not in the chain. */
static enum err accommodation_done(struct ctx *cx, const char *event,
				   const struct id *learner)
{
	static const struct id all = { { 0 } };
	char text[ID_TEXT + 1];

	id_text(learner, text);
	cx->io->private_reply = true;
	record_stage(cx,
		     &(struct record){ .org = cx->who->org,
				       .stream = *learner,
				       .learner = *learner,
				       .event = str_of(event),
				       .body = str_fmt(cx->arena,
						       "{\"learner\":\"%s\"}",
						       text) });
	return rules_changed(cx, &all, learner);
}

static enum err accommodation_set(struct ctx *cx, const void *params,
				  void *result)
{
	const struct accommodation_params *p = params;
	struct accommodation_result *out = result;
	struct problems problems = { 0 };
	enum err e;

	accommodation_check(cx, &p->rules, "/rules", &problems);
	e = problems_refuse(cx, &problems);
	if (!e)
		e = person_for(cx, p->learner, &out->learner);
	if (e)
		return e;
	out->rules = field_text(cx->arena, &accommodation_shape, &p->rules);
	e = store_exec(cx, &assessment_sql[ACCOMMODATION_SET],
		       VALS(v_id(&cx->who->org), v_id(&out->learner),
			    v_text(out->rules), v_int(clock_ms(cx->clock))),
		       NULL);
	return e ? e
		 : accommodation_done(cx, "accommodation.set", &out->learner);
}

static enum err accommodation_remove(struct ctx *cx, const void *params,
				     void *result)
{
	const struct accommodation_params *p = params;
	struct accommodation_result *out = result;
	int64_t changed;
	enum err e = person_for(cx, p->learner, &out->learner);

	if (!e)
		e = store_exec(cx, &assessment_sql[ACCOMMODATION_REMOVE],
			       VALS(v_id(&cx->who->org), v_id(&out->learner)),
			       &changed);
	if (e)
		return e;
	if (!changed)
		return err_set(cx, ERR_NOT_FOUND,
			       "this learner has no accommodation");
	return accommodation_done(cx, "accommodation.removed", &out->learner);
}

static enum err accommodation_get(struct ctx *cx, const void *params,
				  void *result)
{
	const struct accommodation_params *p = params;
	struct accommodation_result *out = result;
	struct body_row row;
	enum err e = person_for(cx, p->learner, &out->learner);

	if (!e)
		e = store_one(cx, &assessment_sql[ACCOMMODATION_OF],
			      VALS(v_id(&cx->who->org), v_id(&out->learner)),
			      &row);
	if (!e)
		out->rules = row.body;
	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		return OK;
	}
	return e;
}

/* ---- group.set / list ---- */

struct group_params {
	struct str course, group;
	struct list learners;
};
static const struct field group_set_fields[] = {
	FIELD(struct group_params, course, KIND_STR, "the platform's course id",
	      .min = 1, .max = LIMIT_REF_BYTES),
	FIELD(struct group_params, group, KIND_STR, "the group's name",
	      .min = 1, .max = LIMIT_REF_BYTES),
	FIELD(struct group_params, learners, KIND_LIST,
	      "all its members by the platform's names; others leave it",
	      .of = KIND_STR),
	FIELD_END,
};
static const struct shape group_set_shape = { "group_set",
					      sizeof(struct group_params),
					      group_set_fields };
static const struct field group_list_fields[] = {
	FIELD(struct group_params, course, KIND_STR, "the platform's course id",
	      .min = 1, .max = LIMIT_REF_BYTES),
	FIELD(struct group_params, group, KIND_STR, "the group's name",
	      .min = 1, .max = LIMIT_REF_BYTES),
	FIELD_END,
};
static const struct shape group_list_shape = { "group_list",
					       sizeof(struct group_params),
					       group_list_fields };
struct group_result {
	struct str course, group;
	struct list learners;
};
static const struct field group_result_fields[] = {
	FIELD(struct group_result, course, KIND_STR, "the course"),
	FIELD(struct group_result, group, KIND_STR, "the group"),
	FIELD(struct group_result, learners, KIND_LIST, "its members",
	      .of = KIND_ID),
	FIELD_END,
};
static const struct shape group_result_shape = { "group",
						 sizeof(struct group_result),
						 group_result_fields };

static enum err add_members(struct ctx *cx, const struct group_params *p,
			    struct id *ids)
{
	for (size_t i = 0; i < p->learners.n; i++) {
		enum err e = person_for(cx, ((struct str *)p->learners.at)[i],
					&ids[i]);

		if (!e)
			e = store_exec(cx, &assessment_sql[MEMBER_ADD],
				       VALS(v_id(&cx->who->org),
					    v_text(p->course), v_text(p->group),
					    v_id(&ids[i])),
				       NULL);
		if (!e)
			e = rules_changed(cx, &(struct id){ { 0 } }, &ids[i]);
		if (e)
			return e;
	}
	return OK;
}

/* Who was in the group and is not any more has other rules from now on. */
static enum err members_left(struct ctx *cx, const struct list *before)
{
	const struct member_row *m = before->at;

	for (size_t i = 0; i < before->n; i++) {
		enum err e =
			rules_changed(cx, &(struct id){ { 0 } }, &m[i].learner);

		if (e)
			return e;
	}
	return OK;
}

static enum err group_set(struct ctx *cx, const void *params, void *result)
{
	const struct group_params *p = params;
	struct group_result *out = result;
	struct id *ids = ARENA_ARRAY(cx->arena, struct id, p->learners.n);
	struct list before;
	enum err e = principal_course(cx, p->course);

	if (e)
		return e;
	e = store_list(
		cx, &assessment_sql[MEMBER_LIST],
		VALS(v_id(&cx->who->org), v_text(p->course), v_text(p->group)),
		LIMIT_PAGE, &before, NULL);
	if (!e)
		e = store_exec(cx, &assessment_sql[MEMBER_CLEAR],
			       VALS(v_id(&cx->who->org), v_text(p->course),
				    v_text(p->group)),
			       NULL);
	if (!e)
		e = add_members(cx, p, ids);
	if (!e)
		e = members_left(cx, &before);
	if (e)
		return e;
	*out = (struct group_result){ p->course,
				      p->group,
				      { ids, p->learners.n } };
	record_stage(cx, &(struct record){ .org = cx->who->org,
					   .stream = cx->who->org,
					   .event = STR("group.set"),
					   .body = field_text(
						   cx->arena,
						   &group_result_shape, out) });
	return OK;
}

static enum err group_list(struct ctx *cx, const void *params, void *result)
{
	const struct group_params *p = params;
	struct group_result *out = result;
	struct list rows;
	struct id *ids;
	enum err e = principal_course(cx, p->course);

	if (e)
		return e;
	e = store_list(
		cx, &assessment_sql[MEMBER_LIST],
		VALS(v_id(&cx->who->org), v_text(p->course), v_text(p->group)),
		LIMIT_PAGE, &rows, NULL);
	if (e)
		return e;
	ids = ARENA_ARRAY(cx->arena, struct id, rows.n);
	for (size_t i = 0; i < rows.n; i++)
		ids[i] = ((struct member_row *)rows.at)[i].learner;
	*out = (struct group_result){ p->course, p->group, { ids, rows.n } };
	return OK;
}

const struct rpc_method rules_methods[] = {
	{ .name = "override.set",
	  .does = "Give a learner or a group other rules in one assessment; "
		  "open attempts follow at once.",
	  .roles = ROLE_TEACHERS,
	  .flags = RPC_WRITES,
	  .params = &override_set_shape,
	  .result = &override_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = override_set },
	{ .name = "override.remove",
	  .does = "Take an override away; open attempts follow at once.",
	  .roles = ROLE_TEACHERS,
	  .flags = RPC_WRITES,
	  .params = &override_remove_shape,
	  .result = &override_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = override_remove },
	{ .name = "override.list",
	  .does = "List an assessment's overrides.",
	  .roles = ROLE_TEACHERS,
	  .params = &assessment_ref_shape,
	  .result = &overrides_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = override_list },
	{ .name = "accommodation.set",
	  .does = "Say what a learner is owed in every timed assessment.",
	  .roles = ROLE_PLATFORM | ROLE_ORG_ADMIN,
	  .flags = RPC_WRITES | RPC_WHOLE,
	  .params = &accommodation_set_shape,
	  .result = &accommodation_result_shape,
	  .run = accommodation_set },
	{ .name = "accommodation.remove",
	  .does = "Take a learner's accommodation away.",
	  .roles = ROLE_PLATFORM | ROLE_ORG_ADMIN,
	  .flags = RPC_WRITES | RPC_WHOLE,
	  .params = &accommodation_get_shape,
	  .result = &accommodation_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = accommodation_remove },
	{ .name = "accommodation.get",
	  .does = "Tell a learner's accommodation.",
	  .roles = ROLE_STAFF,
	  .flags = RPC_WHOLE,
	  .params = &accommodation_get_shape,
	  .result = &accommodation_result_shape,
	  .run = accommodation_get },
	{ .name = "group.set",
	  .does = "Say who is in a group of a course.",
	  .roles = ROLE_TEACHERS,
	  .flags = RPC_WRITES,
	  .params = &group_set_shape,
	  .result = &group_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = group_set },
	{ .name = "group.list",
	  .does = "List a group's members.",
	  .roles = ROLE_TEACHERS,
	  .params = &group_list_shape,
	  .result = &group_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = group_list },
	{ 0 },
};
