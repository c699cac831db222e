/*
 * The merge of two lists of files: the table that every three-way merge has,
 * file by file; what both changed is merged line by line by libgit2. Files of
 * ours that stay are settled first, so that a new file of theirs never pushes
 * one of ours out by its name or its size.
 */
#include <git2.h>

#include "sandbox/tree_name.h"
#include "sandbox/work.h"

const char *const work_conflict_words[] = {
#define X(code, word, doc) word,
	WORK_CONFLICTS(X)
#undef X
		NULL
};

/* Larger files are not merged by lines: that may take very long. */
enum { LINES_BYTES = 512 << 10 };

struct three {
	struct str name;
	const struct run_file *base, *ours, *theirs; /* NULL: not there */
};

struct merging {
	struct ctx *cx;
	struct run_file *files;
	struct work_conflict *conflicts;
	size_t n, conflicts_n;
	int64_t bytes; /* of files, and of those of ours still to be settled */
	int64_t taken;
	struct tree_names *names;
};

static bool same(const struct run_file *a, const struct run_file *b)
{
	if (!a || !b)
		return a == b;
	return a->executable == b->executable && str_eq(a->data, b->data);
}

static void conflict(struct merging *m, const struct three *t, int kind)
{
	m->conflicts[m->conflicts_n++] = (struct work_conflict){
		.name = t->name,
		.kind = kind,
		.ours = t->ours ? t->ours->data : (struct str){ 0 },
		.theirs = t->theirs ? t->theirs->data : (struct str){ 0 }
	};
}

/*
 * f stands where ours stood, or is new. false: no room for its size; room for
 * all of ours is kept from the start.
 */
static bool put(struct merging *m, const struct run_file *ours,
		const struct run_file *f)
{
	int64_t bytes = m->bytes + (int64_t)f->data.n -
			(ours ? (int64_t)ours->data.n : 0);

	if (f != ours && bytes > TREE_BYTES)
		return false;
	m->files[m->n++] = *f;
	m->bytes = bytes;
	return true;
}

static bool has_lines(const struct run_file *f)
{
	return f->data.n <= LINES_BYTES &&
	       (f->data.n == 0 || !memchr(f->data.p, 0, f->data.n));
}

static git_merge_file_input input_of(const struct run_file *f)
{
	git_merge_file_input in = GIT_MERGE_FILE_INPUT_INIT;

	in.ptr = f->data.n ? f->data.p : "";
	in.size = f->data.n;
	return in;
}

/* false: there is no merge without a person. */
static bool merge_lines(struct merging *m, const struct three *t,
			struct run_file *out)
{
	git_merge_file_input base, ours, theirs;
	git_merge_file_result r = { 0 };
	bool clean;

	if (!t->base || !has_lines(t->base) || !has_lines(t->ours) ||
	    !has_lines(t->theirs))
		return false;
	base = input_of(t->base);
	ours = input_of(t->ours);
	theirs = input_of(t->theirs);
	if (git_merge_file(&r, &base, &ours, &theirs, NULL))
		return false;
	clean = r.automergeable;
	if (clean) {
		out->name = t->name;
		out->data = r.len ? str_copy(m->cx->arena,
					     (struct str){ r.ptr, r.len })
				  : STR("");
		/* The one who changed it, if one did. */
		out->executable = t->ours->executable == t->base->executable
					  ? t->theirs->executable
					  : t->ours->executable;
	}
	git_merge_file_result_free(&r);
	return clean;
}

static void both_changed(struct merging *m, const struct three *t)
{
	struct run_file merged;

	if (!t->ours)
		return conflict(m, t, WORK_GONE_HERE);
	if (t->theirs && merge_lines(m, t, &merged) &&
	    put(m, t->ours, &merged)) {
		m->taken++;
		return;
	}
	conflict(m, t,
		 !t->theirs ? WORK_GONE_THERE
		 : !t->base ? WORK_BOTH_ADDED
			    : WORK_BOTH_CHANGED);
	put(m, t->ours, t->ours);
}

/* What has a file of ours, or a conflict. */
static void first_look(struct merging *m, const struct three *t)
{
	if (same(t->ours, t->theirs) || same(t->base, t->theirs)) {
		if (t->ours)
			put(m, t->ours, t->ours);
	} else if (!same(t->base, t->ours)) {
		both_changed(m, t);
	} else if (t->theirs && t->ours) {
		if (put(m, t->ours, t->theirs))
			m->taken++;
		else {
			conflict(m, t, WORK_NO_ROOM);
			put(m, t->ours, t->ours);
		}
	} else if (!t->theirs) {
		m->bytes -= (int64_t)t->ours->data.n;
		m->taken++; /* removed */
	}
}

/* What is theirs alone, and new. */
static void second_look(struct merging *m, const struct three *t)
{
	if (t->ours || !t->theirs || t->base)
		return;
	if (tree_names_add_within(m->names, t->name, TREE_ENTRIES) ||
	    !put(m, NULL, t->theirs))
		conflict(m, t, WORK_NO_ROOM);
	else
		m->taken++;
}

static const struct run_file *here(const struct list *l, size_t *at,
				   struct str name)
{
	const struct run_file *f = (const struct run_file *)l->at + *at;

	if (*at == l->n || !str_eq(f->name, name))
		return NULL;
	++*at;
	return f;
}

/* The first name that any of the lists still has. */
static bool next_name(const struct list *const l[3], const size_t at[3],
		      struct str *out)
{
	bool any = false;

	for (int i = 0; i < 3; i++) {
		const struct run_file *f =
			(const struct run_file *)l[i]->at + at[i];

		if (at[i] < l[i]->n && (!any || str_cmp(f->name, *out) < 0)) {
			*out = f->name;
			any = true;
		}
	}
	return any;
}

enum err work_merge(struct ctx *cx, const struct list *base,
		    const struct list *ours, const struct list *theirs,
		    struct work_merged *out)
{
	const struct list *const l[3] = { base, ours, theirs };
	size_t most = base->n + ours->n + theirs->n, at[3] = { 0 }, n = 0;
	struct three *all = ARENA_ARRAY(cx->arena, struct three, most);
	struct merging m = { .cx = cx };
	struct tree_list checked;
	struct str name;
	enum err e;

	m.files = ARENA_ARRAY(cx->arena, struct run_file, most);
	m.conflicts = ARENA_ARRAY(cx->arena, struct work_conflict, most);
	for (size_t i = 0; i < ours->n; i++)
		m.bytes +=
			(int64_t)((const struct run_file *)ours->at)[i].data.n;
	while (next_name(l, at, &name)) {
		struct three *t = &all[n++];

		t->name = name;
		t->base = here(base, &at[0], name);
		t->ours = here(ours, &at[1], name);
		t->theirs = here(theirs, &at[2], name);
		first_look(&m, t);
	}
	m.names = tree_names_new(cx->arena);
	for (size_t i = 0; i < m.n; i++)
		(void)tree_names_add(m.names, m.files[i].name);
	for (size_t i = 0; i < n; i++)
		second_look(&m, &all[i]);
	tree_check_files(cx->arena, &(struct list){ m.files, m.n }, &checked);
	e = tree_whole(cx, &checked);
	if (e)
		return e;
	*out = (struct work_merged){ .files = checked.files,
				     .conflicts = { m.conflicts,
						    m.conflicts_n },
				     .taken = m.taken };
	return OK;
}
