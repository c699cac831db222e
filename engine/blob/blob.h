/*
 * blob: bytes, stored once and found by their digest (BLAKE2b-256 of the
 * content). The row says what it is, the file holds it.
 *
 * A blob is the tenant's own, as it is in its file; or it is personal: sealed
 * under a key of the learner's (learner_key.h), in a file whose name only that
 * key gives. Neither the row, nor the file, nor the record of a personal blob
 * tells its digest to somebody without the key, and destroying the key makes
 * all of a learner's blobs unreadable at once.
 *
 * The file is durable before the row is. What a crash leaves is a file
 * without a row, which blob_sweep removes later.
 */
#pragma once

#include "base/ctx.h"
#include "base/field.h"
#include "engine/rpc/rpc.h"
#include "engine/store/store.h"

enum { BLOB_DIGEST = 32, BLOB_MEDIA_TYPE = 127 };

struct blob_store; /* thread-safe: does not change once it is open */

struct blob_opts {
	const char *folder;	/* shared by all nodes of a database */
	const char *master_key; /* file; made if missing; the same for all */
	int64_t node;
};
/* ERR_INVALID says what is wrong with the folder or the key. */
MUST enum err blob_store_open(struct ctx *cx, const struct blob_opts *o,
			      struct blob_store **out);
/* At boot, on any connection: is the master key the database's? */
MUST enum err blob_store_check(struct blob_store *b, struct ctx *cx);
void blob_store_free(struct blob_store *b);

struct blob {
	struct id org;
	struct id learner; /* none: the tenant's own */
	struct str digest; /* BLOB_DIGEST bytes */
	int64_t bytes;
	struct str media_type; /* as told by who sent it: never trusted */
	int64_t created_at;
};

/*
 * Below, learner is NULL for the tenant's own; all use cx->app->blobs and the
 * strings live in cx->arena.
 */

/*
 * Stores b->org, learner, media_type and the content; fills in the rest. The
 * same content again is fine: *b is then what was stored first, *made false.
 * Inside a command. ERR_INVALID (media type), ERR_TOO_LARGE, ERR_READ_ONLY
 * (disk full), ERR_UNAVAILABLE.
 */
MUST enum err blob_put(struct ctx *cx, struct blob *b, struct str content,
		       bool *made);
/* ERR_NOT_FOUND, ERR_ERASED. */
MUST enum err blob_load(struct ctx *cx, const struct id *org,
			const struct id *learner, struct str digest,
			struct blob *out);
/* Also ERR_CORRUPT: not what was stored; nothing is given out. */
MUST enum err blob_read(struct ctx *cx, const struct id *org,
			const struct id *learner, struct str digest,
			struct blob *out, struct str *content);

/*
 * Erasure. Destroys the learner's key: from the commit on nothing of his can
 * be read. *generation is for blob_forget; 0: he never stored anything.
 */
MUST enum err blob_destroy_key(struct ctx *cx, const struct id *org,
			       const struct id *learner, int64_t *generation);
/*
 * Once that is committed: removes up to `most` files and rows that stood under
 * keys up to this generation. *more: call again.
 */
MUST enum err blob_forget(struct ctx *cx, const struct id *org,
			  const struct id *learner, int64_t generation,
			  int64_t most, bool *more);

/*
 * Maintenance: removes files of one of the 256 folders that have no row and
 * are older than an hour. On the executor.
 */
enum { BLOB_ORPHAN_MS = 3600000 };
MUST enum err blob_sweep(struct ctx *cx, uint8_t folder, int64_t *removed);

extern const struct rpc_method blob_methods[];
extern const struct stmt_set blob_stmts;
extern const struct migration_set blob_migrations;
