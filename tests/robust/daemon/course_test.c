/*
 * A course with a code assignment and a lab, whole: a real server on either
 * store, a real worker, real boxes. Tests over many programs, since to start
 * and to self-test is most of the time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "base/field.h"
#include "engine/auth/sign.h"
#include "engine/rpc/client.h"
#include "tests/support/daemon/hand.h"
#include "tests/support/store/db.h"

enum { LONG_MS = 120000, FILE_MOST = 60000 };

struct course {
	struct daemon d;
	struct hand worker;
	struct db db;
	struct str jwk, audience;
	struct client *learner; /* the one that calls now */
	struct str bytes;	/* behind the last reply */
	enum err code;		/* of the last learner's call */
	struct arena *look;	/* of one look of a wait */
};

/* ---- calls ---- */

static struct jval read_json(struct course *c, struct str text)
{
	struct jdoc *doc;

	if (jdoc_parse(&c->d.cx, text, &doc))
		fail_msg("not JSON: %.*s", STR_FMT(text));
	return jdoc_root(doc);
}

/* "a/0/b" of a reply; fails if it is not there. */
static struct jval at(struct course *c, struct jval v, const char *path)
{
	struct str rest = str_of(path), one, name;
	struct jval next;

	while (str_split(&rest, '/', &one)) {
		int64_t n;
		uint32_t it = 0;

		if (jval_type(v) == J_ARRAY && str_int(one, &n)) {
			for (; n >= 0; n--)
				if (!jval_next(v, &it, &name, &next))
					fail_msg("no %s", path);
		} else if (!jval_get(v, str_z(c->d.cx.arena, one), &next)) {
			fail_msg("no %s in %.*s", path, STR_FMT(jval_text(v)));
		}
		v = next;
	}
	return v;
}

static const char *text_at(struct course *c, struct jval v, const char *path)
{
	struct jval found = at(c, v, path);

	return str_z(c->d.cx.arena, jval_type(found) == J_STRING
					    ? jval_str(&c->d.cx, found)
					    : jval_text(found));
}

static struct jval staff(struct course *c, const char *method,
			 const char *params)
{
	enum err e = daemon_call(&c->d, method, "%s", params);

	if (e)
		fail_msg("%s: %s", method, err_kind(e));
	return read_json(c, c->d.result);
}

static void learner_is(struct course *c, const char *name)
{
	struct token_wish w = { .issuer = STR("i"),
				.audience = c->audience,
				.subject = str_of(name),
				.lives_ms = 3600000 };
	struct client_opts o = { .url = daemon_url(&c->d, "ws://"),
				 .timeout_ms = 30000,
				 .tries = 2 };

	client_close(c->learner);
	assert_int_equal(sign_for(&c->d.cx, c->jwk, &w, &o.auth), OK);
	assert_int_equal(client_open(&c->d.cx, &o, &c->learner), OK);
}

static struct jval asks(struct course *c, const char *method, struct str params,
			const char *bytes)
{
	struct client_reply r = { 0 };

	assert_int_equal(
		client_call(&c->d.cx, c->learner, str_of(method), params,
			    bytes ? str_of(bytes) : (struct str){ 0 }, &r),
		OK);
	c->code = r.code;
	c->bytes = r.bytes;
	if (r.code)
		return (struct jval){ 0 };
	return read_json(c, r.result);
}

#define ASKS(c, method, ...)                                                   \
	asks(c, method, str_fmt((c)->d.cx.arena, __VA_ARGS__), NULL)

/* ---- the course ---- */

static void begin(struct course *c)
{
	struct str jwks;
	struct jval v;

	daemon_init(&c->d);
	daemon_start(&c->d, NULL);
	hand_key(&c->d);
	assert_int_equal(
		sign_key_new(&c->d.cx, STR("ES256"), STR("k"), &c->jwk), OK);
	assert_int_equal(sign_jwks(&c->d.cx, c->jwk, &jwks), OK);
	v = staff(c, "issuer.register",
		  str_fmt(c->d.cx.arena, "{\"issuer\":\"i\",\"jwks\":%.*s}",
			  STR_FMT(jwks))
			  .p);
	c->audience = jval_str(&c->d.cx, at(c, v, "audience"));
}

