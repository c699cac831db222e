/*
 * clock: the only way to the time. Passed in, so that a test can stand still.
 */
#pragma once

#include <stdint.h>

struct clock {
	int64_t (*now_ms)(const struct clock *c);  /* Unix time, UTC, ms */
	int64_t (*mono_ns)(const struct clock *c); /* never steps back */
};

extern const struct clock clock_system;

int64_t clock_ms(const struct clock *c);
int64_t clock_mono_ns(const struct clock *c);

/*
 * A clock that moves only when told; for tests, simulations and replays. It may
 * be stepped while other threads read it. mono_ns starts at 0.
 */
struct clock_manual {
	struct clock clock; /* first: pass &m.clock */
	_Atomic int64_t ms, mono_ns;
};
void clock_manual_init(struct clock_manual *m, int64_t ms);
/* A negative step moves only the wall clock, as an operator might. */
void clock_manual_step(struct clock_manual *m, int64_t by_ms);
