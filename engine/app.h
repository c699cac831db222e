/*
 * app: the server's long-lived parts, as handlers reach them (cx->app). Made
 * and wired in engine/main.c, which alone sees everyone; here they are only
 * names, so that machinery still knows no slice.
 */
#pragma once

#include "base/ctx.h"

struct app {
	struct store *store;
	struct executor *executor;
	struct journal *journal;
	struct auth *auth;
	struct signer
		*signer; /* the node's Ed25519 key: receipts, checkpoints */
	struct blob_store *blobs;
	struct jobs *jobs;
	struct attempts
		*attempts;	 /* open attempts in memory and their timers */
	struct repos *repos;	 /* the files of submissions, in git */
	struct subs *subs;	 /* what was handed in or worked on, in git */
	struct labs *labs;	 /* terminals */
	struct peers *peers;	 /* runs of peer review in memory */
	struct catalog *catalog; /* published assessments, decoded, cached */
	const struct assessment_hooks *assessment_hooks;
	const struct gradebook_hooks *gradebook_hooks;
	const struct content_rules *content_rules;
	const struct erasure_hook *erasure_hooks; /* end without a function */
	const struct chain_check *chain_checks;	  /* likewise */
	const struct config *config;
	const struct rpc_table *methods;
	struct metrics *metrics;
	struct feed *feed;	 /* live events */
	struct parking *parking; /* queries that wait; made by the core */
	struct checkpointer *checkpointer;
	/* Names of the toolchain table; NULL behind the last. */
	const char *(*language_nth)(size_t i);
	int64_t node;
};
