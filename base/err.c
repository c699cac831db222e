#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct err_row {
	const char *kind;
	int number;
	bool retry;
};

static const struct err_row rows[ERR_COUNT] = {
#define X(code, kind, number, retry) [code] = { kind, number, retry },
	X(OK, "ok", 0, false) ERR_CODES(X)
#undef X
};

static const struct err_row *row_of(enum err e)
{
	CHECK((unsigned)e < ERR_COUNT);
	return &rows[e];
}

const char *err_kind(enum err e)
{
	return row_of(e)->kind;
}

int err_number(enum err e)
{
	return row_of(e)->number;
}

bool err_retry(enum err e)
{
	return row_of(e)->retry;
}

enum err err_from_kind(const char *kind)
{
	if (!kind)
		return ERR_INTERNAL;
	for (int i = OK + 1; i < ERR_COUNT; i++) {
		if (strcmp(rows[i].kind, kind) == 0)
			return (enum err)i;
	}
	return ERR_INTERNAL;
}

_Noreturn void err_check_failed(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: CHECK failed: %s\n", file, line, what);
	abort();
}
