/* peer_sql: the statements of this folder. */
#pragma once

#include "base/id.h"
#include "engine/store/store.h"

enum peer_stmt {
	PEER_RUN_SET,
	PEER_RUN_DUE,
	PEER_RUN_FIRST,
	PEER_RUN_BY_SERIES,
	PEER_RUNS_OF_COURSE,
	PEER_RUNS_ALL,
	PEER_REF_ADD,
	PEER_REF_BY_ID,
	PEER_REFS_OF_LEARNER,
	PEER_REFS_COUNT,
	PEER_RUNS_GONE,
	PEER_DRAFT_SET,
	PEER_DRAFT_GET,
	PEER_DRAFT_DELETE,
	PEER_DRAFTS_OF_LEARNER,
	PEER_STMTS
};
extern const struct stmt peer_sql[PEER_STMTS];

struct peer_run_row {
	struct id org, series, stream;
	struct str course, slug;
	int64_t opened_at, due_at; /* due_at 0: nothing */
	int64_t n; /* its last record when the row was written */
};

/* What an id is about. X(code) */
enum peer_ref_kind { PEER_REF_ARTIFACT, PEER_REF_REVIEW, PEER_REF_APPEAL };
struct peer_ref_row {
	struct id org, id, series, learner;
	int64_t kind;
};

struct peer_count_row {
	int64_t n;
};
/* A record that opened a run which has no row. */
struct peer_gone_row {
	int64_t node, seq;
};

struct peer_draft_row {
	struct id org, review, learner;
	struct str words; /* JSON of struct peer_words */
	int64_t updated_at;
};
