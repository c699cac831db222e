#include "engine/assessment/assessment_sql.h"

#include "engine/assessment/assessment.h"

static const struct field body_fields[] = {
	FIELD(struct body_row, body, KIND_STR, "JSON"),
	FIELD_END,
};
static const struct shape body_shape = SHAPE(struct body_row, body_fields);

static const struct field newest_fields[] = {
	FIELD(struct newest_row, id, KIND_ID, "a version"),
	FIELD(struct newest_row, retired_at, KIND_TIME, "0: open"),
	FIELD_END,
};
static const struct shape newest_shape =
	SHAPE(struct newest_row, newest_fields);

static const struct field override_fields[] = {
	FIELD(struct override_row, series, KIND_ID, "the series"),
	FIELD(struct override_row, scope, KIND_INT, "group or learner"),
	FIELD(struct override_row, ref, KIND_STR, "which one"),
	FIELD(struct override_row, body, KIND_RAW, "the override"),
	FIELD(struct override_row, updated_at, KIND_TIME, "last change"),
	FIELD_END,
};
static const struct shape override_row_shape =
	SHAPE(struct override_row, override_fields);

static const struct field rule_fields[] = {
	FIELD(struct rule_row, what, KIND_INT, "whose rules"),
	FIELD(struct rule_row, ref, KIND_STR, "which group or learner"),
	FIELD(struct rule_row, body, KIND_RAW, "the rules"),
	FIELD_END,
};
static const struct shape rule_shape = SHAPE(struct rule_row, rule_fields);

static const struct field member_fields[] = {
	FIELD(struct member_row, grp, KIND_STR, "the group"),
	FIELD(struct member_row, learner, KIND_ID, "the learner"),
	FIELD_END,
};
static const struct shape member_shape =
	SHAPE(struct member_row, member_fields);

#define COLS                                                                   \
	"id, series, org, course, slug, title, version, kind, max_score,"      \
	" digest, published_at, retired_at, source, source_commit"
/* The newest one that is open; of none but retired ones the newest. */
#define CURRENT                                                                \
	" ORDER BY CASE WHEN retired_at = 0 THEN 0 ELSE 1 END,"                \
	" version DESC LIMIT 1"

const struct stmt assessment_sql[ASSESSMENT_STMTS] = {
	[ASSESSMENT_INSERT] = { "assessment_insert",
				"INSERT INTO assessment (id, series, org,"
				" course, slug, title, version, kind,"
				" max_score, digest, published_at, retired_at,"
				" body, source, source_commit)"
				" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,"
				" $10, $11, 0, $12, $13, $14)" },
	[ASSESSMENT_BY_ID] = { "assessment_by_id",
			       "SELECT " COLS " FROM assessment"
			       " WHERE org = $1 AND id = $2",
			       &assessment_row_shape },
	[ASSESSMENT_BODY] = { "assessment_body",
			      "SELECT body FROM assessment"
			      " WHERE org = $1 AND id = $2",
			      &body_shape },
	[ASSESSMENT_LAST] = { "assessment_last",
			      "SELECT " COLS " FROM assessment"
			      " WHERE org = $1 AND course = $2 AND slug = $3"
			      " ORDER BY version DESC LIMIT 1",
			      &assessment_row_shape },
	[ASSESSMENT_NEWEST] = { "assessment_newest",
				"SELECT id, retired_at FROM assessment"
				" WHERE org = $1 AND course = $2"
				" AND slug = $3" CURRENT,
				&newest_shape },
	[ASSESSMENT_NEWEST_OF] = { "assessment_newest_of",
				   "SELECT " COLS " FROM assessment"
				   " WHERE org = $1 AND series = $2" CURRENT,
				   &assessment_row_shape },
	[ASSESSMENT_LIST] = { "assessment_list",
			      "SELECT " COLS " FROM assessment"
			      " WHERE org = $1 AND course = $2 AND slug >= $3"
			      " AND (slug > $3 OR version > $4)"
			      " ORDER BY slug, version LIMIT $5",
			      &assessment_row_shape },
	[ASSESSMENT_RETIRE] = { "assessment_retire",
				"UPDATE assessment SET retired_at = $3"
				" WHERE org = $1 AND id = $2"
				" AND retired_at = 0" },
	[OVERRIDE_SET] = { "override_set",
			   "INSERT INTO override_rule"
			   " (org, series, scope, ref, body, updated_at)"
			   " VALUES ($1, $2, $3, $4, $5, $6)"
			   " ON CONFLICT (org, series, scope, ref) DO UPDATE"
			   " SET body = excluded.body,"
			   " updated_at = excluded.updated_at" },
	[OVERRIDE_REMOVE] = { "override_remove",
			      "DELETE FROM override_rule"
			      " WHERE org = $1 AND series = $2 AND scope = $3"
			      " AND ref = $4" },
	[OVERRIDE_LIST] = { "override_list",
			    "SELECT series, scope, ref, body, updated_at"
			    " FROM override_rule"
			    " WHERE org = $1 AND series = $2"
			    " ORDER BY scope, ref",
			    &override_row_shape },
	/* Three look-ups by key in one; the numbers are enum's. */
	[RULES_FOR] = { "rules_for",
			"SELECT o.scope AS what, o.ref, o.body"
			" FROM override_rule o"
			" WHERE o.org = $1 AND o.series = $2"
			" AND o.scope = 1 AND o.ref = $4"
			" UNION ALL"
			" SELECT 2, '', a.body FROM accommodation a"
			" WHERE a.org = $1 AND a.learner = $5"
			" UNION ALL"
			" SELECT g.scope, g.ref, g.body FROM member m"
			" JOIN override_rule g ON g.org = m.org"
			" AND g.series = $2 AND g.scope = 0 AND g.ref = m.grp"
			" WHERE m.org = $1 AND m.course = $3"
			" AND m.learner = $5",
			&rule_shape },
	[ACCOMMODATION_SET] = { "accommodation_set",
				"INSERT INTO accommodation"
				" (org, learner, body, updated_at)"
				" VALUES ($1, $2, $3, $4)"
				" ON CONFLICT (org, learner) DO UPDATE"
				" SET body = excluded.body,"
				" updated_at = excluded.updated_at" },
	[ACCOMMODATION_REMOVE] = { "accommodation_remove",
				   "DELETE FROM accommodation"
				   " WHERE org = $1 AND learner = $2" },
	[ACCOMMODATION_OF] = { "accommodation_of",
			       "SELECT body FROM accommodation"
			       " WHERE org = $1 AND learner = $2",
			       &body_shape },
	[MEMBER_ADD] = { "member_add",
			 "INSERT INTO member (org, course, grp, learner)"
			 " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING" },
	[MEMBER_REMOVE] = { "member_remove",
			    "DELETE FROM member WHERE org = $1 AND course = $2"
			    " AND grp = $3 AND learner = $4" },
	[MEMBER_CLEAR] = { "member_clear",
			   "DELETE FROM member WHERE org = $1 AND course = $2"
			   " AND grp = $3" },
	[MEMBER_LIST] = { "member_list",
			  "SELECT grp, learner FROM member"
			  " WHERE org = $1 AND course = $2 AND grp = $3"
			  " ORDER BY learner",
			  &member_shape },
};

