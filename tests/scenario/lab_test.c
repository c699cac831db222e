/* Labs: versions, work as commits, runs and checks by a scripted worker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/scenario/lab.h"

#define ANN "learner:ann"

static void a_lab_begins_with_its_starter_files(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	lab_session(w, &v);
	r = lab_ok(w, &v, ANN, "lab.files", "{" S ",'contents':true}",
		   NO_BYTES);
	assert_int_equal(reply_count(w, &r, "files"), 2);
	assert_string_equal(reply_text(w, &r, "files/0/name"), "data/in.txt");
	assert_int_equal(reply_int(w, &r, "files/0/size"), 14);
	assert_true(str_is(r.bytes, "one\ntwo\nthree\nprint(1)\n"));
	r = lab_ok(w, &v, ANN, "lab.read", "{" S ",'name':'main.py'}",
		   NO_BYTES);
	assert_true(str_is(r.bytes, "print(1)\n"));
	assert_int_equal(world_records(w, "lab.opened"), 1);
	/* Again: the same session, no new record. */
	r = lab_ok(w, &v, ANN, "lab.open", "{" LAB_REF "}", NO_BYTES);
	assert_string_equal(reply_text(w, &r, "session"), v.value['s']);
	assert_int_equal(world_records(w, "lab.opened"), 1);
}

static void a_save_changes_adds_and_removes(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	lab_session(w, &v);
	r = lab_ok(w, &v, ANN, "lab.save",
		   "{" S ",'files':[{'name':'main.py','size':3},"
		   "{'name':'new/x.txt','text':'x','executable':true}],"
		   "'removed':['data/in.txt']}",
		   STR("2+2"));
	assert_string_equal(reply_text(w, &r, "same"), "false");
	r = lab_ok(w, &v, ANN, "lab.files", "{" S ",'contents':true}",
		   NO_BYTES);
	assert_int_equal(reply_count(w, &r, "files"), 2);
	assert_true(str_is(r.bytes, "2+2x"));
	assert_string_equal(reply_text(w, &r, "files/1/executable"), "true");
	/* The same files once more make no commit and no record. */
	r = lab_ok(w, &v, ANN, "lab.save",
		   "{" S ",'files':[{'name':'main.py','text':'2+2'}]}",
		   NO_BYTES);
	assert_string_equal(reply_text(w, &r, "same"), "true");
	assert_int_equal(world_records(w, "lab.saved"), 1);
	r = lab_ok(w, &v, ANN, "lab.history", "{" S "}", NO_BYTES);
	assert_int_equal(reply_count(w, &r, "states"), 2);
}

static void refused_names_are_told_and_the_rest_is_saved(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	lab_session(w, &v);
	r = lab_ok(w, &v, ANN, "lab.save",
		   "{" S ",'files':[{'name':'../x','text':'x'},"
		   "{'name':'.git/config','text':'x'},"
		   "{'name':'good.txt','text':'x'}]}",
		   NO_BYTES);
	assert_int_equal(reply_count(w, &r, "left_out"), 2);
	r = lab_ok(w, &v, ANN, "lab.files", "{" S "}", NO_BYTES);
	assert_int_equal(reply_count(w, &r, "files"), 3);
}

static void work_saved_elsewhere_is_not_written_over(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	lab_session(w, &v);
	r = lab_ok(w, &v, ANN, "lab.files", "{" S "}", NO_BYTES);
	v.value['b'] = reply_text(w, &r, "commit");
	lab_ok(w, &v, ANN, "lab.save",
	       "{" S ",'base':'$b','files':[{'name':'a','text':'1'}]}",
	       NO_BYTES);
	r = lab_call(w, &v, ANN, "lab.save",
		     "{" S ",'base':'$b','files':[{'name':'a','text':'2'}]}",
		     NO_BYTES);
	assert_int_equal(r.e, ERR_CONFLICT);
	assert_true(str_is(r.field, "/base"));
	r = lab_call(w, &v, ANN, "lab.save",
		     "{" S ",'files':[{'name':'a','size':2}]}", STR("x"));
	assert_int_equal(r.e, ERR_INVALID);
	assert_true(str_is(r.field, "/files/0/size"));
	r = lab_call(w, &v, ANN, "lab.save",
		     "{" S ",'files':[{'name':'a','size':1}]}", STR("xy"));
	assert_int_equal(r.e, ERR_INVALID);
}

