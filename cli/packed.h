/* packed: archives on the command line, read in a box. */
#pragma once

#include "cli/cli.h"
#include "sandbox/tree_frames.h"

/* By its first bytes: a zip, or a tar, packed or not. */
bool packed_is(struct str bytes);
/*
 * Its files, with what was left out told on standard error. ERR_UNAVAILABLE:
 * nothing can be run here; the others as archive_expand.
 */
MUST enum err packed_read(struct cli *c, struct str bytes,
			  struct tree_list *out);
/* One line for each entry that was left out. */
void packed_say_refused(struct cli *c, const struct tree_list *l);
