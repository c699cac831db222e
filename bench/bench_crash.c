#include "bench/benches.h"

void bench_crash(struct run *r)
{
	(void)r;
}
