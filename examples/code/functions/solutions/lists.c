#include <stddef.h>

double mean(double *v, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += v[i];
	return sum / (double)n;
}

void reverse(int *v, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		int held = v[i];

		v[i] = v[n - 1 - i];
		v[n - 1 - i] = held;
	}
}
