/*
 * methods: what the whole program can do: all method rows, statements and
 * migrations. A slice is added here and nowhere else.
 */
#pragma once

#include "engine/assessment/assessment.h"
#include "engine/audit/chain.h"
#include "engine/erasure/erasure.h"
#include "engine/gradebook/gradebook.h"
#include "engine/jobs/job.h"
#include "engine/rpc/rpc.h"

extern const struct rpc_table all_methods;
extern const struct stmt_set *const all_stmts[]; /* NULL-terminated */
extern const struct migration_set *const all_migrations[];
extern const struct job_kind *const all_jobs[];
/* These end without a function. */
extern const struct chain_check all_checks[];
extern const struct erasure_hook all_erasure_hooks[];
extern const struct assessment_hooks all_assessment_hooks;
extern const struct gradebook_hooks all_gradebook_hooks;
