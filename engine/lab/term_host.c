/* The worker's side of a terminal. */
#include <stdlib.h>

#include "engine/app.h"
#include "engine/lab/term_impl.h"

static bool leased_as(const struct term *t, const struct term_lease *lease)
{
	return id_eq(&t->job, &lease->job) && t->fence == lease->fence;
}

/* Between two shells, for whoever reads on. */
static void note(struct term *t, const char *text)
{
	if (term_end(t) > 0)
		term_append(t, str_of(text));
}

static void begin(struct labs *l, struct term *t,
		  const struct term_lease *lease, int64_t now)
{
	if (t->state == TERM_LIVE || t->state == TERM_ENDING)
		note(t, "\r\n\033c[the worker was lost: a new shell, with the "
			"work as it was saved last]\r\n");
	t->job = lease->job;
	t->fence = lease->fence;
	t->begun_ms = t->typed_ms = now;
	t->starved = false;
	t->want_screen = false;
	t->screen_for = 0;
	t->uncommitted = false;
	t->told_attached = true;
	term_become(l, t, TERM_LIVE, TERM_WHY_NONE, now);
	t->news++;
}

static enum err take(struct ctx *cx, struct labs *l,
		     const struct lab_session *s, const struct lab_def *def,
		     struct term **out)
{
	struct term *t = term_find(l, &s->id);
	enum err e = t ? OK : term_make(cx, l, s, &t);

	if (e)
		return e;
	term_rules(t, def);
	if (!t->size.rows)
		t->size = (struct term_size){ 24, 80 };
	*out = t;
	return OK;
}

/* Of two workers the one with the newer lease has it. */
static enum err older(struct ctx *cx)
{
	return err_set(cx, ERR_CONFLICT,
		       "this lease is no longer the terminal's");
}

enum err term_begin(struct ctx *cx, struct labs *l, const struct lab_session *s,
		    const struct lab_def *def, const struct term_lease *lease,
		    struct term_size *size, int64_t *at)
{
	struct term *t;
	enum err e;

	pthread_mutex_lock(&l->lock);
	e = take(cx, l, s, def, &t);
	if (!e && id_eq(&t->job, &lease->job) && t->fence > lease->fence)
		e = older(cx);
	if (!e && leased_as(t, lease) && t->state != TERM_QUEUED)
		e = OK; /* asked twice: the same answer */
	else if (!e)
		begin(l, t, lease, clock_ms(cx->clock));
	if (!e) {
		*size = t->size;
		*at = term_end(t);
	}
	pthread_mutex_unlock(&l->lock);
	return e;
}

enum err term_adopt(struct ctx *cx, struct labs *l, const struct lab_session *s,
		    const struct lab_def *def, const struct term_lease *lease,
		    struct term_size size, int64_t at, int64_t input_at)
{
	struct term *t;
	enum err e;

	pthread_mutex_lock(&l->lock);
	e = take(cx, l, s, def, &t);
	/* A call that came late, or waited here, tells nothing new. */
	if (!e && id_eq(&t->last_job, &lease->job) &&
	    lease->fence <= t->last_fence)
		e = older(cx);
	if (!e && !leased_as(t, lease)) {
		if (size.rows && !t->attach)
			t->size = size;
		buf_reset(&t->out);
		t->out_at = at;
		t->in_at = input_at; /* what is typed already comes behind */
		begin(l, t, lease, clock_ms(cx->clock));
	}
	pthread_mutex_unlock(&l->lock);
	return e;
}

/* How much may come now: within the ring's free part and the rate. */
static int64_t room(struct term *t, int64_t now)
{
	int64_t free_bytes = TERM_RING;
	int64_t unread = term_end(t) - t->read_at;

	if (now - t->window_ms >= TERM_WINDOW_MS) {
		t->window_ms = now;
		t->window_bytes = 0;
	}
	if (term_attached(t, now) && unread > 0)
		free_bytes = unread < TERM_RING ? TERM_RING - unread : 0;
	if (free_bytes == 0)
		t->starved = true;
	return free_bytes;
}

static int64_t room_now(struct term *t, int64_t now)
{
	int64_t n = room(t, now), rate = TERM_RING - t->window_bytes;

	return n < rate ? n : rate;
}

/*
 * The same as the worker is told it. Where the rate leaves nothing, it is told
 * to pause, and what it may send then: no news will come of that.
 */
static int64_t room_told(struct term *t, int64_t now, int64_t *pause_ms)
{
	int64_t n = room(t, now), rate = TERM_RING - t->window_bytes;

	*pause_ms = n > rate ? t->window_ms + TERM_WINDOW_MS - now : 0;
	return n < rate || !rate ? n : rate;
}

