/* event_sql: reads of table record by node and number, for event.list. */
#pragma once

#include "engine/audit/record.h"

enum event_stmt { EVENT_NEXT_NODE, EVENT_HEAD, EVENT_RANGE, EVENT_STMTS };
extern const struct stmt_set event_stmts;
extern const struct stmt *event_stmt(enum event_stmt s);

struct event_node {
	int64_t node;
};
struct event_head {
	int64_t seq;
};
struct event_row {
	int64_t node, seq;
	struct id stream;
	int64_t at_ms;
	struct str actor;
	struct id learner;
	struct str event;
	struct str body;
};
