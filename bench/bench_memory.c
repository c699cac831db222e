#include "bench/benches.h"

void bench_memory(struct run *r)
{
	(void)r;
}
