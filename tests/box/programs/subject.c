#include "tests/box/programs/subject.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096 };

long arg(char **args, int i, long otherwise)
{
	for (int k = 0; k <= i; k++)
		if (!args[k])
			return otherwise;
	return strtol(args[i], NULL, 0);
}

static long cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void burn_ms(long ms)
{
	long end = cpu_ms() + ms;

	while (cpu_ms() < end)
		for (volatile int i = 0; i < 100000; i++)
			;
}

void burn_system_ms(long ms)
{
	static char room[1 << 16];
	long end = cpu_ms() + ms;
	int zero = open("/dev/zero", O_RDONLY);

	while (cpu_ms() < end)
		for (int i = 0; i < 64; i++)
			if (read(zero, room, sizeof(room)) < 0)
				(void)getppid();
	close(zero);
}

void rest_ms(long ms)
{
	poll(NULL, 0, (int)ms);
}

void touch(void *p, size_t n)
{
	volatile char *at = p;

	for (size_t i = 0; i < n; i += PAGE)
		at[i] = 7;
}

int children(int n, void (*fn)(long), long with)
{
	int started = 0;

	fflush(stdout);
	for (int i = 0; i < n; i++) {
		pid_t p = fork();

		if (p == 0) {
			fn(with);
			_exit(0);
		}
		if (p < 0)
			break;
		started++;
	}
	return started;
}

int reap(void)
{
	int bad = 0, status;

	while (wait(&status) > 0)
		bad += status != 0;
	return bad;
}

int main(int argc, char **argv)
{
	const struct mode *const families[] = { memory_modes, time_modes,
						death_modes,  output_modes,
						honest_modes, odd_modes,
						file_modes,   peer_modes };

	if (argc < 2)
		return 99;
	for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++)
		for (const struct mode *m = families[f]; m->name; m++)
			if (strcmp(m->name, argv[1]) == 0)
				return m->run(argv + 2);
	fprintf(stderr, "no mode %s\n", argv[1]);
	return 99;
}
