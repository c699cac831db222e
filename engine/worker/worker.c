#include "engine/worker/worker.h"

#include <stdlib.h>

#include "engine/worker/worker_impl.h"
#include "engine/worker/worker_say.h"

enum {
	NS = 1000000,
	ASK_TIMEOUT_MS = 10000,
	RENEW_TIMEOUT_MS = 5000,
	AWAY_LEAST_MS = 500,
	AWAY_MOST_MS = 10000,
	UNKNOWN_MS = 600000,   /* a server of another version is upgraded */
	SENT_AWAY_MS = 300000, /* the longest, whatever a server says */
	ARENA_BYTES = 65536,
};

static const char *const class_words[] = {
#define X(code, word, percent, doc) word,
	WORKER_CLASSES(X)
#undef X
};

struct ctx worker_ctx(struct worker *w, struct arena *arena)
{
	return (struct ctx){ .arena = arena,
			     .clock = w->clock,
			     .rng = rng_system(),
			     .log = w->log };
}

/* ---- waiting ---- */

void worker_wait(struct worker *w, int64_t until_ns)
{
	struct timespec t = { .tv_sec = until_ns / 1000000000,
			      .tv_nsec = until_ns % 1000000000 };

	pthread_cond_timedwait(&w->moved, &w->lock, &t);
}

void worker_poke(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	w->changes++;
	pthread_cond_broadcast(&w->moved);
	pthread_mutex_unlock(&w->lock);
}

int64_t worker_backoff_ns(int tries, int64_t least_ms, int64_t most_ms)
{
	int64_t ms = least_ms;

	while (tries-- > 0 && ms < most_ms)
		ms *= 2;
	if (ms > most_ms)
		ms = most_ms;
	return (ms / 2 +
		(int64_t)rng_below(rng_system(), (uint64_t)(ms / 2 + 1))) *
	       NS;
}

/* Until something changed or so long has passed. */
static void rest_ns(struct worker *w, uint64_t since, int64_t ns)
{
	int64_t until = clock_mono_ns(w->clock) + ns;

	pthread_mutex_lock(&w->lock);
	while (!w->stopping && w->changes == since &&
	       clock_mono_ns(w->clock) < until)
		worker_wait(w, until);
	pthread_mutex_unlock(&w->lock);
}

/* ---- renewing ---- */

static void *renewer_main(void *arg)
{
	struct worker *w = arg;
	struct arena *arena = arena_new(ARENA_BYTES);
	struct ctx cx = worker_ctx(w, arena);
	struct worker_server server;
	bool open =
		w->o.connect(&cx, w->o.arg, RENEW_TIMEOUT_MS, &server) == OK;

	CHECK(open);
	pthread_mutex_lock(&w->lock);
	while (!w->over) {
		int64_t next;
		uint64_t changes = w->changes;
		size_t lost;

		pthread_mutex_unlock(&w->lock);
		next = leases_renew(&cx, w->leases, &server, &lost);
		arena_reset(arena);
		if (lost) {
			admit_wake(w->admit);
			gate_wake(w->gate);
			worker_poke(w);
		}
		pthread_mutex_lock(&w->lock);
		if (w->over || w->changes != changes)
			continue; /* perhaps a new lease */
		if (next == INT64_MAX)
			pthread_cond_wait(&w->moved, &w->lock);
		else
			worker_wait(w, next);
	}
	pthread_mutex_unlock(&w->lock);
	server.close(server.arg);
	arena_free(arena);
	return NULL;
}

/* ---- asking ---- */

enum asked { ASKED_GOT, ASKED_NONE, ASKED_NO_ROOM, ASKED_AWAY };

static struct hand *idle_hand(struct worker *w)
{
	struct hand *h = NULL;

	pthread_mutex_lock(&w->lock);
	for (int i = 0; !h && i < w->o.hands; i++)
		if (w->hands[i].state == HAND_IDLE)
			h = &w->hands[i];
	if (w->rest_until_ns > clock_mono_ns(w->clock))
		h = NULL;
	pthread_mutex_unlock(&w->lock);
	return h;
}

static void keep_job(struct hand *h, const struct worker_job *j)
{
	arena_reset(h->given);
	h->job = *j;
	h->job.kind = str_copy(h->given, j->kind);
	h->job.body = str_copy(h->given, j->body);
}

