/*
 * appender: a node that appends records, for tests that pull the plug: each
 * work adds one record to a stream of its own and is remembered when it was
 * acknowledged.
 */
#pragma once

#include "engine/audit/record.h"
#include "tests/support/store/store_world.h"

struct appender {
	struct sw *w;
	struct journal *journal;
	struct executor *x;
	void (*acknowledged)(void *arg, const struct id *stream);
	void *arg;
	struct rng *rng;
	size_t body_bytes;
};

struct append {
	struct work work; /* first */
	struct ctx cx;
	struct appender *by;
	struct record_list list;
	struct id stream;
	/* Called in run() before the record is appended; may be NULL. */
	enum err (*before)(struct append *a);
	void *before_arg;
	bool again; /* submit a new one when it is acknowledged */
	int runs, dones;
	enum err end;
};

void appender_open(struct appender *p, struct sw *w, bool threaded);
void appender_close(struct appender *p);
void append_init(struct append *a, struct appender *p);
void append_done(struct append *a); /* frees its memory */
/* Submits one and steps until it is done. */
MUST enum err append_one(struct appender *p, struct id *stream);
/* Whether the stream has exactly one record. */
bool append_found(struct sw *w, const struct id *stream);
