/* Bundles: a piece of a chain as text; the format stands in chain.h. */
#include "base/limits.h"
#include "engine/audit/chain.h"
#include "engine/audit/record_sql.h"

struct writer {
	const struct bundle_want *want;
	struct buf *b;
	struct checkpoint *points;
	size_t points_n, point;
	int64_t last;
	size_t n;
};

static void hex_member(struct buf *b, const char *name, const void *p)
{
	jout_name(b, name);
	buf_ch(b, '"');
	buf_hex(b, p, HASH_BYTES);
	buf_ch(b, '"');
}

static void write_record(struct writer *w, const struct record *r)
{
	struct record shown = *r;
	uint8_t digest[HASH_BYTES];

	if (id_is_none(&w->want->org) || id_eq(&w->want->org, &r->org)) {
		if (!w->want->personal)
			shown.personal = shown.personal_salt =
				(struct str){ 0 };
		field_encode(w->b, &record_shape, &shown);
	} else {
		record_digest(r, digest);
		buf_fmt(w->b, "{\"seq\":%lld,", (long long)r->seq);
		hex_member(w->b, "digest", digest);
		buf_ch(w->b, '}');
	}
	buf_ch(w->b, '\n');
}

static enum err each(struct ctx *cx, const void *row, void *arg)
{
	const struct record *r = row;
	struct writer *w = arg;

	(void)cx;
	if (w->n == w->want->limit || w->b->n > LIMIT_BLOB_BYTES / 2)
		return ERR_LIMIT_REACHED; /* the page is full */
	write_record(w, r);
	w->last = r->seq;
	w->n++;
	while (w->point < w->points_n && w->points[w->point].seq <= r->seq) {
		if (w->points[w->point].seq == r->seq) {
			buf_z(w->b, "{\"checkpoint\":");
			field_encode(w->b, &checkpoint_shape,
				     &w->points[w->point]);
			buf_z(w->b, "}\n");
		}
		w->point++;
	}
	return OK;
}

/* The hash at `seq`; zeros before the first. */
static enum err hash_at(struct ctx *cx, int64_t node, int64_t seq,
			uint8_t out[HASH_BYTES])
{
	struct record_head head;
	enum err e;

	memset(out, 0, HASH_BYTES);
	if (seq == 0)
		return OK;
	e = store_one(cx, &record_sql[RECORD_HASH_AT],
		      VALS(v_int(node), v_int(seq)), &head);
	if (e == ERR_NOT_FOUND)
		return err_field(cx, ERR_INVALID, "/after",
				 "this node's chain has no record %lld",
				 (long long)seq);
	if (!e)
		memcpy(out, head.hash.p, HASH_BYTES);
	return e;
}

enum err bundle_write(struct ctx *cx, const struct bundle_want *want,
		      struct buf *b, int64_t *last)
{
	struct writer w = { .want = want, .b = b, .last = want->after };
	uint8_t hash[HASH_BYTES];
	struct list points;
	enum err e = hash_at(cx, want->node, want->after, hash);

	if (!e)
		e = checkpoint_list(cx, want->node, want->after,
				    LIMIT_PAGE * 10, &points);
	if (e)
		return e;
	w.points = points.at;
	w.points_n = points.n;
	buf_fmt(b, "{\"assay_audit\":1,\"node\":%lld,\"after\":%lld,",
		(long long)want->node, (long long)want->after);
	hex_member(b, "hash", hash);
	buf_z(b, "}\n");
	e = store_each(
		cx, &record_sql[RECORD_AFTER],
		VALS(v_int(want->node), v_int(want->after), v_int(INT64_MAX)),
		each, &w);
	if (e && e != ERR_LIMIT_REACHED)
		return e;
	err_clear(cx);
	*last = w.last;
	return OK;
}

/* ---- reading one back ---- */

static bool get_hash(struct ctx *cx, struct jval o, const char *name,
		     uint8_t out[HASH_BYTES])
{
	struct jval v;
	struct str raw;

	if (!jval_get(o, name, &v) || jval_type(v) != J_STRING ||
	    !hex_decode(cx->arena, jval_str(cx, v), &raw) ||
	    raw.n != HASH_BYTES)
		return false;
	memcpy(out, raw.p, HASH_BYTES);
	return true;
}

static bool get_int(struct jval o, const char *name, int64_t *out)
{
	struct jval v;

	return jval_get(o, name, &v) && jval_int(v, out);
}

static bool read_header(struct ctx *cx, struct chain *c, struct jval o)
{
	uint8_t hash[HASH_BYTES];
	int64_t node, after;

	if (!get_int(o, "node", &node) || !get_int(o, "after", &after) ||
	    !get_hash(cx, o, "hash", hash))
		return false;
	chain_page(c, node, after, hash);
	return true;
}

static bool read_line(struct ctx *cx, struct chain *c, struct str line)
{
	struct checkpoint point;
	struct record r;
	struct jdoc *doc;
	struct jval root, v;
	uint8_t digest[HASH_BYTES];
	int64_t seq;

	if (jdoc_parse(cx, line, &doc))
		return false;
	root = jdoc_root(doc);
	if (jval_type(root) != J_OBJECT)
		return false;
	if (jval_get(root, "assay_audit", &v))
		return read_header(cx, c, root);
	if (!chain_begun(c))
		return false;
	if (jval_get(root, "checkpoint", &v)) {
		if (field_decode(cx, v, &checkpoint_shape, "", &point))
			return false;
		chain_checkpoint(c, &point);
		return true;
	}
	if (get_hash(cx, root, "digest", digest)) {
		if (!get_int(root, "seq", &seq))
			return false;
		chain_unseen(c, seq, digest);
		return true;
	}
	if (field_decode(cx, root, &record_shape, "", &r))
		return false;
	chain_shown(c, &r);
	return true;
}

enum err bundle_verify(struct ctx *cx, struct str text,
		       struct chain_report *out)
{
	struct chain *c = chain_new(cx);
	struct arena *own = cx->arena, *lines = arena_new(65536);
	struct str line;
	int64_t number = 0, read = 0;
	enum err e = OK;

	while (!e && str_split(&text, '\n', &line)) {
		number++;
		if (!line.n)
			continue;
		read++;
		/* What a line needs goes with the line; the chain keeps its
		 * own in the caller's arena. */
		cx->arena = lines;
		if (!read_line(cx, c, line)) {
			cx->arena = own;
			e = err_set(cx, ERR_INVALID,
				    "line %lld is not a line of an audit "
				    "bundle",
				    (long long)number);
		}
		cx->arena = own;
		arena_reset(lines);
	}
	arena_free(lines);
	if (e)
		return e;
	if (read == 0)
		return err_set(cx, ERR_INVALID, "the bundle is empty");
	chain_done(c, out);
	return OK;
}
