#include "graders/moodle_xml_impl.h"

#include <stdio.h>

#include "base/limits.h"
#include "graders/cloze.h"

/* Moodle wrote the third in several lengths; all are one value. */
static const struct dec third = { MOODLE_DEFAULT_PENALTY_NANO };

static struct dec read_dec(struct moodle_question *q, const char *name,
			   struct dec otherwise, struct dec most)
{
	struct str s = moodle_word(q, q->node, name, NULL), number;
	struct dec d = otherwise;

	if (s.n == 0)
		return otherwise;
	if (!bank_number(q->cx, s, &number) || !dec_parse(number, &d) ||
	    dec_cmp(d, DEC_ZERO) < 0 || dec_cmp(d, most) > 0)
		moodle_refuse(q, "%s is no number, or out of range", name);
	return d;
}

static struct dec read_penalty(struct moodle_question *q)
{
	struct dec p = read_dec(q, "penalty", third, DEC_ONE);
	struct dec gap = dec_sub(p, third);

	if (dec_cmp(dec_max(gap, dec_neg(gap)), dec_ratio(5, 1000)) < 0)
		return third;
	return p;
}

static void read_tags(struct moodle_question *q)
{
	struct bank_list tags = { 0 };
	struct xml_node *list = xml_take(q->node, "tags"), *tag;
	size_t n = 0;

	for (; n <= LIMIT_PARTS && (tag = xml_take(list, "tag")); n++) {
		struct xml_node *t = xml_take(tag, "text");
		struct str s = { 0 };

		if (t) {
			t->text_taken = true;
			s = bank_name_kept(q->m->b, t->text, t->line,
					   STR("quiz/question/tags/tag"));
		}
		if (s.n > 0)
			bank_list_add(&tags, &s, sizeof(s));
	}
	if (n > LIMIT_PARTS)
		moodle_refuse(q, "more than %d tags", LIMIT_PARTS);
	q->it->tags = bank_list_take(q->cx, &tags);
}

static void read_hints(struct moodle_question *q)
{
	struct bank_list hints = { 0 };
	struct xml_node *n;

	while (hints.n <= LIMIT_PARTS && (n = xml_take(q->node, "hint"))) {
		char where[40];
		struct hint h = { 0 };
		struct moodle_text t;

		snprintf(where, sizeof(where), "hint[%zu]", hints.n + 1);
		t = moodle_text(q, n, q->it->stem_format, where);
		h.text = t.text;
		h.format = t.format;
		h.show_right_count = xml_take(n, "shownumcorrect") != NULL;
		h.clear_wrong = xml_take(n, "clearwrong") != NULL;
		bank_list_add(&hints, &h, sizeof(h));
	}
	if (hints.n > LIMIT_PARTS)
		moodle_refuse(q, "more than %d hints", LIMIT_PARTS);
	q->it->hints = bank_list_take(q->cx, &hints);
}

/* "0" is the state that every item has; anything else is listed. */
static void take_zero(struct moodle_question *q, const char *name)
{
	struct xml_node *n = xml_take(q->node, name);

	if (!n)
		return;
	n->text_taken = true;
	n->taken = str_is(str_trim(n->text), "0") || str_trim(n->text).n == 0;
}

static void read_common(struct moodle_question *q)
{
	struct item *it = q->it;
	struct xml_node *name = xml_take(q->node, "name");
	struct moodle_text t;

	t = moodle_text(q, name, TEXT_PLAIN, "name");
	it->name = bank_name_kept(q->m->b, t.text, q->node->line,
				  STR("quiz/question/name"));
	t = moodle_text(q, xml_take(q->node, "questiontext"), TEXT_HTML,
			"questiontext");
	it->stem = t.text;
	it->stem_format = t.format;
	t = moodle_text(q, xml_take(q->node, "generalfeedback"), t.format,
			"generalfeedback");
	it->general_feedback = t.text;
	it->general_feedback_format = t.format;
	it->mark = read_dec(q, "defaultgrade", DEC_ONE,
			    dec_int(LIMIT_SCORE_POINTS));
	it->penalty = read_penalty(q);
	t.text = moodle_word(q, q->node, "idnumber", NULL);
	it->idnumber = bank_name_kept(q->m->b, t.text, q->node->line,
				      STR("quiz/question/idnumber"));
	take_zero(q, "hidden");
	read_tags(q);
	read_hints(q);
}

/* These three have no format of their own in an item. */
static struct str read_side_text(struct moodle_question *q, const char *name)
{
	struct xml_node *n = xml_take(q->node, name);
	struct moodle_text t = moodle_text(q, n, q->it->stem_format, name);

	if (n && t.text.n > 0 && t.format != q->it->stem_format)
		moodle_remark(q, n, "its text format is that of the question");
	return t.text;
}

