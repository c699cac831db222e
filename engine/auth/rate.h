/*
 * rate: token buckets by name. Thread-safe; fixed memory: a bucket that was
 * not used for long gives its place to a new one.
 */
#pragma once

#include <stdint.h>

struct rate;

struct rate *rate_new(int64_t per_second, int64_t burst);
void rate_free(struct rate *r);
/* 0: taken; else ms until the next one is there. now_ns: monotonic. */
int64_t rate_take(struct rate *r, uint64_t bucket, int64_t now_ns);
