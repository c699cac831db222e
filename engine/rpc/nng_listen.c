#include "engine/rpc/nng_impl.h"

#include <arpa/inet.h>

enum front_transport listen_transport(struct nng_front *f, nng_pipe p)
{
	int id = nng_listener_id(nng_pipe_listener(p));
	enum front_transport t = FRONT_TCP;

	pthread_mutex_lock(&f->listen_lock);
	for (int i = 0; i < f->listeners_n; i++)
		if (nng_listener_id(f->listeners[i].listener) == id)
			t = f->listeners[i].url.transport;
	pthread_mutex_unlock(&f->listen_lock);
	return t;
}

enum err listen_tls(struct ctx *cx, struct str cert, nng_tls_config **out)
{
	nng_tls_config *c = NULL;
	int rv;

	if (cert.n == 0)
		return err_set(cx, ERR_INVALID,
			       "tls+tcp and wss need tls_cert, a PEM file "
			       "with the certificate chain and the key");
	rv = nng_tls_config_alloc(&c, NNG_TLS_MODE_SERVER);
	if (rv == 0)
		rv = nng_tls_config_auth_mode(c, NNG_TLS_AUTH_MODE_NONE);
	if (rv == 0)
		rv = nng_tls_config_cert_key_file(c, str_z(cx->arena, cert),
						  NULL);
	if (rv == 0) {
		*out = c;
		return OK;
	}
	if (c)
		nng_tls_config_free(c);
	return err_field(cx, ERR_INVALID, "tls_cert",
			 "setting tls_cert: %.*s is no PEM file with a "
			 "certificate chain and its key (%s)",
			 STR_FMT(cert), nng_strerror(rv));
}

enum err front_check_cert(struct ctx *cx, struct str tls_cert)
{
	nng_tls_config *c = NULL;
	enum err e = listen_tls(cx, tls_cert, &c);

	if (!e)
		nng_tls_config_free(c);
	return e;
}

static int set_options(struct nng_front *f, struct listening *l,
		       nng_listener nl)
{
	size_t max = f->s->opts.message_bytes;
	int rv = nng_listener_set_size(nl, NNG_OPT_RECVMAXSZ, max);

	if (rv == 0 && l->url.transport == FRONT_IPC)
		rv = nng_listener_set_int(nl, NNG_OPT_IPC_PERMISSIONS, 0660);
	if (rv == 0 &&
	    (l->url.transport == FRONT_TCP || l->url.transport == FRONT_TLS))
		rv = nng_listener_set_bool(nl, NNG_OPT_TCP_NODELAY, true);
	if (rv == 0 &&
	    (l->url.transport == FRONT_WS || l->url.transport == FRONT_WSS))
		rv = nng_listener_set_size(nl, NNG_OPT_WS_RECVMAXFRAME,
					   max + 4);
	if (rv == 0 &&
	    (l->url.transport == FRONT_TLS || l->url.transport == FRONT_WSS))
		rv = nng_listener_set_ptr(nl, NNG_OPT_TLS_CONFIG, f->tls);
	return rv;
}

/* The listener is known by its id before the first connection comes. */
static int open_listener(struct nng_front *f, struct listening *l)
{
	nng_listener nl;
	int rv = nng_listener_create(&nl, f->sock, l->url.given);

	if (rv != 0)
		return rv;
	rv = set_options(f, l, nl);
	pthread_mutex_lock(&f->listen_lock);
	l->listener = nl;
	pthread_mutex_unlock(&f->listen_lock);
	if (rv == 0)
		rv = nng_listener_start(nl, 0);
	if (rv != 0)
		nng_listener_close(nl);
	return rv;
}

bool listen_again(struct nng_front *f, int i)
{
	struct listening *l = &f->listeners[i];

	nng_listener_close(l->listener);
	return open_listener(f, l) == 0;
}

/* The port that was really taken; 0: there is none. */
static int find_port(struct listening *l)
{
	nng_sockaddr sa;
	int rv;

	if (l->url.transport == FRONT_IPC)
		return 0;
	rv = l->http ? nng_http_server_get_addr(l->http, &sa)
		     : nng_listener_get_addr(l->listener, NNG_OPT_LOCADDR, &sa);
	if (rv != 0)
		return 0;
	return ntohs(sa.s_family == NNG_AF_INET6 ? sa.s_in6.sa_port
						 : sa.s_in.sa_port);
}

/* Pages and the SP listener share one HTTP server, found by its address. */
static enum err open_http(struct ctx *cx, struct nng_front *f,
			  struct listening *l)
{
	nng_url *url = NULL;
	int rv = nng_url_parse(&url, l->url.given);
	enum err e = OK;

	if (rv == 0)
		rv = nng_http_server_hold(&l->http, url);
	if (rv == 0 && l->url.transport == FRONT_WSS)
		rv = nng_http_server_set_tls(l->http, f->tls);
	if (rv == 0)
		e = pages_add(cx, l->http, f->s->opts.pages);
	nng_url_free(url);
	if (rv != 0)
		e = err_set(cx, ERR_INVALID, "cannot listen on %s: %s",
			    l->url.given, nng_strerror(rv));
	return e;
}

enum err nng_front_listen(struct ctx *cx, struct nng_front *f,
			  const struct front_url *u, char real[URL_MAX])
{
	struct listening *l = &f->listeners[f->listeners_n];
	enum front_transport t = u->transport;
	enum err e = OK;
	int rv, port;

	CHECK(f->listeners_n < LISTENERS_MAX);
	l->url = *u;
	if (!f->tls && (t == FRONT_TLS || t == FRONT_WSS))
		e = listen_tls(cx, f->s->opts.tls_cert, &f->tls);
	if (!e && (t == FRONT_WS || t == FRONT_WSS))
		e = open_http(cx, f, l);
	if (e)
		return e;
	f->listeners_n++;
	rv = open_listener(f, l);
	if (rv != 0)
		return err_set(cx, ERR_INVALID, "cannot listen on %s: %s",
			       u->given, nng_strerror(rv));
	port = find_port(l);
	if (l->http)
		l->port = port;
	url_with_port(u, port, real);
	return OK;
}
