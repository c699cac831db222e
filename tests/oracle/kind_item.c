/* One item, one response: score, completeness, sameness. */
#include "graders/score.h"
#include "tests/oracle/moodle_item.h"

struct moodle_case {
	struct item item;
	struct variant variant; /* the author's order */
};

static bool load(struct oracle *o, const struct oracle_case *c,
		 struct moodle_case *out)
{
	if (!str_is(c->format, "Moodle question") ||
	    jval_type(c->item) != J_STRING ||
	    moodle_item(o, jval_str(&o->cx, c->item), &out->item) != OK)
		return false;
	variant_identity(o->cx.arena, &out->item, &out->variant);
	return true;
}

static bool respond(struct oracle *o, const struct moodle_case *m,
		    struct jval map, struct response *out)
{
	struct moodle_response r;

	if (moodle_response(o, &m->item, &m->variant, map, &r) != OK)
		return false;
	*out = r.response;
	return true;
}

static bool state_fits(struct str want, int state)
{
	if (want.p == NULL)
		return true;
	if (str_is(want, "gradedright"))
		return state == SCORE_RIGHT;
	if (str_is(want, "gradedpartial"))
		return state == SCORE_PARTIAL;
	if (str_is(want, "gradedwrong"))
		return state == SCORE_WRONG || state == SCORE_INVALID;
	if (str_is(want, "gaveup"))
		return state == SCORE_NOT_ANSWERED;
	return str_is(want, "needsgrading") && state == SCORE_NEEDS_PERSON;
}

static enum oracle_verdict compare(struct oracle *o,
				   const struct oracle_case *c,
				   const struct outcome *out, struct buf *got)
{
	struct str state = oracle_str(o, c->all, "expected_state");

	jout_dec(got, out->fraction);
	buf_ch(got, ' ');
	buf_z(got, score_state_words[out->state]);
	if (!state_fits(state, out->state))
		return ORACLE_FAILED;
	if (jval_type(c->expected) == J_NULL)
		return state.p || out->state == SCORE_NOT_GRADED
			       ? ORACLE_PASSED
			       : ORACLE_UNSUPPORTED;
	return oracle_near_dec(o, c, c->expected, out->fraction)
		       ? ORACLE_PASSED
		       : ORACLE_FAILED;
}

static enum oracle_verdict
moodle_score(struct oracle *o, const struct oracle_case *c, struct buf *got)
{
	struct moodle_case m;
	struct outcome out;
	struct response r;

	if (!load(o, c, &m) || !respond(o, &m, c->response, &r))
		return ORACLE_UNSUPPORTED;
	if (score_item(&o->cx, &m.item, &m.variant, &r, &out) != OK)
		return ORACLE_FAILED;
	return compare(o, c, &out, got);
}

typedef bool predicate(const struct item *it, const struct response *r);

static enum oracle_verdict check(struct oracle *o, const struct oracle_case *c,
				 struct buf *got, predicate *holds)
{
	struct moodle_case m;
	struct response r;
	bool is;

	if (!load(o, c, &m) || !respond(o, &m, c->response, &r) ||
	    jval_type(c->expected) != J_BOOL)
		return ORACLE_UNSUPPORTED;
	is = holds(&m.item, &r);
	buf_z(got, is ? "true" : "false");
	return is == jval_bool(c->expected) ? ORACLE_PASSED : ORACLE_FAILED;
}

static enum oracle_verdict
complete(struct oracle *o, const struct oracle_case *c, struct buf *got)
{
	return check(o, c, got, response_is_complete);
}

static enum oracle_verdict
gradable(struct oracle *o, const struct oracle_case *c, struct buf *got)
{
	return check(o, c, got, response_is_gradable);
}

static enum oracle_verdict same(struct oracle *o, const struct oracle_case *c,
				struct buf *got)
{
	struct jval first, second;
	struct response a, b;
	struct moodle_case m;
	struct str unnamed;
	uint32_t at = 0;
	bool is;

