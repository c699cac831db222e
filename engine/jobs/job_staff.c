/* job.list, get, cancel, retry: what people see and decide. */
#include "engine/jobs/job_impl.h"
#include "engine/rpc/page.h"

#define STAFF (ROLE_PLATFORM | ROLE_ORG_ADMIN)

struct list_params {
	int state;
	bool has_state;
	struct str kind;
	struct id ref, cursor;
	int64_t limit;
};
static const struct field list_fields[] = {
	FIELD_MAYBE(struct list_params, state, has_state, KIND_ENUM,
		    "only those in this state; failed: all that failed for "
		    "good, also those that are dead (out of tries)",
		    .words = job_state_words),
	FIELD_OPT(struct list_params, kind, KIND_STR, "only this kind",
		  .min = 1, .max = JOB_KIND_BYTES),
	FIELD_OPT(struct list_params, ref, KIND_ID, "only about this"),
	RPC_ID_PAGE_FIELDS(struct list_params),
	FIELD_END,
};
static const struct shape list_shape = SHAPE(struct list_params, list_fields);

#define VIEW                                                                   \
	FIELD(struct job, id, KIND_ID, "the job"),                             \
		FIELD(struct job, kind, KIND_STR, "what is to be done"),       \
		FIELD_OPT(struct job, ref, KIND_ID, "what it is about"),       \
		FIELD(struct job, state, KIND_ENUM,                            \
		      "where it stands; failed for good: failed, a worker "    \
		      "gave it up, or dead, out of tries",                     \
		      .words = job_state_words),                               \
		FIELD_OPT(struct job, due_at, KIND_TIME,                       \
			  "when it may run, or its lease ends"),               \
		FIELD(struct job, fence, KIND_INT, "leases so far"),           \
		FIELD_OPT(struct job, worker, KIND_STR, "who has it"),         \
		FIELD(struct job, tries, KIND_INT, "of this round"),           \
		FIELD(struct job, max_tries, KIND_INT, "dead after so many"),  \
		FIELD_OPT(struct job, last_error, KIND_STR,                    \
			  "what went wrong last"),                             \
		FIELD(struct job, created_at, KIND_TIME,                       \
		      "when it was queued"),                                   \
		FIELD(struct job, updated_at, KIND_TIME,                       \
		      "when it changed last")

static const struct field view_fields[] = { VIEW, FIELD_END };
static const struct shape view_shape = { "job", sizeof(struct job),
					 view_fields };

/* One that has not ended, with what keeps it from that. */
struct job_listed {
	struct job job; /* first: VIEW is of it */
	bool has_standing;
	int standing;
	struct str reason;
};
#define STANDING(s)                                                            \
	FIELD_MAYBE(s, standing, has_standing, KIND_ENUM,                      \
		    JOB_STANDING_DOC "; absent once it has ended",             \
		    .words = job_standing_words),                              \
		FIELD_OPT(s, reason, KIND_STR,                                 \
			  "why no worker can take it: what is wanted, and "    \
			  "what those offer that asked within a minute")
static const struct field listed_fields[] = {
	VIEW,
	STANDING(struct job_listed),
	FIELD_END,
};
static const struct shape listed_shape = { "listed_job",
					   sizeof(struct job_listed),
					   listed_fields };

struct job_whole {
	struct job_listed job; /* first: VIEW is of it */
	bool has_position;
	struct job_position position;
};
static const struct field whole_fields[] = {
	VIEW,
	STANDING(struct job_listed),
	FIELD(struct job, body, KIND_RAW, "what the worker is told"),
	FIELD_MAYBE(struct job_whole, position, has_position, KIND_OBJECT,
		    "where it stands in the queue; absent once it has ended",
		    .shape = &job_position_shape),
	FIELD_END,
};
static const struct shape whole_shape = { "whole_job", sizeof(struct job_whole),
					  whole_fields };

struct list_result {
	struct list jobs;
	struct id next;
};
static const struct field list_result_fields[] = {
	FIELD(struct list_result, jobs, KIND_LIST, "oldest first",
	      .of = KIND_OBJECT, .shape = &listed_shape),
	RPC_NEXT_FIELD(struct list_result, KIND_ID),
	FIELD_END,
};
static const struct shape list_result_shape =
	SHAPE(struct list_result, list_result_fields);

