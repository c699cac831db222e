#include "graders/item.h"

#include "base/limits.h"

#define X(code, word) word,
const char *const item_type_words[] = { ITEM_TYPES(X) NULL };
#undef X

const char *const text_format_words[] = { "plain", "html", "markdown", "moodle",
					  NULL };
const char *const multi_rule_words[] = { "weights",
					 "all_or_nothing",
					 "right_minus_wrong",
					 "each_decision",
					 "halves",
					 "coverage",
					 NULL };
const char *const tolerance_kind_words[] = {
	"absolute", "relative", "geometric", "range", "larger", "sum", NULL
};
const char *const unit_mode_words[] = { "none", "optional", "graded", NULL };
const char *const unit_penalty_words[] = { "of_mark", "of_max", NULL };

#define TEXT_FIELD(s, m, d)                                                    \
	FIELD_OPT(s, m, KIND_STR, d, .max = LIMIT_TEXT_BYTES)
#define FORMAT_FIELD(s, m)                                                     \
	FIELD_OPT(s, m, KIND_ENUM, "how its text is marked up",                \
		  .words = text_format_words)

static const struct field choice_fields[] = {
	FIELD_OPT(struct choice, id, KIND_STR, "the author's name for it",
		  .max = LIMIT_REF_BYTES),
	FIELD(struct choice, text, KIND_STR, "what is shown",
	      .max = LIMIT_TEXT_BYTES),
	FORMAT_FIELD(struct choice, format),
	FIELD_OPT(struct choice, fraction, KIND_DEC,
		  "share of the mark, -1 to 1", .min = -1, .max = 1),
	TEXT_FIELD(struct choice, feedback, "shown to whoever chose it"),
	FORMAT_FIELD(struct choice, feedback_format),
	FIELD_END,
};
static const struct shape choice_shape = SHAPE(struct choice, choice_fields);

static const struct field answer_fields[] = {
	FIELD(struct answer, text, KIND_STR,
	      "pattern with * for any text, or a number",
	      .max = LIMIT_TEXT_BYTES),
	FIELD_OPT(struct answer, high, KIND_STR, "upper end of a range",
		  .max = LIMIT_REF_BYTES),
	FIELD_OPT(struct answer, low_open, KIND_BOOL,
		  "the lower end itself is outside"),
	FIELD_OPT(struct answer, high_open, KIND_BOOL,
		  "the upper end itself is outside"),
	FIELD_OPT(struct answer, tolerance, KIND_STR,
		  "a number, or a percentage of the answer",
		  .max = LIMIT_REF_BYTES),
	FIELD_OPT(struct answer, relative, KIND_STR,
		  "relative part of a sum of tolerances",
		  .max = LIMIT_REF_BYTES),
	FIELD_OPT(struct answer, tolerance_kind, KIND_ENUM,
		  "what the tolerance is of", .words = tolerance_kind_words),
	FIELD_OPT(struct answer, fraction, KIND_DEC,
		  "share of the mark, -1 to 1", .min = -1, .max = 1),
	TEXT_FIELD(struct answer, feedback, "shown to whoever gave it"),
	FORMAT_FIELD(struct answer, feedback_format),
	FIELD_END,
};
static const struct shape answer_shape = SHAPE(struct answer, answer_fields);

static const struct field unit_fields[] = {
	FIELD(struct unit, name, KIND_STR, "as a learner types it", .min = 1,
	      .max = LIMIT_REF_BYTES),
	FIELD(struct unit, multiplier, KIND_STR,
	      "how many of it make one of the answer's unit", .min = 1,
	      .max = LIMIT_REF_BYTES),
	FIELD_END,
};
static const struct shape unit_shape = SHAPE(struct unit, unit_fields);

static const struct field stem_fields[] = {
	FIELD(struct match_stem, text, KIND_STR, "what is to be matched",
	      .max = LIMIT_TEXT_BYTES),
	FORMAT_FIELD(struct match_stem, format),
	FIELD(struct match_stem, option, KIND_INT,
	      "position of its option, from 0", .min = 0, .max = LIMIT_PARTS),
	FIELD_END,
};
static const struct shape stem_shape = SHAPE(struct match_stem, stem_fields);

