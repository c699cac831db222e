#include "graders/code_impl.h"

#include "base/limits.h"

#define X(code, word, doc) word,
const char *const code_kind_words[] = { CODE_KINDS(X) NULL };
const char *const code_compare_words[] = { CODE_COMPARES(X) NULL };
const char *const code_protocol_words[] = { CODE_PROTOCOLS(X) NULL };
const char *const code_visibility_words[] = { CODE_VISIBILITIES(X) NULL };
const char *const code_feedback_words[] = { CODE_FEEDBACKS(X) NULL };
const char *const code_hidden_as_words[] = { CODE_HIDDEN_AS(X) NULL };
const char *const code_counts_words[] = { CODE_COUNTS(X) NULL };
const char *const code_archives_words[] = { CODE_ARCHIVES(X) NULL };
const char *const code_sum_words[] = { CODE_SUMS(X) NULL };
#undef X

#define MIB(n) ((int64_t)(n) << 20)

#define NAME(s, m, d) FIELD(s, m, KIND_STR, d, .min = 1, .max = CODE_NAME_BYTES)
#define NAME_OPT(s, m, d) FIELD_OPT(s, m, KIND_STR, d, .max = CODE_NAME_BYTES)
#define WORDS(s, m, d)                                                         \
	FIELD_OPT(s, m, KIND_LIST, d, .of = KIND_STR, .max = CODE_WORDS)
#define ENUM_OPT(s, m, d, w) FIELD_OPT(s, m, KIND_ENUM, d, .words = w)
#define OBJECTS(s, m, d, sh, most)                                             \
	FIELD_OPT(s, m, KIND_LIST, d, .of = KIND_OBJECT, .shape = &(sh),       \
		  .max = (most))
#define FILES(s, m, d) OBJECTS(s, m, d, code_file_shape, CODE_FILES)
#define LIMITS(s, m, d) FIELD_OPT(s, m, KIND_OBJECT, d, .shape = &limits_shape)
#define BYTES_OF(s)                                                            \
	FIELD_OPT(s, text, KIND_STR, "the bytes, if they are UTF-8",           \
		  .max = CODE_DATA_BYTES),                                     \
		FIELD_OPT(s, base64, KIND_BYTES, "or in base64",               \
			  .max = CODE_DATA_BYTES),                             \
		FIELD_OPT(s, file, KIND_STR,                                   \
			  "or a file of the author's folder, to be put in "    \
			  "its place",                                         \
			  .max = CODE_NAME_BYTES)

static const struct field data_fields[] = {
	BYTES_OF(struct code_data),
	FIELD_END,
};
const struct shape code_data_shape = SHAPE(struct code_data, data_fields);

static const struct field file_fields[] = {
	NAME(struct code_file, name, "its name beside the program"),
	BYTES_OF(struct code_file),
	FIELD_OPT(struct code_file, executable, KIND_BOOL, "may be started"),
	FIELD_END,
};
const struct shape code_file_shape = SHAPE(struct code_file, file_fields);

/* As base/run.h has them, but 0 stands for what holds otherwise. */
#define LIMIT(m, d, most)                                                      \
	FIELD_OPT(struct run_limits, m, KIND_INT, d, .min = 0, .max = (most))
static const struct field limits_fields[] = {
	LIMIT(cpu_ms, "CPU time of all its processes", 600000),
	LIMIT(wall_ms, "time until it is killed", 1800000),
	LIMIT(memory_bytes, "memory of all its processes", MIB(8192)),
	LIMIT(tasks, "processes and threads at once", 4096),
	LIMIT(open_files, "descriptors of one process", 4096),
	LIMIT(stdout_bytes, "standard output", MIB(64)),
	LIMIT(stderr_bytes, "standard error", MIB(16)),
	LIMIT(file_bytes, "one file", MIB(1024)),
	LIMIT(disk_bytes, "all files together", MIB(2048)),
	LIMIT(inodes, "files and folders", 1000000),
	LIMIT(stack_bytes, "stack of one process", MIB(8192)),
	FIELD_END,
};
static const struct shape limits_shape =
	SHAPE(struct run_limits, limits_fields);

