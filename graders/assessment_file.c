#include "graders/assessment_file.h"

#include <stdlib.h>

#include "base/limits.h"
#include "graders/assessment_index.h"

static const struct field entry_fields[] = {
	FIELD_OPT(struct entry, item, KIND_STR, "id of one item",
		  .max = LIMIT_REF_BYTES),
	FIELD_OPT(struct entry, pick, KIND_INT, "or: how many to draw",
		  .max = LIMIT_SLOTS),
	FIELD_OPT(struct entry, from, KIND_LIST,
		  "ids of the items to draw from", .of = KIND_STR,
		  .max = LIMIT_ITEMS),
	FIELD_OPT(struct entry, tags, KIND_LIST,
		  "or: draw from the items that have all these tags",
		  .of = KIND_STR, .max = 20),
	FIELD_OPT(struct entry, category, KIND_STR,
		  "or: draw from the items of this category or below it"),
	FIELD_MAYBE(struct entry, mark, has_mark, KIND_DEC,
		    "of each; absent: the item's own",
		    .max = LIMIT_SCORE_POINTS),
	FIELD_END,
};
const struct shape entry_shape = SHAPE(struct entry, entry_fields);

static const struct field section_fields[] = {
	FIELD_OPT(struct section, title, KIND_STR, "shown above its items",
		  .max = LIMIT_NAME_BYTES),
	FIELD_OPT(struct section, text, KIND_STR, "the same, longer"),
	FIELD_OPT(struct section, shuffle, KIND_BOOL,
		  "in a learner's own order, even if the policy says no"),
	FIELD_OPT(struct section, fixed, KIND_BOOL,
		  "in this order, even if the policy shuffles"),
	FIELD_OPT(struct section, best, KIND_INT,
		  "only the best n items count; 0: all", .max = LIMIT_SLOTS),
	FIELD_OPT(struct section, max_marks, KIND_DEC,
		  "most that it gives; 0: no cap", .min = 0,
		  .max = LIMIT_SCORE_POINTS),
	FIELD(struct section, entries, KIND_LIST, "what it asks",
	      .of = KIND_OBJECT, .shape = &entry_shape, .max = LIMIT_SLOTS),
	FIELD_END,
};
const struct shape section_shape = SHAPE(struct section, section_fields);

static const struct field assessment_fields[] = {
	FIELD(struct assessment_def, assay, KIND_INT, "version of the format",
	      .min = 1, .max = ASSESSMENT_VERSION),
	FIELD(struct assessment_def, course, KIND_STR, "the course's own key",
	      .min = 1, .max = LIMIT_REF_BYTES),
	FIELD(struct assessment_def, slug, KIND_STR,
	      "the assessment's name within the course", .min = 1,
	      .max = LIMIT_REF_BYTES),
	FIELD(struct assessment_def, title, KIND_STR, "for people", .min = 1,
	      .max = LIMIT_NAME_BYTES),
	FIELD_OPT(struct assessment_def, text, KIND_STR, "introduction"),
	FIELD_OPT(struct assessment_def, text_format, KIND_ENUM,
		  "of the introduction", .words = text_format_words),
	FIELD_OPT(struct assessment_def, policy, KIND_OBJECT, "its rules",
		  .shape = &policy_shape),
	FIELD_OPT(struct assessment_def, items, KIND_LIST, "its questions",
		  .of = KIND_OBJECT, .shape = &item_shape, .max = LIMIT_ITEMS),
	FIELD_OPT(struct assessment_def, sections, KIND_LIST,
		  "what is asked; absent: every item once", .of = KIND_OBJECT,
		  .shape = &section_shape, .max = LIMIT_PARTS),
	FIELD_OPT(struct assessment_def, peer, KIND_RAW,
		  "instead of questions: work that peers review",
		  .max = ASSESSMENT_PEER_BYTES),
	FIELD_END,
};
const struct shape assessment_shape =
	SHAPE(struct assessment_def, assessment_fields);

/* One section that asks every item. */
static void default_sections(struct ctx *cx, struct assessment_def *def)
{
	struct section *s;
	struct entry *e;
	const struct item *items = def->items.at;

	if (def->sections.n || !def->items.n)
		return;
	s = ARENA_NEW(cx->arena, struct section);
	e = ARENA_ARRAY(cx->arena, struct entry, def->items.n);
	for (size_t i = 0; i < def->items.n; i++)
		e[i].item = items[i].id;
	s->entries = (struct list){ e, def->items.n };
	def->sections = (struct list){ s, 1 };
}

/* The same content is the same text, however it was written. */
static void peer_canonical(struct ctx *cx, struct jval v,
			   struct assessment_def *def)
{
	struct buf b = { 0 };
	struct jval peer;

	if (!def->peer.p || !jval_get(v, "peer", &peer))
		return;
	jout_canonical(cx, &b, peer);
	def->peer = buf_copy(&b, cx->arena);
	buf_done(&b);
}

/* What could not be decoded is the only thing that is known. */
static enum err undecodable(struct ctx *cx, enum err e, struct problems *ps)
{
	if (ps)
		problem_add(cx, ps, PROBLEM_ERROR, str_of(cx->error.field),
			    "not_readable", "%s", cx->error.text);
	return e;
}

enum err assessment_decode(struct ctx *cx, struct jval v,
			   struct assessment_def *out,
			   struct problems *problems)
{
	struct problems found = { 0 };
	struct assessment_def def;
	enum err e = field_decode(cx, v, &assessment_shape, "", &def);

