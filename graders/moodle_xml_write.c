#include "graders/cloze.h"
#include "graders/moodle_xml_impl.h"

#include <stdarg.h>
#include <stdio.h>

static const char *format_word(int format)
{
	static const char *const words[] = {
		[TEXT_PLAIN] = "plain_text",
		[TEXT_HTML] = "html",
		[TEXT_MARKDOWN] = "markdown",
		[TEXT_MOODLE] = "moodle_auto_format",
	};

	return words[format];
}

/* <name>value</name>; nothing for an absent value. */
static void word(struct buf *b, const char *name, struct str value)
{
	if (!value.p)
		return;
	buf_fmt(b, "<%s>", name);
	xml_escape(b, value);
	buf_fmt(b, "</%s>\n", name);
}

static void word_z(struct buf *b, const char *name, const char *value)
{
	word(b, name, str_of(value));
}

static void word_int(struct buf *b, const char *name, int64_t v)
{
	buf_fmt(b, "<%s>%lld</%s>\n", name, (long long)v, name);
}

static void word_dec(struct buf *b, const char *name, struct dec d)
{
	char text[DEC_TEXT];

	word(b, name, (struct str){ text, dec_text(d, text) });
}

static void text_element(struct buf *b, struct str s)
{
	buf_z(b, "<text>");
	xml_escape(b, s);
	buf_z(b, "</text>");
}

/* The embedded files of one place, as they were read. */
static void files(struct buf *b, const struct item *it, const char *where)
{
	char head[100];
	size_t from, to;

	if (it->type == ITEM_OPAQUE || it->source.n == 0)
		return;
	snprintf(head, sizeof(head), "<files in=\"%s\">", where);
	from = str_find(it->source, str_of(head), 0);
	if (from == SIZE_MAX)
		return;
	from += strlen(head);
	to = str_find(it->source, STR("</files>"), from);
	if (to != SIZE_MAX)
		buf_str(b, str_cut(it->source, from, to));
}

static void text(struct buf *b, const struct item *it, const char *name,
		 struct str s, int format)
{
	buf_fmt(b, "<%s format=\"%s\">", name, format_word(format));
	text_element(b, s);
	files(b, it, name);
	buf_fmt(b, "</%s>\n", name);
}

static void open_answer(struct buf *b, struct dec fraction)
{
	char number[DEC_TEXT];
	size_t n = dec_text(dec_scale(fraction, 100, 1), number);

	buf_z(b, "<answer fraction=\"");
	buf_add(b, number, n);
	buf_z(b, "\"");
}

static void feedback(struct buf *b, const struct item *it, size_t at,
		     struct str s, int format)
{
	char where[60];

	snprintf(where, sizeof(where), "answer[%zu]/feedback", at);
	buf_fmt(b, "<feedback format=\"%s\">", format_word(format));
	text_element(b, s);
	files(b, it, where);
	buf_z(b, "</feedback>");
}

static void write_choices(struct buf *b, const struct item *it)
{
	const struct choice *c = it->choices.at;
	bool words = it->type == ITEM_TRUE_FALSE;
	char where[40];

	for (size_t i = 0; i < it->choices.n; i++) {
		open_answer(b, c[i].fraction);
		if (!words)
			buf_fmt(b, " format=\"%s\"", format_word(c[i].format));
		buf_ch(b, '>');
		if (words)
			text_element(b, i == 0 ? STR("true") : STR("false"));
		else
			text_element(b, c[i].text);
		snprintf(where, sizeof(where), "answer[%zu]", i + 1);
		files(b, it, where);
		feedback(b, it, i + 1, c[i].feedback, c[i].feedback_format);
		buf_z(b, "</answer>\n");
	}
}

/* Half the sum or half the difference of two numbers' texts. */
static void half(struct buf *b, struct str low, struct str high, bool sum)
{
	struct dec l, h;
	char number[DEC_TEXT];

	if (!dec_parse(low, &l) || !dec_parse(high, &h)) {
		buf_z(b, "0");
		return;
	}
	l = sum ? dec_add(h, l) : dec_sub(h, l);
	if (!sum)
		l = dec_max(l, dec_neg(l));
	buf_add(b, number, dec_text(dec_scale(l, 1, 2), number));
}

