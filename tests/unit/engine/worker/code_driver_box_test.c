/*
 * Functions in each language, in real boxes: every type crosses unchanged, and
 * a module that wants to pass for what it is not gets nothing. A language that
 * this host lacks is skipped by name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/engine/worker/code_box.h"

struct source {
	const char *language, *name, *text;
};

#define EACH(rows) (sizeof(rows) / sizeof((rows)[0]))

static void say_tests(struct test *t, const struct source *s)
{
	const struct code_fact *f = t->report.tests.at;

	print_message("%s: %s\n%.*s\n", s->language,
		      run_verdict_words[t->report.verdict],
		      STR_FMT(t->report.compile_text));
	for (size_t i = 0; i < t->report.tests.n; i++)
		if (f[i].verdict != RUN_AC)
			print_message("  test %zu: %s, %.*s: wanted %.*s, got "
				      "%.*s\n",
				      i, run_verdict_words[f[i].verdict],
				      STR_FMT(f[i].message),
				      STR_FMT(f[i].wanted), STR_FMT(f[i].got));
}

/* ---- what crosses ---- */

/* A quote is written as `. One test each, so that all that differ are told. */
struct row {
	const char *function, *args, *value;
};

static const char flat_functions[] =
	"{`name`:`add`,`params`:[`int`,`int`],`returns`:`int`},"
	"{`name`:`same`,`params`:[`long`],`returns`:`long`},"
	"{`name`:`half`,`params`:[`double`],`returns`:`double`},"
	"{`name`:`over`,`params`:[`double`,`double`],`returns`:`double`},"
	"{`name`:`no`,`params`:[`bool`],`returns`:`bool`},"
	"{`name`:`echo`,`params`:[`string`],`returns`:`string`},"
	"{`name`:`turn`,`params`:[`long[]`],`returns`:`void`,`gives`:1},"
	"{`name`:`left`,`params`:[],`returns`:`int`},"
	"{`name`:`nothing`,`params`:[],`returns`:`void`}";

static const struct row flat_rows[] = {
	{ "add", "2147483646,1", "2147483647" },
	{ "add", "-2147483647,-1", "-2147483648" },
	{ "same", "9223372036854775807", "9223372036854775807" },
	{ "same", "-9223372036854775808", "-9223372036854775808" },
	{ "same", "9007199254740993", "9007199254740993" },
	{ "half", "0.2", "0.1" },
	{ "half", "1e308", "5e307" },
	{ "half", "18446744073709551616", "9223372036854775808" },
	{ "half", "-0.0", "0" },
	{ "over", "1,0", "{`$float`:`inf`}" },
	{ "over", "-1,0", "{`$float`:`-inf`}" },
	{ "over", "0,0", "{`$float`:`nan`}" },
	{ "no", "true", "false" },
	{ "no", "false", "true" },
	{ "echo", "`h\xc3\xa9 \xf0\x9f\x98\x80`",
	  "`h\xc3\xa9 \xf0\x9f\x98\x80`" },
	{ "echo", "`\\ud83d\\ude00\\u00e9\\u4e2d`",
	  "`\xf0\x9f\x98\x80\xc3\xa9\xe4\xb8\xad`" },
	{ "echo", "`a\\`b\\\\c\\/\\n\\t\\r\\b\\f\\u0001],[{}`",
	  "`a\\`b\\\\c/\\n\\t\\r\\b\\f\\u0001],[{}`" },
	{ "echo", "``", "``" },
	{ "turn", "[1, -9223372036854775808,9007199254740993]",
	  "[9007199254740993,-9223372036854775808,1]" },
	{ "turn", "[ ]", "[]" },
	{ "left", "", "0" },
	{ "nothing", "", "null" },
};

static const char deep_functions[] =
	"{`name`:`echo`,`params`:[`string`],`returns`:`string`},"
	"{`name`:`across`,`params`:[`int[][]`],`returns`:`int[][]`},"
	"{`name`:`words`,`params`:[`string[]`,`bool[]`],"
	"`returns`:`string[]`},"
	"{`name`:`swap`,`params`:[`double[][]`],`returns`:`bool`,`gives`:1},"
	"{`name`:`fail`,`params`:[`int`],`returns`:`int`}";

