/* man: the manual page assay(1), in mdoc, from the tables. */
#pragma once

#include "cli/cli.h"

void man_print(struct cli *c);
