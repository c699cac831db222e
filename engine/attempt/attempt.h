/*
 * attempt: a learner's runs at assessments.
 *
 *	ready --> active --> submitted --> [needs_grading] --> graded -->
 *released
 *
 * (all ways: graders/attempt_state.h). The truth of an attempt is the stream
 * of its records; its state is their fold (attempt_apply in live.h), and the
 * row in table attempt holds only what is queried. Open attempts are kept in
 * memory, so that an answer costs one record and no statement.
 *
 * struct attempts belongs to the executor's thread. Queries fold the records
 * for themselves and keep that apart (folds.h).
 */
#pragma once

#include "engine/gradebook/gradebook.h"
#include "engine/rpc/rpc.h"

struct attempts;
struct chain;

struct attempts_opts {
	struct app *app; /* executor, journal, catalog, signer: when used */
	const struct clock *clock;
	struct log *log;
	size_t live_most; /* attempts kept in memory; more are read again */
};

struct attempts *attempts_new(const struct attempts_opts *o);
void attempts_free(struct attempts *a);
/*
 * Learns when which open attempt of this node falls due. cx->db is any
 * connection; before the executor starts.
 */
MUST enum err attempts_boot(struct attempts *a, struct ctx *cx);
struct tx_part attempts_part(struct attempts *a); /* after the journal's */
struct tx_timer attempts_timer(struct attempts *a);

/* How many are in memory, and how many wait for a due instant. */
struct attempts_stats {
	int64_t live, waiting, swept;
	int64_t sweep_lag_ms_max; /* of those swept on time by this node */
};
void attempts_stats(const struct attempts *a, struct attempts_stats *out);

/* For struct assessment_hooks: new due instants for open attempts. */
MUST enum err attempts_rules_changed(struct ctx *cx, const struct id *org,
				     const struct id *series,
				     const struct id *learner);

/* For struct erasure_hook: nobody goes on with an erased learner's attempts. */
MUST enum err attempts_erase(struct ctx *cx, const struct id *org,
			     const struct id *learner);

/* For struct chain_check: is every row what the attempt's records say? */
MUST enum err attempts_check(struct ctx *cx, struct chain *c);

/* For struct gradebook_hooks: what this learner's attempts give, once more. */
MUST enum err attempts_recompute(struct ctx *cx, const struct id *org,
				 const struct id *series,
				 const struct id *learner);

/* Likewise, of what was handed in to code items. */
MUST enum err submissions_erase(struct ctx *cx, const struct id *org,
				const struct id *learner);
MUST enum err submissions_check(struct ctx *cx, struct chain *c);

struct job_kind;
extern const struct job_kind grade_job, forget_job;
extern const struct rpc_method submission_methods[];
extern const struct rpc_method rejudge_methods[];
extern const struct stmt_set submission_stmts;
extern const struct migration_set submission_migrations;

extern const struct rpc_method attempt_entry_methods[];
extern const struct rpc_method attempt_methods[];
extern const struct rpc_method attempt_staff_methods[];
extern const struct rpc_method attempt_report_methods[];
extern const struct stmt_set attempt_stmts;
extern const struct migration_set attempt_migrations;