static const struct field rule_fields[] = {
	NAME(struct code_rule, name, "exact, or a pattern with one *"),
	FIELD_OPT(struct code_rule, required, KIND_BOOL, "must be there"),
	FIELD_OPT(struct code_rule, max_bytes, KIND_INT, "0: no cap of its own",
		  .min = 0, .max = CODE_UPLOAD_BYTES),
	FIELD_END,
};
static const struct shape rule_shape = SHAPE(struct code_rule, rule_fields);

static const struct field compare_fields[] = {
	ENUM_OPT(struct code_compare, how, "what is compared",
		 code_compare_words),
	FIELD_OPT(struct code_compare, ignore_case, KIND_BOOL,
		  "ASCII capitals do not matter"),
	FIELD_OPT(struct code_compare, absolute, KIND_DEC,
		  "numbers may differ by this", .min = 0,
		  .max = LIMIT_SCORE_POINTS),
	FIELD_OPT(struct code_compare, relative, KIND_DEC,
		  "or by this share of the answer", .min = 0, .max = 1),
	FIELD_END,
};
static const struct shape compare_shape =
	SHAPE(struct code_compare, compare_fields);

static const struct field checker_fields[] = {
	FIELD(struct code_checker, protocol, KIND_ENUM, "how it says a verdict",
	      .words = code_protocol_words),
	NAME(struct code_checker, language, "of the toolchain table"),
	NAME_OPT(struct code_checker, entry, "absent: the language's own"),
	FILES(struct code_checker, files, "its sources"),
	WORDS(struct code_checker, flags, "for its compiler"),
	WORDS(struct code_checker, args, "after the protocol's own"),
	FIELD_OPT(struct code_checker, max_points, KIND_DEC,
		  "what it gives at most; 0: 1", .min = 0,
		  .max = LIMIT_SCORE_POINTS),
	LIMITS(struct code_checker, limits, "0: 10 s, 512 MiB"),
	FIELD_END,
};
static const struct shape checker_shape =
	SHAPE(struct code_checker, checker_fields);

static const struct field function_fields[] = {
	NAME(struct code_function, name, "as it is called"),
	WORDS(struct code_function, params, "types, where C needs them"),
	NAME_OPT(struct code_function, returns, "type, where C needs it"),
	FIELD_OPT(struct code_function, gives, KIND_INT,
		  "0: what it returns; n: its n-th parameter after the call",
		  .min = 0, .max = CODE_WORDS),
	FIELD_END,
};
static const struct shape function_shape =
	SHAPE(struct code_function, function_fields);

static const struct field call_fields[] = {
	NAME(struct code_call, function, "which is called"),
	FIELD(struct code_call, args, KIND_RAW, "JSON list", .min = 1,
	      .max = CODE_VALUE_BYTES),
	FIELD_MAYBE(struct code_call, value, has_value, KIND_RAW, "JSON",
		    .min = 1, .max = CODE_VALUE_BYTES),
	NAME_OPT(struct code_call, raises, "or the exception that it raises"),
	FIELD_END,
};
static const struct shape call_shape = SHAPE(struct code_call, call_fields);

static const struct field test_fields[] = {
	NAME(struct code_test, name, "for people; once in the task"),
	NAME_OPT(struct code_test, group, "absent: of none"),
	FIELD_MAYBE(struct code_test, points, has_points, KIND_DEC,
		    "weight within its group; absent: 1", .min = 0,
		    .max = LIMIT_SCORE_POINTS),
	FIELD_MAYBE(struct code_test, visibility, has_visibility, KIND_ENUM,
		    "who may see it", .words = code_visibility_words),
	FIELD_MAYBE(struct code_test, feedback, has_feedback, KIND_ENUM,
		    "how much of it", .words = code_feedback_words),
	FIELD_OPT(struct code_test, input, KIND_OBJECT, "standard input",
		  .shape = &code_data_shape),
	FIELD_OPT(struct code_test, answer, KIND_OBJECT, "what is right",
		  .shape = &code_data_shape),
	WORDS(struct code_test, args, "of the program"),
	FILES(struct code_test, files, "beside the program"),
	OBJECTS(struct code_test, calls, "of functions; all must be right",
		call_shape, CODE_CALLS),
	WORDS(struct code_test, checker_args, "after the checker's own"),
	LIMITS(struct code_test, limits, "0: the task's"),
	FIELD_OPT(struct code_test, hint, KIND_STR,
		  "shown when it fails, if it is visible", .max = 4096),
	FIELD_END,
};
static const struct shape test_shape = SHAPE(struct code_test, test_fields);

