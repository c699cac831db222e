/* attempt_sql: the statements of this folder. */
#pragma once

#include "engine/attempt/live.h"

enum attempt_stmt {
	ATTEMPT_INSERT,
	ATTEMPT_BY_ID,
	ATTEMPT_UPDATE,
	ATTEMPT_OF_LEARNER,
	ATTEMPT_FORMER,
	ATTEMPT_OPEN,
	ATTEMPT_OVERDUE,
	ATTEMPT_OPEN_OF_SERIES,
	ATTEMPT_LIST_SERIES,
	ATTEMPT_LIST_COURSE,
	ATTEMPT_LIST_ORG,
	ATTEMPT_ALL,
	ATTEMPT_GONE,
	ATTEMPT_STMTS
};
extern const struct stmt attempt_sql[ATTEMPT_STMTS];

/* Of ATTEMPT_OPEN and ATTEMPT_OVERDUE. */
struct wake_row {
	struct id org, id;
	int64_t wake_at;
};

/* Of ATTEMPT_GONE: a record that made an attempt which has no row. */
struct gone_row {
	int64_t node, seq;
	struct id id;
};

/* What counts for the next attempt. */
struct former_attempt {
	struct id id;
	int64_t number;
	int state;
	bool practice, preview, given_back;
	int64_t started_at, finished_at;
};

enum { ATTEMPT_COLUMNS = 29 };
/* The row's values in the order of its columns. */
void attempt_vals(const struct attempt_row *row,
		  struct val out[ATTEMPT_COLUMNS]);
