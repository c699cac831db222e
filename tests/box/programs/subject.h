/*
 * subject: the programs that the box is judged by. One binary, one mode for
 * each way to behave; tests/box/labels.c says what verdict each deserves.
 * Nothing of the project is linked in: a subject is what a learner could have
 * written.
 */
#pragma once

#include <stddef.h>

struct mode {
	const char *name;
	/* args: what stands behind the mode's name, NULL-terminated. */
	int (*run)(char **args);
};

/* Each ends without a name. */
extern const struct mode memory_modes[], time_modes[], death_modes[],
	output_modes[], honest_modes[], odd_modes[], file_modes[], peer_modes[];

/* The number in args[i], or otherwise. */
long arg(char **args, int i, long otherwise);
/* Burns this much CPU time of the calling thread, in user mode. */
void burn_ms(long ms);
/* The same in the kernel. */
void burn_system_ms(long ms);
/* Waits on nothing. */
void rest_ms(long ms);
/* Writes to each page. */
void touch(void *p, size_t n);
/* Runs fn in n children at once; returns those started. */
int children(int n, void (*fn)(long), long with);
/* Waits for all; how many of them ended by a signal or with another status
 * than 0. */
int reap(void);
