/* Settings: what is wrong is said before the server starts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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
		e = setting_set(&cx, &config_settings, &c, str_of(l->key),
				str_of(l->value));
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

#define TEN "abcdefghij"

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
		{ "listen", "tcp://127.0.0.1", "needs a port" },
		{ "listen", "tcp://[::1]", "needs a port" },
		{ "listen", "tcp://127.0.0.1:", "needs a port" },
		{ "listen", "ws://127.0.0.1:/rpc", "needs a port" },
		{ "listen", "ws://127.0.0.1/rpc", NULL }, /* 80 */
		{ "listen", "tcp://localhost:99999", "65535" },
		{ "listen", "tcp://localhost:-1", "65535" },
		{ "listen", "tcp://localhost:http", "65535" },
		{ "listen", "tls+tcp://h:65536", "65535" },
		{ "listen", "ipc://", "needs the path" },
		{ "listen",
		  "ipc:///" TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "1234567",
		  "107" },
		{ "listen", ",", "no URL" },
		{ "listen", " , ,", "no URL" },
		{ "listen", "ipc:///tmp/a,ipc:///tmp/a", "where ipc:///tmp/a" },
		{ "listen", "tcp://127.0.0.1:80,ws://localhost:80/rpc",
		  "where tcp://127.0.0.1:80" },
		{ "listen", "tcp://[::1]:80,tcp://127.0.0.1:80", NULL },
		{ "listen", "tcp://127.0.0.1:0,tcp://127.0.0.1:0", NULL },
		{ "data", TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN, "107" },
		{ "feed", "junk", "setting feed: junk" },
		{ "feed", ",", "no URL" },
		{ "feed", "tcp://10.0.0.1:80", "127.0.0.1" },
		{ "feed", "tls+tcp://h:80", "tls_cert" },
		{ "feed", "none", NULL },
		{ "feed", "ipc:///tmp/f", NULL },
		{ "feed", "ws://127.0.0.1:8140/feed", NULL },
		{ "feed", "tcp://127.0.0.1:8140", "where requests" },
		{ "feed", "ipc://assay-data/assay.sock", "where requests" },
		{ "origins", "https://a.example, http://b.example:80", NULL },
		{ "origins", "*", NULL },
		{ "origins", "foo", "foo is no origin" },
		{ "origins", "https://a.example/", "is no origin" },
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
	c.tls_cert = STR("/dev/null"); /* has neither */
	assert_int_equal(config_check(&cx, &c), ERR_INVALID);
	assert_non_null(
		strstr(cx.error.text, "tls_cert: /dev/null is no PEM file"));
	arena_free(cx.arena);
}

static void a_variable_that_is_no_settings_is_noticed(void **state)
{
	static const struct {
		const char *entry;
		bool stray;
		const char *nearest;
	} rows[] = {
		{ "ASSAY_RTE=5", true, "rate" },
		{ "ASSAY_LOGLEVEL=info", true, "log_level" },
		{ "ASSAY_ENTIRELY_OTHER=1", true, NULL },
		{ "ASSAY_RATE=5", false, NULL },
		{ "ASSAY_URL=ipc:///x", false, NULL },
		{ "ASSAY_TOKEN_FILE=x", false, NULL },
		{ "PATH=/bin", false, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *nearest;

		assert_int_equal(config_stray(rows[i].entry, &nearest),
				 rows[i].stray);
		if (rows[i].nearest)
			assert_string_equal(nearest, rows[i].nearest);
		else
			assert_null(nearest);
	}
}

static void a_setting_stands_in_a_file_once(void **state)
{
	struct ctx cx = { .arena = arena_new(4096), .rng = rng_system() };
	char path[] = "/tmp/assay-conf-XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");
	struct config c;

	(void)state;
	assert_non_null(f);
	fputs("rate = 5\nnode = 2\n# again\nrate = 6\n", f);
	fclose(f);
	config_defaults(&c);
	assert_int_equal(config_file(&cx, &c, path), ERR_INVALID);
	assert_non_null(strstr(cx.error.text, "line 4"));
	assert_non_null(strstr(cx.error.text, "rate is given twice"));
	assert_non_null(strstr(cx.error.text, "line 1"));
	unlink(path);
	arena_free(cx.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_checked_before_they_are_used),
		cmocka_unit_test(a_store_is_of_a_known_kind),
		cmocka_unit_test(values_have_their_limits),
		cmocka_unit_test(a_certificate_must_be_readable),
		cmocka_unit_test(a_variable_that_is_no_settings_is_noticed),
		cmocka_unit_test(a_setting_stands_in_a_file_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
