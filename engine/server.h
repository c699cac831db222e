/*
 * server: everything wired together: what `assayd` runs, and what tests run in
 * their own process. Knows all parts; no part knows it.
 *
 *   server_open      folders, key, store, caches; nothing listens yet
 *   server_listen    the front end; from now on requests come
 *   server_stop      no new work, finish, commit; then leave by _exit
 */
#pragma once

#include "engine/app.h"
#include "base/id.h"
#include "engine/config.h"

struct server;

struct server_opts {
	const struct config *config;
	const struct clock *clock;
	const struct clock_steady *steady; /* for the metric; may be NULL */
	struct rng *rng;
	struct log *log;
	bool threaded; /* false: executor_step by the caller, no workers */
	const struct job_kind *const *jobs; /* NULL: all_jobs */
	const struct disk *disk; /* of the submissions; NULL: the system's */
	void (*exhausted)(void *arg); /* descriptors run out: drain */
	void *arg;
};

/* The text of cx's error says what to do. */
MUST enum err server_open(struct ctx *cx, const struct server_opts *o,
			  struct server **out);
MUST enum err server_listen(struct ctx *cx, struct server *s);
struct app *server_app(struct server *s);
struct core *server_core(struct server *s);
struct str server_urls(const struct server *s); /* with real ports */
/*
 * Stops within the configured time; true if everything was finished. The
 * process must leave by _exit afterwards if it ever listened.
 */
bool server_stop(struct server *s);
/* Without a front end: frees everything (tests). */
void server_free(struct server *s);

/*
 * The first organization with its administrator's key, on an empty store.
 * ERR_CONFLICT if there is one already.
 */
struct server_init {
	struct str organization;
	struct str key; /* all rights in the organization, and operator */
	struct id id;
};
MUST enum err server_init(struct ctx *cx, struct server *s,
			  struct server_init *io);
