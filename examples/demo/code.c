/*
 * A code assignment: the author's self-test, then programs of nine learners,
 * some of whom mean no good, all handed in before the first is judged.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "examples/demo/demo.h"

enum { LOOKS = 600, PROGRAMS = 9 };

#define FOLDER "code/sum"
#define ATTEMPT(d, p)                                                          \
	str_fmt((d)->cx->arena, "{\"attempt\":\"%s\"}", (p)->attempt)

static const char no_answer[] = "int main(void) { return 0; }\n";
static const char fork_bomb[] = "#include <unistd.h>\n"
				"int main(void) { for (;;) fork(); }\n";
/* Looks for answers, keys and other people's files; says how much it found. */
static const char thief[] =
	"import os\n"
	"n = 0\n"
	"for d, _, names in os.walk('/'):\n"
	"    if d.startswith(('/usr', '/proc', '/sys', '/lib', '/bin')):\n"
	"        continue\n"
	"    n += sum(f.endswith(('.ans', '.in', '.key', '.json', '.db'))\n"
	"             for f in names)\n"
	"for f in ('/etc/shadow', '/root', '/home', '/proc/1/environ'):\n"
	"    n += os.access(f, os.R_OK)\n"
	"print('secrets:%d' % n)\n";
static const char forger[] =
	"import json\n"
	"r = json.dumps({'version': 1, 'verdict': 'AC', 'points': 100})\n"
	"for f in ('report.json', 'results.json'):\n"
	"    open(f, 'w').write(r)\n"
	"print(r)\n";
static const char crasher[] =
	"#include <stddef.h>\n"
	"int main(void) { return *(volatile int *)NULL; }\n";

struct program {
	const char *who, *does;
	const char *file; /* of the assignment's solutions, or */
	const char *text;
	const char *language, *verdict, *points;
	struct client *client;
	char attempt[ID_TEXT + 1];
};

/* Points are of 10: the small group gives 4, the large one 6. */
static const struct program programs[PROGRAMS] = {
	{ "ada", "is right", "right.c", NULL, "c", "AC", "10" },
	{ "bob", "overflows", "overflow.c", NULL, "c", "WA", "2.66666667" },
	{ "cyd", "says nothing", NULL, no_answer, "c", "WA", "0" },
	{ "dan", "is slow", "slow.py", NULL, "python", "TLE", "4" },
	{ "eve", "is a fork bomb", NULL, fork_bomb, "c", "TLE or MLE", "0" },
	{ "fay", "looks for secrets", NULL, thief, "python", "WA", "0" },
	{ "gus", "forges a result", NULL, forger, "python", "WA", "0" },
	{ "hal", "crashes", NULL, crasher, "c", "RE", "0" },
	{ "ivy", "does not compile", "broken.c", NULL, "c", "CE", "0" },
};

static void nap(void)
{
	const struct timespec t = { 0, 100000000 };

	nanosleep(&t, NULL);
}

static struct jval ask(struct demo *d, struct client *c, const char *method,
		       struct str params, struct str bytes)
{
	return parsed(d->cx, must(d->cx, c, method, params, bytes, NULL));
}

static struct str word_at(struct demo *d, struct jval v, const char *path)
{
	return jval_str(d->cx, follow(d->cx, v, path));
}

/* ---- the author ---- */

void begin_code(struct demo *d)
{
	const char *folder = str_fmt(d->cx->arena, "%s/" FOLDER, d->examples).p;
	const char *const bundle[] = { "bundle", folder, "-o", d->code_file,
				       NULL };

	snprintf(d->code_file, sizeof(d->code_file), "%s/sum.json",
		 d->host.folder);
	if (host_assay(&d->host, bundle))
		stop("assay bundle %s failed; see %s/assayd.log", folder,
		     d->host.folder);
	ask(d, d->staff, "code.selftest", (struct str){ 0 },
	    read_all(d->cx, d->code_file));
}

static void self_test(struct demo *d, struct str file)
{
	struct jval v = { 0 }, item, report, tried;
	struct str unused;
	bool ready = false;

	for (int i = 0; i < LOOKS && !ready; i++) {
		uint32_t at = 0;

		v = ask(d, d->staff, "code.selftest", (struct str){ 0 }, file);
		ready = jval_bool(follow(d->cx, v, "ready"));
		if (!jval_next(follow(d->cx, v, "items"), &at, &unused, &item))
			stop("the assignment has no code item");
		if (str_is(word_at(d, item, "state"), "failed") ||
		    str_is(word_at(d, item, "state"), "broken"))
			stop("the self-test says: %.*s",
			     STR_FMT(jval_text(item)));
		progress("self-test", i < 150 ? i : 149, 150);
		if (!ready)
			nap();
	}
	progress("self-test", 1, 1);
	if (!ready)
		stop("the self-test does not end: is there a worker? Its log "
		     "is %s/assayd.log",
		     d->host.folder);
	report = follow(d->cx, item, "report");
	tried = follow(d->cx, report, "references");
	say("tested    the author's %zu reference programs: each comes out as "
	    "he says",
	    (size_t)jval_count(tried));
}

static void publish(struct demo *d)
{
	struct str file = read_all(d->cx, d->code_file);
	struct jval v;

	say("\ncode      %s/" FOLDER ": 5 tests, 4 of them hidden",
	    d->examples);
	self_test(d, file);
	v = ask(d, d->staff, "assessment.publish", (struct str){ 0 }, file);
	say("published \"%.*s\"", STR_FMT(word_at(d, v, "assessment/title")));
}

