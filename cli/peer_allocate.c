/* assay peer allocate: who reviews whom in a cohort, with its certificate. */
#include "cli/peer_allocate.h"

#include "base/rng.h"
#include "cli/peer.h"
#include "cli/peer_number.h"
#include "cli/peer_table.h"
#include "rubrics/pair_map.h"

enum { FLUSH_BYTES = 1 << 20 };

const struct flag peer_allocate_flags[] = {
	{ .name = "reviewers",
	  .value = "N",
	  .doc = "how many people, each with one work; they are numbered "
		 "from 0" },
	{ .name = "per",
	  .value = "K",
	  .doc = "how many works each reviews, and how many reviews each gets" },
	{ .name = "seed",
	  .value = "S",
	  .doc = "the same gives the same allocation (default: a random one, "
		 "which is printed)" },
	{ .name = "conflicts",
	  .value = "FILE",
	  .doc = "pairs that may not review each other: CSV with "
		 "reviewer,author" },
	{ .name = "check",
	  .value = "FILE",
	  .doc = "verify an allocation and its certificate instead" },
	{ .name = "json", .doc = "as it is always printed" },
	{ 0 },
};

/* ---- what is wrong ---- */

static void fault(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void fault(struct buf *b, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_fmt(b, "%s%s", b->n ? "; " : "", text);
}

/* What allocate.h demands; of few people not all of it. */
void allocation_faults(struct buf *b, const struct allocate_certificate *c)
{
	bool many = c->n >= ALLOCATE_CIRCLES_FROM;

	if (c->out_min != c->out_max)
		fault(b, "some review %u works, others %u", c->out_min,
		      c->out_max);
	if (c->in_min != c->in_max)
		fault(b, "some works get %u reviews, others %u", c->in_min,
		      c->in_max);
	if (c->self)
		fault(b, "%llu review their own work",
		      (unsigned long long)c->self);
	if (c->repeated)
		fault(b,
		      "%llu reviews are of a work that the reviewer has "
		      "already",
		      (unsigned long long)c->repeated);
	if (c->reciprocal_pairs)
		fault(b, "%llu pairs review each other",
		      (unsigned long long)c->reciprocal_pairs);
	if (many && c->three_cycles)
		fault(b, "%llu times three review in a circle",
		      (unsigned long long)c->three_cycles);
	if (c->components != 1)
		fault(b,
		      "there are %u parts instead of 1 in which everybody "
		      "is connected with everybody",
		      c->components);
	if (many && c->out_max >= ALLOCATE_MIXES_FROM &&
	    c->sigma2 > ALLOCATE_SIGMA_MOST)
		fault(b, "it mixes badly: sigma2 is %.6f, at most %g is wanted",
		      c->sigma2, ALLOCATE_SIGMA_MOST);
}

/* ---- conflicts ---- */

static const char *const pair_columns[] = { "reviewer", "author", NULL };

static enum err read_person(const struct peer_table *t, int column, uint32_t n,
			    uint32_t *out)
{
	int64_t v;

	if (!str_int(t->cell[column], &v) || v < 0 || v >= n)
		return peer_table_refuse(
			t,
			"there is no %s %.*s: they are "
			"numbered from 0 to %u",
			pair_columns[column],
			STR_FMT(str_cut(t->cell[column], 0, 40)), n - 1);
	*out = (uint32_t)v;
	return OK;
}

enum err allocation_conflicts_read(struct cli *c, const struct args *a,
				   uint32_t n, struct allocation_conflicts *out)
{
	struct peer_table t;
	bool more = true;
	enum err e;

	*out = (struct allocation_conflicts){ 0 };
	if (!args_has(a, "conflicts"))
		return OK;
	e = peer_table_open(c, args_get(a, "conflicts"), pair_columns, 2, &t);
	if (e)
		return e;
	out->pairs = ARENA_NEW(c->cx->arena, struct pair_map);
	while (!e && more) {
		uint32_t x = 0, y = 0;

		e = peer_table_next(&t, &more);
		if (e || !more)
			break;
		e = read_person(&t, 0, n, &x);
		if (!e)
			e = read_person(&t, 1, n, &y);
		if (e)
			break;
		pair_map_set(out->pairs, x, y, 1);
		pair_map_set(out->pairs, y, x, 1);
	}
	return e;
}

void allocation_conflicts_done(struct allocation_conflicts *c)
{
	if (c->pairs)
		pair_map_done(c->pairs);
}

bool allocation_conflict(void *conflicts, uint32_t reviewer, uint32_t author)
{
	const struct allocation_conflicts *c = conflicts;

	return pair_map_get(c->pairs, reviewer, author) != 0;
}

/* ---- a new one ---- */

static void put(struct cli *c, const uint32_t *out, size_t m, uint32_t k,
		const struct allocation_end *end)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < m; i++) {
		struct allocation_edge edge = { (int64_t)(i / k), out[i] };

		field_encode(&b, &allocation_edge_shape, &edge);
		buf_ch(&b, '\n');
		if (b.n < FLUSH_BYTES)
			continue;
		cli_put(c->out, buf_view(&b));
		buf_reset(&b);
	}
	field_encode(&b, &allocation_end_shape, end);
	buf_ch(&b, '\n');
	cli_put(c->out, buf_view(&b));
	buf_done(&b);
}

