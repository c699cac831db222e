#include "engine/rpc/nng_impl.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
	const char *scheme;
	enum front_transport transport;
	bool tls;
} schemes[] = {
	{ "ipc://", FRONT_IPC, false },	   { "tcp://", FRONT_TCP, false },
	{ "tls+tcp://", FRONT_TLS, true }, { "ws://", FRONT_WS, false },
	{ "wss://", FRONT_WSS, true },
};

bool url_transport(struct str url, enum front_transport *t)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
		if (str_starts(url, schemes[i].scheme)) {
			*t = schemes[i].transport;
			return true;
		}
	return false;
}

bool url_is_loopback(struct str at)
{
	size_t end = str_find(at, STR("/"), 0);
	struct in_addr v4;
	char host[64];

	at = str_cut(at, 0, end);
	if (str_starts(at, "[::1]"))
		return at.n == 5 || at.p[5] == ':';
	at = str_cut(at, 0, str_find(at, STR(":"), 0));
	if (str_eq_nocase(at, STR("localhost")))
		return true;
	if (at.n >= sizeof(host))
		return false;
	snprintf(host, sizeof(host), "%.*s", STR_FMT(at));
	return inet_pton(AF_INET, host, &v4) == 1 &&
	       ntohl(v4.s_addr) >> 24 == 127;
}

enum front_transport listen_transport(struct front *f, nng_pipe p)
{
	int id = nng_listener_id(nng_pipe_listener(p));
	enum front_transport t = FRONT_TCP;

	pthread_mutex_lock(&f->listen_lock);
	for (int i = 0; i < f->listeners_n; i++)
		if (nng_listener_id(f->listeners[i].listener) == id)
			t = f->listeners[i].transport;
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
	return err_set(cx, ERR_INVALID, "tls_cert %.*s cannot be used: %s",
		       STR_FMT(cert), nng_strerror(rv));
}

static int set_options(struct front *f, struct listening *l, nng_listener nl)
{
	size_t max = f->opts.message_bytes;
	int rv = nng_listener_set_size(nl, NNG_OPT_RECVMAXSZ, max);

	if (rv == 0 && l->transport == FRONT_IPC)
		rv = nng_listener_set_int(nl, NNG_OPT_IPC_PERMISSIONS, 0660);
	if (rv == 0 && (l->transport == FRONT_TCP || l->transport == FRONT_TLS))
		rv = nng_listener_set_bool(nl, NNG_OPT_TCP_NODELAY, true);
	if (rv == 0 && (l->transport == FRONT_WS || l->transport == FRONT_WSS))
		rv = nng_listener_set_size(nl, NNG_OPT_WS_RECVMAXFRAME,
					   max + 4);
	if (rv == 0 && (l->transport == FRONT_TLS || l->transport == FRONT_WSS))
		rv = nng_listener_set_ptr(nl, NNG_OPT_TLS_CONFIG, f->tls);
	return rv;
}

