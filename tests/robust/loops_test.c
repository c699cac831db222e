/*
 * What the front end of our own must do by itself on ipc and tcp: nng's tests
 * of the same wire are clients_test.c and stop_test.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>

#include "tests/support/rpc_server.h"

enum { BIG = 8 << 20 };

static const char *const schemes[] = { "ipc://", "tcp://" };

static void call_of(struct buf *b, uint32_t n, const char *method)
{
	buf_reset(b);
	buf_fmt(b,
		"{\"jsonrpc\":\"2.0\",\"id\":%u,\"method\":\"%s\",\"auth\":"
		"\"plat\",\"params\":{\"text\":\"number %u\"}}",
		n, method, n);
}

static bool answers_to(const struct buf *reply, uint32_t n)
{
	char want[40];

	snprintf(want, sizeof(want), "{\"jsonrpc\":\"2.0\",\"id\":%u,", n);
	return str_starts(buf_view(reply), want);
}

static void plain_send(int fd, const char *p, size_t n)
{
	assert_int_equal(send(fd, p, n, MSG_NOSIGNAL), n);
}

/* As sp_send would put it on this wire. */
static size_t framed(char *out, bool ipc, uint32_t id, struct str body)
{
	const uint8_t route[4] = { 0x80, 0, 0, (uint8_t)id };
	size_t n = sp_head((uint8_t *)out, ipc,
			   (struct str){ (const char *)route, 4 }, body.n);

	memcpy(out + n, body.p, body.n);
	return n + body.n;
}

static void messages_arrive_whole_however_they_are_cut(void **state)
{
	struct rs_opts o = { .listen = "ipc,tcp://127.0.0.1:0", .loops = 1 };
	struct buf call = { 0 }, r = { 0 };
	char wire[1024];
	struct rs s;

	(void)state;
	rs_start(&s, &o);
	for (int i = 0; i < 2; i++) {
		bool ipc = i == 0;
		struct sp sp;
		uint32_t id;
		size_t n = 8;

		assert_true(sp_connect(&sp, &clock_system,
				       rs_url(&s, schemes[i]), 2000));
		sp_hello_put((uint8_t *)wire, SP_PROTO_REQ);
		for (uint32_t k = 1; k <= 2; k++) {
			call_of(&call, k, "test.echo");
			n += framed(wire + n, ipc, k, buf_view(&call));
		}
		for (size_t at = 0; at < n; at++) /* one byte at a time */
			plain_send(sp.fd, wire + at, 1);
		fcntl(sp.fd, F_SETFL, 0);
		assert_int_equal(recv(sp.fd, wire, 8, MSG_WAITALL), 8);
		assert_true(sp_hello_ok((uint8_t *)wire, SP_PROTO_REP));
		for (uint32_t k = 1; k <= 2; k++) {
			assert_true(sp_recv(&sp, &id, &r, 4096, 2000));
			assert_int_equal(id, k);
			assert_true(answers_to(&r, k));
		}
		sp_close(&sp);
	}
	buf_done(&call);
	buf_done(&r);
	rs_stop(&s);
}

static void many_in_one_write_are_each_answered_once(void **state)
{
	struct rs_opts o = { .listen = "ipc,tcp://127.0.0.1:0",
			     .loops = 2,
			     .contexts = 64,
			     .store = true };
	enum { N = 16 };
	static const char *const methods[] = { "test.echo", "test.slow",
					       "test.write" };
	struct buf call = { 0 }, r = { 0 };
	char wire[N * 256];
	struct rs s;

	(void)state;
	rs_start(&s, &o);
	for (int i = 0; i < 2; i++) {
		bool seen[N] = { false };
		struct sp sp;
		size_t n = 0;

		assert_true(rs_open(&sp, rs_url(&s, schemes[i])));
		for (uint32_t k = 0; k < N; k++) {
			call_of(&call, k, methods[k % 3]);
			n += framed(wire + n, i == 0, k, buf_view(&call));
		}
		plain_send(sp.fd, wire, n);
		for (int k = 0; k < N; k++) {
			uint32_t id;

			assert_true(sp_recv(&sp, &id, &r, 4096, 5000));
			assert_in_range(id, 0, N - 1);
			assert_false(seen[id]);
			seen[id] = true;
			assert_true(answers_to(&r, id));
		}
		sp_close(&sp);
	}
	buf_done(&call);
	buf_done(&r);
	rs_stop(&s);
}

