/*
 * The front end as a whole: bounds, which part listens where, counts, stop.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "engine/rpc/front_impl.h"
#include "engine/rpc/metrics.h"

enum { FULL_LOOKS = 3 };

struct front {
	struct front_state s;
	struct loop_front *loops; /* NULL: no URL is for it */
	struct nng_front *nng;	  /* the same */
	char urls[2048];
};

/* Many that come and go at once are no leak: told when it stays so. */
void front_files(struct front_state *s, int64_t n)
{
	bool full = n > (int64_t)s->files_max * 9 / 10;

	atomic_store(&s->files, n);
	atomic_store(&s->full, full);
	s->full_for = full ? s->full_for + 1 : 0;
	if (s->full_for < FULL_LOOKS || atomic_exchange(&s->exhausted, true))
		return;
	log_event(s->opts.log, LOG_ERROR, "descriptors_exhausted",
		  LINT("open", n), LINT("max", s->files_max),
		  LINT("connections", atomic_load(&s->connections)));
	if (s->opts.exhausted)
		s->opts.exhausted(s->opts.arg);
}

static void front_source(void *arg, struct buf *b)
{
	struct front_stats s;

	front_stats(arg, &s);
	metrics_gauge(b, "assay_connections", "Connections that are open.",
		      s.connections);
	metrics_counter(b, "assay_connections_total",
			"Connections that were opened.", s.opened);
	metrics_counter(b, "assay_connections_refused_total",
			"Connections closed at once: origin, headers, number.",
			s.refused);
	metrics_counter(b, "assay_slow_readers_dropped_total",
			"Connections closed for not taking their replies.",
			s.dropped_slow);
	metrics_counter(b, "assay_http_swept_total",
			"Idle or endless HTTP connections that were shut.",
			s.swept_http);
	metrics_counter(b, "assay_ipc_relistened_total",
			"Times that an ipc listener had to be opened again.",
			s.relistened);
	metrics_gauge(b, "assay_sockets_stuck",
		      "Sockets whose peer has gone and that were not freed.",
		      s.stuck);
	metrics_counter(b, "assay_requests_crowded_total",
			"Requests over the number one connection may have in "
			"flight.",
			s.crowded);
	metrics_gauge(b, "assay_contexts_busy", "Reply slots in use.",
		      s.contexts_busy);
	metrics_gauge(b, "assay_open_files", "Descriptors in use.", s.files);
	metrics_gauge(b, "assay_open_files_max", "Descriptors there are.",
		      s.files_max);
}

static void bounds(struct front_state *s)
{
	struct front_opts *o = &s->opts;
	struct rlimit rl = { 0 };
	int quarter; /* of the slots that one connection can reach */

	if (o->contexts < 1)
		o->contexts = 512;
	if (o->pipe_requests < 1)
		o->pipe_requests = 64;
	if (o->send_timeout_ms < 1)
		o->send_timeout_ms = 1000;
	if (o->idle_ms < 1)
		o->idle_ms = 10000;
	if (o->message_bytes == 0)
		o->message_bytes = 17 << 20;
	if (o->watch_ms < 1)
		o->watch_ms = 1000;
	s->files_max = o->max_files;
	if (getrlimit(RLIMIT_NOFILE, &rl) == 0 &&
	    (s->files_max == 0 || (rlim_t)s->files_max > rl.rlim_cur))
		s->files_max =
			rl.rlim_cur > 1 << 20 ? 1 << 20 : (int)rl.rlim_cur;
	s->conns_max = o->connections ? o->connections : s->files_max * 8 / 10;
	/*
	 * Replies that wait on one connection keep as many slots from others,
	 * for at most send_timeout_ms.
	 */
	quarter = o->contexts / (o->loops > 1 ? o->loops : 1) / 4;
	if (o->pipe_requests > quarter)
		o->pipe_requests = quarter > 1 ? quarter : 1;
}

static enum err listen_one(struct ctx *cx, struct front *f, struct str url,
			   char real[URL_MAX])
{
	struct front_url u;
	enum err e = url_judge(cx, url, URL_REQUESTS, &u);
	bool ours = !e && f->s.opts.loops > 0 &&
		    (u.transport == FRONT_IPC || u.transport == FRONT_TCP);

	if (!e && ours && !f->loops)
		e = loop_front_new(cx, &f->s, &f->loops);
	if (!e && !ours && !f->nng)
		e = nng_front_new(cx, &f->s, &f->nng);
	if (e)
		return e;
	return ours ? loop_front_listen(cx, f->loops, &u, real)
		    : nng_front_listen(cx, f->nng, &u, real);
}

static enum err listen_all(struct ctx *cx, struct front *f)
{
	struct str rest = f->s.opts.listen, url;
	struct buf urls = { .limit = sizeof(f->urls) - 1 };
	char real[URL_MAX];
	enum err e = OK;
	int n = 0;

	while (!e && str_split(&rest, ',', &url)) {
		url = str_trim(url);
		if (!url.n)
			continue;
		if (n++ == LISTENERS_MAX)
			e = err_set(cx, ERR_INVALID, "at most %d URLs",
				    LISTENERS_MAX);
		else
			e = listen_one(cx, f, url, real);
		if (!e)
			buf_fmt(&urls, "%s%s", n > 1 ? "," : "", real);
	}
	if (!e && n == 0)
		e = err_set(cx, ERR_INVALID, "there is no URL to listen on");
	snprintf(f->urls, sizeof(f->urls), "%.*s", STR_FMT(buf_view(&urls)));
	buf_done(&urls);
	return e;
}

enum err front_start(struct ctx *cx, const struct front_opts *o,
		     struct front **out)
{
	struct front *f = calloc(1, sizeof(*f)); /* allowed: process */
	enum err e;

	CHECK(f);
	f->s.opts = *o;
	bounds(&f->s);
	/* Before anybody can ask for the page of them. */
	if (o->metrics)
		metrics_source(o->metrics, front_source, f);
	e = listen_all(cx, f);
	if (e)
		return e; /* the process ends: nothing is taken back */
	if (f->loops)
		loop_front_run(f->loops, f->nng == NULL);
	if (f->nng)
		nng_front_run(f->nng);
	*out = f;
	return OK;
}

struct str front_urls(const struct front *f)
{
	return str_of(f->urls);
}

static bool all_sent(struct front *f)
{
	return atomic_load(&f->s.busy) == 0 &&
	       (!f->loops || !loop_front_unsent(f->loops));
}

bool front_stop(struct front *f, int64_t wait_ms)
{
	const struct timespec ms = { .tv_nsec = 1000000 };
	bool done;

	atomic_store(&f->s.stopping, true);
	if (f->loops)
		loop_front_rest(f->loops);
	if (f->nng)
		nng_front_stop(f->nng);
	while (!all_sent(f) && wait_ms-- > 0)
		nanosleep(&ms, NULL);
	done = all_sent(f);
	if (f->loops)
		loop_front_stop(f->loops);
	return done;
}

void front_stats(const struct front *cf, struct front_stats *out)
{
	struct front_state *s = &((struct front *)cf)->s;

	*out = (struct front_stats){
		.connections = atomic_load(&s->connections),
		.opened = atomic_load(&s->opened),
		.refused = atomic_load(&s->refused),
		.dropped_slow = atomic_load(&s->dropped_slow),
		.relistened = atomic_load(&s->relistened),
		.swept_http = atomic_load(&s->swept_http),
		.crowded = atomic_load(&s->crowded),
		.contexts_busy = atomic_load(&s->busy),
		.stuck = atomic_load(&s->stuck),
		.files = atomic_load(&s->files),
		.files_max = s->files_max,
	};
}
