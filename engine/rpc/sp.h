/*
 * sp: nng's wire format for req over ipc and tcp, spoken on a plain blocking
 * socket. For the client, the watchdog and tests; knows no nng.
 *
 * Both sides first send 00 'S' 'P' 00 00 proto 00 00. Then each message is, on
 * tcp, 8 bytes big-endian length, 4 bytes request id with the top bit set, the
 * body; on ipc the same behind one byte 01. (nanomsg RFC sp-tcp-mapping-01,
 * sp-ipc; sp-request-reply-01.)
 */
#pragma once

#include "base/clock.h"
#include "base/buf.h"
#include "base/str.h"

enum { SP_PROTO_SUB = 0x21, SP_PROTO_REQ = 0x30 };

struct sp {
	int fd; /* -1: not connected */
	bool ipc;
	const struct clock *clock;
};

/* url: ipc://PATH or tcp://HOST:PORT. False: errno says why. */
bool sp_connect(struct sp *s, const struct clock *clock, struct str url,
		int64_t timeout_ms);
/* Sends our header and waits for the peer's. */
bool sp_hello(struct sp *s, int proto, int64_t timeout_ms);
bool sp_send(struct sp *s, uint32_t id, struct str body, int64_t timeout_ms);
/* The next message into b (reset first); at most max bytes of body. */
bool sp_recv(struct sp *s, uint32_t *id, struct buf *b, size_t max,
	     int64_t timeout_ms);
void sp_close(struct sp *s);
