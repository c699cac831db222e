/*
 * What workers say of themselves, and what follows from it for a job. A worker
 * says it with each lease; of each that asks, a row is kept, written when it
 * says something new and else a few times a minute, so that all servers of the
 * installation know of it. A minute without a word, and it counts as gone; an
 * hour, and it is forgotten.
 */
#include <sodium.h>
#include <stdlib.h>

#include "base/run.h"
#include "engine/app.h"
#include "engine/jobs/job_impl.h"

enum {
	SEEN_MS = 60000,
	WRITE_MS = 20000, /* well within that */
	KEPT_MS = 3600000,
	HERE_MOST = 4096, /* workers of this minute */
	GONE_MOST = 64,	  /* the last that were heard of before it */
	NAMED_MOST = 3,	  /* workers in a sentence */
	WORD_BYTES = 64,
	WHY_BYTES = 900,
};

const char *const job_standing_words[] = {
#define X(code, word, doc) word,
	JOB_STANDINGS(X)
#undef X
		NULL
};

#define A struct job_about
static const struct field about_fields[] = {
	FIELD(A, kinds, KIND_LIST, "kinds of job that it does", .of = KIND_STR,
	      .max = JOB_ABOUT_WORDS),
	FIELD_OPT(A, refuses, KIND_LIST,
		  "kinds that it does not do, as its level is below box_level",
		  .of = KIND_STR, .max = JOB_ABOUT_WORDS),
	FIELD(A, level, KIND_ENUM, "how well its boxes are fenced",
	      .words = run_level_words),
	FIELD(A, box_level, KIND_ENUM, "its setting: the least that it wants",
	      .words = run_level_words),
	FIELD_MAYBE(A, languages, has_languages, KIND_LIST,
		    "that it has; absent: any", .of = KIND_STR,
		    .max = JOB_ABOUT_WORDS),
	FIELD_END,
};
#undef A
const struct shape job_about_shape = SHAPE(struct job_about, about_fields);

/* ---- words ---- */

static int by_text(const void *a, const void *b)
{
	const struct str *x = a, *y = b;
	int c = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);

	return c ? c : (x->n > y->n) - (x->n < y->n);
}

struct str job_words(struct arena *a, const struct list *words)
{
	struct str *w = ARENA_ARRAY(a, struct str, words->n), out;
	struct buf b = { 0 };

	if (!words->n)
		return (struct str){ 0 };
	memcpy(w, words->at, words->n * sizeof(*w));
	qsort(w, words->n, sizeof(*w), by_text);
	for (size_t i = 0; i < words->n; i++) {
		if (i && str_eq(w[i], w[i - 1]))
			continue;
		buf_ch(&b, ',');
		buf_str(&b, w[i]);
		buf_ch(&b, ',');
	}
	out = buf_copy(&b, a);
	buf_done(&b);
	return out;
}

struct val job_languages(struct ctx *cx, const struct job_ask *a)
{
	struct str s;

	if (!a->has_about || !a->about.has_languages)
		return v_null();
	s = job_words(cx->arena, &a->about.languages);
	return v_text(s.p ? s : STR(""));
}

static bool has_word(const struct list *words, struct str word)
{
	const struct str *w = words->at;

	for (size_t i = 0; i < words->n; i++)
		if (str_eq(w[i], word))
			return true;
	return false;
}

/* "java, python": for people. */
static void list_words(struct buf *b, const struct list *words)
{
	const struct str *w = words->at;

	for (size_t i = 0; i < words->n; i++) {
		if (i)
			buf_z(b, ", ");
		buf_str(b, str_cut(w[i], 0, WORD_BYTES));
	}
}

/* What job_words made, apart again. */
static struct list needs_of(struct arena *a, const struct job *j)
{
	struct str *w = ARENA_ARRAY(a, struct str, j->needs.n / 2 + 1);
	struct str rest = j->needs, one;
	size_t n = 0;

	while (rest.n && str_split(&rest, ',', &one))
		if (one.n)
			w[n++] = one;
	return (struct list){ w, n };
}

/* ---- what is heard ---- */

static struct id row_id(const struct ctx *cx, const struct job_ask *a)
{
	crypto_generichash_state h;
	struct id id;

	crypto_generichash_init(&h, NULL, 0, sizeof(id.b));
	crypto_generichash_update(&h, (const uint8_t *)cx->who->actor.p,
				  cx->who->actor.n);
	crypto_generichash_update(&h, (const uint8_t *)"", 1);
	crypto_generichash_update(&h, (const uint8_t *)a->worker.p,
				  a->worker.n);
	crypto_generichash_final(&h, id.b, sizeof(id.b));
	id.b[0] |= 1; /* never none */
	return id;
}

