/*
 * assay verify: is it still what was written? Bundles, databases, receipts.
 * Nothing here asks a server.
 */
#include "base/limits.h"
#include "cli/file.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/verb.h"
#include "engine/audit/chain.h"
#include "engine/audit/receipt.h"

enum { BUNDLE_BYTES = 1 << 30, BUSY_MS = 10000 };

const struct flag verify_flags[] = {
	{ .name = "key",
	  .value = "HEX",
	  .doc = "the public key that must have signed: needed for a "
		 "receipt; for chains it must be among those that signed" },
	{ .name = "json", .doc = "the report as JSON" },
	{ 0 },
};

/* ---- chains ---- */

static bool signed_by(const struct chain_report *r, struct str key)
{
	for (size_t i = 0; i < r->keys.n; i++)
		if (str_eq_nocase(((struct str *)r->keys.at)[i], key))
			return true;
	return false;
}

static void show(struct cli *c, const struct chain_report *r, bool json)
{
	struct buf text = { 0 }, b = { 0 };
	const struct output o = { &b, c->out_is_terminal ? c->columns : 0, 0 };
	struct jdoc *doc;

	field_encode(&text, &chain_report_shape, r);
	if (json || jdoc_parse(c->cx, buf_view(&text), &doc)) {
		buf_str(&b, buf_view(&text));
		buf_ch(&b, '\n');
	} else {
		buf_fmt(&b, "The chain is %s.\n",
			r->intact ? "intact" : "NOT intact");
		output_object(c->cx, &o, &chain_report_shape, jdoc_root(doc));
	}
	cli_put(c->out, buf_view(&b));
	buf_done(&text);
	buf_done(&b);
}

static int tell(struct cli *c, const struct args *a,
		const struct chain_report *r)
{
	struct str key = args_get(a, "key");

	show(c, r, args_on(a, "json"));
	if (key.p && !signed_by(r, key))
		return cli_say(c, CLI_REFUSED,
			       "no checkpoint is signed by that key");
	return r->intact ? CLI_FINE : CLI_REFUSED;
}

static void on_records(void *arg, int64_t records)
{
	progress_set(arg, records, 0);
}

/* One snapshot: a server may be writing. */
static enum err verify_reader(struct cli *c, struct progress *bar,
			      struct chain_report *r)
{
	enum err e = store_read_begin(c->cx);

	if (e)
		return e;
	e = chain_verify(c->cx, c->checks, on_records, bar, r);
	store_read_end(c->cx);
	return e;
}

static int verify_store(struct cli *c, const struct args *a, struct str url)
{
	struct store_opts o = { .url = url,
				.sets = c->stmts,
				.migrations = c->migrations,
				.clock = c->cx->clock,
				.readers = 1,
				.read_only = true,
				.busy_ms = BUSY_MS };
	struct chain_report r;
	struct progress bar;
	struct store *s;
	enum err e;

	if (!c->stmts)
		return cli_say(c, CLI_FAILED,
			       "this program was built without stores");
	e = store_open(c->cx, &o, &s);
	if (e)
		return cli_error(c, e);
	c->cx->db = store_reader(s, BUSY_MS);
	if (!c->cx->db) {
		store_close(s);
		return cli_say(c, CLI_FAILED, "the store does not answer");
	}
	progress_start(&bar, c, "records");
	e = verify_reader(c, &bar, &r);
	progress_end(&bar);
	store_reader_done(s, c->cx->db);
	c->cx->db = NULL;
	store_close(s);
	return e ? cli_error(c, e) : tell(c, a, &r);
}

/* Pages of one export, in their order: one chain. */
static enum err read_pages(struct cli *c, const struct args *a,
			   struct str first, struct str *out)
{
	struct buf b = { .limit = BUNDLE_BYTES };
	struct str page;
	enum err e = OK;

	if (a->rest.n == 1) {
		*out = first;
		return OK;
	}
	buf_str(&b, first);
	for (size_t i = 1; !e && i < a->rest.n; i++) {
		e = file_read(c, args_rest(a, i), BUNDLE_BYTES, &page);
		if (e)
			break;
		if (b.n && b.p[b.n - 1] != '\n')
			buf_ch(&b, '\n');
		buf_str(&b, page);
	}
	if (!e && b.failed)
		e = err_set(c->cx, ERR_TOO_LARGE,
			    "the pages have more than %d bytes together",
			    BUNDLE_BYTES);
	if (!e)
		*out = buf_copy(&b, c->cx->arena);
	buf_done(&b);
	return e;
}

static int verify_bundle(struct cli *c, const struct args *a, struct str text)
{
	struct chain_report r;
	enum err e = read_pages(c, a, text, &text);

	if (!e)
		e = bundle_verify(c->cx, text, &r);
	return e ? cli_error(c, e) : tell(c, a, &r);
}

/* ---- receipts ---- */

static enum err read_key(struct cli *c, const struct args *a, struct str *out)
{
	struct str text = args_get(a, "key");

