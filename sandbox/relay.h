/*
 * relay: the one peer that a run may talk to, for programs that fetch. The
 * program is in a network namespace with nothing in it and may make no sockets
 * of the internet. It asks for a connection over its standard input and is
 * given one end of a local socket; at the other end a process outside passes
 * bytes on, to the one address and port that it was started with and to no
 * other. No socket of the host's network ever comes into the box: one could be
 * connected to somebody else from there.
 */
#pragma once

#include <sys/socket.h>

#include "base/str.h"

enum {
	RELAY_AT_ONCE = 4,     /* connections */
	RELAY_IN_ALL = 64,     /* of one run, one after the other */
	RELAY_BYTES = 1 << 28, /* of one run, both ways */
	RELAY_CONNECT_MS = 20000,
};

/* "192.0.2.1:443", "[2001:db8::1]:443". 0: neither. */
socklen_t relay_peer(struct str text, struct sockaddr_storage *out);

/* Outside. Ends when nobody has the other end of the socket any more. */
_Noreturn void relay_serve(int control, const struct sockaddr_storage *to,
			   socklen_t n);

/* Inside: a connection, or -1; waits until it is there. */
int relay_connect(int control);
