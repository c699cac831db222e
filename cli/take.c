#include "cli/take.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/limits.h"
#include "cli/file.h"
#include "cli/output.h"
#include "cli/take_start.h"
#include "cli/verb.h"
#include "cli/wrap.h"

const struct flag take_flags[] = {
	{ .name = "assessment",
	  .value = "ID",
	  .doc = "which one; or its course and slug" },
	{ .name = "course",
	  .value = "TEXT",
	  .doc = "the platform's course id" },
	{ .name = "slug", .value = "TEXT", .doc = "its name in the course" },
	{ .name = "attempt", .value = "ID", .doc = "go on with this attempt" },
	{ .name = "learner",
	  .value = "TEXT",
	  .doc = "whom a platform starts it for; absent: yourself" },
	{ .name = "accept_pledge", .doc = "the pledge is accepted" },
	{ .name = "password_file",
	  .value = "FILE",
	  .doc = "holds the assessment's password" },
	{ .name = "yes", .letter = 'y', .doc = "start without asking" },
	{ .name = "receipt",
	  .value = "FILE",
	  .doc = "where the signed receipt goes" },
	{ 0 },
};

/* ---- talking ---- */

void take_say(struct take *t, int indent, struct str text)
{
	struct buf b = { 0 };

	wrap_pad(&b, indent);
	wrap_text(&b, text, t->c->columns, indent, indent);
	buf_ch(&b, '\n');
	cli_put(t->c->out, buf_view(&b));
	buf_done(&b);
}

