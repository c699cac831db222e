/* Before the first question: the rules, the pledge, the password. */
#include <termios.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/file.h"
#include "cli/html_text.h"
#include "cli/output.h"
#include "cli/take_start.h"

/* ---- whose, and which ---- */

static void add(struct buf *b, const char *name, struct str value)
{
	if (!value.p)
		return;
	if (b->n > 1)
		buf_ch(b, ',');
	jout_name(b, name);
	jout_str(b, value);
}

static void add_ref(struct take *t, struct buf *b)
{
	buf_ch(b, '{');
	add(b, "assessment", args_get(t->args, "assessment"));
	add(b, "course", args_get(t->args, "course"));
	add(b, "slug", args_get(t->args, "slug"));
	add(b, "learner", args_get(t->args, "learner"));
}

/* Calls with the params in b, which it closes; *v is the result. */
static int ask(struct take *t, const char *method, struct buf *b, bool command,
	       struct jval *v)
{
	struct client_reply r;
	struct jdoc *doc;
	struct str params;
	int code;

	buf_ch(b, '}');
	params = buf_copy(b, t->c->cx->arena);
	buf_done(b);
	code = take_call(t, method, params, command, &r);
	if (code != TAKE_ON)
		return code;
	if (r.code)
		return take_refused(t, &r);
	if (jdoc_parse(t->c->cx, r.result, &doc))
		return cli_error(t->c, ERR_BAD_JSON);
	*v = jdoc_root(doc);
	return TAKE_ON;
}

/* ---- the rules ---- */

static void rule_time(struct take *t, struct jval v, const char *name,
		      const char *label)
{
	int64_t ms = take_time(t->c, v, name);
	struct buf b = { 0 };

	if (!ms)
		return;
	buf_z(&b, label);
	output_time(&b, ms);
	take_say(t, 2, buf_view(&b));
	buf_done(&b);
}

static void rule_span(struct take *t, int64_t ms, const char *before,
		      const char *after)
{
	struct buf b = { 0 };

	if (ms <= 0)
		return;
	buf_z(&b, before);
	output_span(&b, ms);
	buf_z(&b, after);
	take_say(t, 2, buf_view(&b));
	buf_done(&b);
}

static void rule(struct take *t, const char *z)
{
	take_say(t, 2, str_of(z));
}

static void rules_clock(struct take *t, struct jval v, struct jval now)
{
	struct str overdue = take_str(t->c, v, "overdue");
	int64_t limit = take_int(now, "time_limit_ms");

	rule_time(t, v, "opens_at", "Opens:  ");
	rule_time(t, v, "due_at", "Due:    ");
	rule_time(t, v, "closes_at", "Closes: ");
	rule_span(t, limit, "Time limit: ",
		  " from the start; the clock does "
		  "not stop when you leave.");
	if (take_bool(now, "cut_by_close"))
		rule_time(t, now, "due",
			  "It closes before that: you would have until ");
	if (!limit && !take_time(t->c, now, "due"))
		rule(t, "There is no time limit.");
	else if (str_is(overdue, "auto_submit"))
		rule(t, "When the time is up, what you have saved is handed "
			"in for you.");
	else if (str_is(overdue, "grace"))
		rule_span(t, take_int(v, "grace_ms"),
			  "When the time is up nothing can be changed; you "
			  "then have ",
			  " to hand in.");
	else if (str_is(overdue, "abandon"))
		rule(t, "What is not handed in before the time is up does "
			"not count.");
}

/* A share of the grade, 0.6, as a percentage. */
static void rule_share(struct take *t, struct jval v, const char *name,
		       const char *label)
{
	struct jval m;
	struct dec share;
	char text[DEC_TEXT];

	if (!take_get(v, name, &m) || !dec_parse(jval_text(m), &share) ||
	    dec_eq(share, DEC_ZERO))
		return;
	dec_text(dec_scale(share, 100, 1), text);
	take_sayf(t, "  %s%s %%", label, text);
}

static void rules_grade(struct take *t, struct jval v)
{
	static const char *const how[][2] = {
		{ "highest", "The best of your attempts counts." },
		{ "last", "Your last attempt counts." },
		{ "first", "Your first attempt counts." },
		{ "average", "The average of your attempts counts." },
	};
	struct jval m;
	int64_t allowed = take_int(v, "attempts_allowed");
	int64_t used = take_int(v, "attempts_used");

	if (str_is(take_str(t->c, v, "kind"), "practice"))
		rule(t, "This is practice: it never counts.");
	if (take_get(v, "max_score", &m))
		take_sayf(t, "  Marks: up to %.*s", STR_FMT(jval_text(m)));
	rule_share(t, v, "pass_mark", "To pass: ");
	if (allowed)
		take_sayf(t, "  Attempts: %lld of %lld used", (long long)used,
			  (long long)allowed);
	else
		take_sayf(t, "  Attempts: any number (%lld so far)",
			  (long long)used);
	for (size_t i = 0; allowed != 1 && i < 4; i++)
		if (str_is(take_str(t->c, v, "counts"), how[i][0]))
			rule(t, how[i][1]);
	if (allowed != 1) {
		rule_span(t, take_int(v, "delay_first_ms"),
			  "Between the first and the second: ", "");
		if (allowed != 2)
			rule_span(t, take_int(v, "delay_later_ms"),
				  "Between later ones: ", "");
	}
}

