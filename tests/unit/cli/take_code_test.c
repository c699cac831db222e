/* Files to a code question, by a person at a terminal; a test judges them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "take_stage.h"

enum { LOOKS = 10000 };

/* One test; more: members of the code item, with a comma behind. */
#define TASK(slug, languages, more)                                            \
	"{\"assay\":1,\"course\":\"c\",\"slug\":\"" slug                       \
	"\",\"title\":\"Code\",\"policy\":{\"attempts\":0},\"items\":["        \
	"{\"id\":\"a\",\"type\":\"code\",\"name\":\"n\",\"stem\":\"Double\","  \
	"\"mark\":1,\"code\":{\"languages\":[" languages "]," more             \
	"\"tests\":[{\"name\":\"one\",\"input\":{\"text\":\"1\"},"             \
	"\"answer\":{\"text\":\"2\"}}]}}]}"

#define FACT(verdict, share)                                                   \
	"{\"verdict\":\"" verdict "\",\"cause\":\"exit\",\"exit\":0,"          \
	"\"signal\":0,\"share\":" share ",\"cpu_us\":1000,\"wall_us\":2000,"   \
	"\"runs\":1}"
#define REPORT(language, verdict, share)                                       \
	"{\"version\":1,\"language\":\"" language "\",\"verdict\":\"" verdict  \
	"\",\"gradable\":true,\"compile\":\"AC\",\"level\":\"full\","          \
	"\"tests\":[" FACT(verdict, share) "]}"

/* ---- the worker: this process ---- */

static char *worker_key(struct stage *s)
{
	char *path = world_path(s->w, "worker.key");

	if (access(path, R_OK)) {
		assert_int_equal(world_run(s->w, "key", "create", "--url",
					   s->url, "--token-file", s->admin,
					   "--name", "w", "--roles", "worker",
					   "--json", NULL),
				 0);
		const char *at = strstr(s->w->out, "\"key\":\"") + 7;

		world_file(s->w, "worker.key",
			   str_fmt(s->w->cx.arena, "%.*s",
				   (int)strcspn(at, "\""), at)
				   .p);
	}
	return path;
}

static int as_worker(struct stage *s, const char *method, const char *params)
{
	return world_run(s->w, "call", method, "--params", params, "--url",
			 s->url, "--token-file", worker_key(s), "--json", NULL);
}

/* A member of what was said last; kind: "grade.code", once it is there. */
static const char *member(struct stage *s, const char *name)
{
	const char *at =
		strstr(s->w->out, str_fmt(s->w->cx.arena, "\"%s\":", name).p);

	assert_non_null(at);
	at += strlen(name) + 3;
	at += *at == '"';
	return str_fmt(s->w->cx.arena, "%.*s", (int)strcspn(at, "\",}"), at).p;
}

static void judge(struct stage *s, const char *kind, const char *result)
{
	const char *job, *fence;
	int asked = 0;

	do {
		assert_true(asked++ < LOOKS);
		assert_int_equal(
			as_worker(s, "job.lease",
				  str_fmt(s->w->cx.arena,
					  "{\"kinds\":[\"%s\"],\"worker\":"
					  "\"w\",\"limit\":1,\"lease_ms\":"
					  "60000}",
					  kind)
					  .p),
			0);
	} while (!strstr(s->w->out, "\"fence\""));
	job = member(s, "id");
	fence = member(s, "fence");
	if (result)
		assert_int_equal(
			as_worker(s, "job.finish",
				  str_fmt(s->w->cx.arena,
					  "{\"job\":\"%s\",\"fence\":%s,"
					  "\"result\":%s}",
					  job, fence, result)
					  .p),
			0);
	else
		assert_int_equal(
			as_worker(s, "job.fail",
				  str_fmt(s->w->cx.arena,
					  "{\"job\":\"%s\",\"fence\":%s,"
					  "\"error\":\"e\",\"retry\":false}",
					  job, fence)
					  .p),
			0);
}

static void publish(struct stage *s, const char *json)
{
	char *path = world_file(s->w, "task.json", json);

	assert_int_equal(
		admin(s, "code", "selftest", "--bytes", path, NULL, NULL),
		CLI_FINE);
	judge(s, "code.selftest",
	      "{\"ok\":true,\"references\":[],\"problems\":[],"
	      "\"limit_ms\":1000}");
	assert_int_equal(
		admin(s, "assessment", "publish", "--bytes", path, NULL, NULL),
		CLI_FINE);
}

