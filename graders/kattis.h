/*
 * kattis: a Kattis/ICPC problem package, legacy and 2023-07, as a list of its
 * files, becomes an item. Nothing of it is run here; what is not understood is
 * listed in the bank's notes, each file counted once.
 */
#pragma once

#include "graders/bank.h"

enum { KATTIS_FILES = 20000 };

/* Whether a list of names has a problem.yaml at its top or one folder down. */
bool kattis_is_package(const struct run_file *files, size_t n);
/*
 * ERR_INVALID if there is no problem.yaml, it cannot be read, or no test is
 * left; ERR_TOO_LARGE over a limit. Strings are borrowed from the files.
 */
MUST enum err kattis_read(struct ctx *cx, const struct run_file *files,
			  size_t n, struct bank *out);
