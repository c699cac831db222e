/* boxes: what programs are run with: an assay-box for each hand. */
#pragma once

#include "engine/worker/worker.h"

struct worker_boxes {
	const char *program; /* NULL: beside this program, else in PATH */
	int width;
};

/* For worker_opts.runs_open and runs_close. */
MUST enum err worker_boxes_open(struct ctx *cx, const struct worker_boxes *o,
				struct worker_runs *out);
void worker_boxes_close(struct worker_runs *r);
