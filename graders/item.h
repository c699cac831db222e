/*
 * item: one question as data: what the author wrote, what counts as right.
 *
 * Items come from an assessment file (JSON, item_shape), or from an importer.
 * All strings live in the arena that decoded or imported them. An item is
 * never changed after it is made.
 *
 * Choice, option and answer ids that a learner sees are positions in the shown
 * order ("1", "2", …), never the author's, so that they cannot give the key
 * away; see graders/variant.h.
 */
#pragma once

#include "graders/code_spec.h"

/* X(code, word in files) */
#define ITEM_TYPES(X)                                                          \
	X(ITEM_CHOICE, "choice")	 /* one of .choices */                 \
	X(ITEM_MULTI, "multi")		 /* any of .choices */                 \
	X(ITEM_TRUE_FALSE, "true_false") /* .choices: true, false */           \
	X(ITEM_SHORT, "short")		 /* text against .answers */           \
	X(ITEM_NUMERIC, "numeric")	 /* number, unit against .answers */   \
	X(ITEM_MATCH, "match")		 /* .stems to .options */              \
	X(ITEM_CLOZE, "cloze")		 /* .parts inside .stem at {#1} … */ \
	X(ITEM_ESSAY, "essay")		 /* marked by a person */              \
	X(ITEM_DESCRIPTION, "description") /* text only, no mark */            \
	X(ITEM_OPAQUE, "opaque") /* kept from an import, cannot be scored */   \
	X(ITEM_CODE, "code")	 /* programs, judged by running them: .code */

enum item_type {
#define X(code, word) code,
	ITEM_TYPES(X)
#undef X
		ITEM_TYPE_COUNT
};
extern const char *const item_type_words[]; /* NULL-terminated */

enum text_format { TEXT_PLAIN, TEXT_HTML, TEXT_MARKDOWN, TEXT_MOODLE };
extern const char *const text_format_words[];

/* How the shares of a multi item add up. */
enum multi_rule {
	MULTI_WEIGHTS,		 /* clamp(sum of fractions, 0, 1): Moodle */
	MULTI_ALL_OR_NOTHING,	 /* exactly the right set */
	MULTI_RIGHT_MINUS_WRONG, /* (right - wrong) / k, floor 0: Canvas */
	MULTI_EACH_DECISION,	 /* share of choices in the right state: edX */
	MULTI_HALVES,	/* 1 error: 1/2 if >= 3 choices; 2: 1/4 if >= 5: edX */
	MULTI_COVERAGE, /* right/k * right/picked: PrairieLearn */
};
extern const char *const multi_rule_words[];

enum tolerance_kind {
	TOL_ABSOLUTE,  /* |x-a| <= t */
	TOL_RELATIVE,  /* |x-a| <= t|a| */
	TOL_GEOMETRIC, /* a/(1+t) .. a(1+t) */
	TOL_RANGE,     /* low <= x <= high: .text is low, .high the other, in
			  either order; or .text alone is "[5, 7)" */
	TOL_LARGER,    /* |x-a| <= t max(|x|, |a|): edX */
	TOL_SUM,       /* |x-a| <= t + r|a|, r is .relative: PrairieLearn */
};
extern const char *const tolerance_kind_words[];

/* A choice: what is shown and its share of the mark, -1..1. */
struct choice {
	struct str id; /* the author's; never shown */
	struct str text;
	int format; /* enum text_format */
	struct dec fraction;
	struct str feedback;
	int feedback_format;
};

/*
 * An accepted (or foreseen) answer of a short or numeric item; the first that
 * matches decides. "*" alone matches anything in both types.
 */
struct answer {
	struct str text; /* pattern, or a number in plain digits / 1e-6 */
	struct str high; /* TOL_RANGE: upper end */
	bool low_open, high_open; /* TOL_RANGE: the end itself is outside */
	struct str tolerance;	  /* a number's text; absent: 0; "10%" is of the
				     answer whatever the kind */
	struct str relative;	  /* TOL_SUM: the relative part */
	int tolerance_kind;
	struct dec fraction;
	struct str feedback;
	int feedback_format;
};

