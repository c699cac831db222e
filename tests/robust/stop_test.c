/* Stopping under load, and running out of descriptors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/rpc_server.h"

enum { CLIENTS = 8 };

struct writer {
	struct rs *s;
	int number, acknowledged;
	_Atomic int *total;
};

/* Writes with a key of its own each time until the server goes away. */
static void *write_on(void *arg)
{
	struct writer *w = arg;
	struct buf b = { 0 }, r = { 0 };
	struct sp sp;
	uint32_t id;

	if (!rs_open(&sp, rs_url(w->s, "tcp://")))
		return NULL;
	for (int i = 0;; i++) {
		buf_reset(&b);
		buf_fmt(&b,
			"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
			"\"test.write\",\"auth\":\"plat\",\"params\":"
			"{\"text\":\"x\",\"n\":%d,\"idempotency_key\":"
			"\"w%d-%d\"}}",
			i % 1000, w->number, i);
		if (!sp_send(&sp, (uint32_t)i, buf_view(&b), 2000) ||
		    !sp_recv(&sp, &id, &r, 4096, 2000) ||
		    str_find(buf_view(&r), STR("\"result\""), 0) == SIZE_MAX)
			break;
		w->acknowledged = i + 1;
		(*w->total)++;
	}
	sp_close(&sp);
	buf_done(&b);
	buf_done(&r);
	return NULL;
}

static bool enough(void *arg)
{
	return *(_Atomic int *)arg > 2000;
}

/* Each acknowledged key is in the database. */
static void check_keys(struct rs *s, const struct writer *w)
{
	struct app app = { 0 };
	struct ctx cx = { .arena = arena_new(65536),
			  .clock = &clock_system,
			  .rng = rng_system(),
			  .app = &app };
	struct store_opts so = { .sets = rw_sets,
				 .migrations = rw_steps,
				 .clock = &clock_system,
				 .readers = 1,
				 .busy_ms = 1000 };
	struct journal_opts jo = { .node = 1, .clock = &clock_system };
	struct journal *j = journal_new(&jo);
	struct record r;
	struct id org;

	so.url = str_fmt(cx.arena, "sqlite:%s/db", s->folder);
	assert_int_equal(store_open(&cx, &so, &app.store), OK);
	memset(org.b, 0x11, ID_BYTES);
	cx.db = store_reader(app.store, 1000);
	assert_non_null(cx.db);
	for (int c = 0; c < CLIENTS; c++)
		for (int i = 0; i < w[c].acknowledged; i++) {
			struct str key = str_fmt(cx.arena, "w%d-%d", c, i);

			if (journal_by_key(j, &cx, &org,
					   record_idem(&cx, STR("plat"), key),
					   &r))
				fail_msg("lost %.*s", STR_FMT(key));
			arena_reset(cx.arena);
		}
	store_reader_done(app.store, cx.db);
	store_close(app.store);
	journal_free(j);
	arena_free(cx.arena);
}

static void stop_with(int loops, int sig, int want)
{
	struct rs_opts o = { .listen = "ipc,tcp://127.0.0.1:0",
			     .loops = loops,
			     .contexts = 64,
			     .store = true };
	struct writer w[CLIENTS];
	pthread_t threads[CLIENTS];
	_Atomic int total = 0;
	struct rs s;
	int64_t t;
	int rc;

	rs_start(&s, &o);
	for (int i = 0; i < CLIENTS; i++) {
		w[i] = (struct writer){ &s, i, 0, &total };
		pthread_create(&threads[i], NULL, write_on, &w[i]);
	}
	assert_true(rs_wait(enough, &total, 60000));
	t = rs_now_ms();
	kill(s.pid, sig);
	rc = rs_join(&s, 8000);
	t = rs_now_ms() - t;
	for (int i = 0; i < CLIENTS; i++)
		pthread_join(threads[i], NULL);
	print_message("%d acknowledged; gone %lld ms after signal %d\n", total,
		      (long long)t, sig);
	assert_int_equal(rc, want);
	assert_true(t < 5000);
	check_keys(&s, w);
	rw_remove(s.folder);
}

static void a_stop_under_load_is_quick_and_loses_nothing(void **state)
{
	stop_with(**(int **)state, SIGTERM, 0);
}

static void a_kill_under_load_loses_nothing_acknowledged(void **state)
{
	stop_with(**(int **)state, SIGKILL, -SIGKILL);
}

/* Opens up to n connections and counts those that stay. */
static int hold(struct rs *s, struct sp *held, int n)
{
	int i = 0;

	while (i < n &&
	       sp_connect(&held[i], &clock_system, rs_url(s, "tcp://"), 500) &&
	       sp_hello(&held[i], SP_PROTO_REQ, 500))
		i++;
	return i;
}

static bool below_bound(void *arg)
{
	return rs_files(arg) < 135;
}

static bool answers(void *arg)
{
	return rs_ping(rs_url(arg, "tcp://"), 500);
}

static void connections_above_the_bound_are_closed(void **state)
{
	struct rs_opts o = { .listen = "tcp://127.0.0.1:0",
			     .contexts = 64,
			     .max_files = 150 };
	struct sp held[200];
	struct rs s;
	int n;

	o.loops = **(int **)state;
	rs_start(&s, &o);
	n = hold(&s, held, 200);
	assert_true(rs_wait(below_bound, &s, 5000));
	while (n > 0)
		sp_close(&held[--n]);
	assert_true(rs_wait(answers, &s, 5000));
	rs_stop(&s);
}

static void running_out_of_descriptors_ends_in_an_orderly_exit(void **state)
{
	struct rs_opts o = { .listen = "tcp://127.0.0.1:0",
			     .contexts = 64,
			     .max_files = 150,
			     .connections = 1000 };
	struct sp held[200];
	struct rs s;
	int n, rc;

	o.loops = **(int **)state;
	rs_start(&s, &o);
	n = hold(&s, held, 200);
	rc = rs_join(&s, 10000);
	print_message("%d connections, then exit %d\n", n, rc);
	assert_int_equal(rc, 4);
	while (n > 0)
		sp_close(&held[--n]);
	rw_remove(s.folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RS_BOTH(a_stop_under_load_is_quick_and_loses_nothing),
		RS_BOTH(a_kill_under_load_loses_nothing_acknowledged),
		RS_BOTH(connections_above_the_bound_are_closed),
		RS_BOTH(running_out_of_descriptors_ends_in_an_orderly_exit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