static int set_up(void **state, enum db_kind kind)
{
	struct course *c = calloc(1, sizeof(*c));

	*state = c;
	c->look = arena_new(1 << 20);
	if (!db_make(&c->db, kind)) {
		print_message("%s is not installed\n", db_name(kind));
		return 0;
	}
	daemon_make(&c->d);
	snprintf(c->d.store, sizeof(c->d.store), "%s", c->db.url);
	begin(c);
	if (!hand_start(&c->d, &c->worker, "w", daemon_url(&c->d, "ipc://"),
			NULL))
		print_message("no worker can run programs here\n");
	return 0;
}

static int on_sqlite(void **state)
{
	return set_up(state, DB_SQLITE);
}

static int on_postgresql(void **state)
{
	return set_up(state, DB_PG);
}

static int tear_down(void **state)
{
	struct course *c = *state;

	client_close(c->learner);
	if (c->worker.pid)
		hand_stop(&c->worker, SIGKILL);
	if (c->d.dir[0]) {
		daemon_drop(&c->d);
		db_drop(&c->db);
	}
	arena_free(c->look);
	free(c);
	return 0;
}

static struct str file_of(struct course *c, const char *path)
{
	char *text = arena_alloc(c->d.cx.arena, FILE_MOST + 1);
	FILE *f = fopen(path, "re");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, FILE_MOST, f);
	fclose(f);
	text[n] = 0;
	return (struct str){ text, n };
}

/* What an author publishes of a folder of examples/. */
static struct str bundled(struct course *c, const char *folder)
{
	const char *to = str_fmt(c->d.cx.arena, "%s/bundle.json", c->d.dir).p;
	const char *command =
		str_fmt(c->d.cx.arena,
			"%s bundle " SOURCE_DIR "/examples/%s -o %s >&2",
			CLI_PROGRAM, folder, to)
			.p;

	assert_int_equal(system(command), 0);
	return file_of(c, to);
}

/* As daemon_until, at a person's pace; what a look finds lives until the next.
 */
static bool until(struct course *c, bool (*look)(void *arg), void *arg)
{
	const struct timespec pace = { .tv_nsec = 100000000 };
	struct arena *whole = c->d.cx.arena;
	int64_t end = clock_ms(&clock_system) + LONG_MS;
	bool is = false;

	while (!is && clock_ms(&clock_system) < end) {
		arena_reset(c->look);
		c->d.cx.arena = c->look;
		is = look(arg);
		c->d.cx.arena = whole;
		if (!is)
			nanosleep(&pace, NULL); /* allowed: a deadline */
	}
	return is;
}

struct wait {
	struct course *c;
	const char *params;
	struct jval v;
	const char *want;
};

static bool is_tested(void *arg)
{
	struct wait *w = arg;

	w->v = staff(w->c, "code.selftest", w->params);
	return strcmp(text_at(w->c, w->v, "items/0/state"), "waiting") != 0;
}

/* Tries it, then publishes it. */
static void publish(struct course *c, struct str file)
{
	struct wait w = { c,
			  str_fmt(c->d.cx.arena, "{\"definition\":%.*s}",
				  STR_FMT(file))
				  .p,
			  { 0 },
			  NULL };

	/* Not before it is tried. */
	assert_int_equal(
		daemon_call(&c->d, "assessment.publish", "%s", w.params),
		ERR_PRECONDITION);
	assert_true(until(c, is_tested, &w));
	if (strcmp(text_at(c, w.v, "ready"), "true") != 0)
		fail_msg("%.*s", STR_FMT(jval_text(w.v)));
	staff(c, "assessment.publish", w.params);
}

/* ---- learners ---- */

