#include "graders/gift_impl.h"

#include "base/limits.h"

/* A piece between signs, and the sign before it ('=' or '~'; 0: none). */
struct piece {
	char sign;
	struct str text;
};

/*
 * Takes the next piece off *rest. signs: which bytes begin one. What stands
 * before the first sign is a piece of sign 0, unless it is blank.
 */
static bool next_piece(struct str *rest, const char *signs, struct piece *out)
{
	size_t n = strspn(signs, "=~"), at = 0;

	if (!rest->p)
		return false;
	CHECK(n > 0);
	out->sign = 0;
	if (rest->n > 0 && strchr(signs, rest->p[0]) && rest->p[0]) {
		out->sign = rest->p[0];
		at = 1;
	}
	while (at < rest->n && !(rest->p[at] && strchr(signs, rest->p[at])))
		at++;
	out->text = str_trim(str_cut(*rest, out->sign != 0, at));
	*rest = at < rest->n ? str_cut(*rest, at, rest->n) : (struct str){ 0 };
	if (out->sign == 0 && out->text.n == 0)
		return next_piece(rest, signs, out);
	return true;
}

/*
 * "%50%" at the beginning: a percentage with optional sign and point. *s
 * moves behind it. What only looks like one is text.
 */
static enum err take_weight(struct gift_question *q, struct str *s,
			    struct dec *fraction)
{
	size_t i = 1, digits = 0;

	if (s->n == 0 || s->p[0] != '%')
		return OK;
	if (i < s->n && s->p[i] == '-')
		i++;
	for (; i < s->n && s->p[i] >= '0' && s->p[i] <= '9'; i++)
		digits++;
	if (digits > 0 && i < s->n && s->p[i] == '.')
		for (i++; i < s->n && s->p[i] >= '0' && s->p[i] <= '9';)
			i++;
	if (digits == 0 || i >= s->n || s->p[i] != '%')
		return OK;
	if (!bank_percent(q->cx, str_cut(*s, 1, i), fraction))
		return err_set(q->cx, ERR_INVALID,
			       "a weight is within %%-100%% and %%100%%");
	*s = str_cut(*s, i + 1, s->n);
	return OK;
}

/* Cuts "answer # feedback"; counts the feedback's node. */
static struct str take_feedback(struct gift_question *q, struct str *s)
{
	size_t at = gift_find(*s, '#', 0);
	struct str feedback;

	if (at == SIZE_MAX)
		return (struct str){ 0 };
	feedback = str_cut(*s, at + 1, s->n);
	*s = str_trim(str_cut(*s, 0, at));
	q->nodes++;
	return feedback;
}

static enum err too_many(struct gift_question *q)
{
	return err_set(q->cx, ERR_TOO_LARGE,
		       "a question has at most %d answers", LIMIT_PARTS);
}

static enum err read_choice(struct gift_question *q, struct piece p,
			    struct bank_list *out)
{
	struct choice c = { .fraction = p.sign == '=' ? DEC_ONE : DEC_ZERO };
	struct gift_text t, f;
	struct str feedback;
	enum err e;

	if (p.text.n == 0) {
		q->empty++;
		return OK;
	}
	e = take_weight(q, &p.text, &c.fraction);
	if (e)
		return e;
	feedback = take_feedback(q, &p.text);
	t = gift_text(q->cx, p.text, q->it->stem_format);
	f = gift_text(q->cx, feedback, q->it->stem_format);
	if (t.text.n == 0 && f.text.n == 0) {
		q->empty++;
		return OK;
	}
	if (t.text.n == 0)
		return err_set(q->cx, ERR_INVALID, "a choice has no text");
	c.id = str_fmt(q->cx->arena, "%zu", out->n + 1);
	c.text = t.text;
	c.format = t.format;
	c.feedback = f.text;
	c.feedback_format = f.format;
	bank_list_add(out, &c, sizeof(c));
	q->nodes++;
	return out->n > LIMIT_PARTS ? too_many(q) : OK;
}

/* Without any "=" no choice is right alone: several may be chosen. */
static enum err read_choices(struct gift_question *q, struct str s)
{
	struct bank_list choices = { 0 };
	struct piece p;
	enum err e = OK;

