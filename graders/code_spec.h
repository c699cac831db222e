/*
 * code_spec: a code task as data: what may be handed in, how it is built, what
 * it is run on, and how that turns into marks. It stands in an item's member
 * `code` (docs/code-grading.md has an example of each part). Never changed
 * after it is read.
 */
#pragma once

#include "base/run.h"

enum {
	CODE_TESTS = 400,
	CODE_GROUPS = 100,
	CODE_FILES = 100, /* of one list */
	CODE_CALLS = 200, /* of one test */
	CODE_WORDS = 40,  /* arguments, flags of one list */
	CODE_REFERENCES = 40,
	CODE_NAME_BYTES = 200,
	CODE_DATA_BYTES = 8 << 20,     /* one input, answer or file */
	CODE_VALUE_BYTES = 65536,      /* a call's arguments or value */
	CODE_UPLOAD_BYTES = 8 << 20,   /* all that is handed in, at most */
	CODE_ARCHIVE_ROOM = 256 << 10, /* an archive: beyond max_bytes */
	CODE_UPLOAD_FILES = 64,
	CODE_SUBMISSIONS = 1000,
	CODE_PER_MINUTE = 20, /* more than anybody hands in by hand */
};

/* X(code, word, what it means) */
#define CODE_KINDS(X)                                                          \
	X(CODE_IO, "io", "reads standard input, writes standard output")       \
	X(CODE_INTERACTIVE, "interactive", "talks with the author's program")  \
	X(CODE_FUNCTION, "function", "functions are called, values compared")
enum code_kind {
#define X(code, word, doc) code,
	CODE_KINDS(X)
#undef X
};
extern const char *const code_kind_words[];

/* How our own compare takes an output and the answer. */
#define CODE_COMPARES(X)                                                       \
	X(CODE_TOKENS, "tokens", "words between white space")                  \
	X(CODE_LINES, "lines", "lines, without space at their ends")           \
	X(CODE_EXACT, "exact", "every byte")                                   \
	X(CODE_LINE_SET, "line_set", "the same lines in any order")
enum code_compare_how {
#define X(code, word, doc) code,
	CODE_COMPARES(X)
#undef X
};
extern const char *const code_compare_words[];

/* How a checker or interactor of the author's tells what it thinks. */
#define CODE_PROTOCOLS(X)                                                      \
	X(CODE_TESTLIB, "testlib", "exit codes of testlib")                    \
	X(CODE_KATTIS, "kattis", "exit 42 or 43, feedback folder")             \
	X(CODE_CMS, "cms", "a share on standard output, a text on the other")  \
	X(CODE_TAP, "tap", "TAP on standard output")                           \
	X(CODE_JUNIT, "junit", "JUnit XML on standard output")                 \
	X(CODE_RESULTS_JSON, "results_json", "results.json on standard output")
enum code_protocol {
#define X(code, word, doc) code,
	CODE_PROTOCOLS(X)
#undef X
};
extern const char *const code_protocol_words[];

/* When a learner may see a test's verdict, input and answer. */
#define CODE_VISIBILITIES(X)                                                   \
	X(CODE_VISIBLE, "visible", "at once")                                  \
	X(CODE_HIDDEN, "hidden", "never")                                      \
	X(CODE_AFTER_DUE, "after_due", "once nobody can hand in any more")     \
	X(CODE_AFTER_RELEASE, "after_release", "once grades are released")
enum code_visibility {
#define X(code, word, doc) code,
	CODE_VISIBILITIES(X)
#undef X
};
extern const char *const code_visibility_words[];

/* How much of a visible test. */
#define CODE_FEEDBACKS(X)                                                      \
	X(CODE_SAY_VERDICT, "verdict", "its verdict, message, time, memory")   \
	X(CODE_SAY_NOTHING, "none", "that it is there")                        \
	X(CODE_SAY_DIFF, "diff", "also input, answer, first difference")
enum code_feedback {
#define X(code, word, doc) code,
	CODE_FEEDBACKS(X)
#undef X
};
extern const char *const code_feedback_words[];

