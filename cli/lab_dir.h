/*
 * lab_dir: a learner's lab as a folder of this machine. For the files lab_*.c
 * but the shell.
 *
 *   lab_dir.c    the folder and its mark; calls; three-way merging into it
 *   lab_pull.c   lab open, lab pull
 *   lab_push.c   lab push, lab check
 *
 * The mark (LAB_MARK) names the session and the commit that the folder was last
 * in step with, the base. What is the learner's change and what the server's is
 * found by comparing with the base's files, and the mark moves on last: so
 * whoever is interrupted gives the same command again.
 *
 * No server's address is kept: a folder from somebody else cannot lead a token
 * to his own.
 */
#pragma once

#include "cli/cli.h"
#include "cli/connect.h"
#include "sandbox/hostdir_write.h"
#include "sandbox/work.h"

#define LAB_MARK ".assay-lab"

struct lab_mark {
	int64_t assay_lab_dir; /* version of this file: 1 */
	struct str course, slug;
	struct id session;
	struct str commit; /* absent: nothing was written yet */
};

struct lab_dir {
	struct cli *c;
	const struct args *args;
	struct str path;
	struct hostdir dir;
	struct connect net;
	bool marked; /* there was a mark, or is now */
	struct lab_mark mark;
	struct list files;	 /* the folder's: struct run_file */
	struct tree_list local;	 /* with what was refused */
	int64_t version, newest; /* of the lab */
};

/* What came of taking over the server's changes. */
struct lab_taken {
	int64_t written, removed;
	struct list conflicts; /* struct work_conflict */
	struct str *beside;    /* of each: where theirs is; absent: nowhere */
	struct list kept;      /* struct str: changed there, refused here */
};

/* What these return is an exit code, or LAB_ON to go on. */
enum { LAB_ON = -1 };

/* Opens and locks the folder, reads the mark and connects. */
int lab_dir_open(struct cli *c, const struct args *a, struct str path,
		 bool make, struct lab_dir *d);
void lab_dir_close(struct lab_dir *d);
/* The folder has a mark; else says what to do. */
int lab_dir_marked(struct lab_dir *d);
/* lab.open of what the mark names; writes the mark if there was none. */
int lab_dir_session(struct lab_dir *d);
/* The folder's files. */
int lab_dir_read(struct lab_dir *d);

/* One call. write: with a key. LAB_ON: there is a result, parsed. */
int lab_call(struct lab_dir *d, const char *method, struct str params,
	     struct str bytes, bool write, struct client_reply *r,
	     struct jval *result);
/* The files of a commit, absent: of the newest; *at is that commit. */
int lab_fetch(struct lab_dir *d, struct str commit, struct str *at,
	      struct list *files);
/*
 * The folder's files; where something that cannot be saved has a name of the
 * base's, or is above it, the base's file, as if it were unchanged.
 */
struct list lab_ours(struct lab_dir *d, const struct list *base);
bool lab_is_refused(const struct lab_dir *d, struct str name);
/* theirs, of commit, merged into the folder, which is then in step with it. */
int lab_take(struct lab_dir *d, struct str commit, const struct list *theirs,
	     struct lab_taken *out);
void lab_say_taken(struct lab_dir *d, const struct lab_taken *t);
int lab_mark_set(struct lab_dir *d, struct str commit);
bool lab_same(const struct run_file *a, const struct run_file *b);
bool lab_json(const struct lab_dir *d);
