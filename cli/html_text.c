#include "cli/html_text.h"

#include "base/limits.h"
#include "cli/html_entity.h"

enum { LIST_DEPTH = 8, TAG_NAME = 16, BREAKS_MOST = 3 };

/* What a tag does to the text. */
enum effect {
	NOTHING,   /* <b>, <span>: only the tag goes */
	BREAK,	   /* a new line */
	BLOCK,	   /* a new line before and after */
	PARAGRAPH, /* a blank line before and after */
	LIST,
	NUMBERED,
	ITEM,
	CELL,
	PRE,
	HIDE, /* its content, too */
	SUB,
	SUP,
	IMAGE,
	LINK,
	RULE,
};

static const struct {
	const char *tag;
	enum effect effect;
} tags[] = {
	{ "a", LINK },
	{ "address", BLOCK },
	{ "article", BLOCK },
	{ "audio", IMAGE },
	{ "blockquote", PARAGRAPH },
	{ "br", BREAK },
	{ "caption", BLOCK },
	{ "dd", BLOCK },
	{ "div", BLOCK },
	{ "dl", PARAGRAPH },
	{ "dt", BLOCK },
	{ "figcaption", BLOCK },
	{ "figure", BLOCK },
	{ "form", BLOCK },
	{ "h1", PARAGRAPH },
	{ "h2", PARAGRAPH },
	{ "h3", PARAGRAPH },
	{ "h4", PARAGRAPH },
	{ "h5", PARAGRAPH },
	{ "h6", PARAGRAPH },
	{ "head", HIDE },
	{ "hr", RULE },
	{ "iframe", HIDE },
	{ "img", IMAGE },
	{ "li", ITEM },
	{ "object", HIDE },
	{ "ol", NUMBERED },
	{ "p", PARAGRAPH },
	{ "pre", PRE },
	{ "script", HIDE },
	{ "section", BLOCK },
	{ "style", HIDE },
	{ "sub", SUB },
	{ "sup", SUP },
	{ "svg", HIDE },
	{ "table", PARAGRAPH },
	{ "tbody", BLOCK },
	{ "td", CELL },
	{ "template", HIDE },
	{ "textarea", BLOCK },
	{ "th", CELL },
	{ "thead", BLOCK },
	{ "title", HIDE },
	{ "tr", BLOCK },
	{ "ul", LIST },
	{ "video", IMAGE },
};

struct render {
	struct buf *b;
	int breaks; /* line breaks that are due before the next text */
	bool space; /* so is a space */
	bool cell;  /* so is a cell's bar */
	int pre;
	int depth;
	int64_t numbers[LIST_DEPTH]; /* of a list's items; -1: bullets */
	struct str href;	     /* of the link that is open */
	size_t link_at;		     /* where its text began */
};

static bool fresh_line(const struct render *r)
{
	return r->b->n == 0 || r->b->p[r->b->n - 1] == '\n';
}

static void want_breaks(struct render *r, int n)
{
	if (r->b->n && r->breaks < n)
		r->breaks = n;
	r->space = false;
	r->cell = false;
}

static void indent(struct render *r)
{
	for (int i = 1; i < r->depth && i < LIST_DEPTH; i++)
		buf_z(r->b, "  ");
}

