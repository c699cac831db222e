#include "engine/peer/run_impl.h"

#include <sodium.h>
#include <stdlib.h>

#define X(code, word, doc) word,
const char *const work_state_words[] = { WORK_STATES(X) NULL };
const char *const review_state_words[] = { REVIEW_STATES(X) NULL };
const char *const work_waits_words[] = { WORK_WAITS(X) NULL };
#undef X
#define X(code, word, doc) doc,
const char *const work_waits_says[] = { WORK_WAITS(X) NULL };
#undef X

enum { ARENA_BYTES = 16384 };

struct id run_stream(const struct id *series)
{
	static const char what[] = "assay peer run";
	struct id id;

	crypto_generichash(id.b, sizeof(id.b), series->b, sizeof(series->b),
			   (const unsigned char *)what, sizeof(what) - 1);
	id.b[6] = (uint8_t)((id.b[6] & 0x0f) | 0x80); /* UUID version 8 */
	id.b[8] = (uint8_t)((id.b[8] & 0x3f) | 0x80);
	return id;
}

struct run *run_new(const struct id *org, const struct id *series)
{
	struct run *r = calloc(1, sizeof(*r)); /* allowed: run_free */

	CHECK(r);
	r->org = *org;
	r->series = *series;
	r->id = run_stream(series);
	r->fit_at = RUN_FIT_FROM;
	r->arena = arena_new(ARENA_BYTES);
	return r;
}

void run_free(struct run *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->people_n; i++) {
		free(r->people[i].prints);
		free(r->people[i].assigned);
	}
	for (size_t i = 0; i < r->works_n; i++)
		free(r->works[i].prints);
	free(r->people);
	free(r->works);
	free(r->reviews);
	free(r->appeals);
	free(r->alarms);
	free(r->due);
	free(r->in_queue);
	free(r->changed);
	free(r->gold_scaled);
	ids_done(&r->person_of);
	ids_done(&r->work_of);
	ids_done(&r->review_of);
	ids_done(&r->appeal_of);
	ids_done(&r->group_of);
	queue_free(r->queue);
	estimator_free(r->estimator);
	arena_free(r->arena);
	free(r);
}

uint32_t run_person(const struct run *r, const struct id *learner)
{
	return ids_find(&r->person_of, learner);
}

uint32_t run_find_work(const struct run *r, const struct id *id)
{
	return ids_find(&r->work_of, id);
}

uint32_t run_find_review(const struct run *r, const struct id *id)
{
	return ids_find(&r->review_of, id);
}

uint32_t run_find_appeal(const struct run *r, const struct id *id)
{
	return ids_find(&r->appeal_of, id);
}

/* ---- growing ---- */

static void *room_for(void *at, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return at;
	*room = *room ? *room * 2 : 32;
	at = realloc(at, *room * size); /* allowed: grows with the run */
	CHECK(at);
	return at;
}

uint32_t run_person_add(struct run *r, const struct id *learner)
{
	uint32_t at = run_person(r, learner);
	struct run_person *p;

	if (at != NONE)
		return at;
	r->people =
		room_for(r->people, r->people_n, &r->people_room, sizeof(*p));
	at = queue_person(r->queue);
	CHECK(at == r->people_n &&
	      estimator_reviewer(r->estimator) == r->people_n);
	p = &r->people[r->people_n++];
	*p = RUN_NOBODY;
	p->learner = *learner;
	ids_add(&r->person_of, learner, at);
	return at;
}

uint32_t run_work_add(struct run *r, const struct id *id, uint32_t author)
{
	struct run_work *w;

	r->works = room_for(r->works, r->works_n, &r->works_room, sizeof(*w));
	w = &r->works[r->works_n];
	*w = (struct run_work){ .id = *id,
				.author = author,
				.before = r->people[author].work,
				.in_queue = NONE,
				.estimate = NONE,
				.review = NONE,
				.anchor = NONE,
				.appeal = NONE };
	ids_add(&r->work_of, id, (uint32_t)r->works_n);
	return (uint32_t)r->works_n++;
}

uint32_t run_review_add(struct run *r, const struct id *id, uint32_t person,
			uint32_t work)
{
	struct run_review *v;

	r->reviews = room_for(r->reviews, r->reviews_n, &r->reviews_room,
			      sizeof(*v));
	v = &r->reviews[r->reviews_n];
	*v = (struct run_review){ .id = *id,
				  .person = person,
				  .work = work,
				  .gold = -1,
				  .grade = NONE,
				  .next_of_work = NONE,
				  .next_of_person = r->people[person].review };
	r->people[person].review = (uint32_t)r->reviews_n;
	if (work != NONE) {
		v->next_of_work = r->works[work].review;
		r->works[work].review = (uint32_t)r->reviews_n;
	}
	ids_add(&r->review_of, id, (uint32_t)r->reviews_n);
	return (uint32_t)r->reviews_n++;
}

uint32_t run_appeal_add(struct run *r, const struct id *id, uint32_t work)
{
	struct run_appeal *a;

	r->appeals = room_for(r->appeals, r->appeals_n, &r->appeals_room,
			      sizeof(*a));
	a = &r->appeals[r->appeals_n];
	*a = (struct run_appeal){ .id = *id,
				  .work = work,
				  .author = r->works[work].author };
	ids_add(&r->appeal_of, id, (uint32_t)r->appeals_n);
	r->works[work].appeal = (uint32_t)r->appeals_n;
	return (uint32_t)r->appeals_n++;
}

