#include "engine/jobs/job_impl.h"

#define R struct job
static const struct field row_fields[] = {
	FIELD(R, org, KIND_ID, "the organization"),
	FIELD(R, id, KIND_ID, "the job"),
	FIELD(R, kind, KIND_STR, "what is to be done"),
	FIELD_OPT(R, ref, KIND_ID, "what it is about"),
	FIELD(R, body, KIND_RAW, "what the worker needs to know"),
	FIELD(R, state, KIND_ENUM, "where it stands", .words = job_state_words),
	FIELD_OPT(R, due_at, KIND_TIME, "when it may run, or its lease ends"),
	FIELD(R, fence, KIND_INT, "number of its last lease"),
	FIELD_OPT(R, holder, KIND_STR, "whose key leased it"),
	FIELD_OPT(R, worker, KIND_STR, "what the worker calls itself"),
	FIELD(R, tries, KIND_INT, "leases, or failed steps, so far"),
	FIELD(R, max_tries, KIND_INT, "dead after so many"),
	FIELD(R, single, KIND_BOOL, "the only open one of its kind and ref"),
	FIELD_OPT(R, last_error, KIND_STR, "what went wrong last"),
	FIELD(R, created_at, KIND_TIME, "when it was queued"),
	FIELD(R, updated_at, KIND_TIME, "when it changed last"),
	FIELD_END,
};
#undef R
static const struct shape row_shape = SHAPE(struct job, row_fields);

static const struct field due_fields[] = {
	FIELD(struct job_due_row, due_at, KIND_TIME, "the next instant"),
	FIELD_END,
};
static const struct shape due_shape = SHAPE(struct job_due_row, due_fields);

#define COLS                                                                   \
	"org, id, kind, ref, body, state, due_at, fence, holder, worker,"      \
	" tries, max_tries, single, last_error, created_at, updated_at"
#define FILTERS                                                                \
	" WHERE org = $1 AND id > $2"                                          \
	" AND (ref = $3 OR CAST($3 AS {bytes}) IS NULL)"                       \
	" AND (kind = $4 OR CAST($4 AS {text}) IS NULL)"

const struct stmt job_sql[JOB_STMTS] = {
	[JOB_INSERT] = { "job_insert",
			 "INSERT INTO job (" COLS ")"
			 " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
			 " $11, $12, $13, $14, $15, $16)"
			 " ON CONFLICT DO NOTHING" },
	[JOB_BY_ID] = { "job_by_id",
			"SELECT " COLS " FROM job WHERE org = $1 AND id = $2",
			&row_shape },
	[JOB_DUE] = { "job_due",
		      "SELECT " COLS " FROM job"
		      " WHERE kind = $1 AND due_at > 0 AND due_at <= $2"
		      " AND (org = $3 OR CAST($3 AS {bytes}) IS NULL)"
		      " ORDER BY due_at LIMIT $4",
		      &row_shape },
	[JOB_SOONEST] = { "job_soonest",
			  "SELECT due_at FROM job"
			  " WHERE kind = $1 AND due_at > 0"
			  " ORDER BY due_at LIMIT 1",
			  &due_shape },
	[JOB_SAVE] = { "job_save",
		       "UPDATE job SET body = $3, state = $4, due_at = $5,"
		       " fence = $6, holder = $7, worker = $8, tries = $9,"
		       " last_error = $10, updated_at = $11"
		       " WHERE org = $1 AND id = $2 AND state = $12"
		       " AND fence = $13 AND due_at = $14" },
	[JOB_LIST] = { "job_list",
		       "SELECT " COLS " FROM job" FILTERS
		       " ORDER BY id LIMIT $5",
		       &row_shape },
	[JOB_LIST_STATE] = { "job_list_state",
			     "SELECT " COLS " FROM job" FILTERS
			     " AND state = $6 ORDER BY id LIMIT $5",
			     &row_shape },
	[JOB_PRUNE] = { "job_prune",
			"DELETE FROM job WHERE (org, id) IN"
			" (SELECT org, id FROM job WHERE state = 2"
			" AND updated_at < $1 ORDER BY updated_at LIMIT $2)" },
};
_Static_assert(JOB_DONE == 2, "JOB_PRUNE names the state by number");

const struct stmt_set job_stmts = { "job", job_sql, JOB_STMTS };

void job_vals(const struct job *j, struct val out[JOB_COLUMNS])
{
	const struct val v[] = {
		v_id(&j->org),	      v_id(&j->id),
		v_text(j->kind),      v_id(&j->ref),
		v_text(j->body),      v_int(j->state),
		v_int(j->due_at),     v_int(j->fence),
		v_text(j->holder),    v_text(j->worker),
		v_int(j->tries),      v_int(j->max_tries),
		v_bool(j->single),    v_text(j->last_error),
		v_int(j->created_at), v_int(j->updated_at),
	};

	_Static_assert(sizeof(v) / sizeof(v[0]) == JOB_COLUMNS,
		       "one value for each column");
	memcpy(out, v, sizeof(v));
}

static const struct migration steps[] = {
	{ 60, "jobs",
	  "CREATE TABLE job (\n"
	  "  org {bytes} NOT NULL,\n"
	  "  id {bytes} NOT NULL,\n"
	  "  kind {text} NOT NULL,\n"
	  "  ref {bytes},\n"
	  "  body {text} NOT NULL,\n"
	  "  state {int} NOT NULL,\n"
	  "  due_at {int} NOT NULL,\n"
	  "  fence {int} NOT NULL,\n"
	  "  holder {text},\n"
	  "  worker {text},\n"
	  "  tries {int} NOT NULL,\n"
	  "  max_tries {int} NOT NULL,\n"
	  "  single {int} NOT NULL,\n"
	  "  last_error {text},\n"
	  "  created_at {int} NOT NULL,\n"
	  "  updated_at {int} NOT NULL,\n"
	  "  PRIMARY KEY (org, id)\n"
	  "){clustered};\n"
	  "CREATE INDEX job_due ON job (kind, due_at) WHERE due_at > 0;\n"
	  "CREATE UNIQUE INDEX job_single ON job (org, kind, ref)"
	  " WHERE single = 1 AND due_at > 0;\n"
	  "CREATE INDEX job_state ON job (org, state, id);\n"
	  "CREATE INDEX job_done ON job (updated_at) WHERE state = 2;\n" },
};
const struct migration_set job_migrations = { steps, sizeof(steps) /
							     sizeof(steps[0]) };
