/* assay peer estimate, run as the program runs it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli_world.h"

/*
 * Four works, four graders who do not grade their own: the same table, priors
 * and figures as in unit.rubrics.estimate, which tells where they come from.
 */
static const char example[] =
	"artifact,reviewer,score\n"
	"u1,g2,7\nu1,g3,9\nu1,g4,5\nu2,g1,5\nu2,g3,7\nu2,g4,8\n"
	"u3,g1,8\nu3,g2,7\nu3,g4,3\nu4,g1,6\nu4,g2,4\nu4,g3,8\n";
#define PRIORS "--mu", "6.5", "--gamma", ".5", "--eta", "1"

/* The member behind the first place where the text has this. */
static double number(const char *text, const char *where, const char *member)
{
	const char *at = strstr(text, where), *end;
	char name[40];

	assert_non_null(at);
	end = strchr(at, '\n');
	snprintf(name, sizeof(name), "\"%s\":", member);
	at = strstr(at, name);
	assert_true(at && end && at < end);
	return strtod(at + strlen(name), NULL);
}

/* Messages in one line each: here it is their words that matter. */
static int wide_setup(void **state)
{
	int code = world_setup(state);

	if (code == 0)
		((struct world *)*state)->c.columns = 0;
	return code;
}

#define NEAR(a, b, by) assert_true(fabs((a) - (b)) <= (by))

/* A table of scores, and flags: one at least. */
#define ESTIMATE(w, csv, ...)                                                  \
	world_run((w), "peer", "estimate",                                     \
		  world_file((w), "grades.csv", (csv)), __VA_ARGS__, NULL)
#define WITH_ANCHORS(w, csv, anchors)                                          \
	world_run((w), "peer", "estimate",                                     \
		  world_file((w), "grades.csv", (csv)), "--anchors",           \
		  world_file((w), "anchors.csv", (anchors)), NULL)

static const char *const artifacts[] = { "\"u1\"", "\"u2\"", "\"u3\"",
					 "\"u4\"" };
static const char *const reviewers[] = { "\"g1\"", "\"g2\"", "\"g3\"",
					 "\"g4\"" };

static void with_known_precision_it_is_the_gaussian_posterior(void **state)
{
	static const double s[] = { 6.969231, 6.584615, 6.430769, 5.815385 };
	static const double b[] = { .042308, -.303846, 1.157692, -.996154 };
	struct world *w = *state;
	char *path = world_path(w, "reviewers.jsonl");
	const char *who;

	assert_int_equal(ESTIMATE(w, example, PRIORS, "--a0", "1e10", "--b0",
				  "1e10", "--reviewers", path),
			 CLI_FINE);
	assert_string_equal(w->err, "");
	who = world_read(w, path).p;
	for (int i = 0; i < 4; i++) {
		NEAR(number(w->out, artifacts[i], "estimate"), s[i], 6e-7);
		NEAR(number(who, reviewers[i], "bias"), b[i], 6e-7);
		NEAR(number(who, reviewers[i], "precision"), 1, 6e-7);
	}
}

/*
 * 1.644854 is the normal's 95 % quantile. A grade's error is noise, E 1/tau of
 * a Gamma of shape 2 + 3/2, and what the reviewer's two others leave of his
 * bias.
 */
static double reach(const double *tau, int artifact)
{
	double weight = .5;

	for (int i = 0; i < 4; i++)
		if (i != artifact) /* own blank */
			weight +=
				1 / (3.5 / 2.5 / tau[i] + 1 / (1 + 2 * tau[i]));
	return 1.644854 * sqrt(1 / weight);
}

