/*
 * daemon: a real assayd as a child process on a folder of its own, and calls
 * to it as its administrator. Waits are on conditions, with deadlines.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/ctx.h"

struct daemon {
	char dir[64]; /* goes with daemon_drop */
	char data[96];
	char store[256];   /* URL; empty: SQLite in data */
	pid_t pid;	   /* 0: not running */
	struct ctx cx;	   /* for calls; replies live in its arena */
	char key[256];	   /* the administrator's */
	struct str result; /* of the last call that went well; arena */
};

/* Only the folder; the data folder below it is made by assayd. */
void daemon_make(struct daemon *d);
void daemon_drop(struct daemon *d); /* kills it if it runs */

/*
 * Runs assayd to its end with these arguments (NULL-terminated, behind --data
 * and --store). Its exit code, or -signal; 10 s at most.
 */
int daemon_run(struct daemon *d, const char *const *args);
/* What it wrote to standard error the last time, terminated; arena. */
const char *daemon_log(struct daemon *d);

void daemon_init(struct daemon *d); /* makes the organization and key */
/* Starts it and waits until it listens. more: as above, or NULL. */
void daemon_start(struct daemon *d, const char *const *more);
bool daemon_alive(struct daemon *d);
/* Exit code, or -signal; kills it after 10 s. sig 0: only waits. */
int daemon_stop(struct daemon *d, int sig);

/* Its address that begins with this, such as "ws://". */
struct str daemon_url(struct daemon *d, const char *scheme);
/* One call over ipc, on a connection of its own: OK or the error's code. */
enum err daemon_call(struct daemon *d, const char *method, const char *params,
		     ...) __attribute__((format(printf, 3, 4)));

/* Looks until it is true; false after so long. */
bool daemon_until(bool (*look)(void *arg), void *arg, int64_t ms);
