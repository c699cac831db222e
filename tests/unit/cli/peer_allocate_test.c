/* assay peer allocate and --check, run as the program runs it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli_world.h"

#define ALLOCATE(w, n, k, seed)                                                \
	world_run((w), "peer", "allocate", "--reviewers", (n), "--per", (k),   \
		  "--seed", (seed), NULL)

static char *kept(struct world *w, const char *text)
{
	return (char *)str_z(w->cx.arena, str_of(text));
}

/* Messages in one line each: here it is their words that matter. */
static int wide_setup(void **state)
{
	int code = world_setup(state);

	if (code == 0)
		((struct world *)*state)->c.columns = 0;
	return code;
}

static int check(struct world *w, const char *text)
{
	return world_run(w, "peer", "allocate", "--check",
			 world_file(w, "allocation.jsonl", text), NULL);
}

/* The text with the first place of this replaced by that. */
static char *with(struct world *w, const char *text, const char *this,
		  const char *that)
{
	const char *at = strstr(text, this);

	assert_non_null(at);
	return (char *)str_fmt(w->cx.arena, "%.*s%s%s", (int)(at - text), text,
			       that, at + strlen(this))
		.p;
}

static size_t lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* An allocation of 30 people that is as it should be. */
static char *good(struct world *w)
{
	assert_int_equal(ALLOCATE(w, "30", "3", "7"), CLI_FINE);
	assert_string_equal(w->err, "");
	return kept(w, w->out);
}

static void each_review_is_a_line_and_the_certificate_the_last(void **state)
{
	struct world *w = *state;
	const char *text = good(w), *at = text;

	assert_int_equal(lines(text), 91);
	for (int i = 0; i < 90; i++, at = strchr(at, '\n') + 1) {
		char want[40];

		snprintf(want, sizeof(want),
			 "{\"reviewer\":%d,\"author\":", i / 3);
		assert_int_equal(strncmp(at, want, strlen(want)), 0);
	}
	assert_has(at, "{\"certificate\":{\"n\":30,\"k\":3,\"out_min\":3,"
		       "\"out_max\":3,\"in_min\":3,\"in_max\":3,\"self\":0,"
		       "\"repeated\":0,\"reciprocal_pairs\":0,"
		       "\"three_cycles\":0,\"components\":1,\"sigma2\":0.");
	assert_has(at, ",\"ok\":true},\"seed\":7,\"swaps\":");
}

static void the_same_seed_gives_the_same_and_none_a_new_one(void **state)
{
	struct world *w = *state;
	const char *first = good(w);
	char *seed;

	assert_string_equal(good(w), first);
	assert_int_equal(ALLOCATE(w, "30", "3", "8"), CLI_FINE);
	assert_string_not_equal(w->out, first);
	assert_int_equal(world_run(w, "peer", "allocate", "--reviewers", "30",
				   "--per", "3", NULL),
			 CLI_FINE);
	first = kept(w, w->out);
	assert_int_equal(world_run(w, "peer", "allocate", "--reviewers", "30",
				   "--per", "3", NULL),
			 CLI_FINE);
	assert_string_not_equal(w->out, first);
	/* The seed that was drawn is told, and gives the same once more. */
	first = kept(w, w->out);
	seed = kept(w, strstr(first, "\"seed\":") + strlen("\"seed\":"));
	seed[strspn(seed, "0123456789")] = 0;
	assert_int_equal(ALLOCATE(w, "30", "3", seed), CLI_FINE);
	assert_string_equal(w->out, first);
}

static void what_it_prints_passes_the_check(void **state)
{
	struct world *w = *state;
	const char *text = good(w);

	assert_int_equal(check(w, text), CLI_FINE);
	assert_string_equal(w->err, "");
	assert_has(w->out, "{\"certificate\":{\"n\":30,");
	/* The order of lines is nothing. */
	text = with(w, text, "{", "\n\n{");
	assert_int_equal(check(w, text), CLI_FINE);
}

static void from_standard_input_too(void **state)
{
	struct world *w = *state;
	char *text = good(w);

	w->c.in = fmemopen(text, strlen(text), "r");
	assert_int_equal(world_run(w, "peer", "allocate", "--check", "-", NULL),
			 CLI_FINE);
	fclose(w->c.in);
	w->c.in = stdin;
}

static void without_a_certificate_it_is_told(void **state)
{
	struct world *w = *state;
	char *text = good(w), *end = strstr(text, "{\"certificate\"");
	char *certificate = kept(w, end);

	*end = 0;
	assert_int_equal(check(w, text), CLI_FINE);
	*strstr(certificate, ",\"seed\"") = 0;
	assert_has(w->out, certificate);
}

