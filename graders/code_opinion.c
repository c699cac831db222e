/*
 * What a checker or interactor of the author's thinks, read by its protocol.
 * Whatever is not said as the protocol wants it is the checker's failure, and
 * never counts against a learner.
 */
#include "graders/code_impl.h"

#include <math.h>
#include <stdio.h>

#include "graders/results.h"

enum { MESSAGE_BYTES = 1000 };

struct read {
	struct ctx *cx;
	const struct code_checker *c;
	const struct run_told *t;
	struct code_opinion *out;
};

static void broken(struct read *r, const char *what)
{
	struct str said = code_text(r->cx->arena, r->t->err, MESSAGE_BYTES);

	*r->out = (struct code_opinion){
		.kind = OPINION_BROKEN,
		.staff = said.n ? str_fmt(r->cx->arena, "%s; it said: %.*s",
					  what, STR_FMT(said))
				: str_copy(r->cx->arena, str_of(what)),
	};
}

static void say(struct read *r, enum opinion_kind kind, struct str message)
{
	*r->out = (struct code_opinion){
		.kind = kind,
		.share = kind == OPINION_RIGHT ? DEC_ONE : DEC_ZERO,
		.message = code_text(r->cx->arena, str_trim(message),
				     MESSAGE_BYTES),
	};
}

/* Points of max; false: they are none, and it is broken. */
static bool share_of(struct read *r, struct str text, struct dec *out)
{
	struct dec max = r->c->max_points.nano ? r->c->max_points : DEC_ONE;
	double points;

	if (!code_number(str_trim(text), &points) || !isfinite(points)) {
		broken(r, "the checker gave points that are no number");
		return false;
	}
	if (points < 0 || points > dec_double(max) * (1 + 1e-9)) {
		broken(r, "the checker gave fewer points than 0 or more than "
			  "max_points");
		return false;
	}
	*out = dec_clamp(dec_div(dec_from_double(points), max), DEC_ZERO,
			 DEC_ONE);
	return true;
}

static void give(struct read *r, struct dec share, struct str message)
{
	say(r, share.nano == DEC_ONE_NANO ? OPINION_RIGHT : OPINION_WRONG,
	    message);
	r->out->share = share;
}

/* ---- testlib ---- */

/* "points 0.5 good enough" on standard error. */
static void read_points(struct read *r)
{
	struct str rest = str_trim(r->t->err), word;
	struct dec share;

	if (str_split(&rest, ' ', &word) && str_is(word, "points") &&
	    str_split(&rest, ' ', &word)) {
		if (share_of(r, word, &share))
			give(r, share, rest);
		return;
	}
	broken(r, "the checker ended with the status for points, and gave "
		  "none");
}

static void read_testlib(struct read *r)
{
	int64_t exit = r->t->exit;

	switch (exit) {
	case 0:
		say(r, OPINION_RIGHT, r->t->err);
		return;
	case 1:
	case 2: /* presentation: wrong, the message says so */
	case 4: /* something after the end */
	case 8: /* ended too early */
		say(r, OPINION_WRONG, r->t->err);
		return;
	case 3:
		broken(r, "the checker says that the task is broken (status "
			  "3)");
		return;
	case 5:
	case 7:
		read_points(r);
		return;
	}
	if (exit >= 16 && exit <= 116)
		give(r, dec_ratio(exit - 16, 100), r->t->err);
	else
		broken(r, "the checker ended with a status that testlib does "
			  "not have");
}

/* ---- Kattis ---- */

static bool feedback(struct read *r, const char *name, struct str *out)
{
	const struct run_got *g = r->t->got.at;

	for (size_t i = 0; i < r->t->got.n; i++)
		if (str_is(g[i].name, name) && g[i].state == RUN_GOT) {
			*out = g[i].data;
			return true;
		}
	return false;
}

