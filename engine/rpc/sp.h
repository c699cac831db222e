/*
 * sp: nng's wire for req over ipc and tcp (sp_frame.h), spoken on a plain
 * blocking socket. For the client, the watchdog and tests; knows no nng.
 */
#pragma once

#include "base/clock.h"
#include "base/buf.h"
#include "base/str.h"
#include "engine/rpc/sp_frame.h"

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