/* A relative tolerance times the answer; "10%" is a tenth of it. */
static void absolute(struct buf *b, const struct answer *a)
{
	bool percent = str_ends(a->tolerance, "%");
	struct str s = str_cut(a->tolerance, 0, a->tolerance.n - percent);
	struct dec t = DEC_ZERO, value;
	char number[DEC_TEXT];

	if (dec_parse(s, &t) && dec_parse(a->text, &value))
		t = dec_mul(percent ? dec_scale(t, 1, 100) : t,
			    dec_max(value, dec_neg(value)));
	t = dec_max(t, dec_neg(t));
	buf_add(b, number, dec_text(t, number));
}

/*
 * Moodle's tolerance is absolute. Other kinds are written as the absolute one
 * that is nearest, and beside it, in an element that Moodle passes over, as
 * they are.
 */
static void write_tolerance(struct buf *b, const struct answer *a)
{
	bool range = a->tolerance_kind == TOL_RANGE;
	const struct {
		const char *name;
		struct str value;
	} attrs[] = {
		{ "value", a->tolerance },
		{ "relative", a->relative },
		{ "low", range ? a->text : (struct str){ 0 } },
		{ "high", a->high },
		{ "lowopen", a->low_open ? STR("1") : (struct str){ 0 } },
		{ "highopen", a->high_open ? STR("1") : (struct str){ 0 } },
	};

	buf_z(b, "<tolerance>");
	if (a->tolerance_kind == TOL_ABSOLUTE && !str_ends(a->tolerance, "%")) {
		xml_escape(b, a->tolerance.n > 0 ? a->tolerance : STR("0"));
		buf_z(b, "</tolerance>");
		return;
	}
	if (range)
		half(b, a->text, a->high, false);
	else
		absolute(b, a);
	buf_z(b, "</tolerance><tolerancekind");
	for (size_t i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++) {
		if (attrs[i].value.n == 0)
			continue;
		buf_fmt(b, " %s=\"", attrs[i].name);
		xml_escape(b, attrs[i].value);
		buf_ch(b, '"');
	}
	buf_fmt(b, ">%s</tolerancekind>",
		tolerance_kind_words[a->tolerance_kind]);
}

static void write_answers(struct buf *b, const struct item *it)
{
	const struct answer *a = it->answers.at;

	for (size_t i = 0; i < it->answers.n; i++) {
		open_answer(b, a[i].fraction);
		buf_z(b, " format=\"plain_text\">");
		if (it->type == ITEM_NUMERIC &&
		    a[i].tolerance_kind == TOL_RANGE) {
			buf_z(b, "<text>");
			half(b, a[i].text, a[i].high, true);
			buf_z(b, "</text>");
		} else {
			text_element(b, a[i].text);
		}
		feedback(b, it, i + 1, a[i].feedback, a[i].feedback_format);
		if (it->type == ITEM_NUMERIC)
			write_tolerance(b, &a[i]);
		buf_z(b, "</answer>\n");
	}
}

static void write_numeric(struct buf *b, const struct item *it)
{
	const struct unit *u = it->units.at;
	bool graded = it->unit_mode == UNIT_GRADED;

	write_answers(b, it);
	if (it->units.n > 0)
		buf_z(b, "<units>\n");
	for (size_t i = 0; i < it->units.n; i++) {
		buf_z(b, "<unit>");
		word(b, "multiplier", u[i].multiplier);
		word(b, "unit_name", u[i].name);
		buf_z(b, "</unit>\n");
	}
	if (it->units.n > 0)
		buf_z(b, "</units>\n");
	word_int(b, "unitgradingtype",
		 !graded ? 0 : 1 + (it->unit_penalty == UNIT_PENALTY_OF_MAX));
	word_dec(b, "unitpenalty", it->unit_penalty_share);
	word_int(b, "showunits",
		 it->unit_mode == UNIT_NONE ? 3
		 : it->unit_separate	    ? 1
					    : 0);
	word_int(b, "unitsleft", it->units_before);
}

