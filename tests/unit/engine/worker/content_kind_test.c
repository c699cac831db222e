/* content.sync as a worker does it, on folders; the server is the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/worker/content_host.h"
#include "engine/worker/content_kind.h"

struct test {
	struct ctx cx;
	char dir[64];
	struct worker_job job;
	struct worker_server server;
	struct worker_env env;
	struct buf said; /* what the server heard: a line each */
	struct buf result;
	enum err answer;
};

static enum err heard(struct ctx *cx, void *arg, struct str method,
		      struct str params, struct str bytes,
		      struct client_reply *out)
{
	struct test *t = arg;

	(void)cx;
	buf_fmt(&t->said, "%.*s %.*s <%.*s>\n", STR_FMT(method),
		STR_FMT(params), STR_FMT(bytes));
	*out = (struct client_reply){ .code = t->answer,
				      .result = STR("{}"),
				      .message = STR("no") };
	return OK;
}

static int remove_one(const char *path, const struct stat *st, int flag,
		      struct FTW *f)
{
	(void)st;
	(void)flag;
	(void)f;
	return remove(path);
}

static void put(struct test *t, const char *name, const char *text)
{
	FILE *f = fopen(str_fmt(t->cx.arena, "%s/%s", t->dir, name).p, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void folder(struct test *t, const char *name)
{
	assert_int_equal(
		mkdir(str_fmt(t->cx.arena, "%s/%s", t->dir, name).p, 0755), 0);
}

static int open_test(void **state)
{
	static struct test t;

	t = (struct test){ .cx = { .arena = arena_new(1 << 20) } };
	snprintf(t.dir, sizeof(t.dir), "/tmp/assay-content-XXXXXX");
	assert_non_null(mkdtemp(t.dir));
	t.job = (struct worker_job){ .fence = 3, .kind = STR("content.sync") };
	t.job.id.b[0] = t.job.org.b[0] = 1;
	t.server = (struct worker_server){ .arg = &t, .call = heard };
	t.env = (struct worker_env){ .job = &t.job,
				     .server = &t.server,
				     .content_roots = str_of(t.dir) };
	folder(&t, "bio");
	folder(&t, "bio/tests");
	put(&t, "bio/tests/1.in", "1 2\n");
	put(&t, "bio/x.assessment.json", "{\"a\":{\"file\":\"tests/1.in\"}}");
	put(&t, "bio/y.assessment.json", "{\"a\":{\"file\":\"tests/2.in\"}}");
	put(&t, "bio/z.lab.json", "{");
	put(&t, "bio/readme.md", "hello");
	put(&t, "secret", "s");
	assert_int_equal(symlink("../secret",
				 str_fmt(t.cx.arena, "%s/bio/link", t.dir).p),
			 0);
	*state = &t;
	return 0;
}

static int close_test(void **state)
{
	struct test *t = *state;

	nftw(t->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	buf_done(&t->said);
	buf_done(&t->result);
	arena_free(t->cx.arena);
	return 0;
}

static enum err run(struct test *t, const char *root, const char *more)
{
	err_clear(&t->cx);
	buf_reset(&t->said);
	buf_reset(&t->result);
	return content_kind.run(
		&t->cx, &t->env,
		str_fmt(t->cx.arena,
			"{\"source\":\"x\",\"root\":\"%s\",\"folder\":\"bio\","
			"\"private_ok\":false%s}",
			root, more),
		(struct str){ 0 }, &t->result);
}

static bool has(const struct buf *b, const char *what)
{
	return str_find(buf_view(b), str_of(what), 0) != SIZE_MAX;
}

static void each_file_is_handed_in_with_what_it_refers_to(void **state)
{
	struct test *t = *state;

	assert_int_equal(run(t, t->dir, ""), OK);
	assert_true(has(&t->said, "\"path\":\"x.assessment.json\""));
	assert_true(has(&t->said, "<{\"a\":{\"text\":\"1 2\\n\"}}>"));
	/* One that refers to nothing goes in with what is wrong. */
	assert_true(has(&t->said, "\"code\":\"missing_file\""));
	assert_true(has(&t->said, "\"path\":\"z.lab.json\",\"why\":"));
	assert_false(has(&t->said, "readme"));
	assert_true(has(&t->result, "{\"commit\":\"b2:"));
	assert_true(has(&t->result, "\"files\":5"));
	assert_true(has(&t->result,
			"{\"name\":\"link\",\"why\":\"is a symbolic link\"}"));
	assert_false(has(&t->result, "secret"));
}

static void a_folder_that_this_machine_does_not_offer_is_not_read(void **state)
{
	struct test *t = *state;

	assert_int_equal(run(t, "/tmp", ""), ERR_DENIED);
	t->env.content_roots = (struct str){ 0 };
	assert_int_equal(run(t, t->dir, ""), ERR_DENIED);
	assert_int_equal(t->said.n, 0);
}

static void a_plain_folder_has_no_commits(void **state)
{
	struct test *t = *state;

	assert_int_equal(run(t, t->dir, ",\"ref\":\"main\""), ERR_INVALID);
	assert_int_equal(run(t, t->dir, ",\"path\":\"tests\""), OK);
	assert_true(has(&t->result, "\"files\":1"));
	assert_int_equal(run(t, t->dir, ",\"path\":\"../bio\""), ERR_INVALID);
}

static void what_the_server_refuses_ends_the_job(void **state)
{
	struct test *t = *state;

	t->answer = ERR_CONFLICT;
	assert_int_equal(run(t, t->dir, ""), ERR_CONFLICT);
	assert_int_equal(t->result.n, 0);
}

static void a_private_address_is_refused_unless_it_is_allowed(void **state)
{
	struct test *t = *state;
	struct source_url url = { .host = STR("127.0.0.1") };
	struct str address = { 0 };

	assert_int_equal(content_host(&t->cx, &url, false, &address),
			 ERR_DENIED);
	assert_int_equal(content_host(&t->cx, &url, true, &address), OK);
	assert_true(str_is(address, "127.0.0.1"));
	url.host = STR("8.8.8.8");
	assert_int_equal(content_host(&t->cx, &url, false, &address), OK);
	assert_true(str_is(address, "8.8.8.8"));
	/* The kind asks it before anything is run. */
	assert_int_equal(
		content_kind.run(&t->cx, &t->env,
				 STR("{\"source\":\"https://10.0.0.1/x\","
				     "\"private_ok\":false}"),
				 (struct str){ 0 }, &t->result),
		ERR_DENIED);
}

#define content_test(f)                                                        \
	cmocka_unit_test_setup_teardown(f, open_test, close_test)

int main(void)
{
	const struct CMUnitTest tests[] = {
		content_test(each_file_is_handed_in_with_what_it_refers_to),
		content_test(
			a_folder_that_this_machine_does_not_offer_is_not_read),
		content_test(a_plain_folder_has_no_commits),
		content_test(what_the_server_refuses_ends_the_job),
		content_test(a_private_address_is_refused_unless_it_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
