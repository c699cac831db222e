/*
 * sp_frame: the bytes of nng's wire over ipc and tcp, without a socket.
 *
 * Both sides first send 00 'S' 'P' 00 00 proto 00 00. Then each message is, on
 * tcp, 8 bytes big-endian length, the route, the body; on ipc the same behind
 * one byte 01. The route is words of 4 bytes, of which just the last has its
 * top bit set: the request's id, before it one word for each device that it
 * came through. A reply carries the same route. (nanomsg RFC
 * sp-tcp-mapping-01, sp-ipc; sp-request-reply-01.)
 */
#pragma once

#include "base/str.h"

enum {
	SP_PROTO_SUB = 0x21,
	SP_PROTO_REQ = 0x30,
	SP_PROTO_REP = 0x31,
	SP_HELLO = 8,
	SP_HOPS_MAX = 8, /* words of a route */
	SP_HEAD_MAX = 9 + 4 * SP_HOPS_MAX,
};

void sp_hello_put(uint8_t out[SP_HELLO], int proto);
bool sp_hello_ok(const uint8_t in[SP_HELLO], int proto);

enum sp_cut {
	SP_MORE,    /* the message is not whole yet */
	SP_MESSAGE, /* *out is set */
	SP_WRONG    /* no message of this wire, or larger than max */
};

struct sp_message {
	size_t used;	  /* bytes of the stream */
	struct str route; /* at least 4 bytes */
	struct str body;  /* at most max */
};

/*
 * The first message of the stream. A length over max (route and body) is wrong
 * as soon as it is announced. *needs, also with SP_MORE: how long the stream
 * must be for this message, as far as is known.
 */
enum sp_cut sp_cut(struct str stream, bool ipc, size_t max,
		   struct sp_message *out, size_t *needs);

/* What stands before a body of n bytes; returns its length. */
size_t sp_head(uint8_t out[SP_HEAD_MAX], bool ipc, struct str route, size_t n);
