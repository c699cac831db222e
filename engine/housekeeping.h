/*
 * housekeeping: what must be tidied up from time to time, a little at a time,
 * between commands: files that a crash left without a row, and jobs that were
 * done long ago.
 */
#pragma once

#include "engine/store/executor.h"

enum { HOUSEKEEPING_MS = 60000 }; /* between two steps: a folder of 256 each */
#define JOBS_KEPT_MS (30 * INT64_C(86400000))

struct housekeeping;

struct housekeeping *housekeeping_new(const struct clock *clock);
void housekeeping_free(struct housekeeping *h);
struct tx_timer housekeeping_timer(struct housekeeping *h);
