#include "engine/attempt/rejudge.h"
#include "engine/attempt/submission.h"

#define R struct submission_row
static const struct field row_fields[] = {
	FIELD(R, org, KIND_ID, "the organization"),
	FIELD(R, id, KIND_ID, "the submission"),
	FIELD(R, attempt, KIND_ID, "of which attempt"),
	FIELD(R, slot, KIND_INT, "to which question"),
	FIELD(R, number, KIND_INT, "among the question's, from 1"),
	FIELD(R, series, KIND_ID, "all versions of the assessment"),
	FIELD(R, course, KIND_STR, "the platform's course id"),
	FIELD(R, learner, KIND_ID, "whose it is"),
	FIELD(R, repo, KIND_STR, "where its files are"),
	FIELD(R, node, KIND_INT, "and on which server"),
	FIELD(R, n, KIND_INT, "its record in the attempt's stream"),
	FIELD(R, received_at, KIND_TIME, "when"),
	FIELD(R, state, KIND_ENUM, "where it stands",
	      .words = submission_state_words),
	FIELD(R, verdict, KIND_ENUM, "SK before it has one",
	      .words = run_verdict_words),
	FIELD_OPT(R, judged_at, KIND_TIME, "when it was judged last"),
	FIELD(R, judged_n, KIND_INT, "the record of that; 0: none"),
	FIELD_OPT(R, job, KIND_ID, "its last run"),
	FIELD_END,
};
#undef R
static const struct shape row_shape = SHAPE(struct submission_row, row_fields);

static const struct field place_fields[] = {
	FIELD(struct submission_place, repo, KIND_STR, "which repository"),
	FIELD(struct submission_place, node, KIND_INT, "on which server"),
	FIELD_END,
};
static const struct shape place_shape =
	SHAPE(struct submission_place, place_fields);

#define S struct saved_place
static const struct field saved_fields[] = {
	FIELD(S, id, KIND_ID, "the attempt"),
	FIELD(S, assessment, KIND_ID, "of which version"),
	FIELD(S, course, KIND_STR, "the platform's course id"),
	FIELD(S, reserved_at, KIND_TIME, "when"),
	FIELD(S, node, KIND_INT, "a server that has taken answers"),
	FIELD_END,
};
#undef S
static const struct shape saved_shape = SHAPE(struct saved_place, saved_fields);

#define T struct submission_trial
static const struct field trial_fields[] = {
	FIELD(T, org, KIND_ID, "the organization"),
	FIELD(T, id, KIND_ID, "the submission"),
	FIELD(T, series, KIND_ID, "all versions of the assessment"),
	FIELD(T, learner, KIND_ID, "whose it is"),
	FIELD_OPT(T, job, KIND_ID, "the run"),
	FIELD(T, outcome, KIND_ENUM, "what came of it",
	      .words = rejudge_outcome_words),
	FIELD_OPT(T, report, KIND_RAW, "what was found"),
	FIELD(T, at, KIND_TIME, "when"),
	FIELD_END,
};
#undef T
static const struct shape trial_shape =
	SHAPE(struct submission_trial, trial_fields);

struct gone {
	int64_t node, seq;
	struct id id;
};
static const struct field gone_fields[] = {
	FIELD(struct gone, node, KIND_INT, "of the record"),
	FIELD(struct gone, seq, KIND_INT, "of the record"),
	FIELD(struct gone, id, KIND_ID, "the attempt"),
	FIELD_END,
};
static const struct shape gone_shape = SHAPE(struct gone, gone_fields);

static const struct field kept_fields[] = {
	FIELD(struct submission_kept, bytes, KIND_INT, "of all files"),
	FIELD_END,
};
static const struct shape kept_shape =
	SHAPE(struct submission_kept, kept_fields);

#define COLS                                                                   \
	"org, id, attempt, slot, number, series, course, learner, repo, node," \
	" n, received_at, state, verdict, judged_at, judged_n, job"
#define TRIAL_COLS "org, id, series, learner, job, outcome, report, at"
#define PAGED " AND id > $3 AND (state = $4 OR $4 = -1) ORDER BY id LIMIT $5"

