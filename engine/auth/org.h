/*
 * org: the rows behind who may call: organizations (the tenants), their API
 * keys, the issuers whose tokens they accept, and the people known by those
 * tokens.
 */
#pragma once

#include "engine/auth/auth.h"

struct organization {
	struct id id;
	struct str name;
	struct str person_key; /* 32 bytes: turns a subject into a person id */
	int64_t created_at;
};
extern const struct shape organization_row;

/* Makes the tenant; id and person_key are filled in. */
MUST enum err org_create(struct ctx *cx, struct str name,
			 struct organization *out);
MUST enum err org_load(struct ctx *cx, const struct id *id,
		       struct organization *out);

/* Is there an organization at all? ERR_NOT_FOUND if not. */
MUST enum err org_any(struct ctx *cx);

struct api_key {
	struct id id;
	struct id org;
	struct str name;
	uint32_t roles;
	struct list courses; /* struct str; empty: all */
	struct str hash;     /* never leaves this folder */
	int64_t created_at, expires_at, revoked_at; /* 0: never, not */
};
extern const struct shape api_key_row;	 /* with the hash: storage */
extern const struct shape api_key_shape; /* without: the wire */

/* key->name, roles, courses, org, expires_at are the caller's wishes. */
MUST enum err key_create(struct ctx *cx, struct api_key *key,
			 struct str *secret);
MUST enum err key_list(struct ctx *cx, const struct id *org, struct list *out);
/* ERR_NOT_FOUND, also for another tenant's. Twice is fine. */
MUST enum err key_revoke(struct ctx *cx, const struct id *org,
			 const struct id *id);

/* Whose tokens a tenant believes. */
struct issuer {
	struct id id;
	struct id org;
	struct str issuer;   /* must equal iss */
	struct str audience; /* must be among aud; holds the org's id */
	struct str jwks;     /* RFC 7517 set, public keys only */
	uint32_t roles;	     /* the most that its tokens may claim */
	int64_t created_at, updated_at, revoked_at;
};
extern const struct shape issuer_shape;

/* ERR_INVALID says which key of the set is not acceptable and why. */
MUST enum err issuer_check_jwks(struct ctx *cx, struct str jwks);
/*
 * An absent audience becomes issuer_audience. ERR_INVALID: one that does not
 * hold the organization's id. ERR_CONFLICT: the pair of issuer and audience is
 * taken, here or by another organization.
 */
MUST enum err issuer_register(struct ctx *cx, struct issuer *i);
struct str issuer_audience(struct ctx *cx, const struct id *org);
/* Replaces the key set: rotation keeps old and new keys in it for a while. */
MUST enum err issuer_update(struct ctx *cx, const struct id *org,
			    const struct id *id, struct str jwks);
MUST enum err issuer_revoke(struct ctx *cx, const struct id *org,
			    const struct id *id);
MUST enum err issuer_list(struct ctx *cx, const struct id *org,
			  struct list *out);

/*
 * A person of a tenant. The id is a keyed hash of the subject, so it tells
 * nothing; what tells something stands in this row and is erased with it. The
 * row of an erased person stays as it is for ever: who comes back under his
 * subject is another person, whose id is a hash of the subject and of the
 * erased id before it.
 */
struct person {
	struct id id;
	struct id org;
	struct str subject; /* absent once erased */
	struct str name;    /* absent: not told */
	int64_t created_at, erased_at;
};
extern const struct shape person_shape;
/* What reports call a person of this subject. */
static inline struct str person_shown(struct str subject)
{
	return subject.p ? subject : STR("(erased)");
}

/* Whom a subject stands for. */
struct person_found {
	struct id id;	   /* his, also before there is a row */
	bool here;	   /* there is: */
	struct person row; /* this */
	struct id erased;  /* who had the subject before him; none: nobody */
	int64_t erased_at;
};
/* Costs a row read for every time that the subject was erased, and one. */
MUST enum err person_find(struct ctx *cx, const struct id *org,
			  struct str subject, struct person_found *out);
/*
 * Makes the row on first use; a name that is given replaces the old one.
 * ERR_BUSY: he was erased by another server meanwhile.
 */
MUST enum err person_note(struct ctx *cx, const struct id *org,
			  struct str subject, struct str name, struct id *id);
MUST enum err person_load(struct ctx *cx, const struct id *org,
			  const struct id *id, struct person *out);
/* By id; after: the last one of the page before, none for the first. */
MUST enum err person_list(struct ctx *cx, const struct id *org,
			  const struct id *after, size_t limit,
			  struct list *out, bool *more);
/* Forgets the subject and name; the id stays, as a pseudonym, for ever. */
MUST enum err person_erase(struct ctx *cx, const struct id *org,
			   const struct id *id);
/*
 * Whom the caller acts for: himself, or, for a platform and its staff, the
 * subject named in the params (the row is made when inside a command).
 * ERR_DENIED: a learner names somebody else. ERR_INVALID: nobody is named.
 * ERR_UNAUTHENTICATED: in a command, he was erased since his token was checked.
 */
MUST enum err person_for(struct ctx *cx, struct str subject, struct id *id);
