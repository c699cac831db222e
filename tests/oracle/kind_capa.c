/*
 * Open edX problems of the plain kinds: choices, options, numbers. Those with
 * scripts, expressions or regular patterns are not ours.
 */
#include "graders/num.h"
#include "graders/score.h"
#include "graders/xml_tree.h"
#include "tests/oracle/moodle_item.h"

enum { CHOICES = 50 };

struct capa {
	struct oracle *o;
	struct item item;
	struct choice choices[CHOICES];
	struct answer answers[CHOICES];
	struct unit percent;
	bool ok, seen;
};

static struct str attr(struct capa *p, struct xml_node *n, const char *name)
{
	struct str s = xml_take_attr(n, name);

	return s.p ? str_copy(p->o->cx.arena, s) : s;
}

static void add_choice(struct capa *p, struct xml_node *n)
{
	size_t i = p->item.choices.n;
	struct str correct = attr(p, n, "correct"), name = attr(p, n, "name");
	struct str points = attr(p, n, "point_value");
	struct choice *c = &p->choices[i];

	if (i == CHOICES || str_find(correct, STR("$"), 0) != SIZE_MAX) {
		p->ok = false;
		return;
	}
	c->text = name.n ? str_fmt(p->o->cx.arena, "choice_%.*s", STR_FMT(name))
			 : str_fmt(p->o->cx.arena, "choice_%zu", i);
	if (str_is(correct, "true"))
		c->fraction = DEC_ONE;
	else if (str_is(correct, "partial") && !dec_parse(points, &c->fraction))
		c->fraction = dec_ratio(1, 2);
	p->item.choices.n++;
}

static void read_group(struct capa *p, struct xml_node *response)
{
	struct xml_node *group = xml_take(response, "choicegroup");
	struct str credit = attr(p, response, "partial_credit");

	if (group == NULL)
		group = xml_take(response, "checkboxgroup");
	p->item.choices.at = p->choices;
	for (struct xml_node *n = group ? group->first : NULL; n; n = n->next)
		if (str_is(n->name, "choice"))
			add_choice(p, n);
	p->ok &= p->item.choices.n > 0;
	p->item.multi_rule = MULTI_ALL_OR_NOTHING;
	if (str_is(credit, "edc"))
		p->item.multi_rule = MULTI_EACH_DECISION;
	else if (str_is(credit, "halves"))
		p->item.multi_rule = MULTI_HALVES;
	else if (credit.n > 0 && !str_is(credit, "points"))
		p->ok = false;
}

/* "('a','b')": what stands between a quote and the comma behind the next. */
static void read_options(struct capa *p, struct xml_node *response)
{
	struct xml_node *input = xml_take(response, "optioninput");
	struct str list, right, part;

	if (input == NULL) {
		p->ok = false;
		return;
	}
	list = attr(p, input, "options");
	right = attr(p, input, "correct");
	list = str_cut(list, 1, list.n ? list.n - 1 : 0);
	p->item.choices.at = p->choices;
	while (p->item.choices.n < CHOICES && str_split(&list, ',', &part)) {
		struct choice *c = &p->choices[p->item.choices.n++];

		part = str_trim(part);
		c->text = str_cut(part, 1, part.n ? part.n - 1 : 0);
		if (str_eq(c->text, right))
			c->fraction = DEC_ONE;
	}
}

/* A percentage is the number and its unit, of which 100 make one. */
static struct str plain_number(struct capa *p, struct str s)
{
	struct num n;
	struct buf b = { 0 };
	struct str out = s;

	if (!str_ends(s, "%"))
		return s;
	if (!num_plain(p->o->cx.arena, str_cut(s, 0, s.n - 1), &n))
		return s;
	n.exponent -= n.digits.n ? 2 : 0;
	num_write(&b, &n);
	out = buf_copy(&b, p->o->cx.arena);
	buf_done(&b);
	return out;
}

static void add_answer(struct capa *p, struct str text, struct str tolerance)
{
	struct answer *a = &p->answers[p->item.answers.n++];

	*a = (struct answer){ .text = plain_number(p, text),
			      .fraction = DEC_ONE,
			      .tolerance = tolerance };
	if (tolerance.n == 0) {
		a->tolerance = STR("1e-5");
		a->tolerance_kind = TOL_LARGER;
	}
}

static void read_number(struct capa *p, struct xml_node *response)
{
	struct xml_node *param = xml_take(response, "responseparam"), *more;
	struct str tolerance = { 0 };

	if (param && str_is(attr(p, param, "type"), "tolerance"))
		tolerance = attr(p, param, "default");
	p->item.answers.at = p->answers;
	add_answer(p, attr(p, response, "answer"), tolerance);
	while (p->item.answers.n < CHOICES - 1 &&
	       (more = xml_take(response, "additional_answer")))
		add_answer(p, attr(p, more, "answer"), tolerance);
	p->percent = (struct unit){ STR("%"), STR("100") };
	p->item.units = (struct list){ &p->percent, 1 };
	p->ok &= attr(p, response, "partial_credit").n == 0;
}

