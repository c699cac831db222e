/*
 * The way to a server that is none: what it says is no SP, too long, cut off
 * or no JSON. A thousand times, after which nothing is left open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/worker/worker_say.h"
#include "engine/worker/worker_server.h"

enum { ROUNDS = 1000, DEEP = 100000 };

enum lie {
	LIE_HANGS_UP,
	LIE_NO_SP,
	LIE_HUGE,  /* so many bytes, it says */
	LIE_CUT,   /* and fewer come */
	LIE_EMPTY, /* not even the request's number */
	LIE_NO_JSON,
	LIE_DEEP,
	LIE_NO_RPC,
	LIE_WRONG_TYPES,
	LIE_BYTES, /* NULs all over */
	LIES
};

struct liar {
	char dir[64], path[108];
	int fd, round;
	pthread_t thread;
};

static bool take(int fd, void *to, size_t n)
{
	return recv(fd, to, n, MSG_WAITALL) == (ssize_t)n;
}

static void put(int fd, const void *bytes, size_t n)
{
	(void)!send(fd, bytes, n, MSG_NOSIGNAL);
}

/* As ipc has it: a one, the length, and the request's number before the text.
   says: of that many bytes, were it believed. */
static void answer(int fd, const uint8_t id[4], uint64_t says, const char *text,
		   size_t n)
{
	uint8_t head[13] = { 1 };

	for (int i = 0; i < 8; i++)
		head[1 + i] = (uint8_t)(says >> (56 - 8 * i));
	memcpy(head + 9, id, 4);
	put(fd, head, 13);
	put(fd, text, n);
}

static void lie(int fd, const uint8_t id[4], enum lie what)
{
	static char deep[DEEP];
	static const char no_rpc[] = "[]", none[] = "\x1b]0;x\x07{\"",
			  wrong[] = "{\"jsonrpc\":7,\"id\":{},\"result\":"
				    "{\"jobs\":\"many\"}}",
			  nuls[] = "{}\0\0\0\0{\"result\":1}";

	switch (what) {
	case LIE_HANGS_UP:
	case LIE_NO_SP:
	case LIES:
		return;
	case LIE_HUGE:
		answer(fd, id, UINT64_C(1) << 62, "x", 1);
		return;
	case LIE_CUT:
		answer(fd, id, 1000, "{\"result\":", 10);
		return;
	case LIE_EMPTY:
		answer(fd, id, 0, "", 0);
		return;
	case LIE_NO_JSON:
		answer(fd, id, 4 + sizeof(none) - 1, none, sizeof(none) - 1);
		return;
	case LIE_DEEP:
		memset(deep, '[', sizeof(deep));
		answer(fd, id, 4 + sizeof(deep), deep, sizeof(deep));
		return;
	case LIE_NO_RPC:
		answer(fd, id, 4 + 2, no_rpc, 2);
		return;
	case LIE_WRONG_TYPES:
		answer(fd, id, 4 + sizeof(wrong) - 1, wrong, sizeof(wrong) - 1);
		return;
	case LIE_BYTES:
		answer(fd, id, 4 + sizeof(nuls) - 1, nuls, sizeof(nuls) - 1);
		return;
	}
}

static void talk(int fd, enum lie what)
{
	static const uint8_t hello[8] = { 0, 'S', 'P', 0, 0, 0x31, 0, 0 };
	uint8_t head[9], id[4], seen[8];
	char rest[4096];
	uint64_t n = 0;

	if (what == LIE_HANGS_UP)
		return;
	put(fd, what == LIE_NO_SP ? (const uint8_t *)"HTTP/1.1" : hello, 8);
	if (!take(fd, seen, 8) || !take(fd, head, 9) || !take(fd, id, 4))
		return;
	for (int i = 0; i < 8; i++)
		n = n << 8 | head[1 + i];
	if (n < 4 || n - 4 > sizeof(rest) || !take(fd, rest, n - 4))
		return;
	lie(fd, id, what);
}

static void *serve(void *arg)
{
	struct liar *l = arg;

	for (;;) {
		int fd = accept(l->fd, NULL, NULL);

		if (fd < 0)
			return NULL;
		talk(fd, (enum lie)(l->round++ % LIES));
		close(fd);
	}
}

static int set_up(void **state)
{
	struct liar *l = calloc(1, sizeof(*l));
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	signal(SIGPIPE, SIG_IGN);
	snprintf(l->dir, sizeof(l->dir), "/tmp/assay-liar-XXXXXX");
	assert_non_null(mkdtemp(l->dir));
	snprintf(l->path, sizeof(l->path), "%s/s", l->dir);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", l->path);
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(l->fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(l->fd, 16), 0);
	pthread_create(&l->thread, NULL, serve, l);
	*state = l;
	return 0;
}

static int tear_down(void **state)
{
	struct liar *l = *state;

	shutdown(l->fd, SHUT_RDWR);
	pthread_join(l->thread, NULL);
	close(l->fd);
	unlink(l->path);
	rmdir(l->dir);
	free(l);
	return 0;
}

static int open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void nothing_is_left_of_a_thousand_lies(void **state)
{
	struct liar *l = *state;
	struct str kind = STR("say");
	struct ctx cx = { .arena = arena_new(65536), .clock = &clock_system };
	const struct worker_address to = {
		.url = str_fmt(cx.arena, "ipc://%s", l->path),
		.token = STR("t"),
	};
	struct arena *arena = arena_new(65536);
	struct worker_server server;
	int before = 0;

	assert_int_equal(worker_connect(&cx, &to, 5000, &server), OK);
	for (int i = 0; i < ROUNDS; i++) {
		struct ctx one = { .arena = arena, .clock = &clock_system };
		struct worker_job job;
		bool got = false;
		enum err e = say_lease(&one, &server, STR("w"),
				       &(struct list){ &kind, 1 }, STR("{}"),
				       1000, &got, &job);

		assert_int_not_equal(e, OK);
		assert_false(got);
		arena_reset(arena);
		if (i == ROUNDS / 10)
			before = open_files();
	}
	/* One may be open at either end. */
	assert_in_range(open_files(), before - 2, before + 2);
	server.close(server.arg);
	arena_free(arena);
	arena_free(cx.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			nothing_is_left_of_a_thousand_lies, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