static void read_kattis(struct read *r)
{
	struct str text, team = { 0 }, judge = { 0 };
	struct dec share = DEC_ONE;

	if (r->t->exit != 42 && r->t->exit != 43) {
		broken(r, "the validator ended with another status than 42 and "
			  "43");
		return;
	}
	if (feedback(r, CODE_FEEDBACK "nextpass.in", &text)) {
		broken(r, "the validator asks for another pass, which is not "
			  "known here");
		return;
	}
	feedback(r, CODE_FEEDBACK "teammessage.txt", &team);
	feedback(r, CODE_FEEDBACK "judgemessage.txt", &judge);
	if (r->t->exit == 43) {
		say(r, OPINION_WRONG, team);
	} else if (feedback(r, CODE_FEEDBACK "score.txt", &text)) {
		if (!share_of(r, text, &share))
			return;
		give(r, share, team);
	} else if (feedback(r, CODE_FEEDBACK "score_multiplier.txt", &text)) {
		struct code_checker unit = { .max_points = DEC_ONE };
		const struct code_checker *own = r->c;
		bool ok;

		r->c = &unit;
		ok = share_of(r, text, &share);
		r->c = own;
		if (!ok)
			return;
		give(r, share, team);
	} else {
		say(r, OPINION_RIGHT, team);
	}
	r->out->staff = code_text(r->cx->arena, str_trim(judge), MESSAGE_BYTES);
}

/* ---- CMS ---- */

static void read_cms(struct read *r)
{
	struct str out = r->t->out, err = r->t->err, share_text = { 0 },
		   message = { 0 };
	struct code_checker unit = { .max_points = DEC_ONE };
	struct dec share;

	if (r->t->exit != 0) {
		broken(r, "the checker ended with another status than 0");
		return;
	}
	str_split(&out, '\n', &share_text);
	str_split(&err, '\n', &message);
	r->c = &unit;
	if (!share_of(r, share_text, &share))
		return;
	if (str_starts(message, "translate:"))
		message = str_cut(message, 10, message.n);
	give(r, share, message);
}

/* ---- reports of other systems ---- */

static void read_results(struct read *r,
			 enum err (*how)(struct ctx *cx, struct str text,
					 struct results *out))
{
	struct results got;
	const struct result_test *t;
	size_t passed = 0, counted = 0;
	struct dec share;

	if (how(r->cx, r->t->out, &got)) {
		broken(r, r->cx->error.text);
		err_clear(r->cx);
		return;
	}
	if (!results_share(&got, &share)) {
		broken(r, "the checker's report has no test that counts");
		return;
	}
	t = got.tests.at;
	for (size_t i = 0; i < got.tests.n; i++) {
		passed += t[i].state == RESULT_PASSED;
		counted += t[i].state != RESULT_SKIPPED;
	}
	give(r, share,
	     str_fmt(r->cx->arena, "%zu of %zu checks passed", passed,
		     counted));
}

void code_opinion_read(struct ctx *cx, const struct code_checker *c,
		       const struct run_told *t, struct code_opinion *out)
{
	struct read r = { cx, c, t, out };

	if (t->verdict == RUN_IE) {
		broken(&r, "the checker could not be run");
		return;
	}
	if (t->cause != RUN_BY_EXIT) {
		char what[120];

		snprintf(what, sizeof(what),
			 "the checker was ended by %s: give it more, or mend "
			 "it",
			 run_cause_words[t->cause]);
		broken(&r, what);
		return;
	}
	switch ((enum code_protocol)c->protocol) {
	case CODE_TESTLIB:
		read_testlib(&r);
		return;
	case CODE_KATTIS:
		read_kattis(&r);
		return;
	case CODE_CMS:
		read_cms(&r);
		return;
	case CODE_TAP:
		read_results(&r, results_tap_read);
		return;
	case CODE_JUNIT:
		read_results(&r, results_junit_read);
		return;
	case CODE_RESULTS_JSON:
		read_results(&r, results_json_read);
		return;
	}
}
