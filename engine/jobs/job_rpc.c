/* job.lease, wait, renew, input, finish, fail, release: what workers call. */
#include "base/limits.h"
#include "engine/jobs/job_impl.h"

enum {
	LEASE_LEAST_MS = 1000,
	LEASE_MOST_MS = 3600000,
	LEASE_JOBS = 32,
	LEASE_KINDS = 32,
};

/*
 * A worker of the installation, whose key is also an operator's, does the jobs
 * of all tenants; any other those of its own.
 */
static struct id lease_org(const struct ctx *cx)
{
	return principal_has(cx->who, ROLE_OPERATOR) ? (struct id){ 0 }
						     : cx->who->org;
}

/* ---- job.lease ---- */

struct lease_params {
	struct list kinds;
	struct str worker;
	int64_t limit, lease_ms;
	bool has_about;
	struct job_about about;
};
static const struct field lease_fields[] = {
	FIELD(struct lease_params, kinds, KIND_LIST,
	      "what the worker has room for, most wanted first; none: it only "
	      "says that it is there",
	      .of = KIND_STR, .max = LEASE_KINDS),
	FIELD(struct lease_params, worker, KIND_STR,
	      "what the worker calls itself, for people to read", .min = 1,
	      .max = JOB_KIND_BYTES),
	FIELD(struct lease_params, limit, KIND_INT, "how many at most",
	      .min = 1, .max = LEASE_JOBS),
	FIELD(struct lease_params, lease_ms, KIND_INT,
	      "for how long; renew it, or another worker gets the job",
	      .min = LEASE_LEAST_MS, .max = LEASE_MOST_MS),
	FIELD_MAYBE(struct lease_params, about, has_about, KIND_OBJECT,
		    "what it is able to do: jobs that need another language "
		    "are left to others, and staff can see why a job waits",
		    .shape = &job_about_shape),
	FIELD_END,
};
static const struct shape lease_shape =
	SHAPE(struct lease_params, lease_fields);

#define LEASED                                                                 \
	FIELD(struct job, id, KIND_ID, "the job"),                             \
		FIELD(struct job, org, KIND_ID, "whose; name it with the id"), \
		FIELD(struct job, fence, KIND_INT,                             \
		      "number of this lease: shown with all that follows"),    \
		FIELD_OPT(struct job, due_at, KIND_TIME, "until when")

static const struct field leased_fields[] = {
	LEASED,
	FIELD(struct job, kind, KIND_STR, "what is to be done"),
	FIELD_OPT(struct job, ref, KIND_ID, "what it is about"),
	FIELD(struct job, body, KIND_RAW, "what the worker needs to know"),
	FIELD(struct job, tries, KIND_INT, "counts this one"),
	FIELD(struct job, max_tries, KIND_INT, "dead after so many"),
	FIELD_END,
};
static const struct shape leased_shape = { "leased_job", sizeof(struct job),
					   leased_fields };

struct lease_result {
	struct list jobs;
};
static const struct field lease_result_fields[] = {
	FIELD(struct lease_result, jobs, KIND_LIST,
	      "none: ask again after a second or more", .of = KIND_OBJECT,
	      .shape = &leased_shape),
	FIELD_END,
};
static const struct shape lease_result_shape =
	SHAPE(struct lease_result, lease_result_fields);

static enum err job_lease_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct lease_params *p = params;
	const struct job_ask a = { .org = lease_org(cx),
				   .kinds = p->kinds,
				   .worker = p->worker,
				   .limit = p->limit,
				   .lease_ms = p->lease_ms,
				   .has_about = p->has_about,
				   .about = p->about };

	return job_lease(cx, &a, &((struct lease_result *)result)->jobs);
}

/* ---- job.wait ---- */

