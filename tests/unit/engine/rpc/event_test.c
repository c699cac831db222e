/* event.list and the feed. Without a URL a feed is only its keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>

#include "tests/support/rpc_world.h"

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

static struct str call(struct fixture *fx, const char *method,
		       const char *token, const char *params)
{
	struct str ask = str_fmt(fx->w.cx.arena,
				 "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
				 "\"%s\",\"auth\":\"%s\",\"params\":%s}",
				 method, token, params);

	return str_copy(fx->w.cx.arena, rw_ask(&fx->w, &fx->f, ask));
}

static void write_events(struct fixture *fx, const char *token,
			 const char *text, int n)
{
	for (int i = 0; i < n; i++) {
		char params[100];
		struct str r;

		snprintf(params, sizeof(params), "{\"text\":\"%s\",\"n\":%d}",
			 text, i);
		r = call(fx, "test.write", token, params);
		assert_true(str_find(r, STR("\"result\""), 0) != SIZE_MAX);
	}
}

/* One page: its events into *n, its cursor returned; *more too. */
static struct str page(struct fixture *fx, const char *token,
		       const char *params, size_t *n, bool *more)
{
	struct str r = call(fx, "event.list", token, params);
	struct jval v, result;
	struct jdoc *doc;

	assert_int_equal(jdoc_parse(&fx->w.cx, r, &doc), OK);
	if (!jval_get(jdoc_root(doc), "result", &result))
		fail_msg("%.*s", STR_FMT(r));
	assert_true(jval_get(result, "events", &v));
	*n = jval_count(v);
	assert_true(jval_get(result, "more", &v));
	*more = jval_bool(v);
	assert_true(jval_get(result, "cursor", &v));
	return jval_str(&fx->w.cx, v);
}

static size_t all(struct fixture *fx, const char *token, const char *rest)
{
	struct str cursor = STR("");
	size_t n = 0, sum = 0;
	bool more = true;

	while (more) {
		struct str p = str_fmt(fx->w.cx.arena,
				       "{\"after\":\"%.*s\",\"limit\":7%s}",
				       STR_FMT(cursor), rest);

		cursor = page(fx, token, p.p, &n, &more);
		assert_true(n <= 7);
		sum += n;
	}
	return sum;
}

static void pages_together_are_all_events_of_the_organization(void **state)
{
	struct fixture *fx = *state;

	assert_int_equal(all(fx, "plat", ""), 0);
	write_events(fx, "plat", "a", 20);
	write_events(fx, "other", "a", 5);
	write_events(fx, "plat", "inside", 9); /* not public */
	write_events(fx, "plat", "a", 3);
	assert_int_equal(all(fx, "plat", ""), 23);
	assert_int_equal(all(fx, "other", ""), 5);
	assert_int_equal(all(fx, "auditor", ""), 23);
	assert_int_equal(all(fx, "plat", ",\"events\":[\"attempt.started\"]"),
			 0);
	assert_int_equal(all(fx, "plat", ",\"events\":[\"attempt.answered\"]"),
			 23);
}

static void an_event_names_who_called(void **state)
{
	struct fixture *fx = *state;
	struct str r;

	write_events(fx, "plat", "named", 1);
	r = call(fx, "event.list", "plat", "{\"limit\":1000}");
	assert_true(str_find(r, STR("\"actor\":\"plat\""), 0) != SIZE_MAX);
	assert_true(str_find(r, STR("\"actor\":\"engine\""), 0) == SIZE_MAX);
}

static void courses_bound_what_is_seen(void **state)
{
	struct fixture *fx = *state;
	struct str r;

	write_events(fx, "plat", "a", 9); /* courses c0, c1, c2 by turns */
	assert_int_equal(all(fx, "plat", ",\"course\":\"c2\""), 3);
	assert_int_equal(all(fx, "bound", ""), 3);
	assert_int_equal(all(fx, "bound", ",\"course\":\"c1\""), 3);
	r = call(fx, "event.list", "bound", "{\"course\":\"c2\"}");
	assert_true(str_find(r, STR("\"not_found\""), 0) != SIZE_MAX);
}

