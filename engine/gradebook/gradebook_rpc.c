/* gradebook.*, course.*: grades as learners, staff and registrars see them. */
#include <stdlib.h>

#include "base/csv.h"
#include "base/limits.h"
#include "engine/app.h"
#include "engine/auth/org.h"
#include "engine/gradebook/course.h"
#include "engine/gradebook/gradebook_sql.h"
#include "engine/rpc/page.h"

/* ---- gradebook.get: one learner in one course ---- */

struct get_params {
	struct str course, learner;
};
static const struct field get_fields[] = {
	FIELD(struct get_params, course, KIND_STR, "the platform's course id",
	      .min = 1, .max = LIMIT_REF_BYTES),
	FIELD_OPT(struct get_params, learner, KIND_STR,
		  "whose; default: the caller", .max = LIMIT_REF_BYTES),
	FIELD_END,
};
static const struct shape get_shape = SHAPE(struct get_params, get_fields);

struct line {
	struct id learner;
	struct str course;
	struct list grades;  /* struct grade */
	struct list columns; /* struct course_column */
	struct dec current, final;
	bool has_current, has_final, passed, has_passed;
};
static const struct field line_fields[] = {
	FIELD(struct line, learner, KIND_ID, "whose"),
	FIELD(struct line, course, KIND_STR, "the course"),
	FIELD(struct line, grades, KIND_LIST, "one for each that has one",
	      .of = KIND_OBJECT, .shape = &grade_shape),
	FIELD(struct line, columns, KIND_LIST, "all graded assessments",
	      .of = KIND_OBJECT, .shape = &course_column_shape),
	FIELD_MAYBE(struct line, current, has_current, KIND_DEC,
		    "total of what is graded, 0 to 1"),
	FIELD_MAYBE(struct line, final, has_final, KIND_DEC,
		    "total with 0 for what is not"),
	FIELD_MAYBE(struct line, passed, has_passed, KIND_BOOL,
		    "the final total reaches the course's pass mark"),
	FIELD_END,
};
static const struct shape line_shape = SHAPE(struct line, line_fields);

static int by_slug(const void *a, const void *b)
{
	return str_cmp(((const struct grade *)a)->slug,
		       ((const struct grade *)b)->slug);
}

/* Rather here than by the database, which sorts one row as well. */
static void sort(struct list *grades)
{
	if (grades->n > 1)
		qsort(grades->at, grades->n, sizeof(struct grade), by_slug);
}

/* A learner sees what was released, staff all. */
static enum err get(struct ctx *cx, const void *params, void *result)
{
	const struct get_params *p = params;
	bool released_only = !principal_has(cx->who, ROLE_STAFF | ROLE_AUDITOR);
	struct line *out = result;
	struct course_total total;
	const struct grade **at;
	struct list grades;
	struct grade *shown;
	struct dec mark;
	enum err e = principal_course(cx, p->course);

	if (!e)
		e = person_for(cx, p->learner, &out->learner);
	if (!e)
		e = course_columns(cx, &cx->who->org, p->course, &out->columns,
				   &mark);
	if (!e)
		e = store_list(cx, &gradebook_sql[GRADES_OF_LEARNER],
			       VALS(v_id(&cx->who->org), v_text(p->course),
				    v_id(&out->learner)),
			       LIMIT_PAGE, &grades, NULL);
	if (e)
		return e;
	sort(&grades);
	at = ARENA_ARRAY(cx->arena, const struct grade *, out->columns.n);
	course_line(cx, &out->columns, &grades, released_only, at, &total);
	shown = ARENA_ARRAY(cx->arena, struct grade, grades.n);
	out->grades.at = shown;
	for (size_t i = 0; i < grades.n; i++) {
		const struct grade *g = (const struct grade *)grades.at + i;

		if (!released_only || g->released_at)
			shown[out->grades.n++] = *g;
	}
	out->course = p->course;
	out->current = total.current;
	out->has_current = total.has_current;
	out->final = total.final;
	out->has_final = total.has_final;
	out->has_passed = mark.nano > 0 && total.has_final;
	out->passed = out->has_passed && dec_cmp(total.final, mark) >= 0;
	return OK;
}

/* ---- gradebook.list: all grades of a course ---- */

struct list_params {
	struct str course;
	int64_t limit;
	struct str cursor;
};
static const struct field list_fields[] = {
	FIELD(struct list_params, course, KIND_STR, "the platform's course id",
	      .min = 1, .max = LIMIT_REF_BYTES),
	RPC_PAGE_FIELDS(struct list_params),
	FIELD_END,
};
static const struct shape list_shape = SHAPE(struct list_params, list_fields);

