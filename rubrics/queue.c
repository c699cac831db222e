/*
 * A work in the pool that is not full stands in one level: by its claim, while
 * it has not what it needs; else by how unsure its estimate is. Levels are
 * walked from the best, each from the oldest work on, and what this reviewer
 * may not have is passed over. So a choice costs the window plus the works in
 * his own conflicts' way, whatever the pool holds. Every change of a work's
 * figures moves it to its level.
 */
#include "rubrics/queue.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "rubrics/index_set.h"
#include "rubrics/pair_map.h"

enum {
	SURE_STEPS = 6,	  /* of one octave of unsureness */
	SURE_LEAST = -26, /* log2 */
	SURE_OCTAVES = 42,
	SURE_LEVELS = 1 + SURE_OCTAVES * SURE_STEPS, /* one for "not unsure" */
	LEVELS = 2 * QUEUE_NEED_MOST + SURE_LEVELS,
	NO_LEVEL = UINT16_MAX,
};

/* Of an ordered pair (person, author). */
enum { HAD = 1, DECLARED = 2, ALLOWED = 4 };

struct person {
	uint32_t team, identity; /* 0: none */
	uint32_t credits;
	uint32_t lease; /* a work, or QUEUE_NONE */
	uint32_t open;	/* his work in the pool, or QUEUE_NONE */
};

struct work {
	uint32_t author, received, leased;
	uint16_t level; /* NO_LEVEL: full, or out of the pool */
	uint16_t sure;	/* 0..SURE_LEVELS-1, the more the less sure */
	bool in_pool;
};

struct queue {
	struct queue_rules rules;
	struct person *people;
	struct work *works;
	uint32_t persons, person_room, count, work_room;
	struct pair_map pairs;
	struct index_store store;
	struct index_set levels[LEVELS];
	uint64_t filled[(LEVELS + 63) / 64]; /* which levels have works */
	uint32_t open, listed;		     /* in the pool; in a level */
	uint32_t *window; /* [rules.window]: scratch of a choice */
};

static void *again(void *p, size_t count, size_t size)
{
	p = realloc(p, count * size); /* allowed: a queue outlives requests */
	CHECK(p);
	return p;
}

static uint32_t more_room(uint32_t room)
{
	CHECK(room < UINT32_MAX / 4);
	return room ? room + room / 2 : 16;
}

struct queue *queue_new(const struct queue_rules *r)
{
	struct queue *q = calloc(1, sizeof(*q)); /* allowed: as above */

	CHECK(q);
	CHECK(r->need >= 1 && r->need <= QUEUE_NEED_MOST);
	CHECK(r->surplus <= QUEUE_SURPLUS_MOST && r->window >= QUEUE_WINDOW);
	CHECK(r->fill <= r->window);
	q->rules = *r;
	q->window = again(NULL, r->window, sizeof(*q->window));
	index_store_init(&q->store);
	return q;
}

void queue_free(struct queue *q)
{
	if (!q)
		return;
	for (int i = 0; i < LEVELS; i++)
		index_set_done(&q->levels[i]);
	index_store_done(&q->store);
	pair_map_done(&q->pairs);
	free(q->people);
	free(q->works);
	free(q->window);
	free(q);
}

static struct person *person_of(const struct queue *q, uint32_t person)
{
	CHECK(person < q->persons);
	return &q->people[person];
}

static struct work *work_of(const struct queue *q, uint32_t work)
{
	CHECK(work < q->count);
	return &q->works[work];
}

/* ---- levels ---- */

static uint32_t taken(const struct work *w)
{
	return w->received + w->leased;
}

static uint32_t most(const struct queue *q)
{
	return q->rules.need + q->rules.surplus;
}

static int32_t claim_of(const struct queue *q, const struct work *w)
{
	uint32_t done = q->people[w->author].credits;

	if (done > q->rules.need)
		done = q->rules.need;
	return (int32_t)done - (int32_t)taken(w);
}

/* The best level is 0. */
static uint16_t level_of(const struct queue *q, const struct work *w)
{
	int32_t claim = claim_of(q, w);

	if (!w->in_pool || taken(w) >= most(q))
		return NO_LEVEL;
	if (taken(w) < q->rules.need) /* claim: need .. 1 - need */
		return (uint16_t)(QUEUE_NEED_MOST - claim);
	return (uint16_t)(LEVELS - 1 - w->sure);
}

