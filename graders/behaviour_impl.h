/*
 * behaviour_impl: what the files behaviour_*.c share. Not for others.
 *
 * Each behaviour is a row of functions, one for each action that it has. They
 * work on a copy of the slot, which slot_apply takes over when all went well,
 * and set effect->changed when there is something to keep.
 */
#pragma once

#include "graders/behaviour.h"

struct step {
	struct ctx *cx;
	struct slot_run *s; /* the copy */
	const struct slot_action *a;
	struct slot_effect *effect;
	bool replaying; /* what happened is made again, by another version */
};

typedef enum err behaviour_step(struct step *t);

/* NULL: the behaviour has no such action. */
struct behaviour_ops {
	behaviour_step *save, *check, *try_again, *finish, *judged;
};

extern const struct behaviour_ops behaviour_deferred_ops;
extern const struct behaviour_ops behaviour_immediate_ops;
extern const struct behaviour_ops behaviour_manual_ops;
extern const struct behaviour_ops behaviour_information_ops;
extern const struct behaviour_ops behaviour_adaptive_ops;
extern const struct behaviour_ops behaviour_interactive_ops;
extern const struct behaviour_ops behaviour_judged_ops;

/* The action's response and certainty are those that the slot holds. */
bool step_is_repeat(const struct step *t);
/* Holds the action's response; changed unless it was held already. */
void step_keep(struct step *t);
/* The slot holds what its last try was: no new try. */
bool step_is_graded(const struct step *t);
/* Certainty counts as a part of the response where it is asked for. */
bool step_is_complete(const struct step *t);
/* Holds a response that cannot be scored as it is. */
void step_refuse(struct step *t, struct str reason);
/* For an action after the end: OK if it repeats what was done. */
MUST enum err step_after_end(struct step *t);

/*
 * Scores a response; *fraction is 0 where there is none. The state is one
 * that ends: graded_*, needs_grading, or gave_up for what is blank.
 */
MUST enum err step_score(struct step *t, const struct response *r,
			 struct outcome *o, int *state);
/* Scores what the slot holds; if that cannot be, refuses it: not scored. */
MUST enum err step_check(struct step *t, struct outcome *o, int *state,
			 bool *scored);
/* Ends the slot in a state, with or without a fraction. */
void step_end(struct step *t, int state, bool has, struct dec fraction);

/* The fraction of a try in countback: tries are struct response. */
MUST enum err countback_fraction(struct step *t, const struct response *tries,
				 size_t n, struct dec *out);
/* The response without what was wrong in it. */
MUST enum err countback_clear(struct step *t, const struct response *r,
			      struct response *out);
/* fraction weighted by certainty 1..3. */
struct dec certainty_fraction(struct dec fraction, int64_t certainty);

/* slot_apply; replaying: marks are kept whatever the new version's range. */
MUST enum err behaviour_apply(struct ctx *cx, struct slot_run *s,
			      const struct slot_action *a, bool replaying,
			      struct slot_effect *effect);
/* The marker's word, for all behaviours. */
MUST enum err behaviour_mark(struct step *t);
/* The state, with the marker's word over the engine's. */
int behaviour_state(const struct slot_run *s);
/* slot_tries_left of a judged slot. */
int64_t behaviour_judged_left(const struct slot_run *s);
