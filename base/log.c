#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/tm.h"

/* PIPE_BUF on Linux: a line goes into a pipe whole, between other writers. */
enum { LINE_BYTES = 4096 };

static const char cut_tail[] = ",\"cut\":true}\n";
enum { LINE_ROOM = LINE_BYTES - (sizeof(cut_tail) - 1) };

/* Nothing in it changes, and each line is one write: no lock is needed. */
struct log {
	int fd;
	enum log_level least;
	const struct clock *clock;
};

static const char *const level_words[] = {
	[LOG_DEBUG] = "debug",
	[LOG_INFO] = "info",
	[LOG_WARN] = "warn",
	[LOG_ERROR] = "error",
};

struct line {
	char p[LINE_BYTES];
	size_t n;
	bool cut; /* something did not fit into LINE_ROOM */
};

struct log *log_new(int fd, enum log_level least, const struct clock *clock)
{
	struct log *l = calloc(1, sizeof(*l)); /* allowed: process-long */

	CHECK(l);
	*l = (struct log){ fd, least, clock };
	return l;
}

void log_free(struct log *l)
{
	free(l);
}

/* All of it or nothing. */
static bool put(struct line *to, const char *p, size_t n)
{
	if (to->cut || n > LINE_ROOM - to->n) {
		to->cut = true;
		return false;
	}
	memcpy(to->p + to->n, p, n);
	to->n += n;
	return true;
}

static bool put_z(struct line *to, const char *z)
{
	return put(to, z, strlen(z));
}

/* Bytes of the character that begins at s.p[i]; 0 if it is not UTF-8. */
static size_t char_length(struct str s, size_t i)
{
	for (size_t n = 1; n <= 4 && n <= s.n - i; n++) {
		if (str_utf8_ok((struct str){ s.p + i, n }))
			return n;
	}
	return 0;
}

/* One character, escaped if JSON wants that; returns the bytes it took. */
static size_t put_char(struct line *to, struct str s, size_t i)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = char_length(s, i);
	unsigned char c = (unsigned char)s.p[i];

	if (n == 0) {
		put_z(to, "\\ufffd");
		return 1;
	}
	if (c < 0x20) {
		const char esc[6] = { '\\', 'u',	 '0',
				      '0',  hex[c >> 4], hex[c & 15] };

		put(to, esc, sizeof(esc));
	} else if (c == '"' || c == '\\') {
		const char esc[2] = { '\\', (char)c };

		put(to, esc, sizeof(esc));
	} else {
		put(to, s.p + i, n);
	}
	return n;
}

/*
 * A string that does not fit keeps its beginning, and its closing quote stands
 * where a character was given up; so it needs room for one byte at least.
 */
static void put_str(struct line *to, struct str s)
{
	size_t good;

	if (!put(to, "\"\"", 2)) /* the room for both quotes, first */
		return;
	for (size_t i = 0; i < s.n && !to->cut;) {
		good = --to->n; /* over the closing quote */
		i += put_char(to, s, i);
		if (!put(to, "\"", 1)) {
			to->n = good;
			to->p[to->n++] = '"';
		}
	}
}

static void put_int(struct line *to, int64_t v)
{
	char text[STR_INT_TEXT];
	struct str s = str_of_int(text, v);

	put(to, s.p, s.n);
}

static void put_value(struct line *to, const struct log_field *f)
{
	switch (f->type) {
	case LOG_F_STR:
		if (f->s.p)
			put_str(to, f->s);
		else
			put_z(to, "null");
		return;
	case LOG_F_INT:
		put_int(to, f->i);
		return;
	case LOG_F_BOOL:
		put_z(to, f->i ? "true" : "false");
		return;
	}
}

/* A field whose name or short value does not fit leaves no trace but "cut". */
static void put_field(struct line *to, const struct log_field *f)
{
	size_t before = to->n, value;

	put(to, ",", 1);
	put_str(to, str_of(f->name));
	put(to, ":", 1);
	value = to->n;
	if (!to->cut)
		put_value(to, f);
	if (to->cut && to->n == value)
		to->n = before;
}

/* A log that cannot be written is no reason to stop: the line is lost. */
static void write_line(int fd, const struct line *l)
{
	ssize_t n;

	do {
		n = write(fd, l->p, l->n);
	} while (n < 0 && errno == EINTR);
}

void log_event_(struct log *l, enum log_level level, const char *event,
		const struct log_field *fields, size_t count)
{
	char now[TM_TEXT + 1];
	struct line to;
	int kept = errno;

	if (!l || level < l->least)
		return;
	to.n = 0;
	to.cut = false;
	tm_text(clock_ms(l->clock), now);
	put_z(&to, "{\"t\":\"");
	put_z(&to, now);
	put_z(&to, "\",\"level\":\"");
	put_z(&to, level_words[level]);
	put_z(&to, "\",\"event\":");
	put_str(&to, str_of(event));
	for (size_t i = 1; i < count && !to.cut; i++)
		put_field(&to, &fields[i]);
	if (to.cut) {
		memcpy(to.p + to.n, cut_tail, sizeof(cut_tail) - 1);
		to.n += sizeof(cut_tail) - 1;
	} else {
		memcpy(to.p + to.n, "}\n", 2); /* less than cut_tail's room */
		to.n += 2;
	}
	write_line(l->fd, &to);
	errno = kept;
}

bool log_level_parse(struct str s, enum log_level *out)
{
	for (int i = LOG_DEBUG; i <= LOG_ERROR; i++) {
		if (str_is(s, level_words[i])) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}
