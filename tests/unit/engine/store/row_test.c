/* Columns into structs: what the database may hold that a struct may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/store/driver.h"

struct row {
	bool flag;
	int64_t n;
	struct dec points;
	int state;
	uint32_t roles;
	struct id id;
	struct str text, bytes;
	struct list tags;
	int64_t size;
	bool has_size;
};

static const char *const words[] = { "a", "b", NULL };
static const struct field fields[] = {
	FIELD(struct row, flag, KIND_BOOL, ""),
	FIELD(struct row, n, KIND_INT, ""),
	FIELD(struct row, points, KIND_DEC, ""),
	FIELD(struct row, state, KIND_ENUM, "", .words = words),
	FIELD(struct row, roles, KIND_FLAGS, "", .words = words),
	FIELD(struct row, id, KIND_ID, ""),
	FIELD(struct row, text, KIND_STR, ""),
	FIELD(struct row, bytes, KIND_BYTES, ""),
	FIELD_OPT(struct row, tags, KIND_LIST, "", .of = KIND_INT),
	FIELD_MAYBE(struct row, size, has_size, KIND_INT, ""),
	FIELD_END,
};
static const struct shape shape = SHAPE(struct row, fields);
enum { FLAG, N, POINTS, STATE, ROLES, ID, TEXT, BYTES, TAGS, SIZE, COLUMNS };

static int set_up(void **state)
{
	static struct ctx cx;

	cx.arena = arena_new(4096);
	*state = &cx;
	return 0;
}

static int tear_down(void **state)
{
	arena_free(((struct ctx *)*state)->arena);
	return 0;
}

static void good(struct val v[COLUMNS])
{
	static const struct id id = { { 1, 2, 3 } };

	v[FLAG] = v_int(1);
	v[N] = v_int(-4);
	v[POINTS] = v_dec(dec_ratio(1, 2));
	v[STATE] = v_int(1);
	v[ROLES] = v_int(3);
	v[ID] = v_id(&id);
	v[TEXT] = v_z("text");
	v[BYTES] = v_bytes(STR("\0\1"));
	v[TAGS] = v_z("[3,4]");
	v[SIZE] = v_int(0);
}

static void columns_that_fit_fill_the_struct(void **state)
{
	struct val v[COLUMNS];
	struct row r = { 0 };

	good(v);
	assert_int_equal(store_put_row(*state, &shape, v, &r), OK);
	assert_true(r.flag && r.n == -4 && r.state == 1 && r.roles == 3);
	assert_true(r.points.nano == DEC_ONE_NANO / 2 && r.id.b[2] == 3);
	assert_true(str_is(r.text, "text") && r.bytes.n == 2);
	assert_true(r.tags.n == 2 && ((int64_t *)r.tags.at)[1] == 4);
	assert_true(r.has_size && r.size == 0);
}

static void nulls_leave_members_as_they_were(void **state)
{
	struct val v[COLUMNS] = { 0 };
	struct row r = { .has_size = true }, zero = { 0 };

	assert_int_equal(store_put_row(*state, &shape, v, &r), OK);
	assert_memory_equal(&r, &zero, sizeof(r));
}

static void a_column_that_does_not_fit_is_corrupt(void **state)
{
	const struct {
		int at;
		struct val v;
	} bad[] = {
		{ FLAG, v_z("yes") },
		{ N, v_z("4") },
		{ POINTS, v_bytes(STR("1")) },
		{ STATE, v_int(2) },
		{ STATE, v_int(-1) },
		{ STATE, v_int(INT64_MAX) },
		{ ROLES, v_int(-1) },
		{ ROLES, v_int(INT64_C(1) << 32) },
		{ ID, v_bytes(STR("too short")) },
		{ ID, v_z("0190a0a0-0000-7000-8000-000000000000") },
		{ TEXT, v_bytes(STR("text")) },
		{ TEXT, v_int(4) },
		{ BYTES, v_z("text") },
		{ TAGS, v_z("[3,") },
		{ TAGS, v_z("[\"3\"]") },
		{ TAGS, v_z("3") },
		{ TAGS, v_int(3) },
		{ SIZE, v_z("") },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ctx *cx = *state;
		struct val v[COLUMNS];
		struct row r = { 0 };

		good(v);
		v[bad[i].at] = bad[i].v;
		if (store_put_row(cx, &shape, v, &r) != ERR_CORRUPT)
			fail_msg("case %zu", i);
		assert_non_null(
			strstr(cx->error.detail, fields[bad[i].at].name));
	}
}

static void none_and_absent_are_bound_as_null(void **state)
{
	struct id none = { 0 };

	(void)state;
	assert_int_equal(v_id(&none).type, VAL_NULL);
	assert_int_equal(v_text((struct str){ 0 }).type, VAL_NULL);
	assert_int_equal(v_bytes((struct str){ 0 }).type, VAL_NULL);
	assert_int_equal(v_z(NULL).type, VAL_NULL);
	assert_int_equal(v_text(STR("")).type, VAL_TEXT);
	assert_int_equal(v_bytes(STR("")).type, VAL_BYTES);
	assert_int_equal(v_bool(true).i, 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(columns_that_fit_fill_the_struct),
		T(nulls_leave_members_as_they_were),
		T(a_column_that_does_not_fit_is_corrupt),
		T(none_and_absent_are_bound_as_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
