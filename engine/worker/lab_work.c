#include "engine/worker/lab_impl.h"

#include <stdio.h>

#include "sandbox/hostdir.h"

#define SECOND INT64_C(1000000000)

enum {
	IDLE_S = 5,	/* saved so long after the last change */
	LONGEST_S = 10, /* and after the first at the latest */
	EASY = 50,	/* looking takes one part in so many of the time */
};

/* A list of its own, in an arena of its own. */
static struct list kept(struct arena *a, const struct list *files)
{
	const struct run_file *f = files->at;
	struct run_file *to = ARENA_ARRAY(a, struct run_file, files->n + 1);

	for (size_t i = 0; i < files->n; i++)
		to[i] = (struct run_file){ str_copy(a, f[i].name),
					   str_copy(a, f[i].data),
					   f[i].executable };
	return (struct list){ to, files->n };
}

void lab_work_init(struct lab_work *w, struct ctx *cx, const struct list *files)
{
	*w = (struct lab_work){ .saved_in = arena_new(65536),
				.now_in = arena_new(65536) };
	w->saved = kept(w->saved_in, files);
	w->saved_digest = str_copy(w->saved_in, hostdir_digest(cx, &w->saved));
}

void lab_work_done(struct lab_work *w)
{
	arena_free(w->saved_in);
	arena_free(w->now_in);
}

/* What cannot be saved, by its name or size, is left out here already. */
static void take(struct lab_work *w, struct ctx *cx, const struct list *got)
{
	const struct run_got *g = got->at;
	struct run_file *f =
		ARENA_ARRAY(cx->arena, struct run_file, got->n + 1);
	struct tree_list fit = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < got->n; i++)
		if (g[i].state == RUN_GOT)
			f[n++] = (struct run_file){ g[i].name, g[i].data,
						    g[i].executable };
	tree_check_files(cx->arena, &(struct list){ f, n }, &fit);
	arena_reset(w->now_in);
	w->now = kept(w->now_in, &fit.files);
	w->now_digest = str_copy(w->now_in, hostdir_digest(cx, &w->now));
}

bool lab_work_look(struct lab_work *w, struct ctx *cx, const struct list *got,
		   int64_t began_ns)
{
	int64_t took = clock_mono_ns(cx->clock) - began_ns;
	char before[100];

	snprintf(before, sizeof(before), "%.*s", STR_FMT(w->now_digest));
	take(w, cx, got);
	w->look_ns = began_ns + (took * EASY > SECOND ? took * EASY : SECOND);
	if (!lab_work_unsaved(w)) {
		w->unsaved_ns = 0;
		return false;
	}
	if (!str_is(w->now_digest, before))
		w->changed_ns = began_ns;
	if (!w->unsaved_ns)
		w->unsaved_ns = began_ns;
	return began_ns - w->changed_ns >= IDLE_S * SECOND ||
	       began_ns - w->unsaved_ns >= LONGEST_S * SECOND;
}

bool lab_work_unsaved(const struct lab_work *w)
{
	return w->now_digest.p && !str_eq(w->now_digest, w->saved_digest);
}

static void changes(struct arena *a, const struct list *from,
		    const struct list *to, struct list *changed,
		    struct list *removed)
{
	const struct run_file *now = to->at, *was = from->at;
	struct run_file *c = ARENA_ARRAY(a, struct run_file, to->n + 1);
	struct str *r = ARENA_ARRAY(a, struct str, from->n + 1);
	size_t cn = 0, rn = 0;

	for (size_t i = 0; i < to->n; i++) {
		const struct run_file *o = tree_find(from, now[i].name);

		if (!o || !str_eq(o->data, now[i].data) ||
		    o->executable != now[i].executable)
			c[cn++] = now[i];
	}
	for (size_t i = 0; i < from->n; i++)
		if (!tree_find(to, was[i].name))
			r[rn++] = was[i].name;
	*changed = (struct list){ c, cn };
	*removed = (struct list){ r, rn };
}

void lab_work_changes(const struct lab_work *w, struct arena *a,
		      struct list *changed, struct list *removed)
{
	changes(a, &w->saved, &w->now, changed, removed);
}

void lab_work_news(const struct lab_work *w, struct arena *a,
		   const struct list *theirs, struct list *changed,
		   struct list *removed)
{
	changes(a, &w->saved, theirs, changed, removed);
}

void lab_work_taken(struct lab_work *w, struct ctx *cx,
		    const struct list *files)
{
	arena_reset(w->saved_in);
	w->saved = kept(w->saved_in, files);
	w->saved_digest = str_copy(w->saved_in, hostdir_digest(cx, &w->saved));
	w->now = (struct list){ 0 };
	w->now_digest = (struct str){ 0 };
	w->unsaved_ns = w->look_ns = 0;
}

void lab_work_saved(struct lab_work *w)
{
	struct arena *a = w->saved_in;

	w->saved_in = w->now_in;
	w->saved = w->now;
	w->saved_digest = w->now_digest;
	w->now_in = a;
	w->now = (struct list){ 0 };
	w->now_digest = (struct str){ 0 };
	w->unsaved_ns = 0;
}
