/*
 * results.json: Gradescope's (score, execution_time, output, visibility,
 * tests[] of name, score, max_score, status, number, output, visibility) and
 * PrairieLearn's (score 0..1, gradable, format_errors, message, tests[] of
 * name, points, max_points, message, output). The two share a name, and are
 * told apart by members that only one of them has.
 */
#include "graders/results.h"

#include <stdio.h>

#include "graders/code_impl.h"

struct reader {
	struct ctx *cx;
	struct results *out;
	struct str *notes;
	size_t notes_n;
};

enum { NOTES = 50 };

static void note(struct reader *r, struct str name, const char *what)
{
	if (r->notes_n < NOTES)
		r->notes[r->notes_n++] =
			str_fmt(r->cx->arena, "%s: %.*s", what,
				STR_FMT(code_text(r->cx->arena, name, 64)));
}

static enum err refuse(struct reader *r, const char *at, const char *what)
{
	return err_field(r->cx, ERR_INVALID, at, "%s", what);
}

static struct str text_of(struct reader *r, struct jval v)
{
	return code_text(r->cx->arena, jval_str(r->cx, v), RESULTS_TEXT);
}

/* Absent or null: *has false. */
static enum err read_dec(struct reader *r, struct jval o, const char *name,
			 const char *at, bool *has, struct dec *out)
{
	struct jval v;
	double d;

	*has = false;
	if (!jval_get(o, name, &v) || jval_type(v) == J_NULL)
		return OK;
	if (jval_type(v) != J_NUMBER || !code_number(jval_text(v), &d) ||
	    !(d >= -1e6 && d <= 1e6))
		return refuse(r, at, "must be a number of at most a million");
	*out = dec_from_double(d);
	*has = true;
	return OK;
}

static bool read_str(struct reader *r, struct jval o, const char *name,
		     struct str *out)
{
	struct jval v;

	if (!jval_get(o, name, &v))
		return false;
	if (jval_type(v) == J_STRING)
		*out = text_of(r, v);
	else if (jval_type(v) == J_NUMBER)
		*out = jval_text(v);
	return out->p != NULL;
}

static int read_visibility(struct reader *r, struct jval o)
{
	struct str word = { 0 };

	if (!read_str(r, o, "visibility", &word))
		return RESULT_VISIBLE;
	for (int i = 0; result_visibility_words[i]; i++)
		if (str_is(word, result_visibility_words[i]))
			return i;
	note(r, word, "visibility not known, taken as hidden");
	return RESULT_HIDDEN;
}

static enum err read_points(struct reader *r, struct jval o, const char *at,
			    struct result_test *t)
{
	bool has, has_max;
	enum err e = read_dec(r, o, "score", at, &has, &t->points);

	if (!e && !has)
		e = read_dec(r, o, "points", at, &has, &t->points);
	if (e)
		return e;
	e = read_dec(r, o, "max_score", at, &has_max, &t->max_points);
	if (!e && !has_max)
		e = read_dec(r, o, "max_points", at, &has_max, &t->max_points);
	if (e)
		return e;
	if (has_max && dec_cmp(t->max_points, DEC_ZERO) < 0)
		return refuse(r, at, "the most points must not be negative");
	t->has_points = has;
	return OK;
}

/* A status stands before points; without both it has failed. */
static int state_of(struct reader *r, struct jval o,
		    const struct result_test *t)
{
	struct str word = { 0 };

	if (read_str(r, o, "status", &word)) {
		if (str_is(word, "passed"))
			return RESULT_PASSED;
		if (str_is(word, "failed"))
			return RESULT_FAILED;
		note(r, word, "status not known, taken as failed");
		return RESULT_FAILED;
	}
	return t->has_points && dec_cmp(t->points, t->max_points) >= 0 &&
			       t->points.nano > 0
		       ? RESULT_PASSED
		       : RESULT_FAILED;
}

