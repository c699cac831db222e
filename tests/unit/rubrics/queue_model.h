/*
 * A queue without any structure: what queue.h says, counted anew each time.
 * Up to MODEL_PEOPLE people; all of it in plain tables.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "rubrics/queue.h"

enum { MODEL_PEOPLE = 48, MODEL_WORKS = 4000 };

struct model_work {
	uint32_t author, received;
	bool in;
	double unsure;
};

struct model {
	struct queue_rules rules;
	uint32_t n, works;
	uint32_t team[MODEL_PEOPLE], identity[MODEL_PEOPLE];
	uint32_t credits[MODEL_PEOPLE], lease[MODEL_PEOPLE];
	bool had[MODEL_PEOPLE][MODEL_PEOPLE],
		allowed[MODEL_PEOPLE][MODEL_PEOPLE];
	bool declared[MODEL_PEOPLE][MODEL_PEOPLE];
	struct model_work work[MODEL_WORKS];
};

static inline uint32_t model_leased(const struct model *m, uint32_t work)
{
	uint32_t n = 0;

	for (uint32_t p = 0; p < m->n; p++)
		n += m->lease[p] == work;
	return n;
}

static inline uint32_t model_taken(const struct model *m, uint32_t work)
{
	return m->work[work].received + model_leased(m, work);
}

static inline bool model_full(const struct model *m, uint32_t work)
{
	return model_taken(m, work) >= m->rules.need + m->rules.surplus;
}

static inline int32_t model_claim(const struct model *m, uint32_t work)
{
	uint32_t done = m->credits[m->work[work].author];

	return (int32_t)(done < m->rules.need ? done : m->rules.need) -
	       (int32_t)model_taken(m, work);
}

static inline bool model_conflict(const struct model *m, uint32_t p, uint32_t a)
{
	bool judged = m->had[a][p];

	if (m->lease[a] != QUEUE_NONE && m->work[m->lease[a]].author == p)
		judged = true;
	return a == p || (m->team[p] && m->team[p] == m->team[a]) ||
	       (m->identity[p] && m->identity[p] == m->identity[a]) ||
	       m->declared[p][a] || (judged && !m->allowed[p][a]);
}

/* What comes first has the smaller key; of equals, the older work. */
static inline double model_key(const struct model *m, uint32_t work)
{
	if (model_taken(m, work) < m->rules.need)
		return -1e12 * (100 + model_claim(m, work));
	return -m->work[work].unsure;
}

static inline int model_kind(const struct model *m, uint32_t work)
{
	if (model_taken(m, work) >= m->rules.need)
		return -100;
	return model_claim(m, work) > 0 ? 1 : model_claim(m, work);
}

/* How many of these, the first ones first, are in the window. */
static inline uint32_t model_window(const struct model *m, const uint32_t *list,
				    uint32_t n)
{
	uint32_t i = 0;

	while (i < n && i < m->rules.window &&
	       (i < m->rules.fill ||
		model_kind(m, list[i]) == model_kind(m, list[0])))
		i++;
	return i;
}

/* All that p may have, the first ones first; counts why others are not. */
static inline uint32_t model_eligible(const struct model *m, uint32_t p,
				      uint32_t *out, struct queue_choice *why)
{
	double key[MODEL_PEOPLE];
	uint32_t n = 0;

	*why = (struct queue_choice){ .work = QUEUE_NONE };
	for (uint32_t w = 0; w < m->works; w++) {
		uint32_t a = m->work[w].author, at;
		double k;

		if (!m->work[w].in)
			continue;
		why->open++;
		if (model_full(m, w)) {
			why->full++;
			continue;
		}
		/* Conflicts that would be there had he not had it. */
		if (m->had[p][a] && a != p && !m->declared[p][a] &&
		    !(m->team[p] && m->team[p] == m->team[a]) &&
		    !(m->identity[p] && m->identity[p] == m->identity[a])) {
			why->had++;
			continue;
		}
		if (model_conflict(m, p, a)) {
			why->conflicting++;
			continue;
		}
		k = model_key(m, w);
		for (at = n++; at > 0 && key[at - 1] > k; at--) {
			key[at] = key[at - 1];
			out[at] = out[at - 1];
		}
		key[at] = k;
		out[at] = w;
	}
	return n;
}

static inline bool model_free_for(const struct model *m, uint32_t p, uint32_t w)
{
	uint32_t a = m->work[w].author;

	return m->lease[p] == QUEUE_NONE && m->work[w].in &&
	       !model_full(m, w) && !m->had[p][a] && !model_conflict(m, p, a);
}

/* Its author's work in the pool, or QUEUE_NONE. */
static inline uint32_t model_open(const struct model *m, uint32_t author)
{
	for (uint32_t w = 0; w < m->works; w++)
		if (m->work[w].author == author && m->work[w].in)
			return w;
	return QUEUE_NONE;
}
