#include "graders/policy_override.h"

#include "base/limits.h"
#include "base/tm.h"

#define SPAN_MOST (INT64_C(10) * 366 * 24 * 3600 * 1000) /* ten years */

enum { RATIO_MOST = 1000, PASSWORDS_MOST = 100 };

const char *const override_scope_words[] = { "group", "learner", NULL };
const char *const override_lift_words[] = { [LIFT_OPENS] = "opens_at",
					    [LIFT_DUE] = "due_at",
					    [LIFT_CLOSES] = "closes_at",
					    NULL };

static const struct field override_fields[] = {
	FIELD_OPT(struct override, scope, KIND_ENUM, "whom ref names",
		  .words = override_scope_words),
	FIELD_OPT(struct override, ref, KIND_STR, "a group, or a learner",
		  .min = 1, .max = LIMIT_REF_BYTES),
	FIELD_OPT(struct override, reason, KIND_STR, "for the record",
		  .max = LIMIT_NAME_BYTES),
	FIELD_OPT(struct override, lifted, KIND_FLAGS,
		  "instants that do not hold at all",
		  .words = override_lift_words),
	FIELD_OPT(struct override, opens_at, KIND_TIME, "first instant"),
	FIELD_OPT(struct override, due_at, KIND_TIME, "late after this"),
	FIELD_OPT(struct override, closes_at, KIND_TIME, "last instant"),
	FIELD_MAYBE(struct override, time_limit_ms, has_time_limit_ms, KIND_INT,
		    "ms of one attempt; 0: none", .max = SPAN_MOST),
	FIELD_MAYBE(struct override, attempts, has_attempts, KIND_INT,
		    "attempts allowed; 0: any number", .max = 1000),
	FIELD_MAYBE(struct override, delay_first_ms, has_delay_first_ms,
		    KIND_INT, "ms after the first attempt", .max = SPAN_MOST),
	FIELD_MAYBE(struct override, delay_later_ms, has_delay_later_ms,
		    KIND_INT, "ms after later attempts", .max = SPAN_MOST),
	FIELD_MAYBE(struct override, may_run_past_close, has_may_run_past_close,
		    KIND_BOOL, "the whole time limit, even past the close"),
	FIELD_MAYBE(struct override, password, has_password, KIND_STR,
		    "needed to start; empty: none", .max = LIMIT_NAME_BYTES),
	FIELD_END,
};
const struct shape override_shape = SHAPE(struct override, override_fields);

static const struct field accommodation_fields[] = {
	FIELD_OPT(struct accommodation, time_num, KIND_INT,
		  "numerator of the factor of every time limit",
		  .max = RATIO_MOST),
	FIELD_OPT(struct accommodation, time_den, KIND_INT, "its denominator",
		  .max = RATIO_MOST),
	FIELD_OPT(struct accommodation, extra_ms, KIND_INT,
		  "ms added after that", .max = SPAN_MOST),
	FIELD_MAYBE(struct accommodation, may_run_past_close,
		    has_may_run_past_close, KIND_BOOL,
		    "the extra time is not cut by the close; default true"),
	FIELD_OPT(struct accommodation, reason, KIND_STR,
		  "a reference, never health data", .max = LIMIT_NAME_BYTES),
	FIELD_END,
};
const struct shape accommodation_shape =
	SHAPE(struct accommodation, accommodation_fields);

/* ---- one field of the effective policy ---- */

/* What one rule says about one field. */
struct say {
	bool says;
	int64_t value;
};

/* How a learner's several groups are put together. */
enum merge {
	LEAST,	      /* the smaller is kinder */
	MOST_OR_NONE, /* 0 means none and is the kindest */
};

enum value_kind { AN_INSTANT, A_NUMBER, A_SWITCH };

/* A field that an override may change. */
struct over_field {
	const char *name;
	enum merge merge;
	enum value_kind kind;
	struct say (*of_base)(const struct policy *p);
	struct say (*of)(const struct override *o);
	void (*set)(struct policy *p, int64_t v);
};

