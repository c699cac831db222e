/*
 * Files that were imported elsewhere: the bank that we read from them, beside
 * the question that came out there. Two vocabularies: a Moodle question (an
 * object) and the parse tree of a GIFT grammar (a list).
 */
#include "tests/oracle/import.h"

static bool qtype_is(struct compare *c, struct jval want)
{
	static const char *const words[] = {
		[ITEM_CHOICE] = "multichoice",
		[ITEM_MULTI] = "multichoice",
		[ITEM_TRUE_FALSE] = "truefalse",
		[ITEM_SHORT] = "shortanswer",
		[ITEM_NUMERIC] = "numerical",
		[ITEM_MATCH] = "match",
		[ITEM_CLOZE] = "multianswer",
		[ITEM_ESSAY] = "essay",
		[ITEM_DESCRIPTION] = "description",
		[ITEM_OPAQUE] = "opaque",
		[ITEM_CODE] = "code",
	};

	return import_text_is(c, "qtype", want, str_of(words[c->it->type]));
}

static bool answers_are(struct compare *c, struct jval want)
{
	const struct choice *ch = c->it->choices.at;
	const struct answer *a = c->it->answers.at;
	bool ok = true;
	struct jval v;

	if (jval_count(want) != c->it->choices.n + c->it->answers.n)
		return import_differ(c, "number of answers", STR("different"));
	for (size_t i = 0; ok && i < c->it->choices.n; i++)
		ok = import_element(want, i, &v) &&
		     import_rich_is(c, "answer", v, ch[i].text, ch[i].format);
	for (size_t i = 0; ok && i < c->it->answers.n; i++) {
		if (!import_element(want, i, &v))
			return false;
		if (a[i].tolerance_kind == TOL_RANGE)
			ok = import_number_is(c, "answer", v,
					      (import_number_of(c, a[i].text) +
					       import_number_of(c, a[i].high)) /
						      2);
		else if (c->it->type == ITEM_NUMERIC && !str_is(a[i].text, "*"))
			ok = import_number_is(c, "answer", v,
					      import_number_of(c, a[i].text));
		else
			ok = import_rich_is(c, "answer", v, a[i].text, 0);
	}
	return ok;
}

static bool fractions_are(struct compare *c, struct jval want)
{
	const struct choice *ch = c->it->choices.at;
	const struct answer *a = c->it->answers.at;
	bool ok = true;
	struct jval v;

	for (size_t i = 0; ok && import_element(want, i, &v); i++)
		ok = import_number_is(c, "fraction", v,
				      dec_double(c->it->choices.n > 0
							 ? ch[i].fraction
							 : a[i].fraction));
	return ok;
}

static bool feedbacks_are(struct compare *c, struct jval want)
{
	const struct choice *ch = c->it->choices.at;
	const struct answer *a = c->it->answers.at;
	bool ok = true, is_choice = c->it->choices.n > 0;
	struct jval v;

	for (size_t i = 0; ok && import_element(want, i, &v); i++)
		ok = is_choice
			     ? import_rich_is(c, "feedback", v, ch[i].feedback,
					      ch[i].feedback_format)
			     : import_rich_is(c, "feedback", v, a[i].feedback,
					      a[i].feedback_format);
	return ok;
}

static bool tolerances_are(struct compare *c, struct jval want)
{
	const struct answer *a = c->it->answers.at;
	bool ok = true;
	struct jval v;

	for (size_t i = 0; ok && import_element(want, i, &v); i++) {
		double t = import_number_of(c, a[i].tolerance);

		if (a[i].tolerance_kind == TOL_RANGE)
			t = (import_number_of(c, a[i].high) -
			     import_number_of(c, a[i].text)) /
			    2;
		ok = import_number_is(c, "tolerance", v, t);
	}
	return ok;
}

