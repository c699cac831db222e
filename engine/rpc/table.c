#include "engine/rpc/table.h"

#include <stdlib.h>

#include "base/limits.h"

/*
 * Open addressing over a power of two at least twice the rows; the longest
 * probe is a handful, and a wrong name usually ends at the first empty place.
 */
struct rpc_index {
	struct rpc_entry *entries;
	struct field *keys; /* fields of the commands' own shapes */
	uint32_t *places;   /* number + 1; 0: empty */
	size_t n, mask;
};

const struct rpc_method *rpc_each(const struct rpc_table *t, size_t *it)
{
	size_t left = *it;

	for (size_t i = 0; t && t->tables && t->tables[i]; i++)
		for (const struct rpc_method *m = t->tables[i]; m->name; m++)
			if (left-- == 0) {
				++*it;
				return m;
			}
	return NULL;
}

const struct rpc_method *rpc_find(const struct rpc_table *t, struct str name)
{
	const struct rpc_method *m;
	size_t it = 0;

	while ((m = rpc_each(t, &it)))
		if (str_is(name, m->name))
			return m;
	return NULL;
}

static size_t place_of(const struct rpc_index *x, struct str name)
{
	size_t at = str_hash(name) & x->mask;

	while (x->places[at] &&
	       !str_is(name, x->entries[x->places[at] - 1].method->name))
		at = (at + 1) & x->mask;
	return at;
}

static size_t fields_count(const struct shape *s)
{
	size_t n = 0;

	while (s && s->fields && s->fields[n].kind != KIND_END)
		n++;
	return n;
}

/* The row's shape with idempotency_key behind it. */
static void take_key(struct rpc_entry *e, struct field *fields)
{
	const struct shape *own = e->method->params;
	size_t n = fields_count(own);

	if (n)
		memcpy(fields, own->fields, n * sizeof(*fields));
	e->key_at = ((own ? own->size : 0) + 15) & ~(size_t)15;
	if (e->key_at == 0)
		e->key_at = 16;
	fields[n] = (struct field){
		.name = "idempotency_key",
		.doc = "the same key and params give the same reply",
		.kind = KIND_STR,
		.optional = true,
		.offset = (uint32_t)e->key_at,
		.min = 1,
		.max = LIMIT_REF_BYTES,
	};
	fields[n + 1] = (struct field)FIELD_END;
	e->taken = (struct shape){ own ? own->name : "params",
				   e->key_at + sizeof(struct str), fields };
}

static const struct field no_fields[] = { FIELD_END };

static void row_check(const struct rpc_method *m)
{
	CHECK(m->does && m->run);
	CHECK(m->roles != 0); /* ROLE_ANYONE has to be said */
	CHECK(strchr(m->name, '.'));
	CHECK(!(m->flags & RPC_WRITES) ||
	      !(m->flags & (RPC_SLOW | RPC_NO_STORE)));
	CHECK((m->flags & RPC_WRITES) || !m->prepare);
	CHECK((m->flags & RPC_WRITES) ||
	      !(m->flags & (RPC_SINGLE | RPC_OWN_KEY | RPC_QUIET)));
}

struct rpc_index *rpc_index_new(const struct rpc_table *t)
{
	struct rpc_index *x = calloc(1, sizeof(*x)); /* allowed: process */
	const struct rpc_method *m;
	size_t it = 0, keys = 0, size = 8;

	CHECK(x);
	while ((m = rpc_each(t, &it))) {
		row_check(m);
		x->n++;
		keys += fields_count(m->params) + 2;
	}
	while (size < x->n * 2)
		size *= 2;
	x->mask = size - 1;
	x->entries =
		calloc(x->n + 1, sizeof(*x->entries)); /* allowed: process */
	x->keys = calloc(keys + 1, sizeof(*x->keys));  /* allowed: process */
	x->places = calloc(size, sizeof(*x->places));  /* allowed: process */
	CHECK(x->entries && x->keys && x->places);
	keys = 0;
	it = 0;
	for (uint32_t i = 0; (m = rpc_each(t, &it)); i++) {
		struct rpc_entry *e = &x->entries[i];
		size_t at = place_of(x, str_of(m->name));

		CHECK(x->places[at] == 0); /* a name stands twice */
		e->method = m;
		e->number = i;
		if (m->flags & RPC_WRITES)
			take_key(e, x->keys + keys);
		else if (m->params)
			e->taken = *m->params;
		else
			e->taken = (struct shape){ "params", 1, no_fields };
		keys += fields_count(m->params) + 2;
		x->places[at] = i + 1;
	}
	return x;
}

void rpc_index_free(struct rpc_index *x)
{
	if (!x)
		return;
	free(x->entries);
	free(x->keys);
	free(x->places);
	free(x);
}

const struct rpc_entry *rpc_index_find(const struct rpc_index *x,
				       struct str name)
{
	size_t at = place_of(x, name);

	return x->places[at] ? &x->entries[x->places[at] - 1] : NULL;
}

size_t rpc_index_count(const struct rpc_index *x)
{
	return x->n;
}

const struct rpc_entry *rpc_index_at(const struct rpc_index *x, size_t i)
{
	CHECK(i < x->n);
	return &x->entries[i];
}
