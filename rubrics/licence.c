#include "rubrics/licence.h"

#include <math.h>

const char *const licence_state_words[] = {
#define X(state, word, doc) [state] = word,
	LICENCE_STATES(X)
#undef X
		NULL,
};

const char *const licence_move_words[] = {
#define X(move, word) [move] = word,
	LICENCE_MOVES(X)
#undef X
		NULL,
};

/*
 * The least fails that reject (3) are the least number of items, too. Of
 * careful reviewers one in a thousand is undecided after 60 items, and two in
 * a hundred of those who fail 25 %, for whom the test takes longest.
 */
const struct licence_rules licence_rules_default = {
	.p0 = .1,
	.p1 = .4,
	.alpha = .05,
	.beta = .05,
	.gold_h = 3,
	.k = .5,
	.h = 5,
	.least_gold = 3,
	.most_gold = 60,
	.covert_new = .2,
	.covert_stable = .05,
};

/* Everything that is counted since a state was entered. */
static void enter(struct licence *l, enum licence_state to)
{
	l->state = to;
	l->golds = 0;
	l->live = 0;
	l->llr = 0;
	l->bernoulli = l->high = l->low = 0;
	l->undecided = false;
}

static double step(const struct licence_rules *r, bool passed)
{
	return passed ? log((1 - r->p1) / (1 - r->p0)) : log(r->p1 / r->p0);
}

/*
 * The sequential test. It goes on after most_gold: its errors are those of the
 * unbounded test, and nobody is stuck while a moderator takes his time.
 */
static enum licence_move test(const struct licence_rules *r, struct licence *l,
			      bool passed)
{
	l->llr += step(r, passed);
	if (l->golds >= r->least_gold) {
		if (l->llr >= log((1 - r->beta) / r->alpha)) {
			enter(l, LICENCE_SUSPENDED);
			return LICENCE_REJECTED;
		}
		if (l->llr <= log(r->beta / (1 - r->alpha))) {
			enter(l, LICENCE_QUALIFIED);
			return LICENCE_QUALIFIES;
		}
	}
	if (l->golds >= r->most_gold && !l->undecided) {
		l->undecided = true;
		return LICENCE_UNDECIDED;
	}
	return LICENCE_STAYS;
}

static enum licence_move begin(const struct licence_rules *r, struct licence *l,
			       bool passed)
{
	enum licence_move m;

	enter(l, LICENCE_SUPERVISED);
	l->golds = 1;
	m = test(r, l, passed);
	return m == LICENCE_STAYS ? LICENCE_STARTS : m;
}

static enum licence_move watch_gold(const struct licence_rules *r,
				    struct licence *l, bool passed)
{
	l->bernoulli = fmax(0, l->bernoulli + step(r, passed));
	if (l->bernoulli < r->gold_h)
		return LICENCE_STAYS;
	enter(l, LICENCE_WATCH);
	return LICENCE_ALARM_GOLD;
}

enum licence_move licence_gold(const struct licence_rules *r, struct licence *l,
			       bool passed)
{
	if (passed)
		l->passed++;
	else
		l->failed++;
	l->golds++;
	l->live = 0;
	switch ((enum licence_state)l->state) {
	case LICENCE_CANDIDATE:
		return begin(r, l, passed);
	case LICENCE_SUPERVISED:
	case LICENCE_WATCH:
		return test(r, l, passed);
	case LICENCE_QUALIFIED:
		return watch_gold(r, l, passed);
	case LICENCE_SUSPENDED:
	case LICENCE_STATE_COUNT:
		break;
	}
	return LICENCE_STAYS;
}

enum licence_move licence_residual(const struct licence_rules *r,
				   struct licence *l, double z)
{
	if (!isfinite(z))
		return LICENCE_STAYS;
	l->live++;
	if (l->state != LICENCE_QUALIFIED)
		return LICENCE_STAYS;
	l->high = fmax(0, l->high + z - r->k);
	l->low = fmax(0, l->low - z - r->k);
	if (l->high < r->h && l->low < r->h)
		return LICENCE_STAYS;
	enter(l, LICENCE_WATCH);
	return LICENCE_ALARM_DRIFT;
}

void licence_set(struct licence *l, enum licence_state to)
{
	enter(l, to);
}

bool licence_may_review(const struct licence *l)
{
	return l->state != LICENCE_SUSPENDED;
}

bool licence_decides(const struct licence *l)
{
	return l->state == LICENCE_QUALIFIED;
}

static double unit(double x)
{
	return fmin(1, fmax(0, x));
}

/*
 * How little is known of one who is qualified, 0..1: what he has shown since
 * (it halves with every gold item), how near an alarm is once two thirds of the
 * way are gone, and for how long no gold item came his way (from three times
 * the usual gap on).
 */
static double doubt(const struct licence_rules *r, const struct licence *l)
{
	double shown = exp2(-1 - (double)l->golds);
	double alarm =
		fmax(l->bernoulli / r->gold_h, fmax(l->high, l->low) / r->h);
	double gaps = (double)l->live * r->covert_stable;

	return fmax(shown, fmax(unit(3 * alarm - 2), unit(gaps / 3 - 1)));
}

double licence_covert_rate(const struct licence_rules *r,
			   const struct licence *l)
{
	double u = l->state == LICENCE_QUALIFIED ? doubt(r, l) : 1;

	return r->covert_stable + (r->covert_new - r->covert_stable) * u;
}
