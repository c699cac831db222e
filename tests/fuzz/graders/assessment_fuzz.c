/*
 * assessment: any bytes are refused with a reason, or are an assessment that
 * writes to one that reads the same, has a layout and can be attempted.
 */
#include "graders/layout.h"
#include "graders/policy_override.h"
#include "graders/policy_time.h"

static void check_layout(struct ctx *cx, const struct assessment_def *def)
{
	static const uint8_t seed[LAYOUT_SEED_BYTES] = { 7 };
	struct layout l, again;
	struct buf b = { 0 };
	struct jdoc *doc;

	CHECK(layout_make(cx, def, seed, NULL, &l) == OK);
	layout_write(&b, def, &l);
	CHECK(jdoc_parse(cx, buf_view(&b), &doc) == OK);
	CHECK(layout_read(cx, def, jdoc_root(doc), &again) == OK);
	CHECK(again.slots.n == l.slots.n);
	buf_done(&b);
}

static void check_policy(struct ctx *cx, const struct policy *p)
{
	struct policy_history h = { .used = 1, .last_finished = 1 };
	struct policy_attempt a = { .state = ATTEMPT_ACTIVE, .started = 1 };
	struct accommodation acc = { .time_num = 3, .time_den = 2 };
	struct policy_effective e;
	struct policy_conditions c;
	struct policy_move m;

	policy_effective(cx, p, NULL, NULL, 0, &acc, &e);
	policy_conditions(&e.p, false, &h, 1, &c);
	a.due = policy_due(&e.p, a.started, 0);
	policy_sweep(&e.p, &a, 5, &m);
	CHECK(m.moves != policy_answer_ok(&e.p, &a, 5));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx cx = { .arena = arena_new(1 << 16) };
	struct str text = { (const char *)data, size };
	struct assessment_def def, again;
	struct buf one = { 0 }, two = { 0 };
	struct problems ps;
	enum err e = assessment_read(&cx, text, &def, &ps);

	if (e) {
		CHECK(ps.errors > 0);
		goto out;
	}
	CHECK(ps.errors == 0);
	assessment_write(&one, &def);
	CHECK(assessment_read(&cx, buf_view(&one), &again, NULL) == OK);
	assessment_write(&two, &again);
	CHECK(str_eq(buf_view(&one), buf_view(&two)));
	check_layout(&cx, &def);
	check_policy(&cx, &def.policy);
out:
	buf_done(&one);
	buf_done(&two);
	arena_free(cx.arena);
	return 0;
}
