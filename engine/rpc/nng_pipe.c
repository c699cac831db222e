/*
 * Who may stay connected. nng asks before a connection is used; what is wrong
 * with it is closed here: a foreign Origin, headers out of all proportion, one
 * connection too many. (Closing a pipe in its callback is allowed, closing a
 * listener or socket is not: nanomsg/nng#1247.)
 */
#include "engine/rpc/nng_impl.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

static struct str header_value(struct str headers, const char *name)
{
	struct str line;

	while (str_split(&headers, '\n', &line)) {
		size_t colon = str_find(line, STR(":"), 0);

		if (colon == SIZE_MAX)
			continue;
		if (str_eq_nocase(str_trim(str_cut(line, 0, colon)),
				  str_of(name)))
			return str_trim(str_cut(line, colon + 1, line.n));
	}
	return (struct str){ 0 };
}

/* Our own page, reached at an address that nobody else can point at us. */
static bool own_page(struct str origin, struct str host)
{
	size_t at = str_find(origin, STR("://"), 0);

	if (at == SIZE_MAX || !host.p)
		return false;
	return str_eq_nocase(str_cut(origin, at + 3, origin.n), host) &&
	       url_is_loopback(host);
}

bool origin_allowed(struct str allowed, struct str headers)
{
	struct str origin = header_value(headers, "Origin");
	struct str one;

	if (!origin.p)
		return true; /* no browser */
	while (str_split(&allowed, ',', &one)) {
		one = str_trim(one);
		if (str_is(one, "*") || (one.n && str_eq_nocase(one, origin)))
			return true;
	}
	return own_page(origin, header_value(headers, "Host"));
}

static bool ws_allowed(struct nng_front *f, nng_pipe p)
{
	char *text = NULL;
	bool ok;

	if (nng_pipe_get_string(p, NNG_OPT_WS_REQUEST_HEADERS, &text) != 0)
		return false;
	ok = strlen(text) <= HEADERS_MAX &&
	     origin_allowed(f->s->opts.origins, str_of(text));
	nng_strfree(text);
	return ok;
}

void endpoint_set(struct endpoint *e, int family, const void *addr,
		  uint16_t port_be)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	memset(e, 0, sizeof(*e));
	e->b[0] = 1;
	memcpy(e->b + 2, &port_be, 2);
	if (family == AF_INET) {
		memcpy(e->b + 4, addr, 4);
	} else if (memcmp(addr, mapped, 12) == 0) {
		memcpy(e->b + 4, (const uint8_t *)addr + 12, 4);
	} else {
		e->b[1] = 6;
		memcpy(e->b + 4, addr, 16);
	}
}

static void describe(struct conn *c, nng_pipe p)
{
	char host[INET6_ADDRSTRLEN] = "?";
	uint64_t uid = 0, pid = 0;
	nng_sockaddr sa;

	if (c->transport == FRONT_IPC) {
		nng_pipe_get_uint64(p, NNG_OPT_IPC_PEER_UID, &uid);
		nng_pipe_get_uint64(p, NNG_OPT_IPC_PEER_PID, &pid);
		snprintf(c->peer, sizeof(c->peer), "ipc uid %llu pid %llu",
			 (unsigned long long)uid, (unsigned long long)pid);
		c->pid = (int)pid;
		return;
	}
	if (nng_pipe_get_addr(p, NNG_OPT_REMADDR, &sa) != 0)
		sa.s_family = NNG_AF_UNSPEC;
	if (sa.s_family == NNG_AF_INET) {
		inet_ntop(AF_INET, &sa.s_in.sa_addr, host, sizeof(host));
		endpoint_set(&c->remote, AF_INET, &sa.s_in.sa_addr,
			     sa.s_in.sa_port);
		uid = ntohs(sa.s_in.sa_port);
	} else if (sa.s_family == NNG_AF_INET6) {
		inet_ntop(AF_INET6, sa.s_in6.sa_addr, host, sizeof(host));
		endpoint_set(&c->remote, AF_INET6, sa.s_in6.sa_addr,
			     sa.s_in6.sa_port);
		uid = ntohs(sa.s_in6.sa_port);
	}
	snprintf(c->peer, sizeof(c->peer), "%s %s port %u",
		 front_transport_word(c->transport), host, (unsigned)uid);
}

static void refuse(struct nng_front *f, nng_pipe p, struct conn *c,
		   const char *why)
{
	atomic_fetch_add(&f->s->refused, 1);
	log_event(f->s->opts.log, LOG_INFO, "connection_refused",
		  LZ("peer", c->peer), LZ("why", why));
	nng_pipe_close(p);
}

static void arrived(struct nng_front *f, nng_pipe p)
{
	struct conn *c = calloc(1, sizeof(*c)); /* allowed: a connection */
	bool web;

	CHECK(c);
	c->pipe = (uint32_t)nng_pipe_id(p);
	c->transport = listen_transport(f, p);
	c->number = (uint64_t)atomic_fetch_add(&f->s->opened, 1) + 1;
	describe(c, p);
	conn_add(&f->conns, c);
	if (c->transport == FRONT_IPC && pipe_is_own(p))
		atomic_fetch_add(&f->own_ipc, 1);
	web = c->transport == FRONT_WS || c->transport == FRONT_WSS;
	if (atomic_fetch_add(&f->s->connections, 1) >= f->s->conns_max ||
	    atomic_load(&f->s->full))
		refuse(f, p, c, "too many connections");
	else if (atomic_load(&f->s->stopping))
		refuse(f, p, c, "stopping");
	else if (web && !ws_allowed(f, p))
		refuse(f, p, c, "origin or headers");
}

void pipe_event(nng_pipe p, nng_pipe_ev ev, void *arg)
{
	struct nng_front *f = arg;

	if (ev == NNG_PIPE_EV_ADD_PRE)
		arrived(f, p);
	else if (ev == NNG_PIPE_EV_REM_POST &&
		 conn_gone(&f->conns, (uint32_t)nng_pipe_id(p)))
		atomic_fetch_sub(&f->s->connections, 1);
}
