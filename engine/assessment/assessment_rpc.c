/* assessment.*: publish, look at, retire, check and import. */
#include "base/limits.h"
#include "engine/app.h"
#include "engine/assessment/assessment.h"
#include "engine/assessment/assessment_sql.h"
#include "engine/assessment/before.h"
#include "engine/assessment/peer_file.h"
#include "engine/assessment/publish.h"
#include "engine/assessment/rules_rpc.h"
#include "engine/assessment/selftest.h"
#include "engine/rpc/page.h"

#define AUTHORS (ROLE_PLATFORM | ROLE_AUTHOR | ROLE_ORG_ADMIN)

/* ---- publish ---- */

struct publish_params {
	struct str definition;
	struct str course, slug;
};
static const struct field publish_fields[] = {
	FIELD_OPT(struct publish_params, definition, KIND_RAW,
		  "the assessment file; absent: it follows as bytes", .min = 1,
		  .max = LIMIT_MESSAGE_BYTES),
	FIELD_OPT(struct publish_params, course, KIND_STR,
		  "instead of the file's", .max = LIMIT_REF_BYTES),
	FIELD_OPT(struct publish_params, slug, KIND_STR,
		  "instead of the file's", .max = LIMIT_REF_BYTES),
	FIELD_END,
};
static const struct shape publish_shape =
	SHAPE(struct publish_params, publish_fields);

struct publish_result {
	struct assessment assessment;
	struct problems problems;
};
static const struct field publish_result_fields[] = {
	FIELD(struct publish_result, assessment, KIND_OBJECT, "the version",
	      .shape = &assessment_row_shape),
	FIELD(struct publish_result, problems, KIND_OBJECT,
	      "warnings: likely slips", .shape = &problems_shape),
	FIELD_END,
};
static const struct shape publish_result_shape =
	SHAPE(struct publish_result, publish_result_fields);

static enum err read_file(struct ctx *cx, const struct publish_params *p,
			  struct assessment_def *def, struct problems *problems)
{
	struct str file = p->definition.p ? p->definition : cx->io->bytes_in;
	enum err e;

	if (!file.n)
		return err_field(cx, ERR_INVALID, "/definition",
				 "send the assessment file as definition, or "
				 "as bytes behind the message");
	e = assessment_read_new(cx, file, def, problems);
	if (!e)
		e = peer_file_check(cx, def, problems);
	if (e && problems->list.n)
		cx->error.data =
			field_text(cx->arena, &problems_shape, problems);
	if (e)
		return e;
	if (p->course.n)
		def->course = p->course;
	if (p->slug.n)
		def->slug = p->slug;
	if (!def->course.n || !def->slug.n)
		return err_field(cx, ERR_INVALID,
				 def->course.n ? "/slug" : "/course",
				 "name the course and the slug, in the file or "
				 "beside it");
	if (!principal_covers(cx->who, def->course))
		return err_field(
			cx, ERR_DENIED, "/course",
			"your key or token does not cover this course: "
			"use one that does");
	return OK;
}

/* A file as it was read before its command began. */
struct read_before {
	struct assessment_wish wish;
	struct problems problems;
};

static enum err read_before(struct ctx *cx, const struct publish_params *p,
			    bool whole)
{
	struct read_before *r = ARENA_NEW(cx->arena, struct read_before);
	enum err e;

	r->wish.org = cx->who->org;
	e = read_file(cx, p, &r->wish.def, &r->problems);
	if (e)
		return e;
	assessment_wish_ready(cx, &r->wish, whole);
	cx->io->prepared = r;
	return OK;
}

static enum err publish_before(struct ctx *cx, const void *params)
{
	return read_before(cx, params, true);
}

static enum err publish(struct ctx *cx, const void *params, void *result)
{
	const struct read_before *r = cx->io->prepared;
	struct publish_result *out = result;
	bool fresh;
	enum err e;

	(void)params;
	out->problems = r->problems;
	e = assessment_publish(cx, &r->wish, &out->assessment, &out->problems,
			       &fresh);
	if (!e && !fresh)
		return err_set(cx, ERR_CONFLICT,
			       "version %lld is already just this; nothing "
			       "to publish",
			       (long long)out->assessment.version);
	return e;
}

/* ---- check: what publish would say ---- */

static enum err check(struct ctx *cx, const void *params, void *result)
{
	struct assessment_def def;
	enum err e = read_file(cx, params, &def, result);

	if (e == ERR_INVALID && ((struct problems *)result)->list.n) {
		err_clear(cx);
		return OK;
	}
	if (!e)
		assessment_languages(cx, &def, result);
	return e ? e : before_check(cx, &cx->who->org, &def, result);
}

/* ---- the self-test of its code items ---- */

