/* unpack: a submission that came as an archive, before it is judged. */
#pragma once

#include "graders/code.h"
#include "sandbox/expand.h"

/*
 * Expands the task's one file in a box, and puts what was in it in its place.
 * Names that a tool takes for its own configuration are left out. *out tells
 * what there was; *reason: absent, or why it cannot be judged, for the learner.
 * ERR_UNAVAILABLE: ours.
 */
MUST enum err worker_unpack(struct ctx *cx, const struct expander *x,
			    const struct code_spec *s, struct code_task *task,
			    struct code_archive *out, struct str *reason);
/*
 * What an archive held, told in *out; *kept: what is judged of it, struct
 * run_file.
 */
void worker_unpack_told(struct ctx *cx, const struct tree_list *t,
			struct code_archive *out, struct list *kept);