void take_sayf(struct take *t, const char *fmt, ...)
{
	char text[4000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	take_say(t, 0, str_of(text));
}

struct str take_line(struct take *t, const char *prompt)
{
	struct buf b = { .limit = LIMIT_TEXT_BYTES };
	struct str line = { 0 };
	int ch = EOF;

	fputs(prompt, t->c->out);
	fflush(t->c->out);
	while (!t->ended && (ch = getc(t->c->in)) != EOF && ch != '\n')
		if (ch != 0)
			buf_ch(&b, (char)ch);
	if (ch == EOF && !b.n) {
		t->ended = true;
		fputc('\n', t->c->out);
		return line;
	}
	if (!t->c->in_is_terminal)
		fputc('\n', t->c->out); /* no echo has ended the line */
	line = b.n ? buf_copy(&b, t->c->cx->arena) : STR("");
	if (b.failed)
		take_sayf(t, "The line is longer than %d bytes and was cut.",
			  LIMIT_TEXT_BYTES);
	buf_done(&b);
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

bool take_yes(struct take *t, const char *prompt)
{
	for (;;) {
		struct str line = take_line(t, prompt);

		if (!line.p)
			return false;
		line = str_trim(line);
		if (str_eq_nocase(line, STR("yes")) ||
		    str_eq_nocase(line, STR("y")))
			return true;
		if (str_eq_nocase(line, STR("no")) ||
		    str_eq_nocase(line, STR("n")))
			return false;
	}
}

/* ---- commands ---- */

static struct question *here(struct take *t)
{
	return &t->questions[t->at];
}

static int show_here(struct take *t)
{
	take_show(t, here(t), t->at);
	take_sayf(t, "(%s)", take_how(t, here(t)));
	return TAKE_ON;
}

static int go(struct take *t, size_t at)
{
	t->at = at;
	return show_here(t);
}

static int do_next(struct take *t, struct str rest)
{
	(void)rest;
	if (t->at + 1 < t->n)
		return go(t, t->at + 1);
	take_sayf(t, "That was the last question.");
	take_show_list(t);
	return TAKE_ON;
}

static int do_prev(struct take *t, struct str rest)
{
	(void)rest;
	if (t->at > 0)
		return go(t, t->at - 1);
	take_sayf(t, "This is the first question.");
	return TAKE_ON;
}

static int do_go(struct take *t, struct str rest)
{
	int64_t n;

	if (str_int(rest, &n) && n >= 1 && n <= (int64_t)t->n)
		return go(t, (size_t)n - 1);
	take_sayf(t, "`go` wants a number from 1 to %zu.", t->n);
	return TAKE_ON;
}

static int do_list(struct take *t, struct str rest)
{
	(void)rest;
	take_show_list(t);
	return TAKE_ON;
}

static int do_show(struct take *t, struct str rest)
{
	(void)rest;
	return show_here(t);
}

static int do_check(struct take *t, struct str rest)
{
	(void)rest;
	return take_check(t, here(t));
}

static int do_again(struct take *t, struct str rest)
{
	(void)rest;
	return take_again(t, here(t));
}

static int do_clear(struct take *t, struct str rest)
{
	(void)rest;
	return take_save(t, here(t), STR("{}"));
}

static int do_edit(struct take *t, struct str rest)
{
	struct str response;

	(void)rest;
	if (!str_is(take_type(t->c, here(t)->item), "essay")) {
		take_sayf(t, "%s", take_how(t, here(t)));
		return TAKE_ON;
	}
	return take_write(t, here(t), (struct str){ 0 }, &response)
		       ? take_save(t, here(t), response)
		       : TAKE_ON;
}

static int do_quit(struct take *t, struct str rest)
{
	(void)rest;
	take_sayf(t,
		  "Everything you answered is saved. The same command goes "
		  "on%s.",
		  t->due_at ? "; the time runs on" : "");
	return CLI_FINE;
}

static int do_submit(struct take *t, struct str rest);
static int do_help(struct take *t, struct str rest);

static const struct {
	const char *word, *does;
	int (*run)(struct take *t, struct str rest);
} commands[] = {
	{ "next", "the next question (or just Enter)", do_next },
	{ "prev", "the one before", do_prev },
	{ "go", "go N: to question N", do_go },
	{ "list", "which ones are answered", do_list },
	{ "show", "this question again", do_show },
	{ "check", "score this answer now, where the rules allow it",
	  do_check },
	{ "again", "another try after a wrong one", do_again },
	{ "clear", "take this answer away", do_clear },
	{ "edit", "write an essay in your editor", do_edit },
	{ "submit", "hand in", do_submit },
	{ "quit", "leave; the same command goes on later", do_quit },
	{ "help", "this list (or just ?)", do_help },
};
enum { COMMANDS = sizeof(commands) / sizeof(*commands), WORD = 10 };

static int do_help(struct take *t, struct str rest)
{
	(void)rest;
	take_sayf(t, "%s", take_how(t, here(t)));
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(t->c->out, "  %-*s%s\n", WORD, commands[i].word,
			commands[i].does);
	take_sayf(
		t,
		"An answer that is one of these words or ?: put = before it.");
	return TAKE_ON;
}

/* ---- answers ---- */

/* 1 to 3, where the question asks for it; 0 at the end of input. */
static int64_t ask_certainty(struct take *t)
{
	for (;;) {
		struct str line = take_line(
			t, "How certain are you? 1 little, 2, 3 very: ");
		int64_t n;

		if (!line.p)
			return 0;
		if (str_int(str_trim(line), &n) && n >= 1 && n <= 3)
			return n;
	}
}

static int hand_in_files(struct take *t, struct question *q, struct str line)
{
	struct str response;
	bool passed;
	int code;

	if (take_read_files(t, q, line, &response)) {
		take_sayf(t, "%s", t->c->cx->error.text);
		return TAKE_ON;
	}
	code = take_hand_in(t, q, response, true, &passed);
	return code == CLI_REFUSED ? TAKE_ON : code;
}

static int answer(struct take *t, struct str line)
{
	struct question *q = here(t);
	struct str type = take_type(t->c, q->item), response;
	int code;

	if (str_is(type, "description") || str_is(type, "opaque")) {
		take_sayf(t, "%s", take_how(t, q));
		return TAKE_ON;
	}
	if (take_is_code(t, q))
		return hand_in_files(t, q, line);
	if (str_is(type, "essay")) {
		if (!take_write(t, q, line, &response))
			return TAKE_ON;
	} else if (take_read(t->c, q, line, &response)) {
		take_sayf(t, "%s", t->c->cx->error.text);
		return TAKE_ON;
	}
	if (take_has_certainty(q))
		q->certainty = ask_certainty(t);
	code = take_save(t, q, response);
	if (code != TAKE_ON || t->over || !t->saved)
		return code;
	/* What can be checked stays; else the next one that is open. */
	if (take_has_check(q)) {
		take_sayf(t, "`check` scores it now.");
		return TAKE_ON;
	}
	return t->at + 1 < t->n ? go(t, t->at + 1) : do_next(t, line);
}

static int obey(struct take *t, struct str line)
{
	struct str all = str_trim(line), word;

	if (!all.n)
		return do_next(t, all);
	if (str_is(all, "?"))
		return do_help(t, (struct str){ 0 });
	if (str_starts(all, "="))
		return answer(t, str_cut(all, 1, all.n));
	word = str_cut(all, 0, str_find(all, STR(" "), 0));
	for (size_t i = 0; i < COMMANDS; i++) {
		bool takes_word = commands[i].run == do_go;
		struct str rest = str_trim(str_cut(all, word.n, all.n));

		if (str_is(word, commands[i].word) &&
		    takes_word == (rest.n > 0))
			return commands[i].run(t, rest);
	}
	return answer(t, line);
}

/* ---- handing in ---- */

static void show_receipt(struct take *t)
{
	struct str path = args_get(t->args, "receipt");
	struct buf b = { 0 };
	struct jdoc *doc;
	const struct output o = { &b, t->c->columns, 0 };

	if (!t->receipt.n || jdoc_parse(t->c->cx, t->receipt, &doc))
		return;
	buf_z(&b, "Handed in at ");
	output_time(&b, take_time(t->c, jdoc_root(doc), "finished_at"));
	buf_z(&b, take_bool(jdoc_root(doc), "late") ? ", late.\n" : ".\n");
	if (path.p) {
		if (file_write(t->c, path, t->receipt, false))
			cli_error(t->c, ERR_UNAVAILABLE);
		else
			buf_fmt(&b, "The signed receipt is in %.*s.\n",
				STR_FMT(path));
	} else {
		buf_z(&b, "The server's signed receipt:\n");
		output_object(t->c->cx, &o, NULL, jdoc_root(doc));
	}
	cli_put(t->c->out, buf_view(&b));
	buf_done(&b);
}

static int do_submit(struct take *t, struct str rest)
{
	struct client_reply r;
	struct jdoc *doc;
	struct jval v;
	int code;

	(void)rest;
	take_show_list(t);
	if (!take_yes(t, "Hand in now? Nothing can be changed afterwards. "
			 "(yes/no) "))
		return TAKE_ON;
	code = take_call(t, "attempt.submit",
			 str_fmt(t->c->cx->arena, "{\"attempt\":\"%.*s\"}",
				 STR_FMT(t->attempt)),
			 true, &r);
	if (code != TAKE_ON)
		return code;
	if (r.code && r.code != ERR_CONFLICT && r.code != ERR_TOO_LATE)
		return take_refused(t, &r);
	t->over = true;
	if (r.code) { /* handed in before, or by the clock */
		take_sayf(t, "%.*s", STR_FMT(r.message));
		return TAKE_ON;
	}
	if (!jdoc_parse(t->c->cx, r.result, &doc) &&
	    take_get(jdoc_root(doc), "receipt", &v))
		t->receipt = jval_text(v);
	return TAKE_ON;
}

/* ---- afterwards ---- */

static void show_score(struct take *t, struct jval root)
{
	struct jval s, score, most;
	struct buf b = { 0 };

	if (!take_get(root, "score", &s) || jval_type(s) != J_OBJECT)
		return;
	if (!take_bool(s, "has"))
		take_sayf(t, "A person still has to mark some questions.");
	else if (take_get(s, "score", &score) && take_get(s, "max", &most)) {
		buf_fmt(&b, "Score: %.*s of %.*s", STR_FMT(jval_text(score)),
			STR_FMT(jval_text(most)));
		if (take_get(s, "scaled", &most))
			buf_fmt(&b, " (scaled %.*s)", STR_FMT(jval_text(most)));
		take_say(t, 0, buf_view(&b));
	}
	if (take_str(t->c, root, "feedback").n)
		take_say(t, 0, take_str(t->c, root, "feedback"));
	buf_done(&b);
}

static void show_reviewed(struct take *t, struct jval slots)
{
	struct jval v, m;
	struct str name;
	uint32_t it = 0;

	while (jval_next(slots, &it, &name, &v)) {
		int64_t at = take_int(v, "slot");
		struct question q;

		if (at < 1 || at > (int64_t)t->n)
			continue;
		q = t->questions[at - 1];
		if (take_get(v, "item", &m) && jval_type(m) == J_OBJECT)
			q.item = m;
		q.tries_left = -1;
		q.response = take_get(v, "response", &m) ? jval_text(m)
							 : (struct str){ 0 };
		take_show(t, &q, (size_t)at - 1);
		take_show_outcome(t, &q, v);
	}
}

static int show_review(struct take *t)
{
	struct client_reply r;
	struct jdoc *doc;
	struct jval v;
	int code = take_call(t, "attempt.review",
			     str_fmt(t->c->cx->arena, "{\"attempt\":\"%.*s\"}",
				     STR_FMT(t->attempt)),
			     false, &r);

	if (code != TAKE_ON)
		return code;
	if (r.code == ERR_TOO_EARLY) {
		take_sayf(t, "Results are not shown yet.");
		return CLI_FINE;
	}
	if (r.code)
		return take_refused(t, &r);
	if (jdoc_parse(t->c->cx, r.result, &doc))
		return cli_error(t->c, ERR_BAD_JSON);
	fputc('\n', t->c->out);
	show_score(t, jdoc_root(doc));
	if (take_get(jdoc_root(doc), "slots", &v) && jval_type(v) == J_ARRAY)
		show_reviewed(t, v);
	return CLI_FINE;
}

/* ---- the loop ---- */

static const char *prompt(struct take *t)
{
	struct buf b = { 0 };
	int64_t left = take_left(t);
	struct str s;

	buf_fmt(&b, "\n[%lld/%zu", (long long)here(t)->slot, t->n);
	if (left != INT64_MAX) {
		buf_z(&b, ", ");
		if (left >= 60000)
			left -= left % 1000;
		output_span(&b, left > 0 ? left - left % 1000 : 0);
		buf_z(&b, " left");
	}
	buf_z(&b, "] > ");
	s = buf_copy(&b, t->c->cx->arena);
	buf_done(&b);
	return str_z(t->c->cx->arena, s);
}

/* By our clock time is up: what does the server say? */
static int look(struct take *t)
{
	int code = take_load(t);

	if (code == TAKE_ON && t->over)
		take_sayf(t, "The time is up.");
	return code;
}

static int answer_all(struct take *t)
{
	int code = TAKE_ON;

	take_sayf(t, "\n%.*s: %zu question%s. `help` lists the commands.",
		  STR_FMT(t->title), t->n, t->n == 1 ? "" : "s");
	while (t->at + 1 < t->n && !take_needs_answer(here(t)))
		t->at++;
	if (take_needs_answer(here(t)) == false)
		t->at = 0;
	show_here(t);
	while (code == TAKE_ON && !t->over) {
		struct str line = take_line(t, prompt(t));

		if (!line.p)
			return do_quit(t, line);
		if (take_left(t) < 0 && !str_is(t->state, "overtime"))
			code = look(t);
		if (code == TAKE_ON && !t->over)
			code = obey(t, line);
	}
	return code;
}

/* Handed in, by the person or by the clock. */
static int finish(struct take *t)
{
	int code = take_load(t); /* has the receipt and the state */

	if (code != TAKE_ON)
		return code;
	if (str_is(t->state, "abandoned"))
		take_sayf(t, "The attempt was not handed in in time.");
	show_receipt(t);
	return show_review(t);
}

static int take(struct take *t)
{
	int code = take_begin(t);

	if (code == TAKE_ON)
		code = take_load(t);
	if (code != TAKE_ON)
		return code;
	if (str_is(t->state, "suspended")) {
		take_sayf(t,
			  "The attempt is suspended: `assay attempt resume "
			  "%.*s` lets it go on.",
			  STR_FMT(t->attempt));
		return CLI_REFUSED;
	}
	if (!t->over && t->n)
		code = answer_all(t);
	return code == TAKE_ON ? finish(t) : code;
}

int take_open(struct take *t, int (*run)(struct take *t))
{
	const struct args *a = t->args;
	struct cli *c = t->c;
	int code;
	enum err e;

	if (!args_has(a, "assessment") && !args_has(a, "attempt") &&
	    !(args_has(a, "course") && args_has(a, "slug")))
		return cli_say(c, CLI_USAGE,
			       "which one? --assessment ID, --attempt ID, or "
			       "--course and --slug");
	e = connect_open(c, a, &t->net);
	if (e == ERR_INVALID)
		return cli_usage(c);
	if (e) {
		code = cli_error(c, e);
		return e == ERR_UNAUTHENTICATED ? CLI_FAILED : code;
	}
	code = run(t);
	connect_close(&t->net);
	return code;
}

int take_run(struct cli *c, const struct args *a)
{
	struct take t = { .c = c, .args = a };

	return take_open(&t, take);
}
