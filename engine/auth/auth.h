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
#include "engine/store/store.h"

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
/*
 * No token needed. A bit of its own, so that a row that forgot its roles is
 * open to nobody instead of everybody.
 */
#define ROLE_ANYONE (UINT32_C(1) << 31)
#define ROLE_STAFF                                                             \
	(ROLE_PLATFORM | ROLE_AUTHOR | ROLE_MODERATOR | ROLE_ORG_ADMIN |       \
	 ROLE_PROGRAM_ADMIN)
/* Who runs a course: its rules and its grades. */
#define ROLE_TEACHERS                                                          \
	(ROLE_PLATFORM | ROLE_AUTHOR | ROLE_MODERATOR | ROLE_ORG_ADMIN)
extern const char *const role_words[]; /* in bit order, NULL-terminated */

struct principal {
	struct id org;
	uint32_t roles;
	struct id key;	    /* the API key, or none */
	struct str actor;   /* "key:<id>" or "learner:<uuid>" / "user:<uuid>" */
	struct str subject; /* the platform's name of the person; absent for
			       keys that act for the platform itself */
	struct str name;    /* that the token tells; absent: none */
	struct id person;   /* our id of (org, subject); none if no subject */
	struct list courses; /* struct str; empty: all courses of the org */
	int64_t expires_ms;  /* INT64_MAX: does not */
	uint64_t bucket;     /* names the rate-limit bucket */
};

/* May the caller touch this course? */
bool principal_covers(const struct principal *p, struct str course);
/* The same of cx->who, as a refusal: ERR_NOT_FOUND. */
MUST enum err principal_course(struct ctx *cx, struct str course);
bool principal_has(const struct principal *p, uint32_t any_of);

struct auth; /* thread-safe: token checks, principal cache, rate limits */

struct auth_opts {
	struct store *store;
	const struct clock *clock;
	struct log *log;
	int64_t jwt_skew_ms, jwt_max_ms;
	int64_t rate, burst;  /* of one bucket; rate 0: any number */
	size_t cache_entries; /* principals kept */
};
struct auth *auth_new(const struct auth_opts *o);
void auth_free(struct auth *a);

/*
 * Who a token stands for; *out lives in cx->arena. Any thread. Cached for up
 * to AUTH_TRUST_MS, so that a revocation made on another node takes that long
 * at most; on a miss it borrows a reader. ERR_UNAUTHENTICATED (says only what
 * helps an honest caller: unknown, expired, not yet valid, revoked, bad
 * signature), ERR_UNAVAILABLE.
 */
enum { AUTH_TRUST_MS = 10000 };
MUST enum err auth_principal(struct auth *a, struct ctx *cx, struct str token,
			     const struct principal **out);
/*
 * The secret of this process's own worker, until the next call: whoever shows
 * it is a worker of the installation. Begins with AUTH_OWN_WORKER; kept as a
 * hash, in memory alone.
 */
#define AUTH_OWN_WORKER "assay-own-worker_"
void auth_own_worker(struct auth *a, struct str token);
/* Takes one from the caller's bucket. ERR_RATE_LIMITED says when again. */
MUST enum err auth_rate(struct auth *a, struct ctx *cx,
			const struct principal *p);
/* Every cached principal is checked again before it is believed. */
void auth_forget(struct auth *a);

extern const struct stmt_set auth_stmts;
extern const struct migration_set auth_migrations;
