#include "graders/gift_impl.h"

/* What GIFT cannot say about an item goes into a comment before it. */
static void lost(struct buf *b, bool is_lost, const char *what, bool *any)
{
	if (!is_lost)
		return;
	buf_z(b, *any ? ", " : "// not kept in GIFT: ");
	buf_z(b, what);
	*any = true;
}

static bool answers_lose(const struct item *it)
{
	const struct answer *a = it->answers.at;

	for (size_t i = 0; i < it->answers.n; i++)
		if ((a[i].tolerance_kind != TOL_ABSOLUTE &&
		     a[i].tolerance_kind != TOL_RANGE) ||
		    a[i].low_open || a[i].high_open)
			return true;
	return false;
}

static void write_losses(struct buf *b, const struct item *it)
{
	int64_t penalty = it->type == ITEM_TRUE_FALSE
				  ? DEC_ONE_NANO
				  : GIFT_DEFAULT_PENALTY_NANO;
	struct dec mark = it->type == ITEM_DESCRIPTION ? DEC_ZERO : DEC_ONE;
	bool any = false;

	lost(b, !dec_eq(it->mark, mark), "mark", &any);
	lost(b, it->penalty.nano != penalty, "penalty", &any);
	lost(b, it->hints.n > 0, "hints", &any);
	lost(b, it->units.n > 0, "units", &any);
	lost(b, answers_lose(it), "tolerances other than absolute", &any);
	lost(b, it->text.case_sensitive, "letter case", &any);
	lost(b,
	     it->right_feedback.n + it->partial_feedback.n +
			     it->wrong_feedback.n >
		     0,
	     "feedback for right, partly right and wrong", &any);
	lost(b, it->type == ITEM_MULTI && it->multi_rule != MULTI_WEIGHTS,
	     "the rule by which shares add up", &any);
	lost(b, it->source.n > 0, "embedded files", &any);
	if (any)
		buf_ch(b, '\n');
}

static void write_plain(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '\r') {
			if (i + 1 == s.n || s.p[i + 1] != '\n')
				buf_z(b, "\\n");
		} else if (c == '\n') {
			buf_z(b, "\\n");
		} else if ((unsigned char)c < ' ' && c != '\t') {
			buf_ch(b, ' ');
		} else if (c == '\\' || strchr(":#={}~", c)) {
			buf_ch(b, '\\');
			buf_ch(b, c);
		} else {
			buf_ch(b, c);
		}
	}
}

static void write_prefix(struct buf *b, int format)
{
	static const char *const prefixes[] = {
		[TEXT_PLAIN] = "[plain]",
		[TEXT_HTML] = "[html]",
		[TEXT_MARKDOWN] = "[markdown]",
		[TEXT_MOODLE] = "[moodle]",
	};

	buf_z(b, prefixes[format]);
}

/* The prefix also guards what would be read as something else (a BOM, too). */
static void write_text(struct buf *b, struct str s, int format, int otherwise)
{
	if (format != otherwise || (s.n > 0 && strchr("[%/$\xef", s.p[0])))
		write_prefix(b, format);
	write_plain(b, s);
}

static void write_feedback(struct buf *b, struct str s, int format,
			   const struct item *it)
{
	if (s.n == 0 && format == it->stem_format)
		return;
	buf_ch(b, '#');
	write_text(b, s, format, it->stem_format);
}

static void write_weight(struct buf *b, struct dec fraction)
{
	char text[DEC_TEXT];
	size_t n = dec_text(dec_scale(fraction, 100, 1), text);

	buf_ch(b, '%');
	buf_add(b, text, n);
	buf_ch(b, '%');
}

/*
 * A single choice needs a "=" and a "~" to be read as one; so the best choice
 * has the first, with a weight if it is not worth all, and if every choice is
 * right the first one has the second.
 */
