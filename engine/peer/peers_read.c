/* Runs as queries read them, and what commands and queries ask of both. */
#include "base/limits.h"
#include "engine/auth/org.h"
#include "engine/peer/peers_impl.h"

static void give_back(struct ctx *cx, void *arg)
{
	struct peers *p = cx->app->peers;
	struct run *r = arg;

	pthread_mutex_lock(&p->lock);
	r->in_use = false;
	pthread_cond_broadcast(&p->free);
	pthread_mutex_unlock(&p->lock);
}

/* Under the lock: the longest unused one makes place. */
static void make_place(struct peers *p)
{
	struct run **oldest = NULL, *old;
	size_t n = 0;

	for (struct run **at = &p->read; *at; at = &(*at)->next, n++)
		if (!(*at)->in_use &&
		    (!oldest || (*at)->used_ms < (*oldest)->used_ms))
			oldest = at;
	if (n < PEERS_MOST || !oldest)
		return;
	old = *oldest;
	*oldest = old->next;
	peers_drop_run(p, old);
}

static struct run *take(struct ctx *cx, const struct id *org,
			const struct id *series)
{
	struct peers *p = cx->app->peers;
	struct run *r = NULL;

	pthread_mutex_lock(&p->lock);
	while ((r = peers_in(p->read, series)) && r->in_use)
		pthread_cond_wait(&p->free, &p->lock);
	if (!r) {
		make_place(p);
		r = run_new(org, series);
		r->next = p->read;
		p->read = r;
	}
	r->in_use = true;
	r->used_ms = clock_ms(cx->clock);
	pthread_mutex_unlock(&p->lock);
	return r;
}

/* What does not fold is not kept. */
static void throw_away(struct ctx *cx, struct run *r)
{
	struct peers *p = cx->app->peers;
	struct run **at = &p->read;

	pthread_mutex_lock(&p->lock);
	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	pthread_cond_broadcast(&p->free);
	pthread_mutex_unlock(&p->lock);
	peers_drop_run(p, r);
}

enum err peers_read(struct ctx *cx, const struct id *org,
		    const struct id *series, struct run **out)
{
	struct run *r = take(cx, org, series);
	enum err e = peers_catch_up(cx, r);

	if (e) {
		throw_away(cx, r);
		return e;
	}
	cx->io->after = give_back;
	cx->io->after_arg = r;
	if (!r->n || !id_eq(&r->org, org))
		return err_set(cx, ERR_NOT_FOUND,
			       "nobody has handed in or reviewed anything "
			       "here yet");
	*out = r;
	return OK;
}

enum err peers_read_ref(struct ctx *cx, const struct assessment_ref *ref,
			struct run **out)
{
	struct assessment a;
	enum err e = assessment_resolve(cx, ref, &a);

	return e ? e : peers_read(cx, &a.org, &a.series, out);
}

enum err peers_read_or_none(struct ctx *cx, const struct assessment_ref *ref,
			    struct run **out)
{
	const struct published *pub;
	struct assessment a;
	enum err e = assessment_resolve(cx, ref, &a);

	*out = NULL;
	if (e)
		return e;
	e = peers_read(cx, &a.org, &a.series, out);
	if (e != ERR_NOT_FOUND)
		return e;
	err_clear(cx);
	*out = NULL;
	e = catalog_get(cx->app->catalog, cx, &a.org, &a.id, &pub);
	if (!e && !pub->has_peer)
		e = err_set(cx, ERR_PRECONDITION,
			    "this assessment is not reviewed by peers");
	return e;
}

enum err peers_nobody(struct ctx *cx)
{
	return err_set(cx, ERR_NOT_FOUND,
		       "this learner has done nothing here yet");
}

enum err peers_read_person(struct ctx *cx, const struct assessment_ref *ref,
			   struct str subject, struct run **out,
			   uint32_t *person)
{
	struct id learner;
	enum err e = peers_who(cx, subject, &learner);

	if (!e)
		e = peers_read_ref(cx, ref, out);
	if (e)
		return e;
	*person = run_person(*out, &learner);
	return *person == NONE ? peers_nobody(cx) : OK;
}

/* ---- by id ---- */

static enum err find_ref(struct ctx *cx, const struct id *id, int kind,
			 const char *what, struct peer_ref_row *out)
{
	enum err e = store_one(cx, &peer_sql[PEER_REF_BY_ID],
			       VALS(v_id(&cx->who->org), v_id(id)), out);

	if (e == ERR_NOT_FOUND || (!e && out->kind != kind))
		return err_set(cx, ERR_NOT_FOUND, "there is no such %s", what);
	return e;
}

enum err peers_of(struct ctx *cx, const struct id *id, int kind,
		  const char *what, struct run **out)
{
	struct peer_ref_row ref;
	enum err e = find_ref(cx, id, kind, what, &ref);

	if (!e)
		e = peers_get(cx, &ref.org, &ref.series, out);
	return e ? e : peers_covered(cx, *out, what);
}

enum err peers_read_of(struct ctx *cx, const struct id *id, int kind,
		       const char *what, struct run **out)
{
	struct peer_ref_row ref;
	enum err e = find_ref(cx, id, kind, what, &ref);

	if (!e)
		e = peers_read(cx, &ref.org, &ref.series, out);
	return e ? e : peers_covered(cx, *out, what);
}

/* ---- who ---- */

bool peers_staff(const struct ctx *cx)
{
	return !cx->who || principal_has(cx->who, ROLE_STAFF | ROLE_AUDITOR);
}

enum err peers_who(struct ctx *cx, struct str subject, struct id *out)
{
	return person_for(cx, subject, out);
}

enum err peers_covered(struct ctx *cx, const struct run *r, const char *what)
{
	if (!cx->who || principal_covers(cx->who, r->course))
		return OK;
	return err_set(cx, ERR_NOT_FOUND, "there is no such %s", what);
}

enum err peers_mine(struct ctx *cx, const struct run *r,
		    const struct id *learner, const char *what)
{
	enum err e = peers_covered(cx, r, what);

	if (e || peers_staff(cx) || id_eq(&cx->who->person, learner))
		return e;
	return err_set(cx, ERR_NOT_FOUND, "there is no such %s", what);
}

/* ---- texts ---- */

enum err peers_record(struct ctx *cx, const struct run *r, int64_t n,
		      struct record *out)
{
	enum err e = record_at(cx, &r->id, n, out);

	/* Of another command of this batch. */
	if (e == ERR_NOT_FOUND && cx->records) {
		err_clear(cx);
		e = journal_flush(cx->app->journal, cx);
		if (!e)
			e = record_at(cx, &r->id, n, out);
	}
	return e;
}

enum err peers_personal(struct ctx *cx, const struct run *r, int64_t n,
			struct str *out)
{
	struct record rec;
	enum err e = peers_record(cx, r, n, &rec);

	if (!e)
		*out = rec.personal;
	return e;
}
