/*
 * peer: work that peers review. Handing in, qualifying reviewers, handing out
 * reviews, grades with intervals, moderation, appeals, reports.
 *
 *	assessment file with "peer" --> run (run.h): the fold of its stream
 *
 * The truth of a run is the stream of its records (run_stream); it is kept
 * folded in memory, once for commands, on the executor's thread, and once for
 * queries, which read what is committed. Tables hold only what finds a run:
 * from an artifact's, review's or appeal's id, by learner, and by what is due.
 * A draft of a review is a row and no record.
 */
#pragma once

#include "engine/gradebook/gradebook.h"
#include "engine/rpc/rpc.h"

struct peers;
struct chain;

enum { PEERS_MOST = 1024 /* runs in memory; each up to twice */ };
struct peers_opts {
	struct app *app; /* catalog, journal, executor: when used */
	const struct clock *clock;
	struct log *log;
};

struct peers *peers_new(const struct peers_opts *o);
void peers_free(struct peers *p); /* before the catalog */
/* Learns when the first run falls due. Before the executor starts. */
MUST enum err peers_boot(struct peers *p, struct ctx *cx);
struct tx_part peers_part(struct peers *p); /* after the journal's */
struct tx_timer peers_timer(struct peers *p);

/* For struct erasure_hook: his works leave the pool, his leases end. */
MUST enum err peers_erase(struct ctx *cx, const struct id *org,
			  const struct id *learner);
/* For struct chain_check: do the tables say what the records say? */
MUST enum err peers_check(struct ctx *cx, struct chain *c);
/* For struct gradebook_hooks: what his artifact gives, once more. */
MUST enum err peers_recompute(struct ctx *cx, const struct id *org,
			      const struct id *series,
			      const struct id *learner);

extern const struct rpc_method artifact_methods[];
extern const struct rpc_method calibration_methods[];
extern const struct rpc_method review_methods[];
extern const struct rpc_method reviewer_methods[];
extern const struct rpc_method moderate_methods[];
extern const struct rpc_method appeal_methods[];
extern const struct rpc_method allocation_methods[];
extern const struct rpc_method run_methods[];
extern const struct rpc_method report_methods[];
extern const struct stmt_set peer_stmts;
extern const struct migration_set peer_migrations;