_Static_assert((int)OVERRIDE_GROUP == RULE_GROUP &&
		       (int)OVERRIDE_LEARNER == RULE_LEARNER,
	       "RULES_FOR names them by number");

const struct stmt_set assessment_stmts = { "assessment", assessment_sql,
					   ASSESSMENT_STMTS };

static const struct migration steps[] = {
	{ 20, "assessments, overrides, accommodations, groups",
	  "CREATE TABLE assessment (\n"
	  "  org {bytes} NOT NULL,\n"
	  "  id {bytes} NOT NULL,\n"
	  "  series {bytes} NOT NULL,\n"
	  "  course {text} NOT NULL,\n"
	  "  slug {text} NOT NULL,\n"
	  "  version {int} NOT NULL,\n"
	  "  title {text} NOT NULL,\n"
	  "  kind {int} NOT NULL,\n"
	  "  max_score {int} NOT NULL,\n"
	  "  digest {bytes} NOT NULL,\n"
	  "  published_at {int} NOT NULL,\n"
	  "  retired_at {int} NOT NULL,\n"
	  "  body {text} NOT NULL,\n"
	  "  PRIMARY KEY (org, id)\n"
	  "){table};\n"
	  "CREATE UNIQUE INDEX assessment_version"
	  " ON assessment (org, course, slug, version);\n"
	  "CREATE INDEX assessment_series ON assessment (org, series);\n"
	  "CREATE TABLE override_rule (\n"
	  "  org {bytes} NOT NULL,\n"
	  "  series {bytes} NOT NULL,\n"
	  "  scope {int} NOT NULL,\n"
	  "  ref {text} NOT NULL,\n"
	  "  body {text} NOT NULL,\n"
	  "  updated_at {int} NOT NULL,\n"
	  "  PRIMARY KEY (org, series, scope, ref)\n"
	  "){clustered};\n"
	  "CREATE TABLE accommodation (\n"
	  "  org {bytes} NOT NULL,\n"
	  "  learner {bytes} NOT NULL,\n"
	  "  body {text} NOT NULL,\n"
	  "  updated_at {int} NOT NULL,\n"
	  "  PRIMARY KEY (org, learner)\n"
	  "){clustered};\n"
	  "CREATE TABLE member (\n"
	  "  org {bytes} NOT NULL,\n"
	  "  course {text} NOT NULL,\n"
	  "  learner {bytes} NOT NULL,\n"
	  "  grp {text} NOT NULL,\n"
	  "  PRIMARY KEY (org, course, learner, grp)\n"
	  "){clustered};\n"
	  "CREATE INDEX member_group ON member (org, course, grp);\n" },
	/* For gradebook.get: all that it asks of a course's columns. */
	{ 21, "assessments that are open, by course",
	  "CREATE INDEX assessment_open ON assessment"
	  " (org, course, slug, version, retired_at, kind, id)"
	  " WHERE retired_at = 0;\n" },
	/* Of retired ones as well: what was earned on them counts on. */
	{ 22, "assessments by course, retired ones too",
	  "DROP INDEX assessment_open;\n"
	  "CREATE INDEX assessment_column ON assessment"
	  " (org, course, slug, version, retired_at, kind, id);\n" },
	{ 100, "where an assessment came from",
	  "ALTER TABLE assessment ADD COLUMN source {text};\n"
	  "ALTER TABLE assessment ADD COLUMN source_commit {text};\n" },
};
const struct migration_set assessment_migrations = {
	steps, sizeof(steps) / sizeof(steps[0])
};
