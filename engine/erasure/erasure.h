/*
 * erasure: forgets a person, because he or the law asks for it.
 *
 * At once, in one command: his name and subject go (the id stays, as a
 * pseudonym), the key of his blobs is destroyed, the slices do theirs, and a
 * record "learner.erased" says so. Then, as a job in bounded pieces: the
 * personal parts of all his records, and the files and rows of his blobs.
 * Grades and the fact of each event stay; the audit chain still verifies.
 *
 * A command of another node may have been on its way; so the job looks once
 * more, some minutes later, at what came since. If he comes back afterwards he
 * is another person (see org.h), who has nothing of the old one.
 */
#pragma once

#include "engine/jobs/job.h"

/*
 * What a slice has to forget beyond records and blobs. In the command, and
 * again in the job's second look: twice is fine.
 */
struct erasure_hook {
	enum err (*erase)(struct ctx *cx, const struct id *org,
			  const struct id *learner);
};

struct erasure {
	struct id learner, job; /* job: none if it was done before */
	int64_t erased_at;
};
/*
 * ERR_NOT_FOUND: nobody of that subject was ever here. Twice is fine.
 * reason: for the audit, for ever; no personal data.
 */
MUST enum err erasure_begin(struct ctx *cx, const struct id *org,
			    struct str subject, struct str reason,
			    struct erasure *out);

enum { ERASURE_SETTLE_MS = 180000 };

extern const struct job_kind erasure_job;
extern const struct rpc_method erasure_methods[];
