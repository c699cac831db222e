/* lab_sql: the rows of labs. For the files of engine/lab only. */
#pragma once

#include "engine/lab/lab.h"
#include "engine/store/store.h"

struct lab_body_row {
	struct str body; /* the lab file, canonical */
};

struct lab_run_row {
	struct id org, id, session;
	struct str git_commit; /* the work that it was about, hex */
	int64_t kind, state;   /* enum lab_run_kind, lab_run_state */
	int64_t created_at, ended_at;
	struct str language;
	struct str result; /* JSON, "" until it is done */
};
extern const struct shape lab_run_row_shape;

struct lab_screen_row {
	struct str screen; /* bytes that draw it; absent: none */
	int64_t screen_at; /* offset of the output behind it */
};

enum lab_stmt {
	LAB_INSERT,
	LAB_BY_ID,
	LAB_BODY,
	LAB_NEWEST,
	LAB_NEWEST_OF,
	LAB_LIST,
	LAB_SESSION_INSERT,
	LAB_SESSION_BY_ID,
	LAB_SESSION_OF,
	LAB_SESSION_UPDATE,
	LAB_SESSION_RATES,
	LAB_SESSION_SCREEN,
	LAB_SESSION_SET_SCREEN,
	LAB_SESSIONS_OF_LEARNER,
	LAB_SESSION_DELETE,
	LAB_RUN_INSERT,
	LAB_RUN_BY_ID,
	LAB_RUN_END,
	LAB_RUN_PRUNE,
	LAB_RUNS_DELETE,
	LAB_STMTS
};
extern const struct stmt lab_sql[LAB_STMTS];
