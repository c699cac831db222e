/* lab.terminal_*: the learner's side. */
#include "base/limits.h"
#include "engine/app.h"
#include "engine/lab/lab_rpc.h"
#include "engine/lab/lab_sql.h"
#include "engine/lab/term.h"

enum { WAIT_MOST_MS = 20000 };

#define SIZE(s)                                                                \
	FIELD(s, rows, KIND_INT, "lines", .min = 2, .max = TERM_ROWS),         \
		FIELD(s, cols, KIND_INT, "columns", .min = 2,                  \
		      .max = TERM_COLS)

#define T struct terminal_view
struct terminal_view {
	int64_t attach, node;
	int state, why;
	int64_t at, next, changes, rows, cols;
	bool screen, cut;
};
#define TOLD                                                                   \
	FIELD(T, state, KIND_ENUM, "what it is at", .words = state_words),     \
		FIELD(T, why, KIND_ENUM, "why the last shell ended",           \
		      .words = why_words),                                     \
		FIELD(T, at, KIND_INT, "place of the first byte"),             \
		FIELD(T, next, KIND_INT, "read on after this"),                \
		FIELD(T, changes, KIND_INT, "counts changes of state"),        \
		FIELD(T, rows, KIND_INT, "lines"),                             \
		FIELD(T, cols, KIND_INT, "columns")
static const char *const state_words[] = {
#define X(code, word, doc) word,
	TERM_STATES(X)
#undef X
		NULL
};
static const char *const why_words[] = {
#define X(code, word, doc) word,
	TERM_WHYS(X)
#undef X
		NULL
};
static const struct field opened_fields[] = {
	FIELD(T, attach, KIND_INT, "shown with all that follows"),
	FIELD(T, node, KIND_INT, "the server that has it"),
	TOLD,
	FIELD_END,
};
static const struct shape opened_shape = { "terminal_opened", sizeof(T),
					   opened_fields };
static const struct field read_result_fields[] = {
	TOLD,
	FIELD(T, screen, KIND_BOOL,
	      "the bytes draw the whole screen; else they follow what was read "
	      "before"),
	FIELD(T, cut, KIND_BOOL, "some output before is lost"),
	FIELD_END,
};
static const struct shape read_result_shape = { "terminal_read_result",
						sizeof(T), read_result_fields };
#undef T

static void show(const struct term_told *t, struct terminal_view *v)
{
	v->state = t->state;
	v->why = t->why;
	v->at = t->at;
	v->next = t->next;
	v->changes = t->changes;
	v->rows = t->size.rows;
	v->cols = t->size.cols;
	v->screen = t->screen;
	v->cut = t->cut;
}

/* ---- open ---- */

struct open_params {
	struct id session;
	int64_t rows, cols;
};
static const struct field open_fields[] = {
	FIELD(struct open_params, session, KIND_ID, "of lab.open"),
	SIZE(struct open_params),
	FIELD_END,
};
static const struct shape open_shape = { "terminal_open",
					 sizeof(struct open_params),
					 open_fields };

static enum err open_it(struct ctx *cx, const void *params, void *result)
{
	const struct open_params *p = params;
	struct terminal_view *out = result;
	struct lab_screen_row kept = { 0 };
	struct term_told told;
	struct lab_session s;
	struct lab_def def;
	enum err e = lab_session_own(cx, &p->session, &s);

	if (!e)
		e = lab_def_of(cx, &s.org, &s.version, &def);
	if (!e)
		e = store_one(cx, &lab_sql[LAB_SESSION_SCREEN],
			      VALS(v_id(&s.org), v_id(&s.id)), &kept);
	if (!e)
		e = term_open(cx, cx->app->labs, &s, &def,
			      (struct term_size){ p->rows, p->cols }, &kept,
			      &out->attach, &told);
	if (e)
		return e;
	show(&told, out);
	out->node = cx->app->node;
	return OK;
}

/* ---- read ---- */

struct read_params {
	struct id session;
	int64_t attach, after, changes, wait_ms;
	bool has_after;
};
static const struct field read_fields[] = {
	FIELD(struct read_params, session, KIND_ID, "of lab.open"),
	FIELD(struct read_params, attach, KIND_INT, "of lab.terminal_open",
	      .min = 1, .max = INT64_MAX),
	FIELD_MAYBE(struct read_params, after, has_after, KIND_INT,
		    "next of the last answer; absent: the whole screen",
		    .min = 0, .max = INT64_MAX),
	FIELD_OPT(struct read_params, changes, KIND_INT,
		  "of the last answer: another one is told at once", .min = 0,
		  .max = INT64_MAX),
	FIELD_OPT(struct read_params, wait_ms, KIND_INT,
		  "for something new; 0: not at all", .min = 0,
		  .max = WAIT_MOST_MS),
	FIELD_END,
};
static const struct shape read_shape = { "terminal_read",
					 sizeof(struct read_params),
					 read_fields };

