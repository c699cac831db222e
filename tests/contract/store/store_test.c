/* What store.h promises, on both engines. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/support/store/both.h"

static struct store_conn *begin(struct sw *w)
{
	struct store_conn *c = store_writer(w->store);

	assert_int_equal(store_begin(c, &w->cx), OK);
	w->cx.db = c;
	return c;
}

static void commit(struct sw *w)
{
	assert_int_equal(store_commit(w->cx.db, &w->cx), OK);
	w->cx.db = NULL;
}

static enum err add(struct sw *w, const struct id *id, int64_t n,
		    const char *name)
{
	return store_exec(&w->cx, &thing_sql[THING_ADD],
			  VALS(v_id(id), v_int(n), v_z(name)), NULL);
}

static struct store_conn *reader(struct sw *w)
{
	w->cx.db = store_reader(w->store, 1000);
	assert_non_null(w->cx.db);
	return w->cx.db;
}

static void done(struct sw *w)
{
	store_reader_done(w->store, w->cx.db);
	w->cx.db = NULL;
}

static struct thing load(struct sw *w, const struct id *id)
{
	struct thing t;

	reader(w);
	assert_int_equal(
		store_one(&w->cx, &thing_sql[THING_BY_ID], VALS(v_id(id)), &t),
		OK);
	done(w);
	return t;
}

#define assert_str(s, z) assert_true(str_eq(s, z))

/* Values */

static void every_kind_of_value_comes_back_as_it_went_in(struct sw *w)
{
	struct id id = sw_id(w);
	const struct str *tags;
	struct thing t;

	begin(w);
	assert_int_equal(
		store_exec(&w->cx, &thing_sql[THING_INSERT],
			   VALS(v_id(&id), v_int(INT64_MIN),
				v_z("zürich \"x\""), v_bool(true),
				v_dec((struct dec){ INT64_MAX }), v_int(-1),
				v_int(2), v_int(5), v_z("{\"a\":[1,null]}"),
				v_bytes(STR("\0\xff\0")),
				v_bytes(STR("\x01\x02")),
				v_z("[\"p\",\"\",\"q\\n\"]"),
				v_z("{\"x\":9007199254740993,\"y\":-7}"),
				v_int(INT64_MAX)),
			   NULL),
		OK);
	commit(w);
	t = load(w, &id);
	assert_true(id_eq(&t.id, &id));
	assert_true(t.n == INT64_MIN);
	assert_str(t.name, STR("zürich \"x\""));
	assert_true(t.flag);
	assert_true(t.points.nano == INT64_MAX);
	assert_int_equal(t.at_ms, -1);
	assert_int_equal(t.state, 2);
	assert_int_equal(t.roles, 5);
	assert_str(t.raw, STR("{\"a\":[1,null]}"));
	assert_str(t.bytes, STR("\0\xff\0"));
	assert_str(t.hex, STR("\x01\x02"));
	assert_int_equal(t.tags.n, 3);
	tags = t.tags.at;
	assert_str(tags[0], STR("p"));
	assert_str(tags[1], STR(""));
	assert_str(tags[2], STR("q\n"));
	assert_true(t.place.x == INT64_C(9007199254740993));
	assert_int_equal(t.place.y, -7);
	assert_true(t.has_size && t.size == INT64_MAX);
}

static void null_comes_back_as_absent_and_empty_as_empty(struct sw *w)
{
	struct id a = sw_id(w), b = sw_id(w), none = { 0 };
	struct thing t;

	begin(w);
	assert_int_equal(
		store_exec(&w->cx, &thing_sql[THING_INSERT],
			   VALS(v_id(&a), v_int(0), v_null(), v_bool(false),
				v_int(0), v_int(0), v_int(0), v_int(0),
				v_text((struct str){ 0 }),
				v_bytes((struct str){ 0 }), v_id(&none),
				v_null(), v_null(), v_null()),
			   NULL),
		OK);
	assert_int_equal(
		store_exec(&w->cx, &thing_sql[THING_INSERT],
			   VALS(v_id(&b), v_int(0), v_text(STR("")),
				v_bool(false), v_int(0), v_int(0), v_int(0),
				v_int(0), v_text(STR("")), v_bytes(STR("")),
				v_bytes(STR("")), v_z("[]"),
				v_z("{\"x\":0,\"y\":0}"), v_int(0)),
			   NULL),
		OK);
	commit(w);
	t = load(w, &a);
	assert_true(!t.name.p && !t.raw.p && !t.bytes.p && !t.hex.p);
	assert_true(!t.has_size && t.tags.n == 0);
	t = load(w, &b);
	assert_true(t.name.p && t.raw.p && t.bytes.p && t.hex.p);
	assert_true(t.name.n + t.raw.n + t.bytes.n + t.hex.n == 0);
	assert_true(t.has_size && t.size == 0);
}