/* ---- learners ---- */

static void hand_in(struct demo *d, struct program *p)
{
	struct ctx *cx = d->cx;
	struct str text, id;
	struct buf b = { 0 };
	struct jval v;

	p->client = connect_learner(d, p->who, "prog-101");
	v = ask(d, p->client, "attempt.start",
		STR("{\"course\":\"prog-101\",\"slug\":\"sum\"}"),
		(struct str){ 0 });
	id = word_at(d, v, "attempt");
	snprintf(p->attempt, sizeof(p->attempt), "%.*s", STR_FMT(id));
	text = p->text ? str_of(p->text)
		       : read_all(cx, str_fmt(cx->arena,
					      "%s/" FOLDER "/solutions/%s",
					      d->examples, p->file)
					      .p);
	buf_fmt(&b,
		"{\"attempt\":\"%s\",\"slot\":1,\"response\":{\"language\":"
		"\"%s\",\"files\":[{\"name\":\"main.%s\",\"text\":",
		p->attempt, p->language,
		strcmp(p->language, "c") == 0 ? "c" : "py");
	jout_str(&b, text);
	buf_z(&b, "}]}}");
	ask(d, p->client, "attempt.check", buf_view(&b), (struct str){ 0 });
	buf_done(&b);
}

static struct jval slot_of(struct demo *d, struct program *p)
{
	struct jval v = ask(d, p->client, "attempt.get", ATTEMPT(d, p),
			    (struct str){ 0 }),
		    slot;
	struct str unused;
	uint32_t at = 0;

	if (!jval_next(follow(d->cx, v, "slots"), &at, &unused, &slot))
		stop("the attempt of %s has no question", p->who);
	return slot;
}

static struct jval judged(struct demo *d, struct program *p)
{
	for (int i = 0; i < LOOKS; i++) {
		struct jval slot = slot_of(d, p);

		if (!str_is(word_at(d, slot, "state"), "judging"))
			return slot;
		nap();
	}
	stop("the program of %s is not judged; see %s/assayd.log", p->who,
	     d->host.folder);
}

/* Nothing of a hidden test, and nothing stolen, is in what a learner sees. */
static void leaks_nothing(const struct program *p, struct str seen)
{
	static const char *const hidden[] = { "negative", "more than 32 bits",
					      "2000000000", "399000", "-6\\n" };

	for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
		if (str_find(seen, str_of(hidden[i]), 0) != SIZE_MAX)
			stop("%s sees %s of a hidden test", p->who, hidden[i]);
	if (p->text == thief && str_find(seen, STR("secrets:0"), 0) == SIZE_MAX)
		stop("the program of %s found secrets: %.*s", p->who,
		     STR_FMT(seen));
}

static bool same_points(struct str is, const char *want)
{
	struct dec a, b;

	return dec_parse(is, &a) && dec_parse(str_of(want), &b) && dec_eq(a, b);
}

static struct str points_in_gradebook(struct demo *d, const struct program *p)
{
	struct jval v = ask(d, d->staff, "gradebook.get",
			    str_fmt(d->cx->arena,
				    "{\"course\":\"prog-101\",\"learner\":"
				    "\"%s\"}",
				    p->who),
			    (struct str){ 0 }),
		    grade;
	struct str unused;
	uint32_t at = 0;

	if (!jval_next(follow(d->cx, v, "grades"), &at, &unused, &grade))
		stop("%s is not in the gradebook", p->who);
	return jval_text(follow(d->cx, grade, "score"));
}

static void show(struct demo *d, struct program *p)
{
	struct ctx *cx = d->cx;
	struct jval slot = judged(d, p),
		    report = follow(cx, slot, "code/report"),
		    hidden = follow(cx, report, "hidden"), n;
	struct str verdict = word_at(d, report, "verdict"), points;
	char passed[32] = "-";

	leaks_nothing(p, jval_text(report));
	if (jval_get(hidden, "passed", &n))
		snprintf(passed, sizeof(passed), "%lld of %lld",
			 (long long)number_at(cx, hidden, "passed"),
			 (long long)number_at(cx, hidden, "tests"));
	must(cx, p->client, "attempt.submit", ATTEMPT(d, p), (struct str){ 0 },
	     NULL);
	points = points_in_gradebook(d, p);
	say("  %-8s  %-18s  %-7.*s  %-12s  %.*s", p->who, p->does,
	    STR_FMT(verdict), passed, STR_FMT(points));
	if (str_find(str_of(p->verdict), verdict, 0) == SIZE_MAX ||
	    !same_points(points, p->points))
		stop("%s and %s points were expected for %s: %.*s", p->verdict,
		     p->points, p->who, STR_FMT(jval_text(report)));
}

void play_code(struct demo *d)
{
	struct program all[PROGRAMS];

	memcpy(all, programs, sizeof(all));
	publish(d);
	for (int i = 0; i < PROGRAMS; i++)
		hand_in(d, &all[i]);
	say("handed in %d programs; each test of each runs in a box of its own",
	    PROGRAMS);
	for (int i = 0; i < PROGRAMS; i++) {
		judged(d, &all[i]);
		progress("judging", i + 1, PROGRAMS);
	}
	say("\n  learner   the program         verdict  hidden tests  points "
	    "of 10 in the gradebook");
	for (int i = 0; i < PROGRAMS; i++) {
		show(d, &all[i]);
		client_close(all[i].client);
	}
}
