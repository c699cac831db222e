#include "engine/worker/worker_boxes.h"

#include "sandbox/box_client.h"

enum err worker_boxes_open(struct ctx *cx, const struct worker_boxes *o,
			   struct worker_runs *out)
{
	const struct boxes_opts opts = { .program = o->program,
					 .width = o->width,
					 .box = { .slots = o->width } };
	struct boxes *b;
	enum err e = boxes_open(cx, &opts, &b);

	if (e)
		return e;
	*out = (struct worker_runs){ .runner = boxes_runner(b),
				     .boxes = b,
				     .fd = boxes_fd(b) };
	return OK;
}

void worker_boxes_close(struct worker_runs *r)
{
	boxes_close(r->boxes);
}
