/* What the server is asked and told; what its refusals mean. */
#include "base/tm.h"
#include "cli/output.h"
#include "cli/take.h"

int64_t take_time(struct cli *c, struct jval v, const char *name)
{
	int64_t ms;

	return tm_parse(take_str(c, v, name), &ms) ? ms : 0;
}

int64_t take_left(const struct take *t)
{
	if (!t->due_at)
		return INT64_MAX;
	return t->due_at - clock_ms(t->c->cx->clock) - t->ahead_ms;
}

static void say_due(struct take *t, const char *what)
{
	struct buf b = { 0 };

	buf_z(&b, what);
	if (t->due_at)
		output_time(&b, t->due_at);
	else
		buf_z(&b, "there is no limit any more");
	take_say(t, 0, buf_view(&b));
	buf_done(&b);
}

/* Times and state out of a view, an answer or an error's state. */
static void note_times(struct take *t, struct jval v)
{
	int64_t now = take_time(t->c, v, "server_time");
	int64_t due = take_time(t->c, v, "due_at");
	bool changed = t->state.n && due != t->due_at;
	struct str state = take_str(t->c, v, "state");

	if (!now)
		return;
	/* A repeated answer tells the time of the first: no news. */
	if (now - clock_ms(t->c->cx->clock) > t->ahead_ms || !t->ahead_ms)
		t->ahead_ms = now - clock_ms(t->c->cx->clock);
	t->due_at = due;
	t->hard_end_at = take_time(t->c, v, "hard_end_at");
	if (changed)
		say_due(t, "Your time was changed. It ends: ");
	if (state.n)
		t->state = state;
}

/* ---- calls ---- */

int take_refused(struct take *t, const struct client_reply *r)
{
	take_sayf(
		t, "%.*s",
		STR_FMT(r->message.n ? r->message : str_of(err_kind(r->code))));
	if (r->code == ERR_UNAUTHENTICATED)
		take_sayf(t, "Come back with a new token: what was saved is "
			     "safe with the server.");
	return cli_code(r->code);
}

/* Nobody answered: again, or away? */
static bool again(struct take *t, const char *why)
{
	struct str line;

	take_sayf(t, "%s", why);
	if (t->ended)
		return false;
	take_sayf(t, "What you typed is kept here. Enter tries again; `quit` "
		     "leaves without it.");
	line = take_line(t, "> ");
	return line.p && !str_is(str_trim(line), "quit");
}

int take_call(struct take *t, const char *method, struct str params,
	      bool command, struct client_reply *r)
{
	enum err e;

	/* One key for all tries: the server does it once. */
	if (command)
		params = connect_with_key(t->c, params, connect_key(t->c));
	for (;;) {
		e = connect_call(t->c, &t->net, str_of(method), params,
				 (struct str){ 0 }, r);
		if (!e && !err_retry(r->code))
			return TAKE_ON;
		if (!again(t, e ? t->c->cx->error.text
				: str_z(t->c->cx->arena, r->message)))
			return CLI_FAILED;
	}
}

/* ---- loading ---- */

static void read_question(struct take *t, struct question *q, struct jval v)
{
	struct jval m;

	q->slot = take_int(v, "slot");
	q->seq = take_int(v, "seq");
	q->section = take_int(v, "section");
	q->certainty = take_int(v, "certainty");
	q->tries_left =
		take_get(v, "tries_left", &m) ? take_int(v, "tries_left") : -1;
	q->state = take_str(t->c, v, "state");
	q->behaviour = take_str(t->c, v, "behaviour");
	q->answered = take_bool(v, "answered");
	if (take_get(v, "max_mark", &m))
		q->max_mark = jval_text(m);
	if (take_get(v, "item", &m) && jval_type(m) == J_OBJECT) {
		q->item = m;
		q->has_item = true;
	}
	q->response =
		take_get(v, "response", &m) ? jval_text(m) : (struct str){ 0 };
}

