#include "bench/benches.h"

void bench_start(struct run *r)
{
	(void)r;
}
