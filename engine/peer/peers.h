/*
 * peers: runs in memory, and the steps that commands and queries share. For
 * engine/peer.
 */
#pragma once

#include "engine/app.h"
#include "engine/peer/peer.h"
#include "engine/peer/peer_sql.h"
#include "engine/peer/run.h"
#include "engine/peer/texts.h"

/* ---- commands: the executor's thread ---- */

/*
 * The run of an assessment, opened by this if nobody came before (then by the
 * newest version), and with the clock's part done: what was due has happened.
 * ERR_PRECONDITION: it is not reviewed by peers. ERR_BUSY: an earlier failure
 * in this batch has made the memory of it unsure.
 */
MUST enum err peers_open(struct ctx *cx, const struct assessment *a,
			 struct run **out);
/* ... of what a caller names, and for whom (peers_who). */
MUST enum err peers_open_ref(struct ctx *cx, const struct assessment_ref *ref,
			     struct str subject, struct run **out,
			     struct id *learner);
/* The same, of a run that is there. ERR_NOT_FOUND. */
MUST enum err peers_get(struct ctx *cx, const struct id *org,
			const struct id *series, struct run **out);
/* ... of an artifact, a review or an appeal. what: "review", for the text. */
MUST enum err peers_of(struct ctx *cx, const struct id *id, int kind,
		       const char *what, struct run **out);
/*
 * Stages a record and applies it. learner: whose doing (record.learner), or
 * NULL. A new artifact, review or appeal is made findable.
 */
MUST enum err peers_note(struct ctx *cx, struct run *r, int kind,
			 struct peer_note *n, const struct id *learner,
			 struct str personal);
/* The same as the last thing that a command does: with peers_done. */
MUST enum err peers_write(struct ctx *cx, struct run *r, int kind,
			  struct peer_note *n, const struct id *learner,
			  struct str personal);
/* At the end of a command: the row, the clock, the gradebook. */
MUST enum err peers_done(struct ctx *cx, struct run *r);
/*
 * The command is refused with what is in cx->error, and what it wrote stays (a
 * draft, that there was nothing to review). Returns OK.
 */
MUST enum err peers_refuse(struct ctx *cx, enum err e);

/* ---- queries: any thread ---- */

/*
 * As committed; nobody else has it until the reply is encoded. Once in a
 * query. ERR_NOT_FOUND: nobody came yet.
 */
MUST enum err peers_read(struct ctx *cx, const struct id *org,
			 const struct id *series, struct run **out);
MUST enum err peers_read_ref(struct ctx *cx, const struct assessment_ref *ref,
			     struct run **out);
/*
 * The same for lists and counts: *out is NULL while nobody has done anything.
 * ERR_PRECONDITION: it is not reviewed by peers.
 */
MUST enum err peers_read_or_none(struct ctx *cx,
				 const struct assessment_ref *ref,
				 struct run **out);
/* ... and a person of it: ERR_NOT_FOUND, he has done nothing there. */
MUST enum err peers_read_person(struct ctx *cx,
				const struct assessment_ref *ref,
				struct str subject, struct run **out,
				uint32_t *person);
enum err peers_nobody(struct ctx *cx);
MUST enum err peers_read_of(struct ctx *cx, const struct id *id, int kind,
			    const char *what, struct run **out);

/* ---- both ---- */

/* A record of the run's stream; its text: a work's, a review's. */
MUST enum err peers_record(struct ctx *cx, const struct run *r, int64_t n,
			   struct record *out);
MUST enum err peers_personal(struct ctx *cx, const struct run *r, int64_t n,
			     struct str *out);
/*
 * Whom the caller stands for: himself, or for staff the subject that they name.
 * ERR_INVALID with field /learner.
 */
MUST enum err peers_who(struct ctx *cx, struct str subject, struct id *out);
/* May the caller act as, or look at, this person? ERR_NOT_FOUND. */
MUST enum err peers_mine(struct ctx *cx, const struct run *r,
			 const struct id *learner, const char *what);
/* Who sees all that is not blind: staff, and auditors. */
bool peers_staff(const struct ctx *cx);
/* Course of the run covered by the token? ERR_NOT_FOUND. */
MUST enum err peers_covered(struct ctx *cx, const struct run *r,
			    const char *what);
