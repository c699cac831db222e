#include "base/field.h"
#include "base/jtext.h"
#include "base/tm.h"

/* One byte or character that cannot stand as it is; returns the bytes read. */
static size_t write_special(struct buf *b, const char *p, size_t n)
{
	static const char *const named[0x20] = {
		['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n",
		['\r'] = "\\r", ['\t'] = "\\t",
	};
	static const char digits[] = "0123456789abcdef";
	unsigned char c = (unsigned char)*p;
	size_t len;

	if (c >= 0x80) {
		len = jtext_utf8(p, n);
		if (!len)
			buf_add(b, "\xef\xbf\xbd", 3); /* U+FFFD */
		else
			buf_add(b, p, len);
		return len ? len : 1;
	}
	if (c == '"' || c == '\\') {
		buf_add(b, (char[]){ '\\', (char)c }, 2);
	} else if (named[c]) {
		buf_add(b, named[c], 2);
	} else {
		buf_add(b, "\\u00", 4);
		buf_add(b, (char[]){ digits[c >> 4], digits[c & 15] }, 2);
	}
	return 1;
}

/* Text in other scripts goes out in runs, not character by character. */
static size_t plain_or_utf8(const char *p, size_t n)
{
	size_t i = jtext_plain(p, n), len;

	while (i < n && (unsigned char)p[i] >= 0x80) {
		len = jtext_utf8(p + i, n - i);
		if (!len)
			break;
		i += len;
		i += jtext_plain(p + i, n - i);
	}
	return i;
}

void jout_str(struct buf *b, struct str s)
{
	size_t i = 0, run;

	buf_ch(b, '"');
	while (i < s.n) {
		run = plain_or_utf8(s.p + i, s.n - i);
		buf_add(b, s.p + i, run);
		i += run;
		if (i < s.n)
			i += write_special(b, s.p + i, s.n - i);
	}
	buf_ch(b, '"');
}

void jout_name(struct buf *b, const char *name)
{
	jout_str(b, str_of(name));
	buf_ch(b, ':');
}

void jout_dec(struct buf *b, struct dec d)
{
	char text[DEC_TEXT];

	buf_add(b, text, dec_text(d, text));
}

void jout_time(struct buf *b, int64_t ms)
{
	char text[TM_TEXT + 1];

	if (ms == 0) {
		buf_z(b, "null");
		return;
	}
	tm_text(ms, text);
	buf_ch(b, '"');
	buf_z(b, text);
	buf_ch(b, '"');
}

void jout_id(struct buf *b, const struct id *id)
{
	char text[ID_TEXT + 3];

	if (id_is_none(id)) {
		buf_z(b, "null");
		return;
	}
	text[0] = '"';
	id_text(id, text + 1);
	text[ID_TEXT + 1] = '"';
	buf_add(b, text, ID_TEXT + 2);
}
