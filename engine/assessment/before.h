/*
 * before: what an assessment asks to be done before it, seen with the other
 * assessments of its course.
 */
#pragma once

#include "engine/assessment/assessment.h"

/*
 * Adds to *problems what is wrong with def's prerequisites as they are
 * published now: a warning for one that is not there (nobody can start until
 * it is: either may be published first), an error for one that needs def
 * itself, straight or by way of others. Reads on cx->db. Any error but OK is
 * the store's.
 */
MUST enum err before_check(struct ctx *cx, const struct id *org,
			   const struct assessment_def *def,
			   struct problems *problems);
