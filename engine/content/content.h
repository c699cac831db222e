/*
 * content: assessments and labs out of git repositories and folders.
 *
 *	content.sync --> job content.sync, leased by a worker: fetches, pins a
 *	                 commit, puts each file together with what it refers to
 *	             <-- content.deliver, one file a call: published, unchanged
 *	                 or refused, each by itself
 *	             <-- job.finish: how many files there were, what was left
 *out
 *
 * A sync is pinned with the first file that is delivered: a second try of the
 * job is told that commit, and what is published names it for good. A file
 * whose text this source has published before, and nothing else since, is
 * unchanged, so the same commit again publishes nothing.
 *
 * Whatever the worker says is data from outside.
 */
#pragma once

#include "engine/jobs/job.h"
#include "engine/rpc/rpc.h"

enum {
	CONTENT_FILES = 200, /* assessments and labs of one sync */
	CONTENT_PATH_BYTES = 1024,
	CONTENT_SOURCE_BYTES = 1000,
	CONTENT_COMMIT_BYTES = 80,
	CONTENT_WHY_BYTES = 400,
};

/* X(state, word) */
#define CONTENT_STATES(X)                                                      \
	X(CONTENT_QUEUED, "queued")                                            \
	X(CONTENT_DONE, "done")                                                \
	X(CONTENT_FAILED, "failed")
enum content_state {
#define X(state, word) state,
	CONTENT_STATES(X)
#undef X
};
extern const char *const content_state_words[]; /* NULL-terminated */

/* X(outcome, word, meaning) */
#define CONTENT_OUTCOMES(X)                                                    \
	X(CONTENT_PUBLISHED, "published", "a new version")                     \
	X(CONTENT_UNCHANGED, "unchanged", "published before, just like this")  \
	X(CONTENT_REFUSED, "refused", "see its problems")                      \
	X(CONTENT_WOULD, "would_publish", "a dry run: it would be published")  \
	X(CONTENT_TESTING, "testing",                                          \
	  "its code items are tried first; sync again once they have passed")
enum content_outcome {
#define X(outcome, word, doc) outcome,
	CONTENT_OUTCOMES(X)
#undef X
};
extern const char *const content_outcome_words[]; /* NULL-terminated */

struct content_sync {
	struct id org, id, job;
	struct str course, source;
	struct str ref, path; /* as asked; may be absent */
	bool dry_run;
	int state;	      /* enum content_state */
	struct str commit_id; /* absent: not known yet */
	int64_t files, bytes; /* found, of any kind */
	struct str refused;   /* JSON: list of {name, why} */
	int64_t refused_more; /* beyond those */
	struct str why;	      /* CONTENT_FAILED */
	int64_t created_at, ended_at;
};
extern const struct shape content_sync_shape;  /* storage */
extern const struct shape content_shown_shape; /* the wire */

struct content_file {
	struct id org, sync;
	struct str path;
	int kind; /* enum bundle_kind */
	struct str slug;
	int outcome;	      /* enum content_outcome */
	struct id version_id; /* of the version, or none */
	int64_t version;
	struct str digest;   /* BLAKE2b-256 of its text with all put in */
	struct str problems; /* JSON: problems_shape; or absent */
	struct str why;	     /* refused without a list */
};
extern const struct shape content_file_shape, content_file_shown_shape;

/* What the settings allow; strings of the process. */
struct content_rules {
	struct str schemes;	  /* words of source_scheme_words, by commas */
	struct str hosts;	  /* empty: any */
	struct str private_hosts; /* may have private addresses */
	struct str roots;	  /* folders, by commas; empty: none */
};

/* Where a source is, once it is known to be allowed. */
struct content_place {
	struct str source;
	struct str root, folder; /* a folder: the allowed one, and what is
				    below it ("" for itself); else absent */
	bool private_ok;
};
/*
 * ERR_INVALID: neither URL nor folder; ERR_UNSUPPORTED: a scheme that nobody
 * fetches; ERR_DENIED: the settings do not allow it. The field is /source.
 */
MUST enum err content_place_of(struct ctx *cx, struct str source,
			       struct content_place *out);

MUST enum err content_sync_load(struct ctx *cx, const struct id *org,
				const struct id *id, struct content_sync *out);

/* What a worker brings. */
struct content_find {
	struct str path, text; /* text absent: it was refused already */
	int kind;
	struct str problems, why;	   /* why it was */
	const struct content_ready *ready; /* made of the text alone */
};
/* Before the command, on any thread: a large file takes long. */
void content_make_ready(struct ctx *cx, struct content_find *f);
/*
 * Inside a command: publishes it, or says why not, and keeps the row. *out is
 * the row; of a path that was there before, the row from then.
 */
MUST enum err content_take(struct ctx *cx, const struct content_sync *s,
			   const struct content_find *f,
			   struct content_file *out);

extern const struct job_kind content_job;
extern const struct rpc_method content_methods[], content_worker_methods[];
extern const struct stmt_set content_stmts;
extern const struct migration_set content_migrations;

/* ---- statements ---- */

enum content_stmt {
	CONTENT_SYNC_INSERT,
	CONTENT_SYNC_BY_ID,
	CONTENT_SYNC_PIN,
	CONTENT_SYNC_END,
	CONTENT_SYNC_LIST,
	CONTENT_FILE_INSERT,
	CONTENT_FILE_LIST,
	CONTENT_FILE_BY_PATH,
	CONTENT_FILE_BY_SLUG,
	CONTENT_FILE_BEFORE,
	CONTENT_STMTS
};
extern const struct stmt content_sql[CONTENT_STMTS];
