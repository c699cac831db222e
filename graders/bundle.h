/*
 * bundle: an author's folder as one file. What is published stands by itself;
 * while it is written, inputs, answers and sources are files beside it:
 *
 *	"input": {"file": "tests/01.in"}
 *	"files": [{"name": "main.c", "file": "starter/main.c"},
 *		  {"folder": "starter"}]
 *
 * A member "file" becomes "text", or "base64" where the file is not UTF-8 text
 * or has NULs. An element {"folder": F} of a list becomes an object with name
 * and content for each file below F. Paths are relative to the folder of the
 * file that they stand in, and cannot leave it. Everything else stays as it
 * was written.
 */
#pragma once

#include "base/run.h"
#include "graders/problem.h"

enum {
	BUNDLE_BYTES = 16 << 20,	  /* the whole result */
	BUNDLE_FILE_JSON_BYTES = 1 << 20, /* the file that refers to others */
};

/* X(code, word, ending): what an author's folder may hold. */
#define BUNDLE_KINDS(X)                                                        \
	X(BUNDLE_ASSESSMENT, "assessment", "assessment.json")                  \
	X(BUNDLE_LAB, "lab", "lab.json")
enum bundle_kind {
#define X(code, word, ending) code,
	BUNDLE_KINDS(X)
#undef X
		BUNDLE_KIND_COUNT
};
extern const char *const bundle_kind_words[]; /* NULL-terminated */

/*
 * By its name: "assessment.json", "week1/loops.assessment.json", "lab.json",
 * "x.lab.json". false: it is none.
 */
bool bundle_kind_of(struct str path, int *kind);

/*
 * Inlines what the file `path` of files (struct run_file) refers to. *text
 * lives in the arena. ERR_INVALID: something is missing, listed in *problems
 * with its place ("missing_file", "bad_path", "bad_reference").
 * ERR_NOT_FOUND: there is no such file. ERR_BAD_JSON, ERR_TOO_LARGE.
 */
MUST enum err bundle(struct ctx *cx, const struct list *files, struct str path,
		     struct str *text, struct problems *problems);
