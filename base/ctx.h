/*
 * ctx: all that one request (or one offline call) works with. Created by
 * whoever takes the request, passed down first everywhere, never kept.
 *
 * base knows none of the types that it only points to here.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/str.h"

struct store_conn;  /* engine/store: an open transaction or a reader */
struct principal;   /* engine/auth: who calls */
struct app;	    /* engine/app.h: the server's long-lived parts */
struct record_list; /* engine/audit: what a command has to append */
struct rpc_io;	    /* engine/rpc: the message around the params */

enum { ERR_TEXT = 400, ERR_FIELD = 200 };

struct err_info {
	enum err code;
	char text[ERR_TEXT];	/* safe to show; says what to do */
	char field[ERR_FIELD];	/* JSON pointer into params, or empty */
	char detail[ERR_TEXT];	/* for the log only */
	int64_t retry_after_ms; /* 0: not said */
	struct str data; /* raw JSON object for data.state, or absent; in the
			    arena: what a refused caller needs to go on */
};

struct ctx {
	struct arena *arena;
	const struct clock *clock;
	struct rng *rng;
	struct log *log;       /* may be NULL */
	struct store_conn *db; /* NULL in the knowledge libraries */
	const struct principal *who;
	struct app *app;
	struct record_list *records; /* NULL outside commands */
	struct rpc_io *io;	     /* NULL outside requests */
	struct err_info error;
};

/* Stores a sentence that is safe to show; returns the code. */
enum err err_set(struct ctx *cx, enum err code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same, and names the offending field by its JSON pointer ("/a/0/b"). */
enum err err_field(struct ctx *cx, enum err code, const char *field,
		   const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Adds what only the log may see. Returns the code set before. */
enum err err_detail(struct ctx *cx, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void err_clear(struct ctx *cx);

#ifdef __clang_analyzer__
/* It sees one file at a time: a refusal is never OK, and returns its code. */
static inline enum err err_same(enum err said, enum err code)
{
	(void)said;
	return code;
}
#define err_set(cx, code, ...) err_same(err_set(cx, code, __VA_ARGS__), code)
#define err_field(cx, code, ...)                                               \
	err_same(err_field(cx, code, __VA_ARGS__), code)
#endif
