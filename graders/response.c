#include "graders/response.h"

#include <stdio.h>

#include "base/limits.h"
#include "graders/num.h"
#include "graders/text.h"

enum { PATH = 160, RESPONSE_OID = 40 };

/* One member of the response object of one item. */
struct reader {
	struct ctx *cx;
	const struct item *it;
	const char *where; /* JSON pointer of the response */
	struct response *out;
};

static enum err refuse(const struct reader *r, struct str member,
		       const char *what)
{
	char path[PATH];

	snprintf(path, sizeof(path), "%s/%.*s", r->where, STR_FMT(member));
	return err_field(r->cx, ERR_INVALID, path, "%s", what);
}

/* A shown position "1".."n" without leading zeros; "" is 0 where allowed. */
static bool read_position(struct str s, size_t n, int64_t *out)
{
	if (s.n == 0) {
		*out = 0;
		return true;
	}
	return s.p[0] != '0' && str_int(s, out) && *out >= 1 &&
	       *out <= (int64_t)n;
}

static enum err read_choice(const struct reader *r, struct str name,
			    struct jval v)
{
	if (jval_type(v) == J_STRING &&
	    read_position(jval_str(r->cx, v), r->it->choices.n,
			  &r->out->choice))
		return OK;
	return refuse(r, name, "must be the position of a choice, as text");
}

static enum err read_choices(const struct reader *r, struct str name,
			     struct jval v)
{
	size_t n = r->it->choices.n, count = 0;
	bool *chosen = ARENA_ARRAY(r->cx->arena, bool, n + 1);
	struct jval element;
	struct str unnamed;
	uint32_t it = 0;
	int64_t at, *list;

	if (jval_type(v) != J_ARRAY)
		return refuse(r, name, "must be a list of positions");
	while (jval_next(v, &it, &unnamed, &element)) {
		if (jval_type(element) != J_STRING ||
		    !read_position(jval_str(r->cx, element), n, &at) ||
		    at == 0 || chosen[at])
			return refuse(r, name,
				      "must be positions of choices, as text, "
				      "each once");
		chosen[at] = true;
		count++;
	}
	list = ARENA_ARRAY(r->cx->arena, int64_t, count);
	r->out->choices = (struct list){ list, count };
	for (size_t i = 1; i <= n; i++) {
		if (chosen[i])
			*list++ = (int64_t)i;
	}
	return OK;
}

static enum err read_string(const struct reader *r, struct str name,
			    struct jval v, size_t most, struct str *out)
{
	if (jval_type(v) != J_STRING)
		return refuse(r, name, "must be text");
	*out = jval_str(r->cx, v);
	if (out->n > most)
		return refuse(r, name, "is too long");
	return OK;
}

static enum err read_text(const struct reader *r, struct str name,
			  struct jval v)
{
	size_t most = r->it->type == ITEM_ESSAY ? LIMIT_RESPONSE_BYTES
						: RESPONSE_SHORT_BYTES;

	return read_string(r, name, v, most, &r->out->text);
}

static enum err read_unit(const struct reader *r, struct str name,
			  struct jval v)
{
	return read_string(r, name, v, LIMIT_REF_BYTES, &r->out->unit);
}

static enum err read_format(const struct reader *r, struct str name,
			    struct jval v)
{
	enum err e = read_string(r, name, v, LIMIT_REF_BYTES, &r->out->format);

	if (e)
		return e;
	for (size_t i = 0; text_format_words[i] != NULL; i++) {
		if (str_is(r->out->format, text_format_words[i]))
			return OK;
	}
	return refuse(r, name, "must be plain, html, markdown or moodle");
}

/* Pairs in the order of the stems, without those that were left open. */
static enum err read_pairs(const struct reader *r, struct str name,
			   struct jval v)
{
	size_t n = r->it->stems.n, count = 0;
	int64_t *options = ARENA_ARRAY(r->cx->arena, int64_t, n + 1), stem;
	struct response_pair *list;
	struct jval option;
	struct str key;
	uint32_t it = 0;

	if (jval_type(v) != J_OBJECT)
		return refuse(r, name, "must map stems to options");
	while (jval_next(v, &it, &key, &option)) {
		if (!read_position(key, n, &stem) || stem == 0)
			return refuse(r, name, "names a stem not shown");
		if (jval_type(option) == J_NULL)
			continue;
		if (jval_type(option) != J_STRING ||
		    !read_position(jval_str(r->cx, option), r->it->options.n,
				   &options[stem]))
			return refuse(r, name, "names an option not shown");
		count += options[stem] != 0;
	}
	list = ARENA_ARRAY(r->cx->arena, struct response_pair, count);
	r->out->pairs = (struct list){ list, count };
	for (size_t i = 1; i <= n; i++) {
		if (options[i] != 0)
			*list++ = (struct response_pair){ (int64_t)i,
							  options[i] };
	}
	return OK;
}

