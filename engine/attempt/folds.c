/*
 * Theory of operation. A fold in the table is shared: queries count themselves
 * in (users) and read it without the lock, and nobody changes it. One that has
 * to take in new records is first taken out of the table by its only user; if
 * it has others, a new one is folded from the first record and takes its
 * place. What was taken out or pushed out is freed by its last user.
 *
 *	table --(no users)--> freed
 *	  |  ^                  ^
 *	  v  | keep             | last user gives it back
 *	 in use, not in the table
 *
 * A query holds its fold until its reply is encoded (rpc_io.after), since the
 * result points into it.
 *
 * An attempt of somebody who was ever erased is not kept: his records go on
 * losing their personal parts for a while, without a trace in the stream.
 */
#include "engine/attempt/folds.h"

#include <pthread.h>
#include <stdlib.h>

#include "engine/attempt/attempts.h"
#include "engine/audit/record_erase.h"

enum {
	CHAINS = 4096,	  /* a power of two */
	SLOT_BYTES = 256, /* of a question in memory, beside struct live_slot */
	GROW_BYTES = 512,
	SHOWN_BYTES = 2048, /* longer than this is as well made anew */
	LEAST_FOLDS = 8,    /* have room: a larger one is not kept */
};

struct fold {
	struct live l; /* with more than one user: not to be changed */
	/* The table's: */
	struct fold *chain, *older, *newer;
	size_t bytes;
	int64_t used_ms;
	int users;
	bool kept; /* in the table */
};

struct folds {
	pthread_mutex_t lock; /* over all of this and the folds' own part */
	struct folds_opts o;
	struct fold *chains[CHAINS];
	struct fold *newest, *oldest; /* by use */
	uint64_t erasures;	      /* so many folds_forget() */
	struct folds_stats stats;
};

struct folds *folds_new(const struct folds_opts *o)
{
	struct folds *f = calloc(1, sizeof(*f)); /* allowed: process */

	CHECK(f);
	pthread_mutex_init(&f->lock, NULL);
	f->o = *o;
	return f;
}

/* ---- one fold ---- */

/* With as much memory as an attempt at this one needs, as a rule. */
static struct fold *fold_new(const struct published *pub)
{
	struct fold *k = calloc(1, sizeof(*k)); /* allowed: bounded */
	int64_t questions, drawn;

	CHECK(k);
	assessment_count(&pub->def, &questions, &drawn);
	k->l.arena = arena_new((size_t)questions *
			       (sizeof(struct live_slot) + SLOT_BYTES));
	k->l.grow = arena_new(GROW_BYTES);
	k->l.for_reading = true;
	k->users = 1;
	return k;
}

static void fold_free(struct folds *f, struct fold *k)
{
	struct catalog *c = f->o.app->catalog;
	int64_t now = clock_ms(f->o.clock);

	if (k->l.made_of)
		catalog_drop(c, k->l.made_of, now);
	if (k->l.pub)
		catalog_drop(c, k->l.pub, now);
	arena_free(k->l.arena);
	arena_free(k->l.grow);
	free(k);
}

/* What left the table while the lock was held, and nobody uses. */
static void free_all(struct folds *f, struct fold *dead)
{
	while (dead) {
		struct fold *next = dead->chain;

		fold_free(f, dead);
		dead = next;
	}
}

/* ---- the table; under the lock ---- */

static struct fold **chain_of(struct folds *f, const struct id *id)
{
	return &f->chains[id_hash(id) & (CHAINS - 1)];
}

static struct fold *find(struct folds *f, const struct id *id)
{
	struct fold *k = *chain_of(f, id);

	while (k && !id_eq(&k->l.row.id, id))
		k = k->chain;
	return k;
}

static void unlink_use(struct folds *f, struct fold *k)
{
	if (k->newer)
		k->newer->older = k->older;
	else
		f->newest = k->older;
	if (k->older)
		k->older->newer = k->newer;
	else
		f->oldest = k->newer;
}

static void link_newest(struct folds *f, struct fold *k)
{
	k->newer = NULL;
	k->older = f->newest;
	if (f->newest)
		f->newest->newer = k;
	else
		f->oldest = k;
	f->newest = k;
	k->used_ms = clock_ms(f->o.clock);
}

static void insert(struct folds *f, struct fold *k)
{
	struct fold **chain = chain_of(f, &k->l.row.id);

	k->chain = *chain;
	*chain = k;
	link_newest(f, k);
	k->kept = true;
	f->stats.kept++;
	f->stats.bytes += (int64_t)k->bytes;
}

