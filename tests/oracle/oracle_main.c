/*
 * assay-oracle DIR [--json] [--failures]
 *
 * Reads DIR/cases.jsonl, runs every case and says per kind how many passed,
 * failed, or are not supported. Exit code: 0 no failure, 1 failures, 2 usage,
 * 3 the cases cannot be read.
 */
#include "tests/oracle/oracle.h"

#include <stdio.h>
#include <stdlib.h>

#include "oracle_families.h" /* made by the build */

#define X(family) extern const struct oracle_kind family[];
ORACLE_FAMILIES(X)
#undef X

static const struct oracle_kind *const families[] = {
#define X(family) family,
	ORACLE_FAMILIES(X)
#undef X
		NULL,
};

enum { KINDS = 100 };

struct tally {
	struct str kind;
	int64_t of[3]; /* by enum oracle_verdict */
};

struct run {
	struct oracle o;
	struct jval nothing; /* JSON null, for what a case does not have */
	struct tally kinds[KINDS];
	size_t kinds_n;
	bool failures, json;
};

static struct tally *tally_of(struct run *r, struct str kind)
{
	for (size_t i = 0; i < r->kinds_n; i++)
		if (str_eq(r->kinds[i].kind, kind))
			return &r->kinds[i];
	CHECK(r->kinds_n < KINDS);
	r->kinds[r->kinds_n].kind = str_copy(r->o.keep.arena, kind);
	return &r->kinds[r->kinds_n++];
}

static struct jval member(struct run *r, struct jval v, const char *name)
{
	struct jval m;

	return oracle_get(v, name, &m) ? m : r->nothing;
}

static enum err read_case(struct run *r, struct str text, int64_t line,
			  struct oracle_case *c)
{
	struct oracle *o = &r->o;
	struct jdoc *doc;
	enum err e = jdoc_parse(&o->cx, text, &doc);

	if (e)
		return e;
	c->line = line;
	c->all = jdoc_root(doc);
	c->kind = oracle_str(o, c->all, "kind");
	c->source = oracle_str(o, c->all, "source");
	c->format = oracle_str(o, c->all, "format");
	c->behaviour = oracle_str(o, c->all, "behaviour");
	c->file = oracle_str(o, c->all, "file");
	c->item = member(r, c->all, "item");
	c->response = member(r, c->all, "response");
	c->expected = member(r, c->all, "expected_score");
	c->max_score = member(r, c->all, "max_score");
	c->compare = member(r, c->all, "compare");
	return c->kind.p ? OK : err_set(&o->cx, ERR_INVALID, "no kind");
}

static enum oracle_verdict run_case(struct run *r, const struct oracle_case *c,
				    struct buf *got)
{
	enum oracle_verdict v = ORACLE_UNSUPPORTED;

	for (size_t i = 0; families[i] != NULL; i++)
		for (const struct oracle_kind *k = families[i];
		     k->kind != NULL && v == ORACLE_UNSUPPORTED; k++)
			if (str_is(c->kind, k->kind)) {
				err_clear(&r->o.cx);
				buf_reset(got);
				v = k->run(&r->o, c, got);
			}
	return v;
}

static void show_failure(const struct run *r, const struct oracle_case *c,
			 const struct buf *got)
{
	struct str want = jval_text(c->expected);

	printf("FAILED line %lld %.*s %.*s\n", (long long)c->line,
	       STR_FMT(c->kind), STR_FMT(c->source));
	printf("  expected %.*s\n  got      %.*s\n", STR_FMT(want),
	       STR_FMT(buf_view(got)));
	if (r->o.cx.error.code)
		printf("  error    %s: %s\n", err_kind(r->o.cx.error.code),
		       r->o.cx.error.text);
}

static enum err run_all(struct run *r, struct str cases)
{
	struct buf got = { .limit = 1 << 20 };
	struct str line;
	enum err e = OK;

	for (int64_t n = 1; !e && str_split(&cases, '\n', &line); n++) {
		struct oracle_case c;
		enum oracle_verdict v;

		if (str_trim(line).n == 0)
			continue;
		e = read_case(r, str_trim(line), n, &c);
		if (e) {
			fprintf(stderr, "line %lld: %s\n", (long long)n,
				r->o.cx.error.text);
			break;
		}
		v = run_case(r, &c, &got);
		tally_of(r, c.kind)->of[v]++;
		if (v == ORACLE_FAILED && r->failures)
			show_failure(r, &c, &got);
		arena_reset(r->o.cx.arena);
	}
	buf_done(&got);
	return e;
}

static int by_kind(const void *a, const void *b)
{
	return str_cmp(((const struct tally *)a)->kind,
		       ((const struct tally *)b)->kind);
}

static void report(struct run *r, int64_t total[3])
{
	qsort(r->kinds, r->kinds_n, sizeof(r->kinds[0]), by_kind);
	for (size_t i = 0; i < r->kinds_n; i++) {
		const struct tally *t = &r->kinds[i];

		printf(r->json ? "{\"kind\":\"%.*s\",\"passed\":%lld,"
				 "\"failed\":%lld,\"unsupported\":%lld}\n"
			       : "%-24.*s %5lld passed %5lld failed "
				 "%5lld unsupported\n",
		       STR_FMT(t->kind), (long long)t->of[ORACLE_PASSED],
		       (long long)t->of[ORACLE_FAILED],
		       (long long)t->of[ORACLE_UNSUPPORTED]);
		for (int v = 0; v < 3; v++)
			total[v] += t->of[v];
	}
	if (r->json)
		return;
	printf("%lld unsupported\n", (long long)total[ORACLE_UNSUPPORTED]);
	printf("%lld passed, %lld failed\n", (long long)total[ORACLE_PASSED],
	       (long long)total[ORACLE_FAILED]);
}

static int run_folder(struct run *r)
{
	struct oracle *o = &r->o;
	int64_t total[3] = { 0 };
	struct jdoc *null_doc;
	struct str cases;
	enum err e;

	e = jdoc_parse(&o->keep, STR("null"), &null_doc);
	CHECK(e == OK);
	r->nothing = jdoc_root(null_doc);
	e = oracle_file(o, STR("cases.jsonl"), &cases);
	if (!e)
		e = run_all(r, cases);
	if (e) {
		fprintf(stderr, "%s/cases.jsonl: %s\n", o->dir,
			o->cx.error.text);
		return 3;
	}
	report(r, total);
	return total[ORACLE_FAILED] ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct rng_seeded rng;
	struct clock_manual clock;
	struct run r = { 0 };
	int code = 2;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			r.json = true;
		else if (strcmp(argv[i], "--failures") == 0)
			r.failures = true;
		else if (argv[i][0] != '-' && r.o.dir == NULL)
			r.o.dir = argv[i];
		else
			goto usage;
	}
	if (r.o.dir == NULL)
		goto usage;
	rng_seeded_from(&rng, 1);
	clock_manual_init(&clock, 0);
	r.o.cx = (struct ctx){ .arena = arena_new(1 << 20),
			       .clock = &clock.clock,
			       .rng = &rng.rng };
	r.o.keep = (struct ctx){ .arena = arena_new(1 << 20),
				 .clock = &clock.clock,
				 .rng = &rng.rng };
	code = run_folder(&r);
	arena_free(r.o.cx.arena);
	arena_free(r.o.keep.arena);
	return code;
usage:
	fprintf(stderr, "usage: assay-oracle DIR [--json] [--failures]\n");
	return code;
}
