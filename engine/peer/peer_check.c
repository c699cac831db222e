/*
 * Do the tables say what the records say? For who verifies: offline, too, so
 * nothing is folded that would need the assessments. Every run has its row, and
 * every artifact, review and appeal that a record made is found, and no others.
 */
#include "engine/audit/chain.h"
#include "engine/peer/ids.h"
#include "engine/peer/note.h"
#include "engine/peer/peer.h"
#include "engine/peer/peer_sql.h"

enum { PAGE = 200 };

/* What a record makes findable: its id, or NULL. */
static const struct id *made(int kind, const struct peer_note *n, int *ref)
{
	switch (kind) {
	case NOTE_HANDED_IN:
		*ref = PEER_REF_ARTIFACT;
		return &n->artifact;
	case NOTE_LEASED:
		*ref = PEER_REF_REVIEW;
		return &n->review;
	case NOTE_APPEAL_FILED:
		*ref = PEER_REF_APPEAL;
		return &n->appeal;
	default:
		return NULL;
	}
}

static enum err check_ref(struct ctx *cx, struct chain *c,
			  const struct peer_run_row *run,
			  const struct record *r, const struct id *id, int kind)
{
	struct peer_ref_row ref;
	char text[ID_TEXT + 1];
	enum err e = store_one(cx, &peer_sql[PEER_REF_BY_ID],
			       VALS(v_id(&run->org), v_id(id)), &ref);

	if (e && e != ERR_NOT_FOUND)
		return e;
	id_text(id, text);
	if (e)
		chain_wrong(c, r->node, r->seq,
			    "%s of a peer review is in the records and not in "
			    "the table",
			    text);
	else if (!id_eq(&ref.series, &run->series) ||
		 !id_eq(&ref.learner, &r->learner) || ref.kind != kind)
		chain_wrong(c, r->node, r->seq,
			    "%s of a peer review is another's in the table "
			    "than the records say",
			    text);
	err_clear(cx);
	return OK;
}

static enum err check_stream(struct ctx *cx, struct chain *c,
			     const struct peer_run_row *run,
			     const struct list *records)
{
	const struct record *r = records->at;
	struct peer_count_row count;
	struct ids ids = { 0 };
	enum err e = OK;

	for (size_t i = 0; !e && i < records->n; i++) {
		int kind = peer_note_kind_of(r[i].event), ref = 0;
		struct peer_note note;
		const struct id *id;

		if (kind == PEER_NOTE_COUNT ||
		    peer_note_read(cx, kind, r[i].body, &note)) {
			err_clear(cx);
			chain_wrong(c, r[i].node, r[i].seq,
				    "this record of a peer review cannot be "
				    "read");
			continue;
		}
		id = made(kind, &note, &ref);
		/* A lease that was given again is no new review. */
		if (!id || ids_find(&ids, id) != IDS_NONE)
			continue;
		ids_add(&ids, id, (uint32_t)i);
		e = check_ref(cx, c, run, &r[i], id, ref);
	}
	if (!e)
		e = store_one(cx, &peer_sql[PEER_REFS_COUNT],
			      VALS(v_id(&run->org), v_id(&run->series)),
			      &count);
	if (!e && count.n > (int64_t)ids.n)
		chain_wrong(c, 0, 0,
			    "the table has artifacts or reviews that no record "
			    "made");
	ids_done(&ids);
	return e;
}

/* Whose course it is decides who may see it. */
static void check_opening(struct ctx *cx, struct chain *c,
			  const struct peer_run_row *run,
			  const struct record *first)
{
	struct peer_note note = { 0 };

	/* One that cannot be read is told with the others of its stream. */
	if (peer_note_read(cx, NOTE_OPENED, first->body, &note)) {
		err_clear(cx);
		return;
	}
	if (!str_eq(note.course, run->course) || run->opened_at != first->at_ms)
		chain_wrong(c, first->node, first->seq,
			    "the course or the time of a run of peer reviews "
			    "is another in the table than the records say");
}

static enum err check_row(struct ctx *cx, struct chain *c,
			  const struct peer_run_row *run)
{
	const struct record *first;
	struct list records;
	enum err e = chain_stream(cx, c, &run->stream, &records);

	if (e)
		return e;
	chain_row(c);
	first = records.at;
	if (!records.n || !str_is(first->event, "peer.opened") ||
	    !id_eq(&first->org, &run->org)) {
		chain_wrong(c, 0, 0,
			    "a run of peer reviews is in the table, and no "
			    "record made it");
		return OK;
	}
	check_opening(cx, c, run, first);
	return check_stream(cx, c, run, &records);
}

static struct val v_after(const struct id *id)
{
	return v_bytes((struct str){ (const char *)id->b, ID_BYTES });
}

static enum err check_gone(struct ctx *cx, struct chain *c)
{
	const struct peer_gone_row *g;
	struct list rows;
	enum err e = store_list(cx, &peer_sql[PEER_RUNS_GONE],
				VALS(v_int(CHAIN_FINDINGS)), CHAIN_FINDINGS,
				&rows, NULL);

	g = rows.at;
	for (size_t i = 0; !e && i < rows.n; i++)
		chain_wrong(c, g[i].node, g[i].seq,
			    "a run of peer reviews is in the records and not "
			    "in the table");
	return e;
}

static enum err check_page(struct ctx *cx, struct chain *c, struct id *org,
			   struct id *series, size_t *n)
{
	struct arena *page = cx->arena, *one;
	const struct peer_run_row *row;
	struct list rows;
	enum err e =
		store_list(cx, &peer_sql[PEER_RUNS_ALL],
			   VALS(v_after(org), v_after(series), v_int(PAGE)),
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
		*series = row[i].series;
		arena_reset(one);
	}
	cx->arena = page;
	arena_free(one);
	return e;
}

enum err peers_check(struct ctx *cx, struct chain *c)
{
	struct arena *whole = cx->arena, *page = arena_new(65536);
	struct id org = { { 0 } }, series = { { 0 } };
	size_t n = 0;
	enum err e;

	cx->arena = page;
	do {
		e = check_page(cx, c, &org, &series, &n);
		arena_reset(page);
	} while (!e && n == PAGE);
	if (!e)
		e = check_gone(cx, c);
	cx->arena = whole;
	arena_free(page);
	return e;
}