/*
 * A reader of a terminal that is not here may have the wrong server, which is
 * said where the session is asked for: lab.terminal_open.
 */
static enum err read_it(struct ctx *cx, const void *params, void *result)
{
	const struct read_params *p = params;
	const struct term_read r = { p->attach, p->has_after, p->after,
				     p->changes };
	uint64_t key = term_read_key(&p->session);
	uint64_t seen = parking_seen(cx->app->parking, key);
	struct term_told told;
	bool wait;
	enum err e = term_read(cx, cx->app->labs, &p->session, &r,
			       cx->io->park_over || !p->wait_ms, &wait, &told);

	if (e)
		return e;
	if (wait) {
		cx->io->park = (struct rpc_park){ key, seen, p->wait_ms };
		return OK;
	}
	show(&told, result);
	cx->io->bytes_out = told.bytes.p ? told.bytes : STR("");
	return OK;
}

/* ---- write, resize, close ---- */

struct key_params {
	struct id session;
	int64_t attach, rows, cols;
	bool end;
};
#define ATTACHED                                                               \
	FIELD(struct key_params, session, KIND_ID, "of lab.open"),             \
		FIELD(struct key_params, attach, KIND_INT,                     \
		      "of lab.terminal_open", .min = 1, .max = INT64_MAX)
static const struct field write_fields[] = { ATTACHED, FIELD_END };
static const struct shape write_shape = { "terminal_write",
					  sizeof(struct key_params),
					  write_fields };
static const struct field resize_fields[] = { ATTACHED, SIZE(struct key_params),
					      FIELD_END };
static const struct shape resize_shape = { "terminal_resize",
					   sizeof(struct key_params),
					   resize_fields };
static const struct field close_fields[] = {
	ATTACHED,
	FIELD_OPT(struct key_params, end, KIND_BOOL,
		  "the shell, too; else it lives on until it is idle"),
	FIELD_END,
};
static const struct shape close_shape = { "terminal_close",
					  sizeof(struct key_params),
					  close_fields };

static enum err write_it(struct ctx *cx, const void *params, void *result)
{
	const struct key_params *p = params;

	(void)result;
	return term_write(cx, cx->app->labs, &p->session, p->attach,
			  cx->io->bytes_in);
}

static enum err resize_it(struct ctx *cx, const void *params, void *result)
{
	const struct key_params *p = params;

	(void)result;
	return term_resize(cx, cx->app->labs, &p->session, p->attach,
			   (struct term_size){ p->rows, p->cols });
}

static enum err close_it(struct ctx *cx, const void *params, void *result)
{
	const struct key_params *p = params;

	(void)result;
	return term_leave(cx, cx->app->labs, &p->session, p->attach, p->end);
}

const struct rpc_method lab_terminal_methods[] = {
	{ .name = "lab.terminal_open",
	  .does = "Open the lab's terminal, or come back to it: whoever opens "
		  "it last has it.",
	  .roles = ROLE_LEARNER,
	  .budget_ms = 200,
	  .params = &open_shape,
	  .result = &opened_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT),
	  .run = open_it },
	{ .name = "lab.terminal_read",
	  .does = "Give what a terminal shows, or what it wrote since, as bytes; "
		  "wait for more if wanted.",
	  .roles = ROLE_LEARNER,
	  .flags = RPC_NO_STORE | RPC_GIVES_BYTES,
	  .params = &read_shape,
	  .result = &read_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT),
	  .run = read_it },
	{ .name = "lab.terminal_write",
	  .does = "Type the bytes behind the message.",
	  .roles = ROLE_LEARNER,
	  .flags = RPC_NO_STORE | RPC_TAKES_BYTES,
	  .budget_ms = 50,
	  .params = &write_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT),
	  .run = write_it },
	{ .name = "lab.terminal_resize",
	  .does = "Tell how large the terminal is now.",
	  .roles = ROLE_LEARNER,
	  .flags = RPC_NO_STORE,
	  .budget_ms = 50,
	  .params = &resize_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT),
	  .run = resize_it },
	{ .name = "lab.terminal_close",
	  .does = "Leave the terminal, or end its shell.",
	  .roles = ROLE_LEARNER,
	  .flags = RPC_NO_STORE,
	  .budget_ms = 50,
	  .params = &close_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT),
	  .run = close_it },
	{ 0 },
};
