/*
 * due: which attempt the clock has to look at next. A heap with a place for
 * each attempt, found by its id; every step costs O(log n). For engine/attempt.
 */
#pragma once

#include "base/id.h"

struct due;

struct due *due_new(void);
void due_free(struct due *d);
/* Sets, moves or (at_ms 0) takes away an attempt's instant. */
void due_set(struct due *d, const struct id *org, const struct id *id,
	     int64_t at_ms);
int64_t due_of(const struct due *d, const struct id *id); /* 0: none */
/* The earliest; false if there is none. */
bool due_first(const struct due *d, int64_t *at_ms, struct id *org,
	       struct id *id);
size_t due_count(const struct due *d);
