/*
 * An erased learner's files: dropped from the repositories of every node, each
 * by its own packer. A step asks this node's; the others ask theirs.
 */
#include "base/limits.h"
#include "engine/app.h"
#include "engine/attempt/submission.h"
#include "engine/gradebook/course.h"

enum { AGAIN_MS = 1000, PLACES_MOST = 400 /* of one job */ };

struct place {
	struct str repo;
	int64_t node;
	bool done;
};
static const struct field place_fields[] = {
	FIELD(struct place, repo, KIND_STR, "which repository"),
	FIELD(struct place, node, KIND_INT, "on which server"),
	FIELD(struct place, done, KIND_BOOL, "nothing of him is in it"),
	FIELD_END,
};
static const struct shape place_shape = { "forget_place", sizeof(struct place),
					  place_fields };

struct forget {
	struct list places;
};
static const struct field forget_fields[] = {
	FIELD(struct forget, places, KIND_LIST, "where files of his were",
	      .of = KIND_OBJECT, .shape = &place_shape),
	FIELD_END,
};
static const struct shape forget_shape = { "submissions_forget",
					   sizeof(struct forget),
					   forget_fields };

static enum err step(struct ctx *cx, const struct job *j, struct job_next *next)
{
	struct forget f;
	struct place *p;
	enum err e = field_decode_text(cx, j->body, &forget_shape, &f);

	if (e)
		return e;
	p = f.places.at;
	for (size_t i = 0; !e && i < f.places.n; i++) {
		if (!p[i].done && p[i].node == cx->app->node)
			e = repos_forget(cx, cx->app->repos, p[i].repo, &j->ref,
					 &p[i].done);
		next->again = next->again || !p[i].done;
	}
	next->run_at = clock_ms(cx->clock) + AGAIN_MS;
	next->body = field_text(cx->arena, &forget_shape, &f);
	return e;
}

const struct job_kind forget_job = {
	.name = "submission.forget",
	.step = step,
	.max_tries = JOB_TRIES_MAX,
	.kept = true,
};

/* ---- where files of his are ---- */

struct found {
	struct place *at;
	size_t n, room;
};

static void add(struct ctx *cx, struct found *f, struct str repo, int64_t node)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->at[i].node == node && str_eq(f->at[i].repo, repo))
			return;
	if (f->n == f->room) {
		size_t room = f->room ? f->room * 2 : 16;
		struct place *more = ARENA_ARRAY(cx->arena, struct place, room);

		if (f->n)
			memcpy(more, f->at, f->n * sizeof(*more));
		f->at = more;
		f->room = room;
	}
	f->at[f->n++] = (struct place){ .repo = repo, .node = node };
}

static enum err handed_in(struct ctx *cx, const struct id *org,
			  const struct id *learner, struct found *f)
{
	const struct submission_place *at;
	struct list rows;
	enum err e = store_list(cx, &submission_sql[SUBMISSION_PLACES],
				VALS(v_id(org), v_id(learner)), LIMIT_PAGE,
				&rows, NULL);

	at = rows.at;
	for (size_t i = 0; !e && i < rows.n; i++)
		add(cx, f, at[i].repo, at[i].node);
	return e;
}

static bool takes_files(const struct assessment_def *def)
{
	const struct item *it = def->items.at;

	for (size_t i = 0; i < def->items.n; i++)
		if (it[i].type == ITEM_CODE)
			return true;
	return false;
}

/*
 * The term that a save went by was looked up by clocks of two servers, so a
 * later look may find another one: all of the course's are asked.
 */
static enum err add_saved(struct ctx *cx, const struct id *org,
			  const struct id *learner, const struct saved_place *s,
			  struct found *f)
{
	const struct published *pub = NULL;
	const struct str *term;
	struct repos_place at;
	struct list terms;
	enum err e =
		catalog_get(cx->app->catalog, cx, org, &s->assessment, &pub);

	if (e || !takes_files(&pub->def))
		return e;
	e = course_terms(cx, org, s->course, s->reserved_at, &terms);
	if (e)
		return e;
	term = terms.at;
	for (size_t i = 0; i < terms.n; i++) {
		repos_place(cx->arena, org, s->course, term[i], learner, &s->id,
			    1, &at);
		add(cx, f, at.repo, s->node);
	}
	return OK;
}

/* Also what was saved and never handed in. */
static enum err saved(struct ctx *cx, const struct id *org,
		      const struct id *learner, struct found *f)
{
	struct saved_place after = { 0 };
	struct list rows;
	bool more = true;
	enum err e = OK;

	while (!e && more) {
		const struct saved_place *s;

		e = store_list(
			cx, &submission_sql[SUBMISSION_SAVED],
			VALS(v_id(org), v_id(learner),
			     v_bytes((struct str){ (const char *)after.id.b,
						   ID_BYTES }),
			     v_int(after.node), v_int(LIMIT_PAGE + 1)),
			LIMIT_PAGE, &rows, &more);
		s = rows.at;
		for (size_t i = 0; !e && i < rows.n; i++) {
			e = add_saved(cx, org, learner, &s[i], f);
			after = s[i];
		}
	}
	return e;
}

static enum err queue(struct ctx *cx, const struct id *org,
		      const struct id *learner, const struct forget *f,
		      bool single)
{
	const struct job_wish w = { .org = *org,
				    .ref = *learner,
				    .body = field_text(cx->arena, &forget_shape,
						       f),
				    .single = single };

	return job_queue(cx, forget_job.name, &w, NULL);
}

enum err submissions_erase(struct ctx *cx, const struct id *org,
			   const struct id *learner)
{
	struct found found = { 0 };
	struct forget f;
	enum err e = store_exec(cx, &submission_sql[TRIAL_FORGET],
				VALS(v_id(org), v_id(learner)), NULL);

	if (!e)
		e = store_exec(cx, &submission_sql[KEPT_FORGET],
			       VALS(v_id(org), v_id(learner)), NULL);
	if (!e)
		e = handed_in(cx, org, learner, &found);
	if (!e)
		e = saved(cx, org, learner, &found);
	for (size_t i = 0; !e && i < found.n; i += PLACES_MOST) {
		size_t n = found.n - i;

		f.places = (struct list){ found.at + i,
					  n < PLACES_MOST ? n : PLACES_MOST };
		e = queue(cx, org, learner, &f, found.n <= PLACES_MOST);
	}
	return e;
}
