/*
 * Is the table what the records say? A grade's last record "grade.changed" or
 * "grade.set" has all of it, but that a "grade.released" of its assessment may
 * have come since.
 *
 * Where several servers work on one database, the clocks of two may disagree
 * about which of two records was last; so another server's is believed as well
 * when it is not older than SKEW_MS.
 */
#include "engine/audit/chain.h"
#include "engine/gradebook/gradebook.h"
#include "engine/gradebook/gradebook_sql.h"

enum { PAGE = 500, SKEW_MS = 300000, SAME_MS = 1000 };

/* A learner's records about grades, by rising n. */
struct said {
	struct id learner;
	const struct record **record;
	struct grade *grade;
	size_t n;
};

static bool is_grade(const struct record *r)
{
	return str_is(r->event, "grade.changed") ||
	       str_is(r->event, "grade.set");
}

static enum err read_grade(struct ctx *cx, struct str body, struct grade *out)
{
	return field_decode_text(cx, body, &grade_shape, out);
}

/* What cannot be read was changed, which the chain tells. */
static enum err hear(struct ctx *cx, struct chain *c, const struct id *learner,
		     struct said *out)
{
	const struct record *r;
	struct list records;
	enum err e = chain_stream(cx, c, learner, &records);

	if (e)
		return e;
	r = records.at;
	*out = (struct said){
		.learner = *learner,
		.record = ARENA_ARRAY(cx->arena, const struct record *,
				      records.n),
		.grade = ARENA_ARRAY(cx->arena, struct grade, records.n)
	};
	for (size_t i = 0; i < records.n; i++) {
		if (!is_grade(&r[i]))
			continue;
		if (read_grade(cx, r[i].body, &out->grade[out->n])) {
			err_clear(cx);
			continue;
		}
		out->record[out->n++] = &r[i];
	}
	return OK;
}

/* 1: a was after b, -1: before, 0: the clocks do not tell. */
static int order(const struct record *a, const struct record *b)
{
	if (a->node == b->node)
		return a->seq > b->seq ? 1 : -1;
	if (a->at_ms > b->at_ms + SKEW_MS)
		return 1;
	return a->at_ms + SKEW_MS < b->at_ms ? -1 : 0;
}

/* Since when the grade of this record may be seen, as the row has it? */
static enum err check_release(struct ctx *cx, struct chain *c,
			      const struct grade *row, const struct grade *g,
			      const struct record *at, bool *ok)
{
	const struct record *r;
	struct list records;
	enum err e;

	*ok = row->released_at == g->released_at;
	if (g->released_at || !g->has_score)
		return OK;
	e = chain_stream(cx, c, &row->series, &records);
	r = records.at;
	for (size_t i = 0; !e && i < records.n; i++) {
		int64_t apart = r[i].at_ms - row->released_at;
		int way;

		if (!str_is(r[i].event, "grade.released"))
			continue;
		way = order(&r[i], at);
		if (!row->released_at && way > 0)
			*ok = false;
		if (row->released_at && way >= 0 && apart <= SAME_MS &&
		    apart >= -SAME_MS)
			*ok = true;
	}
	return e;
}

static enum err check_row(struct ctx *cx, struct chain *c, const struct said *s,
			  const struct grade *row)
{
	char learner[ID_TEXT + 1], series[ID_TEXT + 1];
	const struct record *last = NULL;
	const char *what = NULL;
	bool ok = false;
	enum err e = OK;

	for (size_t i = s->n; !e && !ok && i-- > 0;) {
		const struct record *r = s->record[i];
		const struct grade *g = &s->grade[i];

		if (!id_eq(&g->series, &row->series) ||
		    !str_eq(g->course, row->course) ||
		    (last && (last->node == r->node || order(last, r) > 0)))
			continue;
		if (!last)
			last = r;
		if (!gradebook_alike(row, g) ||
		    !dec_eq(row->scaled, g->scaled) ||
		    row->overridden != g->overridden ||
		    !str_eq(row->reason, g->reason)) {
			what = what ? what : "grade";
			continue;
		}
		e = check_release(cx, c, row, g, r, &ok);
		what = ok ? NULL : "release of the grade";
	}
	chain_row(c);
	if (e || ok)
		return e;
	id_text(&row->learner, learner);
	id_text(&row->series, series);
	if (last)
		chain_wrong(c, last->node, last->seq,
			    "the %s of learner %s at assessment %s in the "
			    "table is not the one that the records say",
			    what, learner, series);
	else
		chain_wrong(c, 0, 0,
			    "a grade of learner %s at assessment %s is in the "
			    "table, and no record made it",
			    learner, series);
	return OK;
}

