#include "tests/oracle/moodle_item.h"

struct str moodle_scalar(struct oracle *o, struct jval v)
{
	switch (jval_type(v)) {
	case J_STRING:
		return jval_str(&o->cx, v);
	case J_NUMBER:
		return jval_text(v);
	case J_BOOL:
		return jval_bool(v) ? STR("1") : (struct str){ 0 };
	case J_NULL:
	case J_OBJECT:
	case J_ARRAY:
		break;
	}
	return (struct str){ 0 };
}

static struct str text_of(struct oracle *o, struct jval v, const char *name)
{
	struct jval m;

	return oracle_get(v, name, &m) ? moodle_scalar(o, m)
				       : (struct str){ 0 };
}

static struct dec dec_of(struct oracle *o, struct jval v, const char *name,
			 struct dec otherwise)
{
	struct dec d;

	return dec_parse(text_of(o, v, name), &d) ? d : otherwise;
}

static bool flag_of(struct oracle *o, struct jval v, const char *name)
{
	struct str s = text_of(o, v, name);

	return s.n && !str_is(s, "0");
}

/*
 * A list from an object or array whose positions count from 1: an array's
 * first element is a filler.
 */
static bool next_from_one(struct jval v, uint32_t *it, struct jval *out)
{
	struct str name;

	if (*it == 0 && jval_type(v) == J_ARRAY &&
	    !jval_next(v, it, &name, out))
		return false;
	return jval_next(v, it, &name, out);
}

static size_t count_from_one(struct jval v)
{
	size_t n = jval_count(v);

	return jval_type(v) == J_ARRAY && n ? n - 1 : n;
}

static void read_hints(struct oracle *o, struct jval q, struct item *it)
{
	struct jval hints, h;
	struct str name;
	uint32_t at = 0;
	struct hint *list;

	if (!oracle_get(q, "hints", &hints))
		return;
	list = ARENA_ARRAY(o->cx.arena, struct hint, jval_count(hints));
	it->hints.at = list;
	while (jval_next(hints, &at, &name, &h))
		list[it->hints.n++] = (struct hint){
			.text = text_of(o, h, "hint"),
			.show_right_count = flag_of(o, h, "show_num_correct"),
			.clear_wrong = flag_of(o, h, "clear_wrong"),
		};
}

static enum err read_choices(struct oracle *o, struct jval q, struct item *it)
{
	struct jval answers, a;
	struct str name;
	uint32_t at = 0;
	struct choice *list;

	if (!oracle_get(q, "answers", &answers))
		return err_set(&o->cx, ERR_UNSUPPORTED, "no choices");
	list = ARENA_ARRAY(o->cx.arena, struct choice, jval_count(answers));
	it->choices.at = list;
	while (jval_next(answers, &at, &name, &a))
		list[it->choices.n++] = (struct choice){
			.id = name,
			.text = text_of(o, a, "answer"),
			.fraction = dec_of(o, a, "fraction", DEC_ZERO),
			.feedback = text_of(o, a, "feedback"),
		};
	it->shuffle = flag_of(o, q, "shuffleanswers");
	return OK;
}

static void read_true_false(struct oracle *o, struct jval q, struct item *it)
{
	bool right = flag_of(o, q, "rightanswer");
	struct choice *list = ARENA_ARRAY(o->cx.arena, struct choice, 2);

	list[0] = (struct choice){ .id = STR("true"),
				   .text = STR("True"),
				   .fraction = right ? DEC_ONE : DEC_ZERO,
				   .feedback = text_of(o, q, "truefeedback") };
	list[1] = (struct choice){ .id = STR("false"),
				   .text = STR("False"),
				   .fraction = right ? DEC_ZERO : DEC_ONE,
				   .feedback = text_of(o, q, "falsefeedback") };
	it->choices = (struct list){ list, 2 };
}

static int tolerance_kind(struct str word)
{
	if (str_is(word, "relative") || str_is(word, "1"))
		return TOL_RELATIVE;
	if (str_is(word, "geometric") || str_is(word, "3"))
		return TOL_GEOMETRIC;
	return TOL_ABSOLUTE;
}

static enum err read_answers(struct oracle *o, struct jval q, struct item *it)
{
	struct jval answers, a;
	struct str name;
	uint32_t at = 0;
	struct answer *list;

	if (!oracle_get(q, "answers", &answers))
		return err_set(&o->cx, ERR_UNSUPPORTED, "no answers");
	list = ARENA_ARRAY(o->cx.arena, struct answer, jval_count(answers));
	it->answers.at = list;
	while (jval_next(answers, &at, &name, &a)) {
		struct answer *n = &list[it->answers.n++];

		n->text = text_of(o, a, "answer");
		n->fraction = dec_of(o, a, "fraction", DEC_ZERO);
		n->tolerance = text_of(o, a, "tolerance");
		n->tolerance_kind =
			tolerance_kind(text_of(o, a, "tolerance_type"));
		n->feedback = text_of(o, a, "feedback");
	}
	it->text.case_sensitive = flag_of(o, q, "usecase");
	return OK;
}

