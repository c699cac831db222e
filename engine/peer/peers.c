/*
 * Runs in memory. What a work changes stays here until the batch commits; when
 * the work or the batch fails the run is dropped, and folded again from its
 * records by who asks next. Only if an earlier work of the same batch had
 * changed it as well, the store does not have that yet: then it is refused as
 * busy until the batch has ended.
 *
 * Queries have runs of their own, folded from what is committed. A query asks
 * for the records behind the last one that it folded; it has the run for
 * itself until its reply is encoded.
 */
#include <pthread.h>
#include <stdlib.h>

#include "engine/peer/peers_impl.h"

enum {
	LOOK_MS = 5000,
	DUE_MOST = 100,
	AGAIN_MS = 1000,
	PAGE = 500, /* records, while a run is folded */
};

struct peers *peers_new(const struct peers_opts *o)
{
	struct peers *p = calloc(1, sizeof(*p)); /* allowed: process */

	CHECK(p);
	p->o = *o;
	p->first_due = INT64_MAX;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->free, NULL);
	return p;
}

void peers_drop_run(struct peers *p, struct run *r)
{
	if (r->pub)
		catalog_drop(p->o.app->catalog, r->pub, clock_ms(p->o.clock));
	run_free(r);
}

static void drop_all(struct peers *p, struct run **at)
{
	while (*at) {
		struct run *r = *at;

		*at = r->next;
		peers_drop_run(p, r);
	}
}

void peers_free(struct peers *p)
{
	if (!p)
		return;
	drop_all(p, &p->runs);
	drop_all(p, &p->read);
	pthread_cond_destroy(&p->free);
	pthread_mutex_destroy(&p->lock);
	free(p->touched);
	free(p);
}

struct run *peers_in(struct run *list, const struct id *series)
{
	while (list && !id_eq(&list->series, series))
		list = list->next;
	return list;
}

/* The longest unused one makes place. */
static void add(struct peers *p, struct run *r)
{
	struct run **oldest = NULL;
	size_t n = 0;

	for (struct run **at = &p->runs; *at; at = &(*at)->next, n++)
		if (!(*at)->touched &&
		    (!oldest || (*at)->used_ms < (*oldest)->used_ms))
			oldest = at;
	if (n >= PEERS_MOST && oldest) {
		struct run *old = *oldest;

		*oldest = old->next;
		peers_drop_run(p, old);
	}
	r->next = p->runs;
	p->runs = r;
}

static void take_out(struct run **list, const struct run *r)
{
	while (*list != r)
		list = &(*list)->next;
	*list = r->next;
}

/* ---- folding ---- */

static enum err apply_page(struct ctx *cx, struct run *r, size_t *n)
{
	const struct record *rec;
	struct list records;
	enum err e = record_stream_part(cx, &r->id, r->n, PAGE, &records);

	rec = records.at;
	for (size_t i = 0; !e && i < records.n; i++)
		e = run_apply(cx, r, &rec[i], NULL);
	*n = e ? 0 : records.n;
	return e;
}

/* By pages: records hold all that people wrote. */
enum err peers_catch_up(struct ctx *cx, struct run *r)
{
	struct arena *outer = cx->arena;
	int64_t before = r->n;
	size_t n = 0;
	enum err e;

	cx->arena = arena_new(65536);
	do {
		e = apply_page(cx, r, &n);
		arena_reset(cx->arena);
	} while (!e && n == PAGE);
	arena_free(cx->arena);
	cx->arena = outer;
	if (r->n != before) /* another server may have set the row */
		r->stored_due = -1;
	r->changed_n = 0; /* who wrote them told the gradebook */
	return e;
}

/* ---- commands ---- */

static enum err find(struct ctx *cx, const struct id *org,
		     const struct id *series, bool make, struct run **out)
{
	struct peers *p = cx->app->peers;
	struct run *r = peers_in(p->runs, series);
	enum err e = OK;

	for (size_t i = 0; i < p->unsure_n; i++)
		if (id_eq(&p->unsure[i], series))
			return err_set(cx, ERR_BUSY, "try again in a moment");
	if (!r) {
		r = run_new(org, series);
		e = peers_catch_up(cx, r);
		if (!e && !r->n && !make)
			e = ERR_NOT_FOUND;
		if (e)
			peers_drop_run(p, r);
		else
			add(p, r);
	} else if (!store_alone(cx) && !r->touched) {
		e = peers_catch_up(cx, r);
		if (e) {
			take_out(&p->runs, r);
			peers_drop_run(p, r);
		}
	}
	if (e)
		return e;
	r->used_ms = clock_ms(cx->clock);
	*out = r;
	return id_eq(&r->org, org) ? OK : ERR_NOT_FOUND;
}