static const struct field group_fields[] = {
	NAME(struct code_group, name, "once in the task"),
	FIELD_OPT(struct code_group, points, KIND_DEC,
		  "0: the sum of its tests' points", .min = 0,
		  .max = LIMIT_SCORE_POINTS),
	ENUM_OPT(struct code_group, how, "how its tests add up",
		 code_sum_words),
	FIELD_OPT(struct code_group, requires, KIND_LIST,
		  "earlier groups that must have passed", .of = KIND_STR,
		  .max = CODE_GROUPS),
	FIELD_OPT(struct code_group, short_circuit, KIND_BOOL,
		  "skip the rest after the first test that fails"),
	FIELD_MAYBE(struct code_group, visibility, has_visibility, KIND_ENUM,
		    "of its tests that say nothing",
		    .words = code_visibility_words),
	FIELD_END,
};
static const struct shape group_shape = SHAPE(struct code_group, group_fields);

static const struct field reference_fields[] = {
	NAME(struct code_reference, name, "for people"),
	NAME(struct code_reference, language, "of the task's"),
	FILES(struct code_reference, files, "what is handed in"),
	ENUM_OPT(struct code_reference, expect, "verdict in all",
		 run_verdict_words),
	FIELD_MAYBE(struct code_reference, share, has_share, KIND_DEC,
		    "of all points, exactly", .min = 0, .max = 1),
	FIELD_END,
};
static const struct shape reference_shape =
	SHAPE(struct code_reference, reference_fields);

static const struct field time_fields[] = {
	FIELD_OPT(struct code_time, accepted, KIND_DEC,
		  "the limit over the slowest accepted; 0: 2", .min = 0,
		  .max = 100),
	FIELD_OPT(struct code_time, slow, KIND_DEC,
		  "the fastest slow one over the limit; 0: 1.5", .min = 0,
		  .max = 100),
	FIELD_OPT(struct code_time, resolution_ms, KIND_INT, "0: 100", .min = 0,
		  .max = 60000),
	FIELD_OPT(struct code_time, repeats, KIND_INT, "0: 3", .min = 0,
		  .max = 50),
	FIELD_END,
};
static const struct shape time_shape = SHAPE(struct code_time, time_fields);

static const struct field spec_fields[] = {
	ENUM_OPT(struct code_spec, kind, "what is judged", code_kind_words),
	FIELD(struct code_spec, languages, KIND_LIST, "that are allowed",
	      .of = KIND_STR, .min = 1, .max = CODE_WORDS),
	OBJECTS(struct code_spec, files, "that may be handed in", rule_shape,
		CODE_FILES),
	NAME_OPT(struct code_spec, entry,
		 "the file to begin with; absent: the language's own"),
	FIELD_OPT(struct code_spec, max_files, KIND_INT, "0: 16", .min = 0,
		  .max = CODE_UPLOAD_FILES),
	FIELD_OPT(struct code_spec, max_bytes, KIND_INT, "of all; 0: 256 KiB",
		  .min = 0, .max = CODE_UPLOAD_BYTES),
	ENUM_OPT(struct code_spec, archives,
		 "whether the files may come in an archive",
		 code_archives_words),
	FILES(struct code_spec, starter, "what a learner begins with"),
	FILES(struct code_spec, beside, "put beside what is handed in"),
	WORDS(struct code_spec, flags, "for the compiler, after its own"),
	FIELD_OPT(struct code_spec, warnings, KIND_BOOL,
		  "show what the compiler says when all is well"),
	FIELD_OPT(struct code_spec, free_error, KIND_BOOL,
		  "not to compile costs no attempt"),
	FIELD_OPT(struct code_spec, submissions, KIND_INT,
		  "at most; 0: any number", .min = 0, .max = CODE_SUBMISSIONS),
	FIELD_OPT(struct code_spec, every_ms, KIND_INT,
		  "between two submissions; 0: no wait", .min = 0,
		  .max = 86400000),
	FIELD_OPT(struct code_spec, per_minute, KIND_INT,
		  "submissions to the question in a minute; 0: 20", .min = 0,
		  .max = CODE_SUBMISSIONS),
	ENUM_OPT(struct code_spec, counts, "which submission makes the mark",
		 code_counts_words),
	LIMITS(struct code_spec, compile, "of compiling; 0: 10 s, 512 MiB"),
	LIMITS(struct code_spec, limits, "of one test"),
	FIELD_OPT(struct code_spec, any_exit, KIND_BOOL,
		  "another exit status than 0 is not looked at"),
	FIELD_OPT(struct code_spec, compare, KIND_OBJECT,
		  "how an output and the answer compare",
		  .shape = &compare_shape),
	FIELD_MAYBE(struct code_spec, checker, has_checker, KIND_OBJECT,
		    "instead of comparing", .shape = &checker_shape),
	FIELD_MAYBE(struct code_spec, interactor, has_interactor, KIND_OBJECT,
		    "of interactive: it talks and judges",
		    .shape = &checker_shape),
	OBJECTS(struct code_spec, functions, "of function: what is called",
		function_shape, CODE_WORDS),
	ENUM_OPT(struct code_spec, visibility, "of tests that say nothing",
		 code_visibility_words),
	ENUM_OPT(struct code_spec, feedback, "of tests that say nothing",
		 code_feedback_words),
	ENUM_OPT(struct code_spec, hidden_as, "what is told of hidden tests",
		 code_hidden_as_words),
	OBJECTS(struct code_spec, groups, "of tests, in their order",
		group_shape, CODE_GROUPS),
	OBJECTS(struct code_spec, tests, "in their order", test_shape,
		CODE_TESTS),
	OBJECTS(struct code_spec, references, "solutions of the author's",
		reference_shape, CODE_REFERENCES),
	FIELD_OPT(struct code_spec, time, KIND_OBJECT,
		  "how the references bound the time limit",
		  .shape = &time_shape),
	FIELD_END,
};
const struct shape code_spec_shape = SHAPE(struct code_spec, spec_fields);

