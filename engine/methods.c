#include "engine/methods.h"

#include "engine/assessment/assessment.h"
#include "engine/assessment/rules_rpc.h"
#include "engine/attempt/attempt.h"
#include "engine/audit/checkpoint.h"
#include "engine/audit/record_erase.h"
#include "engine/blob/blob.h"
#include "engine/erasure/erasure.h"
#include "engine/evidence/evidence_rpc.h"
#include "engine/gradebook/gradebook.h"
#include "engine/org/org_rpc.h"
#include "engine/rpc/event_sql.h"
#include "engine/rpc/table.h"
#include "engine/store/lease.h"

static const struct rpc_method *const tables[] = {
	server_methods,	       org_methods,
	assessment_methods,    rules_methods,
	attempt_entry_methods, attempt_methods,
	attempt_staff_methods, attempt_report_methods,
	gradebook_methods,     blob_methods,
	job_methods,	       job_staff_methods,
	erasure_methods,       event_methods,
	evidence_methods,      NULL,
};
const struct rpc_table all_methods = { tables };

const struct stmt_set *const all_stmts[] = {
	&record_stmts,	  &checkpoint_stmts,   &auth_stmts,  &assessment_stmts,
	&gradebook_stmts, &attempt_stmts,      &event_stmts, &blob_stmts,
	&job_stmts,	  &record_erase_stmts, &lease_stmts, NULL,
};

const struct migration_set *const all_migrations[] = {
	&record_migrations,
	&checkpoint_migrations,
	&auth_migrations,
	&assessment_migrations,
	&gradebook_migrations,
	&attempt_migrations,
	&blob_migrations,
	&job_migrations,
	&record_erase_migrations,
	&lease_migrations,
	NULL,
};

const struct job_kind *const all_jobs[] = { &erasure_job, NULL };

const struct chain_check all_checks[] = { { attempts_check },
					  { gradebook_check },
					  { NULL } };
