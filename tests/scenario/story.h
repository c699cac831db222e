/*
 * story: calls as rows of a table. Include after cmocka.h.
 *
 * Params are written with ' for ". A row may keep a value of its result under
 * a letter; $X in later params stands for it, $T+N and $T-N for the time N
 * seconds from now or ago. A row without a method lets time pass.
 */
#pragma once

#include "tests/scenario/quiz.h"

struct story {
	const char *who, *method, *params;
	enum err want;
	const char *keep;  /* "a=assessment/id" */
	int64_t pass_ms;   /* a row without method: time passes, things happen;
			      with one: only the clock moves, before the call */
	const char *bytes; /* behind the NUL */
};

struct story_vars {
	const char *value[128];
};

static inline const char *story_time(struct world *w, const char **at)
{
	char *end;
	int64_t s = strtoll(*at, &end, 10);

	CHECK(end != *at);
	*at = end;
	return world_time(w, s * 1000);
}

static inline struct str story_params(struct world *w,
				      const struct story_vars *v, const char *p)
{
	struct buf b = { 0 };
	struct str s;

	while (*p) {
		char c = *p++;

		if (c == '\'') {
			buf_ch(&b, '"');
		} else if (c == '$' && *p == 'T') {
			p++;
			buf_z(&b, story_time(w, &p));
		} else if (c == '$') {
			const char *value = v->value[*p++ & 127];

			CHECK(value); /* else nothing was kept there */
			buf_z(&b, value);
		} else {
			buf_ch(&b, c);
		}
	}
	s = buf_copy(&b, w->cx.arena);
	buf_done(&b);
	return s;
}

static inline void story_keep(struct world *w, struct story_vars *v,
			      const struct reply *r, const char *keep)
{
	CHECK(keep[1] == '=');
	v->value[keep[0] & 127] = reply_text(w, r, keep + 2);
	CHECK(v->value[keep[0] & 127]);
}

static inline struct reply story_call(struct world *w, struct story_vars *v,
				      const struct story *s)
{
	struct reply r;

	if (s->pass_ms)
		clock_manual_step(&w->clock, s->pass_ms);
	r = world_call_bytes(w, s->who, s->method,
			     story_params(w, v, s->params ? s->params : ""),
			     str_of(s->bytes));
	if (s->keep && !r.e)
		story_keep(w, v, &r, s->keep);
	return r;
}

/* Every row as it says; the rest of a table after a wrong one is not told. */
static inline void story_tell(struct world *w, struct story_vars *v,
			      const struct story *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct reply r;

		if (!rows[i].method) {
			world_pass(w, rows[i].pass_ms);
			continue;
		}
		r = story_call(w, v, &rows[i]);
		if (r.e != rows[i].want)
			fail_msg("row %zu: %s %s as %s: wanted %s, got %.*s", i,
				 rows[i].method,
				 rows[i].params ? rows[i].params : "",
				 rows[i].who, err_kind(rows[i].want),
				 STR_FMT(str_cut(r.json, 0, 600)));
	}
}

#define STORY(w, v, rows)                                                      \
	story_tell(w, v, rows, sizeof(rows) / sizeof((rows)[0]))
