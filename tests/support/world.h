/*
 * world: a whole server without sockets: every method, on a database of its
 * own, with a clock that stands still, seeded randomness, an executor that
 * runs when told, and a store that can be told to fail.
 *
 * ASSAY_TEST_STORE=postgresql in the environment puts it on PostgreSQL; ctest
 * runs every scenario on both engines.
 *
 * Callers are named by tokens:
 *
 *	"platform" "author" "moderator" "auditor" "admin"   of the organization
 *	"operator" "worker"                                 of the server
 *	"learner:NAME"    a learner of it, known to the platform as NAME
 *	"bound:COURSE"    a platform's key for one course only
 *	"bound-admin:COURSE"    an administrator's and auditor's, likewise
 *	"bound-all:COURSE"    with every role, likewise
 *	"foreign"         the platform of another organization
 *	"stranger:NAME"   a learner of that one
 *
 *	struct world *w = world_open();
 *	struct reply r = world_call(w, "learner:ann", "attempt.start",
 *				    "{\"course\":\"c\",\"slug\":\"q\"}");
 *	assert_int_equal(r.e, OK);
 *	assert_string_equal(reply_text(w, &r, "state"), "active");
 *
 * What is returned lives until world_close.
 */
#pragma once

#include <inttypes.h>

#include "base/ctx.h"
#include "base/dec.h"
#include "base/field.h"
#include "engine/app.h"
#include "engine/config.h"
#include "engine/rpc/core.h"
#include "engine/server.h"
#include "tests/support/store/db.h"

/* 2026-01-01T00:00:00Z: when every world begins. */
#define WORLD_BEGIN INT64_C(1767225600000)

struct world {
	struct db db;
	char folder[96];
	struct clock_manual clock;  /* the machine's */
	struct clock_steady steady; /* the server's, as in engine/main.c */
	struct rng_seeded rng;
	struct config config;
	struct server *server;
	struct app *app;
	struct core *core;
	struct ctx cx; /* for the test itself; cx.arena lives as the world */
	struct id org, other;
	const struct disk *disk; /* of submissions, from the next restart on */
	struct asked *free;
	bool joined;   /* the database is another's */
	bool tampered; /* by the test: world_close finds no fault with it */
};

/*
 * Seeded alike every time. Ends the program with WORLD_SKIP when there is no
 * PostgreSQL to be had.
 */
enum { WORLD_SKIP = 77 };
struct world *world_open(void);
void world_close(struct world *w);
/*
 * A second server, of another node number, on the same database (PostgreSQL's;
 * NULL on SQLite), with a clock of its own. To be closed before the first.
 */
struct world *world_join(struct world *w, int node);
/* Stops and opens again: only what was committed is left. */
void world_restart(struct world *w);

struct reply {
	enum err e;		   /* OK, or the error's code */
	struct str json;	   /* the whole reply */
	struct str result;	   /* JSON of the result */
	struct str message, field; /* of an error */
	struct str state;	   /* its data.state: JSON */
	bool retry;
	struct str bytes; /* behind the NUL */
};

/* One call, to its end. params: JSON as by printf; "" for none. */
struct reply world_call(struct world *w, const char *token, const char *method,
			const char *params, ...)
	__attribute__((format(printf, 4, 5)));
/* The same with bytes behind the NUL. */
struct reply world_call_bytes(struct world *w, const char *token,
			      const char *method, struct str params,
			      struct str bytes);
/* Fails the test with the reply when it is an error. */
struct reply world_ok(struct world *w, const char *token, const char *method,
		      const char *params, ...)
	__attribute__((format(printf, 4, 5)));

/* Several at once: they are queued, and one batch runs them all. */
struct asked; /* a call on its way */
struct asked *world_ask(struct world *w, const char *token, const char *method,
			const char *params, ...)
	__attribute__((format(printf, 4, 5)));
void world_run(struct world *w); /* everything that waits and is due */
struct reply world_answer(struct world *w, struct asked *a); /* once */
bool world_answered(const struct asked *a); /* it need not wait any longer */

/* Time passes, and what falls due is done. */
void world_pass(struct world *w, int64_t ms);
/* Somebody sets the machine's clock: no time passes. */
void world_set_clock(struct world *w, int64_t by_ms);
int64_t world_now(const struct world *w);
/* RFC 3339 of now + ms, for params. */
const char *world_time(struct world *w, int64_t ms);

/* The n-th statement, begin or commit from now fails; n 0: none does. */
void world_fail(struct world *w, int n, enum err e);
/* And all that come after it, until world_fail(w, 0, OK). */
void world_fail_from(struct world *w, int n, enum err e);
/* The next commit happens, but is told as failed. */
void world_lose_commit(struct world *w);

/* Publishes a definition; its id as text. Fails the test if it is refused. */
const char *world_publish(struct world *w, const char *json);

/*
 * Queues a job "test.work" of the organization, for workers; its id as text.
 * Its input is {"fence":INT} and three bytes, its result {"n":INT}, which makes
 * a record "test.worked".
 */
const char *world_job(struct world *w);

/* Members of a result by their path: "view/state", "slots/0/mark". */
bool reply_has(struct world *w, const struct reply *r, const char *path);
struct str reply_raw(struct world *w, const struct reply *r, const char *path);
/* A string's value, or the JSON of anything else; terminated. */
const char *reply_text(struct world *w, const struct reply *r,
		       const char *path);
int64_t reply_int(struct world *w, const struct reply *r, const char *path);
struct dec reply_dec(struct world *w, const struct reply *r, const char *path);
int64_t reply_time(struct world *w, const struct reply *r, const char *path);
size_t reply_count(struct world *w, const struct reply *r, const char *path);
/* The same of any JSON. */
struct str json_raw(struct world *w, struct str json, const char *path);
const char *json_text(struct world *w, struct str json, const char *path);

/* Whether a call of this method had this end (OK, too) in this program. */
bool world_saw(const char *method, enum err e);

/* How many records of an event there are, of all streams. */
int64_t world_records(struct world *w, const char *event);
