/*
 * gradebook: what counts, per learner and assessment, and what a course makes
 * of it.
 *
 * The attempt slice hands over all attempts of one learner at one series
 * whenever one of them changes; the choice (policy_grade) and the row are made
 * here, so the grade is always derivable from the attempts.
 */
#pragma once

#include "engine/assessment/assessment.h"
#include "graders/policy_grade.h"

struct chain;

struct grade {
	struct id org, learner, series;
	struct str course, slug;
	struct id assessment; /* version of the chosen attempt */
	struct id attempt;    /* chosen; none: an average, or no grade */
	bool has_score;
	struct dec score, max_score, scaled;
	bool passed, late, pending; /* pending: a person must mark first */
	int64_t attempts;	    /* completed */
	int64_t updated_at, released_at;
	bool overridden;   /* set by staff; attempts do not change it */
	struct str reason; /* of that */
};
extern const struct shape grade_shape;	   /* the wire: no score without one */
extern const struct shape grade_row_shape; /* storage */

/*
 * Computes and stores the grade from all attempts (by rising number, practice
 * and previews marked as such; ids[i] is attempts[i]'s id). Stages a
 * "grade.changed" record when the grade moved. Runs inside a command.
 */
MUST enum err gradebook_update(struct ctx *cx, const struct published *p,
			       const struct policy *effective,
			       const struct id *learner,
			       struct policy_graded *attempts,
			       const struct id *ids, size_t n);
/* ERR_NOT_FOUND: no grade yet. For prerequisites and reviews. */
MUST enum err gradebook_grade(struct ctx *cx, const struct id *org,
			      const struct id *learner, const struct id *series,
			      struct grade *out);

/* Handed down by main: what the attempts of one learner give, once more. */
struct gradebook_hooks {
	enum err (*recompute)(struct ctx *cx, const struct id *org,
			      const struct id *series,
			      const struct id *learner);
};

/* For struct chain_check: is every grade what its learner's records say? */
MUST enum err gradebook_check(struct ctx *cx, struct chain *c);

/* For this folder: writes the row; stages a record about it. */
MUST enum err gradebook_store(struct ctx *cx, const struct grade *g);
void gradebook_note(struct ctx *cx, const char *event, const struct grade *g);
/* The row; ERR_NOT_FOUND, without a sentence. */
MUST enum err gradebook_row(struct ctx *cx, const struct id *org,
			    struct str course, const struct id *learner,
			    const struct id *series, struct grade *out);
/* The same grade, made of the same attempts, whether released or not. */
bool gradebook_alike(const struct grade *a, const struct grade *b);

extern const struct rpc_method gradebook_methods[];
extern const struct stmt_set gradebook_stmts;
extern const struct migration_set gradebook_migrations;
