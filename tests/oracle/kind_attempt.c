/*
 * Whole attempts, kept as CSV: the mark of each slot and their sum. Also how
 * many parts of a response are right.
 */
#include "graders/behaviour.h"
#include "graders/policy_grade.h"
#include "tests/oracle/moodle_item.h"

enum { COLUMNS = 100, SLOTS = 50 };

/* ---- one slot ---- */

struct one {
	struct oracle *o;
	struct slot_setup setup;
	struct slot_run slot;
	bool finished;
};

/* Moodle's form for this question has two hints; its transcript has none. */
static void add_hints(struct item *it)
{
	static struct hint hints[2];

	if (it->hints.n == 0)
		it->hints = (struct list){ hints, 2 };
}

static enum err open_slot(struct one *s, struct item *it, struct str behaviour,
			  struct dec max)
{
	struct variant *v = ARENA_NEW(s->o->cx.arena, struct variant);
	enum behaviour wanted;

	if (!moodle_behaviour(behaviour, &wanted))
		return err_set(&s->o->cx, ERR_UNSUPPORTED, "a behaviour");
	if (wanted == BEHAVIOUR_INTERACTIVE)
		add_hints(it);
	variant_identity(s->o->cx.arena, it, v);
	s->setup = (struct slot_setup){ behaviour_for(it, wanted), it, v, max };
	slot_start(&s->setup, &s->slot);
	return OK;
}

/* What Moodle discards, we refuse: the slot stays as it is either way. */
static enum err act(struct one *s, const struct slot_action *a)
{
	struct slot_effect effect;
	enum err e = slot_apply(&s->o->cx, &s->slot, a, &effect);

	return e == ERR_CONFLICT ? OK : e;
}

static enum err finish(struct one *s)
{
	const struct slot_action a = { .kind = SLOT_FINISH };

	s->finished = true;
	return act(s, &a);
}

static enum err step(struct one *s, struct jval map)
{
	struct slot_action a = { .kind = SLOT_SAVE, .has_response = true };
	struct moodle_response r;
	struct jval v;
	enum err e =
		moodle_response(s->o, s->setup.item, s->setup.variant, map, &r);

	if (e)
		return e;
	a.response = r.response;
	a.certainty = r.certainty;
	if (r.try_again)
		a.kind = SLOT_TRY_AGAIN;
	else if (r.submit && behaviour_has_check(s->setup.behaviour))
		a.kind = SLOT_CHECK;
	e = act(s, &a);
	if (!e && oracle_get(map, "finished", &v) &&
	    str_is(moodle_scalar(s->o, v), "1"))
		e = finish(s);
	return e;
}

static enum err steps(struct one *s, struct jval response)
{
	struct jval map;
	struct str name;
	uint32_t at = 0;
	enum err e;

	if (jval_type(response) != J_ARRAY) {
		e = step(s, response);
		return e ? e : finish(s);
	}
	while (jval_next(response, &at, &name, &map)) {
		e = step(s, map);
		if (e)
			return e;
	}
	return OK;
}

static void override_item(struct oracle *o, struct jval c, struct item *it)
{
	struct jval overrides, v;

	if (!oracle_get(c, "overrides", &overrides) ||
	    !oracle_get(overrides, "penalty", &v))
		return;
	if (!dec_parse(moodle_scalar(o, v), &it->penalty))
		it->penalty = DEC_ZERO;
}

static enum oracle_verdict slot(struct oracle *o, const struct oracle_case *c,
				struct buf *got)
{
	struct one s = { .o = o };
	struct item it;
	struct dec max, mark;
	enum err e;

