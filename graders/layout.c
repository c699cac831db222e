#include "graders/layout.h"

#include "base/limits.h"
#include "graders/assessment_index.h"

/*
 * All randomness comes from the seed in one fixed order: first the draws and
 * the order, section by section, then 32 bytes for each slot, from which its
 * variant is made. So a change to how one item type shuffles cannot move
 * another slot.
 */
struct maker {
	struct ctx *cx;
	const struct assessment_def *def;
	struct assessment_index *index;
	struct rng *rng;
	uint32_t *order; /* room for a draw */
	uint32_t *used;	 /* in this attempt, by item */
	uint32_t *seen;	 /* in former attempts, by item */
	struct slot *slots;
	size_t n;
};

static const struct item *item_of(const struct assessment_def *def, size_t i)
{
	return (const struct item *)def->items.at + i;
}

static void count_seen(struct maker *m, const struct list *seen)
{
	const struct str *ids;

	if (!seen || !m->def->policy.avoid_seen)
		return;
	ids = seen->at;
	for (size_t i = 0; i < seen->n; i++) {
		size_t at = assessment_index_item(m->index, ids[i]);

		if (at != SIZE_MAX)
			m->seen[at]++;
	}
}

/* What is asked by name is asked for certain: draws keep away from it. */
static void count_fixed(struct maker *m)
{
	const struct section *s = m->def->sections.at;

	for (size_t i = 0; i < m->def->sections.n; i++) {
		const struct entry *e = s[i].entries.at;

		for (size_t j = 0; j < s[i].entries.n; j++) {
			size_t at = assessment_index_item(m->index, e[j].item);

			if (e[j].item.n && at != SIZE_MAX)
				m->used[at]++;
		}
	}
}

static enum err add_slot(struct maker *m, const struct entry *e, size_t item,
			 size_t section)
{
	const struct item *it = item_of(m->def, item);
	struct dec mark = e->has_mark ? e->mark : it->mark;

	if (m->n == LIMIT_SLOTS)
		return err_set(m->cx, ERR_LIMIT_REACHED,
			       "an attempt has at most %d items", LIMIT_SLOTS);
	if (!assessment_item_gradable(it))
		mark = DEC_ZERO;
	m->slots[m->n++] = (struct slot){ .item = (int64_t)item,
					  .section = (int64_t)section,
					  .mark = mark };
	return OK;
}

/* a before b: used less in this attempt, then seen less before. */
static bool is_fresher(const struct maker *m, size_t a, size_t b)
{
	if (m->used[a] != m->used[b])
		return m->used[a] < m->used[b];
	return m->seen[a] < m->seen[b];
}

/*
 * The freshest of order[from..n-1] goes to from; among equals the first, so
 * that chance decides.
 */
static size_t take(const struct maker *m, const size_t *items, size_t from,
		   size_t n)
{
	uint32_t *order = m->order;
	size_t best = from;
	uint32_t one;

	for (size_t i = from + 1; i < n; i++)
		if (is_fresher(m, items[order[i]], items[order[best]]))
			best = i;
	one = order[best];
	memmove(order + from + 1, order + from,
		(best - from) * sizeof(order[0]));
	order[from] = one;
	return items[one];
}

static enum err draw(struct maker *m, const struct entry *e, size_t section)
{
	struct list can = assessment_index_entry(m->index, e);
	enum err err = OK;

	if ((size_t)e->pick > can.n)
		return err_set(m->cx, ERR_INVALID,
			       "a draw has fewer items than it picks");
	for (size_t i = 0; i < can.n; i++)
		m->order[i] = (uint32_t)i;
	rng_shuffle(m->rng, m->order, can.n);
	for (size_t i = 0; !err && i < (size_t)e->pick; i++) {
		size_t item = take(m, can.at, i, can.n);

		m->used[item]++;
		err = add_slot(m, e, item, section);
	}
	return err;
}

static bool is_shuffled(const struct maker *m, const struct section *s)
{
	return !s->fixed && (s->shuffle || m->def->policy.shuffle_items);
}

static void shuffle_slots(struct maker *m, size_t from)
{
	size_t n = m->n - from;
	uint32_t *order = ARENA_ARRAY(m->cx->arena, uint32_t, n);
	struct slot *copy = ARENA_ARRAY(m->cx->arena, struct slot, n);

	for (size_t i = 0; i < n; i++) {
		order[i] = (uint32_t)i;
		copy[i] = m->slots[from + i];
	}
	rng_shuffle(m->rng, order, n);
	for (size_t i = 0; i < n; i++)
		m->slots[from + i] = copy[order[i]];
}

static enum err make_section(struct maker *m, size_t at)
{
	const struct section *s =
		(const struct section *)m->def->sections.at + at;
	const struct entry *e = s->entries.at;
	size_t from = m->n;
	enum err err = OK;

