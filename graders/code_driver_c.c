#include "graders/code_impl.h"

/*
 * The drivers of C and C++: a reader for the requests that we write, one
 * function per function of the task, and a main. They trust their input, which
 * is ours; what the learner's functions do to them can only spoil their own
 * replies. What both languages understand is written once.
 */
static const char common[] =
	"#ifndef _GNU_SOURCE\n"
	"#define _GNU_SOURCE\n"
	"#endif\n"
	"#include <fcntl.h>\n"
	"#include <math.h>\n"
	"#include <stdbool.h>\n"
	"#include <stdio.h>\n"
	"#include <stdlib.h>\n"
	"#include <string.h>\n"
	"#include <unistd.h>\n"
	"\n"
	"#define assay_new malloc\n"
	"#define assay_wider realloc\n"
	"\n"
	"static FILE *assay_out;\n"
	"static const char *assay_at;\n"
	"\n"
	"static void assay_skip(void)\n"
	"{\n"
	"	while (*assay_at == ' ' || *assay_at == '\\t' || *assay_at == ',')\n"
	"		assay_at++;\n"
	"}\n"
	"\n"
	"/* Also past what is no number, so that every list ends. */\n"
	"static void assay_go(const char *end)\n"
	"{\n"
	"	assay_at = end > assay_at || !*end ? end : end + 1;\n"
	"}\n"
	"\n"
	"static long long assay_get_long(void)\n"
	"{\n"
	"	char *end;\n"
	"	long long v;\n"
	"	assay_skip();\n"
	"	v = strtoll(assay_at, &end, 10);\n"
	"	assay_go(end);\n"
	"	return v;\n"
	"}\n"
	"\n"
	"static int assay_get_int(void)\n"
	"{\n"
	"	return (int)assay_get_long();\n"
	"}\n"
	"\n"
	"static double assay_get_double(void)\n"
	"{\n"
	"	char *end;\n"
	"	double v;\n"
	"	assay_skip();\n"
	"	v = strtod(assay_at, &end);\n"
	"	assay_go(end);\n"
	"	return v;\n"
	"}\n"
	"\n"
	"static bool assay_get_bool(void)\n"
	"{\n"
	"	bool v;\n"
	"	assay_skip();\n"
	"	v = *assay_at == 't';\n"
	"	while (*assay_at >= 'a' && *assay_at <= 'z')\n"
	"		assay_at++;\n"
	"	return v;\n"
	"}\n"
	"\n"
	"static char *assay_utf8(char *o, unsigned long c)\n"
	"{\n"
	"	if (c < 0x80) {\n"
	"		*o++ = (char)c;\n"
	"		return o;\n"
	"	}\n"
	"	if (c < 0x800) {\n"
	"		*o++ = (char)(0xc0 | c >> 6);\n"
	"	} else {\n"
	"		if (c < 0x10000) {\n"
	"			*o++ = (char)(0xe0 | c >> 12);\n"
	"		} else {\n"
	"			*o++ = (char)(0xf0 | c >> 18);\n"
	"			*o++ = (char)(0x80 | (c >> 12 & 63));\n"
	"		}\n"
	"		*o++ = (char)(0x80 | (c >> 6 & 63));\n"
	"	}\n"
	"	*o++ = (char)(0x80 | (c & 63));\n"
	"	return o;\n"
	"}\n"
	"\n"
	"static unsigned long assay_hex(void)\n"
	"{\n"
	"	char hex[5] = { 0 };\n"
	"	memcpy(hex, assay_at + 1, 4);\n"
	"	assay_at += 5;\n"
	"	return strtoul(hex, NULL, 16);\n"
	"}\n"
	"\n"
	"static char *assay_escape(char *o)\n"
	"{\n"
	"	const char *from = \"ntrbf\", *to = \"\\n\\t\\r\\b\\f\", *p;\n"
	"	unsigned long c;\n"
	"	assay_at++;\n"
	"	if (*assay_at == 'u') {\n"
	"		c = assay_hex();\n"
	"		if (c >> 10 == 0x36 && assay_at[0] == '\\\\' &&\n"
	"		    assay_at[1] == 'u') {\n"
	"			assay_at++;\n"
	"			c = 0x10000 + ((c & 0x3ff) << 10) +\n"
	"			    (assay_hex() & 0x3ff);\n"
	"		}\n"
	"		return assay_utf8(o, c);\n"
	"	}\n"
	"	p = strchr(from, *assay_at);\n"
	"	*o++ = p ? to[p - from] : *assay_at;\n"
	"	assay_at++;\n"
	"	return o;\n"
	"}\n"
	"\n"
	"static char *assay_text(size_t *n)\n"
	"{\n"
	"	char *s, *o;\n"
	"	assay_skip();\n"
	"	*n = 0;\n"
	"	if (*assay_at != '\"')\n"
	"		return NULL;\n"
	"	assay_at++;\n"
	"	s = o = (char *)assay_new(strlen(assay_at) + 1);\n"
	"	while (s && *assay_at && *assay_at != '\"') {\n"
	"		if (*assay_at == '\\\\')\n"
	"			o = assay_escape(o);\n"
	"		else\n"
	"			*o++ = *assay_at++;\n"
	"	}\n"
	"	if (s)\n"
	"		*o = 0;\n"
	"	*n = (size_t)(o - s);\n"
	"	if (*assay_at)\n"
	"		assay_at++;\n"
	"	return s;\n"
	"}\n"
	"\n"
	"static void assay_open(void)\n"
	"{\n"
	"	assay_skip();\n"
	"	if (*assay_at == '[')\n"
	"		assay_at++;\n"
	"}\n"
	"\n"
	"static bool assay_more(void)\n"
	"{\n"
	"	assay_skip();\n"
	"	if (*assay_at && *assay_at != ']')\n"
	"		return true;\n"
	"	if (*assay_at)\n"
	"		assay_at++;\n"
	"	return false;\n"
	"}\n"
	"\n"
	"static void assay_put_long(long long v)\n"
	"{\n"
	"	fprintf(assay_out, \"%lld\", v);\n"
	"}\n"
	"\n"
	"static void assay_put_int(int v)\n"
	"{\n"
	"	assay_put_long(v);\n"
	"}\n"
	"\n"
	"static void assay_put_bool(bool v)\n"
	"{\n"
	"	fputs(v ? \"true\" : \"false\", assay_out);\n"
	"}\n"
	"\n"
	"static void assay_put_double(double v)\n"
	"{\n"
	"	if (isnan(v))\n"
	"		fputs(\"{\\\"$float\\\":\\\"nan\\\"}\", assay_out);\n"
	"	else if (isinf(v))\n"
	"		fprintf(assay_out, \"{\\\"$float\\\":\\\"%sinf\\\"}\", v < 0 ? \"-\" : \"\");\n"
	"	else\n"
	"		fprintf(assay_out, \"%.17g\", v == 0 ? 0 : v);\n"
	"}\n"
	"\n"
	"static void assay_put_bytes(const char *s, size_t n)\n"
	"{\n"
	"	fputc('\"', assay_out);\n"
	"	for (; n; s++, n--)\n"
	"		if ((unsigned char)*s < 0x20 || *s == '\"' || *s == '\\\\')\n"
	"			fprintf(assay_out, \"\\\\u%04x\", *s);\n"
	"		else\n"
	"			fputc(*s, assay_out);\n"
	"	fputc('\"', assay_out);\n"
	"}\n"
	"\n"
	"/* What goes before a value that a function gave. */\n"
	"static void assay_value(void)\n"
	"{\n"
	"	fputs(\"\\\"value\\\":\", assay_out);\n"
	"}\n"
	"\n";