static const struct row deep_rows[] = {
	{ "echo", "`a\\u0000b`", "`a\\u0000b`" },
	{ "across", "[[1,2,3],[4,5,6]]", "[[1,4],[2,5],[3,6]]" },
	{ "across", "[]", "[]" },
	{ "words", "[`a`,`b, ]`,`\\u0000`],[true,false,true]",
	  "[`a`,`\\u0000`]" },
	{ "swap", "[[0.5],[],[1,2.5]]", "[[1,2.5],[],[0.5]]" },
	{ "fail", "1", NULL },
};

static void calls(struct test *t, const char *language, const char *functions,
		  const struct row *rows, size_t n)
{
	struct buf b = { 0 };

	buf_fmt(&b,
		"{`kind`:`function`,`languages`:[`%s`],`functions`:[%s],"
		"`tests`:[",
		language, functions);
	for (size_t i = 0; i < n; i++) {
		buf_fmt(&b,
			"%s{`name`:`%zu`,`calls`:[{`function`:`%s`,"
			"`args`:[%s],",
			i ? "," : "", i, rows[i].function, rows[i].args);
		if (rows[i].value)
			buf_fmt(&b, "`value`:%s}]}", rows[i].value);
		else
			buf_z(&b, "`raises`:`*`}]}");
	}
	buf_z(&b, "]}");
	spec(t, buf_copy(&b, t->cx.arena).p);
	buf_done(&b);
}

static const struct source flat_sources[] = {
	{ "c", "flat.c",
	  "#include <stdbool.h>\n#include <stddef.h>\n#include <stdio.h>\n"
	  "int add(int a, int b) { printf(\"noise\\n\"); return a + b; }\n"
	  "long long same(long long a) { return a; }\n"
	  "double half(double a) { return a / 2; }\n"
	  "double over(double a, double b) { return a / b; }\n"
	  "bool no(bool a) { return !a; }\n"
	  "char *echo(char *s) { return s; }\n"
	  "void turn(long long *v, size_t n) {\n"
	  "  for (size_t i = 0; i < n / 2; i++) {\n"
	  "    long long x = v[i]; v[i] = v[n-1-i]; v[n-1-i] = x; } }\n"
	  "int left(void) { char c; return (int)fread(&c, 1, 1, stdin); }\n"
	  "void nothing(void) {}\n" },
	{ "c++", "flat.cpp",
	  "#include <algorithm>\n#include <iostream>\n#include <string>\n"
	  "#include <vector>\n"
	  "int add(int a, int b) { std::cout << \"noise\\n\"; return a + b; }\n"
	  "long long same(long long a) { return a; }\n"
	  "double half(double a) { return a / 2; }\n"
	  "double over(double a, double b) { return a / b; }\n"
	  "bool no(bool a) { return !a; }\n"
	  "std::string echo(const std::string &s) { return s; }\n"
	  "void turn(std::vector<long long> &v) {\n"
	  "  std::reverse(v.begin(), v.end()); }\n"
	  "int left() { char c; return std::cin.get(c) ? 1 : 0; }\n"
	  "void nothing() {}\n" },
	{ "python", "flat.py",
	  "import sys\n"
	  "def add(a, b):\n    print('noise')\n    return a + b\n"
	  "def same(a):\n    return a\n"
	  "def half(a):\n    return a / 2\n"
	  "def over(a, b):\n"
	  "    return a / b if b else a * float('inf')\n"
	  "def no(a):\n    return not a\n"
	  "def echo(s):\n    return s\n"
	  "def turn(v):\n    v.reverse()\n"
	  "def left():\n    return len(sys.stdin.read())\n"
	  "def nothing():\n    pass\n" },
	{ "java", "Flat.java",
	  "class Flat {\n"
	  "  static int add(int a, int b) {\n"
	  "    System.out.println(\"noise\"); return a + b; }\n"
	  "  public static long same(long a) { return a; }\n"
	  "  static double half(double a) { return a / 2; }\n"
	  "  private static double over(double a, double b) {\n"
	  "    return a / b; }\n"
	  "  static boolean no(boolean a) { return !a; }\n"
	  "  static String echo(String s) { return s; }\n"
	  "  static void turn(long[] v) {\n"
	  "    for (int i = 0; i < v.length / 2; i++) {\n"
	  "      long x = v[i]; v[i] = v[v.length-1-i];\n"
	  "      v[v.length-1-i] = x; } }\n"
	  "  static int left() throws Exception {\n"
	  "    return System.in.read() + 1; }\n"
	  "  static void nothing() {}\n"
	  "}\n" },
	{ "javascript", "flat.js",
	  "#!/usr/bin/env node\n"
	  "const fs = require('fs');\n"
	  "function add(a, b) { console.log('noise');\n"
	  "  process.stdout.write('noise\\n'); return a + b; }\n"
	  "const same = a => a;\n"
	  "const half = a => a / 2;\n"
	  "const over = (a, b) => a / b;\n"
	  "exports.no = a => !a;\n"
	  "async function echo(s) { return s; }\n"
	  "function turn(v) { v.reverse(); }\n"
	  "function left() { return fs.readFileSync(0).length; }\n"
	  "function nothing() {}\n" },
	{ "javascript", "flat.mjs",
	  "import fs from 'fs';\n"
	  "export function add(a, b) { console.log('noise'); return a + b; }\n"
	  "export const same = a => a;\n"
	  "export const half = a => a / 2;\n"
	  "export const over = (a, b) => a / b;\n"
	  "export const no = a => !a;\n"
	  "export const echo = s => s;\n"
	  "export const turn = v => { v.reverse(); };\n"
	  "export const left = () => fs.readFileSync(0).length;\n"
	  "export const nothing = () => {};\n" },
};

