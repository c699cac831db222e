#include "engine/blob/blob.h"
#include "engine/blob/blob_sql.h"

#define R struct blob_row
static const struct field row_fields[] = {
	FIELD(R, org, KIND_ID, "the organization"),
	FIELD(R, learner, KIND_ID, "whose, or sixteen zeros"),
	FIELD(R, name, KIND_HEX, "of the file"),
	FIELD(R, bytes, KIND_INT, "of the content"),
	FIELD(R, stored, KIND_INT, "of the file"),
	FIELD(R, media_type, KIND_STR, "as told by who sent it"),
	FIELD(R, created_at, KIND_TIME, "first stored"),
	FIELD(R, generation, KIND_INT, "of the learner's key; 0: not sealed"),
	FIELD_END,
};
static const struct shape row_shape = SHAPE(R, row_fields);
#undef R

static const struct field key_fields[] = {
	FIELD(struct key_row, generation, KIND_INT, "counts his keys"),
	FIELD_OPT(struct key_row, wrapped, KIND_BYTES, "the key, wrapped"),
	FIELD_OPT(struct key_row, erased_at, KIND_TIME, "when destroyed last"),
	FIELD_END,
};
static const struct shape key_shape = SHAPE(struct key_row, key_fields);

static const struct field master_fields[] = {
	FIELD(struct master_row, mark, KIND_BYTES, "tells master keys apart"),
	FIELD_END,
};
static const struct shape master_shape =
	SHAPE(struct master_row, master_fields);

#define COLS                                                                   \
	"org, learner, name, bytes, stored, media_type, created_at, generation"

const struct stmt blob_sql[BLOB_STMTS] = {
	[BLOB_INSERT] = { "blob_insert",
			  "INSERT INTO blob (" COLS ")"
			  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
			  " ON CONFLICT DO NOTHING" },
	[BLOB_BY_NAME] = { "blob_by_name",
			   "SELECT " COLS " FROM blob"
			   " WHERE org = $1 AND learner = $2 AND name = $3",
			   &row_shape },
	[BLOB_OF_LEARNER] = { "blob_of_learner",
			      "SELECT " COLS " FROM blob"
			      " WHERE org = $1 AND learner = $2"
			      " AND generation <= $3 ORDER BY name LIMIT $4",
			      &row_shape },
	[BLOB_DELETE] = { "blob_delete",
			  "DELETE FROM blob"
			  " WHERE org = $1 AND learner = $2 AND name = $3" },
	[BLOB_ANYBODYS] = { "blob_anybodys",
			    "SELECT " COLS " FROM blob WHERE name = $1 LIMIT 1",
			    &row_shape },
	[KEY_LOAD] = { "learner_key_load",
		       "SELECT generation, wrapped, erased_at FROM learner_key"
		       " WHERE org = $1 AND learner = $2",
		       &key_shape },
	[KEY_INSERT] = { "learner_key_insert",
			 "INSERT INTO learner_key (org, learner, generation,"
			 " wrapped, created_at, erased_at)"
			 " VALUES ($1, $2, 1, $3, $4, 0)"
			 " ON CONFLICT DO NOTHING" },
	[KEY_AGAIN] = { "learner_key_again",
			"UPDATE learner_key SET wrapped = $3, created_at = $4,"
			" generation = generation + 1"
			" WHERE org = $1 AND learner = $2"
			" AND generation = $5 AND wrapped IS NULL" },
	[KEY_DESTROY] = { "learner_key_destroy",
			  "UPDATE learner_key SET wrapped = NULL,"
			  " erased_at = $3 WHERE org = $1 AND learner = $2"
			  " AND wrapped IS NOT NULL" },
	[MASTER_LOAD] = { "master_key_load",
			  "SELECT mark FROM master_key WHERE id = 1",
			  &master_shape },
	[MASTER_INSERT] = { "master_key_insert",
			    "INSERT INTO master_key (id, mark, created_at)"
			    " VALUES (1, $1, $2) ON CONFLICT DO NOTHING" },
};
const struct stmt_set blob_stmts = { "blob", blob_sql, BLOB_STMTS };

static const struct migration steps[] = {
	{ 50, "blobs and learners' keys",
	  "CREATE TABLE blob (\n"
	  "  org {bytes} NOT NULL,\n"
	  "  learner {bytes} NOT NULL,\n"
	  "  name {bytes} NOT NULL,\n"
	  "  bytes {int} NOT NULL,\n"
	  "  stored {int} NOT NULL,\n"
	  "  media_type {text} NOT NULL,\n"
	  "  created_at {int} NOT NULL,\n"
	  "  generation {int} NOT NULL,\n"
	  "  PRIMARY KEY (org, learner, name)\n"
	  "){clustered};\n"
	  "CREATE INDEX blob_name ON blob (name);\n"
	  "CREATE TABLE learner_key (\n"
	  "  org {bytes} NOT NULL,\n"
	  "  learner {bytes} NOT NULL,\n"
	  "  generation {int} NOT NULL,\n"
	  "  wrapped {bytes},\n"
	  "  created_at {int} NOT NULL,\n"
	  "  erased_at {int} NOT NULL,\n"
	  "  PRIMARY KEY (org, learner)\n"
	  "){clustered};\n"
	  "CREATE TABLE master_key (\n"
	  "  id {int} NOT NULL PRIMARY KEY,\n"
	  "  mark {bytes} NOT NULL,\n"
	  "  created_at {int} NOT NULL\n"
	  "){table};\n" },
};
const struct migration_set blob_migrations = {
	steps, sizeof(steps) / sizeof(steps[0])
};
