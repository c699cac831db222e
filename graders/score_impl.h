/* score_impl: what the files of score share; nobody else includes it. */
#pragma once

#include "graders/score.h"

/* Sets fraction and state: WRONG, PARTIAL or RIGHT, which is exactly 1. */
void score_settle(struct outcome *o, struct dec fraction);
/* The author's index of a shown position from 1. */
size_t score_author_index(struct list order, int64_t position);
/* The shown position, from 1, of an author's index. */
int64_t score_shown_position(struct list order, size_t n, size_t index);

/* score_choice.c; the response is not blank */
void score_choice(const struct item *it, const struct variant *v,
		  const struct response *r, struct outcome *out);
void score_multi(struct ctx *cx, const struct item *it, const struct variant *v,
		 const struct response *r, struct outcome *out);
double score_multi_guess(const struct item *it);

/* score_numeric.c */
MUST enum err score_numeric(struct ctx *cx, const struct item *it,
			    const struct response *r, struct outcome *out);
void score_numeric_right(struct arena *a, const struct item *it,
			 const struct answer *answer, struct response *out);
