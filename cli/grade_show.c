/* What `assay grade` prints. */
#include "cli/grade.h"
#include "cli/wrap.h"
#include "graders/results.h"

enum { NAME_LEAST = 4, NAME_MOST = 30, US = 1000 };

/* ---- pieces ---- */

static void put_dec(struct buf *b, struct dec d)
{
	char text[DEC_TEXT];

	dec_text(d, text);
	buf_z(b, text);
}

/* What an author or learner wrote, on one line, padded; cut at width. */
static void cell(struct buf *b, struct str s, int width)
{
	size_t from = b->n;
	int used;

	wrap_clean_line(b, s);
	used = wrap_width((struct str){ b->p + from, b->n - from });
	while (used > width) {
		b->n--;
		while (b->n > from &&
		       ((unsigned char)b->p[b->n] & 0xc0) == 0x80)
			b->n--;
		used = wrap_width((struct str){ b->p + from, b->n - from });
	}
	wrap_pad(b, width - used);
}

static struct str test_name(const struct grading *g, size_t i)
{
	const struct code_test *t = g->spec.tests.at;

	return t[i].name.n ? t[i].name : str_fmt(g->c->cx->arena, "%zu", i + 1);
}

static int name_width(const struct grading *g)
{
	int most = NAME_LEAST;

	for (size_t i = 0; i < g->report.tests.n; i++) {
		int w = wrap_width(test_name(g, i));

		most = w > most ? w : most;
	}
	return most < NAME_MOST ? most : NAME_MOST;
}

static void put_text(struct buf *b, const struct grading *g, const char *label,
		     struct str text)
{
	if (!text.n)
		return;
	buf_fmt(b, "%s:\n  ", label);
	wrap_text(b, str_trim(text), g->c->columns, 2, 2);
	buf_ch(b, '\n');
}

/* ---- for people ---- */

static void put_test(struct buf *b, const struct grading *g, size_t i,
		     int width)
{
	const struct code_fact *f = (struct code_fact *)g->report.tests.at + i;
	struct str say = f->message.n ? f->message : f->staff;

	buf_z(b, "  ");
	cell(b, test_name(g, i), width);
	buf_fmt(b, "  %-3s", run_verdict_words[f->verdict]);
	if (f->verdict == RUN_SK) {
		buf_ch(b, '\n');
		return;
	}
	buf_fmt(b, "  %6lld ms  %5lld MiB", (long long)(f->cpu_us / US),
		(long long)(f->memory_peak_bytes >> 20));
	if (f->verdict != RUN_AC && f->cause != RUN_BY_EXIT)
		buf_fmt(b, "  %s", run_cause_words[f->cause]);
	if (f->line)
		buf_fmt(b, "  line %lld", (long long)f->line);
	if (say.n) {
		buf_z(b, "  ");
		wrap_clean_line(b, str_cut(say, 0, 200));
	}
	buf_ch(b, '\n');
}

static void put_groups(struct buf *b, const struct grading *g)
{
	const struct code_group_result *r = g->result.groups.at;

	if (g->result.groups.n < 2)
		return;
	buf_z(b, "groups:\n");
	for (size_t i = 0; i < g->result.groups.n; i++) {
		buf_z(b, "  ");
		cell(b, r[i].name.n ? r[i].name : STR("(none)"), NAME_MOST);
		buf_fmt(b, "  %-3s  ", run_verdict_words[r[i].verdict]);
		put_dec(b, r[i].points);
		buf_z(b, " of ");
		put_dec(b, r[i].max_points);
		buf_fmt(b, "  (%lld of %lld tests)\n", (long long)r[i].passed,
			(long long)r[i].tests);
	}
}

void grade_show(const struct grading *g)
{
	const struct code_report *r = &g->report;
	struct buf b = { 0 };
	int width = name_width(g);

	put_text(&b, g, "compiler", r->compile_text);
	put_text(&b, g, "not judged", r->reason);
	if (r->verdict == RUN_IE)
		put_text(&b, g, "our failure", r->staff);
	for (size_t i = 0; i < r->tests.n; i++)
		put_test(&b, g, i, width);
	put_groups(&b, g);
	buf_fmt(&b, "%s  ", run_verdict_words[r->verdict]);
	put_dec(&b, g->result.points);
	buf_z(&b, " of ");
	put_dec(&b, g->result.max_points);
	buf_fmt(&b, " points, %.*s, fenced: %s\n", STR_FMT(g->language),
		run_level_words[r->level]);
	cli_put(g->c->out, buf_view(&b));
	buf_done(&b);
}