static const char only_c[] =
	"static char *assay_get_string(void)\n"
	"{\n"
	"	size_t n;\n"
	"	return assay_text(&n);\n"
	"}\n"
	"\n"
	"static void assay_put_string(const char *s)\n"
	"{\n"
	"	if (s)\n"
	"		assay_put_bytes(s, strlen(s));\n"
	"	else\n"
	"		fputs(\"null\", assay_out);\n"
	"}\n"
	"\n"
	"static size_t assay_begin(void)\n"
	"{\n"
	"	size_t n = 1;\n"
	"	assay_skip();\n"
	"	for (const char *p = assay_at; *p && *p != ']'; p++)\n"
	"		n += *p == ',';\n"
	"	assay_open();\n"
	"	return n;\n"
	"}\n"
	"\n"
	"#define ASSAY_LIST(name, type)                                         \\\n"
	"	static type *assay_get_##name##s(size_t *n)                    \\\n"
	"	{                                                              \\\n"
	"		size_t room = assay_begin();                           \\\n"
	"		type *v = assay_new(room * sizeof(type));              \\\n"
	"		for (*n = 0; v && *n < room && assay_more(); ++*n)     \\\n"
	"			v[*n] = assay_get_##name();                    \\\n"
	"		return v;                                              \\\n"
	"	}                                                              \\\n"
	"	static void assay_put_##name##s(type *v, size_t n)             \\\n"
	"	{                                                              \\\n"
	"		fputc('[', assay_out);                                 \\\n"
	"		for (size_t i = 0; v && i < n; i++) {                  \\\n"
	"			if (i)                                         \\\n"
	"				fputc(',', assay_out);                 \\\n"
	"			assay_put_##name(v[i]);                        \\\n"
	"		}                                                      \\\n"
	"		fputc(']', assay_out);                                 \\\n"
	"	}\n"
	"ASSAY_LIST(int, int)\n"
	"ASSAY_LIST(long, long long)\n"
	"ASSAY_LIST(double, double)\n"
	"\n"
	"#define ASSAY_UNUSED(f) (void)(f)\n"
	"static void assay_use(void)\n"
	"{\n"
	"	ASSAY_UNUSED(assay_get_ints); ASSAY_UNUSED(assay_get_longs);\n"
	"	ASSAY_UNUSED(assay_get_doubles); ASSAY_UNUSED(assay_get_bool);\n"
	"	ASSAY_UNUSED(assay_get_string); ASSAY_UNUSED(assay_put_ints);\n"
	"	ASSAY_UNUSED(assay_put_longs); ASSAY_UNUSED(assay_put_doubles);\n"
	"	ASSAY_UNUSED(assay_put_bool); ASSAY_UNUSED(assay_put_string);\n"
	"	ASSAY_UNUSED(assay_put_int);\n"
	"}\n"
	"\n"
	"static void assay_call(const char *name);\n"
	"static void assay_guarded(const char *name)\n"
	"{\n"
	"	assay_use();\n"
	"	assay_call(name);\n"
	"}\n"
	"\n";