/* ---- what does not pass ---- */

static void a_changed_edge_is_found(void **state)
{
	struct world *w = *state;
	const char *text = good(w);

	assert_int_equal(check(w, with(w, text, "{\"reviewer\":5,\"author\":",
				       "{\"reviewer\":6,\"author\":")),
			 CLI_REFUSED);
	assert_has(w->err, "the certificate is not that of the reviews: "
			   "k 3 is claimed, the reviews give 4");
	assert_has(w->err, "some review 2 works, others 4");
	assert_has(w->out, "\"ok\":false");
}

static char *edge(struct world *w, int reviewer, int author)
{
	return (char *)str_fmt(w->cx.arena, "{\"reviewer\":%d,\"author\":%d}\n",
			       reviewer, author)
		.p;
}

/* All degrees stay; how the graph mixes does not. */
static void two_edges_that_change_places_are_found(void **state)
{
	struct world *w = *state;
	char *text = good(w);
	int x = atoi(strstr(text, "{\"reviewer\":10,") + 24);
	int y = atoi(strstr(text, "{\"reviewer\":20,") + 24);

	text = with(w, text, edge(w, 10, x), edge(w, 10, y));
	text = with(w, text, edge(w, 20, y), edge(w, 20, x));
	assert_int_equal(check(w, text), CLI_REFUSED);
	assert_has(w->err, "sigma2 0.");
}

static void a_removed_edge_is_found(void **state)
{
	struct world *w = *state;
	const char *text = good(w);

	text = strchr(text, '\n') + 1;
	assert_int_equal(check(w, text), CLI_REFUSED);
	assert_has(w->err, "out_min 3 is claimed, the reviews give 2");
	assert_has(w->err, "some works get 2 reviews, others 3");
}

static void a_changed_certificate_is_found_in_every_member(void **state)
{
	static const char *const changes[][2] = {
		{ "\"n\":30", "\"n\":31" },
		{ "\"k\":3", "\"k\":2" },
		{ "\"out_min\":3", "\"out_min\":2" },
		{ "\"out_max\":3", "\"out_max\":4" },
		{ "\"in_min\":3", "\"in_min\":0" },
		{ "\"in_max\":3", "\"in_max\":4" },
		{ "\"self\":0", "\"self\":1" },
		{ "\"repeated\":0", "\"repeated\":1" },
		{ "\"reciprocal_pairs\":0", "\"reciprocal_pairs\":-1" },
		{ "\"three_cycles\":0", "\"three_cycles\":5" },
		{ "\"components\":1", "\"components\":2" },
		{ "\"sigma2\":0.", "\"sigma2\":0.1" },
		{ "\"ok\":true", "\"ok\":false" },
	};
	struct world *w = *state;
	const char *text = good(w);

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		char *bad = with(w, text, changes[i][0], changes[i][1]);

		assert_int_equal(check(w, bad), CLI_REFUSED);
		assert_has(w->err, "is claimed, the reviews give");
	}
	/* Fewer people than take part. */
	assert_int_equal(check(w, with(w, text, "\"n\":30", "\"n\":29")),
			 CLI_REFUSED);
	assert_has(w->err, "there is no number 29 among the 29 people");
}

/* Everything that can be counted is right: only the mixing tells. */
static void a_forged_ring_is_refused_whatever_it_claims(void **state)
{
	struct world *w = *state;
	struct buf b = { 0 };
	char *text;

	for (int i = 0; i < 300; i++)
		for (int j = 1; j <= 3; j++)
			buf_fmt(&b, "{\"reviewer\":%d,\"author\":%d}\n", i,
				(i + j) % 300);
	buf_z(&b, "{\"certificate\":{\"n\":300,\"k\":3,\"out_min\":3,"
		  "\"out_max\":3,\"in_min\":3,\"in_max\":3,\"self\":0,"
		  "\"repeated\":0,\"reciprocal_pairs\":0,\"three_cycles\":0,"
		  "\"components\":1,\"sigma2\":0.939601,\"ok\":true}}\n");
	text = (char *)str_z(w->cx.arena, buf_view(&b));
	buf_done(&b);
	assert_int_equal(check(w, text), CLI_REFUSED);
	assert_has(w->err, "sigma2 0.939601 is claimed, the reviews give "
			   "0.99985");
	assert_has(w->err, "ok true is claimed, the reviews give false");
	assert_has(w->err, "it mixes badly");
	/* Nor when it tells the truth. */
	*strstr(text, "{\"certificate\"") = 0;
	assert_int_equal(check(w, text), CLI_REFUSED);
	assert_has(w->err, "not as it should be: it mixes badly");
}

