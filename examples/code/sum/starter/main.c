#include <stdio.h>

int main(void)
{
	/* your program */
	return 0;
}