static const char only_cpp[] =
	"#include <cxxabi.h>\n"
	"#include <string>\n"
	"#include <typeinfo>\n"
	"#include <vector>\n"
	"\n"
	"static void assay_get(int &v) { v = assay_get_int(); }\n"
	"static void assay_get(long long &v) { v = assay_get_long(); }\n"
	"static void assay_get(double &v) { v = assay_get_double(); }\n"
	"static void assay_get(bool &v) { v = assay_get_bool(); }\n"
	"static void assay_get(std::string &v)\n"
	"{\n"
	"	size_t n;\n"
	"	char *s = assay_text(&n);\n"
	"	if (s)\n"
	"		v.assign(s, n);\n"
	"	free(s);\n"
	"}\n"
	"template <class T> static void assay_get(std::vector<T> &v)\n"
	"{\n"
	"	assay_open();\n"
	"	while (assay_more()) {\n"
	"		T one{};\n"
	"		assay_get(one);\n"
	"		v.push_back(one);\n"
	"	}\n"
	"}\n"
	"\n"
	"static void assay_put(int v) { assay_put_int(v); }\n"
	"static void assay_put(long long v) { assay_put_long(v); }\n"
	"static void assay_put(double v) { assay_put_double(v); }\n"
	"static void assay_put(bool v) { assay_put_bool(v); }\n"
	"static void assay_put(const std::string &v)\n"
	"{\n"
	"	assay_put_bytes(v.data(), v.size());\n"
	"}\n"
	"template <class T> static void assay_put(const std::vector<T> &v)\n"
	"{\n"
	"	fputc('[', assay_out);\n"
	"	for (size_t i = 0; i < v.size(); i++) {\n"
	"		if (i)\n"
	"			fputc(',', assay_out);\n"
	"		assay_put(static_cast<T>(v[i]));\n"
	"	}\n"
	"	fputc(']', assay_out);\n"
	"}\n"
	"\n"
	"static void assay_use(void)\n"
	"{\n"
	"	std::string s;\n"
	"	if (assay_at)\n"
	"		return;\n"
	"	assay_put(0); assay_put(0LL); assay_put(0.0); assay_put(false);\n"
	"	assay_put(s); assay_get(s);\n"
	"	int i; long long l; double d; bool b;\n"
	"	assay_get(i); assay_get(l); assay_get(d); assay_get(b);\n"
	"	assay_open(); assay_more();\n"
	"}\n"
	"\n"
	"/* An exception is told by the name of its type. */\n"
	"static void assay_call(const char *name);\n"
	"static void assay_guarded(const char *name)\n"
	"{\n"
	"	assay_use();\n"
	"	try {\n"
	"		assay_call(name);\n"
	"	} catch (...) {\n"
	"		const std::type_info *t = abi::__cxa_current_exception_type();\n"
	"		int status = -1;\n"
	"		char *s = t ? abi::__cxa_demangle(t->name(), NULL, NULL,\n"
	"						  &status)\n"
	"			    : NULL;\n"
	"		const char *told = s ? s : t ? t->name() : \"?\";\n"
	"		fputs(\"\\\"raised\\\":\", assay_out);\n"
	"		assay_put_bytes(told, strlen(told));\n"
	"		free(s);\n"
	"	}\n"
	"}\n"
	"\n";

