/*
 * say: what a worker says to its server, as calls of methods, and what of the
 * answers it reads. Each returns the answer's code; ERR_UNAVAILABLE also when
 * nobody answered. Members that are not known are not looked at: a server may
 * be newer.
 */
#pragma once

#include "engine/worker/worker.h"

/*
 * about: an object of job.lease, or absent. ERR_INVALID with "/kinds/N": the
 * server knows no such kind; with "/about": it is an older one.
 */
MUST enum err say_lease(struct ctx *cx, struct worker_server *s,
			struct str name, const struct list *kinds,
			struct str about, int64_t lease_ms, bool *got,
			struct worker_job *out);
/* Waits for up to wait_ms until one of the kinds may be due. languages: a list
   as JSON, or absent: any. */
MUST enum err say_wait(struct ctx *cx, struct worker_server *s,
		       const struct list *kinds, struct str languages,
		       int64_t wait_ms, bool *due);
/* The words as a list in JSON. */
void say_words(struct buf *b, const struct list *words);
MUST enum err say_renew(struct ctx *cx, struct worker_server *s,
			const struct worker_job *j, int64_t lease_ms);
MUST enum err say_input(struct ctx *cx, struct worker_server *s,
			const struct worker_job *j, struct str *input,
			struct str *bytes);
MUST enum err say_finish(struct ctx *cx, struct worker_server *s,
			 const struct worker_job *j, struct str result);
/* The job as it was leased: not a try. */
MUST enum err say_release(struct ctx *cx, struct worker_server *s,
			  const struct worker_job *j);
MUST enum err say_fail(struct ctx *cx, struct worker_server *s,
		       const struct worker_job *j, struct str error,
		       bool retry);
/* Any method; an answer that is an error is returned, in cx->error, too. */
MUST enum err say(struct ctx *cx, struct worker_server *s, const char *method,
		  struct str params, struct str bytes,
		  struct client_reply *out);
