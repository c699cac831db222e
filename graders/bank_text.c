#include "graders/bank_text.h"

/* Windows-1252's own part; 0: not assigned there, read as Latin-1. */
static const uint16_t windows_1252[32] = {
	0x20ac, 0,	0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
	0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,	0x017d, 0,
	0,	0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,	0x017e, 0x0178,
};

static struct str from_windows_1252(struct ctx *cx, struct str s)
{
	char *p = arena_alloc(cx->arena, s.n * 3 + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		uint32_t c = (unsigned char)s.p[i];

		if (c >= 0x80 && c < 0xa0 && windows_1252[c - 0x80] != 0)
			c = windows_1252[c - 0x80];
		n += str_utf8_put(p + n, c);
	}
	return (struct str){ p, n };
}

static uint32_t unit_16(struct str s, size_t at, bool big)
{
	uint32_t a = (unsigned char)s.p[at], b = (unsigned char)s.p[at + 1];

	return big ? a << 8 | b : b << 8 | a;
}

static enum err from_utf16(struct ctx *cx, struct str s, bool big,
			   struct str *out)
{
	char *p = arena_alloc(cx->arena, s.n * 2 + 1);
	size_t n = 0;

	if (s.n % 2 != 0)
		goto broken;
	for (size_t i = 0; i < s.n; i += 2) {
		uint32_t c = unit_16(s, i, big), low;

		if (c >= 0xdc00 && c < 0xe000)
			goto broken;
		if (c >= 0xd800 && c < 0xdc00) {
			low = i + 3 < s.n ? unit_16(s, i + 2, big) : 0;
			if (low < 0xdc00 || low >= 0xe000)
				goto broken;
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			i += 2;
		}
		n += str_utf8_put(p + n, c);
	}
	*out = (struct str){ p, n };
	return OK;
broken:
	return err_set(cx, ERR_INVALID,
		       "the file begins as UTF-16 but is not; "
		       "save it as UTF-8");
}

/* CR LF and a lone CR (old Macintosh) become LF. */
static struct str plain_lines(struct ctx *cx, struct str s)
{
	size_t n = 0;
	char *p;

	if (s.n == 0 || !memchr(s.p, '\r', s.n))
		return s;
	p = arena_alloc(cx->arena, s.n + 1);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '\r')
			p[n++] = s.p[i];
		else if (i + 1 == s.n || s.p[i + 1] != '\n')
			p[n++] = '\n';
	}
	return (struct str){ p, n };
}

static bool is_one_of(struct str s, const char *const *words)
{
	for (; *words; words++)
		if (str_eq_nocase(s, str_of(*words)))
			return true;
	return false;
}

static enum err from_declared(struct ctx *cx, struct str s, struct str declared,
			      struct bank_text *out)
{
	static const char *const utf8[] = { "utf-8", "utf8", "us-ascii",
					    "ascii", NULL };
	static const char *const latin[] = {
		"iso-8859-1",	"iso8859-1", "latin1", "latin-1",
		"windows-1252", "cp1252",    NULL
	};
	bool is_latin = is_one_of(declared, latin);

	if (declared.n > 0 && !is_latin && !is_one_of(declared, utf8))
		return err_set(cx, ERR_UNSUPPORTED,
			       "the file says that its encoding is \"%.*s\"; "
			       "save it as UTF-8",
			       (int)(declared.n > 40 ? 40 : declared.n),
			       declared.p);
	out->text = s;
	if (is_latin || !str_utf8_ok(s)) {
		out->was = "Windows-1252";
		out->text = from_windows_1252(cx, s);
	}
	return OK;
}

enum err bank_text_decode(struct ctx *cx, struct str bytes, struct str declared,
			  struct bank_text *out)
{
	struct bank_text t = { .text = bytes };
	enum err e = OK;

	if (str_starts(bytes, "\xff\xfe") || str_starts(bytes, "\xfe\xff")) {
		t.was = "UTF-16";
		e = from_utf16(cx, str_cut(bytes, 2, bytes.n),
			       bytes.p[0] == '\xfe', &t.text);
	} else {
		if (str_starts(bytes, "\xef\xbb\xbf"))
			bytes = str_cut(bytes, 3, bytes.n);
		e = from_declared(cx, bytes, declared, &t);
	}
	if (e)
		return e;
	while (str_starts(t.text, "\xef\xbb\xbf"))
		t.text = str_cut(t.text, 3, t.text.n);
	t.text = plain_lines(cx, t.text);
	*out = t;
	return OK;
}
