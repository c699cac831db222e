/* Settings: what is wrong is said before the server starts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/config.h"

struct line {
	const char *key, *value, *blames; /* blames NULL: it is fine */
};

static void check(const struct line *lines, size_t n)
{
	struct ctx cx = { .arena = arena_new(4096), .rng = rng_system() };

	for (size_t i = 0; i < n; i++) {
		const struct line *l = &lines[i];
		struct config c;
		enum err e;

		config_defaults(&c);
		e = config_set(&cx, &c, str_of(l->key), str_of(l->value));
		if (!e)
			e = config_check(&cx, &c);
		if (e == OK && !l->blames)
			continue;
		print_message("%s = %s: %s\n", l->key, l->value, cx.error.text);
		assert_int_equal(e, l->blames ? ERR_INVALID : OK);
		assert_non_null(strstr(cx.error.text, l->blames));
	}
	arena_free(cx.arena);
}

static void addresses_are_checked_before_they_are_used(void **state)
{
	static const struct line lines[] = {
		{ "listen", "", NULL },
		{ "listen", "ipc:///tmp/a, ws://[::1]:80/rpc", NULL },
		{ "listen", "tcp://localhost:1", NULL },
		{ "listen", "nonsense", "setting listen: nonsense" },
		{ "listen", "ipc:///tmp/a,tcp://0.0.0.0:1", "127.0.0.1" },
		{ "listen", "ws://10.0.0.1:80/rpc", "127.0.0.1" },
		{ "listen", "ws://127.0.0.1:80", "needs a path" },
		{ "listen", "wss://a.example:443/rpc", "tls_cert" },
	};

	(void)state;
	check(lines, sizeof(lines) / sizeof(*lines));
}

static void a_store_is_of_a_known_kind(void **state)
{
	static const struct line lines[] = {
		{ "store", "", NULL },
		{ "store", "sqlite:/tmp/a.db", NULL },
		{ "store", "postgresql://assay@db/assay", NULL },
		{ "store", "sqlite:", "setting store" },
		{ "store", "mysql://db", "setting store" },
	};

	(void)state;
	check(lines, sizeof(lines) / sizeof(*lines));
}

static void values_have_their_limits(void **state)
{
	static const struct line lines[] = {
		{ "rate", "0", NULL },
		{ "rate", "-1", "setting rate" },
		{ "rate", "many", "setting rate" },
		{ "drain", "2s", NULL },
		{ "drain", "2 parsecs", "setting drain" },
		{ "log_level", "loud", "log_level" },
		{ "ratee", "1", "no setting is named ratee" },
	};

	(void)state;
	check(lines, sizeof(lines) / sizeof(*lines));
}

static void a_certificate_must_be_readable(void **state)
{
	struct ctx cx = { .arena = arena_new(4096), .rng = rng_system() };
	struct config c;

	(void)state;
	config_defaults(&c);
	c.listen = STR("wss://a.example:443/rpc");
	c.tls_cert = STR("/nowhere/cert.pem");
	assert_int_equal(config_check(&cx, &c), ERR_INVALID);
	assert_non_null(strstr(cx.error.text, "/nowhere/cert.pem"));
	c.tls_cert = STR("/dev/null");
	assert_int_equal(config_check(&cx, &c), OK);
	arena_free(cx.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_checked_before_they_are_used),
		cmocka_unit_test(a_store_is_of_a_known_kind),
		cmocka_unit_test(values_have_their_limits),
		cmocka_unit_test(a_certificate_must_be_readable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
