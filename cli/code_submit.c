/* assay code submit: files to a code item, and what came of them. */
#include "cli/take.h"
#include "cli/take_start.h"
#include "cli/verb.h"

const struct flag code_submit_flags[] = {
	{ .name = "assessment",
	  .value = "ID",
	  .doc = "which one; or its course and slug" },
	{ .name = "course",
	  .value = "TEXT",
	  .doc = "the platform's course id" },
	{ .name = "slug", .value = "TEXT", .doc = "its name in the course" },
	{ .name = "attempt", .value = "ID", .doc = "in this attempt" },
	{ .name = "learner",
	  .value = "TEXT",
	  .doc = "whom a platform hands it in for; absent: yourself" },
	{ .name = "slot",
	  .value = "N",
	  .doc = "to which question; absent: the only one that takes code" },
	{ .name = "language",
	  .value = "NAME",
	  .doc = "of the files; absent: what their endings say" },
	{ .name = "accept_pledge", .doc = "the pledge is accepted" },
	{ .name = "password_file",
	  .value = "FILE",
	  .doc = "holds the assessment's password" },
	{ .name = "yes", .letter = 'y', .doc = "start without asking" },
	{ .name = "no_wait", .doc = "do not wait for the verdict" },
	{ .name = "finish",
	  .doc = "hand in the attempt, too: its grade counts then" },
	{ 0 },
};

/* The question that was meant, or NULL. */
static struct question *choose(struct take *t)
{
	struct str slot = args_get(t->args, "slot");
	struct question *found = NULL;
	int64_t n = 0;

	if (slot.p && !str_int(slot, &n))
		return NULL;
	for (size_t i = 0; i < t->n; i++) {
		struct question *q = &t->questions[i];

		if (!take_is_code(t, q) || (slot.p && q->slot != n))
			continue;
		if (found)
			return NULL;
		found = q;
	}
	return found;
}

static int finish(struct take *t)
{
	struct client_reply r;
	int code = take_call(t, "attempt.submit",
			     str_fmt(t->c->cx->arena, "{\"attempt\":\"%.*s\"}",
				     STR_FMT(t->attempt)),
			     true, &r);

	if (code != TAKE_ON)
		return code;
	if (r.code)
		return take_refused(t, &r);
	take_sayf(t, "The attempt is handed in.");
	return TAKE_ON;
}

static int submit(struct take *t)
{
	struct question *q;
	struct str response;
	bool passed, wait = !args_on(t->args, "no_wait");
	int code = take_begin(t);

	if (code == TAKE_ON)
		code = take_load(t);
	if (code != TAKE_ON)
		return code;
	if (t->over)
		return cli_say(
			t->c, CLI_REFUSED,
			"the attempt is over: nothing more can be handed "
			"in");
	q = choose(t);
	if (!q)
		return cli_say(t->c, CLI_USAGE,
			       "which question? --slot N must be one that "
			       "takes code");
	if (take_files(t, q, &t->args->rest, args_get(t->args, "language"),
		       &response))
		return cli_error(t->c, ERR_INVALID);
	code = take_hand_in(t, q, response, wait, &passed);
	if (code == TAKE_ON && args_on(t->args, "finish"))
		code = finish(t);
	else if (code == TAKE_ON)
		take_sayf(t,
			  "Hand in more while the attempt is open, or end it: "
			  "assay attempt submit --attempt %.*s",
			  STR_FMT(t->attempt));
	if (code != TAKE_ON)
		return code;
	return passed || !wait ? CLI_FINE : CLI_REFUSED;
}

int code_submit_run(struct cli *c, const struct args *a)
{
	struct take t = { .c = c, .args = a, .brief = true };

	return take_open(&t, submit);
}
