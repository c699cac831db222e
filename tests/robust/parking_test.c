/* Queries that wait, on real sockets: they keep nobody out and nothing open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/rpc_server.h"

enum { WAITING = 12 };

static void call(struct sp *sp, uint32_t id, const char *method, int n)
{
	struct buf b = { 0 };

	buf_fmt(&b,
		"{\"jsonrpc\":\"2.0\",\"id\":%u,\"method\":\"%s\",\"auth\":"
		"\"plat\",\"params\":{\"text\":\"a\",\"n\":%d}}",
		id, method, n);
	assert_true(sp_send(sp, id, buf_view(&b), 2000));
	buf_done(&b);
}

static void answer(struct sp *sp, uint32_t id, const char *what)
{
	struct buf b = { 0 };
	uint32_t got = 0;

	assert_true(sp_recv(sp, &got, &b, 4096, 10000));
	assert_int_equal(got, id);
	if (str_find(buf_view(&b), str_of(what), 0) == SIZE_MAX)
		fail_msg("wanted %s, got %.*s", what, STR_FMT(buf_view(&b)));
	buf_done(&b);
}

/* More wait than messages may be in flight, and a ping still gets through. */
static void those_who_wait_leave_their_places_to_others(void **state)
{
	struct rs_opts o = { .listen = "tcp://127.0.0.1:0",
			     .loops = *(const int *)*state,
			     .contexts = WAITING };
	struct sp sp[WAITING], ring;
	struct rs s;

	rs_start(&s, &o);
	for (int i = 0; i < WAITING; i++) {
		assert_true(rs_open(&sp[i], rs_url(&s, "tcp://")));
		call(&sp[i], 1, "test.wait", 250);
	}
	for (int i = 0; i < 3; i++)
		assert_true(rs_ping(rs_url(&s, "tcp://"), 5000));
	assert_true(rs_open(&ring, rs_url(&s, "tcp://")));
	call(&ring, 1, "test.ring", 1);
	answer(&ring, 1, "\"count\":1");
	for (int i = 0; i < WAITING; i++) {
		answer(&sp[i], 1, "\"count\":1");
		sp_close(&sp[i]);
	}
	sp_close(&ring);
	rs_stop(&s);
}

static void who_hangs_up_while_waiting_is_forgotten(void **state)
{
	struct rs_opts o = { .listen = "tcp://127.0.0.1:0",
			     .loops = *(const int *)*state };
	struct rs s;
	struct sp sp;
	struct rs_few few = { &s, 0 };

	rs_start(&s, &o);
	assert_true(rs_ping(rs_url(&s, "tcp://"), 2000));
	few.most = rs_files(&s) + 1;
	for (int i = 0; i < 20; i++) {
		assert_true(rs_open(&sp, rs_url(&s, "tcp://")));
		call(&sp, 1, "test.wait", 3);
		sp_close(&sp);
	}
	assert_true(rs_wait(rs_files_fell, &few, 10000));
	assert_true(rs_ping(rs_url(&s, "tcp://"), 2000));
	rs_stop(&s);
}

static void a_stop_answers_those_who_wait_and_leaves(void **state)
{
	struct rs_opts o = { .listen = "tcp://127.0.0.1:0",
			     .loops = *(const int *)*state };
	struct sp sp[3];
	struct rs s;

	rs_start(&s, &o);
	for (int i = 0; i < 3; i++) {
		assert_true(rs_open(&sp[i], rs_url(&s, "tcp://")));
		call(&sp[i], 1, "test.wait", 250);
		/* It has been taken when the next on its connection is. */
		call(&sp[i], 2, "test.echo", 0);
		answer(&sp[i], 2, "\"text\":\"a\"");
	}
	kill(s.pid, SIGTERM);
	for (int i = 0; i < 3; i++) {
		answer(&sp[i], 1, "\"count\":0");
		sp_close(&sp[i]);
	}
	assert_int_equal(rs_join(&s, 10000), 0);
	rw_remove(s.folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RS_BOTH(those_who_wait_leave_their_places_to_others),
		RS_BOTH(who_hangs_up_while_waiting_is_forgotten),
		RS_BOTH(a_stop_answers_those_who_wait_and_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
