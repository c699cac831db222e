/*
 * assessment_attempts.csv: one row for each attempt, with as many columns for
 * slots as the widest attempt of the file has. How many that is shows at the
 * end, so rows are first gathered, each as it is, and then filled up.
 */
#include "engine/attempt/export.h"

#include "base/csv.h"
#include "base/limits.h"
#include "engine/attempt/attempt_sql.h"
#include "engine/auth/org.h"

static const struct field export_fields[] = {
	FILTER_FIELDS(struct export_params, filter),
	FIELD_OPT(struct export_params, delimiter, KIND_STR,
		  "\",\", \";\" or \"tab\"", .max = 3),
	FIELD_OPT(struct export_params, decimal_mark, KIND_STR,
		  "\".\" or \",\"", .max = 1),
	FIELD_OPT(struct export_params, bom, KIND_BOOL,
		  "begin with a byte order mark, for spreadsheets"),
	FIELD_END,
};
const struct shape export_shape = { "attempt_export",
				    sizeof(struct export_params),
				    export_fields };

static const struct field exported_fields[] = {
	FIELD(struct exported, rows, KIND_INT, "attempts in it"),
	FIELD(struct exported, bytes, KIND_INT, "of the file behind the NUL"),
	FIELD(struct exported, type, KIND_STR, "of the file"),
	FIELD(struct exported, name, KIND_STR, "proposed"),
	FIELD_OPT(struct exported, next, KIND_ID,
		  "cursor for the rest, as another file; absent: all is here"),
	FIELD_END,
};
const struct shape exported_shape = SHAPE(struct exported, exported_fields);

/* ---- which attempts ---- */

static enum err series_of(struct ctx *cx, const struct filter *f,
			  struct id *series)
{
	struct assessment a;
	enum err e;

	*series = (struct id){ 0 };
	if (id_is_none(&f->ref.assessment) && !f->ref.slug.n)
		return OK;
	e = assessment_resolve(cx, &f->ref, &a);
	if (!e)
		*series = a.series;
	return e;
}

enum err filter_rows(struct ctx *cx, const struct filter *f, size_t limit,
		     struct list *out, struct id *next)
{
	const struct stmt *st = &attempt_sql[ATTEMPT_LIST_ORG];
	struct val which = v_int(0);
	struct id series, learner = { 0 };
	const struct attempt_row *r;
	bool more;
	enum err e = series_of(cx, f, &series);

	if (!e && f->learner.n)
		e = person_for(cx, f->learner, &learner);
	if (e)
		return e;
	if (!id_is_none(&series)) {
		st = &attempt_sql[ATTEMPT_LIST_SERIES];
		which = v_id(&series);
	} else if (f->ref.course.n) {
		e = principal_course(cx, f->ref.course);
		if (e)
			return e;
		st = &attempt_sql[ATTEMPT_LIST_COURSE];
		which = v_text(f->ref.course);
	} else if (cx->who->courses.n) {
		return err_field(cx, ERR_INVALID, "/course",
				 "name the course: this token covers some "
				 "courses only");
	}
	e = store_list(cx, st,
		       VALS(v_id(&cx->who->org), which,
			    v_bytes((struct str){ (const char *)f->cursor.b,
						  ID_BYTES }),
			    v_id(&learner), v_int(f->state),
			    v_int((int64_t)limit + 1)),
		       limit, out, &more);
	r = out->at;
	*next = (struct id){ 0 };
	if (!e && more && out->n)
		*next = r[out->n - 1].id;
	return e;
}

/* ---- the table ---- */

enum {
	PAGE = 50, /* at most 4 MiB: 500 slots, ids of 128 bytes */
	ROWS_DEFAULT = 100000,
	HEADER_MOST = 65536,
	SLOT_CELLS = 3,
	BYTES_ENOUGH = LIMIT_BLOB_BYTES / 2,
	BYTES_MOST = LIMIT_BLOB_BYTES - HEADER_MOST,
};

/* Before each row that was gathered. */
struct row_head {
	uint32_t bytes, slots;
};

/* Rows, and what they come to in the file. */
struct gathered {
	struct buf rows;
	size_t n, slots, widest; /* rows, slots of all, of the widest */
};

