/* The shapes of what goes to a judge and comes back. */
#include "graders/code.h"

#include "base/limits.h"

enum {
	ITEM_BYTES = 48 << 20, /* a task with its tests inlined */
	FACT_TEXT = 16384,
};

#define TIME_US(s, m, d)                                                       \
	FIELD_OPT(s, m, KIND_INT, d, .min = 0, .max = INT64_MAX)
#define TEXT(s, m, d) FIELD_OPT(s, m, KIND_STR, d, .max = FACT_TEXT)

static const struct field task_fields[] = {
	FIELD(struct code_task, item, KIND_RAW, "the item's member code",
	      .min = 2, .max = ITEM_BYTES),
	FIELD(struct code_task, language, KIND_STR, "what it is written in",
	      .max = CODE_NAME_BYTES),
	FIELD(struct code_task, files, KIND_LIST, "what was handed in",
	      .of = KIND_OBJECT, .shape = &code_file_shape,
	      .max = CODE_UPLOAD_FILES),
	FIELD_OPT(struct code_task, archive, KIND_BOOL,
		  "the one file is an archive of the others"),
	FIELD_END,
};
const struct shape code_task_shape = SHAPE(struct code_task, task_fields);

static const struct field fact_fields[] = {
	FIELD(struct code_fact, verdict, KIND_ENUM, "of the test",
	      .words = run_verdict_words),
	FIELD(struct code_fact, cause, KIND_ENUM, "why the program ended",
	      .words = run_cause_words),
	FIELD_OPT(struct code_fact, exit, KIND_INT, "status"),
	FIELD_OPT(struct code_fact, signal, KIND_INT, "0: none", .min = 0,
		  .max = 255),
	FIELD_OPT(struct code_fact, share, KIND_DEC, "0 to 1", .min = 0,
		  .max = 1),
	TIME_US(struct code_fact, cpu_us, "CPU time of the program"),
	TIME_US(struct code_fact, wall_us, "time that it took"),
	TIME_US(struct code_fact, memory_peak_bytes, "most that it had"),
	TIME_US(struct code_fact, stdout_bytes, "what it wrote"),
	TIME_US(struct code_fact, charged_us, "CPU time of all runs"),
	TIME_US(struct code_fact, stolen_us, "time that others took"),
	FIELD_OPT(struct code_fact, runs, KIND_INT, "how often it ran",
		  .min = 0, .max = 1000),
	TIME_US(struct code_fact, line, "of the first difference; 0: none"),
	TEXT(struct code_fact, message, "for the learner"),
	TEXT(struct code_fact, staff, "for staff"),
	TEXT(struct code_fact, wanted, "at the first difference"),
	TEXT(struct code_fact, got, "at the first difference"),
	FIELD_END,
};
const struct shape code_fact_shape = SHAPE(struct code_fact, fact_fields);

static const struct field report_fields[] = {
	FIELD(struct code_report, version, KIND_INT, "of the format", .min = 1,
	      .max = CODE_REPORT_VERSION),
	FIELD(struct code_report, language, KIND_STR, "as it was judged",
	      .max = CODE_NAME_BYTES),
	FIELD(struct code_report, verdict, KIND_ENUM, "in all",
	      .words = run_verdict_words),
	FIELD(struct code_report, gradable, KIND_BOOL,
	      "false: costs no attempt"),
	TEXT(struct code_report, reason, "why not, for the learner"),
	FIELD(struct code_report, compile, KIND_ENUM, "AC, CE, SK or IE",
	      .words = run_verdict_words),
	FIELD_OPT(struct code_report, compile_text, KIND_STR,
		  "what the compiler said", .max = 4 * CODE_TEXT_BYTES),
	TIME_US(struct code_report, compile_cpu_us, "CPU time of it"),
	FIELD(struct code_report, level, KIND_ENUM, "of the weakest fence",
	      .words = run_level_words),
	TIME_US(struct code_report, charged_us, "CPU time in all"),
	TEXT(struct code_report, staff, "IE: what to look at"),
	FIELD(struct code_report, tests, KIND_LIST, "facts, as in the task",
	      .of = KIND_OBJECT, .shape = &code_fact_shape, .max = CODE_TESTS),
	FIELD_MAYBE(struct code_report, archive, has_archive, KIND_OBJECT,
		    "what was in it, if the files came in one",
		    .shape = &code_archive_shape),
	FIELD_END,
};
const struct shape code_report_shape = SHAPE(struct code_report, report_fields);

