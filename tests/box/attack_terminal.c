/*
 * An attack inside an interactive session: started by hand in a shell on a
 * terminal of the box's own. The shell must still answer, though a flood goes
 * on; ended, nothing of it is left.
 */
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "sandbox/box_client.h"
#include "tests/box/attack.h"

enum { ANSWER_MS = 2000, READ_BYTES = 65536 };

static int64_t now_ms(void)
{
	return clock_mono_ns(&clock_system) / 1000000;
}

/* The word in pieces, so that its echo is no answer. */
static const char alive[] = "echo AL''IVE\r";

/* Reads until the answer is there; what a window would keep is enough. */
static bool answers(int master)
{
	static char room[READ_BYTES + 8];
	int64_t end = now_ms() + ANSWER_MS;
	size_t kept = 0;

	while (now_ms() < end) {
		struct pollfd p = { .fd = master, .events = POLLIN };
		ssize_t n;

		if (poll(&p, 1, 50) <= 0)
			continue;
		n = read(master, room + kept, READ_BYTES);
		if (n <= 0)
			return false;
		if (memmem(room, kept + (size_t)n, "ALIVE", 5))
			return true;
		/* It may lie over the edge of two reads. */
		kept += (size_t)n;
		memmove(room, room + (kept > 5 ? kept - 5 : 0),
			kept > 5 ? 5 : kept);
		kept = kept > 5 ? 5 : kept;
	}
	return false;
}

const char *attack_in_terminal(struct boxed *b, const struct attack *a)
{
	static const char *const words[] = { "sh", "-i", NULL };
	struct ctx cx = boxed_cx(b);
	struct run_ask ask = attack_ask(&cx, a);
	const char *fault = NULL;
	struct run_told t;
	int64_t ticket, ended;
	int master;

	if (!b->boxes)
		return NULL;
	ask.argv = boxed_words(&cx, words);
	ask.limits.wall_ms = 60000;
	if (boxes_terminal(&cx, b->boxes, &ask, 24, 80, &master, &ticket))
		return "no terminal for it";
	if (write(master, "sh ./x.sh\r", 10) != 10)
		fault = "the terminal takes nothing";
	if (!fault && write(master, alive, sizeof(alive) - 1) < 0)
		fault = "the terminal takes no more";
	if (!fault && !answers(master))
		fault = "the session does not answer in time";
	boxes_cancel(b->boxes, ticket);
	close(master);
	if (b->runner.wait(&cx, b->runner.arg, &ended, &t) || ended != ticket)
		fault = "the session does not end";
	return fault;
}
