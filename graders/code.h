/*
 * code: judging a code task. A judge runs what was handed in (code_judge) and
 * gives facts; the server makes a score (code_score) and a view (code_view) of
 * them, again at any time, without another run.
 *
 *   task --judge--> report (facts) --score--> result
 *                                  --view---> what somebody may see
 *
 * Three rooms: the learner's program, the author's checker, and us. Each run
 * of the first two is a box of its own by the runner's hand; an answer is
 * never in the learner's. What a program writes is data to compare: a verdict
 * comes from a status that the runner tells, or from our own compare.
 */
#pragma once

#include "graders/code_spec.h"

/* ---- languages ---- */

/*
 * One row of the toolchain table, as whoever calls hands it down. Words of
 * compile and run stand as they are, but for "{main}", the main source,
 * "{stem}", the same without its ending, "{sources}", all sources, the main one
 * first, one word each, and "{heap_mib}", three quarters of the memory limit.
 * An author's flags follow the words of compile, arguments those of run.
 */
struct code_language {
	const char *name;	     /* "c", as in an author's list */
	const char *title;	     /* for people */
	const char *toolchain;	     /* for struct run_ask */
	const char *const *suffixes; /* of its sources: ".c"; NULL-terminated */
	const char *main;	     /* where a source without a name goes */
	const char *const *compile;  /* NULL-terminated; NULL: nothing to do */
	const char *const *run;	     /* NULL-terminated */
	const char *made; /* the one file that compiling leaves and runs need;
			     NULL: they need the sources */
	const char *const *env;		  /* "NAME=value"; or NULL */
	struct run_limits compile_limits; /* 0: the usual */
	struct run_limits least; /* a limit below is raised to it; 0: none */
	bool installed;		 /* on this machine */
};
struct code_languages {
	const struct code_language *at;
	size_t n;
};
const struct code_language *code_language_find(const struct code_languages *l,
					       struct str name);

/* ---- what a worker gets ---- */

/* As JSON: code_task_shape. It can be large: hand it over as bytes. */
struct code_task {
	struct str item; /* JSON: the item's member `code` */
	struct str language;
	struct list files; /* struct code_file, text or base64 */
	bool archive;	   /* the one file is an archive of the others: whoever
				 runs the judge expands it first */
};
extern const struct shape code_task_shape;

/*
 * Whether this may be handed in at all: language, names, sizes, required
 * files. ERR_INVALID with "/language" or "/files/N" below where. What is
 * refused here costs nothing; the judge looks once more.
 */
MUST enum err code_accepts(struct ctx *cx, const struct code_spec *s,
			   struct str language, const struct list *files,
			   const char *where);

/*
 * The same of an archive: what is in it is looked at once it was expanded.
 * ERR_INVALID with "/archive", too.
 */
MUST enum err code_accepts_archive(struct ctx *cx, const struct code_spec *s,
				   struct str language,
				   const struct list *files, const char *where);

/* All files of what is handed in, at most. */
int64_t code_upload_bytes(const struct code_spec *s);

/* ---- what a worker gives ---- */

enum {
	CODE_REPORT_BYTES = 200 << 10, /* of a report as JSON, at most */
	CODE_REPORT_VERSION = 1,
	CODE_TEXT_BYTES = 16 << 10, /* of a compiler's text, escaped */
	CODE_REFUSED = 20,	    /* listed of an archive; more are counted */
	CODE_WHY_BYTES = 200,
};

/* Facts of one test, in the order of the task. Texts are escaped. */
struct code_fact {
	int verdict; /* enum run_verdict */
	int cause;   /* enum run_cause, of the learner's run */
	int64_t exit, signal;
	struct dec share; /* 0..1; a test passes with 1 */
	int64_t cpu_us, wall_us, memory_peak_bytes, stdout_bytes;
	int64_t charged_us;	/* CPU of learner and checker, repeats too */
	int64_t stolen_us;	/* throttled and stolen */
	int64_t runs;		/* 1, more when it was repeated */
	int64_t line;		/* of the first difference, from 1; 0: none */
	struct str message;	/* a checker's or ours, for the learner */
	struct str staff;	/* a checker's or ours, for staff */
	struct str wanted, got; /* at the first difference */
};
extern const struct shape code_fact_shape;

/* What was in an archive: names as they may be shown. */
struct code_packed {
	struct str name;
	int64_t bytes;
};
struct code_left_out {
	struct str name;
	struct str why; /* the rest of a sentence */
};
struct code_archive {
	struct str tree;     /* git's id of the files taken; absent: none */
	struct list files;   /* struct code_packed */
	struct list refused; /* struct code_left_out */
	int64_t files_more, refused_more; /* beyond those listed */
};
extern const struct shape code_archive_shape;

struct code_report {
	int64_t version; /* CODE_REPORT_VERSION */
	struct str language;
	int verdict;	   /* in all: see code_result */
	bool gradable;	   /* false: costs no attempt; reason says why */
	struct str reason; /* for the learner */
	int compile;	   /* RUN_AC, CE, SK (nothing to compile), IE */
	struct str compile_text;
	int64_t compile_cpu_us;
	int level;	    /* enum run_level: the weakest run */
	int64_t charged_us; /* CPU in all */
	struct str staff;   /* verdict IE: what staff should look at */
	struct list tests;  /* struct code_fact; none unless it ran */
	bool has_archive;
	struct code_archive archive; /* if the files came in one */
};
extern const struct shape code_report_shape;