static void a_cursor_moves_past_what_it_may_not_show(void **state)
{
	struct fixture *fx = *state;
	struct str first, second;
	size_t n;
	bool more;

	write_events(fx, "other", "a", 4);
	first = page(fx, "plat", "{}", &n, &more);
	assert_int_equal(n, 0);
	assert_true(str_is(first, "1:4"));
	write_events(fx, "plat", "a", 1);
	second = page(fx, "plat", "{\"after\":\"1:4\"}", &n, &more);
	assert_int_equal(n, 1);
	assert_true(str_is(second, "1:5"));
	assert_false(more);
}

/* Of another database, or of this one before a backup was put back. */
static void a_cursor_beyond_the_end_is_refused(void **state)
{
	struct fixture *fx = *state;
	static const char *const bad[] = { "1:5", "1:4,2:1", "7:1" };
	size_t n;
	bool more;

	write_events(fx, "plat", "a", 4);
	page(fx, "plat", "{\"after\":\"1:4\"}", &n, &more);
	assert_int_equal(n, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct str p =
			str_fmt(fx->w.cx.arena, "{\"after\":\"%s\"}", bad[i]);
		struct str r = call(fx, "event.list", "plat", p.p);

		if (str_find(r, STR("beyond the last event"), 0) == SIZE_MAX)
			fail_msg("%s: %.*s", bad[i], STR_FMT(r));
	}
}

static void cursors_that_are_none_are_refused(void **state)
{
	struct fixture *fx = *state;
	static const char *const bad[] = { "x",
					   "1",
					   "1:",
					   ":1",
					   "1:x",
					   "1:-2",
					   "2:1,1:1",
					   "1:1,1:2",
					   "1:1,,2:2",
					   "0:1",
					   "1:99999999999999999999" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct str p =
			str_fmt(fx->w.cx.arena, "{\"after\":\"%s\"}", bad[i]);
		struct str r = call(fx, "event.list", "plat", p.p);

		if (str_find(r, STR("\"/after\""), 0) == SIZE_MAX)
			fail_msg("%s: %.*s", bad[i], STR_FMT(r));
	}
}

static void feed_keys_differ_by_organization_and_open_only_their_own(void **s)
{
	static const uint8_t secret[FEED_SECRET] = { 7 };
	struct fixture *fx = *s;
	struct feed_opts o = { .secret = secret, .rng = rng_system() };
	struct id a = { { 1 } }, b = { { 2 } };
	uint8_t tag[2][FEED_TAG], key[2][FEED_KEY];
	char message[FEED_TAG + FEED_NONCE + 16 + 5];
	struct str got, r;
	struct feed *f;

	assert_int_equal(feed_new(&fx->w.cx, &o, &f), OK);
	feed_key(f, &a, tag[0], key[0]);
	feed_key(f, &b, tag[1], key[1]);
	assert_memory_not_equal(tag[0], tag[1], FEED_TAG);
	assert_memory_not_equal(key[0], key[1], FEED_KEY);
	memcpy(message, tag[0], FEED_TAG);
	memset(message + FEED_TAG, 9, FEED_NONCE);
	crypto_secretbox_easy((unsigned char *)message + FEED_TAG + FEED_NONCE,
			      (const unsigned char *)"hello", 5,
			      (unsigned char *)message + FEED_TAG, key[0]);
	assert_true(feed_open(fx->w.cx.arena,
			      (struct str){ message, sizeof(message) }, key[0],
			      &got));
	assert_true(str_is(got, "hello"));
	assert_false(feed_open(fx->w.cx.arena,
			       (struct str){ message, sizeof(message) }, key[1],
			       &got));
	assert_false(feed_open(fx->w.cx.arena, (struct str){ message, 20 },
			       key[0], &got));
	r = call(fx, "event.feed", "plat", "{}");
	assert_true(str_find(r, STR("\"unsupported\""), 0) != SIZE_MAX);
	fx->w.app.feed = f;
	r = call(fx, "event.feed", "bound", "{}");
	assert_true(str_find(r, STR("\"denied\""), 0) != SIZE_MAX);
	free(f);
	fx->w.app.feed = NULL;
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(pages_together_are_all_events_of_the_organization),
		T(an_event_names_who_called),
		T(courses_bound_what_is_seen),
		T(a_cursor_moves_past_what_it_may_not_show),
		T(cursors_that_are_none_are_refused),
		T(a_cursor_beyond_the_end_is_refused),
		T(feed_keys_differ_by_organization_and_open_only_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