static void parameters_are_bound_by_number_not_by_place(struct sw *w)
{
	struct id id = sw_id(w);
	struct thing t;

	begin(w);
	assert_int_equal(add(w, &id, 41, "forty-one"), OK);
	assert_int_equal(store_one(&w->cx, &thing_sql[THING_BY_NAME_N],
				   VALS(v_z("forty-one"), v_int(41)), &t),
			 OK);
	commit(w);
	assert_true(id_eq(&t.id, &id));
}

static void a_text_with_a_nul_character_is_refused_as_invalid(struct sw *w)
{
	struct id id = sw_id(w);
	enum err e;

	begin(w);
	e = store_exec(&w->cx, &thing_sql[THING_ADD],
		       VALS(v_id(&id), v_int(0), v_text(STR("a\0b"))), NULL);
	assert_int_equal(e, ERR_INVALID);
	assert_int_equal(add(w, &id, 0, "ab"), OK); /* nothing is spoilt */
	commit(w);
}

static void a_text_of_a_megabyte_is_kept_whole(struct sw *w)
{
	enum { N = 1 << 20 };
	struct id id = sw_id(w);
	char *p = arena_alloc(w->cx.arena, N);
	struct thing t;

	for (int i = 0; i < N; i++)
		p[i] = (char)('a' + i % 26);
	begin(w);
	assert_int_equal(store_exec(&w->cx, &thing_sql[THING_ADD],
				    VALS(v_id(&id), v_int(0), v_null()), NULL),
			 OK);
	assert_int_equal(
		store_exec(&w->cx, &thing_sql[THING_INSERT],
			   VALS(v_id(&(struct id){ { 1 } }), v_int(1), v_null(),
				v_int(0), v_int(0), v_int(0), v_int(0),
				v_int(0), v_text((struct str){ p, N }),
				v_null(), v_null(), v_null(), v_null(),
				v_null()),
			   NULL),
		OK);
	commit(w);
	t = load(w, &(struct id){ { 1 } });
	assert_str(t.raw, ((struct str){ p, N }));
}

/* Errors */

static void a_broken_key_is_a_conflict(struct sw *w)
{
	struct id a = sw_id(w), b = sw_id(w);

	assert_int_equal(sw_add(w, &a, "x"), OK);
	assert_int_equal(sw_add(w, &a, "y"), ERR_CONFLICT); /* primary key */
	assert_int_equal(sw_add(w, &b, "x"), ERR_CONFLICT); /* unique */
	assert_int_equal(w->cx.error.code, ERR_CONFLICT);
	assert_null(strstr(w->cx.error.detail, "\"x\""));
	assert_int_equal(sw_things(w), 1);
}

static void what_is_not_there_is_not_found(struct sw *w)
{
	struct id id = sw_id(w);
	struct thing t = { .n = 77 };

	reader(w);
	assert_int_equal(
		store_one(&w->cx, &thing_sql[THING_BY_ID], VALS(v_id(&id)), &t),
		ERR_NOT_FOUND);
	done(w);
	assert_int_equal(t.n, 77);
}

static void an_error_spoils_the_transaction_up_to_the_savepoint(struct sw *w)
{
	struct id a = sw_id(w), b = sw_id(w);
	struct store_conn *c = begin(w);

	assert_int_equal(add(w, &a, 1, "a"), OK);
	assert_int_equal(store_savepoint(c, &w->cx), OK);
	assert_int_equal(add(w, &b, 2, "b"), OK);
	assert_int_equal(add(w, &b, 2, "b"), ERR_CONFLICT);
	assert_int_equal(add(w, &b, 3, "c"), ERR_INTERNAL);
	assert_int_equal(store_rollback_to(c, &w->cx), OK);
	assert_int_equal(store_savepoint(c, &w->cx), OK);
	assert_int_equal(add(w, &b, 3, "c"), OK);
	assert_int_equal(store_release(c, &w->cx), OK);
	commit(w);
	assert_int_equal(sw_things(w), 2);
	assert_int_equal(load(w, &b).n, 3);
}

