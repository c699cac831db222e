/* content_host: the address of a host that content comes from. */
#pragma once

#include "base/buf.h"
#include "base/ctx.h"
#include "sandbox/source_url.h"

/*
 * Looks the host up and gives the first address that is allowed, as text.
 * private_ok: private addresses are, too. ERR_DENIED: it has only others.
 * ERR_NOT_FOUND: there is no such host. ERR_UNAVAILABLE: nobody could say.
 */
MUST enum err content_host(struct ctx *cx, const struct source_url *url,
			   bool private_ok, struct str *address);
/* PEM text of whom this machine trusts to certify hosts; ERR_UNAVAILABLE. */
MUST enum err content_trusted(struct ctx *cx, struct str *pem);