static void with_unknown_precision_it_is_the_fixpoint(void **state)
{
	static const double s[] = { 7.263658, 5.862786, 7.152788, 5.933032 };
	static const double v[] = { .376574, .364535, .389435, .295749 };
	static const double b[] = { .012718, -.566706, 1.249469, -.589349 };
	static const double t[] = { .960418, .872718, 1.048110, .234690 };
	struct world *w = *state;
	char *path = world_path(w, "reviewers.jsonl");
	const char *who;

	assert_int_equal(ESTIMATE(w, example, PRIORS, "--a0", "2", "--b0", "2",
				  "--reviewers", path),
			 CLI_FINE);
	who = world_read(w, path).p;
	for (int i = 0; i < 4; i++) {
		double mean = number(w->out, artifacts[i], "estimate");
		double sd = number(w->out, artifacts[i], "sd");

		NEAR(mean, s[i], 6e-7);
		NEAR(sd * sd, v[i], 6e-7);
		NEAR(number(w->out, artifacts[i], "lo"), mean - reach(t, i),
		     2e-6);
		NEAR(number(w->out, artifacts[i], "hi"), mean + reach(t, i),
		     2e-6);
		NEAR(number(who, reviewers[i], "bias"), b[i], 6e-7);
		NEAR(number(who, reviewers[i], "precision"), t[i], 6e-7);
		assert_int_equal(number(who, reviewers[i], "n"), 3);
	}
	assert_has(who, "\"bias_sd\":");
	assert_has(who, "\"discrimination\":");
}

static void a_line_has_its_members_in_order(void **state)
{
	struct world *w = *state;

	assert_int_equal(ESTIMATE(w, "artifact,reviewer,score\na,x,1\n", "--mu",
				  "1", "--gamma", "1", "--eta", "1", "--a0",
				  "2", "--b0", "2"),
			 CLI_FINE);
	assert_has(w->out, "{\"artifact\":\"a\",\"estimate\":1,\"sd\":0.");
	assert_has(w->out, ",\"lo\":-0.");
	assert_has(w->out, ",\"hi\":2.");
	assert_has(w->out, ",\"n\":1}\n");
}

static void means_and_medians_are_plain(void **state)
{
	static const double means[] = { 7, 20 / 3., 6, 6 };
	static const double medians[] = { 7, 7, 7, 6 };
	struct world *w = *state;

	assert_int_equal(ESTIMATE(w, example, "--model", "mean"), CLI_FINE);
	for (int i = 0; i < 4; i++) {
		NEAR(number(w->out, artifacts[i], "estimate"), means[i], 1e-11);
		/* 26/6 within, in 8 degrees of freedom: 104/3 in all. */
		NEAR(number(w->out, artifacts[i], "sd"), sqrt(104 / 24. / 3),
		     1e-11);
	}
	assert_int_equal(ESTIMATE(w, example, "--model", "median"), CLI_FINE);
	for (int i = 0; i < 4; i++)
		NEAR(number(w->out, artifacts[i], "estimate"), medians[i],
		     1e-11);
	assert_lacks(w->out, "\"sd\"");
	assert_lacks(w->out, "\"lo\"");
	/* Where nothing tells how scores differ, no error is made up. */
	assert_int_equal(ESTIMATE(w, "artifact,reviewer,score\na,x,3\n",
				  "--model", "mean"),
			 CLI_FINE);
	assert_string_equal(w->out,
			    "{\"artifact\":\"a\",\"estimate\":3,\"n\":1}\n");
}

static void a_missing_score_is_none(void **state)
{
	static const char csv[] = "artifact,reviewer,score\n"
				  "a,x,3\na,y,\nb,x,4\nb,y,5\nc,x,\n"
				  "d,x,1\nd,y,2\n";
	struct world *w = *state;

	assert_int_equal(ESTIMATE(w, csv, "--model", "mean"), CLI_FINE);
	assert_has(w->out, "{\"artifact\":\"a\",\"estimate\":3,");
	assert_has(w->out, "{\"artifact\":\"b\",\"estimate\":4.5,");
	assert_has(w->out, "{\"artifact\":\"c\",\"n\":0}\n");
	/* What is known of one without scores is what is known of all. */
	assert_int_equal(ESTIMATE(w, csv, PRIORS, "--a0", "2", "--b0", "2"),
			 CLI_FINE);
	assert_has(w->out, "{\"artifact\":\"c\",\"estimate\":6.5,"
			   "\"sd\":1.4142135623");
	assert_int_equal(number(w->out, "\"a\"", "n"), 1);
}

