#include "engine/attempt/attempt_sql.h"

#define R struct attempt_row
static const struct field row_fields[] = {
	FIELD(R, org, KIND_ID, "the organization"),
	FIELD(R, id, KIND_ID, "the attempt"),
	FIELD(R, series, KIND_ID, "all versions of its assessment"),
	FIELD(R, assessment, KIND_ID, "the version it counts by"),
	FIELD(R, course, KIND_STR, "the platform's course id"),
	FIELD(R, learner, KIND_ID, "whose it is"),
	FIELD(R, number, KIND_INT, "among the learner's, from 1"),
	FIELD(R, state, KIND_ENUM, "where it stands",
	      .words = attempt_state_words),
	FIELD(R, practice, KIND_BOOL, "never counts"),
	FIELD(R, preview, KIND_BOOL, "an author's look"),
	FIELD(R, given_back, KIND_BOOL, "does not use up an attempt"),
	FIELD_OPT(R, reserved_at, KIND_TIME, "when it was made"),
	FIELD_OPT(R, started_at, KIND_TIME, "when its clock started"),
	FIELD_OPT(R, due_at, KIND_TIME, "the instant shown"),
	FIELD_OPT(R, hard_end_at, KIND_TIME, "last instant accepted"),
	FIELD_OPT(R, finished_at, KIND_TIME, "when it was handed in"),
	FIELD_OPT(R, graded_at, KIND_TIME, "when it was graded"),
	FIELD_OPT(R, released_at, KIND_TIME, "when it was released"),
	FIELD_OPT(R, wake_at, KIND_TIME, "when the clock looks"),
	FIELD(R, late, KIND_BOOL, "handed in after the due date"),
	FIELD(R, has_score, KIND_BOOL, "every mark is known"),
	FIELD(R, sum, KIND_DEC, "of the marks"),
	FIELD(R, sum_max, KIND_DEC, "of at most"),
	FIELD(R, score, KIND_DEC, "after scale and late credit"),
	FIELD(R, max_score, KIND_DEC, "of at most"),
	FIELD(R, scaled, KIND_DEC, "score / max_score"),
	FIELD(R, passed, KIND_BOOL, "the pass mark is reached"),
	FIELD(R, node, KIND_INT, "that wakes it"),
	FIELD(R, rev, KIND_INT, "writes of the row"),
	FIELD_END,
};
#undef R
const struct shape attempt_row_shape = SHAPE(struct attempt_row, row_fields);

#define F struct former_attempt
static const struct field former_fields[] = {
	FIELD(F, id, KIND_ID, "the attempt"),
	FIELD(F, number, KIND_INT, "among the learner's, from 1"),
	FIELD(F, state, KIND_ENUM, "where it stands",
	      .words = attempt_state_words),
	FIELD(F, practice, KIND_BOOL, "never counts"),
	FIELD(F, preview, KIND_BOOL, "an author's look"),
	FIELD(F, given_back, KIND_BOOL, "does not use up an attempt"),
	FIELD_OPT(F, started_at, KIND_TIME, "when its clock started"),
	FIELD_OPT(F, finished_at, KIND_TIME, "when it was handed in"),
	FIELD_END,
};
#undef F
static const struct shape former_shape =
	SHAPE(struct former_attempt, former_fields);

static const struct field wake_fields[] = {
	FIELD(struct wake_row, org, KIND_ID, "the organization"),
	FIELD(struct wake_row, id, KIND_ID, "the attempt"),
	FIELD(struct wake_row, wake_at, KIND_TIME, "when the clock looks"),
	FIELD_END,
};
static const struct shape wake_shape = SHAPE(struct wake_row, wake_fields);

static const struct field gone_fields[] = {
	FIELD(struct gone_row, node, KIND_INT, "of the record"),
	FIELD(struct gone_row, seq, KIND_INT, "of the record"),
	FIELD(struct gone_row, id, KIND_ID, "the attempt"),
	FIELD_END,
};
static const struct shape gone_shape = SHAPE(struct gone_row, gone_fields);

