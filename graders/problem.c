#include "graders/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *const problem_level_words[] = { "error", "warning", NULL };

static const struct field problem_fields[] = {
	FIELD(struct problem, level, KIND_ENUM, "how bad",
	      .words = problem_level_words),
	FIELD(struct problem, at, KIND_STR, "JSON pointer into the file"),
	FIELD(struct problem, code, KIND_STR, "stable word"),
	FIELD(struct problem, text, KIND_STR, "what is wrong, in a sentence"),
	FIELD_END,
};
const struct shape problem_shape = SHAPE(struct problem, problem_fields);

static const struct field problems_fields[] = {
	FIELD(struct problems, errors, KIND_INT, "number of errors"),
	FIELD(struct problems, warnings, KIND_INT, "number of warnings"),
	FIELD(struct problems, list, KIND_LIST, "what was found",
	      .of = KIND_OBJECT, .shape = &problem_shape),
	FIELD_END,
};
const struct shape problems_shape = SHAPE(struct problems, problems_fields);

/* An error is never left out for a warning's sake: the last one goes. */
static bool make_room(struct problems *ps, int level)
{
	struct problem *p = ps->list.at;
	size_t at = ps->list.n;

	if (level != PROBLEM_ERROR)
		return false;
	while (at > 0 && p[at - 1].level == PROBLEM_ERROR)
		at--;
	if (!at)
		return false;
	memmove(&p[at - 1], &p[at], (ps->list.n - at) * sizeof(*p));
	ps->list.n--;
	return true;
}

void problem_add(struct ctx *cx, struct problems *ps, int level, struct str at,
		 const char *code, const char *fmt, ...)
{
	struct problem *p;
	char text[ERR_TEXT];
	va_list ap;

	if (level == PROBLEM_ERROR)
		ps->errors++;
	else
		ps->warnings++;
	if (ps->list.n == PROBLEM_MAX && !make_room(ps, level))
		return;
	if (ps->list.at == NULL)
		ps->list.at =
			ARENA_ARRAY(cx->arena, struct problem, PROBLEM_MAX);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p = (struct problem *)ps->list.at + ps->list.n++;
	*p = (struct problem){ .level = level,
			       .at = str_copy(cx->arena, at),
			       .code = str_of(code),
			       .text = str_copy(cx->arena, str_of(text)) };
}

enum err problems_refuse(struct ctx *cx, const struct problems *ps)
{
	const struct problem *p = ps->list.at;

	for (size_t i = 0; i < ps->list.n; i++)
		if (p[i].level == PROBLEM_ERROR)
			return err_field(cx, ERR_INVALID,
					 str_z(cx->arena, p[i].at), "%.*s",
					 STR_FMT(p[i].text));
	return ps->errors ? err_set(cx, ERR_INVALID, "there are %lld errors",
				    (long long)ps->errors)
			  : OK;
}