static enum err certify(struct ctx *cx, const struct allocate_ask *ask,
			const uint32_t *out, struct allocate_certificate *cert)
{
	size_t m = (size_t)ask->n * ask->k;
	uint32_t *from = ARENA_ARRAY(cx->arena, uint32_t, m);

	for (size_t i = 0; i < m; i++)
		from[i] = (uint32_t)(i / ask->k);
	return allocate_certify(cx, ask->n, from, out, m, cert);
}

/* In small cohorts not everything can be had; that is for people to decide. */
static void note(struct cli *c, const struct allocate_certificate *cert)
{
	struct buf b = { 0 };

	if (cert->ok)
		return;
	allocation_faults(&b, cert);
	cli_say(c, 0,
		"this is the best of some draws, but its certificate is not "
		"ok: %.*s. Another --seed or --per may do better",
		STR_FMT(buf_view(&b)));
	buf_done(&b);
}

static enum err make(struct cli *c, const struct args *a,
		     struct allocate_ask *ask)
{
	struct allocate_certificate cert;
	struct allocation_conflicts conflicts;
	struct allocation_end end = { .is_made = true };
	uint32_t *out = NULL;
	uint64_t swaps = 0;
	enum err e = allocation_conflicts_read(c, a, ask->n, &conflicts);

	if (conflicts.pairs) {
		ask->conflict = allocation_conflict;
		ask->arg = &conflicts;
	}
	if (!e)
		e = allocate(c->cx, ask, &out, &swaps);
	if (!e)
		e = certify(c->cx, ask, out, &cert);
	allocation_conflicts_done(&conflicts);
	if (e)
		return e;
	end.certificate = allocation_certificate_of(&cert);
	end.seed = (int64_t)ask->seed;
	end.swaps = (int64_t)swaps;
	put(c, out, (size_t)ask->n * ask->k, ask->k, &end);
	note(c, &cert);
	return OK;
}

static enum err read_ask(struct ctx *cx, const struct args *a,
			 struct allocate_ask *ask)
{
	/* Unforeseeable: who knows the seed knows who will review whom. */
	int64_t n = 0, k = 0;
	int64_t seed = (int64_t)rng_below(cx->rng, ALLOCATION_SEED_MOST);
	enum err e = peer_whole(cx, a, "reviewers", 2, ALLOCATE_MOST, &n);

	if (!e)
		e = peer_whole(cx, a, "per", 1, ALLOCATE_K_MOST, &k);
	if (!e)
		e = peer_whole(cx, a, "seed", 0, ALLOCATION_SEED_MOST, &seed);
	if (!e && (!n || !k))
		e = err_set(cx, ERR_INVALID,
			    "peer allocate needs %s: how many %s; or --check "
			    "FILE",
			    n ? "--per K" : "--reviewers N",
			    n ? "works each reviews" : "people there are");
	*ask = (struct allocate_ask){ .n = (uint32_t)n,
				      .k = (uint32_t)k,
				      .seed = (uint64_t)seed };
	return e;
}

int peer_allocate(struct cli *c, const struct args *a)
{
	static const char *const new_ones[] = { "reviewers", "per", "seed" };
	struct allocate_ask ask;
	enum err e;

	if (args_has(a, "check")) {
		for (int i = 0; i < 3; i++)
			if (args_has(a, new_ones[i]))
				return cli_say(c, CLI_USAGE,
					       "--check takes all that it "
					       "needs from its file: leave "
					       "--%s out",
					       new_ones[i]);
		return allocation_check(c, a);
	}
	if (read_ask(c->cx, a, &ask))
		return cli_usage(c);
	e = make(c, a, &ask);
	return e ? peer_error(c, e) : CLI_FINE;
}