	if (jval_type(c->item) != J_STRING)
		return ORACLE_UNSUPPORTED;
	e = moodle_item(o, jval_str(&o->cx, c->item), &it);
	if (!e)
		override_item(o, c->all, &it);
	if (!e && !dec_parse(moodle_scalar(o, c->max_score), &max))
		e = err_set(&o->cx, ERR_UNSUPPORTED, "no max");
	if (!e)
		e = open_slot(&s, &it, c->behaviour, max);
	if (!e)
		e = steps(&s, c->response);
	if (e == ERR_UNSUPPORTED || e == ERR_NOT_FOUND)
		return ORACLE_UNSUPPORTED;
	if (e) {
		buf_fmt(got, "%s: %s", err_kind(e), o->cx.error.text);
		return ORACLE_FAILED;
	}
	if (!slot_sum_mark(&s.slot, &mark) ||
	    jval_type(c->expected) == J_NULL) {
		buf_z(got, slot_state_words[s.slot.state]);
		return !slot_mark(&s.slot, &mark) &&
				       jval_type(c->expected) == J_NULL
			       ? ORACLE_PASSED
			       : ORACLE_FAILED;
	}
	/* The source file keeps five digits, which the case does not say. */
	if (oracle_near_dec(o, c, c->expected, dec_round(mark, 5)))
		return ORACLE_PASSED;
	return oracle_expect(o, c, mark, got);
}

/* ---- the sum ---- */

struct row {
	struct str cells[COLUMNS];
	size_t n;
};

/* The tests' files: no line breaks in cells, quotes without quotes inside. */
static bool next_row(struct str *rest, struct row *row)
{
	struct str line;

	row->n = 0;
	if (!str_split(rest, '\n', &line) || line.n == 0)
		return false;
	if (line.p[line.n - 1] == '\r')
		line.n--;
	while (line.p && row->n < COLUMNS) {
		struct str *cell = &row->cells[row->n++];

		if (line.n && line.p[0] == '"') {
			size_t end = str_find(line, STR("\""), 1);

			if (end == SIZE_MAX)
				return false;
			*cell = str_cut(line, 1, end);
			line = end + 2 <= line.n
				       ? str_cut(line, end + 2, line.n)
				       : (struct str){ 0 };
		} else if (!str_split(&line, ',', cell)) {
			*cell = STR("");
			return true;
		}
	}
	return true;
}

static struct str cell(const struct row *head, const struct row *row,
		       struct str name)
{
	for (size_t i = 0; i < head->n && i < row->n; i++)
		if (str_eq(head->cells[i], name))
			return row->cells[i];
	return (struct str){ 0 };
}

/* How questions00.csv names them, and what they are in items.json. */
static const char *const names[][3] = {
	{ "shortanswer", "", "shortanswer-100d22d2" },
	{ "numerical", "", "csv-numerical-pi" },
	{ "match", "", "csv-match-foursubq" },
	{ "truefalse", "", "truefalse-74e44af5" },
	{ "multichoice", "two_of_four", "multichoice-two_of_four" },
	{ "multichoice", "one_of_four", "multichoice-one_of_four" },
	{ "multianswer", "", "multianswer-ad3bbe24" },
	{ "calculatedsimple", "sumwithvariants",
	  "csv-calculatedsimple-sumwithvariants" },
};

/* One variant of a calculated sum is a numeric item: its values are stated. */
static enum err calculated(struct oracle *o, struct str key, struct str variant,
			   struct item *out)
{
	struct answer *answer = ARENA_NEW(o->cx.arena, struct answer);
	struct jval all, q, variants, values, v;
	struct dec a, b;
	char text[DEC_TEXT];

	if (oracle_json(o, STR("moodle/items.json"), &all) ||
	    !oracle_get(all, str_z(o->cx.arena, key), &q) ||
	    !oracle_get(q, "variants", &variants) ||
	    !oracle_get(variants, str_z(o->cx.arena, variant), &values) ||
	    !oracle_get(values, "a", &v) ||
	    !dec_parse(moodle_scalar(o, v), &a) ||
	    !oracle_get(values, "b", &v) || !dec_parse(moodle_scalar(o, v), &b))
		return err_set(&o->cx, ERR_UNSUPPORTED, "a variant");
	dec_text(dec_add(a, b), text);
	*answer = (struct answer){
		.text = str_copy(o->cx.arena, str_of(text)),
		.tolerance = STR("0.01"),
		.tolerance_kind = TOL_RELATIVE,
		.fraction = DEC_ONE,
	};
	*out = (struct item){ .id = STR("item"),
			      .type = ITEM_NUMERIC,
			      .mark = DEC_ONE,
			      .answers = { answer, 1 } };
	return OK;
}

