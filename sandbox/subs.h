/*
 * subs: files that people hand in or work on, kept in git.
 *
 *   put -> (buffer) -> flush: one write, one fdatasync -> acknowledged
 *                        |
 *        segments: objects as they stand in packs + which ref moves where
 *                        |   pack_step, on another thread
 *        <repo>.git/objects/pack, packed-refs      what stock git reads
 *
 * A submission is a commit on a ref; its parent is what the ref was before.
 * What was acknowledged is found again after a kill at any point: in a segment
 * until pack and refs are durable, in the pack from then on. A submission that
 * was written but never acknowledged may be found as well: the database says
 * which ones count.
 *
 * Threads. The writer's thread: put, point, mark, undo, flush, committed,
 * aborted. One other thread: pack_step. Any thread: load, tip, log, rotate,
 * forget (waits for the packer if that is at work), stats. open and close:
 * nobody else is there.
 *
 * Names of repositories and refs are made of ids, never of a person's name.
 * A refused call says ERR_INVALID; a full disk ERR_READ_ONLY; other failures
 * of the disk ERR_UNAVAILABLE. After a failed flush all since the last
 * committed() is undone, and the next put starts anew.
 */
#pragma once

#include "sandbox/object.h"

struct subs;

enum {
	SUBS_REPO_BYTES = 80, /* a-z, 0-9, '-' */
	SUBS_REF_BYTES = 200, /* refs/…: parts of a-z, 0-9, '-', '_' */
	SUBS_MESSAGE_BYTES = 2000
};

struct subs_opts {
	const char *dir;	 /* made if it is not there; one process only */
	int64_t segment_bytes;	 /* a new one is begun above; 0: 16 MiB */
	const struct disk *disk; /* NULL: the system's (sandbox/disk.h) */
};

/*
 * Reads what segments are there. ERR_CONFLICT: another process has it.
 * ERR_CORRUPT: something that was acknowledged is damaged; nothing is changed.
 */
MUST enum err subs_open(struct ctx *cx, const struct subs_opts *o,
			struct subs **out);
void subs_close(struct subs *s); /* what is not flushed is gone */

/*
 * The repository of a course and term of an organization: the same three
 * always give the same name, which tells nothing.
 */
struct str subs_repo_name(struct arena *a, const struct id *org,
			  struct str course, struct str term);

struct subs_ask {
	struct str repo, ref;
	const struct list *files; /* struct run_file, as tree_check left it */
	struct str message;	  /* ids and receipt, never a person's words */
	int64_t time_ms;	  /* of the receipt */
	struct oid merged;	  /* a second parent, or none */
	bool skip_same; /* nothing is done if the files are the ref's */
};
struct subs_done {
	struct oid commit, tree;
	bool same;     /* skip_same: commit is the one that was there */
	int64_t bytes; /* of the files */
	int64_t objects, known; /* made; already there, so not written again */
};
/* Not durable before flush has returned OK. */
MUST enum err subs_put(struct ctx *cx, struct subs *s,
		       const struct subs_ask *ask, struct subs_done *out);
/*
 * Moves a ref to a commit of the same repository that a ref leads to.
 * ERR_NOT_FOUND: it is not there.
 */
MUST enum err subs_point(struct ctx *cx, struct subs *s, struct str repo,
			 struct str ref, const struct oid *commit);

/*
 * The parts of a transaction, as engine/store/executor.h's struct tx_part
 * wants them: arg is the struct subs.
 */
size_t subs_mark(void *arg);
void subs_undo(void *arg, size_t mark);
MUST enum err subs_flush(void *arg, struct ctx *cx);
void subs_committed(void *arg, struct ctx *cx);
void subs_aborted(void *arg);

struct subs_commit {
	struct oid id, tree, parents[2];
	int64_t time_ms; /* whole seconds */
	struct str message;
};
/* ERR_NOT_FOUND: no such ref. */
MUST enum err subs_tip(struct ctx *cx, struct subs *s, struct str repo,
		       struct str ref, struct oid *out);
/* ERR_NOT_FOUND: no such commit in this repository. commit may be NULL. */
MUST enum err subs_load(struct ctx *cx, struct subs *s, struct str repo,
			const struct oid *id, struct subs_commit *commit,
			struct list *files);
/* A commit and those before it by first parent, struct subs_commit. */
MUST enum err subs_log(struct ctx *cx, struct subs *s, struct str repo,
		       const struct oid *from, int64_t most, struct list *out);

/* Ends the segment that is written to, so that it can be packed. */
MUST enum err subs_rotate(struct ctx *cx, struct subs *s);

struct subs_packed {
	bool more;		/* call again */
	int64_t objects, known; /* written; in packs of before already */
	int64_t bytes;		/* of the pack */
};
/*
 * One piece of packing: one repository's share of the ended segments, or the
 * removal of segments that are packed. more is false when there is nothing to
 * do. An error leaves all as it was; a later call tries again.
 */
MUST enum err subs_pack_step(struct ctx *cx, struct subs *s,
			     struct subs_packed *out);

/*
 * Erasure: drops the refs that begin with prefix ("refs/x/<learner>/") and
 * everything that only they reached, in segments and packs; returns when it is
 * gone. Takes as long as the repository is large. After a crash in the middle
 * it goes on by itself with pack_step; calling it again does no harm.
 */
MUST enum err subs_forget(struct ctx *cx, struct subs *s, struct str repo,
			  struct str prefix);

struct subs_stats {
	int64_t puts, flushes, bytes;	 /* written to segments */
	int64_t objects, known;		 /* known: not written again */
	int64_t segments, waiting_bytes; /* not packed yet */
	int64_t packs, packed_objects, packed_bytes;
	bool read_only; /* the last flush failed for want of space */
};
void subs_stats(struct subs *s, struct subs_stats *out);
