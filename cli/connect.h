/*
 * connect: which server, as whom. Flags first, then the environment, then the
 * sockets where a server on this machine listens.
 */
#pragma once

#include "cli/args.h"
#include "cli/cli.h"
#include "engine/rpc/client.h"

/* --url, --token-file, …; of every verb that goes to a server. */
extern const struct flag connect_flags[];

struct connect {
	struct client *client;
	int tries;
};

/*
 * Opens the connection. A wrong flag is ERR_INVALID, no server
 * ERR_UNAVAILABLE, a server whose certificate is not trusted
 * ERR_UNAUTHENTICATED.
 */
MUST enum err connect_open(struct cli *c, const struct args *a,
			   struct connect *out);
void connect_close(struct connect *n);
/*
 * One call; sent again, with the same bytes, while the server says that it may
 * succeed later. OK: an answer, see out->code.
 */
MUST enum err connect_call(struct cli *c, struct connect *n, struct str method,
			   struct str params, struct str bytes,
			   struct client_reply *out);
/* A random key for a command that has none yet. */
struct str connect_key(struct cli *c);
/* params with "idempotency_key": key as one more member. */
struct str connect_with_key(struct cli *c, struct str params, struct str key);
