#include "graders/variant.h"

static struct list in_order(struct arena *a, size_t n)
{
	uint32_t *at = ARENA_ARRAY(a, uint32_t, n);

	for (size_t i = 0; i < n; i++)
		at[i] = (uint32_t)i;
	return (struct list){ at, n };
}

/* How many things of an item have an order: choices, or options. */
static size_t ordered(const struct item *it)
{
	return it->type == ITEM_MATCH ? it->options.n : it->choices.n;
}

void variant_identity(struct arena *a, const struct item *it,
		      struct variant *out)
{
	const struct item *items = it->parts.at;
	struct variant *parts;

	*out = (struct variant){ .order = in_order(a, ordered(it)) };
	if (it->type == ITEM_MATCH)
		out->stems = in_order(a, it->stems.n);
	if (it->type != ITEM_CLOZE)
		return;
	parts = ARENA_ARRAY(a, struct variant, it->parts.n);
	out->parts = (struct list){ parts, it->parts.n };
	for (size_t i = 0; i < it->parts.n; i++)
		variant_identity(a, &items[i], &parts[i]);
}

static void sort_options(const struct item *it, struct list order)
{
	const struct str *options = it->options.at;
	uint32_t *at = order.at;

	for (size_t i = 1; i < order.n; i++) {
		uint32_t v = at[i];
		size_t j = i;

		for (; j > 0 && str_cmp(options[at[j - 1]], options[v]) > 0;
		     j--)
			at[j] = at[j - 1];
		at[j] = v;
	}
}

/*
 * The author writes stems and options side by side, so a match that may not be
 * shuffled shows its options by their text: the order would be the key.
 */
void variant_make(struct arena *a, const struct item *it, bool shuffle,
		  struct rng *rng, struct variant *out)
{
	const struct item *items = it->parts.at;
	struct variant *parts;

	variant_identity(a, it, out);
	if (it->type == ITEM_MATCH && !(shuffle && it->shuffle))
		sort_options(it, out->order);
	else if (shuffle && it->shuffle && it->type != ITEM_TRUE_FALSE) {
		rng_shuffle(rng, out->order.at, out->order.n);
		rng_shuffle(rng, out->stems.at, out->stems.n);
	}
	parts = out->parts.at;
	for (size_t i = 0; i < out->parts.n; i++)
		variant_make(a, &items[i], shuffle, rng, &parts[i]);
}

static void write_order(struct buf *b, const char *name, struct list order,
			bool *first)
{
	const uint32_t *at = order.at;

	if (order.n == 0)
		return;
	if (!*first)
		buf_ch(b, ',');
	*first = false;
	jout_name(b, name);
	buf_ch(b, '[');
	for (size_t i = 0; i < order.n; i++) {
		if (i > 0)
			buf_ch(b, ',');
		buf_int(b, at[i]);
	}
	buf_ch(b, ']');
}

void variant_write(struct buf *b, const struct variant *v)
{
	const struct variant *parts = v->parts.at;
	bool first = true;

	buf_ch(b, '{');
	write_order(b, "order", v->order, &first);
	write_order(b, "stems", v->stems, &first);
	if (v->parts.n > 0) {
		if (!first)
			buf_ch(b, ',');
		jout_name(b, "parts");
		buf_ch(b, '[');
		for (size_t i = 0; i < v->parts.n; i++) {
			if (i > 0)
				buf_ch(b, ',');
			variant_write(b, &parts[i]);
		}
		buf_ch(b, ']');
	}
	buf_ch(b, '}');
}

static enum err refuse(struct ctx *cx)
{
	return err_set(cx, ERR_CORRUPT,
		       "the order of the question does not fit the question");
}

/* A permutation of 0..n-1; absent: as it is. */
static enum err read_order(struct ctx *cx, struct jval v, const char *name,
			   struct list *order)
{
	size_t n = order->n, i = 0;
	bool *seen = ARENA_ARRAY(cx->arena, bool, n);
	uint32_t *at = order->at, it = 0;
	struct jval list, element;
	struct str unnamed;
	int64_t value;

	if (!jval_get(v, name, &list))
		return OK;
	if (jval_type(list) != J_ARRAY || jval_count(list) != n)
		return refuse(cx);
	while (jval_next(list, &it, &unnamed, &element)) {
		if (!jval_int(element, &value) || value < 0 ||
		    value >= (int64_t)n || seen[value])
			return refuse(cx);
		seen[value] = true;
		at[i++] = (uint32_t)value;
	}
	return OK;
}

/* Over an identity, so that what is absent keeps the author's order. */
static enum err read_variant(struct ctx *cx, const struct item *it,
			     struct jval v, struct variant *out)
{
	const struct item *items = it->parts.at;
	struct variant *parts = out->parts.at;
	struct jval list, part;
	struct str unnamed;
	uint32_t at = 0;
	size_t i = 0;
	enum err e;

	if (jval_type(v) != J_OBJECT)
		return refuse(cx);
	e = read_order(cx, v, "order", &out->order);
	if (!e)
		e = read_order(cx, v, "stems", &out->stems);
	if (e || !jval_get(v, "parts", &list))
		return e;
	if (jval_type(list) != J_ARRAY || jval_count(list) != out->parts.n)
		return refuse(cx);
	while (!e && jval_next(list, &at, &unnamed, &part)) {
		e = read_variant(cx, &items[i], part, &parts[i]);
		i++;
	}
	return e;
}

enum err variant_read(struct ctx *cx, const struct item *it, struct jval v,
		      struct variant *out)
{
	struct variant got;
	enum err e;

	variant_identity(cx->arena, it, &got);
	e = read_variant(cx, it, v, &got);
	if (!e)
		*out = got;
	return e;
}