static const struct field hint_fields[] = {
	FIELD(struct hint, text, KIND_STR, "shown after a wrong try",
	      .max = LIMIT_TEXT_BYTES),
	FORMAT_FIELD(struct hint, format),
	FIELD_OPT(struct hint, show_right_count, KIND_BOOL,
		  "say how many parts are right"),
	FIELD_OPT(struct hint, clear_wrong, KIND_BOOL,
		  "take wrong parts out of the next try"),
	FIELD_END,
};
static const struct shape hint_shape = SHAPE(struct hint, hint_fields);

static const struct field text_fields[] = {
	FIELD_OPT(struct text_rules, case_sensitive, KIND_BOOL,
		  "capitals must agree"),
	FIELD_OPT(struct text_rules, collapse_space, KIND_BOOL,
		  "runs of white space count as one space"),
	FIELD_OPT(struct text_rules, map_quotes, KIND_BOOL,
		  "typographic quotes and dashes count as plain ones"),
	FIELD_OPT(struct text_rules, strip_accents, KIND_BOOL,
		  "accents do not matter"),
	FIELD_OPT(struct text_rules, strip_punctuation, KIND_BOOL,
		  "punctuation does not matter"),
	FIELD_OPT(struct text_rules, edit_distance, KIND_INT,
		  "typing errors that are let pass", .min = 0, .max = 2),
	FIELD_END,
};
static const struct shape text_shape = SHAPE(struct text_rules, text_fields);

static const struct field essay_fields[] = {
	FIELD_OPT(struct essay_rules, format, KIND_STR,
		  "editor, plain, monospaced, noinline or editorfilepicker",
		  .max = LIMIT_REF_BYTES),
	FIELD_OPT(struct essay_rules, text_required, KIND_BOOL,
		  "files alone are not enough"),
	FIELD_OPT(struct essay_rules, lines, KIND_INT, "height of the field",
		  .min = 0, .max = 1000),
	FIELD_OPT(struct essay_rules, min_words, KIND_INT, "0: none", .min = 0,
		  .max = 1000000),
	FIELD_OPT(struct essay_rules, max_words, KIND_INT, "0: none", .min = 0,
		  .max = 1000000),
	FIELD_OPT(struct essay_rules, attachments, KIND_INT,
		  "files at most; -1: any number", .min = -1, .max = 1000),
	FIELD_OPT(struct essay_rules, attachments_required, KIND_INT,
		  "files at least", .min = 0, .max = 1000),
	FIELD_OPT(struct essay_rules, file_types, KIND_STR,
		  "accepted kinds of file", .max = LIMIT_TEXT_BYTES),
	TEXT_FIELD(struct essay_rules, template_text,
		   "what stands in the field at first"),
	TEXT_FIELD(struct essay_rules, grader_info, "shown to who marks it"),
	FIELD_END,
};
static const struct shape essay_shape = SHAPE(struct essay_rules, essay_fields);