static const char *starts(struct course *c, const char *course,
			  const char *slug)
{
	return text_at(c,
		       ASKS(c, "attempt.start",
			    "{\"course\":\"%s\",\"slug\":\"%s\"}", course,
			    slug),
		       "attempt");
}

static void hands_in(struct course *c, const char *attempt,
		     const char *language, struct str text)
{
	struct buf b = { 0 };

	buf_fmt(&b,
		"{\"attempt\":\"%s\",\"slot\":1,\"response\":{\"language\":"
		"\"%s\",\"files\":[{\"name\":\"main.%s\",\"text\":",
		attempt, language, strcmp(language, "c") == 0 ? "c" : "py");
	jout_str(&b, text);
	buf_z(&b, "}]}}");
	asks(c, "attempt.check", buf_view(&b), NULL);
	buf_done(&b);
	assert_int_equal(c->code, OK);
}

static bool is_judged(void *arg)
{
	struct wait *w = arg;

	w->v = at(w->c,
		  ASKS(w->c, "attempt.get", "{\"attempt\":\"%s\"}", w->params),
		  "slots/0");
	return strcmp(text_at(w->c, w->v, "state"), "judging") != 0 ||
	       (w->want &&
		strstr(text_at(w->c, w->v, "code/submissions"), w->want));
}

/* The slot once its last submission is judged, or is in that state. */
static struct jval judged(struct course *c, const char *attempt,
			  const char *want)
{
	struct wait w = { c, attempt, { 0 }, want };

	if (!until(c, is_judged, &w))
		fail_msg("never judged: %s", hand_log(&c->d, &c->worker));
	return w.v;
}

static void grade_is(struct course *c, const char *course, const char *who,
		     const char *grade)
{
	struct dec a, b;
	struct jval v = staff(c, "gradebook.get",
			      str_fmt(c->d.cx.arena,
				      "{\"course\":\"%s\",\"learner\":\"%s\"}",
				      course, who)
				      .p);
	const char *is = text_at(c, v, "grades/0/score");

	assert_true(dec_parse(str_of(is), &a));
	assert_true(dec_parse(str_of(grade), &b));
	if (!dec_eq(a, b))
		fail_msg("%s has %s, not %s", who, is, grade);
}

static void chain_is_whole(struct course *c)
{
	assert_string_equal(
		text_at(c, staff(c, "audit.verify", "{}"), "intact"), "true");
}

/* ---- programs ---- */

#define SOLUTION(name) SOURCE_DIR "/examples/code/sum/solutions/" name

static const struct {
	const char *who, *language, *file, *text, *verdict, *grade;
} programs[] = {
	{ "right", "c", SOLUTION("right.c"), NULL, "AC", "10" },
	{ "partly", "c", SOLUTION("overflow.c"), NULL, "WA", "2.66666667" },
	{ "wrong", "c", NULL, "int main(void){return 0;}", "WA", "0" },
	{ "slow", "python", SOLUTION("slow.py"), NULL, "TLE", "4" },
	{ "bomb", "c", NULL,
	  "#include <unistd.h>\nint main(void){for(;;)fork();}", "TLE or MLE",
	  "0" },
	{ "thief", "python", NULL,
	  "import os\nn=0\nfor d,_,f in os.walk('/'):\n"
	  "    if d.startswith(('/usr','/proc','/sys','/lib','/bin')):\n"
	  "        continue\n"
	  "    n+=sum(x.endswith(('.ans','.in','.key','.db')) for x in f)\n"
	  "for f in ('/etc/shadow','/root','/home','/proc/1/environ'):\n"
	  "    n+=os.access(f,os.R_OK)\nprint('found:%d'%n)\n",
	  "WA", "0" },
	{ "forger", "python", NULL,
	  "for f in ('report.json','results.json'):\n"
	  "    open(f,'w').write('{\"verdict\":\"AC\",\"points\":100}')\n"
	  "print('{\"verdict\":\"AC\",\"points\":100}')\n",
	  "WA", "0" },
	{ "crash", "c", NULL,
	  "#include <stddef.h>\nint main(void){return *(volatile int*)NULL;}",
	  "RE", "0" },
	{ "broken", "c", SOLUTION("broken.c"), NULL, "CE", "0" },
};
enum { PROGRAMS = sizeof(programs) / sizeof(programs[0]) };