const struct stmt submission_sql[SUBMISSION_STMTS] = {
	[SUBMISSION_INSERT] = { "submission_insert",
				"INSERT INTO submission (" COLS ")"
				" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,"
				" $10, $11, $12, $13, $14, $15, $16, $17)" },
	[SUBMISSION_BY_ID] = { "submission_by_id",
			       "SELECT " COLS " FROM submission"
			       " WHERE org = $1 AND id = $2",
			       &row_shape },
	[SUBMISSION_AT] = { "submission_at",
			    "SELECT " COLS " FROM submission"
			    " WHERE org = $1 AND attempt = $2 AND slot = $3"
			    " AND number = $4",
			    &row_shape },
	[SUBMISSION_JUDGE] = { "submission_judge",
			       "UPDATE submission SET state = $3,"
			       " verdict = $4, judged_at = $5, judged_n = $6"
			       " WHERE org = $1 AND id = $2" },
	[SUBMISSION_RUN] = { "submission_run", "UPDATE submission SET job = $3"
					       " WHERE org = $1 AND id = $2" },
	[SUBMISSION_OF_ATTEMPT] = { "submission_of_attempt",
				    "SELECT " COLS " FROM submission"
				    " WHERE org = $1 AND attempt = $2" PAGED,
				    &row_shape },
	[SUBMISSION_OF_SERIES] = { "submission_of_series",
				   "SELECT " COLS " FROM submission"
				   " WHERE org = $1 AND series = $2" PAGED,
				   &row_shape },
	[SUBMISSION_OF_COURSE] = { "submission_of_course",
				   "SELECT " COLS " FROM submission"
				   " WHERE org = $1 AND course = $2" PAGED,
				   &row_shape },
	[SUBMISSION_PLACES] = { "submission_places",
				"SELECT DISTINCT repo, node FROM submission"
				" WHERE org = $1 AND learner = $2"
				" ORDER BY node, repo",
				&place_shape },
	/* Also what was saved and never handed in: it has no row here. */
	[SUBMISSION_SAVED] = { "submission_saved",
			       "SELECT DISTINCT a.id, a.assessment, a.course,"
			       " a.reserved_at, r.node"
			       " FROM attempt a JOIN record r"
			       " ON r.stream = a.id AND r.org = a.org"
			       " WHERE a.org = $1 AND a.learner = $2"
			       " AND r.event IN ('attempt.answered',"
			       " 'submission.received')"
			       " AND (a.id, r.node) > ($3, $4)"
			       " ORDER BY a.id, r.node LIMIT $5",
			       &saved_shape },
	[SUBMISSION_ALL] = { "submission_all",
			     "SELECT " COLS " FROM submission"
			     " WHERE (org, attempt, slot, number) >"
			     " ($1, $2, $3, $4)"
			     " ORDER BY org, attempt, slot, number LIMIT $5",
			     &row_shape },
	[SUBMISSION_GONE] = { "submission_gone",
			      "SELECT r.node, r.seq, r.stream AS id"
			      " FROM record r"
			      " WHERE r.event = 'submission.received'"
			      " AND NOT EXISTS (SELECT 1 FROM submission s"
			      " WHERE s.org = r.org AND s.attempt = r.stream"
			      " AND s.n = r.n)"
			      " ORDER BY r.node, r.seq LIMIT $1",
			      &gone_shape },
	[TRIAL_PUT] = { "trial_put",
			"INSERT INTO submission_trial (" TRIAL_COLS ")"
			" VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
			" ON CONFLICT (org, id) DO UPDATE SET job = $5,"
			" outcome = $6, report = $7, at = $8" },
	[TRIAL_OF] = { "trial_of",
		       "SELECT " TRIAL_COLS " FROM submission_trial"
		       " WHERE org = $1 AND id = $2",
		       &trial_shape },
	[TRIAL_LIST] = { "trial_list",
			 "SELECT " TRIAL_COLS " FROM submission_trial"
			 " WHERE org = $1 AND series = $2 AND id > $3"
			 " ORDER BY id LIMIT $4",
			 &trial_shape },
	[TRIAL_OF_COURSE] = { "trial_of_course",
			      "SELECT t.org, t.id, t.series, t.learner, t.job,"
			      " t.outcome, t.report, t.at FROM submission s"
			      " JOIN submission_trial t"
			      " ON t.org = s.org AND t.id = s.id"
			      " WHERE s.org = $1 AND s.course = $2"
			      " AND s.id > $3 ORDER BY s.id LIMIT $4",
			      &trial_shape },
	[TRIAL_DROP] = { "trial_drop", "DELETE FROM submission_trial"
				       " WHERE org = $1 AND id = $2" },
	[TRIAL_FORGET] = { "trial_forget", "DELETE FROM submission_trial"
					   " WHERE org = $1 AND learner = $2" },
	[KEPT_OF] = { "submission_kept_of",
		      "SELECT bytes FROM submission_kept"
		      " WHERE org = $1 AND course = $2 AND term = $3"
		      " AND learner = $4",
		      &kept_shape },
	[KEPT_ADD] = { "submission_kept_add",
		       "INSERT INTO submission_kept"
		       " (org, course, term, learner, bytes)"
		       " VALUES ($1, $2, $3, $4, $5)"
		       " ON CONFLICT (org, learner, course, term) DO UPDATE SET"
		       " bytes = submission_kept.bytes + $5" },
	[KEPT_FORGET] = { "submission_kept_forget",
			  "DELETE FROM submission_kept"
			  " WHERE org = $1 AND learner = $2" },
};
const struct stmt_set submission_stmts = { "submission", submission_sql,
					   SUBMISSION_STMTS };

