/*
 * licence: whether a reviewer may decide grades, and what moves that.
 *
 *	candidate --first gold--> supervised --SPRT pass--> qualified
 *	    \                        | SPRT fail     ^         | CUSUM alarm
 *	     \                       v               '--pass-- watch
 *	      `-- by a moderator: suspended <------- fail -----'
 *
 * Gold items are passed or failed: a sequential probability ratio test (Wald
 * 1945) of fail rate p0 against p1, log-likelihood steps ln(p1/p0) for a fail
 * and ln((1-p1)/(1-p0)) for a pass, bounds ln((1-beta)/alpha) and
 * ln(beta/(1-alpha)). Once qualified, a Bernoulli CUSUM of covert gold and a
 * two-sided tabular CUSUM of standardised residuals (k = .5; Montgomery) watch
 * on; an alarm leads to watch, where a new SPRT decides. Suspended is left by
 * a moderator alone. With these defaults a careful reviewer (10 % slips)
 * qualifies with .97, one who fails 40 % with .04.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/field.h"

/* X(state, word, what its holder may do) */
#define LICENCE_STATES(X)                                                      \
	X(LICENCE_CANDIDATE, "candidate", "has no gold item yet")              \
	X(LICENCE_SUPERVISED, "supervised",                                    \
	  "reviews, and does not decide a grade alone")                        \
	X(LICENCE_QUALIFIED, "qualified", "reviews")                           \
	X(LICENCE_WATCH, "watch", "as supervised, after an alarm")             \
	X(LICENCE_SUSPENDED, "suspended", "does not review")
enum licence_state {
#define X(state, word, doc) state,
	LICENCE_STATES(X)
#undef X
		LICENCE_STATE_COUNT
};
extern const char *const licence_state_words[];

struct licence_rules {
	double p0, p1;	      /* fail rates: fine, and not */
	double alpha, beta;   /* errors of the test */
	double gold_h;	      /* Bernoulli CUSUM alarm */
	double k, h;	      /* residual CUSUM */
	int64_t least_gold;   /* items before a decision */
	int64_t most_gold;    /* undecided after so many: stays supervised,
				 a moderator is told */
	double covert_new;    /* share of gold in live work: of a new one, */
	double covert_stable; /* of one who has long been fine */
};
/* As written in a file: what is absent has its default (docs/peer-file.md). */
extern const struct licence_rules licence_rules_default;

struct licence {
	int state;	/* enum licence_state */
	int64_t golds;	/* gold items since the state was entered */
	int64_t passed; /* of all ever */
	int64_t failed;
	int64_t live; /* residuals since the last gold or alarm */
	double llr;   /* SPRT */
	double bernoulli, high, low; /* CUSUMs */
	bool undecided;		     /* most_gold was reached */
};

/* X(event, word) : what a step led to */
#define LICENCE_MOVES(X)                                                       \
	X(LICENCE_STAYS, "stays")                                              \
	X(LICENCE_STARTS, "starts")	      /* candidate -> supervised */    \
	X(LICENCE_QUALIFIES, "qualifies")     /* SPRT pass */                  \
	X(LICENCE_REJECTED, "rejected")	      /* SPRT fail: suspended */       \
	X(LICENCE_ALARM_GOLD, "alarm_gold")   /* CUSUM of gold: watch */       \
	X(LICENCE_ALARM_DRIFT, "alarm_drift") /* CUSUM of residuals: watch */  \
	X(LICENCE_UNDECIDED, "undecided")     /* a moderator has to look */
enum licence_move {
#define X(move, word) move,
	LICENCE_MOVES(X)
#undef X
};
extern const char *const licence_move_words[];

/* One gold item was passed or failed, openly or covertly. */
enum licence_move licence_gold(const struct licence_rules *r, struct licence *l,
			       bool passed);
/* One live review: its residual, standardised (estimator_residual). Nothing
   moves but from qualified. NaN is ignored. */
enum licence_move licence_residual(const struct licence_rules *r,
				   struct licence *l, double z);
/* A moderator's word. To qualified or supervised: all tests start anew. */
void licence_set(struct licence *l, enum licence_state to);
bool licence_may_review(const struct licence *l);
/* Reviews of his decide a summative grade. */
bool licence_decides(const struct licence *l);
/*
 * The share of gold for his next live review, in [covert_stable, covert_new]:
 * falls with what is known of him, rises with a CUSUM that rises. The caller
 * draws.
 */
double licence_covert_rate(const struct licence_rules *r,
			   const struct licence *l);
