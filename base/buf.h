/*
 * buf: a growing buffer. After an error (size over its limit) every later
 * append does nothing and failed stays true, so callers check once, at the
 * end. Memory is malloc's, owned by the buf. All-zero is a valid empty buf
 * with no limit.
 */
#pragma once

#include <stdarg.h>

#include "base/err.h"
#include "base/str.h"

struct buf {
	char *p;
	size_t n, room;
	size_t limit; /* bytes; 0: none */
	bool failed;
};

void buf_done(struct buf *b);  /* frees; b is empty and usable, limit kept */
void buf_reset(struct buf *b); /* keeps the memory, clears failed */
void buf_int(struct buf *b, int64_t v);
void buf_hex(struct buf *b, const void *p, size_t n);
void buf_fmt(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The same as buf_room, which asks it when there is no room yet. */
char *buf_more(struct buf *b, size_t n);
struct str buf_view(const struct buf *b); /* valid until the next append */
/* A copy that lives in the arena. */
struct arena;
struct str buf_copy(const struct buf *b, struct arena *a);

/* Room for n more bytes; NULL once failed. The caller then adds to b->n. */
static inline char *buf_room(struct buf *b, size_t n)
{
	/* The last one: whether it is within the limit, of which 0 is none. */
	if (!b->failed && n < b->room - b->n && b->n + n - 1 <= b->limit - 1)
		return b->p + b->n;
	return buf_more(b, n);
}

static inline void buf_add(struct buf *b, const void *p, size_t n)
{
	char *to = n ? buf_room(b, n) : NULL;

	if (!to)
		return;
	memcpy(to, p, n);
	b->n += n;
}

static inline void buf_str(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}

static inline void buf_z(struct buf *b, const char *z)
{
	if (z)
		buf_add(b, z, strlen(z));
}

static inline void buf_ch(struct buf *b, char c)
{
	char *to = buf_room(b, 1);

	if (!to)
		return;
	*to = c;
	b->n++;
}