static const struct source deep_sources[] = {
	{ "c++", "deep.cpp",
	  "#include <stdexcept>\n#include <string>\n#include <utility>\n"
	  "#include <vector>\nusing namespace std;\n"
	  "string echo(const string &s) { return s; }\n"
	  "vector<vector<int>> across(const vector<vector<int>> &v) {\n"
	  "  vector<vector<int>> o(v.empty() ? 0 : v[0].size());\n"
	  "  for (auto &r : v) for (size_t i = 0; i < r.size(); i++)\n"
	  "    o[i].push_back(r[i]);\n"
	  "  return o; }\n"
	  "vector<string> words(const vector<string> &w,\n"
	  "                     const vector<bool> &b) {\n"
	  "  vector<string> o;\n"
	  "  for (size_t i = 0; i < w.size(); i++)\n"
	  "    if (b[i]) o.push_back(w[i]);\n"
	  "  return o; }\n"
	  "bool swap(vector<vector<double>> &v) {\n"
	  "  std::swap(v.front(), v.back()); return true; }\n"
	  "int fail(int) { throw invalid_argument(\"x\"); }\n" },
	{ "python", "deep.py",
	  "def echo(s):\n    return s\n"
	  "def across(v):\n    return [list(r) for r in zip(*v)]\n"
	  "def words(w, b):\n    return [x for x, y in zip(w, b) if y]\n"
	  "def swap(v):\n    v[0], v[-1] = v[-1], v[0]\n    return True\n"
	  "def fail(n):\n    raise ValueError(n)\n" },
	{ "java", "Deep.java",
	  "import java.util.*;\n"
	  "public class Deep {\n"
	  "  static String echo(String s) { return s; }\n"
	  "  static int[][] across(int[][] v) {\n"
	  "    int[][] o = new int[v.length == 0 ? 0 : v[0].length]"
	  "[v.length];\n"
	  "    for (int i = 0; i < v.length; i++)\n"
	  "      for (int k = 0; k < o.length; k++) o[k][i] = v[i][k];\n"
	  "    return o; }\n"
	  "  static String[] words(String[] w, boolean[] b) {\n"
	  "    List<String> o = new ArrayList<>();\n"
	  "    for (int i = 0; i < w.length; i++) if (b[i]) o.add(w[i]);\n"
	  "    return o.toArray(new String[0]); }\n"
	  "  static boolean swap(double[][] v) {\n"
	  "    double[] x = v[0]; v[0] = v[v.length-1]; v[v.length-1] = x;\n"
	  "    return true; }\n"
	  "  static int fail(int n) throws Exception {\n"
	  "    throw new Exception(); }\n"
	  "}\n" },
	{ "javascript", "deep.cjs",
	  "exports.echo = s => s;\n"
	  "exports.across = v => v.length\n"
	  "  ? v[0].map((_, i) => v.map(r => r[i])) : [];\n"
	  "exports.words = (w, b) => w.filter((_, i) => b[i]);\n"
	  "exports.swap = v => { v.push(v.shift());\n"
	  "  v.unshift(v.splice(1, 1)[0]);\n"
	  "  return true; };\n"
	  "exports.fail = async n => { throw new RangeError(n); };\n" },
};

