/*
 * fetch: the commits of somebody's repository into a bare one of ours, inside
 * a box without a network. Nothing is checked out.
 *
 * Every connection is asked for at standard input (relay.h) and goes to the
 * address that whoever asks has looked up and judged, whatever a name says by
 * then. Redirects are not followed. Transports are https, http and git; libgit2
 * is told of no keys, so there is no ssh.
 */
#pragma once

#include "sandbox/source_url.h"
#include "sandbox/walk.h"

enum {
	FETCH_BYTES = 128 << 20, /* received */
	FETCH_OBJECTS = 500000,
	FETCH_REFS = 20000,
	FETCH_QUIET_MS = 20000, /* a peer that says nothing for so long */
};

struct fetch_ask {
	struct str url;	 /* as source_url_read takes it */
	struct str ref;	 /* as source_ref_check takes it; empty: the remote's
			    HEAD */
	const char *ca;	 /* PEM file of who is trusted; NULL: the system's */
	const char *dir; /* made: the bare repository */
};
/*
 * *commit is there then, with all that it needs. ERR_NOT_FOUND: no such
 * repository or ref. ERR_TOO_LARGE, ERR_DENIED (it wants a password, sends us
 * elsewhere, or proves nothing),
 * ERR_UNAVAILABLE: the network or the other side; ERR_INVALID: what it sent.
 */
MUST enum err fetch(struct ctx *cx, const struct fetch_ask *a,
		    struct oid *commit);

/*
 * The same from a git bundle (`git bundle create`), which must need nothing
 * that it does not hold.
 */
MUST enum err fetch_bundle(struct ctx *cx, struct str bytes, struct str ref,
			   const char *dir, struct oid *commit);
