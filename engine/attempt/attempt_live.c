/*
 * Attempts in memory. What a work changes is in no other place until the batch
 * commits, so it stays here that long; when the work or the batch fails it is
 * dropped, and read again from the store. Only if an earlier work of the same
 * batch had changed it as well, the store does not have that yet: then it is
 * refused as busy until the batch has ended, which is a matter of milliseconds
 * and of failures that hardly happen.
 */
#include <stdlib.h>

#include "engine/attempt/attempt_sql.h"
#include "engine/attempt/attempts.h"

enum { ARENA_BYTES = 4096, GROW_BYTES = 2048, EVICT_LOOKS = 64 };

struct attempts *attempts_new(const struct attempts_opts *o)
{
	struct attempts *a = calloc(1, sizeof(*a)); /* allowed: process */

	CHECK(a && o->live_most > 0);
	a->o = *o;
	for (a->chains_n = 64; a->chains_n < o->live_most;)
		a->chains_n *= 2;
	a->chains = calloc(a->chains_n, /* allowed: process */
			   sizeof(struct live *));
	CHECK(a->chains);
	a->due = due_new();
	a->folds = folds_new(&(struct folds_opts){ .app = o->app,
						   .clock = o->clock,
						   .most = FOLDS_MOST,
						   .bytes = FOLDS_BYTES });
	return a;
}

/* ---- one attempt's memory ---- */

static struct live *live_new(void)
{
	struct live *l = calloc(1, sizeof(*l)); /* allowed: live_most of them */

	CHECK(l);
	l->arena = arena_new(ARENA_BYTES);
	l->grow = arena_new(GROW_BYTES);
	return l;
}

static void live_free(struct live *l)
{
	arena_free(l->arena);
	arena_free(l->grow);
	free(l);
}

/* ---- chains and the order of use ---- */

static struct live **chain_of(const struct attempts *a, const struct id *id)
{
	return &a->chains[id_hash(id) & (a->chains_n - 1)];
}

struct live *attempts_find(const struct attempts *a, const struct id *id)
{
	struct live *l = *chain_of(a, id);

	while (l && !id_eq(&l->row.id, id))
		l = l->chain;
	return l;
}

static void unlink_use(struct attempts *a, struct live *l)
{
	if (l->newer)
		l->newer->older = l->older;
	else
		a->newest = l->older;
	if (l->older)
		l->older->newer = l->newer;
	else
		a->oldest = l->newer;
}

static void link_newest(struct attempts *a, struct live *l)
{
	l->newer = NULL;
	l->older = a->newest;
	if (a->newest)
		a->newest->newer = l;
	else
		a->oldest = l;
	a->newest = l;
}

static void insert(struct attempts *a, struct live *l)
{
	struct live **chain = chain_of(a, &l->row.id);

	catalog_hold(a->o.app->catalog, l->made_of);
	catalog_hold(a->o.app->catalog, l->pub);
	l->chain = *chain;
	*chain = l;
	link_newest(a, l);
	a->n++;
}

void attempts_drop(struct attempts *a, struct live *l)
{
	struct live **at = chain_of(a, &l->row.id);

	while (*at != l)
		at = &(*at)->chain;
	*at = l->chain;
	unlink_use(a, l);
	a->n--;
	catalog_drop(a->o.app->catalog, l->made_of, clock_ms(a->o.clock));
	catalog_drop(a->o.app->catalog, l->pub, clock_ms(a->o.clock));
	live_free(l);
}

/*
 * The least used leave, but for those that the batch has changed and the one
 * that is about to be used. A batch may change more than memory keeps: then
 * only the first `looks` are looked at, or each one read would cost as much as
 * all that were changed before it.
 */
static void evict(struct attempts *a, const struct live *keep, size_t looks)
{
	struct live *l = a->oldest, *newer;

	for (; l && looks && a->n > a->o.live_most; l = newer, looks--) {
		newer = l->newer;
		if (!l->touched && l != keep)
			attempts_drop(a, l);
	}
}

void attempts_free(struct attempts *a)
{
	if (!a)
		return;
	while (a->newest)
		attempts_drop(a, a->newest);
	folds_free(a->folds);
	due_free(a->due);
	free(a->touched);
	free(a->unsure);
	free(a->erased);
	free(a->chains);
	free(a);
}

/* ---- reading ---- */

static enum err no_such(struct ctx *cx)
{
	return err_set(cx, ERR_NOT_FOUND, "there is no such attempt");
}

