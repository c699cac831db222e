/*
 * peer_number: the numbers of `assay peer`: from flags, and into JSON, where
 * one that is undefined is left out.
 */
#pragma once

#include "base/dec.h"
#include "base/field.h"
#include "cli/args.h"
#include "cli/cli.h"

/* A number that may be undefined: then it is not written. */
struct maybe {
	bool has;
	struct dec v;
};
#define MAYBE(s, m, d)                                                         \
	{                                                                      \
		.name = #m, .doc = (d), .kind = KIND_DEC,                      \
		.offset = offsetof(s, m.v), .optional = true,                  \
		.has = (int32_t)offsetof(s, m.has) + 1,                        \
	}
/* To six decimals; NaN and infinities are undefined. */
struct maybe maybe(double v);

/*
 * Twelve digits, wherever the point is: for what is in the scores' own unit,
 * and for precisions, where six decimals may be too few. Text of a KIND_RAW, in
 * the arena; absent if it is undefined.
 */
struct str peer_digits(struct arena *a, double v);

/*
 * "1", "0.5", "1e-3"; false if it is something else. Of flags, and of tables
 * where dec.h's nine decimals may be too few.
 */
bool peer_double(struct str s, double *out);

/*
 * Numbers of flags: *io stays as it is if the flag is not given. ERR_INVALID
 * names the flag and what it takes.
 */
MUST enum err peer_real(struct ctx *cx, const struct args *a, const char *flag,
			double *io);
MUST enum err peer_whole(struct ctx *cx, const struct args *a, const char *flag,
			 int64_t least, int64_t most, int64_t *io);
/*
 * Tells an error of a library that takes the flags as fields ("/tail_days"):
 * a wrong value of a flag is wrong usage, by the flag's name.
 */
int peer_error(struct cli *c, enum err e);
