#include "engine/methods.h"

#include "engine/assessment/assessment.h"
#include "engine/assessment/rules_rpc.h"
#include "engine/assessment/selftest.h"
#include "engine/attempt/attempt.h"
#include "engine/audit/checkpoint.h"
#include "engine/audit/record_erase.h"
#include "engine/blob/blob.h"
#include "engine/content/content.h"
#include "engine/erasure/erasure.h"
#include "engine/evidence/evidence_rpc.h"
#include "engine/gradebook/gradebook.h"
#include "engine/lab/lab.h"
#include "engine/org/org_rpc.h"
#include "engine/peer/peer.h"
#include "engine/rpc/event_sql.h"
#include "engine/rpc/table.h"
#include "engine/store/lease.h"

static const struct rpc_method *const tables[] = {
	server_methods,
	org_methods,
	assessment_methods,
	rules_methods,
	attempt_entry_methods,
	attempt_methods,
	attempt_staff_methods,
	attempt_report_methods,
	submission_methods,
	rejudge_methods,
	gradebook_methods,
	blob_methods,
	job_methods,
	job_staff_methods,
	erasure_methods,
	event_methods,
	evidence_methods,
	content_methods,
	content_worker_methods,
	lab_methods,
	lab_work_methods,
	lab_merge_methods,
	lab_run_methods,
	lab_terminal_methods,
	lab_host_methods,
	artifact_methods,
	calibration_methods,
	review_methods,
	reviewer_methods,
	moderate_methods,
	appeal_methods,
	allocation_methods,
	run_methods,
	report_methods,
	NULL,
};
const struct rpc_table all_methods = { tables };

const struct stmt_set *const all_stmts[] = {
	&record_stmts,
	&checkpoint_stmts,
	&auth_stmts,
	&assessment_stmts,
	&selftest_stmts,
	&gradebook_stmts,
	&attempt_stmts,
	&submission_stmts,
	&event_stmts,
	&blob_stmts,
	&job_stmts,
	&record_erase_stmts,
	&lease_stmts,
	&content_stmts,
	&lab_stmts,
	&peer_stmts,
	NULL,
};

const struct migration_set *const all_migrations[] = {
	&record_migrations,	  &checkpoint_migrations,
	&auth_migrations,	  &assessment_migrations,
	&selftest_migrations,	  &gradebook_migrations,
	&attempt_migrations,	  &submission_migrations,
	&blob_migrations,	  &job_migrations,
	&record_erase_migrations, &lease_migrations,
	&content_migrations,	  &lab_migrations,
	&peer_migrations,	  NULL,
};

const struct job_kind *const all_jobs[] = {
	&grade_job,	   &selftest_job,   &forget_job,    &erasure_job,
	&content_job,	   &lab_run_job,    &lab_check_job, &lab_unpack_job,
	&lab_terminal_job, &lab_forget_job, NULL,
};

const struct chain_check all_checks[] = {
	{ attempts_check }, { submissions_check },
	{ peers_check },    { gradebook_check },
	{ NULL },
};

const struct assessment_hooks all_assessment_hooks = {
	attempts_rules_changed,
};

const struct erasure_hook all_erasure_hooks[] = {
	{ attempts_erase }, { submissions_erase },
	{ labs_erase },	    { peers_erase },
	{ NULL },
};

/* An assessment has attempts or is reviewed by peers; the other does
   nothing. */
static enum err recompute(struct ctx *cx, const struct id *org,
			  const struct id *series, const struct id *learner)
{
	enum err e = attempts_recompute(cx, org, series, learner);

	return e ? e : peers_recompute(cx, org, series, learner);
}
const struct gradebook_hooks all_gradebook_hooks = { recompute };