static void write_choices(struct buf *b, const struct item *it)
{
	const struct choice *c = it->choices.at;
	bool single = it->type == ITEM_CHOICE, any_wrong = false;
	struct dec best = { INT64_MIN };

	for (size_t i = 0; i < it->choices.n; i++) {
		best = dec_max(best, c[i].fraction);
		any_wrong |= !dec_eq(c[i].fraction, DEC_ONE);
	}
	for (size_t i = 0; i < it->choices.n; i++) {
		bool right = single && dec_eq(c[i].fraction, best) &&
			     (any_wrong || i > 0);

		buf_z(b, right ? "\t=" : "\t~");
		if (!dec_eq(c[i].fraction, right ? DEC_ONE : DEC_ZERO))
			write_weight(b, c[i].fraction);
		write_text(b, c[i].text, c[i].format, it->stem_format);
		write_feedback(b, c[i].feedback, c[i].feedback_format, it);
		buf_ch(b, '\n');
		/* All are equally good, but not every one may be "=". */
		if (right && !dec_eq(best, DEC_ONE))
			best = dec_add(DEC_ONE, DEC_ONE);
	}
}

static void write_true_false(struct buf *b, const struct item *it)
{
	const struct choice *c = it->choices.at, *right, *wrong;
	bool truth = c[0].fraction.nano > 0;

	right = truth ? &c[0] : &c[1];
	wrong = truth ? &c[1] : &c[0];
	buf_z(b, truth ? "TRUE" : "FALSE");
	if (right->feedback.n == 0 &&
	    right->feedback_format == it->stem_format) {
		write_feedback(b, wrong->feedback, wrong->feedback_format, it);
		return;
	}
	buf_ch(b, '#');
	write_text(b, wrong->feedback, wrong->feedback_format, it->stem_format);
	buf_ch(b, '#');
	write_text(b, right->feedback, right->feedback_format, it->stem_format);
}

static void write_answer(struct buf *b, const struct item *it,
			 const struct answer *a, bool bare)
{
	bool any = it->type == ITEM_NUMERIC && str_is(a->text, "*") &&
		   dec_eq(a->fraction, DEC_ZERO);

	if (any) {
		buf_z(b, "\t~");
		if (a->feedback.n == 0 && a->feedback_format == it->stem_format)
			buf_ch(b, '#');
	} else {
		buf_z(b, bare ? "" : "\t=");
		if (!dec_eq(a->fraction, DEC_ONE))
			write_weight(b, a->fraction);
		if (it->type == ITEM_NUMERIC)
			buf_str(b, a->text);
		else
			write_text(b, a->text, TEXT_PLAIN, TEXT_PLAIN);
	}
	if (a->tolerance_kind == TOL_RANGE) {
		buf_z(b, "..");
		buf_str(b, a->high);
	} else if (a->tolerance.n > 0 && !any) {
		buf_ch(b, ':');
		buf_str(b, a->tolerance);
	}
	write_feedback(b, a->feedback, a->feedback_format, it);
	buf_ch(b, '\n');
}

static bool arrow_in(struct str s)
{
	return str_find(s, STR("->"), 0) != SIZE_MAX;
}

/* "{=a->b}" is a pair: such an answer can only stand alone, without "=". */
static bool short_has_arrow(const struct item *it)
{
	const struct answer *a = it->answers.at;

	for (size_t i = 0; i < it->answers.n; i++)
		if (arrow_in(a[i].text) || arrow_in(a[i].feedback))
			return true;
	return false;
}

static void write_answers(struct buf *b, const struct item *it)
{
	const struct answer *a = it->answers.at;
	bool bare = it->type == ITEM_SHORT && short_has_arrow(it);

	for (size_t i = 0; i < it->answers.n; i++)
		write_answer(b, it, &a[i], bare);
}

static void write_pair(struct buf *b, const struct item *it,
		       const struct match_stem *m, struct str option)
{
	buf_z(b, "\t=");
	if (m)
		write_text(b, m->text, m->format, it->stem_format);
	buf_z(b, " -> ");
	write_plain(b, option);
	buf_ch(b, '\n');
}

/*
 * Reading numbers the options by their first appearance; an option that the
 * next stem does not bring in is brought in by a line without a stem.
 */
static void write_match(struct buf *b, const struct item *it)
{
	const struct match_stem *m = it->stems.at;
	const struct str *options = it->options.at;
	size_t s = 0;
	int64_t known = 0;

	while (s < it->stems.n || known < (int64_t)it->options.n) {
		bool next = s < it->stems.n && m[s].option <= known;

		if (!next) {
			write_pair(b, it, NULL, options[known++]);
			continue;
		}
		write_pair(b, it, &m[s], options[m[s].option]);
		known += m[s].option == known;
		s++;
	}
}