static enum err read_attachments(const struct reader *r, struct str name,
				 struct jval v)
{
	struct str *list, unnamed;
	struct jval element;
	uint32_t it = 0;
	size_t n = 0;
	enum err e;

	if (jval_type(v) != J_ARRAY || jval_count(v) > LIMIT_PARTS)
		return refuse(r, name, "must be a list of names");
	list = ARENA_ARRAY(r->cx->arena, struct str, jval_count(v));
	while (jval_next(v, &it, &unnamed, &element)) {
		e = read_string(r, name, element, LIMIT_NAME_BYTES, &list[n]);
		if (e)
			return e;
		if (list[n++].n == 0)
			return refuse(r, name, "has an empty name");
	}
	r->out->attachments = (struct list){ list, n };
	return OK;
}

static enum err read_language(const struct reader *r, struct str name,
			      struct jval v)
{
	return read_string(r, name, v, LIMIT_REF_BYTES, &r->out->language);
}

/* 40 digits, as git writes an id. */
static enum err read_oid(const struct reader *r, struct str name, struct jval v)
{
	struct str *out =
		str_is(name, "tree") ? &r->out->tree : &r->out->commit;
	enum err e = read_string(r, name, v, RESPONSE_OID, out);

	if (e)
		return e;
	for (size_t i = 0; i < out->n; i++)
		if (!strchr("0123456789abcdef", out->p[i]))
			return refuse(r, name, "must be hex digits");
	return out->n == RESPONSE_OID ? OK
				      : refuse(r, name, "must be 40 digits");
}

static enum err read_count(const struct reader *r, struct str name,
			   struct jval v)
{
	int64_t *out = str_is(name, "files") ? &r->out->files : &r->out->bytes;

	if (jval_type(v) == J_NUMBER && jval_int(v, out) && *out >= 0)
		return OK;
	return refuse(r, name, "must be a whole number");
}

static enum err read_archive(const struct reader *r, struct str name,
			     struct jval v)
{
	if (jval_type(v) != J_BOOL)
		return refuse(r, name, "must be true or false");
	r->out->archive = jval_bool(v);
	return OK;
}

static enum err read_item(struct ctx *cx, const struct item *it,
			  const char *where, struct jval v,
			  struct response *out);

static enum err read_parts(const struct reader *r, struct str name,
			   struct jval v)
{
	const struct item *parts = r->it->parts.at;
	struct response *list;
	struct jval part;
	struct str key;
	char path[PATH];
	uint32_t it = 0;
	int64_t at;
	enum err e;

	if (jval_type(v) != J_OBJECT)
		return refuse(r, name, "must map parts to responses");
	list = ARENA_ARRAY(r->cx->arena, struct response, r->it->parts.n);
	r->out->parts = (struct list){ list, r->it->parts.n };
	while (jval_next(v, &it, &key, &part)) {
		if (!read_position(key, r->it->parts.n, &at) || at == 0)
			return refuse(r, name, "names a part that is not");
		snprintf(path, sizeof(path), "%s/parts/%lld", r->where,
			 (long long)at);
		e = read_item(r->cx, &parts[at - 1], path, part, &list[at - 1]);
		if (e)
			return e;
	}
	return OK;
}

#define TYPE(t) (1u << (t))

/* What a response may hold, and of which types of item. */
static const struct member {
	const char *name;
	unsigned types;
	enum err (*read)(const struct reader *r, struct str name,
			 struct jval v);
} members[] = {
	{ "choice", TYPE(ITEM_CHOICE) | TYPE(ITEM_TRUE_FALSE), read_choice },
	{ "choices", TYPE(ITEM_MULTI), read_choices },
	{ "text", TYPE(ITEM_SHORT) | TYPE(ITEM_NUMERIC) | TYPE(ITEM_ESSAY),
	  read_text },
	{ "unit", TYPE(ITEM_NUMERIC), read_unit },
	{ "pairs", TYPE(ITEM_MATCH), read_pairs },
	{ "parts", TYPE(ITEM_CLOZE), read_parts },
	{ "format", TYPE(ITEM_ESSAY), read_format },
	{ "attachments", TYPE(ITEM_ESSAY), read_attachments },
	{ "language", TYPE(ITEM_CODE), read_language },
	{ "tree", TYPE(ITEM_CODE), read_oid },
	{ "commit", TYPE(ITEM_CODE), read_oid },
	{ "files", TYPE(ITEM_CODE), read_count },
	{ "bytes", TYPE(ITEM_CODE), read_count },
	{ "archive", TYPE(ITEM_CODE), read_archive },
};

