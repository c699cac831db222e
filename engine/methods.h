/*
 * methods: what the whole program can do: all method rows, statements and
 * migrations. A slice is added here and nowhere else.
 */
#pragma once

#include "engine/audit/chain.h"
#include "engine/jobs/job.h"
#include "engine/rpc/rpc.h"

extern const struct rpc_table all_methods;
extern const struct stmt_set *const all_stmts[]; /* NULL-terminated */
extern const struct migration_set *const all_migrations[];
extern const struct job_kind *const all_jobs[];
/* Ends without a function. */
extern const struct chain_check all_checks[];
