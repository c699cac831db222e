#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/rpc_world.h"

#include "base/limits.h"

struct fixture {
	struct rw w;
	struct rw_front f;
};

static int set_up(void **state)
{
	static struct fixture fx;
	struct rw_opts o = { .store = true };

	rw_open(&fx.w, &o);
	rw_front_open(&fx.f, fx.w.core);
	*state = &fx;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fx = *state;

	rw_front_close(&fx->f);
	rw_close(&fx->w);
	return 0;
}

static void expect(struct fixture *fx, const char *message, const char *reply)
{
	struct str got = rw_ask(&fx->w, &fx->f, str_of(message));

	if (!str_is(got, reply))
		fail_msg("\nasked  %s\nwanted %s\ngot    %.*s", message, reply,
			 STR_FMT(got));
}

/* The error's kind is wanted, and that the id came back. */
static void refused(struct fixture *fx, struct str message, const char *id,
		    const char *kind)
{
	struct str got = rw_ask(&fx->w, &fx->f, message);
	struct str head =
		str_fmt(fx->w.cx.arena,
			"{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":", id);
	struct str k = str_fmt(fx->w.cx.arena, "\"kind\":\"%s\"", kind);

	if (!str_eq(str_cut(got, 0, head.n), head) ||
	    str_find(got, k, 0) == SIZE_MAX)
		fail_msg("\nasked  %.*s\nwanted %s\ngot    %.*s",
			 STR_FMT(message), kind, STR_FMT(got));
}

static void replies_carry_the_id_as_it_was_sent(void **state)
{
	struct fixture *fx = *state;
	static const char *const ids[] = {
		"7",	"-3",	"1.50", "12345678901234567890", "\"a\\u00e9b\"",
		"null", "\"\"",
	};

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		char ask[200], want[200];

		snprintf(ask, sizeof(ask),
			 "{\"jsonrpc\":\"2.0\",\"id\":%s,"
			 "\"method\":\"server.ping\"}",
			 ids[i]);
		snprintf(want, sizeof(want),
			 "{\"jsonrpc\":\"2.0\",\"id\":%s,"
			 "\"result\":{\"pong\":true}}",
			 ids[i]);
		expect(fx, ask, want);
	}
}

#define CALL(rest) "{\"jsonrpc\":\"2.0\",\"id\":1," rest "}"

