/* A run that may reach one peer reaches that one and nobody else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/box/boxed.h"
#include "tests/box/leftovers.h"

struct world {
	struct boxed boxed;
	bool there;
	pid_t peer;
	int port;
	int other, other_port; /* somebody else, who should hear nothing */
};

static int listener(int *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0 && !bind(fd, (struct sockaddr *)&at, n) &&
		    !listen(fd, 64) &&
		    !getsockname(fd, (struct sockaddr *)&at, &n));
	*port = ntohs(at.sin_port);
	return fd;
}

static void answer(int fd)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		int c = accept(fd, NULL, NULL);
		char said[4];

		if (recv(c, said, 4, MSG_WAITALL) == 4)
			send(c, "pong", 4, MSG_NOSIGNAL);
		recv(c, said, 1, 0); /* until it has read that */
		close(c);
	}
}

static int set_up(void **state)
{
	static struct world w;
	int fd = listener(&w.port);

	w.other = listener(&w.other_port);
	w.peer = fork();
	assert_true(w.peer >= 0);
	if (w.peer == 0) {
		close(w.other);
		answer(fd);
	}
	close(fd);
	w.there = boxed_open(&w.boxed, 2);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	if (w->there)
		boxed_close(&w->boxed);
	kill(w->peer, SIGKILL);
	waitpid(w->peer, NULL, 0);
	close(w->other);
	return 0;
}

static bool nobody_came(const struct world *w)
{
	struct timeval soon = { .tv_usec = 1 };

	setsockopt(w->other, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
	return accept(w->other, NULL, NULL) < 0;
}

static struct run_ask ask_for(struct world *w, struct ctx *cx, const char *mode,
			      const char *peer)
{
	const char *const words[] = { "subject", mode,
				      str_fmt(cx->arena, "%d", w->other_port).p,
				      NULL };
	struct run_ask ask =
		boxed_ask(&w->boxed, cx, boxed_words(cx, words), NULL);

	ask.peer = str_of(peer);
	boxed_slow(&ask.limits);
	return ask;
}

static void run(struct world *w, struct ctx *cx, const char *mode,
		const char *peer)
{
	struct run_ask ask = ask_for(w, cx, mode, peer);
	char said[BOXED_SAID];
	struct run_told t;

	assert_int_equal(runner_run(cx, &w->boxed.runner, &ask, &t), OK);
	if (t.verdict != RUN_AC)
		fail_msg("%s: %s", mode, boxed_said(&t, said));
}

static const char *peer_at(struct world *w, struct ctx *cx)
{
	return str_fmt(cx->arena, "127.0.0.1:%d", w->port).p;
}

#define NEEDS_BOX(w)                                                           \
	do {                                                                   \
		if (!(w)->there)                                               \
			skip();                                                \
	} while (0)

static void the_peer_is_reached_and_nobody_else(void **state)
{
	struct world *w = *state;
	struct ctx cx = w->boxed.cx;

	NEEDS_BOX(w);
	run(w, &cx, "talks", peer_at(w, &cx));
	run(w, &cx, "reaches", peer_at(w, &cx));
	assert_true(nobody_came(w));
}

static void connections_are_bounded_at_once_and_in_all(void **state)
{
	struct world *w = *state;
	struct ctx cx = w->boxed.cx;

	NEEDS_BOX(w);
	run(w, &cx, "asks-for-many", peer_at(w, &cx));
}

static void without_a_peer_there_is_nobody_to_ask(void **state)
{
	struct world *w = *state;
	struct ctx cx = w->boxed.cx;

	NEEDS_BOX(w);
	run(w, &cx, "reaches-nobody", "");
	/* One that does not answer is nobody, too. */
	close(w->other);
	run(w, &cx, "reaches-nobody",
	    str_fmt(cx.arena, "127.0.0.1:%d", w->other_port).p);
	w->other = listener(&w->other_port);
}

static void who_passes_bytes_on_ends_with_the_run(void **state)
{
	struct world *w = *state;
	struct ctx cx = w->boxed.cx;
	struct leftovers before;

	NEEDS_BOX(w);
	run(w, &cx, "talks", peer_at(w, &cx));
	leftovers_count(&before);
	for (int i = 0; i < 5; i++)
		run(w, &cx, "talks", peer_at(w, &cx));
	assert_true(leftovers_gone(&before, true));
	assert_int_equal(leftovers_child("box-relay"), 0);
}

static void a_peer_is_an_address_and_a_port(void **state)
{
	static const char *const bad[] = {
		"127.0.0.1",   "127.0.0.1:",	"127.0.0.1:0", "localhost:80",
		"1.2.3:80",    "1.2.3.4:65536", ":80",	       "[::1]",
		"[::1]:",      "::1:80",	"[1.2.3.4]:1", "1.2.3.4:+1",
		"1.2.3.4:80 ", "1.2.3.4:80:80", "[::1]80",
	};
	struct world *w = *state;
	struct ctx cx = w->boxed.cx;
	struct run_ask ask;
	int64_t ticket;

	NEEDS_BOX(w);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		ask = ask_for(w, &cx, "talks", bad[i]);
		if (w->boxed.runner.start(&cx, w->boxed.runner.arg, &ask,
					  &ticket) != ERR_INVALID)
			fail_msg("%s", bad[i]);
		assert_string_equal(cx.error.field, "/peer");
		err_clear(&cx);
	}
	ask = ask_for(w, &cx, "talks", peer_at(w, &cx));
	ask.input = STR("x");
	assert_int_equal(
		w->boxed.runner.start(&cx, w->boxed.runner.arg, &ask, &ticket),
		ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_peer_is_reached_and_nobody_else),
		cmocka_unit_test(connections_are_bounded_at_once_and_in_all),
		cmocka_unit_test(without_a_peer_there_is_nobody_to_ask),
		cmocka_unit_test(who_passes_bytes_on_ends_with_the_run),
		cmocka_unit_test(a_peer_is_an_address_and_a_port),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
