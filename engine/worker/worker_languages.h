/* languages: the toolchains of this host (sandbox), as graders know them. */
#pragma once

#include "graders/code.h"

/* All rows of the table, present or not; they live in the arena. */
struct code_languages worker_languages(struct arena *a);