struct wait_params {
	struct list kinds;
	int64_t wait_ms;
	bool has_languages;
	struct list languages;
};
static const struct field wait_fields[] = {
	FIELD(struct wait_params, kinds, KIND_LIST, "what the worker can do",
	      .of = KIND_STR, .min = 1, .max = LEASE_KINDS),
	FIELD(struct wait_params, wait_ms, KIND_INT, "for how long at most",
	      .min = 0, .max = JOB_WAIT_MOST_MS),
	FIELD_MAYBE(struct wait_params, languages, has_languages, KIND_LIST,
		    "that it has; absent: jobs in any", .of = KIND_STR,
		    .max = JOB_ABOUT_WORDS),
	FIELD_END,
};
static const struct shape wait_shape = { "job_wait", sizeof(struct wait_params),
					 wait_fields };

struct wait_result {
	bool due;
};
static const struct field wait_result_fields[] = {
	FIELD(struct wait_result, due, KIND_BOOL,
	      "a job may be there: lease it, before another does"),
	FIELD_END,
};
static const struct shape wait_result_shape = { "job_wait_result",
						sizeof(struct wait_result),
						wait_result_fields };

static enum err job_wait_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct wait_params *p = params;
	const struct job_ask a = {
		.org = lease_org(cx),
		.kinds = p->kinds,
		.has_about = p->has_languages,
		.about = { .has_languages = p->has_languages,
			   .languages = p->languages },
	};

	return job_wait(cx, &a, p->wait_ms,
			&((struct wait_result *)result)->due);
}

/* ---- with a lease ---- */

struct held_params {
	struct id job, organization;
	int64_t fence, lease_ms;
	struct str result, error;
	bool retry;
};
#define HELD                                                                   \
	FIELD(struct held_params, job, KIND_ID, "the job"),                    \
		FIELD_OPT(struct held_params, organization, KIND_ID,           \
			  "whose it is; absent: the caller's"),                \
		FIELD(struct held_params, fence, KIND_INT,                     \
		      "number of the lease", .min = 1, .max = INT64_MAX)

static const struct field renew_fields[] = {
	HELD,
	FIELD(struct held_params, lease_ms, KIND_INT, "for how long from now",
	      .min = LEASE_LEAST_MS, .max = LEASE_MOST_MS),
	FIELD_END,
};
static const struct shape renew_shape = { "job_renew",
					  sizeof(struct held_params),
					  renew_fields };

static const struct field release_fields[] = { HELD, FIELD_END };
static const struct shape release_shape = { "job_release",
					    sizeof(struct held_params),
					    release_fields };

static const struct field input_fields[] = { HELD, FIELD_END };
static const struct shape input_shape = { "job_input",
					  sizeof(struct held_params),
					  input_fields };

struct input_result {
	struct str input;
};
static const struct field input_result_fields[] = {
	FIELD(struct input_result, input, KIND_RAW,
	      "what the worker needs to know beyond the job's body; its shape "
	      "is the kind's"),
	FIELD_END,
};
static const struct shape input_result_shape =
	SHAPE(struct input_result, input_result_fields);

static const struct field finish_fields[] = {
	HELD,
	FIELD(struct held_params, result, KIND_RAW,
	      "what came out; its shape is the kind's", .min = 1,
	      .max = LIMIT_RESPONSE_BYTES),
	FIELD_END,
};
static const struct shape finish_shape = { "job_finish",
					   sizeof(struct held_params),
					   finish_fields };

static const struct field fail_fields[] = {
	HELD,
	FIELD(struct held_params, error, KIND_STR,
	      "what went wrong on our side, for staff", .min = 1,
	      .max = JOB_ERROR_BYTES),
	FIELD(struct held_params, retry, KIND_BOOL, "another try may succeed"),
	FIELD_END,
};
static const struct shape fail_shape = { "job_fail", sizeof(struct held_params),
					 fail_fields };

static const struct field held_fields[] = {
	LEASED,
	FIELD(struct job, state, KIND_ENUM, "where it stands",
	      .words = job_state_words),
	FIELD_END,
};
static const struct shape held_shape = { "held_job", sizeof(struct job),
					 held_fields };

