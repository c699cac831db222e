/*
 * The clock of open attempts. A heap knows when which one falls due; the
 * executor asks for the first and runs this in its batches. An attempt that
 * another node left behind is found by a query, some seconds late.
 */
#include "engine/attempt/attempt_sql.h"
#include "engine/attempt/attempts.h"

enum {
	LOOK_MS = 5000,	     /* between two looks at what dead nodes left */
	LOOK_LATE_MS = 3000, /* a living node would have done it by then */
	LOOK_MOST = 200,
	AGAIN_MS = 1000, /* after a failure */
};

enum err attempts_boot(struct attempts *a, struct ctx *cx)
{
	struct list list;
	const struct wake_row *row;
	enum err e;

	a->shared = strcmp(store_kind(a->o.app->store), "sqlite") != 0;
	e = store_list(cx, &attempt_sql[ATTEMPT_OPEN],
		       VALS(v_int(a->shared ? a->o.app->node : 0)), SIZE_MAX,
		       &list, NULL);
	if (e)
		return e;
	row = list.at;
	for (size_t i = 0; i < list.n; i++)
		due_set(a->due, &row[i].org, &row[i].id, row[i].wake_at);
	a->look_at_ms = clock_ms(a->o.clock) + LOOK_MS;
	return OK;
}

static int64_t next_ms(void *arg)
{
	struct attempts *a = arg;
	struct id org, id;
	int64_t at;

	if (!due_first(a->due, &at, &org, &id))
		at = INT64_MAX;
	return a->shared && a->look_at_ms < at ? a->look_at_ms : at;
}

struct sweep {
	struct attempts *a;
	struct id org, id;
	int64_t now_ms;
	bool moved;
};

static enum err move_one(struct ctx *cx, void *arg)
{
	struct sweep *s = arg;
	struct live *l = NULL;
	enum err e = attempts_get(cx, &s->org, &s->id, &l);

	if (!e)
		e = live_sweep(cx, l, s->now_ms, &s->moved);
	if (!e)
		attempts_rewake(cx, l);
	return e;
}

static enum err sweep_one(struct ctx *cx, void *arg)
{
	return journal_apart(cx->app->journal, cx, move_one, arg);
}

/* Whatever happened, the first of the heap must not stay where it is. */
static void after(struct attempts *a, struct ctx *cx, const struct sweep *s,
		  int64_t was_ms, enum err e)
{
	int64_t at = due_of(a->due, &s->id);

	if (e == ERR_NOT_FOUND) {
		due_set(a->due, &s->org, &s->id, 0);
		return;
	}
	if (at && at <= s->now_ms)
		due_set(a->due, &s->org, &s->id, s->now_ms + AGAIN_MS);
	if (e)
		log_event(a->o.log, LOG_WARN, "sweep_failed",
			  LZ("error", err_kind(e)),
			  LZ("detail", cx->error.detail));
	if (e || !s->moved)
		return;
	a->swept++;
	if (was_ms > 1 && s->now_ms - was_ms > a->lag_ms_max)
		a->lag_ms_max = s->now_ms - was_ms;
}

static enum err look(struct ctx *cx, void *arg)
{
	struct attempts *a = arg;
	const struct wake_row *row;
	struct list list;
	enum err e = store_list(cx, &attempt_sql[ATTEMPT_OVERDUE],
				VALS(v_int(clock_ms(cx->clock) - LOOK_LATE_MS),
				     v_int(LOOK_MOST)),
				LOOK_MOST, &list, NULL);

	if (e)
		return e;
	row = list.at;
	for (size_t i = 0; i < list.n; i++)
		if (!due_of(a->due, &row[i].id))
			due_set(a->due, &row[i].org, &row[i].id,
				row[i].wake_at);
	return OK;
}

static size_t run(void *arg, struct ctx *cx, int64_t now_ms, size_t max)
{
	struct attempts *a = arg;
	struct executor *x = cx->app->executor;
	size_t n = 0;

	if (a->shared && now_ms >= a->look_at_ms) {
		a->look_at_ms = now_ms + LOOK_MS;
		if (executor_guard(x, cx, look, a))
			return n;
		n++;
	}
	while (n < max) {
		struct sweep s = { .a = a, .now_ms = now_ms };
		int64_t at;
		enum err e;

		if (!due_first(a->due, &at, &s.org, &s.id) || at > now_ms)
			break;
		e = executor_guard(x, cx, sweep_one, &s);
		after(a, cx, &s, at, e);
		n++;
		if (e == ERR_UNAVAILABLE || e == ERR_READ_ONLY)
			break; /* the batch is lost */
	}
	return n;
}

struct tx_timer attempts_timer(struct attempts *a)
{
	return (struct tx_timer){ .arg = a, .next_ms = next_ms, .run = run };
}
