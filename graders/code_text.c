/* Text that a program wrote, made fit to be shown. */
#include "graders/code_impl.h"

#include "base/jtext.h"

/* Invisible, or turns the text around it: shown by its number. */
static bool is_trick(uint32_t c)
{
	return (c >= 0x7f && c < 0xa0) || c == 0x61c ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
	       (c >= 0xe0000 && c <= 0xe007f);
}

static uint32_t code_point(const char *p, size_t n)
{
	const unsigned char *u = (const unsigned char *)p;
	uint32_t c = n == 1 ? u[0] : u[0] & (0x7fu >> n);

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (u[i] & 0x3f);
	return c;
}

/* One character of s at at; returns its bytes. */
static size_t put_one(struct buf *b, struct str s, size_t at)
{
	size_t n = jtext_utf8(s.p + at, s.n - at);
	uint32_t c = n ? code_point(s.p + at, n) : 0;

	if (!n || (c < 0x20 && c != '\n' && c != '\t')) {
		buf_fmt(b, "\\x%02x", (unsigned char)s.p[at]);
		return 1;
	}
	if (is_trick(c))
		buf_fmt(b, "\\u{%x}", (unsigned)c);
	else
		buf_add(b, s.p + at, n);
	return n;
}

struct str code_text(struct arena *a, struct str s, size_t most)
{
	struct buf b = { 0 };
	struct str out;
	size_t at = 0, whole = 0;

	while (at < s.n && b.n <= most) {
		whole = b.n;
		if (s.p[at] == '\r' && at + 1 < s.n && s.p[at + 1] == '\n')
			at++;
		at += put_one(&b, s, at);
	}
	if (b.n > most) {
		b.n = whole;
		buf_z(&b, most > 8 ? " …" : "");
	}
	out = b.n ? buf_copy(&b, a) : (struct str){ 0 };
	buf_done(&b);
	return out;
}

static bool in_path(char c)
{
	return (str_lower(c) >= 'a' && str_lower(c) <= 'z') ||
	       (c >= '0' && c <= '9') || (c && strchr("._-+@%~", c));
}

/* "/usr/lib/x.h:3" becomes "x.h:3"; "a / b" and "a/b" stay. */
struct str code_scrub(struct arena *a, struct str s)
{
	struct buf b = { 0 };
	struct str out;

	for (size_t i = 0; i < s.n;) {
		size_t end = i + 1, last = i + 1;

		if (s.p[i] != '/' || (i && in_path(s.p[i - 1])) || end == s.n ||
		    !in_path(s.p[end])) {
			buf_ch(&b, s.p[i++]);
			continue;
		}
		for (; end < s.n && (in_path(s.p[end]) || s.p[end] == '/');
		     end++)
			if (s.p[end] == '/' && end + 1 < s.n &&
			    in_path(s.p[end + 1]))
				last = end + 1;
		buf_add(&b, s.p + last, end - last);
		i = end;
	}
	out = b.n ? buf_copy(&b, a) : (struct str){ 0 };
	buf_done(&b);
	return out;
}
