#include "tests/oracle/moodle_item.h"

static bool yes(struct str s)
{
	return s.n && !str_is(s, "0");
}

static uint32_t order_at(const struct list *order, size_t i)
{
	return i < order->n ? ((const uint32_t *)order->at)[i] : (uint32_t)i;
}

/* "<choice 3>" -> 3 */
static bool symbol(struct str s, int64_t *n)
{
	return str_starts(s, "<choice ") && str_ends(s, ">") &&
	       str_int(str_cut(s, 8, s.n - 1), n);
}

/* The shown position (from 1) of a choice that is right, or that is not. */
static int64_t position_of(const struct item *it, const struct variant *v,
			   bool right)
{
	const struct choice *c = it->choices.at;

	for (size_t i = 0; i < it->choices.n; i++) {
		uint32_t at = order_at(&v->order, i);

		if (right == (dec_cmp(c[at].fraction, DEC_ONE) >= 0))
			return (int64_t)i + 1;
	}
	return 0;
}

static int64_t position_by_label(const struct item *it, const struct variant *v,
				 struct str label)
{
	const struct choice *c = it->choices.at;

	for (size_t i = 0; i < it->choices.n; i++)
		if (str_eq(c[order_at(&v->order, i)].text, label))
			return (int64_t)i + 1;
	return 0;
}

/* A choice as Moodle posts it: its shown position from 0, -1 for none. */
static bool read_choice(const struct item *it, const struct variant *v,
			struct str s, int64_t *out)
{
	int64_t n;

	*out = 0;
	if (s.n == 0)
		return true;
	if (str_is(s, "<right>") || str_is(s, "<wrong>")) {
		*out = position_of(it, v, str_is(s, "<right>"));
		return *out > 0;
	}
	*out = position_by_label(it, v, s);
	if (*out || symbol(s, out))
		return true;
	if (!str_int(s, &n) || n < -1 || n >= (int64_t)it->choices.n)
		return false;
	*out = n + 1;
	return true;
}

/* Moodle posts 1 for true, 0 for false. */
static bool read_true_false(struct str s, int64_t *out)
{
	*out = s.n == 0 ? 0 : str_is(s, "1") || str_is(s, "<right>") ? 1 : 2;
	return s.n == 0 || str_is(s, "0") || str_is(s, "1");
}

static void add_choice(struct response *r, int64_t at)
{
	((int64_t *)r->choices.at)[r->choices.n++] = at;
}

static bool read_multi(struct oracle *o, const struct item *it,
		       const struct variant *v, struct str name, struct str s,
		       struct response *r)
{
	int64_t n = -1;

	if (r->choices.at == NULL)
		r->choices.at =
			ARENA_ARRAY(o->cx.arena, int64_t, it->choices.n);
	if (str_starts(name, "choice") &&
	    str_int(str_cut(name, 6, name.n), &n)) {
		n++;
	} else {
		n = position_by_label(it, v, name);
	}
	if (n < 1 || n > (int64_t)it->choices.n ||
	    r->choices.n == it->choices.n)
		return false;
	if (yes(s))
		add_choice(r, n);
	return true;
}

/* The shown position of an option: a number, a symbol or its text. */
static bool read_option(const struct item *it, const struct variant *v,
			struct str s, int64_t *out)
{
	const struct str *options = it->options.at;

	*out = 0;
	for (size_t i = 0; i < it->options.n; i++)
		if (str_eq(options[order_at(&v->order, i)], s)) {
			*out = (int64_t)i + 1;
			return true;
		}
	if (s.n == 0 || symbol(s, out))
		return true;
	return str_int(s, out) && *out >= 0 && *out <= (int64_t)it->options.n;
}

static bool read_pair(struct oracle *o, const struct item *it,
		      const struct variant *v, struct str name, struct str s,
		      struct response *r)
{
	const struct match_stem *stems = it->stems.at;
	struct response_pair pair = { 0 };
	int64_t n = -1;

	if (r->pairs.at == NULL)
		r->pairs.at = ARENA_ARRAY(o->cx.arena, struct response_pair,
					  it->stems.n);
	for (size_t i = 0; i < it->stems.n && n < 0; i++)
		if (str_eq(stems[order_at(&v->stems, i)].text, name))
			n = (int64_t)i;
	if (n < 0 && (!str_starts(name, "sub") ||
		      !str_int(str_cut(name, 3, name.n), &n)))
		return false;
	if (n < 0 || n >= (int64_t)it->stems.n || r->pairs.n == it->stems.n ||
	    !read_option(it, v, s, &pair.option))
		return false;
	pair.stem = n + 1;
	if (pair.option)
		((struct response_pair *)r->pairs.at)[r->pairs.n++] = pair;
	return true;
}

static bool read_member(struct oracle *o, const struct item *it,
			const struct variant *v, struct str name, struct str s,
			struct response *r);

