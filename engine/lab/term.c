/* The learner's side of a terminal, and what both sides share. */
#include "engine/lab/term.h"

#include <stdlib.h>

#include "base/fair.h"
#include "engine/app.h"
#include "engine/lab/term_impl.h"

const char *const term_state_words[] = {
#define X(code, word, doc) word,
	TERM_STATES(X)
#undef X
		NULL
};
const char *const term_why_words[] = {
#define X(code, word, doc) word,
	TERM_WHYS(X)
#undef X
		NULL
};

uint64_t term_read_key(const struct id *session)
{
	return lab_key(session, 1);
}

uint64_t term_host_key(const struct id *session)
{
	return lab_key(session, 2);
}

/* ---- shared ---- */

static struct term **chain_of(struct labs *l, const struct id *session)
{
	return &l->bucket[id_hash(session) % TERM_BUCKETS];
}

struct term *term_find(struct labs *l, const struct id *session)
{
	struct term *t = *chain_of(l, session);

	while (t && !id_eq(&t->session, session))
		t = t->next;
	return t;
}

void term_free(struct labs *l, struct term *t)
{
	struct term **at = chain_of(l, &t->session);

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	l->n--;
	parking_wake(l->o.app->parking, term_read_key(&t->session));
	parking_wake(l->o.app->parking, term_host_key(&t->session));
	buf_done(&t->out);
	buf_done(&t->screen);
	buf_done(&t->in);
	free(t);
}

void term_due(struct labs *l, int64_t at_ms)
{
	if (at_ms < l->due_ms)
		l->due_ms = at_ms;
}

void term_news(struct labs *l, struct term *t)
{
	t->news++;
	parking_wake(l->o.app->parking, term_host_key(&t->session));
}

void term_changed(struct labs *l, struct term *t)
{
	if (!t || t->state != TERM_LIVE)
		return; /* the next shell begins with the work as it is */
	t->work++;
	term_news(l, t);
}

void term_wake_reader(struct labs *l, struct term *t)
{
	parking_wake(l->o.app->parking, term_read_key(&t->session));
}

void term_become(struct labs *l, struct term *t, enum term_state state,
		 enum term_why why, int64_t now)
{
	t->state = state;
	t->why = why;
	t->state_ms = now;
	t->changes++;
	term_due(l, term_due_of(t, now));
	term_wake_reader(l, t);
}

bool term_attached(const struct term *t, int64_t now)
{
	return t->attach && !t->left && now - t->read_ms < TERM_GONE_MS;
}

int64_t term_end(const struct term *t)
{
	return t->out_at + (int64_t)t->out.n;
}

void term_append(struct term *t, struct str bytes)
{
	size_t over;

	if (bytes.n > TERM_RING) {
		t->out_at = term_end(t) + (int64_t)(bytes.n - TERM_RING);
		buf_reset(&t->out);
		bytes = str_cut(bytes, bytes.n - TERM_RING, bytes.n);
	}
	over = t->out.n + bytes.n > TERM_RING ? t->out.n + bytes.n - TERM_RING
					      : 0;
	if (over) {
		/* Some more, so that it is not moved for each byte; but of
		 * what was not read no more than must go. */
		size_t cut = over + TERM_RING / 8;
		int64_t read = t->read_at - t->out_at;

		if ((int64_t)cut > read)
			cut = (int64_t)over > read ? over : (size_t)read;
		if (cut > t->out.n)
			cut = t->out.n;
		memmove(t->out.p, t->out.p + cut, t->out.n - cut);
		t->out.n -= cut;
		t->out_at += (int64_t)cut;
	}
	buf_str(&t->out, bytes);
	CHECK(!t->out.failed);
}

void term_rules(struct term *t, const struct lab_def *def)
{
	t->idle_ms = def->terminal.idle_minutes * 60000;
	t->life_ms = def->terminal.life_minutes * 60000;
	t->per_minute = def->rates.shells_per_minute;
}