/* Out of the table. What nobody uses goes to *dead, for after the lock. */
static void drop(struct folds *f, struct fold *k, struct fold **dead)
{
	struct fold **at = chain_of(f, &k->l.row.id);

	while (*at != k)
		at = &(*at)->chain;
	*at = k->chain;
	unlink_use(f, k);
	k->kept = false;
	f->stats.kept--;
	f->stats.bytes -= (int64_t)k->bytes;
	if (k->users == 0) {
		k->chain = *dead;
		*dead = k;
	}
}

static void shrink(struct folds *f, struct fold **dead)
{
	int64_t since = clock_ms(f->o.clock) - FOLDS_IDLE_MS;
	const struct folds_stats *s = &f->stats;

	while (f->oldest &&
	       ((size_t)s->kept > f->o.most || (size_t)s->bytes > f->o.bytes ||
		f->oldest->used_ms < since))
		drop(f, f->oldest, dead);
}

/* ---- its users ---- */

/* *erasures: to be told to keep(). */
static struct fold *take(struct folds *f, const struct id *id,
			 uint64_t *erasures)
{
	struct fold *k;

	pthread_mutex_lock(&f->lock);
	*erasures = f->erasures;
	k = find(f, id);
	if (k) {
		k->users++;
		f->stats.found++;
		unlink_use(f, k);
		link_newest(f, k);
	}
	pthread_mutex_unlock(&f->lock);
	return k;
}

static void give(struct folds *f, struct fold *k)
{
	bool last;

	pthread_mutex_lock(&f->lock);
	last = --k->users == 0 && !k->kept;
	pthread_mutex_unlock(&f->lock);
	if (last)
		fold_free(f, k);
}

/* Nobody is to find it any more. True: the caller alone has it. */
static bool take_out(struct folds *f, struct fold *k)
{
	struct fold *dead = NULL; /* stays: the caller uses it */
	bool alone;

	pthread_mutex_lock(&f->lock);
	if (k->kept)
		drop(f, k, &dead);
	alone = k->users == 1;
	pthread_mutex_unlock(&f->lock);
	return alone;
}

/*
 * Into the table, unless somebody has put in as much meanwhile, or somebody
 * was erased since the records were read.
 */
static void keep(struct folds *f, struct fold *k, uint64_t erasures)
{
	struct fold *dead = NULL, *other;

	k->bytes = sizeof(*k) + arena_held(k->l.arena) + arena_held(k->l.grow);
	pthread_mutex_lock(&f->lock);
	other = find(f, &k->l.row.id);
	if (f->erasures == erasures && k->bytes <= f->o.bytes / LEAST_FOLDS &&
	    (!other || other->l.n < k->l.n)) {
		if (other)
			drop(f, other, &dead);
		insert(f, k);
		shrink(f, &dead);
	}
	pthread_mutex_unlock(&f->lock);
	free_all(f, dead);
}

static void count(struct folds *f, int64_t *which)
{
	pthread_mutex_lock(&f->lock);
	++*which;
	pthread_mutex_unlock(&f->lock);
}

/* ---- folding ---- */

/* Items as they are delivered: the same at every look. */
static void make_shown(struct live *l)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < l->slots_n; i++) {
		const struct slot_setup *s = &l->slots[i].run.setup;

		buf_reset(&b);
		item_deliver(&b, s->item, s->variant);
		if (b.n <= SHOWN_BYTES)
			l->slots[i].shown = buf_copy(&b, l->arena);
	}
	buf_done(&b);
}

static enum err fold_all(struct ctx *cx, struct live *l, const struct id *id,
			 bool *erased)
{
	struct list records;
	enum err e = record_stream(cx, id, 0, &records);

	if (!e)
		e = live_fold(cx, l, &records, false);
	if (!e)
		e = record_erased(cx, &l->row.org, &l->row.learner, erased);
	return e;
}

/* From the first record. */
static enum err build(struct ctx *cx, struct folds *f, const struct id *id,
		      uint64_t erasures, struct fold **out)
{
	struct catalog *c = cx->app->catalog;
	const struct published *pub = NULL;
	struct attempt_row row;
	struct fold *k;
	bool erased = true;
	enum err e = live_row(cx, &cx->who->org, id, &row);

	if (!e)
		e = catalog_get(c, cx, &row.org, &row.assessment, &pub);
	if (e)
		return e;
	k = fold_new(pub);
	e = fold_all(cx, &k->l, id, &erased);
	if (e) { /* they are not held yet */
		k->l.made_of = k->l.pub = NULL;
		fold_free(f, k);
		return e;
	}
	catalog_hold(c, k->l.made_of);
	catalog_hold(c, k->l.pub);
	make_shown(&k->l);
	count(f, &f->stats.built);
	if (!erased)
		keep(f, k, erasures);
	*out = k;
	return OK;
}