/* A pair without a text on the left is one more option. */
static bool subquestions_are(struct compare *c, struct jval want)
{
	const struct match_stem *m = c->it->stems.at;
	struct jval v, text;
	size_t at = 0;

	for (size_t i = 0; import_element(want, i, &v); i++) {
		if (!jval_get(v, "text", &text) ||
		    jval_str(&c->o->cx, text).n == 0)
			continue;
		if (at >= c->it->stems.n ||
		    !import_rich_is(c, "subquestion", v, m[at].text,
				    m[at].format))
			return false;
		at++;
	}
	return at == c->it->stems.n ||
	       import_differ(c, "number of subquestions", STR("different"));
}

static bool subanswers_are(struct compare *c, struct jval want,
			   struct jval questions)
{
	const struct match_stem *m = c->it->stems.at;
	const struct str *options = c->it->options.at;
	struct jval v, q, text;
	size_t at = 0;

	for (size_t i = 0; import_element(want, i, &v); i++) {
		struct str option = jval_str(&c->o->cx, v);
		size_t found = 0;

		while (found < c->it->options.n &&
		       !str_eq(options[found], option))
			found++;
		if (found == c->it->options.n)
			return import_differ(c, "an option is missing", option);
		if (!import_element(questions, i, &q) ||
		    !jval_get(q, "text", &text) ||
		    jval_str(&c->o->cx, text).n == 0)
			continue;
		if (at >= c->it->stems.n || m[at++].option != (int64_t)found)
			return import_differ(c, "an option is another", option);
	}
	return true;
}

static bool hints_are(struct compare *c, struct jval want)
{
	const struct hint *h = c->it->hints.at;
	struct jval v;

	if (jval_count(want) != c->it->hints.n)
		return import_differ(c, "number of hints", STR("different"));
	for (size_t i = 0; import_element(want, i, &v); i++)
		if (!import_rich_is(c, "hint", v, h[i].text, h[i].format))
			return false;
	return true;
}

static bool hint_flags_are(struct compare *c, struct jval want, bool clear)
{
	const struct hint *h = c->it->hints.at;
	struct jval v;

	for (size_t i = 0; import_element(want, i, &v); i++)
		if (!import_number_is(c, "hint flag", v,
				      clear ? h[i].clear_wrong
					    : h[i].show_right_count))
			return false;
	return true;
}

static bool units_are(struct compare *c, struct jval want, bool names)
{
	const struct unit *u = c->it->units.at;
	struct jval v;

	if (jval_count(want) != c->it->units.n)
		return import_differ(c, "number of units", STR("different"));
	for (size_t i = 0; import_element(want, i, &v); i++)
		if (names ? !import_text_is(c, "unit", v, u[i].name)
			  : !import_number_is(
				    c, "multiplier", v,
				    import_number_of(c, u[i].multiplier)))
			return false;
	return true;
}

static bool truth_is(struct compare *c, struct str name, struct jval want)
{
	const struct choice *ch = c->it->choices.at;
	int i = str_is(name, "feedbackfalse");

	if (c->it->choices.n != 2)
		return import_differ(c, "type", STR("no true or false"));
	if (str_is(name, "correctanswer"))
		return import_number_is(c, "correctanswer", want,
					dec_double(ch[0].fraction));
	return import_rich_is(c, "feedback", want, ch[i].feedback,
			      ch[i].feedback_format);
}

/* Moodle makes a name of the text where there is none. */
static bool name_is(struct compare *c, struct jval want)
{
	if (c->it->name.n == 0 && jval_type(want) == J_STRING)
		return true;
	return import_text_is(c, "name", want, c->it->name);
}

static bool essay_is(struct compare *c, struct str n, struct jval v,
		     bool *known)
{
	const struct essay_rules *r = &c->it->essay;

	if (str_is(n, "responseformat"))
		return import_text_is(c, "format", v, r->format);
	if (str_is(n, "responserequired"))
		return import_number_is(c, "required", v, r->text_required);
	if (str_is(n, "responsefieldlines"))
		return import_number_is(c, "lines", v, (double)r->lines);
	if (str_is(n, "minwordlimit"))
		return import_number_is(c, "min", v, (double)r->min_words);
	if (str_is(n, "maxwordlimit"))
		return import_number_is(c, "max", v, (double)r->max_words);
	if (str_is(n, "minwordenabled"))
		return import_number_is(c, "min on", v, r->min_words > 0);
	if (str_is(n, "maxwordenabled"))
		return import_number_is(c, "max on", v, r->max_words > 0);
	if (str_is(n, "attachments"))
		return import_number_is(c, "attachments", v,
					(double)r->attachments);
	if (str_is(n, "attachmentsrequired"))
		return import_number_is(c, "attachments required", v,
					(double)r->attachments_required);
	if (str_is(n, "filetypeslist"))
		return import_text_is(c, "file types", v, r->file_types);
	*known = false;
	return true;
}