enum err live_visible(struct ctx *cx, const struct attempt_row *row)
{
	const struct principal *who = cx->who;

	if (!who) /* the clock */
		return OK;
	if (!id_eq(&who->org, &row->org) || !principal_covers(who, row->course))
		return no_such(cx);
	if (principal_has(who, ROLE_STAFF | ROLE_AUDITOR) ||
	    (!id_is_none(&who->person) && id_eq(&who->person, &row->learner)))
		return OK;
	return no_such(cx);
}

enum err live_row(struct ctx *cx, const struct id *org, const struct id *id,
		  struct attempt_row *out)
{
	enum err e = store_one(cx, &attempt_sql[ATTEMPT_BY_ID],
			       VALS(v_id(org), v_id(id)), out);

	if (e == ERR_NOT_FOUND)
		return no_such(cx);
	return e ? e : live_visible(cx, out);
}

/* The fold decides; the row only adds what is not in the records. */
static enum err fold(struct ctx *cx, struct live *l,
		     const struct attempt_row *row, bool replays)
{
	struct list records;
	enum err e = record_stream(cx, &row->id, 0, &records);

	if (!e)
		e = live_fold(cx, l, &records, replays);
	if (!e)
		e = live_rules(cx, l);
	if (e)
		return e;
	l->row.rev = row->rev;
	l->row.node = row->node;
	live_wake(l);
	return OK;
}

enum err live_read_row(struct ctx *cx, const struct attempt_row *row,
		       bool replays, struct live **out)
{
	struct live *l = ARENA_NEW(cx->arena, struct live);

	l->arena = l->grow = cx->arena;
	*out = l;
	return fold(cx, l, row, replays);
}

/* ---- the cache ---- */

static bool is_unsure(const struct attempts *a, const struct id *id)
{
	for (size_t i = 0; i < a->unsure_n; i++)
		if (id_eq(&a->unsure[i], id))
			return true;
	return false;
}

static enum err load(struct ctx *cx, const struct id *org, const struct id *id,
		     bool replays, struct live **out)
{
	struct live *l = NULL;
	struct attempt_row row;
	enum err e = live_row(cx, org, id, &row);

	if (e)
		return e;
	l = live_new();
	e = fold(cx, l, &row, replays);
	if (e)
		live_free(l);
	else
		*out = l;
	return e;
}

enum err attempts_get(struct ctx *cx, const struct id *org, const struct id *id,
		      struct live **out)
{
	struct attempts *a = cx->app->attempts;
	struct live *l = attempts_find(a, id);
	enum err e;

	if (l && !id_eq(&l->row.org, org))
		return no_such(cx);
	if (l) {
		e = live_visible(cx, &l->row);
		if (e)
			return e;
		unlink_use(a, l);
		link_newest(a, l);
		*out = l;
		return OK;
	}
	if (is_unsure(a, id))
		return err_set(cx, ERR_BUSY, "try again in a moment");
	e = load(cx, org, id, false, &l);
	if (e)
		return e;
	insert(a, l);
	evict(a, l, EVICT_LOOKS);
	*out = l;
	return OK;
}

enum err attempts_fresh(struct ctx *cx, const struct id *id,
			enum err (*fn)(struct ctx *cx, const void *params,
				       void *result),
			const void *params, void *result)
{
	struct attempts *a = cx->app->attempts;
	struct live *l = a->shared ? attempts_find(a, id) : NULL;
	size_t staged = cx->records->n;
	bool was_here = l && !l->touched;
	enum err e = fn(cx, params, result);

	if (!e || !was_here || err_retry(e))
		return e;
	l = attempts_find(a, id);
	if (!l || l->touched)
		return e;
	attempts_drop(a, l);
	cx->records->n = staged;
	err_clear(cx);
	return fn(cx, params, result);
}

struct live *attempts_add(struct ctx *cx, const struct published *pub,
			  const struct attempt_row *row)
{
	struct attempts *a = cx->app->attempts;
	struct live *l = live_new();

	l->row = *row;
	l->made_of = l->pub = pub;
	insert(a, l);
	attempts_touch(cx, l);
	evict(a, l, EVICT_LOOKS);
	return l;
}

enum err attempts_reload(struct ctx *cx, struct live **l)
{
	struct attempts *a = cx->app->attempts;
	struct live *old = *l, *fresh;
	enum err e = journal_flush(cx->app->journal, cx);

