/*
 * source_url: where content may come from. A URL names a scheme, a host and a
 * path, and nothing that is a secret.
 */
#pragma once

#include <sys/socket.h>

#include "base/ctx.h"

/* X(code, word, port) */
#define SOURCE_SCHEMES(X)                                                      \
	X(SOURCE_HTTPS, "https", 443)                                          \
	X(SOURCE_HTTP, "http", 80)                                             \
	X(SOURCE_GIT, "git", 9418)
enum source_scheme {
#define X(code, word, port) code,
	SOURCE_SCHEMES(X)
#undef X
};
extern const char *const source_scheme_words[]; /* NULL-terminated */

enum { SOURCE_URL_BYTES = 1000, SOURCE_REF_BYTES = 200 };

struct source_url {
	int scheme;	 /* enum source_scheme */
	struct str host; /* a name in small letters, or an address; of IPv6
			    without its brackets */
	int64_t port;
	struct str path; /* with its '/' */
};

/*
 * ERR_INVALID for field (a JSON pointer): not a URL, user or password inside
 * it (which would be stored and shown), control characters. ERR_UNSUPPORTED:
 * another scheme.
 */
MUST enum err source_url_read(struct ctx *cx, const char *field,
			      struct str text, struct source_url *out);

/*
 * A branch, tag, full ref or commit id, as git takes names (git
 * check-ref-format), or empty. ERR_INVALID.
 */
MUST enum err source_ref_check(struct ctx *cx, const char *field,
			       struct str ref);

/*
 * Whether an address is somebody's own: not one that stands for the same
 * machine everywhere (RFC 6890 and the registries that it made).
 */
bool source_private(const struct sockaddr *a);
/*
 * Whether a host is in a list of names, separated by commas or spaces;
 * "*.example.org" stands for all below it.
 */
bool source_listed(struct str list, struct str host);
