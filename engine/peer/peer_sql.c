#include "engine/peer/peer_sql.h"

#include "base/field.h"

#define R struct peer_run_row
static const struct field run_fields[] = {
	FIELD(R, org, KIND_ID, "the organization"),
	FIELD(R, series, KIND_ID, "the assessment in all versions"),
	FIELD(R, stream, KIND_ID, "of its records"),
	FIELD(R, course, KIND_STR, "its course"),
	FIELD(R, slug, KIND_STR, "its name there"),
	FIELD(R, opened_at, KIND_TIME, "when the first came"),
	FIELD(R, due_at, KIND_TIME, "when the clock has to look; 0: never"),
	FIELD(R, n, KIND_INT, "records, when this was written"),
	FIELD_END,
};
#undef R
static const struct shape run_shape = SHAPE(struct peer_run_row, run_fields);

#define R struct peer_ref_row
static const struct field ref_fields[] = {
	FIELD(R, org, KIND_ID, "the organization"),
	FIELD(R, id, KIND_ID, "an artifact, a review or an appeal"),
	FIELD(R, series, KIND_ID, "of which run"),
	FIELD(R, learner, KIND_ID, "whose"),
	FIELD(R, kind, KIND_INT, "which of the three"),
	FIELD_END,
};
#undef R
static const struct shape ref_shape = SHAPE(struct peer_ref_row, ref_fields);

static const struct field count_fields[] = {
	FIELD(struct peer_count_row, n, KIND_INT, "how many"),
	FIELD_END,
};
static const struct shape count_shape =
	SHAPE(struct peer_count_row, count_fields);
static const struct field gone_fields[] = {
	FIELD(struct peer_gone_row, node, KIND_INT, "of the record"),
	FIELD(struct peer_gone_row, seq, KIND_INT, "of the record"),
	FIELD_END,
};
static const struct shape gone_shape = SHAPE(struct peer_gone_row, gone_fields);

#define R struct peer_draft_row
static const struct field draft_fields[] = {
	FIELD(R, org, KIND_ID, "the organization"),
	FIELD(R, review, KIND_ID, "of which review"),
	FIELD(R, learner, KIND_ID, "whose"),
	FIELD(R, words, KIND_STR, "JSON"),
	FIELD(R, updated_at, KIND_TIME, "when"),
	FIELD_END,
};
#undef R
static const struct shape draft_shape =
	SHAPE(struct peer_draft_row, draft_fields);

#define RUN "org, series, stream, course, slug, opened_at, due_at, n"
#define REF "org, id, series, learner, kind"
#define DRAFT "org, review, learner, words, updated_at"