/* Moodle's numbers for the ways of units, or their names. */
static bool is_word(struct str s, const char *number, const char *name)
{
	return str_is(s, number) || str_is(s, name);
}

static void read_units(struct oracle *o, struct jval q, struct item *it)
{
	struct str how = text_of(o, q, "unitgradingtype"), name;
	struct jval ap, units, v;
	uint32_t at = 0;
	struct unit *list;

	it->unit_penalty_share = dec_of(o, q, "unitpenalty", DEC_ZERO);
	it->unit_mode = UNIT_NONE;
	if (!oracle_get(q, "ap", &ap) || !oracle_get(ap, "units", &units))
		return;
	it->units_before = flag_of(o, ap, "units_before_number");
	list = ARENA_ARRAY(o->cx.arena, struct unit, jval_count(units));
	it->units.at = list;
	while (jval_next(units, &at, &name, &v))
		list[it->units.n++] =
			(struct unit){ .name = name,
				       .multiplier = moodle_scalar(o, v) };
	/* As radio buttons or a list, not in the text. */
	it->unit_separate = is_word(text_of(o, q, "unitdisplay"), "1", "2");
	if (is_word(how, "1", "UNITGRADEDOUTOFMARK") ||
	    str_is(how, "UNITGRADED")) {
		it->unit_mode = UNIT_GRADED;
		it->unit_penalty = UNIT_PENALTY_OF_MARK;
	} else if (is_word(how, "2", "UNITGRADEDOUTOFMAX")) {
		it->unit_mode = UNIT_GRADED;
		it->unit_penalty = UNIT_PENALTY_OF_MAX;
	} else if (!is_word(how, "3", "UNITNONE")) {
		it->unit_mode = UNIT_OPTIONAL;
	}
}

/* The tests' own form: {"pairs": {stem: option}, "extra_choices": […]}. */
static void read_pairs(struct oracle *o, struct jval pairs, struct jval q,
		       struct item *it)
{
	struct jval extra, v;
	struct str name;
	uint32_t at = 0;
	size_t n = jval_count(pairs), more = 0;
	struct match_stem *stems;
	struct str *options;

	if (oracle_get(q, "extra_choices", &extra))
		more = jval_count(extra);
	stems = ARENA_ARRAY(o->cx.arena, struct match_stem, n);
	options = ARENA_ARRAY(o->cx.arena, struct str, n + more);
	it->stems.at = stems;
	it->options.at = options;
	while (jval_next(pairs, &at, &name, &v)) {
		struct str text = moodle_scalar(o, v);
		size_t i = 0;

		while (i < it->options.n && !str_eq(options[i], text))
			i++;
		if (i == it->options.n)
			options[it->options.n++] = text;
		stems[it->stems.n++] =
			(struct match_stem){ .text = name,
					     .option = (int64_t)i };
	}
	at = 0;
	while (more && jval_next(extra, &at, &name, &v))
		options[it->options.n++] = moodle_scalar(o, v);
}

static enum err read_match(struct oracle *o, struct jval q, struct item *it)
{
	struct jval pairs, stems, choices, right, v;
	uint32_t at = 0;
	struct match_stem *s;
	struct str *options;
	int64_t n;

	if (oracle_get(q, "pairs", &pairs)) {
		read_pairs(o, pairs, q, it);
		return OK;
	}
	if (!oracle_get(q, "stems", &stems) ||
	    !oracle_get(q, "choices", &choices) ||
	    !oracle_get(q, "right", &right) ||
	    count_from_one(stems) != count_from_one(right))
		return err_set(&o->cx, ERR_UNSUPPORTED, "no stems");
	s = ARENA_ARRAY(o->cx.arena, struct match_stem, count_from_one(stems));
	options = ARENA_ARRAY(o->cx.arena, struct str, count_from_one(choices));
	it->stems.at = s;
	it->options.at = options;
	while (next_from_one(stems, &at, &v))
		s[it->stems.n++].text = moodle_scalar(o, v);
	at = 0;
	while (next_from_one(choices, &at, &v))
		options[it->options.n++] = moodle_scalar(o, v);
	at = 0;
	for (size_t i = 0; next_from_one(right, &at, &v); i++) {
		if (!str_int(moodle_scalar(o, v), &n))
			return err_set(&o->cx, ERR_UNSUPPORTED, "a bad key");
		s[i].option = n - 1;
	}
	it->shuffle = flag_of(o, q, "shufflestems");
	return OK;
}

