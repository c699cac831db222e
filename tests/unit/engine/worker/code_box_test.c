/*
 * The judge with real boxes: programs in C and Python, a checker, a talk, and
 * functions, honest and forged. Skipped by name where no box can be had.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "graders/assessment_file.h"
#include "graders/bundle.h"
#include "sandbox/hostdir.h"
#include "tests/unit/engine/worker/code_box.h"

#define SUM                                                                    \
	"{`languages`:[`c`,`python`],`limits`:{`cpu_ms`:1000},`tests`:["       \
	"{`name`:`a`,`input`:{`text`:`1 2\\n`},`answer`:{`text`:`3\\n`}},"     \
	"{`name`:`b`,`input`:{`text`:`2 2\\n`},`answer`:{`text`:`4\\n`}}]}"

static void programs_in_c_get_their_verdicts(void **state)
{
	struct test *t = ready(state, "c");

	spec(t, SUM);
	judge(t, "c", "main.c",
	      "#include <stdio.h>\nint main(void){int a,b;"
	      "if(scanf(\"%d %d\",&a,&b)!=2)return 1;"
	      "printf(\"%d\\n\",a+b);return 0;}");
	assert_verdict(t, "AC");
	judge(t, "c", "main.c",
	      "#include <stdio.h>\nint main(void){puts(\"3\");return 0;}");
	assert_verdict(t, "WA");
	assert_int_equal(t->result.fraction.nano, DEC_ONE_NANO / 2);
	judge(t, "c", "main.c", "int main(void){for(;;);}");
	assert_verdict(t, "TLE");
	judge(t, "c", "main.c", "int main(void){return *(volatile int*)8;}");
	assert_verdict(t, "RE");
	judge(t, "c", "main.c",
	      "#include \"/etc/passwd\"\n#include \"answer.txt\"\nint main(");
	assert_verdict(t, "CE");
	assert_int_equal(str_find(t->report.compile_text, STR("/etc"), 0),
			 SIZE_MAX);
	assert_int_equal(str_find(t->report.compile_text, STR("root:"), 0),
			 SIZE_MAX);
}

static void a_python_program_cannot_forge_its_verdict(void **state)
{
	static const char forger[] =
		"import os, sys\n"
		"good = '{\"score\": 1, \"gradable\": true}\\nok 1\\n1..1\\n'\n"
		"for p in ('results.json', 'feedback/score.txt', 'verdict',\n"
		"          '../verdict', 'answer.txt', 'output.txt'):\n"
		"    try:\n"
		"        os.makedirs(os.path.dirname(p) or '.', exist_ok=True)\n"
		"        open(p, 'w').write(good)\n"
		"    except OSError: pass\n"
		"for fd in range(3, 256):\n"
		"    try: os.write(fd, good.encode())\n"
		"    except OSError: pass\n"
		"print(good)\n"
		"os._exit(%d)\n";
	static const int statuses[] = { 0, 42, 43, 7, 3 };
	struct test *t = ready(state, "python");
	char source[1000];

	for (size_t i = 0; i < 5; i++) {
		snprintf(source, sizeof(source), forger, statuses[i]);
		spec(t, SUM);
		judge(t, "python", "main.py", source);
		assert_verdict(t, statuses[i] ? "RE" : "WA");
		assert_int_equal(t->result.points.nano, 0);
	}
	judge(t, "python", "main.py", "print(sum(map(int, input().split())))");
	assert_verdict(t, "AC");
	judge(t, "python", "main.py", "print(1\n");
	assert_verdict(t, "CE");
}

#define CALLS(language)                                                        \
	"{`kind`:`function`,`languages`:[`" language "`],`functions`:["        \
	"{`name`:`add`,`params`:[`int`,`int`],`returns`:`int`},"               \
	"{`name`:`turn`,`params`:[`int[]`],`returns`:`void`,`gives`:1}],"      \
	"`tests`:[{`name`:`a`,`calls`:[{`function`:`add`,`args`:[2,3],"        \
	"`value`:5}]},{`name`:`b`,`calls`:[{`function`:`add`,`args`:[-1,1],"   \
	"`value`:0},{`function`:`turn`,`args`:[[1,2,3]],`value`:[3,2,1]}]}]}"

static void functions_in_c_are_called_in_boxes(void **state)
{
	struct test *t = ready(state, "c");

	spec(t, CALLS("c"));
	judge(t, "c", "sum.c",
	      "#include <stdio.h>\n#include <stddef.h>\n"
	      "int add(int a,int b){printf(\"noise\\n\");return a+b;}\n"
	      "void turn(int*v,size_t n){for(size_t i=0;i<n/2;i++){"
	      "int x=v[i];v[i]=v[n-1-i];v[n-1-i]=x;}}");
	assert_verdict(t, "AC");
	judge(t, "c", "sum.c",
	      "#include <stddef.h>\n#include <unistd.h>\n"
	      "int add(int a,int b){_exit(0);return a+b;}\n"
	      "void turn(int*v,size_t n){(void)v;(void)n;}");
	assert_verdict(t, "WA");
	assert_int_equal(t->result.points.nano, 0);
}

/* It is always equal, ends early, and says that all is well. */
static void a_python_module_cannot_pass_for_what_it_is_not(void **state)
{
	static const char *const forgers[] = {
		"import os, atexit\n"
		"class Same:\n"
		"    def __eq__(self, o): return True\n"
		"    def __repr__(self): return '5'\n"
		"def add(a, b): return Same()\n"
		"def turn(v): return v\n"
		"atexit.register(lambda: os._exit(0))\n",
		"import os\n"
		"for fd in range(3, 64):\n"
		"    try: os.write(fd, b'{\"id\":1,\"passed\":true}\\n')\n"
		"    except OSError: pass\n"
		"os._exit(0)\n",
		"import json, sys\n"
		"json.dumps = lambda *a, **k: '{\"id\":1,\"value\":null}'\n"
		"def add(a, b): return 5\n",
	};
	struct test *t = ready(state, "python");

	for (size_t i = 0; i < sizeof(forgers) / sizeof(forgers[0]); i++) {
		spec(t, CALLS("python"));
		judge(t, "python", "sum.py", forgers[i]);
		assert_verdict(t, "WA");
		assert_int_equal(t->result.points.nano, 0);
	}
	judge(t, "python", "sum.py",
	      "def add(a, b):\n    print('noise')\n    return a + b\n"
	      "def turn(v):\n    v.reverse()\n");
	assert_verdict(t, "AC");
}