static const char two_criteria[] =
	"artifact,reviewer,criterion,score\n"
	"u1,g2,content,7\nu1,g3,content,9\nu1,g4,content,5\n"
	"u1,g2,style,1\nu2,g1,style,3\nu2,g3,style,2\nu1,g3,style,0\n"
	"u2,g1,content,5\nu2,g3,content,7\nu2,g4,content,8\n"
	"u3,g1,content,8\nu3,g2,content,7\nu3,g4,content,3\n"
	"u4,g1,content,6\nu4,g2,content,4\nu4,g3,content,8\n";

static void each_criterion_is_estimated_by_itself(void **state)
{
	struct world *w = *state;
	char *path = world_path(w, "reviewers.jsonl");
	const char *who;

	assert_int_equal(ESTIMATE(w, two_criteria, PRIORS, "--a0", "2", "--b0",
				  "2", "--reviewers", path),
			 CLI_FINE);
	NEAR(number(w->out, "{\"criterion\":\"content\",\"artifact\":\"u1\"",
		    "estimate"),
	     7.263658, 6e-7);
	NEAR(number(w->out, "{\"criterion\":\"content\",\"artifact\":\"u4\"",
		    "estimate"),
	     5.933032, 6e-7);
	assert_has(w->out, "{\"criterion\":\"style\",\"artifact\":\"u2\"");
	assert_lacks(w->out, "{\"criterion\":\"style\",\"artifact\":\"u3\"");
	who = world_read(w, path).p;
	NEAR(number(who, "{\"criterion\":\"content\",\"reviewer\":\"g1\"",
		    "bias"),
	     .012718, 6e-7);
	assert_int_equal(number(who,
				"{\"criterion\":\"style\",\"reviewer\":\"g1\"",
				"n"),
			 1);
	assert_int_equal(ESTIMATE(w, two_criteria, "--model", "mean"),
			 CLI_FINE);
	assert_has(w->out, "{\"criterion\":\"style\",\"artifact\":\"u2\","
			   "\"estimate\":2.5,");
}

/* ---- priors ---- */

static const char fitted[] =
	"artifact,reviewer,score\n"
	"a,x,8\na,y,6\nb,x,8\nb,y,7\nc,x,9\nc,y,7\nd,x,4\nd,y,3\n";

static void priors_come_from_the_scores_unless_they_are_given(void **state)
{
	struct world *w = *state;
	double as_fitted, given;

	/*
	 * Means 7, 7.5, 8, 3.5, grand mean 6.5; within 2 + .5 + 2 + .5 = 5 in
	 * 4, between 2 (.25 + 1 + 2.25 + 9) = 25 in 3: MSW 1.25, variance
	 * between (25/3 - 1.25)/2.
	 */
	assert_int_equal(ESTIMATE(w, fitted, "--json"), CLI_FINE);
	as_fitted = number(w->out, "\"a\"", "estimate");
	assert_int_equal(ESTIMATE(w, fitted, "--mu", "6.5", "--gamma",
				  "0.28235294117647058", "--eta",
				  "2.6666666666666667", "--a0", "2", "--b0",
				  "1.75"),
			 CLI_FINE);
	NEAR(number(w->out, "\"a\"", "estimate"), as_fitted, 1e-8);
	assert_int_equal(ESTIMATE(w, fitted, "--gamma=100", "--mu=-3"),
			 CLI_FINE);
	given = number(w->out, "\"a\"", "estimate");
	assert_true(given < 5 && given < as_fitted);
	/* A bias that all have in common is told by anchors, or by the flag. */
	assert_int_equal(ESTIMATE(w, fitted, "--mu=5.5", "--bias=1"), CLI_FINE);
	NEAR(number(w->out, "\"a\"", "estimate"), as_fitted - 1, 1e-8);
}