/* "sub2_answer" or "2.answer": a member of the second part. */
static bool read_part(struct oracle *o, const struct item *it,
		      const struct variant *v, struct str name, struct str s,
		      struct response *r)
{
	static const struct variant identity;
	struct str rest = name, number;
	const struct item *parts = it->parts.at;
	int64_t n;

	if (r->parts.at == NULL)
		r->parts =
			(struct list){ ARENA_ARRAY(o->cx.arena, struct response,
						   it->parts.n),
				       it->parts.n };
	if (str_starts(name, "sub"))
		rest = str_cut(name, 3, name.n);
	if (!str_split(&rest, str_starts(name, "sub") ? '_' : '.', &number) ||
	    !str_int(number, &n) || n < 1 || n > (int64_t)it->parts.n)
		return false;
	return read_member(o, &parts[n - 1],
			   v->parts.n
				   ? (const struct variant *)v->parts.at + n - 1
				   : &identity,
			   rest, s, (struct response *)r->parts.at + n - 1);
}

static bool read_text(struct str name, struct str s, struct response *r)
{
	if (str_is(name, "answer"))
		r->text = s;
	else if (str_is(name, "unit"))
		r->unit = s;
	else if (str_is(name, "answerformat"))
		r->format = str_is(s, "const:FORMAT_HTML") ? STR("html")
							   : STR("plain");
	else
		return false;
	return true;
}

static bool read_member(struct oracle *o, const struct item *it,
			const struct variant *v, struct str name, struct str s,
			struct response *r)
{
	switch ((enum item_type)it->type) {
	case ITEM_CHOICE:
		return str_is(name, "answer") &&
		       read_choice(it, v, s, &r->choice);
	case ITEM_TRUE_FALSE:
		return str_is(name, "answer") && read_true_false(s, &r->choice);
	case ITEM_MULTI:
		return read_multi(o, it, v, name, s, r);
	case ITEM_MATCH:
		return read_pair(o, it, v, name, s, r);
	case ITEM_CLOZE:
		return read_part(o, it, v, name, s, r);
	case ITEM_SHORT:
	case ITEM_NUMERIC:
	case ITEM_ESSAY:
		return read_text(name, s, r);
	case ITEM_DESCRIPTION:
	case ITEM_OPAQUE:
	case ITEM_CODE:
	case ITEM_TYPE_COUNT:
		break;
	}
	return false;
}

/* What the learner did, beside what he answered. */
static bool read_button(struct str name, struct str s,
			struct moodle_response *out)
{
	if (str_is(name, "-submit"))
		out->submit = yes(s);
	else if (str_is(name, "-tryagain"))
		out->try_again = yes(s);
	else if (str_is(name, "-seen"))
		out->seen = yes(s);
	else if (str_is(name, "-certainty"))
		return str_int(s, &out->certainty);
	else
		return false;
	return true;
}

enum err moodle_response(struct oracle *o, const struct item *it,
			 const struct variant *v, struct jval map,
			 struct moodle_response *out)
{
	struct moodle_response r = { 0 };
	struct jval m;
	struct str name;
	uint32_t at = 0;
	bool ok = true;

	if (oracle_get(map, "by_label", &m))
		map = m;
	if (jval_type(map) != J_OBJECT) { /* PHP writes {} as [] */
		*out = r;
		if (jval_type(map) == J_ARRAY && jval_count(map))
			return err_set(&o->cx, ERR_UNSUPPORTED,
				       "a list as a response");
		return OK;
	}
	while (ok && jval_next(map, &at, &name, &m)) {
		struct str s = moodle_scalar(o, m);

		if (str_starts(name, "-")) {
			ok = read_button(name, s, &r);
		} else if (!str_is(name, "finished")) {
			r.has_response = true;
			ok = read_member(o, it, v, name, s, &r.response);
		}
	}
	if (!ok)
		return err_set(&o->cx, ERR_UNSUPPORTED, "a member %.*s",
			       STR_FMT(name));
	*out = r;
	return OK;
}

static const struct {
	const char *theirs;
	enum behaviour ours;
} behaviours[] = {
	{ "deferredfeedback", BEHAVIOUR_DEFERRED },
	{ "immediatefeedback", BEHAVIOUR_IMMEDIATE },
	{ "adaptive", BEHAVIOUR_ADAPTIVE },
	{ "adaptivenopenalty", BEHAVIOUR_ADAPTIVE_FREE },
	{ "interactive", BEHAVIOUR_INTERACTIVE },
	{ "interactivecountback", BEHAVIOUR_INTERACTIVE },
	{ "deferredcbm", BEHAVIOUR_DEFERRED_CBM },
	{ "immediatecbm", BEHAVIOUR_IMMEDIATE_CBM },
	{ "manualgraded", BEHAVIOUR_MANUAL },
	{ "informationitem", BEHAVIOUR_INFORMATION },
};

bool moodle_behaviour(struct str name, enum behaviour *out)
{
	for (size_t i = 0; i < sizeof(behaviours) / sizeof(*behaviours); i++)
		if (str_is(name, behaviours[i].theirs)) {
			*out = behaviours[i].ours;
			return true;
		}
	return false;
}
