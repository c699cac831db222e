#include "tests/oracle/import.h"

#include <math.h>

static bool type_is(struct compare *c, struct str want)
{
	static const char *const words[] = {
		[ITEM_CHOICE] = "MC",
		[ITEM_MULTI] = "MC",
		[ITEM_TRUE_FALSE] = "TF",
		[ITEM_SHORT] = "Short",
		[ITEM_NUMERIC] = "Numerical",
		[ITEM_MATCH] = "Matching",
		[ITEM_CLOZE] = "-",
		[ITEM_ESSAY] = "Essay",
		[ITEM_DESCRIPTION] = "Description",
		[ITEM_OPAQUE] = "-",
		[ITEM_CODE] = "-",
	};

	return str_is(want, words[c->it->type]) ||
	       import_differ(c, "type", str_of(words[c->it->type]));
}

/* {"type": "range", "number": 5, "range": 0}, and two more forms. */
static bool gift_number_is(struct compare *c, struct jval v,
			   const struct answer *a)
{
	struct jval n;
	bool ok = true;

	if (jval_get(v, "number", &n))
		ok &= import_number_is(c, "number", n,
				       import_number_of(c, a->text));
	if (jval_get(v, "range", &n))
		ok &= import_number_is(c, "range", n,
				       import_number_of(c, a->tolerance));
	if (jval_get(v, "numberLow", &n))
		ok &= import_number_is(c, "low", n,
				       import_number_of(c, a->text));
	if (jval_get(v, "numberHigh", &n))
		ok &= import_number_is(c, "high", n,
				       import_number_of(c, a->high));
	if (jval_get(v, "text", &n))
		ok &= import_text_is(c, "answer", n, a->text);
	return ok;
}

static bool share_is(struct compare *c, struct jval v, struct dec ours)
{
	struct jval right, weight;
	double want = 0;

	if (oracle_get(v, "weight", &weight) &&
	    oracle_number(c->o, weight, &want))
		want /= 100;
	else if (oracle_get(v, "isCorrect", &right))
		want = jval_bool(right);
	if (fabs(want - dec_double(ours)) < 1e-6)
		return true;
	buf_fmt(c->got, "share is %g; ", dec_double(ours));
	return false;
}

static bool gift_choice_is(struct compare *c, struct jval v, size_t i)
{
	const struct choice *ch = c->it->choices.at;
	const struct answer *a = c->it->answers.at;
	struct jval text, feedback;

	if (!jval_get(v, "text", &text) || !jval_get(v, "feedback", &feedback))
		return import_differ(c, "choice", STR("not given"));
	if (c->it->choices.n > 0)
		return import_rich_is(c, "choice", text, ch[i].text,
				      ch[i].format) &&
		       share_is(c, v, ch[i].fraction) &&
		       import_rich_is(c, "feedback", feedback, ch[i].feedback,
				      ch[i].feedback_format);
	if (!share_is(c, v, a[i].fraction) ||
	    !import_rich_is(c, "feedback", feedback, a[i].feedback,
			    a[i].feedback_format))
		return false;
	if (c->it->type == ITEM_NUMERIC)
		return gift_number_is(c, text, &a[i]);
	return jval_get(text, "text", &text) &&
	       import_text_is(c, "answer", text, a[i].text);
}

static bool gift_choices_are(struct compare *c, struct jval v)
{
	struct jval one;

	if (jval_type(v) == J_OBJECT)
		return c->it->answers.n == 1 &&
		       gift_number_is(c, v, c->it->answers.at);
	if (jval_count(v) != c->it->choices.n + c->it->answers.n)
		return import_differ(c, "number of choices", STR("different"));
	for (size_t i = 0; import_element(v, i, &one); i++)
		if (!gift_choice_is(c, one, i))
			return false;
	return true;
}

static bool pairs_are(struct compare *c, struct jval v)
{
	const struct match_stem *m = c->it->stems.at;
	const struct str *options = c->it->options.at;
	struct jval one, left, right, text;
	size_t at = 0;

	for (size_t i = 0; import_element(v, i, &one); i++) {
		if (!jval_get(one, "subanswer", &right))
			return false;
		if (!oracle_get(one, "subquestion", &left) ||
		    !jval_get(left, "text", &text) ||
		    jval_str(&c->o->cx, text).n == 0)
			continue;
		if (at >= c->it->stems.n ||
		    !import_rich_is(c, "left", left, m[at].text,
				    m[at].format) ||
		    !import_text_is(c, "right", right, options[m[at].option]))
			return false;
		at++;
	}
	return at == c->it->stems.n;
}

static bool gift_truth_is(struct compare *c, struct jval want)
{
	const struct choice *ch = c->it->choices.at;
	struct jval v;

	if (c->it->type != ITEM_TRUE_FALSE)
		return true;
	return jval_get(want, "isTrue", &v) &&
	       import_number_is(c, "isTrue", v, dec_double(ch[0].fraction)) &&
	       jval_get(want, "trueFeedback", &v) &&
	       import_rich_is(c, "true feedback", v, ch[0].feedback,
			      ch[0].feedback_format) &&
	       jval_get(want, "falseFeedback", &v) &&
	       import_rich_is(c, "false feedback", v, ch[1].feedback,
			      ch[1].feedback_format);
}

static bool gift_is(struct compare *c, struct jval want)
{
	const struct item *it = c->it;
	bool ok = type_is(c, oracle_str(c->o, want, "type"));
	struct jval v;

	if (jval_get(want, "id", &v))
		ok &= import_text_is(c, "id", v, it->idnumber);
	if (jval_get(want, "tags", &v))
		ok &= import_tags_are(c, v);
	if (jval_get(want, "title", &v))
		ok &= import_text_is(c, "title", v, it->name);
	if (jval_get(want, "stem", &v))
		ok &= import_rich_is(c, "stem", v, it->stem, it->stem_format);
	if (jval_get(want, "globalFeedback", &v))
		ok &= import_rich_is(c, "general feedback", v,
				     it->general_feedback,
				     it->general_feedback_format);
	if (oracle_get(want, "choices", &v))
		ok &= gift_choices_are(c, v);
	if (oracle_get(want, "matchPairs", &v))
		ok &= pairs_are(c, v);
	return ok && gift_truth_is(c, want);
}

enum oracle_verdict import_tree(struct compare *c, const struct bank *b,
				struct jval want, bool extra)
{
	const struct item *items = b->items.at;
	struct str category = { 0 };
	struct jval v;
	size_t at = 0;
	bool ok = true;

	c->loose = true;
	for (size_t i = 0; ok && import_element(want, i, &v); i++) {
		if (str_is(oracle_str(c->o, v, "type"), "Category")) {
			category = oracle_str(c->o, v, "title");
			continue;
		}
		if (at >= b->items.n)
			return ORACLE_FAILED;
		c->it = &items[at++];
		buf_fmt(c->got, "[%zu] ", at);
		ok = gift_is(c, v) &&
		     (str_eq(c->it->category, category) ||
		      import_differ(c, "category", c->it->category));
	}
	if (extra)
		ok = ok && at < b->items.n &&
		     str_eq(items[at++].category, category);
	if (ok && at != b->items.n) {
		buf_fmt(c->got, "%zu items; ", b->items.n);
		ok = false;
	}
	return ok ? ORACLE_PASSED : ORACLE_FAILED;
}