static enum err stands(struct ctx *cx, struct job_workers *w,
		       struct job_listed *l)
{
	l->has_standing = l->job.due_at != 0;
	return l->has_standing
		       ? job_standing(cx, w, &l->job, &l->standing, &l->reason)
		       : OK;
}

static enum err show(struct ctx *cx, const struct list *jobs, struct list *out)
{
	const struct job *j = jobs->at;
	struct job_listed *l =
		ARENA_ARRAY(cx->arena, struct job_listed, jobs->n);
	struct job_workers workers = { 0 };
	enum err e = OK;

	for (size_t i = 0; !e && i < jobs->n; i++) {
		l[i].job = j[i];
		e = stands(cx, &workers, &l[i]);
	}
	*out = (struct list){ l, jobs->n };
	return e;
}

static enum err job_list_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct list_params *p = params;
	const struct job_filter f = { .org = cx->who->org,
				      .after = p->cursor,
				      .ref = p->ref,
				      .has_state = p->has_state,
				      .state = p->state,
				      .kind = p->kind };
	struct list_result *out = result;
	struct list jobs;
	bool more = false;
	enum err e = job_list(cx, &f, rpc_page_rows(p->limit), &jobs, &more);

	if (!e && more)
		out->next = ((struct job *)jobs.at)[jobs.n - 1].id;
	return e ? e : show(cx, &jobs, &out->jobs);
}

struct job_params {
	struct id job;
};
static const struct field job_fields[] = {
	FIELD(struct job_params, job, KIND_ID, "the job"),
	FIELD_END,
};
static const struct shape job_shape = SHAPE(struct job_params, job_fields);

static enum err job_get_rpc(struct ctx *cx, const void *params, void *result)
{
	struct job_whole *out = result;
	struct job *j = &out->job.job;
	struct job_workers workers = { 0 };
	enum err e = job_load(cx, &cx->who->org,
			      &((const struct job_params *)params)->job, j);

	if (!e)
		e = stands(cx, &workers, &out->job);
	out->has_position = !e && j->due_at;
	return out->has_position ? job_position(cx, &workers, j, &out->position)
				 : e;
}

static enum err job_cancel_rpc(struct ctx *cx, const void *params, void *result)
{
	return job_cancel(cx, &cx->who->org,
			  &((const struct job_params *)params)->job, result);
}

static enum err job_retry_rpc(struct ctx *cx, const void *params, void *result)
{
	return job_retry(cx, &cx->who->org,
			 &((const struct job_params *)params)->job, result);
}

const struct rpc_method job_staff_methods[] = {
	{ .name = "job.list",
	  .does = "List background jobs, with what keeps those that wait; "
		  "of state failed: all that failed for good.",
	  .roles = STAFF,
	  .flags = RPC_SLOW | RPC_WHOLE,
	  .budget_ms = 500,
	  .params = &list_shape,
	  .result = &list_result_shape,
	  .run = job_list_rpc },
	{ .name = "job.get",
	  .does = "Show one background job.",
	  .roles = STAFF,
	  .flags = RPC_WHOLE,
	  .budget_ms = 200,
	  .params = &job_shape,
	  .result = &whole_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = job_get_rpc },
	{ .name = "job.cancel",
	  .does = "Give up a job that has not ended.",
	  .roles = STAFF,
	  .flags = RPC_WRITES | RPC_WHOLE,
	  .budget_ms = 500,
	  .params = &job_shape,
	  .result = &view_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_PRECONDITION, ERR_CONFLICT),
	  .run = job_cancel_rpc },
	{ .name = "job.retry",
	  .does = "Queue a failed, dead or cancelled job again.",
	  .roles = STAFF,
	  .flags = RPC_WRITES | RPC_WHOLE,
	  .budget_ms = 500,
	  .params = &job_shape,
	  .result = &view_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_PRECONDITION, ERR_CONFLICT),
	  .run = job_retry_rpc },
	{ 0 },
};