static const char tail[] =
	"static char *assay_all(void)\n"
	"{\n"
	"	size_t n = 0, room = 1 << 16;\n"
	"	char *s = (char *)assay_new(room);\n"
	"	while (s) {\n"
	"		ssize_t got = read(0, s + n, room - n - 1);\n"
	"		if (got <= 0)\n"
	"			break;\n"
	"		n += (size_t)got;\n"
	"		if (room - n < 2)\n"
	"			s = (char *)assay_wider(s, room *= 2);\n"
	"	}\n"
	"	if (s)\n"
	"		s[n] = 0;\n"
	"	return s;\n"
	"}\n"
	"\n"
	"int main(void)\n"
	"{\n"
	"	char *all = assay_all(), *line, *next;\n"
	"	int null = open(\"/dev/null\", O_RDWR);\n"
	"	assay_out = fdopen(dup(1), \"w\");\n"
	"	dup2(null >= 0 ? null : 2, 1);\n"
	"	if (null >= 0)\n"
	"		dup2(null, 0);\n"
	"	if (!all || !assay_out)\n"
	"		return 1;\n"
	"	for (line = all; *line; line = next) {\n"
	"		char *args = strstr(line, \",\\\"args\\\":[\");\n"
	"		char *call = strstr(line, \",\\\"call\\\":\\\"\");\n"
	"		next = strchr(line, '\\n');\n"
	"		if (!next || !args || !call)\n"
	"			return 1;\n"
	"		*next++ = 0;\n"
	"		*args = 0;\n"
	"		assay_at = args + 9;\n"
	"		*call = 0;\n"
	"		fprintf(assay_out, \"{\\\"id\\\":%s,\", line + 6);\n"
	"		assay_guarded(call + 9);\n"
	"		fputs(\"}\\n\", assay_out);\n"
	"		fflush(assay_out);\n"
	"	}\n"
	"	/* Not by what was left behind: handlers, destructors. */\n"
	"	_exit(0);\n"
	"}\n";