static void give(struct worker *w, struct hand *h, const struct worker_job *j,
		 const struct worker_kind *k, int64_t asked_ns)
{
	keep_job(h, j);
	h->kind = k;
	admit_take(w->admit, k, &h->has);
	h->lease = leases_begin(w->leases, &h->job, asked_ns);
	pthread_mutex_lock(&w->lock);
	h->state = HAND_GIVEN;
	w->due = false;
	w->changes++;
	pthread_cond_broadcast(&w->moved);
	pthread_mutex_unlock(&w->lock);
}

static void tell_away(struct worker *w, struct ctx *cx, enum err e)
{
	if (!w->away_since_ns) {
		w->away_since_ns = clock_mono_ns(w->clock);
		log_event(w->log, LOG_WARN, "server_away",
			  LZ("error", err_kind(e)), LZ("text", cx->error.text));
	}
	w->away_tries++;
}

static void tell_back(struct worker *w)
{
	if (w->away_since_ns)
		log_event(w->log, LOG_INFO, "server_back",
			  LINT("ms",
			       (clock_mono_ns(w->clock) - w->away_since_ns) /
				       NS));
	w->away_since_ns = 0;
	w->away_tries = 0;
}

/*
 * "/kinds/2": the server knows no such kind; it is left out for a while.
 * "/about": it is older, and is told less.
 */
static bool leave_out(struct worker *w, const struct ctx *cx,
		      const struct worker_kind *const *asked, size_t n)
{
	struct str field = str_of(cx->error.field);
	int64_t at;

	if (str_starts(field, "/about") && !w->plain) {
		w->plain = true;
		return true;
	}
	if (!str_starts(field, "/kinds/") ||
	    !str_int(str_cut(field, 7, field.n), &at) || at < 0 ||
	    (size_t)at >= n)
		return false;
	for (size_t i = 0; i < w->kinds_n; i++)
		if (w->o.kinds[i] == asked[at])
			w->unknown_until_ns[i] = clock_mono_ns(w->clock) +
						 (int64_t)UNKNOWN_MS * NS;
	log_event(w->log, LOG_WARN, "kind_unknown_to_server",
		  LZ("kind", asked[at]->name));
	return true;
}

/* Of all kinds those that fit now, by name. */
struct wish {
	const struct worker_kind **kinds;
	struct str *names;
	size_t n;
};

static bool wish_make(struct worker *w, struct ctx *cx, struct wish *out)
{
	const struct worker_kind **may =
		ARENA_ARRAY(cx->arena, const struct worker_kind *, w->kinds_n);
	bool *fits = ARENA_ARRAY(cx->arena, bool, w->kinds_n);
	int64_t now = clock_mono_ns(w->clock);
	size_t n = 0;

	for (size_t i = 0; i < w->kinds_n; i++)
		if (!w->refused[i] && w->unknown_until_ns[i] <= now)
			may[n++] = w->o.kinds[i];
	/* One that refuses all says so: else nobody knew why jobs wait. */
	if (!admit_hold(w->admit, may, n, fits) &&
	    (n || w->refused_n < w->kinds_n))
		return false;
	*out = (struct wish){
		.kinds = ARENA_ARRAY(cx->arena, const struct worker_kind *, n),
		.names = ARENA_ARRAY(cx->arena, struct str, n),
	};
	for (size_t i = 0; i < n; i++)
		if (fits[i]) {
			out->kinds[out->n] = may[i];
			out->names[out->n++] = str_of(may[i]->name);
		}
	return true;
}

static enum asked ask(struct worker *w, struct ctx *cx)
{
	struct hand *h = idle_hand(w);
	int64_t asked_ns = clock_mono_ns(w->clock);
	struct worker_job j;
	struct wish wish;
	size_t at = 0;
	bool got = false;
	enum err e;

	if (!h || !wish_make(w, cx, &wish))
		return ASKED_NO_ROOM;
	e = say_lease(cx, &w->server, w->o.name,
		      &(struct list){ wish.names, wish.n },
		      about_said(w, &w->about), w->o.lease_ms, &got, &j);
	while (!e && got && at < wish.n && !str_eq(j.kind, wish.names[at]))
		at++;
	if (!e && got && at < wish.n) {
		tell_back(w);
		give(w, h, &j, wish.kinds[at], asked_ns);
		return ASKED_GOT;
	}
	admit_drop(w->admit);
	if (e == ERR_INVALID && leave_out(w, cx, wish.kinds, wish.n))
		return ASKED_GOT; /* ask again, for the others */
	if (e || got) {
		tell_away(w, cx, e);
		return ASKED_AWAY;
	}
	tell_back(w);
	return ASKED_NONE;
}

