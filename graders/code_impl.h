/* What the files code_*.c share. Not for other folders. */
#pragma once

#include "graders/code.h"

/* So many names that they fit beside anything. */
void code_archive_cut(struct code_archive *a);

/* ---- code_name.c ---- */

/* A star in the pattern stands for anything but a slash. */
bool code_name_like(struct str name, struct str pattern);
/* The same as code_name_refusal for an author, who may use any tool. */
const char *code_path_refusal(struct str name);

/* ---- code_driver.c ---- */

/* A type of a value that crosses to a driver: also lists, and lists of them. */
bool code_type_known(struct str type);
/* Why a language cannot take or return it, as the end of a sentence; or NULL.
 */
const char *code_driver_type_refusal(struct str language, struct str type,
				     bool as_param);
/*
 * Whether the language can be asked this: *why is NULL, or the end of a
 * sentence about the call's member. ERR_INVALID if the arguments are no JSON.
 */
MUST enum err code_driver_call_check(struct ctx *cx, struct str language,
				     const struct code_function *f,
				     const struct code_call *c,
				     const char **member, const char **why);

/* ---- code_text.c ---- */
/* Takes the folders off absolute paths. */
struct str code_scrub(struct arena *a, struct str s);

/* ---- code_compare.c ---- */

struct code_diff {
	bool same;
	int64_t line;		/* of the output, from 1; 0: none */
	struct str wanted, got; /* escaped */
	const char *hint;	/* for the learner, or NULL */
};
void code_compare_run(struct arena *a, const struct code_compare *how,
		      struct str answer, struct str output,
		      struct code_diff *d);
/* A decimal number of at most 400 characters; too large ones are infinite. */
bool code_number(struct str s, double *out);
bool code_near(const struct code_compare *how, double want, double got);
bool code_value_same(struct ctx *cx, const struct code_compare *how,
		     struct jval want, struct jval got);

/* ---- code_opinion.c, code_driver.c ---- */

#define CODE_FEEDBACK "feedback/" /* Kattis' folder, in the checker's box */

enum opinion_kind {
	OPINION_RIGHT, /* share 1 */
	OPINION_WRONG, /* also with a share between */
	OPINION_BROKEN /* of the checker: IE */
};
struct code_opinion {
	enum opinion_kind kind;
	struct dec share;
	struct str message, staff; /* escaped */
	struct str wanted, got;	   /* escaped */
};
/* Of a run of a checker or interactor. */
void code_opinion_read(struct ctx *cx, const struct code_checker *c,
		       const struct run_told *t, struct code_opinion *out);

bool code_driver_known(struct str language);
/* Our driver in the learner's box, and the requests of one test. */
struct run_file code_driver_file(struct ctx *cx, const struct code_spec *s,
				 struct str language);
struct str code_driver_input(struct ctx *cx, const struct code_test *t);
/* Of the replies of one test. */
void code_driver_read(struct ctx *cx, const struct code_spec *s,
		      const struct code_test *t, struct str output,
		      struct code_opinion *out);
/* The text of each language's. */
void code_driver_c(struct buf *b, const struct code_spec *s);
void code_driver_cpp(struct buf *b, const struct code_spec *s);
void code_driver_python(struct buf *b, const struct code_spec *s);
void code_driver_java(struct buf *b, const struct code_spec *s);
void code_driver_javascript(struct buf *b, const struct code_spec *s);

/* ---- code_build.c ---- */

/* A program that can be run again and again, each time in a box of its own. */
struct code_program {
	const struct code_language *language;
	struct list put;     /* struct run_file: what a run needs */
	struct list sources; /* struct str, the main one first */
	struct list args;    /* struct str: of the driver */
	struct list env;     /* struct str */
	int verdict;	     /* RUN_AC, CE, IE; RUN_SK: nothing to compile */
	struct str text;     /* what the compiler said; IE: for staff */
	int64_t cpu_us;
	int level;
};

void code_limits_inherit(struct run_limits *l, const struct run_limits *from);
void code_limits_raise(struct run_limits *l, const struct run_limits *least);
struct run_limits code_limits_compile(const struct run_limits *own,
				      const struct code_language *l);
/* lists: struct code_file each; the result is struct run_file. */
struct list code_put(struct ctx *cx, const struct list *lists, size_t n);
/* struct str: main first, then the other sources among files. */
struct list code_sources(struct ctx *cx, const struct code_language *l,
			 struct list files, struct str main);
/* struct str; more follows the words of the template. */
struct list code_words(struct ctx *cx, const char *const *words,
		       struct list sources, int64_t memory_bytes,
		       struct list more);
MUST enum err code_run_twice(struct ctx *cx, const struct runner *r,
			     const struct run_ask *ask, struct run_told *out);
/* files: struct run_file. OK also when it does not compile. */
MUST enum err code_build(struct ctx *cx, const struct runner *r,
			 const struct code_language *l, struct list files,
			 struct str main, struct list flags,
			 const struct run_limits *limits,
			 struct code_program *out);
struct run_ask code_ask(struct ctx *cx, const struct code_program *p,
			struct list args, const struct run_limits *limits,
			const struct run_file *more, size_t more_n);

/* ---- code_told.c ---- */

/*
 * told: of each test, whether its own rules let its verdict be told. Taken back
 * where one that is not told may have kept it from being run.
 */
void code_withhold(struct ctx *cx, const struct code_spec *s, bool *told);

/* ---- code_score.c ---- */

/* As struct code_result has it; without a test it is AC. */
int code_verdict_of(const struct code_fact *f, size_t n);