/* Of a worker that only names kinds: those, and any language. */
static struct str about_text(struct ctx *cx, const struct job_ask *a,
			     uint64_t kinds)
{
	const struct jobs *jobs = cx->app->jobs;
	struct job_about about = a->about;
	struct str *k = ARENA_ARRAY(cx->arena, struct str, JOB_KINDS_MOST);

	if (!a->has_about) {
		about = (struct job_about){ .level = RUN_FULL };
		about.kinds.at = k;
		for (size_t i = 0; jobs->o.kinds[i]; i++)
			if (kinds & UINT64_C(1) << i)
				k[about.kinds.n++] =
					str_of(jobs->o.kinds[i]->name);
	}
	return field_text(cx->arena, &job_about_shape, &about);
}

enum err jobs_heard(struct ctx *cx, const struct job_ask *a)
{
	struct job_seen *s = jobs_seen(cx->app->jobs, cx, a);
	struct str text = about_text(cx, a, s->kinds);
	uint64_t hash = str_hash(text);
	int64_t now = clock_ms(cx->clock);
	struct id id;
	enum err e;

	if (s->about == hash && s->written_ms + WRITE_MS > now)
		return OK;
	id = row_id(cx, a);
	e = store_exec(cx, &job_sql[WORKER_PUT],
		       VALS(v_id(&id), v_id(&a->org), v_text(a->worker),
			    v_text(text), v_int(now)),
		       NULL);
	if (!e)
		e = store_exec(cx, &job_sql[WORKER_PRUNE],
			       VALS(v_int(now - KEPT_MS)), NULL);
	if (e)
		return e;
	s->about = hash;
	s->written_ms = now;
	return OK;
}

/* ---- what follows ---- */

/* Newest first; all that are here, as any of them may be the one that fits. */
static enum err read_rows(struct ctx *cx, const struct id *org,
			  struct list *out)
{
	int64_t gone = clock_ms(cx->clock) - SEEN_MS;
	struct list here, rest;
	struct worker_row *row;
	enum err e = store_list(cx, &job_sql[WORKER_LIST],
				VALS(v_id(org), v_int(gone), v_int(INT64_MAX),
				     v_int(HERE_MOST)),
				SIZE_MAX, &here, NULL);

	if (!e)
		e = store_list(cx, &job_sql[WORKER_LIST],
			       VALS(v_id(org), v_int(INT64_MIN), v_int(gone),
				    v_int(GONE_MOST)),
			       SIZE_MAX, &rest, NULL);
	if (e)
		return e;
	row = ARENA_ARRAY(cx->arena, struct worker_row, here.n + rest.n);
	if (here.n)
		memcpy(row, here.at, here.n * sizeof(*row));
	if (rest.n)
		memcpy(row + here.n, rest.at, rest.n * sizeof(*row));
	*out = (struct list){ row, here.n + rest.n };
	return OK;
}

static enum err read_workers(struct ctx *cx, const struct id *org,
			     struct job_workers *w)
{
	const struct worker_row *row;
	struct job_about *about;
	enum err e = read_rows(cx, org, &w->rows);

	if (e)
		return e;
	row = w->rows.at;
	about = ARENA_ARRAY(cx->arena, struct job_about, w->rows.n);
	/* What another version has written may be more than is known here. */
	for (size_t i = 0; i < w->rows.n; i++)
		if (field_decode_text(cx, row[i].about, &job_about_shape,
				      &about[i])) {
			err_clear(cx);
			about[i] = (struct job_about){ 0 };
		}
	w->abouts = (struct list){ about, w->rows.n };
	w->org = *org;
	w->read = true;
	return OK;
}

static bool can_take(const struct job_about *a, const struct job *j,
		     const struct list *needs)
{
	const struct str *need = needs->at;

	if (!has_word(&a->kinds, j->kind))
		return false;
	for (size_t i = 0; a->has_languages && i < needs->n; i++)
		if (!has_word(&a->languages, need[i]))
			return false;
	return true;
}