	if (jval_type(c->response) != J_ARRAY ||
	    !jval_next(c->response, &at, &unnamed, &first) ||
	    !jval_next(c->response, &at, &unnamed, &second) ||
	    !load(o, c, &m) || !respond(o, &m, first, &a) ||
	    !respond(o, &m, second, &b) || jval_type(c->expected) != J_BOOL)
		return ORACLE_UNSUPPORTED;
	is = response_is_same(&m.item, &a, &b);
	buf_z(got, is ? "true" : "false");
	return is == jval_bool(c->expected) ? ORACLE_PASSED : ORACLE_FAILED;
}

static enum oracle_verdict
parts_right(struct oracle *o, const struct oracle_case *c, struct buf *got)
{
	struct jval right, parts;
	struct moodle_case m;
	struct outcome out;
	struct response r;
	struct str unnamed;
	uint32_t at = 0;
	int64_t x, y;

	if (!load(o, c, &m) || !respond(o, &m, c->response, &r) ||
	    jval_type(c->expected) != J_ARRAY ||
	    !jval_next(c->expected, &at, &unnamed, &right) ||
	    !jval_next(c->expected, &at, &unnamed, &parts) ||
	    !jval_int(right, &x) || !jval_int(parts, &y))
		return ORACLE_UNSUPPORTED;
	if (score_item(&o->cx, &m.item, &m.variant, &r, &out) != OK)
		return ORACLE_FAILED;
	buf_fmt(got, "[%lld, %lld]", (long long)out.parts_right,
		(long long)out.parts);
	return x == out.parts_right && y == out.parts ? ORACLE_PASSED
						      : ORACLE_FAILED;
}

/* --- elements of PrairieLearn ------------------------------------------- */

static size_t find_name(const struct choice *at, size_t n, struct str name)
{
	size_t i = 0;

	while (i < n && !str_eq(at[i].text, name))
		i++;
	return i;
}

/* Names into choices; those in "correct" are right. */
static void add_names(struct oracle *o, struct jval names, struct item *it,
		      struct dec fraction)
{
	struct choice *at = it->choices.at;
	struct jval v;
	struct str unnamed;
	uint32_t i = 0;

	while (jval_type(names) == J_ARRAY &&
	       jval_next(names, &i, &unnamed, &v)) {
		struct str name = moodle_scalar(o, v);

		if (find_name(at, it->choices.n, name) < it->choices.n)
			continue;
		at[it->choices.n++] =
			(struct choice){ .text = name, .fraction = fraction };
	}
}

static bool checkbox_rule(struct oracle *o, const struct oracle_case *c,
			  int *out)
{
	struct str method = oracle_str(o, c->item, "method");
	struct jval partial;

	if (!oracle_get(c->item, "partial_credit", &partial))
		return false;
	*out = MULTI_ALL_OR_NOTHING;
	if (!jval_bool(partial))
		return true;
	*out = str_is(method, "PC")    ? MULTI_RIGHT_MINUS_WRONG
	       : str_is(method, "EDC") ? MULTI_EACH_DECISION
	       : str_is(method, "COV") ? MULTI_COVERAGE
				       : -1;
	return *out >= 0;
}

