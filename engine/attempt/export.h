/* export: attempts as a table. For engine/attempt. */
#pragma once

#include "engine/attempt/live.h"

/* Which attempts a list or an export is about. */
struct filter {
	struct assessment_ref ref; /* a course alone is allowed, too */
	struct str learner;	   /* the platform's name of a person */
	int state;		   /* 0: any */
	int64_t limit;
	struct id cursor;
};
/* One page of struct attempt_row; *next: none at the end. */
MUST enum err filter_rows(struct ctx *cx, const struct filter *f, size_t limit,
			  struct list *out, struct id *next);

/* The params of a list. */
struct wanted {
	struct filter filter;
};

struct export_params {
	struct filter filter;
	struct str delimiter, decimal_mark;
	bool bom;
};
extern const struct shape export_shape;
struct exported {
	int64_t rows, bytes;
	struct str type, name;
	struct id next;
};
extern const struct shape exported_shape;
MUST enum err export_rpc(struct ctx *cx, const void *params, void *result);

#define FILTER_FIELDS(s, m)                                                    \
	ASSESSMENT_REF_FIELDS(s, m.ref),                                       \
		{ .name = "learner",                                           \
		  .doc = "one person's only (sub)",                            \
		  .kind = KIND_STR,                                            \
		  .optional = true,                                            \
		  .max = LIMIT_REF_BYTES,                                      \
		  .offset = offsetof(s, m.learner) },                          \
		{ .name = "state",                                             \
		  .doc = "in this state only; none: in any",                   \
		  .kind = KIND_ENUM,                                           \
		  .words = attempt_state_words,                                \
		  .optional = true,                                            \
		  .offset = offsetof(s, m.state) },                            \
		{ .name = "limit",                                             \
		  .doc = "most of one reply",                                  \
		  .kind = KIND_INT,                                            \
		  .optional = true,                                            \
		  .min = 1,                                                    \
		  .max = LIMIT_PAGE,                                           \
		  .offset = offsetof(s, m.limit) },                            \
	{                                                                      \
		.name = "cursor", .doc = "the last reply's next",              \
		.kind = KIND_ID, .optional = true,                             \
		.offset = offsetof(s, m.cursor)                                \
	}
