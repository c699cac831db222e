#include "engine/lab/lab_sql.h"

static const struct field body_fields[] = {
	FIELD(struct lab_body_row, body, KIND_STR, "JSON"),
	FIELD_END,
};
static const struct shape body_shape = SHAPE(struct lab_body_row, body_fields);

#define S struct lab_session
static const struct field session_fields[] = {
	FIELD(S, org, KIND_ID, "the organization"),
	FIELD(S, id, KIND_ID, "the session"),
	FIELD(S, lab, KIND_ID, "the lab, in all its versions"),
	FIELD(S, learner, KIND_ID, "whose"),
	FIELD(S, course, KIND_STR, "of the lab"),
	FIELD(S, slug, KIND_STR, "of the lab"),
	FIELD(S, version, KIND_ID, "the version that the work began from"),
	FIELD(S, number, KIND_INT, "that version's number"),
	FIELD(S, starter, KIND_HEX, "the commit of its files"),
	FIELD(S, node, KIND_INT, "where the work is kept"),
	FIELD(S, opened_at, KIND_TIME, "first"),
	FIELD(S, changed_at, KIND_TIME, "last commit"),
	FIELD(S, check_at, KIND_INT, "fair use: see fair_use"),
	FIELD(S, run_at, KIND_INT, "the same of runs"),
	FIELD_END,
};
static const struct shape session_row_shape = SHAPE(S, session_fields);
#undef S

#define R struct lab_run_row
static const struct field run_fields[] = {
	FIELD(R, org, KIND_ID, "the organization"),
	FIELD(R, id, KIND_ID, "the run"),
	FIELD(R, session, KIND_ID, "whose work"),
	FIELD(R, git_commit, KIND_HEX, "which state of it"),
	FIELD(R, kind, KIND_INT, "run or check"),
	FIELD(R, state, KIND_INT, "how far it is"),
	FIELD(R, created_at, KIND_TIME, "asked for"),
	FIELD(R, ended_at, KIND_TIME, "0: not yet"),
	FIELD(R, language, KIND_STR, "of a check"),
	FIELD(R, result, KIND_STR, "JSON"),
	FIELD_END,
};
const struct shape lab_run_row_shape = SHAPE(R, run_fields);
#undef R

static const struct field screen_fields[] = {
	FIELD_OPT(struct lab_screen_row, screen, KIND_BYTES, "draws it"),
	FIELD(struct lab_screen_row, screen_at, KIND_INT, "offset behind it"),
	FIELD_END,
};
static const struct shape screen_shape =
	SHAPE(struct lab_screen_row, screen_fields);

#define COLS                                                                   \
	"id, series, org, course, slug, title, version, digest,"               \
	" published_at, node, starter"
#define SESSION                                                                \
	"org, id, lab, learner, course, slug, version, number, starter, node," \
	" opened_at, changed_at, check_at, run_at"
#define RUN                                                                    \
	"org, id, session, git_commit, kind, state, created_at, ended_at,"     \
	" language, result"

