#include "rubrics/allocation.h"

static const struct field edge_fields[] = {
	FIELD(struct allocation_edge, reviewer, KIND_INT, "who reviews",
	      .max = ALLOCATE_MOST - 1),
	FIELD(struct allocation_edge, author, KIND_INT, "whose work",
	      .max = ALLOCATE_MOST - 1),
	FIELD_END,
};
const struct shape allocation_edge_shape =
	SHAPE(struct allocation_edge, edge_fields);

#define C struct allocation_certificate
static const struct field certificate_fields[] = {
	FIELD(C, n, KIND_INT, "people", .min = 1, .max = ALLOCATE_MOST),
	FIELD(C, k, KIND_INT, "reviews of one reviewer, at most"),
	FIELD(C, out_min, KIND_INT, "reviews of one reviewer, at least"),
	FIELD(C, out_max, KIND_INT, "reviews of one reviewer, at most"),
	FIELD(C, in_min, KIND_INT, "reviews of one work, at least"),
	FIELD(C, in_max, KIND_INT, "reviews of one work, at most"),
	FIELD(C, self, KIND_INT, "reviews of one's own work"),
	FIELD(C, repeated, KIND_INT, "reviews of the same work once more"),
	FIELD(C, reciprocal_pairs, KIND_INT, "two who review each other"),
	FIELD(C, three_cycles, KIND_INT, "three who review in a circle"),
	FIELD(C, components, KIND_INT, "strongly connected"),
	FIELD(C, sigma2, KIND_DEC, "second singular value: less mixes better"),
	FIELD(C, ok, KIND_BOOL, "all is as it should be"),
	FIELD_END,
};
#undef C
const struct shape allocation_certificate_shape =
	SHAPE(struct allocation_certificate, certificate_fields);

static const struct field end_fields[] = {
	FIELD(struct allocation_end, certificate, KIND_OBJECT,
	      "what the edges are like",
	      .shape = &allocation_certificate_shape),
	FIELD_MAYBE(struct allocation_end, seed, is_made, KIND_INT,
		    "that was drawn from"),
	FIELD_MAYBE(struct allocation_end, swaps, is_made, KIND_INT,
		    "that mended it"),
	FIELD_END,
};
const struct shape allocation_end_shape =
	SHAPE(struct allocation_end, end_fields);

struct allocation_certificate
allocation_certificate_of(const struct allocate_certificate *c)
{
	return (struct allocation_certificate){
		.n = c->n,
		.k = c->k,
		.out_min = c->out_min,
		.out_max = c->out_max,
		.in_min = c->in_min,
		.in_max = c->in_max,
		.self = (int64_t)c->self,
		.repeated = (int64_t)c->repeated,
		.reciprocal_pairs = (int64_t)c->reciprocal_pairs,
		.three_cycles = (int64_t)c->three_cycles,
		.components = c->components,
		.sigma2 = dec_round(dec_from_double(c->sigma2), 6),
		.ok = c->ok,
	};
}