struct selftest_params {
	struct publish_params file;
	bool again;
};
#define FILE_AT(m) offsetof(struct selftest_params, file.m)
static const struct field selftest_fields[] = {
	{ .name = "definition",
	  .doc = "the assessment file; absent: it follows as bytes",
	  .kind = KIND_RAW,
	  .optional = true,
	  .offset = FILE_AT(definition),
	  .min = 1,
	  .max = LIMIT_MESSAGE_BYTES },
	{ .name = "course",
	  .doc = "instead of the file's",
	  .kind = KIND_STR,
	  .optional = true,
	  .offset = FILE_AT(course),
	  .max = LIMIT_REF_BYTES },
	{ .name = "slug",
	  .doc = "instead of the file's",
	  .kind = KIND_STR,
	  .optional = true,
	  .offset = FILE_AT(slug),
	  .max = LIMIT_REF_BYTES },
	FIELD_OPT(struct selftest_params, again, KIND_BOOL,
		  "run once more what has not passed"),
	FIELD_END,
};
static const struct shape selftest_shape =
	SHAPE(struct selftest_params, selftest_fields);

static enum err selftest_before(struct ctx *cx, const void *params)
{
	const struct selftest_params *p = params;

	return read_before(cx, &p->file, false);
}

static enum err selftest(struct ctx *cx, const void *params, void *result)
{
	const struct selftest_params *p = params;
	const struct read_before *r = cx->io->prepared;
	struct problems problems = r->problems;
	enum err e;

	assessment_languages(cx, &r->wish.def, &problems);
	e = problems_refuse(cx, &problems);
	return e ? e
		 : selftest_ask(cx, &r->wish.org, &r->wish.def, &r->wish.tasks,
				p->again, result);
}

/* ---- import ---- */

struct import_params {
	struct str name, course, slug;
};
static const struct field import_fields[] = {
	FIELD_OPT(struct import_params, name, KIND_STR, "the file's name",
		  .max = LIMIT_NAME_BYTES),
	FIELD_OPT(struct import_params, course, KIND_STR, "for the result",
		  .max = LIMIT_REF_BYTES),
	FIELD_OPT(struct import_params, slug, KIND_STR, "for the result",
		  .max = LIMIT_REF_BYTES),
	FIELD_END,
};
static const struct shape import_shape =
	SHAPE(struct import_params, import_fields);

struct import_result {
	struct bank report;
};
static const struct field import_result_fields[] = {
	FIELD(struct import_result, report, KIND_OBJECT,
	      "the items, and what became of every node of the source",
	      .shape = &bank_shape),
	FIELD_END,
};
static const struct shape import_result_shape =
	SHAPE(struct import_result, import_result_fields);

static enum err import(struct ctx *cx, const void *params, void *result)
{
	const struct import_params *p = params;
	struct import_result *out = result;
	struct assessment_def def;
	enum err e;

	if (!cx->io->bytes_in.n)
		return err_set(cx, ERR_INVALID,
			       "send the file as bytes behind the message");
	e = bank_read(cx, cx->io->bytes_in, p->name, &out->report);
	if (e)
		return e;
	assessment_of_bank(cx, &out->report, p->course, p->slug, &def);
	cx->io->bytes_out = assessment_text(cx, &def);
	out->report.items = (struct list){ 0 }; /* they are in the bytes */
	return OK;
}

/* ---- get, list, retire ---- */

struct get_result {
	struct assessment assessment;
	struct str definition;
	bool has_password;
};
static const struct field get_result_fields[] = {
	FIELD(struct get_result, assessment, KIND_OBJECT, "the version",
	      .shape = &assessment_row_shape),
	FIELD(struct get_result, definition, KIND_RAW,
	      "the assessment file, with its answers, without its password; "
	      "gold of peer review is shown to authors and auditors alone"),
	FIELD(struct get_result, has_password, KIND_BOOL,
	      "a password is needed to start; whoever publishes the "
	      "definition again gives it anew"),
	FIELD_END,
};
static const struct shape get_result_shape =
	SHAPE(struct get_result, get_result_fields);

static enum err get(struct ctx *cx, const void *params, void *result)
{
	const struct assessment_ref *ref = params;
	struct get_result *out = result;
	const struct published *pub;
	struct assessment_def shown;
	enum err e = assessment_resolve(cx, ref, &out->assessment);

	if (!e)
		e = catalog_get(cx->app->catalog, cx, &out->assessment.org,
				&out->assessment.id, &pub);
	if (e)
		return e;
	shown = pub->def;
	out->has_password = assessment_hide(&shown);
	if (pub->has_peer && !principal_has(cx->who, AUTHORS | ROLE_AUDITOR))
		peer_file_hide(cx, &pub->peer, &shown);
	out->definition = assessment_text(cx, &shown);
	return OK;
}

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
static const struct shape list_shape = SHAPE(struct list_params, list_fields);

struct list_result {
	struct list assessments;
	struct str next;
};
static const struct field list_result_fields[] = {
	FIELD(struct list_result, assessments, KIND_LIST,
	      "all versions, by slug and version", .of = KIND_OBJECT,
	      .shape = &assessment_row_shape),
	RPC_NEXT_FIELD(struct list_result, KIND_STR),
	FIELD_END,
};
static const struct shape list_result_shape =
	SHAPE(struct list_result, list_result_fields);

