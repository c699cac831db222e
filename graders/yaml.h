/*
 * yaml: the part of YAML 1.2 that problem packages use: block and flow
 * mappings and sequences, plain and quoted scalars, literal and folded blocks,
 * comments, one document. Anchors, aliases, tags, merge keys and keys that are
 * no scalars are refused; so nothing grows while it is read.
 */
#pragma once

#include "base/buf.h"
#include "base/ctx.h"

enum { YAML_BYTES = 256 << 10, YAML_DEPTH = 32, YAML_NODES = 20000 };

enum yaml_kind { YAML_SCALAR, YAML_MAP, YAML_LIST };

struct yaml_node {
	enum yaml_kind kind;
	struct str key;	 /* of a mapping's member */
	struct str text; /* YAML_SCALAR; "" also for nothing */
	bool quoted;
	int64_t line; /* from 1 */
	struct yaml_node *first, *next;
};

/* ERR_INVALID with the line, ERR_TOO_LARGE over a limit. */
MUST enum err yaml_read(struct ctx *cx, struct str text,
			struct yaml_node **out);
/* NULL if map is NULL, no mapping, or has no such key. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
/* The text of a scalar member; absent if it is none. */
struct str yaml_text(const struct yaml_node *map, const char *key);