static void a_reset_can_be_taken_back(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	lab_session(w, &v);
	r = lab_ok(w, &v, ANN, "lab.save",
		   "{" S ",'files':[{'name':'main.py','text':'mine'}]}",
		   NO_BYTES);
	v.value['m'] = reply_text(w, &r, "commit");
	lab_ok(w, &v, ANN, "lab.reset", "{" S "}", NO_BYTES);
	r = lab_ok(w, &v, ANN, "lab.read", "{" S ",'name':'main.py'}",
		   NO_BYTES);
	assert_true(str_is(r.bytes, "print(1)\n"));
	r = lab_ok(w, &v, ANN, "lab.read",
		   "{" S ",'name':'main.py','commit':'$m'}", NO_BYTES);
	assert_true(str_is(r.bytes, "mine"));
	lab_ok(w, &v, ANN, "lab.restore", "{" S ",'commit':'$m'}", NO_BYTES);
	r = lab_ok(w, &v, ANN, "lab.read", "{" S ",'name':'main.py'}",
		   NO_BYTES);
	assert_true(str_is(r.bytes, "mine"));
	r = lab_ok(w, &v, ANN, "lab.history", "{" S "}", NO_BYTES);
	assert_int_equal(reply_count(w, &r, "states"), 4);
}

static void nobody_reads_anothers_work(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	lab_session(w, &v);
	r = lab_ok(w, &v, ANN, "lab.save",
		   "{" S ",'files':[{'name':'secret','text':'ann'}]}",
		   NO_BYTES);
	v.value['m'] = reply_text(w, &r, "commit");
	r = lab_ok(w, &v, "learner:bob", "lab.open", "{" LAB_REF "}", NO_BYTES);
	v.value['b'] = reply_text(w, &r, "session");
	assert_int_equal(
		lab_call(w, &v, "learner:bob", "lab.files", "{" S "}", NO_BYTES)
			.e,
		ERR_NOT_FOUND);
	/* The repository is the course's, but a commit is its owner's. */
	assert_int_equal(lab_call(w, &v, "learner:bob", "lab.files",
				  "{'session':'$b','commit':'$m'}", NO_BYTES)
				 .e,
			 ERR_NOT_FOUND);
	assert_int_equal(lab_call(w, &v, "learner:bob", "lab.restore",
				  "{'session':'$b','commit':'$m'}", NO_BYTES)
				 .e,
			 ERR_NOT_FOUND);
	assert_int_equal(lab_call(w, &v, "stranger:ann", "lab.files", "{" S "}",
				  NO_BYTES)
				 .e,
			 ERR_NOT_FOUND);
	lab_ok(w, &v, "moderator", "lab.files", "{" S "}", NO_BYTES);
}

static void a_newer_version_is_offered_and_merged(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	lab_session(w, &v);
	lab_ok(w, &v, ANN, "lab.save",
	       "{" S ",'files':[{'name':'main.py','text':'mine\\n'},"
	       "{'name':'data/in.txt','text':'ONE\\ntwo\\nthree\\n'}]}",
	       NO_BYTES);
	r = lab_ok(w, &v, ANN, "lab.offer", "{" S "}", NO_BYTES);
	assert_int_equal(reply_int(w, &r, "newest"), 1);
	lab_ok(w, &v, "author", "lab.publish",
	       LAB_FILE("l",
			"{'name':'main.py','text':'theirs\\n'},"
			"{'name':'extra','text':'e'},{'name':'data/in.txt',"
			"'text':'one\\ntwo\\nTHREE\\n'}",
			""),
	       NO_BYTES);
	r = lab_ok(w, &v, ANN, "lab.offer", "{" S "}", NO_BYTES);
	assert_int_equal(reply_int(w, &r, "newest"), 2);
	assert_int_equal(reply_count(w, &r, "conflicts"), 1);
	assert_string_equal(reply_text(w, &r, "conflicts/0/name"), "main.py");
	assert_string_equal(reply_text(w, &r, "conflicts/0/kind"),
			    "both_changed");
	/* An offer changes nothing. */
	r = lab_ok(w, &v, ANN, "lab.files", "{" S "}", NO_BYTES);
	assert_int_equal(reply_count(w, &r, "files"), 2);
	assert_int_equal(lab_call(w, &v, ANN, "lab.merge",
				  "{" S ",'version':1}", NO_BYTES)
				 .e,
			 ERR_CONFLICT);
	lab_ok(w, &v, ANN, "lab.merge", "{" S ",'version':2}", NO_BYTES);
	r = lab_ok(w, &v, ANN, "lab.files", "{" S ",'contents':true}",
		   NO_BYTES);
	assert_true(str_is(r.bytes, "ONE\ntwo\nTHREE\nemine\n"));
	assert_int_equal(lab_call(w, &v, ANN, "lab.merge",
				  "{" S ",'version':2}", NO_BYTES)
				 .e,
			 ERR_PRECONDITION);
	r = lab_ok(w, &v, ANN, "lab.open", "{" LAB_REF "}", NO_BYTES);
	assert_int_equal(reply_int(w, &r, "version"), 2);
}