static void read_combined(struct moodle_question *q)
{
	q->it->right_feedback = read_side_text(q, "correctfeedback");
	q->it->partial_feedback = read_side_text(q, "partiallycorrectfeedback");
	q->it->wrong_feedback = read_side_text(q, "incorrectfeedback");
	q->it->show_right_count = xml_take(q->node, "shownumcorrect") != NULL;
}

static struct dec read_fraction(struct moodle_question *q, struct xml_node *n)
{
	struct str s = xml_take_attr(n, "fraction");
	struct dec d = DEC_ZERO;

	if (s.n > 0 && !bank_percent(q->cx, s, &d))
		moodle_refuse(q, "line %d: a fraction is within -100 and 100",
			      n->line);
	return d;
}

static struct moodle_text read_feedback(struct moodle_question *q,
					struct xml_node *answer, size_t at)
{
	char where[60];

	snprintf(where, sizeof(where), "answer[%zu]/feedback", at);
	return moodle_text(q, xml_take(answer, "feedback"), q->it->stem_format,
			   where);
}

static bool next_answer(struct moodle_question *q, const struct bank_list *l,
			struct xml_node **n)
{
	if (q->e || l->n > LIMIT_PARTS) {
		moodle_refuse(q, "more than %d answers", LIMIT_PARTS);
		return false;
	}
	*n = xml_take(q->node, "answer");
	return *n != NULL;
}

static void read_multichoice(struct moodle_question *q)
{
	struct bank_list choices = { 0 };
	struct xml_node *n;
	char where[40];

	q->it->type = moodle_bool(q, "single", true) ? ITEM_CHOICE : ITEM_MULTI;
	q->it->shuffle = moodle_bool(q, "shuffleanswers", false);
	q->it->numbering = moodle_word(q, q->node, "answernumbering", "abc");
	if (q->it->numbering.n == 0)
		q->it->numbering = STR("abc");
	if (q->it->numbering.n > 10)
		moodle_refuse(q, "the answernumbering is not known");
	read_combined(q);
	while (next_answer(q, &choices, &n)) {
		struct choice c = { .fraction = read_fraction(q, n) };
		struct moodle_text t;

		snprintf(where, sizeof(where), "answer[%zu]", choices.n + 1);
		t = moodle_text(q, n, q->it->stem_format, where);
		c.id = str_fmt(q->cx->arena, "%zu", choices.n + 1);
		c.text = t.text;
		c.format = t.format;
		t = read_feedback(q, n, choices.n + 1);
		c.feedback = t.text;
		c.feedback_format = t.format;
		bank_list_add(&choices, &c, sizeof(c));
	}
	q->it->choices = bank_list_take(q->cx, &choices);
	if (q->it->choices.n < 2)
		moodle_refuse(q, "a choice question needs two choices");
}

/* Old exports have the words in another language: then order decides. */
static void read_true_false(struct moodle_question *q)
{
	struct choice *c = ARENA_ARRAY(q->cx->arena, struct choice, 2);
	struct xml_node *n;
	size_t seen = 0;

	for (size_t i = 0; i < 2; i++) {
		c[i].id = c[i].text = i == 0 ? STR("true") : STR("false");
		c[i].feedback_format = q->it->stem_format;
	}
	for (; seen < 2 && (n = xml_take(q->node, "answer")); seen++) {
		struct moodle_text word, f;
		size_t i = seen;

		word = moodle_text(q, n, TEXT_PLAIN, "answer");
		if (str_is(word.text, "true") || str_is(word.text, "false"))
			i = str_is(word.text, "true") ? 0 : 1;
		else
			moodle_remark(q, n,
				      "neither true nor false: taken by order");
		c[i].fraction = read_fraction(q, n);
		f = read_feedback(q, n, i + 1);
		c[i].feedback = f.text;
		c[i].feedback_format = f.format;
	}
	for (int i = 0; i < 2; i++)
		c[i].fraction =
			dec_eq(c[i].fraction, DEC_ONE) ? DEC_ONE : DEC_ZERO;
	if (seen != 2 || dec_eq(c[0].fraction, c[1].fraction))
		moodle_refuse(q, "one of true and false must be right");
	q->it->type = ITEM_TRUE_FALSE;
	q->it->choices = (struct list){ c, 2 };
}

/* An answer's own text; in old files it stands in <answer> itself. */
static struct str answer_text(struct moodle_question *q, struct xml_node *n)
{
	struct moodle_text t;

	(void)xml_take_attr(n, "format");
	t = moodle_text(q, n, TEXT_PLAIN, "answer");
	if (t.text.n == 0 && str_trim(n->text).n > 0) {
		n->text_taken = true;
		t.text = bank_text_kept(q->cx, n->text);
	}
	return t.text;
}