static void what_is_no_allocation_is_named_by_line(void **state)
{
	static const struct {
		const char *text, *say;
	} bad[] = {
		{ "", "has no reviews" },
		{ "\n\n", "has no reviews" },
		{ "{\"reviewer\":0,\"author\":1}\n{\"reviewer\":0;\n",
		  "line 2: the text is not JSON" },
		{ "hello\n", "line 1: " },
		{ "[1,2]\n", "line 1: " },
		{ "{\"reviewer\":0}\n", "line 1: /author" },
		{ "\n{\"reviewer\":-1,\"author\":1}\n", "line 2: /reviewer" },
		{ "{\"reviewer\":0,\"author\":1.5}\n", "line 1: /author" },
		{ "{\"reviewer\":0,\"author\":1000000}\n", "line 1: /author" },
		{ "{\"reviewer\":0,\"author\":1,\"x\":2}\n", "line 1: /x" },
		{ "{\"certificate\":{\"n\":3}}\n", "line 1: /certificate/" },
		{ "{\"certificate\":{\"n\":4000000000}}\n",
		  "line 1: /certificate/n" },
	};
	struct world *w = *state;
	const char *text = good(w);

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(check(w, bad[i].text), CLI_REFUSED);
		assert_has(w->err, bad[i].say);
		assert_string_equal(w->out, "");
	}
	text = str_fmt(w->cx.arena, "%s{\"reviewer\":0,\"author\":1}\n", text)
		       .p;
	assert_int_equal(check(w, text), CLI_REFUSED);
	assert_has(w->err, "line 92: the certificate must be the last line");
	assert_int_equal(world_run(w, "peer", "allocate", "--check",
				   world_path(w, "absent"), NULL),
			 CLI_REFUSED);
}

/* Else the certificate of a small file could take hours. */
static void a_reviewer_of_everything_is_refused(void **state)
{
	struct world *w = *state;
	struct buf b = { 0 };

	for (int i = 0; i < 21; i++)
		buf_fmt(&b, "{\"reviewer\":4,\"author\":%d}\n", i);
	assert_int_equal(check(w, str_z(w->cx.arena, buf_view(&b))),
			 CLI_REFUSED);
	assert_has(w->err, "reviewer 4 has more than 20 works");
	buf_done(&b);
}

/* ---- small cohorts, conflicts ---- */

static void what_a_small_cohort_cannot_have_is_told(void **state)
{
	struct world *w = *state;
	const char *text;

	assert_int_equal(ALLOCATE(w, "4", "3", "1"), CLI_FINE);
	assert_has(w->err, "6 pairs review each");
	assert_has(w->out, "\"ok\":false},\"seed\":1");
	text = kept(w, w->out);
	assert_int_equal(check(w, text), CLI_REFUSED);
	assert_lacks(w->err, "claimed");
	assert_has(w->err, "6 pairs review each other");
	assert_int_equal(ALLOCATE(w, "3", "3", "1"), CLI_USAGE);
	assert_has(w->err, "--reviewers: 3 reviews each need at least 4");
}

static void conflicts_are_kept_both_ways(void **state)
{
	struct world *w = *state;
	const char *text = good(w);
	int author = atoi(text + strlen("{\"reviewer\":0,\"author\":"));
	char *file = world_file(
		w, "conflicts.csv",
		str_fmt(w->cx.arena, "author,reviewer\n0,%d\n3,3\n", author).p);

	assert_int_equal(world_run(w, "peer", "allocate", "--check",
				   world_file(w, "a.jsonl", text),
				   "--conflicts", file, NULL),
			 CLI_REFUSED);
	assert_has(w->err, "may not review each other there are");
	assert_int_equal(world_run(w, "peer", "allocate", "--reviewers", "30",
				   "--per", "3", "--seed", "7", "--conflicts",
				   file, NULL),
			 CLI_FINE);
	assert_lacks(w->out, str_fmt(w->cx.arena,
				     "{\"reviewer\":0,\"author\":%d}", author)
				     .p);
	text = kept(w, w->out);
	assert_int_equal(world_run(w, "peer", "allocate", "--check",
				   world_file(w, "a.jsonl", text),
				   "--conflicts", file, NULL),
			 CLI_FINE);
}

