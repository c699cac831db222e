/* lab.publish, list, get, open: labs, and a learner's session of one. */
#include "base/limits.h"
#include "engine/app.h"
#include "engine/auth/org.h"
#include "engine/lab/lab_rpc.h"
#include "engine/lab/lab_sql.h"
#include "engine/rpc/page.h"

#define AUTHORS (ROLE_PLATFORM | ROLE_AUTHOR | ROLE_ORG_ADMIN)

/* ---- publish ---- */

struct publish_params {
	struct str definition;
};
static const struct field publish_fields[] = {
	FIELD_OPT(struct publish_params, definition, KIND_RAW,
		  "the lab file; absent: it follows as bytes", .min = 1,
		  .max = LIMIT_MESSAGE_BYTES),
	FIELD_END,
};
static const struct shape publish_shape = { "lab_publish",
					    sizeof(struct publish_params),
					    publish_fields };

static enum err publish_before(struct ctx *cx, const void *params)
{
	const struct publish_params *p = params;
	struct str file = p->definition.p ? p->definition : cx->io->bytes_in;
	struct lab_def *def = ARENA_NEW(cx->arena, struct lab_def);

	if (!file.n)
		return err_field(cx, ERR_INVALID, "/definition",
				 "send the lab file as definition, or as bytes "
				 "behind the message");
	cx->io->prepared = def;
	return lab_def_read(cx, file, def);
}

static enum err publish(struct ctx *cx, const void *params, void *result)
{
	const struct lab_wish w = { .org = cx->who->org,
				    .def = cx->io->prepared };
	struct lab *out = result;
	bool fresh = false;
	enum err e = lab_publish_for(cx, &w, out, &fresh);

	(void)params;
	if (!e && !fresh)
		return err_set(cx, ERR_CONFLICT,
			       "version %lld is already just this; nothing "
			       "to publish",
			       (long long)out->version);
	return e;
}

/* ---- list ---- */

struct list_params {
	struct str course;
	int64_t limit;
	struct str cursor;
};
static const struct field list_fields[] = {
	FIELD(struct list_params, course, KIND_STR, "the platform's course id",
	      .min = 1, .max = LIMIT_REF_BYTES),
	RPC_PAGE_FIELDS(struct list_params),
	FIELD_END,
};
static const struct shape list_shape = { "lab_list", sizeof(struct list_params),
					 list_fields };

struct list_result {
	struct list labs;
	struct str next;
};
static const struct field list_result_fields[] = {
	FIELD(struct list_result, labs, KIND_LIST, "the newest versions",
	      .of = KIND_OBJECT, .shape = &lab_view_shape),
	RPC_NEXT_FIELD(struct list_result, KIND_STR),
	FIELD_END,
};
static const struct shape list_result_shape = { "lab_list_result",
						sizeof(struct list_result),
						list_result_fields };

static enum err list(struct ctx *cx, const void *params, void *result)
{
	const struct list_params *p = params;
	struct list_result *out = result;
	const void *last = NULL;
	enum err e = principal_course(cx, p->course);

	if (!e)
		e = rpc_page(cx, &lab_sql[LAB_LIST],
			     VALS(v_id(&cx->who->org), v_text(p->course),
				  v_text(p->cursor.p ? p->cursor : STR(""))),
			     p->limit, sizeof(struct lab), &out->labs, &last);
	if (!e && last)
		out->next = ((const struct lab *)last)->slug;
	return e;
}

/* ---- get ---- */

static const struct field ref_fields[] = {
	LAB_REF_FIELDS(struct lab_ref_params, ref),
	FIELD_END,
};
static const struct shape ref_shape = { "lab_ref",
					sizeof(struct lab_ref_params),
					ref_fields };

struct get_result {
	struct lab lab;
	struct str text, language, definition;
	struct list run;
	bool has_check;
};
static const struct field get_result_fields[] = {
	FIELD(struct get_result, lab, KIND_OBJECT, "the version",
	      .shape = &lab_view_shape),
	FIELD_OPT(struct get_result, text, KIND_STR, "what is to be done"),
	FIELD_OPT(struct get_result, language, KIND_STR, "of runs and checks"),
	FIELD(struct get_result, run, KIND_LIST, "what lab.run does by itself",
	      .of = KIND_STR),
	FIELD(struct get_result, has_check, KIND_BOOL, "lab.check is there"),
	FIELD_OPT(struct get_result, definition, KIND_RAW,
		  "the lab file; for staff"),
	FIELD_END,
};
static const struct shape get_result_shape = { "lab_get_result",
					       sizeof(struct get_result),
					       get_result_fields };

static enum err get(struct ctx *cx, const void *params, void *result)
{
	const struct lab_ref_params *p = params;
	struct get_result *out = result;
	struct lab_def def;
	enum err e = lab_resolve(cx, &p->ref, &out->lab);