static enum err read_cloze(struct oracle *o, struct jval q, struct item *it)
{
	struct jval subs, v;
	struct str name;
	uint32_t at = 0;
	struct item *parts;
	enum err e;

	if (!oracle_get(q, "subquestions", &subs) || jval_count(subs) == 0)
		return err_set(&o->cx, ERR_UNSUPPORTED, "no parts are stated");
	parts = ARENA_ARRAY(o->cx.arena, struct item, jval_count(subs));
	it->parts.at = parts;
	while (jval_next(subs, &at, &name, &v)) {
		e = moodle_item_of(o, v, &parts[it->parts.n]);
		if (e)
			return e;
		it->parts.n++;
	}
	return OK;
}

static void read_essay(struct oracle *o, struct jval q, struct item *it)
{
	it->essay = (struct essay_rules){
		.format = text_of(o, q, "responseformat"),
		.text_required = flag_of(o, q, "responserequired"),
		.lines = oracle_int(q, "responsefieldlines", 0),
		.min_words = oracle_int(q, "minwordlimit", 0),
		.max_words = oracle_int(q, "maxwordlimit", 0),
		.attachments = oracle_int(q, "attachments", 0),
		.attachments_required = oracle_int(q, "attachmentsrequired", 0),
		.template_text = text_of(o, q, "responsetemplate"),
		.grader_info = text_of(o, q, "graderinfo"),
	};
}

static const struct {
	const char *class_;
	int type;
} classes[] = {
	{ "multichoice_single", ITEM_CHOICE },
	{ "multichoice_multi", ITEM_MULTI },
	{ "truefalse", ITEM_TRUE_FALSE },
	{ "shortanswer", ITEM_SHORT },
	{ "numerical", ITEM_NUMERIC },
	{ "match", ITEM_MATCH },
	{ "multianswer", ITEM_CLOZE },
	{ "essay", ITEM_ESSAY },
	{ "description", ITEM_DESCRIPTION },
};

/* "qtype_match_question" and "match" are one. */
static int type_of(struct str class_)
{
	if (str_starts(class_, "qtype_"))
		class_ = str_cut(class_, 6, class_.n);
	if (str_ends(class_, "_question"))
		class_ = str_cut(class_, 0, class_.n - 9);
	for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++)
		if (str_is(class_, classes[i].class_))
			return classes[i].type;
	return ITEM_OPAQUE;
}

static enum err read_body(struct oracle *o, struct jval q, struct item *it)
{
	enum err e;

	switch ((enum item_type)it->type) {
	case ITEM_CHOICE:
	case ITEM_MULTI:
		return read_choices(o, q, it);
	case ITEM_TRUE_FALSE:
		read_true_false(o, q, it);
		return OK;
	case ITEM_SHORT:
		return read_answers(o, q, it);
	case ITEM_NUMERIC:
		e = read_answers(o, q, it);
		if (!e)
			read_units(o, q, it);
		return e;
	case ITEM_MATCH:
		return read_match(o, q, it);
	case ITEM_CLOZE:
		return read_cloze(o, q, it);
	case ITEM_ESSAY:
		read_essay(o, q, it);
		return OK;
	case ITEM_DESCRIPTION:
		return OK;
	case ITEM_OPAQUE:
	case ITEM_CODE:
	case ITEM_TYPE_COUNT:
		break;
	}
	return err_set(&o->cx, ERR_UNSUPPORTED, "a type that is not ours");
}

enum err moodle_item_of(struct oracle *o, struct jval question,
			struct item *out)
{
	struct item it = { .id = STR("item"),
			   .type = type_of(text_of(o, question, "_class")) };
	enum err e;

	it.name = text_of(o, question, "name");
	it.stem = text_of(o, question, "questiontext");
	it.stem_format = TEXT_HTML;
	it.mark = dec_of(o, question, "defaultmark", DEC_ONE);
	it.penalty = dec_of(o, question, "penalty", DEC_ZERO);
	it.numbering = text_of(o, question, "answernumbering");
	read_hints(o, question, &it);
	e = read_body(o, question, &it);
	if (!e)
		*out = it;
	return e;
}

enum err moodle_item(struct oracle *o, struct str key, struct item *out)
{
	const size_t hash = str_find(key, STR("#"), 0);
	struct jval all, q;
	enum err e;

	if (hash != SIZE_MAX)
		key = str_cut(key, hash + 1, key.n);
	e = oracle_json(o, STR("moodle/items.json"), &all);
	if (e)
		return e;
	if (!oracle_get(all, str_z(o->cx.arena, key), &q))
		return err_set(&o->cx, ERR_NOT_FOUND, "no such question");
	return moodle_item_of(o, q, out);
}
