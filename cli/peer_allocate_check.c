/*
 * assay peer allocate --check: is an allocation what its certificate says, and
 * is that good? From the file alone: nothing of it is believed.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/file.h"
#include "cli/peer_allocate.h"

enum {
	CHECK_BYTES = 1 << 30,
	NEAR_NANO = 2000, /* sigma2 is known to 1e-6 */
};

struct checked {
	struct cli *c;
	struct str path;
	uint32_t *reviewer, *author;
	size_t m, room;
	uint32_t greatest; /* number of a person */
	size_t greatest_line;
	bool has_end;
	struct allocation_end end;
	struct allocate_certificate true_one;
};

static struct str path_of(const struct args *a)
{
	struct str path = args_get(a, "check");

	return str_is(path, "-") ? STR("standard input") : path;
}

/* What a reader said of a line, with where that is. */
static enum err line_refused(const struct checked *k, size_t line)
{
	struct ctx *cx = k->c->cx;
	struct err_info said = cx->error;

	return err_set(cx, ERR_INVALID, "%.*s line %zu: %s", STR_FMT(k->path),
		       line, said.text);
}

/* ---- reading ---- */

static void add(struct checked *k, const struct allocation_edge *edge,
		size_t line)
{
	uint32_t r = (uint32_t)edge->reviewer, a = (uint32_t)edge->author;
	uint32_t greater = r > a ? r : a;

	if (k->m == k->room) {
		k->room = k->room ? 2 * k->room : 4096;
		k->reviewer =
			realloc(/* allowed: freed in allocation_check */
				k->reviewer, k->room * sizeof(*k->reviewer));
		k->author = realloc(/* allowed: freed in allocation_check */
				    k->author, k->room * sizeof(*k->author));
		CHECK(k->reviewer && k->author);
	}
	k->reviewer[k->m] = r;
	k->author[k->m++] = a;
	if (!k->greatest_line || greater > k->greatest) {
		k->greatest = greater;
		k->greatest_line = line;
	}
}

static enum err read_line(struct checked *k, struct str text, size_t line)
{
	struct ctx *cx = k->c->cx;
	struct allocation_edge edge;
	struct jdoc *doc;
	struct jval v;
	enum err e = jdoc_parse(cx, text, &doc);

	if (e)
		return e;
	if (k->has_end)
		return err_set(cx, ERR_INVALID,
			       "the certificate must be the last line, and "
			       "there must be one");
	if (jval_type(jdoc_root(doc)) == J_OBJECT &&
	    jval_get(jdoc_root(doc), "certificate", &v)) {
		k->has_end = true;
		return field_decode(cx, jdoc_root(doc), &allocation_end_shape,
				    "", &k->end);
	}
	if (k->m == (size_t)ALLOCATE_MOST * ALLOCATE_K_MOST)
		return err_set(cx, ERR_TOO_LARGE,
			       "there are more than %zu reviews", k->m);
	e = field_decode(cx, jdoc_root(doc), &allocation_edge_shape, "", &edge);
	if (!e)
		add(k, &edge, line);
	return e;
}

/* What a line needs is forgotten behind it: there may be millions. */
static enum err read_lines(struct checked *k, struct str text)
{
	struct ctx *cx = k->c->cx;
	struct arena *outer = cx->arena;
	struct str part;
	enum err e = OK;

	cx->arena = arena_new(4096);
	for (size_t line = 1; !e && str_split(&text, '\n', &part); line++) {
		if (!str_trim(part).n)
			continue;
		e = read_line(k, part, line);
		if (e)
			e = line_refused(k, line);
		arena_reset(cx->arena);
	}
	arena_free(cx->arena);
	cx->arena = outer;
	return e;
}

/* ---- what the edges are like ---- */

static enum err not_among(const struct checked *k, uint32_t n)
{
	return err_set(k->c->cx, ERR_INVALID,
		       "%.*s line %zu: there is no number %u among the %u "
		       "people of the certificate, who are 0 to %u",
		       STR_FMT(k->path), k->greatest_line, k->greatest, n,
		       n - 1);
}

/* No allocation has it, and it would take the certificate very long. */
static enum err too_busy(const struct checked *k, uint32_t n)
{
	struct ctx *cx = k->c->cx;
	uint32_t *out = ARENA_ARRAY(cx->arena, uint32_t, n);

	for (size_t i = 0; i < k->m; i++)
		if (++out[k->reviewer[i]] > ALLOCATE_K_MOST)
			return err_set(cx, ERR_INVALID,
				       "%.*s: reviewer %u has more than %d "
				       "works, the most that can be",
				       STR_FMT(k->path), k->reviewer[i],
				       ALLOCATE_K_MOST);
	return OK;
}