static enum err read_test(struct reader *r, struct jval o, size_t i,
			  struct result_test *t)
{
	char at[40];
	enum err e;

	snprintf(at, sizeof(at), "/tests/%zu", i);
	if (jval_type(o) != J_OBJECT)
		return refuse(r, at, "a test must be an object");
	e = read_points(r, o, at, t);
	if (e)
		return e;
	read_str(r, o, "name", &t->name);
	read_str(r, o, "number", &t->number);
	if (!read_str(r, o, "output", &t->output))
		read_str(r, o, "message", &t->output);
	t->visibility = read_visibility(r, o);
	t->state = state_of(r, o, t);
	return OK;
}

static enum err read_tests(struct reader *r, struct jval root)
{
	struct result_test *t;
	struct jval list, one;
	struct str name;
	uint32_t it = 0;
	size_t n = 0;
	enum err e = OK;

	if (!jval_get(root, "tests", &list) || jval_type(list) == J_NULL)
		return OK;
	if (jval_type(list) != J_ARRAY || jval_count(list) > RESULTS_TESTS)
		return refuse(r, "/tests", "must be a list of at most 2000");
	t = ARENA_ARRAY(r->cx->arena, struct result_test, jval_count(list));
	for (; !e && jval_next(list, &it, &name, &one); n++)
		e = read_test(r, one, n, &t[n]);
	r->out->tests = (struct list){ t, n };
	return e;
}

static void list_unknown(struct reader *r, struct jval root)
{
	static const char *const known[] = {
		"score",
		"execution_time",
		"output",
		"output_format",
		"visibility",
		"stdout_visibility",
		"test_output_format",
		"test_name_format",
		"tests",
		"extra_data",
		"gradable",
		"message",
		"format_errors",
		"max_score",
		"images",
		"leaderboard",
	};
	struct jval v;
	struct str name;
	uint32_t it = 0;

	while (jval_next(root, &it, &name, &v)) {
		bool found = false;

		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			found |= str_is(name, known[i]);
		if (!found)
			note(r, name, "member not known, left out");
	}
}

static enum err read_root(struct reader *r, struct jval root)
{
	bool has;
	struct jval v;
	enum err e = read_dec(r, root, "score", "/score", &r->out->has_score,
			      &r->out->score);

	if (!e)
		e = read_dec(r, root, "execution_time", "/execution_time", &has,
			     &r->out->seconds);
	if (e)
		return e;
	if (jval_get(root, "gradable", &v)) {
		if (jval_type(v) != J_BOOL)
			return refuse(r, "/gradable", "must be true or false");
		r->out->gradable = jval_bool(v);
		r->out->scaled = r->out->has_score;
	}
	if (!read_str(r, root, "output", &r->out->output))
		read_str(r, root, "message", &r->out->output);
	list_unknown(r, root);
	return read_tests(r, root);
}

enum err results_json_read(struct ctx *cx, struct str text, struct results *out)
{
	struct results got = { .format = STR("results_json"),
			       .gradable = true };
	struct reader r = { .cx = cx, .out = &got };
	struct jdoc *doc;
	enum err e;

	if (text.n > RESULTS_BYTES)
		return err_set(cx, ERR_TOO_LARGE,
			       "results.json is larger than 4 MiB");
	e = jdoc_parse(cx, text, &doc);
	if (e)
		return e;
	if (jval_type(jdoc_root(doc)) != J_OBJECT)
		return err_set(cx, ERR_INVALID,
			       "results.json must be an object");
	r.notes = ARENA_ARRAY(cx->arena, struct str, NOTES);
	e = read_root(&r, jdoc_root(doc));
	if (e)
		return e;
	if (got.scaled && (dec_cmp(got.score, DEC_ZERO) < 0 ||
			   dec_cmp(got.score, DEC_ONE) > 0))
		return err_field(cx, ERR_INVALID, "/score",
				 "must be within 0 and 1");
	got.notes = (struct list){ r.notes, r.notes_n };
	*out = got;
	return OK;
}
