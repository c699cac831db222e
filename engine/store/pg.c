#include "engine/store/driver.h"

static enum err no_pg(struct ctx *cx, struct store *s, bool writer,
		      struct store_conn **out)
{
	(void)s;
	(void)writer;
	(void)out;
	return err_set(cx, ERR_UNSUPPORTED, "PostgreSQL comes soon.");
}

const struct driver driver_pg = { .kind = "postgresql", .connect = no_pg };
