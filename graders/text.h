/*
 * text: short texts that people type, compared as people mean them.
 *
 * The chain, each step a switch of struct text_rules except the first two:
 * NFC, trim Unicode white space, collapse runs of it, curly quotes and the
 * dashes to plain ones, fold case, strip accents, strip punctuation. Never
 * compatibility forms: "m²" is not "m2".
 *
 * In a pattern `*` stands for any text, also none, and `\*` for a star. The
 * work grows with the product of the lengths at worst, never exponentially.
 */
#pragma once

#include "base/arena.h"
#include "graders/item.h"

/* The text after the chain. What is no UTF-8 comes back as it was. */
struct str text_normal(struct arena *a, struct str s,
		       const struct text_rules *rules);
/*
 * Does the whole of given match the pattern? Both go through the chain. An
 * edit distance is allowed only to a pattern without wildcards.
 */
bool text_match(struct arena *a, struct str pattern, struct str given,
		const struct text_rules *rules);
/* The pattern has a star that is not escaped. */
bool text_has_wildcard(struct str pattern);
/* "\*" becomes "*", wildcards a space: what a learner might have typed. */
struct str text_of_pattern(struct arena *a, struct str pattern);
/* `*` and nothing else but white space. */
bool text_is_any(struct str pattern);
/*
 * Levenshtein distance in code points if it is at most `most`, otherwise
 * most + 1. Costs most * length, so most should be small.
 */
int64_t text_distance(struct arena *a, struct str x, struct str y,
		      int64_t most);
/* Nothing but Unicode white space and invisible characters. */
bool text_is_blank(struct str s);
struct str text_trim(struct str s); /* Unicode white space at both ends */
/*
 * Words as separated by any space, control character or long dash. html: tags
 * do not count, entities count as the character that they stand for.
 */
int64_t text_words(struct str s, bool html);

/* One code point at s.p[*at], which moves on; 0xFFFD for a broken byte. */
int32_t text_next(struct str s, size_t *at);
bool text_is_space(int32_t c);	  /* Unicode White_Space */
bool text_is_currency(int32_t c); /* $, £, €, ... */
/* Writes a code point at p, which has room for 4 bytes; returns its length. */
size_t text_put(char *p, int32_t c);
