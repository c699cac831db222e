#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

enum { FIRST_ROOM = 256 };

void buf_done(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ .limit = b->limit };
}

void buf_reset(struct buf *b)
{
	b->n = 0;
	b->failed = false;
}

/* Memory for n bytes in all, whatever the limit says. */
static void grow(struct buf *b, size_t n)
{
	size_t room = b->room ? b->room : FIRST_ROOM;
	char *p;

	if (n <= b->room && b->p)
		return;
	while (room < n) {
		CHECK(room <= SIZE_MAX / 2);
		room *= 2;
	}
	p = realloc(b->p, room); /* allowed: the growing buffer itself */
	CHECK(p);
	b->p = p;
	b->room = room;
}

/* Whether n more bytes are within the limit; fails the buf if not. */
static bool allowed(struct buf *b, size_t n)
{
	size_t most = b->limit ? b->limit : SIZE_MAX / 4;

	if (!b->failed && (b->n > most || n > most - b->n))
		b->failed = true;
	return !b->failed;
}

char *buf_more(struct buf *b, size_t n)
{
	if (!allowed(b, n))
		return NULL;
	grow(b, b->n + n);
	return b->p + b->n;
}

void buf_int(struct buf *b, int64_t v)
{
	char text[STR_INT_TEXT];

	buf_str(b, str_of_int(text, v));
}

void buf_hex(struct buf *b, const void *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *in = p;
	char *to;

	if (n > SIZE_MAX / 2) {
		b->failed = true;
		return;
	}
	to = buf_room(b, 2 * n);
	if (!to)
		return;
	for (size_t i = 0; i < n; i++) {
		to[2 * i] = digits[in[i] >> 4];
		to[2 * i + 1] = digits[in[i] & 15];
	}
	b->n += 2 * n;
}

void buf_fmt(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	if (b->failed)
		return;
	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	CHECK(n >= 0);
	if (allowed(b, (size_t)n)) {
		grow(b, b->n + (size_t)n + 1); /* vsnprintf's NUL */
		vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
}

struct str buf_view(const struct buf *b)
{
	return b->p ? (struct str){ b->p, b->n } : STR("");
}

struct str buf_copy(const struct buf *b, struct arena *a)
{
	return str_copy(a, buf_view(b));
}
