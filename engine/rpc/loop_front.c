/*
 * Theory of operation
 *
 * A few threads, each with an epoll, serve the connections of ipc and tcp. A
 * connection belongs to one of them for its life: that thread alone reads from
 * it and closes it. A message that is whole gets a slot, and core_take runs
 * its first part, and short queries wholly, on this thread.
 *
 *      readable --cut--> slot --core_take--> ... --reply()--> sendmsg
 *                                                   any thread
 *
 * Who replies also writes, under the connection's lock, straight from the
 * reply's own memory: no hand-over, no copy, no thread to wake. What the socket
 * does not take at once waits in the connection's buffer for the loop.
 *
 * Nobody holds up others:
 *  - a reply never blocks; a reader that takes nothing for send_timeout_ms is
 *    dropped, and while OUT_PAUSE bytes wait for it nothing more is read;
 *  - no slot free: the message waits where it is, and nothing more is read of
 *    its connection until one is, so that the peer's socket fills up;
 *  - more than pipe_requests in flight on one connection are answered "busy";
 *  - memory of half messages grows as bytes come, not as they are announced,
 *    and has a bound over all connections, as unsent replies have;
 *  - who does not greet, or begins a message and falls silent, is closed.
 *
 * A closed connection's struct lives until its last slot is given back.
 * Descriptors are taken out of epoll before they are closed, since the watchdog
 * (nng_watch.c) may hold a copy, which would keep them in it.
 */
#include "engine/rpc/loop_impl.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { EVENTS = 256, LOOK_LEAST_MS = 20 };

int64_t loop_now_ms(const struct loop_front *f)
{
	return clock_mono_ns(f->s->opts.clock) / 1000000;
}

void loop_wake(struct loop *l)
{
	uint64_t one = 1;
	ssize_t n = write(l->wake, &one, sizeof(one));

	(void)n; /* full: it is awake */
}

static void drain_wake(struct loop *l)
{
	uint64_t n;
	ssize_t r = read(l->wake, &n, sizeof(n));

	(void)r;
}

static void handle(struct loop *l, const struct epoll_event *e)
{
	enum loop_kind kind = *(enum loop_kind *)e->data.ptr;

	switch (kind) {
	case LOOP_WAKE:
		drain_wake(l);
		break;
	case LOOP_LISTENER:
		loop_accept(l->front, e->data.ptr);
		break;
	case LOOP_CONN:
		loop_conn_event(e->data.ptr, e->events);
		break;
	}
}

/* Those that waited for a slot or for their turn, the longest first. */
static void resume_stalled(struct loop *l)
{
	struct loop_conn *c = l->stalled, *next, *first = NULL;

	for (; c; c = next) {
		next = c->next_stalled;
		c->next_stalled = first;
		first = c;
	}
	l->stalled = NULL;
	atomic_store(&l->stalled_n, 0);
	for (; first; first = next) {
		next = first->next_stalled;
		loop_conn_resume(first);
	}
}

static void count_files(struct loop *l)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;
	int64_t n = 0;

	if (!d) { /* no descriptor left for it */
		front_files(l->front->s, l->front->s->files_max);
		return;
	}
	while ((e = readdir(d)))
		n += e->d_name[0] != '.';
	closedir(d);
	front_files(l->front->s, n - 1); /* without the folder's own */
}

static void look(struct loop *l, int64_t now_ms)
{
	struct loop_conn *c, *next;

	/* Others only add, in front of the first. */
	pthread_mutex_lock(&l->conns_lock);
	c = l->conns;
	pthread_mutex_unlock(&l->conns_lock);
	for (; c; c = next) {
		next = c->next;
		loop_conn_look(c, now_ms);
	}
}

static int64_t look_every_ms(const struct loop_front *f)
{
	int64_t ms = f->s->opts.send_timeout_ms / 2;

	if (ms > f->s->opts.watch_ms)
		ms = f->s->opts.watch_ms;
	return ms < LOOK_LEAST_MS ? LOOK_LEAST_MS : ms;
}

