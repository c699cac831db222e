/* An assay-box whose client stops reading what it is told. */
#include <dirent.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/sandbox/box_world.h"
#include "sandbox/box_serve.h"
#include "sandbox/box_wire.h"

enum { SMALL = 4096, GIVES_UP_MS = 20000, SLEEPER = 7 };

struct client {
	struct ctx cx;
	int sock;
	pid_t server;
};

static bool open_client(struct client *c, int64_t patience_ms)
{
	struct box_opts opts = { .patience_ms = patience_ms };
	struct serve_message m;
	int pair[2], room = SMALL;

	*c = (struct client){ .cx = { .arena = arena_new(1 << 16) } };
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	c->sock = pair[0];
	c->server = fork();
	assert_true(c->server >= 0);
	if (c->server == 0) {
		close(pair[0]);
		_exit(box_serve(pair[1], &opts, 2));
	}
	close(pair[1]);
	assert_int_equal(serve_receive(c->cx.arena, c->sock, 0, &m), 1);
	assert_int_equal(m.head.kind, SERVE_READY);
	if (!m.bytes.n)
		return true;
	print_message("no fence here: %.*s\n", STR_FMT(m.bytes));
	return false;
}

static void close_client(struct client *c)
{
	close(c->sock);
	if (c->server > 0)
		waitpid(c->server, NULL, 0);
	arena_free(c->cx.arena);
}

static void start(struct client *c, const char *script)
{
	struct serve_head head = { .kind = SERVE_START, .ticket = SLEEPER };
	struct box_world w = { .cx = c->cx };
	struct run_ask ask = ask_sh(&w, script);
	struct buf b = { 0 };

	wire_put_ask(&b, &ask, true);
	assert_true(serve_send(c->sock, head, buf_view(&b), -1, 0));
	buf_done(&b);
}

/* Asks for what is told at once: that there is no such run. */
static void ask_for_nothing(struct client *c, int times)
{
	struct serve_head head = { .kind = SERVE_TREE, .ticket = 999 };

	for (int i = 0; i < times; i++)
		if (!serve_send(c->sock, head, STR(""), -1, 0))
			return; /* it is gone already */
}

static bool somebody_sleeps(const char *how_long)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	bool found = false;

	while (d && !found && (e = readdir(d))) {
		char path[300], line[64] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%s/cmdline", e->d_name);
		f = fopen(path, "re");
		found = f && fread(line, 1, sizeof(line) - 1, f) > 6 &&
			!strcmp(line + strlen("sleep") + 1, how_long);
		if (f)
			fclose(f);
	}
	if (d)
		closedir(d);
	return found;
}

static void wait_until_it_sleeps(const char *how_long)
{
	for (int i = 0; i < 10000 && !somebody_sleeps(how_long); i++)
		poll(NULL, 0, 1);
	assert_true(somebody_sleeps(how_long));
}

static void assert_it_gives_up(struct client *c, const char *how_long)
{
	int fd = (int)syscall(SYS_pidfd_open, c->server, 0), status = -1;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	assert_true(fd >= 0);
	assert_int_equal(poll(&p, 1, GIVES_UP_MS), 1);
	close(fd);
	assert_true(waitpid(c->server, &status, 0) == c->server);
	c->server = -1;
	assert_int_equal(status, 0);
	assert_false(somebody_sleeps(how_long));
}

static void a_client_that_stops_reading_is_given_up_in_time(void **state)
{
	struct client c;

	(void)state;
	if (!open_client(&c, 50)) {
		close_client(&c);
		skip();
	}
	start(&c, "exec sleep 781.25");
	wait_until_it_sleeps("781.25");
	ask_for_nothing(&c, 100);
	assert_it_gives_up(&c, "781.25");
	close_client(&c);
}

static void what_it_does_not_read_is_kept_up_to_a_bound(void **state)
{
	struct client c;

	(void)state;
	if (!open_client(&c, 0)) {
		close_client(&c);
		skip();
	}
	start(&c, "exec sleep 782.25");
	wait_until_it_sleeps("782.25");
	ask_for_nothing(&c, 6000);
	assert_it_gives_up(&c, "782.25");
	close_client(&c);
}

/* Everything is told, in its order, once it reads again. */
static void a_client_that_reads_late_misses_nothing(void **state)
{
	struct client c;
	struct serve_message m = { .fd = -1 };
	int trees = 0, told = 0;

	(void)state;
	if (!open_client(&c, 0)) {
		close_client(&c);
		skip();
	}
	ask_for_nothing(&c, 100);
	start(&c, "echo here");
	ask_for_nothing(&c, 100);
	while (trees < 200 || !told) {
		struct pollfd p = { .fd = c.sock, .events = POLLIN };

		assert_int_equal(poll(&p, 1, GIVES_UP_MS), 1);
		assert_int_equal(serve_receive(c.cx.arena, c.sock, 0, &m), 1);
		trees += m.head.kind == SERVE_TREE;
		if (m.head.kind == SERVE_TOLD) {
			struct run_told t;

			assert_int_equal(wire_get_told(&c.cx, m.bytes, &t), OK);
			assert_str(t.out, "here\n");
			told++;
		}
		serve_forget(&m);
	}
	assert_int_equal(trees, 200);
	assert_int_equal(told, 1);
	close_client(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_client_that_stops_reading_is_given_up_in_time),
		cmocka_unit_test(what_it_does_not_read_is_kept_up_to_a_bound),
		cmocka_unit_test(a_client_that_reads_late_misses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
