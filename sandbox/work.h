/*
 * work: work trees that live on, kept as commits: a learner's lab. Everything
 * is a commit on the learner's ref, so nothing is ever lost: a reset too can be
 * taken back. Saved by subs: see there for threads, durability (a save is
 * acknowledged after the flush) and failures.
 */
#pragma once

#include "sandbox/subs.h"

/* "refs/labs/<lab>/<learner>" and "refs/starters/<lab>". */
struct str work_ref(struct arena *a, const struct id *lab,
		    const struct id *learner);
struct str work_starter_ref(struct arena *a, const struct id *lab);

struct work_place {
	struct str repo, ref;
};

/*
 * A new version of a lab's starter files: a commit on the starter's ref. same:
 * the files are those of the version before, whose commit it gives.
 */
MUST enum err work_publish(struct ctx *cx, struct subs *s,
			   const struct work_place *starter,
			   const struct list *files, int64_t time_ms,
			   struct subs_done *out);
/*
 * The place's last commit; if there is none yet the starter's, to which the
 * ref is then pointed (*fresh).
 */
MUST enum err work_begin(struct ctx *cx, struct subs *s,
			 const struct work_place *w, const struct oid *starter,
			 struct oid *tip, bool *fresh);
/*
 * why: one word for the message, as "save" or "idle". Files are checked: what
 * is refused stands in *left_out, the rest is saved. done->same: nothing had
 * changed, no commit was made.
 */
MUST enum err work_save(struct ctx *cx, struct subs *s,
			const struct work_place *w, const struct list *files,
			const char *why, int64_t time_ms,
			struct subs_done *done, struct tree_list *left_out);
/* The files of the last commit. ERR_NOT_FOUND: not begun. */
MUST enum err work_load(struct ctx *cx, struct subs *s,
			const struct work_place *w, struct subs_commit *commit,
			struct list *files);
/* Newest first: struct subs_commit. */
MUST enum err work_log(struct ctx *cx, struct subs *s,
		       const struct work_place *w, int64_t most,
		       struct list *out);
/* A new commit with the files of an older one (the starter, or any other). */
MUST enum err work_reset(struct ctx *cx, struct subs *s,
			 const struct work_place *w, const struct oid *to,
			 int64_t time_ms, struct subs_done *done);

/* X(code, word, what happened) */
#define WORK_CONFLICTS(X)                                                      \
	X(WORK_BOTH_CHANGED, "both_changed", "both changed the same lines")    \
	X(WORK_BOTH_ADDED, "both_added", "both added a file of this name")     \
	X(WORK_GONE_HERE, "removed_here",                                      \
	  "you removed it, the new version changed it")                        \
	X(WORK_GONE_THERE, "removed_there",                                    \
	  "the new version removed it, you changed it")                        \
	X(WORK_NO_ROOM, "name_taken",                                          \
	  "the new version's file does not fit among yours by its name or "    \
	  "size")
enum work_conflict_kind {
#define X(code, word, doc) code,
	WORK_CONFLICTS(X)
#undef X
};
extern const char *const work_conflict_words[]; /* NULL-terminated */

/* Both versions; absent data: there is none on that side. */
struct work_conflict {
	struct str name;
	int kind; /* enum work_conflict_kind */
	struct str ours, theirs;
};
struct work_merged {
	struct list files;     /* what would be the work tree */
	struct list conflicts; /* struct work_conflict */
	int64_t taken;	       /* files taken over or merged from theirs */
};
/*
 * The merge of two lists that both came from base, file by file and line by
 * line. In a conflict files has ours. Pure.
 */
MUST enum err work_merge(struct ctx *cx, const struct list *base,
			 const struct list *ours, const struct list *theirs,
			 struct work_merged *out);
/*
 * Offers a new starter version: merges what lies between the commits old and
 * new of the starter into the place. If save, it becomes a commit with new as
 * its second parent, also with conflicts (ours stand in the files, theirs in
 * the list and in the second parent).
 */
MUST enum err work_renew(struct ctx *cx, struct subs *s,
			 const struct work_place *w, const struct oid *old,
			 const struct oid *new, bool save, int64_t time_ms,
			 struct work_merged *out, struct subs_done *done);
