#include "bench/benches.h"

void bench_timer(struct run *r)
{
	(void)r;
}