static const struct {
	const char *name;
	int type;
	void (*read)(struct capa *p, struct xml_node *response);
} kinds[] = {
	{ "multiplechoiceresponse", ITEM_CHOICE, read_group },
	{ "choiceresponse", ITEM_MULTI, read_group },
	{ "truefalseresponse", ITEM_MULTI, read_group },
	{ "optionresponse", ITEM_CHOICE, read_options },
	{ "numericalresponse", ITEM_NUMERIC, read_number },
};

static enum err root(void *user, struct xml_node *n)
{
	struct capa *p = user;

	p->ok &= str_is(n->name, "problem");
	return OK;
}

/* One response a problem; anything beside it is not understood. */
static enum err child(void *user, struct xml_node *n)
{
	struct capa *p = user;

	if (n->kind != XML_ELEMENT)
		return OK;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_is(n->name, kinds[i].name) && !p->seen) {
			p->seen = true;
			p->item.type = kinds[i].type;
			kinds[i].read(p, n);
			return OK;
		}
	p->ok = false;
	return OK;
}

static void stray(void *user)
{
	(void)user;
}

static int64_t position(const struct item *it, struct str name)
{
	const struct choice *at = it->choices.at;

	for (size_t i = 0; i < it->choices.n; i++)
		if (str_eq(at[i].text, name))
			return (int64_t)i + 1;
	return 0;
}

/* false: it names a choice that is not there. */
static bool read_names(struct oracle *o, const struct item *it, struct jval v,
		       struct response *r)
{
	int64_t *list = ARENA_ARRAY(o->cx.arena, int64_t, CHOICES);
	struct str unnamed;
	struct jval e = v;
	uint32_t at = 0;

	r->choices.at = list;
	while (jval_type(v) != J_ARRAY ? r->choices.n == 0
				       : jval_next(v, &at, &unnamed, &e)) {
		int64_t n = position(it, moodle_scalar(o, e));

		if (n == 0 || r->choices.n == CHOICES)
			return false;
		list[r->choices.n++] = n;
	}
	r->choice = r->choices.n == 1 ? list[0] : 0;
	return true;
}

/* Where the source says only "more than" or "partly". */
static enum oracle_verdict judge(struct oracle *o, const struct oracle_case *c,
				 struct dec f, struct buf *got)
{
	struct str note = oracle_str(o, c->all, "note");
	double least;

	if (jval_type(c->expected) == J_NULL) {
		jout_dec(got, f);
		if (!str_starts(note, "partially-correct"))
			return ORACLE_UNSUPPORTED;
		return dec_cmp(f, DEC_ZERO) > 0 && dec_cmp(f, DEC_ONE) < 0
			       ? ORACLE_PASSED
			       : ORACLE_FAILED;
	}
	if (str_is(note, "the source asserts score >= this value") &&
	    oracle_number(o, c->expected, &least)) {
		jout_dec(got, f);
		return dec_double(f) >= least ? ORACLE_PASSED : ORACLE_FAILED;
	}
	return oracle_expect(o, c, f, got);
}

static enum oracle_verdict
capa_item(struct oracle *o, const struct oracle_case *c, struct buf *got)
{
	struct capa p = { .o = o, .ok = true };
	struct xml_reader reader = { root, child, stray, &p };
	struct variant v = { 0 };
	struct response r = { 0 };
	struct outcome out;
	struct jval given;
	struct str text;
	int64_t line;

	if (!str_is(c->format, "Open edX OLX/capa problem") ||
	    oracle_file(o, c->file, &text) ||
	    xml_tree_read(&o->cx, text, &reader, &line) || !p.ok || !p.seen ||
	    item_check(&o->cx, &p.item, ""))
		return ORACLE_UNSUPPORTED;
	if (!oracle_get(c->response, "1_2_1", &given))
		given = c->item; /* null: nothing was given */
	else if (p.item.type == ITEM_NUMERIC)
		r.text = moodle_scalar(o, given);
	else if (!read_names(o, &p.item, given, &r)) {
		/* A choice that is not there is refused here, and counts as
		 * an error or as nothing there: not to be compared. */
		if (p.item.type == ITEM_MULTI &&
		    p.item.multi_rule != MULTI_ALL_OR_NOTHING)
			return ORACLE_UNSUPPORTED;
		return judge(o, c, DEC_ZERO, got);
	}
	if (score_item(&o->cx, &p.item, &v, &r, &out) != OK)
		return ORACLE_FAILED;
	return judge(o, c, out.fraction, got);
}

const struct oracle_kind kind_capa[] = { { "item", capa_item }, { 0 } };