	for (size_t i = 0; !err && i < s->entries.n; i++) {
		size_t item = assessment_index_item(m->index, e[i].item);

		if (!e[i].item.n)
			err = draw(m, &e[i], at);
		else if (item == SIZE_MAX)
			err = err_set(m->cx, ERR_INVALID,
				      "an entry names an unknown item");
		else
			err = add_slot(m, &e[i], item, at);
	}
	if (!err && is_shuffled(m, s))
		shuffle_slots(m, from);
	return err;
}

static void make_variants(struct maker *m)
{
	for (size_t i = 0; i < m->n; i++) {
		struct slot *s = &m->slots[i];
		uint8_t seed[LAYOUT_SEED_BYTES];
		struct rng_seeded own;

		rng_fill(m->rng, seed, sizeof(seed));
		rng_seeded_init(&own, seed);
		variant_make(m->cx->arena, item_of(m->def, (size_t)s->item),
			     m->def->policy.shuffle_choices, &own.rng,
			     &s->variant);
	}
}

enum err layout_make(struct ctx *cx, const struct assessment_def *def,
		     const uint8_t seed[LAYOUT_SEED_BYTES],
		     const struct list *seen, struct layout *out)
{
	struct rng_seeded rng;
	struct maker m = { .cx = cx, .def = def, .rng = &rng.rng };
	enum err e = OK;

	rng_seeded_init(&rng, seed);
	m.index = assessment_index(cx, def);
	m.order = ARENA_ARRAY(cx->arena, uint32_t, def->items.n);
	m.used = ARENA_ARRAY(cx->arena, uint32_t, def->items.n);
	m.seen = ARENA_ARRAY(cx->arena, uint32_t, def->items.n);
	m.slots = ARENA_ARRAY(cx->arena, struct slot, LIMIT_SLOTS);
	count_seen(&m, seen);
	count_fixed(&m);
	for (size_t i = 0; !e && i < def->sections.n; i++)
		e = make_section(&m, i);
	if (e)
		return e;
	make_variants(&m);
	out->slots = (struct list){ m.slots, m.n };
	return OK;
}

/* ---- written down ---- */

/* A slot as it stands in the file: the item by its id. */
struct slot_row {
	struct str item;
	int64_t section;
	struct dec mark;
	struct str variant; /* raw JSON */
};

static const struct field slot_fields[] = {
	FIELD(struct slot_row, item, KIND_STR, "the item's id", .min = 1,
	      .max = LIMIT_REF_BYTES),
	FIELD(struct slot_row, section, KIND_INT, "index of its section",
	      .max = LIMIT_PARTS),
	FIELD(struct slot_row, mark, KIND_DEC, "the most that it gives",
	      .min = 0, .max = LIMIT_SCORE_POINTS),
	FIELD(struct slot_row, variant, KIND_RAW, "its form"),
	FIELD_END,
};
static const struct shape slot_shape = SHAPE(struct slot_row, slot_fields);

void layout_write(struct buf *b, const struct assessment_def *def,
		  const struct layout *l)
{
	const struct slot *s = l->slots.at;

	buf_ch(b, '[');
	for (size_t i = 0; i < l->slots.n; i++) {
		struct buf variant = { 0 };
		struct slot_row row = {
			.item = item_of(def, (size_t)s[i].item)->id,
			.section = s[i].section,
			.mark = s[i].mark,
		};

		variant_write(&variant, &s[i].variant);
		row.variant = buf_view(&variant);
		if (i)
			buf_ch(b, ',');
		field_encode(b, &slot_shape, &row);
		buf_done(&variant);
	}
	buf_ch(b, ']');
}

static enum err corrupt(struct ctx *cx, size_t slot)
{
	return err_set(cx, ERR_CORRUPT,
		       "slot %zu of the layout does not fit the assessment",
		       slot + 1);
}

static enum err read_slot(struct ctx *cx, const struct assessment_def *def,
			  struct jval v, size_t i, struct slot *out)
{
	struct slot_row row;
	struct jval variant;
	size_t item;

	if (field_decode(cx, v, &slot_shape, "", &row) ||
	    !jval_get(v, "variant", &variant))
		return corrupt(cx, i);
	item = assessment_item(def, row.item);
	if (item == SIZE_MAX || (size_t)row.section >= def->sections.n)
		return corrupt(cx, i);
	*out = (struct slot){ .item = (int64_t)item,
			      .section = row.section,
			      .mark = row.mark };
	if (variant_read(cx, item_of(def, item), variant, &out->variant))
		return corrupt(cx, i);
	return OK;
}

enum err layout_read(struct ctx *cx, const struct assessment_def *def,
		     struct jval v, struct layout *out)
{
	struct slot *slots;
	struct jval one;
	struct str name;
	uint32_t it = 0;
	size_t n = 0;
	enum err e = OK;

	if (jval_type(v) != J_ARRAY || jval_count(v) > LIMIT_SLOTS)
		return err_set(cx, ERR_CORRUPT,
			       "the layout is not a list of slots");
	slots = ARENA_ARRAY(cx->arena, struct slot, jval_count(v));
	for (; !e && jval_next(v, &it, &name, &one); n++)
		e = read_slot(cx, def, one, n, &slots[n]);
	if (!e)
		out->slots = (struct list){ slots, n };
	return e;
}