/* Of a worker that would do the kind, and does not do this job. */
static void offers(struct buf *b, const struct worker_row *row,
		   const struct job_about *a)
{
	buf_z(b, "; worker ");
	buf_str(b, str_cut(row->name, 0, WORD_BYTES));
	if (a->refuses.n && a->level < a->box_level) {
		buf_fmt(b,
			" refuses it: its boxes reach level %s, and its "
			"setting box_level is %s",
			run_level_words[a->level],
			run_level_words[a->box_level]);
		return;
	}
	buf_z(b, " has ");
	list_words(b, &a->languages);
	if (!a->languages.n)
		buf_z(b, "no language");
}

static void wanted(struct buf *b, const struct job *j, const struct list *needs)
{
	buf_z(b, "wanted is a worker for ");
	buf_str(b, j->kind);
	if (needs->n)
		buf_z(b, " with ");
	list_words(b, needs);
}

/* Rows come newest first. */
struct sorted {
	const struct worker_row *unfit[NAMED_MOST]; /* of this minute */
	const struct job_about *about[NAMED_MOST];
	size_t unfit_n, unfit_all;
	const struct worker_row *gone; /* could; the last to be heard of */
	bool fit;
};

static void sort_out(const struct job_workers *w, const struct job *j,
		     const struct list *needs, int64_t now, struct sorted *out)
{
	const struct worker_row *row = w->rows.at;
	const struct job_about *about = w->abouts.at;

	*out = (struct sorted){ 0 };
	for (size_t i = 0; i < w->rows.n; i++) {
		bool here = row[i].at + SEEN_MS > now;
		bool fit = can_take(&about[i], j, needs);

		out->fit = out->fit || (fit && here);
		if (fit && !here && !out->gone)
			out->gone = &row[i];
		if (fit || !here ||
		    !(has_word(&about[i].kinds, j->kind) ||
		      has_word(&about[i].refuses, j->kind)))
			continue;
		out->unfit_all++;
		if (out->unfit_n == NAMED_MOST)
			continue;
		out->unfit[out->unfit_n] = &row[i];
		out->about[out->unfit_n++] = &about[i];
	}
}

static struct str reason(struct ctx *cx, const struct job *j,
			 const struct list *needs, const struct sorted *s)
{
	struct buf b = { .limit = WHY_BYTES };
	struct str out;

	wanted(&b, j, needs);
	for (size_t i = 0; i < s->unfit_n; i++)
		offers(&b, s->unfit[i], s->about[i]);
	if (s->unfit_all > s->unfit_n)
		buf_fmt(&b, "; and %zu others cannot either",
			s->unfit_all - s->unfit_n);
	if (!s->unfit_n)
		buf_z(&b, "; none has asked within a minute");
	if (s->gone) {
		buf_z(&b, "; worker ");
		buf_str(&b, str_cut(s->gone->name, 0, WORD_BYTES));
		buf_fmt(&b, " could, and was last heard of %lld s ago",
			(long long)(clock_ms(cx->clock) - s->gone->at) / 1000);
	}
	out = b.failed ? STR("no worker can take it") : buf_copy(&b, cx->arena);
	buf_done(&b);
	return out;
}

/* One that works on a long job asks for no other, and is there all the same. */
static enum err is_busy(struct ctx *cx, const struct job *j,
			const struct sorted *s, bool *busy)
{
	int64_t n = 0;
	enum err e = s->gone ? job_running(cx, j->kind, &n) : OK;

	*busy = n > 0;
	return e;
}

enum err job_standing(struct ctx *cx, struct job_workers *w,
		      const struct job *j, int *standing, struct str *why)
{
	const struct job_kind *k = job_kind_find(cx->app->jobs, j->kind);
	int64_t now = clock_ms(cx->clock);
	struct list needs = needs_of(cx->arena, j);
	struct sorted s;
	bool busy = false;
	enum err e = OK;

	*why = (struct str){ 0 };
	*standing = j->state == JOB_LEASED && j->due_at > now ? JOB_RUNS
							      : JOB_IN_LINE;
	if (*standing == JOB_RUNS || (k && k->step))
		return OK;
	if (!w->read || !id_eq(&w->org, &j->org))
		e = read_workers(cx, &j->org, w);
	if (e)
		return e;
	sort_out(w, j, &needs, now, &s);
	/* In its first minute a server may not have heard of anyone yet. */
	if (s.fit || (!s.unfit_n && cx->app->jobs->began_ms + SEEN_MS > now))
		return OK;
	e = is_busy(cx, j, &s, &busy);
	if (e || busy)
		return e;
	*standing = JOB_NO_WORKER;
	*why = reason(cx, j, &needs, &s);
	return OK;
}