static void unlist(struct queue *q, uint32_t work)
{
	struct work *w = &q->works[work];
	struct index_set *set;

	if (w->level == NO_LEVEL)
		return;
	set = &q->levels[w->level];
	index_set_remove(&q->store, set, work);
	if (!set->count)
		q->filled[w->level / 64] &= ~((uint64_t)1 << (w->level % 64));
	w->level = NO_LEVEL;
	q->listed--;
}

/* After any change of its figures. */
static void place(struct queue *q, uint32_t work)
{
	struct work *w = &q->works[work];
	uint16_t level = level_of(q, w);

	if (level == w->level)
		return;
	unlist(q, work);
	if (level == NO_LEVEL)
		return;
	index_set_add(&q->store, &q->levels[level], work);
	q->filled[level / 64] |= (uint64_t)1 << (level % 64);
	w->level = level;
	q->listed++;
}

/* The first level from this one on that has works, or LEVELS. */
static unsigned next_level(const struct queue *q, unsigned from)
{
	for (; from < LEVELS; from = (from / 64 + 1) * 64) {
		uint64_t bits =
			q->filled[from / 64] & (~(uint64_t)0 << (from % 64));

		if (bits)
			return from / 64 * 64 + (unsigned)__builtin_ctzll(bits);
	}
	return LEVELS;
}

/* Levels of one kind share a window. */
static unsigned kind_of(unsigned level)
{
	if (level < QUEUE_NEED_MOST)
		return 0;
	return level < 2 * QUEUE_NEED_MOST ? level : 2 * QUEUE_NEED_MOST;
}

/*
 * Steps of an octave are even in the mantissa, not in its logarithm: exact on
 * any machine, and only the order counts.
 */
static uint16_t sure_of(double unsure)
{
	int octave;
	double m = frexp(unsure, &octave);

	if (!(unsure > 0))
		return 0; /* NaN, too */
	if (isinf(unsure) || octave >= SURE_LEAST + SURE_OCTAVES)
		return SURE_LEVELS - 1;
	if (octave < SURE_LEAST)
		return 1;
	return (uint16_t)(1 + (octave - SURE_LEAST) * SURE_STEPS +
			  (int)((m - 0.5) * 2 * SURE_STEPS));
}

/* ---- people ---- */

uint32_t queue_person(struct queue *q)
{
	if (q->persons == q->person_room) {
		q->person_room = more_room(q->person_room);
		q->people =
			again(q->people, q->person_room, sizeof(*q->people));
	}
	q->people[q->persons] =
		(struct person){ .lease = QUEUE_NONE, .open = QUEUE_NONE };
	return q->persons++;
}

void queue_set_team(struct queue *q, uint32_t person, uint32_t team)
{
	person_of(q, person)->team = team;
}

void queue_set_identity(struct queue *q, uint32_t person, uint32_t identity)
{
	person_of(q, person)->identity = identity;
}

void queue_declare(struct queue *q, uint32_t a, uint32_t b)
{
	CHECK(a < q->persons && b < q->persons);
	pair_map_set(&q->pairs, a, b, DECLARED);
	pair_map_set(&q->pairs, b, a, DECLARED);
}

void queue_undeclare(struct queue *q, uint32_t a, uint32_t b)
{
	CHECK(a < q->persons && b < q->persons);
	pair_map_clear(&q->pairs, a, b, DECLARED);
	pair_map_clear(&q->pairs, b, a, DECLARED);
}

bool queue_related(const struct queue *q, uint32_t a, uint32_t b)
{
	const struct person *p = person_of(q, a), *o = person_of(q, b);

	return a == b || (p->team && p->team == o->team) ||
	       (p->identity && p->identity == o->identity) ||
	       pair_map_get(&q->pairs, a, b) & DECLARED;
}

void queue_credit(struct queue *q, uint32_t person, int32_t more)
{
	struct person *p = person_of(q, person);
	int64_t credits = (int64_t)p->credits + more;

	CHECK(credits >= 0 && credits <= INT32_MAX);
	p->credits = (uint32_t)credits;
	if (p->open != QUEUE_NONE)
		place(q, p->open);
}

/* ---- work ---- */

static void enter(struct queue *q, uint32_t work)
{
	struct work *w = &q->works[work];

	w->in_pool = true;
	q->people[w->author].open = work;
	q->open++;
	place(q, work);
}