/* Not at all, while some only wait for their turn. */
static int wait_ms(struct loop *l, int64_t until_look)
{
	if (until_look <= 0 || (l->stalled && loop_slot_any(l)))
		return 0;
	return (int)until_look;
}

static void *loop_main(void *arg)
{
	struct loop *l = arg;
	struct loop_front *f = l->front;
	struct epoll_event events[EVENTS];
	int64_t every = look_every_ms(f), now = loop_now_ms(f);
	int64_t look_at = now, count_at = now;

	pthread_setname_np(pthread_self(), "loop");
	while (!atomic_load(&f->ended)) {
		int n;

		/* Not among the events, which may be of one that this closes.
		 */
		if (l->stalled && loop_slot_any(l))
			resume_stalled(l);
		n = epoll_wait(l->epoll, events, EVENTS,
			       wait_ms(l, look_at - now));
		for (int i = 0; i < n; i++)
			handle(l, &events[i]);
		now = loop_now_ms(f);
		if (now < look_at && !atomic_load(&f->s->stopping))
			continue;
		look(l, now);
		look_at = now + every;
		if (l == &f->loops[0])
			loop_accept_again(f);
		if (l->counts && now >= count_at) {
			count_files(l);
			count_at = now + f->s->opts.watch_ms;
		}
	}
	return NULL;
}

static bool loop_open(struct loop_front *f, struct loop *l)
{
	struct epoll_event e = { .events = EPOLLIN };

	l->front = f;
	l->wake_kind = LOOP_WAKE;
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->slots_max = f->s->opts.contexts / f->loops_n;
	if (l->slots_max < 1)
		l->slots_max = 1;
	pthread_mutex_init(&l->conns_lock, NULL);
	pthread_mutex_init(&l->slots_lock, NULL);
	e.data.ptr = &l->wake_kind;
	return l->epoll >= 0 && l->wake >= 0 &&
	       epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->wake, &e) == 0;
}

enum err loop_front_new(struct ctx *cx, struct front_state *s,
			struct loop_front **out)
{
	struct loop_front *f = calloc(1, sizeof(*f)); /* allowed: process */

	CHECK(f);
	f->s = s;
	f->loops_n = s->opts.loops < LOOPS_MAX ? s->opts.loops : LOOPS_MAX;
	f->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	for (int i = 0; i < f->loops_n; i++)
		if (!loop_open(f, &f->loops[i]))
			return err_set(cx, ERR_UNAVAILABLE,
				       "cannot make an event loop (%m)");
	*out = f;
	return OK;
}

void loop_front_run(struct loop_front *f, bool counts)
{
	f->loops[0].counts = counts;
	for (int i = 0; i < f->listeners_n; i++) {
		struct epoll_event e = { .events = EPOLLIN,
					 .data.ptr = &f->listeners[i] };

		CHECK(epoll_ctl(f->loops[0].epoll, EPOLL_CTL_ADD,
				f->listeners[i].fd, &e) == 0);
	}
	for (int i = 0; i < f->loops_n; i++)
		CHECK(pthread_create(&f->loops[i].thread, NULL, loop_main,
				     &f->loops[i]) == 0);
	f->running = true;
}

/* What arrives from now on is not looked at: see loop_arm. */
void loop_front_rest(struct loop_front *f)
{
	for (int i = 0; i < f->loops_n; i++)
		loop_wake(&f->loops[i]);
}

bool loop_front_unsent(struct loop_front *f)
{
	return atomic_load(&f->unsent) > 0;
}

void loop_front_stop(struct loop_front *f)
{
	if (!f->running)
		return;
	atomic_store(&f->ended, true);
	for (int i = 0; i < f->loops_n; i++) {
		loop_wake(&f->loops[i]);
		pthread_join(f->loops[i].thread, NULL);
	}
	f->running = false;
	for (int i = 0; i < f->listeners_n; i++) {
		const struct front_url *u = &f->listeners[i].url;

		close(f->listeners[i].fd);
		if (u->transport == FRONT_IPC)
			unlink(u->given + u->at);
	}
}