/* Of no use to anybody but as a large message with bytes behind the JSON. */
static void large_messages_go_both_ways(void **state)
{
	struct rs_opts o = { .listen = "ipc,tcp://127.0.0.1:0", .loops = 1 };
	struct buf call = { 0 }, r = { 0 };
	struct rs s;

	(void)state;
	rs_start(&s, &o);
	call_of(&call, 3, "test.echo");
	buf_ch(&call, 0);
	for (int i = 0; i < BIG; i++)
		buf_ch(&call, (char)(i * 7));
	for (int i = 0; i < 2; i++) {
		struct sp sp;
		uint32_t id;

		assert_true(rs_open(&sp, rs_url(&s, schemes[i])));
		assert_true(sp_send(&sp, 3, buf_view(&call), 10000));
		assert_true(sp_recv(&sp, &id, &r, BIG + 4096, 10000));
		assert_true(answers_to(&r, 3));
		assert_true(r.n > BIG && r.p[r.n - BIG - 1] == 0);
		assert_memory_equal(r.p + r.n - BIG, call.p + call.n - BIG,
				    BIG);
		sp_close(&sp);
	}
	buf_done(&call);
	buf_done(&r);
	rs_stop(&s);
}

/*
 * The replies are a thousand times as long as the requests, which lie in the
 * server's memory while those wait: they are all worked off in the end.
 */
static void long_replies_to_many_at_once_all_come(void **state)
{
	struct rs_opts o = { .listen = "ipc,tcp://127.0.0.1:0", .loops = 1 };
	enum { N = 40 };
	struct buf r = { 0 };
	char wire[N * 256];
	struct rs s;

	(void)state;
	rs_start(&s, &o);
	for (int i = 0; i < 2; i++) {
		struct sp sp;
		size_t n = 0;

		assert_true(rs_open(&sp, rs_url(&s, schemes[i])));
		for (uint32_t k = 0; k < N; k++)
			n += framed(wire + n, i == 0, k,
				    STR("{\"jsonrpc\":\"2.0\",\"id\":1,"
					"\"method\":\"test.large\",\"auth\":"
					"\"plat\",\"params\":{\"text\":\"\","
					"\"n\":200}}"));
		plain_send(sp.fd, wire, n);
		for (uint32_t k = 0; k < N; k++) {
			uint32_t id;

			assert_true(sp_recv(&sp, &id, &r, 1 << 20, 5000));
			assert_int_equal(id, k);
			assert_true(r.n > 200 << 10);
		}
		sp_close(&sp);
	}
	buf_done(&r);
	rs_stop(&s);
}

/* More in flight than there are slots: they wait, nobody is refused. */
static void without_a_free_slot_messages_wait(void **state)
{
	struct rs_opts o = { .listen = "tcp://127.0.0.1:0",
			     .loops = 1,
			     .contexts = 8,
			     .store = true };
	enum { CONNS = 64, ROUNDS = 20 };
	struct buf call = { 0 }, r = { 0 };
	struct sp sp[CONNS];
	struct rs s;

	(void)state;
	rs_start(&s, &o);
	for (int i = 0; i < CONNS; i++)
		assert_true(rs_open(&sp[i], rs_url(&s, "tcp://")));
	for (uint32_t round = 0; round < ROUNDS; round++) {
		call_of(&call, round, "test.write");
		for (int i = 0; i < CONNS; i++)
			assert_true(
				sp_send(&sp[i], round, buf_view(&call), 2000));
		for (int i = 0; i < CONNS; i++) {
			uint32_t id;

			assert_true(sp_recv(&sp[i], &id, &r, 4096, 10000));
			assert_true(answers_to(&r, round));
			if (str_find(buf_view(&r), STR("\"result\""), 0) ==
			    SIZE_MAX)
				fail_msg("%.*s", STR_FMT(buf_view(&r)));
		}
	}
	for (int i = 0; i < CONNS; i++)
		sp_close(&sp[i]);
	buf_done(&call);
	buf_done(&r);
	rs_stop(&s);
}

/* Clients that go while their commands are under way harm nobody. */
static void those_who_leave_early_are_forgotten(void **state)
{
	struct rs_opts o = { .listen = "ipc,tcp://127.0.0.1:0",
			     .loops = 2,
			     .contexts = 64,
			     .store = true };
	struct buf call = { 0 };
	struct rs s;
	struct rs_few few;
	int before;

	(void)state;
	rs_start(&s, &o);
	before = rs_files(&s);
	call_of(&call, 1, "test.write");
	for (int i = 0; i < 500; i++) {
		struct sp sp;

		assert_true(rs_open(&sp, rs_url(&s, schemes[i % 2])));
		for (uint32_t k = 0; k < 8; k++)
			assert_true(sp_send(&sp, k, buf_view(&call), 2000));
		sp_close(&sp);
	}
	assert_true(rs_ping(rs_url(&s, "tcp://"), 2000));
	assert_true(rs_ping(rs_url(&s, "ipc://"), 2000));
	few = (struct rs_few){ &s, before + 20 };
	assert_true(rs_wait(rs_files_fell, &few, 20000));
	buf_done(&call);
	rs_stop(&s);
}