static void a_run_waits_for_its_result(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct asked *waits;
	struct reply r;

	lab_session(w, &v);
	r = lab_ok(w, &v, ANN, "lab.run", "{" S "}", NO_BYTES);
	v.value['r'] = reply_text(w, &r, "run");
	r = lab_ok(w, &v, ANN, "lab.result", "{'run':'$r'}", NO_BYTES);
	assert_string_equal(reply_text(w, &r, "state"), "waits");
	waits = world_ask(w, ANN, "lab.result",
			  "{\"run\":\"%s\",\"wait_ms\":20000}", v.value['r']);
	r = lab_lease(w, &v, "lab.run");
	assert_string_equal(reply_text(w, &r, "input/argv/0"), "python3");
	assert_string_equal(reply_text(w, &r, "input/toolchain"), "python");
	assert_true(str_find(r.bytes, STR("print(1)"), 0) != SIZE_MAX);
	lab_ok(w, &v, "worker", "job.finish",
	       "{'job':'$j','fence':$f,'result':{'verdict':'AC',"
	       "'cause':'exit','level':'full','cpu_ms':1,'wall_ms':2,"
	       "'memory_peak_bytes':3,'output':'1\\n','errors':''}}",
	       NO_BYTES);
	r = world_answer(w, waits);
	assert_int_equal(r.e, OK);
	assert_string_equal(reply_text(w, &r, "state"), "done");
	assert_string_equal(reply_text(w, &r, "result/output"), "1\n");
	assert_int_equal(lab_call(w, &v, "learner:bob", "lab.result",
				  "{'run':'$r'}", NO_BYTES)
				 .e,
			 ERR_NOT_FOUND);
}

static void a_check_is_advice_and_never_a_grade(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	lab_session(w, &v);
	r = lab_ok(w, &v, ANN, "lab.check", "{" S "}", NO_BYTES);
	v.value['r'] = reply_text(w, &r, "run");
	r = lab_lease(w, &v, "lab.check");
	assert_true(str_find(r.bytes, STR("\"language\":\"python\""), 0) !=
		    SIZE_MAX);
	/* A report of another task is refused, and the job stays. */
	r = lab_call(w, &v, "worker", "job.finish",
		     "{'job':'$j','fence':$f,'result':{'version':1}}",
		     NO_BYTES);
	assert_int_equal(r.e, ERR_INVALID);
	lab_ok(w, &v, "worker", "job.fail",
	       "{'job':'$j','fence':$f,'error':'e','retry':false}", NO_BYTES);
	r = lab_ok(w, &v, ANN, "lab.result", "{'run':'$r'}", NO_BYTES);
	assert_string_equal(reply_text(w, &r, "state"), "failed");
	assert_int_equal(world_records(w, "grade.changed"), 0);
}

static void checks_have_a_fair_rate(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r = { 0 };

	lab_session(w, &v);
	for (int i = 0; i < 6; i++)
		lab_ok(w, &v, ANN, "lab.check", "{" S "}", NO_BYTES);
	r = lab_call(w, &v, ANN, "lab.check", "{" S "}", NO_BYTES);
	assert_int_equal(r.e, ERR_RATE_LIMITED);
	assert_true(str_find(r.json, STR("\"retry_after_ms\":10000"), 0) !=
		    SIZE_MAX);
	clock_manual_step(&w->clock, 10000);
	lab_ok(w, &v, ANN, "lab.check", "{" S "}", NO_BYTES);
	assert_int_equal(
		lab_call(w, &v, ANN, "lab.check", "{" S "}", NO_BYTES).e,
		ERR_RATE_LIMITED);
	lab_ok(w, &v, ANN, "lab.run", "{" S "}", NO_BYTES);
}