static const struct field group_result_fields[] = {
	FIELD_OPT(struct code_group_result, name, KIND_STR,
		  "absent: the tests of no group", .max = CODE_NAME_BYTES),
	FIELD(struct code_group_result, points, KIND_DEC, "that it has"),
	FIELD(struct code_group_result, max_points, KIND_DEC, "at most"),
	FIELD(struct code_group_result, verdict, KIND_ENUM, "of its tests",
	      .words = run_verdict_words),
	FIELD(struct code_group_result, passed, KIND_INT, "tests", .min = 0,
	      .max = CODE_TESTS),
	FIELD(struct code_group_result, tests, KIND_INT, "in all", .min = 0,
	      .max = CODE_TESTS),
	FIELD_END,
};
const struct shape code_group_result_shape =
	SHAPE(struct code_group_result, group_result_fields);

static const struct field result_fields[] = {
	FIELD(struct code_result, verdict, KIND_ENUM, "in all",
	      .words = run_verdict_words),
	FIELD(struct code_result, fraction, KIND_DEC, "of all points", .min = 0,
	      .max = 1),
	FIELD(struct code_result, points, KIND_DEC, "that it has"),
	FIELD(struct code_result, max_points, KIND_DEC, "at most"),
	FIELD(struct code_result, groups, KIND_LIST, "in their order",
	      .of = KIND_OBJECT, .shape = &code_group_result_shape,
	      .max = CODE_GROUPS + 1),
	FIELD_END,
};
const struct shape code_result_shape = SHAPE(struct code_result, result_fields);

static const struct field reference_result_fields[] = {
	FIELD(struct code_reference_result, name, KIND_STR, "which",
	      .max = CODE_NAME_BYTES),
	FIELD(struct code_reference_result, ok, KIND_BOOL, "as expected"),
	FIELD(struct code_reference_result, expect, KIND_ENUM, "verdict",
	      .words = run_verdict_words),
	FIELD(struct code_reference_result, verdict, KIND_ENUM, "that it had",
	      .words = run_verdict_words),
	FIELD(struct code_reference_result, fraction, KIND_DEC, "of all points",
	      .min = 0, .max = 1),
	TIME_US(struct code_reference_result, cpu_us, "of its slowest test"),
	FIELD_OPT(struct code_reference_result, flaky, KIND_LIST,
		  "tests whose verdict changed, from 0", .of = KIND_INT,
		  .max = CODE_TESTS),
	FIELD_END,
};
static const struct shape reference_result_shape =
	SHAPE(struct code_reference_result, reference_result_fields);

static const struct field selftest_fields[] = {
	FIELD(struct code_selftest_report, ok, KIND_BOOL,
	      "it may be published"),
	FIELD(struct code_selftest_report, references, KIND_LIST,
	      "each with what came of it", .of = KIND_OBJECT,
	      .shape = &reference_result_shape, .max = CODE_REFERENCES),
	FIELD(struct code_selftest_report, problems, KIND_LIST,
	      "sentences for the author", .of = KIND_STR),
	TIME_US(struct code_selftest_report, lower_ms,
		"least limit, by the accepted; 0: not known"),
	TIME_US(struct code_selftest_report, upper_ms,
		"greatest limit, by the slow; 0: not known"),
	TIME_US(struct code_selftest_report, proposed_ms,
		"0: not known, or the two disagree"),
	TIME_US(struct code_selftest_report, limit_ms, "that the task has"),
	FIELD_END,
};
const struct shape code_selftest_shape =
	SHAPE(struct code_selftest_report, selftest_fields);