enum err term_make(struct ctx *cx, struct labs *l, const struct lab_session *s,
		   struct term **out)
{
	struct term **chain = chain_of(l, &s->id);
	struct term *t;

	if (l->n >= TERMS_MOST)
		return err_set(cx, ERR_BUSY,
			       "too many terminals are open; try again later");
	t = calloc(1, sizeof(*t)); /* allowed: lives beyond the request */
	CHECK(t);
	t->org = s->org;
	t->session = s->id;
	t->learner = s->learner;
	t->next = *chain;
	t->news = 1;
	t->work = clock_ms(cx->clock); /* another one after a restart */
	*chain = t;
	l->n++;
	*out = t;
	return OK;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t term_due_of(const struct term *t, int64_t now)
{
	int64_t at = INT64_MAX;

	if (t->keep_screen)
		return now;
	switch (t->state) {
	case TERM_WANTED:
		return now;
	case TERM_LIVE:
		at = least(t->begun_ms + t->life_ms, t->typed_ms + t->idle_ms);
		/* The worker saves when the reader has left. */
		if (t->told_attached)
			at = least(at,
				   t->left ? now : t->read_ms + TERM_GONE_MS);
		return at;
	case TERM_ENDING:
		return t->state_ms + TERM_END_MS;
	case TERM_PARKED:
		return (t->read_ms > t->state_ms ? t->read_ms : t->state_ms) +
		       TERM_DROP_MS;
	case TERM_QUEUED:
		break;
	}
	return at;
}

/* ---- the learner ---- */

static enum err fit(struct ctx *cx, struct term_size size)
{
	if (size.rows < 2 || size.rows > TERM_ROWS)
		return err_field(cx, ERR_INVALID, "/rows",
				 "a terminal has 2 to %d rows", TERM_ROWS);
	if (size.cols < 2 || size.cols > TERM_COLS)
		return err_field(cx, ERR_INVALID, "/cols",
				 "a terminal has 2 to %d columns", TERM_COLS);
	return OK;
}

static void tell(const struct term *t, struct term_told *out)
{
	*out = (struct term_told){
		.state = t->state,
		.why = t->why,
		.at = term_end(t),
		.next = term_end(t),
		.changes = t->changes,
		.size = t->size,
	};
}

static void resize(struct labs *l, struct term *t, struct term_size size)
{
	if (size.rows == t->size.rows && size.cols == t->size.cols)
		return;
	t->size = size;
	term_news(l, t);
}

/* One live terminal a learner: the others are parked, with all their work. */
static void end_others(struct labs *l, const struct term *mine, int64_t now)
{
	for (int i = 0; i < TERM_BUCKETS; i++)
		for (struct term *t = l->bucket[i]; t; t = t->next) {
			if (t == mine || !id_eq(&t->learner, &mine->learner) ||
			    !id_eq(&t->org, &mine->org))
				continue;
			if (t->state == TERM_WANTED && !t->uncommitted) {
				term_become(l, t, TERM_PARKED, TERM_BY_OTHER,
					    now);
			} else if (t->state == TERM_LIVE) {
				t->close = TERM_BY_OTHER;
				term_become(l, t, TERM_ENDING, TERM_BY_OTHER,
					    now);
				term_news(l, t);
			}
		}
}

/* A shell, unless one is there or on its way. */
static enum err want(struct ctx *cx, struct labs *l, struct term *t,
		     int64_t now)
{
	enum err e;

	if (t->state == TERM_QUEUED)
		t->close = TERM_WHY_NONE;
	if (t->state != TERM_PARKED)
		return OK;
	e = fair_use(cx, &t->shells_at, t->per_minute, "new shells");
	if (e)
		return e;
	end_others(l, t, now);
	t->close = TERM_WHY_NONE;
	t->typed_ms = now;
	term_become(l, t, TERM_WANTED, TERM_WHY_NONE, now);
	return OK;
}

/* After the lock: the timer has something to do. */
static void stir(struct ctx *cx, bool due)
{
	if (due && cx->app->executor)
		executor_wake(cx->app->executor);
}

static enum err open_it(struct ctx *cx, struct labs *l,
			const struct lab_session *s, const struct lab_def *def,
			const struct lab_screen_row *kept, struct term **out)
{
	struct term *t = term_find(l, &s->id);
	enum err e = OK;

	if (!t)
		e = term_make(cx, l, s, &t);
	if (e)
		return e;
	if (t->attach == 0 && t->state == TERM_PARKED && kept->screen.n) {
		/* What it showed when it was parked, before a restart maybe. */
		buf_reset(&t->screen);
		buf_str(&t->screen, kept->screen);
		t->screen_at = kept->screen_at;
		if (term_end(t) < t->screen_at) {
			buf_reset(&t->out);
			t->out_at = t->screen_at;
		}
	}
	term_rules(t, def);
	*out = t;
	return OK;
}

enum err term_open(struct ctx *cx, struct labs *l, const struct lab_session *s,
		   const struct lab_def *def, struct term_size size,
		   const struct lab_screen_row *kept, int64_t *attach,
		   struct term_told *out)
{
	int64_t now = clock_ms(cx->clock);
	struct term *t;
	enum err e = fit(cx, size);

