/*
 * A lab: a learner works in a terminal, loses the connection, comes back to the
 * same screen, and checks the work.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "examples/demo/demo.h"

enum { LOOKS = 300 };

struct visit {
	struct demo *d;
	struct client *client;
	char session[ID_TEXT + 1], commit[64];
	int64_t attach, next, changes;
	struct buf seen; /* what the terminal has shown */
};

static struct jval ask(struct visit *v, const char *method, struct str params,
		       struct str bytes, struct str *out)
{
	return parsed(v->d->cx,
		      must(v->d->cx, v->client, method, params, bytes, out));
}

static struct str of_session(struct visit *v, const char *more)
{
	return str_fmt(v->d->cx->arena, "{\"session\":\"%s\"%s}", v->session,
		       more);
}

static struct str attached(struct visit *v, const char *more)
{
	return str_fmt(v->d->cx->arena,
		       "{\"session\":\"%s\",\"attach\":%lld%s}", v->session,
		       (long long)v->attach, more);
}

static void come_in(struct visit *v)
{
	v->client = connect_learner(v->d, "sam", "sample");
	v->attach = number_at(v->d->cx,
			      ask(v, "lab.terminal_open",
				  of_session(v, ",\"rows\":24,\"cols\":80"),
				  (struct str){ 0 }, NULL),
			      "attach");
}

/* The whole screen, as bytes that draw it. */
static struct str screen(struct visit *v)
{
	struct str bytes = { 0 };
	struct jval r =
		ask(v, "lab.terminal_read", attached(v, ",\"wait_ms\":5000"),
		    (struct str){ 0 }, &bytes);

	if (!jval_bool(follow(v->d->cx, r, "screen")))
		stop("the terminal does not draw its screen");
	v->next = number_at(v->d->cx, r, "next");
	v->changes = number_at(v->d->cx, r, "changes");
	buf_str(&v->seen, bytes);
	return bytes;
}

static void type(struct visit *v, const char *keys)
{
	ask(v, "lab.terminal_write", attached(v, ""), str_of(keys), NULL);
}

/* Reads on until the text has come. */
static void see(struct visit *v, const char *text)
{
	for (int i = 0; i < LOOKS; i++) {
		struct str bytes = { 0 };
		struct jval r;

		if (v->seen.n &&
		    str_find(buf_view(&v->seen), str_of(text), 0) != SIZE_MAX)
			return;
		r = ask(v, "lab.terminal_read",
			attached(v, str_fmt(v->d->cx->arena,
					    ",\"after\":%lld,\"changes\":%lld,"
					    "\"wait_ms\":500",
					    (long long)v->next,
					    (long long)v->changes)
					    .p),
			(struct str){ 0 }, &bytes);
		v->next = number_at(v->d->cx, r, "next");
		v->changes = number_at(v->d->cx, r, "changes");
		buf_str(&v->seen, bytes);
	}
	stop("the terminal does not show %s; see %s/assayd.log", text,
	     v->d->host.folder);
}

static void enter(struct visit *v)
{
	struct demo *d = v->d;
	const char *file =
		str_fmt(d->cx->arena, "%s/labs/sum.lab.json", d->examples).p;
	struct jval r = parsed(d->cx, must(d->cx, d->staff, "lab.publish",
					   (struct str){ 0 },
					   read_all(d->cx, file), NULL));
	struct str id;

	say("\nlab       \"%.*s\", from %s",
	    STR_FMT(jval_str(d->cx, follow(d->cx, r, "title"))), file);
	v->client = connect_learner(d, "sam", "sample");
	r = ask(v, "lab.open",
		STR("{\"course\":\"sample\",\"slug\":\"sum-lab\"}"),
		(struct str){ 0 }, NULL);
	id = jval_str(d->cx, follow(d->cx, r, "session"));
	snprintf(v->session, sizeof(v->session), "%.*s", STR_FMT(id));
	id = jval_str(d->cx, follow(d->cx, r, "commit"));
	snprintf(v->commit, sizeof(v->commit), "%.*s", STR_FMT(id));
	client_close(v->client);
	come_in(v);
	screen(v);
}

static void work(struct visit *v)
{
	see(v, "$ ");
	type(v, "python3 main.py < data/one.txt\r");
	see(v, "1\r\n");
	say("opened    its terminal: the starter says that 1 + 2 is 1");
	type(v, "sed -i 's/print(a)/print(a + b)/' main.py\r");
	type(v, "python3 main.py < data/one.txt\r");
	see(v, "3\r\n");
	say("repaired  it in the terminal with sed: it says 3");
}

static void lose_and_return(struct visit *v)
{
	struct str before, after;

	client_close(v->client);
	come_in(v);
	before = screen(v);
	client_close(v->client);
	come_in(v);
	after = screen(v);
	if (!str_eq(before, after) ||
	    str_find(after, STR("python3 main.py"), 0) == SIZE_MAX)
		stop("the screen is another one after the connection was lost: "
		     "%.*s",
		     STR_FMT(after));
	say("lost      the connection; came back to the same screen and shell");
	type(v, "echo $((6 * 7)) is it\r");
	see(v, "42 is it");
}

/* What a shell has changed is saved once it is quiet. */
static void saved(struct visit *v)
{
	const struct timespec nap = { 0, 100000000 };

	for (int i = 0; i < LOOKS; i++) {
		struct jval r = ask(v, "lab.files", of_session(v, ""),
				    (struct str){ 0 }, NULL);
		struct str now =
			jval_str(v->d->cx, follow(v->d->cx, r, "commit"));

		if (!str_is(now, v->commit))
			return;
		nanosleep(&nap, NULL);
	}
	stop("what was changed in the terminal is not saved");
}

static void check(struct visit *v)
{
	struct ctx *cx = v->d->cx;
	struct jval r;
	struct str run, state, verdict;

	r = ask(v, "lab.check", of_session(v, ""), (struct str){ 0 }, NULL);
	run = jval_str(cx, follow(cx, r, "run"));
	for (int i = 0; i < LOOKS; i++) {
		r = ask(v, "lab.result",
			str_fmt(cx->arena,
				"{\"run\":\"%.*s\",\"wait_ms\":1000}",
				STR_FMT(run)),
			(struct str){ 0 }, NULL);
		state = jval_str(cx, follow(cx, r, "state"));
		if (!str_is(state, "waits"))
			break;
	}
	if (!str_is(state, "done"))
		stop("the check has not ended: %.*s", STR_FMT(jval_text(r)));
	verdict = jval_str(cx, follow(cx, r, "check/verdict"));
	say("checked   the work, which was saved by itself: %.*s, %.*s of %.*s "
	    "points, as advice and no grade",
	    STR_FMT(verdict), STR_FMT(jval_text(follow(cx, r, "score"))),
	    STR_FMT(jval_text(follow(cx, r, "max_score"))));
	if (!str_is(verdict, "AC"))
		stop("AC was expected");
}

void play_lab(struct demo *d)
{
	struct visit v = { .d = d };

	enter(&v);
	work(&v);
	lose_and_return(&v);
	saved(&v);
	check(&v);
	client_close(v.client);
	buf_done(&v.seen);
}
