/*
 * kept: a reply as its record keeps it for repeats, when it holds what no
 * record may: a password, or what a learner wrote. It is sealed under the
 * caller's idempotency key, which is kept nowhere: who asks again can open it,
 * who reads the record cannot (as far as the key cannot be guessed), and what
 * is erased elsewhere does not live on in it.
 */
#pragma once

#include "base/ctx.h"

/* JSON, in the arena: {"sealed":"HEX"}. actor: whose key it is. */
struct str kept_seal(struct ctx *cx, struct str actor, struct str key,
		     struct str reply);
/*
 * Opens what was sealed; any other reply stays as it is. false: it was not
 * sealed under this key.
 */
bool kept_open(struct ctx *cx, struct str actor, struct str key,
	       struct str *reply);
