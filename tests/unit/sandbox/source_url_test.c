#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "sandbox/source_url.h"

static void urls_are_taken_apart(void **state)
{
	struct ctx cx = { .arena = arena_new(4096) };
	struct source_url u;

	(void)state;
	assert_int_equal(source_url_read(&cx, "/s",
					 STR("https://Example.org/a/b.git"),
					 &u),
			 OK);
	assert_int_equal(u.scheme, SOURCE_HTTPS);
	assert_true(str_is(u.host, "example.org"));
	assert_int_equal(u.port, 443);
	assert_true(str_is(u.path, "/a/b.git"));
	assert_int_equal(
		source_url_read(&cx, "/s", STR("git://[::1]:99/x"), &u), OK);
	assert_true(str_is(u.host, "::1"));
	assert_int_equal(u.port, 99);
	arena_free(cx.arena);
}

static void what_is_no_url_of_a_repository_is_refused(void **state)
{
	static const struct {
		const char *url;
		enum err want;
	} rows[] = {
		{ "", ERR_INVALID },
		{ "example.org", ERR_INVALID },
		{ "ssh://example.org/x", ERR_UNSUPPORTED },
		{ "HTTPS://example.org/x", ERR_UNSUPPORTED },
		{ "ext::sh -c x", ERR_INVALID },
		{ "file:///etc/passwd", ERR_UNSUPPORTED },
		{ "https://u:p@example.org/x", ERR_INVALID },
		{ "https://u@example.org/x", ERR_INVALID },
		{ "https://exa mple.org/x", ERR_INVALID },
		{ "https://example.org\\@evil/x", ERR_INVALID },
		{ "https://example.org/x\r\nHost: y", ERR_INVALID },
		{ "https://example.org:0/x", ERR_INVALID },
		{ "https://example.org:65536/x", ERR_INVALID },
		{ "https://example.org:/x", ERR_INVALID },
		{ "https://[::1/x", ERR_INVALID },
		{ "https://[x]/x", ERR_INVALID },
		{ "https:///x", ERR_INVALID },
		{ "https://ex%61mple.org/x", ERR_INVALID },
		{ "https://example.org/x?y", ERR_INVALID },
		{ "https://example.org/x#y", ERR_INVALID },
	};
	struct ctx cx = { .arena = arena_new(4096) };
	struct source_url u;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (source_url_read(&cx, "/s", str_of(rows[i].url), &u) !=
		    rows[i].want)
			fail_msg("%s", rows[i].url);
	arena_free(cx.arena);
}

static bool is_private(const char *z)
{
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, z, &four.sin_addr) == 1)
		return source_private((struct sockaddr *)&four);
	assert_int_equal(inet_pton(AF_INET6, z, &six.sin6_addr), 1);
	return source_private((struct sockaddr *)&six);
}

/* The first and last of each range, and their neighbours. */
static void private_addresses_are_known(void **state)
{
	static const char *const own[] = {
		"0.0.0.0",
		"0.255.255.255",
		"10.0.0.0",
		"10.255.255.255",
		"100.64.0.0",
		"100.127.255.255",
		"127.0.0.1",
		"169.254.169.254",
		"172.16.0.0",
		"172.31.255.255",
		"192.0.0.1",
		"192.168.0.0",
		"192.168.255.255",
		"198.18.0.1",
		"198.19.255.255",
		"203.0.113.9",
		"224.0.0.1",
		"255.255.255.255",
		"::",
		"::1",
		"::ffff:127.0.0.1",
		"::ffff:10.0.0.1",
		"64:ff9b::a00:1",
		"fe80::1",
		"fc00::1",
		"fd12::1",
		"ff02::1",
		"2002:0a00:1::",
		"2001::1",
		"2001:db8::1",
		"3fff::1",
		"::127.0.0.1",
	};
	static const char *const public[] = {
		"1.1.1.1",	   "9.255.255.255",   "11.0.0.0",
		"100.63.255.255",  "100.128.0.0",     "126.255.255.255",
		"128.0.0.0",	   "169.253.255.255", "169.255.0.0",
		"172.15.255.255",  "172.32.0.0",      "192.167.255.255",
		"192.169.0.0",	   "198.17.255.255",  "198.20.0.0",
		"223.255.255.255", "2606:4700::1111", "2a00::1",
		"::ffff:8.8.8.8",  "2002:808:808::",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (!is_private(own[i]))
			fail_msg("%s is taken for public", own[i]);
	for (size_t i = 0; i < sizeof(public) / sizeof(*public); i++)
		if (is_private(public[i]))
			fail_msg("%s is taken for private", public[i]);
}

static void refs_are_names_as_git_has_them(void **state)
{
	static const char *const good[] = { "",		 "main",
					    "v1.2",	 "refs/heads/x",
					    "feature/y", "0123abcd" };
	static const char *const bad[] = { "-x",     "a b",   "a..b", "a~1",
					   "a^",     "a:b",   "/a",   "a/",
					   "a.lock", "a@{1}", "a\nb", "a*",
					   "a//b" };
	struct ctx cx = { .arena = arena_new(4096) };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_int_equal(source_ref_check(&cx, "/r", str_of(good[i])),
				 OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!source_ref_check(&cx, "/r", str_of(bad[i])))
			fail_msg("%s is taken", bad[i]);
	arena_free(cx.arena);
}

static void hosts_are_found_in_lists(void **state)
{
	struct str list = STR("a.org, *.b.org,c.org");

	(void)state;
	assert_true(source_listed(list, STR("a.org")));
	assert_true(source_listed(list, STR("A.org")));
	assert_true(source_listed(list, STR("x.b.org")));
	assert_true(source_listed(list, STR("c.org")));
	assert_false(source_listed(list, STR("b.org")));
	assert_false(source_listed(list, STR("xb.org")));
	assert_false(source_listed(list, STR("x.a.org")));
	assert_false(source_listed(STR(""), STR("a.org")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_are_taken_apart),
		cmocka_unit_test(what_is_no_url_of_a_repository_is_refused),
		cmocka_unit_test(private_addresses_are_known),
		cmocka_unit_test(refs_are_names_as_git_has_them),
		cmocka_unit_test(hosts_are_found_in_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
