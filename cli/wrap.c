#include "cli/wrap.h"

#include <wchar.h>

#include "graders/text.h"

enum { TEXT_LEAST = 20 }; /* columns for text, however deep it is indented */

static int char_width(int32_t c)
{
	int w = wcwidth((wchar_t)c);

	return w < 0 ? (c < 32 || c == 127 ? 0 : 1) : w;
}

int wrap_width(struct str s)
{
	int width = 0;

	for (size_t at = 0; at < s.n;)
		width += char_width(text_next(s, &at));
	return width;
}

void wrap_pad(struct buf *b, int n)
{
	for (int i = 0; i < n; i++)
		buf_ch(b, ' ');
}

/* Controls of the first and second set, and of direction (UAX 9). */
static bool steers(int32_t c)
{
	return (c < 32 && c != '\n') || (c >= 127 && c < 160) || c == 0x200e ||
	       c == 0x200f || c == 0x061c || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0x2028 || c == 0x2029;
}

static void clean(struct buf *b, struct str s, bool one_line)
{
	char out[4];

	for (size_t at = 0; at < s.n;) {
		int32_t c = text_next(s, &at);

		if (c == '\t' || (c == '\n' && one_line))
			buf_ch(b, ' ');
		else if (!steers(c))
			buf_add(b, out, text_put(out, c));
	}
}

void wrap_clean(struct buf *b, struct str s)
{
	clean(b, s, false);
}

void wrap_clean_line(struct buf *b, struct str s)
{
	clean(b, s, true);
}

struct wrap {
	struct buf *b;
	int columns, indent, at;
};

static void new_line(struct wrap *w, int hang)
{
	buf_ch(w->b, '\n');
	wrap_pad(w->b, w->indent + hang);
	w->at = w->indent + hang;
}

/* A word that is wider than a line, character by character. */
static void put_long(struct wrap *w, struct str word, int hang)
{
	for (size_t at = 0; at < word.n;) {
		size_t from = at;
		int width = char_width(text_next(word, &at));

		if (w->at + width > w->columns)
			new_line(w, hang);
		buf_str(w->b, str_cut(word, from, at));
		w->at += width;
	}
}

static void put_line(struct wrap *w, struct str line)
{
	int spaces = 0, hang, width;
	struct str word;
	bool first = true;

	while (line.n && line.p[0] == ' ') {
		spaces++;
		line = str_cut(line, 1, line.n);
	}
	hang = w->indent + spaces + TEXT_LEAST > w->columns ? 0 : spaces;
	wrap_pad(w->b, hang);
	w->at += hang;
	while (line.n && str_split(&line, ' ', &word)) {
		width = wrap_width(word);
		if (!first && w->at + 1 + width > w->columns) {
			new_line(w, hang);
		} else if (!first) {
			buf_ch(w->b, ' ');
			w->at++;
		}
		if (w->at + width > w->columns)
			put_long(w, word, hang);
		else
			buf_str(w->b, word);
		if (width <= w->columns - w->indent - hang)
			w->at += width;
		first = false;
	}
}

void wrap_text(struct buf *b, struct str s, int columns, int indent, int used)
{
	struct wrap w = { b, columns, indent, used };
	struct buf plain = { 0 };
	struct str rest, line;
	bool first = true;

	if (w.columns < indent + TEXT_LEAST)
		w.columns = indent + TEXT_LEAST;
	wrap_clean(&plain, s);
	rest = buf_view(&plain);
	while (rest.n && str_split(&rest, '\n', &line)) {
		if (!first && line.n) {
			new_line(&w, 0);
		} else if (!first) {
			buf_ch(b, '\n'); /* no spaces on an empty line */
			w.at = 0;
		}
		first = false;
		put_line(&w, line);
	}
	buf_done(&plain);
}
