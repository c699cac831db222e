#include "cli/verb.h"

const struct flag take_flags[] = { { 0 } };

int take_run(struct cli *c, const struct args *a)
{
	(void)a;
	return cli_say(c, CLI_FAILED, "not yet");
}
