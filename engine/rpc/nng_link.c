/*
 * tls+tcp, ws and wss by nng. The first connection is dialled where its end can
 * be seen: nng alone would try again for ever and tell nobody why, so that a
 * certificate that is not trusted looked like a server that is not there.
 */
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <nng/supplemental/tls/tls.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "engine/rpc/link.h"

enum { REPLY_MAX = 32 << 20 };

struct nng_link {
	struct link link; /* first */
	nng_socket sock;
	nng_tls_config *tls;
};

/* A dial that may take longer than we want to wait. */
struct dial {
	nng_dialer dialer;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool done;
	int rv;
};

static bool exchange(struct link *l, struct str message, struct buf *reply,
		     int64_t timeout_ms)
{
	struct nng_link *n = (struct nng_link *)l;
	nng_msg *m;

	nng_socket_set_ms(n->sock, NNG_OPT_SENDTIMEO, (nng_duration)timeout_ms);
	nng_socket_set_ms(n->sock, NNG_OPT_RECVTIMEO, (nng_duration)timeout_ms);
	if (nng_msg_alloc(&m, message.n) != 0)
		return false;
	memcpy(nng_msg_body(m), message.p, message.n);
	if (nng_sendmsg(n->sock, m, 0) != 0) {
		nng_msg_free(m);
		return false;
	}
	if (nng_recvmsg(n->sock, &m, 0) != 0)
		return false;
	buf_reset(reply);
	buf_add(reply, nng_msg_body(m), nng_msg_len(m));
	nng_msg_free(m);
	return !reply->failed;
}

static void close_link(struct link *l)
{
	struct nng_link *n = (struct nng_link *)l;

	nng_close(n->sock); /* nothing is in flight here */
	if (n->tls)
		nng_tls_config_free(n->tls);
	free(n);
}

static int tls_options(struct ctx *cx, struct nng_link *n, nng_dialer d,
		       const struct client_opts *o)
{
	size_t at = str_find(o->url, STR("://"), 0) + 3;
	struct str host = str_cut(o->url, at, o->url.n);
	int rv = nng_tls_config_alloc(&n->tls, NNG_TLS_MODE_CLIENT);

	host = str_cut(host, 0, str_find(host, STR("/"), 0));
	host = str_cut(host, 0, str_find(host, STR(":"), 0));
	if (rv == 0)
		rv = nng_tls_config_auth_mode(
			n->tls, o->insecure ? NNG_TLS_AUTH_MODE_NONE
					    : NNG_TLS_AUTH_MODE_REQUIRED);
	if (rv == 0)
		rv = nng_tls_config_server_name(n->tls, str_z(cx->arena, host));
	if (rv == 0 && o->ca_file.n)
		rv = nng_tls_config_ca_file(n->tls,
					    str_z(cx->arena, o->ca_file));
	if (rv == 0)
		rv = nng_dialer_set_ptr(d, NNG_OPT_TLS_CONFIG, n->tls);
	return rv;
}

static void *dial_thread(void *arg)
{
	struct dial *d = arg;
	int rv = nng_dialer_start(d->dialer, 0);

	pthread_mutex_lock(&d->lock);
	d->rv = rv;
	d->done = true;
	pthread_cond_signal(&d->changed);
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

/* Connects, handshakes included; NNG_ETIMEDOUT after so long. */
static int dial(nng_dialer dialer, int64_t timeout_ms)
{
	struct dial d = { .dialer = dialer };
	struct timespec until;
	pthread_condattr_t attr;
	pthread_t thread;
	bool late;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&d.lock, NULL);
	pthread_cond_init(&d.changed, &attr);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += timeout_ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	CHECK(pthread_create(&thread, NULL, dial_thread, &d) == 0);
	pthread_mutex_lock(&d.lock);
	while (!d.done &&
	       pthread_cond_timedwait(&d.changed, &d.lock, &until) == 0)
		;
	late = !d.done;
	pthread_mutex_unlock(&d.lock);
	if (late)
		nng_dialer_close(dialer); /* the dial ends with it */
	pthread_join(thread, NULL);
	pthread_cond_destroy(&d.changed);
	pthread_condattr_destroy(&attr);
	pthread_mutex_destroy(&d.lock);
	return late ? NNG_ETIMEDOUT : d.rv;
}

static enum err cannot(struct ctx *cx, const struct client_opts *o, int rv)
{
	if (rv == NNG_EPEERAUTH)
		return err_set(cx, ERR_UNAUTHENTICATED,
			       "the certificate of the server at %.*s is not "
			       "trusted: --ca FILE names who may have signed "
			       "it%s",
			       STR_FMT(o->url),
			       o->ca_file.n ? ", and this one has not" : "");
	if (rv == NNG_ECRYPTO)
		return err_set(cx, ERR_UNAUTHENTICATED,
			       "no TLS with the server at %.*s: its "
			       "certificate is not made out to the host in "
			       "the URL or not signed by one whom --ca FILE "
			       "names, or it wants another version of TLS",
			       STR_FMT(o->url));
	if (rv == NNG_ENOENT)
		return err_set(cx, ERR_INVALID, "--ca: there is no file %.*s",
			       STR_FMT(o->ca_file));
	if (rv == NNG_ECONNREFUSED || rv == NNG_ETIMEDOUT ||
	    rv == NNG_ECONNRESET || rv == NNG_ECONNSHUT ||
	    rv == NNG_EUNREACHABLE || rv == NNG_EADDRINVAL)
		return err_set(cx, ERR_UNAVAILABLE,
			       "no server answers at %.*s (%s)",
			       STR_FMT(o->url), nng_strerror(rv));
	return err_set(cx, ERR_UNAVAILABLE, "cannot use %.*s: %s",
		       STR_FMT(o->url), nng_strerror(rv));
}

enum err link_nng(struct ctx *cx, const struct client_opts *o,
		  struct link **out)
{
	struct nng_link *n = calloc(1, sizeof(*n)); /* allowed: a connection */
	bool web = str_starts(o->url, "ws");
	nng_dialer d;
	int rv;

	CHECK(n);
	n->link = (struct link){ exchange, close_link };
	rv = nng_req0_open(&n->sock);
	if (rv == 0)
		rv = nng_socket_set_ms(n->sock, NNG_OPT_REQ_RESENDTIME,
				       NNG_DURATION_INFINITE);
	if (rv == 0)
		rv = nng_dialer_create(&d, n->sock, str_z(cx->arena, o->url));
	if (rv == 0)
		rv = nng_dialer_set_size(d, NNG_OPT_RECVMAXSZ, REPLY_MAX);
	if (rv == 0 && web)
		rv = nng_dialer_set_size(d, NNG_OPT_WS_RECVMAXFRAME, REPLY_MAX);
	if (rv == 0 && (str_starts(o->url, "wss") || str_starts(o->url, "tls")))
		rv = tls_options(cx, n, d, o);
	if (rv == 0)
		rv = dial(d, o->timeout_ms);
	if (rv == 0) {
		*out = &n->link;
		return OK;
	}
	close_link(&n->link);
	return cannot(cx, o, rv);
}