/* Canonical JSON of at most CODE_REPORT_BYTES: longer texts are cut. */
void code_report_write(struct ctx *cx, struct buf *b,
		       const struct code_report *r);
/* What cannot be judged, by the learner's own doing: it costs no attempt. */
void code_report_ungradable(struct code_report *out, struct str language,
			    int level, struct str reason);
/*
 * Reads one as outside data. ERR_INVALID: it is none, or not of this task
 * (another number of tests, a share outside 0..1).
 */
MUST enum err code_report_read(struct ctx *cx, const struct code_spec *s,
			       struct str text, struct code_report *out);

/*
 * Judges. OK with a report also when the verdict is CE or IE; IE means that
 * it was tried twice. ERR_INVALID: the task is none. ERR_UNAVAILABLE: the
 * runner; ours, to be run again.
 *
 * cx->rng, if there is one, shuffles what is run when.
 */
MUST enum err code_judge(struct ctx *cx, const struct runner *runner,
			 const struct code_languages *languages,
			 const struct code_task *task, struct code_report *out);
/* The same with a spec that was read already; task->item is not looked at. */
MUST enum err code_judge_spec(struct ctx *cx, const struct runner *runner,
			      const struct code_languages *languages,
			      const struct code_spec *s,
			      const struct code_task *task,
			      struct code_report *out);

/* ---- scores ---- */

struct code_group_result {
	struct str name; /* absent: the tests of no group */
	struct dec points, max_points;
	int verdict;
	int64_t passed, tests;
};
extern const struct shape code_group_result_shape;

/*
 * In all: IE if any test is; CE; else the verdict of the first test that did
 * not pass and was not skipped; AC if there is none.
 */
struct code_result {
	int verdict;
	struct dec fraction; /* 0..1 of all points */
	struct dec points, max_points;
	struct list groups; /* struct code_group_result */
};
extern const struct shape code_result_shape;

/* From facts and the task only. The report is one that was read for it. */
void code_score(struct ctx *cx, const struct code_spec *s,
		const struct code_report *r, struct code_result *out);
/*
 * Each group's best over several results of the same task (n >= 1); the
 * verdict is AC if all points are there, else that of the best single one.
 */
void code_best(struct ctx *cx, const struct code_result *results, size_t n,
	       struct code_result *out);

/* ---- views ---- */

enum code_audience {
	CODE_FOR_LEARNER,  /* may still hand in */
	CODE_FOR_DUE,	   /* a learner, when nobody can any more */
	CODE_FOR_RELEASED, /* a learner, when grades are out */
	CODE_FOR_AUTHOR,   /* everything but what staff alone needs */
	CODE_FOR_STAFF,
};
/*
 * Appends a JSON object (docs/code-grading.md). A learner gets of a test that
 * is not visible nothing but what `hidden_as` allows; points and the verdict
 * in all only where no hidden test could be told from them.
 */
void code_view(struct ctx *cx, const struct code_spec *s,
	       const struct code_report *r, enum code_audience who,
	       struct buf *b);
/* Is there a test that is not visible from the start? */
bool code_has_hidden(const struct code_spec *s);
/*
 * Of each test: it is visible, and its verdict is not told while he may hand
 * in, since a test that is not told decides whether it runs at all.
 */
void code_withheld(struct ctx *cx, const struct code_spec *s, bool *withheld);
/* What a learner may see of the task: languages, files, visible tests. */
void code_deliver(struct buf *b, const struct code_spec *s);

/* ---- texts ---- */

/*
 * Escapes what is not text or would mislead, and cuts at most bytes. Absent
 * if nothing is left.
 */
struct str code_text(struct arena *a, struct str s, size_t most);

/* ---- before it is published ---- */

struct code_reference_result {
	struct str name;
	bool ok;
	int expect, verdict; /* of the first repeat that was not as expected */
	struct dec fraction;
	int64_t cpu_us;	   /* of its slowest test, the most of all repeats */
	struct list flaky; /* int64_t: tests whose verdict changed, from 0 */
};

struct code_selftest_report {
	bool ok;
	struct list references; /* struct code_reference_result */
	struct list problems;	/* struct str: sentences for the author */
	int64_t lower_ms;    /* of the limit, by the accepted; 0: not known */
	int64_t upper_ms;    /* by the slow ones; 0: not known */
	int64_t proposed_ms; /* 0: not known, or the two disagree */
	int64_t limit_ms;    /* what the task has */
};
extern const struct shape code_selftest_shape;

/*
 * Runs every reference `time.repeats` times, and every answer through the
 * checker. OK with what was found; errors as code_judge.
 */
MUST enum err code_selftest(struct ctx *cx, const struct runner *runner,
			    const struct code_languages *languages,
			    const struct code_spec *s,
			    struct code_selftest_report *out);
