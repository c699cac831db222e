#include "graders/gift_impl.h"

#include "base/limits.h"
#include "graders/bank_text.h"

/* A file while it is read, and the block that is being collected. */
struct gift {
	struct ctx *cx;
	struct bank_build *b;
	struct buf block;
	int64_t block_line, question;
	bool has_text;
	int64_t tag_nodes, tag_line; /* of this block's comments */
	struct bank_list tags;	     /* struct str */
	struct str idnumber;
	struct str category;
	int64_t category_line; /* 0: used by an item already, or none */
};

size_t gift_find(struct str s, char c, size_t from)
{
	const char *p;

	if (from >= s.n)
		return SIZE_MAX;
	p = memchr(s.p + from, c, s.n - from);
	return p ? (size_t)(p - s.p) : SIZE_MAX;
}

struct str gift_plain(struct ctx *cx, struct str s)
{
	static const char back[] = " " GIFT_ESCAPES;
	struct str copy = str_copy(cx->arena, s);
	char *p = (char *)copy.p;

	for (size_t i = 0; i < copy.n; i++)
		if (p[i] >= GIFT_MARK_FIRST && p[i] <= GIFT_MARK_LAST)
			p[i] = p[i] == GIFT_MARK_LAST ? '\n' : back[(int)p[i]];
	copy = str_trim(copy);
	return copy.n > 0 ? copy : (struct str){ 0 };
}

struct gift_text gift_text(struct ctx *cx, struct str s, int otherwise)
{
	static const struct {
		const char *prefix;
		int format;
	} formats[] = {
		{ "[html]", TEXT_HTML },
		{ "[moodle]", TEXT_MOODLE },
		{ "[plain]", TEXT_PLAIN },
		{ "[markdown]", TEXT_MARKDOWN },
	};
	struct gift_text t = { .format = otherwise };

	s = str_trim(s);
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (str_starts(s, formats[i].prefix)) {
			t.format = formats[i].format;
			s = str_cut(s, strlen(formats[i].prefix), s.n);
			break;
		}
	t.text = gift_plain(cx, s);
	return t;
}

/* "[id:" and "[tag:" up to the next "]" that is not "\]". */
static bool next_tag(struct str line, size_t *at, bool *is_id,
		     struct str *value, size_t *begin)
{
	for (size_t i = *at; i < line.n; i++) {
		struct str rest = str_cut(line, i, line.n);
		size_t from, to;

		if (line.p[i] != '[')
			continue;
		*is_id = str_starts(rest, "[id:");
		if (!*is_id && !str_starts(rest, "[tag:"))
			continue;
		from = i + (*is_id ? 4 : 5);
		for (to = from; to < line.n && line.p[to] != ']'; to++)
			if (line.p[to] == '\\' && to + 1 < line.n &&
			    line.p[to + 1] == ']')
				to++;
		if (to >= line.n)
			return false;
		if (to == from)
			continue;
		*value = str_cut(line, from, to);
		*begin = i;
		*at = to + 1;
		return true;
	}
	return false;
}

/* The value of a tag: "\]" is "]". */
static struct str tag_value(struct gift *g, struct str s, int64_t line)
{
	struct buf b = { 0 };
	struct str out;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n && s.p[i + 1] == ']')
			continue;
		buf_ch(&b, s.p[i]);
	}
	out = bank_name_kept(g->b, buf_view(&b), line, STR("tag"));
	buf_done(&b);
	return out;
}

static void take_tag(struct gift *g, bool is_id, struct str value, int64_t line)
{
	struct str s = tag_value(g, value, line);

	if (s.n == 0 || g->tags.n >= LIMIT_PARTS) {
		bank_note(g->b, FATE_IGNORED, line, STR("comment/tag"), 1,
			  "a tag has no text, or there are too many");
	} else if (!is_id) {
		bank_list_add(&g->tags, &s, sizeof(s));
		g->tag_nodes++;
	} else if (g->idnumber.n > 0) {
		bank_note(g->b, FATE_IGNORED, line, STR("comment/id"), 1,
			  "a question has one id, the first");
	} else {
		g->idnumber = s;
		g->tag_nodes++;
	}
}

/* A comment that is nothing but tags is carried over, others are not. */
static void read_comment(struct gift *g, struct str line, int64_t number)
{
	size_t at = 2, from = 2, begin;
	bool is_id, words = false;
	struct str value;

	while (next_tag(line, &at, &is_id, &value, &begin)) {
		words |= str_trim(str_cut(line, from, begin)).n > 0;
		take_tag(g, is_id, value, number);
		from = at;
	}
	words |= str_trim(str_cut(line, from, line.n)).n > 0;
	if (from == 2 || words)
		bank_note(g->b, FATE_IGNORED, number, STR("comment"), 1,
			  "comments are not carried over");
	else
		g->tag_nodes++;
	if (g->tag_line == 0)
		g->tag_line = number;
}