static void a_spoilt_transaction_cannot_be_committed(struct sw *w)
{
	struct id a = sw_id(w);
	struct store_conn *c = begin(w);

	assert_int_equal(add(w, &a, 1, "a"), OK);
	assert_int_equal(add(w, &a, 1, "a"), ERR_CONFLICT);
	assert_int_equal(store_commit(c, &w->cx), ERR_INTERNAL);
	store_rollback(c);
	assert_int_equal(sw_things(w), 0);
	assert_int_equal(sw_add(w, &a, "a"), OK);
}

static void a_rolled_back_transaction_leaves_nothing(struct sw *w)
{
	struct id a = sw_id(w);
	struct store_conn *c = begin(w);

	assert_int_equal(add(w, &a, 1, "a"), OK);
	store_rollback(c);
	assert_int_equal(sw_things(w), 0);
	store_rollback(c); /* of nothing is allowed */
}

static void an_empty_transaction_commits(struct sw *w)
{
	struct store_conn *c = begin(w);

	assert_int_equal(store_savepoint(c, &w->cx), OK);
	assert_int_equal(store_release(c, &w->cx), OK);
	commit(w);
	assert_int_equal(sw_things(w), 0);
}

static void a_state_moves_once_by_compare_and_set(struct sw *w)
{
	struct id a = sw_id(w);
	int64_t changed = -1;

	begin(w);
	assert_int_equal(add(w, &a, 1, "a"), OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(store_exec(&w->cx, &thing_sql[THING_MOVE],
					    VALS(v_id(&a), v_int(0), v_int(1)),
					    &changed),
				 OK);
		assert_int_equal(changed, i == 0 ? 1 : 0);
	}
	commit(w);
	assert_int_equal(load(w, &a).state, 1);
}

static void an_injected_fault_hits_the_nth_call_and_no_other(struct sw *w)
{
	struct id a = sw_id(w);
	int64_t before = store_calls(w->store);

	store_fail_at(w->store, 3, ERR_UNAVAILABLE); /* begin, insert, commit */
	assert_int_equal(sw_add(w, &a, "a"), ERR_UNAVAILABLE);
	assert_int_equal(store_calls(w->store) - before, 3);
	assert_int_equal(sw_things(w), 0);
	assert_int_equal(sw_add(w, &a, "a"), OK);
}

static void
every_step_of_a_transaction_may_fail_and_leaves_nothing(struct sw *w)
{
	struct id a = sw_id(w);
	enum err e = ERR_BUSY;
	int n;

	for (n = 1; e; n++) {
		assert_true(n < 10);
		store_fail_at(w->store, n, ERR_BUSY);
		e = sw_add(w, &a, "a");
		store_fail_at(w->store, 0, OK);
		assert_int_equal(sw_things(w), e ? 0 : 1);
	}
	assert_int_equal(n, 5);
}

static void a_lost_commit_has_happened(struct sw *w)
{
	struct id a = sw_id(w);

	store_lose_commit(w->store);
	assert_int_equal(sw_add(w, &a, "a"), ERR_UNAVAILABLE);
	assert_int_equal(sw_things(w), 1);
	assert_int_equal(sw_add(w, &a, "b"), ERR_CONFLICT);
}

static void a_lock_that_another_holds_is_busy(struct sw *w)
{
	struct id a = sw_id(w);
	struct store *other;
	struct store_conn *c;
	struct ctx *cx = &w->cx;
	enum err e;

	w->busy_ms = 1;
	assert_int_equal(sw_add(w, &a, "a"), OK);
	assert_int_equal(sw_open(w, NULL, NULL, &other), OK);
	begin(w);
	assert_int_equal(store_exec(cx, &thing_sql[THING_RENAME],
				    VALS(v_id(&a), v_z("b")), NULL),
			 OK);
	c = cx->db;
	cx->db = store_writer(other);
	e = store_begin(cx->db, cx);
	if (!e)
		e = store_exec(cx, &thing_sql[THING_RENAME],
			       VALS(v_id(&a), v_z("c")), NULL);
	assert_int_equal(e, ERR_BUSY);
	store_rollback(cx->db);
	store_close(other);
	cx->db = c;
	commit(w);
	assert_str(load(w, &a).name, STR("b"));
}

