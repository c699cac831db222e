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
static bool write_plain(struct buf *b, struct str s)
{
	char *p;

	if (jtext_run(s.p, s.n) != s.n)
		return false;
	p = buf_room(b, s.n + 2);
	if (!p)
		return true;
	*p++ = '"';
	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = '"';
	b->n += s.n + 2;
	return true;
}

void jout_str(struct buf *b, struct str s)
{
	size_t i = 0, run;

	if (write_plain(b, s))
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
	jout_str(b, str_of(name));
	buf_ch(b, ':');
}

void jout_dec(struct buf *b, struct dec d)
{
	char text[DEC_TEXT];

	buf_add(b, text, dec_text(d, text));
}

/* The NULs that end the texts give way to the quotes. */
void jout_time(struct buf *b, int64_t ms)
{
	char *p;

	if (ms == 0) {
		buf_z(b, "null");
		return;
	}
	p = buf_room(b, TM_TEXT + 2);
	if (!p)
		return;
	*p++ = '"';
	tm_text(ms, p);
	p[TM_TEXT] = '"';
	b->n += TM_TEXT + 2;
}

void jout_id(struct buf *b, const struct id *id)
{
	char *p;

	if (id_is_none(id)) {
		buf_z(b, "null");
		return;
	}
	p = buf_room(b, ID_TEXT + 2);
	if (!p)
		return;
	*p++ = '"';
	id_text(id, p);
	p[ID_TEXT] = '"';
	b->n += ID_TEXT + 2;
}
