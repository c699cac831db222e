/*
 * words: the words of a text in any script, folded for comparison. Not for
 * other folders.
 *
 * A word is a run of letters and digits: ASCII ones, and all beyond ASCII but
 * spaces, punctuation, symbols and pictures. An apostrophe between two letters
 * belongs to the word. An ideograph is a word of its own; in scripts that put
 * no space between words (kana, Thai, Lao, Khmer, Burmese) every fourth letter
 * begins one, which is about what their words have.
 */
#pragma once

#include "base/str.h"

struct words {
	struct str rest;
};

/* The next word's hash (case and width folded); false: no more. */
bool words_next(struct words *w, uint64_t *hash);
/* Mixes a number into a hash; the same on every machine, for ever. */
uint64_t words_mix(uint64_t hash, uint64_t more);
