#include "engine/rpc/page.h"

enum { VALS_MOST = 8 };

enum err rpc_page(struct ctx *cx, const struct stmt *st, const struct val *vals,
		  size_t n, int64_t limit, size_t row, struct list *out,
		  const void **last)
{
	int64_t rows = rpc_page_rows(limit);
	struct val all[VALS_MOST];
	bool more = false;
	enum err e;

	CHECK(n < VALS_MOST);
	memcpy(all, vals, n * sizeof(*vals));
	all[n] = v_int(rows + 1); /* one more tells that there are */
	*last = NULL;
	e = store_list(cx, st, all, n + 1, (size_t)rows, out, &more);
	if (!e && more)
		*last = (const char *)out->at + (out->n - 1) * row;
	return e;
}

enum err rpc_bad_cursor(struct ctx *cx)
{
	return err_field(cx, ERR_INVALID, "/cursor",
			 "cursor must be the next of a page before");
}
