/*
 * tree: the files of a submission or of a work tree: struct run_file, sorted
 * by name, with names and sizes that suit. What does not suit is reported by
 * name with its reason; the rest is kept. The rules for names are in
 * sandbox/tree_name.h.
 */
#pragma once

#include "base/run.h"

enum {
	TREE_DEPTH = 32,     /* parts of a name */
	TREE_ENTRIES = 2000, /* files and folders */
	TREE_BYTES = 16 << 20,
	TREE_REFUSED = 100 /* refused ones listed; more are counted only */
};

struct tree_refused {
	struct str name; /* safe to show: other bytes as \xNN, cut */
	struct str why;	 /* the rest of a sentence: "is a symbolic link" */
	struct str raw;	 /* the name itself, where it was found; never shown */
};
extern const struct shape tree_refused_shape;

/* Strings are borrowed or the arena's. */
struct tree_list {
	struct list files;    /* struct run_file, sorted by the name's bytes */
	struct list refused;  /* struct tree_refused, at most TREE_REFUSED */
	int64_t refused_more; /* beyond those */
	int64_t entries;      /* files and folders kept */
	int64_t bytes;	      /* of the files kept */
};

/*
 * One that was found. refused: why whoever read it could not take it, or NULL:
 * then its name and size decide.
 */
struct tree_entry {
	struct run_file file;
	const char *refused;
};

/*
 * Looks at each of in (struct tree_entry). Of twins the one that sorts first
 * is kept, so that the order in which they come does not matter. Never fails:
 * the caller decides whether what is left will do.
 */
void tree_check(struct arena *a, const struct list *in, struct tree_list *out);
/* The same for plain files (struct run_file). */
void tree_check_files(struct arena *a, const struct list *in,
		      struct tree_list *out);
/*
 * One more is refused, by whoever looked further. The list's room is for every
 * file that it was made of.
 */
void tree_refuse(struct arena *a, struct tree_list *l, struct str name,
		 const char *why);
/*
 * ERR_INVALID naming the first refused entry, if there is one: for whoever
 * wants all or nothing.
 */
MUST enum err tree_whole(struct ctx *cx, const struct tree_list *l);
/* A name from outside as text that may be shown: cut, escaped. */
struct str tree_show(struct arena *a, struct str name);
/* The same cut at about `most` bytes: for a name within a sentence. */
struct str tree_show_short(struct arena *a, struct str name, size_t most);
/* One file of a sorted list; NULL if it has none of that name. */
const struct run_file *tree_find(const struct list *files, struct str name);
