#include "graders/item.h"

#include <stdio.h>

#include "graders/num.h"
#include "graders/text.h"

enum { PATH = 200 };

struct check {
	struct ctx *cx;
	const struct item *it;
	const char *where;
};

static enum err refuse(const struct check *c, const char *member, size_t i,
		       const char *what)
{
	char path[PATH];

	snprintf(path, sizeof(path), "%s/%s/%zu", c->where, member, i);
	return err_field(c->cx, ERR_INVALID, path, "%s", what);
}

static enum err refuse_item(const struct check *c, const char *member,
			    const char *what)
{
	char path[PATH];

	snprintf(path, sizeof(path), "%s/%s", c->where, member);
	return err_field(c->cx, ERR_INVALID, path, "%s", what);
}

static bool is_share(struct dec d)
{
	return dec_cmp(d, DEC_ONE) <= 0 && dec_cmp(d, dec_neg(DEC_ONE)) >= 0;
}

static enum err check_choices(const struct check *c)
{
	const struct choice *at = c->it->choices.at;
	size_t n = c->it->choices.n;

	if (n == 0)
		return refuse_item(c, "choices", "has no choices");
	if (c->it->type == ITEM_TRUE_FALSE && n != 2)
		return refuse_item(c, "choices", "must be true and false");
	for (size_t i = 0; i < n; i++) {
		if (!is_share(at[i].fraction))
			return refuse(c, "choices", i,
				      "the fraction must be within -1 and 1");
		for (size_t j = 0; j < i && at[i].id.n > 0; j++) {
			if (str_eq(at[i].id, at[j].id))
				return refuse(c, "choices", i,
					      "two choices have this id");
		}
	}
	return OK;
}

static enum err check_units(const struct check *c)
{
	const struct unit *at = c->it->units.at;
	struct num m;

	for (size_t i = 0; i < c->it->units.n; i++) {
		if (!num_plain(c->cx->arena, at[i].multiplier, &m) ||
		    num_sign(&m) <= 0)
			return refuse(c, "units", i,
				      "the multiplier must be a number over 0");
	}
	return OK;
}

static enum err check_answers(const struct check *c)
{
	const struct answer *at = c->it->answers.at;
	struct num_range range;

	if (c->it->answers.n == 0)
		return refuse_item(c, "answers", "has no answers");
	for (size_t i = 0; i < c->it->answers.n; i++) {
		if (!is_share(at[i].fraction))
			return refuse(c, "answers", i,
				      "the fraction must be within -1 and 1");
		if (c->it->type == ITEM_NUMERIC && !text_is_any(at[i].text) &&
		    !num_range_read(c->cx->arena, &at[i], &range))
			return refuse(c, "answers", i,
				      "the answer or its tolerance is no "
				      "number");
	}
	return c->it->type == ITEM_NUMERIC ? check_units(c) : OK;
}

static enum err check_match(const struct check *c)
{
	const struct match_stem *at = c->it->stems.at;

	if (c->it->stems.n == 0)
		return refuse_item(c, "stems", "has nothing to match");
	for (size_t i = 0; i < c->it->stems.n; i++) {
		if (at[i].option < 0 ||
		    at[i].option >= (int64_t)c->it->options.n)
			return refuse(c, "stems", i, "there is no such option");
	}
	return OK;
}

static bool may_be_part(int type)
{
	return type == ITEM_CHOICE || type == ITEM_MULTI ||
	       type == ITEM_SHORT || type == ITEM_NUMERIC;
}

static enum err check_parts(const struct check *c)
{
	const struct item *at = c->it->parts.at;
	char path[PATH];
	enum err e;

	if (c->it->parts.n == 0)
		return refuse_item(c, "parts", "has no blanks");
	for (size_t i = 0; i < c->it->parts.n; i++) {
		if (!may_be_part(at[i].type))
			return refuse(c, "parts", i,
				      "this type cannot be part of a text");
		snprintf(path, sizeof(path), "%s/parts/%zu", c->where, i);
		e = item_check(c->cx, &at[i], path);
		if (e)
			return e;
	}
	return OK;
}

static enum err check_code(const struct check *c)
{
	char path[PATH];

	if (!c->it->has_code)
		return refuse_item(c, "code",
				   "is missing: say what may be handed in, and "
				   "its tests");
	snprintf(path, sizeof(path), "%s/code", c->where);
	return code_spec_check(c->cx, &c->it->code, path);
}

enum err item_check(struct ctx *cx, const struct item *it, const char *where)
{
	struct check c = { cx, it, where };

	if (dec_cmp(it->mark, DEC_ZERO) < 0)
		return refuse_item(&c, "mark", "must not be negative");
	if (dec_cmp(it->penalty, DEC_ZERO) < 0 || !is_share(it->penalty))
		return refuse_item(&c, "penalty", "must be within 0 and 1");
	switch ((enum item_type)it->type) {
	case ITEM_CHOICE:
	case ITEM_MULTI:
	case ITEM_TRUE_FALSE:
		return check_choices(&c);
	case ITEM_SHORT:
	case ITEM_NUMERIC:
		return check_answers(&c);
	case ITEM_MATCH:
		return check_match(&c);
	case ITEM_CLOZE:
		return check_parts(&c);
	case ITEM_CODE:
		return check_code(&c);
	case ITEM_ESSAY:
	case ITEM_DESCRIPTION:
	case ITEM_OPAQUE:
	case ITEM_TYPE_COUNT:
		return OK;
	}
	return refuse_item(&c, "type", "is not known");
}