	if (e)
		return e;
	pthread_mutex_lock(&l->lock);
	e = open_it(cx, l, s, def, kept, &t);
	if (!e)
		e = want(cx, l, t, now);
	if (!e) {
		*attach = t->attach = ++l->attach;
		t->left = false;
		t->read_ms = now;
		t->read_at = term_end(t);
		t->told_attached = true;
		t->want_screen = false;
		resize(l, t, size);
		t->changes++;
		term_wake_reader(l, t); /* whoever read before is told */
		term_news(l, t);
		tell(t, out);
	}
	pthread_mutex_unlock(&l->lock);
	stir(cx, !e);
	return e;
}

/* With the lock. */
static enum err reader(struct ctx *cx, struct labs *l, const struct id *session,
		       int64_t attach, struct term **out)
{
	struct term *t = term_find(l, session);

	if (!t || !id_eq(&t->org, &cx->who->org) ||
	    !id_eq(&t->learner, &cx->who->person))
		return err_set(cx, ERR_NOT_FOUND,
			       "this terminal is not open: open it (again)");
	if (t->attach != attach || t->left)
		return err_set(cx, ERR_CONFLICT,
			       "this terminal was opened elsewhere since, or "
			       "left; open it to have it here again");
	*out = t;
	return OK;
}

/* Whether the worker must draw the screen first. */
static bool screen_waits(struct labs *l, struct term *t, int64_t now)
{
	if (t->state != TERM_LIVE || t->screen_for == t->attach)
		return false;
	if (!t->want_screen) {
		t->want_screen = true;
		t->asked_screen_ms = now;
		term_news(l, t);
	}
	return now - t->asked_screen_ms < TERM_SCREEN_MS;
}

static void give(struct ctx *cx, const struct buf *b, struct term_told *out)
{
	out->bytes = str_copy(cx->arena, buf_view(b));
}

static void give_screen(struct ctx *cx, struct term *t, struct term_told *out)
{
	if (t->screen.n && t->screen_at >= t->out_at) {
		give(cx, &t->screen, out);
		out->at = out->next = t->screen_at;
	} else { /* there is none: what is left of the output must do */
		give(cx, &t->out, out);
		out->at = t->out_at;
		out->next = term_end(t);
		out->cut = t->out_at > 0;
	}
	out->screen = true;
	t->read_at = out->next;
}

static void read_on(struct ctx *cx, struct labs *l, struct term *t,
		    int64_t after, struct term_told *out)
{
	struct str all = buf_view(&t->out);

	t->read_at = after;
	if (t->starved) {
		t->starved = false;
		term_news(l, t);
	}
	out->at = after;
	out->next = term_end(t);
	out->bytes = str_copy(cx->arena,
			      str_cut(all, (size_t)(after - t->out_at), all.n));
}

enum err term_read(struct ctx *cx, struct labs *l, const struct id *session,
		   const struct term_read *r, bool over, bool *wait,
		   struct term_told *out)
{
	int64_t now = clock_ms(cx->clock);
	struct term *t;
	enum err e;