static void touch(struct peers *p, struct run *r)
{
	if (p->touched_n == p->touched_room) {
		p->touched_room = p->touched_room ? p->touched_room * 2 : 64;
		p->touched = realloc(p->touched, /* allowed: one batch's */
				     p->touched_room * sizeof(*p->touched));
		CHECK(p->touched);
	}
	p->touched[p->touched_n++] = r->series;
	r->touched = true;
}

static enum err add_ref(struct ctx *cx, const struct run *r, int kind,
			const struct peer_note *n, const struct id *learner)
{
	const struct id *id = NULL;
	int what = PEER_REF_ARTIFACT;

	if (kind == NOTE_HANDED_IN) {
		id = &n->artifact;
	} else if (kind == NOTE_LEASED &&
		   run_find_review(r, &n->review) == NONE) {
		id = &n->review;
		what = PEER_REF_REVIEW;
	} else if (kind == NOTE_APPEAL_FILED) {
		id = &n->appeal;
		what = PEER_REF_APPEAL;
	}
	if (!id)
		return OK;
	return store_exec(cx, &peer_sql[PEER_REF_ADD],
			  VALS(v_id(&r->org), v_id(id), v_id(&r->series),
			       v_id(learner), v_int(what)),
			  NULL);
}

enum err peers_note(struct ctx *cx, struct run *r, int kind,
		    struct peer_note *n, const struct id *learner,
		    struct str personal)
{
	struct record rec = { .org = r->org,
			      .stream = r->id,
			      .n = r->n + 1,
			      .at_ms = clock_ms(cx->clock),
			      .event = str_of(peer_note_events[kind]),
			      .personal = personal };
	enum err e;

	n->course = r->course;
	if (learner)
		rec.learner = *learner;
	rec.body = peer_note_write(cx, kind, n);
	e = add_ref(cx, r, kind, n, learner);
	if (e)
		return e;
	touch(cx->app->peers, r);
	e = run_apply(cx, r, &rec, n);
	if (!e)
		record_stage(cx, &rec);
	return e;
}

/* What was due has happened, before anything else does. */
static enum err tick(struct ctx *cx, struct run *r)
{
	struct peer_note n = { .now = clock_ms(cx->clock) };

	if (run_next_due(r) > n.now)
		return OK;
	return peers_note(cx, r, NOTE_TICKED, &n, NULL, (struct str){ 0 });
}

static enum err no_run(struct ctx *cx)
{
	return err_set(cx, ERR_NOT_FOUND,
		       "nobody has handed in or reviewed anything here yet");
}

enum err peers_get(struct ctx *cx, const struct id *org,
		   const struct id *series, struct run **out)
{
	struct run *r = NULL;
	enum err e = find(cx, org, series, false, &r);

	if (!e && !r->n)
		e = ERR_NOT_FOUND;
	if (e == ERR_NOT_FOUND)
		return no_run(cx);
	if (!e)
		e = tick(cx, r);
	*out = r;
	return e;
}

enum err peers_open(struct ctx *cx, const struct assessment *a,
		    struct run **out)
{
	const struct published *pub;
	struct peer_note n = { .assessment = a->id };
	struct run *r = NULL;
	enum err e = find(cx, &a->org, &a->series, true, &r);

	if (e)
		return e;
	*out = r;
	if (r->n)
		return tick(cx, r);
	e = catalog_get(cx->app->catalog, cx, &a->org, &a->id, &pub);
	if (!e && !pub->has_peer)
		return err_set(cx, ERR_PRECONDITION,
			       "this assessment is not reviewed by peers; it "
			       "is taken by attempt.start");
	if (e)
		return e;
	r->course = str_copy(r->arena, a->course); /* of the first record, too*/
	return peers_note(cx, r, NOTE_OPENED, &n, NULL, (struct str){ 0 });
}

enum err peers_done(struct ctx *cx, struct run *r)
{
	struct peers *p = cx->app->peers;
	int64_t due = run_next_due(r);
	enum err e = peers_to_gradebook(cx, r);

	if (e || due == r->stored_due)
		return e;
	e = store_exec(cx, &peer_sql[PEER_RUN_SET],
		       VALS(v_id(&r->org), v_id(&r->series), v_id(&r->id),
			    v_text(r->course), v_text(r->slug),
			    v_int(r->opened_at),
			    v_int(due == INT64_MAX ? 0 : due), v_int(r->n)),
		       NULL);
	if (e)
		return e;
	r->stored_due = due;
	if (due < p->first_due) {
		p->first_due = due;
		executor_wake(cx->app->executor);
	}
	return OK;
}

enum err peers_write(struct ctx *cx, struct run *r, int kind,
		     struct peer_note *n, const struct id *learner,
		     struct str personal)
{
	enum err e = peers_note(cx, r, kind, n, learner, personal);

	return e ? e : peers_done(cx, r);
}

