/*
 * metrics: what a server counts, and the page that tells it (Prometheus text
 * exposition format 0.0.4). Counting takes no lock. Labels are method names
 * and error words from the tables, never anything that a caller sent.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

struct metrics;
struct rpc_table;

struct metrics *metrics_new(const struct rpc_table *t);
void metrics_free(struct metrics *m);

/* One call of method number n (in order of the tables) ended. m may be NULL. */
void metrics_call(struct metrics *m, uint32_t n, enum err e, int64_t ns);
/* A message that never reached a method. */
void metrics_refused(struct metrics *m, enum err e);
/* Answers that came out of an idempotency key. */
void metrics_replayed(struct metrics *m);

/*
 * Others add their own lines: called for each page, on an I/O thread. At most
 * 16 sources; added before the first page.
 */
void metrics_source(struct metrics *m, void (*fill)(void *arg, struct buf *b),
		    void *arg);
void metrics_page(struct metrics *m, struct buf *b);

/* Helpers for sources: HELP and TYPE once, then a value. */
void metrics_gauge(struct buf *b, const char *name, const char *help,
		   int64_t v);
void metrics_counter(struct buf *b, const char *name, const char *help,
		     int64_t v);
