/*
 * repos: the files of submissions in git, as the server keeps them: one bare
 * repository for a course and a term, below one folder for each node.
 *
 *   put (executor) -> flush before the COMMIT -> acknowledged
 *     -> packed by a thread of its own, once a while
 *
 * A course's repository has a ref for each question of an attempt,
 *	refs/submissions/<learner>/<attempt>/<slot>
 * whose commits are what was saved or handed in, the newest last. What counts
 * is said by the records of the attempt: a commit that they do not name (a
 * crash between flush and COMMIT) harms nobody.
 *
 * Each node writes its own folder. What another one has taken is read from its
 * packs, if both see the same folder (setting repos); until it is packed, or
 * where folders are not shared, that is ERR_BUSY, and the job is tried again.
 */
#pragma once

#include "engine/store/executor.h"
#include "sandbox/subs.h"

struct repos;

struct repos_opts {
	const char *folder; /* of all nodes; node-N is made in it */
	int64_t node;
	bool shared;   /* other nodes read it: packed soon */
	bool threaded; /* false: packed by the timer, for tests */
	const struct clock *clock;
	struct log *log;
	const struct disk *disk; /* NULL: the system's */
	int64_t learner_bytes;	 /* of one in a course, at most; 0: no end */
};

enum {
	REPOS_PACK_MS = 60000,
	REPOS_PACK_SHARED_MS = 3000,
	REPOS_FULL_MS = 1000, /* how long nothing is tried on a full disk */
};

/* What keeps the files of this node: for work that is not an attempt's. */
struct subs *repos_subs(struct repos *r);

MUST enum err repos_open(struct ctx *cx, const struct repos_opts *o,
			 struct repos **out);
void repos_free(struct repos *r); /* after the executor; NULL is allowed */
struct tx_part repos_part(struct repos *r);
struct tx_timer repos_timer(struct repos *r);

/* Where the files of one question of an attempt are. */
struct repos_place {
	struct str repo, ref;
};
/* term: of the attempt's reservation (course_term). */
void repos_place(struct arena *a, const struct id *org, struct str course,
		 struct str term, const struct id *learner,
		 const struct id *attempt, int64_t slot,
		 struct repos_place *out);

/*
 * Executor's thread, inside a work. files: struct run_file as tree_check left
 * it. ERR_READ_ONLY: the disk is full. ERR_UNAVAILABLE.
 */
MUST enum err repos_put(struct ctx *cx, struct repos *r,
			const struct repos_place *at, const struct list *files,
			struct str message, struct subs_done *out);
/*
 * Any thread. node: who has taken it. ERR_BUSY: it cannot be read here, or not
 * yet. ERR_ERASED: it is gone.
 */
MUST enum err repos_files(struct ctx *cx, struct repos *r, int64_t node,
			  struct str repo, struct str commit, struct list *out);

/*
 * Everything of a learner in a repository of this node, by the packer's
 * thread. *done: that is over; else ask again. Executor's thread.
 */
MUST enum err repos_forget(struct ctx *cx, struct repos *r, struct str repo,
			   const struct id *learner, bool *done);

/* The same of all refs of a repository that begin with prefix. */
MUST enum err repos_forget_refs(struct ctx *cx, struct repos *r,
				struct str repo, struct str prefix, bool *done);

int64_t repos_learner_bytes(const struct repos *r);
void repos_stats(struct repos *r, struct subs_stats *out);