	q->it->type =
		gift_find(s, '=', 0) == SIZE_MAX ? ITEM_MULTI : ITEM_CHOICE;
	q->it->source_type = STR("multichoice");
	q->it->shuffle = true;
	q->it->numbering = STR("abc");
	while (!e && next_piece(&s, "=~", &p))
		e = read_choice(q, p, &choices);
	q->it->choices = bank_list_take(q->cx, &choices);
	if (!e && q->it->choices.n < 2)
		e = err_set(q->cx, ERR_INVALID,
			    "a choice question needs two choices");
	return e;
}

/* low..high, value:tolerance, value, or * for anything. */
static enum err read_number(struct gift_question *q, struct str s,
			    struct answer *a)
{
	size_t dots = str_find(s, STR(".."), 0), colon = gift_find(s, ':', 0);
	bool ok;

	if (str_is(s, "*")) {
		a->text = STR("*");
		return OK;
	}
	if (dots != SIZE_MAX && dots > 0) {
		a->tolerance_kind = TOL_RANGE;
		ok = bank_number(q->cx, str_cut(s, 0, dots), &a->text) &&
		     bank_number(q->cx, str_cut(s, dots + 2, s.n), &a->high);
	} else if (colon != SIZE_MAX && colon > 0) {
		ok = bank_number(q->cx, str_cut(s, 0, colon), &a->text) &&
		     bank_number(q->cx, str_cut(s, colon + 1, s.n),
				 &a->tolerance) &&
		     a->tolerance.p[0] != '-';
		if (ok && bank_is_zero(a->tolerance))
			a->tolerance = (struct str){ 0 };
	} else {
		ok = bank_number(q->cx, s, &a->text);
	}
	return ok ? OK
		  : err_set(q->cx, ERR_INVALID,
			    "a numeric answer is a number, number:tolerance "
			    "or low..high, with a decimal point");
}

static enum err read_answer(struct gift_question *q, struct piece p,
			    struct bank_list *out)
{
	struct answer a = { .fraction = p.sign == '~' ? DEC_ZERO : DEC_ONE };
	bool numeric = q->it->type == ITEM_NUMERIC;
	struct str feedback;
	struct gift_text f;
	enum err e;

	if (p.text.n == 0) {
		q->empty++;
		return OK;
	}
	e = take_weight(q, &p.text, &a.fraction);
	if (e)
		return e;
	feedback = take_feedback(q, &p.text);
	f = gift_text(q->cx, feedback, q->it->stem_format);
	a.feedback = f.text;
	a.feedback_format = f.format;
	a.text = gift_text(q->cx, p.text, TEXT_PLAIN).text;
	/* "~#no" after numbers is what every other number is told. */
	if (numeric && p.sign == '~' && a.text.n == 0 && feedback.p)
		a.text = STR("*");
	if (a.text.n == 0 && f.text.n == 0) {
		q->empty++;
		return OK;
	}
	if (a.text.n == 0)
		return err_set(q->cx, ERR_INVALID, "an answer has no text");
	e = numeric ? read_number(q, a.text, &a) : OK;
	if (e)
		return e;
	bank_list_add(out, &a, sizeof(a));
	q->nodes++;
	return out->n > LIMIT_PARTS ? too_many(q) : OK;
}

static enum err read_short_or_numeric(struct gift_question *q, struct str s,
				      const char *signs)
{
	struct bank_list answers = { 0 };
	struct piece p;
	enum err e = OK;

	while (!e && next_piece(&s, signs, &p))
		e = read_answer(q, p, &answers);
	q->it->answers = bank_list_take(q->cx, &answers);
	if (!e && q->it->answers.n == 0)
		e = err_set(q->cx, ERR_INVALID,
			    "the question has no accepted answer");
	return e;
}

static enum err read_pair(struct gift_question *q, struct str s,
			  struct bank_list *stems, struct bank_list *options)
{
	size_t at = str_find(s, STR("->"), 0);
	struct match_stem m = { 0 };
	struct gift_text left;
	struct str right;