/* A cursor is VERSION:SLUG of the last row seen. */
static enum err read_cursor(struct ctx *cx, struct str cursor, int64_t *version,
			    struct str *slug)
{
	size_t colon = str_find(cursor, STR(":"), 0);

	*version = 0;
	*slug = STR("");
	if (!cursor.n)
		return OK;
	if (colon == SIZE_MAX || !str_int(str_cut(cursor, 0, colon), version))
		return rpc_bad_cursor(cx);
	*slug = str_cut(cursor, colon + 1, cursor.n);
	return OK;
}

static enum err list(struct ctx *cx, const void *params, void *result)
{
	const struct list_params *p = params;
	struct list_result *out = result;
	const struct assessment *last;
	const void *row;
	int64_t version;
	struct str slug;
	enum err e = read_cursor(cx, p->cursor, &version, &slug);

	if (!e)
		e = principal_course(cx, p->course);
	if (e)
		return e;
	e = rpc_page(cx, &assessment_sql[ASSESSMENT_LIST],
		     VALS(v_id(&cx->who->org), v_text(p->course), v_text(slug),
			  v_int(version)),
		     p->limit, sizeof(*last), &out->assessments, &row);
	last = row;
	if (!e && last) {
		out->next =
			str_fmt(cx->arena, "%lld:%.*s",
				(long long)last->version, STR_FMT(last->slug));
	}
	return e;
}

static enum err retire(struct ctx *cx, const void *params, void *result)
{
	const struct assessment_ref *ref = params;
	struct assessment *a = result;
	int64_t changed;
	enum err e = assessment_resolve(cx, ref, a);

	if (e || a->retired_at)
		return e;
	a->retired_at = clock_ms(cx->clock);
	e = store_exec(cx, &assessment_sql[ASSESSMENT_RETIRE],
		       VALS(v_id(&a->org), v_id(&a->id), v_int(a->retired_at)),
		       &changed);
	if (!e)
		record_stage(cx, &(struct record){
					 .org = a->org,
					 .stream = a->id,
					 .event = STR("assessment.retired"),
					 .body = field_text(
						 cx->arena,
						 &assessment_row_shape, a) });
	return e;
}

const struct rpc_method assessment_methods[] = {
	{ .name = "assessment.publish",
	  .does = "Publish an assessment file as a new, immutable version.",
	  .roles = AUTHORS,
	  .flags = RPC_WRITES | RPC_TAKES_BYTES,
	  .budget_ms = 1000,
	  .params = &publish_shape,
	  .result = &publish_result_shape,
	  .fails = FAILS(ERR_DENIED, ERR_CONFLICT, ERR_TOO_LARGE, ERR_BAD_JSON,
			 ERR_PRECONDITION),
	  .run = publish,
	  .prepare = publish_before },
	{ .name = "code.selftest",
	  .does = "Try the code items of an assessment file, as publishing it "
		  "asks for, and tell how far that is.",
	  .roles = AUTHORS,
	  .flags = RPC_WRITES | RPC_QUIET | RPC_TAKES_BYTES,
	  .budget_ms = 1000,
	  .params = &selftest_shape,
	  .result = &selftest_result_shape,
	  .fails = FAILS(ERR_DENIED, ERR_TOO_LARGE, ERR_BAD_JSON),
	  .run = selftest,
	  .prepare = selftest_before },
	{ .name = "assessment.check",
	  .does = "Say all that publishing a file would object to.",
	  .roles = AUTHORS,
	  .flags = RPC_SLOW | RPC_TAKES_BYTES,
	  .params = &publish_shape,
	  .result = &problems_shape,
	  .fails = FAILS(ERR_DENIED, ERR_TOO_LARGE, ERR_BAD_JSON),
	  .run = check },
	{ .name = "assessment.import",
	  .does = "Turn GIFT or Moodle XML bytes into an assessment file "
		  "(bytes of the reply), with a report of every node.",
	  .roles = AUTHORS,
	  .flags = RPC_SLOW | RPC_TAKES_BYTES | RPC_GIVES_BYTES | RPC_NO_STORE,
	  .budget_ms = 2000,
	  .params = &import_shape,
	  .result = &import_result_shape,
	  .fails = FAILS(ERR_TOO_LARGE),
	  .run = import },
	{ .name = "assessment.get",
	  .does = "Give a version with its definition.",
	  .roles = ROLE_STAFF | ROLE_AUDITOR,
	  .flags = RPC_READS,
	  .params = &assessment_ref_shape,
	  .result = &get_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = get },
	{ .name = "assessment.list",
	  .does = "List a course's assessments, all versions.",
	  .roles = ROLE_STAFF | ROLE_AUDITOR,
	  .params = &list_shape,
	  .result = &list_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = list },
	{ .name = "assessment.retire",
	  .does = "Let no new attempt start on a version; what was done on it "
		  "stays and counts.",
	  .roles = AUTHORS,
	  .flags = RPC_WRITES | RPC_QUIET,
	  .params = &assessment_ref_shape,
	  .result = &assessment_row_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = retire },
	{ 0 },
};