/* ---- for programs ---- */

void grade_show_json(const struct grading *g)
{
	struct buf b = { 0 }, report = { 0 };

	code_report_write(g->c->cx, &report, &g->report);
	buf_z(&b, "{\"item\":");
	if (g->item.n)
		jout_str(&b, g->item);
	else
		buf_z(&b, "null");
	buf_z(&b, ",\"result\":");
	field_encode(&b, &code_result_shape, &g->result);
	buf_z(&b, ",\"report\":");
	buf_str(&b, buf_view(&report));
	buf_z(&b, "}\n");
	cli_put(g->c->out, buf_view(&b));
	buf_done(&report);
	buf_done(&b);
}

static int state_of(int verdict)
{
	return verdict == RUN_AC   ? RESULT_PASSED
	       : verdict == RUN_SK ? RESULT_SKIPPED
	       : verdict == RUN_IE ? RESULT_BROKEN
				   : RESULT_FAILED;
}

static int visibility_of(int visibility)
{
	switch ((enum code_visibility)visibility) {
	case CODE_VISIBLE:
		return RESULT_VISIBLE;
	case CODE_HIDDEN:
		return RESULT_HIDDEN;
	case CODE_AFTER_DUE:
		return RESULT_AFTER_DUE;
	case CODE_AFTER_RELEASE:
		return RESULT_AFTER_PUBLISHED;
	}
	return RESULT_HIDDEN;
}

void grade_show_results(const struct grading *g)
{
	const struct code_fact *f = g->report.tests.at;
	const struct code_test *t = g->spec.tests.at;
	size_t n = g->report.tests.n;
	struct result_test *tests =
		ARENA_ARRAY(g->c->cx->arena, struct result_test, n);
	struct results r = { .has_score = true,
			     .score = g->result.points,
			     .gradable = g->report.gradable,
			     .seconds =
				     dec_ratio(g->report.charged_us, 1000000),
			     .output = g->report.compile_text,
			     .tests = { tests, n } };
	struct buf b = { 0 };

	for (size_t i = 0; i < n; i++)
		tests[i] = (struct result_test){
			.name = test_name(g, i),
			.state = state_of(f[i].verdict),
			.output = f[i].message,
			.visibility = visibility_of(
				code_test_visibility(&g->spec, &t[i])),
		};
	results_json_write(&b, &r);
	buf_ch(&b, '\n');
	cli_put(g->c->out, buf_view(&b));
	buf_done(&b);
}

/* ---- self-test ---- */

static void put_limits(struct buf *b, const struct code_selftest_report *s)
{
	buf_fmt(b, "time limit: %lld ms", (long long)s->limit_ms);
	if (s->lower_ms)
		buf_fmt(b, ", at least %lld ms by the accepted",
			(long long)s->lower_ms);
	if (s->upper_ms)
		buf_fmt(b, ", at most %lld ms by the slow",
			(long long)s->upper_ms);
	if (s->proposed_ms)
		buf_fmt(b, "; proposed: %lld ms", (long long)s->proposed_ms);
	buf_ch(b, '\n');
}

void grade_show_selftest(const struct grading *g)
{
	const struct code_selftest_report *s = &g->selftest;
	const struct code_reference_result *r = s->references.at;
	const struct str *p = s->problems.at;
	struct buf b = { 0 };

	for (size_t i = 0; i < s->references.n; i++) {
		buf_z(&b, "  ");
		cell(&b, r[i].name, NAME_MOST);
		buf_fmt(&b, "  %-4s  %-3s", r[i].ok ? "ok" : "BAD",
			run_verdict_words[r[i].verdict]);
		if (r[i].verdict != r[i].expect)
			buf_fmt(&b, " (%s expected)",
				run_verdict_words[r[i].expect]);
		buf_fmt(&b, "  %lld ms%s\n", (long long)(r[i].cpu_us / US),
			r[i].flaky.n ? "  flaky" : "");
	}
	for (size_t i = 0; i < s->problems.n; i++) {
		buf_z(&b, "- ");
		wrap_text(&b, p[i], g->c->columns, 2, 2);
		buf_ch(&b, '\n');
	}
	put_limits(&b, s);
	buf_z(&b, s->ok ? "the task does what it says\n"
			: "the task is not ready\n");
	cli_put(g->c->out, buf_view(&b));
	buf_done(&b);
}
