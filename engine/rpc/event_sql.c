#include "engine/rpc/event_sql.h"

static const struct field node_fields[] = {
	FIELD(struct event_node, node, KIND_INT, "node"),
	FIELD_END,
};
static const struct shape node_shape = SHAPE(struct event_node, node_fields);

static const struct field head_fields[] = {
	FIELD(struct event_head, seq, KIND_INT, "last number"),
	FIELD_END,
};
static const struct shape head_shape = SHAPE(struct event_head, head_fields);

static const struct field row_fields[] = {
	FIELD(struct event_row, node, KIND_INT, "node"),
	FIELD(struct event_row, seq, KIND_INT, "number"),
	FIELD(struct event_row, stream, KIND_ID, "stream"),
	FIELD(struct event_row, at_ms, KIND_INT, "when"),
	FIELD(struct event_row, actor, KIND_STR, "who"),
	FIELD_OPT(struct event_row, learner, KIND_ID, "whom it concerns"),
	FIELD(struct event_row, event, KIND_STR, "what"),
	FIELD_OPT(struct event_row, body, KIND_RAW, "more"),
	FIELD_END,
};
static const struct shape row_shape = SHAPE(struct event_row, row_fields);

/*
 * A node numbers its records densely and commits them in order, so between a
 * cursor and the node's head nothing can appear later.
 */
static const struct stmt stmts[EVENT_STMTS] = {
	[EVENT_NEXT_NODE] = { "event_next_node",
			      "SELECT node FROM record WHERE node > $1"
			      "  ORDER BY node LIMIT 1",
			      &node_shape },
	[EVENT_HEAD] = { "event_head",
			 "SELECT seq FROM record WHERE node = $1"
			 "  ORDER BY seq DESC LIMIT 1",
			 &head_shape },
	[EVENT_RANGE] = { "event_range",
			  "SELECT node, seq, stream, at_ms, actor, learner, event, body"
			  "  FROM record"
			  "  WHERE node = $1 AND seq > $2 AND seq <= $3 AND org = $4"
			  "  ORDER BY seq",
			  &row_shape },
};

const struct stmt_set event_stmts = { "event", stmts, EVENT_STMTS };

const struct stmt *event_stmt(enum event_stmt s)
{
	return &stmts[s];
}
