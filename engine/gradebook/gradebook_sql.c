#include "engine/gradebook/gradebook_sql.h"

#include "engine/gradebook/course.h"
#include "engine/gradebook/gradebook.h"

static const struct field learner_fields[] = {
	FIELD(struct grade_learner, learner, KIND_ID, "the person"),
	FIELD_OPT(struct grade_learner, subject, KIND_STR, "platform's name"),
	FIELD_OPT(struct grade_learner, name, KIND_STR, "for reports"),
	FIELD_END,
};
static const struct shape learner_shape =
	SHAPE(struct grade_learner, learner_fields);

static const struct field term_fields[] = {
	FIELD(struct course_term_row, term, KIND_STR, "from then on"),
	FIELD_END,
};
static const struct shape term_row_shape =
	SHAPE(struct course_term_row, term_fields);

static const struct field record_fields[] = {
	FIELD(struct grade_record, node, KIND_INT, "of the chain"),
	FIELD(struct grade_record, seq, KIND_INT, "in the chain"),
	FIELD(struct grade_record, body, KIND_RAW, "the grade"),
	FIELD_END,
};
static const struct shape record_row_shape =
	SHAPE(struct grade_record, record_fields);

static const struct field column_fields[] = {
	FIELD(struct course_assessment, id, KIND_ID, "the version"),
	FIELD(struct course_assessment, slug, KIND_STR, "its name"),
	FIELD(struct course_assessment, kind, KIND_INT, "graded or practice"),
	FIELD(struct course_assessment, retired_at, KIND_TIME, "0: open"),
	FIELD(struct course_assessment, pass_mark, KIND_DEC, "the course's"),
	FIELD_END,
};
static const struct shape column_shape =
	SHAPE(struct course_assessment, column_fields);

#define COLS                                                                   \
	"org, learner, series, course, slug, assessment, attempt,"             \
	" has_score, score, max_score, scaled, passed, late, pending,"         \
	" attempts, updated_at, released_at, overridden, reason"

const struct stmt gradebook_sql[GRADEBOOK_STMTS] = {
	[GRADE_BY_ID] = { "grade_by_id",
			  "SELECT " COLS " FROM grade WHERE org = $1"
			  " AND course = $2 AND learner = $3 AND series = $4",
			  &grade_row_shape },
	[GRADE_SET] = { "grade_set",
			"INSERT INTO grade (" COLS ") VALUES ($1, $2, $3, $4,"
			" $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,"
			" $16, $17, $18, $19)"
			" ON CONFLICT (org, course, learner, series) DO UPDATE"
			" SET assessment = excluded.assessment,"
			" attempt = excluded.attempt,"
			" has_score = excluded.has_score,"
			" score = excluded.score,"
			" max_score = excluded.max_score,"
			" scaled = excluded.scaled, passed = excluded.passed,"
			" late = excluded.late, pending = excluded.pending,"
			" attempts = excluded.attempts,"
			" updated_at = excluded.updated_at,"
			" released_at = excluded.released_at,"
			" overridden = excluded.overridden,"
			" reason = excluded.reason" },
	[GRADE_RELEASE] = { "grade_release",
			    "UPDATE grade SET released_at = $4"
			    " WHERE org = $1 AND course = $2 AND series = $3"
			    " AND released_at = 0 AND has_score = 1" },
	[GRADES_OF_LEARNER] = { "grades_of_learner",
				"SELECT " COLS " FROM grade WHERE org = $1"
				" AND course = $2 AND learner = $3",
				&grade_row_shape },
	[GRADES_OF_COURSE] = { "grades_of_course",
			       "SELECT " COLS " FROM grade WHERE org = $1"
			       " AND course = $2 AND learner >= $3"
			       " AND (learner > $3 OR series > $4)"
			       " ORDER BY learner, series LIMIT $5",
			       &grade_row_shape },
	[GRADE_LEARNERS] = { "grade_learners",
			     "SELECT DISTINCT g.learner, p.subject, p.name"
			     " FROM grade g LEFT JOIN person p"
			     " ON p.org = g.org AND p.id = g.learner"
			     " WHERE g.org = $1 AND g.course = $2"
			     " ORDER BY p.subject, g.learner",
			     &learner_shape },
	[GRADES_ALL] = { "grades_all",
			 "SELECT " COLS " FROM grade"
			 " WHERE (org, course, learner, series)"
			 " > ($1, $2, $3, $4)"
			 " ORDER BY org, course, learner, series LIMIT $5",
			 &grade_row_shape },
	[GRADE_RECORDS] = { "grade_records",
			    "SELECT node, seq, body FROM record"
			    " WHERE (node, seq) > ($1, $2)"
			    " AND event IN ('grade.changed', 'grade.set')"
			    " ORDER BY node, seq LIMIT $3",
			    &record_row_shape },
	[COURSE_ASSESSMENTS] = { "course_assessments",
				 "SELECT id, slug, kind, retired_at, COALESCE("
				 "(SELECT pass_mark FROM course"
				 " WHERE org = $1 AND course = $2), 0)"
				 " AS pass_mark FROM assessment"
				 " WHERE org = $1 AND course = $2"
				 " ORDER BY slug, version",
				 &column_shape },
	[COURSE_SET] = { "course_set",
			 "INSERT INTO course"
			 " (org, course, title, pass_mark, updated_at, term)"
			 " VALUES ($1, $2, $3, $4, $5, $6)"
			 " ON CONFLICT (org, course) DO UPDATE"
			 " SET title = excluded.title,"
			 " pass_mark = excluded.pass_mark,"
			 " term = excluded.term,"
			 " updated_at = excluded.updated_at" },
	[COURSE_LIST] = { "course_list",
			  "SELECT course, title, pass_mark, term, updated_at"
			  " FROM course WHERE org = $1 AND course > $2"
			  " ORDER BY course LIMIT $3",
			  &course_shape },
	[COURSE_TERM_AT] = { "course_term_at",
			     "SELECT term FROM course_term"
			     " WHERE org = $1 AND course = $2 AND since <= $3"
			     " ORDER BY since DESC LIMIT 1",
			     &term_row_shape },
	[COURSE_TERMS] = { "course_terms",
			   "SELECT DISTINCT term FROM course_term"
			   " WHERE org = $1 AND course = $2 AND term <> ''"
			   " ORDER BY term",
			   &term_row_shape },
	[COURSE_TERM_BEGIN] = { "course_term_begin",
				"INSERT INTO course_term"
				" (org, course, since, term)"
				" VALUES ($1, $2, $3, $4)"
				" ON CONFLICT (org, course, since) DO UPDATE"
				" SET term = excluded.term" },
};