static enum err question(struct oracle *o, struct str type, struct str which,
			 struct str variant, struct item *out)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!str_is(type, names[i][0]) || !str_is(which, names[i][1]))
			continue;
		if (str_is(type, "calculatedsimple"))
			return calculated(o, str_of(names[i][2]), variant, out);
		return moodle_item(o, str_of(names[i][2]), out);
	}
	return err_set(&o->cx, ERR_UNSUPPORTED, "another question");
}

/* A slot's cells of one row as the map that a form would post. */
static enum err posted(struct oracle *o, const struct row *head,
		       const struct row *row, struct str slot_name,
		       struct jval *out)
{
	struct str prefix =
		str_fmt(o->cx.arena, "responses.%.*s.", STR_FMT(slot_name));
	struct str finished = cell(head, row, STR("finished"));
	struct buf b = { 0 };
	struct jdoc *doc;
	enum err e;

	buf_ch(&b, '{');
	for (size_t i = 0; i < head->n && i < row->n; i++) {
		struct str name = head->cells[i];

		if (!str_starts(name, str_z(o->cx.arena, prefix)))
			continue;
		jout_str(&b, str_cut(name, prefix.n, name.n));
		buf_ch(&b, ':');
		jout_str(&b, row->cells[i]);
		buf_ch(&b, ',');
	}
	buf_z(&b, "\"finished\":");
	jout_str(&b, finished.p ? finished : STR("1"));
	buf_ch(&b, '}');
	e = jdoc_parse(&o->cx, buf_copy(&b, o->cx.arena), &doc);
	buf_done(&b);
	if (!e)
		*out = jdoc_root(doc);
	return e;
}

struct attempt {
	struct oracle *o;
	struct str behaviour, number;
	struct row head, questions_head;
	struct str steps, questions;
	struct one slots[SLOTS];
	struct item items[SLOTS];
	size_t n;
};

static enum err add_slot(struct attempt *a, const struct row *q)
{
	struct oracle *o = a->o;
	struct str no = cell(&a->questions_head, q, STR("slot"));
	struct str type = cell(&a->questions_head, q, STR("type"));
	struct str which = cell(&a->questions_head, q, STR("which"));
	struct str penalty =
		cell(&a->questions_head, q, STR("overrides.penalty"));
	struct str rest = a->steps, variant;
	struct item *it = &a->items[a->n];
	struct one *s = &a->slots[a->n];
	struct row row;
	struct jval map;
	struct dec max;
	enum err e = OK;

	s->o = o;
	if (a->n == SLOTS ||
	    !dec_parse(cell(&a->questions_head, q, STR("mark")), &max))
		return err_set(&o->cx, ERR_UNSUPPORTED, "a question");
	while (!e && next_row(&rest, &row)) {
		if (!str_eq(row.cells[0], a->number))
			continue;
		if (s->setup.item == NULL) {
			if (str_is(type, "random"))
				type = cell(&a->head, &row,
					    str_fmt(o->cx.arena, "randqs.%.*s",
						    STR_FMT(no)));
			variant = cell(&a->head, &row,
				       str_fmt(o->cx.arena, "variants.%.*s",
					       STR_FMT(no)));
			e = question(o, type, which, variant, it);
			if (!e && penalty.n &&
			    !dec_parse(penalty, &it->penalty))
				e = err_set(&o->cx, ERR_UNSUPPORTED, "penalty");
			if (!e)
				e = open_slot(s, it, a->behaviour, max);
		}
		if (!e)
			e = posted(o, &a->head, &row, no, &map);
		if (!e)
			e = step(s, map);
	}
	a->n++;
	return e;
}