static void all_right(void **state, const char *functions,
		      const struct row *rows, size_t n,
		      const struct source *sources, size_t sources_n)
{
	struct test *t = ready(state, NULL);
	size_t wrong = 0;

	for (size_t i = 0; i < sources_n; i++) {
		const struct source *s = &sources[i];

		if (!has_language(t, s->language))
			continue;
		calls(t, s->language, functions, rows, n);
		judge(t, s->language, s->name, s->text);
		if (t->report.verdict == RUN_AC)
			continue;
		wrong++;
		say_tests(t, s);
	}
	assert_int_equal(wrong, 0);
}

static void values_of_every_type_cross_unchanged_in_every_language(void **state)
{
	all_right(state, flat_functions, flat_rows, EACH(flat_rows),
		  flat_sources, EACH(flat_sources));
}

static void lists_of_lists_cross_and_come_back(void **state)
{
	all_right(state, deep_functions, deep_rows, EACH(deep_rows),
		  deep_sources, EACH(deep_sources));
}

/* Published before they were refused: judged as well as it goes. */
#define LETTERS                                                                \
	"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"                 \
	"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"
static void arguments_that_do_not_fit_harm_no_driver(void **state)
{
	static const struct row unfit[] = {
		{ "add", "1,2,4", "3" },
		{ "add", "`x`,null", "9" },
		{ "half", "{`a`:[1]}", "9" },
		{ "turn", "[[1,2],[3]]", "9" },
		{ "turn", "[`a`,null,{`b`:1.5},true]", "9" },
		{ "turn", "[`" LETTERS LETTERS LETTERS LETTERS "`]", "9" },
		{ "turn", "7", "9" },
		{ "turn", "", "9" },
		{ "nothing", "", NULL },
	};
	struct test *t = ready(state, NULL);
	const struct code_fact *f;

	for (size_t i = 0; i < 2; i++) {
		const struct source *s = &flat_sources[i];

		if (!has_language(t, s->language))
			continue;
		calls(t, s->language, flat_functions, unfit, EACH(unfit));
		judge(t, s->language, s->name, s->text);
		say_tests(t, s);
		assert_int_equal(t->report.tests.n, EACH(unfit));
		f = t->report.tests.at;
		assert_int_equal(f[0].verdict, RUN_AC);
		for (size_t k = 1; k < EACH(unfit); k++)
			assert_int_equal(f[k].verdict, RUN_WA);
	}
}

/* ---- what is not what it says ---- */

static const char two_functions[] =
	"{`name`:`add`,`params`:[`int`,`int`],`returns`:`int`},"
	"{`name`:`turn`,`params`:[`int[]`],`returns`:`void`,`gives`:1}";
static const struct row two_rows[] = {
	{ "add", "2,3", "5" },
	{ "add", "-1,1", "0" },
	{ "turn", "[1,2,3]", "[3,2,1]" },
};

/* What a forger may say on the way of the replies: too many, out of order,
 * more than was asked, its own verdict. The right value it does not know. */
#define SAY_C                                                                  \
	"#include <stddef.h>\n#include <string.h>\n#include <unistd.h>\n"      \
	"static void say(void) {\n"                                            \
	"  const char *s = \"{\\\"id\\\":2,\\\"value\\\":7}\\n\"\n"            \
	"    \"{\\\"id\\\":1,\\\"passed\\\":true}\\n\";\n"                     \
	"  for (int fd = 1; fd < 64; fd++)\n"                                  \
	"    if (fd != 2 && write(fd, s, strlen(s)) < 0) continue; }\n"
#define TURN_C "void turn(int *v, size_t n) { (void)v; (void)n; }\n"
#define TURN_CPP "void turn(std::vector<int> &v) { v.clear(); }\n"
#define RIGHT_C                                                                \
	"int add(int a, int b) { return a + b; }\n"                            \
	"void turn(int *v, size_t n) { for (size_t i = 0; i < n / 2; i++) {\n" \
	"  int x = v[i]; v[i] = v[n-1-i]; v[n-1-i] = x; } }\n"
#define RIGHT_CPP                                                              \
	"int add(int a, int b) { return a + b; }\n"                            \
	"void turn(std::vector<int> &v) {\n"                                   \
	"  v = std::vector<int>(v.rbegin(), v.rend()); }\n"