/* Writes what is due, so that text can follow. */
static void settle(struct render *r)
{
	bool broke = r->breaks > 0;

	for (; r->breaks > 0; r->breaks--)
		buf_ch(r->b, '\n');
	if (broke && r->depth > 0 && !r->pre) {
		indent(r);
		buf_z(r->b, "  ");
	}
	if (r->cell && !fresh_line(r))
		buf_z(r->b, " | ");
	else if (r->space && !fresh_line(r))
		buf_ch(r->b, ' ');
	r->cell = r->space = false;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static void put(struct render *r, struct str s)
{
	settle(r);
	buf_str(r->b, s);
}

/* Text between tags: white space collapses outside of <pre>. */
static void put_text(struct render *r, struct str s)
{
	char out[8];
	size_t used;

	while (s.n) {
		if (r->pre && s.p[0] == '\n') {
			settle(r);
			buf_ch(r->b, '\n');
			used = 1;
		} else if (!r->pre && is_space(s.p[0])) {
			r->space = true;
			used = 1;
		} else if (s.p[0] == '&') {
			struct str c = html_entity(s, out, &used);

			put(r, c);
		} else {
			for (used = 1; used < s.n && s.p[used] != '&' &&
				       !is_space(s.p[used]);)
				used++;
			put(r, str_cut(s, 0, used));
		}
		s = str_cut(s, used, s.n);
	}
}

/* ---- tags ---- */

struct tag {
	char name[TAG_NAME];
	bool closes;
	struct str attributes;
	size_t end; /* behind the '>' */
};

/*
 * A tag at s.p[0] == '<'; false: it is text. Quoted values may hold a '>'.
 */
static bool tag_read(struct str s, struct tag *t)
{
	size_t at = 1, n = 0, from;
	char quote = 0;

	*t = (struct tag){ 0 };
	if (at < s.n && s.p[at] == '/') {
		t->closes = true;
		at++;
	}
	if (at >= s.n || str_lower(s.p[at]) < 'a' || str_lower(s.p[at]) > 'z')
		return false;
	for (;
	     at < s.n && s.p[at] != '>' && s.p[at] != '/' && !is_space(s.p[at]);
	     at++)
		if (n < TAG_NAME - 1)
			t->name[n++] = str_lower(s.p[at]);
	from = at;
	for (; at < s.n && (quote || s.p[at] != '>'); at++) {
		if (quote && s.p[at] == quote)
			quote = 0;
		else if (!quote && (s.p[at] == '"' || s.p[at] == '\''))
			quote = s.p[at];
	}
	t->attributes = str_cut(s, from, at);
	t->end = at < s.n ? at + 1 : s.n;
	return true;
}

/* The raw value of an attribute; absent if it has none. */
static struct str attribute(struct str s, const char *name)
{
	struct str want = str_of(name), key, value;

	while (s.n) {
		size_t n = 0;

		while (s.n && (is_space(s.p[0]) || s.p[0] == '/'))
			s = str_cut(s, 1, s.n);
		while (n < s.n && !is_space(s.p[n]) && s.p[n] != '=')
			n++;
		key = str_cut(s, 0, n);
		s = str_cut(s, n ? n : 1, s.n);
		if (!n || !s.n || s.p[0] != '=')
			continue;
		s = str_cut(s, 1, s.n);
		if (s.n && (s.p[0] == '"' || s.p[0] == '\'')) {
			size_t end = str_find(s, (struct str){ s.p, 1 }, 1);

			value = str_cut(s, 1, end);
			s = str_cut(s, end == SIZE_MAX ? s.n : end + 1, s.n);
		} else {
			for (n = 0; n < s.n && !is_space(s.p[n]);)
				n++;
			value = str_cut(s, 0, n);
			s = str_cut(s, n, s.n);
		}
		if (str_eq_nocase(key, want))
			return value;
	}
	return (struct str){ 0 };
}

static enum effect effect_of(const char *name)
{
	for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++)
		if (strcmp(tags[i].tag, name) == 0)
			return tags[i].effect;
	return NOTHING;
}

/* Past </name>, or past the end. */
static size_t skip_content(struct str s, const char *name)
{
	size_t n = strlen(name), end;

	for (size_t at = 0; at + 2 + n <= s.n; at++) {
		if (s.p[at] != '<' || s.p[at + 1] != '/' ||
		    !str_eq_nocase(str_cut(s, at + 2, at + 2 + n),
				   str_of(name)))
			continue;
		end = str_find(s, STR(">"), at);
		return end == SIZE_MAX ? s.n : end + 1;
	}
	return s.n;
}

static void put_item(struct render *r)
{
	int64_t *number = r->depth > 0 && r->depth <= LIST_DEPTH
				  ? &r->numbers[r->depth - 1]
				  : NULL;

	want_breaks(r, 1);
	for (; r->breaks > 0; r->breaks--)
		buf_ch(r->b, '\n');
	indent(r);
	if (number && *number >= 0)
		buf_fmt(r->b, "%lld. ", (long long)++*number);
	else
		buf_z(r->b, "- ");
}

static void put_image(struct render *r, const struct tag *t)
{
	struct str alt = attribute(t->attributes, "alt");

	if (t->closes)
		return;
	put(r, STR("["));
	buf_z(r->b, strcmp(t->name, "img") == 0 ? "picture" : t->name);
	if (str_trim(alt).n) {
		buf_z(r->b, ": ");
		put_text(r, str_trim(alt));
	}
	r->space = false;
	buf_ch(r->b, ']');
}

static void put_link(struct render *r, const struct tag *t)
{
	struct str text;

	if (!t->closes) {
		r->href = attribute(t->attributes, "href");
		r->link_at = r->b->n;
		return;
	}
	text = str_cut(buf_view(r->b), r->link_at, r->b->n);
	if (!str_starts(r->href, "http") ||
	    str_find(text, r->href, 0) != SIZE_MAX) {
		r->href = (struct str){ 0 };
		return;
	}
	buf_z(r->b, " <");
	put_text(r, r->href);
	r->space = false;
	buf_ch(r->b, '>');
	r->href = (struct str){ 0 };
}