/* What a server may say, within what a worker believes. */
static int64_t said_ns(const struct ctx *cx)
{
	int64_t ms = cx->error.retry_after_ms;

	if (ms < 0)
		ms = 0;
	return (ms < SENT_AWAY_MS ? ms : SENT_AWAY_MS) * NS;
}

/* Until there may be room: something changes, or a rest is over. */
static int64_t no_room_ns(struct worker *w)
{
	int64_t most = (int64_t)AWAY_MOST_MS * NS, left;

	pthread_mutex_lock(&w->lock);
	left = w->rest_until_ns - clock_mono_ns(w->clock);
	pthread_mutex_unlock(&w->lock);
	return left > 0 && left < most ? left : most;
}

static int64_t pause_ns(struct worker *w, const struct ctx *cx, enum asked what)
{
	int64_t said = said_ns(cx), ns;

	switch (what) {
	case ASKED_GOT:
		return 0;
	case ASKED_NONE: /* see rest_none */
	case ASKED_NO_ROOM:
		return no_room_ns(w);
	case ASKED_AWAY:
		break;
	}
	ns = worker_backoff_ns(w->away_tries, AWAY_LEAST_MS, AWAY_MOST_MS);
	return ns > said ? ns : said;
}

/* The server has nothing for now. */
static void rest_none(struct worker *w, uint64_t since)
{
	struct str *names = ARENA_ARRAY(w->arena, struct str, w->kinds_n);
	int64_t now = clock_mono_ns(w->clock);
	size_t n = 0;

	for (size_t i = 0; i < w->kinds_n; i++)
		if (!w->refused[i] && w->unknown_until_ns[i] <= now)
			names[n++] = str_of(w->o.kinds[i]->name);
	waiter_rest(w, since, &(struct list){ names, n });
}

static bool stopping(struct worker *w, uint64_t *changes)
{
	bool stop;

	pthread_mutex_lock(&w->lock);
	stop = w->stopping;
	*changes = w->changes;
	pthread_mutex_unlock(&w->lock);
	return stop;
}

/* ---- stopping ---- */

static bool all_idle(const struct worker *w)
{
	for (int i = 0; i < w->o.hands; i++)
		if (w->hands[i].state != HAND_IDLE)
			return false;
	return true;
}

/* Jobs are finished, or given to another worker. */
static bool drain(struct worker *w)
{
	int64_t until = clock_mono_ns(w->clock) + w->o.drain_ms * NS;
	bool clean;

	log_event(w->log, LOG_INFO, "worker_draining",
		  LINT("jobs", leases_count(w->leases)));
	pthread_mutex_lock(&w->lock);
	while (!all_idle(w) && clock_mono_ns(w->clock) < until)
		worker_wait(w, until);
	clean = all_idle(w);
	pthread_mutex_unlock(&w->lock);
	if (!clean) {
		leases_drop(w->leases);
		admit_wake(w->admit);
		gate_wake(w->gate);
	}
	pthread_mutex_lock(&w->lock);
	pthread_cond_broadcast(&w->moved);
	while (!all_idle(w))
		pthread_cond_wait(&w->moved, &w->lock);
	clean = !w->handed_back;
	pthread_mutex_unlock(&w->lock);
	return clean;
}

bool worker_run(struct worker *w)
{
	uint64_t changes;
	bool clean;

	while (!stopping(w, &changes)) {
		struct ctx cx = worker_ctx(w, w->arena);
		enum asked what = ask(w, &cx);

		if (what == ASKED_NONE)
			rest_none(w, changes);
		else if (what != ASKED_GOT)
			rest_ns(w, changes, pause_ns(w, &cx, what));
		arena_reset(w->arena);
	}
	clean = drain(w);
	log_event(w->log, LOG_INFO, "worker_stopped", LBOOL("clean", clean));
	return clean;
}

void worker_stop(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_broadcast(&w->moved);
	pthread_mutex_unlock(&w->lock);
}

/* ---- the worker ---- */

