/* A runner of one box after the other, in this process: no client between. */
#include "tests/box/boxed.h"

#include "sandbox/box.h"

enum { WAITING = 64 };

struct here {
	struct box_host *host;
	int64_t next, n;
	int64_t ticket[WAITING];
	struct run_told told[WAITING];
};

static enum err start(struct ctx *cx, void *arg, const struct run_ask *ask,
		      int64_t *ticket)
{
	struct here *h = arg;
	enum err e;

	CHECK(h->n < WAITING);
	e = box_run(cx, h->host, ask, &h->told[h->n]);
	if (e)
		return e;
	h->ticket[h->n++] = *ticket = ++h->next;
	return OK;
}

static enum err wait_one(struct ctx *cx, void *arg, int64_t *ticket,
			 struct run_told *out)
{
	struct here *h = arg;

	(void)cx;
	CHECK(h->n > 0);
	h->n--;
	*ticket = h->ticket[h->n];
	*out = h->told[h->n];
	return OK;
}

static void cancel(void *arg)
{
	((struct here *)arg)->n = 0;
}

bool boxed_here(struct boxed *b, const struct box_opts *opts)
{
	struct here *h = ARENA_NEW(b->cx.arena, struct here);

	if (box_host_open(&b->cx, opts, &h->host))
		return false;
	b->here = h->host;
	b->runner = (struct runner){ .arg = h,
				     .width = 2,
				     .level = box_host_level(h->host),
				     .start = start,
				     .wait = wait_one,
				     .cancel = cancel };
	return true;
}