static void subquestion(struct buf *b, const struct item *it, size_t at,
			const struct match_stem *m, struct str option)
{
	char where[40];

	snprintf(where, sizeof(where), "subquestion[%zu]", at);
	buf_fmt(b, "<subquestion format=\"%s\">",
		format_word(m ? m->format : it->stem_format));
	text_element(b, m ? m->text : (struct str){ 0 });
	files(b, it, where);
	buf_z(b, "<answer>");
	text_element(b, option);
	buf_z(b, "</answer></subquestion>\n");
}

/* Options are numbered by their first appearance; see gift_write. */
static void write_match(struct buf *b, const struct item *it)
{
	const struct match_stem *m = it->stems.at;
	const struct str *options = it->options.at;
	size_t s = 0, at = 0;
	int64_t known = 0;

	while (s < it->stems.n || known < (int64_t)it->options.n) {
		if (s == it->stems.n || m[s].option > known) {
			subquestion(b, it, ++at, NULL, options[known++]);
			continue;
		}
		subquestion(b, it, ++at, &m[s], options[m[s].option]);
		known += m[s].option == known;
		s++;
	}
}

static void write_essay(struct buf *b, const struct item *it)
{
	const struct essay_rules *r = &it->essay;

	word(b, "responseformat", r->format);
	word_int(b, "responserequired", r->text_required);
	word_int(b, "responsefieldlines", r->lines);
	if (r->min_words > 0)
		word_int(b, "minwordlimit", r->min_words);
	if (r->max_words > 0)
		word_int(b, "maxwordlimit", r->max_words);
	word_int(b, "attachments", r->attachments);
	word_int(b, "attachmentsrequired", r->attachments_required);
	word(b, "filetypeslist", r->file_types);
	text(b, it, "graderinfo", r->grader_info, it->stem_format);
	text(b, it, "responsetemplate", r->template_text, it->stem_format);
}

static void write_combined(struct buf *b, const struct item *it)
{
	text(b, it, "correctfeedback", it->right_feedback, it->stem_format);
	text(b, it, "partiallycorrectfeedback", it->partial_feedback,
	     it->stem_format);
	text(b, it, "incorrectfeedback", it->wrong_feedback, it->stem_format);
	if (it->show_right_count)
		buf_z(b, "<shownumcorrect/>\n");
}

static void write_hints(struct buf *b, const struct item *it)
{
	const struct hint *h = it->hints.at;
	char where[40];

	for (size_t i = 0; i < it->hints.n; i++) {
		snprintf(where, sizeof(where), "hint[%zu]", i + 1);
		buf_fmt(b, "<hint format=\"%s\">", format_word(h[i].format));
		text_element(b, h[i].text);
		files(b, it, where);
		if (h[i].show_right_count)
			buf_z(b, "<shownumcorrect/>");
		if (h[i].clear_wrong)
			buf_z(b, "<clearwrong/>");
		buf_z(b, "</hint>\n");
	}
}

static void write_tags(struct buf *b, const struct item *it)
{
	const struct str *tags = it->tags.at;

	if (it->tags.n == 0)
		return;
	buf_z(b, "<tags>\n");
	for (size_t i = 0; i < it->tags.n; i++) {
		buf_z(b, "<tag>");
		text_element(b, tags[i]);
		buf_z(b, "</tag>\n");
	}
	buf_z(b, "</tags>\n");
}

static void write_stem(struct buf *b, const struct item *it)
{
	struct buf cloze = { 0 };

	if (it->type != ITEM_CLOZE) {
		text(b, it, "questiontext", it->stem, it->stem_format);
		return;
	}
	cloze_write(&cloze, it);
	text(b, it, "questiontext", buf_view(&cloze), it->stem_format);
	buf_done(&cloze);
}