static struct str bytes_of(struct str text, struct str base64)
{
	if (text.p)
		return text;
	return base64.p ? base64 : STR("");
}

struct str code_data_bytes(const struct code_data *d)
{
	return bytes_of(d->text, d->base64);
}

struct str code_file_bytes(const struct code_file *f)
{
	return bytes_of(f->text, f->base64);
}

size_t code_group_of(const struct code_spec *s, struct str name)
{
	const struct code_group *g = s->groups.at;

	for (size_t i = 0; name.n && i < s->groups.n; i++)
		if (str_eq(g[i].name, name))
			return i;
	return SIZE_MAX;
}

const struct code_function *code_function_of(const struct code_spec *s,
					     struct str name)
{
	const struct code_function *f = s->functions.at;

	for (size_t i = 0; i < s->functions.n; i++)
		if (str_eq(f[i].name, name))
			return &f[i];
	return NULL;
}

int code_test_visibility(const struct code_spec *s, const struct code_test *t)
{
	size_t at = code_group_of(s, t->group);
	const struct code_group *g = s->groups.at;

	if (t->has_visibility)
		return t->visibility;
	if (at != SIZE_MAX && g[at].has_visibility)
		return g[at].visibility;
	return s->visibility;
}

int code_test_feedback(const struct code_spec *s, const struct code_test *t)
{
	return t->has_feedback ? t->feedback : s->feedback;
}

struct run_limits code_test_limits(const struct code_spec *s,
				   const struct code_test *t)
{
	struct run_limits l = t->limits;

	code_limits_inherit(&l, &s->limits);
	/* A longer CPU limit alone must not be cut off by the clock. */
	if (!l.wall_ms && l.cpu_ms)
		l.wall_ms = 2 * l.cpu_ms > run_limits_default.wall_ms
				    ? 2 * l.cpu_ms
				    : run_limits_default.wall_ms;
	run_limits_fill(&l);
	return l;
}

/* ---- what it needs ---- */

static void need(struct str *out, size_t *n, struct str language)
{
	if (language.n)
		out[(*n)++] = language;
}

struct list code_needs(struct arena *a, const struct code_spec *s,
		       struct str language)
{
	const struct code_reference *r = s->references.at;
	struct str *out = ARENA_ARRAY(a, struct str, s->references.n + 3);
	size_t n = 0;

	need(out, &n, language);
	if (s->has_checker)
		need(out, &n, s->checker.language);
	if (s->has_interactor)
		need(out, &n, s->interactor.language);
	for (size_t i = 0; !language.n && i < s->references.n; i++)
		need(out, &n, r[i].language);
	return (struct list){ out, n };
}