/* Rows */

static void add_many(struct sw *w, int count)
{
	begin(w);
	for (int i = 0; i < count; i++) {
		struct id id = sw_id(w);

		assert_int_equal(add(w, &id, i, NULL), OK);
	}
	commit(w);
}

static void a_list_stops_at_its_limit_and_tells_of_more(struct sw *w)
{
	const struct thing *rows;
	struct list l;
	bool more;

	add_many(w, 40);
	reader(w);
	assert_int_equal(store_list(&w->cx, &thing_sql[THING_ALL],
				    VALS(v_int(100)), 33, &l, &more),
			 OK);
	assert_int_equal(l.n, 33);
	assert_true(more);
	rows = l.at;
	for (size_t i = 0; i < l.n; i++)
		assert_int_equal(rows[i].n, i);
	assert_int_equal(store_list(&w->cx, &thing_sql[THING_ALL],
				    VALS(v_int(100)), 40, &l, &more),
			 OK);
	assert_true(l.n == 40 && !more);
	assert_int_equal(store_list(&w->cx, &thing_sql[THING_ALL],
				    VALS(v_int(0)), 40, &l, &more),
			 OK);
	assert_true(l.n == 0 && !more);
	done(w);
}

struct each {
	int64_t seen, stop_at;
};

static enum err each_row(struct ctx *cx, const void *row, void *arg)
{
	const struct thing *t = row;
	struct each *e = arg;

	(void)cx;
	assert_int_equal(t->n, e->seen);
	e->seen++;
	return e->seen == e->stop_at ? ERR_TOO_LARGE : OK;
}

static void rows_are_handed_over_one_by_one_until_one_is_refused(struct sw *w)
{
	struct each all = { .stop_at = -1 }, some = { .stop_at = 5 };

	add_many(w, 30);
	reader(w);
	assert_int_equal(store_each(&w->cx, &thing_sql[THING_ALL],
				    VALS(v_int(100)), each_row, &all),
			 OK);
	assert_int_equal(all.seen, 30);
	assert_int_equal(store_each(&w->cx, &thing_sql[THING_ALL],
				    VALS(v_int(100)), each_row, &some),
			 ERR_TOO_LARGE);
	assert_int_equal(some.seen, 5);
	done(w);
	assert_int_equal(sw_things(w), 30);
}

static void rows_stream_inside_a_snapshot_and_inside_a_transaction(struct sw *w)
{
	struct each a = { .stop_at = 3 }, b = { .stop_at = -1 };
	struct id id = sw_id(w);

	add_many(w, 10);
	reader(w);
	assert_int_equal(store_read_begin(&w->cx), OK);
	assert_int_equal(store_each(&w->cx, &thing_sql[THING_ALL],
				    VALS(v_int(100)), each_row, &a),
			 ERR_TOO_LARGE);
	assert_int_equal(store_each(&w->cx, &thing_sql[THING_ALL],
				    VALS(v_int(100)), each_row, &b),
			 OK);
	assert_int_equal(b.seen, 10);
	store_read_end(&w->cx);
	done(w);
	b.seen = 0;
	begin(w);
	assert_int_equal(add(w, &id, 10, NULL), OK);
	assert_int_equal(store_each(&w->cx, &thing_sql[THING_ALL],
				    VALS(v_int(100)), each_row, &b),
			 OK);
	assert_int_equal(b.seen, 11);
	commit(w);
}

/* Bulk */

enum { WIDTH = 3 };

static struct val *bulk_rows(struct sw *w, size_t rows)
{
	struct val *v = arena_array(w->cx.arena, rows * WIDTH, sizeof(*v));

