/* A person at a terminal, from the rules to the receipt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "take_stage.h"

/* The prompt of question n. */
#define ASKED(n) SEE("[" n "/3")

static const char quiz[] =
	"{\"assay\":1,\"course\":\"c\",\"slug\":\"%s\",\"title\":\"Quiz\","
	"\"policy\":{%s},\"items\":["
	"{\"id\":\"a\",\"type\":\"choice\",\"stem\":\"<p>First</p>\","
	"\"stem_format\":\"html\",\"mark\":1,\"choices\":[{\"text\":\"good\","
	"\"fraction\":1},{\"text\":\"bad\",\"fraction\":0}]},"
	"{\"id\":\"b\",\"type\":\"short\",\"stem\":\"Second\",\"mark\":1,"
	"\"answers\":[{\"text\":\"frog\",\"fraction\":1}]},"
	"{\"id\":\"c\",\"type\":\"essay\",\"stem\":\"Third\",\"mark\":2}]}";

static void publish(struct stage *s, const char *slug, const char *policy)
{
	struct str text;
	char *path;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	text = str_fmt(s->w->cx.arena, quiz, slug, policy);
#pragma GCC diagnostic pop
	path = world_file(s->w, "quiz.json", text.p);
	assert_int_equal(
		admin(s, "assessment", "publish", "--bytes", path, NULL, NULL),
		CLI_FINE);
}

/* ---- tests ---- */

static void a_person_takes_an_assessment_from_rules_to_receipt(void **state)
{
	struct stage *s = *state;
	char *receipt = world_path(s->w, "receipt.json");

	publish(s, "whole",
		"\"time_limit_ms\":600000,\"attempts\":1,\"pledge\":\"I work "
		"alone.\",\"password\":\"sesame\",\"pass_mark\":0.625,"
		"\"late\":[{\"until\":\"2099-01-01T00:00:00Z\","
		"\"credit\":80}],\"late_after\":25");
	TAKE("whole", "--receipt", receipt);
	SEE("To pass: 62.5 %");
	SEE("Time limit: 10 min");
	SEE("what you have saved is handed in for you");
	SEE(": 80 % of the grade");
	SEE("Handed in later: 25 % of the grade");
	SEE("I work alone.");
	type(s, "accept");
	SEE("Password: ");
	type(s, "sesame");
	SEE("Start now?");
	type(s, "yes");
	SEE("First");
	ASKED("1");
	type(s, "?");
	SEE("leave; the same command goes on later");
	ASKED("1");
	type(s, "a");
	SEE("Saved at");
	ASKED("2");
	type(s, "= list");
	SEE("Saved at");
	ASKED("3");
	type(s, "prev");
	SEE("Your answer:\r\n  list");
	ASKED("2");
	type(s, "frog");
	ASKED("3");
	type(s, "submit");
	SEE("1 of 3 are not answered.");
	SEE("Hand in now?");
	type(s, "no");
	ASKED("3");
	type(s, "It is");
	SEE("| ");
	type(s, "so.");
	type(s, ".");
	SEE("Saved at");
	SEE("All are answered.");
	ASKED("3");
	type(s, "submit");
	SEE("Hand in now?");
	type(s, "yes");
	SEE("The signed receipt is in");
	SEE("It is\r\n  so.");
	assert_int_equal(person_ends(s), CLI_FINE);
	assert_null(strstr(s->screen, "sesame")); /* not echoed */
	assert_int_equal(world_run(s->w, "audit", "head", "--url", s->url,
				   "--json", NULL),
			 0);
	char *key = strstr(s->w->out, "\"key\":\"") + 7;

	key[64] = 0;
	key = (char *)str_z(s->w->cx.arena, str_of(key));
	assert_int_equal(world_run(s->w, "verify", receipt, "--key", key, NULL),
			 0);
	/* The only attempt is used. */
	TAKE("whole");
	assert_int_equal(person_ends(s), CLI_REFUSED);
}

static void quitting_loses_nothing(void **state)
{
	struct stage *s = *state;

	publish(s, "pause", "\"attempts\":0");
	TAKE("pause", "--yes");
	ASKED("1");
	type(s, "b");
	ASKED("2");
	type(s, "quit");
	assert_int_equal(person_ends(s), CLI_FINE);
	TAKE("pause");
	SEE("You have begun; going on.");
	SEE("Second");
	ASKED("2");
	type(s, "go 1");
	SEE("*b)  bad");
	type(s, "\x04"); /* the end of input is no hand-in */
	person_ends(s);
	TAKE("pause");
	SEE("You have begun; going on.");
	ASKED("2");
	type(s, "quit");
	assert_int_equal(person_ends(s), CLI_FINE);
}

