#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/check.h"
#include "tests/support/rpc_world.h"

#include "engine/rpc/version.h"

static struct ctx cx;

static int set_up(void **state)
{
	(void)state;
	cx = (struct ctx){ .arena = arena_new(1 << 20) };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(cx.arena);
	return 0;
}

static void rows_are_found_by_name(void **state)
{
	struct rpc_index *x = rpc_index_new(&rw_table);
	const struct rpc_method *m;
	size_t it = 0, n = 0;

	(void)state;
	while ((m = rpc_each(&rw_table, &it))) {
		const struct rpc_entry *e = rpc_index_find(x, str_of(m->name));

		assert_non_null(e);
		assert_ptr_equal(e->method, m);
		assert_int_equal(e->number, n++);
		assert_ptr_equal(rpc_find(&rw_table, str_of(m->name)), m);
		assert_ptr_equal(rpc_index_at(x, e->number), e);
	}
	assert_int_equal(rpc_index_count(x), n);
	assert_null(rpc_index_find(x, STR("no.such")));
	assert_null(rpc_index_find(x, STR("")));
	assert_null(rpc_find(&rw_table, STR("test.ech")));
	rpc_index_free(x);
}

static void commands_take_a_key_and_queries_do_not(void **state)
{
	struct rpc_index *x = rpc_index_new(&rw_table);

	(void)state;
	for (size_t i = 0; i < rpc_index_count(x); i++) {
		const struct rpc_entry *e = rpc_index_at(x, i);

		assert_int_equal(e->key_at != 0,
				 (e->method->flags & RPC_WRITES) != 0);
	}
	rpc_index_free(x);
}

static void index_of(const struct rpc_method *rows)
{
	const struct rpc_method *const tables[] = { rows, NULL };
	const struct rpc_table t = { tables };

	rpc_index_free(rpc_index_new(&t));
}

static void no_roles(void)
{
	const struct rpc_method rows[] = {
		{ .name = "a.b", .does = "x", .run = rw_echo }, { 0 }
	};

	index_of(rows);
}

static void same_name(void)
{
	const struct rpc_method rows[] = {
		{ .name = "a.b", .does = "x", .run = rw_echo, .roles = 1 },
		{ .name = "a.b", .does = "x", .run = rw_echo, .roles = 1 },
		{ 0 }
	};

	index_of(rows);
}

static void slow_command(void)
{
	const struct rpc_method rows[] = { { .name = "a.b",
					     .does = "x",
					     .run = rw_echo,
					     .roles = 1,
					     .flags = RPC_WRITES | RPC_SLOW },
					   { 0 } };

	index_of(rows);
}

static void wrong_rows_do_not_start(void **state)
{
	(void)state;
	assert_true(aborts(no_roles));
	assert_true(aborts(same_name));
	assert_true(aborts(slow_command));
}

static void discover_is_json_and_has_every_row(void **state)
{
	struct buf b = { 0 };
	const struct rpc_method *m;
	struct jval methods, row, v, name;
	struct jdoc *doc;
	struct str ignored;
	uint32_t it = 0;
	size_t rows = 0;

	(void)state;
	rpc_discover(&b, &rw_table);
	assert_false(b.failed);
	if (jdoc_parse(&cx, buf_view(&b), &doc))
		fail_msg("%s", cx.error.text);
	assert_true(jval_get(jdoc_root(doc), "openrpc", &v));
	assert_true(jval_get(jdoc_root(doc), "info", &v));
	assert_true(jval_get(jdoc_root(doc), "components", &v));
	assert_true(jval_get(jdoc_root(doc), "methods", &methods));
	while (jval_next(methods, &it, &ignored, &row)) {
		m = rpc_each(&rw_table, &rows);
		assert_non_null(m);
		assert_true(jval_get(row, "name", &name));
		assert_true(str_is(jval_str(&cx, name), m->name));
		assert_true(jval_get(row, "params", &v));
		assert_int_equal(jval_type(v), J_ARRAY);
		assert_true(jval_get(row, "result", &v));
		assert_true(jval_get(v, "schema", &v));
		assert_true(jval_get(row, "errors", &v));
		assert_true(jval_get(row, "x-roles", &v));
		assert_true(jval_count(v) > 0);
		assert_true(jval_get(row, "x-kind", &v));
	}
	assert_null(rpc_each(&rw_table, &rows));
	/* A parameter's own schema is the field's. */
	assert_true(str_find(buf_view(&b),
			     STR("{\"name\":\"n\",\"description\":\"a number\","
				 "\"required\":false,\"schema\":{\"type\":"
				 "\"integer\",\"minimum\":0,\"maximum\":1000,"
				 "\"description\":\"a number\"}}"),
			     0) != SIZE_MAX);
	buf_done(&b);
}

static void the_manual_has_every_row_role_and_error(void **state)
{
	struct buf b = { 0 };
	const struct rpc_method *m;
	size_t it = 0;

	(void)state;
	rpc_manual(&b, &rw_table);
	while ((m = rpc_each(&rw_table, &it))) {
		struct str head = str_fmt(cx.arena, "\n### %s\n", m->name);

		assert_true(str_find(buf_view(&b), head, 0) != SIZE_MAX);
	}
	for (int i = 1; i < ERR_COUNT; i++)
		assert_true(str_find(buf_view(&b),
				     str_of(err_kind((enum err)i)),
				     0) != SIZE_MAX);
	buf_done(&b);
}

static void the_version_is_the_builds(void **state)
{
	FILE *f = fopen(SOURCE_DIR "/CMakeLists.txt", "r");
	char line[200];
	bool found = false;

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (strstr(line, "project(assay VERSION " ASSAY_VERSION " "))
			found = true;
	fclose(f);
	assert_true(found);
}

static void metrics_are_counted_and_told(void **state)
{
	struct metrics *m = metrics_new(&rw_table);
	struct buf b = { 0 };

	(void)state;
	metrics_call(m, 1, OK, 60000);
	metrics_call(m, 1, ERR_NOT_FOUND, 3000000000);
	metrics_refused(m, ERR_BAD_JSON);
	metrics_page(m, &b);
	assert_true(str_find(buf_view(&b),
			     STR("assay_call_seconds_bucket{method=\"server."
				 "ping\",le=\"0.0001\"} 1\n"),
			     0) != SIZE_MAX);
	assert_true(str_find(buf_view(&b),
			     STR("assay_call_seconds_count{method=\"server."
				 "ping\"} 2\n"),
			     0) != SIZE_MAX);
	assert_true(str_find(buf_view(&b),
			     STR("assay_errors_total{kind=\"bad_json\"} 1\n"),
			     0) != SIZE_MAX);
	assert_true(str_find(buf_view(&b),
			     STR("assay_calls_failed_total{method=\"server."
				 "ping\"} 1\n"),
			     0) != SIZE_MAX);
	buf_done(&b);
	metrics_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_found_by_name),
		cmocka_unit_test(commands_take_a_key_and_queries_do_not),
		cmocka_unit_test(wrong_rows_do_not_start),
		cmocka_unit_test(discover_is_json_and_has_every_row),
		cmocka_unit_test(the_manual_has_every_row_role_and_error),
		cmocka_unit_test(the_version_is_the_builds),
		cmocka_unit_test(metrics_are_counted_and_told),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