static bool is_list(struct str type)
{
	return str_ends(type, "[]");
}

static struct str base_of(struct str type)
{
	return is_list(type) ? str_cut(type, 0, type.n - 2) : type;
}

/* C's words for a type; a list is a pointer, its count comes behind it. */
static const char *c_type(struct str type)
{
	static const char *const names[][2] = {
		{ "int", "int " },	     { "long", "long long " },
		{ "double", "double " },     { "bool", "bool " },
		{ "string", "char *" },	     { "int[]", "int *" },
		{ "long[]", "long long *" }, { "double[]", "double *" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_is(type, names[i][0]))
			return names[i][1];
	return "void ";
}

static void c_put_type(struct buf *b, struct str type)
{
	buf_z(b, c_type(type));
}

static void c_put_param(struct buf *b, struct str type, bool given)
{
	(void)given;
	buf_fmt(b, "%s%s", c_type(type), is_list(type) ? ", size_t" : "");
}

/* The argument is assay_a0, the count of its elements assay_n0. */
static void c_put_get(struct buf *b, struct str type, size_t i)
{
	struct str base = base_of(type);

	if (is_list(type))
		buf_fmt(b,
			"\tsize_t assay_n%zu;\n\t%sassay_a%zu = assay_get_%.*ss(&assay_n%zu);\n",
			i, c_type(type), i, STR_FMT(base), i);
	else
		buf_fmt(b, "\t%sassay_a%zu = assay_get_%.*s();\n", c_type(type),
			i, STR_FMT(base));
}

static void c_put_argument(struct buf *b, struct str type, size_t i)
{
	buf_fmt(b, "assay_a%zu", i);
	if (is_list(type))
		buf_fmt(b, ", assay_n%zu", i);
}

static void c_put_given(struct buf *b, struct str type, size_t i)
{
	buf_fmt(b, "\tassay_put_%.*ss(assay_a%zu, assay_n%zu);\n",
		STR_FMT(base_of(type)), i, i);
}

static void c_put_result(struct buf *b, struct str type)
{
	buf_fmt(b, "\tassay_put_%.*s(assay_v);\n", STR_FMT(type));
}

/* Whatever has another word than ours. */
static struct str cpp_word(struct str type)
{
	if (str_is(type, "long"))
		return STR("long long");
	if (str_is(type, "string"))
		return STR("std::string");
	return type.n ? type : STR("void");
}

static void cpp_put_bare(struct buf *b, struct str type)
{
	if (is_list(type)) {
		buf_z(b, "std::vector<");
		cpp_put_bare(b, base_of(type));
		buf_z(b, ">");
	} else {
		buf_fmt(b, "%.*s", STR_FMT(cpp_word(type)));
	}
}

static void cpp_put_type(struct buf *b, struct str type)
{
	cpp_put_bare(b, type);
	buf_z(b, " ");
}

/* What is large comes by reference; only a list that is given may change. */
static void cpp_put_param(struct buf *b, struct str type, bool given)
{
	bool large = is_list(type) || str_is(type, "string");

	buf_z(b, large && !given ? "const " : "");
	cpp_put_bare(b, type);
	buf_z(b, large ? " &" : "");
}

static void cpp_put_get(struct buf *b, struct str type, size_t i)
{
	buf_z(b, "\t");
	cpp_put_bare(b, type);
	buf_fmt(b, " assay_a%zu{};\n\tassay_get(assay_a%zu);\n", i, i);
}

static void cpp_put_argument(struct buf *b, struct str type, size_t i)
{
	(void)type;
	buf_fmt(b, "assay_a%zu", i);
}

static void cpp_put_given(struct buf *b, struct str type, size_t i)
{
	(void)type;
	buf_fmt(b, "\tassay_put(assay_a%zu);\n", i);
}

static void cpp_put_result(struct buf *b, struct str type)
{
	(void)type;
	buf_z(b, "\tassay_put(assay_v);\n");
}

/* How one of the two says what both say. */
struct words {
	const char *own;  /* text of the driver, after the common one */
	const char *none; /* how it says that there are no parameters */
	void (*put_type)(struct buf *b, struct str type);
	void (*put_param)(struct buf *b, struct str type, bool given);
	void (*put_get)(struct buf *b, struct str type, size_t i);
	void (*put_argument)(struct buf *b, struct str type, size_t i);
	void (*put_given)(struct buf *b, struct str type, size_t i);
	void (*put_result)(struct buf *b, struct str type);
};

static const struct words c_words = {
	only_c,	   "void",	   c_put_type,	c_put_param,
	c_put_get, c_put_argument, c_put_given, c_put_result,
};
static const struct words cpp_words = {
	only_cpp,      "",
	cpp_put_type,  cpp_put_param,
	cpp_put_get,   cpp_put_argument,
	cpp_put_given, cpp_put_result,
};

static void put_prototype(struct buf *b, const struct words *w,
			  const struct code_function *f)
{
	const struct str *p = f->params.at;

	w->put_type(b, f->returns);
	buf_fmt(b, "%.*s(", STR_FMT(f->name));
	for (size_t i = 0; i < f->params.n; i++) {
		buf_z(b, i ? ", " : "");
		w->put_param(b, p[i], f->gives == (int64_t)i + 1);
	}
	buf_fmt(b, "%s);\n", f->params.n ? "" : w->none);
}

/* Reads the arguments, calls, writes what is asked for. */
static void put_call(struct buf *b, const struct words *w,
		     const struct code_function *f)
{
	const struct str *p = f->params.at;
	bool is_void = !f->returns.n || str_is(f->returns, "void");

	buf_fmt(b, "static void assay_call_%.*s(void)\n{\n", STR_FMT(f->name));
	for (size_t i = 0; i < f->params.n; i++)
		w->put_get(b, p[i], i);
	buf_z(b, "\t");
	if (!is_void) {
		w->put_type(b, f->returns);
		buf_z(b, "assay_v = ");
	}
	buf_fmt(b, "%.*s(", STR_FMT(f->name));
	for (size_t i = 0; i < f->params.n; i++) {
		buf_z(b, i ? ", " : "");
		w->put_argument(b, p[i], i);
	}
	buf_z(b, ");\n\tassay_value();\n");
	if (f->gives)
		w->put_given(b, p[f->gives - 1], (size_t)f->gives - 1);
	else if (is_void)
		buf_z(b, "\tfputs(\"null\", assay_out);\n");
	else
		w->put_result(b, f->returns);
	if (f->gives && !is_void)
		buf_z(b, "\t(void)assay_v;\n");
	buf_z(b, "}\n\n");
}

static void put_dispatch(struct buf *b, const struct code_spec *s)
{
	const struct code_function *f = s->functions.at;

	buf_z(b, "static void assay_call(const char *name)\n{\n");
	for (size_t i = 0; i < s->functions.n; i++) {
		buf_fmt(b, "\tif (!strncmp(name, \"%.*s\\\"\", %zu)) {\n",
			STR_FMT(f[i].name), f[i].name.n + 1);
		buf_fmt(b, "\t\tassay_call_%.*s();\n\t\treturn;\n\t}\n",
			STR_FMT(f[i].name));
	}
	buf_z(b, "}\n\n");
}

static void put_driver(struct buf *b, const struct words *w,
		       const struct code_spec *s)
{
	const struct code_function *f = s->functions.at;

	buf_z(b, common);
	buf_z(b, w->own);
	for (size_t i = 0; i < s->functions.n; i++)
		put_prototype(b, w, &f[i]);
	buf_z(b, "\n");
	for (size_t i = 0; i < s->functions.n; i++)
		put_call(b, w, &f[i]);
	put_dispatch(b, s);
	buf_z(b, tail);
}

void code_driver_c(struct buf *b, const struct code_spec *s)
{
	put_driver(b, &c_words, s);
}

void code_driver_cpp(struct buf *b, const struct code_spec *s)
{
	put_driver(b, &cpp_words, s);
}