/* Output that comes again (a lost answer) is known by its offset. */
static int64_t take_output(struct labs *l, struct term *t,
			   const struct term_push *p, int64_t now)
{
	int64_t end = term_end(t), most;
	struct str bytes = p->bytes;

	if (p->at > end) { /* lost with a restart: those who read get a screen
			    */
		buf_reset(&t->out);
		t->out_at = p->at;
	} else if (p->at < end) {
		size_t known = (size_t)(end - p->at);

		bytes = str_cut(bytes, known < bytes.n ? known : bytes.n,
				bytes.n);
	}
	most = room_now(t, now);
	if ((int64_t)bytes.n > most)
		bytes.n = (size_t)most;
	if (bytes.n) {
		term_append(t, bytes);
		t->window_bytes += (int64_t)bytes.n;
		term_wake_reader(l, t);
	}
	return term_end(t) - p->at;
}

static void take_screen(struct labs *l, struct term *t,
			const struct term_push *p)
{
	if (p->bytes.n > TERM_SCREEN)
		return;
	buf_reset(&t->screen);
	buf_str(&t->screen, p->bytes);
	CHECK(!t->screen.failed);
	t->screen_at = p->at;
	t->screen_for = t->attach;
	t->want_screen = false;
	term_wake_reader(l, t);
}

static void take_input(struct term *t, int64_t input_at)
{
	int64_t n = input_at - t->in_at;

	if (n <= 0 || n > (int64_t)t->in.n)
		return;
	memmove(t->in.p, t->in.p + n, t->in.n - (size_t)n);
	t->in.n -= (size_t)n;
	t->in_at = input_at;
}

static void ended(struct labs *l, struct term *t, enum term_why why,
		  int64_t now)
{
	if (t->state == TERM_PARKED)
		return;
	t->keep_screen = t->screen.n > 0;
	t->last_job = t->job;
	t->last_fence = t->fence;
	t->job = (struct id){ 0 };
	t->close = TERM_WHY_NONE;
	t->want_screen = false;
	term_become(l, t, TERM_PARKED, why, now);
	/* The screen is enough now; whoever still reads has read. */
	if (t->read_at >= term_end(t) || !term_attached(t, now)) {
		t->out_at = term_end(t);
		buf_done(&t->out);
	}
	buf_done(&t->in);
}

static void answer(struct ctx *cx, struct term *t, int64_t now,
		   struct term_pull *out)
{
	out->news = t->news;
	out->room = room_told(t, now, &out->pause_ms);
	out->size = t->size;
	out->attached = t->told_attached = term_attached(t, now);
	out->want_screen = t->want_screen;
	out->close = t->close;
	out->work = t->work;
	out->input_at = t->in_at;
	out->input = str_copy(cx->arena, buf_view(&t->in));
}

enum err term_host(struct ctx *cx, struct labs *l,
		   const struct term_lease *lease, const struct term_push *push,
		   bool *wait, struct term_pull *out)
{
	int64_t now = clock_ms(cx->clock);
	struct term *t;
	enum err e = OK;

	*wait = false;
	*out = (struct term_pull){ 0 };
	pthread_mutex_lock(&l->lock);
	t = term_find(l, &lease->session);
	if (!t || !id_eq(&t->org, &lease->org) ||
	    (t->fence < lease->fence && id_eq(&t->job, &lease->job)) ||
	    id_is_none(&t->job))
		e = err_set(cx, ERR_NOT_FOUND, "no such terminal here");
	else if (!leased_as(t, lease))
		e = older(cx);
	if (!e) {
		take_input(t, push->input_at);
		if (push->screen)
			take_screen(l, t, push);
		else if (push->bytes.n)
			out->taken = take_output(l, t, push, now);
		*wait = push->seen == t->news && !push->bytes.n &&
			!push->ended && !t->in.n;
		answer(cx, t, now, out);
		if (push->ended)
			ended(l, t, push->ended, now);
		term_due(l, term_due_of(t, now));
	}
	pthread_mutex_unlock(&l->lock);
	return e;
}

void term_ended(struct ctx *cx, struct labs *l, const struct id *session,
		const struct id *job, enum term_why why)
{
	int64_t now = clock_ms(cx->clock);
	struct term *t;

	pthread_mutex_lock(&l->lock);
	t = term_find(l, session);
	if (t && id_eq(&t->job, job)) {
		if (why == TERM_BY_LOSS && t->state != TERM_PARKED)
			note(t, "\r\n[the worker failed; the next key starts a "
				"new shell]\r\n");
		ended(l, t, why, now);
	} else if (t && t->state == TERM_QUEUED && !t->uncommitted) {
		/* A key after the last shell's end, before its job's. */
		term_become(l, t, TERM_WANTED, TERM_WHY_NONE, now);
	}
	pthread_mutex_unlock(&l->lock);
}

void term_forget(struct labs *l, const struct id *session)
{
	struct term *t;

	pthread_mutex_lock(&l->lock);
	t = term_find(l, session);
	if (t)
		term_free(l, t);
	pthread_mutex_unlock(&l->lock);
}