/* What a learner gets to see has nothing of a hidden test. */
static void tells_nothing_hidden(const char *seen)
{
	/* Not of digits alone: digests have them, too. */
	static const char *const hidden[] = { "negative",   "more than 32 bits",
					      "2000000000", "399000\\n",
					      "\"399000",   "\"-6",
					      "-1 -2 -3" };

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (strstr(seen, hidden[i]))
			fail_msg("%s in %s", hidden[i], seen);
}

static void is_as_expected(struct course *c, size_t i, const char *attempt)
{
	struct jval slot, v;
	const char *seen;

	learner_is(c, programs[i].who);
	slot = judged(c, attempt, NULL);
	seen = str_z(c->d.cx.arena, jval_text(slot));
	if (!strstr(programs[i].verdict,
		    text_at(c, slot, "code/report/verdict")))
		fail_msg("%s: %s", programs[i].who, seen);
	tells_nothing_hidden(seen);
	if (strcmp(programs[i].who, "thief") == 0)
		assert_non_null(strstr(seen, "found:0"));
	v = ASKS(c, "submission.get",
		 "{\"attempt\":\"%s\",\"slot\":1,\"number\":1}", attempt);
	tells_nothing_hidden(str_z(c->d.cx.arena, jval_text(v)));
	v = ASKS(c, "attempt.submit", "{\"attempt\":\"%s\"}", attempt);
	assert_string_equal(text_at(c, v, "state"), "graded");
	v = ASKS(c, "attempt.review", "{\"attempt\":\"%s\"}", attempt);
	if (!c->code)
		tells_nothing_hidden(str_z(c->d.cx.arena, jval_text(v)));
	grade_is(c, "prog-101", programs[i].who, programs[i].grade);
}

/* As a person would; the exit code. */
static int submits(struct course *c, const char *who, const char *file)
{
	int code = system(str_fmt(c->d.cx.arena,
				  "%s code submit --course prog-101 --slug sum "
				  "--learner %s --yes --finish --url %.*s "
				  "--token-file %s/key %s >&2",
				  CLI_PROGRAM, who,
				  STR_FMT(daemon_url(&c->d, "ipc://")),
				  c->d.dir, file)
				  .p);

	return WIFEXITED(code) ? WEXITSTATUS(code) : -1;
}

/* ---- tests ---- */

static void each_program_has_its_verdict_and_its_grade(void **state)
{
	struct course *c = *state;
	const char *attempts[PROGRAMS];

	if (!c->worker.pid)
		skip();
	publish(c, bundled(c, "code/sum"));
	for (size_t i = 0; i < PROGRAMS; i++) {
		learner_is(c, programs[i].who);
		attempts[i] = starts(c, "prog-101", "sum");
		hands_in(c, attempts[i], programs[i].language,
			 programs[i].text ? str_of(programs[i].text)
					  : file_of(c, programs[i].file));
	}
	for (size_t i = 0; i < PROGRAMS; i++)
		is_as_expected(c, i, attempts[i]);
	assert_int_equal(submits(c, "zoe", SOLUTION("right.py")), 0);
	grade_is(c, "prog-101", "zoe", "10");
	assert_int_equal(submits(c, "yan", SOLUTION("overflow.c")), 1);
	grade_is(c, "prog-101", "yan", "2.66666667");
	chain_is_whole(c);
}