static void priors_that_cannot_be_fitted_are_asked_for(void **state)
{
	static const char csv[] = "artifact,reviewer,score\na,x,1\na,y,2\n"
				  "b,x,2\n";
	struct world *w = *state;

	assert_int_equal(ESTIMATE(w, csv, "--mu", "1"), CLI_REFUSED);
	assert_has(w->err, "--mu --gamma --eta --a0 --b0");
	assert_has(w->err, "--model mean");
	assert_string_equal(w->out, "");
	assert_int_equal(ESTIMATE(w, csv, "--model", "mean"), CLI_FINE);
	/* Of one criterion only: it is named, and nothing is printed. */
	assert_int_equal(ESTIMATE(w,
				  "artifact,reviewer,criterion,score\n"
				  "a,x,c,1\na,y,c,2\nb,x,c,2\nb,y,c,2\n"
				  "a,x,d,1\n",
				  "--json"),
			 CLI_REFUSED);
	assert_has(w->err, "criterion d: ");
	assert_string_equal(w->out, "");
}

static void scores_that_are_all_alike_have_an_estimate(void **state)
{
	struct world *w = *state;

	assert_int_equal(ESTIMATE(w,
				  "artifact,reviewer,score\na,x,3\na,y,3\n"
				  "b,x,3\nb,y,3\n",
				  "--json"),
			 CLI_FINE);
	NEAR(number(w->out, "\"a\"", "estimate"), 3, 1e-6);
}

static void parts_that_cannot_be_compared_are_told(void **state)
{
	struct world *w = *state;

	assert_int_equal(ESTIMATE(w,
				  "artifact,reviewer,score\na,x,3\na,y,4\n"
				  "b,u,3\nb,v,5\nc,w,\n",
				  "--json"),
			 CLI_FINE);
	assert_has(w->err, "2 parts that have no reviewer");
}

/* ---- anchors ---- */

/* One work, one reviewer: mean (gamma mu + precision y + tau (z - b)) / sum. */
static void an_anchor_weighs_by_its_precision(void **state)
{
	struct world *w = *state;
	double before, after;

	assert_int_equal(
		ESTIMATE(w, example, PRIORS, "--a0", "1e10", "--b0", "1e10"),
		CLI_FINE);
	before = number(w->out, "\"u1\"", "estimate");
	assert_int_equal(
		ESTIMATE(w, example, PRIORS, "--a0", "1e10", "--b0", "1e10",
			 "--anchors",
			 world_file(w, "anchors.csv",
				    "precision,artifact,score\n1e9,u1,4\n")),
		CLI_FINE);
	NEAR(number(w->out, "\"u1\"", "estimate"), 4, 1e-6);
	NEAR(number(w->out, "\"u1\"", "sd"), sqrt(1e-9), 1e-9);
	assert_int_equal(number(w->out, "\"u1\"", "n"), 3);
	assert_int_equal(
		ESTIMATE(w, example, PRIORS, "--a0", "1e10", "--b0", "1e10",
			 "--anchors",
			 world_file(w, "anchors.csv",
				    "artifact,score,precision\nu1,4,1\n")),
		CLI_FINE);
	after = number(w->out, "\"u1\"", "estimate");
	assert_true(after > 4.5 && after < before - .3);
	/* Variance 1/(gamma + 3 tau + 1). */
	NEAR(number(w->out, "\"u1\"", "sd"), sqrt(1 / 4.5), 1e-6);
}