const struct stmt peer_sql[PEER_STMTS] = {
	[PEER_RUN_SET] = { "peer_run_set",
			   "INSERT INTO peer_run (" RUN ")"
			   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
			   " ON CONFLICT (org, series) DO UPDATE"
			   " SET due_at = $7, n = $8" },
	[PEER_RUN_DUE] = { "peer_run_due",
			   "SELECT " RUN " FROM peer_run"
			   " WHERE due_at > 0 AND due_at <= $1"
			   " ORDER BY due_at LIMIT $2",
			   &run_shape },
	[PEER_RUN_FIRST] = { "peer_run_first",
			     "SELECT " RUN " FROM peer_run WHERE due_at > 0"
			     " ORDER BY due_at LIMIT 1",
			     &run_shape },
	[PEER_RUN_BY_SERIES] = { "peer_run_by_series",
				 "SELECT " RUN " FROM peer_run"
				 " WHERE org = $1 AND series = $2",
				 &run_shape },
	[PEER_RUNS_OF_COURSE] = { "peer_runs_of_course",
				  "SELECT " RUN " FROM peer_run"
				  " WHERE org = $1 AND course = $2"
				  " AND slug > $3 ORDER BY slug LIMIT $4",
				  &run_shape },
	[PEER_RUNS_ALL] = { "peer_runs_all",
			    "SELECT " RUN " FROM peer_run"
			    " WHERE org > $1 OR (org = $1 AND series > $2)"
			    " ORDER BY org, series LIMIT $3",
			    &run_shape },
	[PEER_REF_ADD] = { "peer_ref_add", "INSERT INTO peer_ref (" REF ")"
					   " VALUES ($1, $2, $3, $4, $5)" },
	[PEER_REF_BY_ID] = { "peer_ref_by_id",
			     "SELECT " REF " FROM peer_ref"
			     " WHERE org = $1 AND id = $2",
			     &ref_shape },
	[PEER_REFS_OF_LEARNER] = { "peer_refs_of_learner",
				   "SELECT " REF " FROM peer_ref"
				   " WHERE org = $1 AND learner = $2"
				   " ORDER BY series, id",
				   &ref_shape },
	[PEER_REFS_COUNT] = { "peer_refs_count",
			      "SELECT count(*) AS n FROM peer_ref"
			      " WHERE org = $1 AND series = $2",
			      &count_shape },
	[PEER_RUNS_GONE] = { "peer_runs_gone",
			     "SELECT node, seq FROM record"
			     " WHERE event = 'peer.opened' AND NOT EXISTS"
			     " (SELECT 1 FROM peer_run"
			     " WHERE peer_run.stream = record.stream)"
			     " LIMIT $1",
			     &gone_shape },
	[PEER_DRAFT_SET] = { "peer_draft_set",
			     "INSERT INTO peer_draft (" DRAFT ")"
			     " VALUES ($1, $2, $3, $4, $5)"
			     " ON CONFLICT (org, review) DO UPDATE"
			     " SET words = $4, updated_at = $5" },
	[PEER_DRAFT_GET] = { "peer_draft_get",
			     "SELECT " DRAFT " FROM peer_draft"
			     " WHERE org = $1 AND review = $2",
			     &draft_shape },
	[PEER_DRAFT_DELETE] = { "peer_draft_delete",
				"DELETE FROM peer_draft"
				" WHERE org = $1 AND review = $2" },
	[PEER_DRAFTS_OF_LEARNER] = { "peer_drafts_of_learner",
				     "DELETE FROM peer_draft"
				     " WHERE org = $1 AND learner = $2" },
};
const struct stmt_set peer_stmts = { "peer", peer_sql, PEER_STMTS };

static const struct migration steps[] = {
	{ 110, "runs of peer review, what finds them, and drafts",
	  "CREATE TABLE peer_run (\n"
	  "  org {bytes} NOT NULL,\n"
	  "  series {bytes} NOT NULL,\n"
	  "  stream {bytes} NOT NULL,\n"
	  "  course {text} NOT NULL,\n"
	  "  slug {text} NOT NULL,\n"
	  "  opened_at {int} NOT NULL,\n"
	  "  due_at {int} NOT NULL,\n"
	  "  n {int} NOT NULL,\n"
	  "  PRIMARY KEY (org, series)\n"
	  "){table};\n"
	  "CREATE UNIQUE INDEX peer_run_stream ON peer_run (stream);\n"
	  "CREATE INDEX peer_run_due ON peer_run (due_at);\n"
	  "CREATE INDEX peer_run_course ON peer_run (org, course, slug);\n"
	  "CREATE TABLE peer_ref (\n"
	  "  org {bytes} NOT NULL,\n"
	  "  id {bytes} NOT NULL,\n"
	  "  series {bytes} NOT NULL,\n"
	  "  learner {bytes} NOT NULL,\n"
	  "  kind {int} NOT NULL,\n"
	  "  PRIMARY KEY (org, id)\n"
	  "){table};\n"
	  "CREATE INDEX peer_ref_series ON peer_ref (org, series);\n"
	  "CREATE INDEX peer_ref_learner ON peer_ref (org, learner, series);\n"
	  "CREATE TABLE peer_draft (\n"
	  "  org {bytes} NOT NULL,\n"
	  "  review {bytes} NOT NULL,\n"
	  "  learner {bytes} NOT NULL,\n"
	  "  words {text} NOT NULL,\n"
	  "  updated_at {int} NOT NULL,\n"
	  "  PRIMARY KEY (org, review)\n"
	  "){table};\n"
	  "CREATE INDEX peer_draft_learner ON peer_draft (org, learner);\n" },
};
const struct migration_set peer_migrations = { steps, 1 };
