#include "base/clock.h"

#include <time.h>

#include "base/err.h"

static struct timespec read_clock(clockid_t which)
{
	struct timespec t;

	CHECK(clock_gettime(which, &t) == 0);
	return t;
}

static int64_t system_now_ms(const struct clock *c)
{
	struct timespec t = read_clock(CLOCK_REALTIME);

	(void)c;
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t system_mono_ns(const struct clock *c)
{
	struct timespec t = read_clock(CLOCK_MONOTONIC);

	(void)c;
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

const struct clock clock_system = { system_now_ms, system_mono_ns };

int64_t clock_ms(const struct clock *c)
{
	return c->now_ms(c);
}

int64_t clock_mono_ns(const struct clock *c)
{
	return c->mono_ns(c);
}

static int64_t manual_now_ms(const struct clock *c)
{
	return ((const struct clock_manual *)c)->ms;
}

static int64_t manual_mono_ns(const struct clock *c)
{
	return ((const struct clock_manual *)c)->mono_ns;
}

void clock_manual_init(struct clock_manual *m, int64_t ms)
{
	m->clock = (struct clock){ manual_now_ms, manual_mono_ns };
	m->ms = ms;
	m->mono_ns = 0;
}

void clock_manual_step(struct clock_manual *m, int64_t by_ms)
{
	m->ms += by_ms;
	if (by_ms > 0)
		m->mono_ns += by_ms * 1000000;
}