static void read_questions(struct take *t, struct jval root)
{
	struct jval slots, v;
	struct str name;
	uint32_t it = 0;
	size_t n;

	if (!take_get(root, "slots", &slots) || jval_type(slots) != J_ARRAY)
		return;
	n = jval_count(slots);
	t->questions = ARENA_ARRAY(t->c->cx->arena, struct question, n + 1);
	t->n = 0;
	while (jval_next(slots, &it, &name, &v))
		if (jval_type(v) == J_OBJECT)
			read_question(t, &t->questions[t->n++], v);
	t->has_sections = take_get(root, "sections", &t->sections) &&
			  jval_type(t->sections) == J_ARRAY;
	if (t->at >= t->n)
		t->at = 0;
}

static bool is_open(struct str state)
{
	return str_is(state, "active") || str_is(state, "overtime");
}

static int bad_answer(struct take *t)
{
	take_sayf(t,
		  "The server's answer is none that this program knows: "
		  "%s",
		  t->c->cx->error.text);
	return CLI_FAILED;
}

static struct str attempt_params(struct take *t)
{
	return str_fmt(t->c->cx->arena, "{\"attempt\":\"%.*s\"}",
		       STR_FMT(t->attempt));
}

int take_load(struct take *t)
{
	struct client_reply r;
	struct jdoc *doc;
	struct jval view;
	int code = take_call(t, "attempt.get", attempt_params(t), false, &r);

	if (code != TAKE_ON)
		return code;
	if (r.code)
		return take_refused(t, &r);
	if (jdoc_parse(t->c->cx, r.result, &doc) ||
	    !take_get(jdoc_root(doc), "view", &view))
		return bad_answer(t);
	note_times(t, view);
	t->title = take_str(t->c, view, "title");
	t->over = !is_open(t->state);
	if (take_get(view, "receipt", &view))
		t->receipt = jval_text(view);
	read_questions(t, jdoc_root(doc));
	return TAKE_ON;
}

/* ---- saving ---- */

static struct str save_params(struct take *t, const struct question *q,
			      struct str response)
{
	struct buf b = { 0 };
	struct str s;

	buf_fmt(&b, "{\"attempt\":\"%.*s\",\"slot\":%lld,\"seq\":%lld",
		STR_FMT(t->attempt), (long long)q->slot, (long long)q->seq + 1);
	if (response.p) {
		buf_z(&b, ",\"response\":");
		buf_str(&b, response);
	}
	if (response.p && q->certainty)
		buf_fmt(&b, ",\"certainty\":%lld", (long long)q->certainty);
	buf_ch(&b, '}');
	s = buf_copy(&b, t->c->cx->arena);
	buf_done(&b);
	return s;
}

/*
 * The question was answered elsewhere (another window, another machine) since
 * it was read here. true: ours shall replace that.
 */
static bool mine_wins(struct take *t, struct question *q,
		      const struct client_reply *r)
{
	struct jdoc *doc;
	struct jval v;
	struct str theirs = { 0 };

	if (!r->state.n || jdoc_parse(t->c->cx, r->state, &doc))
		return false;
	q->seq = take_int(jdoc_root(doc), "seq");
	if (take_get(jdoc_root(doc), "response", &v))
		theirs = jval_text(v);
	take_sayf(t, "This question was answered elsewhere since you saw it.");
	if (theirs.n)
		take_show_response(t, q, "There it says:", theirs);
	if (take_yes(t, "Replace that by your answer? (yes/no) "))
		return true;
	q->response = theirs;
	q->answered = theirs.n > 0;
	return false;
}

static void over(struct take *t, const struct client_reply *r)
{
	struct jdoc *doc;

	take_sayf(t, "%.*s. This answer was not saved; earlier ones were.",
		  STR_FMT(r->message));
	if (r->state.n && !jdoc_parse(t->c->cx, r->state, &doc))
		note_times(t, jdoc_root(doc));
	if (!str_is(t->state, "overtime"))
		t->over = true;
	else
		take_sayf(t, "You can still hand in: `submit`.");
}

