/* What can be found out of hidden tests by handing in again and again. */
#include <time.h>

#include "graders/assessment_file.h"
#include "graders/policy_grade.h"
#include "tests/support/code_world.h"

enum { ROUNDS = 4000, TESTS_MOST = 7, GROUPS_MOST = 4, TOO_MANY = 51 };

static size_t below(struct code_world *w, size_t n)
{
	return (size_t)rng_below(w->cx.rng, n);
}

/* ---- any task, under any rules ---- */

static void any_groups(struct code_world *w, struct code_spec *s)
{
	static const char *const names[] = { "a", "b", "c", "d" };
	size_t n = below(w, GROUPS_MOST);
	struct code_group *g = ARENA_ARRAY(w->cx.arena, struct code_group, n);

	for (size_t i = 0; i < n; i++) {
		struct str *needs = ARENA_ARRAY(w->cx.arena, struct str, n);

		g[i].name = str_of(names[i]);
		g[i].how = (int)below(w, 3);
		g[i].short_circuit = below(w, 2);
		g[i].has_visibility = below(w, 2);
		g[i].visibility = (int)below(w, 4);
		g[i].requires.at = needs;
		for (size_t k = 0; k < i; k++)
			if (!below(w, 3))
				needs[g[i].requires.n++] = g[k].name;
	}
	s->groups = (struct list){ g, n };
}

static void any_tests(struct code_world *w, struct code_spec *s)
{
	const struct code_group *g = s->groups.at;
	size_t n = 1 + below(w, TESTS_MOST);
	struct code_test *t = ARENA_ARRAY(w->cx.arena, struct code_test, n);

	for (size_t i = 0; i < n; i++) {
		size_t in = below(w, s->groups.n + 1);

		t[i].name = str_fmt(w->cx.arena, "t%zu", i);
		t[i].group = in < s->groups.n ? g[in].name : (struct str){ 0 };
		t[i].has_visibility = below(w, 2);
		t[i].visibility = (int)below(w, 4);
		t[i].has_feedback = below(w, 2);
		t[i].feedback = (int)below(w, 3);
		t[i].input.text = STR("1");
		t[i].answer.text = below(w, 3) ? STR("1") : STR("2");
	}
	s->tests = (struct list){ t, n };
}

static struct code_spec any_task(struct code_world *w)
{
	static const struct str python = STR("python");
	static const int64_t submissions[] = { 0, 1, 2, 200 };
	struct code_spec s = {
		.languages = { (void *)&python, 1 },
		.visibility = (int)below(w, 4),
		.feedback = (int)below(w, 3),
		.hidden_as = (int)below(w, 3),
		.submissions = submissions[below(w, 4)],
	};

	any_groups(w, &s);
	any_tests(w, &s);
	return s;
}

static struct policy any_rules(struct code_world *w)
{
	static const int64_t attempts[] = { 0, 1, 2, 100 };
	static const struct feedback_band band = { .text = STR("Well done.") };
	struct policy p = {
		.kind = (int)below(w, 2),
		.attempts = attempts[below(w, 4)],
		.release = (int)below(w, 2),
		.has_review = true,
		.review = { .during = (uint32_t)below(w, 256),
			    .immediately = (uint32_t)below(w, 256),
			    .later = (uint32_t)below(w, 256),
			    .closed = (uint32_t)below(w, 256) },
		.feedback = { (void *)&band, below(w, 2) },
	};

	return p;
}

/* ---- what publishing says ---- */

static const char *codes(struct code_world *w, const struct problems *p)
{
	const struct problem *at = p->list.at;
	struct buf b = { 0 };
	const char *text;

	for (size_t i = 0; i < p->list.n; i++) {
		buf_str(&b, at[i].code);
		buf_ch(&b, ' ');
	}
	text = str_z(w->cx.arena, buf_view(&b));
	buf_done(&b);
	return text;
}

/* A test that is withheld is told of, and safe. */
static bool accepted(struct code_world *w, const struct policy *p,
		     const struct code_spec *s)
{
	struct item it = {
		.id = STR("i"), .type = ITEM_CODE, .has_code = true, .code = *s
	};
	struct assessment_def def = { .policy = *p, .items = { &it, 1 } };
	struct problems found = { 0 };

	assessment_probe(&w->cx, &def, &found);
	return !strstr(codes(w, &found), "hidden_");
}

/* ---- what a learner sees ---- */

/* May be asked for so often that one bit of it each time is too much. */
static bool often(int64_t attempts, int64_t each)
{
	return !attempts || !each || attempts * each >= TOO_MANY;
}