struct list_result {
	struct list grades;
	struct str next;
};
static const struct field list_result_fields[] = {
	FIELD(struct list_result, grades, KIND_LIST, "by learner",
	      .of = KIND_OBJECT, .shape = &grade_shape),
	RPC_NEXT_FIELD(struct list_result, KIND_STR),
	FIELD_END,
};
static const struct shape list_result_shape =
	SHAPE(struct list_result, list_result_fields);

/* A cursor is LEARNER:SERIES of the last row seen. */
static bool read_cursor(struct str cursor, struct id *learner,
			struct id *series)
{
	*learner = *series = (struct id){ { 0 } };
	return !cursor.n ||
	       (cursor.n == 2 * ID_TEXT + 1 && cursor.p[ID_TEXT] == ':' &&
		id_parse(str_cut(cursor, 0, ID_TEXT), learner) &&
		id_parse(str_cut(cursor, ID_TEXT + 1, cursor.n), series));
}

static struct val v_id_or_least(const struct id *id)
{
	return v_bytes((struct str){ (const char *)id->b, sizeof(id->b) });
}

static enum err list(struct ctx *cx, const void *params, void *result)
{
	const struct list_params *p = params;
	struct list_result *out = result;
	struct id learner, series;
	const struct grade *last;
	const void *row;
	enum err e = principal_course(cx, p->course);

	if (e)
		return e;
	if (!read_cursor(p->cursor, &learner, &series))
		return rpc_bad_cursor(cx);
	e = rpc_page(cx, &gradebook_sql[GRADES_OF_COURSE],
		     VALS(v_id(&cx->who->org), v_text(p->course),
			  v_id_or_least(&learner), v_id_or_least(&series)),
		     p->limit, sizeof(*last), &out->grades, &row);
	last = row;
	if (!e && last) {
		char a[ID_TEXT + 1], b[ID_TEXT + 1];

		id_text(&last->learner, a);
		id_text(&last->series, b);
		out->next = str_fmt(cx->arena, "%s:%s", a, b);
	}
	return e;
}

/* ---- gradebook.export ---- */

struct export_params {
	struct str course, delimiter, decimal_mark;
	bool bom;
};
static const struct field export_fields[] = {
	FIELD(struct export_params, course, KIND_STR,
	      "the platform's course id", .min = 1, .max = LIMIT_REF_BYTES),
	FIELD_OPT(struct export_params, delimiter, KIND_STR,
		  "\",\" (default), \";\" or \"tab\"", .max = 3),
	FIELD_OPT(struct export_params, decimal_mark, KIND_STR,
		  "\".\" (default) or \",\"", .max = 1),
	FIELD_OPT(struct export_params, bom, KIND_BOOL,
		  "begin with a byte order mark, for spreadsheets"),
	FIELD_END,
};
static const struct shape export_shape =
	SHAPE(struct export_params, export_fields);

struct export_result {
	struct str name, type;
	int64_t learners;
};
static const struct field export_result_fields[] = {
	FIELD(struct export_result, name, KIND_STR, "a name for the file"),
	FIELD(struct export_result, type, KIND_STR, "its media type"),
	FIELD(struct export_result, learners, KIND_INT, "rows"),
	FIELD_END,
};
static const struct shape export_result_shape =
	SHAPE(struct export_result, export_result_fields);

static void write_head(struct ctx *cx, struct csv *csv,
		       const struct list *columns)
{
	const struct course_column *c = columns->at;

	csv_z(csv, "Learner");
	csv_z(csv, "Name");
	csv_z(csv, "ID");
	for (size_t i = 0; i < columns->n; i++)
		csv_cell(csv, str_fmt(cx->arena, "%.*s (%.*s)",
				      STR_FMT(c[i].title), STR_FMT(c[i].slug)));
	csv_z(csv, "Graded");
	csv_z(csv, "Current Score");
	csv_z(csv, "Final Score");
	csv_end(csv);
	csv_z(csv, "Points Possible");
	csv_z(csv, "");
	csv_z(csv, "");
	for (size_t i = 0; i < columns->n; i++)
		csv_dec(csv, c[i].max_score);
	csv_int(csv, (int64_t)columns->n);
	csv_int(csv, 100);
	csv_int(csv, 100);
	csv_end(csv);
}

static void write_total(struct csv *csv, bool has, struct dec share)
{
	if (has)
		csv_dec(csv, dec_round(dec_scale(share, 100, 1), 2));
	else
		csv_z(csv, "");
}