void run_alarm_add(struct run *r, uint32_t person, int move)
{
	r->alarms = room_for(r->alarms, r->alarms_n, &r->alarms_room,
			     sizeof(*r->alarms));
	r->alarms[r->alarms_n] =
		(struct run_alarm){ .person = person,
				    .older = r->people[person].alarm,
				    .move = move,
				    .at = r->now };
	r->people[person].alarm = (uint32_t)r->alarms_n++;
}

/* All that are open: who looks at a reviewer looks at all of them. */
void run_alarm_answer(struct run *r, uint32_t person, bool by_staff)
{
	for (uint32_t i = r->people[person].alarm;
	     i != NONE && !r->alarms[i].answered_at; i = r->alarms[i].older) {
		r->alarms[i].answered_at = r->now;
		r->alarms[i].by_staff = by_staff;
	}
}

int64_t run_alarm_at(const struct run *r, uint32_t person)
{
	uint32_t at = r->people[person].alarm;

	return at == NONE || r->alarms[at].answered_at ? 0 : r->alarms[at].at;
}

uint32_t run_queue_add(struct run *r, uint32_t work)
{
	uint32_t at = queue_enter(r->queue, r->works[work].author);

	r->in_queue = room_for(r->in_queue, r->in_queue_n, &r->in_queue_room,
			       sizeof(*r->in_queue));
	CHECK(at == r->in_queue_n);
	r->in_queue[r->in_queue_n++] = work;
	return at;
}

void run_changed(struct run *r, uint32_t work)
{
	r->changed = room_for(r->changed, r->changed_n, &r->changed_room,
			      sizeof(*r->changed));
	r->changed[r->changed_n++] = work;
}

bool run_duty_done(const struct run *r, uint32_t person)
{
	const struct run_person *p = &r->people[person];

	return p->waived_duty || (int64_t)p->done >= r->def->must_review;
}

/* ---- the clock: a heap; equal instants in the order in which they came ----
 */

static bool before(const struct run_due *a, const struct run_due *b)
{
	if (a->at != b->at)
		return a->at < b->at;
	return a->what != b->what ? a->what < b->what : a->of < b->of;
}

void run_due_at(struct run *r, int64_t at, int what, uint32_t of)
{
	struct run_due d = { .at = at, .what = what, .of = of };
	size_t i;

	r->due = room_for(r->due, r->due_n, &r->due_room, sizeof(d));
	for (i = r->due_n++; i && before(&d, &r->due[(i - 1) / 2]);
	     i = (i - 1) / 2)
		r->due[i] = r->due[(i - 1) / 2];
	r->due[i] = d;
}

static struct run_due pop(struct run *r)
{
	struct run_due first = r->due[0], last = r->due[--r->due_n];
	size_t i = 0, child;

	for (; (child = 2 * i + 1) < r->due_n; i = child) {
		if (child + 1 < r->due_n &&
		    before(&r->due[child + 1], &r->due[child]))
			child++;
		if (!before(&r->due[child], &last))
			break;
		r->due[i] = r->due[child];
	}
	if (r->due_n)
		r->due[i] = last;
	return first;
}

/* Does it still mean anything? What was renewed has another entry. */
static bool holds(const struct run *r, const struct run_due *d)
{
	const struct run_review *v;

	switch ((enum run_due_kind)d->what) {
	case DUE_GRACE:
		return r->works[d->of].state == WORK_GRACE &&
		       r->works[d->of].grace_until == d->at;
	case DUE_LEASE:
		v = &r->reviews[d->of];
		return v->state == REVIEW_LEASED && v->until == d->at;
	case DUE_STARVED:
		return r->works[d->of].state == WORK_IN_REVIEW;
	case DUE_RATED:
		return r->works[d->of].state == WORK_SEALED &&
		       r->works[d->of].sealed_at + RUN_RATE_MS == d->at;
	case DUE_REVIEW_UNTIL:
		return r->dates.review_until + 1 == d->at;
	}
	return false;
}

int64_t run_next_due(struct run *r)
{
	while (r->due_n && !holds(r, &r->due[0]))
		pop(r);
	return r->due_n ? r->due[0].at : INT64_MAX;
}

static void lapse(struct run *r, uint32_t review, int64_t at)
{
	struct run_person *p = &r->people[r->reviews[review].person];

	run_lease_over(r, review, REVIEW_LAPSED);
	if (++p->expired_in_row >= RUN_EXPIRED_MOST) {
		p->paused_until = at + RUN_PAUSE_MS;
		p->expired_in_row = 0;
	}
}

static void happen(struct run *r, const struct run_due *d)
{
	switch ((enum run_due_kind)d->what) {
	case DUE_GRACE:
		run_enter_pool(r, d->of);
		break;
	case DUE_LEASE:
		lapse(r, d->of, d->at);
		break;
	case DUE_STARVED:
		r->works[d->of].starved = true;
		run_consider(r, d->of);
		break;
	case DUE_RATED:
		run_reveal(r, d->of);
		break;
	case DUE_REVIEW_UNTIL:
		/* No review comes any more: who has none waits for a person. */
		for (uint32_t i = 0; i < r->works_n; i++) {
			r->works[i].starved |= run_wants(r, i);
			run_consider(r, i);
		}
		break;
	}
}

void run_tick(struct run *r, int64_t now)
{
	while (r->due_n && r->due[0].at <= now) {
		struct run_due d = pop(r);

		if (d.at > r->now)
			r->now = d.at;
		if (holds(r, &d))
			happen(r, &d);
	}
}