/* Its checker breaks where a program says "break". */
static const char fragile[] =
	"{\"assay\":1,\"course\":\"c\",\"slug\":\"f\",\"title\":\"t\","
	"\"items\":[{\"id\":\"i\",\"type\":\"code\",\"name\":\"n\","
	"\"stem\":\"s\",\"mark\":2,\"code\":{\"languages\":[\"python\"],"
	"\"submissions\":1,\"time\":{\"repeats\":1},"
	"\"checker\":{\"protocol\":\"testlib\",\"language\":\"python\","
	"\"files\":[{\"name\":\"check.py\",\"text\":\"import sys\\n"
	"t = open(sys.argv[2]).read()\\n"
	"sys.exit(3 if 'break' in t else 0 if '1' in t else 1)\\n\"}]},"
	"\"tests\":[{\"name\":\"t\",\"answer\":{\"text\":\"1\"}}],"
	"\"references\":[{\"name\":\"r\",\"language\":\"python\","
	"\"files\":[{\"name\":\"main.py\",\"text\":\"print(1)\\n\"}]}]}}]}";

static void a_failure_of_ours_costs_no_submission(void **state)
{
	struct course *c = *state;
	const char *attempt;
	struct jval v;

	if (!c->worker.pid)
		skip();
	publish(c, str_of(fragile));
	learner_is(c, "ann");
	attempt = starts(c, "c", "f");
	hands_in(c, attempt, "python", STR("print('break')\n"));
	judged(c, attempt, "failed");
	v = staff(c, "submission.list",
		  "{\"course\":\"c\",\"slug\":\"f\",\"state\":\"failed\"}");
	assert_true(text_at(c, v, "submissions/0/reason")[0] != 0);
	/* The only one that the rules allow is still there. */
	hands_in(c, attempt, "python", STR("print(1)\n"));
	v = judged(c, attempt, NULL);
	assert_string_equal(text_at(c, v, "code/report/verdict"), "AC");
	v = ASKS(c, "attempt.submit", "{\"attempt\":\"%s\"}", attempt);
	/* Staff still have the one that failed before them. */
	assert_string_equal(text_at(c, v, "state"), "needs_grading");
	staff(c, "attempt.mark",
	      str_fmt(c->d.cx.arena,
		      "{\"attempt\":\"%s\",\"slot\":1,\"mark\":2,"
		      "\"comment\":\"The checker broke.\"}",
		      attempt)
		      .p);
	grade_is(c, "c", "ann", "2");
	chain_is_whole(c);
}

/* ---- the lab ---- */

struct visit {
	struct course *c;
	const char *session, *attach, *commit, *text;
	int64_t next;
	struct buf seen;
};

static void comes_in(struct visit *v)
{
	learner_is(v->c, "sam");
	v->attach = text_at(v->c,
			    ASKS(v->c, "lab.terminal_open",
				 "{\"session\":\"%s\",\"rows\":24,"
				 "\"cols\":80}",
				 v->session),
			    "attach");
}

static struct str whole_screen(struct visit *v)
{
	struct jval r = ASKS(v->c, "lab.terminal_read",
			     "{\"session\":\"%s\",\"attach\":%s,"
			     "\"wait_ms\":10000}",
			     v->session, v->attach);

	assert_string_equal(text_at(v->c, r, "screen"), "true");
	v->next = atoll(text_at(v->c, r, "next"));
	buf_str(&v->seen, v->c->bytes);
	return v->c->bytes;
}

static void types(struct visit *v, const char *keys)
{
	asks(v->c, "lab.terminal_write",
	     str_fmt(v->c->d.cx.arena, "{\"session\":\"%s\",\"attach\":%s}",
		     v->session, v->attach),
	     keys);
	assert_int_equal(v->c->code, OK);
}

static bool is_seen(void *arg)
{
	struct visit *v = arg;
	struct jval r = ASKS(v->c, "lab.terminal_read",
			     "{\"session\":\"%s\",\"attach\":%s,"
			     "\"after\":%lld,\"wait_ms\":1000}",
			     v->session, v->attach, (long long)v->next);

	v->next = atoll(text_at(v->c, r, "next"));
	buf_str(&v->seen, v->c->bytes);
	return v->seen.n &&
	       str_find(buf_view(&v->seen), str_of(v->text), 0) != SIZE_MAX;
}

