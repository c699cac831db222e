/*
 * hand: a real assay-worker as a child process, for tests with a daemon.
 */
#pragma once

#include "tests/support/daemon/daemon.h"

struct hand {
	char name[16], log[128], token[128];
	pid_t pid; /* 0: not running */
};

/* Makes the worker's key once, in the daemon's folder. */
void hand_key(struct daemon *d);
/*
 * Starts one at this URL and waits until it is ready. more: settings, as argv,
 * NULL-terminated; or NULL. false: it cannot run programs here.
 */
bool hand_start(struct daemon *d, struct hand *h, const char *name,
		struct str url, const char *const *more);
/* Exit code or -signal; sig 0: only waits. */
int hand_stop(struct hand *h, int sig);
/* What it has logged, in the daemon's arena. */
const char *hand_log(struct daemon *d, const struct hand *h);
