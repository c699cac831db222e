#include "bench/benches.h"

void bench_import(struct run *r)
{
	(void)r;
}