static void read_tolerance(struct moodle_question *q, struct xml_node *n,
			   struct answer *a)
{
	struct xml_node *exact = xml_take(n, "tolerancekind");
	struct str s = moodle_word(q, n, "tolerance", NULL), kind;
	bool known = false;

	if (s.n > 0 &&
	    (!bank_number(q->cx, s, &a->tolerance) || a->tolerance.p[0] == '-'))
		moodle_refuse(q, "line %d: a tolerance is no number", n->line);
	if (bank_is_zero(a->tolerance))
		a->tolerance = (struct str){ 0 };
	if (!exact)
		return;
	/* Our own export: what Moodle's absolute tolerance stands for. */
	exact->text_taken = true;
	kind = str_trim(exact->text);
	a->tolerance = bank_text_kept(q->cx, xml_take_attr(exact, "value"));
	a->relative = bank_text_kept(q->cx, xml_take_attr(exact, "relative"));
	a->high = bank_text_kept(q->cx, xml_take_attr(exact, "high"));
	a->low_open = xml_take_attr(exact, "lowopen").n > 0;
	a->high_open = xml_take_attr(exact, "highopen").n > 0;
	s = bank_text_kept(q->cx, xml_take_attr(exact, "low"));
	if (s.n > 0)
		a->text = s;
	for (int i = 0; tolerance_kind_words[i]; i++)
		if (str_is(kind, tolerance_kind_words[i])) {
			a->tolerance_kind = i;
			known = true;
		}
	/* Absolute ones need this element for "10%" only. */
	if (!known || (a->tolerance_kind == TOL_ABSOLUTE &&
		       (!str_ends(a->tolerance, "%") || a->high.n > 0 ||
			a->relative.n > 0 || a->low_open || a->high_open)))
		moodle_refuse(q, "line %d: the tolerancekind is not known",
			      n->line);
}

static void read_number(struct moodle_question *q, struct xml_node *n,
			struct answer *a)
{
	read_tolerance(q, n, a);
	if (a->text.n == 0)
		a->text = STR("*");
	if (a->tolerance_kind != TOL_RANGE && !str_is(a->text, "*") &&
	    !bank_number(q->cx, a->text, &a->text))
		moodle_refuse(q, "line %d: an answer is no number", n->line);
}

static void read_answers(struct moodle_question *q)
{
	struct bank_list answers = { 0 };
	struct xml_node *n;

	while (next_answer(q, &answers, &n)) {
		struct answer a = { .fraction = read_fraction(q, n) };
		struct moodle_text f = read_feedback(q, n, answers.n + 1);

		a.text = answer_text(q, n);
		a.feedback = f.text;
		a.feedback_format = f.format;
		if (q->it->type == ITEM_NUMERIC)
			read_number(q, n, &a);
		else if (a.text.n == 0)
			moodle_refuse(q, "line %d: an answer has no text",
				      n->line);
		bank_list_add(&answers, &a, sizeof(a));
	}
	q->it->answers = bank_list_take(q->cx, &answers);
	if (q->it->answers.n == 0)
		moodle_refuse(q, "the question has no accepted answer");
}

static void read_shortanswer(struct moodle_question *q)
{
	q->it->type = ITEM_SHORT;
	q->it->text.case_sensitive = moodle_bool(q, "usecase", false);
	read_answers(q);
}

static void read_units(struct moodle_question *q)
{
	struct bank_list units = { 0 };
	struct xml_node *list = xml_take(q->node, "units"), *n;

	while (units.n <= LIMIT_PARTS && (n = xml_take(list, "unit"))) {
		struct unit u = { 0 };
		struct str m = moodle_word(q, n, "multiplier", "1");

		u.name = moodle_word(q, n, "unit_name", "");
		if (!bank_number(q->cx, m, &u.multiplier))
			moodle_refuse(q, "line %d: a multiplier is no number",
				      n->line);
		if (u.name.n == 0 || u.name.n > LIMIT_REF_BYTES)
			moodle_refuse(q,
				      "line %d: a unit has no name, or "
				      "it is too long",
				      n->line);
		bank_list_add(&units, &u, sizeof(u));
	}
	if (units.n > LIMIT_PARTS)
		moodle_refuse(q, "more than %d units", LIMIT_PARTS);
	q->it->units = bank_list_take(q->cx, &units);
}

