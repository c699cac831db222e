/* What a connection keeps of replies that its reader does not take at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/rpc/loop_impl.h"

enum { REPLY = 8000, HELD = 400 << 10, ROUNDS = 2000, READ = 16384 };

struct rig {
	struct clock_manual clock;
	struct front_state state;
	struct loop_front front;
	struct loop_conn conn;
	struct loop_slot slot;
	int peer;
};

static struct rig *rig_new(void)
{
	struct rig *r = calloc(1, sizeof(*r));
	int two[2];

	assert_non_null(r);
	clock_manual_init(&r->clock, 1);
	r->state.opts.clock = &r->clock.clock;
	r->front.s = &r->state;
	r->front.loops[0].front = &r->front;
	r->front.loops[0].epoll = epoll_create1(EPOLL_CLOEXEC);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, two), 0);
	r->peer = two[0];
	r->conn.fd = two[1];
	r->conn.loop = &r->front.loops[0];
	r->conn.transport = FRONT_IPC;
	pthread_mutex_init(&r->conn.lock, NULL);
	assert_int_equal(epoll_ctl(r->front.loops[0].epoll, EPOLL_CTL_ADD,
				   two[1], &(struct epoll_event){ 0 }),
			 0);
	r->slot.conn = &r->conn;
	r->slot.route_n = 4;
	return r;
}

static void rig_free(struct rig *r)
{
	buf_done(&r->conn.out);
	pthread_mutex_destroy(&r->conn.lock);
	close(r->peer);
	close(r->conn.fd);
	close(r->front.loops[0].epoll);
	free(r);
}

static size_t held(const struct rig *r)
{
	return r->conn.out.n - r->conn.out_at;
}

/*
 * The buffer is never empty, so nothing but the moving of what waits to its
 * beginning gives room back.
 */
static void
a_reader_that_is_always_behind_does_not_make_memory_grow(void **state)
{
	static char text[REPLY], taken[READ];
	struct rig *r = rig_new();
	int64_t got = 0;

	(void)state;
	memset(text, 'x', sizeof(text));
	for (int i = 0; i < ROUNDS; i++) {
		while (held(r) < HELD)
			loop_send(&r->slot, &r->conn,
				  (struct str){ text, sizeof(text) },
				  (struct str){ 0 });
		got += recv(r->peer, taken, sizeof(taken), MSG_DONTWAIT);
		loop_flush(&r->conn);
		assert_false(r->conn.doomed);
		assert_true(r->conn.out.room <= 4 * HELD);
	}
	assert_true(got > 20 * HELD);
	assert_int_equal(r->front.unsent, held(r));
	rig_free(r);
}

static void what_is_kept_arrives_in_its_order(void **state)
{
	struct rig *r = rig_new();
	static char text[REPLY], taken[1 << 20];
	size_t frame = 0, n = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		memset(text, 'a' + i % 26, sizeof(text));
		loop_send(&r->slot, &r->conn,
			  (struct str){ text, sizeof(text) },
			  (struct str){ 0 });
	}
	assert_true(held(r) > 0);
	while (n < sizeof(taken)) {
		ssize_t k = recv(r->peer, taken + n, sizeof(taken) - n,
				 MSG_DONTWAIT);

		if (k <= 0)
			break;
		n += (size_t)k;
		loop_flush(&r->conn);
	}
	assert_int_equal(held(r), 0);
	assert_int_equal(r->front.unsent, 0);
	frame = n / 100;
	for (int i = 0; i < 100; i++)
		assert_int_equal(taken[(size_t)(i + 1) * frame - 1],
				 'a' + i % 26);
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_reader_that_is_always_behind_does_not_make_memory_grow),
		cmocka_unit_test(what_is_kept_arrives_in_its_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