/* A category that no question took would be lost: say so. */
static void category_unused(struct gift *g)
{
	if (g->category_line > 0)
		bank_note(g->b, FATE_IGNORED, g->category_line, STR("category"),
			  1, "a category has no questions");
	g->category_line = 0;
}

static void read_category(struct gift *g, struct str line, int64_t number)
{
	category_unused(g);
	g->category = bank_name_kept(g->b, str_cut(line, 10, line.n), number,
				     STR("category"));
	g->category_line = number;
}

static void tags_reset(struct gift *g)
{
	buf_done(&g->tags.buf);
	g->tags.n = 0;
	g->idnumber = (struct str){ 0 };
	g->tag_nodes = g->tag_line = 0;
}

/* ERR_INVALID for bytes that a text does not hold; see gift_impl.h. */
static enum err replace_escapes(struct gift *g, struct str raw, struct str *out)
{
	char *p = arena_alloc(g->cx->arena, raw.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < raw.n; i++) {
		const char *mark = NULL;
		unsigned char c = (unsigned char)raw.p[i];

		if ((c < ' ' && c != '\n' && c != '\t') || c == 0x7f)
			return err_set(g->cx, ERR_INVALID,
				       "a control character is no text");
		if (c == '\\' && i + 1 < raw.n) {
			if (raw.p[i + 1] == '\\')
				i++;
			else
				mark = strchr(GIFT_ESCAPES, raw.p[i + 1]);
		}
		if (mark && *mark) {
			p[n++] =
				(char)(GIFT_MARK_FIRST + (mark - GIFT_ESCAPES));
			i++;
		} else {
			p[n++] = (char)c;
		}
	}
	*out = (struct str){ p, n };
	return OK;
}

/* "::name::" at the beginning; an unfinished one is only text. */
static struct str take_name(struct gift_question *q, struct str s)
{
	size_t end;

	if (!str_starts(s, "::"))
		return s;
	s = str_cut(s, 2, s.n);
	end = str_find(s, STR("::"), 0);
	if (end == SIZE_MAX)
		return s;
	q->it->name =
		bank_name_kept(q->b, gift_plain(q->cx, str_cut(s, 0, end)),
			       q->line, STR("question"));
	q->nodes++;
	return str_trim(str_cut(s, end + 2, s.n));
}

/* Where the answers stand: open < close; both SIZE_MAX: there are none. */
static enum err find_braces(struct gift_question *q, struct str s, size_t *open,
			    size_t *close)
{
	*open = gift_find(s, '{', 0);
	*close = gift_find(s, '}', 0);
	if (*open == SIZE_MAX && *close == SIZE_MAX)
		return OK;
	if (*close == SIZE_MAX)
		return err_set(q->cx, ERR_INVALID,
			       "the answers have no closing brace; "
			       "a blank line ends a question");
	if (*open > *close)
		return err_set(q->cx, ERR_INVALID,
			       "there is a closing brace without an opening "
			       "one; write \\} for a brace in a text");
	if (gift_find(s, '{', *close) != SIZE_MAX ||
	    gift_find(s, '}', *close + 1) != SIZE_MAX)
		return err_set(q->cx, ERR_INVALID,
			       "there are braces after the answers; "
			       "write \\{ and \\} for braces in a text");
	return OK;
}

/* The text around the answers; a gap where they stand in the middle. */
static struct str stem_around(struct gift_question *q, struct str s,
			      size_t open, size_t close)
{
	return str_fmt(q->cx->arena, "%.*s%s%.*s", (int)open, s.p,
		       close + 1 == s.n ? "" : "_____", (int)(s.n - close - 1),
		       s.p + close + 1);
}

static size_t find_last(struct str s, const char *z)
{
	size_t n = strlen(z);

	for (size_t i = s.n; i >= n; i--)
		if (memcmp(s.p + i - n, z, n) == 0)
			return i - n;
	return SIZE_MAX;
}

static enum err describe(struct gift_question *q)
{
	if (q->it->stem.n == 0 && q->it->name.n == 0)
		return err_set(q->cx, ERR_INVALID, "there is no text");
	q->it->type = ITEM_DESCRIPTION;
	q->it->source_type = STR("description");
	q->it->mark = DEC_ZERO;
	return OK;
}

static enum err read_block(struct gift_question *q)
{
	struct str s = take_name(q, str_trim(q->block)), answers = { 0 };
	struct gift_text general = { 0 }, stem;
	size_t open, close, at;
	enum err e = find_braces(q, s, &open, &close);

