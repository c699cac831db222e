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
	FIELD_OPT(R, leased_at, KIND_TIME, "when it was leased last"),
	FIELD_OPT(R, needs, KIND_STR, "languages that its worker must have"),
	FIELD_END,
};
#undef R
static const struct shape row_shape = SHAPE(struct job, row_fields);

#define W struct worker_row
static const struct field worker_fields[] = {
	FIELD(W, id, KIND_ID, "of its key and name"),
	FIELD_OPT(W, org, KIND_ID, "whose jobs it does; absent: all"),
	FIELD(W, name, KIND_STR, "what it calls itself"),
	FIELD(W, about, KIND_RAW, "what it said of itself"),
	FIELD(W, at, KIND_TIME, "when it asked last"),
	FIELD_END,
};
#undef W
static const struct shape worker_shape =
	SHAPE(struct worker_row, worker_fields);

static const struct field due_fields[] = {
	FIELD(struct job_due_row, due_at, KIND_TIME, "the next instant"),
	FIELD_END,
};
static const struct shape due_shape = SHAPE(struct job_due_row, due_fields);

static const struct field needs_fields[] = {
	FIELD(struct job_needs_row, needs, KIND_STR, "languages; or nothing"),
	FIELD_END,
};
static const struct shape needs_shape =
	SHAPE(struct job_needs_row, needs_fields);

static const struct field count_fields[] = {
	FIELD(struct job_count_row, n, KIND_INT, "how many"),
	FIELD_END,
};
static const struct shape count_shape =
	SHAPE(struct job_count_row, count_fields);

static const struct field recent_fields[] = {
	FIELD(struct job_recent_row, n, KIND_INT, "how many"),
	FIELD(struct job_recent_row, took_ms, KIND_INT, "all together"),
	FIELD(struct job_recent_row, last_at, KIND_INT, "when the last ended"),
	FIELD_END,
};
static const struct shape recent_shape =
	SHAPE(struct job_recent_row, recent_fields);

#define COLS                                                                   \
	"org, id, kind, ref, body, state, due_at, fence, holder, worker,"      \
	" tries, max_tries, single, last_error, created_at, updated_at,"       \
	" leased_at, needs"
/* As job_needs, the index, has it. */
#define NEEDS "COALESCE(needs, '')"
#define FILTERS                                                                \
	" WHERE org = $1 AND id > $2"                                          \
	" AND (ref = $3 OR CAST($3 AS {bytes}) IS NULL)"                       \
	" AND (kind = $4 OR CAST($4 AS {text}) IS NULL)"

