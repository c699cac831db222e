/*
 * take: a person takes an assessment in a terminal. For the files take*.c.
 *
 *   take.c         the way from the rules to the receipt; commands
 *   take_net.c     calls: load, save, check, submit; what refusals mean
 *   take_show.c    a question, a response, the overview as text
 *   take_read.c    what was typed, as a response
 *   take_write.c   essays: several lines, or an editor
 *   take_code.c    files to a code item; the verdict; also `assay code submit`
 *
 * The server knows everything: it is asked for the questions and told every
 * answer at once. What is kept here is a copy, so quitting loses nothing.
 */
#pragma once

#include "cli/cli.h"
#include "cli/connect.h"

struct question {
	int64_t slot, seq;			/* seq of its last change */
	int64_t section, certainty, tries_left; /* tries_left -1: not said */
	struct str state, behaviour;		/* the wire's words */
	struct str max_mark;			/* absent: not told */
	struct jval item;			/* delivery form */
	bool has_item, answered;
	struct str response; /* JSON; absent: none yet */
};

struct take {
	struct cli *c;
	struct connect net;
	const struct args *args;
	struct str attempt; /* id */
	struct str title, state;
	struct jval sections; /* by index */
	bool has_sections;
	struct question *questions;
	size_t n, at;
	int64_t due_at, hard_end_at; /* 0: none */
	int64_t ahead_ms;	     /* the server's clock minus ours */
	struct str receipt;	     /* JSON, once handed in */
	bool saved;		     /* the last answer that was sent */
	bool over;		     /* nothing can be answered any more */
	bool brief; /* no rules where an attempt is open already */
	bool ended; /* standard input has: only the server can go on */
};

/* ---- take.c ---- */

/* A line typed by the person, without its end; absent at the end of input. */
struct str take_line(struct take *t, const char *prompt);
/* yes or no; no at the end of input. */
bool take_yes(struct take *t, const char *prompt);
void take_say(struct take *t, int indent, struct str text);
void take_sayf(struct take *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Connects, runs it, and closes; an exit code. */
int take_open(struct take *t, int (*run)(struct take *t));

/* ---- take_net.c: what they return is an exit code, or -1 to go on ---- */

enum { TAKE_ON = -1 };

/*
 * A call; while nobody answers the person is asked, and the same bytes go
 * again. TAKE_ON: there is an answer, maybe an error.
 */
int take_call(struct take *t, const char *method, struct str params,
	      bool command, struct client_reply *r);
/* Says why; 1 or 3. */
int take_refused(struct take *t, const struct client_reply *r);
/* Questions and answers as the server has them. */
int take_load(struct take *t);
/* The response of question q, by "answer" or "check". */
int take_save(struct take *t, struct question *q, struct str response);
/* Sends a change of q until it is taken, refused, or given up. */
int take_send(struct take *t, const char *method, struct question *q,
	      struct str response, struct client_reply *r, bool *taken);
int take_check(struct take *t, struct question *q);
int take_again(struct take *t, struct question *q);
/* What is left in ms by the server's clock; INT64_MAX: no limit. */
int64_t take_left(const struct take *t);

/* ---- take_show.c ---- */

/*
 * q, which stands at place at among t->questions, or is a copy of that one
 * with other texts. The first of a section shows the section's heading.
 */
void take_show(struct take *t, const struct question *q, size_t at);
void take_show_response(struct take *t, const struct question *q,
			const char *label, struct str response);
/*
 * Feedback, mark, right answer: what a check or a review may show. false: it
 * was nothing.
 */
bool take_show_outcome(struct take *t, const struct question *q,
		       struct jval slot);
void take_show_list(struct take *t);
bool take_has_check(const struct question *q);
bool take_has_certainty(const struct question *q);
bool take_needs_answer(const struct question *q);
/* The type's word of a delivered item or part. */
struct str take_type(struct cli *c, struct jval item);
/* What the person may type here; a sentence. */
const char *take_how(struct take *t, const struct question *q);

/* ---- take_read.c ---- */

/*
 * The typed line as a response to q, merged with what it has where several
 * parts are answered one by one. ERR_INVALID: says what is expected.
 */
MUST enum err take_read(struct cli *c, const struct question *q,
			struct str line, struct str *response);

/* ---- take_write.c ---- */

/* first: the line that began it, or absent. false: nothing was written. */
bool take_write(struct take *t, const struct question *q, struct str first,
		struct str *response);

/* ---- take_code.c ---- */

bool take_is_code(struct take *t, const struct question *q);
/* Languages, files and limits of a code item. */
void take_show_code(struct take *t, const struct question *q);
/*
 * Files, or one folder, as a response. language: absent is found out by the
 * files' endings.
 */
MUST enum err take_files(struct take *t, const struct question *q,
			 const struct list *paths, struct str language,
			 struct str *response);
/* The same of a line: names with spaces between, a language and : before. */
MUST enum err take_read_files(struct take *t, const struct question *q,
			      struct str line, struct str *response);
/*
 * Hands in, waits if wanted for the verdict, and shows it. TAKE_ON, or an exit
 * code; passed: all tests that are told of were.
 */
int take_hand_in(struct take *t, struct question *q, struct str response,
		 bool wait, bool *passed);
void take_show_report(struct take *t, struct jval report);

/* ---- members of JSON, absent or 0 where there are none ---- */

bool take_get(struct jval v, const char *name, struct jval *out);
/* What q's response has, as the server saved it. */
struct jval take_saved(struct cli *c, const struct question *q);
struct str take_str(struct cli *c, struct jval v, const char *name);
int64_t take_int(struct jval v, const char *name);
int64_t take_time(struct cli *c, struct jval v, const char *name);
bool take_bool(struct jval v, const char *name);
