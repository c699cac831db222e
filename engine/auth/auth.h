/*
 * auth: who calls, and what may they do. Deny is the default.
 *
 * A caller shows an API key ("assay_<id>_<secret>", shown once, stored as a
 * keyed hash) or a JWT that the platform signed (ES256 or RS256, keys
 * registered as JWKS per issuer). Both become a principal; principals are
 * cached by the hash of the token until they expire, are revoked, or the cache
 * generation moves.
 */
#pragma once

#include "base/ctx.h"
#include "base/field.h"

enum role {
	ROLE_PLATFORM = 1 << 0,
	ROLE_AUTHOR = 1 << 1,
	ROLE_MODERATOR = 1 << 2,
	ROLE_LEARNER = 1 << 3,
	ROLE_REVIEWER = 1 << 4,
	ROLE_AUDITOR = 1 << 5,
	ROLE_ORG_ADMIN = 1 << 6,
	ROLE_PROGRAM_ADMIN = 1 << 7,
	ROLE_WORKER = 1 << 8,
	ROLE_OPERATOR = 1 << 9, /* of the installation: makes organizations */
};
#define ROLE_ANYONE UINT32_C(0) /* no token needed */
#define ROLE_STAFF                                                    \
	(ROLE_PLATFORM | ROLE_AUTHOR | ROLE_MODERATOR | ROLE_ORG_ADMIN | \
	 ROLE_PROGRAM_ADMIN)
extern const char *const role_words[]; /* in bit order, NULL-terminated */

struct principal {
	struct id org;
	uint32_t roles;
	struct id key; /* the API key, or none */
	struct str actor; /* "key:<id>" or "learner:<uuid>" / "user:<uuid>" */
	struct str subject; /* the platform's name of the person; absent for
			       keys that act for the platform itself */
	struct id person; /* our id of (org, subject); none if no subject */
	struct list courses; /* struct str; empty: all courses of the org */
	int64_t expires_ms; /* INT64_MAX: does not */
	uint64_t bucket; /* names the rate-limit bucket */
};

/* May the caller touch this course? */
bool principal_covers(const struct principal *p, struct str course);
bool principal_has(const struct principal *p, uint32_t any_of);
/*
 * The learner that the caller acts for: himself, or, for platform and staff,
 * the subject named in the params (made on first use inside a command).
 * ERR_DENIED (a learner naming somebody else), ERR_INVALID (none named).
 */
