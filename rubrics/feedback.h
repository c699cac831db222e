/*
 * feedback: what a review has to say beyond its scores, checked before it is
 * accepted. Strengths come first, and there are more of them than improvements
 * (both configurable); nothing is empty, too short or copied. Each finding
 * says which field, why, and what to do.
 */
#pragma once

#include "base/ctx.h"
#include "base/field.h"

enum {
	FEEDBACK_POINTS = 20, /* of each list */
	FEEDBACK_POINT_BYTES = 8000,
	FEEDBACK_FINDINGS = 50,
	FEEDBACK_PRINTS = 64, /* of a review's text, see below */
};

struct feedback_rules {
	int64_t strengths;     /* at least; default 2 */
	int64_t improvements;  /* at least; default 1 */
	bool may_be_even;      /* as many strengths as improvements will do */
	bool any_order;	       /* no rule on counts against each other */
	int64_t words_each;    /* of one point, at least; default 4 */
	int64_t words_total;   /* of all text; default 25 */
	int64_t alike_percent; /* this much like another text is copied; 80 */
};
extern const struct shape feedback_rules_shape;
void feedback_rules_fill(struct feedback_rules *r);

/* Structured: what is good, then what would make it better. */
struct feedback {
	struct list strengths;	  /* struct str */
	struct list improvements; /* struct str */
	struct list comments;	  /* struct str: of criteria, in any order */
};

/* X(kind, word) */
#define FEEDBACK_FINDINGS_X(X)                                                 \
	X(FEEDBACK_EMPTY, "empty")                                             \
	X(FEEDBACK_TOO_SHORT, "too_short")                                     \
	X(FEEDBACK_TOO_FEW, "too_few")                                         \
	X(FEEDBACK_MORE_STRENGTHS, "more_strengths")                           \
	X(FEEDBACK_COPIED_SELF, "copied_from_own_review")                      \
	X(FEEDBACK_COPIED_WORK, "copied_from_the_work")                        \
	X(FEEDBACK_REPEATED, "repeated")                                       \
	X(FEEDBACK_NO_WORDS, "no_words")
enum feedback_kind {
#define X(kind, word) kind,
	FEEDBACK_FINDINGS_X(X)
#undef X
};
extern const char *const feedback_kind_words[];

struct feedback_finding {
	int kind;	    /* enum feedback_kind */
	struct str field;   /* JSON pointer: "/strengths/0" */
	struct str message; /* to the reviewer: why, and what to do */
};
extern const struct shape feedback_finding_shape;

/*
 * Fingerprints of a text: the FEEDBACK_PRINTS smallest hashes of its word
 * trigrams (case, punctuation and Unicode width folded; a bottom-k sketch,
 * Broder 1997), sorted. Short texts have fewer. They tell how alike two texts
 * are without keeping either.
 */
struct feedback_prints {
	uint64_t at[FEEDBACK_PRINTS];
	uint32_t n;
};
void feedback_print(struct ctx *cx, const struct feedback *f,
		    struct feedback_prints *out);
void feedback_print_text(struct ctx *cx, struct str text,
			 struct feedback_prints *out);
/* Estimated Jaccard similarity in percent; 0 when either has none. */
int feedback_alike(const struct feedback_prints *a,
		   const struct feedback_prints *b);

/*
 * All findings (struct feedback_finding), none: it may be accepted. earlier:
 * prints of the reviewer's other reviews; work: of the text that is reviewed
 * (NULL: none).
 */
void feedback_check(struct ctx *cx, const struct feedback_rules *r,
		    const struct feedback *f,
		    const struct feedback_prints *earlier, size_t earlier_n,
		    const struct feedback_prints *work, struct list *findings);
/* Words, as the rules count them: runs of letters and digits of any script. */
int64_t feedback_words(struct str text);
