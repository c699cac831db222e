#include "bench/benches.h"

void bench_read(struct run *r)
{
	(void)r;
}