	*wait = false;
	pthread_mutex_lock(&l->lock);
	e = reader(cx, l, session, r->attach, &t);
	if (!e) {
		t->read_ms = now;
		tell(t, out);
		if (!r->has_after || r->after < t->out_at ||
		    r->after > term_end(t)) {
			*wait = screen_waits(l, t, now) && !over;
			if (!*wait)
				give_screen(cx, t, out);
		} else {
			read_on(cx, l, t, r->after, out);
			*wait = !over && !out->bytes.n &&
				r->changes == t->changes;
		}
	}
	pthread_mutex_unlock(&l->lock);
	return e;
}

static enum err may_type(struct ctx *cx, const struct term *t, struct str bytes)
{
	if (!bytes.n || bytes.n > TERM_WRITE)
		return err_set(cx, ERR_INVALID,
			       "1 to %d bytes at once, behind the message",
			       TERM_WRITE);
	if (t->in.n + bytes.n <= TERM_INPUT)
		return OK;
	err_set(cx, ERR_BUSY, "what was typed before was not taken yet");
	cx->error.retry_after_ms = 200;
	return ERR_BUSY;
}

enum err term_write(struct ctx *cx, struct labs *l, const struct id *session,
		    int64_t attach, struct str bytes)
{
	int64_t now = clock_ms(cx->clock);
	struct term *t;
	enum err e;
	bool due = false;

	pthread_mutex_lock(&l->lock);
	e = reader(cx, l, session, attach, &t);
	if (!e)
		e = may_type(cx, t, bytes);
	if (!e) {
		due = t->state == TERM_PARKED;
		e = want(cx, l, t, now);
	}
	if (!e) {
		buf_str(&t->in, bytes);
		CHECK(!t->in.failed);
		t->typed_ms = now;
		term_news(l, t);
	}
	pthread_mutex_unlock(&l->lock);
	stir(cx, due && !e);
	return e;
}

enum err term_resize(struct ctx *cx, struct labs *l, const struct id *session,
		     int64_t attach, struct term_size size)
{
	struct term *t;
	enum err e = fit(cx, size);

	if (e)
		return e;
	pthread_mutex_lock(&l->lock);
	e = reader(cx, l, session, attach, &t);
	if (!e)
		resize(l, t, size);
	pthread_mutex_unlock(&l->lock);
	return e;
}

enum err term_leave(struct ctx *cx, struct labs *l, const struct id *session,
		    int64_t attach, bool end)
{
	int64_t now = clock_ms(cx->clock);
	struct term *t;
	enum err e;

	pthread_mutex_lock(&l->lock);
	e = reader(cx, l, session, attach, &t);
	if (!e) {
		t->left = true;
		term_due(l, now);
		term_wake_reader(l, t);
		if (end && t->state == TERM_WANTED && !t->uncommitted)
			term_become(l, t, TERM_PARKED, TERM_BY_CLOSE, now);
		if (end && (t->state == TERM_LIVE || t->state == TERM_QUEUED ||
			    t->state == TERM_WANTED)) {
			t->close = TERM_BY_CLOSE;
			if (t->state == TERM_LIVE)
				term_become(l, t, TERM_ENDING, TERM_BY_CLOSE,
					    now);
		}
		term_news(l, t);
	}
	pthread_mutex_unlock(&l->lock);
	stir(cx, !e);
	return e;
}
