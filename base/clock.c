#include "base/clock.h"

#include <stdatomic.h>
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

static int64_t boot_ns(const struct clock *c)
{
	struct timespec t = read_clock(CLOCK_BOOTTIME);

	(void)c;
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

const struct clock clock_boot = { system_now_ms, boot_ns };

int64_t clock_ms(const struct clock *c)
{
	return c->now_ms(c);
}

int64_t clock_mono_ns(const struct clock *c)
{
	return c->mono_ns(c);
}

enum { LOOK_MS = 1000, NEAR_MS = 1000, MS_NS = 1000000 };

static int64_t away(int64_t ms)
{
	return ms < 0 ? -ms : ms;
}

/* Compares with the other clock; one thread at a time. */
static void look(struct clock_steady *s, int64_t mono_ns)
{
	int64_t off = s->of->now_ms(s->of) - (mono_ns / MS_NS + s->offset_ms);
	int64_t told = s->told_ms;

	s->off_ms = off;
	if (away(off) <= NEAR_MS) {
		s->told_ms = 0;
		s->offset_ms += (off > 0) - (off < 0);
	} else if (away(off - told) > NEAR_MS) {
		s->told_ms = off;
		if (s->stepped)
			s->stepped(s->arg, off);
	}
}

static int64_t steady_now_ms(const struct clock *c)
{
	struct clock_steady *s = (struct clock_steady *)c;
	int64_t mono = s->of->mono_ns(s->of), looked = s->looked_ns;

	if (mono - looked >= (int64_t)LOOK_MS * MS_NS &&
	    atomic_compare_exchange_strong(&s->looked_ns, &looked, mono))
		look(s, mono);
	return mono / MS_NS + s->offset_ms;
}

static int64_t steady_mono_ns(const struct clock *c)
{
	const struct clock_steady *s = (const struct clock_steady *)c;

	return s->of->mono_ns(s->of);
}

void clock_steady_init(struct clock_steady *s, const struct clock *of,
		       void (*stepped)(void *arg, int64_t by_ms), void *arg)
{
	int64_t mono = of->mono_ns(of);

	*s = (struct clock_steady){ .clock = { steady_now_ms, steady_mono_ns },
				    .of = of,
				    .stepped = stepped,
				    .arg = arg };
	s->looked_ns = mono;
	s->offset_ms = of->now_ms(of) - mono / MS_NS;
}

int64_t clock_steady_off_ms(const struct clock_steady *s)
{
	return ((struct clock_steady *)s)->off_ms;
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