static void envelopes_that_are_wrong_are_refused(void **state)
{
	struct fixture *fx = *state;
	static const struct {
		const char *message, *id, *kind;
	} bad[] = {
		{ "", "null", "bad_json" },
		{ "{", "null", "bad_json" },
		{ "{}x", "null", "bad_json" },
		{ "\xff", "null", "bad_json" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2}", "null",
		  "bad_json" },
		{ CALL("\"method\":\"server.ping\xc3\""), "null", "bad_json" },
		{ "[]", "null", "bad_request" },
		{ "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
		  "\"server.ping\"}]",
		  "null", "bad_request" },
		{ "7", "null", "bad_request" },
		{ "null", "null", "bad_request" },
		{ "{}", "null", "bad_request" },
		{ "{\"id\":1,\"method\":\"server.ping\"}", "1", "bad_request" },
		{ "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"server.ping\"}",
		  "1", "bad_request" },
		{ "{\"jsonrpc\":\"2.0\",\"method\":\"server.ping\"}", "null",
		  "bad_request" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":"
		  "\"server.ping\"}",
		  "null", "bad_request" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":"
		  "\"server.ping\"}",
		  "null", "bad_request" },
		{ CALL("\"method\":7"), "1", "bad_request" },
		{ CALL("\"auth\":7,\"method\":\"server.ping\""), "1",
		  "bad_request" },
		{ CALL("\"method\":\"server.ping\",\"extra\":1"), "1",
		  "bad_request" },
		{ CALL("\"params\":{}"), "1", "bad_request" },
		{ CALL("\"method\":\"\""), "1", "unknown_method" },
		{ CALL("\"method\":\"server.pin\""), "1", "unknown_method" },
		{ CALL("\"method\":\"server.ping\",\"params\":[]"), "1",
		  "invalid" },
		{ CALL("\"method\":\"server.ping\",\"params\":{\"a\":1}"), "1",
		  "invalid" },
		{ CALL("\"method\":\"server.ping\",\"params\":"
		       "{\"idempotency_key\":\"k\"}"),
		  "1", "invalid" },
		{ CALL("\"method\":\"test.echo\",\"auth\":\"plat\""), "1",
		  "invalid" },
		{ CALL("\"method\":\"test.echo\",\"auth\":\"plat\",\"params\":"
		       "{\"text\":7}"),
		  "1", "invalid" },
		{ CALL("\"method\":\"test.echo\",\"auth\":\"plat\",\"params\":"
		       "{\"text\":\"a\",\"n\":1001}"),
		  "1", "invalid" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		refused(fx, str_of(bad[i].message), bad[i].id, bad[i].kind);
}

static void sizes_and_depth_are_bounded(void **state)
{
	struct fixture *fx = *state;
	struct buf b = { 0 };

	for (int i = 0; i < LIMIT_MESSAGE_BYTES + 1; i++)
		buf_ch(&b, ' ');
	refused(fx, buf_view(&b), "null", "too_large");
	buf_reset(&b);
	buf_z(&b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server.ping\","
		  "\"params\":");
	for (int i = 0; i < 100000; i++)
		buf_z(&b, "[");
	refused(fx, buf_view(&b), "null", "too_large");
	buf_reset(&b);
	buf_z(&b, "{\"jsonrpc\":\"2.0\",\"id\":\"");
	for (int i = 0; i < 200; i++)
		buf_ch(&b, 'x');
	buf_z(&b, "\",\"method\":\"server.ping\"}");
	refused(fx, buf_view(&b), "null", "bad_request");
	buf_done(&b);
}

static void rights_are_denied_by_default(void **state)
{
	struct fixture *fx = *state;
	struct str got;

	refused(fx, STR(CALL("\"method\":\"test.echo\"")), "1",
		"unauthenticated");
	refused(fx, STR(CALL("\"method\":\"test.echo\",\"auth\":\"\"")), "1",
		"unauthenticated");
	refused(fx, STR(CALL("\"method\":\"test.echo\",\"auth\":\"who\"")), "1",
		"unauthenticated");
	refused(fx, STR(CALL("\"method\":\"test.echo\",\"auth\":\"auditor\"")),
		"1", "denied");
	refused(fx, STR(CALL("\"method\":\"test.nobody\",\"auth\":\"plat\"")),
		"1", "denied");
	refused(fx, STR(CALL("\"method\":\"test.nobody\"")), "1",
		"unauthenticated");
	/* What it takes is said: the caller has no other way to learn it. */
	got = rw_ask(
		&fx->w, &fx->f,
		STR(CALL("\"method\":\"test.echo\",\"auth\":\"auditor\"")));
	assert_true(str_find(got, STR("test.echo is for these roles: platform"),
			     0) != SIZE_MAX);
	refused(fx, STR(CALL("\"method\":\"test.echo\",\"auth\":\"slow\"")),
		"1", "rate_limited");
}

/* Every row of the table, every caller: only listed roles come through. */
static void every_row_asks_for_one_of_its_roles(void **state)
{
	struct fixture *fx = *state;
	const struct rpc_method *m;
	size_t it = 0;

	while ((m = rpc_each(&rw_table, &it))) {
		struct str ask = str_fmt(
			fx->w.cx.arena,
			CALL("\"method\":\"%s\",\"auth\":\"%s\""), m->name,
			m->roles & ROLE_LEARNER ? "auditor" : "learner");

		assert_true(m->roles != 0);
		if (!(m->roles & ROLE_ANYONE))
			refused(fx, ask, "1", "denied");
	}
}

static void errors_carry_all_that_a_caller_needs(void **state)
{
	struct fixture *fx = *state;

	expect(fx, CALL("\"method\":\"test.refuse\""),
	       "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32006,"
	       "\"message\":\"the door is shut\",\"data\":{\"kind\":"
	       "\"too_late\",\"retry\":false,\"field\":\"/text\","
	       "\"retry_after_ms\":77,\"state\":{\"left\":3}}}}");
	expect(fx, CALL("\"method\":\"test.silent\""),
	       "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32003,"
	       "\"message\":\"there is no such thing\",\"data\":{\"kind\":"
	       "\"not_found\",\"retry\":false}}}");
}

static void queries_answer_here_on_a_reader_or_a_worker(void **state)
{
	struct fixture *fx = *state;
	static const char *const names[] = { "echo", "slow", "read" };

	for (size_t i = 0; i < 3; i++) {
		struct str ask = str_fmt(
			fx->w.cx.arena,
			CALL("\"method\":\"test.%s\",\"auth\":\"plat\","
			     "\"params\":{\"n\":3,\"text\":\"a\\u00e9b\"}"),
			names[i]);

		expect(fx, ask.p,
		       "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"text\":"
		       "\"a\xc3\xa9"
		       "b\",\"n\":3}}");
	}
}

static void bytes_travel_behind_a_nul(void **state)
{
	struct fixture *fx = *state;
	static const char ask[] =
		CALL("\"method\":\"test.echo\",\"auth\":\"plat\","
		     "\"params\":{\"text\":\"\"}") "\0a\0b";
	static const char want[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":"
				   "{\"text\":\"\",\"n\":0}}\0a\0b";
	struct str got =
		rw_ask(&fx->w, &fx->f, (struct str){ ask, sizeof(ask) - 1 });

	assert_int_equal(got.n, sizeof(want) - 1);
	assert_memory_equal(got.p, want, got.n);
	refused(fx,
		(struct str){ CALL("\"method\":\"server.ping\"") "\0x",
			      sizeof(CALL("\"method\":\"server.ping\"")) + 1 },
		"1", "invalid");
}

static struct str write_call(struct fixture *fx, const char *token,
			     const char *params)
{
	struct str ask = str_fmt(fx->w.cx.arena,
				 CALL("\"method\":\"test.write\",\"auth\":"
				      "\"%s\",\"params\":%s"),
				 token, params);

	return str_copy(fx->w.cx.arena, rw_ask(&fx->w, &fx->f, ask));
}

static void the_same_key_gives_the_same_reply(void **state)
{
	struct fixture *fx = *state;
	struct str first, again, other;
	int64_t runs;

	first = write_call(fx, "plat",
			   "{\"text\":\"x\",\"n\":5,\"idempotency_key\":"
			   "\"k1\"}");
	assert_true(str_find(first, STR("\"result\""), 0) != SIZE_MAX);
	runs = rw_runs;
	again = write_call(fx, "plat",
			   "{ \"idempotency_key\":\"k1\", \"n\":5, "
			   "\"text\":\"x\"}");
	assert_true(str_eq(first, again));
	assert_int_equal(rw_runs, runs); /* it did not run again */
	other = write_call(fx, "plat",
			   "{\"text\":\"y\",\"n\":5,\"idempotency_key\":"
			   "\"k1\"}");
	assert_true(str_find(other, STR("\"conflict\""), 0) != SIZE_MAX);
	other = write_call(fx, "learner",
			   "{\"text\":\"y\",\"n\":5,\"idempotency_key\":"
			   "\"k1\"}");
	assert_true(str_find(other, STR("\"result\""), 0) != SIZE_MAX);
	other = write_call(fx, "other",
			   "{\"text\":\"y\",\"n\":5,\"idempotency_key\":"
			   "\"k1\"}");
	assert_true(str_find(other, STR("\"result\""), 0) != SIZE_MAX);
}

static void a_command_that_appends_nothing_keeps_its_key(void **state)
{
	struct fixture *fx = *state;
	const char *params =
		"{\"text\":\"nothing\",\"idempotency_key\":\"k2\"}";
	struct str first = write_call(fx, "plat", params);

	assert_true(str_find(first, STR("\"result\""), 0) != SIZE_MAX);
	assert_true(str_eq(first, write_call(fx, "plat", params)));
}

static void a_refused_command_leaves_its_key_free(void **state)
{
	struct fixture *fx = *state;
	struct str a, b;

	a = write_call(fx, "plat",
		       "{\"text\":\"fail\",\"idempotency_key\":\"k3\"}");
	assert_true(str_find(a, STR("\"precondition\""), 0) != SIZE_MAX);
	b = write_call(fx, "plat",
		       "{\"text\":\"fine\",\"idempotency_key\":\"k3\"}");
	assert_true(str_find(b, STR("\"result\""), 0) != SIZE_MAX);
}

static void keys_are_limited_like_any_field(void **state)
{
	struct fixture *fx = *state;
	struct str a;

	a = write_call(fx, "plat", "{\"text\":\"x\",\"idempotency_key\":\"\"}");
	assert_true(str_find(a, STR("\"/idempotency_key\""), 0) != SIZE_MAX);
	a = write_call(fx, "plat", "{\"text\":\"x\",\"idempotency_key\":7}");
	assert_true(str_find(a, STR("\"/idempotency_key\""), 0) != SIZE_MAX);
}

static void crowded_connections_are_told_to_wait(void **state)
{
	struct fixture *fx = *state;
	struct front_msg m = { .transport = FRONT_TEST,
			       .crowded = true,
			       .bytes = STR(
				       CALL("\"method\":\"server.time\"")) };

	core_take(fx->f.slot.request, &m);
	assert_true(str_find(buf_view(&fx->f.reply), STR("\"busy\""), 0) !=
		    SIZE_MAX);
	assert_int_equal(core_busy(fx->w.core), 0);
}

static void draining_refuses_all_but_questions_about_the_server(void **state)
{
	struct fixture *fx = *state;
	struct str a;

	core_drain(fx->w.core);
	a = write_call(fx, "plat", "{\"text\":\"x\"}");
	assert_true(str_find(a, STR("\"draining\""), 0) != SIZE_MAX);
	expect(fx, CALL("\"method\":\"server.ping\""),
	       "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"pong\":true}}");
}

#define PREPARED(text)                                                         \
	CALL("\"method\":\"test.prepared\",\"auth\":\"plat\","                 \
	     "\"params\":{\"text\":\"" text "\"}")

static void what_comes_before_a_command_can_refuse_it(void **state)
{
	struct fixture *fx = *state;
	int64_t runs = rw_runs;

	refused(fx, STR(PREPARED("bad")), "1", "precondition");
	assert_int_equal(rw_runs, runs);
	expect(fx, PREPARED("good"),
	       "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"count\":1,"
	       "\"stream\":\"good\"}}");
	assert_int_equal(rw_runs, runs + 1);
}

/* The executor is stepped by this thread: it must not be the one before. */
static void what_comes_before_a_command_leaves_the_executor_alone(void **state)
{
	const struct rw_opts o = { .store = true, .workers = true };
	struct fixture fx;

	(void)state;
	rw_open(&fx.w, &o);
	rw_front_open(&fx.f, fx.w.core);
	for (int i = 0; i < 20; i++)
		expect(&fx, PREPARED("good"),
		       "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"count\":2,"
		       "\"stream\":\"good\"}}");
	refused(&fx, STR(PREPARED("bad")), "1", "precondition");
	rw_front_close(&fx.f);
	rw_close(&fx.w);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(replies_carry_the_id_as_it_was_sent),
		T(envelopes_that_are_wrong_are_refused),
		T(sizes_and_depth_are_bounded),
		T(rights_are_denied_by_default),
		T(every_row_asks_for_one_of_its_roles),
		T(errors_carry_all_that_a_caller_needs),
		T(queries_answer_here_on_a_reader_or_a_worker),
		T(bytes_travel_behind_a_nul),
		T(the_same_key_gives_the_same_reply),
		T(a_command_that_appends_nothing_keeps_its_key),
		T(a_refused_command_leaves_its_key_free),
		T(keys_are_limited_like_any_field),
		T(crowded_connections_are_told_to_wait),
		T(draining_refuses_all_but_questions_about_the_server),
		T(what_comes_before_a_command_can_refuse_it),
		cmocka_unit_test(
			what_comes_before_a_command_leaves_the_executor_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
