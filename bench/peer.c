#include "bench/peer.h"

#include <math.h>

double peer_uniform(struct rng *r)
{
	return ((double)(rng_u64(r) >> 11) + .5) / 9007199254740992.0;
}

double peer_normal(struct rng *r)
{
	return sqrt(-2 * log(peer_uniform(r))) *
	       cos(2 * M_PI * peer_uniform(r));
}

void peer_figure(struct run *r, const char *name, const char *unit,
		 double value, double target)
{
	const struct figure f = {
		.name = name, .unit = unit, .value = value, .target = target
	};

	report(r, &f);
}

double peer_seconds(int64_t from_ns)
{
	return (double)(now_ns() - from_ns) / 1e9;
}