static void an_answer_survives_a_server_that_dies(void **state)
{
	struct stage *s = *state;

	publish(s, "crash", "\"attempts\":0");
	TAKE("crash", "--yes", "--tries", "1");
	ASKED("1");
	server_down(s);
	type(s, "a");
	SEE("Enter tries again");
	type(s, "");
	SEE("Enter tries again");
	server_up(s);
	type(s, "");
	SEE("Saved at");
	ASKED("2");
	type(s, "go 1");
	SEE("*a)  good");
	ASKED("1");
	type(s, "quit");
	assert_int_equal(person_ends(s), CLI_FINE);
}

static const char *attempt_id(struct stage *s)
{
	const char *at;

	assert_int_equal(world_run(s->w, "attempt", "start", "--url", s->url,
				   "--token-file", s->token, "--course", "c",
				   "--slug", "tabs", "--json", NULL),
			 0);
	at = strstr(s->w->out, "\"attempt\":\"");
	assert_non_null(at);
	return str_z(s->w->cx.arena, (struct str){ at + 11, 36 });
}

static void
what_another_window_answered_is_not_overwritten_unasked(void **state)
{
	struct stage *s = *state;
	const char *id;

	publish(s, "tabs", "\"attempts\":0");
	TAKE("tabs", "--yes");
	ASKED("1");
	id = attempt_id(s);
	assert_int_equal(world_run(s->w, "attempt", "answer", "--url", s->url,
				   "--token-file", s->token, id, "1",
				   "--response", "{\"choice\":\"2\"}", NULL),
			 0);
	type(s, "a");
	SEE("answered elsewhere");
	SEE("b) bad");
	type(s, "no");
	ASKED("1");
	type(s, "show");
	SEE("*b)  bad");
	ASKED("1");
	type(s, "a");
	SEE("Saved at");
	ASKED("2");
	type(s, "quit");
	assert_int_equal(person_ends(s), CLI_FINE);
}

static void a_check_shows_feedback_at_once(void **state)
{
	struct stage *s = *state;

	publish(s, "checks",
		"\"attempts\":0,\"behaviour\":\"immediate_feedback\","
		"\"review\":{\"during\":[\"correctness\",\"marks\"]}");
	TAKE("checks", "--yes");
	ASKED("1");
	type(s, "b");
	SEE("`check` scores it now.");
	ASKED("1");
	type(s, "check");
	SEE("Wrong.");
	ASKED("1");
	type(s, "a");
	SEE("Not saved:");
	ASKED("1");
	type(s, "quit");
	assert_int_equal(person_ends(s), CLI_FINE);
}

static void when_time_is_up_the_server_says_so(void **state)
{
	struct stage *s = *state;

	publish(s, "short",
		"\"attempts\":0,\"time_limit_ms\":1500,\"network_grace_ms\":0");
	TAKE("short", "--yes");
	ASKED("1");
	type(s, "a");
	SEE("Saved at");
	/* The sweep hands it in: seen by the state, not by a sleep here. */
	for (int i = 0; i < 100000; i++) {
		assert_int_equal(admin(s, "attempt", "list", "--course", "c",
				       "--json", "--slug=short"),
				 0);
		if (!strstr(s->w->out, "\"state\":\"active\""))
			break;
	}
	type(s, "frog");
	SEE("Handed in at");
	SEE("*a)  good");
	assert_int_equal(person_ends(s), CLI_FINE);
}

static void who_may_not_start_is_told_why(void **state)
{
	struct stage *s = *state;

	publish(s, "later", "\"opens_at\":\"2199-01-01T00:00:00Z\"");
	TAKE("later");
	SEE("Opens:");
	SEE("Again at:");
	assert_int_equal(person_ends(s), CLI_REFUSED);
	TAKE("absent");
	assert_int_equal(person_ends(s), CLI_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_person_takes_an_assessment_from_rules_to_receipt),
		cmocka_unit_test(quitting_loses_nothing),
		cmocka_unit_test(an_answer_survives_a_server_that_dies),
		cmocka_unit_test(
			what_another_window_answered_is_not_overwritten_unasked),
		cmocka_unit_test(a_check_shows_feedback_at_once),
		cmocka_unit_test(when_time_is_up_the_server_says_so),
		cmocka_unit_test(who_may_not_start_is_told_why),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