	if (!text.p)
		return err_set(c->cx, ERR_INVALID,
			       "a receipt needs --key: the server's public "
			       "key, as `assay audit head` tells it");
	if (!hex_decode(c->cx->arena, text, out) || out->n != SIGN_KEY_BYTES)
		return err_set(c->cx, ERR_INVALID, "--key wants %d hex digits",
			       SIGN_KEY_BYTES * 2);
	return OK;
}

static bool member(struct ctx *cx, struct jval v, const char *name,
		   struct str *out)
{
	struct jval m;

	if (!jval_get(v, name, &m) || jval_type(m) != J_STRING)
		return false;
	*out = jval_str(cx, m);
	return true;
}

/*
 * The signature is over all members before it, as they stand, closed by a
 * brace; it is the last one. So of any version's, if nobody has written it
 * anew; for those see receipt_verify.
 */
static bool as_it_came(struct cli *c, struct str text, struct jval root,
		       struct str key)
{
	static const struct str mark = STR(",\"signature\":");
	struct str sig64, sig;
	struct buf b = { 0 };
	size_t at = SIZE_MAX, next = 0;
	bool good;

	while ((next = str_find(text, mark, next)) != SIZE_MAX)
		at = next++;
	if (at == SIZE_MAX || !member(c->cx, root, "signature", &sig64) ||
	    !base64_decode(c->cx->arena, sig64, &sig) || sig.n != SIGN_BYTES)
		return false;
	buf_str(&b, str_cut(text, 0, at));
	buf_ch(&b, '}');
	good = sign_verify((const uint8_t *)key.p, buf_view(&b),
			   (const uint8_t *)sig.p);
	buf_done(&b);
	return good;
}

static int verify_receipt(struct cli *c, const struct args *a, struct str text,
			  struct jval root)
{
	char id[SIGN_ID_TEXT + 1];
	struct str key, by = { 0 };
	bool good, anew = false;

	if (read_key(c, a, &key))
		return cli_usage(c);
	sign_id((const uint8_t *)key.p, id);
	if (!member(c->cx, root, "key", &by) || !str_is(by, id))
		return cli_say(c, CLI_REFUSED,
			       "the receipt names key %.*s, which is not the "
			       "one given (%s)",
			       STR_FMT(str_cut(by, 0, 64)), id);
	good = as_it_came(c, text, root, key);
	if (!good)
		good = anew = receipt_verify(c->cx, text,
					     (const uint8_t *)key.p) == OK;
	err_clear(c->cx);
	if (args_on(a, "json"))
		fprintf(c->out,
			"{\"receipt\":true,\"intact\":%s,"
			"\"reformatted\":%s}\n",
			good ? "true" : "false", anew ? "true" : "false");
	else
		fputs(anew   ? "The receipt is genuine. Its text was "
			       "reformatted since it was signed: every member "
			       "is as the server wrote it.\n"
		      : good ? "The receipt is genuine.\n"
			     : "The receipt is NOT what was signed.\n",
		      c->out);
	return good ? CLI_FINE : CLI_REFUSED;
}

/* ---- which is it? ---- */

/* A receipt by itself, or the result of attempt.submit around it. */
static bool find_receipt(struct cli *c, struct str text, struct str *receipt,
			 struct jval *root)
{
	struct jdoc *doc;
	struct jval v;
	struct str inner;

	if (jdoc_parse(c->cx, text, &doc) ||
	    jval_type(jdoc_root(doc)) != J_OBJECT)
		return false;
	*root = jdoc_root(doc);
	*receipt = str_trim(text);
	if (jval_get(*root, "signature", &v))
		return true;
	if (!jval_get(*root, "receipt", &v))
		return false;
	inner = jval_type(v) == J_STRING ? jval_str(c->cx, v) : jval_text(v);
	return find_receipt(c, inner, receipt, root);
}

static int verify_file(struct cli *c, const struct args *a, struct str path)
{
	struct str text, receipt;
	struct jval root;
	enum err e = file_read(c, path, BUNDLE_BYTES, &text);

	if (e)
		return cli_error(c, e);
	if (str_starts(text, "SQLite format 3"))
		return verify_store(
			c, a,
			str_fmt(c->cx->arena, "sqlite:%.*s", STR_FMT(path)));
	if (text.n <= LIMIT_MESSAGE_BYTES &&
	    find_receipt(c, text, &receipt, &root))
		return verify_receipt(c, a, receipt, root);
	err_clear(c->cx);
	return verify_bundle(c, a, text);
}

int verify_run(struct cli *c, const struct args *a)
{
	struct str what = args_rest(a, 0), db;

	if (str_starts(what, "sqlite:") || str_starts(what, "postgres"))
		return verify_store(c, a, what);
	if (!file_is_folder(c, what))
		return verify_file(c, a, what);
	db = str_fmt(c->cx->arena, "%.*s/assay.db", STR_FMT(what));
	if (!file_exists(c, db))
		return cli_say(c, CLI_USAGE,
			       "%.*s is no data folder: it has no assay.db",
			       STR_FMT(what));
	return verify_store(c, a,
			    str_fmt(c->cx->arena, "sqlite:%.*s", STR_FMT(db)));
}