/* The recursion: the parts of a cloze are items. */
static const struct field item_fields[] = {
	FIELD_OPT(struct item, id, KIND_STR, "unique within its assessment",
		  .max = LIMIT_REF_BYTES),
	FIELD(struct item, type, KIND_ENUM, "what is asked for",
	      .words = item_type_words),
	FIELD_OPT(struct item, name, KIND_STR, "short title",
		  .max = LIMIT_TEXT_BYTES),
	FIELD_OPT(struct item, stem, KIND_STR, "the question",
		  .max = LIMIT_XML_TEXT_BYTES),
	FORMAT_FIELD(struct item, stem_format),
	TEXT_FIELD(struct item, general_feedback, "shown after the end"),
	FORMAT_FIELD(struct item, general_feedback_format),
	FIELD_OPT(struct item, mark, KIND_DEC,
		  "default mark; of a part: weight", .min = 0,
		  .max = LIMIT_SCORE_POINTS),
	FIELD_OPT(struct item, penalty, KIND_DEC, "share lost per wrong try",
		  .min = 0, .max = 1),
	FIELD_OPT(struct item, tags, KIND_LIST, "key words", .of = KIND_STR,
		  .max = LIMIT_PARTS),
	TEXT_FIELD(struct item, category, "path in the author's bank"),
	FIELD_OPT(struct item, idnumber, KIND_STR, "the author's own number",
		  .max = LIMIT_TEXT_BYTES),
	FIELD_OPT(struct item, hints, KIND_LIST, "one per wrong try",
		  .of = KIND_OBJECT, .shape = &hint_shape, .max = LIMIT_PARTS),
	FIELD_OPT(struct item, choices, KIND_LIST,
		  "of choice, multi and true_false", .of = KIND_OBJECT,
		  .shape = &choice_shape, .max = LIMIT_PARTS),
	FIELD_OPT(struct item, answers, KIND_LIST,
		  "of short and numeric; the first that matches decides",
		  .of = KIND_OBJECT, .shape = &answer_shape,
		  .max = LIMIT_PARTS),
	FIELD_OPT(struct item, stems, KIND_LIST, "of match", .of = KIND_OBJECT,
		  .shape = &stem_shape, .max = LIMIT_PARTS),
	FIELD_OPT(struct item, options, KIND_LIST, "of match", .of = KIND_STR,
		  .max = LIMIT_PARTS),
	FIELD_OPT(struct item, parts, KIND_LIST, "of cloze: one per blank",
		  .of = KIND_OBJECT, .shape = &item_shape, .max = LIMIT_PARTS),
	FIELD_OPT(struct item, shuffle, KIND_BOOL,
		  "each learner sees an order of their own"),
	FIELD_OPT(struct item, numbering, KIND_STR,
		  "abc, ABCD, 123, iii, IIII or none", .max = LIMIT_REF_BYTES),
	FIELD_OPT(struct item, multi_rule, KIND_ENUM,
		  "how the choices of a multi add up",
		  .words = multi_rule_words),
	FIELD_OPT(struct item, text, KIND_OBJECT, "how short texts compare",
		  .shape = &text_shape),
	FIELD_OPT(struct item, unit_mode, KIND_ENUM, "are units looked at",
		  .words = unit_mode_words),
	FIELD_OPT(struct item, unit_penalty, KIND_ENUM,
		  "what a wrong unit takes its share of",
		  .words = unit_penalty_words),
	FIELD_OPT(struct item, unit_penalty_share, KIND_DEC,
		  "share lost for a wrong unit", .min = 0, .max = 1),
	FIELD_OPT(struct item, units, KIND_LIST, "the units that are known",
		  .of = KIND_OBJECT, .shape = &unit_shape, .max = LIMIT_PARTS),
	FIELD_OPT(struct item, unit_separate, KIND_BOOL,
		  "the unit has a field of its own"),
	FIELD_OPT(struct item, units_before, KIND_BOOL,
		  "the unit stands before the number"),
	FIELD_OPT(struct item, fractions, KIND_BOOL, "1/3 is a number"),
	FIELD_OPT(struct item, locale, KIND_STR,
		  "language whose decimal sign learners use",
		  .max = LIMIT_REF_BYTES),
	FIELD_OPT(struct item, essay, KIND_OBJECT, "what an essay must have",
		  .shape = &essay_shape),
	TEXT_FIELD(struct item, right_feedback, "shown when right"),
	TEXT_FIELD(struct item, partial_feedback, "shown when partly right"),
	TEXT_FIELD(struct item, wrong_feedback, "shown when wrong"),
	FIELD_OPT(struct item, show_right_count, KIND_BOOL,
		  "say how many parts are right"),
	FIELD_OPT(struct item, cloze_shape, KIND_STR,
		  "of a part: dropdown, vertical or horizontal",
		  .max = LIMIT_REF_BYTES),
	FIELD_OPT(struct item, source_type, KIND_STR,
		  "type as the source calls it", .max = LIMIT_REF_BYTES),
	FIELD_OPT(struct item, source, KIND_STR, "opaque: as it was read",
		  .max = LIMIT_XML_TEXT_BYTES),
	FIELD_MAYBE(struct item, code, has_code, KIND_OBJECT,
		    "of code: what is built, run and compared",
		    .shape = &code_spec_shape),
	FIELD_END,
};
const struct shape item_shape = SHAPE(struct item, item_fields);