	for (size_t i = 0; i < rows; i++) {
		struct id *id = ARENA_NEW(w->cx.arena, struct id);

		*id = sw_id(w);
		v[i * WIDTH] = v_id(id);
		v[i * WIDTH + 1] = v_int((int64_t)i);
		v[i * WIDTH + 2] =
			i % 3 == 0
				? v_null()
				: v_text(str_fmt(w->cx.arena, "name %zu", i));
	}
	return v;
}

static void a_bulk_insert_puts_every_row_in(struct sw *w)
{
	static const size_t sizes[] = { 0, 1, 2, 512 };
	size_t sum = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct val *v = bulk_rows(w, sizes[i]);

		begin(w);
		assert_int_equal(
			store_exec(&w->cx, &thing_sql[THING_RENAME],
				   VALS(v_id(&(struct id){ { 1 } }), v_null()),
				   NULL),
			OK);
		for (size_t k = 0; k < sizes[i]; k++)
			if (v[k * WIDTH + 2].type != VAL_NULL)
				v[k * WIDTH + 2] = v_text(str_fmt(w->cx.arena,
								  "%zu of %zu",
								  k, sizes[i]));
		assert_int_equal(store_bulk(&w->cx, &thing_sql[THING_ADD], v,
					    sizes[i], WIDTH),
				 OK);
		commit(w);
		sum += sizes[i];
		assert_int_equal(sw_things(w), sum);
	}
}

static void a_bulk_row_comes_back_as_it_went_in(struct sw *w)
{
	struct id ids[3];
	struct val v[3 * 14];
	struct thing t;

	for (int i = 0; i < 3; i++)
		ids[i] = sw_id(w);
	for (int i = 0; i < 3; i++) {
		const struct val row[14] = {
			v_id(&ids[i]),
			v_int(i == 1 ? INT64_MAX : -5),
			v_null(),
			v_bool(i == 1),
			v_int(INT64_MIN),
			v_int(3),
			v_int(1),
			v_int(7),
			i == 1 ? v_null() : v_text(STR("")),
			i == 1 ? v_bytes(STR("\0\x01")) : v_null(),
			v_bytes(STR("")),
			v_null(),
			v_null(),
			i == 1 ? v_int(0) : v_null()
		};

		memcpy(v + 14 * i, row, sizeof(row));
	}
	begin(w);
	assert_int_equal(store_bulk(&w->cx, &thing_sql[THING_INSERT], v, 3, 14),
			 OK);
	commit(w);
	t = load(w, &ids[1]);
	assert_true(t.n == INT64_MAX && t.flag && t.points.nano == INT64_MIN);
	assert_true(!t.raw.p && t.hex.p && t.hex.n == 0 && t.has_size);
	assert_str(t.bytes, STR("\0\x01"));
	t = load(w, &ids[2]);
	assert_true(t.n == -5 && !t.flag && t.raw.p && !t.bytes.p);
	assert_true(!t.has_size && !t.name.p);
}

static void a_bulk_insert_with_one_conflict_leaves_nothing(struct sw *w)
{
	struct val *v = bulk_rows(w, 100);
	struct id a = sw_id(w);
	struct store_conn *c;

	v[50 * WIDTH + 2] = v_z("name 1");
	c = begin(w);
	assert_int_equal(add(w, &a, 0, "first"), OK);
	assert_int_equal(store_savepoint(c, &w->cx), OK);
	assert_int_equal(
		store_bulk(&w->cx, &thing_sql[THING_ADD], v, 100, WIDTH),
		ERR_CONFLICT);
	assert_int_equal(store_rollback_to(c, &w->cx), OK);
	commit(w);
	assert_int_equal(sw_things(w), 1);
}

/* Readers */

static void a_snapshot_stays_the_same_over_several_statements(struct sw *w)
{
	struct thing_count c;
	struct id a = sw_id(w), b = sw_id(w);
	struct ctx writes = w->cx;

	assert_int_equal(sw_add(w, &a, "a"), OK);
	reader(w);
	assert_int_equal(store_read_begin(&w->cx), OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			store_one(&w->cx, &thing_sql[THING_COUNT], NULL, 0, &c),
			OK);
		assert_int_equal(c.count, 1);
		if (i == 0)
			assert_int_equal(sw_add(w, &b, "b"), OK);
	}
	store_read_end(&w->cx);
	assert_int_equal(
		store_one(&w->cx, &thing_sql[THING_COUNT], NULL, 0, &c), OK);
	assert_int_equal(c.count, 2);
	done(w);
	(void)writes;
}

