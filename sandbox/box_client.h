/*
 * box_client: runs in another process. boxes_open starts one assay-box, which
 * watches several runs at once; it dies with its client, and all that runs in
 * its boxes dies with it. When it dies first, what was under way is told as IE
 * and the next start brings up another.
 *
 * Not thread-safe; one for each thread that wants one.
 */
#pragma once

#include "base/run.h"
#include "sandbox/box.h"

struct boxes;

struct boxes_opts {
	const char *program; /* path of assay-box; NULL: beside this program,
				else in PATH */
	int width;	     /* runs at once; 0: 8 */
	struct box_opts box;
};

MUST enum err boxes_open(struct ctx *cx, const struct boxes_opts *opts,
			 struct boxes **out);
void boxes_close(struct boxes *b); /* NULL is allowed; ends what runs */
/* Valid until boxes_close. */
const struct runner *boxes_runner(struct boxes *b);
/*
 * Starts ask.argv on a terminal of the box's own; *master is its other end,
 * the caller's to close, in blocking mode. Ended by `wait` of the runner like
 * any other run, or by boxes_cancel; the terminal's output is not captured.
 * ask.limits.wall_ms is the session's hard life. Files that are wanted are
 * collected at the end, however it ended.
 */
MUST enum err boxes_terminal(struct ctx *cx, struct boxes *b,
			     const struct run_ask *ask, int rows, int cols,
			     int *master, int64_t *ticket);
/*
 * The files of a run that is under way, as they are now: struct run_got, as a
 * want of "." tells them (box.h). For saving what somebody works on.
 * ERR_NOT_FOUND: it has not started or has ended.
 */
MUST enum err boxes_tree(struct ctx *cx, struct boxes *b, int64_t ticket,
			 int64_t max_bytes, struct list *out);
/*
 * Files into a run that is under way, and names out of it; both written as the
 * program itself could, replacing what is there. refused: struct run_got,
 * those that could not be. ERR_NOT_FOUND: it has not started or has ended.
 */
MUST enum err boxes_put(struct ctx *cx, struct boxes *b, int64_t ticket,
			const struct list *files, const struct list *removed,
			struct list *refused);
/* Ends one: SIGHUP to its session, what is left is killed 2 s later. */
void boxes_cancel(struct boxes *b, int64_t ticket);
/* Readable when a wait would not block; for poll. Stays the boxes' own. */
int boxes_fd(const struct boxes *b);
