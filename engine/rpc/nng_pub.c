/*
 * The feed's pub socket. A subscriber says nothing, so its connections need
 * only the watch over ipc that nng_watch.c keeps for rep: here a thread probes
 * the ipc listeners each PROBE_EVERY_MS and opens a dead one again.
 */
#include "engine/rpc/pub.h"

#include <nng/nng.h>
#include <nng/protocol/pubsub0/pub.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine/rpc/nng_impl.h"
#include "engine/rpc/sp.h"

enum { PROBE_EVERY_MS = 2000, SUB_MESSAGE_MAX = 64 };

struct pub {
	nng_socket sock;
	nng_tls_config *tls;
	struct log *log;
	struct str origins;
	struct {
		char url[512];
		nng_listener listener;
		bool ipc;
	} at[LISTENERS_MAX];
	int n;
	char urls[2048];
	_Atomic int64_t subscribers, own_ipc;
	pthread_t watch;
};

static void sub_event(nng_pipe p, nng_pipe_ev ev, void *arg)
{
	struct pub *pub = arg;
	char *headers = NULL;
	bool ok = true;

	if (ev == NNG_PIPE_EV_REM_POST) {
		atomic_fetch_sub(&pub->subscribers, 1);
		return;
	}
	if (ev != NNG_PIPE_EV_ADD_PRE)
		return;
	atomic_fetch_add(&pub->subscribers, 1);
	if (pipe_is_own(p))
		atomic_fetch_add(&pub->own_ipc, 1);
	if (nng_pipe_get_string(p, NNG_OPT_WS_REQUEST_HEADERS, &headers) != 0)
		return; /* no ws */
	ok = strlen(headers) <= HEADERS_MAX &&
	     origin_allowed(pub->origins, str_of(headers));
	nng_strfree(headers);
	if (!ok)
		nng_pipe_close(p);
}

static int open_at(struct pub *p, int i, enum front_transport t)
{
	nng_listener l;
	int rv = nng_listener_create(&l, p->sock, p->at[i].url);

	if (rv != 0)
		return rv;
	rv = nng_listener_set_size(l, NNG_OPT_RECVMAXSZ, SUB_MESSAGE_MAX);
	if (rv == 0 && t == FRONT_IPC)
		rv = nng_listener_set_int(l, NNG_OPT_IPC_PERMISSIONS, 0660);
	if (rv == 0 && (t == FRONT_TLS || t == FRONT_WSS))
		rv = nng_listener_set_ptr(l, NNG_OPT_TLS_CONFIG, p->tls);
	if (rv == 0)
		rv = nng_listener_start(l, 0);
	if (rv != 0)
		nng_listener_close(l);
	p->at[i].listener = l;
	return rv;
}

static void *watch(void *arg)
{
	const struct timespec pause = { .tv_sec = PROBE_EVERY_MS / 1000 };
	struct pub *p = arg;

	for (;;) {
		nanosleep(&pause, NULL);
		for (int i = 0; i < p->n; i++) {
			if (!p->at[i].ipc ||
			    ipc_lives(p->at[i].url, SP_PROTO_SUB, &clock_system,
				      &p->own_ipc))
				continue;
			nng_listener_close(p->at[i].listener);
			log_event(
				p->log, LOG_WARN, "feed_listened_again",
				LZ("url", p->at[i].url),
				LBOOL("works", open_at(p, i, FRONT_IPC) == 0));
		}
	}
	return NULL;
}

static enum err listen_at(struct ctx *cx, struct pub *p, struct str cert,
			  struct str url)
{
	enum front_transport t;
	struct front_url u;
	enum err e = url_judge(cx, url, URL_FEED, &u);
	int rv;

	if (e)
		return e;
	if (p->n == LISTENERS_MAX)
		return err_set(cx, ERR_INVALID, "feed: at most %d URLs",
			       LISTENERS_MAX);
	t = u.transport;
	if (!p->tls && (t == FRONT_TLS || t == FRONT_WSS))
		e = listen_tls(cx, cert, &p->tls);
	if (e)
		return e;
	snprintf(p->at[p->n].url, sizeof(p->at[p->n].url), "%s", u.given);
	p->at[p->n].ipc = t == FRONT_IPC;
	rv = open_at(p, p->n, t);
	if (rv != 0)
		return err_set(cx, ERR_INVALID, "feed: cannot listen on %s: %s",
			       p->at[p->n].url, nng_strerror(rv));
	p->n++;
	return OK;
}

enum err pub_new(struct ctx *cx, const struct feed_opts *o, struct pub **out)
{
	struct pub *p = calloc(1, sizeof(*p)); /* allowed: process */
	struct str rest = o->urls, url;
	enum err e = OK;
	int rv;

	CHECK(p);
	p->log = o->log;
	p->origins = o->origins;
	rv = nng_pub0_open(&p->sock);
	for (int ev = NNG_PIPE_EV_ADD_PRE; rv == 0 && ev < NNG_PIPE_EV_NUM;
	     ev++)
		rv = nng_pipe_notify(p->sock, (nng_pipe_ev)ev, sub_event, p);
	if (rv != 0)
		return err_set(cx, ERR_UNAVAILABLE, "cannot open a socket: %s",
			       nng_strerror(rv));
	while (!e && str_split(&rest, ',', &url)) {
		url = str_trim(url);
		if (url.n)
			e = listen_at(cx, p, o->tls_cert, url);
	}
	if (e)
		return e; /* the process ends: nothing is taken back */
	snprintf(p->urls, sizeof(p->urls), "%.*s", STR_FMT(o->urls));
	CHECK(pthread_create(&p->watch, NULL, watch, p) == 0);
	*out = p;
	return OK;
}

struct str pub_urls(const struct pub *p)
{
	return str_of(p->urls);
}

int64_t pub_subscribers(const struct pub *cp)
{
	return atomic_load(&((struct pub *)cp)->subscribers);
}

void pub_send(struct pub *p, struct str message)
{
	nng_msg *m;

	if (nng_msg_alloc(&m, message.n) != 0)
		return;
	memcpy(nng_msg_body(m), message.p, message.n);
	if (nng_sendmsg(p->sock, m, NNG_FLAG_NONBLOCK) != 0)
		nng_msg_free(m);
}
