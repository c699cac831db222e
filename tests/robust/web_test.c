/* What arrives on the ws port: pages, origins, headers, WebSocket itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/rpc_server.h"

static int set_up(void **state)
{
	static struct rs s;
	struct rs_opts o = { .listen = "ws://127.0.0.1:0/rpc",
			     .contexts = 64,
			     .origins = "https://app.example, http://b" };

	rs_start(&s, &o);
	*state = &s;
	return 0;
}

static int tear_down(void **state)
{
	rs_stop(*state);
	return 0;
}

static int status_of(struct rs *s, const char *target, char *out, size_t room)
{
	char ask[1024];
	int n = snprintf(ask, sizeof(ask),
			 "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
			 "Connection: close\r\n\r\n",
			 target);

	if (rs_http(rs_port(s, "ws://"), (struct str){ ask, (size_t)n }, out,
		    room) < 12)
		return 0;
	return atoi(out + 9);
}

static void pages_are_served_by_exact_path(void **state)
{
	char out[65536];

	assert_int_equal(status_of(*state, "/healthz", out, sizeof(out)), 200);
	assert_non_null(strstr(out, "\r\n\r\nok\n"));
	assert_non_null(strstr(out, "nosniff"));
	assert_int_equal(status_of(*state, "/", out, sizeof(out)), 200);
	assert_non_null(strstr(out, "hello"));
	assert_int_equal(status_of(*state, "/metrics", out, sizeof(out)), 200);
	assert_non_null(strstr(out, "assay_connections "));
	assert_non_null(strstr(out, "assay_open_files "));
}

static void no_path_leads_out_of_the_table(void **state)
{
	static const char *const targets[] = {
		"/../../../etc/passwd",
		"/..%2f..%2fetc/passwd",
		"/etc/passwd",
		"//etc/passwd",
		"/./../etc/passwd",
		"/healthz/..",
		"/healthz/x",
		"/nothing",
		"/%2e%2e/%2e%2e/etc/passwd",
		"/rpc/../etc/passwd",
		"/metrics/../../etc/passwd",
	};
	char out[65536];

	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
		int status = status_of(*state, targets[i], out, sizeof(out));

		if (strstr(out, "root:") || status == 200)
			fail_msg("%s: %d %.200s", targets[i], status, out);
	}
	assert_int_equal(status_of(*state, "/healthz", out, sizeof(out)), 200);
}

/* Upgrades; returns the socket, or -1 if it was closed before a ping. */
static int upgrade(struct rs *s, const char *headers)
{
	struct timeval tv = { .tv_sec = 2 };
	uint8_t frame[6 + 4 + sizeof(RS_PING)] = { 0x82 };
	int port = rs_port(s, "ws://"), fd = rs_tcp(port);
	struct buf b = { 0 };
	char in[4096];
	size_t n = sizeof(RS_PING) - 1 + 4;
	ssize_t got;

	fcntl(fd, F_SETFL, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	buf_fmt(&b,
		"GET /rpc HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
		"Upgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		"Sec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Protocol: rep.sp.nanomsg.org\r\n",
		port);
	buf_z(&b, headers);
	buf_z(&b, "\r\n");
	got = send(fd, b.p, b.n, MSG_NOSIGNAL);
	buf_done(&b);
	if (got < 0 || recv(fd, in, sizeof(in), 0) < 12 ||
	    memcmp(in + 9, "101", 3) != 0)
		goto closed;
	/* A ping in one masked frame; the mask is zero. */
	assert_true(n < 126);
	frame[1] = (uint8_t)(0x80 | n);
	memcpy(frame + 6, "\x80\0\0\x01", 4);
	memcpy(frame + 10, RS_PING, n - 4);
	if (send(fd, frame, 6 + n, MSG_NOSIGNAL) < 0)
		goto closed;
	got = recv(fd, in, sizeof(in), 0);
	if (got < 10 ||
	    memmem(in, (size_t)got, RS_PONG, sizeof(RS_PONG) - 1) == NULL)
		goto closed;
	return fd;
closed:
	close(fd);
	return -1;
}

static void foreign_origins_are_closed(void **state)
{
	static const struct {
		const char *headers;
		bool open;
	} cases[] = {
		{ "", true },
		{ "Origin: https://app.example\r\n", true },
		{ "oRiGiN:HTTPS://APP.EXAMPLE\r\n", true },
		{ "Origin: http://b\r\n", true },
		{ "Origin: https://evil.example\r\n", false },
		{ "Origin: null\r\n", false },
		{ "Origin: https://app.example.evil.example\r\n", false },
		{ "Origin: https://app.exampl\r\n", false },
		{ "Origin: http://127.0.0.1:1\r\n", false },
		{ "Origin:\r\n", false },
	};
	char own[64];
	int fd;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		fd = upgrade(*state, cases[i].headers);
		if ((fd >= 0) != cases[i].open)
			fail_msg("%s: %s", cases[i].headers,
				 fd >= 0 ? "stayed" : "was closed");
		if (fd >= 0)
			close(fd);
	}
	/* Our own page, at an address that is this machine. */
	snprintf(own, sizeof(own), "Origin: http://127.0.0.1:%d\r\n",
		 rs_port(*state, "ws://"));
	fd = upgrade(*state, own);
	assert_true(fd >= 0);
	close(fd);
}

static void oversized_headers_are_refused(void **state)
{
	struct buf b = { 0 };
	int fd;

	for (int i = 0; i < 40; i++) {
		buf_fmt(&b, "X-%d: ", i);
		for (int j = 0; j < 1000; j++)
			buf_ch(&b, 'x');
		buf_z(&b, "\r\n");
	}
	buf_ch(&b, 0);
	fd = upgrade(*state, b.p);
	assert_int_equal(fd, -1);
	buf_done(&b);
	fd = upgrade(*state, "X-Small: fine\r\n");
	assert_true(fd >= 0);
	close(fd);
}

static void a_ws_pipe_may_be_idle(void **state)
{
	int fd = upgrade(*state, "");
	struct timeval tv = { .tv_sec = 3 };
	char c;

	assert_true(fd >= 0);
	/* Three times as long as HTTP may be; not waiting for a condition but
	   for the absence of one. */
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	assert_int_equal(recv(fd, &c, 1, 0), -1);
	assert_true(errno == EAGAIN);
	close(fd);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(pages_are_served_by_exact_path),
		T(no_path_leads_out_of_the_table),
		T(foreign_origins_are_closed),
		T(oversized_headers_are_refused),
		T(a_ws_pipe_may_be_idle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