static bool is_told(const struct code_spec *s, size_t i)
{
	const struct code_test *t = (const struct code_test *)s->tests.at + i;

	return code_test_visibility(s, t) == CODE_VISIBLE;
}

static bool marks_told(const struct policy *p, const struct code_spec *s)
{
	uint32_t marks = REVIEW_BIT(REVIEW_MARKS);
	uint32_t after =
		policy_review(p, ATTEMPT_GRADED, 0, 1) |
		policy_review(p, ATTEMPT_GRADED, 0, POLICY_IMMEDIATE_MS + 1);

	if (often(p->attempts, s->submissions) &&
	    policy_review(p, ATTEMPT_ACTIVE, 0, 1) & marks)
		return true;
	if (!often(p->attempts, 1))
		return false;
	if (p->kind == POLICY_GRADED && p->release == RELEASE_AUTO)
		return true; /* in the gradebook */
	return after & marks ||
	       (p->feedback.n && after & REVIEW_BIT(REVIEW_OVERALL_FEEDBACK));
}

/* The worker's report of a program, as it comes out at the other end. */
static const char *seen(struct code_world *w, bool marks)
{
	struct buf report = { 0 };
	struct code_report read;
	struct str sent;

	w->plays = "cat";
	world_judge(w, "cat");
	code_report_write(&w->cx, &report, &w->report);
	sent = buf_copy(&report, w->cx.arena);
	buf_done(&report);
	assert_int_equal(code_report_read(&w->cx, &w->spec, sent, &read), OK);
	buf_reset(&w->view);
	code_view(&w->cx, &w->spec, &read, CODE_FOR_LEARNER, &w->view);
	if (marks)
		jout_dec(&w->view, w->result.fraction);
	return str_z(w->cx.arena, buf_view(&w->view));
}

/* Other answers of what is hidden: another verdict, the same program. */
static void turn_hidden(struct code_world *w)
{
	struct code_spec *s = &w->spec;
	struct code_test *t =
		ARENA_ARRAY(w->cx.arena, struct code_test, s->tests.n);

	memcpy(t, s->tests.at, s->tests.n * sizeof(*t));
	for (size_t i = 0; i < s->tests.n; i++)
		if (!is_told(s, i))
			t[i].answer.text = below(w, 2) ? STR("1") : STR("2");
	s->tests.at = t;
}

/*
 * Two programs that differ only in what hidden tests say of them look the
 * same, under all rules that are published without a word about them.
 */
static void what_a_learner_sees_is_made_of_visible_verdicts_alone(void **state)
{
	struct code_world *w = *state;
	int hidden = 0, compared = 0, differed = 0;

	rng_property(&w->rng);
	for (int i = 0; i < ROUNDS; i++) {
		struct policy p = any_rules(w);
		const char *one;
		struct dec was;
		bool marks;

		w->spec = any_task(w);
		/* What an author allows so few times is his to tell. */
		if (!accepted(w, &p, &w->spec) ||
		    (code_has_hidden(&w->spec) &&
		     w->spec.hidden_as != CODE_HIDDEN_COUNT))
			continue;
		hidden += code_has_hidden(&w->spec);
		marks = marks_told(&p, &w->spec);
		one = seen(w, marks);
		was = w->result.fraction;
		turn_hidden(w);
		assert_string_equal(seen(w, marks), one);
		compared++;
		differed += !dec_eq(was, w->result.fraction);
		arena_reset(w->cx.arena);
	}
	/* It was about something. */
	assert_true(compared > ROUNDS / 20);
	assert_true(hidden > ROUNDS / 50);
	assert_true(differed > ROUNDS / 100);
}

#define BEHIND                                                                 \
	"{'languages':['python'],'groups':[{'name':'g','short_circuit':true,"  \
	"'points':1},{'name':'after','requires':['g']}],'tests':["             \
	"{'name':'first','group':'g','input':{'text':'1'},'answer':{'text':"   \
	"'1'}},{'name':'h','group':'g','visibility':'after_due','input':{"     \
	"'text':'1'},'answer':{'text':'%s'}},{'name':'last','group':'g',"      \
	"'input':{'text':'1'},'answer':{'text':'1'}},{'name':'next','group':"  \
	"'after','input':{'text':'1'},'answer':{'text':'1'}}]}"

static const char *behind(struct code_world *w, const char *answer,
			  enum code_audience who)
{
	char text[1000];