static void put_list(struct render *r, const struct tag *t, bool numbered)
{
	int64_t start = 1;

	if (t->closes) {
		if (r->depth > 0)
			r->depth--;
		want_breaks(r, r->depth ? 1 : 2);
		return;
	}
	want_breaks(r, r->depth ? 1 : 2);
	if (numbered && (!str_int(attribute(t->attributes, "start"), &start) ||
			 start < 0 || start > 1000000))
		start = 1;
	if (r->depth < LIST_DEPTH)
		r->numbers[r->depth] = numbered ? start - 1 : -1;
	if (r->depth < 1000)
		r->depth++;
}

/*
 * Digits and signs of a sub- or superscript have characters of their own;
 * anything else is marked with _ or ^. Returns the bytes of content used.
 */
static size_t put_script(struct render *r, struct str s, bool sup)
{
	static const char *const high[] = { "⁰", "¹", "²", "³", "⁴", "⁵",
					    "⁶", "⁷", "⁸", "⁹", "⁺", "⁻" };
	static const char *const low[] = { "₀", "₁", "₂", "₃", "₄", "₅",
					   "₆", "₇", "₈", "₉", "₊", "₋" };
	size_t n = 0;

	while (n < s.n && strchr("0123456789+-", s.p[n]) && s.p[n])
		n++;
	if (n == 0 || n == s.n || s.p[n] != '<') {
		put(r, sup ? STR("^") : STR("_"));
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		int at = s.p[i] == '+' ? 10 : s.p[i] == '-' ? 11 : s.p[i] - '0';

		put(r, str_of((sup ? high : low)[at]));
	}
	return n;
}

static void put_pre(struct render *r, const struct tag *t)
{
	want_breaks(r, 2);
	if (!t->closes)
		r->pre++;
	else if (r->pre > 0)
		r->pre--;
}

/* What the tag does; returns how much behind it was used up with it. */
static size_t apply(struct render *r, const struct tag *t, struct str behind)
{
	switch (effect_of(t->name)) {
	case NOTHING:
		break;
	case BREAK:
		if (r->b->n && r->breaks < BREAKS_MOST)
			r->breaks++;
		r->space = false;
		break;
	case BLOCK:
		want_breaks(r, 1);
		break;
	case PARAGRAPH:
		want_breaks(r, r->depth ? 1 : 2);
		break;
	case LIST:
		put_list(r, t, false);
		break;
	case NUMBERED:
		put_list(r, t, true);
		break;
	case ITEM:
		if (!t->closes)
			put_item(r);
		break;
	case CELL:
		if (!t->closes && r->breaks == 0)
			r->cell = true;
		break;
	case PRE:
		put_pre(r, t);
		break;
	case HIDE:
		return t->closes ? 0 : skip_content(behind, t->name);
	case SUB:
	case SUP:
		if (!t->closes)
			return put_script(r, behind,
					  strcmp(t->name, "sup") == 0);
		break;
	case IMAGE:
		put_image(r, t);
		break;
	case LINK:
		put_link(r, t);
		break;
	case RULE:
		want_breaks(r, 1);
		put(r, STR("----"));
		want_breaks(r, 1);
		break;
	}
	return 0;
}

/* Markup that is no tag: comments, doctypes, processing instructions. */
static size_t skip_markup(struct str s)
{
	size_t end;

	if (str_starts(s, "<!--"))
		end = str_find(s, STR("-->"), 4);
	else if (s.n > 1 && (s.p[1] == '!' || s.p[1] == '?'))
		end = str_find(s, STR(">"), 1);
	else
		return 0;
	if (end == SIZE_MAX)
		return s.n;
	return end + (str_starts(s, "<!--") ? 3 : 1);
}

struct str html_text(struct arena *a, struct str html)
{
	struct buf b = { .limit = LIMIT_BLOB_BYTES };
	struct render r = { .b = &b };
	struct str out;
	struct tag t;

	while (html.n) {
		size_t n = 0, used;

		while (n < html.n && html.p[n] != '<')
			n++;
		put_text(&r, str_cut(html, 0, n));
		html = str_cut(html, n, html.n);
		if (!html.n)
			break;
		used = skip_markup(html);
		if (!used && tag_read(html, &t)) {
			used = t.end;
			used += apply(&r, &t, str_cut(html, used, html.n));
		} else if (!used) {
			put(&r, STR("<"));
			used = 1;
		}
		html = str_cut(html, used, html.n);
	}
	out = buf_copy(&b, a);
	buf_done(&b);
	while (out.n && is_space(out.p[out.n - 1]))
		out.n--;
	return out;
}

struct str html_text_of(struct arena *a, struct str text, struct str format)
{
	if (str_is(format, "html") || str_is(format, "moodle"))
		return html_text(a, text);
	return text;
}