/* Texts whose format an item does not have. */
static bool side_is(struct compare *c, struct str n, struct jval v, bool *known)
{
	const struct item *it = c->it;
	struct jval text;
	struct str ours;

	if (str_is(n, "correctfeedback"))
		ours = it->right_feedback;
	else if (str_is(n, "partiallycorrectfeedback"))
		ours = it->partial_feedback;
	else if (str_is(n, "incorrectfeedback"))
		ours = it->wrong_feedback;
	else if (str_is(n, "graderinfo"))
		ours = it->essay.grader_info;
	else if (str_is(n, "responsetemplate"))
		ours = it->essay.template_text;
	else
		return *known = false, true;
	return jval_get(v, "text", &text) &&
	       import_text_is(c, "a side text", text, ours);
}

static bool numeric_is(struct compare *c, struct str n, struct jval v,
		       bool *known)
{
	const struct item *it = c->it;

	if (str_is(n, "unit"))
		return units_are(c, v, true);
	if (str_is(n, "multiplier"))
		return units_are(c, v, false);
	if (str_is(n, "unitpenalty"))
		return import_number_is(c, "unitpenalty", v,
					dec_double(it->unit_penalty_share));
	if (str_is(n, "unitsleft"))
		return import_number_is(c, "unitsleft", v, it->units_before);
	if (str_is(n, "unitgradingtype"))
		return import_number_is(
			c, "unitgradingtype", v,
			it->unit_mode != UNIT_GRADED		  ? 0
			: it->unit_penalty == UNIT_PENALTY_OF_MAX ? 2
								  : 1);
	if (str_is(n, "usecase"))
		return import_number_is(c, "usecase", v,
					it->text.case_sensitive);
	if (str_is(n, "answer"))
		return answers_are(c, v);
	if (str_is(n, "fraction"))
		return fractions_are(c, v);
	if (str_is(n, "feedback"))
		return feedbacks_are(c, v);
	if (str_is(n, "tolerance"))
		return tolerances_are(c, v);
	*known = false;
	return true;
}

static bool is_one_of(struct str n, const char *const *words)
{
	while (*words && !str_is(n, *words))
		words++;
	return *words != NULL;
}

static bool member_is(struct compare *c, struct str n, struct jval v,
		      struct jval all)
{
	static const char *const passed_over[] = { "length",
						   "maxbytes",
						   "showunits",
						   "instructions",
						   "showstandardinstruction",
						   "coursetags",
						   NULL };
	const struct item *it = c->it;
	struct jval questions = v;
	bool known = true, ok;