static void rules_late(struct take *t, struct jval v)
{
	struct jval late, w, credit;
	struct str name;
	struct buf b = { 0 };
	uint32_t it = 0;
	bool any = false;

	if (!take_get(v, "late", &late) || jval_type(late) != J_ARRAY)
		return;
	while (jval_next(late, &it, &name, &w)) {
		if (jval_type(w) != J_OBJECT || !take_get(w, "credit", &credit))
			continue;
		buf_reset(&b);
		buf_z(&b, "Handed in until ");
		output_time(&b, take_time(t->c, w, "until"));
		buf_fmt(&b, ": %.*s %% of the grade",
			STR_FMT(jval_text(credit)));
		take_say(t, 2, buf_view(&b));
		any = true;
	}
	if (any && take_get(v, "late_after", &credit))
		take_sayf(t, "  Handed in later: %.*s %% of the grade",
			  STR_FMT(jval_text(credit)));
	buf_done(&b);
}

static void show_rules(struct take *t, struct jval v, struct jval now)
{
	struct str text = take_str(t->c, v, "text");

	t->title = take_str(t->c, v, "title");
	take_sayf(t, "%.*s", STR_FMT(t->title));
	if (text.n) {
		fputc('\n', t->c->out);
		take_say(t, 0, html_text(t->c->cx->arena, text));
	}
	take_sayf(t, "\nThe rules:");
	rules_grade(t, v);
	rules_clock(t, v, now);
	rules_late(t, v);
	if (take_bool(now, "late"))
		rule(t, "It is past the due date: this would be late.");
}

static int not_now(struct take *t, struct jval now)
{
	take_say(t, 0, take_str(t->c, now, "sentence"));
	rule_time(t, now, "again_at", "Again at: ");
	return CLI_REFUSED;
}

/* ---- consent ---- */

static bool accept_pledge(struct take *t, struct jval v)
{
	struct str line;

	take_sayf(t, "\nBefore you start:");
	take_say(t, 2, html_text(t->c->cx->arena, take_str(t->c, v, "pledge")));
	if (args_on(t->args, "accept_pledge"))
		return true;
	line = take_line(t, "Type `accept` to promise this: ");
	return str_is(str_trim(line), "accept");
}

/* Not echoed where that can be prevented. */
static struct str ask_password(struct take *t)
{
	struct str path = args_get(t->args, "password_file"), line;
	int fd = t->c->in_is_terminal ? fileno(t->c->in) : -1;
	struct termios was, quiet;
	bool hidden;

	if (path.p && !file_read(t->c, path, LIMIT_NAME_BYTES, &line))
		return str_trim(line);
	hidden = fd >= 0 && tcgetattr(fd, &was) == 0;
	if (hidden) {
		quiet = was;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		hidden = tcsetattr(fd, TCSANOW, &quiet) == 0;
	}
	line = take_line(t, "Password: ");
	if (hidden) {
		tcsetattr(fd, TCSANOW, &was);
		fputc('\n', t->c->out);
	}
	return line;
}

static int start(struct take *t, struct jval v, struct jval now)
{
	struct buf b = { 0 };
	bool pledge = take_bool(now, "needs_pledge");
	int code;

	add_ref(t, &b);
	if (pledge && !accept_pledge(t, v)) {
		buf_done(&b);
		take_sayf(t, "Nothing was started.");
		return CLI_REFUSED;
	}
	if (take_bool(now, "needs_password"))
		add(&b, "password", ask_password(t));
	if (pledge)
		buf_z(&b, ",\"accept_pledge\":true");
	if (!args_on(t->args, "yes") &&
	    !take_yes(t, take_int(now, "time_limit_ms")
				 ? "Start now? Your time begins. (yes/no) "
				 : "Start now? (yes/no) ")) {
		buf_done(&b);
		take_sayf(t, "Nothing was started.");
		return CLI_REFUSED;
	}
	code = ask(t, "attempt.start", &b, true, &v);
	if (code == TAKE_ON)
		t->attempt = take_str(t->c, v, "attempt");
	return code;
}

int take_begin(struct take *t)
{
	struct buf b = { 0 };
	struct jval v = { 0 }, now;
	int code;

	t->attempt = args_get(t->args, "attempt");
	if (t->attempt.n)
		return TAKE_ON;
	add_ref(t, &b);
	code = ask(t, "assessment.conditions", &b, false, &v);
	if (code != TAKE_ON)
		return code;
	if (!take_get(v, "now", &now) || jval_type(now) != J_OBJECT)
		return cli_say(t->c, CLI_FAILED,
			       "the server tells no conditions");
	t->attempt = take_str(t->c, v, "open_attempt");
	if (t->attempt.n && t->brief)
		return TAKE_ON;
	show_rules(t, v, now);
	if (t->attempt.n) {
		take_sayf(t, "\nYou have begun; going on.");
		return TAKE_ON;
	}
	return take_bool(now, "may_start") ? start(t, v, now) : not_now(t, now);
}