struct unit {
	struct str name;
	struct str multiplier; /* of the answer's unit, which has 1: an
				  answer v in this unit is v / multiplier */
};

/* How units are taken: Moodle's three ways. */
enum unit_mode { UNIT_NONE, UNIT_OPTIONAL, UNIT_GRADED };
extern const char *const unit_mode_words[];
enum unit_penalty { UNIT_PENALTY_OF_MARK, UNIT_PENALTY_OF_MAX };
extern const char *const unit_penalty_words[];

/* A stem of a match item and the position of its right option. */
struct match_stem {
	struct str text;
	int format;
	int64_t option; /* index into .options, from 0 */
};

struct hint {
	struct str text;
	int format;
	bool show_right_count;
	bool clear_wrong;
};

/* Text switches of short answers, in the order in which they apply. */
struct text_rules {
	bool case_sensitive; /* off: Unicode case folding */
	bool collapse_space; /* runs of white space become one */
	bool map_quotes;     /* curly quotes, dashes, minus to plain ones */
	bool strip_accents;
	bool strip_punctuation;
	int64_t edit_distance; /* 0..2 */
};

struct essay_rules {
	struct str
		format; /* editor, plain, monospaced, none, editorfilepicker */
	bool text_required;
	int64_t lines;
	int64_t min_words, max_words; /* 0: none */
	int64_t attachments;	      /* -1: any number */
	int64_t attachments_required;
	struct str file_types;
	struct str template_text;
	struct str grader_info;
};

struct item {
	struct str id; /* unique within its assessment */
	int type;      /* enum item_type */
	struct str name;
	struct str stem;
	int stem_format;
	struct str general_feedback;
	int general_feedback_format;
	struct dec mark;    /* default mark, >= 0 */
	struct dec penalty; /* share lost per wrong try, 0..1 */
	struct list tags;   /* struct str */
	struct str category;
	struct str idnumber;
	struct list hints; /* struct hint */

	struct list choices; /* struct choice: choice, multi, true_false */
	struct list answers; /* struct answer: short, numeric */
	struct list stems;   /* struct match_stem */
	struct list options; /* struct str: match; more than stems allowed */
	struct list parts;   /* struct item, cloze: one per blank, in order;
				choice, multi, short or numeric; .mark is the
				part's weight */

	bool shuffle;	      /* choices or options in a learner's own order */
	struct str numbering; /* abc, ABCD, 123, iii, IIII, none */
	int multi_rule;
	struct text_rules text;	     /* short */
	int unit_mode, unit_penalty; /* numeric */
	struct dec unit_penalty_share;
	struct list units;  /* struct unit */
	bool unit_separate; /* the unit has a field of its own, and is asked */
	bool units_before;  /* shown and also looked for before the number */
	bool fractions;	    /* "1/3" is a number */
	struct str locale;  /* numeric: language tag whose separators a learner
			       uses; absent: "en", see graders/num.h */
	struct essay_rules essay;
	struct str right_feedback, partial_feedback, wrong_feedback;
	bool show_right_count;
	struct str cloze_shape; /* part of a cloze: dropdown, vertical,
				   horizontal; absent: a text field */
	struct str source_type; /* the importer's own word for the type */
	struct str source;	/* opaque: the node as it was read */
	bool has_code;
	struct code_spec code; /* code */
};

extern const struct shape item_shape;

/*
 * What the shape cannot say: fractions within -1..1, ids once, answers that are
 * numbers, parts that may be parts. ERR_INVALID with the field, below where
 * ("" or a JSON pointer). An item that passes can be scored.
 */
MUST enum err item_check(struct ctx *cx, const struct item *it,
			 const char *where);
