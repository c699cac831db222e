/* take_start: shows the rules and starts or resumes. For take.c. */
#pragma once

#include "cli/take.h"

/* Sets t->attempt. TAKE_ON, or an exit code. */
int take_begin(struct take *t);
