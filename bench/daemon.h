/*
 * daemon: assayd as a child process on a data folder of its own; and what a
 * bench needs around it: a world of attempts, a look into its database, a
 * private PostgreSQL.
 */
#pragma once

#include "bench/bench.h"
#include "bench/load.h"
#include "engine/audit/record.h"

struct daemon {
	struct run *run;
	const char *data, *log, *store; /* store: URL */
	const char *ipc, *tcp, *ws;	/* URLs */
	struct str key;			/* of the administrator */
	const char *more[8];		/* further flags, NULL-terminated */
	pid_t pid;
};

/* Makes folder, organization and key. store NULL: SQLite in the folder. */
void daemon_make(struct run *r, const char *name, const char *store,
		 struct daemon *d);
/* Starts it; returns at once. */
void daemon_spawn(struct daemon *d);
/* Waits until it takes connections. */
void daemon_wait(struct daemon *d);
void daemon_start(struct daemon *d); /* both */
void daemon_stop(struct daemon *d);  /* SIGTERM; waits */
void daemon_kill(struct daemon *d);  /* SIGKILL; waits */
/* One call as the administrator; dies on an error. The result's JSON. */
struct str daemon_call(struct daemon *d, const char *method, struct str params);
/* The last value of a metric; 0 if there is none. */
double daemon_metric(struct daemon *d, const char *name);

/* ---- database.c ---- */

/* Each row's columns as text. One statement in either dialect. */
typedef void db_row(void *arg, const char *const *cols);
void db_each(const char *url, const char *sql_lite, const char *sql_pg,
	     db_row *row, void *arg);
int64_t db_number(const char *url, const char *sql);
/* assayd's tables in an empty database, for the bare writers. */
void db_make_tables(struct run *r, const char *url);
/* The newest record of a stream in a store that nobody uses. */
void db_last_record(struct ctx *cx, const char *url, const struct id *stream,
		    struct record *out);
/* The audit chain of a store that nobody uses; dies unless it is intact. */
int64_t db_verify_chain(struct run *r, const char *url);

/* ---- postgres.c ---- */

struct postgres {
	pid_t pid;
	const char *sockets;
};
/* false: not installed. */
bool postgres_start(struct run *r, struct postgres *p);
/* Makes a database; its URL. */
const char *postgres_database(struct run *r, struct postgres *p,
			      const char *name);
void postgres_stop(struct postgres *p);

/* ---- world.c ---- */

struct world {
	struct daemon *d;
	int n, slots;
	struct id *attempts;
};
struct world_wish {
	const char *slug;
	int attempts, slots;
	const char *policy;   /* JSON object, or NULL; see policy_from */
	int kinds;	      /* slugs slug-0..kinds-1 in turn; 0: one */
	int policy_from;      /* %d in policy becomes policy_from + kind */
	const char *learners; /* prefix of their names */
};
/* Publishes and starts attempts of different learners; bare conns over ipc. */
void world_make(struct run *r, struct daemon *d, const struct world_wish *wish,
		struct world *out);

/*
 * Answers over the world's attempts, as a load. Each outstanding place has
 * attempts of its own, so that a slot's seq is known.
 */
struct answers {
	const struct world *w;
	int places; /* conns * depth of the run */
	bool without_seq;
	uint32_t *turn; /* of each place */
	uint32_t *id;	/* JSON id, of each place */
	int *at;	/* attempt * slots + slot, of each place */
	uint32_t *seq;	/* acknowledged, of each attempt and slot */
	uint64_t serial;
	int64_t acknowledged;
};
void answers_init(struct answers *a, const struct world *w);
void answers_done(struct answers *a);
bool answers_fill(void *arg, int place, struct buf *b);
bool answers_check(void *arg, int place, struct str reply);