static void may_do(struct worker *w, int level)
{
	size_t n = 0;

	for (size_t i = 0; i < w->kinds_n; i++) {
		const struct worker_kind *k = w->o.kinds[i];

		w->refused[i] = k->level && level < w->o.level;
		w->refused_n += w->refused[i];
		n += !w->refused[i];
		if (w->refused[i])
			log_event(w->log, LOG_ERROR, "worker_refuses",
				  LZ("kind", k->name),
				  LZ("class", class_words[k->group]),
				  LZ("level", run_level_words[level]),
				  LZ("box_level", run_level_words[w->o.level]));
	}
	log_event(w->log, LOG_INFO, "worker_ready", LSTR("name", w->o.name),
		  LZ("level", run_level_words[level]), LINT("kinds", n),
		  LINT("cpu_thousandths", w->o.room.cpu),
		  LINT("memory_bytes", w->o.room.memory_bytes),
		  LINT("hands", w->o.hands));
}

static enum err start_hands(struct ctx *cx, struct worker *w)
{
	enum err e = OK;

	for (int i = 0; !e && i < w->o.hands; i++) {
		struct hand *h = &w->hands[i];

		h->w = w;
		h->given = arena_new(4096);
		h->arena = arena_new(ARENA_BYTES);
		e = w->o.connect(cx, w->o.arg, WORKER_CALL_MS, &h->server);
	}
	if (!e)
		e = w->o.connect(cx, w->o.arg, ASK_TIMEOUT_MS, &w->server);
	if (!e)
		e = hand_runs(cx, &w->hands[0]);
	return e;
}

static void start_threads(struct worker *w)
{
	for (int i = 0; i < w->o.hands; i++)
		CHECK(pthread_create(&w->hands[i].thread, NULL, hand_main,
				     &w->hands[i]) == 0);
	CHECK(pthread_create(&w->renewer, NULL, renewer_main, w) == 0);
	CHECK(pthread_create(&w->waiter, NULL, waiter_main, w) == 0);
}

static void init_locks(struct worker *w)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->moved, &attr);
	pthread_condattr_destroy(&attr);
}

enum err worker_new(struct ctx *cx, const struct worker_opts *o,
		    struct worker **out)
{
	struct worker *w = calloc(1, sizeof(*w)); /* allowed: process */
	enum err e;

	CHECK(w && o->hands >= 1 && o->hands <= WORKER_HANDS);
	w->o = *o;
	w->clock = cx->clock;
	w->log = cx->log;
	init_locks(w);
	while (o->kinds[w->kinds_n])
		w->kinds_n++;

	w->refused = calloc(w->kinds_n + 1, sizeof(bool)); /* allowed: " */
	w->unknown_until_ns =
		calloc(w->kinds_n + 1, sizeof(int64_t)); /* allowed: " */
	w->wait_kinds =
		calloc(w->kinds_n + 1, sizeof(struct str)); /* allowed: " */
	CHECK(w->refused && w->unknown_until_ns && w->wait_kinds);
	w->arena = arena_new(ARENA_BYTES);
	w->leases = leases_new(w->clock, o->lease_ms);
	w->admit = admit_new(o->room);
	w->gate = gate_new();
	e = start_hands(cx, w);
	if (e) {
		worker_free(w);
		return e;
	}
	may_do(w, w->hands[0].runs.runner->level);
	about_make(cx, w, w->hands[0].runs.runner->level);
	start_threads(w);
	*out = w;
	return OK;
}

static void hand_done(struct worker *w, struct hand *h)
{
	if (h->thread)
		pthread_join(h->thread, NULL);
	if (h->has_runs)
		w->o.runs_close(&h->runs);
	if (h->server.close)
		h->server.close(h->server.arg);
	arena_free(h->given);
	arena_free(h->arena);
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->over = true;
	pthread_cond_broadcast(&w->moved);
	pthread_mutex_unlock(&w->lock);
	if (w->renewer)
		pthread_join(w->renewer, NULL);
	if (w->waiter)
		pthread_join(w->waiter, NULL);
	for (int i = 0; i < w->o.hands; i++)
		hand_done(w, &w->hands[i]);
	if (w->server.close)
		w->server.close(w->server.arg);
	leases_free(w->leases);
	admit_free(w->admit);
	gate_free(w->gate);
	arena_free(w->arena);
	pthread_cond_destroy(&w->moved);
	pthread_mutex_destroy(&w->lock);
	free(w->refused);
	free(w->unknown_until_ns);
	free(w->wait_kinds);
	buf_done(&w->about);
	buf_done(&w->languages);
	free(w);
}
