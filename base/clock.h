/*
 * clock: the only way to the time. Passed in, so that a test can stand still.
 */
#pragma once

#include <stdint.h>

struct clock {
	int64_t (*now_ms)(const struct clock *c); /* Unix time, UTC, ms */
	int64_t (*mono_ns)(const struct clock *c); /* never steps back */
};

extern const struct clock clock_system;

int64_t clock_ms(const struct clock *c);
int64_t clock_mono_ns(const struct clock *c);

/* A clock that moves only when told; for tests, simulations and replays. */
struct clock_manual {
	struct clock clock; /* first: pass &m.clock */
	int64_t ms;
};
void clock_manual_init(struct clock_manual *m, int64_t ms);
void clock_manual_step(struct clock_manual *m, int64_t by_ms);
