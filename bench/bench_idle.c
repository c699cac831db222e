#include "bench/benches.h"

void bench_idle(struct run *r)
{
	(void)r;
}
