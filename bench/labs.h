/* labs: a server with learners who work in labs, for the bench of them. */
#pragma once

#include "bench/daemon.h"
#include "engine/rpc/client.h"

/* Learner i, with a connection of his own. */
struct lab_person {
	struct ctx cx;
	struct client *client;
	struct str token;
	char session[ID_TEXT + 1];
};
struct bench_labs {
	struct run *run;
	struct daemon d;
	const char *jwk; /* of the platform that signs for the learners */
	struct str audience;
	struct lab_person worker; /* the bench itself, as one */
	const char *worker_key;
};
/* With the lab "small"; every learner is of its course, "c". */
void labs_begin(struct run *r, struct bench_labs *out);
void labs_end(struct bench_labs *l);

struct lab_person labs_person(struct bench_labs *l, int i);
void labs_person_done(struct lab_person *p);
void labs_open(struct bench_labs *l, struct lab_person *p, const char *slug);
/* With {"session":…} and more of the params. Dies on an error. */
void labs_call(struct lab_person *p, const char *method, const char *more,
	       struct str bytes, struct client_reply *out);
/* A terminal that was read up to there. */
struct lab_parked {
	char session[ID_TEXT + 1];
	int64_t attach, after, changes;
};
/* Opened, and its shell (by the bench's own word as a worker) has ended. */
void labs_park(struct bench_labs *l, struct lab_person *p,
	       struct lab_parked *out);
/* A connection on which learner i waits for what it shows. */
int labs_reader(struct bench_labs *l, int i, const struct lab_parked *at);

/* assay-worker as another process. */
pid_t labs_worker(struct bench_labs *l);

/* A terminal: one connection types, another reads. */
struct lab_shell {
	struct lab_person keys;
	int64_t attach, after;
	int fd; /* the reader's, with a call under way */
	struct buf seen;
};
void labs_shell(struct bench_labs *l, int i, struct lab_shell *out);
void labs_shell_done(struct lab_shell *s);
void labs_type(struct lab_shell *s, const char *keys);
/* Reads on until it has come, and forgets what came up to there. */
void labs_until(struct lab_shell *s, const char *what);