	if (!e)
		e = lab_def_of(cx, &out->lab.org, &out->lab.id, &def);
	if (e)
		return e;
	out->text = def.text;
	out->language = lab_def_language(&def, (struct str){ 0 });
	out->run = def.run;
	out->has_check = def.has_check;
	if (principal_has(cx->who, ROLE_STAFF | ROLE_AUDITOR))
		out->definition = field_text(cx->arena, &lab_def_shape, &def);
	return OK;
}

/* ---- open ---- */

struct open_params {
	struct lab_ref ref;
	struct str learner;
};
static const struct field open_fields[] = {
	LAB_REF_FIELDS(struct open_params, ref),
	FIELD_OPT(struct open_params, learner, KIND_STR,
		  "whose; for platforms and staff", .max = LIMIT_REF_BYTES),
	FIELD_END,
};
static const struct shape open_shape = { "lab_open", sizeof(struct open_params),
					 open_fields };

#define V struct lab_session_view
static const struct field session_fields[] = {
	FIELD(V, session, KIND_ID, "names the work in all that follows"),
	FIELD(V, lab, KIND_ID, "the version that it began from"),
	FIELD(V, course, KIND_STR, "the platform's course id"),
	FIELD(V, slug, KIND_STR, "the lab's name in it"),
	FIELD(V, version, KIND_INT, "the version's number"),
	FIELD(V, newest, KIND_INT, "the lab's newest: see lab.offer"),
	FIELD(V, commit, KIND_STR, "the work as it was saved last"),
	FIELD(V, node, KIND_INT, "the server that keeps it"),
	FIELD(V, opened_at, KIND_TIME, "first"),
	FIELD(V, changed_at, KIND_TIME, "last saved"),
	FIELD_END,
};
#undef V
const struct shape lab_session_view_shape = { "lab_session",
					      sizeof(struct lab_session_view),
					      session_fields };

enum err lab_session_show(struct ctx *cx, const struct lab_session *s,
			  struct lab_session_view *out)
{
	struct work_place at = lab_place(cx, s);
	struct oid tip;
	struct lab newest;
	enum err e = subs_tip(cx, cx->app->subs, at.repo, at.ref, &tip);

	if (!e)
		e = store_one(cx, &lab_sql[LAB_NEWEST_OF],
			      VALS(v_id(&s->org), v_id(&s->lab)), &newest);
	if (e)
		return e;
	*out = (struct lab_session_view){
		.session = s->id,
		.lab = s->version,
		.course = s->course,
		.slug = s->slug,
		.version = s->number,
		.newest = newest.version,
		.commit = lab_oid_hex(cx->arena, &tip),
		.node = s->node,
		.opened_at = s->opened_at,
		.changed_at = s->changed_at,
	};
	return OK;
}

static enum err open_lab(struct ctx *cx, const void *params, void *result)
{
	const struct open_params *p = params;
	struct lab_session s;
	struct lab lab;
	struct id learner;
	bool fresh;
	enum err e = lab_resolve(cx, &p->ref, &lab);

	if (!e)
		e = person_for(cx, p->learner, &learner);
	if (!e)
		e = lab_session_open(cx, &lab, &learner, &s, &fresh);
	return e ? e : lab_session_show(cx, &s, result);
}

const struct rpc_method lab_methods[] = {
	{ .name = "lab.publish",
	  .does = "Publish a lab file as a new version of its lab.",
	  .roles = AUTHORS,
	  .flags = RPC_WRITES | RPC_TAKES_BYTES,
	  .budget_ms = 1000,
	  .params = &publish_shape,
	  .result = &lab_view_shape,
	  .fails = FAILS(ERR_DENIED, ERR_CONFLICT, ERR_BAD_JSON, ERR_TOO_LARGE),
	  .run = publish,
	  .prepare = publish_before },
	{ .name = "lab.list",
	  .does = "List a course's labs.",
	  .roles = ROLE_STAFF | ROLE_AUDITOR | ROLE_LEARNER,
	  .params = &list_shape,
	  .result = &list_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = list },
	{ .name = "lab.get",
	  .does = "Tell what a lab is about.",
	  .roles = ROLE_STAFF | ROLE_AUDITOR | ROLE_LEARNER,
	  .params = &ref_shape,
	  .result = &get_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = get },
	{ .name = "lab.open",
	  .does = "Open a lab: the learner's own work in it, begun with the "
		  "starter files.",
	  .roles = ROLE_LEARNER | ROLE_PLATFORM | ROLE_AUTHOR,
	  .flags = RPC_WRITES | RPC_QUIET,
	  .budget_ms = 500,
	  .params = &open_shape,
	  .result = &lab_session_view_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_DENIED, ERR_CONFLICT),
	  .run = open_lab },
	{ 0 },
};