static enum err write_line(struct ctx *cx, struct csv *csv, struct str course,
			   const struct list *columns,
			   const struct grade_learner *l)
{
	const struct grade **at =
		ARENA_ARRAY(cx->arena, const struct grade *, columns->n);
	struct course_total total;
	struct list grades;
	enum err e = store_list(
		cx, &gradebook_sql[GRADES_OF_LEARNER],
		VALS(v_id(&cx->who->org), v_text(course), v_id(&l->learner)),
		LIMIT_PAGE, &grades, NULL);

	if (e)
		return e;
	course_line(cx, columns, &grades, false, at, &total);
	csv_cell(csv, person_shown(l->subject));
	csv_cell(csv, l->name);
	csv_id(csv, &l->learner);
	for (size_t i = 0; i < columns->n; i++)
		if (at[i] && at[i]->has_score)
			csv_dec(csv, at[i]->score);
		else
			csv_z(csv, "");
	csv_int(csv, total.graded);
	write_total(csv, total.has_current, total.current);
	write_total(csv, total.has_final, total.final);
	csv_end(csv);
	return OK;
}

static enum err write_all(struct ctx *cx, struct csv *csv, struct str course,
			  int64_t *learners)
{
	struct arena *whole = cx->arena, *one;
	struct list columns, rows;
	enum err e = course_columns(cx, &cx->who->org, course, &columns, NULL);

	if (!e)
		e = store_list(cx, &gradebook_sql[GRADE_LEARNERS],
			       VALS(v_id(&cx->who->org), v_text(course)),
			       SIZE_MAX, &rows, NULL);
	if (e)
		return e;
	write_head(cx, csv, &columns);
	one = arena_new(16384); /* a line's, so that 10^5 need not add up */
	cx->arena = one;
	for (size_t i = 0; i < rows.n && !e; i++) {
		e = write_line(cx, csv, course, &columns,
			       (const struct grade_learner *)rows.at + i);
		arena_reset(one);
	}
	cx->arena = whole;
	arena_free(one);
	*learners = (int64_t)rows.n;
	return e;
}

static enum err export_book(struct ctx *cx, const void *params, void *result)
{
	const struct export_params *p = params;
	struct export_result *out = result;
	struct buf b = { .limit = LIMIT_BLOB_BYTES };
	struct csv_opts opts;
	struct csv csv;
	enum err e = principal_course(cx, p->course);

	if (e)
		return e;
	if (!csv_opts_parse(p->delimiter, p->decimal_mark, p->bom, &opts))
		return err_field(cx, ERR_INVALID, "/delimiter",
				 "delimiter must be \",\", \";\" or \"tab\", "
				 "and decimal_mark \".\" or \",\"");
	csv_begin(&csv, &b, &opts);
	e = write_all(cx, &csv, p->course, &out->learners);
	if (!e && b.failed)
		e = err_set(cx, ERR_TOO_LARGE,
			    "the gradebook is too large for one message; page "
			    "through gradebook.list");
	if (!e)
		cx->io->bytes_out = buf_copy(&b, cx->arena);
	buf_done(&b);
	out->name = STR("gradebook.csv");
	out->type = STR("text/csv; charset=utf-8");
	return e;
}

/* ---- gradebook.release ---- */

struct release_result {
	struct id series;
	int64_t released;
};
static const struct field release_result_fields[] = {
	FIELD(struct release_result, series, KIND_ID, "the assessment"),
	FIELD(struct release_result, released, KIND_INT,
	      "grades that learners could not see before"),
	FIELD_END,
};
static const struct shape release_result_shape =
	SHAPE(struct release_result, release_result_fields);

static enum err release(struct ctx *cx, const void *params, void *result)
{
	struct release_result *out = result;
	struct assessment a;
	enum err e = assessment_resolve(cx, params, &a);

	if (!e)
		e = store_exec(cx, &gradebook_sql[GRADE_RELEASE],
			       VALS(v_id(&a.org), v_text(a.course),
				    v_id(&a.series),
				    v_int(clock_ms(cx->clock))),
			       &out->released);
	if (e)
		return e;
	out->series = a.series;
	record_stage(cx,
		     &(struct record){ .org = a.org,
				       .stream = a.series,
				       .event = STR("grade.released"),
				       .body = field_text(cx->arena,
							  &release_result_shape,
							  out) });
	return OK;
}

/* ---- gradebook.set: a grade by hand ---- */