/* What is told of the tests that are not visible. */
#define CODE_HIDDEN_AS(X)                                                      \
	X(CODE_HIDDEN_COUNT, "count", "how many there are")                    \
	X(CODE_HIDDEN_PASSED, "passed", "and how many of them passed")         \
	X(CODE_HIDDEN_VERDICTS, "verdicts", "each one's verdict, in order")
enum code_hidden_as {
#define X(code, word, doc) code,
	CODE_HIDDEN_AS(X)
#undef X
};
extern const char *const code_hidden_as_words[];

/* How a group's tests add up. */
#define CODE_SUMS(X)                                                           \
	X(CODE_SUM, "sum", "each test its share of the points")                \
	X(CODE_MIN, "min", "the worst test's share of all points")             \
	X(CODE_ALL, "all", "all points if all tests pass, else none")
enum code_sum {
#define X(code, word, doc) code,
	CODE_SUMS(X)
#undef X
};
extern const char *const code_sum_words[];

/* Which of a learner's submissions makes the mark. */
#define CODE_COUNTS(X)                                                         \
	X(CODE_BEST, "best", "the best one")                                   \
	X(CODE_LAST, "last", "the last one that could be graded")              \
	X(CODE_BEST_GROUPS, "best_groups", "of each group its best one")
enum code_counts {
#define X(code, word, doc) code,
	CODE_COUNTS(X)
#undef X
};
extern const char *const code_counts_words[];

/* Whether the files may come in one archive. */
#define CODE_ARCHIVES(X)                                                       \
	X(CODE_ARCHIVE_AUTO, "auto", "where more than one file may come")      \
	X(CODE_ARCHIVE_YES, "yes", "always")                                   \
	X(CODE_ARCHIVE_NO, "no", "never")
enum code_archives {
#define X(code, word, doc) code,
	CODE_ARCHIVES(X)
#undef X
};
extern const char *const code_archives_words[];

/*
 * Bytes, written as one of: text, base64, or the name of a file in the
 * author's folder, which must be put in its place before it is published.
 */
struct code_data {
	struct str text, base64, file;
};
extern const struct shape code_data_shape;
struct str code_data_bytes(const struct code_data *d);

/* The same, with the name under which the program finds it. */
struct code_file {
	struct str name;
	struct str text, base64, file;
	bool executable;
};
extern const struct shape code_file_shape;
struct str code_file_bytes(const struct code_file *f);

/* What may be handed in. */
struct code_rule {
	struct str name; /* exact, or with one "*" that is not a folder's */
	bool required;
	int64_t max_bytes; /* 0: no cap of its own */
};

struct code_compare {
	int how; /* enum code_compare_how */
	bool ignore_case;
	/* Either being enough, as in Kattis; both 0: numbers are words. */
	struct dec absolute, relative;
};

/* A program of the author's that judges in a box of its own. */
struct code_checker {
	int protocol; /* enum code_protocol */
	struct str language, entry;
	struct list files;	  /* struct code_file */
	struct list flags;	  /* struct str, for its compiler */
	struct list args;	  /* struct str, after the protocol's own */
	struct dec max_points;	  /* what it gives at most; 0: 1 */
	struct run_limits limits; /* 0: 10 s, 512 MiB */
};

/* CODE_FUNCTION: one that is called. Types are needed where C needs them. */
struct code_function {
	struct str name;
	struct list params; /* struct str: int long double bool string int[]
			       long[] double[] (pointer and size_t count) */
	struct str returns; /* the same without []; or void */
	int64_t gives;	    /* 0: what is returned; n: the n-th parameter, an
			       array, as it is after the call */
};
struct code_call {
	struct str function;
	struct str args;   /* JSON array */
	bool has_value;	   /* not if it raises */
	struct str value;  /* JSON, also null */
	struct str raises; /* name of the exception */
};

struct code_test {
	struct str name, group;
	bool has_points;
	struct dec points; /* weight within the group; absent: 1 */
	bool has_visibility, has_feedback;
	int visibility, feedback;
	struct code_data input, answer;
	struct list args;	  /* struct str, of the learner's program */
	struct list files;	  /* struct code_file, beside the program */
	struct list calls;	  /* struct code_call: all must be right */
	struct list checker_args; /* struct str, after the checker's own */
	struct run_limits limits; /* 0: the task's */
	struct str hint; /* shown with the verdict when it fails, if visible */
};

