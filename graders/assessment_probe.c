/*
 * What only a new assessment is asked. Can hidden tests be found out by handing
 * in again and again? What is told of one submission, or of one attempt, counts
 * here by how often it can be asked. And can each language be asked what the
 * tests call?
 */
#include <stdio.h>

#include "graders/assessment_file.h"
#include "graders/code.h"
#include "graders/code_known.h"

enum {
	PROBES = 50, /* answers of a score that give no test away */
	PATH_BYTES = 80,
};

struct probe {
	struct ctx *cx;
	const struct assessment_def *def;
	struct problems *out;
	size_t item;
	const struct code_spec *s;
};

static void say(const struct probe *k, int level, struct str at,
		const char *code, const char *text)
{
	const struct item *it = (const struct item *)k->def->items.at + k->item;

	problem_add(k->cx, k->out, level, at, code, "item %.*s: %s",
		    STR_FMT(str_cut(it->id, 0, 100)), text);
}

static struct str in_code(const struct probe *k, const char *member)
{
	return str_fmt(k->cx->arena, "/items/%zu/code/%s", k->item, member);
}

/* 0 is any number. */
static bool is_few(int64_t attempts, int64_t each)
{
	return attempts && each && attempts <= PROBES &&
	       each <= PROBES / attempts;
}

/* ---- what each submission tells ---- */

static void check_hidden_as(const struct probe *k)
{
	const struct policy *p = &k->def->policy;
	bool once = p->attempts == 1 && k->s->submissions == 1;

	if (k->s->hidden_as == CODE_HIDDEN_VERDICTS && !once)
		say(k, PROBLEM_ERROR, in_code(k, "hidden_as"),
		    "hidden_verdicts_told",
		    "each submission is told the verdict of each hidden test, "
		    "so they can be found out one by one: say count or "
		    "passed, or allow 1 submission and 1 attempt");
	if (k->s->hidden_as == CODE_HIDDEN_PASSED &&
	    !is_few(p->attempts, k->s->submissions))
		say(k, PROBLEM_WARNING, in_code(k, "hidden_as"),
		    "hidden_score_told",
		    "each submission is told how many hidden tests passed: "
		    "say count, or allow so few submissions and attempts that "
		    "both multiplied are at most 50");
}

static void check_during(const struct probe *k)
{
	const struct policy *p = &k->def->policy;

	if (p->review.during & REVIEW_BIT(REVIEW_MARKS) &&
	    !is_few(p->attempts, k->s->submissions))
		say(k, PROBLEM_WARNING, STR("/policy/review/during"),
		    "hidden_score_told",
		    "marks that are shown while the attempt is open tell each "
		    "submission of the hidden tests: take marks out, or allow "
		    "so few submissions and attempts that both multiplied are "
		    "at most 50");
}

/* ---- what each attempt tells ---- */

/* A grade that is not held is told, whatever is shown of the attempt. */
static bool attempts_tell(const struct policy *p)
{
	uint32_t shown = p->review.immediately | p->review.later;

	if (p->release == RELEASE_HELD)
		return false;
	return p->kind == POLICY_GRADED || shown & REVIEW_BIT(REVIEW_MARKS) ||
	       (p->feedback.n && shown & REVIEW_BIT(REVIEW_OVERALL_FEEDBACK));
}

static void check_attempts(const struct probe *k)
{
	const struct policy *p = &k->def->policy;

	if (attempts_tell(p) && !is_few(p->attempts, 1))
		say(k, PROBLEM_WARNING, STR("/policy/attempts"),
		    "hidden_score_told",
		    "the result of each attempt tells of the hidden tests, and "
		    "another attempt may follow: allow at most 50 attempts, "
		    "or hold the results (release)");
}

/* ---- what nobody is told ---- */

static void check_withheld(const struct probe *k)
{
	bool *withheld = ARENA_ARRAY(k->cx->arena, bool, k->s->tests.n);
	char member[PATH_BYTES];

	code_withheld(k->cx, k->s, withheld);
	for (size_t i = 0; i < k->s->tests.n; i++) {
		if (!withheld[i])
			continue;
		snprintf(member, sizeof(member), "tests/%zu/visibility", i);
		say(k, PROBLEM_WARNING, in_code(k, member), "test_withheld",
		    "this test is visible, but a test whose verdict is not "
		    "told decides whether it runs, so its verdict is not told "
		    "either: put it before the hidden ones of its group, or "
		    "into a group that requires no hidden ones");
	}
}

void assessment_probe(struct ctx *cx, const struct assessment_def *def,
		      struct problems *out)
{
	const struct item *it = def->items.at;
	struct probe k = { .cx = cx, .def = def, .out = out };

	for (k.item = 0; k.item < def->items.n; k.item++) {
		k.s = &it[k.item].code;
		if (it[k.item].type != ITEM_CODE || !it[k.item].has_code)
			continue;
		code_calls_known(
			cx, k.s,
			str_fmt(cx->arena, "/items/%zu/code", k.item).p, out);
		check_withheld(&k);
		if (!code_has_hidden(k.s))
			continue;
		check_hidden_as(&k);
		check_during(&k);
		check_attempts(&k);
	}
}

enum err assessment_read_new(struct ctx *cx, struct str text,
			     struct assessment_def *out,
			     struct problems *problems)
{
	struct assessment_def def;
	enum err e = assessment_read(cx, text, &def, problems);

	if (e)
		return e;
	assessment_probe(cx, &def, problems);
	e = problems_refuse(cx, problems);
	if (!e)
		*out = def;
	return e;
}
