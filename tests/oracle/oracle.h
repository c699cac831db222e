/*
 * oracle: cases whose result somebody else stated, run through the engine's
 * own functions.
 *
 * A case is one line of DIR/cases.jsonl. A file kind_x.c holds the adapters of
 * one family: it translates a case's terms into calls of the libraries and
 * their results back, and knows nothing better than they do. What the engine
 * cannot do is ORACLE_UNSUPPORTED, never a guess.
 *
 * To add a family: write kind_x.c that defines
 *	const struct oracle_kind kind_x[] = { { "item", run }, { 0 } };
 * and nothing else; the build finds it by its name. Several files may have
 * rows for one kind: the first that does not say "unsupported" decides.
 */
#pragma once

#include "base/field.h"

enum oracle_verdict { ORACLE_PASSED, ORACLE_FAILED, ORACLE_UNSUPPORTED };

/*
 * One line. Values that it does not have are JSON null, strings are absent.
 * Everything lives until the next case.
 */
struct oracle_case {
	int64_t line; /* from 1 */
	struct str kind, source, format, behaviour;
	struct str file; /* relative to DIR; absent: the item is inline */
	struct jval item, response, expected, max_score, compare;
	struct jval all; /* the whole line, for other members */
};

struct oracle_files;

struct oracle {
	struct ctx cx;	 /* its arena is emptied after each case */
	struct ctx keep; /* arena of what is cached for the whole run */
	struct oracle_files *files;
	const char *dir;
};

/*
 * Runs one case. got: what came out, in words, for the list of failures; may
 * stay empty.
 */
typedef enum oracle_verdict
oracle_run(struct oracle *o, const struct oracle_case *c, struct buf *got);

struct oracle_kind {
	const char *kind;
	oracle_run *run;
};

/*
 * The bytes of a file below DIR; cached. ERR_NOT_FOUND also for a name that
 * leaves DIR, ERR_TOO_LARGE over LIMIT_IMPORT_BYTES.
 */
MUST enum err oracle_file(struct oracle *o, struct str name, struct str *out);
/* The same, parsed as JSON; cached. Cached values outlive the case. */
MUST enum err oracle_json(struct oracle *o, struct str name, struct jval *out);

/* A member of an object; false also if v is no object or it is null. */
bool oracle_get(struct jval v, const char *name, struct jval *out);
/* The same for a string, with escapes resolved; absent if there is none. */
struct str oracle_str(struct oracle *o, struct jval v, const char *name);
/* An integer member, or otherwise. */
int64_t oracle_int(struct jval v, const char *name, int64_t otherwise);
/* A JSON number, or a string that holds one. */
bool oracle_number(struct oracle *o, struct jval v, double *out);

/* |expected - got| <= 1e-6 (or the case's stated "compare"). */
bool oracle_near(struct oracle *o, const struct oracle_case *c,
		 struct jval expected, double got);
bool oracle_near_dec(struct oracle *o, const struct oracle_case *c,
		     struct jval expected, struct dec got);
/* PASSED or FAILED, and says in *got what the number was. */
enum oracle_verdict oracle_expect(struct oracle *o, const struct oracle_case *c,
				  struct dec value, struct buf *got);
