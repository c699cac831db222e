/* One server for each node number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/store/lease.h"
#include "tests/support/store/both.h"

/* A second store on the same database stands for a second machine. */
struct two {
	struct sw *w;
	struct store *store;
	struct store_conn *writer;
	int lost;
};

static void two_open(struct sw *w, struct two *t)
{
	*t = (struct two){ .w = w };
	assert_int_equal(sw_open(w, &lease_stmts, &lease_migrations, &t->store),
			 OK);
	t->writer = store_writer(t->store);
}

static void on_lost(void *arg)
{
	((struct two *)arg)->lost++;
}

static enum err take(struct two *t, int64_t node, const char *owner,
		     struct lease **out)
{
	const struct lease_opts o = {
		.node = node, .owner = str_of(owner), .lost = on_lost, .arg = t
	};

	*out = NULL;
	return lease_take(&t->w->cx, t->writer, &o, out);
}

static void beat(struct two *t, struct lease *l)
{
	struct ctx *cx = &t->w->cx;

	cx->db = t->writer;
	assert_int_equal(store_begin(t->writer, cx), OK);
	assert_int_equal(lease_beat(cx, l), OK);
	assert_int_equal(store_commit(t->writer, cx), OK);
	cx->db = NULL;
}

static void a_node_has_one_server(struct sw *w)
{
	struct lease *a, *b, *c;
	struct two t;

	two_open(w, &t);
	assert_int_equal(take(&t, 1, "ann", &a), OK);
	assert_int_equal(take(&t, 1, "bob", &b), ERR_CONFLICT);
	assert_non_null(strstr(w->cx.error.text, "node 1"));
	assert_non_null(strstr(w->cx.error.text, "setting node"));
	assert_int_equal(take(&t, 2, "bob", &c), OK);
	/* It is renewed, and stays. */
	for (int i = 0; i < 5; i++) {
		clock_manual_step(&w->clock, LEASE_BEAT_MS);
		beat(&t, a);
		assert_int_equal(take(&t, 1, "bob", &b), ERR_CONFLICT);
	}
	assert_int_equal(t.lost, 0);
	lease_free(a);
	lease_free(c);
	store_close(t.store);
}

static void what_is_not_renewed_is_free(struct sw *w)
{
	struct lease *a, *b;
	struct two t;

	two_open(w, &t);
	assert_int_equal(take(&t, 1, "ann", &a), OK);
	clock_manual_step(&w->clock, LEASE_MS - 1);
	assert_int_equal(take(&t, 1, "bob", &b), ERR_CONFLICT);
	clock_manual_step(&w->clock, 1);
	assert_int_equal(take(&t, 1, "bob", &b), OK);
	/* Whoever was only asleep is told, and renews nothing. */
	beat(&t, a);
	assert_int_equal(t.lost, 1);
	beat(&t, b);
	assert_int_equal(t.lost, 1);
	/* And takes nothing away by leaving. */
	lease_leave(&w->cx, t.writer, a);
	lease_free(a);
	assert_int_equal(take(&t, 1, "ann", &a), ERR_CONFLICT);
	lease_free(b);
	store_close(t.store);
}

static void a_crashed_owner_has_it_back_at_once(struct sw *w)
{
	struct lease *a, *again, *b;
	struct two t;

	two_open(w, &t);
	assert_int_equal(take(&t, 1, "ann", &a), OK);
	assert_int_equal(take(&t, 1, "ann", &again), OK);
	assert_int_equal(take(&t, 1, "bob", &b), ERR_CONFLICT);
	beat(&t, a); /* a copy of the folder: the older one notices */
	assert_int_equal(t.lost, 1);
	lease_free(a);
	lease_free(again);
	store_close(t.store);
}

static void a_lease_that_was_given_back_is_free_at_once(struct sw *w)
{
	struct lease *a, *b;
	struct two t;

	two_open(w, &t);
	assert_int_equal(take(&t, 1, "ann", &a), OK);
	lease_leave(&w->cx, t.writer, a);
	assert_int_equal(take(&t, 1, "bob", &b), OK);
	lease_free(a);
	lease_free(b);
	store_close(t.store);
}

int main(void)
{
	static const struct both_test tests[] = {
		BOTH(a_node_has_one_server),
		BOTH(what_is_not_renewed_is_free),
		BOTH(a_crashed_owner_has_it_back_at_once),
		BOTH(a_lease_that_was_given_back_is_free_at_once),
	};

	return both_main("lease", tests, sizeof(tests) / sizeof(tests[0]));
}
