/* assay peer agreement, run as the program runs it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli_world.h"

static int agreement(struct world *w, const char *csv)
{
	return world_run(w, "peer", "agreement",
			 world_file(w, "grades.csv", csv), NULL);
}

/* Shrout and Fleiss' table; its figures are in unit.rubrics.agreement. */
static void a_whole_table_has_every_figure(void **state)
{
	static const char csv[] =
		"artifact,reviewer,score\n"
		"1,a,9\n1,b,2\n1,c,5\n1,d,8\n2,a,6\n2,b,1\n2,c,3\n2,d,2\n"
		"3,a,8\n3,b,4\n3,c,6\n3,d,8\n4,a,7\n4,b,1\n4,c,2\n4,d,6\n"
		"5,a,10\n5,b,5\n5,c,6\n5,d,9\n6,a,6\n6,b,2\n6,c,4\n6,d,7\n";
	struct world *w = *state;

	assert_int_equal(agreement(w, csv), CLI_FINE);
	assert_lacks(w->out, "\"criterion\"");
	assert_has(w->out, "{\"units\":6,\"judges\":4,\"ratings\":24,"
			   "\"pairs\":36,\"kappa_quadratic\":");
	assert_has(w->out, "\"icc\":{\"icc_1_1\":0.165742,\"icc_2_1\":0.28976");
	assert_has(w->out, "\"alpha\":{\"nominal\":");
	assert_has(w->out, "\"weak\":true}\n");
}

static void each_criterion_has_a_line_and_the_weak_are_named(void **state)
{
	static const char csv[] = "reviewer,criterion,artifact,score\n"
				  "a,style,1,1\nb,style,1,1\n"
				  "a,depth,1,0\nb,depth,1,3\n"
				  "a,style,2,4\nb,style,2,4\n"
				  "a,depth,2,3\nb,depth,2,0\n"
				  "a,tone,2,1\nb,tone,2,1\nc,tone,2,\n";
	struct world *w = *state;

	assert_int_equal(agreement(w, csv), CLI_FINE);
	assert_has(w->out, "{\"criterion\":\"style\",\"units\":2,\"judges\":2,"
			   "\"ratings\":4,\"pairs\":2,\"kappa_quadratic\":1,"
			   "\"kappa_linear\":1,\"alpha\":{\"nominal\":1,"
			   "\"ordinal\":1,\"interval\":1,\"ratio\":1},");
	assert_has(w->out, "{\"criterion\":\"depth\",\"units\":2,\"judges\":2,"
			   "\"ratings\":4,\"pairs\":2,\"kappa_quadratic\":-1,");
	/* Nobody differs: nothing is said of it. */
	assert_has(w->out, "{\"criterion\":\"tone\",\"units\":1,\"judges\":2,"
			   "\"ratings\":2,\"pairs\":1,\"alpha\":{},"
			   "\"weak\":false}\n");
}

static void a_table_that_is_none_is_refused(void **state)
{
	struct world *w = *state;

	assert_int_equal(agreement(w, "a,b\n1,2\n"), CLI_REFUSED);
	assert_has(w->err, "artifact,reviewer,score");
	assert_int_equal(agreement(w, "artifact,reviewer,score\n"),
			 CLI_REFUSED);
	assert_has(w->err, "no score");
	assert_int_equal(world_run(w, "peer", "agreement", NULL), CLI_USAGE);
	assert_int_equal(world_run(w, "peer", "agreement",
				   world_path(w, "absent"), NULL),
			 CLI_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_table_has_every_figure),
		cmocka_unit_test(
			each_criterion_has_a_line_and_the_weak_are_named),
		cmocka_unit_test(a_table_that_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