	if (is_one_of(n, passed_over))
		return true;
	if (str_is(n, "name"))
		return name_is(c, v);
	if (str_is(n, "questiontext"))
		return import_rich_is(c, "stem", v, it->stem, it->stem_format);
	if (str_is(n, "questiontextformat"))
		return import_format_is(c, "stem format", v, it->stem_format);
	if (str_is(n, "generalfeedback"))
		return import_rich_is(c, "general feedback", v,
				      it->general_feedback,
				      it->general_feedback_format);
	if (str_is(n, "generalfeedbackformat"))
		return import_format_is(c, "general feedback format", v,
					it->general_feedback_format);
	if (str_is(n, "qtype"))
		return qtype_is(c, v);
	if (str_is(n, "defaultmark"))
		return import_number_is(c, "mark", v, dec_double(it->mark));
	if (str_is(n, "penalty"))
		return import_number_is(c, "penalty", v,
					dec_double(it->penalty));
	if (str_is(n, "single"))
		return import_number_is(c, "single", v,
					it->type == ITEM_CHOICE);
	if (str_is(n, "shuffleanswers"))
		return import_number_is(c, "shuffle", v, it->shuffle);
	if (str_is(n, "shownumcorrect"))
		return import_number_is(c, "shownumcorrect", v,
					it->show_right_count);
	if (str_is(n, "answernumbering"))
		return import_text_is(c, "numbering", v, it->numbering);
	if (str_is(n, "subquestions"))
		return subquestions_are(c, v);
	if (str_is(n, "subanswers"))
		return jval_get(all, "subquestions", &questions) &&
		       subanswers_are(c, v, questions);
	if (str_is(n, "hint"))
		return hints_are(c, v);
	if (str_is(n, "hintshownumcorrect") || str_is(n, "hintclearwrong"))
		return hint_flags_are(c, v, str_is(n, "hintclearwrong"));
	if (str_is(n, "tags"))
		return import_tags_are(c, v);
	if (str_is(n, "idnumber"))
		return import_text_is(c, "idnumber", v, it->idnumber);
	if (str_is(n, "correctanswer") || str_is(n, "feedbacktrue") ||
	    str_is(n, "feedbackfalse"))
		return truth_is(c, n, v);
	ok = numeric_is(c, n, v, &known);
	if (!known)
		known = true, ok = essay_is(c, n, v, &known);
	if (!known)
		known = true, ok = side_is(c, n, v, &known);
	if (!known)
		c->unsupported = true;
	return ok;
}

static enum oracle_verdict moodle_is(struct compare *c, const struct bank *b,
				     struct jval want)
{
	struct str name;
	uint32_t at = 0;
	struct jval v;
	bool ok = true;

	if (jval_get(want, "qtype", &v) &&
	    str_is(jval_str(&c->o->cx, v), "category")) {
		c->it = b->items.at;
		return b->items.n == 1 && jval_get(want, "category", &v) &&
				       import_text_is(c, "category", v,
						      c->it->category)
			       ? ORACLE_PASSED
			       : ORACLE_FAILED;
	}
	if (b->items.n != 1) {
		buf_fmt(c->got, "%zu items; ", b->items.n);
		return ORACLE_FAILED;
	}
	c->it = b->items.at;
	while (jval_next(want, &at, &name, &v))
		ok &= member_is(c, name, v, want);
	if (ok && c->unsupported)
		return ORACLE_UNSUPPORTED;
	return ok ? ORACLE_PASSED : ORACLE_FAILED;
}

/*
 * A category is a property of the questions after it; where the expected
 * result ends with one, a question is added that shows it.
 */
static bool ends_with_category(struct oracle *o, struct jval want)
{
	struct jval v = want;

	if (jval_type(want) == J_ARRAY)
		return jval_count(want) > 0 &&
		       import_element(want, jval_count(want) - 1, &v) &&
		       str_is(oracle_str(o, v, "type"), "Category");
	return str_is(oracle_str(o, want, "qtype"), "category");
}

static enum oracle_verdict import(struct oracle *o, const struct oracle_case *c,
				  struct buf *got)
{
	struct compare compare = { .o = o, .got = got };
	struct str bytes = { 0 };
	struct bank bank;
	bool extra;

	if (c->file.p) {
		if (oracle_file(o, c->file, &bytes) != OK)
			return ORACLE_UNSUPPORTED;
	} else if (jval_type(c->item) == J_STRING) {
		bytes = jval_str(&o->cx, c->item);
	}
	extra = ends_with_category(o, c->expected);
	if (extra && str_is(c->format, "GIFT"))
		bytes = str_fmt(o->cx.arena, "%.*s\n\nA text.\n",
				STR_FMT(bytes));
	else if (extra)
		return ORACLE_UNSUPPORTED;
	if (bank_read(&o->cx, bytes, (struct str){ 0 }, &bank) != OK) {
		buf_z(got, o->cx.error.text);
		return ORACLE_FAILED;
	}
	if (jval_type(c->expected) == J_ARRAY)
		return import_tree(&compare, &bank, c->expected, extra);
	return moodle_is(&compare, &bank, c->expected);
}

const struct oracle_kind kind_import[] = { { "import", import }, { 0 } };