static void sees(struct visit *v, const char *text)
{
	v->text = text;
	if (!until(v->c, is_seen, v))
		fail_msg("never saw %s in %.*s", text,
			 STR_FMT(buf_view(&v->seen)));
}

static bool is_saved(void *arg)
{
	struct visit *v = arg;

	return strcmp(text_at(v->c,
			      ASKS(v->c, "lab.files", "{\"session\":\"%s\"}",
				   v->session),
			      "commit"),
		      v->commit) != 0;
}

static void enters(struct visit *v)
{
	struct course *c = v->c;
	struct str file = file_of(c, SOURCE_DIR "/examples/labs/sum.lab.json");
	struct jval r;

	staff(c, "lab.publish",
	      str_fmt(c->d.cx.arena, "{\"definition\":%.*s}", STR_FMT(file)).p);
	learner_is(c, "sam");
	r = ASKS(c, "lab.open", "{\"course\":\"sample\",\"slug\":\"sum-lab\"}");
	v->session = text_at(c, r, "session");
	v->commit = text_at(c, r, "commit");
}

static const char *checks(struct visit *v)
{
	struct jval r =
		ASKS(v->c, "lab.check", "{\"session\":\"%s\"}", v->session);
	const char *run = text_at(v->c, r, "run");

	for (int i = 0; i < 10; i++) {
		r = ASKS(v->c, "lab.result",
			 "{\"run\":\"%s\",\"wait_ms\":15000}", run);
		if (strcmp(text_at(v->c, r, "state"), "waits") != 0)
			break;
	}
	assert_string_equal(text_at(v->c, r, "state"), "done");
	return text_at(v->c, r, "check/verdict");
}

static void a_lost_connection_costs_nothing_of_a_lab(void **state)
{
	struct course *c = *state;
	struct visit v = { .c = c };
	struct str before, after;

	if (!c->worker.pid)
		skip();
	enters(&v);
	assert_string_equal(checks(&v), "WA");
	comes_in(&v);
	whole_screen(&v);
	sees(&v, "$"); /* what follows it may be drawn apart from it */
	types(&v, "python3 main.py < data/one.txt\r");
	sees(&v, "1\r\n");
	types(&v, "sed -i 's/print(a)/print(a + b)/' main.py\r");
	types(&v, "python3 main.py < data/one.txt\r");
	sees(&v, "3\r\n");
	comes_in(&v);
	before = whole_screen(&v);
	client_close(c->learner); /* lost: nobody says good-bye */
	c->learner = NULL;
	comes_in(&v);
	after = whole_screen(&v);
	assert_true(str_eq(before, after));
	assert_true(str_find(after, STR("python3 main.py"), 0) != SIZE_MAX);
	types(&v, "echo $((6 * 7)) is it\r");
	sees(&v, "42 is it");
	assert_true(until(c, is_saved, &v));
	assert_string_equal(checks(&v), "AC");
	/* Advice, never a grade. */
	assert_int_equal(daemon_call(&c->d, "gradebook.get",
				     "{\"course\":\"sample\",\"learner\":"
				     "\"sam\"}") == OK &&
				 str_find(c->d.result, STR("\"score\""), 0) !=
					 SIZE_MAX,
			 0);
	chain_is_whole(c);
	buf_done(&v.seen);
}

/* With a pattern, such as "*lab*": those tests alone. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define ON(f, how) { #f "/" #how, f, how, tear_down, NULL }
#define BOTH(f) ON(f, on_sqlite), ON(f, on_postgresql)
		BOTH(each_program_has_its_verdict_and_its_grade),
		BOTH(a_failure_of_ours_costs_no_submission),
		BOTH(a_lost_connection_costs_nothing_of_a_lab),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