static const struct member *find_member(int type, struct str name)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (str_is(name, members[i].name))
			return members[i].types & TYPE(type) ? &members[i]
							     : NULL;
	}
	return NULL;
}

static enum err read_item(struct ctx *cx, const struct item *it,
			  const char *where, struct jval v,
			  struct response *out)
{
	struct response got = { 0 };
	struct reader r = { cx, it, where, &got };
	const struct member *m;
	struct jval value;
	struct str name;
	uint32_t at = 0;
	enum err e;

	if (jval_type(v) != J_NULL && jval_type(v) != J_OBJECT)
		return err_field(cx, ERR_INVALID, where,
				 "a response must be an object");
	while (jval_type(v) == J_OBJECT && jval_next(v, &at, &name, &value)) {
		m = find_member(it->type, name);
		if (m == NULL)
			return refuse(&r, name,
				      "is not part of a response to this "
				      "type of question");
		if (jval_type(value) == J_NULL)
			continue;
		e = m->read(&r, name, value);
		if (e)
			return e;
	}
	*out = got;
	return OK;
}

enum err response_read(struct ctx *cx, const struct item *it, struct jval v,
		       struct response *out)
{
	return read_item(cx, it, "", v, out);
}

/* What the scorer sees of an essay's text: not the template. */
static bool has_text(const struct item *it, const struct response *r)
{
	if (text_is_blank(r->text))
		return false;
	return it->type != ITEM_ESSAY ||
	       !str_eq(r->text, it->essay.template_text);
}

/* The option of a stem, 0 if none: pairs may stand in any order. */
static int64_t option_of(const struct response *r, int64_t stem)
{
	const struct response_pair *at = r->pairs.at;

	for (size_t i = 0; i < r->pairs.n; i++) {
		if (at[i].stem == stem)
			return at[i].option;
	}
	return 0;
}

static size_t pairs_made(const struct item *it, const struct response *r)
{
	size_t n = 0;

	for (size_t i = 1; i <= it->stems.n; i++)
		n += option_of(r, (int64_t)i) != 0;
	return n;
}

static bool any_part(const struct item *it, const struct response *r,
		     bool (*holds)(const struct item *,
				   const struct response *))
{
	const struct response *parts = r->parts.at;
	const struct item *items = it->parts.at;

	for (size_t i = 0; i < it->parts.n && i < r->parts.n; i++) {
		if (holds(&items[i], &parts[i]))
			return true;
	}
	return false;
}

static bool is_answered(const struct item *it, const struct response *r)
{
	return !response_is_blank(it, r);
}

bool response_is_blank(const struct item *it, const struct response *r)
{
	switch ((enum item_type)it->type) {
	case ITEM_CHOICE:
	case ITEM_TRUE_FALSE:
		return r->choice == 0;
	case ITEM_MULTI:
		return r->choices.n == 0;
	case ITEM_SHORT:
	case ITEM_NUMERIC:
		return !has_text(it, r);
	case ITEM_MATCH:
		return pairs_made(it, r) == 0;
	case ITEM_CLOZE:
		return !any_part(it, r, is_answered);
	case ITEM_ESSAY:
		return !has_text(it, r) && r->attachments.n == 0;
	case ITEM_CODE:
		return r->tree.n == 0 || r->files == 0;
	case ITEM_DESCRIPTION:
	case ITEM_OPAQUE:
	case ITEM_TYPE_COUNT:
		break;
	}
	return true;
}

/*
 * An essay counts words, and may ask for text, files or both; something at
 * all must be there even if neither is asked for.
 */
static bool essay_is_complete(const struct item *it, const struct response *r)
{
	const struct essay_rules *e = &it->essay;
	bool text = has_text(it, r);
	int64_t words;

	if (text && (e->min_words > 0 || e->max_words > 0)) {
		words = text_words(r->text,
				   !str_is(r->format, "plain") &&
					   !str_is(e->format, "plain") &&
					   !str_is(e->format, "monospaced"));
		if (words < e->min_words ||
		    (e->max_words > 0 && words > e->max_words))
			return false;
	}
	if (!text && e->text_required && !str_is(e->format, "noinline"))
		return false;
	return (text || r->attachments.n > 0) &&
	       (int64_t)r->attachments.n >= e->attachments_required;
}