#define COLS                                                                   \
	"org, id, series, assessment, course, learner, number, state,"         \
	" practice, preview, given_back, reserved_at, started_at,"             \
	" due_at, hard_end_at, finished_at, graded_at, released_at,"           \
	" wake_at, late, has_score, sum, sum_max, score, max_score,"           \
	" scaled, passed, node, rev"
/* What lists may ask for besides their index. $3: after this id. One row
 * more than wanted tells whether there are more. */
#define FILTERS                                                                \
	" AND id > $3 AND (learner = $4 OR $4 IS NULL)"                        \
	" AND (state = $5 OR $5 = 0) ORDER BY id LIMIT $6"

const struct stmt attempt_sql[ATTEMPT_STMTS] = {
	/* Two nodes may take the same number: the second one's row is not
	 * in, and it looks again. */
	[ATTEMPT_INSERT] = { "attempt_insert",
			     "INSERT INTO attempt (" COLS ")"
			     " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
			     " $11, $12, $13, $14, $15, $16, $17, $18, $19,"
			     " $20, $21, $22, $23, $24, $25, $26, $27, $28,"
			     " $29) ON CONFLICT DO NOTHING" },
	[ATTEMPT_BY_ID] = { "attempt_by_id",
			    "SELECT " COLS " FROM attempt"
			    " WHERE org = $1 AND id = $2",
			    &attempt_row_shape },
	/* $22 is the rev that was read; who it is and whose never changes. */
	[ATTEMPT_UPDATE] = { "attempt_update",
			     "UPDATE attempt SET assessment = $3, state = $4,"
			     " given_back = $5, started_at = $6, due_at = $7,"
			     " hard_end_at = $8, finished_at = $9,"
			     " graded_at = $10, released_at = $11,"
			     " wake_at = $12, late = $13, has_score = $14,"
			     " sum = $15, sum_max = $16, score = $17,"
			     " max_score = $18, scaled = $19, passed = $20,"
			     " node = $21, rev = rev + 1"
			     " WHERE org = $1 AND id = $2 AND rev = $22" },
	[ATTEMPT_OF_LEARNER] = { "attempt_of_learner",
				 "SELECT " COLS " FROM attempt"
				 " WHERE org = $1 AND series = $2"
				 " AND learner = $3 ORDER BY number",
				 &attempt_row_shape },
	[ATTEMPT_FORMER] = { "attempt_former",
			     "SELECT id, number, state, practice, preview,"
			     " given_back, started_at, finished_at FROM attempt"
			     " WHERE org = $1 AND series = $2"
			     " AND learner = $3 ORDER BY number",
			     &former_shape },
	[ATTEMPT_OPEN] = { "attempt_open",
			   "SELECT org, id, wake_at FROM attempt"
			   " WHERE wake_at > 0 AND (node = $1 OR $1 = 0)",
			   &wake_shape },
	[ATTEMPT_OVERDUE] = { "attempt_overdue",
			      "SELECT org, id, wake_at FROM attempt"
			      " WHERE wake_at > 0 AND wake_at < $1"
			      " ORDER BY wake_at LIMIT $2",
			      &wake_shape },
	[ATTEMPT_OPEN_OF_SERIES] = { "attempt_open_of_series",
				     "SELECT " COLS " FROM attempt"
				     " WHERE org = $1"
				     " AND (series = $2 OR $2 IS NULL)"
				     " AND (learner = $3 OR $3 IS NULL)"
				     " AND id > $4 AND state IN (2, 3, 4)"
				     " ORDER BY id LIMIT $5",
				     &attempt_row_shape },
	[ATTEMPT_LIST_SERIES] = { "attempt_list_series",
				  "SELECT " COLS " FROM attempt"
				  " WHERE org = $1 AND series = $2" FILTERS,
				  &attempt_row_shape },
	[ATTEMPT_LIST_COURSE] = { "attempt_list_course",
				  "SELECT " COLS " FROM attempt"
				  " WHERE org = $1 AND course = $2" FILTERS,
				  &attempt_row_shape },
	[ATTEMPT_LIST_ORG] = { "attempt_list_org",
			       "SELECT " COLS " FROM attempt"
			       " WHERE org = $1 AND $2 = 0" FILTERS,
			       &attempt_row_shape },
	[ATTEMPT_ALL] = { "attempt_all",
			  "SELECT " COLS " FROM attempt"
			  " WHERE (org, id) > ($1, $2)"
			  " ORDER BY org, id LIMIT $3",
			  &attempt_row_shape },
	[ATTEMPT_GONE] = { "attempt_gone",
			   "SELECT r.node, r.seq, r.stream AS id FROM record r"
			   " WHERE r.event = 'attempt.reserved'"
			   " AND NOT EXISTS (SELECT 1 FROM attempt a"
			   " WHERE a.org = r.org AND a.id = r.stream)"
			   " ORDER BY r.node, r.seq LIMIT $1",
			   &gone_shape },
};