/* A regrade or a reopening: such a stream is folded as a whole. */
static bool goes_back(const struct list *records)
{
	const struct record *r = records->at;

	for (size_t i = 0; i < records->n; i++) {
		int kind = note_kind_of(r[i].event);

		if (kind == NOTE_REGRADED || kind == NOTE_REOPENED)
			return true;
	}
	return false;
}

static enum err extend(struct ctx *cx, struct live *l,
		       const struct list *records)
{
	const struct record *r = records->at;
	enum err e = OK;

	for (size_t i = 0; !e && i < records->n; i++)
		e = attempt_apply(cx, l, &r[i], NULL, NULL);
	if (!e && live_is_big(l))
		e = live_compact(cx, l);
	return e;
}

/*
 * The fold as the database has it now; NULL: it has to be made anew. One that
 * does not take the new records is made anew as well, which tells why.
 */
static enum err bring_up(struct ctx *cx, struct folds *f, uint64_t erasures,
			 struct fold **fold)
{
	struct fold *k = *fold;
	struct list more;
	bool erased = false;
	enum err e = record_stream(cx, &k->l.row.id, k->l.n, &more);

	if (!e)
		e = record_erased(cx, &k->l.row.org, &k->l.row.learner,
				  &erased);
	if (!e && !more.n && !erased)
		return OK;
	*fold = NULL;
	if (e || !take_out(f, k) || erased || goes_back(&more)) {
		give(f, k);
		return e;
	}
	e = extend(cx, &k->l, &more);
	if (e) {
		err_clear(cx);
		give(f, k);
		return OK;
	}
	count(f, &f->stats.extended);
	keep(f, k, erasures);
	*fold = k;
	return OK;
}

static void give_back(struct ctx *cx, void *arg)
{
	give(cx->app->attempts->folds, arg);
}

enum err live_read(struct ctx *cx, const struct id *id, struct live **out)
{
	struct folds *f = cx->app->attempts->folds;
	struct live *mine = ARENA_NEW(cx->arena, struct live);
	uint64_t erasures;
	struct fold *k;
	enum err e = OK;

	CHECK(!cx->records && !cx->io->after);
	k = take(f, id, &erasures);
	if (k) {
		e = live_visible(cx, &k->l.row);
		if (e)
			give(f, k);
		else
			e = bring_up(cx, f, erasures, &k);
	}
	if (!e && !k)
		e = build(cx, f, id, erasures, &k);
	if (e)
		return e;
	cx->io->after = give_back;
	cx->io->after_arg = k;
	*mine = k->l;
	*out = mine;
	return live_rules(cx, mine);
}

/* ---- keeping within bounds ---- */

void folds_forget(struct folds *f, const struct id *learner)
{
	struct fold *dead = NULL, *k, *older;

	pthread_mutex_lock(&f->lock);
	f->erasures++;
	for (k = f->newest; k; k = older) {
		older = k->older;
		if (id_eq(&k->l.row.learner, learner))
			drop(f, k, &dead);
	}
	pthread_mutex_unlock(&f->lock);
	free_all(f, dead);
}

void folds_tidy(struct folds *f)
{
	struct fold *dead = NULL;

	pthread_mutex_lock(&f->lock);
	shrink(f, &dead);
	pthread_mutex_unlock(&f->lock);
	free_all(f, dead);
}

void folds_bound(struct folds *f, size_t most, size_t bytes)
{
	pthread_mutex_lock(&f->lock);
	f->o.most = most;
	f->o.bytes = bytes;
	pthread_mutex_unlock(&f->lock);
	folds_tidy(f);
}

void folds_stats(struct folds *f, struct folds_stats *out)
{
	pthread_mutex_lock(&f->lock);
	*out = f->stats;
	pthread_mutex_unlock(&f->lock);
}

void folds_free(struct folds *f)
{
	if (!f)
		return;
	folds_bound(f, 0, 0);
	pthread_mutex_destroy(&f->lock);
	free(f);
}