static bool is_closed(int fd, int64_t ms)
{
	struct timeval tv = { .tv_sec = ms / 1000 };
	ssize_t n;
	char c;

	fcntl(fd, F_SETFL, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	do
		n = recv(fd, &c, 1, 0);
	while (n > 0);
	return n == 0 || errno == ECONNRESET;
}

/* The server of these tests gives a second to greet, three for a byte. */
static void who_says_nothing_or_half_of_it_is_closed(void **state)
{
	struct rs_opts o = { .listen = "ipc,tcp://127.0.0.1:0", .loops = 1 };
	struct rs s;

	(void)state;
	rs_start(&s, &o);
	for (int i = 0; i < 2; i++) {
		struct sp mute, half, idle;

		assert_true(sp_connect(&mute, &clock_system,
				       rs_url(&s, schemes[i]), 2000));
		assert_true(rs_open(&half, rs_url(&s, schemes[i])));
		assert_true(rs_open(&idle, rs_url(&s, schemes[i])));
		plain_send(half.fd, i == 0 ? "\1\0\0\0\0\0" : "\0\0\0\0\0\0",
			   6);
		assert_true(is_closed(mute.fd, 5000));
		assert_true(is_closed(half.fd, 8000));
		/* Greeted and between two messages: for as long as it likes. */
		assert_true(sp_send(&idle, 5, STR(RS_PING), 2000));
		assert_false(is_closed(idle.fd, 1000));
		sp_close(&mute);
		sp_close(&half);
		sp_close(&idle);
	}
	rs_stop(&s);
}

/* Fills what may be half sent up to 20 KB below its bound of 256 MiB. */
static void fill_halves(const struct rs *s, struct sp *hogs, int n)
{
	enum { HALF = 16900000, ROOM = 20000 };
	const uint8_t head[9] = { 1, 0, 0, 0, 0, 1, 3, 0x66, 0x40 }; /* 17 M */
	char *junk = calloc(1, HALF);
	size_t left = (256 << 20) - ROOM;

	assert_non_null(junk);
	for (int i = 0; i < n; i++) {
		size_t part = left < HALF ? left : HALF;

		assert_true(rs_open(&hogs[i], rs_url(s, "ipc://")));
		fcntl(hogs[i].fd, F_SETFL, 0);
		plain_send(hogs[i].fd, (const char *)head, 9);
		plain_send(hogs[i].fd, junk, part - 9);
		left -= part;
	}
	assert_int_equal(left, 0);
	free(junk);
}

/* Who sends little is not closed for what others have half sent. */
static void half_messages_of_some_do_not_close_the_others(void **state)
{
	struct rs_opts o = { .listen = "ipc", .loops = 1 };
	enum { HOGS = 16, TEXT = 60000 };
	struct sp hogs[HOGS], good;
	struct buf call = { 0 }, r = { 0 };
	static char wire[TEXT + 1024];
	struct rs s;
	uint32_t id;
	size_t n;

	(void)state;
	rs_start(&s, &o);
	assert_true(rs_open(&good, rs_url(&s, "ipc://")));
	fill_halves(&s, hogs, HOGS);
	buf_z(&call, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"test.echo\","
		     "\"auth\":\"plat\",\"params\":{\"text\":\"");
	for (int i = 0; i < TEXT; i++)
		buf_ch(&call, 'x');
	buf_z(&call, "\"}}");
	n = framed(wire, true, 7, buf_view(&call));
	plain_send(good.fd, wire, n - 100);
	assert_true(rs_ping(rs_url(&s, "ipc://"), 2000)); /* it was read */
	plain_send(good.fd, wire + n - 100, 100);
	assert_true(sp_recv(&good, &id, &r, 1 << 20, 5000));
	assert_true(answers_to(&r, 7));
	for (int i = 0; i < HOGS; i++)
		sp_close(&hogs[i]);
	sp_close(&good);
	buf_done(&call);
	buf_done(&r);
	rs_stop(&s);
}

static void another_protocol_is_closed(void **state)
{
	struct rs_opts o = { .listen = "ipc,tcp://127.0.0.1:0", .loops = 1 };
	struct rs s;

	(void)state;
	rs_start(&s, &o);
	for (int i = 0; i < 2; i++) {
		struct sp sub, web;

		assert_true(sp_connect(&sub, &clock_system,
				       rs_url(&s, schemes[i]), 2000));
		assert_true(sp_hello(&sub, SP_PROTO_SUB, 2000));
		assert_true(is_closed(sub.fd, 3000));
		assert_true(sp_connect(&web, &clock_system,
				       rs_url(&s, schemes[i]), 2000));
		plain_send(web.fd, "GET / HTTP/1.1\r\n\r\n", 18);
		assert_true(is_closed(web.fd, 3000));
		sp_close(&sub);
		sp_close(&web);
	}
	rs_stop(&s);
}

static bool one_was_dropped(void *arg)
{
	char page[65536];

	rs_http(rs_port(arg, "ws://"),
		STR("GET /metrics HTTP/1.1\r\nHost: a\r\n"
		    "Connection: close\r\n\r\n"),
		page, sizeof(page));
	return strstr(page, "assay_slow_readers_dropped_total 1") != NULL;
}

/* Its replies are 8 MB each, and it takes none of them. */
static void a_reader_of_nothing_is_dropped_and_its_memory_with_it(void **state)
{
	struct rs_opts o = { .listen = "tcp://127.0.0.1:0", .loops = 1 };
	struct buf call = { 0 };
	struct sp sp;
	struct rs s;

	(void)state;
	o.listen = "tcp://127.0.0.1:0,ws://127.0.0.1:0/rpc";
	rs_start(&s, &o);
	call_of(&call, 1, "test.echo");
	buf_ch(&call, 0);
	for (int i = 0; i < BIG; i++)
		buf_ch(&call, 'x');
	assert_true(rs_open(&sp, rs_url(&s, "tcp://")));
	for (uint32_t k = 0; k < 8; k++)
		if (!sp_send(&sp, k, buf_view(&call), 2000))
			break; /* nothing more is read of it, or it is gone */
	assert_true(rs_wait(one_was_dropped, &s, 5000));
	assert_true(rs_ping(rs_url(&s, "tcp://"), 2000));
	sp_close(&sp);
	buf_done(&call);
	rs_stop(&s);
}

static void a_socket_left_behind_is_taken_over(void **state)
{
	struct rs_opts o = { .listen = "ipc", .loops = 1 };
	char path[128];
	struct stat st;
	struct rs s, t;

	(void)state;
	rs_start(&s, &o);
	snprintf(path, sizeof(path), "ipc://%s/s", s.folder);
	assert_int_equal(stat(path + 6, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	kill(s.pid, SIGKILL);
	rs_join(&s, 5000);
	assert_int_equal(stat(path + 6, &st), 0); /* nobody took it away */
	o.listen = path;
	rs_start(&t, &o);
	assert_true(rs_ping(str_of(path), 2000));
	kill(t.pid, SIGTERM);
	assert_int_equal(rs_join(&t, 5000), 0);
	assert_int_equal(stat(path + 6, &st), -1); /* an orderly end does */
	rw_remove(t.folder);
	rw_remove(s.folder);
}

static void a_socket_in_use_is_left_alone(void **state)
{
	struct rs_opts o = { .listen = "ipc,tcp://127.0.0.1:0", .loops = 1 };
	static struct rw w;
	struct rw_opts wo = { 0 };
	struct rs s;
	const char *both[2];

	(void)state;
	rs_start(&s, &o);
	rw_open(&w, &wo);
	both[0] = str_z(w.cx.arena, rs_url(&s, "ipc://"));
	both[1] = str_z(w.cx.arena, rs_url(&s, "tcp://"));
	for (int i = 0; i < 2; i++) {
		struct front_opts fo = { .core = w.core,
					 .clock = &clock_system,
					 .loops = 1,
					 .listen = str_of(both[i]) };
		struct front *f;

		assert_int_equal(front_start(&w.cx, &fo, &f), ERR_INVALID);
		assert_true(str_find(str_of(w.cx.error.text), STR("in use"),
				     0) != SIZE_MAX);
		assert_true(rs_ping(str_of(both[i]), 2000));
	}
	rw_close(&w);
	rs_stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_arrive_whole_however_they_are_cut),
		cmocka_unit_test(many_in_one_write_are_each_answered_once),
		cmocka_unit_test(large_messages_go_both_ways),
		cmocka_unit_test(long_replies_to_many_at_once_all_come),
		cmocka_unit_test(without_a_free_slot_messages_wait),
		cmocka_unit_test(those_who_leave_early_are_forgotten),
		cmocka_unit_test(who_says_nothing_or_half_of_it_is_closed),
		cmocka_unit_test(half_messages_of_some_do_not_close_the_others),
		cmocka_unit_test(another_protocol_is_closed),
		cmocka_unit_test(
			a_reader_of_nothing_is_dropped_and_its_memory_with_it),
		cmocka_unit_test(a_socket_left_behind_is_taken_over),
		cmocka_unit_test(a_socket_in_use_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
