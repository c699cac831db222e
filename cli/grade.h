/* grade: what `assay grade` has found, printed. For cli/grade*.c. */
#pragma once

#include "cli/cli.h"
#include "graders/assessment_file.h"
#include "graders/code.h"

struct grading {
	struct cli *c;
	struct code_spec spec;
	struct code_languages languages;
	struct str item;	/* its id; absent: the spec stood by itself */
	struct problems probes; /* what its hidden tests tell; of a file */
	struct str language;
	struct list files; /* struct code_file */
	bool packed;	   /* they came in an archive: */
	struct code_archive archive;
	struct code_report report;
	struct code_result result;
	struct code_selftest_report selftest;
};

/* The task, from --spec and --item. */
MUST enum err grade_spec(struct grading *g, struct str path, struct str item);
/* What is handed in. */
MUST enum err grade_files(struct grading *g, struct str folder);

void grade_show(const struct grading *g);	  /* for people */
void grade_show_json(const struct grading *g);	  /* ours */
void grade_show_results(const struct grading *g); /* results.json */
void grade_show_selftest(const struct grading *g);