static enum oracle_verdict
checkbox(struct oracle *o, const struct oracle_case *c, struct buf *got)
{
	struct item it = { .type = ITEM_MULTI };
	struct response r = { 0 };
	struct jval correct, all, v;
	struct variant variant;
	struct outcome out;
	struct str unnamed;
	uint32_t i = 0;
	int64_t *list;
	size_t room;

	if (!checkbox_rule(o, c, &it.multi_rule) ||
	    !oracle_get(c->item, "correct", &correct) ||
	    jval_type(c->response) != J_ARRAY)
		return ORACLE_UNSUPPORTED;
	room = jval_count(correct) + jval_count(c->response);
	if (oracle_get(c->item, "all", &all))
		room += jval_count(all);
	it.choices.at = ARENA_ARRAY(o->cx.arena, struct choice, room);
	add_names(o, correct, &it, DEC_ONE);
	if (oracle_get(c->item, "all", &all))
		add_names(o, all, &it, DEC_ZERO);
	add_names(o, c->response, &it, DEC_ZERO);
	list = ARENA_ARRAY(o->cx.arena, int64_t, room);
	while (jval_next(c->response, &i, &unnamed, &v))
		list[r.choices.n++] =
			(int64_t)find_name(it.choices.at, it.choices.n,
					   moodle_scalar(o, v)) +
			1;
	r.choices.at = list;
	variant_identity(o->cx.arena, &it, &variant);
	if (score_item(&o->cx, &it, &variant, &r, &out) != OK)
		return ORACLE_FAILED;
	return compare(o, c, &out, got);
}

static int64_t option_named(const struct item *it, struct str name)
{
	const struct str *at = it->options.at;

	for (size_t i = 0; i < it->options.n; i++) {
		if (str_eq(at[i], name))
			return (int64_t)i;
	}
	return -1;
}

static enum oracle_verdict
matching(struct oracle *o, const struct oracle_case *c, struct buf *got)
{
	struct jval statements, options, v, partial;
	struct item it = { .type = ITEM_MATCH };
	struct response_pair *pairs;
	struct match_stem *stems;
	struct response r = { 0 };
	struct variant variant;
	struct outcome out;
	struct str name, *texts;
	uint32_t i = 0;

	if (!oracle_get(c->item, "statements", &statements) ||
	    !oracle_get(c->item, "options", &options) ||
	    jval_type(c->response) != J_OBJECT ||
	    (oracle_get(c->item, "partial_credit", &partial) &&
	     !jval_bool(partial)))
		return ORACLE_UNSUPPORTED;
	texts = ARENA_ARRAY(o->cx.arena, struct str, jval_count(options));
	it.options.at = texts;
	while (jval_next(options, &i, &name, &v))
		texts[it.options.n++] = moodle_scalar(o, v);
	stems = ARENA_ARRAY(o->cx.arena, struct match_stem,
			    jval_count(statements));
	pairs = ARENA_ARRAY(o->cx.arena, struct response_pair,
			    jval_count(statements));
	it.stems.at = stems;
	r.pairs.at = pairs;
	i = 0;
	while (jval_next(statements, &i, &name, &v)) {
		struct jval given;

		stems[it.stems.n].text = name;
		stems[it.stems.n++].option =
			option_named(&it, moodle_scalar(o, v));
		if (!oracle_get(c->response, str_z(o->cx.arena, name), &given))
			continue;
		pairs[r.pairs.n++] = (struct response_pair){
			(int64_t)it.stems.n,
			option_named(&it, moodle_scalar(o, given)) + 1
		};
	}
	variant_identity(o->cx.arena, &it, &variant);
	if (item_check(&o->cx, &it, "") != OK)
		return ORACLE_UNSUPPORTED;
	if (score_item(&o->cx, &it, &variant, &r, &out) != OK)
		return ORACLE_FAILED;
	return compare(o, c, &out, got);
}

static enum oracle_verdict element(struct oracle *o,
				   const struct oracle_case *c, struct buf *got)
{
	struct str type = oracle_str(o, c->item, "type");

	if (!str_is(c->format, "PrairieLearn element"))
		return ORACLE_UNSUPPORTED;
	if (str_is(type, "checkbox"))
		return checkbox(o, c, got);
	if (str_is(type, "matching"))
		return matching(o, c, got);
	return ORACLE_UNSUPPORTED;
}

const struct oracle_kind kind_item[] = {
	{ "item", moodle_score },
	{ "item", element },
	{ "is_complete_response", complete },
	{ "is_gradable_response", gradable },
	{ "is_same_response", same },
	{ "get_num_parts_right", parts_right },
	{ 0 },
};
