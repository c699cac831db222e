/*
 * table: the method rows of a program, numbered and found by name.
 */
#pragma once

#include "engine/rpc/rpc.h"

struct rpc_entry {
	const struct rpc_method *method;
	uint32_t number; /* 0.. in order of the tables */
	/*
	 * What params are decoded with: the row's own shape, for a command with
	 * idempotency_key behind its struct, at offset key_at.
	 */
	struct shape taken;
	size_t key_at; /* 0: takes no key */
};

struct rpc_index;

/* Aborts on a wrong row: no name, roles or run, or a name twice. */
struct rpc_index *rpc_index_new(const struct rpc_table *t);
void rpc_index_free(struct rpc_index *x);
const struct rpc_entry *rpc_index_find(const struct rpc_index *x,
				       struct str name);
size_t rpc_index_count(const struct rpc_index *x);
const struct rpc_entry *rpc_index_at(const struct rpc_index *x, size_t i);

/* The rows in order: *it starts at 0; NULL after the last. */
const struct rpc_method *rpc_each(const struct rpc_table *t, size_t *it);

/* server.* and rpc.discover. */
extern const struct rpc_method server_methods[];
/* event.*; wants a store and, for event.feed, cx->app->feed. */
extern const struct rpc_method event_methods[];
