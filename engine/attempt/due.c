#include "engine/attempt/due.h"

#include <stdlib.h>

enum { CHAINS_LEAST = 1024 };

struct node {
	struct id org, id;
	int64_t at_ms;
	uint32_t heap; /* place in the heap */
	uint32_t next; /* in the chain, or among the free: index + 1 */
};

struct due {
	struct node *nodes;
	size_t nodes_n, room;
	uint32_t free;	/* index + 1 */
	uint32_t *heap; /* indices of nodes; room as for nodes */
	size_t n;
	uint32_t *chains; /* index + 1 */
	size_t chains_n;  /* a power of two */
};

static void *resized(void *p, size_t n, size_t size)
{
	p = realloc(p, n * size); /* allowed: grows with what is open */
	CHECK(p);
	return p;
}

struct due *due_new(void)
{
	struct due *d = calloc(1, sizeof(*d)); /* allowed: process */

	CHECK(d);
	d->chains_n = CHAINS_LEAST;
	d->chains = calloc(d->chains_n, /* allowed: process */
			   sizeof(*d->chains));
	CHECK(d->chains);
	return d;
}

void due_free(struct due *d)
{
	if (!d)
		return;
	free(d->nodes);
	free(d->heap);
	free(d->chains);
	free(d);
}

static uint32_t *chain_of(const struct due *d, const struct id *id)
{
	return &d->chains[id_hash(id) & (d->chains_n - 1)];
}

/* Where the number of its node stands; 0 stands there if it has none. */
static uint32_t *find(const struct due *d, const struct id *id)
{
	uint32_t *at = chain_of(d, id);

	while (*at && !id_eq(&d->nodes[*at - 1].id, id))
		at = &d->nodes[*at - 1].next;
	return at;
}

static void put(struct due *d, size_t place, uint32_t node)
{
	d->heap[place] = node;
	d->nodes[node].heap = (uint32_t)place;
}

static int64_t at(const struct due *d, size_t place)
{
	return d->nodes[d->heap[place]].at_ms;
}

static void sift(struct due *d, size_t place)
{
	uint32_t node = d->heap[place];
	int64_t when = d->nodes[node].at_ms;

	for (; place && at(d, (place - 1) / 2) > when; place = (place - 1) / 2)
		put(d, place, d->heap[(place - 1) / 2]);
	for (;;) {
		size_t child = 2 * place + 1;

		if (child + 1 < d->n && at(d, child + 1) < at(d, child))
			child++;
		if (child >= d->n || at(d, child) >= when)
			break;
		put(d, place, d->heap[child]);
		place = child;
	}
	put(d, place, node);
}

static void grow_chains(struct due *d)
{
	free(d->chains);
	d->chains_n *= 2;
	d->chains = calloc(d->chains_n, /* allowed: grows with what is open */
			   sizeof(*d->chains));
	CHECK(d->chains);
	for (size_t i = 0; i < d->n; i++) {
		uint32_t node = d->heap[i];
		uint32_t *chain = chain_of(d, &d->nodes[node].id);

		d->nodes[node].next = *chain;
		*chain = node + 1;
	}
}

static uint32_t new_node(struct due *d)
{
	uint32_t node = d->free;

	if (node) {
		d->free = d->nodes[node - 1].next;
		return node - 1;
	}
	if (d->nodes_n == d->room) {
		d->room = d->room ? d->room * 2 : CHAINS_LEAST;
		d->nodes = resized(d->nodes, d->room, sizeof(*d->nodes));
		d->heap = resized(d->heap, d->room, sizeof(*d->heap));
	}
	CHECK(d->nodes_n < UINT32_MAX);
	return (uint32_t)d->nodes_n++;
}

static void add(struct due *d, const struct id *org, const struct id *id,
		int64_t at_ms)
{
	uint32_t node = new_node(d), *chain;

	if (d->n >= d->chains_n)
		grow_chains(d);
	chain = chain_of(d, id);
	d->nodes[node] = (struct node){
		.org = *org, .id = *id, .at_ms = at_ms, .next = *chain
	};
	*chain = node + 1;
	put(d, d->n++, node);
	sift(d, d->n - 1);
}

static void take(struct due *d, uint32_t *at_chain)
{
	uint32_t node = *at_chain - 1;
	size_t place = d->nodes[node].heap;

	*at_chain = d->nodes[node].next;
	d->nodes[node].next = d->free;
	d->free = node + 1;
	d->n--;
	if (place < d->n) {
		put(d, place, d->heap[d->n]);
		sift(d, place);
	}
}

void due_set(struct due *d, const struct id *org, const struct id *id,
	     int64_t at_ms)
{
	uint32_t *node = find(d, id);

	if (!*node && at_ms)
		add(d, org, id, at_ms);
	else if (*node && !at_ms)
		take(d, node);
	else if (*node) {
		d->nodes[*node - 1].at_ms = at_ms;
		sift(d, d->nodes[*node - 1].heap);
	}
}

int64_t due_of(const struct due *d, const struct id *id)
{
	uint32_t node = *find(d, id);

	return node ? d->nodes[node - 1].at_ms : 0;
}

bool due_first(const struct due *d, int64_t *at_ms, struct id *org,
	       struct id *id)
{
	const struct node *first;

	if (!d->n)
		return false;
	first = &d->nodes[d->heap[0]];
	*at_ms = first->at_ms;
	*org = first->org;
	*id = first->id;
	return true;
}

size_t due_count(const struct due *d)
{
	return d->n;
}