static void write_common(struct buf *b, const struct item *it)
{
	buf_z(b, "<name>");
	text_element(b, it->name);
	buf_z(b, "</name>\n");
	write_stem(b, it);
	text(b, it, "generalfeedback", it->general_feedback,
	     it->general_feedback_format);
	word_dec(b, "defaultgrade", it->mark);
	word_dec(b, "penalty", it->penalty);
	word_z(b, "hidden", "0");
	word(b, "idnumber", it->idnumber);
}

static void write_type(struct buf *b, const struct item *it)
{
	switch ((enum item_type)it->type) {
	case ITEM_CHOICE:
	case ITEM_MULTI:
		word_z(b, "single", it->type == ITEM_CHOICE ? "true" : "false");
		word_z(b, "shuffleanswers", it->shuffle ? "true" : "false");
		word(b, "answernumbering", it->numbering);
		write_combined(b, it);
		write_choices(b, it);
		break;
	case ITEM_TRUE_FALSE:
		write_choices(b, it);
		break;
	case ITEM_SHORT:
		word_int(b, "usecase", it->text.case_sensitive);
		write_answers(b, it);
		break;
	case ITEM_NUMERIC:
		write_numeric(b, it);
		break;
	case ITEM_MATCH:
		word_z(b, "shuffleanswers", it->shuffle ? "true" : "false");
		write_combined(b, it);
		write_match(b, it);
		break;
	case ITEM_ESSAY:
		write_essay(b, it);
		break;
	case ITEM_CLOZE:
		write_combined(b, it);
		break;
	case ITEM_DESCRIPTION:
	case ITEM_OPAQUE:
	case ITEM_CODE:
	case ITEM_TYPE_COUNT:
		break;
	}
}

/* Moodle has two names for two types: the item's own one is kept. */
static const char *type_word(const struct item *it)
{
	static const char *const words[] = {
		[ITEM_CHOICE] = "multichoice",
		[ITEM_MULTI] = "multichoice",
		[ITEM_TRUE_FALSE] = "truefalse",
		[ITEM_SHORT] = "shortanswer",
		[ITEM_NUMERIC] = "numerical",
		[ITEM_MATCH] = "matching",
		[ITEM_CLOZE] = "cloze",
		[ITEM_ESSAY] = "essay",
		[ITEM_DESCRIPTION] = "description",
		[ITEM_OPAQUE] = "description",
		[ITEM_CODE] = "description",
	};

	if (it->type == ITEM_MATCH && str_is(it->source_type, "match"))
		return "match";
	if (it->type == ITEM_CLOZE && str_is(it->source_type, "multianswer"))
		return "multianswer";
	return words[it->type];
}

/* An opaque item that came from here is written as it was read. */
static void write_opaque(struct buf *b, const struct item *it)
{
	if (str_starts(it->source, "<question")) {
		buf_str(b, it->source);
		buf_ch(b, '\n');
		return;
	}
	buf_z(b, "<!-- left out, it is of another format -->\n");
}

static void write_item(struct buf *b, const struct item *it)
{
	if (it->type == ITEM_OPAQUE || it->type == ITEM_CODE) {
		write_opaque(b, it);
		return;
	}
	buf_fmt(b, "<question type=\"%s\">\n", type_word(it));
	write_common(b, it);
	write_type(b, it);
	write_hints(b, it);
	write_tags(b, it);
	buf_z(b, "</question>\n");
}

void moodle_xml_write(struct buf *b, const struct bank *bank)
{
	const struct item *it = bank->items.at;
	struct str category = { 0 };

	buf_z(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<quiz>\n");
	for (size_t i = 0; i < bank->items.n; i++) {
		if (!str_eq(it[i].category, category)) {
			category = it[i].category;
			buf_z(b, "<question type=\"category\"><category>");
			text_element(b, category);
			buf_z(b, "</category></question>\n");
		}
		write_item(b, &it[i]);
	}
	buf_z(b, "</quiz>\n");
}
