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
void buf_add(struct buf *b, const void *p, size_t n);
void buf_str(struct buf *b, struct str s);
void buf_z(struct buf *b, const char *z);
void buf_ch(struct buf *b, char c);
void buf_int(struct buf *b, int64_t v);
void buf_hex(struct buf *b, const void *p, size_t n);
void buf_fmt(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Room for n more bytes; NULL once failed. The caller then adds to b->n. */
char *buf_room(struct buf *b, size_t n);
struct str buf_view(const struct buf *b); /* valid until the next append */
/* A copy that lives in the arena. */
struct arena;
struct str buf_copy(const struct buf *b, struct arena *a);
