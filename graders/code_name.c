/* Names of files: what may stand beside a program that somebody else wrote. */
#include "graders/code_impl.h"

/*
 * What a compiler, an interpreter, a build tool or the dynamic linker takes
 * for its own configuration when it lies in the working folder: with one of
 * these a submission would run before, or instead of, what it is tested with.
 * In small letters, since some of them do not look at the case.
 */
static const char *const tools[] = {
	/* Python */
	"conftest.py",
	"pytest.ini",
	"tox.ini",
	"setup.cfg",
	"setup.py",
	"pyproject.toml",
	"sitecustomize.py",
	"usercustomize.py",
	"*.pth",
	"*.pyc",
	"*.pyd",
	"pyvenv.cfg",
	"__pycache__",
	/* make and its like */
	"makefile",
	"gnumakefile",
	"cmakelists.txt",
	"cmakecache.txt",
	"build.gradle",
	"pom.xml",
	"cargo.toml",
	"build.rs",
	"go.mod",
	"package.json",
	"node_modules",
	/* what is linked or loaded */
	"*.specs",
	"*.so",
	"*.so.*",
	"*.o",
	"*.a",
	"*.gch",
	"*.pch",
	"ld.so.*",
	"ld_*",
	"*.node",
	"*.jar",
	"*.class",
	"*.argfile",
	/* ours */
	"assay_*",
};

/* Modules that our driver imports. */
static const char *const driver_imports[] = { "json", "sys",	   "os",
					      "io",   "importlib", "codecs",
					      "math", "encodings", "types" };

/* A star stands for anything but a slash. */
bool code_name_like(struct str name, struct str pattern)
{
	size_t i = 0, p = 0, star = SIZE_MAX, back = 0;

	while (i < name.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			back = i;
		} else if (p < pattern.n && pattern.p[p] == name.p[i]) {
			p++;
			i++;
		} else if (star != SIZE_MAX && name.p[back] != '/') {
			p = star + 1;
			i = ++back;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

static bool is_part_ok(struct str part)
{
	if (!part.n || str_is(part, ".") || str_is(part, ".."))
		return false;
	for (size_t i = 0; i < part.n; i++) {
		char c = part.p[i];

		if (!(str_lower(c) >= 'a' && str_lower(c) <= 'z') &&
		    !(c >= '0' && c <= '9') && !strchr("._-+,=@%", c))
			return false;
	}
	return part.p[0] != '-' && part.p[0] != '@' &&
	       part.p[part.n - 1] != '.';
}

/* json.py, and a folder json, would both be found first. */
static bool clashes(struct str part)
{
	size_t n = sizeof(driver_imports) / sizeof(driver_imports[0]);

	if (str_ends(part, ".py"))
		part.n -= 3;
	for (size_t i = 0; i < n; i++)
		if (str_is(part, driver_imports[i]))
			return true;
	return false;
}

static const char *tool_refusal(struct str part)
{
	char low[CODE_NAME_BYTES];
	struct str name = { low, part.n };

	for (size_t i = 0; i < part.n; i++)
		low[i] = str_lower(part.p[i]);
	if (part.p[0] == '.')
		return "names that begin with a dot are not taken: leave the "
		       "file out";
	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
		if (code_name_like(name, str_of(tools[i])))
			return "a tool would take this file for its own "
			       "configuration: leave it out";
	if (clashes(name))
		return "a module of this name would stand in for one of the "
		       "standard library: rename the file";
	return NULL;
}

static const char *refusal(struct str name, bool of_learner)
{
	struct str rest = name, part;
	const char *why;

	if (!name.n || name.n > CODE_NAME_BYTES || name.p[0] == '/' ||
	    name.p[name.n - 1] == '/')
		return "the name must be a relative path of at most 200 "
		       "bytes: rename the file";
	for (int depth = 0; str_split(&rest, '/', &part); depth++) {
		if (depth == 8)
			return "the file lies too deep in folders: move it up";
		if (!is_part_ok(part))
			return "the name must be a relative path of letters, "
			       "digits and . _ - + , = @ %: rename the file";
		why = of_learner ? tool_refusal(part) : NULL;
		if (why)
			return why;
	}
	return NULL;
}

const char *code_name_refusal(struct str name)
{
	return refusal(name, true);
}

const char *code_path_refusal(struct str name)
{
	return refusal(name, false);
}