/* A line of words, with this file's path last. */
static void type_file(struct stage *s, const char *words, const char *name)
{
	type(s,
	     str_fmt(s->w->cx.arena, "%s%s", words, world_path(s->w, name)).p);
}

/* ---- tests ---- */

static void files_are_handed_in_by_their_paths_and_judged(void **state)
{
	struct stage *s = *state;

	publish(s, TASK("files", "\"c\",\"python\"", ""));
	world_file(s->w, "main.c", "int main(void) { return 0; }\n");
	world_file(s->w, "notes", "none\n");
	TAKE("files", "--yes");
	SEE("Languages: c, python");
	SEE("[1/1");
	type_file(s, "", "absent.c");
	SEE("absent.c");
	SEE("[1/1");
	type_file(s, "", "notes");
	SEE("no file's ending tells the language");
	SEE("[1/1");
	type(s, "c:");
	SEE("name at least one file");
	SEE("[1/1");
	type_file(s, "", "main.c");
	SEE("Handed in as submission 1.");
	judge(s, "grade.code", REPORT("c", "WA", "0"));
	SEE("one");
	SEE("WA");
	SEE("[1/1");
	type_file(s, "", "main.c");
	SEE("These files are submission 1 already.");
	SEE("[1/1");
	type_file(s, "python: ", "notes");
	SEE("Handed in as submission 2.");
	judge(s, "grade.code", NULL);
	SEE("which is our failure: it costs you nothing");
	SEE("[1/1");
	type(s, "quit");
	assert_int_equal(person_ends(s), CLI_FINE);
}

static void a_name_that_is_not_taken_is_told_and_nothing_is_used(void **state)
{
	struct stage *s = *state;

	publish(s, TASK("names", "\"c\"", "\"files\":[{\"name\":\"sum.c\"}],"));
	world_file(s->w, "other.c", "x");
	world_file(s->w, "sum.c", "x");
	TAKE("names", "--yes");
	SEE("Files: sum.c");
	SEE("[1/1");
	type_file(s, "", "other.c");
	SEE("other.c");
	SEE("[1/1");
	type_file(s, "", "sum.c");
	SEE("Handed in as submission 1.");
	judge(s, "grade.code", REPORT("c", "AC", "1"));
	SEE("AC");
	SEE("[1/1");
	type(s, "quit");
	assert_int_equal(person_ends(s), CLI_FINE);
}

/* What is in it is for the worker to say: here it need only look like one. */
static void an_archive_is_handed_in_as_one(void **state)
{
	struct stage *s = *state;

	publish(s, TASK("archive", "\"c\"", ""));
	world_file(s->w, "work.zip", "PK\x03\x04 and more");
	TAKE("archive", "--yes");
	SEE("[1/1");
	type_file(s, "", "work.zip");
	SEE("Handed in as submission 1.");
	judge(s, "grade.code",
	      "{\"version\":1,\"language\":\"c\",\"verdict\":\"CE\","
	      "\"gradable\":false,\"compile\":\"SK\",\"level\":\"full\","
	      "\"reason\":\"the archive cannot be taken: it is none\","
	      "\"archive\":{\"files\":[],\"refused\":[]},\"tests\":[]}");
	SEE("the archive cannot be taken: it is none");
	SEE("It costs no submission.");
	SEE("[1/1");
	type(s, "quit");
	assert_int_equal(person_ends(s), CLI_FINE);
}

static void a_folder_is_handed_in_without_what_is_not_a_file(void **state)
{
	struct stage *s = *state;
	char *dir = world_path(s->w, "work");

	publish(s, TASK("folder", "\"c\"", "\"max_files\":9,"));
	assert_int_equal(mkdir(dir, 0700), 0);
	world_file(s->w, "work/main.c", "x");
	assert_int_equal(symlink("/etc/passwd", world_path(s->w, "work/p")), 0);
	TAKE("folder", "--yes");
	SEE("[1/1");
	type(s, dir);
	SEE("p");
	SEE("Handed in as submission 1.");
	judge(s, "grade.code", REPORT("c", "AC", "1"));
	SEE("AC");
	SEE("[1/1");
	type(s, "quit");
	assert_int_equal(person_ends(s), CLI_FINE);
	assert_null(strstr(s->screen, "root:"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_handed_in_by_their_paths_and_judged),
		cmocka_unit_test(
			a_name_that_is_not_taken_is_told_and_nothing_is_used),
		cmocka_unit_test(an_archive_is_handed_in_as_one),
		cmocka_unit_test(
			a_folder_is_handed_in_without_what_is_not_a_file),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