static void an_anchor_without_precision_has_a_moderators(void **state)
{
	/* The scores go from 3 to 9: sd .05 x 6 = .3. */
	static const char said[] = "artifact,score,precision\n"
				   "u1,4,11.1111111111111111\nu2,,\n";
	static const char plain[] = "\xef\xbb\xbf"
				    "artifact;score\n"
				    "\"u1\";4\n";
	struct world *w = *state;
	char *first;

	assert_int_equal(WITH_ANCHORS(w, example, said), CLI_FINE);
	first = (char *)str_copy(w->cx.arena, str_of(w->out)).p;
	assert_int_equal(WITH_ANCHORS(w, example, plain), CLI_FINE);
	for (int i = 0; i < 4; i++)
		NEAR(number(w->out, artifacts[i], "estimate"),
		     number(first, artifacts[i], "estimate"), 1e-8);
	/* They also tell that these reviewers are generous. */
	assert_true(number(w->out, "\"u2\"", "estimate") < 5.5);
}

static void anchors_are_of_a_criterion_where_scores_are(void **state)
{
	struct world *w = *state;

	assert_int_equal(WITH_ANCHORS(w, two_criteria,
				      "artifact,criterion,score,precision\n"
				      "u2,style,9,1e9\n"),
			 CLI_FINE);
	NEAR(number(w->out, "{\"criterion\":\"style\",\"artifact\":\"u2\"",
		    "estimate"),
	     9, 1e-3);
	assert_true(number(w->out,
			   "{\"criterion\":\"content\",\"artifact\":\"u2\"",
			   "estimate") < 7);
	assert_int_equal(
		WITH_ANCHORS(w, two_criteria, "artifact,score\nu2,9\n"),
		CLI_REFUSED);
	assert_has(w->err, "must name a column criterion");
	assert_int_equal(WITH_ANCHORS(w, two_criteria,
				      "artifact,score,criterion\nu2,9,x\n"),
			 CLI_REFUSED);
	assert_has(w->err, "no criterion x");
	assert_int_equal(WITH_ANCHORS(w, two_criteria,
				      "artifact,score,criterion\nu3,9,style\n"),
			 CLI_REFUSED);
	assert_has(w->err, "criterion style: the artifact has no scores");
	assert_int_equal(
		WITH_ANCHORS(w, example, "artifact,score,criterion\nu2,9,x\n"),
		CLI_REFUSED);
	assert_has(w->err, "may have none");
}

