/* peer.allocate, peer.allocation: who of a cohort reviews whom. */
#include "base/limits.h"
#include "base/tm.h"
#include "engine/peer/peers.h"
#include "rubrics/allocation.h"

enum { PEOPLE_MOST = 200000 /* a draw of so many takes seconds */ };

struct allocate_params {
	struct assessment_ref ref;
	bool has_seed;
	int64_t seed;
	struct str relax;
};
static const struct field allocate_fields[] = {
	ASSESSMENT_REF_FIELDS(struct allocate_params, ref),
	FIELD_MAYBE(struct allocate_params, seed, has_seed, KIND_INT,
		    "of the draw: the same one gives the same; default random",
		    .min = 0, .max = INT64_C(1) << 52),
	FIELD_OPT(struct allocate_params, relax, KIND_STR,
		  "why some may review each other, where the cohort is too "
		  "small to do without",
		  .max = LIMIT_TEXT_BYTES),
	FIELD_END,
};
static const struct shape allocate_shape = { "peer_allocate",
					     sizeof(struct allocate_params),
					     allocate_fields };

struct allocate_result {
	int64_t people, per, seed;
	int64_t reciprocal_pairs, three_cycles, components;
	int64_t least_received, most_received;
	struct dec sigma2;
	bool ok;
};
#define R struct allocate_result
static const struct field allocate_result_fields[] = {
	FIELD(R, people, KIND_INT, "whose works are handed out"),
	FIELD(R, per, KIND_INT, "reviews each"),
	FIELD(R, seed, KIND_INT, "of the draw"),
	FIELD(R, least_received, KIND_INT, "reviewers of a work, at least"),
	FIELD(R, most_received, KIND_INT, "and at most"),
	FIELD(R, reciprocal_pairs, KIND_INT, "who review each other"),
	FIELD(R, three_cycles, KIND_INT, "three in a circle"),
	FIELD(R, components, KIND_INT, "strongly connected parts"),
	FIELD(R, sigma2, KIND_DEC, "second singular value: small mixes well"),
	FIELD(R, ok, KIND_BOOL, "all of that is as it should be"),
	FIELD_END,
};
#undef R
static const struct shape allocate_result_shape = {
	"peer_allocation", sizeof(struct allocate_result),
	allocate_result_fields
};

static enum err may_allocate(struct ctx *cx, const struct run *r)
{
	int64_t until = r->dates.hand_in_until;

	if (r->def->mode != PEER_COHORT)
		return err_set(cx, ERR_PRECONDITION,
			       "reviews are handed out as works come: only one "
			       "of mode cohort is allocated");
	if (r->allocated)
		return err_set(cx, ERR_CONFLICT, "this cohort is allocated");
	if (until && clock_ms(cx->clock) <= until) {
		char text[TM_TEXT + 1];

		tm_text(until, text);
		err_set(cx, ERR_TOO_EARLY, "works are taken until %s", text);
		cx->error.retry_after_ms = until - clock_ms(cx->clock);
		return ERR_TOO_EARLY;
	}
	for (size_t i = 0; i < r->works_n; i++)
		if (r->works[i].state == WORK_GRACE)
			return err_set(
				cx, ERR_TOO_EARLY,
				"a work can still be corrected: allocate "
				"when that is over");
	return OK;
}

static enum err certificate(struct ctx *cx, const struct allocate_ask *ask,
			    const uint32_t *out, struct allocate_result *result)
{
	size_t m = (size_t)ask->n * ask->k;
	uint32_t *from = ARENA_ARRAY(cx->arena, uint32_t, m);
	struct allocate_certificate c = { 0 };
	enum err e;

	for (size_t i = 0; i < m; i++)
		from[i] = (uint32_t)(i / ask->k);
	e = allocate_certify(cx, ask->n, from, out, m, &c);
	*result = (struct allocate_result){
		.people = ask->n,
		.per = ask->k,
		.seed = (int64_t)ask->seed,
		.reciprocal_pairs = (int64_t)c.reciprocal_pairs,
		.three_cycles = (int64_t)c.three_cycles,
		.components = c.components,
		.least_received = c.in_min,
		.most_received = c.in_max,
		.sigma2 = dec_round(dec_from_double(c.sigma2), 6),
		.ok = c.ok,
	};
	return e;
}

/* The queue gives nobody the work of who reviews him, unless a person says so.
 */
static enum err may_meet(struct ctx *cx, const struct allocate_result *a,
			 struct str relax)
{
	if (!a->reciprocal_pairs || relax.n)
		return OK;
	return err_set(cx, ERR_PRECONDITION,
		       "with %lld works and %lld reviews each %lld pairs would "
		       "review each other: have fewer reviews, or say in relax "
		       "why they may",
		       (long long)a->people, (long long)a->per,
		       (long long)a->reciprocal_pairs);
}

static enum err draw(struct ctx *cx, struct run *r,
		     const struct allocate_params *p, int64_t seed,
		     struct allocate_result *result)
{
	struct run_pairs pairs = { .r = r };
	struct allocate_ask ask = { .k = (uint32_t)r->def->must_review,
				    .seed = (uint64_t)seed,
				    .conflict = run_pair_conflicts,
				    .arg = &pairs };
	struct peer_note note = { .by = cx->who->actor,
				  .reason = p->relax,
				  .seed = seed,
				  .per = ask.k };
	uint32_t *out;
	uint64_t swaps;
	size_t n;
	enum err e;