/* showunits: 0 typed with the number, 1 and 2 chosen apart, 3 none. */
static void read_numerical(struct moodle_question *q)
{
	struct item *it = q->it;
	int64_t grading, show;

	it->type = ITEM_NUMERIC;
	read_units(q);
	grading = moodle_int(q, "unitgradingtype", 0, 0, 2);
	show = moodle_int(q, "showunits", it->units.n > 0 ? 0 : 3, 0, 3);
	it->unit_penalty_share =
		read_dec(q, "unitpenalty", dec_ratio(1, 10), DEC_ONE);
	it->units_before = moodle_bool(q, "unitsleft", false);
	it->unit_separate = show == 1 || show == 2;
	if (grading > 0)
		it->unit_mode = UNIT_GRADED;
	else if (show != 3 && it->units.n > 0)
		it->unit_mode = UNIT_OPTIONAL;
	it->unit_penalty =
		grading == 2 ? UNIT_PENALTY_OF_MAX : UNIT_PENALTY_OF_MARK;
	read_answers(q);
}

static void read_subquestion(struct moodle_question *q, struct xml_node *n,
			     struct bank_list *stems, struct bank_list *options,
			     size_t at)
{
	struct match_stem s = { 0 };
	struct moodle_text t;
	struct str option;
	char where[40];

	snprintf(where, sizeof(where), "subquestion[%zu]", at);
	t = moodle_text(q, n, q->it->stem_format, where);
	option = moodle_text(q, xml_take(n, "answer"), TEXT_PLAIN, where).text;
	s.text = t.text;
	s.format = t.format;
	if (option.n == 0 && t.text.n > 0)
		moodle_refuse(q, "line %d: a pair has no answer", n->line);
	if (option.n > 0)
		s.option = bank_list_text(options, option);
	if (t.text.n > 0)
		bank_list_add(stems, &s, sizeof(s));
}

static void read_match(struct moodle_question *q)
{
	struct bank_list stems = { 0 }, options = { 0 };
	struct xml_node *n;
	size_t at = 0;

	q->it->type = ITEM_MATCH;
	q->it->shuffle = moodle_bool(q, "shuffleanswers", true);
	read_combined(q);
	while (at < LIMIT_PARTS && (n = xml_take(q->node, "subquestion")))
		read_subquestion(q, n, &stems, &options, ++at);
	if (at >= LIMIT_PARTS)
		moodle_refuse(q, "more than %d pairs", LIMIT_PARTS - 1);
	q->it->stems = bank_list_take(q->cx, &stems);
	q->it->options = bank_list_take(q->cx, &options);
	if (q->it->stems.n == 0 || q->it->options.n < 2)
		moodle_refuse(q, "a matching question needs two pairs");
}

static void read_essay(struct moodle_question *q)
{
	struct essay_rules *r = &q->it->essay;

	q->it->type = ITEM_ESSAY;
	r->format = moodle_word(q, q->node, "responseformat", "editor");
	if (r->format.n > LIMIT_REF_BYTES)
		moodle_refuse(q, "the responseformat is not known");
	r->text_required = moodle_bool(q, "responserequired", true);
	r->lines = moodle_int(q, "responsefieldlines", 15, 0, 1000);
	r->min_words = moodle_int(q, "minwordlimit", 0, 0, 1000000);
	r->max_words = moodle_int(q, "maxwordlimit", 0, 0, 1000000);
	r->attachments = moodle_int(q, "attachments", 0, -1, 1000);
	r->attachments_required =
		moodle_int(q, "attachmentsrequired", 0, 0, 1000);
	r->file_types = moodle_word(q, q->node, "filetypeslist", NULL);
	if (r->file_types.n == 0)
		r->file_types = (struct str){ 0 };
	r->grader_info = read_side_text(q, "graderinfo");
	r->template_text = read_side_text(q, "responsetemplate");
	take_zero(q, "maxbytes");
}

static void read_description(struct moodle_question *q)
{
	q->it->type = ITEM_DESCRIPTION;
	q->it->mark = DEC_ZERO;
}

/* The mark is the sum of the blanks, whatever the file says. */
static void read_cloze(struct moodle_question *q)
{
	struct dec given = q->it->mark;

	q->it->type = ITEM_CLOZE;
	read_combined(q);
	if (q->e)
		return;
	q->e = cloze_read(q->cx, q->it->stem, q->it->stem_format, q->it);
	if (!q->e && !dec_eq(given, DEC_ONE) && !dec_eq(given, q->it->mark))
		moodle_remark(q, q->node,
			      "the mark of a text with blanks is their sum");
}

bool moodle_read_type(struct moodle_question *q, struct str type)
{
	static const struct {
		const char *name;
		void (*read)(struct moodle_question *q);
	} types[] = {
		{ "multichoice", read_multichoice },
		{ "truefalse", read_true_false },
		{ "shortanswer", read_shortanswer },
		{ "numerical", read_numerical },
		{ "matching", read_match },
		{ "match", read_match },
		{ "cloze", read_cloze },
		{ "multianswer", read_cloze },
		{ "essay", read_essay },
		{ "description", read_description },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (str_is(type, types[i].name)) {
			read_common(q);
			types[i].read(q);
			return true;
		}
	return false;
}
