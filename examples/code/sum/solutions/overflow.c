#include <stdio.h>

int main(void)
{
	int sum = 0, v;
	int n;

	if (scanf("%d", &n) != 1)
		return 1;
	while (n-- > 0 && scanf("%d", &v) == 1)
		sum += v;
	printf("%d\n", sum);
	return 0;
}