enum err peers_open_ref(struct ctx *cx, const struct assessment_ref *ref,
			struct str subject, struct run **out,
			struct id *learner)
{
	struct assessment a;
	enum err e = assessment_resolve(cx, ref, &a);

	if (!e)
		e = peers_who(cx, subject, learner);
	return e ? e : peers_open(cx, &a, out);
}

enum err peers_refuse(struct ctx *cx, enum err e)
{
	cx->io->refused = e;
	return OK;
}

/* ---- with the transaction ---- */

static size_t part_mark(void *arg)
{
	return ((struct peers *)arg)->touched_n;
}

static void forget(struct peers *p, const struct id *series)
{
	struct run *r = peers_in(p->runs, series);

	if (!r)
		return;
	take_out(&p->runs, r);
	peers_drop_run(p, r);
}

static void part_undo(void *arg, size_t mark)
{
	struct peers *p = arg;

	while (p->touched_n > mark) {
		struct id series = p->touched[--p->touched_n];

		p->first_due = 0; /* asked again */
		forget(p, &series);
		for (size_t i = 0; i < mark; i++)
			if (id_eq(&p->touched[i], &series) &&
			    p->unsure_n < PEERS_UNSURE) {
				p->unsure[p->unsure_n++] = series;
				break;
			}
	}
}

static void part_committed(void *arg, struct ctx *cx)
{
	struct peers *p = arg;

	(void)cx;
	for (size_t i = 0; i < p->touched_n; i++) {
		struct run *r = peers_in(p->runs, &p->touched[i]);

		if (r)
			r->touched = false;
	}
	p->touched_n = p->unsure_n = 0;
}

static void part_aborted(void *arg)
{
	struct peers *p = arg;

	p->first_due = 0;
	for (size_t i = 0; i < p->touched_n; i++)
		forget(p, &p->touched[i]);
	p->touched_n = p->unsure_n = 0;
}

struct tx_part peers_part(struct peers *p)
{
	return (struct tx_part){ .arg = p,
				 .mark = part_mark,
				 .undo = part_undo,
				 .committed = part_committed,
				 .aborted = part_aborted };
}

/* ---- the clock ---- */

static enum err first_due(struct ctx *cx, int64_t *out)
{
	struct peer_run_row row;
	enum err e = store_one(cx, &peer_sql[PEER_RUN_FIRST], NULL, 0, &row);

	*out = e ? INT64_MAX : row.due_at;
	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		return OK;
	}
	return e;
}

enum err peers_boot(struct peers *p, struct ctx *cx)
{
	p->look_at = clock_ms(p->o.clock) + LOOK_MS;
	p->shared = strcmp(store_kind(p->o.app->store), "sqlite") != 0;
	return first_due(cx, &p->first_due);
}

static int64_t next_ms(void *arg)
{
	const struct peers *p = arg;

	return p->shared && p->look_at < p->first_due ? p->look_at
						      : p->first_due;
}

static enum err tick_one(struct ctx *cx, void *arg)
{
	const struct peer_run_row *row = arg;
	struct run *r = NULL;
	enum err e = peers_get(cx, &row->org, &row->series, &r);

	if (e)
		return e;
	r->stored_due = -1; /* also if nothing was: the row says otherwise */
	return peers_done(cx, r);
}

static enum err tick_apart(struct ctx *cx, void *arg)
{
	return journal_apart(cx->app->journal, cx, tick_one, arg);
}

static size_t run_due(void *arg, struct ctx *cx, int64_t now_ms, size_t max)
{
	struct peers *p = arg;
	const struct peer_run_row *row;
	struct list rows;
	size_t n = max < DUE_MOST ? max : DUE_MOST;
	enum err e;

	p->look_at = now_ms + LOOK_MS;
	e = store_list(cx, &peer_sql[PEER_RUN_DUE],
		       VALS(v_int(now_ms), v_int((int64_t)n)), n, &rows, NULL);
	row = rows.at;
	for (size_t i = 0; !e && i < rows.n; i++) {
		e = executor_guard(cx->app->executor, cx, tick_apart,
				   (void *)&row[i]);
		if (e)
			log_event(p->o.log, LOG_WARN, "peer_tick_failed",
				  LZ("error", err_kind(e)),
				  LZ("detail", cx->error.detail));
		if (e != ERR_UNAVAILABLE && e != ERR_READ_ONLY)
			e = OK;
	}
	if (!e)
		e = first_due(cx, &p->first_due);
	/* One that failed stays due: again in a second, not at once. */
	if (e || p->first_due <= now_ms)
		p->first_due = now_ms + AGAIN_MS;
	return rows.n;
}

struct tx_timer peers_timer(struct peers *p)
{
	return (struct tx_timer){ .arg = p,
				  .next_ms = next_ms,
				  .run = run_due };
}
