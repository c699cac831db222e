/* content.sync, list, get. */
#include "base/limits.h"
#include "engine/app.h"
#include "engine/content/content.h"
#include "engine/rpc/page.h"
#include "sandbox/source_url.h"
#include "sandbox/tree.h"
#include "sandbox/tree_name.h"

enum err content_sync_load(struct ctx *cx, const struct id *org,
			   const struct id *id, struct content_sync *out)
{
	enum err e = store_one(cx, &content_sql[CONTENT_SYNC_BY_ID],
			       VALS(v_id(org), v_id(id)), out);

	return e == ERR_NOT_FOUND ? err_set(cx, e, "there is no such sync") : e;
}

/* ---- content.sync ---- */

struct sync_params {
	struct str course, source, ref, path;
	bool dry_run;
};
static const struct field sync_fields[] = {
	FIELD(struct sync_params, course, KIND_STR, "the platform's course id",
	      .min = 1, .max = LIMIT_REF_BYTES),
	FIELD(struct sync_params, source, KIND_STR,
	      "URL of a git repository, or a folder that the operator allows",
	      .min = 1, .max = CONTENT_SOURCE_BYTES),
	FIELD_OPT(struct sync_params, ref, KIND_STR,
		  "branch, tag or commit; absent: the repository's HEAD",
		  .max = SOURCE_REF_BYTES),
	FIELD_OPT(struct sync_params, path, KIND_STR,
		  "a folder inside it; absent: all", .max = CONTENT_PATH_BYTES),
	FIELD_OPT(struct sync_params, dry_run, KIND_BOOL,
		  "publish nothing, only say what would be"),
	FIELD_END,
};
static const struct shape sync_shape = SHAPE(struct sync_params, sync_fields);

static enum err check(struct ctx *cx, const struct sync_params *p)
{
	const char *wrong =
		p->path.n ? tree_name_wrong(p->path, TREE_DEPTH) : NULL;
	struct content_place place;
	enum err e = principal_course(cx, p->course);

	if (!e)
		e = content_place_of(cx, p->source, &place);
	if (!e)
		e = source_ref_check(cx, "/ref", p->ref);
	if (!e && wrong)
		e = err_field(cx, ERR_INVALID, "/path", "the path %s", wrong);
	return e;
}

static enum err sync_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct sync_params *p = params;
	struct content_sync *s = result;
	struct job_wish w = { 0 };
	enum err e = check(cx, p);

	if (e)
		return e;
	*s = (struct content_sync){
		.org = cx->who->org,
		.id = id_new(cx->clock, cx->rng),
		.course = p->course,
		.source = p->source,
		.ref = p->ref.n ? p->ref : (struct str){ 0 },
		.path = p->path.n ? p->path : (struct str){ 0 },
		.dry_run = p->dry_run,
		.state = CONTENT_QUEUED,
		.refused = STR("[]"),
		.created_at = clock_ms(cx->clock),
	};
	w.ref = s->id;
	e = job_queue(cx, content_job.name, &w, &s->job);
	if (!e)
		e = store_exec(cx, &content_sql[CONTENT_SYNC_INSERT],
			       VALS(v_id(&s->org), v_id(&s->id), v_id(&s->job),
				    v_text(s->course), v_text(s->source),
				    v_text(s->ref), v_text(s->path),
				    v_bool(s->dry_run), v_int(s->created_at)),
			       NULL);
	if (!e)
		record_stage(cx, &(struct record){
					 .org = s->org,
					 .stream = s->id,
					 .event = STR("content.asked"),
					 .body = field_text(
						 cx->arena,
						 &content_shown_shape, s) });
	return e;
}

/* ---- content.list ---- */

struct list_params {
	struct str course;
	int64_t limit;
	struct id cursor;
};
static const struct field list_fields[] = {
	FIELD(struct list_params, course, KIND_STR, "the platform's course id",
	      .min = 1, .max = LIMIT_REF_BYTES),
	RPC_ID_PAGE_FIELDS(struct list_params),
	FIELD_END,
};
static const struct shape list_shape = { "content_list",
					 sizeof(struct list_params),
					 list_fields };

struct list_result {
	struct list syncs;
	struct id next;
};
static const struct field list_result_fields[] = {
	FIELD(struct list_result, syncs, KIND_LIST, "newest first",
	      .of = KIND_OBJECT, .shape = &content_shown_shape),
	RPC_NEXT_FIELD(struct list_result, KIND_ID),
	FIELD_END,
};
static const struct shape list_result_shape = { "content_list_result",
						sizeof(struct list_result),
						list_result_fields };

static enum err list(struct ctx *cx, const void *params, void *result)
{
	const struct list_params *p = params;
	struct list_result *out = result;
	const void *last = NULL;
	enum err e = principal_course(cx, p->course);

	if (!e)
		e = rpc_page(cx, &content_sql[CONTENT_SYNC_LIST],
			     VALS(v_id(&cx->who->org), v_text(p->course),
				  v_id(&p->cursor)),
			     p->limit, sizeof(struct content_sync), &out->syncs,
			     &last);
	if (!e && last)
		out->next = ((const struct content_sync *)last)->id;
	return e;
}

/* ---- content.get ---- */

struct get_params {
	struct id sync;
};
static const struct field get_fields[] = {
	FIELD(struct get_params, sync, KIND_ID, "the sync"),
	FIELD_END,
};
static const struct shape get_shape = { "content_get",
					sizeof(struct get_params), get_fields };

struct get_result {
	struct content_sync sync;
	struct list files;
};
static const struct field get_result_fields[] = {
	FIELD(struct get_result, sync, KIND_OBJECT, "where it stands",
	      .shape = &content_shown_shape),
	FIELD(struct get_result, files, KIND_LIST,
	      "assessments and labs that were found, and what became of each",
	      .of = KIND_OBJECT, .shape = &content_file_shown_shape),
	FIELD_END,
};
static const struct shape get_result_shape = { "content_get_result",
					       sizeof(struct get_result),
					       get_result_fields };

static enum err get(struct ctx *cx, const void *params, void *result)
{
	const struct get_params *p = params;
	struct get_result *out = result;
	enum err e = content_sync_load(cx, &cx->who->org, &p->sync, &out->sync);

	if (!e && !principal_covers(cx->who, out->sync.course))
		return err_set(cx, ERR_NOT_FOUND, "there is no such sync");
	if (!e)
		e = store_list(cx, &content_sql[CONTENT_FILE_LIST],
			       VALS(v_id(&cx->who->org), v_id(&p->sync)),
			       CONTENT_FILES, &out->files, NULL);
	return e;
}

#define AUTHORS (ROLE_PLATFORM | ROLE_AUTHOR | ROLE_ORG_ADMIN)

const struct rpc_method content_methods[] = {
	{ .name = "content.sync",
	  .does = "Publish what is new among the assessments and labs of a git "
		  "repository or folder; a worker does it.",
	  .roles = AUTHORS,
	  .flags = RPC_WRITES,
	  .budget_ms = 500,
	  .params = &sync_shape,
	  .result = &content_shown_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_DENIED, ERR_UNSUPPORTED),
	  .run = sync_rpc },
	{ .name = "content.list",
	  .does = "List a course's syncs, newest first.",
	  .roles = ROLE_STAFF | ROLE_AUDITOR,
	  .params = &list_shape,
	  .result = &list_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = list },
	{ .name = "content.get",
	  .does = "Say what a sync found, what became of it, and what was "
		  "left out and why.",
	  .roles = ROLE_STAFF | ROLE_AUDITOR,
	  .params = &get_shape,
	  .result = &get_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = get },
	{ 0 },
};
