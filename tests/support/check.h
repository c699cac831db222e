/*
 * check: what unit tests share: death of a CHECK, and the seed of a property
 * test. Include after cmocka.h.
 */
#pragma once

#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/rng.h"

/* Whether fn aborts; it runs in a child process with its stderr closed. */
static inline bool aborts(void (*fn)(void))
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		close(STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		fn();
		_exit(0);
	}
	assert_true(waitpid(child, &status, 0) == child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

/*
 * Prints the seed of a property test and starts rng with it. A new one in each
 * run; ASSAY_SEED=n in the environment repeats a run.
 */
static inline void rng_property(struct rng_seeded *rng)
{
	const char *fixed = getenv("ASSAY_SEED");
	uint64_t seed =
		fixed ? strtoull(fixed, NULL, 10) : rng_u64(rng_system()) >> 32;

	printf("ASSAY_SEED=%" PRIu64 "\n", seed);
	rng_seeded_from(rng, seed);
}
