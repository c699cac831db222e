/*
 * gitlib: libgit2 as this house wants it: no configuration of the system or of
 * a user, no templates, owner checks on, limits on packs.
 */
#pragma once

#include "base/ctx.h"

/*
 * Before anything of libgit2 is used; may be called more than once, each with
 * its stop. The first call must come before other threads use it.
 */
MUST enum err gitlib_start(struct ctx *cx);
void gitlib_stop(void);
/* A failure of libgit2: its sentence goes into the detail. */
enum err gitlib_failed(struct ctx *cx, enum err code, const char *what);
