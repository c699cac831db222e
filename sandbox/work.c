#include "sandbox/work.h"

struct str work_ref(struct arena *a, const struct id *lab,
		    const struct id *learner)
{
	char l[ID_TEXT + 1], w[ID_TEXT + 1];

	id_text(lab, l);
	id_text(learner, w);
	return str_fmt(a, "refs/labs/%s/%s", l, w);
}

struct str work_starter_ref(struct arena *a, const struct id *lab)
{
	char l[ID_TEXT + 1];

	id_text(lab, l);
	return str_fmt(a, "refs/starters/%s", l);
}

static enum err save(struct ctx *cx, struct subs *s, const struct work_place *w,
		     const struct list *files, const char *why,
		     const struct oid *merged, int64_t time_ms,
		     struct subs_done *done)
{
	struct subs_ask ask = { .repo = w->repo,
				.ref = w->ref,
				.files = files,
				.message = str_fmt(cx->arena, "%s\n", why),
				.time_ms = time_ms,
				.skip_same = !merged };

	if (merged)
		ask.merged = *merged;
	return subs_put(cx, s, &ask, done);
}

enum err work_publish(struct ctx *cx, struct subs *s,
		      const struct work_place *starter,
		      const struct list *files, int64_t time_ms,
		      struct subs_done *out)
{
	struct tree_list l;
	enum err e;

	tree_check_files(cx->arena, files, &l);
	e = tree_whole(cx, &l);
	return e ? e
		 : save(cx, s, starter, &l.files, "starter", NULL, time_ms,
			out);
}

enum err work_begin(struct ctx *cx, struct subs *s, const struct work_place *w,
		    const struct oid *starter, struct oid *tip, bool *fresh)
{
	enum err e = subs_tip(cx, s, w->repo, w->ref, tip);

	*fresh = e == ERR_NOT_FOUND;
	if (!*fresh)
		return e;
	err_clear(cx);
	e = subs_point(cx, s, w->repo, w->ref, starter);
	if (!e)
		*tip = *starter;
	return e;
}

enum err work_save(struct ctx *cx, struct subs *s, const struct work_place *w,
		   const struct list *files, const char *why, int64_t time_ms,
		   struct subs_done *done, struct tree_list *left_out)
{
	tree_check_files(cx->arena, files, left_out);
	return save(cx, s, w, &left_out->files, why, NULL, time_ms, done);
}

enum err work_load(struct ctx *cx, struct subs *s, const struct work_place *w,
		   struct subs_commit *commit, struct list *files)
{
	struct oid tip;
	enum err e = subs_tip(cx, s, w->repo, w->ref, &tip);

	return e ? e : subs_load(cx, s, w->repo, &tip, commit, files);
}

enum err work_log(struct ctx *cx, struct subs *s, const struct work_place *w,
		  int64_t most, struct list *out)
{
	struct oid tip;
	enum err e = subs_tip(cx, s, w->repo, w->ref, &tip);

	return e ? e : subs_log(cx, s, w->repo, &tip, most, out);
}

enum err work_reset(struct ctx *cx, struct subs *s, const struct work_place *w,
		    const struct oid *to, int64_t time_ms,
		    struct subs_done *done)
{
	struct list files;
	enum err e = subs_load(cx, s, w->repo, to, NULL, &files);

	return e ? e : save(cx, s, w, &files, "reset", NULL, time_ms, done);
}

enum err work_renew(struct ctx *cx, struct subs *s, const struct work_place *w,
		    const struct oid *old, const struct oid *new, bool keep,
		    int64_t time_ms, struct work_merged *out,
		    struct subs_done *done)
{
	struct list base, theirs, ours;
	enum err e = subs_load(cx, s, w->repo, old, NULL, &base);

	if (!e)
		e = subs_load(cx, s, w->repo, new, NULL, &theirs);
	if (!e)
		e = work_load(cx, s, w, NULL, &ours);
	if (!e)
		e = work_merge(cx, &base, &ours, &theirs, out);
	if (!e && keep)
		e = save(cx, s, w, &out->files, "new starter version", new,
			 time_ms, done);
	return e;
}