	pairs.people = run_cohort(cx, r, &n);
	if (n > PEOPLE_MOST)
		return err_set(cx, ERR_UNSUPPORTED,
			       "a cohort has at most %d works", PEOPLE_MOST);
	ask.n = (uint32_t)n;
	note.people = (int64_t)n;
	e = allocate(cx, &ask, &out, &swaps);
	if (e == ERR_INVALID) /* the course is too small: no field is wrong */
		return err_set(cx, ERR_PRECONDITION,
			       "%u reviews each need at least %u works; there "
			       "are %zu",
			       ask.k, ask.k + 1, n);
	if (!e)
		e = certificate(cx, &ask, out, result);
	if (!e)
		e = may_meet(cx, result, p->relax);
	if (e)
		return e;
	return peers_write(cx, r, NOTE_ALLOCATED, &note, NULL,
			   (struct str){ 0 });
}

static enum err allocate_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct allocate_params *p = params;
	struct assessment a;
	struct run *r = NULL;
	enum err e = assessment_resolve(cx, &p->ref, &a);

	if (!e)
		e = peers_get(cx, &a.org, &a.series, &r);
	if (!e)
		e = may_allocate(cx, r);
	return e ? e
		 : draw(cx, r, p,
			p->has_seed ? p->seed
				    : (int64_t)(rng_u64(cx->rng) >> 12),
			result);
}

/* ---- what was drawn ---- */

struct allocation_params {
	struct assessment_ref ref;
};
static const struct field allocation_fields[] = {
	ASSESSMENT_REF_FIELDS(struct allocation_params, ref),
	FIELD_END,
};
static const struct shape allocation_shape = { "peer_allocation_params",
					       sizeof(struct allocation_params),
					       allocation_fields };
struct allocation_result {
	int64_t reviews;
	struct str name, type;
};
static const struct field allocation_result_fields[] = {
	FIELD(struct allocation_result, reviews, KIND_INT,
	      "lines but the last"),
	FIELD(struct allocation_result, name, KIND_STR, "for a file"),
	FIELD(struct allocation_result, type, KIND_STR, "of the bytes"),
	FIELD_END,
};
static const struct shape allocation_result_shape = {
	"peer_allocation_lines", sizeof(struct allocation_result),
	allocation_result_fields
};

/* Reviews as pairs of numbers, which tell nothing of people. */
struct edges {
	uint32_t *reviewer, *author;
	size_t m;
	uint32_t n;
};

static void edges_of(struct ctx *cx, const struct run *r, struct edges *out)
{
	uint32_t *number = ARENA_ARRAY(cx->arena, uint32_t, r->people_n + 1);

	*out = (struct edges){ 0 };
	for (size_t i = 0; i < r->people_n; i++) {
		number[i] = out->n;
		out->n += r->people[i].assigned_n > 0;
		out->m += r->people[i].assigned_n;
	}
	out->reviewer = ARENA_ARRAY(cx->arena, uint32_t, out->m + 1);
	out->author = ARENA_ARRAY(cx->arena, uint32_t, out->m + 1);
	out->m = 0;
	for (size_t i = 0; i < r->people_n; i++)
		for (uint32_t j = 0; j < r->people[i].assigned_n; j++) {
			uint32_t work = r->people[i].assigned[j];

			out->reviewer[out->m] = number[i];
			out->author[out->m++] = number[r->works[work].author];
		}
}

static void put_lines(struct buf *b, const struct edges *e,
		      const struct allocate_certificate *c)
{
	struct allocation_end end = { .certificate =
					      allocation_certificate_of(c) };

	for (size_t i = 0; i < e->m; i++) {
		struct allocation_edge edge = { e->reviewer[i], e->author[i] };

		field_encode(b, &allocation_edge_shape, &edge);
		buf_ch(b, '\n');
	}
	field_encode(b, &allocation_end_shape, &end);
	buf_ch(b, '\n');
}

static enum err allocation(struct ctx *cx, const void *params, void *result)
{
	const struct allocation_params *p = params;
	struct allocation_result *out = result;
	struct buf b = { .limit = LIMIT_BLOB_BYTES };
	struct allocate_certificate c;
	struct run *r = NULL;
	struct edges edges;
	enum err e = peers_read_ref(cx, &p->ref, &r);

	if (!e && !r->allocated)
		e = err_set(cx, ERR_TOO_EARLY,
			    "no cohort is allocated here: peer.allocate does "
			    "that");
	if (e)
		return e;
	edges_of(cx, r, &edges);
	e = allocate_certify(cx, edges.n, edges.reviewer, edges.author, edges.m,
			     &c);
	if (e)
		return e;
	put_lines(&b, &edges, &c);
	if (b.failed)
		e = err_set(cx, ERR_TOO_LARGE,
			    "the allocation is too large for one message");
	else
		cx->io->bytes_out = buf_copy(&b, cx->arena);
	buf_done(&b);
	*out = (struct allocation_result){
		.reviews = (int64_t)edges.m,
		.name = STR("allocation.jsonl"),
		.type = STR("application/jsonl"),
	};
	return e;
}

const struct rpc_method allocation_methods[] = {
	{ .name = "peer.allocate",
	  .does = "Draw who of a cohort reviews whom, when all works are in.",
	  .roles = ROLE_TEACHERS,
	  .flags = RPC_WRITES,
	  .budget_ms = 2000,
	  .params = &allocate_shape,
	  .result = &allocate_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_PRECONDITION, ERR_CONFLICT,
			 ERR_TOO_EARLY),
	  .run = allocate_rpc },
	{ .name = "peer.allocation",
	  .does = "Who of a cohort reviews whom, by numbers: lines that `assay "
		  "peer allocate --check` verifies.",
	  .roles = ROLE_TEACHERS | ROLE_AUDITOR,
	  .flags = RPC_READS | RPC_GIVES_BYTES | RPC_SLOW,
	  .budget_ms = 2000,
	  .params = &allocation_shape,
	  .result = &allocation_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_TOO_EARLY),
	  .run = allocation },
	{ 0 },
};