uint32_t queue_enter(struct queue *q, uint32_t author)
{
	struct person *p = person_of(q, author);

	if (p->open != QUEUE_NONE)
		queue_leave(q, p->open);
	if (q->count == q->work_room) {
		q->work_room = more_room(q->work_room);
		q->works = again(q->works, q->work_room, sizeof(*q->works));
	}
	q->works[q->count] =
		(struct work){ .author = author, .level = NO_LEVEL };
	enter(q, q->count);
	return q->count++;
}

void queue_leave(struct queue *q, uint32_t work)
{
	struct work *w = work_of(q, work);

	if (!w->in_pool)
		return;
	w->in_pool = false;
	q->people[w->author].open = QUEUE_NONE;
	q->open--;
	place(q, work);
}

void queue_reenter(struct queue *q, uint32_t work)
{
	struct work *w = work_of(q, work);

	if (q->people[w->author].open == QUEUE_NONE)
		enter(q, work);
}

void queue_unsure(struct queue *q, uint32_t work, double unsure)
{
	work_of(q, work)->sure = sure_of(unsure);
	place(q, work);
}

void queue_received(struct queue *q, uint32_t work, int32_t more)
{
	struct work *w = work_of(q, work);
	int64_t received = (int64_t)w->received + more;

	CHECK(received >= 0 && received <= INT32_MAX / 2);
	w->received = (uint32_t)received;
	place(q, work);
}

void queue_allow(struct queue *q, uint32_t person, uint32_t work)
{
	CHECK(person < q->persons);
	pair_map_set(&q->pairs, person, work_of(q, work)->author, ALLOWED);
}

void queue_had(struct queue *q, uint32_t person, uint32_t work)
{
	CHECK(person < q->persons);
	pair_map_set(&q->pairs, person, work_of(q, work)->author, HAD);
}

/* ---- picks ---- */

/* Has reviewed a work of this author, or has it now. */
static bool judges(const struct queue *q, uint32_t person, uint32_t author)
{
	uint32_t lease = q->people[person].lease;

	if (lease != QUEUE_NONE && q->works[lease].author == author)
		return true;
	return pair_map_get(&q->pairs, person, author) & HAD;
}

enum why { MAY, CONFLICTS, HAS_HAD };

static enum why may_have(const struct queue *q, uint32_t person, uint32_t work)
{
	uint32_t author = q->works[work].author;
	unsigned pair;

	if (queue_related(q, person, author))
		return CONFLICTS;
	pair = pair_map_get(&q->pairs, person, author);
	if (pair & HAD)
		return HAS_HAD;
	return judges(q, author, person) && !(pair & ALLOWED) ? CONFLICTS : MAY;
}

/*
 * Adds works of this level to the window, which holds n, while it holds fewer
 * than most; counts those that he may not have. Returns how many it holds.
 */
static uint32_t look_at(const struct queue *q, uint32_t person, unsigned level,
			uint32_t n, uint32_t most, struct queue_choice *out)
{
	const struct index_set *set = &q->levels[level];

	for (uint32_t w = index_set_next(&q->store, set, 0);
	     w != INDEX_NONE && n < most;
	     w = index_set_next(&q->store, set, w + 1)) {
		enum why why = may_have(q, person, w);

		out->conflicting += why == CONFLICTS;
		out->had += why == HAS_HAD;
		if (why == MAY)
			q->window[n++] = w;
	}
	return n;
}

void queue_choose(const struct queue *q, uint32_t person, struct rng *rng,
		  struct queue_choice *out)
{
	uint32_t n = 0, limit = q->rules.window;
	unsigned kind = 0;

	*out = (struct queue_choice){ .work = QUEUE_NONE };
	if (person_of(q, person)->lease != QUEUE_NONE)
		return;
	for (unsigned l = next_level(q, 0); l < LEVELS;
	     l = next_level(q, l + 1)) {
		if (n == 0)
			kind = kind_of(l);
		else if (kind_of(l) != kind)
			limit = q->rules.fill;
		if (n >= limit)
			break;
		n = look_at(q, person, l, n, limit, out);
	}
	out->window = n;
	if (n) {
		out->work = q->window[rng_below(rng, n)];
		out->surplus = taken(&q->works[out->work]) >= q->rules.need;
		out->conflicting = out->had = 0;
		return;
	}
	/* All that are not full have been seen. */
	out->open = q->open;
	out->full = q->open - q->listed;
}