static size_t file_bytes(const struct gathered *g)
{
	return g->rows.n +
	       (g->n * g->widest - g->slots) * SLOT_CELLS * strlen(",\"\"");
}

/* The slots of an attempt at this version. */
static size_t slots_of(const struct published *p)
{
	const struct section *s = p->def.sections.at;
	size_t n = 0;

	for (size_t i = 0; i < p->def.sections.n; i++) {
		const struct entry *e = s[i].entries.at;

		for (size_t j = 0; j < s[i].entries.n; j++)
			n += e[j].item.n ? 1 : (size_t)e[j].pick;
	}
	return n;
}

/* Of one assessment the columns are there without any attempt. */
static enum err least_slots(struct ctx *cx, const struct filter *f, size_t *n)
{
	const struct published *p;
	struct assessment a;
	enum err e;

	*n = 0;
	if (id_is_none(&f->ref.assessment) && !f->ref.slug.n)
		return OK;
	e = assessment_resolve(cx, &f->ref, &a);
	if (!e)
		e = catalog_get(cx->app->catalog, cx, &a.org, &a.id, &p);
	if (!e)
		*n = slots_of(p);
	return e;
}

static void header(struct ctx *cx, struct csv *c, size_t slots)
{
	static const char *const names[] = {
		"learner",  "name",    "learner_id", "course",	 "assessment",
		"title",    "version", "attempt",    "number",	 "state",
		"practice", "preview", "started",    "finished", "seconds",
		"late",	    "sum",     "sum_max",    "score",	 "max_score",
		"scaled",   "passed",  "graded",     "released", "due_at",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		csv_z(c, names[i]);
	for (size_t i = 0; i < slots; i++) {
		csv_cell(c, str_fmt(cx->arena, "slot_%zu_item", i + 1));
		csv_cell(c, str_fmt(cx->arena, "slot_%zu_mark", i + 1));
		csv_cell(c, str_fmt(cx->arena, "slot_%zu_max", i + 1));
	}
	csv_end(c);
}

static void maybe_dec(struct csv *c, bool has, struct dec d)
{
	if (has)
		csv_dec(c, d);
	else
		csv_z(c, "");
}

static void row_slots(struct csv *c, const struct live *l)
{
	for (size_t i = 0; i < l->slots_n; i++) {
		struct dec mark = DEC_ZERO;
		bool has = slot_mark(&l->slots[i].run, &mark);

		csv_cell(c, l->slots[i].made_of->id);
		maybe_dec(c, has, mark);
		csv_dec(c, l->slots[i].run.setup.max);
	}
}

static void row_cells(struct csv *c, const struct attempt_row *r,
		      const struct live *l, const struct person *who)
{
	csv_cell(c, person_shown(who->subject));
	csv_cell(c, who->name);
	csv_id(c, &r->learner);
	csv_cell(c, r->course);
	csv_cell(c, l->pub->row.slug);
	csv_cell(c, l->pub->row.title);
	csv_int(c, l->pub->row.version);
	csv_id(c, &r->id);
	csv_int(c, r->number);
	csv_z(c, attempt_state_words[r->state]);
	csv_bool(c, r->practice);
	csv_bool(c, r->preview);
	csv_time(c, r->started_at);
	csv_time(c, r->finished_at);
	maybe_dec(c, r->started_at && r->finished_at,
		  dec_ratio(r->finished_at - r->started_at, 1000));
	csv_bool(c, r->late);
	maybe_dec(c, r->graded_at, r->sum);
	maybe_dec(c, r->graded_at, r->sum_max);
	maybe_dec(c, r->has_score, r->score);
	maybe_dec(c, r->graded_at, r->max_score);
	maybe_dec(c, r->has_score, r->scaled);
	csv_bool(c, r->passed);
	csv_time(c, r->graded_at);
	csv_time(c, r->released_at);
	csv_time(c, r->due_at);
	row_slots(c, l);
}

static enum err row(struct ctx *cx, const struct csv_opts *opts,
		    const struct attempt_row *r, struct gathered *g)
{
	struct row_head head = { 0 };
	struct person who = { 0 };
	struct csv c = { .out = &g->rows, .opts = *opts };
	struct live *l = NULL;
	size_t at = g->rows.n;
	enum err e = live_read_row(cx, r, false, &l);

	if (!e)
		e = person_load(cx, &r->org, &r->learner, &who);
	if (e && e != ERR_NOT_FOUND)
		return e;
	err_clear(cx);
	buf_add(&g->rows, &head, sizeof(head));
	row_cells(&c, r, l, &who);
	head = (struct row_head){ (uint32_t)(g->rows.n - at - sizeof(head)),
				  (uint32_t)l->slots_n };
	if (!g->rows.failed)
		memcpy(g->rows.p + at, &head, sizeof(head));
	g->n++;
	g->slots += l->slots_n;
	if (g->widest < l->slots_n)
		g->widest = l->slots_n;
	return OK;
}

/* Each page has an arena of its own: a file has more rows than memory. */
static enum err page(struct ctx *cx, const struct csv_opts *opts,
		     struct filter *f, size_t limit, struct gathered *g)
{
	struct arena *request = cx->arena;
	const struct attempt_row *r;
	struct list rows = { 0 };
	enum err e;

	cx->arena = arena_new(65536);
	e = filter_rows(cx, f, limit < PAGE ? limit : PAGE, &rows, &f->cursor);
	r = rows.at;
	for (size_t i = 0; !e && i < rows.n; i++)
		e = row(cx, opts, &r[i], g);
	arena_free(cx->arena);
	cx->arena = request;
	return e;
}

/*
 * Pages until it is enough; f->cursor is where the next file begins. A page
 * whose attempts are wider than those before makes all of these wider, too: if
 * that does not fit, it is for the next file.
 */
static enum err gather(struct ctx *cx, const struct csv_opts *opts,
		       struct filter *f, struct gathered *g)
{
	size_t most = f->limit ? (size_t)f->limit : ROWS_DEFAULT;
	enum err e;

	do {
		struct gathered before = *g;
		struct id from = f->cursor;

		e = page(cx, opts, f, most - g->n, g);
		if (!e && before.n && file_bytes(g) > BYTES_MOST) {
			size_t kept = before.rows.n;

			before.rows = g->rows; /* it may have moved */
			before.rows.n = kept;
			*g = before;
			f->cursor = from;
			break;
		}
	} while (!e && !id_is_none(&f->cursor) && g->n < most &&
		 file_bytes(g) < BYTES_ENOUGH);
	return e;
}

static void write_file(struct ctx *cx, const struct csv_opts *opts,
		       const struct gathered *g, struct buf *out)
{
	struct row_head head;
	struct csv c;

	csv_begin(&c, out, opts);
	header(cx, &c, g->widest);
	for (size_t at = 0; at < g->rows.n; at += head.bytes) {
		memcpy(&head, g->rows.p + at, sizeof(head));
		at += sizeof(head);
		buf_add(out, g->rows.p + at, head.bytes);
		c.in_row = true;
		for (size_t i = head.slots; i < g->widest; i++)
			for (int k = 0; k < SLOT_CELLS; k++)
				csv_z(&c, "");
		csv_end(&c);
	}
}

enum err export_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct export_params *p = params;
	struct exported *out = result;
	struct filter f = p->filter;
	struct csv_opts opts;
	struct gathered g = { .rows = { .limit = 2 * LIMIT_BLOB_BYTES } };
	struct buf b = { .limit = LIMIT_BLOB_BYTES };
	enum err e;

	if (!csv_opts_parse(p->delimiter, p->decimal_mark, p->bom, &opts))
		return err_field(cx, ERR_INVALID, "/delimiter",
				 "delimiter is \",\", \";\" or \"tab\", "
				 "decimal_mark \".\" or \",\"");
	e = least_slots(cx, &f, &g.widest);
	if (!e)
		e = gather(cx, &opts, &f, &g);
	if (!e && !g.rows.failed)
		write_file(cx, &opts, &g, &b);
	if (!e && (g.rows.failed || b.failed))
		e = err_set(cx, ERR_TOO_LARGE, "ask for less with limit");
	if (!e)
		cx->io->bytes_out = buf_copy(&b, cx->arena);
	out->rows = (int64_t)g.n;
	out->bytes = (int64_t)b.n;
	out->type = STR("text/csv; charset=utf-8; header=present");
	out->name = STR("assessment_attempts.csv");
	out->next = f.cursor;
	buf_done(&g.rows);
	buf_done(&b);
	return e;
}
