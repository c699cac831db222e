#include "tests/unit/rubrics/rubrics_world.h"

#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "rubrics/grades_csv.h"

static struct grades read_csv(struct ctx *cx, const char *text)
{
	struct grades g;

	if (grades_csv_read(cx, str_of(text), &g))
		fail_msg("%s: %s", text, cx->error.text);
	return g;
}

static void name_is(const struct list *l, size_t i, const char *want)
{
	assert_true(i < l->n && str_is(((struct str *)l->at)[i], want));
}

static void row_is(const struct grades *g, size_t i, uint32_t artifact,
		   uint32_t reviewer, uint32_t criterion, double score)
{
	const struct grades_row *r = g->at + i;

	assert_true(i < g->n);
	assert_int_equal(r->artifact, artifact);
	assert_int_equal(r->reviewer, reviewer);
	assert_int_equal(r->criterion, criterion);
	assert_true(isnan(score) ? isnan(r->score) : r->score == score);
}

static void columns_are_found_by_name_in_any_order(void **state)
{
	struct ctx *cx = *state;
	struct grades g = read_csv(cx, "Score,note,reviewer,artifact\n"
				       "3.5,x,ann,w1\n,y,bob,w1\n-1e1,,ann,w2");

	assert_int_equal(g.n, 3);
	assert_false(g.has_criteria);
	row_is(&g, 0, 0, 0, 0, 3.5);
	row_is(&g, 1, 0, 1, 0, NAN);
	row_is(&g, 2, 1, 0, 0, -10);
	name_is(&g.artifacts, 1, "w2");
	name_is(&g.reviewers, 1, "bob");
	assert_int_equal(g.criteria.n, 1);
	g = read_csv(cx, "artifact,reviewer,criterion,score\n"
			 "w,a,style,1\nw,a,depth,2\n");
	assert_true(g.has_criteria);
	row_is(&g, 1, 0, 0, 1, 2);
	name_is(&g.criteria, 1, "depth");
}

static void quotes_line_ends_marks_and_semicolons_are_read(void **state)
{
	struct grades g =
		read_csv(*state, "\xef\xbb\xbf\"artifact\";reviewer;score\r\n"
				 "\"a \"\"b\"\";\r\nc\"; ann ;\"2\"\r\n\r\n"
				 "\"\"\"\";ann;3\r\n");

	assert_int_equal(g.n, 2);
	name_is(&g.artifacts, 0, "a \"b\";\r\nc");
	name_is(&g.artifacts, 1, "\"");
	name_is(&g.reviewers, 0, "ann");
	row_is(&g, 1, 1, 0, 0, 3);
	g = read_csv(*state, "artifact,reviewer,score");
	assert_int_equal(g.n, 0);
}

static void what_is_wrong_is_said_with_its_line(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "column artifact" },
		{ "artifact,score\n", "column reviewer" },
		{ "artifact,reviewer\n", "column score" },
		{ "artifact,reviewer,score\na,b\n",
		  "line 2: there is no cell" },
		{ "artifact,reviewer,score\na,b,1\n\na,,1\n",
		  "line 4: column reviewer is empty" },
		{ "artifact,reviewer,score\n\"a\n\",b,1\na,b,x\n",
		  "line 4: the score is no number" },
		{ "artifact,reviewer,score\na,b,nan\n", "no number" },
		{ "artifact,reviewer,score\n\"a,b,1\n",
		  "line 2: a quote is not closed" },
		{ "artifact,reviewer,score\na,b,1\nb,b,1\na,b,2\n",
		  "line 4: reviewer b scores artifact a as on line 2: leave" },
		{ "artifact,reviewer,criterion,score\na,b,c,1\na,b,d,1\n"
		  "a,b,c,2\n",
		  "as on line 2, by the same criterion: leave one" },
	};
	struct ctx *cx = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct grades g;

		assert_int_equal(grades_csv_read(cx, str_of(cases[i].text), &g),
				 ERR_INVALID);
		if (!strstr(cx->error.text, cases[i].says))
			fail_msg("\"%s\" is not in: %s", cases[i].says,
				 cx->error.text);
	}
}

static void many_names_keep_their_indices(void **state)
{
	enum { N = 20000 };
	struct buf b = { 0 };
	struct grades g;

	buf_z(&b, "artifact,reviewer,score\n");
	for (int i = 0; i < N; i++)
		buf_fmt(&b, "w%d,r%d,%d\n", i / 4, i % 4999, i % 7);
	assert_int_equal(grades_csv_read(*state, buf_view(&b), &g), OK);
	assert_int_equal(g.n, N);
	assert_int_equal(g.artifacts.n, N / 4);
	assert_int_equal(g.reviewers.n, 4999);
	for (uint32_t i = 0; i < N; i++)
		row_is(&g, i, i / 4, i % 4999, 0, i % 7);
	name_is(&g.reviewers, 4000, "r4000");
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(columns_are_found_by_name_in_any_order),
		WORLD_TEST(quotes_line_ends_marks_and_semicolons_are_read),
		WORLD_TEST(what_is_wrong_is_said_with_its_line),
		WORLD_TEST(many_names_keep_their_indices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