struct code_group {
	struct str name;
	struct dec points;    /* 0: the sum of its tests' points */
	int how;	      /* enum code_sum */
	struct list requires; /* struct str: earlier groups, all passed */
	bool short_circuit;   /* skip the rest after the first that fails */
	bool has_visibility;
	int visibility; /* of its tests that say nothing */
};

/* A solution of the author's, with what must come of it. */
struct code_reference {
	struct str name, language;
	struct list files; /* struct code_file */
	int expect;	   /* RUN_AC, WA, TLE, MLE, OLE, RE, CE */
	bool has_share;
	struct dec share; /* of all points, exactly */
};

/* How the limit of CPU time relates to the references (Kattis 2023-07). */
struct code_time {
	struct dec accepted;   /* limit >= slowest accepted * this; 0: 2 */
	struct dec slow;       /* limit * this <= fastest TLE; 0: 1.5 */
	int64_t resolution_ms; /* 0: 100 */
	int64_t repeats;       /* of each reference; 0: 3 */
};

struct code_spec {
	int kind;	       /* enum code_kind */
	struct list languages; /* struct str, of the toolchain table */
	struct list files;     /* struct code_rule; none: the language's own */
	struct str entry;      /* absent: the language's own */
	int64_t max_files, max_bytes; /* of a submission; 0: 16, 256 KiB */
	int archives;		      /* enum code_archives */
	struct list starter; /* struct code_file: what a learner begins with */
	struct list beside;  /* struct code_file: put beside it, overwriting */
	struct list flags;   /* struct str: for the compiler, after its own */
	bool warnings;	     /* show what a compiler says when all is well */
	bool free_error;     /* not to compile costs no attempt */
	int64_t submissions; /* at most; 0: any number. What cannot be graded,
				or failed on our side, is not counted */
	int64_t every_ms;    /* between two submissions; 0: no wait */
	int64_t per_minute;  /* and as many at once; 0: CODE_PER_MINUTE */
	int counts;	     /* enum code_counts */
	struct run_limits compile; /* 0: 10 s, 512 MiB */
	struct run_limits limits;  /* of one test */
	bool any_exit; /* another exit status than 0 is not looked at */
	struct code_compare compare;
	bool has_checker, has_interactor;
	struct code_checker checker, interactor;
	struct list functions; /* struct code_function */
	int visibility, feedback, hidden_as;
	struct list groups;	/* struct code_group; in their order */
	struct list tests;	/* struct code_test */
	struct list references; /* struct code_reference */
	struct code_time time;
};
extern const struct shape code_spec_shape;

/*
 * What the shape cannot say: groups that exist, answers that are there, names
 * that are allowed, a checker where one is needed. ERR_INVALID with the field
 * below where ("" or a JSON pointer) and what to do.
 */
MUST enum err code_spec_check(struct ctx *cx, const struct code_spec *s,
			      const char *where);

/* What holds for one test: its own, else its group's, else the task's. */
int code_test_visibility(const struct code_spec *s, const struct code_test *t);
int code_test_feedback(const struct code_spec *s, const struct code_test *t);
struct run_limits code_test_limits(const struct code_spec *s,
				   const struct code_test *t);
/*
 * The languages (struct str) that must be there to judge what is written in
 * `language`; absent: to run the self-test. A name may be there twice.
 */
struct list code_needs(struct arena *a, const struct code_spec *s,
		       struct str language);
/* What `archives` comes to. */
bool code_takes_archive(const struct code_spec *s);
/* Position in s->groups; SIZE_MAX: of none. */
size_t code_group_of(const struct code_spec *s, struct str name);
/* NULL: the task names no such function. */
const struct code_function *code_function_of(const struct code_spec *s,
					     struct str name);

/*
 * A relative path that may be put into a working folder, and that no tool
 * takes for its own configuration (conftest.py, *.pth, Makefile, …). NULL, or
 * a sentence that says what is wrong.
 */
const char *code_name_refusal(struct str name);
