#include "engine/content/content.h"

#include "base/limits.h"
#include "graders/bundle.h"
#include "graders/problem.h"
#include "sandbox/tree.h"

const char *const content_state_words[] = {
#define X(state, word) word,
	CONTENT_STATES(X)
#undef X
		NULL
};
const char *const content_outcome_words[] = {
#define X(outcome, word, doc) word,
	CONTENT_OUTCOMES(X)
#undef X
		NULL
};

#define SHOWN                                                                  \
	FIELD(struct content_sync, id, KIND_ID, "the sync"),                   \
		FIELD(struct content_sync, job, KIND_ID, "its job"),           \
		FIELD(struct content_sync, course, KIND_STR,                   \
		      "the platform's course id"),                             \
		FIELD(struct content_sync, source, KIND_STR,                   \
		      "URL of the repository, or a folder"),                   \
		FIELD_OPT(struct content_sync, ref, KIND_STR,                  \
			  "branch, tag or commit that was asked for"),         \
		FIELD_OPT(struct content_sync, path, KIND_STR,                 \
			  "folder inside it that was asked for"),              \
		FIELD(struct content_sync, dry_run, KIND_BOOL,                 \
		      "nothing is published"),                                 \
		FIELD(struct content_sync, state, KIND_ENUM,                   \
		      "where it stands", .words = content_state_words),        \
		FIELD_OPT(struct content_sync, commit_id, KIND_STR,            \
			  "the commit that it is pinned to; of a plain "       \
			  "folder b2: and a digest of its files"),             \
		FIELD(struct content_sync, files, KIND_INT,                    \
		      "files found, of any kind"),                             \
		FIELD(struct content_sync, bytes, KIND_INT, "of all of them"), \
		FIELD(struct content_sync, refused, KIND_RAW,                  \
		      "entries that were left out: name and why"),             \
		FIELD(struct content_sync, refused_more, KIND_INT,             \
		      "left out beyond those"),                                \
		FIELD_OPT(struct content_sync, why, KIND_STR,                  \
			  "why it failed"),                                    \
		FIELD_OPT(struct content_sync, created_at, KIND_TIME,          \
			  "when it was asked for"),                            \
		FIELD_OPT(struct content_sync, ended_at, KIND_TIME,            \
			  "when it ended")

static const struct field sync_fields[] = {
	FIELD(struct content_sync, org, KIND_ID, "the organization"),
	SHOWN,
	FIELD_END,
};
const struct shape content_sync_shape = SHAPE(struct content_sync, sync_fields);
static const struct field shown_fields[] = { SHOWN, FIELD_END };
const struct shape content_shown_shape = { "content_sync",
					   sizeof(struct content_sync),
					   shown_fields };

#define FILE_SHOWN                                                             \
	FIELD(struct content_file, path, KIND_STR, "below the folder"),        \
		FIELD(struct content_file, kind, KIND_ENUM, "what it is",      \
		      .words = bundle_kind_words),                             \
		FIELD_OPT(struct content_file, slug, KIND_STR,                 \
			  "its name in the course"),                           \
		FIELD(struct content_file, outcome, KIND_ENUM,                 \
		      "what became of it", .words = content_outcome_words),    \
		FIELD_OPT(struct content_file, version_id, KIND_ID,            \
			  "the version that holds it"),                        \
		FIELD(struct content_file, version, KIND_INT, "its number"),   \
		FIELD_OPT(struct content_file, digest, KIND_HEX,               \
			  "BLAKE2b-256 of its text with all files put in"),    \
		FIELD_OPT(struct content_file, problems, KIND_RAW,             \
			  "errors and warnings, with their places"),           \
		FIELD_OPT(struct content_file, why, KIND_STR,                  \
			  "why it was refused, if nothing can be listed")

static const struct field file_fields[] = {
	FIELD(struct content_file, org, KIND_ID, "the organization"),
	FIELD(struct content_file, sync, KIND_ID, "the sync"),
	FILE_SHOWN,
	FIELD_END,
};
const struct shape content_file_shape = SHAPE(struct content_file, file_fields);
static const struct field file_shown_fields[] = { FILE_SHOWN, FIELD_END };
const struct shape content_file_shown_shape = { "content_file",
						sizeof(struct content_file),
						file_shown_fields };

#define COLS                                                                   \
	"org, id, job, course, source, ref, path, dry_run, state, commit_id,"  \
	" files, bytes, refused, refused_more, why, created_at, ended_at"
#define FILE_COLS                                                              \
	"org, sync, path, kind, slug, outcome, version_id, version, digest,"   \
	" problems, why"
#define F_COLS                                                                 \
	"f.org, f.sync, f.path, f.kind, f.slug, f.outcome, f.version_id,"      \
	" f.version, f.digest, f.problems, f.why"

