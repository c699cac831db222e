#include "sandbox/toolchain.h"

#include <stdio.h>
#include <unistd.h>

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define NONE ((const char *const[]){ NULL })
#define MIB(n) ((int64_t)(n) << 20)

/* All that a compiler may use: it is run on what a learner wrote. The clock is
 * there for what hangs; on a host that is full it must not stop the rest. */
#define COMPILER                                                               \
	{                                                                      \
		.cpu_ms = 10000, .wall_ms = 60000, .memory_bytes = MIB(512),   \
		.tasks = 64, .open_files = 256, .stdout_bytes = 65536,         \
		.stderr_bytes = 65536, .file_bytes = MIB(64),                  \
		.disk_bytes = MIB(128)                                         \
	}

/* Parses each source; the message names file and line. */
#define PYTHON_CHECK                                                           \
	"import sys\n"                                                         \
	"for name in sys.argv[1:]:\n"                                          \
	"    if name.endswith('.py'):\n"                                       \
	"        compile(open(name, 'rb').read(), name, 'exec')\n"

/*
 * The class to begin with is that of the main source, or else Main. A virtual
 * machine makes its threads by the host's processors; the limit of tasks knows
 * nothing of them, so neither do javac, jar and java.
 */
#define JAVA_TOOL(heap)                                                        \
	"-J-Xmx" heap " -J-XX:+UseSerialGC -J-XX:-UsePerfData "                \
	"-J-XX:ActiveProcessorCount=2 "
#define JAVA_COMPILE                                                           \
	"javac " JAVA_TOOL(                                                    \
		"256m") "-encoding UTF-8 -proc:none -Xmaxerrs 20 "             \
			"-d .classes \"$@\" || exit; main=$0; "                \
			"[ -e \".classes/$main.class\" ] || main=Main; "       \
			"exec jar " JAVA_TOOL(                                 \
				"64m") "--create --file main.jar "             \
				       "--main-class \"$main\" -C .classes ."

/* Node parses one file at a time. */
#define NODE_CHECK "for f; do node --check \"$f\" || exit; done"

const struct toolchain toolchains[] = {
	{
		.name = "c",
		.title = "C (C17)",
		.suffixes = WORDS(".c", ".h"),
		.main = "main.c",
		.compile = WORDS("gcc", "-std=gnu17", "-O2", "-Wall", "-pipe",
				 "-fmax-errors=20", "-static", "-pthread", "-o",
				 "main", "{sources}", "-lm"),
		.run = WORDS("./main"),
		.made = "main",
		.needs = WORDS("/usr/bin/gcc", "/usr/bin/as", "/usr/bin/ld"),
		.binds = NONE,
		.env = NONE,
		.compile_limits = COMPILER,
	},
	{
		.name = "c++",
		.title = "C++ (C++20)",
		.suffixes = WORDS(".cpp", ".cc", ".cxx", ".hpp", ".h"),
		.main = "main.cpp",
		.compile = WORDS("g++", "-std=gnu++20", "-O2", "-Wall", "-pipe",
				 "-fmax-errors=20", "-static", "-pthread", "-o",
				 "main", "{sources}"),
		.run = WORDS("./main"),
		.made = "main",
		.needs = WORDS("/usr/bin/g++", "/usr/bin/as", "/usr/bin/ld"),
		.binds = NONE,
		.env = NONE,
		.compile_limits = COMPILER,
	},
	{
		.name = "python",
		.title = "Python 3",
		.suffixes = WORDS(".py"),
		.main = "main.py",
		.compile = WORDS("python3", "-I", "-S", "-B", "-c",
				 PYTHON_CHECK, "{sources}"),
		.run = WORDS("python3", "-B", "-s", "{main}"),
		.needs = WORDS("/usr/bin/python3"),
		.binds = NONE,
		.env = WORDS("PYTHONHASHSEED=0", "PYTHONIOENCODING=utf-8"),
		.compile_limits = COMPILER,
	},
	{
		.name = "java",
		.title = "Java",
		.suffixes = WORDS(".java"),
		.main = "Main.java",
		.compile =
			WORDS("sh", "-c", JAVA_COMPILE, "{stem}", "{sources}"),
		.run = WORDS("java", "-XX:+UseSerialGC", "-XX:-UsePerfData",
			     "-XX:TieredStopAtLevel=1",
			     "-XX:ActiveProcessorCount=2", "-Xss8m",
			     "-Xmx{heap_mib}m", "-jar", "main.jar"),
		.made = "main.jar",
		.needs = WORDS("/usr/bin/java", "/usr/bin/javac",
			       "/usr/bin/jar"),
		.binds = WORDS("/etc/java-17-openjdk", "/etc/java-21-openjdk"),
		.env = NONE,
		.compile_limits = COMPILER,
		.least = { .memory_bytes = MIB(192),
			   .tasks = 64,
			   .open_files = 128 },
	},
	{
		.name = "javascript",
		.title = "JavaScript (Node.js)",
		.suffixes = WORDS(".js", ".mjs", ".cjs"),
		.main = "main.js",
		.compile = WORDS("sh", "-c", NODE_CHECK, "sh", "{sources}"),
		.run = WORDS("node", "--max-old-space-size={heap_mib}",
			     "{main}"),
		.needs = WORDS("/usr/bin/node"),
		.binds = NONE,
		.env = WORDS("NODE_DISABLE_COLORS=1"),
		.compile_limits = COMPILER,
		.least = { .memory_bytes = MIB(192),
			   .tasks = 64,
			   .open_files = 128 },
	},
	{ 0 },
};

const struct toolchain *toolchain_find(struct str name)
{
	for (const struct toolchain *t = toolchains; t->name; t++)
		if (str_is(name, t->name))
			return t;
	return NULL;
}

const char *toolchain_nth(size_t i)
{
	return toolchains[i].name;
}

const struct toolchain *toolchain_of_file(struct str file)
{
	for (const struct toolchain *t = toolchains; t->name; t++)
		for (int i = 0; t->suffixes[i]; i++)
			if (str_ends(file, t->suffixes[i]))
				return t;
	return NULL;
}

const char *toolchain_missing(const struct toolchain *t)
{
	for (int i = 0; t->needs[i]; i++)
		if (access(t->needs[i], X_OK))
			return t->needs[i];
	return NULL;
}

bool toolchain_present(const struct toolchain *t)
{
	return !toolchain_missing(t);
}