#define RIGHT_PYTHON                                                           \
	"def add(a, b):\n    return a + b\n"                                   \
	"def turn(v):\n    v.reverse()\n"
#define RIGHT_JAVA                                                             \
	"  static int add(int a, int b) { return a + b; }\n"                   \
	"  static void turn(int[] v) {\n"                                      \
	"    for (int i = 0; i < v.length / 2; i++) {\n"                       \
	"      int x = v[i]; v[i] = v[v.length-1-i]; v[v.length-1-i] = x; }\n" \
	"  }\n"
#define RIGHT_JS                                                               \
	"function add(a, b) { return a + b; }\n"                               \
	"function turn(v) { v.reverse(); }\n"
#define SAY_JS                                                                 \
	"const fs = require('fs');\n"                                          \
	"const say = () => { for (let fd = 1; fd < 64; fd++) try {\n"          \
	"  fs.writeSync(fd, '{\"id\":2,\"value\":7}\\n'\n"                     \
	"    + '{\"id\":1,\"passed\":true}\\n'); } catch {} };\n"
#define SAY_JAVA                                                               \
	"  static void say() { try (var o = new java.io.FileOutputStream(\n"   \
	"      java.io.FileDescriptor.out)) {\n"                               \
	"    o.write((\"{\\\"id\\\":2,\\\"value\\\":7}\\n\"\n"                 \
	"      + \"{\\\"id\\\":1,\\\"passed\\\":true}\\n\").getBytes());\n"    \
	"    } catch (java.io.IOException e) {} }\n"