static void bad_lab_files_are_refused_by_field(void **state)
{
	static const struct {
		const char *file, *field;
	} bad[] = {
		{ LAB_FILE("l", "{'name':'../x','text':''}", ""), NULL },
		{ LAB_FILE("l", "{'name':'x','file':'x'}", ""),
		  "/starter/0/file" },
		{ LAB_FILE("l", "", ",'run':['']"), "/run/0" },
		{ LAB_FILE("l", "", ",'language':'c'," LAB_CHECK),
		  "/language" },
		{ LAB_FILE("l", "", ",'rates':{'checks_per_minute':0}"),
		  "/rates/checks_per_minute" },
		{ LAB_FILE("l", "", ",'toolchain':'cobol'"), "/toolchain" },
		{ LAB_FILE("l", "", ",'language':'pyton'"), "/language" },
		{ LAB_FILE("", "", ""), "/slug" },
		{ LAB_FILE("l", "",
			   ",'language':'c','check':{'kind':'function',"
			   "'languages':['c'],'functions':[{'name':'f'}],"
			   "'tests':[{'name':'t','calls':[{'function':'f',"
			   "'args':[],'raises':'E'}]}]}"),
		  "/check/tests/0/calls/0/raises" },
		{ "{'definition':{'assay_lab':2,'title':'t'}}", "/assay_lab" },
	};
	struct world *w = *state;
	struct story_vars v = { 0 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct reply r = lab_call(w, &v, "author", "lab.publish",
					  bad[i].file, NO_BYTES);

		if (r.e != ERR_INVALID ||
		    (bad[i].field && !str_is(r.field, bad[i].field)))
			fail_msg("%s: %.*s", bad[i].file, STR_FMT(r.json));
	}
}

static void an_erased_learner_has_no_work_left(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	lab_session(w, &v);
	lab_ok(w, &v, ANN, "lab.save",
	       "{" S ",'files':[{'name':'a','text':'ANNS-WORDS'}]}", NO_BYTES);
	r = lab_ok(w, &v, ANN, "lab.run", "{" S "}", NO_BYTES);
	v.value['r'] = reply_text(w, &r, "run");
	world_ok(w, "admin", "learner.erase",
		 "{\"learner\":\"ann\",\"reason\":\"r\"}");
	for (int i = 0; i < 5; i++)
		world_pass(w, 2000);
	assert_int_equal(
		lab_call(w, &v, "moderator", "lab.files", "{" S "}", NO_BYTES)
			.e,
		ERR_NOT_FOUND);
	assert_int_equal(lab_call(w, &v, "moderator", "lab.result",
				  "{'run':'$r'}", NO_BYTES)
				 .e,
			 ERR_NOT_FOUND);
	/* Who comes back begins anew. */
	r = lab_ok(w, &v, ANN, "lab.open", "{" LAB_REF "}", NO_BYTES);
	assert_string_not_equal(reply_text(w, &r, "session"), v.value['s']);
	v.value['s'] = reply_text(w, &r, "session");
	r = lab_ok(w, &v, ANN, "lab.files", "{" S "}", NO_BYTES);
	assert_int_equal(reply_count(w, &r, "files"), 2);
}

static void work_lives_through_a_restart(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	lab_session(w, &v);
	lab_ok(w, &v, ANN, "lab.save",
	       "{" S ",'files':[{'name':'main.py','text':'kept'}]}", NO_BYTES);
	world_restart(w);
	r = lab_ok(w, &v, ANN, "lab.read", "{" S ",'name':'main.py'}",
		   NO_BYTES);
	assert_true(str_is(r.bytes, "kept"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(a_lab_begins_with_its_starter_files),
		quiz_test(a_save_changes_adds_and_removes),
		quiz_test(refused_names_are_told_and_the_rest_is_saved),
		quiz_test(work_saved_elsewhere_is_not_written_over),
		quiz_test(a_reset_can_be_taken_back),
		quiz_test(nobody_reads_anothers_work),
		quiz_test(a_newer_version_is_offered_and_merged),
		quiz_test(a_run_waits_for_its_result),
		quiz_test(a_check_is_advice_and_never_a_grade),
		quiz_test(checks_have_a_fair_rate),
		quiz_test(bad_lab_files_are_refused_by_field),
		quiz_test(an_erased_learner_has_no_work_left),
		quiz_test(work_lives_through_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