/* Fails where GIFT has no way to say it; see write_skipped. */
static bool expressible(const struct item *it)
{
	const struct match_stem *m = it->stems.at;
	const struct answer *a = it->answers.at;

	if (it->type == ITEM_CLOZE || it->type == ITEM_OPAQUE ||
	    it->type == ITEM_CODE)
		return false;
	if (it->type == ITEM_SHORT && short_has_arrow(it))
		return it->answers.n == 1 && !str_is(a[0].text, "");
	for (size_t i = 0; i < it->stems.n; i++)
		if (arrow_in(m[i].text))
			return false;
	return it->type != ITEM_TRUE_FALSE || it->choices.n == 2;
}

static void write_body(struct buf *b, const struct item *it)
{
	switch ((enum item_type)it->type) {
	case ITEM_CHOICE:
	case ITEM_MULTI:
		buf_ch(b, '\n');
		write_choices(b, it);
		break;
	case ITEM_TRUE_FALSE:
		write_true_false(b, it);
		break;
	case ITEM_SHORT:
		buf_ch(b, '\n');
		write_answers(b, it);
		break;
	case ITEM_NUMERIC:
		buf_z(b, "#\n");
		write_answers(b, it);
		break;
	case ITEM_MATCH:
		buf_ch(b, '\n');
		write_match(b, it);
		break;
	case ITEM_CLOZE:
	case ITEM_ESSAY:
	case ITEM_DESCRIPTION:
	case ITEM_OPAQUE:
	case ITEM_CODE:
	case ITEM_TYPE_COUNT:
		break;
	}
}

/* A tag or category is one line, whatever is in it. */
static void write_line(struct buf *b, struct str s, char escape)
{
	for (size_t i = 0; i < s.n; i++) {
		if (escape && s.p[i] == escape)
			buf_ch(b, '\\');
		buf_ch(b, (unsigned char)s.p[i] < ' ' ? ' ' : s.p[i]);
	}
}

/* A backslash at the end would take the bracket's meaning away. */
static void write_tag(struct buf *b, const char *name, struct str value)
{
	buf_fmt(b, " [%s:", name);
	write_line(b, value, ']');
	buf_z(b, str_ends(value, "\\") ? " ]" : "]");
}

static void write_tags(struct buf *b, const struct item *it)
{
	const struct str *tags = it->tags.at;

	if (it->idnumber.n == 0 && it->tags.n == 0)
		return;
	buf_z(b, "//");
	if (it->idnumber.n > 0)
		write_tag(b, "id", it->idnumber);
	for (size_t i = 0; i < it->tags.n; i++)
		write_tag(b, "tag", tags[i]);
	buf_ch(b, '\n');
}

static void write_general(struct buf *b, const struct item *it)
{
	if (it->general_feedback.n == 0 &&
	    it->general_feedback_format == it->stem_format)
		return;
	buf_z(b, "####");
	write_text(b, it->general_feedback, it->general_feedback_format,
		   it->stem_format);
}

static void write_item(struct buf *b, const struct item *it)
{
	write_losses(b, it);
	write_tags(b, it);
	if (it->name.n > 0) {
		buf_z(b, "::");
		write_plain(b, it->name);
		buf_z(b, "::");
	}
	write_text(b, it->stem, it->stem_format, TEXT_MOODLE);
	if (it->type != ITEM_DESCRIPTION) {
		buf_ch(b, '{');
		write_body(b, it);
		write_general(b, it);
		buf_ch(b, '}');
	}
	buf_z(b, "\n\n");
}

void gift_write(struct buf *b, const struct bank *bank)
{
	const struct item *it = bank->items.at;
	struct str category = { 0 };

	for (size_t i = 0; i < bank->items.n; i++) {
		if (!str_eq(it[i].category, category)) {
			category = it[i].category;
			buf_z(b, "$CATEGORY: ");
			write_line(b, category, 0);
			buf_z(b, "\n\n");
		}
		if (expressible(&it[i])) {
			write_item(b, &it[i]);
			continue;
		}
		buf_z(b, "// left out, GIFT cannot say it: ");
		write_line(b, it[i].id, 0);
		buf_z(b, "\n\n");
	}
}
