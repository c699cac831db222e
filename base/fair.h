/* fair: how often somebody may ask for what costs others something. */
#pragma once

#include "base/ctx.h"

enum { FAIR_MS = 60000 };

/*
 * So many a minute and as many at once: *at is the instant from which there is
 * room for all of them again (GCRA), kept where it survives. ERR_RATE_LIMITED
 * says when to come again; *at is unchanged then.
 */
MUST enum err fair_use(struct ctx *cx, int64_t *at, int64_t per_minute,
		       const char *what);
/* *at after one that came at an instant. */
int64_t fair_after(int64_t at, int64_t per_minute, int64_t came_ms);