bool queue_free_for(const struct queue *q, uint32_t person, uint32_t work)
{
	return person_of(q, person)->lease == QUEUE_NONE &&
	       work_of(q, work)->level != NO_LEVEL &&
	       may_have(q, person, work) == MAY;
}

bool queue_reserve(struct queue *q, uint32_t person, uint32_t work)
{
	if (!queue_free_for(q, person, work))
		return false;
	q->people[person].lease = work;
	q->works[work].leased++;
	place(q, work);
	return true;
}

/* The work that he had. */
static uint32_t end_lease(struct queue *q, uint32_t person)
{
	struct person *p = person_of(q, person);
	uint32_t work = p->lease;

	CHECK(work != QUEUE_NONE);
	p->lease = QUEUE_NONE;
	q->works[work].leased--;
	return work;
}

void queue_unreserve(struct queue *q, uint32_t person)
{
	place(q, end_lease(q, person));
}

void queue_done(struct queue *q, uint32_t person)
{
	uint32_t work = end_lease(q, person);

	q->works[work].received++;
	place(q, work);
	queue_had(q, person, work);
	queue_credit(q, person, 1);
}

uint32_t queue_holds(const struct queue *q, uint32_t person)
{
	return person_of(q, person)->lease;
}

/* ---- for reports and tests ---- */

void queue_work_get(const struct queue *q, uint32_t work,
		    struct queue_work *out)
{
	const struct work *w = work_of(q, work);

	*out = (struct queue_work){
		.author = w->author,
		.received = w->received,
		.leased = w->leased,
		.in_pool = w->in_pool,
		.claim = claim_of(q, w),
	};
}

uint32_t queue_credits(const struct queue *q, uint32_t person)
{
	return person_of(q, person)->credits;
}

/* Leases by person are leases by work, and nobody has two open works. */
static const char *people_agree(const struct queue *q)
{
	uint32_t *leased = calloc((size_t)q->count + 1, /* allowed: scratch */
				  sizeof(*leased));
	const char *bad = NULL;

	CHECK(leased);
	for (uint32_t p = 0; p < q->persons && !bad; p++) {
		const struct person *who = &q->people[p];

		if (who->lease != QUEUE_NONE)
			leased[who->lease]++;
		if (who->open != QUEUE_NONE &&
		    (q->works[who->open].author != p ||
		     !q->works[who->open].in_pool))
			bad = "a person's open work";
	}
	for (uint32_t w = 0; w < q->count && !bad; w++) {
		const struct work *it = &q->works[w];

		if (it->leased != leased[w])
			bad = "leases of a work";
		else if (it->in_pool && q->people[it->author].open != w)
			bad = "two open works of one person";
	}
	free(leased);
	return bad;
}

static const char *works_agree(const struct queue *q)
{
	uint32_t open = 0, listed = 0;

	for (uint32_t w = 0; w < q->count; w++) {
		const struct work *it = &q->works[w];

		if (it->level != level_of(q, it))
			return "the level of a work";
		if (it->level != NO_LEVEL &&
		    !index_set_has(&q->store, &q->levels[it->level], w))
			return "a work that its level does not list";
		open += it->in_pool;
		listed += it->level != NO_LEVEL;
	}
	if (open != q->open)
		return "how many are in the pool";
	return listed == q->listed ? NULL : "how many are in levels";
}

static const char *levels_agree(const struct queue *q)
{
	uint32_t all = 0;

	for (unsigned l = 0; l < LEVELS; l++) {
		const struct index_set *set = &q->levels[l];
		uint32_t n = 0;

		for (uint32_t w = index_set_next(&q->store, set, 0);
		     w != INDEX_NONE; w = index_set_next(&q->store, set, w + 1))
			n++;
		if (n != set->count)
			return "the count of a level";
		if ((n > 0) != (q->filled[l / 64] >> (l % 64) & 1))
			return "which levels have works";
		all += n;
	}
	return all == q->listed ? NULL : "works that are in two levels";
}

bool queue_consistent(const struct queue *q, const char **which)
{
	const char *bad = people_agree(q);

	if (!bad)
		bad = works_agree(q);
	if (!bad)
		bad = levels_agree(q);
	if (which)
		*which = bad;
	return !bad;
}
