/*
 * publish: a definition becomes a version. One way for whoever publishes: a
 * caller with a file, or content that came from a repository.
 */
#pragma once

#include "engine/assessment/assessment.h"

struct assessment_wish {
	struct id org;
	struct assessment_def def; /* with course and slug */
	/* Where it came from, for good: see struct assessment. May be absent.
	 */
	struct str source, source_commit;
	bool dry; /* only say what would happen */
	/* By assessment_wish_ready. */
	struct list tasks; /* struct selftest_task */
	struct str body;   /* the canonical file; absent: course or slug were
			      not known yet, it is made when it is published */
	struct str digest; /* with body */
};
/*
 * What is made of w->def alone, and is slow where that is large. Any thread,
 * before the command; later only course and slug may change, without whole.
 */
void assessment_wish_ready(struct ctx *cx, struct assessment_wish *w,
			   bool whole);

/*
 * Inside a command, of a wish that is ready. *fresh: it is a new version; else
 * *out is the newest, which is just this. ERR_INVALID: errors, all of them in
 * *problems (and in cx->error.data), the warnings also on success.
 * ERR_PRECONDITION: a code item whose self-test was not passed (selftest.h).
 */
MUST enum err assessment_publish(struct ctx *cx,
				 const struct assessment_wish *w,
				 struct assessment *out,
				 struct problems *problems, bool *fresh);
/*
 * Adds an error for each language of its code items that no toolchain has, as
 * publishing does.
 */
void assessment_languages(struct ctx *cx, const struct assessment_def *def,
			  struct problems *problems);

/* The canonical file, in the arena. */
struct str assessment_text(struct ctx *cx, const struct assessment_def *def);