/* An instant: 0 is "not said", unless it is lifted. */
static struct say instant(const struct override *o, int lift, int64_t at)
{
	if (o->lifted & (uint32_t)1 << lift)
		return (struct say){ true, 0 };
	return (struct say){ at != 0, at };
}

#define OVER_FIELD(member, said, from_int)                                     \
	static struct say member##_base(const struct policy *p)                \
	{                                                                      \
		return (struct say){ true, p->member };                        \
	}                                                                      \
	static struct say member##_of(const struct override *o)                \
	{                                                                      \
		return said;                                                   \
	}                                                                      \
	static void member##_set(struct policy *p, int64_t v)                  \
	{                                                                      \
		p->member = from_int;                                          \
	}
#define OVER_INSTANT(member, lift)                                             \
	OVER_FIELD(member, instant(o, lift, o->member), v)
#define OVER_NUMBER(member, from_int)                                          \
	OVER_FIELD(member, ((struct say){ o->has_##member, o->member }),       \
		   from_int)

OVER_INSTANT(opens_at, LIFT_OPENS)
OVER_INSTANT(due_at, LIFT_DUE)
OVER_INSTANT(closes_at, LIFT_CLOSES)
OVER_NUMBER(time_limit_ms, v)
OVER_NUMBER(attempts, v)
OVER_NUMBER(delay_first_ms, v)
OVER_NUMBER(delay_later_ms, v)
OVER_NUMBER(may_run_past_close, v != 0)

#define OVER_ROW(member, merge, kind)                                          \
	{                                                                      \
#member, merge, kind, member##_base, member##_of, member##_set \
	}

/* An earlier opening, none at all included, is kinder: 0 is the least. */
static const struct over_field over_fields[] = {
	OVER_ROW(opens_at, LEAST, AN_INSTANT),
	OVER_ROW(due_at, MOST_OR_NONE, AN_INSTANT),
	OVER_ROW(closes_at, MOST_OR_NONE, AN_INSTANT),
	OVER_ROW(time_limit_ms, MOST_OR_NONE, A_NUMBER),
	OVER_ROW(attempts, MOST_OR_NONE, A_NUMBER),
	OVER_ROW(delay_first_ms, LEAST, A_NUMBER),
	OVER_ROW(delay_later_ms, LEAST, A_NUMBER),
	{ 0 },
};
/* A switch is kinder on, so it cannot stand in the table above. */
static const struct over_field past_close =
	OVER_ROW(may_run_past_close, MOST_OR_NONE, A_SWITCH);

static bool is_kinder(const struct over_field *f, int64_t a, int64_t b)
{
	if (f->kind == A_SWITCH || (f->merge == MOST_OR_NONE && a && b))
		return a > b;
	if (f->merge == MOST_OR_NONE)
		return !a && b;
	return a < b;
}

/* ---- explaining ---- */

struct explain {
	struct ctx *cx;
	struct policy_step *at;
	size_t n, room;
};

static struct str value_text(struct ctx *cx, enum value_kind kind, int64_t v)
{
	char text[TM_TEXT + 1];

	if (kind == A_SWITCH)
		return v ? STR("true") : STR("false");
	if (v == 0)
		return STR("none");
	if (kind == A_NUMBER)
		return str_fmt(cx->arena, "%lld", (long long)v);
	tm_text(v, text);
	return str_copy(cx->arena, str_of(text));
}

static size_t add_step(struct explain *x, const char *field, struct str value,
		       struct str from)
{
	CHECK(x->n < x->room);
	x->at[x->n] = (struct policy_step){ .field = str_of(field),
					    .value = value,
					    .from = from };
	return x->n++;
}

static struct str group_name(struct ctx *cx, const struct override *o)
{
	return str_fmt(cx->arena, "group:%.*s", STR_FMT(o->ref));
}

/* Learner, else the kindest of the groups, else the assessment. */
static void settle(struct explain *x, const struct over_field *f,
		   struct policy *p, const struct override *learner,
		   const struct override *groups, size_t n)
{
	struct say best = f->of_base(p), one;
	bool group_said = false;
	size_t winner =
		add_step(x, f->name, value_text(x->cx, f->kind, best.value),
			 STR("base"));

	for (size_t i = 0; i < n; i++) {
		size_t step;

		one = f->of(&groups[i]);
		if (!one.says)
			continue;
		step = add_step(x, f->name,
				value_text(x->cx, f->kind, one.value),
				group_name(x->cx, &groups[i]));
		if (group_said && !is_kinder(f, one.value, best.value))
			continue;
		best = one;
		winner = step;
		group_said = true;
	}
	if (learner && (one = f->of(learner)).says) {
		best = one;
		winner = add_step(x, f->name,
				  value_text(x->cx, f->kind, one.value),
				  STR("learner"));
	}
	x->at[winner].applied = true;
	f->set(p, best.value);
}

/* ---- passwords: never in an explanation, only that there is one ---- */

static void add_password(struct policy_effective *out, struct str password)
{
	struct str *all = out->passwords.at;

	if (password.n && out->passwords.n < PASSWORDS_MOST)
		all[out->passwords.n++] = password;
}

static size_t password_step(struct explain *x, struct str password,
			    struct str from)
{
	return add_step(x, "password", password.n ? STR("set") : STR("none"),
			from);
}

static void settle_passwords(struct explain *x, struct policy_effective *out,
			     const struct override *learner,
			     const struct override *groups, size_t n)
{
	size_t base = password_step(x, out->p.password, STR("base"));
	bool group_said = false, open = false;

	out->passwords.at =
		ARENA_ARRAY(x->cx->arena, struct str, PASSWORDS_MOST);
	for (size_t i = 0; i < n; i++) {
		size_t step;

		if (!groups[i].has_password)
			continue;
		step = password_step(x, groups[i].password,
				     group_name(x->cx, &groups[i]));
		group_said = true;
		if (learner && learner->has_password)
			continue;
		x->at[step].applied = true;
		open = open || !groups[i].password.n;
		add_password(out, groups[i].password);
	}
	if (learner && learner->has_password) {
		size_t step =
			password_step(x, learner->password, STR("learner"));

		x->at[step].applied = true;
		add_password(out, learner->password);
	} else if (!group_said) {
		x->at[base].applied = true;
		add_password(out, out->p.password);
	}
	if (open) /* one of the groups needs none */
		out->passwords.n = 0;
	out->p.password = (struct str){ 0 };
}

/* ---- accommodation ---- */

static void replace_step(struct explain *x, const struct over_field *f,
			 struct policy *p, int64_t v)
{
	size_t step;

	for (size_t i = 0; i < x->n; i++)
		if (str_is(x->at[i].field, f->name))
			x->at[i].applied = false;
	step = add_step(x, f->name, value_text(x->cx, f->kind, v),
			STR("accommodation"));
	x->at[step].applied = true;
	f->set(p, v);
}

static const struct over_field *over_field(const char *name)
{
	const struct over_field *f = over_fields;

	while (strcmp(f->name, name) != 0)
		f++;
	return f;
}

static void accommodate(struct explain *x, struct policy *p,
			const struct accommodation *a)
{
	int64_t num = a->time_num ? a->time_num : 1;
	int64_t den = a->time_den ? a->time_den : 1;
	int64_t limit = p->time_limit_ms, longer;
	bool past = a->has_may_run_past_close ? a->may_run_past_close : true;

	if (!limit)
		return; /* nothing to stretch, and so nothing to run past */
	/* limit <= ten years and num <= 1000: far from overflowing */
	longer = (limit * num + den - 1) / den + a->extra_ms;
	if (longer != limit)
		replace_step(x, over_field("time_limit_ms"), p, longer);
	if (past && !p->may_run_past_close)
		replace_step(x, &past_close, p, 1);
}

void policy_effective(struct ctx *cx, const struct policy *base,
		      const struct override *learner,
		      const struct override *groups, size_t groups_n,
		      const struct accommodation *acc,
		      struct policy_effective *out)
{
	struct explain x = { .cx = cx };
	size_t fields = sizeof(over_fields) / sizeof(over_fields[0]) + 2;

	x.room = fields * (groups_n + 3);
	x.at = ARENA_ARRAY(cx->arena, struct policy_step, x.room);
	*out = (struct policy_effective){ .p = *base };
	for (const struct over_field *f = over_fields; f->name; f++)
		settle(&x, f, &out->p, learner, groups, groups_n);
	settle(&x, &past_close, &out->p, learner, groups, groups_n);
	settle_passwords(&x, out, learner, groups, groups_n);
	if (acc)
		accommodate(&x, &out->p, acc);
	out->steps = (struct list){ x.at, x.n };
}

/* The time depends on the length of what was given, not on where it differs. */
static bool same_secret(struct str secret, struct str given)
{
	unsigned differ = secret.n != given.n;

	for (size_t i = 0; i < given.n; i++) {
		char c = i < secret.n ? secret.p[i] : 0;

		differ |= (unsigned char)(c ^ given.p[i]);
	}
	return differ == 0;
}

bool policy_password_ok(const struct policy_effective *e, struct str given)
{
	const struct str *all = e->passwords.at;
	bool ok = e->passwords.n == 0;

	for (size_t i = 0; i < e->passwords.n; i++)
		ok |= same_secret(all[i], given);
	return ok;
}

/* ---- what is wrong with one ---- */

void override_check(struct ctx *cx, const struct policy *base,
		    const struct override *o, const char *at,
		    struct problems *out)
{
	struct policy_effective e;
	const int64_t *instants[] = { &o->opens_at, &o->due_at, &o->closes_at };
	struct problems all = { 0 }, before = { 0 };
	const struct problem *p;

	for (int i = 0; override_lift_words[i]; i++)
		if (o->lifted & (uint32_t)1 << i && *instants[i])
			problem_add(cx, out, PROBLEM_ERROR,
				    str_fmt(cx->arena, "%s/%s", at,
					    override_lift_words[i]),
				    "lifted_and_set",
				    "it is lifted and set at the same time");
	/* What it breaks that was not broken before. */
	policy_effective(cx, base, o->scope == OVERRIDE_LEARNER ? o : NULL, o,
			 o->scope == OVERRIDE_GROUP, NULL, &e);
	policy_check(cx, base, at, &before);
	policy_check(cx, &e.p, at, &all);
	p = all.list.at;
	for (size_t i = 0; i < all.list.n; i++) {
		const struct problem *old = before.list.at;
		bool known = false;

		for (size_t j = 0; j < before.list.n; j++)
			known |= str_eq(p[i].code, old[j].code);
		if (!known)
			problem_add(cx, out, p[i].level, p[i].at, p[i].code.p,
				    "%.*s", STR_FMT(p[i].text));
	}
}

void accommodation_check(struct ctx *cx, const struct accommodation *a,
			 const char *at, struct problems *out)
{
	if ((a->time_num == 0) != (a->time_den == 0))
		problem_add(cx, out, PROBLEM_ERROR,
			    str_fmt(cx->arena, "%s/time_den", at),
			    "half_a_ratio",
			    "time_num and time_den are only given together");
	else if (a->time_num < a->time_den)
		problem_add(cx, out, PROBLEM_WARNING,
			    str_fmt(cx->arena, "%s/time_num", at), "less_time",
			    "this leaves the learner less time");
	if (!a->time_num && !a->extra_ms)
		problem_add(cx, out, PROBLEM_WARNING, str_of(at), "no_effect",
			    "this gives no extra time");
}

static const struct field policy_step_fields[] = {
	FIELD(struct policy_step, field, KIND_STR, "which rule"),
	FIELD(struct policy_step, value, KIND_STR, "what it says"),
	FIELD(struct policy_step, from, KIND_STR,
	      "base, group:NAME, learner or accommodation"),
	FIELD(struct policy_step, applied, KIND_BOOL, "this one is in force"),
	FIELD_END,
};
const struct shape policy_step_shape =
	SHAPE(struct policy_step, policy_step_fields);