const struct stmt lab_sql[LAB_STMTS] = {
	[LAB_INSERT] = { "lab_insert",
			 "INSERT INTO lab (" COLS ", body)"
			 " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
			 " $11, $12)" },
	[LAB_BY_ID] = { "lab_by_id",
			"SELECT " COLS " FROM lab WHERE org = $1 AND id = $2",
			&lab_row_shape },
	[LAB_BODY] = { "lab_body",
		       "SELECT body FROM lab WHERE org = $1 AND id = $2",
		       &body_shape },
	[LAB_NEWEST] = { "lab_newest",
			 "SELECT " COLS " FROM lab"
			 " WHERE org = $1 AND course = $2 AND slug = $3"
			 " ORDER BY version DESC LIMIT 1",
			 &lab_row_shape },
	[LAB_NEWEST_OF] = { "lab_newest_of",
			    "SELECT " COLS " FROM lab"
			    " WHERE org = $1 AND series = $2"
			    " ORDER BY version DESC LIMIT 1",
			    &lab_row_shape },
	[LAB_LIST] = { "lab_list",
		       "SELECT " COLS " FROM lab"
		       " WHERE org = $1 AND course = $2 AND slug > $3"
		       " AND version = (SELECT max(n.version) FROM lab n"
		       " WHERE n.org = lab.org AND n.course = lab.course"
		       " AND n.slug = lab.slug)"
		       " ORDER BY slug LIMIT $4",
		       &lab_row_shape },
	[LAB_SESSION_INSERT] = { "lab_session_insert",
				 "INSERT INTO lab_session (" SESSION
				 ", screen, screen_at)"
				 " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,"
				 " $10, $11, $12, 0, 0, NULL, 0)" },
	[LAB_SESSION_BY_ID] = { "lab_session_by_id",
				"SELECT " SESSION " FROM lab_session"
				" WHERE org = $1 AND id = $2",
				&session_row_shape },
	[LAB_SESSION_OF] = { "lab_session_of",
			     "SELECT " SESSION " FROM lab_session"
			     " WHERE org = $1 AND lab = $2 AND learner = $3",
			     &session_row_shape },
	[LAB_SESSION_UPDATE] = { "lab_session_update",
				 "UPDATE lab_session SET version = $3,"
				 " number = $4, starter = $5, changed_at = $6"
				 " WHERE org = $1 AND id = $2" },
	[LAB_SESSION_RATES] = { "lab_session_rates",
				"UPDATE lab_session SET check_at = $3,"
				" run_at = $4 WHERE org = $1 AND id = $2" },
	[LAB_SESSION_SCREEN] = { "lab_session_screen",
				 "SELECT screen, screen_at FROM lab_session"
				 " WHERE org = $1 AND id = $2",
				 &screen_shape },
	[LAB_SESSION_SET_SCREEN] = { "lab_session_set_screen",
				     "UPDATE lab_session SET screen = $3,"
				     " screen_at = $4"
				     " WHERE org = $1 AND id = $2" },
	[LAB_SESSIONS_OF_LEARNER] = { "lab_sessions_of_learner",
				      "SELECT " SESSION " FROM lab_session"
				      " WHERE org = $1 AND learner = $2"
				      " ORDER BY id",
				      &session_row_shape },
	[LAB_SESSION_DELETE] = { "lab_session_delete",
				 "DELETE FROM lab_session"
				 " WHERE org = $1 AND id = $2" },
	[LAB_RUN_INSERT] = { "lab_run_insert",
			     "INSERT INTO lab_run (" RUN ")"
			     " VALUES ($1, $2, $3, $4, $5, 0, $6, 0, $7, '')" },
	[LAB_RUN_BY_ID] = { "lab_run_by_id",
			    "SELECT " RUN " FROM lab_run"
			    " WHERE org = $1 AND id = $2",
			    &lab_run_row_shape },
	[LAB_RUN_END] = { "lab_run_end",
			  "UPDATE lab_run SET state = $3, ended_at = $4,"
			  " result = $5"
			  " WHERE org = $1 AND id = $2 AND state = 0" },
	[LAB_RUN_PRUNE] = { "lab_run_prune",
			    "DELETE FROM lab_run WHERE org = $1"
			    " AND session = $2 AND id NOT IN"
			    " (SELECT id FROM lab_run WHERE org = $1"
			    " AND session = $2 ORDER BY id DESC LIMIT $3)" },
	[LAB_RUNS_DELETE] = { "lab_runs_delete",
			      "DELETE FROM lab_run"
			      " WHERE org = $1 AND session = $2" },
};

const struct stmt_set lab_stmts = { "lab", lab_sql, LAB_STMTS };

static const struct migration steps[] = {
	{ 90, "labs, their sessions and runs",
	  "CREATE TABLE lab (\n"
	  "  org {bytes} NOT NULL,\n"
	  "  id {bytes} NOT NULL,\n"
	  "  series {bytes} NOT NULL,\n"
	  "  course {text} NOT NULL,\n"
	  "  slug {text} NOT NULL,\n"
	  "  version {int} NOT NULL,\n"
	  "  title {text} NOT NULL,\n"
	  "  digest {bytes} NOT NULL,\n"
	  "  published_at {int} NOT NULL,\n"
	  "  node {int} NOT NULL,\n"
	  "  starter {bytes} NOT NULL,\n"
	  "  body {text} NOT NULL,\n"
	  "  PRIMARY KEY (org, id)\n"
	  "){table};\n"
	  "CREATE UNIQUE INDEX lab_version"
	  " ON lab (org, course, slug, version);\n"
	  "CREATE INDEX lab_series ON lab (org, series, version);\n"
	  "CREATE TABLE lab_session (\n"
	  "  org {bytes} NOT NULL,\n"
	  "  id {bytes} NOT NULL,\n"
	  "  lab {bytes} NOT NULL,\n"
	  "  learner {bytes} NOT NULL,\n"
	  "  course {text} NOT NULL,\n"
	  "  slug {text} NOT NULL,\n"
	  "  version {bytes} NOT NULL,\n"
	  "  number {int} NOT NULL,\n"
	  "  starter {bytes} NOT NULL,\n"
	  "  node {int} NOT NULL,\n"
	  "  opened_at {int} NOT NULL,\n"
	  "  changed_at {int} NOT NULL,\n"
	  "  check_at {int} NOT NULL,\n"
	  "  run_at {int} NOT NULL,\n"
	  "  screen {bytes},\n"
	  "  screen_at {int} NOT NULL,\n"
	  "  PRIMARY KEY (org, id)\n"
	  "){table};\n"
	  "CREATE UNIQUE INDEX lab_session_of"
	  " ON lab_session (org, learner, lab);\n"
	  "CREATE TABLE lab_run (\n"
	  "  org {bytes} NOT NULL,\n"
	  "  id {bytes} NOT NULL,\n"
	  "  session {bytes} NOT NULL,\n"
	  "  git_commit {bytes} NOT NULL,\n"
	  "  kind {int} NOT NULL,\n"
	  "  state {int} NOT NULL,\n"
	  "  created_at {int} NOT NULL,\n"
	  "  ended_at {int} NOT NULL,\n"
	  "  language {text} NOT NULL,\n"
	  "  result {text} NOT NULL,\n"
	  "  PRIMARY KEY (org, id)\n"
	  "){table};\n"
	  "CREATE INDEX lab_run_session ON lab_run (org, session, id);\n" },
};
const struct migration_set lab_migrations = { steps, 1 };