	if (e)
		return e;
	if (open != SIZE_MAX) {
		answers = str_trim(str_cut(s, open + 1, close));
		s = stem_around(q, s, open, close);
	}
	stem = gift_text(q->cx, s, TEXT_MOODLE);
	q->it->stem = stem.text;
	q->it->stem_format = general.format = stem.format;
	at = find_last(answers, "####");
	if (at != SIZE_MAX) {
		general = gift_text(q->cx, str_cut(answers, at + 4, answers.n),
				    stem.format);
		answers = str_trim(str_cut(answers, 0, at));
		q->nodes++;
	}
	q->it->general_feedback = general.text;
	q->it->general_feedback_format = general.format;
	return open == SIZE_MAX ? describe(q) : gift_answers(q, answers);
}

static struct item fresh_item(struct gift *g)
{
	return (struct item){
		.mark = DEC_ONE,
		.penalty = { GIFT_DEFAULT_PENALTY_NANO },
		.category = g->category,
		.idnumber = g->idnumber,
		.tags = bank_list_take(g->cx, &g->tags),
	};
}

static void refuse_block(struct gift *g)
{
	bank_note_at(g->b, FATE_REFUSED, g->block_line, STR("question"),
		     g->question, 1, "%s", g->cx->error.text);
	if (g->tag_nodes > 0)
		bank_note(g->b, FATE_IGNORED, g->tag_line, STR("comment/tag"),
			  g->tag_nodes, "the tags are of a refused question");
	err_clear(g->cx);
}

static enum err flush_question(struct gift *g)
{
	struct gift_question q = {
		.cx = g->cx, .b = g->b, .line = g->block_line, .nodes = 1
	};
	struct item it = fresh_item(g);
	enum err e;

	g->question++;
	q.it = &it;
	e = replace_escapes(g, buf_view(&g->block), &q.block);
	if (!e)
		e = read_block(&q);
	if (!e)
		e = bank_keep(g->b, q.it);
	if (e == ERR_LIMIT_REACHED)
		return err_set(g->cx, ERR_TOO_LARGE, "%s", g->cx->error.text);
	if (e) {
		refuse_block(g);
		return OK;
	}
	if (g->category_line > 0)
		bank_mapped(g->b, 1);
	g->category_line = 0;
	bank_mapped(g->b, q.nodes + g->tag_nodes);
	if (q.empty > 0)
		bank_note(g->b, FATE_IGNORED, g->block_line,
			  STR("question/answer"), q.empty,
			  "an answer without text is left out");
	return OK;
}

static enum err flush(struct gift *g)
{
	enum err e = OK;

	if (g->has_text)
		e = flush_question(g);
	else if (g->tag_nodes > 0)
		bank_note(g->b, FATE_IGNORED, g->tag_line, STR("comment/tag"),
			  g->tag_nodes, "the tags belong to no question");
	tags_reset(g);
	buf_reset(&g->block);
	g->has_text = false;
	return e;
}

static enum err read_line(struct gift *g, struct str line, int64_t number)
{
	struct str s = str_trim(line);

	if (s.n == 0)
		return flush(g);
	if (str_starts(s, "//")) {
		read_comment(g, s, number);
		line = STR(" ");
	} else if (!g->has_text && str_starts(s, "$CATEGORY:")) {
		read_category(g, s, number);
		line = STR(" ");
	} else if (!g->has_text) {
		g->has_text = true;
		g->block_line = number;
		buf_reset(&g->block);
	}
	buf_str(&g->block, line);
	buf_ch(&g->block, '\n');
	return OK;
}

enum err gift_read(struct ctx *cx, struct str bytes, struct bank *out)
{
	struct gift g = { .cx = cx };
	struct bank_text t;
	struct str rest, line;
	int64_t number = 0;
	enum err e;

	if (bytes.n > LIMIT_IMPORT_BYTES)
		return err_set(cx, ERR_TOO_LARGE,
			       "a file to import has at most %d bytes",
			       LIMIT_IMPORT_BYTES);
	e = bank_text_decode(cx, bytes, (struct str){ 0 }, &t);
	if (e)
		return e;
	g.b = bank_build_new(cx, "gift");
	if (t.was)
		bank_note(g.b, FATE_MAPPED, 0, STR("file"), 0,
			  "the file is not UTF-8 and was read as %s", t.was);
	rest = t.text;
	while (!e && str_split(&rest, '\n', &line))
		e = read_line(&g, line, ++number);
	if (!e)
		e = flush(&g);
	category_unused(&g);
	tags_reset(&g);
	buf_done(&g.block);
	if (e)
		bank_build_free(g.b);
	else
		e = bank_build_done(g.b, out);
	return e;
}
