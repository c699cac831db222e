/*
 * TAP 12 to 14: a plan, "ok" and "not ok", directives, YAML blocks (kept as
 * text), subtests (indented: their parent's line counts), "Bail out!".
 */
#include "graders/results.h"

#include "graders/code_impl.h"

struct tap {
	struct ctx *cx;
	struct result_test *tests;
	size_t n;
	int64_t plan; /* -1: none yet */
	int64_t line;
	bool skip_all, in_block;
	struct buf block; /* diagnostics of the last test */
	struct str *notes;
	size_t notes_n;
};

enum { NOTES = 20 };

static enum err refuse(struct tap *t, const char *what)
{
	return err_set(t->cx, ERR_INVALID, "TAP, line %lld: %s",
		       (long long)t->line, what);
}

static bool take(struct str *s, const char *word)
{
	if (!str_starts(*s, word))
		return false;
	*s = str_cut(*s, strlen(word), s->n);
	return true;
}

/* "1..4", "1..0 # SKIP why". */
static enum err read_plan(struct tap *t, struct str s)
{
	struct str number = s;
	size_t end = 0;

	if (t->plan >= 0)
		return refuse(t, "there is a second plan");
	while (end < s.n && s.p[end] >= '0' && s.p[end] <= '9')
		end++;
	number = str_cut(s, 0, end);
	if (!str_int(number, &t->plan) || t->plan > RESULTS_TESTS)
		return refuse(t, "the plan must be 1..N, N at most 2000");
	t->skip_all = t->plan == 0;
	return OK;
}

/* The directive behind a '#' that no '\' stands before. */
static size_t directive(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '#' && (!i || s.p[i - 1] != '\\'))
			return i;
	return SIZE_MAX;
}

static int state_of(bool ok, struct str rest)
{
	struct str word = str_trim(rest);

	if (str_eq_nocase(str_cut(word, 0, 4), STR("skip")))
		return RESULT_SKIPPED;
	if (str_eq_nocase(str_cut(word, 0, 4), STR("todo")))
		return ok ? RESULT_PASSED : RESULT_SKIPPED;
	return ok ? RESULT_PASSED : RESULT_FAILED;
}

/* What was said of the last test goes to it. */
static void end_block(struct tap *t)
{
	if (t->n && t->block.n)
		t->tests[t->n - 1].output = code_text(
			t->cx->arena, buf_view(&t->block), RESULTS_TEXT);
	buf_reset(&t->block);
	t->in_block = false;
}

static enum err read_test(struct tap *t, bool ok, struct str s)
{
	struct result_test *one;
	struct str rest = { 0 };
	size_t end = 0, at;
	int64_t number;

	end_block(t);
	if (t->n == RESULTS_TESTS)
		return err_set(t->cx, ERR_TOO_LARGE,
			       "TAP has more than 2000 tests");
	one = &t->tests[t->n];
	s = str_trim(s);
	while (end < s.n && s.p[end] >= '0' && s.p[end] <= '9')
		end++;
	if (end) {
		one->number = str_cut(s, 0, end);
		if (!str_int(one->number, &number) ||
		    number != (int64_t)t->n + 1)
			return refuse(t, "tests must be numbered from 1 on, "
					 "each once");
		s = str_trim(str_cut(s, end, s.n));
	}
	at = directive(s);
	if (at != SIZE_MAX) {
		rest = str_cut(s, at + 1, s.n);
		s = str_trim(str_cut(s, 0, at));
	}
	if (take(&s, "- ") || take(&s, "-"))
		s = str_trim(s);
	one->name = code_text(t->cx->arena, s, 200);
	one->state = state_of(ok, rest);
	one->line = t->line;
	t->n++;
	return OK;
}

static void keep(struct tap *t, struct str line)
{
	if (t->block.n < RESULTS_TEXT) {
		buf_str(&t->block, line);
		buf_ch(&t->block, '\n');
	}
}

static enum err read_line(struct tap *t, struct str line)
{
	struct str s = line;

	if (t->in_block) {
		if (str_is(str_trim(line), "..."))
			t->in_block = false;
		else
			keep(t, line);
		return OK;
	}
	if (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) {
		if (str_is(str_trim(s), "---"))
			t->in_block = true;
		return OK; /* or a subtest's line: its parent tells */
	}
	if (take(&s, "not ok"))
		return read_test(t, false, s);
	if (take(&s, "ok"))
		return read_test(t, true, s);
	if (take(&s, "1.."))
		return read_plan(t, s);
	if (take(&s, "Bail out!"))
		return refuse(t, "the tests gave up (Bail out!)");
	if (take(&s, "# "))
		keep(t, s);
	else if (s.n && !str_starts(s, "TAP version") && s.p[0] != '#' &&
		 !str_starts(s, "pragma ") && t->notes_n < NOTES)
		t->notes[t->notes_n++] =
			str_fmt(t->cx->arena, "line %lld is not TAP, left out",
				(long long)t->line);
	return OK;
}

static enum err read_all(struct tap *t, struct str text)
{
	struct str rest = text, line;
	enum err e = OK;

	while (!e && str_split(&rest, '\n', &line)) {
		t->line++;
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		e = read_line(t, line);
	}
	end_block(t);
	if (e)
		return e;
	if (t->plan < 0)
		return refuse(t, "there is no plan (1..N): it may have ended "
				 "too early");
	if (t->plan != (int64_t)t->n && !t->skip_all)
		return refuse(t, "the number of tests is not what the plan "
				 "says");
	return OK;
}

enum err results_tap_read(struct ctx *cx, struct str text, struct results *out)
{
	struct tap t = { .cx = cx, .plan = -1 };
	enum err e;

	if (text.n > RESULTS_BYTES)
		return err_set(cx, ERR_TOO_LARGE, "TAP is larger than 4 MiB");
	t.tests = ARENA_ARRAY(cx->arena, struct result_test, RESULTS_TESTS);
	t.notes = ARENA_ARRAY(cx->arena, struct str, NOTES);
	e = read_all(&t, text);
	buf_done(&t.block);
	if (e)
		return e;
	*out = (struct results){ .format = STR("tap"),
				 .gradable = true,
				 .tests = { t.tests, t.n },
				 .notes = { t.notes, t.notes_n } };
	return OK;
}
