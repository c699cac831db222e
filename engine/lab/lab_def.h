/*
 * lab_def: a lab file, as an author writes it (docs/lab-file.md). Never changed
 * after it is read.
 */
#pragma once

#include "base/ctx.h"
#include "base/field.h"
#include "graders/code_spec.h"

enum {
	LAB_FILES = 500,		/* of the starter */
	LAB_BYTES = 8 << 20,		/* all of them */
	LAB_FILE_JSON_BYTES = 12 << 20, /* the lab file itself, as bytes */
	LAB_WORDS = 40,			/* of a command */
	LAB_WORD_BYTES = 4096,
};

/* What is fair use, for each learner of a lab; 0: the default. */
struct lab_rates {
	int64_t checks_per_minute; /* 6 */
	int64_t runs_per_minute;   /* 30 */
	int64_t shells_per_minute; /* new shells in a terminal: 6 */
};

struct lab_terminal {
	struct list shell; /* struct str: what is run; default: sh -i */
	struct run_limits limits;
	int64_t idle_minutes; /* without a key: 15 */
	int64_t life_minutes; /* of one shell: 120 */
};

struct lab_def {
	int64_t assay_lab; /* version of the format: 1 */
	struct str course, slug, title, text;
	struct str language;  /* that runs and checks use first */
	struct str toolchain; /* whose files boxes see; absent: language's */
	struct list starter;  /* struct code_file */
	struct list run;      /* struct str: what lab.run does by itself */
	bool has_check;
	struct code_spec check;
	struct run_limits limits; /* of a run */
	struct lab_rates rates;
	struct lab_terminal terminal;
};
extern const struct shape lab_def_shape;

/*
 * Reads a lab file and puts in the defaults. ERR_INVALID with the field,
 * ERR_BAD_JSON, ERR_TOO_LARGE. Strings point into text or the arena.
 */
MUST enum err lab_def_read(struct ctx *cx, struct str text,
			   struct lab_def *out);
/*
 * The starter as files: sorted, with names that suit. ERR_INVALID names the
 * one that does not.
 */
MUST enum err lab_def_files(struct ctx *cx, const struct lab_def *d,
			    struct list *out);
/* The language of a check: as asked, or the lab's own, or its first. */
struct str lab_def_language(const struct lab_def *d, struct str asked);
/* Whose toolchain boxes of this lab see; "" for none. */
struct str lab_def_toolchain(const struct lab_def *d);