_Static_assert(ATTEMPT_ACTIVE == 2 && ATTEMPT_OVERTIME == 3 &&
		       ATTEMPT_SUSPENDED == 4,
	       "ATTEMPT_OPEN_OF_SERIES names the open states by number");

void attempt_vals(const struct attempt_row *r, struct val out[ATTEMPT_COLUMNS])
{
	const struct val v[] = {
		v_id(&r->org),	       v_id(&r->id),
		v_id(&r->series),      v_id(&r->assessment),
		v_text(r->course),     v_id(&r->learner),
		v_int(r->number),      v_int(r->state),
		v_bool(r->practice),   v_bool(r->preview),
		v_bool(r->given_back), v_int(r->reserved_at),
		v_int(r->started_at),  v_int(r->due_at),
		v_int(r->hard_end_at), v_int(r->finished_at),
		v_int(r->graded_at),   v_int(r->released_at),
		v_int(r->wake_at),     v_bool(r->late),
		v_bool(r->has_score),  v_dec(r->sum),
		v_dec(r->sum_max),     v_dec(r->score),
		v_dec(r->max_score),   v_dec(r->scaled),
		v_bool(r->passed),     v_int(r->node),
		v_int(r->rev),
	};

	_Static_assert(sizeof(v) / sizeof(v[0]) == ATTEMPT_COLUMNS,
		       "one value for each column");
	memcpy(out, v, sizeof(v));
}

const struct stmt_set attempt_stmts = { "attempt", attempt_sql, ATTEMPT_STMTS };

static const struct migration steps[] = {
	{ 40, "attempt",
	  "CREATE TABLE attempt ("
	  " org {bytes} NOT NULL, id {bytes} NOT NULL,"
	  " series {bytes} NOT NULL, assessment {bytes} NOT NULL,"
	  " course {text} NOT NULL, learner {bytes} NOT NULL,"
	  " number {int} NOT NULL, state {int} NOT NULL,"
	  " practice {int} NOT NULL, preview {int} NOT NULL,"
	  " given_back {int} NOT NULL, reserved_at {int} NOT NULL,"
	  " started_at {int} NOT NULL, due_at {int} NOT NULL,"
	  " hard_end_at {int} NOT NULL, finished_at {int} NOT NULL,"
	  " graded_at {int} NOT NULL, released_at {int} NOT NULL,"
	  " wake_at {int} NOT NULL, late {int} NOT NULL,"
	  " has_score {int} NOT NULL, sum {int} NOT NULL,"
	  " sum_max {int} NOT NULL, score {int} NOT NULL,"
	  " max_score {int} NOT NULL, scaled {int} NOT NULL,"
	  " passed {int} NOT NULL, node {int} NOT NULL, rev {int} NOT NULL,"
	  " PRIMARY KEY (org, id),"
	  " UNIQUE (org, series, learner, number)"
	  "){clustered};\n"
	  "CREATE INDEX attempt_wake ON attempt (wake_at)"
	  " WHERE wake_at > 0;\n"
	  "CREATE INDEX attempt_series ON attempt (org, series, id);\n"
	  "CREATE INDEX attempt_course ON attempt (org, course, id);\n" },
};
const struct migration_set attempt_migrations = {
	steps, sizeof(steps) / sizeof(steps[0])
};