/* It is a number, one that nobody can mistake, and its unit is there. */
static bool numeric_is_complete(const struct item *it, const struct response *r)
{
	struct num_rules rules = { .locale = num_locale_find(it->locale),
				   .unit_before = it->units_before,
				   .fractions = it->fractions };
	struct arena *a = arena_new(4096);
	struct num_text t;
	bool ok;

	ok = num_read(a, r->text, &rules, &t) == NUM_OK && !t.ambiguous &&
	     (!it->unit_separate || !text_is_blank(r->unit) || t.unit.n > 0);
	arena_free(a);
	return ok;
}

static bool all_parts_complete(const struct item *it, const struct response *r)
{
	const struct response *parts = r->parts.at;
	const struct item *items = it->parts.at;

	if (r->parts.n != it->parts.n)
		return false;
	for (size_t i = 0; i < it->parts.n; i++) {
		if (!response_is_complete(&items[i], &parts[i]))
			return false;
	}
	return true;
}

bool response_is_complete(const struct item *it, const struct response *r)
{
	switch ((enum item_type)it->type) {
	case ITEM_CHOICE:
	case ITEM_TRUE_FALSE:
	case ITEM_MULTI:
	case ITEM_SHORT:
	case ITEM_CODE:
		return !response_is_blank(it, r);
	case ITEM_NUMERIC:
		return numeric_is_complete(it, r);
	case ITEM_MATCH:
		return pairs_made(it, r) == it->stems.n;
	case ITEM_CLOZE:
		return all_parts_complete(it, r);
	case ITEM_ESSAY:
		return essay_is_complete(it, r);
	case ITEM_DESCRIPTION:
		return true;
	case ITEM_OPAQUE:
	case ITEM_TYPE_COUNT:
		break;
	}
	return false;
}

bool response_is_gradable(const struct item *it, const struct response *r)
{
	return !response_is_blank(it, r);
}

static bool same_pairs(const struct item *it, const struct response *a,
		       const struct response *b)
{
	for (size_t i = 1; i <= it->stems.n; i++) {
		if (option_of(a, (int64_t)i) != option_of(b, (int64_t)i))
			return false;
	}
	return true;
}

/* All of a's choices are among b's. */
static bool within(const struct response *a, const struct response *b)
{
	const int64_t *p = a->choices.at, *q = b->choices.at;

	for (size_t i = 0; i < a->choices.n; i++) {
		size_t j = 0;

		while (j < b->choices.n && q[j] != p[i])
			j++;
		if (j == b->choices.n)
			return false;
	}
	return true;
}

static bool same_parts(const struct item *it, const struct response *a,
		       const struct response *b)
{
	static const struct response blank = { 0 };
	const struct response *p = a->parts.at, *q = b->parts.at;
	const struct item *items = it->parts.at;

	for (size_t i = 0; i < it->parts.n; i++) {
		if (!response_is_same(&items[i],
				      i < a->parts.n ? &p[i] : &blank,
				      i < b->parts.n ? &q[i] : &blank))
			return false;
	}
	return true;
}

static bool same_essay(const struct item *it, const struct response *a,
		       const struct response *b)
{
	const struct str *p = a->attachments.at, *q = b->attachments.at;
	bool text = has_text(it, a);

	if (text != has_text(it, b) || (text && !str_eq(a->text, b->text)) ||
	    a->attachments.n != b->attachments.n)
		return false;
	for (size_t i = 0; i < a->attachments.n; i++) {
		if (!str_eq(p[i], q[i]))
			return false;
	}
	return true;
}

static bool same_text(struct str a, struct str b)
{
	return str_eq(text_trim(a), text_trim(b));
}

bool response_is_same(const struct item *it, const struct response *a,
		      const struct response *b)
{
	switch ((enum item_type)it->type) {
	case ITEM_CHOICE:
	case ITEM_TRUE_FALSE:
		return a->choice == b->choice;
	case ITEM_MULTI:
		return a->choices.n == b->choices.n && within(a, b);
	case ITEM_SHORT:
		return same_text(a->text, b->text);
	case ITEM_NUMERIC:
		return same_text(a->text, b->text) &&
		       same_text(a->unit, b->unit);
	case ITEM_MATCH:
		return same_pairs(it, a, b);
	case ITEM_CLOZE:
		return same_parts(it, a, b);
	case ITEM_ESSAY:
		return same_essay(it, a, b);
	case ITEM_CODE:
		return str_eq(a->tree, b->tree) &&
		       str_eq(a->language, b->language) &&
		       a->archive == b->archive;
	case ITEM_DESCRIPTION:
	case ITEM_OPAQUE:
	case ITEM_TYPE_COUNT:
		break;
	}
	return true;
}
