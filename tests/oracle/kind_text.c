/* Short texts: patterns, and what they are compared as. */
#include "graders/text.h"
#include "tests/oracle/oracle.h"

static enum oracle_verdict match(struct oracle *o, const struct oracle_case *c,
				 struct buf *got)
{
	struct str pattern = oracle_str(o, c->item, "pattern");
	struct text_rules rules = { .case_sensitive = true };
	struct jval v;

	if (!str_is(c->format, "Moodle shortanswer") || pattern.p == NULL ||
	    jval_type(c->response) != J_STRING)
		return ORACLE_UNSUPPORTED;
	if (oracle_get(c->item, "ignore_case", &v))
		rules.case_sensitive = !jval_bool(v);
	return oracle_expect(o, c,
			     text_match(o->cx.arena, pattern,
					jval_str(&o->cx, c->response), &rules)
				     ? DEC_ONE
				     : DEC_ZERO,
			     got);
}

static enum oracle_verdict
normalise(struct oracle *o, const struct oracle_case *c, struct buf *got)
{
	struct text_rules rules = { .case_sensitive = true,
				    .map_quotes = true,
				    .strip_accents = true };
	struct str s;

	if (!str_is(oracle_str(o, c->item, "type"), "unidecode") ||
	    jval_type(c->response) != J_STRING ||
	    jval_type(c->expected) != J_STRING)
		return ORACLE_UNSUPPORTED;
	s = text_normal(o->cx.arena, jval_str(&o->cx, c->response), &rules);
	buf_str(got, s);
	return str_eq(s, jval_str(&o->cx, c->expected)) ? ORACLE_PASSED
							: ORACLE_FAILED;
}

const struct oracle_kind kind_text[] = {
	{ "string-match", match },
	{ "normalise", normalise },
	{ 0 },
};