const struct stmt_set gradebook_stmts = { "gradebook", gradebook_sql,
					  GRADEBOOK_STMTS };

static const struct migration steps[] = {
	{ 30, "grades and courses",
	  "CREATE TABLE grade (\n"
	  "  org {bytes} NOT NULL,\n"
	  "  course {text} NOT NULL,\n"
	  "  learner {bytes} NOT NULL,\n"
	  "  series {bytes} NOT NULL,\n"
	  "  slug {text} NOT NULL,\n"
	  "  assessment {bytes} NOT NULL,\n"
	  "  attempt {bytes},\n"
	  "  has_score {int} NOT NULL,\n"
	  "  score {int} NOT NULL,\n"
	  "  max_score {int} NOT NULL,\n"
	  "  scaled {int} NOT NULL,\n"
	  "  passed {int} NOT NULL,\n"
	  "  late {int} NOT NULL,\n"
	  "  pending {int} NOT NULL,\n"
	  "  attempts {int} NOT NULL,\n"
	  "  updated_at {int} NOT NULL,\n"
	  "  released_at {int} NOT NULL,\n"
	  "  overridden {int} NOT NULL,\n"
	  "  reason {text},\n"
	  "  PRIMARY KEY (org, course, learner, series)\n"
	  "){clustered};\n"
	  "CREATE TABLE course (\n"
	  "  org {bytes} NOT NULL,\n"
	  "  course {text} NOT NULL,\n"
	  "  title {text} NOT NULL,\n"
	  "  pass_mark {int} NOT NULL,\n"
	  "  updated_at {int} NOT NULL,\n"
	  "  PRIMARY KEY (org, course)\n"
	  "){clustered};\n" },
	{ 31, "terms of courses",
	  "ALTER TABLE course ADD COLUMN term {text};\n"
	  "CREATE TABLE course_term (\n"
	  "  org {bytes} NOT NULL,\n"
	  "  course {text} NOT NULL,\n"
	  "  since {int} NOT NULL,\n"
	  "  term {text} NOT NULL,\n"
	  "  PRIMARY KEY (org, course, since)\n"
	  "){clustered};\n" },
};
const struct migration_set gradebook_migrations = { steps, 2 };
