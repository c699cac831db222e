/*
 * demo: a verified exam from the platform's side, end to end, against the real
 * assayd: import, publish, 100 learners over ws, a crash in the middle, marks
 * by a person, the gradebook; then a code assignment and a lab, with a real
 * worker and boxes; the audit chain.
 */
#pragma once

#include "base/ctx.h"
#include "engine/rpc/client.h"
#include "graders/assessment_file.h"

enum { LEARNERS = 100, ORIGIN_PORT_TRIES = 20 };

/* The server as a child process, on a folder of its own. */
struct host {
	const char *bin; /* folder with assayd */
	char folder[64];
	char url[64]; /* ws */
	char port[16];
	int pid;
};
void host_make(struct host *h, const char *bin);
int host_init(const struct host *h, const char *key_file); /* exit code */
void host_start(struct host *h);
void host_kill(struct host *h); /* SIGKILL */
int host_stop(struct host *h);	/* SIGTERM; exit code */
void host_remove(const struct host *h);
/* Runs assay with these arguments, NULL-terminated; its exit code. */
int host_assay(const struct host *h, const char *const *args);

struct learner {
	char name[32];
	unsigned skill; /* of 1000 */
	struct client *client;
	char attempt[ID_TEXT + 1];
	int64_t slots;
};

struct demo {
	struct ctx *cx;
	struct host host;
	const char *examples; /* folder */
	struct assessment_def def;
	struct client *staff;
	struct str jwk, audience;
	struct rng_seeded rng;
	struct learner learners[LEARNERS];
	int64_t acknowledged;
	struct arena *step; /* of one call */
	char code_file[96]; /* the bundled code assignment */
};

struct client *connect_learner(struct demo *d, const char *name,
			       const char *course);
void begin_code(struct demo *d); /* its self-test runs meanwhile */
void play_code(struct demo *d);
void play_lab(struct demo *d);

struct str read_all(struct ctx *cx, const char *path);
struct jval parsed(struct ctx *cx, struct str json);
/* {"a":{"b":…}}: follow("a/b"). */
struct jval follow(struct ctx *cx, struct jval v, const char *path);
int64_t number_at(struct ctx *cx, struct jval v, const char *path);

/* A call that must succeed; ends the demo if it does not. */
struct str must(struct ctx *cx, struct client *c, const char *method,
		struct str params, struct str bytes, struct str *bytes_out);
struct client *connect_as(struct ctx *cx, const struct host *h,
			  struct str token);

/*
 * A learner's response to a delivered question, right with this chance in
 * 1000; wrong ones are still of the right form.
 */
struct str answer_for(struct ctx *cx, const struct assessment_def *def,
		      struct jval delivered, struct rng *rng, unsigned skill);

void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void stop(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A bar on standard error when it is a terminal. */
void progress(const char *what, int done, int all);
