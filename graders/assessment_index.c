#include "graders/assessment_index.h"

#include <stdlib.h>

/* A word and an item that has it. */
struct posting {
	struct str word;
	size_t item;
};

struct assessment_index {
	const struct assessment_def *def;
	struct posting *ids, *tags; /* by word, then by item */
	size_t tags_n;
	uint32_t *hits; /* of each item, while an entry is looked up */
	size_t *found;
};

static int by_word(const void *a, const void *b)
{
	const struct posting *x = a, *y = b;
	int order = str_cmp(x->word, y->word);

	if (order == 0)
		order = x->item < y->item ? -1 : x->item > y->item;
	return order;
}

static const struct item *item_at(const struct assessment_index *x, size_t i)
{
	return (const struct item *)x->def->items.at + i;
}

/* qsort of nothing may not be given NULL. */
static void sort(struct posting *p, size_t n)
{
	if (n > 1)
		qsort(p, n, sizeof(p[0]), by_word);
}

/* A tag that an item has twice stands here once. */
static void drop_doubles(struct assessment_index *x)
{
	size_t n = 0;

	for (size_t i = 0; i < x->tags_n; i++)
		if (n == 0 || by_word(&x->tags[n - 1], &x->tags[i]) != 0)
			x->tags[n++] = x->tags[i];
	x->tags_n = n;
}

struct assessment_index *assessment_index(struct ctx *cx,
					  const struct assessment_def *def)
{
	struct assessment_index *x =
		ARENA_NEW(cx->arena, struct assessment_index);
	size_t items = def->items.n, tags = 0;

	x->def = def;
	for (size_t i = 0; i < items; i++)
		tags += item_at(x, i)->tags.n;
	x->ids = ARENA_ARRAY(cx->arena, struct posting, items);
	x->tags = ARENA_ARRAY(cx->arena, struct posting, tags);
	x->hits = ARENA_ARRAY(cx->arena, uint32_t, items);
	x->found = ARENA_ARRAY(cx->arena, size_t, items);
	for (size_t i = 0; i < items; i++) {
		const struct item *it = item_at(x, i);
		const struct str *t = it->tags.at;

		x->ids[i] = (struct posting){ it->id, i };
		for (size_t j = 0; j < it->tags.n; j++)
			x->tags[x->tags_n++] = (struct posting){ t[j], i };
	}
	sort(x->ids, items);
	sort(x->tags, x->tags_n);
	drop_doubles(x);
	return x;
}

/* The first posting whose word is not less; n if there is none. */
static size_t lower(const struct posting *p, size_t n, struct str word)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (str_cmp(p[middle].word, word) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t assessment_index_item(const struct assessment_index *x, struct str id)
{
	size_t at = lower(x->ids, x->def->items.n, id);

	if (at == x->def->items.n || !str_eq(x->ids[at].word, id))
		return SIZE_MAX;
	return x->ids[at].item;
}

/* "a/b" is below "a", "ab" is not. */
static bool in_category(struct str category, struct str want)
{
	return str_eq(str_cut(category, 0, want.n), want) &&
	       (category.n == want.n ||
		(category.n > want.n && category.p[want.n] == '/'));
}

/* The items that have at least `least` hits and are of the category. */
static struct list collect(struct assessment_index *x, const struct entry *e,
			   uint32_t least)
{
	size_t n = 0;

	for (size_t i = 0; i < x->def->items.n; i++) {
		const struct item *it = item_at(x, i);

		if (x->hits[i] >= least &&
		    (!e->category.n || in_category(it->category, e->category)))
			x->found[n++] = i;
	}
	return (struct list){ x->found, n };
}

static bool named_before(const struct entry *e, size_t i)
{
	const struct str *tags = e->tags.at;

	for (size_t j = 0; j < i; j++)
		if (str_eq(tags[j], tags[i]))
			return true;
	return false;
}

/* A description is never drawn: it is nothing to answer. */
static struct list by_tags(struct assessment_index *x, const struct entry *e)
{
	const struct str *tags = e->tags.at;
	uint32_t least = 1;

	for (size_t i = 0; i < x->def->items.n; i++)
		x->hits[i] = item_at(x, i)->type != ITEM_DESCRIPTION;
	for (size_t i = 0; i < e->tags.n; i++) {
		size_t at = lower(x->tags, x->tags_n, tags[i]);

		if (named_before(e, i))
			continue;
		for (; at < x->tags_n && str_eq(x->tags[at].word, tags[i]);
		     at++)
			if (x->hits[x->tags[at].item] == least)
				x->hits[x->tags[at].item]++;
		least++;
	}
	return collect(x, e, least);
}

struct list assessment_index_entry(struct assessment_index *x,
				   const struct entry *e)
{
	static const struct entry any = { 0 };
	const struct str *from = e->from.at;
	size_t n = e->from.n;

	if (!e->item.n && !e->from.n)
		return e->tags.n || e->category.n ? by_tags(x, e)
						  : (struct list){ 0 };
	for (size_t i = 0; i < x->def->items.n; i++)
		x->hits[i] = 0;
	if (e->item.n) {
		from = &e->item;
		n = 1;
	}
	for (size_t i = 0; i < n; i++) {
		size_t at = assessment_index_item(x, from[i]);

		if (at != SIZE_MAX)
			x->hits[at] = 1;
	}
	return collect(x, &any, 1);
}
