/* Uninitialised data larger than any limit of the tests. */
#include <stddef.h>

static char room[512 << 20];

int main(void)
{
	for (size_t i = 0; i < sizeof(room); i += 4096)
		((volatile char *)room)[i] = 7;
	return 0;
}
