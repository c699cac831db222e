#include "engine/rpc/page.h"

enum err rpc_bad_cursor(struct ctx *cx)
{
	return err_field(cx, ERR_INVALID, "/cursor",
			 "cursor must be the next of a page before");
}