/* Refused for this question only: look again at what there is. */
static int stale(struct take *t, const struct client_reply *r)
{
	if (r->code == ERR_INVALID || r->code == ERR_TOO_LARGE ||
	    r->code == ERR_PRECONDITION) {
		take_sayf(t, "Not saved: %.*s", STR_FMT(r->message));
		return TAKE_ON;
	}
	if (r->code == ERR_TOO_LATE) {
		over(t, r);
		return TAKE_ON;
	}
	if (r->code == ERR_CONFLICT) {
		take_sayf(t, "Not saved: %.*s", STR_FMT(r->message));
		return take_load(t);
	}
	return take_refused(t, r);
}

int take_send(struct take *t, const char *method, struct question *q,
	      struct str response, struct client_reply *r, bool *taken)
{
	int code;

	*taken = false;
	for (;;) {
		code = take_call(t, method, save_params(t, q, response), true,
				 r);
		if (code != TAKE_ON)
			return code;
		if (r->code != ERR_OUT_OF_SEQUENCE)
			break;
		if (!mine_wins(t, q, r))
			return TAKE_ON;
	}
	if (r->code)
		return stale(t, r);
	*taken = true;
	return TAKE_ON;
}

int take_save(struct take *t, struct question *q, struct str response)
{
	struct client_reply r;
	struct jdoc *doc;
	struct buf b = { 0 };
	bool taken;
	int code = take_send(t, "attempt.answer", q, response, &r, &taken);

	t->saved = code == TAKE_ON && taken;
	if (code != TAKE_ON || !taken)
		return code;
	if (jdoc_parse(t->c->cx, r.result, &doc))
		return bad_answer(t);
	q->seq = take_int(jdoc_root(doc), "seq");
	q->response = response;
	q->answered = !str_is(response, "{}");
	note_times(t, jdoc_root(doc));
	buf_z(&b, "Saved at ");
	output_time(&b, take_time(t->c, jdoc_root(doc), "saved_at"));
	buf_ch(&b, '.');
	take_say(t, 0, buf_view(&b));
	buf_done(&b);
	return TAKE_ON;
}

static int tell_check(struct take *t, struct question *q,
		      const struct client_reply *r)
{
	struct question was = *q;
	struct jdoc *doc;
	struct jval slot;

	if (jdoc_parse(t->c->cx, r->result, &doc) ||
	    !take_get(jdoc_root(doc), "slot", &slot))
		return bad_answer(t);
	read_question(t, q, slot);
	q->item = was.item; /* is not sent again */
	q->has_item = was.has_item;
	q->section = was.section;
	if (!q->max_mark.n)
		q->max_mark = was.max_mark;
	if (!q->response.n)
		q->response = was.response;
	note_times(t, jdoc_root(doc));
	if (!take_show_outcome(t, q, slot) && str_is(q->state, "finished"))
		take_sayf(t, "It is scored; nothing more may be shown now.");
	if (str_is(q->state, "try_again"))
		take_sayf(t, "`again` gives you another try.");
	return TAKE_ON;
}

int take_check(struct take *t, struct question *q)
{
	struct client_reply r;
	bool taken;
	int code;

	if (take_is_code(t, q)) {
		take_sayf(t, "%s", take_how(t, q));
		return TAKE_ON;
	}
	if (!take_has_check(q)) {
		take_sayf(t, "This question is scored when you hand in.");
		return TAKE_ON;
	}
	if (!q->response.n) {
		take_sayf(t, "Answer it first.");
		return TAKE_ON;
	}
	code = take_send(t, "attempt.check", q, q->response, &r, &taken);
	return code != TAKE_ON || !taken ? code : tell_check(t, q, &r);
}

int take_again(struct take *t, struct question *q)
{
	struct client_reply r;
	bool taken;
	int code = take_send(t, "attempt.try_again", q, (struct str){ 0 }, &r,
			     &taken);

	return code != TAKE_ON || !taken ? code : tell_check(t, q, &r);
}
