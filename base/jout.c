#include "base/field.h"
#include "base/jtext.h"
#include "base/tm.h"

/* A byte that cannot stand as it is; U+FFFD for what is not UTF-8. */
static void write_special(struct buf *b, unsigned char c)
{
	static const char *const named[0x20] = {
		['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n",
		['\r'] = "\\r", ['\t'] = "\\t",
	};
	static const char digits[] = "0123456789abcdef";

	if (c >= 0x80) { /* not UTF-8 */
		buf_add(b, "\xef\xbf\xbd", 3);
		return;
	}
	if (c == '"' || c == '\\') {
		buf_add(b, (char[]){ '\\', (char)c }, 2);
	} else if (named[c]) {
		buf_add(b, named[c], 2);
	} else {
		buf_add(b, "\\u00", 4);
		buf_add(b, (char[]){ digits[c >> 4], digits[c & 15] }, 2);
	}
}

/* Room is asked for once where nothing needs an escape: nearly always. */
static bool write_plain(struct buf *b, struct str s, const char *behind)
{
	size_t more = strlen(behind);
	char *p;

	if (jtext_run(s.p, s.n) != s.n)
		return false;
	p = buf_room(b, s.n + 1 + more);
	if (!p)
		return true;
	*p++ = '"';
	if (s.n)
		memcpy(p, s.p, s.n);
	memcpy(p + s.n, behind, more);
	b->n += s.n + 1 + more;
	return true;
}

void jout_str(struct buf *b, struct str s)
{
	size_t i = 0, run;

	if (write_plain(b, s, "\""))
		return;
	buf_ch(b, '"');
	while (i < s.n) {
		run = jtext_run(s.p + i, s.n - i);
		buf_add(b, s.p + i, run);
		i += run;
		if (i < s.n)
			write_special(b, (unsigned char)s.p[i++]);
	}
	buf_ch(b, '"');
}

void jout_name(struct buf *b, const char *name)
{
	if (write_plain(b, str_of(name), "\":"))
		return;
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
	jout_str(b, str_of(text));
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