static enum err load(struct attempt *a, const struct oracle_case *c)
{
	struct str rest, no;
	struct row q;
	enum err e = oracle_file(a->o, c->file, &a->steps);

	if (!e)
		e = oracle_file(a->o, jval_str(&a->o->cx, c->item), &rest);
	if (e)
		return e;
	if (!next_row(&a->steps, &a->head) ||
	    !next_row(&rest, &a->questions_head))
		return err_set(&a->o->cx, ERR_UNSUPPORTED, "no rows");
	while (!e && next_row(&rest, &q)) {
		no = cell(&a->questions_head, &q, STR("slot"));
		if (no.n) /* without: what a random slot draws from */
			e = add_slot(a, &q);
	}
	return e;
}

static enum oracle_verdict total(struct oracle *o, const struct oracle_case *c,
				 struct buf *got)
{
	struct attempt *a = ARENA_NEW(o->cx.arena, struct attempt);
	struct policy_mark marks[SLOTS] = { 0 };
	struct policy p = { 0 };
	struct policy_sum sum;
	bool finished = true;
	struct jval v;
	enum err e;

	if (jval_type(c->item) != J_STRING ||
	    !oracle_get(c->all, "quizattempt", &v))
		return ORACLE_UNSUPPORTED;
	a->o = o;
	a->behaviour = c->behaviour;
	a->number = moodle_scalar(o, v);
	e = load(a, c);
	if (e == ERR_UNSUPPORTED || e == ERR_NOT_FOUND)
		return ORACLE_UNSUPPORTED;
	if (e) {
		buf_fmt(got, "%s: %s", err_kind(e), o->cx.error.text);
		return ORACLE_FAILED;
	}
	for (size_t i = 0; i < a->n; i++) {
		finished = finished && a->slots[i].finished;
		marks[i].max = a->slots[i].setup.max;
		marks[i].has = slot_sum_mark(&a->slots[i].slot, &marks[i].mark);
	}
	policy_attempt_sum(&o->cx, &p, NULL, 0, marks, a->n, &sum);
	if (jval_type(c->expected) == J_NULL) /* not handed in: no total yet */
		return !finished || !sum.has ? ORACLE_PASSED : ORACLE_FAILED;
	return finished && sum.has ? oracle_expect(o, c, sum.sum, got)
				   : ORACLE_FAILED;
}

/* ---- parts ---- */

static enum oracle_verdict
parts_right(struct oracle *o, const struct oracle_case *c, struct buf *got)
{
	struct moodle_response r;
	struct outcome out;
	struct variant v;
	struct item it;
	struct jval n;
	struct str name;
	uint32_t at = 0;
	int64_t expected[2] = { -1, -1 };
	enum err e;

	if (jval_type(c->item) != J_STRING)
		return ORACLE_UNSUPPORTED;
	e = moodle_item(o, jval_str(&o->cx, c->item), &it);
	if (!e) {
		variant_identity(o->cx.arena, &it, &v);
		e = moodle_response(o, &it, &v, c->response, &r);
	}
	if (!e)
		e = score_item(&o->cx, &it, &v, &r.response, &out);
	if (e)
		return ORACLE_UNSUPPORTED;
	for (int i = 0; i < 2 && jval_next(c->expected, &at, &name, &n); i++)
		if (!jval_int(n, &expected[i]))
			return ORACLE_UNSUPPORTED;
	buf_fmt(got, "%d of %d", (int)out.parts_right, (int)out.parts);
	return out.parts_right == expected[0] && out.parts == expected[1]
		       ? ORACLE_PASSED
		       : ORACLE_FAILED;
}

const struct oracle_kind kind_attempt[] = {
	{ "quiz-attempt-slot", slot },
	{ "quiz-attempt-total", total },
	{ "get_num_parts_right", parts_right },
	{ 0 },
};
