#include <stdlib.h>
#include <string.h>

#include "rubrics/estimate_impl.h"

/* room: of the copy, which is as large as it has to be. */
static void *copied(const void *from, size_t n, size_t *room, size_t size)
{
	void *to;

	*room = n;
	if (!n)
		return NULL;
	to = malloc(n * size); /* allowed: estimator_free */
	CHECK(to);
	memcpy(to, from, n * size);
	return to;
}

struct estimator *estimator_copy(const struct estimator *e)
{
	struct estimator *c = malloc(sizeof(*c)); /* allowed: estimator_free */

	CHECK(c);
	*c = *e;
	for (int kind = 0; kind < NODE_KINDS; kind++)
		c->nodes[kind] =
			copied(e->nodes[kind], e->n_nodes[kind],
			       &c->room_nodes[kind], sizeof(**c->nodes));
	c->pool = copied(e->pool, e->n_pool, &c->room_pool, sizeof(*c->pool));
	c->grades = copied(e->grades, e->n_grades, &c->room_grades,
			   sizeof(*c->grades));
	c->anchors = copied(e->anchors, e->n_anchors, &c->room_anchors,
			    sizeof(*c->anchors));
	return c;
}
