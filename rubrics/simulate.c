#include "rubrics/simulate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rubrics/queue.h"

enum { AUTHORS_MOST = 10000, SEEDS_MOST = 1000, DAYS_MOST = 3660 };

const char *const simulate_policy_words[] = { "credit", "oldest", "level",
					      NULL };

const struct simulate_rules simulate_rules_default = {
	.policy = SIMULATE_CREDIT,
	.authors = 600,
	.days = 60,
	.tail_days = 30,
	.must = 3,
	.need = 3,
	.surplus = 3,
	.window = QUEUE_WINDOW,
	.lease_hours = 8,
	.never = .3,
	.abandon = .1,
	.session_hours = 5,
	.gap_hours = 4.8,
	.review_hours_min = .2,
	.review_hours_max = 2,
	.seeds = 6,
	.seed = 1,
};

enum what { ARRIVES, SITS_DOWN, REVIEWS, LEASE_ENDS };

struct happening {
	double at; /* hours */
	uint32_t order, author;
	enum what what;
};

struct author {
	double came, first, enough; /* hours; INFINITY: never */
	uint32_t will_do;	    /* reviews, before he gives up */
	bool gives_up;		    /* then takes one more, and leaves it */
	uint32_t done, received, leased, lease;
	uint32_t *had; /* [must]: whose */
};

struct course {
	const struct simulate_rules *r;
	struct rng *rng;
	struct author *authors;
	struct queue *queue; /* of "credit" */
	uint32_t *of_age;    /* who came, in the order of coming */
	uint32_t came;
	struct happening *heap;
	size_t waiting;
	uint32_t happenings;
	int64_t picks, surplus_picks, narrow;
};

/* ---- randomness ---- */

/* In (0, 1]. */
static double unit(struct rng *rng)
{
	return ((double)(rng_u64(rng) >> 11) + 1) * 0x1p-53;
}

/* exp of a standard normal (Box and Muller 1958). */
static double lognormal(struct rng *rng)
{
	double length = sqrt(-2 * log(unit(rng)));

	return exp(length * cos(6.283185307179586 * unit(rng)));
}

static double between(struct rng *rng, double lo, double hi)
{
	return lo + (hi - lo) * unit(rng);
}

/* ---- what happens when: a binary heap ---- */

