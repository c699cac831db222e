/*
 * known: what a task asks for, against what there is. Looked at when it is
 * published; one that was published before is judged all the same.
 */
#pragma once

#include "graders/code_spec.h"
#include "graders/problem.h"

/*
 * Adds an error to *out for each language of the task that is none of those
 * that nth gives (NULL behind the last): "unknown_language", at its place
 * below where, with the names that there are.
 */
void code_spec_known(struct ctx *cx, const struct code_spec *s,
		     const char *where, const char *(*nth)(size_t i),
		     struct problems *out);
/* The same of one name, which stands at `at`. */
void code_language_known(struct ctx *cx, struct str name, struct str at,
			 const char *(*nth)(size_t i), struct problems *out);
/*
 * Adds an error for each call of a function that a language of the task cannot
 * be asked: "call_unfit". The task has passed code_spec_check, or its errors
 * are listed already.
 */
void code_calls_known(struct ctx *cx, const struct code_spec *s,
		      const char *where, struct problems *out);
