/* Bad input over every transport: it is refused, and the next call answered. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/rng.h"
#include "engine/rpc/client.h"
#include "tests/support/check.h"
#include "tests/support/daemon/daemon.h"

static const char *const transports[] = { "ipc://", "tcp://", "ws://" };
enum { TRANSPORTS = 3 };

#define CALL(method, more)                                                     \
	"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"" method "\"" more "}"
#define AS ",\"auth\":\"$KEY\""
#define PING CALL("server.ping", "")
#define COURSE(params) CALL("course.set", AS ",\"params\":{" params "}")
#define FINE "\"course\":\"c\",\"title\":\"t\""

/* $KEY is the administrator's. want: the kind of the error. */
static const struct {
	const char *name, *message, *want;
} rows[] = {
	{ "nothing", "", "bad_json" },
	{ "space", " \n\t", "bad_json" },
	{ "a letter", "x", "bad_json" },
	{ "half an object", "{\"jsonrpc\":\"2.0\"", "bad_json" },
	{ "two values", "{} {}", "bad_json" },
	{ "a comma too many", "{\"jsonrpc\":\"2.0\",}", "bad_json" },
	{ "single quotes", "{'jsonrpc':'2.0'}", "bad_json" },
	{ "a bare word", "{\"id\":NaN}", "bad_json" },
	{ "a raw newline in a text", "{\"jsonrpc\":\"2\n0\"}", "bad_json" },
	{ "half a surrogate", "{\"jsonrpc\":\"\\ud800\"}", "bad_json" },
	{ "bytes that are no UTF-8", "{\"jsonrpc\":\"\xff\xfe\"}", "bad_json" },
	{ "an overlong slash", "{\"jsonrpc\":\"\xc0\xaf\"}", "bad_json" },
	{ "a number", "17", "bad_request" },
	{ "a text", "\"hello\"", "bad_request" },
	{ "null", "null", "bad_request" },
	{ "an empty object", "{}", "bad_request" },
	{ "a batch", "[" PING "," PING "]", "bad_request" },
	{ "an empty batch", "[]", "bad_request" },
	{ "a notification", "{\"jsonrpc\":\"2.0\",\"method\":\"server.ping\"}",
	  "bad_request" },
	{ "version 1",
	  "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"server.ping\"}",
	  "bad_request" },
	{ "a version that is a number",
	  "{\"jsonrpc\":2.0,\"id\":1,\"method\":\"server.ping\"}",
	  "bad_request" },
	{ "an id that is an object",
	  "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"server.ping\"}",
	  "bad_request" },
	{ "no method", "{\"jsonrpc\":\"2.0\",\"id\":1}", "bad_request" },
	{ "a method that is a number",
	  "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":1}", "bad_request" },
	{ "a stranger member", CALL("server.ping", ",\"x\":1"), "bad_request" },
	{ "a token that is a number", CALL("server.ping", ",\"auth\":1"),
	  "bad_request" },
	{ "an unknown method", CALL("no.such", ""), "unknown_method" },
	{ "a method in capitals", CALL("SERVER.PING", ""), "unknown_method" },
	{ "a method with NUL", CALL("server.ping\\u0000", ""),
	  "unknown_method" },
	{ "params by place", CALL("server.ping", ",\"params\":[1]"),
	  "invalid" },
	{ "params that are null", CALL("server.ping", ",\"params\":null"),
	  "invalid" },
	{ "no token", CALL("course.set", ",\"params\":{" FINE "}"),
	  "unauthenticated" },
	{ "an empty token", CALL("course.list", ",\"auth\":\"\""),
	  "unauthenticated" },
	{ "a token of nobody", CALL("course.list", ",\"auth\":\"assay_x\""),
	  "unauthenticated" },
	{ "half a key", CALL("course.list", ",\"auth\":\"$HALF\""),
	  "unauthenticated" },
	{ "a key with one letter changed",
	  CALL("course.list", ",\"auth\":\"$WRONG\""), "unauthenticated" },
	{ "a JWT of nobody",
	  CALL("course.list", ",\"auth\":\"eyJhbGciOiJFUzI1NiJ9."
			      "eyJpc3MiOiJ4In0.AAAA\""),
	  "unauthenticated" },
	{ "a JWT without signature",
	  CALL("course.list", ",\"auth\":\"eyJhbGciOiJub25lIn0."
			      "eyJpc3MiOiJ4In0.\""),
	  "unauthenticated" },
	{ "a role that it has not", CALL("job.lease", AS ",\"params\":{}"),
	  "denied" },
	{ "an unknown param", COURSE(FINE ",\"x\":1"), "invalid" },
	{ "a param twice", COURSE(FINE ",\"title\":\"u\""), "bad_json" },
	{ "a missing param", COURSE("\"course\":\"c\""), "invalid" },
	{ "a param of the wrong type", COURSE("\"course\":1,\"title\":\"t\""),
	  "invalid" },
	{ "a param that is null", COURSE("\"course\":null,\"title\":\"t\""),
	  "invalid" },
	{ "an empty text", COURSE("\"course\":\"\",\"title\":\"t\""),
	  "invalid" },
	{ "U+0000", COURSE("\"course\":\"a\\u0000\",\"title\":\"t\""),
	  "invalid" },
	{ "a number out of range", COURSE(FINE ",\"pass_mark\":1e99"),
	  "invalid" },
	{ "an empty key", COURSE(FINE ",\"idempotency_key\":\"\""), "invalid" },
	{ "an id that is none",
	  CALL("attempt.get", AS ",\"params\":{\"attempt\":\"17\"}"),
	  "invalid" },
	{ "SQL in an id",
	  CALL("attempt.get", AS ",\"params\":{\"attempt\":\"' OR 1=1; --\"}"),
	  "invalid" },
	{ "a cursor that is none",
	  CALL("event.list", AS ",\"params\":{\"after\":\"x\"}"), "invalid" },
	{ "a limit below", CALL("course.list", AS ",\"params\":{\"limit\":0}"),
	  "invalid" },
	{ "a limit above",
	  CALL("course.list", AS ",\"params\":{\"limit\":1001}"), "invalid" },
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

struct line {
	struct daemon *d;
	struct client *c;
};

static void open_line(struct line *l, struct daemon *d, const char *scheme)
{
	const struct client_opts o = { .url = daemon_url(d, scheme),
				       .auth = str_of(d->key),
				       .timeout_ms = 10000 };

	l->d = d;
	assert_int_equal(client_open(&d->cx, &o, &l->c), OK);
}

static void close_line(struct line *l)
{
	client_close(l->c);
}

/* The message with $KEY and the like put in. */
static struct str filled(struct daemon *d, const char *text)
{
	struct buf b = { 0 };
	struct str s;

	for (; *text; text++) {
		size_t n = strlen(d->key);

		if (strncmp(text, "$KEY", 4) == 0) {
			buf_z(&b, d->key);
			text += 3;
		} else if (strncmp(text, "$HALF", 5) == 0) {
			buf_str(&b, (struct str){ d->key, n / 2 });
			text += 4;
		} else if (strncmp(text, "$WRONG", 6) == 0) {
			buf_str(&b, (struct str){ d->key, n - 1 });
			buf_ch(&b, d->key[n - 1] == 'A' ? 'B' : 'A');
			text += 5;
		} else {
			buf_ch(&b, *text);
		}
	}
	s = buf_copy(&b, d->cx.arena);
	buf_done(&b);
	return s;
}

static bool says(struct str reply, const char *kind)
{
	char want[64];

	snprintf(want, sizeof(want), "\"kind\":\"%s\"", kind);
	return str_find(reply, str_of(want), 0) != SIZE_MAX;
}

static struct str exchange(struct line *l, struct str message)
{
	struct str reply = { 0 };

	assert_int_equal(client_exchange(&l->d->cx, l->c, message, &reply), OK);
	return reply;
}

static void is_fine(struct line *l)
{
	struct str reply = exchange(l, STR(PING));

	assert_true(str_find(reply, STR("\"pong\":true"), 0) != SIZE_MAX);
	assert_true(daemon_alive(l->d));
}

static void bad_messages_are_refused_by_kind(void **state)
{
	struct daemon *d = *state;

	for (int t = 0; t < TRANSPORTS; t++) {
		struct line l;

		open_line(&l, d, transports[t]);
		for (size_t i = 0; i < ROWS; i++) {
			struct str reply =
				exchange(&l, filled(d, rows[i].message));

			if (!says(reply, rows[i].want))
				fail_msg("%s over %s: wanted %s, got %.*s",
					 rows[i].name, transports[t],
					 rows[i].want, STR_FMT(reply));
			is_fine(&l);
		}
		close_line(&l);
	}
}

/* No key, token or param of a refused call is repeated in the answer or log. */
static void refusals_tell_no_secret(void **state)
{
	struct daemon *d = *state;
	const char *secret = strrchr(d->key, '_') + 1;
	struct line l;

	open_line(&l, d, "ipc://");
	for (size_t i = 0; i < ROWS; i++) {
		struct str reply = exchange(&l, filled(d, rows[i].message));

		assert_true(str_find(reply, str_of(secret), 0) == SIZE_MAX);
	}
	assert_null(strstr(daemon_log(d), secret));
	close_line(&l);
}

static struct str repeated(struct daemon *d, const char *head, const char *body,
			   size_t n, const char *tail)
{
	struct buf b = { 0 };
	struct str s;

	buf_str(&b, filled(d, head));
	for (size_t i = 0; i < n; i++)
		buf_z(&b, body);
	buf_z(&b, tail);
	s = buf_copy(&b, d->cx.arena);
	buf_done(&b);
	return s;
}

static void large_and_deep_messages_are_refused(void **state)
{
	struct daemon *d = *state;
	const struct {
		const char *head, *body;
		size_t n;
		const char *tail, *want;
	} big[] = {
		{ "", "[", 65, "", NULL },
		{ "", "[", 100000, "", NULL },
		{ "", "{\"a\":", 100000, "1", NULL },
		{ "[", "0,", 250000, "0]", NULL },
		{ "{\"jsonrpc\":\"2.0\",\"id\":\"", "x", 1000, "\"}",
		  "bad_request" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"", "m", 100000,
		  "\"}", "unknown_method" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"course.list\","
		  "\"auth\":\"",
		  "t", 100000, "\"}", "unauthenticated" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server.ping\","
		  "\"params\":{\"a\":\"",
		  "y", 2000000, "\"}}", "too_large" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"course.set\"" AS
		  ",\"params\":{\"course\":\"c\",\"title\":\"",
		  "z", 201, "\"}}", NULL },
	};

	for (int t = 0; t < TRANSPORTS; t++) {
		struct line l;

		open_line(&l, d, transports[t]);
		for (size_t i = 0; i < sizeof(big) / sizeof(big[0]); i++) {
			struct str m = repeated(d, big[i].head, big[i].body,
						big[i].n, big[i].tail);
			struct str r = exchange(&l, m);

			if (str_find(r, STR("\"error\""), 0) == SIZE_MAX ||
			    (big[i].want && !says(r, big[i].want)))
				fail_msg("row %zu over %s: %.*s", i,
					 transports[t],
					 STR_FMT(str_cut(r, 0, 400)));
			is_fine(&l);
		}
		close_line(&l);
	}
}

/* Above what one message may have in all: the connection is cut, no more. */
static void a_huge_message_costs_its_connection_alone(void **state)
{
	struct daemon *d = *state;
	struct str m = repeated(d, "", "xxxxxxxxxxxxxxxx", (20 << 20) / 16, "");

	for (int t = 0; t < TRANSPORTS; t++) {
		const struct client_opts o = { .url = daemon_url(d,
								 transports[t]),
					       .timeout_ms = 1000,
					       .tries = 1 };
		struct client *c = NULL;
		struct str r = { 0 };
		struct line l;

		assert_int_equal(client_open(&d->cx, &o, &c), OK);
		if (client_exchange(&d->cx, c, m, &r) == OK)
			assert_true(says(r, "too_large"));
		client_close(c);
		open_line(&l, d, transports[t]);
		is_fine(&l);
		close_line(&l);
	}
}

static void bytes_where_none_are_taken_are_refused(void **state)
{
	static const char ping[] = PING "\0bytes";
	struct daemon *d = *state;

	for (int t = 0; t < TRANSPORTS; t++) {
		struct line l;

		open_line(&l, d, transports[t]);
		assert_true(says(
			exchange(&l, (struct str){ ping, sizeof(ping) - 1 }),
			"invalid"));
		assert_true(says(exchange(&l, (struct str){ "\0\0\0", 3 }),
				 "bad_json"));
		is_fine(&l);
		close_line(&l);
	}
}

static void a_key_is_replayed_over_every_transport(void **state)
{
	struct daemon *d = *state;
	struct str first = { 0 };
	struct str call = filled(d, COURSE(FINE ",\"idempotency_key\":\"k\""));
	struct str other = filled(d, COURSE("\"course\":\"c\",\"title\":\"u\","
					    "\"idempotency_key\":\"k\""));

	for (int t = 0; t < TRANSPORTS; t++) {
		struct line l;
		struct str r;

		open_line(&l, d, transports[t]);
		r = exchange(&l, call);
		assert_true(str_find(r, STR("\"result\""), 0) != SIZE_MAX);
		if (!first.p)
			first = r;
		assert_true(str_eq(first, r));
		assert_true(says(exchange(&l, other), "conflict"));
		close_line(&l);
	}
}

static void a_revoked_key_is_nobody_at_once(void **state)
{
	struct daemon *d = *state;
	char was[sizeof(d->key)];
	const char *id, *key;
	struct str made;

	assert_int_equal(daemon_call(d, "key.create",
				     "{\"name\":\"k\",\"roles\":"
				     "[\"platform\"]}"),
			 OK);
	made = str_copy(d->cx.arena, d->result);
	id = strstr(str_z(d->cx.arena, made), "\"id\":\"") + 6;
	key = strstr(id, "assay_");
	snprintf(was, sizeof(was), "%s", d->key);
	snprintf(d->key, sizeof(d->key), "%.*s", (int)strcspn(key, "\""), key);
	assert_int_equal(daemon_call(d, "course.list", "{}"), OK);
	snprintf(d->key, sizeof(d->key), "%s", was);
	assert_int_equal(daemon_call(d, "key.revoke", "{\"id\":\"%.36s\"}", id),
			 OK);
	snprintf(d->key, sizeof(d->key), "%.*s", (int)strcspn(key, "\""), key);
	assert_int_equal(daemon_call(d, "course.list", "{}"),
			 ERR_UNAUTHENTICATED);
	snprintf(d->key, sizeof(d->key), "%s", was);
}

/* Good messages with some bytes changed. */
static void damaged_messages_never_stop_the_server(void **state)
{
	enum { ROUNDS = 400 };
	struct daemon *d = *state;
	struct rng_seeded rng;

	rng_property(&rng);
	for (int t = 0; t < TRANSPORTS; t++) {
		struct line l;

		open_line(&l, d, transports[t]);
		for (int i = 0; i < ROUNDS; i++) {
			size_t row = (size_t)rng_below(&rng.rng, ROWS);
			struct str m = filled(d, rows[row].message);
			char *p = arena_alloc(d->cx.arena, m.n + 1);

			memcpy(p, m.p, m.n);
			for (int k = 0; m.n && k < 3; k++)
				p[rng_below(&rng.rng, m.n)] =
					(char)rng_below(&rng.rng, 256);
			(void)exchange(&l, (struct str){ p, m.n });
		}
		is_fine(&l);
		close_line(&l);
	}
}

static int begin(void **state)
{
	static struct daemon d;

	daemon_make(&d);
	daemon_init(&d);
	daemon_start(&d, NULL);
	*state = &d;
	return 0;
}

static int end(void **state)
{
	struct daemon *d = *state;
	int code = daemon_stop(d, SIGTERM);

	daemon_drop(d);
	return code;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_messages_are_refused_by_kind),
		cmocka_unit_test(refusals_tell_no_secret),
		cmocka_unit_test(large_and_deep_messages_are_refused),
		cmocka_unit_test(a_huge_message_costs_its_connection_alone),
		cmocka_unit_test(bytes_where_none_are_taken_are_refused),
		cmocka_unit_test(a_key_is_replayed_over_every_transport),
		cmocka_unit_test(a_revoked_key_is_nobody_at_once),
		cmocka_unit_test(damaged_messages_never_stop_the_server),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