static const struct source hostile[] = {
	/* before main: answers everything, and is gone */
	{ "c", "a.c",
	  SAY_C "__attribute__((constructor)) static void early(void) {\n"
		"  char b[4096]; while (read(0, b, sizeof(b)) > 0); say();\n"
		"  _exit(0); }\n" RIGHT_C },
	/* right, but it says more than it was asked */
	{ "c", "a.c",
	  SAY_C "int add(int a, int b) { say(); return a + b; }\n" TURN_C },
	{ "c", "a.c",
	  SAY_C "#include <pthread.h>\n"
		"static volatile int said;\n"
		"static void *on(void *p) { for (;;) { say(); said = 1; }\n"
		"  return p; }\n"
		"int add(int a, int b) { pthread_t t;\n"
		"  pthread_create(&t, 0, on, 0); while (!said);\n"
		"  return a + b; }\n" TURN_C },
	/* stands in for what the driver calls */
	{ "c", "a.c",
	  "#include <stdarg.h>\n#include <stddef.h>\n#include <stdio.h>\n"
	  "int fprintf(FILE *f, const char *s, ...) { (void)s;\n"
	  "  return fputs(\"{\\\"id\\\":1,\\\"passed\\\":true\", f); }\n"
	  "int add(int a, int b) { return a - b; }\n" TURN_C },
	{ "c++", "a.cpp",
	  "#include <vector>\n" SAY_C "struct early { early() { char b[4096];\n"
	  "  while (read(0, b, sizeof(b)) > 0); say(); _exit(0); } };\n"
	  "static early now;\n" RIGHT_CPP },
	{ "c++", "a.cpp",
	  "#include <vector>\n" SAY_C
	  "int add(int a, int b) { say(); return a + b; }\n" TURN_CPP },
	{ "c++", "a.cpp",
	  "#include <vector>\n" SAY_C "#include <thread>\n"
	  "int add(int a, int b) {\n"
	  "  static volatile int said;\n"
	  "  std::thread([] { for (;;) { say(); said = 1; } }).detach();\n"
	  "  while (!said);\n"
	  "  return a + b; }\n" TURN_CPP },
	{ "c++", "a.cpp",
	  "#include <cstdlib>\n#include <vector>\n"
	  "int add(int, int) { std::quick_exit(0); }\n" TURN_CPP },
	{ "c++", "a.cpp",
	  "#include <vector>\n"
	  "struct same { bool operator==(int) const { return true; } };\n"
	  "int add(int, int) { throw same(); }\n" TURN_CPP },
	{ "python", "a.py",
	  "import os\n"
	  "def add(a, b):\n    os._exit(0)\n" },
	{ "python", "a.py",
	  "import json, os, sys\n"
	  "json.dumps = lambda *a, **k: '{\"id\":1,\"passed\":true}'\n"
	  "sys.modules['__main__'].plain = lambda v, d=0: True\n"
	  "def add(a, b):\n    return 5\n" },
	{ "python", "a.py",
	  "import os, threading\n"
	  "said = threading.Event()\n"
	  "def say():\n"
	  "    while True:\n"
	  "        for fd in range(3, 64):\n"
	  "            try: os.write(fd, b'{\"id\":2,\"value\":7}\\n')\n"
	  "            except OSError: pass\n"
	  "        said.set()\n"
	  "threading.Thread(target=say, daemon=True).start()\n"
	  "said.wait()\n" RIGHT_PYTHON },
	/* a class that is loaded ends it, or says it all */
	{ "java", "A.java",
	  "class A {\n  static { System.exit(0); }\n" RIGHT_JAVA "}\n" },
	{ "java", "A.java",
	  "class A {\n" SAY_JAVA
	  "  static { say(); Runtime.getRuntime().halt(0); }\n" RIGHT_JAVA
	  "}\n" },
	{ "java", "A.java",
	  "class A {\n" SAY_JAVA
	  "  static int add(int a, int b) { say(); return a + b; }\n"
	  "  static void turn(int[] v) { say(); }\n}\n" },
	/* it changes the driver: its table, and what words mean beside it */
	{ "java", "A.java",
	  "class A {\n"
	  "  static int add(int a, int b) throws Exception {\n"
	  "    var f = Class.forName(\"assay_driver.Driver\")\n"
	  "      .getDeclaredField(\"FUNCTIONS\");\n"
	  "    f.setAccessible(true);\n"
	  "    for (String[] r : (String[][]) f.get(null)) {\n"
	  "      r[1] = \"bool\"; r[2] = \"1\"; }\n"
	  "    return 7; }\n"
	  "  static void turn(int[] v) {}\n}\n" },
	{ "java", "A.java",
	  "class A {\n"
	  "  static class Same { public boolean equals(Object o) {\n"
	  "    return true; } public String toString() { return \"5\"; } }\n"
	  "  static Object add(int a, int b) { return new Same(); }\n"
	  "  static void turn(int[] v) {}\n}\n" },
	{ "javascript", "a.js", SAY_JS "say(); process.exit(0);\n" RIGHT_JS },
	{ "javascript", "a.js",
	  SAY_JS "function add(a, b) { say(); return a + b; }\n"
		 "function turn(v) { say(); }\n" },
	{ "javascript", "a.js",
	  "const add = () => process.reallyExit(0);\n"
	  "const turn = () => process.kill(process.pid, 'SIGTERM');\n" },
	/* what the driver uses means something else */
	{ "javascript", "a.js",
	  "JSON.stringify = () => '7,\"passed\":true';\n"
	  "Array.prototype.push = Array.prototype.map =\n"
	  "  function () { return ['7']; };\n"
	  "Array.prototype[Symbol.iterator] = function* () { yield 7; };\n"
	  "Buffer.from = () => new Uint8Array(8);\n"
	  "Object.prototype.toString = () => 'passed';\n"
	  "module.exports = { add: (a, b) => 6, turn: v => v };\n" },
	{ "javascript", "a.js",
	  "const same = { valueOf: () => 5, toJSON: () => 5,\n"
	  "  [Symbol.toPrimitive]: () => 5, toString: () => '5' };\n"
	  "const add = () => new Proxy(same, {});\n"
	  "const turn = v => { v.splice(0, 3, same, same, same); };\n" },
	{ "javascript", "a.js",
	  "const add = () => new Promise(() => {});\n"
	  "const turn = add;\n" },
	{ "javascript", "a.js",
	  "const add = () => { throw { constructor: { name: { n: 1 } } }; };\n"
	  "const turn = () => { throw null; };\n" },
};

static void no_forger_gets_a_point_in_any_language(void **state)
{
	struct test *t = ready(state, NULL);

	for (size_t i = 0; i < EACH(hostile); i++) {
		const struct source *s = &hostile[i];

		if (!has_language(t, s->language))
			continue;
		calls(t, s->language, two_functions, two_rows, EACH(two_rows));
		judge(t, s->language, s->name, s->text);
		if (t->report.verdict == RUN_CE ||
		    t->report.verdict == RUN_IE || t->result.points.nano) {
			print_message("row %zu:\n%s\n", i, s->text);
			say_tests(t, s);
		}
		assert_int_equal(t->result.points.nano, 0);
		assert_true(t->report.verdict == RUN_WA ||
			    t->report.verdict == RUN_RE ||
			    t->report.verdict == RUN_TLE ||
			    t->report.verdict == RUN_OLE);
	}
}

