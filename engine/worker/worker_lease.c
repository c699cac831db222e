#include "engine/worker/worker_lease.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "engine/worker/worker_say.h"

enum { AGAIN_MS = 1000, NS = 1000000 };

struct lease {
	bool used;
	_Atomic bool lost;
	const struct worker_job *job;
	int64_t renew_ns;
	struct worker_gone gone;
};

struct leases {
	pthread_mutex_t lock;
	const struct clock *clock;
	int64_t lease_ms;
	struct lease at[WORKER_HANDS];
};

struct leases *leases_new(const struct clock *clock, int64_t lease_ms)
{
	struct leases *l = calloc(1, sizeof(*l)); /* allowed: process */

	CHECK(l);
	pthread_mutex_init(&l->lock, NULL);
	l->clock = clock;
	l->lease_ms = lease_ms;
	for (size_t i = 0; i < WORKER_HANDS; i++)
		l->at[i].gone.fd = -1;
	return l;
}

void leases_free(struct leases *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < WORKER_HANDS; i++)
		if (l->at[i].gone.fd >= 0)
			close(l->at[i].gone.fd);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

static int64_t third_ns(const struct leases *l)
{
	return l->lease_ms * NS / 3;
}

struct lease *leases_begin(struct leases *l, const struct worker_job *job,
			   int64_t asked_ns)
{
	struct lease *one = NULL;

	pthread_mutex_lock(&l->lock);
	for (size_t i = 0; !one && i < WORKER_HANDS; i++)
		if (!l->at[i].used)
			one = &l->at[i];
	CHECK(one);
	if (one->gone.fd >= 0)
		close(one->gone.fd);
	*one = (struct lease){ .used = true,
			       .job = job,
			       .renew_ns = asked_ns + third_ns(l) };
	one->gone.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	CHECK(one->gone.fd >= 0);
	pthread_mutex_unlock(&l->lock);
	return one;
}

bool leases_end(struct leases *l, struct lease *one)
{
	_Atomic bool lost;

	pthread_mutex_lock(&l->lock);
	one->used = false;
	lost = one->lost;
	pthread_mutex_unlock(&l->lock);
	return lost;
}

const struct worker_gone *lease_gone(const struct lease *one)
{
	return &one->gone;
}

bool lease_lost(const struct lease *one)
{
	return one->lost;
}

static void end(struct lease *one)
{
	one->gone.is = true;
	CHECK(eventfd_write(one->gone.fd, 1) == 0);
}

void leases_drop(struct leases *l)
{
	pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < WORKER_HANDS; i++)
		if (l->at[i].used && !l->at[i].gone.is)
			end(&l->at[i]);
	pthread_mutex_unlock(&l->lock);
}

size_t leases_count(struct leases *l)
{
	size_t n = 0;

	pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < WORKER_HANDS; i++)
		n += l->at[i].used;
	pthread_mutex_unlock(&l->lock);
	return n;
}

/* ---- renewing ---- */

/* The one whose time comes first; a lost one has none. */
static struct lease *first(struct leases *l)
{
	struct lease *one = NULL;

	for (size_t i = 0; i < WORKER_HANDS; i++) {
		struct lease *c = &l->at[i];

		if (c->used && !c->lost &&
		    (!one || c->renew_ns < one->renew_ns))
			one = c;
	}
	return one;
}

/* Whether a lease that has the job's number is still this one. */
static bool is_still(const struct lease *one, const struct worker_job *j)
{
	return one->used && id_eq(&one->job->id, &j->id) &&
	       one->job->fence == j->fence;
}

/* What came of it. */
static bool settle(struct leases *l, struct lease *one, enum err e,
		   int64_t asked_ns)
{
	int64_t again =
		l->lease_ms / 10 < AGAIN_MS ? l->lease_ms / 10 : AGAIN_MS;

	one->renew_ns = e ? clock_mono_ns(l->clock) + again * NS
			  : asked_ns + third_ns(l);
	if (e != ERR_CONFLICT && e != ERR_NOT_FOUND)
		return false;
	one->lost = true;
	if (!one->gone.is)
		end(one);
	return true;
}

int64_t leases_renew(struct ctx *cx, struct leases *l, struct worker_server *s,
		     size_t *lost)
{
	int64_t next = INT64_MAX;

	*lost = 0;
	pthread_mutex_lock(&l->lock);
	for (;;) {
		struct lease *one = first(l);
		struct worker_job j;
		int64_t now = clock_mono_ns(l->clock);
		enum err e;

		next = one ? one->renew_ns : INT64_MAX;
		if (next > now)
			break;
		j = *one->job;
		pthread_mutex_unlock(&l->lock);
		e = say_renew(cx, s, &j, l->lease_ms);
		err_clear(cx);
		pthread_mutex_lock(&l->lock);
		if (is_still(one, &j))
			*lost += settle(l, one, e, now);
	}
	pthread_mutex_unlock(&l->lock);
	return next;
}