static void a_checker_in_a_box_sees_what_was_written(void **state)
{
	struct test *t = ready(state, "python");

	spec(t, "{`languages`:[`python`],`checker`:{`protocol`:`kattis`,"
		"`language`:`python`,`files`:[{`name`:`check.py`,`text`:`"
		"import sys\\nwords = sys.stdin.buffer.read().split()\\n"
		"n = int(open(sys.argv[1]).read())\\n"
		"ok = len(words) == 2 and sum(map(int, words)) == n\\n"
		"open(sys.argv[3] + '/teammessage.txt', 'w')"
		".write('looked at')\\nsys.exit(42 if ok else 43)`}]},"
		"`tests`:[{`name`:`a`,`input`:{`text`:`7`}}]}");
	judge(t, "python", "main.py", "print(3, int(input()) - 3)");
	assert_verdict(t, "AC");
	judge(t, "python", "main.py", "print(3, 3)");
	assert_verdict(t, "WA");
	assert_true(str_is(((struct code_fact *)t->report.tests.at)->message,
			   "looked at"));
}

static void a_talk_goes_through_pipes_between_two_boxes(void **state)
{
	struct test *t = ready(state, "python");

	spec(t,
	     "{`kind`:`interactive`,`languages`:[`python`],"
	     "`limits`:{`wall_ms`:1000},"
	     "`interactor`:{`protocol`:`testlib`,`language`:`python`,"
	     "`files`:[{`name`:`talk.py`,`text`:`import sys\\n"
	     "n = int(open(sys.argv[1]).read())\\n"
	     "for i in range(8):\\n    g = sys.stdin.readline()\\n"
	     "    if not g: sys.exit(1)\\n    g = int(g)\\n"
	     "    if g == n:\\n        print('yes', flush=True)\\n"
	     "        sys.exit(0)\\n"
	     "    print('more' if g < n else 'less', flush=True)\\n"
	     "sys.exit(1)`}]},`tests`:[{`name`:`a`,`input`:{`text`:`37`}}]}");
	judge(t, "python", "main.py",
	      "low, high = 1, 100\nwhile True:\n"
	      "    g = (low + high) // 2\n    print(g, flush=True)\n"
	      "    s = input()\n    if s == 'yes': break\n"
	      "    if s == 'more': low = g + 1\n    else: high = g - 1\n");
	assert_verdict(t, "AC");
	judge(t, "python", "main.py",
	      "while True:\n    print(1, flush=True)\n    input()\n");
	assert_verdict(t, "WA");
	judge(t, "python", "main.py", "input()\n");
	assert_verdict(t, "TLE");
}

/* A folder of examples/code, as it would be published. */
static void example(struct test *t, const char *name)
{
	struct str root =
		str_fmt(t->cx.arena, "%s/examples/code/%s", SOURCE_DIR, name);
	struct assessment_def def;
	struct tree_list files;
	struct problems problems = { 0 };
	struct str text;

	assert_int_equal(hostdir_read(&t->cx, root.p, STR(""), &files), OK);
	assert_int_equal(bundle(&t->cx, &files.files, STR("assessment.json"),
				&text, &problems),
			 OK);
	assert_int_equal(assessment_read(&t->cx, text, &def, &problems), OK);
	assert_int_equal(problems.warnings, 0);
	t->spec = ((const struct item *)def.items.at)[0].code;
}

/* All that the task allows. */
static bool has_languages(struct test *t, const char *name)
{
	const struct str *l = t->spec.languages.at;
	bool all = true;

	for (size_t i = 0; i < t->spec.languages.n; i++)
		all = has_language(t, str_z(t->cx.arena, l[i])) && all;
	if (!all)
		print_message("skipped: the example %s\n", name);
	return all;
}

static void the_examples_do_what_their_authors_say(void **state)
{
	static const char *const names[] = { "sum", "primes", "guess",
					     "functions" };
	struct test *t = ready(state, NULL);
	struct code_selftest_report r;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		example(t, names[i]);
		if (!has_languages(t, names[i]))
			continue;
		t->spec.time.repeats = 1;
		assert_int_equal(code_selftest(&t->cx, t->runner, &t->languages,
					       &t->spec, &r),
				 OK);
		for (size_t k = 0; k < r.problems.n; k++)
			print_message(
				"%s: %.*s\n", names[i],
				STR_FMT(((struct str *)r.problems.at)[k]));
		assert_true(r.ok);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, open_test, close_test)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(programs_in_c_get_their_verdicts),
		T(a_python_program_cannot_forge_its_verdict),
		T(functions_in_c_are_called_in_boxes),
		T(a_python_module_cannot_pass_for_what_it_is_not),
		T(a_checker_in_a_box_sees_what_was_written),
		T(a_talk_goes_through_pipes_between_two_boxes),
		T(the_examples_do_what_their_authors_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