static void a_reader_does_not_see_what_is_not_committed(struct sw *w)
{
	struct id a = sw_id(w);

	begin(w);
	assert_int_equal(add(w, &a, 1, "a"), OK);
	assert_int_equal(sw_things(w), 0);
	commit(w);
	assert_int_equal(sw_things(w), 1);
}

static void no_reader_is_given_when_all_are_taken(struct sw *w)
{
	struct store_conn *a = store_reader(w->store, 0);
	struct store_conn *b = store_reader(w->store, 0);

	assert_non_null(a);
	assert_non_null(b);
	assert_null(store_reader(w->store, 0));
	assert_null(store_reader(w->store, 1));
	store_reader_done(w->store, a);
	assert_ptr_equal(store_reader(w->store, 0), a);
	store_reader_done(w->store, a);
	store_reader_done(w->store, b);
}

struct waiter {
	struct store *store;
	struct store_conn *got;
};

static void *wait_for_reader(void *arg)
{
	struct waiter *q = arg;

	q->got = store_reader(q->store, 60000);
	return NULL;
}

static void who_waits_for_a_reader_gets_the_one_that_is_given_back(struct sw *w)
{
	struct store_conn *a = store_reader(w->store, 0);
	struct store_conn *b = store_reader(w->store, 0);
	struct waiter q = { .store = w->store };
	pthread_t t;

	assert_int_equal(pthread_create(&t, NULL, wait_for_reader, &q), 0);
	store_reader_done(w->store, a);
	assert_int_equal(pthread_join(t, NULL), 0);
	assert_ptr_equal(q.got, a);
	store_reader_done(w->store, q.got);
	store_reader_done(w->store, b);
}

static void a_store_that_answers_says_so(struct sw *w)
{
	assert_int_equal(store_ping(w->store), OK);
	assert_string_equal(store_kind(w->store), db_name(w->db.kind));
	assert_int_equal(store_reads_inline(w->store), w->db.kind == DB_SQLITE);
}

int main(void)
{
	static const struct both_test tests[] = {
		BOTH(every_kind_of_value_comes_back_as_it_went_in),
		BOTH(null_comes_back_as_absent_and_empty_as_empty),
		BOTH(parameters_are_bound_by_number_not_by_place),
		BOTH(a_text_with_a_nul_character_is_refused_as_invalid),
		BOTH(a_text_of_a_megabyte_is_kept_whole),
		BOTH(a_broken_key_is_a_conflict),
		BOTH(what_is_not_there_is_not_found),
		BOTH(an_error_spoils_the_transaction_up_to_the_savepoint),
		BOTH(a_spoilt_transaction_cannot_be_committed),
		BOTH(a_rolled_back_transaction_leaves_nothing),
		BOTH(an_empty_transaction_commits),
		BOTH(a_state_moves_once_by_compare_and_set),
		BOTH(an_injected_fault_hits_the_nth_call_and_no_other),
		BOTH(every_step_of_a_transaction_may_fail_and_leaves_nothing),
		BOTH(a_lost_commit_has_happened),
		BOTH(a_lock_that_another_holds_is_busy),
		BOTH(a_list_stops_at_its_limit_and_tells_of_more),
		BOTH(rows_are_handed_over_one_by_one_until_one_is_refused),
		BOTH(rows_stream_inside_a_snapshot_and_inside_a_transaction),
		BOTH(a_bulk_insert_puts_every_row_in),
		BOTH(a_bulk_row_comes_back_as_it_went_in),
		BOTH(a_bulk_insert_with_one_conflict_leaves_nothing),
		BOTH(a_snapshot_stays_the_same_over_several_statements),
		BOTH(a_reader_does_not_see_what_is_not_committed),
		BOTH(no_reader_is_given_when_all_are_taken),
		BOTH(who_waits_for_a_reader_gets_the_one_that_is_given_back),
		BOTH(a_store_that_answers_says_so),
	};

	return both_main("store", tests, sizeof(tests) / sizeof(tests[0]));
}
