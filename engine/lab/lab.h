/*
 * lab: ungraded work. A lab is a published file (lab_def.h) in versions; a
 * learner has one session of a lab, and his work in it is a line of commits
 * (sandbox/work.h) that only ever grows: a reset is a commit, too.
 *
 *	lab --publish--> version --open--> session --save/run/check--> commits
 *	                                      \--terminal--> term.h
 *
 * A session's work is kept by the node that opened it first; other nodes say
 * so (ERR_CONFLICT, state {"node":n}).
 *
 * Commands run on the executor's thread. struct labs holds what is in memory,
 * under its own lock: terminals, and who is to be woken after a commit.
 */
#pragma once

#include "engine/jobs/job.h"
#include "engine/lab/lab_def.h"
#include "engine/rpc/rpc.h"
#include "sandbox/work.h"

struct lab {
	struct id id, series, org;
	struct str course, slug, title;
	int64_t version;
	struct str digest; /* BLAKE2b-256 of the canonical file */
	int64_t published_at;
	int64_t node;	    /* that published it */
	struct str starter; /* its commit there, OID_BYTES */
};
extern const struct shape lab_row_shape;  /* storage */
extern const struct shape lab_view_shape; /* the wire */

struct lab_session {
	struct id org, id, lab, learner;
	struct str course, slug;
	struct id version;  /* of the lab, that the work began from */
	int64_t number;	    /* that version's number */
	struct str starter; /* the commit of its files, OID_BYTES */
	int64_t node, opened_at, changed_at;
	int64_t check_at, run_at; /* fair_use */
};

struct labs;

struct labs_opts {
	struct app *app; /* executor, parking, jobs: when used */
	const struct clock *clock;
	struct log *log;
};
struct labs *labs_new(const struct labs_opts *o);
void labs_free(struct labs *l);
struct tx_part labs_part(struct labs *l);
struct tx_timer labs_timer(struct labs *l);

/* ---- for the files of this folder ---- */

/* A lab by id, or by course and slug: then the newest version. */
struct lab_ref {
	struct id lab;
	struct str course, slug;
};
#define LAB_REF_FIELDS(s, m)                                                   \
	{ .name = "lab",                                                       \
	  .doc = "a version of a lab, or",                                     \
	  .kind = KIND_ID,                                                     \
	  .optional = true,                                                    \
	  .offset = offsetof(s, m) + offsetof(struct lab_ref, lab) },          \
		{ .name = "course",                                            \
		  .doc = "the platform's course id, and",                      \
		  .kind = KIND_STR,                                            \
		  .optional = true,                                            \
		  .offset = offsetof(s, m) + offsetof(struct lab_ref, course), \
		  .max = LIMIT_REF_BYTES },                                    \
	{                                                                      \
		.name = "slug", .doc = "the lab's name in it: the newest",     \
		.kind = KIND_STR, .optional = true,                            \
		.offset = offsetof(s, m) + offsetof(struct lab_ref, slug),     \
		.max = LIMIT_REF_BYTES                                         \
	}

/* ERR_INVALID: not named. ERR_NOT_FOUND, also for other courses. */
MUST enum err lab_resolve(struct ctx *cx, const struct lab_ref *ref,
			  struct lab *out);
/* The file of a version. */
MUST enum err lab_def_of(struct ctx *cx, const struct id *org,
			 const struct id *version, struct lab_def *out);
struct lab_wish {
	struct id org;
	const struct lab_def *def; /* as it was read, before the command */
	struct str course;	   /* instead of the file's; or absent */
	bool dry;		   /* only say what would happen */
};
/* *fresh: it is a new version; else *out is the newest, which is just this. */
MUST enum err lab_publish_for(struct ctx *cx, const struct lab_wish *w,
			      struct lab *out, bool *fresh);
/*
 * The commit of a version's starter on this node, made if it is not there.
 * In a command.
 */
MUST enum err lab_starter(struct ctx *cx, const struct lab *lab,
			  struct oid *out);

/* The learner's session, made with the starter's files if there is none. */
MUST enum err lab_session_open(struct ctx *cx, const struct lab *lab,
			       const struct id *learner,
			       struct lab_session *out, bool *fresh);
/*
 * A session that the caller may see: his own, or one of a course whose staff he
 * is. ERR_NOT_FOUND. ERR_CONFLICT: it is kept by another node.
 */
MUST enum err lab_session_load(struct ctx *cx, const struct id *id,
			       struct lab_session *out);
/* The same for what changes it: his own alone. */
MUST enum err lab_session_own(struct ctx *cx, const struct id *id,
			      struct lab_session *out);
/* The row alone: for jobs and workers. */
MUST enum err lab_session_row(struct ctx *cx, const struct id *org,
			      const struct id *id, struct lab_session *out);
/* ERR_CONFLICT: it is another node's. */
MUST enum err lab_session_here(struct ctx *cx, const struct lab_session *s);
struct work_place lab_place(struct ctx *cx, const struct lab_session *s);
/* The work was committed: the row, and a record unless it is quiet. */
MUST enum err lab_committed(struct ctx *cx, struct lab_session *s,
			    const struct subs_done *done, const char *event);
struct oid lab_oid(struct str bytes);
struct str lab_oid_bytes(struct arena *a, const struct oid *o);
struct str lab_oid_hex(struct arena *a, const struct oid *o);

/* After the commit of this batch, or of the next: whoever waits for key. */
void labs_wake_later(struct labs *l, uint64_t key);
/* Likewise: a terminal's worker is told that the work was changed otherwise. */
void labs_changed_later(struct labs *l, const struct id *session);
uint64_t lab_key(const struct id *id, int what);

/* For struct erasure_hook: the work and all about it. */
MUST enum err labs_erase(struct ctx *cx, const struct id *org,
			 const struct id *learner);

/* X(code, word) */
#define LAB_RUN_KINDS(X)                                                       \
	X(LAB_RUN, "run")                                                      \
	X(LAB_CHECK, "check")                                                  \
	X(LAB_UNPACK, "unpack")
enum lab_run_kind {
#define X(code, word) code,
	LAB_RUN_KINDS(X)
#undef X
};
#define LAB_RUN_STATES(X)                                                      \
	X(LAB_RUN_WAITS, "waits")                                              \
	X(LAB_RUN_DONE, "done")                                                \
	X(LAB_RUN_FAILED, "failed")
enum lab_run_state {
#define X(code, word) code,
	LAB_RUN_STATES(X)
#undef X
};
extern const struct rpc_method lab_methods[];	   /* labs and sessions */
extern const struct rpc_method lab_work_methods[]; /* files and history */
extern const struct rpc_method lab_merge_methods[];
extern const struct rpc_method lab_run_methods[];
extern const struct rpc_method lab_terminal_methods[];
extern const struct rpc_method lab_host_methods[]; /* for workers */
extern const struct job_kind lab_run_job, lab_check_job, lab_unpack_job,
	lab_terminal_job, lab_forget_job;
extern const struct stmt_set lab_stmts;
extern const struct migration_set lab_migrations;