	if (at == SIZE_MAX)
		return err_set(q->cx, ERR_INVALID,
			       "a pair of a matching question has no \"->\"");
	left = gift_text(q->cx, str_cut(s, 0, at), q->it->stem_format);
	right = gift_plain(q->cx, str_cut(s, at + 2, s.n));
	if (right.n == 0 && left.text.n > 0)
		return err_set(q->cx, ERR_INVALID,
			       "a pair has nothing after \"->\"");
	if (right.n == 0) {
		q->empty++;
		return OK;
	}
	m.option = bank_list_text(options, right);
	m.text = left.text;
	m.format = left.format;
	if (left.text.n > 0)
		bank_list_add(stems, &m, sizeof(m));
	q->nodes++;
	return options->n > LIMIT_PARTS || stems->n > LIMIT_PARTS ? too_many(q)
								  : OK;
}

static enum err read_match(struct gift_question *q, struct str s)
{
	struct bank_list stems = { 0 }, options = { 0 };
	struct piece p;
	enum err e = OK;

	q->it->type = ITEM_MATCH;
	q->it->source_type = STR("match");
	q->it->shuffle = true;
	while (!e && next_piece(&s, "=", &p))
		e = p.text.n > 0 ? read_pair(q, p.text, &stems, &options)
				 : (q->empty++, OK);
	q->it->stems = bank_list_take(q->cx, &stems);
	q->it->options = bank_list_take(q->cx, &options);
	if (!e && (q->it->stems.n == 0 || q->it->options.n < 2))
		e = err_set(q->cx, ERR_INVALID,
			    "a matching question needs two pairs");
	return e;
}

static bool is_true_word(struct str s)
{
	return str_is(s, "T") || str_is(s, "TRUE");
}

static bool is_true_false(struct str s)
{
	size_t at = gift_find(s, '#', 0);

	if (at != SIZE_MAX && at > 0)
		s = str_trim(str_cut(s, 0, at));
	return is_true_word(s) || str_is(s, "F") || str_is(s, "FALSE");
}

/* T # said when wrong # said when right */
static enum err read_true_false(struct gift_question *q, struct str s)
{
	struct choice *c = ARENA_ARRAY(q->cx->arena, struct choice, 2);
	struct str word = s, wrong = { 0 }, right = { 0 };
	size_t at = gift_find(s, '#', 0);
	struct gift_text f[2];
	bool truth;

	if (at != SIZE_MAX) {
		word = str_trim(str_cut(s, 0, at));
		wrong = str_cut(s, at + 1, s.n);
		q->nodes++;
		at = gift_find(wrong, '#', 0);
	}
	if (at != SIZE_MAX) {
		right = str_cut(wrong, at + 1, wrong.n);
		wrong = str_cut(wrong, 0, at);
		q->nodes++;
	}
	truth = is_true_word(word);
	f[0] = gift_text(q->cx, truth ? right : wrong, q->it->stem_format);
	f[1] = gift_text(q->cx, truth ? wrong : right, q->it->stem_format);
	for (int i = 0; i < 2; i++) {
		c[i].id = c[i].text = i == 0 ? STR("true") : STR("false");
		c[i].fraction = (i == 0) == truth ? DEC_ONE : DEC_ZERO;
		c[i].feedback = f[i].text;
		c[i].feedback_format = f[i].format;
	}
	q->it->type = ITEM_TRUE_FALSE;
	q->it->source_type = STR("truefalse");
	q->it->choices = (struct list){ c, 2 };
	q->it->penalty = DEC_ONE;
	q->nodes++;
	return OK;
}

static enum err read_essay(struct gift_question *q)
{
	q->it->type = ITEM_ESSAY;
	q->it->source_type = STR("essay");
	q->it->essay.format = STR("editor");
	q->it->essay.text_required = true;
	q->it->essay.lines = 15;
	return OK;
}

/* The order of these questions is the format: each rules out the rest. */
enum err gift_answers(struct gift_question *q, struct str s)
{
	if (s.n == 0)
		return read_essay(q);
	if (s.p[0] == '#') {
		q->it->type = ITEM_NUMERIC;
		q->it->source_type = STR("numerical");
		return read_short_or_numeric(q, str_cut(s, 1, s.n), "=~");
	}
	if (gift_find(s, '~', 0) != SIZE_MAX)
		return read_choices(q, s);
	if (gift_find(s, '=', 0) != SIZE_MAX &&
	    str_find(s, STR("->"), 0) != SIZE_MAX)
		return read_match(q, s);
	if (is_true_false(s))
		return read_true_false(q, s);
	q->it->type = ITEM_SHORT;
	q->it->source_type = STR("shortanswer");
	return read_short_or_numeric(q, s, "=");
}