const struct stmt job_sql[JOB_STMTS] = {
	[JOB_INSERT] = { "job_insert",
			 "INSERT INTO job (" COLS ")"
			 " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
			 " $11, $12, $13, $14, $15, $16, $17, $18)"
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
	/* From one to the next in job_needs: as many rows are read as there
	   are different needs, not as many as there are jobs. */
	[JOB_NEEDS] = { "job_needs",
			"WITH RECURSIVE one (needs) AS"
			" (SELECT ''"
			" UNION ALL SELECT (SELECT " NEEDS " FROM job"
			" WHERE kind = $1 AND due_at > 0"
			" AND " NEEDS " > one.needs"
			" ORDER BY " NEEDS " LIMIT 1)"
			" FROM one WHERE one.needs IS NOT NULL)"
			" SELECT needs FROM one WHERE needs IS NOT NULL"
			" AND CAST($2 AS {text}) LIKE"
			" '%' || REPLACE(needs, ',,', ',%,') || '%'",
			&needs_shape },
	[JOB_DUE_OF] = { "job_due_of",
			 "SELECT " COLS " FROM job"
			 " WHERE kind = $1 AND " NEEDS " = $5"
			 " AND due_at > 0 AND due_at <= $2"
			 " AND (org = $3 OR CAST($3 AS {bytes}) IS NULL)"
			 " ORDER BY due_at LIMIT $4",
			 &row_shape },
	[JOB_SOONEST] = { "job_soonest",
			  "SELECT due_at FROM job"
			  " WHERE kind = $1 AND due_at > 0 AND due_at > $2"
			  " ORDER BY due_at LIMIT 1",
			  &due_shape },
	[JOB_SAVE] = { "job_save",
		       "UPDATE job SET body = $3, state = $4, due_at = $5,"
		       " fence = $6, holder = $7, worker = $8, tries = $9,"
		       " last_error = $10, updated_at = $11,"
		       " leased_at = $15"
		       " WHERE org = $1 AND id = $2 AND state = $12"
		       " AND fence = $13 AND due_at = $14" },
	[JOB_BEFORE] = { "job_before",
			 "SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM job"
			 " WHERE kind = $1 AND due_at > 0 AND due_at <= $2"
			 " AND (due_at < $2 OR id < $3) LIMIT $4) AS q",
			 &count_shape },
	[JOB_RUNNING] = { "job_running",
			  "SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM job"
			  " WHERE kind = $1 AND due_at > 0 AND due_at > $2"
			  " AND state = 1 LIMIT $3) AS q",
			  &count_shape },
	[JOB_RECENT] = { "job_recent",
			 "SELECT COUNT(*) AS n,"
			 " CAST(COALESCE(SUM(took), 0) AS {int}) AS took_ms,"
			 " CAST(COALESCE(MAX(updated_at), 0) AS {int})"
			 " AS last_at"
			 " FROM (SELECT updated_at, updated_at - leased_at"
			 " AS took FROM job WHERE kind = $1 AND state = 2"
			 " AND updated_at > $2 AND leased_at > 0"
			 " ORDER BY updated_at DESC LIMIT $3) AS q",
			 &recent_shape },
	[JOB_BEHIND] = { "job_behind",
			 "SELECT " COLS " FROM job WHERE org = $1 AND id > $2"
			 " AND ref = $3 ORDER BY id LIMIT 1",
			 &row_shape },
	[JOB_LIST] = { "job_list",
		       "SELECT " COLS " FROM job" FILTERS
		       " ORDER BY id LIMIT $5",
		       &row_shape },
	[JOB_LIST_STATE] = { "job_list_state",
			     "SELECT " COLS " FROM job" FILTERS
			     " AND state IN ($6, $7) ORDER BY id LIMIT $5",
			     &row_shape },
	[JOB_PRUNE] = { "job_prune",
			"DELETE FROM job WHERE (org, id) IN"
			" (SELECT org, id FROM job WHERE state = 2"
			" AND updated_at < $1 ORDER BY updated_at LIMIT $2)" },
	[WORKER_PUT] = { "worker_put",
			 "INSERT INTO worker (id, org, name, about, at)"
			 " VALUES ($1, $2, $3, $4, $5)"
			 " ON CONFLICT (id) DO UPDATE SET org = $2,"
			 " about = $4, at = $5" },
	[WORKER_LIST] = { "worker_list",
			  "SELECT id, org, name, about, at FROM worker"
			  " WHERE (org = $1 OR org IS NULL)"
			  " AND at > $2 AND at <= $3"
			  " ORDER BY at DESC LIMIT $4",
			  &worker_shape },
	[WORKER_PRUNE] = { "worker_prune", "DELETE FROM worker WHERE at < $1" },
};
_Static_assert(JOB_LEASED == 1 && JOB_DONE == 2,
	       "statements name the states by number");

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
		v_int(j->leased_at),  v_text(j->needs),
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
	{ 61, "when jobs were leased",
	  "ALTER TABLE job ADD COLUMN leased_at {int} NOT NULL DEFAULT 0;\n"
	  "CREATE INDEX job_recent ON job (kind, updated_at)"
	  " WHERE state = 2;\n" },
	{ 62, "what jobs need, and who does them",
	  "ALTER TABLE job ADD COLUMN needs {text};\n"
	  "CREATE TABLE worker (\n"
	  "  id {bytes} NOT NULL,\n"
	  "  org {bytes},\n"
	  "  name {text} NOT NULL,\n"
	  "  about {text} NOT NULL,\n"
	  "  at {int} NOT NULL,\n"
	  "  PRIMARY KEY (id)\n"
	  "){table};\n"
	  "CREATE INDEX worker_at ON worker (at);\n" },
	{ 63, "due jobs by what they need",
	  "CREATE INDEX job_needs ON job (kind, " NEEDS ", due_at)"
	  " WHERE due_at > 0;\n" },
};
const struct migration_set job_migrations = { steps, sizeof(steps) /
							     sizeof(steps[0]) };
