/*
 * Clients that behave badly must not hurt those that behave well. Each test
 * was a fault of a plain nng 1.5.2 server.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/rpc_server.h"

static void write_text_call(struct buf *b, const char *method, size_t n)
{
	buf_fmt(b,
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\","
		"\"auth\":\"plat\",\"params\":{\"text\":\"",
		method);
	while (n-- > 0)
		buf_ch(b, 'x');
	buf_z(b, "\"}}");
}

/* Sends without ever reading, until the socket takes no more for a second. */
static void *flood(void *arg)
{
	struct sp *sp = arg;
	struct buf b = { 0 };

	write_text_call(&b, "test.echo", 2048);
	for (uint32_t i = 0; i < 20000; i++)
		if (!sp_send(sp, i, buf_view(&b), 1000))
			break;
	buf_done(&b);
	return NULL;
}

static void a_slow_reader_does_not_stop_the_others(void **state)
{
	struct rs_opts o = { .listen = "tcp://127.0.0.1:0", .contexts = 64 };
	int64_t until, slowest = 0;
	pthread_t threads[4];
	struct sp bad[4];
	struct rs s;
	int pings = 0;

	o.loops = **(int **)state;
	rs_start(&s, &o);
	for (int i = 0; i < 4; i++) {
		assert_true(rs_open(&bad[i], rs_url(&s, "tcp://")));
		pthread_create(&threads[i], NULL, flood, &bad[i]);
	}
	until = rs_now_ms() + 4000;
	while (rs_now_ms() < until) {
		int64_t t = rs_now_ms();

		assert_true(rs_ping(rs_url(&s, "tcp://"), 4000));
		t = rs_now_ms() - t;
		slowest = t > slowest ? t : slowest;
		pings++;
	}
	for (int i = 0; i < 4; i++) {
		shutdown(bad[i].fd, SHUT_RDWR);
		pthread_join(threads[i], NULL);
		sp_close(&bad[i]);
	}
	print_message("%d pings beside 4 slow readers, the slowest %lld ms\n",
		      pings, (long long)slowest);
	assert_true(pings > 20);
	rs_stop(&s);
}

static bool ipc_answers(void *arg)
{
	return rs_ping(rs_url(arg, "ipc://"), 500);
}

static void ipc_heals_after_connect_and_close(void **state)
{
	struct rs_opts o = { .listen = "ipc,tcp://127.0.0.1:0",
			     .contexts = 64 };
	struct rs s;
	int64_t t;

	o.loops = **(int **)state;
	rs_start(&s, &o);
	assert_true(rs_ping(rs_url(&s, "ipc://"), 2000));
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 20; i++) {
			struct sp sp;

			if (sp_connect(&sp, &clock_system, rs_url(&s, "ipc://"),
				       1000))
				sp_close(&sp);
		}
		t = rs_now_ms();
		assert_true(rs_wait(ipc_answers, &s, 10000));
		print_message("ipc answered again after %lld ms\n",
			      (long long)(rs_now_ms() - t));
		assert_true(rs_ping(rs_url(&s, "tcp://"), 2000));
	}
	rs_stop(&s);
}

static void silent_ws_connections_are_swept(void **state)
{
	struct rs_opts o = { .listen = "ws://127.0.0.1:0/rpc", .contexts = 64 };
	char out[4096];
	int fds[200], before;
	struct rs_few few;
	struct rs s;
	int64_t t;

	(void)state;
	rs_start(&s, &o);
	before = rs_files(&s);
	for (int i = 0; i < 200; i++) {
		fds[i] = rs_tcp(rs_port(&s, "ws://"));
		if (i % 2) /* half of them begin a request and stop */
			assert_int_equal(send(fds[i], "GET / HT", 8, 0), 8);
	}
	assert_true(rs_http(rs_port(&s, "ws://"),
			    STR("GET /healthz HTTP/1.1\r\nHost: a\r\n"
				"Connection: close\r\n\r\n"),
			    out, sizeof(out)) > 0);
	t = rs_now_ms();
	few = (struct rs_few){ &s, before + 10 };
	assert_true(rs_wait(rs_files_fell, &few, 20000));
	print_message("200 silent connections were gone after %lld ms\n",
		      (long long)(rs_now_ms() - t));
	for (int i = 0; i < 200; i++)
		close(fds[i]);
	rs_stop(&s);
}

static void endless_http_requests_are_cut(void **state)
{
	struct rs_opts o = { .listen = "ws://127.0.0.1:0/rpc", .contexts = 64 };
	static const char head[] = "GET / HTTP/1.1\r\n";
	struct rs s;
	char line[1024];
	size_t sent = 0;
	int64_t until;
	int fd;

	(void)state;
	rs_start(&s, &o);
	fd = rs_tcp(rs_port(&s, "ws://"));
	fcntl(fd, F_SETFL, 0);
	assert_true(send(fd, head, sizeof(head) - 1, 0) > 0);
	memset(line, 'x', sizeof(line));
	memcpy(line, "H: ", 3);
	memcpy(line + sizeof(line) - 2, "\r\n", 2);
	until = rs_now_ms() + 10000;
	while (rs_now_ms() < until && sent < 200u << 20) {
		ssize_t n = send(fd, line, sizeof(line), MSG_NOSIGNAL);

		if (n < 0)
			break;
		sent += (size_t)n;
	}
	print_message("cut after %zu KiB of headers\n", sent >> 10);
	assert_true(rs_now_ms() < until);
	close(fd);
	assert_true(rs_http(rs_port(&s, "ws://"),
			    STR("GET /healthz HTTP/1.1\r\nHost: a\r\n"
				"Connection: close\r\n\r\n"),
			    line, sizeof(line)) > 0);
	rs_stop(&s);
}