static void conflicts_that_leave_nothing_or_nobody_are_refused(void **state)
{
	static const struct {
		const char *csv, *say;
	} bad[] = {
		{ "reviewer,author\n0,1\n0,2\n0,3\n", "number 0 of the list" },
		{ "reviewer,author\n0,1\n0,5\n", "line 3: there is no author" },
		{ "reviewer,author\n-1,1\n", "line 2: there is no reviewer" },
		{ "reviewer,author\nx,1\n", "line 2: there is no reviewer x" },
		{ "reviewer\n1\n", "must name a column author" },
		{ "", "must name a column reviewer" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(
			world_run(w, "peer", "allocate", "--reviewers", "5",
				  "--per", "2", "--seed", "7", "--conflicts",
				  world_file(w, "c.csv", bad[i].csv), NULL),
			CLI_REFUSED);
		assert_has(w->err, bad[i].say);
		assert_string_equal(w->out, "");
	}
}

/* ---- flags ---- */

static void wrong_flags_are_usage_by_name(void **state)
{
	static const char *const bad[][4] = {
		{ "1", "3", "1", "--reviewers" },
		{ "x", "3", "1", "--reviewers" },
		{ "1000001", "3", "1", "--reviewers" },
		{ "30", "0", "1", "--per" },
		{ "30", "21", "1", "--per" },
		{ "30", "3", "-1", "--seed" },
		{ "30", "3", "1.5", "--seed" },
		{ "30", "3", "9007199254740992", "--seed" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(ALLOCATE(w, bad[i][0], bad[i][1], bad[i][2]),
				 CLI_USAGE);
		assert_has(w->err, bad[i][3]);
		assert_string_equal(w->out, "");
	}
	assert_int_equal(
		world_run(w, "peer", "allocate", "--reviewers", "30", NULL),
		CLI_USAGE);
	assert_has(w->err, "--per K");
	assert_int_equal(world_run(w, "peer", "allocate", "--per", "3", NULL),
			 CLI_USAGE);
	assert_has(w->err, "--reviewers N");
	assert_int_equal(world_run(w, "peer", "allocate", "--check", "x",
				   "--per", "3", NULL),
			 CLI_USAGE);
	assert_has(w->err, "leave --per out");
}

static void by_the_methods_flags_alone_it_is_the_method(void **state)
{
	struct world *w = *state;

	assert_int_equal(world_run(w, "peer", "allocate", "--course", "c",
				   "--slug", "s", "--seed", "3", "--url",
				   "ipc:///nonexistent/assay.sock", NULL),
			 CLI_FAILED);
	assert_has(w->err, "no server answers");
	/* A mistake in a flag of either is told by the flags of that one. */
	assert_int_equal(world_run(w, "peer", "allocate", "--course", "c",
				   "--slugs", "s", NULL),
			 CLI_USAGE);
	assert_has(w->err, "was --slug meant?");
	assert_int_equal(world_run(w, "peer", "allocate", "--per", "3",
				   "--reviewer", "5", NULL),
			 CLI_USAGE);
	assert_has(w->err, "was --reviewers meant?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			each_review_is_a_line_and_the_certificate_the_last),
		cmocka_unit_test(
			the_same_seed_gives_the_same_and_none_a_new_one),
		cmocka_unit_test(what_it_prints_passes_the_check),
		cmocka_unit_test(from_standard_input_too),
		cmocka_unit_test(without_a_certificate_it_is_told),
		cmocka_unit_test(a_changed_edge_is_found),
		cmocka_unit_test(two_edges_that_change_places_are_found),
		cmocka_unit_test(a_removed_edge_is_found),
		cmocka_unit_test(
			a_changed_certificate_is_found_in_every_member),
		cmocka_unit_test(a_forged_ring_is_refused_whatever_it_claims),
		cmocka_unit_test(what_is_no_allocation_is_named_by_line),
		cmocka_unit_test(a_reviewer_of_everything_is_refused),
		cmocka_unit_test(what_a_small_cohort_cannot_have_is_told),
		cmocka_unit_test(conflicts_are_kept_both_ways),
		cmocka_unit_test(
			conflicts_that_leave_nothing_or_nobody_are_refused),
		cmocka_unit_test(wrong_flags_are_usage_by_name),
		cmocka_unit_test(by_the_methods_flags_alone_it_is_the_method),
	};

	return cmocka_run_group_tests(tests, wide_setup, world_teardown);
}
