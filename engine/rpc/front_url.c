/* Where a server may listen. */
#include <arpa/inet.h>
#include <stdio.h>

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

bool url_transport(struct str url, enum front_transport *t)
{
	size_t i = scheme_of(url);

	if (i == sizeof(schemes) / sizeof(*schemes))
		return false;
	*t = schemes[i].transport;
	return true;
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

enum err url_judge(struct ctx *cx, struct str url, struct front_url *out)
{
	size_t i = scheme_of(url);
	struct str rest;

	if (i == sizeof(schemes) / sizeof(*schemes))
		return err_set(cx, ERR_INVALID,
			       "%.*s is no URL to listen on: ipc://, tcp://, "
			       "tls+tcp://, ws:// and wss:// are",
			       STR_FMT(url));
	if (url.n >= sizeof(out->given))
		return err_set(cx, ERR_INVALID, "a URL is too long");
	rest = str_cut(url, strlen(schemes[i].scheme), url.n);
	if (schemes[i].plain && !url_is_loopback(rest))
		return err_set(cx, ERR_INVALID,
			       "%.*s would show tokens to the network: plain "
			       "tcp and ws listen on 127.0.0.1 or [::1] only; "
			       "use tls+tcp or wss, or a proxy",
			       STR_FMT(url));
	if (schemes[i].web && str_find(rest, STR("/"), 0) == SIZE_MAX)
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

enum err front_check_urls(struct ctx *cx, struct str urls)
{
	struct str one;
	int n = 0;

	while (str_split(&urls, ',', &one)) {
		struct front_url u;
		enum err e;

		one = str_trim(one);
		if (!one.n)
			continue;
		e = url_judge(cx, one, &u);
		if (e)
			return e;
		if (++n > LISTENERS_MAX)
			return err_set(cx, ERR_INVALID, "at most %d URLs",
				       LISTENERS_MAX);
	}
	return OK;
}