static bool before(const struct happening *a, const struct happening *b)
{
	return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static void happens(struct course *c, double at, uint32_t author,
		    enum what what)
{
	struct happening h = { at, c->happenings++, author, what };
	size_t i = c->waiting++;

	while (i > 0 && before(&h, &c->heap[(i - 1) / 2])) {
		c->heap[i] = c->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	c->heap[i] = h;
}

static struct happening next_of(struct course *c)
{
	struct happening first = c->heap[0], last = c->heap[--c->waiting];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < c->waiting) {
		if (child + 1 < c->waiting &&
		    before(&c->heap[child + 1], &c->heap[child]))
			child++;
		if (!before(&c->heap[child], &last))
			break;
		c->heap[i] = c->heap[child];
		i = child;
	}
	c->heap[i] = last;
	return first;
}

/* ---- who gets what ---- */

static bool may_have(const struct course *c, uint32_t who, uint32_t author)
{
	const struct author *a = &c->authors[who];

	for (uint32_t i = 0; i < a->done; i++)
		if (a->had[i] == author)
			return false;
	return who != author;
}

static uint32_t taken(const struct author *a)
{
	return a->received + a->leased;
}

/* One of all that he may have, at random; QUEUE_NONE: none. */
static uint32_t any(const struct course *c, uint32_t who)
{
	uint32_t n = 0, at;

	for (uint32_t i = 0; i < c->came; i++)
		n += may_have(c, who, c->of_age[i]);
	if (!n)
		return QUEUE_NONE;
	at = (uint32_t)rng_below(c->rng, n);
	for (uint32_t i = 0;; i++)
		if (may_have(c, who, c->of_age[i]) && at-- == 0)
			return c->of_age[i];
}

static uint32_t pick_oldest(const struct course *c, uint32_t who)
{
	for (uint32_t i = 0; i < c->came; i++) {
		uint32_t a = c->of_age[i];

		if (taken(&c->authors[a]) < (uint32_t)c->r->need &&
		    may_have(c, who, a))
			return a;
	}
	return any(c, who);
}

static uint32_t pick_level(const struct course *c, uint32_t who)
{
	uint32_t best = QUEUE_NONE;

	for (uint32_t i = 0; i < c->came; i++) {
		uint32_t a = c->of_age[i];

		if (may_have(c, who, a) &&
		    (best == QUEUE_NONE ||
		     taken(&c->authors[a]) < taken(&c->authors[best])))
			best = a;
	}
	return best;
}

/* Works are entered in the order of coming: of_age says whose they are. */
static uint32_t pick_credit(struct course *c, uint32_t who)
{
	struct queue_choice choice;

	queue_choose(c->queue, who, c->rng, &choice);
	if (choice.work == QUEUE_NONE)
		return QUEUE_NONE;
	CHECK(queue_reserve(c->queue, who, choice.work));
	c->narrow += choice.window < (uint32_t)c->r->window;
	return c->of_age[choice.work];
}

static bool pick(struct course *c, uint32_t who)
{
	struct author *a = &c->authors[who];

	switch ((enum simulate_policy)c->r->policy) {
	case SIMULATE_CREDIT:
		a->lease = pick_credit(c, who);
		break;
	case SIMULATE_OLDEST:
		a->lease = pick_oldest(c, who);
		break;
	case SIMULATE_LEVEL:
		a->lease = pick_level(c, who);
		break;
	}
	if (a->lease == QUEUE_NONE)
		return false;
	c->picks++;
	c->surplus_picks +=
		taken(&c->authors[a->lease]) >= (uint32_t)c->r->need;
	c->authors[a->lease].leased++;
	return true;
}

/* ---- what they do ---- */

static void arrive(struct course *c, double now, uint32_t who)
{
	struct author *a = &c->authors[who];

	c->of_age[c->came++] = who;
	if (c->queue)
		CHECK(queue_enter(c->queue, who) == c->came - 1);
	if (a->will_do || a->gives_up)
		happens(c, now + c->r->session_hours * lognormal(c->rng), who,
			SITS_DOWN);
}

static void sit_down(struct course *c, double now, uint32_t who)
{
	const struct author *a = &c->authors[who];

	if (!pick(c, who)) /* he comes again */
		happens(c, now + c->r->gap_hours * lognormal(c->rng), who,
			SITS_DOWN);
	else if (a->done == a->will_do)
		happens(c, now + c->r->lease_hours, who, LEASE_ENDS);
	else
		happens(c,
			now + between(c->rng, c->r->review_hours_min,
				      c->r->review_hours_max),
			who, REVIEWS);
}

static void end_lease(struct course *c, uint32_t who)
{
	c->authors[c->authors[who].lease].leased--;
	if (c->queue)
		queue_unreserve(c->queue, who);
}

static void review(struct course *c, double now, uint32_t who)
{
	struct author *a = &c->authors[who], *of = &c->authors[a->lease];

	a->had[a->done++] = a->lease;
	of->leased--;
	of->received++;
	if (of->received == 1)
		of->first = now;
	if (of->received == (uint32_t)c->r->need)
		of->enough = now;
	if (c->queue)
		queue_done(c->queue, who);
	if (a->done < a->will_do || a->gives_up)
		happens(c, now + c->r->gap_hours * lognormal(c->rng), who,
			SITS_DOWN);
}

static void play(struct course *c)
{
	double end = 24 * (c->r->days + c->r->tail_days);

	while (c->waiting) {
		struct happening h = next_of(c);

		if (h.at > end)
			return;
		switch (h.what) {
		case ARRIVES:
			arrive(c, h.at, h.author);
			break;
		case SITS_DOWN:
			sit_down(c, h.at, h.author);
			break;
		case REVIEWS:
			review(c, h.at, h.author);
			break;
		case LEASE_ENDS:
			end_lease(c, h.author);
			break;
		}
	}
}

/* ---- one run ---- */

static void set_out(struct course *c, uint32_t who)
{
	struct author *a = &c->authors[who];
	const struct simulate_rules *r = c->r;
	double kind = unit(c->rng);

	a->lease = QUEUE_NONE;
	a->first = a->enough = INFINITY;
	a->came = between(c->rng, 0, 24 * r->days);
	a->gives_up = kind > r->never && kind <= r->never + r->abandon;
	if (kind > r->never + r->abandon)
		a->will_do = (uint32_t)r->must;
	else if (a->gives_up) /* at the first or the second */
		a->will_do = r->must > 1 ? (uint32_t)rng_below(c->rng, 2) : 0;
	if (c->queue)
		CHECK(queue_person(c->queue) == who);
	happens(c, a->came, who, ARRIVES);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of those that are finite. */
static double median(double *x, size_t n)
{
	qsort(x, n, sizeof(*x), by_size);
	while (n && isinf(x[n - 1]))
		n--;
	if (!n)
		return NAN;
	return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

static void count(const struct course *c, double *first, double *enough,
		  struct simulate_result *sum)
{
	size_t n = (size_t)c->r->authors, diligent = 0, zero = 0, too_few = 0;
	size_t diligent_short = 0;

	for (size_t i = 0; i < n; i++) {
		const struct author *a = &c->authors[i];
		bool few = a->received < (uint32_t)c->r->need;

		zero += a->received == 0;
		too_few += few;
		if (a->done < (uint32_t)c->r->must)
			continue;
		diligent_short += few;
		first[diligent] = a->first - a->came;
		enough[diligent++] = a->enough - a->came;
	}
	sum->zero += (double)zero / (double)n;
	sum->short_all += (double)too_few / (double)n;
	sum->diligent_short += (double)diligent_short / (double)diligent;
	sum->first_hours += median(first, diligent);
	sum->need_hours += median(enough, diligent);
	sum->picks += c->picks;
	sum->surplus_picks += c->surplus_picks;
	sum->narrow += (double)c->narrow;
}

static void run(struct ctx *cx, const struct simulate_rules *r, uint64_t seed,
		struct simulate_result *sum)
{
	size_t n = (size_t)r->authors;
	struct rng_seeded rng;
	struct course c = {
		.r = r,
		.rng = &rng.rng,
		.authors = ARENA_ARRAY(cx->arena, struct author, n),
		.of_age = ARENA_ARRAY(cx->arena, uint32_t, n),
		/* Everyone has one thing ahead of him. */
		.heap = ARENA_ARRAY(cx->arena, struct happening, n + 1),
	};
	uint32_t *had = ARENA_ARRAY(cx->arena, uint32_t, n * (size_t)r->must);

	rng_seeded_from(&rng, seed);
	if (r->policy == SIMULATE_CREDIT)
		c.queue = queue_new(&(struct queue_rules){
			(uint32_t)r->need, (uint32_t)r->surplus,
			(uint32_t)r->window, (uint32_t)r->fill });
	for (size_t i = 0; i < n; i++) {
		c.authors[i].had = had + i * (size_t)r->must;
		set_out(&c, (uint32_t)i);
	}
	play(&c);
	queue_free(c.queue);
	count(&c, ARENA_ARRAY(cx->arena, double, n),
	      ARENA_ARRAY(cx->arena, double, n), sum);
}

/* ---- the rules' ranges ---- */

static enum err check_whole(struct ctx *cx, const char *field, int64_t value,
			    int64_t lo, int64_t hi)
{
	if (value >= lo && value <= hi)
		return OK;
	return err_field(cx, ERR_INVALID, field,
			 "choose a number from %lld to %lld", (long long)lo,
			 (long long)hi);
}

/* NaN is in no range. */
static enum err check_real(struct ctx *cx, const char *field, double value,
			   double lo, double hi)
{
	if (value >= lo && value <= hi)
		return OK;
	return err_field(cx, ERR_INVALID, field,
			 "choose a number from %g to %g", lo, hi);
}

static enum err check(struct ctx *cx, const struct simulate_rules *r)
{
	enum err e = check_whole(cx, "/policy", r->policy, 0, SIMULATE_LEVEL);

	if (!e)
		e = check_whole(cx, "/authors", r->authors, 2, AUTHORS_MOST);
	if (!e)
		e = check_whole(cx, "/must", r->must, 1, QUEUE_NEED_MOST);
	if (!e)
		e = check_whole(cx, "/need", r->need, 1, QUEUE_NEED_MOST);
	if (!e)
		e = check_whole(cx, "/surplus", r->surplus, 0,
				QUEUE_SURPLUS_MOST);
	if (!e)
		e = check_whole(cx, "/window", r->window, QUEUE_WINDOW,
				AUTHORS_MOST);
	if (!e)
		e = check_whole(cx, "/fill", r->fill, 0, r->window);
	if (!e)
		e = check_whole(cx, "/seeds", r->seeds, 1, SEEDS_MOST);
	if (!e)
		e = check_real(cx, "/days", r->days, .01, DAYS_MOST);
	if (!e)
		e = check_real(cx, "/tail_days", r->tail_days, 0,
			       DAYS_MOST - r->days);
	if (!e)
		e = check_real(cx, "/lease_hours", r->lease_hours, .01, 8760);
	if (!e)
		e = check_real(cx, "/never", r->never, 0, 1);
	if (!e)
		/* .9 and .1 are together a little more than 1 to a computer. */
		e = check_real(cx, "/abandon", r->abandon, 0,
			       1 - r->never + 1e-12);
	if (!e)
		e = check_real(cx, "/session_hours", r->session_hours, .01,
			       8760);
	if (!e)
		e = check_real(cx, "/gap_hours", r->gap_hours, .01, 8760);
	if (!e)
		e = check_real(cx, "/review_hours_min", r->review_hours_min,
			       .01, 8760);
	if (!e)
		e = check_real(cx, "/review_hours_max", r->review_hours_max,
			       r->review_hours_min, 8760);
	return e;
}

enum err simulate_course(struct ctx *cx, const struct simulate_rules *r,
			 struct simulate_result *out)
{
	struct simulate_result sum = { 0 };
	struct arena *outer = cx->arena, *one;
	double runs = (double)r->seeds;
	enum err e = check(cx, r);

	if (e)
		return e;
	one = arena_new(65536);
	cx->arena = one;
	for (int64_t i = 0; i < r->seeds; i++) {
		run(cx, r, r->seed + (uint64_t)i, &sum);
		arena_reset(one);
	}
	cx->arena = outer;
	arena_free(one);
	sum.zero /= runs;
	sum.short_all /= runs;
	sum.diligent_short /= runs;
	sum.first_hours /= runs;
	sum.need_hours /= runs;
	sum.narrow = sum.picks ? sum.narrow / (double)sum.picks : 0;
	*out = sum;
	return OK;
}
