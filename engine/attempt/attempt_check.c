/*
 * Is the table what the records say? For who verifies: offline, too, so the
 * assessments are not asked. Their records alone tell everything of an attempt
 * that stands in its row, and of what was erased the row has nothing.
 */
#include "engine/attempt/attempt_sql.h"
#include "engine/audit/chain.h"

enum { PAGE = 200 };

/* What differs in words, or NULL. node, rev and wake_at are in no record. */
static const char *difference(const struct attempt_row *a,
			      const struct attempt_row *b)
{
	if (!id_eq(&a->learner, &b->learner) ||
	    !id_eq(&a->series, &b->series) || !str_eq(a->course, b->course) ||
	    a->number != b->number || a->practice != b->practice ||
	    a->preview != b->preview)
		return "owner";
	if (a->state != b->state || a->given_back != b->given_back)
		return "state";
	if (!id_eq(&a->assessment, &b->assessment) ||
	    a->has_score != b->has_score || !dec_eq(a->sum, b->sum) ||
	    !dec_eq(a->sum_max, b->sum_max) || !dec_eq(a->score, b->score) ||
	    !dec_eq(a->max_score, b->max_score) ||
	    !dec_eq(a->scaled, b->scaled) || a->passed != b->passed)
		return "score";
	if (a->released_at != b->released_at)
		return "release";
	if (a->reserved_at != b->reserved_at ||
	    a->started_at != b->started_at || a->due_at != b->due_at ||
	    a->hard_end_at != b->hard_end_at ||
	    a->finished_at != b->finished_at || a->graded_at != b->graded_at ||
	    a->late != b->late)
		return "times";
	return NULL;
}

static bool is_about_records(enum err e)
{
	return e == ERR_CORRUPT || e == ERR_CONFLICT || e == ERR_INVALID;
}

/* The row as the records make it. */
static enum err fold(struct ctx *cx, const struct list *records, struct live *l)
{
	const struct record *r = records->at;
	enum err e = OK;

	*l = (struct live){ .arena = cx->arena,
			    .grow = cx->arena,
			    .replays = true };
	for (size_t i = 0; !e && i < records->n; i++)
		e = attempt_apply(cx, l, &r[i], NULL, NULL);
	return e;
}

static enum err check_row(struct ctx *cx, struct chain *c,
			  const struct attempt_row *row)
{
	char id[ID_TEXT + 1];
	const struct record *last;
	const char *what;
	struct list records;
	struct live l;
	enum err e = chain_stream(cx, c, &row->id, &records);

	if (e)
		return e;
	id_text(&row->id, id);
	chain_row(c);
	if (!records.n) {
		chain_wrong(c, 0, 0,
			    "attempt %s is in the table, and no record made it",
			    id);
		return OK;
	}
	last = (const struct record *)records.at + records.n - 1;
	e = fold(cx, &records, &l);
	if (e && !is_about_records(e))
		return e;
	err_clear(cx);
	what = e ? NULL : difference(row, &l.row);
	if (e)
		chain_wrong(c, last->node, last->seq,
			    "the records of attempt %s do not fit together",
			    id);
	else if (what)
		chain_wrong(c, last->node, last->seq,
			    "the %s of attempt %s in the table is not what "
			    "the records say",
			    what, id);
	return OK;
}

static enum err check_gone(struct ctx *cx, struct chain *c)
{
	const struct gone_row *g;
	struct list rows;
	enum err e = store_list(cx, &attempt_sql[ATTEMPT_GONE],
				VALS(v_int(CHAIN_FINDINGS)), CHAIN_FINDINGS,
				&rows, NULL);

	g = rows.at;
	for (size_t i = 0; !e && i < rows.n; i++) {
		char id[ID_TEXT + 1];

		id_text(&g[i].id, id);
		chain_wrong(c, g[i].node, g[i].seq,
			    "attempt %s is in the records and not in the table",
			    id);
	}
	return e;
}

static struct val v_after(const struct id *id)
{
	return v_bytes((struct str){ (const char *)id->b, ID_BYTES });
}

/* Rows of a page in an arena, and each attempt's records in another. */
static enum err check_page(struct ctx *cx, struct chain *c, struct id *org,
			   struct id *id, size_t *n)
{
	struct arena *page = cx->arena, *one;
	const struct attempt_row *row;
	struct list rows;
	enum err e = store_list(cx, &attempt_sql[ATTEMPT_ALL],
				VALS(v_after(org), v_after(id), v_int(PAGE)),
				PAGE, &rows, NULL);

	*n = 0;
	if (e)
		return e;
	row = rows.at;
	*n = rows.n;
	one = cx->arena = arena_new(65536);
	for (size_t i = 0; !e && i < rows.n; i++) {
		e = check_row(cx, c, &row[i]);
		*org = row[i].org;
		*id = row[i].id;
		arena_reset(one);
	}
	cx->arena = page;
	arena_free(one);
	return e;
}

enum err attempts_check(struct ctx *cx, struct chain *c)
{
	struct arena *whole = cx->arena, *page = arena_new(65536);
	struct id org = { { 0 } }, id = { { 0 } };
	size_t n = 0;
	enum err e;

	cx->arena = page;
	do {
		e = check_page(cx, c, &org, &id, &n);
		arena_reset(page);
	} while (!e && n == PAGE);
	if (!e)
		e = check_gone(cx, c);
	cx->arena = whole;
	arena_free(page);
	return e;
}
