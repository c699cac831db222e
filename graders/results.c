#include "graders/results.h"

#include "base/limits.h"

const char *const result_state_words[] = { "passed", "failed", "skipped",
					   "broken", NULL };
const char *const result_visibility_words[] = { "visible", "hidden",
						"after_due_date",
						"after_published", NULL };

#define TEXT(s, m, d) FIELD_OPT(s, m, KIND_STR, d, .max = 2 * RESULTS_TEXT)

static const struct field test_fields[] = {
	TEXT(struct result_test, name, "of the test"),
	TEXT(struct result_test, number, "its place, as the source says"),
	FIELD(struct result_test, state, KIND_ENUM, "what came of it",
	      .words = result_state_words),
	FIELD_MAYBE(struct result_test, points, has_points, KIND_DEC,
		    "that it gives"),
	FIELD_OPT(struct result_test, max_points, KIND_DEC, "at most"),
	TEXT(struct result_test, output, "for people"),
	FIELD_OPT(struct result_test, visibility, KIND_ENUM, "who may see it",
		  .words = result_visibility_words),
	FIELD_OPT(struct result_test, line, KIND_INT, "of the source"),
	FIELD_END,
};
const struct shape result_test_shape = SHAPE(struct result_test, test_fields);

static const struct field results_fields[] = {
	FIELD(struct results, format, KIND_STR, "of the source"),
	FIELD_MAYBE(struct results, score, has_score, KIND_DEC, "in all"),
	FIELD_OPT(struct results, scaled, KIND_BOOL, "the score is 0 to 1"),
	FIELD_OPT(struct results, gradable, KIND_BOOL,
		  "false: costs no attempt"),
	FIELD_OPT(struct results, seconds, KIND_DEC, "that it took"),
	TEXT(struct results, output, "for people"),
	FIELD(struct results, tests, KIND_LIST, "one by one", .of = KIND_OBJECT,
	      .shape = &result_test_shape, .max = RESULTS_TESTS),
	FIELD_OPT(struct results, notes, KIND_LIST, "not understood",
		  .of = KIND_STR),
	FIELD_END,
};
const struct shape results_shape = SHAPE(struct results, results_fields);

bool results_share(const struct results *r, struct dec *out)
{
	const struct result_test *t = r->tests.at;
	struct dec sum = DEC_ZERO, most = DEC_ZERO;

	for (size_t i = 0; i < r->tests.n; i++) {
		bool points = t[i].has_points && t[i].max_points.nano > 0;

		if (t[i].state == RESULT_SKIPPED)
			continue;
		most = dec_add(most, points ? t[i].max_points : DEC_ONE);
		if (points)
			sum = dec_add(sum, t[i].points);
		else if (t[i].state == RESULT_PASSED)
			sum = dec_add(sum, DEC_ONE);
	}
	if (r->has_score && r->scaled) {
		*out = dec_clamp(r->score, DEC_ZERO, DEC_ONE);
		return true;
	}
	if (most.nano <= 0)
		return false;
	if (r->has_score)
		sum = r->score;
	*out = dec_clamp(dec_div(sum, most), DEC_ZERO, DEC_ONE);
	return true;
}

/* ---- writing ---- */

static void member(struct buf *b, const char *name)
{
	if (b->n > 0 && b->p[b->n - 1] != '{')
		buf_ch(b, ',');
	jout_name(b, name);
}

static void member_str(struct buf *b, const char *name, struct str s)
{
	if (!s.n)
		return;
	member(b, name);
	jout_str(b, s);
}

static void member_dec(struct buf *b, const char *name, struct dec d)
{
	member(b, name);
	jout_dec(b, d);
}

static void write_test(struct buf *b, const struct result_test *t)
{
	buf_ch(b, '{');
	member_str(b, "name", t->name);
	member_str(b, "number", t->number);
	if (t->has_points) {
		member_dec(b, "score", t->points);
		member_dec(b, "max_score", t->max_points);
	}
	member(b, "status");
	jout_str(b, str_of(t->state == RESULT_PASSED ? "passed" : "failed"));
	member_str(b, "output", t->output);
	member(b, "visibility");
	jout_str(b, str_of(result_visibility_words[t->visibility]));
	buf_ch(b, '}');
}

/* Gradescope knows no test that was not run: those are left out. */
void results_json_write(struct buf *b, const struct results *r)
{
	const struct result_test *t = r->tests.at;
	bool any = false;

	buf_ch(b, '{');
	if (r->has_score)
		member_dec(b, "score", r->score);
	if (r->seconds.nano)
		member_dec(b, "execution_time", r->seconds);
	member_str(b, "output", r->output);
	member(b, "tests");
	buf_ch(b, '[');
	for (size_t i = 0; i < r->tests.n; i++) {
		if (t[i].state == RESULT_SKIPPED)
			continue;
		if (any)
			buf_ch(b, ',');
		write_test(b, &t[i]);
		any = true;
	}
	buf_z(b, "]}");
}