static bool closed_by_peer(int fd)
{
	struct timeval tv = { .tv_sec = 3 };
	char c;
	ssize_t n;

	fcntl(fd, F_SETFL, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	do
		n = recv(fd, &c, 1, 0);
	while (n > 0);
	return n == 0 || errno == ECONNRESET;
}

static void a_message_announced_too_large_closes_its_pipe(void **state)
{
	struct rs_opts o = { .listen = "ipc,tcp://127.0.0.1:0",
			     .contexts = 64 };
	static const uint8_t huge[9] = { 1, 0, 0, 1, 0, 0, 0, 0, 0 };
	struct rs s;
	struct sp sp;

	o.loops = **(int **)state;
	rs_start(&s, &o);
	assert_true(rs_open(&sp, rs_url(&s, "tcp://")));
	assert_int_equal(send(sp.fd, huge + 1, 8, 0), 8);
	assert_true(closed_by_peer(sp.fd));
	sp_close(&sp);
	assert_true(rs_open(&sp, rs_url(&s, "ipc://")));
	assert_int_equal(send(sp.fd, huge, 9, 0), 9);
	assert_true(closed_by_peer(sp.fd));
	sp_close(&sp);
	assert_true(rs_ping(rs_url(&s, "tcp://"), 2000));
	assert_true(rs_ping(rs_url(&s, "ipc://"), 2000));
	rs_stop(&s);
}

static void one_connection_cannot_take_all_slots(void **state)
{
	struct rs_opts o = { .listen = "tcp://127.0.0.1:0",
			     .contexts = 64,
			     .store = true };
	struct buf b = { 0 }, r = { 0 };
	int busy = 0, done = 0;
	uint32_t id;
	struct sp sp;
	struct rs s;

	o.loops = **(int **)state;
	rs_start(&s, &o);
	assert_true(rs_open(&sp, rs_url(&s, "tcp://")));
	write_text_call(&b, "test.write", 20);
	for (uint32_t i = 0; i < 2000; i++)
		if (!sp_send(&sp, i, buf_view(&b), 2000))
			break; /* it lost patience with us */
	/* Nothing was read yet, and others are answered all the same. */
	assert_true(rs_ping(rs_url(&s, "tcp://"), 5000));
	for (int i = 0; i < 2000; i++) {
		if (!sp_recv(&sp, &id, &r, 4096, 5000))
			break; /* or hung up on */
		if (str_find(buf_view(&r), STR("\"busy\""), 0) != SIZE_MAX)
			busy++;
		else
			done++;
	}
	print_message("2000 at once: %d done, %d told to wait\n", done, busy);
	assert_true(rs_ping(rs_url(&s, "tcp://"), 5000));
	sp_close(&sp);
	buf_done(&b);
	buf_done(&r);
	rs_stop(&s);
}

static void bad_messages_are_answered_and_hurt_nobody(void **state)
{
	struct rs_opts o = { .listen = "ipc,tcp://127.0.0.1:0",
			     .contexts = 64 };
	static const struct {
		const char *text, *kind;
	} bad[] = {
		{ "", "bad_json" },
		{ "{\"jsonrpc\":", "bad_json" },
		{ "\xc3\x28", "bad_json" },
		{ "[]", "bad_request" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"no.such\"}",
		  "unknown_method" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"test.echo\","
		  "\"auth\":\"plat\",\"params\":{\"text\":[]}}",
		  "invalid" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"test.echo\","
		  "\"auth\":\"plat\",\"params\":{\"text\":\"\",\"x\":1}}",
		  "invalid" },
	};
	struct buf big = { 0 }, r = { 0 };
	uint32_t id;
	struct sp sp;
	struct rs s;

	o.loops = **(int **)state;
	rs_start(&s, &o);
	assert_true(rs_open(&sp, rs_url(&s, "ipc://")));
	for (uint32_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_true(sp_send(&sp, i, str_of(bad[i].text), 2000));
		assert_true(sp_recv(&sp, &id, &r, 65536, 2000));
		assert_int_equal(id, i);
		if (str_find(buf_view(&r), str_of(bad[i].kind), 0) == SIZE_MAX)
			fail_msg("%s: got %.*s", bad[i].text,
				 STR_FMT(buf_view(&r)));
	}
	for (int i = 0; i < 900000; i++)
		buf_ch(&big, '[');
	assert_true(sp_send(&sp, 90, buf_view(&big), 2000));
	assert_true(sp_recv(&sp, &id, &r, 65536, 2000));
	assert_true(str_find(buf_view(&r), STR("too_large"), 0) != SIZE_MAX);
	for (int i = 0; i < 3000000; i++)
		buf_ch(&big, '[');
	assert_true(sp_send(&sp, 91, buf_view(&big), 5000));
	assert_true(sp_recv(&sp, &id, &r, 65536, 5000));
	assert_true(str_find(buf_view(&r), STR("too_large"), 0) != SIZE_MAX);
	sp_close(&sp);
	buf_done(&big);
	buf_done(&r);
	assert_true(rs_ping(rs_url(&s, "tcp://"), 2000));
	rs_stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RS_BOTH(a_slow_reader_does_not_stop_the_others),
		RS_BOTH(ipc_heals_after_connect_and_close),
		cmocka_unit_test(silent_ws_connections_are_swept),
		cmocka_unit_test(endless_http_requests_are_cut),
		RS_BOTH(a_message_announced_too_large_closes_its_pipe),
		RS_BOTH(one_connection_cannot_take_all_slots),
		RS_BOTH(bad_messages_are_answered_and_hurt_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
