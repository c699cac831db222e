/*
 * params: a method's params from flags, by its field table.
 *
 *   bool     --x, --no-x            words      --x a,b
 *   integer  --x 5; spans (2h) where the name ends in _ms
 *   time     RFC 3339, "2026-01-02 15:04" local, or +2h and -7d from now
 *   lists    --x a,b or --x a --x b; others as JSON
 *   objects and any: JSON; @FILE and - read it from a file
 *   base64   @FILE, or its base64
 */
#pragma once

#include "cli/args.h"
#include "cli/cli.h"

/* One flag for each field, ended; in the arena. */
const struct flag *params_flags(struct ctx *cx, const struct shape *shape);
/*
 * The JSON object of what was given. Words fill the required fields that have
 * no flag, in their order. ERR_INVALID says what is missing or wrong.
 */
MUST enum err params_build(struct cli *c, const struct shape *shape,
			   const struct args *a, struct str *json);
