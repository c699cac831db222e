/*
 * What a learner types: made from what the platform delivered to him and from
 * the author's file, which only this demo holds together.
 */
#include "examples/demo/demo.h"
#include "graders/score.h"

static struct str member(struct ctx *cx, struct jval o, const char *name)
{
	struct jval v;

	if (!jval_get(o, name, &v) || jval_type(v) != J_STRING)
		return (struct str){ 0 };
	return jval_str(cx, v);
}

static const struct item *find(struct ctx *cx, const struct assessment_def *def,
			       struct jval d)
{
	struct str stem = member(cx, d, "stem");
	const struct item *it = def->items.at;

	for (size_t i = 0; i < def->items.n; i++)
		if (str_eq(it[i].stem, stem))
			return &it[i];
	return NULL;
}

/* Which author's choice stands at each shown position, by its text. */
static void shown_order(struct ctx *cx, struct jval d, const char *name,
			struct str (*text)(const struct item *it, size_t i),
			size_t count, const struct item *it, struct list *order)
{
	uint32_t *at = ARENA_ARRAY(cx->arena, uint32_t, count), it_at = 0;
	struct jval shown, one;
	struct str unused;
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		at[i] = (uint32_t)i;
	if (jval_get(d, name, &shown))
		while (jval_next(shown, &it_at, &unused, &one) && n < count) {
			struct str t = member(cx, one, "text");

			for (size_t i = 0; i < count; i++)
				if (str_eq(text(it, i), t))
					at[n] = (uint32_t)i;
			n++;
		}
	*order = (struct list){ at, count };
}

static struct str choice_text(const struct item *it, size_t i)
{
	return ((const struct choice *)it->choices.at)[i].text;
}

static struct str option_text(const struct item *it, size_t i)
{
	return ((const struct str *)it->options.at)[i];
}

static struct str stem_text(const struct item *it, size_t i)
{
	return ((const struct match_stem *)it->stems.at)[i].text;
}

static void variant_of(struct ctx *cx, const struct item *it, struct jval d,
		       struct variant *v)
{
	struct jval parts, one;
	struct str unused;
	uint32_t at = 0;
	size_t n = 0;

	variant_identity(cx->arena, it, v);
	if (it->choices.n)
		shown_order(cx, d, "choices", choice_text, it->choices.n, it,
			    &v->order);
	if (it->type == ITEM_MATCH) {
		shown_order(cx, d, "options", option_text, it->options.n, it,
			    &v->order);
		shown_order(cx, d, "stems", stem_text, it->stems.n, it,
			    &v->stems);
	}
	if (it->type != ITEM_CLOZE || !jval_get(d, "parts", &parts))
		return;
	while (jval_next(parts, &at, &unused, &one) && n < it->parts.n) {
		variant_of(cx, (const struct item *)it->parts.at + n, one,
			   (struct variant *)v->parts.at + n);
		n++;
	}
}

/* Wrong, but of the right form. */
static struct str wrong(struct ctx *cx, const struct item *it, struct rng *rng)
{
	uint64_t n = it->choices.n ? it->choices.n : 1;
	unsigned pick = (unsigned)rng_below(rng, n) + 1;

	switch ((enum item_type)it->type) {
	case ITEM_CHOICE:
	case ITEM_TRUE_FALSE:
		return str_fmt(cx->arena, "{\"choice\":\"%u\"}", pick);
	case ITEM_MULTI:
		return str_fmt(cx->arena, "{\"choices\":[\"%u\"]}", pick);
	case ITEM_NUMERIC:
		return str_fmt(cx->arena, "{\"text\":\"%u\"}", pick);
	case ITEM_MATCH:
		return STR("{\"pairs\":{\"1\":\"1\"}}");
	case ITEM_SHORT:
	case ITEM_ESSAY:
		return STR("{\"text\":\"I am not sure.\"}");
	case ITEM_CLOZE:
	case ITEM_DESCRIPTION:
	case ITEM_OPAQUE:
	case ITEM_CODE:
	case ITEM_TYPE_COUNT:
		break;
	}
	return STR("{}");
}

struct str answer_for(struct ctx *cx, const struct assessment_def *def,
		      struct jval delivered, struct rng *rng, unsigned skill)
{
	const struct item *it = find(cx, def, delivered);
	struct response r;
	struct variant v;
	struct buf b = { 0 };
	struct str s;

	if (!it)
		stop("a delivered question is not in the file");
	if (it->type == ITEM_ESSAY)
		return STR("{\"text\":\"Packets take different ways and are "
			   "put in order again at the end.\"}");
	if (rng_below(rng, 1000) >= skill)
		return wrong(cx, it, rng);
	variant_of(cx, it, delivered, &v);
	if (score_right_response(cx, it, &v, &r))
		return wrong(cx, it, rng);
	response_write(&b, it, &r);
	s = buf_copy(&b, cx->arena);
	buf_done(&b);
	return s;
}
