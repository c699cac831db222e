/* The statements of engine/blob, by name. For engine/blob only. */
#pragma once

#include "base/field.h"
#include "engine/store/store.h"

enum {
	BLOB_INSERT,	 /* all columns */
	BLOB_BY_NAME,	 /* org, learner, name */
	BLOB_OF_LEARNER, /* org, learner, generation, limit */
	BLOB_DELETE,	 /* org, learner, name */
	BLOB_ANYBODYS,	 /* name */
	KEY_LOAD,	 /* org, learner */
	KEY_INSERT,	 /* org, learner, wrapped, now */
	KEY_AGAIN,	 /* org, learner, wrapped, now, generation before */
	KEY_DESTROY,	 /* org, learner, now */
	MASTER_LOAD,
	MASTER_INSERT, /* mark, now */
	BLOB_STMTS
};
extern const struct stmt blob_sql[BLOB_STMTS];

struct blob_row {
	struct id org, learner; /* learner: none for the tenant's own */
	struct str name;	/* of the file: the digest, or made from it */
	int64_t bytes, stored;	/* of the content, of the file */
	struct str media_type;
	int64_t created_at;
	int64_t generation; /* of the learner's key; 0: not sealed */
};

struct key_row {
	int64_t generation;
	struct str wrapped; /* absent: destroyed */
	int64_t erased_at;
};

struct master_row {
	struct str mark;
};