const struct stmt content_sql[CONTENT_STMTS] = {
	[CONTENT_SYNC_INSERT] = { "content_sync_insert",
				  "INSERT INTO content_sync (" COLS ")"
				  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0,"
				  " NULL, 0, 0, '[]', 0, NULL, $9, 0)" },
	[CONTENT_SYNC_BY_ID] = { "content_sync_by_id",
				 "SELECT " COLS " FROM content_sync"
				 " WHERE org = $1 AND id = $2",
				 &content_sync_shape },
	[CONTENT_SYNC_PIN] = { "content_sync_pin",
			       "UPDATE content_sync SET commit_id = $3"
			       " WHERE org = $1 AND id = $2 AND state = 0"
			       " AND commit_id IS NULL" },
	[CONTENT_SYNC_END] = { "content_sync_end",
			       "UPDATE content_sync SET state = $3,"
			       " files = $4, bytes = $5, refused = $6,"
			       " refused_more = $7, why = $8, ended_at = $9"
			       " WHERE org = $1 AND id = $2" },
	[CONTENT_SYNC_LIST] = { "content_sync_list",
				"SELECT " COLS " FROM content_sync"
				" WHERE org = $1 AND course = $2"
				" AND (id < $3 OR CAST($3 AS {bytes}) IS NULL)"
				" ORDER BY id DESC LIMIT $4",
				&content_sync_shape },
	[CONTENT_FILE_INSERT] = { "content_file_insert",
				  "INSERT INTO content_file (" FILE_COLS ")"
				  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8,"
				  " $9, $10, $11)" },
	[CONTENT_FILE_LIST] = { "content_file_list",
				"SELECT " FILE_COLS " FROM content_file"
				" WHERE org = $1 AND sync = $2 ORDER BY path",
				&content_file_shape },
	[CONTENT_FILE_BY_PATH] = { "content_file_by_path",
				   "SELECT " FILE_COLS " FROM content_file"
				   " WHERE org = $1 AND sync = $2"
				   " AND path = $3",
				   &content_file_shape },
	[CONTENT_FILE_BY_SLUG] = { "content_file_by_slug",
				   "SELECT " FILE_COLS " FROM content_file"
				   " WHERE org = $1 AND sync = $2"
				   " AND kind = $3 AND slug = $4 LIMIT 1",
				   &content_file_shape },
	/* What the source published last under this name. */
	[CONTENT_FILE_BEFORE] = { "content_file_before",
				  "SELECT " F_COLS " FROM content_file f"
				  " JOIN content_sync s ON s.org = f.org"
				  " AND s.id = f.sync"
				  " WHERE f.org = $1 AND s.course = $2"
				  " AND s.source = $3"
				  " AND COALESCE(s.path, '') ="
				  " COALESCE(CAST($4 AS {text}), '')"
				  " AND f.path = $5 AND f.kind = $6"
				  " AND f.outcome = 0"
				  " ORDER BY s.id DESC LIMIT 1",
				  &content_file_shape },
};
_Static_assert(CONTENT_QUEUED == 0 && CONTENT_PUBLISHED == 0,
	       "statements name them by number");

const struct stmt_set content_stmts = { "content", content_sql, CONTENT_STMTS };

static const struct migration steps[] = {
	{ 101, "content from repositories and folders",
	  "CREATE TABLE content_sync (\n"
	  "  org {bytes} NOT NULL,\n"
	  "  id {bytes} NOT NULL,\n"
	  "  job {bytes} NOT NULL,\n"
	  "  course {text} NOT NULL,\n"
	  "  source {text} NOT NULL,\n"
	  "  ref {text},\n"
	  "  path {text},\n"
	  "  dry_run {int} NOT NULL,\n"
	  "  state {int} NOT NULL,\n"
	  "  commit_id {text},\n"
	  "  files {int} NOT NULL,\n"
	  "  bytes {int} NOT NULL,\n"
	  "  refused {text} NOT NULL,\n"
	  "  refused_more {int} NOT NULL,\n"
	  "  why {text},\n"
	  "  created_at {int} NOT NULL,\n"
	  "  ended_at {int} NOT NULL,\n"
	  "  PRIMARY KEY (org, id)\n"
	  "){clustered};\n"
	  "CREATE INDEX content_sync_course ON content_sync"
	  " (org, course, id);\n"
	  "CREATE TABLE content_file (\n"
	  "  org {bytes} NOT NULL,\n"
	  "  sync {bytes} NOT NULL,\n"
	  "  path {text} NOT NULL,\n"
	  "  kind {int} NOT NULL,\n"
	  "  slug {text},\n"
	  "  outcome {int} NOT NULL,\n"
	  "  version_id {bytes},\n"
	  "  version {int} NOT NULL,\n"
	  "  digest {bytes},\n"
	  "  problems {text},\n"
	  "  why {text},\n"
	  "  PRIMARY KEY (org, sync, path)\n"
	  "){clustered};\n"
	  "CREATE INDEX content_file_path ON content_file (org, path);\n" },
};
const struct migration_set content_migrations = {
	steps, sizeof(steps) / sizeof(steps[0])
};
