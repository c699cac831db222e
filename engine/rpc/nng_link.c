#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <nng/supplemental/tls/tls.h>
#include <stdlib.h>

#include "engine/rpc/link.h"

enum { REPLY_MAX = 32 << 20 };

struct nng_link {
	struct link link; /* first */
	nng_socket sock;
	nng_tls_config *tls;
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
		rv = nng_dialer_start(d, NNG_FLAG_NONBLOCK);
	if (rv == 0) {
		*out = &n->link;
		return OK;
	}
	close_link(&n->link);
	return err_set(cx, ERR_UNAVAILABLE, "cannot use %.*s: %s",
		       STR_FMT(o->url), nng_strerror(rv));
}