/* The listener is known by its id before the first connection comes. */
static int open_listener(struct front *f, struct listening *l)
{
	nng_listener nl;
	int rv = nng_listener_create(&nl, f->sock, l->given);

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

bool listen_again(struct front *f, int i)
{
	struct listening *l = &f->listeners[i];

	nng_listener_close(l->listener);
	return open_listener(f, l) == 0;
}

/* The port that was really taken, into l->port and l->url. */
static void find_port(struct listening *l)
{
	char copy[sizeof(l->given)];
	struct str given;
	size_t host, path, colon;
	nng_sockaddr sa;
	int port = 0;

	memcpy(copy, l->given, sizeof(copy));
	memcpy(l->url, copy, sizeof(copy));
	given = str_of(copy);
	host = str_find(given, STR("://"), 0) + 3;
	path = str_find(given, STR("/"), host);
	if (l->transport == FRONT_IPC)
		return;
	if (path == SIZE_MAX)
		path = given.n;
	for (colon = path; colon > host && given.p[colon - 1] != ':';)
		colon--;
	if (l->http) {
		if (nng_http_server_get_addr(l->http, &sa) == 0)
			port = ntohs(sa.s_family == NNG_AF_INET6
					     ? sa.s_in6.sa_port
					     : sa.s_in.sa_port);
	} else if (nng_listener_get_addr(l->listener, NNG_OPT_LOCADDR, &sa) ==
		   0) {
		port = ntohs(sa.s_family == NNG_AF_INET6 ? sa.s_in6.sa_port
							 : sa.s_in.sa_port);
	}
	if (l->http)
		l->port = port;
	if (port && colon > host)
		snprintf(l->url, sizeof(l->url), "%.*s%d%s", (int)colon,
			 given.p, port, given.p + path);
}

/* Pages and the SP listener share one HTTP server, found by its address. */
static enum err open_http(struct ctx *cx, struct front *f, struct listening *l)
{
	nng_url *url = NULL;
	int rv = nng_url_parse(&url, l->given);
	enum err e = OK;

	if (rv == 0)
		rv = nng_http_server_hold(&l->http, url);
	if (rv == 0 && l->transport == FRONT_WSS)
		rv = nng_http_server_set_tls(l->http, f->tls);
	if (rv == 0)
		e = pages_add(cx, l->http, f->opts.pages);
	nng_url_free(url);
	if (rv != 0)
		e = err_set(cx, ERR_INVALID, "cannot listen on %s: %s",
			    l->given, nng_strerror(rv));
	return e;
}

static enum err judge_url(struct ctx *cx, struct str url, struct listening *l)
{
	size_t at;

	if (!url_transport(url, &l->transport))
		return err_set(cx, ERR_INVALID,
			       "%.*s is no URL to listen on: ipc://, tcp://, "
			       "tls+tcp://, ws:// and wss:// are",
			       STR_FMT(url));
	if (url.n >= sizeof(l->given))
		return err_set(cx, ERR_INVALID, "a URL is too long");
	at = str_find(url, STR("://"), 0) + 3;
	if ((l->transport == FRONT_TCP || l->transport == FRONT_WS) &&
	    !url_is_loopback(str_cut(url, at, url.n)))
		return err_set(cx, ERR_INVALID,
			       "%.*s would show tokens to the network: plain "
			       "tcp and ws listen on 127.0.0.1 or [::1] only; "
			       "use tls+tcp or wss, or a proxy",
			       STR_FMT(url));
	if ((l->transport == FRONT_WS || l->transport == FRONT_WSS) &&
	    str_find(url, STR("/"), at) == SIZE_MAX)
		return err_set(cx, ERR_INVALID,
			       "%.*s needs a path, such as /rpc", STR_FMT(url));
	snprintf(l->given, sizeof(l->given), "%.*s", STR_FMT(url));
	return OK;
}

enum err front_check_urls(struct ctx *cx, struct str urls)
{
	struct str one;
	int n = 0;

	while (str_split(&urls, ',', &one)) {
		struct listening l = { 0 };
		enum err e;

		one = str_trim(one);
		if (!one.n)
			continue;
		e = judge_url(cx, one, &l);
		if (e)
			return e;
		if (++n > LISTENERS_MAX)
			return err_set(cx, ERR_INVALID, "at most %d URLs",
				       LISTENERS_MAX);
	}
	return OK;
}

static enum err open_one(struct ctx *cx, struct front *f, struct str url)
{
	struct listening *l = &f->listeners[f->listeners_n];
	enum err e;
	int rv;

	if (f->listeners_n == LISTENERS_MAX)
		return err_set(cx, ERR_INVALID, "at most %d URLs",
			       LISTENERS_MAX);
	e = judge_url(cx, url, l);
	if (e)
		return e;
	if (!f->tls && (l->transport == FRONT_TLS || l->transport == FRONT_WSS))
		e = listen_tls(cx, f->opts.tls_cert, &f->tls);
	if (!e && (l->transport == FRONT_WS || l->transport == FRONT_WSS))
		e = open_http(cx, f, l);
	if (e)
		return e;
	f->listeners_n++;
	rv = open_listener(f, l);
	if (rv != 0)
		return err_set(cx, ERR_INVALID, "cannot listen on %s: %s",
			       l->given, nng_strerror(rv));
	find_port(l);
	return OK;
}

enum err listen_all(struct ctx *cx, struct front *f)
{
	struct str rest = f->opts.listen, url;
	size_t n = 0;
	enum err e = OK;

	while (!e && str_split(&rest, ',', &url)) {
		url = str_trim(url);
		if (url.n)
			e = open_one(cx, f, url);
	}
	if (e)
		return e;
	if (f->listeners_n == 0)
		return err_set(cx, ERR_INVALID, "there is no URL to listen on");
	for (int i = 0; i < f->listeners_n; i++) {
		int w = snprintf(f->urls + n, sizeof(f->urls) - n, "%s%s",
				 i ? "," : "", f->listeners[i].url);

		if (w < 0 || (size_t)w >= sizeof(f->urls) - n)
			break;
		n += (size_t)w;
	}
	return OK;
}
