/*
 * page: how a list comes in pages. Its params have limit and cursor; its
 * result has next, the cursor of the page behind, absent on the last one.
 */
#pragma once

#include "base/limits.h"
#include "engine/rpc/rpc.h"

enum { RPC_PAGE_ROWS = 100, RPC_CURSOR_BYTES = 200 };

/* Fields of params with an int64_t limit and a struct str cursor. */
#define RPC_PAGE_FIELDS(s)                                                     \
	RPC_LIMIT_FIELD(s),                                                    \
		FIELD_OPT(s, cursor, KIND_STR, "next of the page before",      \
			  .max = RPC_CURSOR_BYTES)
/* The same where a row's id is cursor enough. */
#define RPC_ID_PAGE_FIELDS(s)                                                  \
	RPC_LIMIT_FIELD(s),                                                    \
		FIELD_OPT(s, cursor, KIND_ID, "next of the page before")
#define RPC_LIMIT_FIELD(s)                                                     \
	FIELD_OPT(s, limit, KIND_INT, "rows; default 100", .min = 1,           \
		  .max = LIMIT_PAGE)
/* The result's next, of the cursor's kind. */
#define RPC_NEXT_FIELD(s, k)                                                   \
	FIELD_OPT(s, next, k,                                                  \
		  "cursor of the next page; absent: this was the last")

static inline int64_t rpc_page_rows(int64_t limit)
{
	return limit ? limit : RPC_PAGE_ROWS;
}

/*
 * One page by a statement whose last value is how many rows it may give: vals
 * without that one. *last: the page's last row, whose key is the next cursor;
 * NULL: there is no page behind it. row: bytes of a row's struct.
 */
MUST enum err rpc_page(struct ctx *cx, const struct stmt *st,
		       const struct val *vals, size_t n, int64_t limit,
		       size_t row, struct list *out, const void **last);
/* For a cursor that no page gave. ERR_INVALID. */
MUST enum err rpc_bad_cursor(struct ctx *cx);