static void anchors_that_are_none_are_refused_by_line(void **state)
{
	static const struct {
		const char *csv, *say;
	} bad[] = {
		{ "", "line 1: the heading must name a column artifact" },
		{ "artifact\nu1\n", "a column score" },
		{ "artifact,score\nu1,4\n\nu9,5\n",
		  "line 4: the scores have no artifact u9" },
		{ "artifact,score\nu1\n", "line 2: there is no cell" },
		{ "artifact,score\nu1,four\n", "line 2: the score is no" },
		{ "artifact,score\nu1,inf\n", "line 2: the score is no" },
		{ "artifact,score,precision\nu1,4,0\n", "above 0" },
		{ "artifact,score,precision\nu1,4,-2\n", "above 0" },
		{ "artifact,score,precision\nu1,4,x\n", "above 0" },
		{ "artifact,score\nu1,4\nu2,4\nu1,4\n",
		  "line 4: artifact u1 is on line 2, too" },
		{ "artifact,score\n\"u1,4\n", "a quote is not closed" },
		{ "artifact,score\n\"u1\"x,4\n", "closing quote" },
		{ "artifact,score\nu1,\xff\n", "is not UTF-8" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(WITH_ANCHORS(w, example, bad[i].csv),
				 CLI_REFUSED);
		assert_string_equal(w->out, "");
		assert_has(w->err, bad[i].say);
	}
	assert_int_equal(WITH_ANCHORS(w,
				      "artifact,reviewer,score\na,x,1\n"
				      "a,y,1\nb,x,1\nb,y,1\n",
				      "artifact,score\na,2\n"),
			 CLI_REFUSED);
	assert_has(w->err, "add a column precision");
}

/* ---- what is wrong ---- */

static void wrong_flags_are_usage_by_name(void **state)
{
	static const char *const bad[][2] = {
		{ "--gamma", "-1" }, { "--gamma", "0" },   { "--eta", "0" },
		{ "--a0", "-0.5" },  { "--b0", "1e-40" },  { "--mu", "x" },
		{ "--mu", "1e400" }, { "--mu", "nan" },	   { "--bias", "0x1" },
		{ "--mu", "" },	     { "--model", "pg2" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(ESTIMATE(w, example, bad[i][0], bad[i][1]),
				 CLI_USAGE);
		assert_has(w->err, bad[i][0]);
		assert_string_equal(w->out, "");
	}
	assert_int_equal(ESTIMATE(w, example, "--model", "mean", "--eta", "1"),
			 CLI_USAGE);
	assert_has(w->err, "--eta is for --model pg1");
	assert_int_equal(
		ESTIMATE(w, example, "--model", "median", "--reviewers", "x"),
		CLI_USAGE);
	assert_int_equal(ESTIMATE(w, example, "--models", "mean"), CLI_USAGE);
	assert_has(w->err, "--model meant?");
	assert_int_equal(world_run(w, "peer", "estimate", NULL), CLI_USAGE);
}

static void a_table_that_is_none_is_refused(void **state)
{
	static const struct {
		const char *csv, *say;
	} bad[] = {
		{ "", "artifact,reviewer,score" },
		{ "artifact,reviewer,score\n", "no score below" },
		{ "artifact,reviewer,score\na,x,\n", "no score below" },
		{ "artifact,reviewer\na,x\n", "a column score" },
		{ "artifact,score\na,1\n", "a column reviewer" },
		{ "artifact,reviewer,score\na,x,1\na,x,2\n", "as on line 2" },
		{ "artifact,reviewer,score\na,x,one\n", "line 2" },
		{ "artifact,reviewer,score\n\xff,x,1\n", "UTF-8" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(ESTIMATE(w, bad[i].csv, "--json"),
				 CLI_REFUSED);
		assert_has(w->err, bad[i].say);
		assert_string_equal(w->out, "");
	}
	assert_int_equal(
		world_run(w, "peer", "estimate", world_path(w, "absent"), NULL),
		CLI_REFUSED);
	assert_int_equal(
		ESTIMATE(w, example, "--anchors", world_path(w, "absent")),
		CLI_REFUSED);
	/* What cannot be written leaves no half of a result. */
	assert_int_equal(ESTIMATE(w, example, "--reviewers",
				  world_path(w, "no/such/folder")),
			 CLI_FAILED);
	assert_string_equal(w->out, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			with_known_precision_it_is_the_gaussian_posterior),
		cmocka_unit_test(with_unknown_precision_it_is_the_fixpoint),
		cmocka_unit_test(a_line_has_its_members_in_order),
		cmocka_unit_test(means_and_medians_are_plain),
		cmocka_unit_test(a_missing_score_is_none),
		cmocka_unit_test(each_criterion_is_estimated_by_itself),
		cmocka_unit_test(
			priors_come_from_the_scores_unless_they_are_given),
		cmocka_unit_test(priors_that_cannot_be_fitted_are_asked_for),
		cmocka_unit_test(scores_that_are_all_alike_have_an_estimate),
		cmocka_unit_test(parts_that_cannot_be_compared_are_told),
		cmocka_unit_test(an_anchor_weighs_by_its_precision),
		cmocka_unit_test(an_anchor_without_precision_has_a_moderators),
		cmocka_unit_test(anchors_are_of_a_criterion_where_scores_are),
		cmocka_unit_test(anchors_that_are_none_are_refused_by_line),
		cmocka_unit_test(wrong_flags_are_usage_by_name),
		cmocka_unit_test(a_table_that_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, wide_setup, world_teardown);
}