	if (problems)
		*problems = (struct problems){ 0 };
	if (e)
		return undecodable(cx, e, problems);
	policy_defaults(&def.policy);
	default_sections(cx, &def);
	peer_canonical(cx, v, &def);
	assessment_check(cx, &def, &found);
	if (problems)
		*problems = found;
	e = problems_refuse(cx, &found);
	if (e)
		return e;
	*out = def;
	return OK;
}

enum err assessment_read(struct ctx *cx, struct str text,
			 struct assessment_def *out, struct problems *problems)
{
	struct jdoc *doc;
	enum err e = jdoc_parse(cx, text, &doc);

	if (problems)
		*problems = (struct problems){ 0 };
	if (e)
		return undecodable(cx, e, problems);
	return assessment_decode(cx, jdoc_root(doc), out, problems);
}

void assessment_write(struct buf *b, const struct assessment_def *def)
{
	field_encode(b, &assessment_shape, def);
}

bool assessment_hide(struct assessment_def *def)
{
	bool has = def->policy.password.n > 0;

	def->policy.password = (struct str){ 0 };
	return has;
}

void assessment_of_bank(struct ctx *cx, const struct bank *bank,
			struct str course, struct str slug,
			struct assessment_def *out)
{
	*out = (struct assessment_def){ .assay = ASSESSMENT_VERSION,
					.course = course,
					.slug = slug,
					.title = bank->title.n ? bank->title
							       : slug,
					.items = bank->items };
	policy_defaults(&out->policy);
	default_sections(cx, out);
}

size_t assessment_item(const struct assessment_def *def, struct str id)
{
	const struct item *items = def->items.at;

	for (size_t i = 0; i < def->items.n; i++)
		if (str_eq(items[i].id, id))
			return i;
	return SIZE_MAX;
}

bool assessment_item_gradable(const struct item *it)
{
	return it->type != ITEM_DESCRIPTION && it->type != ITEM_OPAQUE;
}

/* ---- draws ---- */

struct list assessment_entry_items(struct ctx *cx,
				   const struct assessment_def *def,
				   const struct entry *e)
{
	return assessment_index_entry(assessment_index(cx, def), e);
}

const struct entry *assessment_entry_of(struct ctx *cx,
					const struct assessment_def *def,
					size_t item, size_t *section)
{
	const struct section *s = def->sections.at;

	for (*section = 0; *section < def->sections.n; (*section)++) {
		const struct list *entries = &s[*section].entries;
		const struct entry *e = entries->at;

		for (size_t i = 0; i < entries->n; i++) {
			struct list can =
				assessment_entry_items(cx, def, &e[i]);
			const size_t *at = can.at;

			for (size_t k = 0; k < can.n; k++)
				if (at[k] == item)
					return &e[i];
		}
	}
	*section = 0;
	return NULL;
}

static int falling(const void *a, const void *b)
{
	return dec_cmp(*(const struct dec *)b, *(const struct dec *)a);
}

/* The slots that an entry makes, with the greatest marks it can draw. */
static size_t greatest_marks(struct assessment_index *x,
			     const struct assessment_def *def,
			     const struct entry *e, int64_t section,
			     struct dec *room, struct policy_mark *out)
{
	const struct item *items = def->items.at;
	struct list can = assessment_index_entry(x, e);
	const size_t *at = can.at;
	size_t want = e->item.n ? 1 : (size_t)e->pick;

	for (size_t i = 0; i < can.n; i++) {
		room[i] = e->has_mark ? e->mark : items[at[i]].mark;
		if (!assessment_item_gradable(&items[at[i]]))
			room[i] = DEC_ZERO;
	}
	if (can.n > 1)
		qsort(room, can.n, sizeof(room[0]), falling);
	if (want > can.n)
		want = can.n;
	for (size_t i = 0; i < want; i++)
		out[i] = (struct policy_mark){ .has = true,
					       .mark = room[i],
					       .max = room[i],
					       .section = section };
	return want;
}

void assessment_count(const struct assessment_def *def, int64_t *questions,
		      int64_t *drawn)
{
	const struct section *s = def->sections.at;

	*questions = *drawn = 0;
	for (size_t i = 0; i < def->sections.n; i++) {
		const struct entry *e = s[i].entries.at;

		for (size_t j = 0; j < s[i].entries.n; j++)
			*(e[j].item.n ? questions : drawn) +=
				e[j].item.n ? 1 : e[j].pick;
	}
	*questions += *drawn;
}

struct dec assessment_max(struct ctx *cx, const struct assessment_def *def)
{
	const struct section *s = def->sections.at;
	struct policy_section *rules =
		ARENA_ARRAY(cx->arena, struct policy_section, def->sections.n);
	struct assessment_index *x = assessment_index(cx, def);
	struct dec *each = ARENA_ARRAY(cx->arena, struct dec, def->items.n);
	struct policy_sum sum;
	struct policy_mark *marks;
	size_t room = 0, n = 0;

	if (def->peer.p)
		return def->policy.max_grade.nano ? def->policy.max_grade
						  : dec_int(100);
	for (size_t i = 0; i < def->sections.n; i++) {
		const struct entry *e = s[i].entries.at;

		rules[i].best = s[i].best;
		rules[i].max_marks = s[i].max_marks;
		for (size_t j = 0; j < s[i].entries.n; j++)
			room += e[j].item.n ? 1 : (size_t)e[j].pick;
	}
	marks = ARENA_ARRAY(cx->arena, struct policy_mark, room);
	for (size_t i = 0; i < def->sections.n; i++) {
		const struct entry *e = s[i].entries.at;

		for (size_t j = 0; j < s[i].entries.n; j++)
			n += greatest_marks(x, def, &e[j], (int64_t)i, each,
					    marks + n);
	}
	policy_attempt_sum(cx, &def->policy, rules, def->sections.n, marks, n,
			   &sum);
	return sum.max;
}