	if (!e)
		e = load(cx, &old->row.org, &old->row.id, true, &fresh);
	if (e)
		return e;
	fresh->touched = old->touched;
	attempts_drop(a, old);
	insert(a, fresh);
	*l = fresh;
	return OK;
}

void attempts_hold(struct ctx *cx, struct live *l, const struct published *was)
{
	catalog_hold(cx->app->catalog, l->pub);
	catalog_drop(cx->app->catalog, was, clock_ms(cx->clock));
}

void attempts_touch(struct ctx *cx, struct live *l)
{
	struct attempts *a = cx->app->attempts;

	if (a->touched_n == a->touched_room) {
		a->touched_room = a->touched_room ? a->touched_room * 2 : 64;
		a->touched = realloc(a->touched, /* allowed: one batch's */
				     a->touched_room * sizeof(*a->touched));
		CHECK(a->touched);
	}
	a->touched[a->touched_n++] =
		(struct touched){ l->row.org, l->row.id,
				  due_of(a->due, &l->row.id) };
	l->touched = true;
}

void attempts_rewake(struct ctx *cx, const struct live *l)
{
	struct attempts *a = cx->app->attempts;

	due_set(a->due, &l->row.org, &l->row.id, l->row.wake_at);
}

/* ---- with the transaction ---- */

static size_t part_mark(void *arg)
{
	return ((struct attempts *)arg)->touched_n;
}

static void add_id(struct id **all, size_t *n, size_t *room,
		   const struct id *id)
{
	if (*n == *room) {
		*room = *room ? *room * 2 : 16;
		*all = realloc(*all, /* allowed: one batch's */
			       *room * sizeof(**all));
		CHECK(*all);
	}
	(*all)[(*n)++] = *id;
}

static void make_unsure(struct attempts *a, const struct id *id)
{
	add_id(&a->unsure, &a->unsure_n, &a->unsure_room, id);
}

void attempts_erased(struct ctx *cx, const struct id *learner)
{
	struct attempts *a = cx->app->attempts;

	add_id(&a->erased, &a->erased_n, &a->erased_room, learner);
}

static void part_undo(void *arg, size_t mark)
{
	struct attempts *a = arg;

	while (a->touched_n > mark) {
		const struct touched *t = &a->touched[--a->touched_n];
		struct live *l = attempts_find(a, &t->id);

		due_set(a->due, &t->org, &t->id, t->wake_at);
		if (l)
			attempts_drop(a, l);
		for (size_t i = 0; i < mark; i++)
			if (id_eq(&a->touched[i].id, &t->id)) {
				make_unsure(a, &t->id);
				break;
			}
	}
}

static void batch_ended(struct attempts *a)
{
	a->touched_n = 0;
	a->unsure_n = 0;
	a->erased_n = 0;
}

/* Before the commit a query could fold his records again. */
static void forget_erased(struct attempts *a)
{
	for (size_t i = 0; i < a->erased_n; i++)
		folds_forget(a->folds, &a->erased[i]);
	folds_tidy(a->folds);
}

static void part_committed(void *arg, struct ctx *cx)
{
	struct attempts *a = arg;

	for (size_t i = 0; i < a->touched_n; i++) {
		struct live *l = attempts_find(a, &a->touched[i].id);

		if (!l || !l->touched)
			continue;
		l->touched = false;
		if (!attempt_is_open(l->row.state) ||
		    (live_is_big(l) && live_compact(cx, l)))
			attempts_drop(a, l);
	}
	forget_erased(a);
	batch_ended(a);
	evict(a, NULL, SIZE_MAX);
}

/* What the store has now is not known: the clock looks at all of them. */
static void part_aborted(void *arg)
{
	struct attempts *a = arg;

	for (size_t i = 0; i < a->touched_n; i++) {
		const struct touched *t = &a->touched[i];
		struct live *l = attempts_find(a, &t->id);

		if (l)
			attempts_drop(a, l);
		due_set(a->due, &t->org, &t->id, 1);
	}
	forget_erased(a);
	batch_ended(a);
}

struct tx_part attempts_part(struct attempts *a)
{
	return (struct tx_part){ .arg = a,
				 .mark = part_mark,
				 .undo = part_undo,
				 .committed = part_committed,
				 .aborted = part_aborted };
}

void attempts_stats(const struct attempts *a, struct attempts_stats *out)
{
	*out = (struct attempts_stats){ .live = (int64_t)a->n,
					.waiting = (int64_t)due_count(a->due),
					.swept = a->swept,
					.sweep_lag_ms_max = a->lag_ms_max };
}