/* Another tenant's is there for the installation's workers alone. */
static struct id held_org(const struct ctx *cx, const struct held_params *p)
{
	bool any = principal_has(cx->who, ROLE_OPERATOR);

	return any && !id_is_none(&p->organization) ? p->organization
						    : cx->who->org;
}

static enum err job_renew_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct held_params *p = params;
	struct id org = held_org(cx, p);

	return job_renew(cx, &org, &p->job, p->fence, p->lease_ms, result);
}

static enum err job_input_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct held_params *p = params;
	struct id org = held_org(cx, p);
	struct buf json = { 0 };
	enum err e = job_input(cx, &org, &p->job, p->fence, &json,
			       &cx->io->bytes_out);

	if (!e)
		((struct input_result *)result)->input =
			json.n ? buf_copy(&json, cx->arena) : STR("{}");
	buf_done(&json);
	return e;
}

static enum err job_finish_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct held_params *p = params;
	struct id org = held_org(cx, p);

	return job_finish(cx, &org, &p->job, p->fence, p->result, result);
}

static enum err job_fail_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct held_params *p = params;
	struct id org = held_org(cx, p);

	return job_fail(cx, &org, &p->job, p->fence, p->error, p->retry,
			result);
}

static enum err job_release_rpc(struct ctx *cx, const void *params,
				void *result)
{
	const struct held_params *p = params;
	struct id org = held_org(cx, p);

	return job_release(cx, &org, &p->job, p->fence, result);
}

const struct rpc_method job_methods[] = {
	{ .name = "job.lease",
	  .does = "Take jobs that are due, for a while.",
	  .roles = ROLE_WORKER,
	  .flags = RPC_WRITES | RPC_QUIET | RPC_WHOLE,
	  .budget_ms = 500,
	  .params = &lease_shape,
	  .result = &lease_result_shape,
	  .run = job_lease_rpc },
	{ .name = "job.wait",
	  .does = "Wait until a job may be due; then lease it.",
	  .roles = ROLE_WORKER,
	  .flags = RPC_WHOLE,
	  .budget_ms = 500,
	  .params = &wait_shape,
	  .result = &wait_result_shape,
	  .run = job_wait_rpc },
	{ .name = "job.renew",
	  .does = "Keep a lease for longer.",
	  .roles = ROLE_WORKER,
	  .flags = RPC_WRITES | RPC_QUIET | RPC_WHOLE,
	  .budget_ms = 500,
	  .params = &renew_shape,
	  .result = &held_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT),
	  .run = job_renew_rpc },
	{ .name = "job.input",
	  .does = "Read what a leased job is to be done with.",
	  .roles = ROLE_WORKER,
	  .flags = RPC_SLOW | RPC_GIVES_BYTES | RPC_WHOLE,
	  .budget_ms = 1000,
	  .params = &input_shape,
	  .result = &input_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT, ERR_UNSUPPORTED),
	  .run = job_input_rpc },
	{ .name = "job.finish",
	  .does = "Hand in a job's result; it is checked like any input.",
	  .roles = ROLE_WORKER,
	  .flags = RPC_WRITES | RPC_QUIET | RPC_WHOLE,
	  .budget_ms = 1000,
	  .params = &finish_shape,
	  .result = &held_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT, ERR_UNSUPPORTED),
	  .run = job_finish_rpc },
	{ .name = "job.fail",
	  .does = "Give a job back: to be tried again later, or for good.",
	  .roles = ROLE_WORKER,
	  .flags = RPC_WRITES | RPC_QUIET | RPC_WHOLE,
	  .budget_ms = 500,
	  .params = &fail_shape,
	  .result = &held_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT),
	  .run = job_fail_rpc },
	{ .name = "job.release",
	  .does = "Give a job back untouched; the try does not count.",
	  .roles = ROLE_WORKER,
	  .flags = RPC_WRITES | RPC_QUIET | RPC_WHOLE,
	  .budget_ms = 500,
	  .params = &release_shape,
	  .result = &held_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT),
	  .run = job_release_rpc },
	{ 0 },
};