/* Right, and untidy: it costs nothing, neither time nor points. */
static const struct source untidy[] = {
	{ "c", "a.c",
	  "#include <pthread.h>\n#include <stdlib.h>\n" SAY_C
	  "static void *on(void *p) { for (;;) pause(); return p; }\n"
	  "__attribute__((destructor)) static void late(void) { say();\n"
	  "  _exit(3); }\n"
	  "__attribute__((constructor)) static void early(void) {\n"
	  "  pthread_t t; pthread_create(&t, 0, on, 0); atexit(say); }\n" RIGHT_C },
	{ "c++", "a.cpp",
	  "#include <thread>\n#include <vector>\n" SAY_C
	  "struct late { ~late() { say(); _exit(3); } };\n"
	  "static late at_end;\n"
	  "static std::thread on([] { for (;;) pause(); });\n" RIGHT_CPP },
	{ "python", "a.py",
	  "import atexit, os, threading\n"
	  "atexit.register(lambda: os._exit(3))\n"
	  "threading.Thread(target=threading.Event().wait).start()\n" RIGHT_PYTHON },
	{ "java", "A.java",
	  "class A {\n" SAY_JAVA "  static { new Thread(() -> {\n"
	  "    for (;;) java.util.concurrent.locks.LockSupport.park();\n"
	  "    }).start();\n"
	  "    Runtime.getRuntime().addShutdownHook(new Thread(() -> {\n"
	  "      say(); Runtime.getRuntime().halt(3); })); }\n" RIGHT_JAVA
	  "}\nclass String {}\nclass Integer {}\nclass System {}\n" },
	{ "javascript", "a.js",
	  SAY_JS "setInterval(() => {}, 1000);\n"
		 "process.on('exit', () => { say(); process.exitCode = 3; });\n"
		 "process.reallyExit = () => say();\n" RIGHT_JS },
};

static void what_a_module_leaves_behind_changes_nothing(void **state)
{
	all_right(state, two_functions, two_rows, EACH(two_rows), untidy,
		  EACH(untidy));
}

static void what_is_not_there_is_said_in_words(void **state)
{
	static const struct {
		const char *language, *name, *text, *says;
	} rows[] = {
		{ "java", "A.java", "class B {}\n",
		  "the class A cannot be loaded: ClassNotFoundException" },
		{ "java", "A.java",
		  "class A { static long add(int a, int b) { return 0; } }\n",
		  "there is no method static int add(int, int)" },
		{ "java", "A.java",
		  "class A { static int add(int a, int b) {\n"
		  "  throw new IllegalStateException(); } }\n",
		  "add raised IllegalStateException" },
		{ "javascript", "a.js", "throw new TypeError('x');\n",
		  "the module cannot be loaded: TypeError" },
		{ "javascript", "a.js", "var x = 1;\n",
		  "there is no function add" },
		{ "javascript", "a.js",
		  "class Own extends Error {}\n"
		  "function add() { throw new Own(); }\n",
		  "add raised Own" },
		{ "c++", "a.cpp",
		  "#include <stdexcept>\n#include <vector>\n"
		  "int add(int, int) { throw std::out_of_range(\"x\"); }\n" TURN_CPP,
		  "add raised std::out_of_range" },
	};
	struct test *t = ready(state, NULL);

	for (size_t i = 0; i < EACH(rows); i++) {
		const struct code_fact *f;

		if (!has_language(t, rows[i].language))
			continue;
		calls(t, rows[i].language, two_functions, two_rows,
		      EACH(two_rows));
		judge(t, rows[i].language, rows[i].name, rows[i].text);
		assert_verdict(t, "WA");
		f = t->report.tests.at;
		if (!str_is(f->message, rows[i].says))
			print_message("%.*s\n", STR_FMT(f->message));
		assert_true(str_is(f->message, rows[i].says));
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, open_test, close_test)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(values_of_every_type_cross_unchanged_in_every_language),
		T(lists_of_lists_cross_and_come_back),
		T(arguments_that_do_not_fit_harm_no_driver),
		T(no_forger_gets_a_point_in_any_language),
		T(what_a_module_leaves_behind_changes_nothing),
		T(what_is_not_there_is_said_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