	snprintf(text, sizeof(text), BEHIND, answer);
	world_spec(w, text);
	w->plays = "cat";
	world_judge(w, "cat");
	buf_reset(&w->view);
	code_view(&w->cx, &w->spec, &w->report, who, &w->view);
	return str_z(w->cx.arena, buf_view(&w->view));
}

static void what_a_hidden_test_kept_from_running_is_withheld(void **state)
{
	struct code_world *w = *state;
	const char *text = behind(w, "2", CODE_FOR_LEARNER);

	assert_non_null(strstr(text, "\"name\":\"first\",\"group\":\"g\","
				     "\"verdict\":\"AC\""));
	assert_non_null(strstr(text, "\"name\":\"last\",\"group\":\"g\","
				     "\"withheld\":true}"));
	assert_non_null(strstr(text, "\"name\":\"next\",\"group\":\"after\","
				     "\"withheld\":true}"));
	assert_null(strstr(text, "\"SK\""));
	assert_non_null(strstr(text, "\"complete\":false"));
	assert_string_equal(behind(w, "1", CODE_FOR_LEARNER), text);
	/* Once the hidden one is told, they are, too. */
	text = behind(w, "2", CODE_FOR_DUE);
	assert_null(strstr(text, "withheld"));
	assert_non_null(strstr(text, "\"name\":\"last\",\"group\":\"g\","
				     "\"verdict\":\"SK\""));
}

/* ---- what publishing says, and where ---- */

#define FILE_OF                                                                \
	"{\"assay\":1,\"course\":\"c\",\"slug\":\"s\",\"title\":\"T\","        \
	"\"policy\":{%s},\"items\":[{\"id\":\"i\",\"type\":\"code\","          \
	"\"mark\":1,\"code\":{\"languages\":[\"c\"],%s\"tests\":["             \
	"{\"name\":\"v\",\"answer\":{\"text\":\"1\"}},"                        \
	"{\"name\":\"h\",\"visibility\":\"%s\","                               \
	"\"answer\":{\"text\":\"1\"}}]}}]}"
#define DURING "\"review\":{\"during\":[\"marks\"]}"
#define HELD "\"release\":\"held\""

static void what_tells_of_hidden_tests_is_named_with_its_place(void **state)
{
	static const struct {
		const char *policy, *code, *visibility, *at;
		int level; /* -1: nothing is said */
	} rows[] = {
		{ "", "", "visible", "", -1 },
		{ "", "", "hidden", "/policy/attempts", PROBLEM_WARNING },
		{ "", "", "after_due", "/policy/attempts", PROBLEM_WARNING },
		{ "\"attempts\":51", "", "hidden", "/policy/attempts",
		  PROBLEM_WARNING },
		{ "\"attempts\":50", "", "hidden", "", -1 },
		{ HELD, "", "hidden", "", -1 },
		{ "\"attempts\":1", "\"hidden_as\":\"passed\",", "hidden",
		  "/items/0/code/hidden_as", PROBLEM_WARNING },
		{ "\"attempts\":5",
		  "\"hidden_as\":\"passed\",\"submissions\":10,", "hidden", "",
		  -1 },
		{ "\"attempts\":5",
		  "\"hidden_as\":\"passed\",\"submissions\":11,", "hidden",
		  "/items/0/code/hidden_as", PROBLEM_WARNING },
		{ HELD, "\"hidden_as\":\"verdicts\",", "hidden",
		  "/items/0/code/hidden_as", PROBLEM_ERROR },
		{ "\"attempts\":1",
		  "\"hidden_as\":\"verdicts\",\"submissions\":2,", "hidden",
		  "/items/0/code/hidden_as", PROBLEM_ERROR },
		{ "\"attempts\":1",
		  "\"hidden_as\":\"verdicts\",\"submissions\":1,", "hidden", "",
		  -1 },
		{ "\"attempts\":1," DURING, "", "hidden",
		  "/policy/review/during", PROBLEM_WARNING },
		{ "\"attempts\":1," DURING, "\"submissions\":50,", "hidden", "",
		  -1 },
		{ "\"kind\":\"practice\",\"review\":{\"immediately\":["
		  "\"correctness\"]}",
		  "", "hidden", "", -1 },
		{ "\"kind\":\"practice\",\"review\":{\"immediately\":["
		  "\"overall_feedback\"]},\"feedback\":[{\"from\":0,"
		  "\"text\":\"x\"}]",
		  "", "hidden", "/policy/attempts", PROBLEM_WARNING },
	};
	struct code_world *w = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct problems found = { 0 };
		struct assessment_def def;
		const struct problem *p;
		struct str text = str_fmt(w->cx.arena, FILE_OF, rows[i].policy,
					  rows[i].code, rows[i].visibility);
		enum err e = assessment_read_new(&w->cx, text, &def, &found);

		assert_int_equal(e, rows[i].level == PROBLEM_ERROR ? ERR_INVALID
								   : OK);
		p = found.list.at;
		assert_int_equal(found.list.n, rows[i].level < 0 ? 0 : 1);
		if (!found.list.n)
			continue;
		assert_int_equal(p->level, rows[i].level);
		assert_true(str_is(p->at, rows[i].at));
		/* What was published before stays readable. */
		assert_int_equal(assessment_read(&w->cx, text, &def, NULL), OK);
	}
}