static enum err certify(struct checked *k)
{
	struct ctx *cx = k->c->cx;
	uint32_t n =
		k->has_end ? (uint32_t)k->end.certificate.n : k->greatest + 1;
	enum err e;

	if (!k->m)
		return err_set(cx, ERR_INVALID, "%.*s has no reviews",
			       STR_FMT(k->path));
	if (k->greatest >= n)
		return not_among(k, n);
	e = too_busy(k, n);
	return e ? e
		 : allocate_certify(cx, n, k->reviewer, k->author, k->m,
				    &k->true_one);
}

/* ---- against what it claims ---- */

static void put_value(struct buf *b, const struct field *f, const void *at)
{
	if (f->kind == KIND_DEC)
		jout_dec(b, *(const struct dec *)at);
	else if (f->kind == KIND_BOOL)
		buf_z(b, *(const bool *)at ? "true" : "false");
	else
		buf_int(b, *(const int64_t *)at);
}

static bool same_value(const struct field *f, const void *a, const void *b)
{
	if (f->kind == KIND_DEC)
		return llabs(((const struct dec *)a)->nano -
			     ((const struct dec *)b)->nano) <= NEAR_NANO;
	if (f->kind == KIND_BOOL)
		return *(const bool *)a == *(const bool *)b;
	return *(const int64_t *)a == *(const int64_t *)b;
}

static void put_lies(struct buf *b, const struct allocation_certificate *claim,
		     const struct allocation_certificate *is)
{
	const struct field *f = allocation_certificate_shape.fields;

	for (; f->kind; f++) {
		const void *x = (const char *)claim + f->offset;
		const void *y = (const char *)is + f->offset;

		if (same_value(f, x, y))
			continue;
		buf_fmt(b, "%s%s ", b->n ? "; " : "", f->name);
		put_value(b, f, x);
		buf_z(b, " is claimed, the reviews give ");
		put_value(b, f, y);
	}
}

static size_t count_conflicts(const struct checked *k,
			      struct allocation_conflicts *conflicts,
			      size_t *first)
{
	size_t n = 0;

	for (size_t i = 0; conflicts->pairs && i < k->m; i++)
		if (allocation_conflict(conflicts, k->reviewer[i],
					k->author[i]) &&
		    !n++)
			*first = i;
	return n;
}

static int judge(struct checked *k, struct allocation_conflicts *conflicts)
{
	struct allocation_end end = { .certificate = allocation_certificate_of(
					      &k->true_one) };
	struct buf faults = { 0 }, lies = { 0 }, out = { 0 };
	size_t first = 0, forbidden = count_conflicts(k, conflicts, &first);
	int code = CLI_FINE;

	field_encode(&out, &allocation_end_shape, &end);
	buf_ch(&out, '\n');
	cli_put(k->c->out, buf_view(&out));
	if (k->has_end)
		put_lies(&lies, &k->end.certificate, &end.certificate);
	if (lies.n)
		code = cli_say(k->c, CLI_REFUSED,
			       "the certificate is not that of the reviews: "
			       "%.*s",
			       STR_FMT(buf_view(&lies)));
	if (!k->true_one.ok)
		allocation_faults(&faults, &k->true_one);
	if (!k->true_one.ok)
		code = cli_say(k->c, CLI_REFUSED,
			       "the allocation is not as it should be: %.*s",
			       STR_FMT(buf_view(&faults)));
	if (forbidden)
		code = cli_say(k->c, CLI_REFUSED,
			       "between people who may not review each other "
			       "there are reviews: %zu, the first by %u of the "
			       "work of %u",
			       forbidden, k->reviewer[first], k->author[first]);
	buf_done(&faults);
	buf_done(&lies);
	buf_done(&out);
	return code;
}

int allocation_check(struct cli *c, const struct args *a)
{
	struct allocation_conflicts conflicts = { 0 };
	struct checked k = { .c = c, .path = path_of(a) };
	struct str text;
	int code;
	enum err e = file_read(c, args_get(a, "check"), CHECK_BYTES, &text);

	if (!e)
		e = read_lines(&k, text);
	if (!e)
		e = certify(&k);
	if (!e)
		e = allocation_conflicts_read(c, a, k.true_one.n, &conflicts);
	code = e ? cli_error(c, e) : judge(&k, &conflicts);
	allocation_conflicts_done(&conflicts);
	free(k.reviewer);
	free(k.author);
	return code;
}