struct set_params {
	struct assessment_ref ref;
	struct str learner, reason;
	struct dec score;
	bool has_score;
};
static const struct field set_fields[] = {
	ASSESSMENT_REF_FIELDS(struct set_params, ref),
	FIELD(struct set_params, learner, KIND_STR, "whose", .min = 1,
	      .max = LIMIT_REF_BYTES),
	FIELD_MAYBE(struct set_params, score, has_score, KIND_DEC,
		    "the grade; absent: back to what the attempts give"),
	FIELD(struct set_params, reason, KIND_STR,
	      "why; kept in the audit "
	      "chain",
	      .min = 1, .max = 1000),
	FIELD_END,
};
static const struct shape set_shape = SHAPE(struct set_params, set_fields);

static enum err set_by_hand(struct ctx *cx, const struct set_params *p,
			    struct grade *g, const struct published *pub)
{
	struct dec max = pub->def.policy.max_grade.nano
				 ? pub->def.policy.max_grade
				 : pub->row.max_score;

	if (dec_cmp(p->score, max) > 0 || p->score.nano < 0)
		return err_field(cx, ERR_INVALID, "/score",
				 "score must be from 0 to the assessment's "
				 "maximum");
	g->has_score = g->overridden = true;
	g->score = p->score;
	g->max_score = max;
	g->scaled = max.nano ? dec_div(p->score, max) : DEC_ZERO;
	g->passed = pub->def.policy.pass_mark.nano > 0 &&
		    dec_cmp(g->scaled, pub->def.policy.pass_mark) >= 0;
	g->pending = false;
	if (!g->released_at && pub->def.policy.release == RELEASE_AUTO)
		g->released_at = clock_ms(cx->clock);
	return OK;
}

/* Given back: the attempts decide again, as the hook computes. */
static enum err give_back(struct ctx *cx, struct grade *g)
{
	const struct gradebook_hooks *h = cx->app->gradebook_hooks;
	enum err e;

	if (!g->overridden)
		return err_set(cx, ERR_CONFLICT,
			       "this grade was not set by hand");
	g->overridden = g->has_score = g->passed = g->late = false;
	g->score = g->scaled = DEC_ZERO;
	g->released_at = 0;
	g->attempt = (struct id){ { 0 } };
	e = gradebook_store(cx, g);
	if (!e && h)
		e = h->recompute(cx, &g->org, &g->series, &g->learner);
	if (!e)
		e = gradebook_grade(cx, &g->org, &g->learner, &g->series, g);
	return e;
}

static enum err set(struct ctx *cx, const void *params, void *result)
{
	const struct set_params *p = params;
	struct grade *g = result;
	const struct published *pub;
	struct assessment a;
	struct id learner;
	enum err e = assessment_resolve(cx, &p->ref, &a);

	if (!e)
		e = catalog_get(cx->app->catalog, cx, &a.org, &a.id, &pub);
	if (!e)
		e = person_for(cx, p->learner, &learner);
	if (e)
		return e;
	if (a.kind == POLICY_PRACTICE)
		return err_set(cx, ERR_PRECONDITION,
			       "a practice assessment has no grades");
	e = gradebook_grade(cx, &a.org, &learner, &a.series, g);
	if (e && e != ERR_NOT_FOUND)
		return e;
	if (e)
		*g = (struct grade){ .org = a.org,
				     .learner = learner,
				     .series = a.series,
				     .course = a.course,
				     .slug = a.slug,
				     .assessment = a.id };
	err_clear(cx);
	g->updated_at = clock_ms(cx->clock);
	g->reason = p->reason;
	if (p->has_score) {
		e = set_by_hand(cx, p, g, pub);
		if (!e)
			e = gradebook_store(cx, g);
	} else {
		e = give_back(cx, g);
	}
	if (!e)
		gradebook_note(cx, "grade.set", g);
	return e;
}

/* ---- course.set, get, list ---- */

static const struct field course_set_fields[] = {
	FIELD(struct course, course, KIND_STR, "the platform's course id",
	      .min = 1, .max = LIMIT_REF_BYTES),
	FIELD(struct course, title, KIND_STR, "as shown", .min = 1,
	      .max = LIMIT_NAME_BYTES),
	FIELD_OPT(struct course, pass_mark, KIND_DEC,
		  "least final total to pass, 0 to 1; 0: none", .min = 0,
		  .max = 1),
	FIELD_OPT(struct course, term, KIND_STR,
		  "that it is in from now on, as WS 2026/27: files handed in "
		  "to attempts that begin then are kept apart from earlier "
		  "ones; absent: the calendar year",
		  .min = 1, .max = COURSE_TERM_BYTES),
	FIELD_END,
};
static const struct shape course_set_shape = { "course_set",
					       sizeof(struct course),
					       course_set_fields };