static void a_visible_test_that_is_withheld_is_named_to_its_author(void **state)
{
	static const char code[] =
		"\"groups\":[{\"name\":\"g\",\"short_circuit\":%s}],"
		"\"tests\":[{\"name\":\"h\",\"group\":\"g\",\"visibility\":"
		"\"hidden\",\"answer\":{\"text\":\"1\"}},{\"name\":\"v\","
		"\"group\":\"g\",\"answer\":{\"text\":\"1\"}}]";
	struct code_world *w = *state;

	for (int on = 0; on < 2; on++) {
		struct problems found = { 0 };
		struct assessment_def def;
		const struct problem *p;
		struct buf b = { 0 };

		buf_z(&b, "{\"assay\":1,\"course\":\"c\",\"slug\":\"s\","
			  "\"title\":\"T\",\"policy\":{\"attempts\":1},"
			  "\"items\":[{\"id\":\"i\",\"type\":\"code\","
			  "\"mark\":1,\"code\":{\"languages\":[\"c\"],");
		buf_fmt(&b, code, on ? "true" : "false");
		buf_z(&b, "}}]}");
		assert_int_equal(
			assessment_read_new(&w->cx, buf_view(&b), &def, &found),
			OK);
		buf_done(&b);
		assert_int_equal(found.list.n, on);
		p = found.list.at;
		if (on)
			assert_true(str_is(p->at,
					   "/items/0/code/tests/1/visibility"));
	}
}

static void
an_assessment_with_unfit_calls_is_read_and_not_published_anew(void **state)
{
	static const struct {
		const char *languages, *call, *at;
	} rows[] = {
		{ "\"c\",\"python\"", "\"args\":[1,2],\"raises\":\"E\"",
		  "/items/0/code/tests/0/calls/0/raises" },
		{ "\"c\"", "\"args\":[1,2,3],\"value\":3",
		  "/items/0/code/tests/0/calls/0/args" },
		{ "\"c\"", "\"args\":[1,2],\"value\":3", NULL },
	};
	struct code_world *w = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct problems found = { 0 };
		struct assessment_def def;
		struct str text = str_fmt(
			w->cx.arena,
			"{\"assay\":1,\"course\":\"c\",\"slug\":\"s\","
			"\"title\":\"T\",\"items\":[{\"id\":\"i\",\"type\":"
			"\"code\",\"mark\":1,\"code\":{\"kind\":"
			"\"function\",\"languages\":[%s],\"functions\":[{"
			"\"name\":\"f\",\"params\":[\"int\",\"int\"],"
			"\"returns\":\"int\"}],\"tests\":[{\"name\":\"t\","
			"\"calls\":[{\"function\":\"f\",%s}]}]}}]}",
			rows[i].languages, rows[i].call);

		assert_int_equal(assessment_read(&w->cx, text, &def, &found),
				 OK);
		assert_int_equal(found.errors, 0);
		assert_int_equal(
			assessment_read_new(&w->cx, text, &def, &found),
			rows[i].at ? ERR_INVALID : OK);
		assert_int_equal(found.errors, rows[i].at != NULL);
		if (rows[i].at)
			assert_string_equal(w->cx.error.field, rows[i].at);
		err_clear(&w->cx);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)
	const struct CMUnitTest tests[] = {
		TEST(what_a_learner_sees_is_made_of_visible_verdicts_alone),
		TEST(what_a_hidden_test_kept_from_running_is_withheld),
		TEST(what_tells_of_hidden_tests_is_named_with_its_place),
		TEST(a_visible_test_that_is_withheld_is_named_to_its_author),
		TEST(an_assessment_with_unfit_calls_is_read_and_not_published_anew),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
