/*
 * learner_key: one key for each learner, under which his documents stand. For
 * engine/blob only.
 *
 *   master key (a file, one for the whole cluster)
 *     `-- wraps --> learner's key (a row)
 *                     |-- "seal": opens and closes his files
 *                     `-- "name": names them, so that equal content of two
 *                         learners cannot be told from the names
 *
 * Destroying the row's wrapped key makes all of it unreadable. Whoever comes
 * back later gets a new key of the next generation. Wrapping is
 * XChaCha20-Poly1305 with the organization, the learner and the generation as
 * associated data: a wrapped key moved to another row does not open.
 */
#pragma once

#include "base/ctx.h"
#include "base/id.h"
#include "engine/store/store.h"

struct master_key {
	uint8_t key[32];
	uint8_t mark[16]; /* tells keys apart; says nothing of the key */
};

/* Reads the file, or makes it (0600). ERR_INVALID: what is wrong with it. */
MUST enum err master_key_open(struct ctx *cx, const char *path,
			      struct master_key *out);
/* Is it the one of this database? ERR_INVALID says what to do if not. */
MUST enum err master_key_check(struct ctx *cx, const struct master_key *m);

struct learner_key {
	int64_t generation; /* from 1 */
	uint8_t seal[32], name[32];
};
void learner_key_wipe(struct learner_key *k);

/*
 * ERR_NOT_FOUND: he never had one. ERR_ERASED: it was destroyed.
 * ERR_UNAVAILABLE: it does not open with this master key.
 */
MUST enum err learner_key_load(struct ctx *cx, const struct master_key *m,
			       const struct id *org, const struct id *learner,
			       struct learner_key *out);
/* The same, or a new one. Inside a transaction. */
MUST enum err learner_key_need(struct ctx *cx, const struct master_key *m,
			       const struct id *org, const struct id *learner,
			       struct learner_key *out);
/*
 * Twice is fine. *generation is that of the last key that was destroyed; 0:
 * there never was one.
 */
MUST enum err learner_key_destroy(struct ctx *cx, const struct id *org,
				  const struct id *learner,
				  int64_t *generation);