static enum err course_set(struct ctx *cx, const void *params, void *result)
{
	struct course *c = result;
	enum err e;

	*c = *(const struct course *)params;
	e = principal_course(cx, c->course);
	if (!e)
		e = course_term_check(cx, c->term);
	if (!e)
		e = course_term_begin(cx, &cx->who->org, c->course, c->term);
	if (e)
		return e;
	c->updated_at = clock_ms(cx->clock);
	e = store_exec(cx, &gradebook_sql[COURSE_SET],
		       VALS(v_id(&cx->who->org), v_text(c->course),
			    v_text(c->title), v_dec(c->pass_mark),
			    v_int(c->updated_at), v_text(c->term)),
		       NULL);
	if (e)
		return e;
	record_stage(cx,
		     &(struct record){
			     .org = cx->who->org,
			     .stream = cx->who->org,
			     .event = STR("course.set"),
			     .body = field_text(cx->arena, &course_shape, c) });
	return OK;
}

struct courses {
	struct list courses;
	struct str next;
};
static const struct field courses_fields[] = {
	FIELD(struct courses, courses, KIND_LIST, "by id", .of = KIND_OBJECT,
	      .shape = &course_shape),
	RPC_NEXT_FIELD(struct courses, KIND_STR),
	FIELD_END,
};
static const struct shape courses_shape = SHAPE(struct courses, courses_fields);

struct courses_params {
	int64_t limit;
	struct str cursor;
};
static const struct field courses_params_fields[] = {
	RPC_PAGE_FIELDS(struct courses_params),
	FIELD_END,
};
static const struct shape courses_params_shape = {
	"course_list_params", sizeof(struct courses_params),
	courses_params_fields
};

static enum err course_list(struct ctx *cx, const void *params, void *result)
{
	const struct courses_params *p = params;
	struct courses *out = result;
	struct course *c;
	const void *last;
	size_t kept = 0;
	enum err e = rpc_page(cx, &gradebook_sql[COURSE_LIST],
			      VALS(v_id(&cx->who->org),
				   v_text(p->cursor.n ? p->cursor : STR(""))),
			      p->limit, sizeof(*c), &out->courses, &last);

	if (e)
		return e;
	c = out->courses.at;
	if (last)
		out->next = ((const struct course *)last)->course;
	for (size_t i = 0; i < out->courses.n; i++)
		if (principal_covers(cx->who, c[i].course))
			c[kept++] = c[i];
	out->courses.n = kept;
	return OK;
}

const struct rpc_method gradebook_methods[] = {
	{ .name = "gradebook.get",
	  .does = "Give a learner's grades in a course and what they add up "
		  "to; learners see their own, as far as released.",
	  .roles = ROLE_LEARNER | ROLE_STAFF | ROLE_AUDITOR,
	  .params = &get_shape,
	  .result = &line_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_DENIED),
	  .run = get },
	{ .name = "gradebook.list",
	  .does = "List all grades of a course.",
	  .roles = ROLE_STAFF | ROLE_AUDITOR,
	  .params = &list_shape,
	  .result = &list_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = list },
	{ .name = "gradebook.export",
	  .does = "Give a course's gradebook as gradebook.csv (bytes).",
	  .roles = ROLE_STAFF | ROLE_AUDITOR,
	  .flags = RPC_SLOW | RPC_GIVES_BYTES,
	  .budget_ms = 5000,
	  .params = &export_shape,
	  .result = &export_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_TOO_LARGE),
	  .run = export_book },
	{ .name = "gradebook.release",
	  .does = "Let learners see an assessment's grades.",
	  .roles = ROLE_TEACHERS,
	  .flags = RPC_WRITES,
	  .params = &assessment_ref_shape,
	  .result = &release_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = release },
	{ .name = "gradebook.set",
	  .does = "Set a grade by hand, or give it back to the attempts.",
	  .roles = ROLE_TEACHERS,
	  .flags = RPC_WRITES,
	  .params = &set_shape,
	  .result = &grade_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT, ERR_PRECONDITION),
	  .run = set },
	{ .name = "course.set",
	  .does = "Give a course a title, a pass mark and a term.",
	  .roles = ROLE_TEACHERS,
	  .flags = RPC_WRITES,
	  .params = &course_set_shape,
	  .result = &course_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = course_set },
	{ .name = "course.list",
	  .does = "List the courses that the caller's token covers.",
	  .roles = ROLE_STAFF | ROLE_AUDITOR,
	  .params = &courses_params_shape,
	  .result = &courses_shape,
	  .run = course_list },
	{ 0 },
};