static const struct migration steps[] = {
	{ 41, "submissions",
	  "CREATE TABLE submission (\n"
	  "  org {bytes} NOT NULL,\n"
	  "  id {bytes} NOT NULL,\n"
	  "  attempt {bytes} NOT NULL,\n"
	  "  slot {int} NOT NULL,\n"
	  "  number {int} NOT NULL,\n"
	  "  series {bytes} NOT NULL,\n"
	  "  course {text} NOT NULL,\n"
	  "  learner {bytes} NOT NULL,\n"
	  "  repo {text} NOT NULL,\n"
	  "  node {int} NOT NULL,\n"
	  "  n {int} NOT NULL,\n"
	  "  received_at {int} NOT NULL,\n"
	  "  state {int} NOT NULL,\n"
	  "  verdict {int} NOT NULL,\n"
	  "  judged_at {int} NOT NULL,\n"
	  "  judged_n {int} NOT NULL,\n"
	  "  job {bytes},\n"
	  "  PRIMARY KEY (org, attempt, slot, number)\n"
	  "){clustered};\n"
	  "CREATE UNIQUE INDEX submission_id ON submission (org, id);\n"
	  "CREATE INDEX submission_series ON submission (org, series, id);\n"
	  "CREATE INDEX submission_learner ON submission (org, learner);\n"
	  "CREATE TABLE submission_trial (\n"
	  "  org {bytes} NOT NULL,\n"
	  "  id {bytes} NOT NULL,\n"
	  "  series {bytes} NOT NULL,\n"
	  "  learner {bytes} NOT NULL,\n"
	  "  job {bytes},\n"
	  "  outcome {int} NOT NULL,\n"
	  "  report {text},\n"
	  "  at {int} NOT NULL,\n"
	  "  PRIMARY KEY (org, id)\n"
	  "){clustered};\n"
	  "CREATE INDEX submission_trial_series"
	  " ON submission_trial (org, series, id);\n" },
	{ 46, "submissions of a course",
	  "CREATE INDEX submission_course ON submission (org, course, id);\n" },
	{ 47, "how much is kept of a learner",
	  "CREATE TABLE submission_kept (\n"
	  "  org {bytes} NOT NULL,\n"
	  "  course {text} NOT NULL,\n"
	  "  learner {bytes} NOT NULL,\n"
	  "  bytes {int} NOT NULL,\n"
	  "  PRIMARY KEY (org, learner, course)\n"
	  "){clustered};\n" },
	/* The count of before has no term: everybody begins anew. */
	{ 48, "how much is kept of a learner in a term",
	  "DROP TABLE submission_kept;\n"
	  "CREATE TABLE submission_kept (\n"
	  "  org {bytes} NOT NULL,\n"
	  "  course {text} NOT NULL,\n"
	  "  term {text} NOT NULL,\n"
	  "  learner {bytes} NOT NULL,\n"
	  "  bytes {int} NOT NULL,\n"
	  "  PRIMARY KEY (org, learner, course, term)\n"
	  "){clustered};\n" },
};
const struct migration_set submission_migrations = {
	steps, sizeof(steps) / sizeof(steps[0])
};