static struct val v_after(const struct id *id)
{
	return v_bytes((struct str){ (const char *)id->b, ID_BYTES });
}

/* The learner's records are kept for his grades, which come together. */
static enum err check_rows(struct ctx *cx, struct chain *c,
			   const struct list *rows)
{
	struct arena *page = cx->arena, *one = arena_new(65536);
	const struct grade *g = rows->at;
	struct said said = { 0 };
	enum err e = OK;

	cx->arena = one;
	for (size_t i = 0; !e && i < rows->n; i++) {
		if (!id_eq(&said.learner, &g[i].learner)) {
			arena_reset(one);
			e = hear(cx, c, &g[i].learner, &said);
		}
		if (!e)
			e = check_row(cx, c, &said, &g[i]);
	}
	cx->arena = page;
	arena_free(one);
	return e;
}

static enum err check_table(struct ctx *cx, struct chain *c)
{
	struct arena *page = cx->arena;
	char course[LIMIT_REF_BYTES + 1];
	struct grade last = { .course = STR("") };
	struct list rows;
	enum err e;

	do {
		e = store_list(cx, &gradebook_sql[GRADES_ALL],
			       VALS(v_after(&last.org), v_text(last.course),
				    v_after(&last.learner),
				    v_after(&last.series), v_int(PAGE)),
			       PAGE, &rows, NULL);
		if (!e)
			e = check_rows(cx, c, &rows);
		if (e || rows.n < PAGE)
			break;
		last = ((const struct grade *)rows.at)[rows.n - 1];
		CHECK(last.course.n < sizeof(course));
		memcpy(course, last.course.p, last.course.n);
		last.course.p = course;
		arena_reset(page);
	} while (true);
	arena_reset(page);
	return e;
}

static enum err check_record(struct ctx *cx, struct chain *c,
			     const struct grade_record *r)
{
	struct grade g, row;
	enum err e;

	if (read_grade(cx, r->body, &g)) {
		err_clear(cx);
		return OK;
	}
	e = gradebook_row(cx, &g.org, g.course, &g.learner, &g.series, &row);
	if (e == ERR_NOT_FOUND) {
		char learner[ID_TEXT + 1];

		err_clear(cx);
		id_text(&g.learner, learner);
		chain_wrong(c, r->node, r->seq,
			    "this grade of learner %s is in the records and "
			    "not in the table",
			    learner);
		return OK;
	}
	return e;
}

static enum err check_records(struct ctx *cx, struct chain *c)
{
	struct arena *page = cx->arena;
	int64_t node = 0, seq = 0;
	const struct grade_record *r;
	struct list rows = { 0 };
	enum err e;

	do {
		arena_reset(page);
		e = store_list(cx, &gradebook_sql[GRADE_RECORDS],
			       VALS(v_int(node), v_int(seq), v_int(PAGE)), PAGE,
			       &rows, NULL);
		r = rows.at;
		for (size_t i = 0; !e && i < rows.n; i++) {
			e = check_record(cx, c, &r[i]);
			node = r[i].node;
			seq = r[i].seq;
		}
	} while (!e && rows.n == PAGE);
	return e;
}

enum err gradebook_check(struct ctx *cx, struct chain *c)
{
	struct arena *whole = cx->arena, *page = arena_new(65536);
	enum err e;

	cx->arena = page;
	e = check_table(cx, c);
	if (!e)
		e = check_records(cx, c);
	cx->arena = whole;
	arena_free(page);
	return e;
}
