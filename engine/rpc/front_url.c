/* Where a server may listen. */
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/un.h>

#include "engine/rpc/front_impl.h"

static const struct {
	const char *scheme;
	enum front_transport transport;
	bool plain, web; /* shows what it carries; is HTTP at first */
} schemes[] = {
	{ "ipc://", FRONT_IPC, false, false },
	{ "tcp://", FRONT_TCP, true, false },
	{ "tls+tcp://", FRONT_TLS, false, false },
	{ "ws://", FRONT_WS, true, true },
	{ "wss://", FRONT_WSS, false, true },
};

static size_t scheme_of(struct str url)
{
	size_t i = 0;

	while (i < sizeof(schemes) / sizeof(*schemes) &&
	       !str_starts(url, schemes[i].scheme))
		i++;
	return i;
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

/* The host and the port of HOST:PORT[/PATH]; the port may be absent. */
static struct str split_port(struct str at, struct str *host)
{
	size_t colon;

	at = str_cut(at, 0, str_find(at, STR("/"), 0));
	for (colon = at.n;
	     colon > 0 && at.p[colon - 1] != ':' && at.p[colon - 1] != ']';)
		colon--;
	*host = at;
	if (colon == 0 || at.p[colon - 1] != ':')
		return (struct str){ 0 };
	*host = str_cut(at, 0, colon - 1);
	return str_cut(at, colon, at.n);
}

static enum err judge_port(struct ctx *cx, struct str url, struct str rest,
			   bool web)
{
	struct str host, port = split_port(rest, &host);
	int64_t n;

	if (!port.n && !(web && !port.p))
		return err_set(cx, ERR_INVALID, "%.*s needs a port: HOST:PORT",
			       STR_FMT(url));
	if (port.n && (port.n > 5 || !str_int(port, &n) || n < 0 || n > 65535))
		return err_set(cx, ERR_INVALID,
			       "%.*s: a port is a number from 1 to 65535, or 0 "
			       "for any that is free",
			       STR_FMT(url));
	return OK;
}

static enum err judge_path(struct ctx *cx, struct str url, struct str path)
{
	struct sockaddr_un at;

	if (!path.n)
		return err_set(cx, ERR_INVALID,
			       "%.*s needs the path of a socket", STR_FMT(url));
	if (path.n >= sizeof(at.sun_path))
		return err_set(cx, ERR_INVALID,
			       "%.*s: the path of a socket has at most %zu "
			       "bytes",
			       STR_FMT(url), sizeof(at.sun_path) - 1);
	return OK;
}

enum err url_judge(struct ctx *cx, struct str url, enum url_use use,
		   struct front_url *out)
{
	size_t i = scheme_of(url);
	struct str rest;
	enum err e;

	if (i == sizeof(schemes) / sizeof(*schemes))
		return err_set(cx, ERR_INVALID,
			       "%.*s is no URL to listen on: ipc://, tcp://, "
			       "tls+tcp://, ws:// and wss:// are",
			       STR_FMT(str_cut(url, 0, 200)));
	if (url.n >= sizeof(out->given))
		return err_set(cx, ERR_INVALID, "a URL is too long");
	rest = str_cut(url, strlen(schemes[i].scheme), url.n);
	e = schemes[i].transport == FRONT_IPC
		    ? judge_path(cx, url, rest)
		    : judge_port(cx, url, rest, schemes[i].web);
	if (e)
		return e;
	if (schemes[i].plain && !url_is_loopback(rest))
		return err_set(cx, ERR_INVALID,
			       "%.*s would show tokens to the network: plain "
			       "tcp and ws listen on 127.0.0.1 or [::1] only; "
			       "use tls+tcp or wss, or a proxy",
			       STR_FMT(url));
	if (schemes[i].web && use == URL_REQUESTS &&
	    str_find(rest, STR("/"), 0) == SIZE_MAX)
		return err_set(cx, ERR_INVALID,
			       "%.*s needs a path, such as /rpc", STR_FMT(url));
	out->transport = schemes[i].transport;
	snprintf(out->given, sizeof(out->given), "%.*s", STR_FMT(url));
	out->at = strlen(schemes[i].scheme);
	return OK;
}

void url_with_port(const struct front_url *u, int port, char out[URL_MAX])
{
	struct str given = str_of(u->given);
	size_t path = str_find(given, STR("/"), u->at), colon;

	memcpy(out, u->given, URL_MAX);
	if (path == SIZE_MAX)
		path = given.n;
	for (colon = path; colon > u->at && given.p[colon - 1] != ':';)
		colon--;
	if (port && colon > u->at)
		snprintf(out, URL_MAX, "%.*s%d%s", (int)colon, given.p, port,
			 given.p + path);
}

/* localhost is 127.0.0.1. */
static bool same_host(struct str a, struct str b)
{
	const struct str here = STR("localhost");

	if (str_eq_nocase(a, here))
		a = STR("127.0.0.1");
	if (str_eq_nocase(b, here))
		b = STR("127.0.0.1");
	return str_eq_nocase(a, b);
}

/* Would one stand in the other's way? Port 0 never does. */
static bool same_place(const struct front_url *a, const struct front_url *b)
{
	struct str at = str_of(a->given + a->at), bt = str_of(b->given + b->at);
	struct str host_a, host_b, port_a, port_b;

	if (a->transport == FRONT_IPC || b->transport == FRONT_IPC)
		return a->transport == b->transport && str_eq(at, bt);
	port_a = split_port(at, &host_a);
	port_b = split_port(bt, &host_b);
	return same_host(host_a, host_b) && str_eq(port_a, port_b) &&
	       !str_is(port_a, "0");
}

struct url_list {
	struct front_url at[LISTENERS_MAX];
	size_t n;
};

static enum err check_list(struct ctx *cx, struct str urls, enum url_use use,
			   struct url_list *l)
{
	struct str one;

	while (str_split(&urls, ',', &one)) {
		enum err e;

		one = str_trim(one);
		if (!one.n)
			continue;
		if (l->n == LISTENERS_MAX)
			return err_set(cx, ERR_INVALID, "at most %d URLs",
				       LISTENERS_MAX);
		e = url_judge(cx, one, use, &l->at[l->n]);
		if (e)
			return e;
		for (size_t i = 0; i < l->n; i++)
			if (same_place(&l->at[i], &l->at[l->n]))
				return err_set(cx, ERR_INVALID,
					       "%s is where %s is: each needs "
					       "a place of its own",
					       l->at[l->n].given,
					       l->at[i].given);
		l->n++;
	}
	if (!l->n)
		return err_set(cx, ERR_INVALID, "there is no URL in it");
	return OK;
}

enum err front_check_urls(struct ctx *cx, struct str urls)
{
	struct url_list l = { .n = 0 };

	return check_list(cx, urls, URL_REQUESTS, &l);
}

static bool is_web(const struct front_url *u)
{
	return u->transport == FRONT_WS || u->transport == FRONT_WSS;
}

enum err front_check_feed(struct ctx *cx, struct str urls, struct str listen)
{
	struct url_list feed = { .n = 0 }, others = { .n = 0 };
	enum err e = check_list(cx, urls, URL_FEED, &feed);

	if (!e)
		e = check_list(cx, listen, URL_REQUESTS, &others);
	for (size_t i = 0; !e && i < feed.n; i++)
		for (size_t j = 0; !e && j < others.n; j++)
			if (same_place(&feed.at[i], &others.at[j]) &&
			    !(is_web(&feed.at[i]) && is_web(&others.at[j])))
				e = err_set(cx, ERR_INVALID,
					    "%s is where requests are "
					    "listened for: the feed needs a "
					    "place of its own",
					    feed.at[i].given);
	return e;
}

/* scheme://host[:port], as a browser sends it. */
static bool is_origin(struct str s)
{
	size_t colon = str_find(s, STR("://"), 0);
	struct str rest;

	if (str_is(s, "*") || str_is(s, "null"))
		return true;
	if (colon == SIZE_MAX || colon == 0)
		return false;
	rest = str_cut(s, colon + 3, s.n);
	return rest.n && str_find(rest, STR("/"), 0) == SIZE_MAX &&
	       str_find(rest, STR(" "), 0) == SIZE_MAX;
}

enum err front_check_origins(struct ctx *cx, struct str origins)
{
	struct str one;

	while (str_split(&origins, ',', &one)) {
		one = str_trim(one);
		if (one.n && !is_origin(one))
			return err_set(cx, ERR_INVALID,
				       "%.*s is no origin: write "
				       "https://HOST or https://HOST:PORT, "
				       "with nothing behind it",
				       STR_FMT(str_cut(one, 0, 200)));
	}
	return OK;
}
