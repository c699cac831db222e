/*
 * moodle_item: Moodle's questions and responses, as its tests write them, in
 * the engine's terms. Questions come from moodle/items.json by their key.
 */
#pragma once

#include "graders/behaviour.h"
#include "graders/response.h"
#include "graders/variant.h"
#include "tests/oracle/oracle.h"

/*
 * key: "shortanswer-100d22d2", also with "moodle/items.json#" before it.
 * ERR_NOT_FOUND; ERR_UNSUPPORTED for types that the engine does not have and
 * for questions whose parts the case left out. Lives until the next case.
 */
MUST enum err moodle_item(struct oracle *o, struct str key, struct item *out);
/* The same for a question object. */
MUST enum err moodle_item_of(struct oracle *o, struct jval question,
			     struct item *out);

/* A scalar as text: PHP does not tell 1 from "1". Absent for null, false. */
struct str moodle_scalar(struct oracle *o, struct jval v);

/* One submission: the response and what its "-x" members asked for. */
struct moodle_response {
	struct response response;
	bool has_response; /* something other than "-x" was in it */
	bool submit, try_again, seen;
	int64_t certainty; /* 0: not said */
};

/*
 * Reads {"answer": …}, {"choice0": …}, {"sub0": …}, {"sub1_answer": …} (also
 * "1.answer"), and by label: {"frog": "amphibian"}, {"One": "1"},
 * {"by_label": …}. Positions, also <choice N>, are those of v; <right> and
 * <wrong> are looked up. ERR_UNSUPPORTED: something else is in it.
 */
MUST enum err moodle_response(struct oracle *o, const struct item *it,
			      const struct variant *v, struct jval map,
			      struct moodle_response *out);

bool moodle_behaviour(struct str name, enum behaviour *out);
