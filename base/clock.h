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
 * The clock of a server. It begins as another clock's now_ms and then runs with
 * the time since the machine started, so that nobody who sets the system's
 * clock takes time from whoever works against a time limit, or gives it. Small
 * differences (NEAR_MS) are followed, by a millisecond a second at most; of
 * larger ones stepped() is told, once each, and they are not followed: only a
 * start takes the other clock's word. Thread-safe; now_ms never steps back by
 * more than a millisecond a second.
 */
struct clock_steady {
	struct clock clock; /* first: pass &s.clock */
	const struct clock *of;
	void (*stepped)(void *arg, int64_t by_ms); /* any thread */
	void *arg;
	_Atomic int64_t offset_ms, looked_ns, off_ms, told_ms;
};
/* of: &clock_boot, but in tests. stepped may be NULL. */
void clock_steady_init(struct clock_steady *s, const struct clock *of,
		       void (*stepped)(void *arg, int64_t by_ms), void *arg);
/* How far the other clock was ahead at the last look. */
int64_t clock_steady_off_ms(const struct clock_steady *s);
/* The system's UTC; mono_ns goes on while the machine sleeps. */
extern const struct clock clock_boot;

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
