/* lab_rpc: what the files with methods of labs share. */
#pragma once

#include "engine/lab/lab.h"

struct lab_ref_params {
	struct lab_ref ref;
};

struct lab_session_view {
	struct id session, lab;
	struct str course, slug;
	int64_t version, newest;
	struct str commit;
	int64_t node, opened_at, changed_at;
};
extern const struct shape lab_session_view_shape;
MUST enum err lab_session_show(struct ctx *cx, const struct lab_session *s,
			       struct lab_session_view *out);

struct lab_session_params {
	struct id session;
};
extern const struct shape lab_session_params_shape;

struct lab_saved {
	struct str commit, tree;
	bool same;
	struct list left_out; /* struct tree_refused */
	int64_t left_out_more;
	bool current; /* for a worker */
};
#define LAB_SAVED_FIELDS(V)                                                    \
	FIELD(V, commit, KIND_STR, "the work as it is now"),                   \
		FIELD(V, tree, KIND_STR,                                       \
		      "the same files always have the same"),                  \
		FIELD(V, same, KIND_BOOL,                                      \
		      "nothing had changed: no commit was made"),              \
		FIELD(V, left_out, KIND_LIST,                                  \
		      "files that were refused; the rest is saved",            \
		      .of = KIND_OBJECT, .shape = &tree_refused_shape),        \
		FIELD(V, left_out_more, KIND_INT, "refused beyond those")
extern const struct shape lab_saved_shape;
/* left may be NULL. */
void lab_saved_set(struct ctx *cx, const struct subs_done *done,
		   const struct tree_list *left, struct lab_saved *out);
/*
 * now with the changed files (struct run_file), without the removed names;
 * sorted by name.
 */
void lab_apply(struct ctx *cx, const struct list *now,
	       const struct list *changed, const struct list *removed,
	       struct list *out);
/* Commits files as the work. event NULL: no record is made. */
MUST enum err lab_save_files(struct ctx *cx, struct lab_session *s,
			     const struct list *files, const char *why,
			     const char *event, struct subs_done *done,
			     struct tree_list *left);
/* ERR_NOT_FOUND: not a state of this session's work. */
MUST enum err lab_own_commit(struct ctx *cx, const struct lab_session *s,
			     const struct oid *id);
