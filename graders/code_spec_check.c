/* What the shape of a code task cannot say. */
#include <stdio.h>

#include "graders/code_impl.h"

enum { PATH = 190 };

struct check {
	struct ctx *cx;
	const struct code_spec *s;
	const char *where;
};

static enum err refuse(const struct check *k, struct str at, const char *what)
{
	char path[PATH];

	snprintf(path, sizeof(path), "%s/%.*s", k->where, STR_FMT(at));
	return err_field(k->cx, ERR_INVALID, path, "%s", what);
}

#define REFUSE(k, what, ...)                                                   \
	refuse((k), str_fmt((k)->cx->arena, __VA_ARGS__), (what))

/* ---- bytes and files ---- */

static const char not_inlined[] =
	"still names a file of the author's folder: bundle the folder first, "
	"so that the bytes stand in the assessment";

/* Of text, base64 and file one; none is empty. */
static const char *bytes_refusal(struct str text, struct str base64,
				 struct str file)
{
	if (file.p)
		return not_inlined;
	if (text.p && base64.p)
		return "has text and base64: leave one of them out";
	return NULL;
}

static enum err check_data(const struct check *k, const struct code_data *d,
			   size_t test, const char *member)
{
	const char *why = bytes_refusal(d->text, d->base64, d->file);

	return why ? REFUSE(k, why, "tests/%zu/%s", test, member) : OK;
}

static enum err check_file(const struct check *k, struct list files, size_t i,
			   struct str at)
{
	const struct code_file *f = files.at;
	const char *why = code_path_refusal(f[i].name);

	if (why)
		return REFUSE(k, why, "%.*s/%zu/name", STR_FMT(at), i);
	why = bytes_refusal(f[i].text, f[i].base64, f[i].file);
	if (why)
		return REFUSE(k, why, "%.*s/%zu", STR_FMT(at), i);
	for (size_t j = 0; j < i; j++)
		if (str_eq_nocase(f[j].name, f[i].name))
			return REFUSE(k, "two files have this name: rename one",
				      "%.*s/%zu/name", STR_FMT(at), i);
	return OK;
}

static enum err check_files(const struct check *k, struct list files,
			    struct str at)
{
	enum err e = OK;

	for (size_t i = 0; !e && i < files.n; i++)
		e = check_file(k, files, i, at);
	return e;
}

/* ---- what may be handed in ---- */

static enum err check_rules(const struct check *k)
{
	const struct code_rule *r = k->s->files.at;

	for (size_t i = 0; i < k->s->files.n; i++) {
		size_t star = str_find(r[i].name, STR("*"), 0);
		const char *why;

		if (star == SIZE_MAX) {
			why = code_name_refusal(r[i].name);
			if (why)
				return REFUSE(k, why, "files/%zu/name", i);
		} else if (str_find(r[i].name, STR("*"), star + 1) !=
			   SIZE_MAX) {
			return REFUSE(k, "a pattern has one *: split it",
				      "files/%zu/name", i);
		} else if (r[i].required) {
			return REFUSE(k,
				      "a pattern cannot be required: name the "
				      "file",
				      "files/%zu/required", i);
		}
	}
	return OK;
}

static bool may_be_handed_in(const struct code_spec *s, struct str name)
{
	const struct code_rule *r = s->files.at;

	for (size_t i = 0; i < s->files.n; i++)
		if (code_name_like(name, r[i].name))
			return true;
	return s->files.n == 0;
}

static enum err check_entry(const struct check *k)
{
	const char *why;

	if (!k->s->entry.n)
		return OK;
	why = code_path_refusal(k->s->entry);
	if (why)
		return REFUSE(k, why, "entry");
	for (size_t i = 0; i < k->s->beside.n; i++)
		if (str_eq(((const struct code_file *)k->s->beside.at)[i].name,
			   k->s->entry))
			return OK;
	if (!may_be_handed_in(k->s, k->s->entry))
		return REFUSE(k,
			      "is neither handed in nor beside: name it in "
			      "files or beside",
			      "entry");
	return OK;
}

/* ---- programs of the author's ---- */

static enum err check_checker(const struct check *k,
			      const struct code_checker *c, const char *member)
{
	struct str at = str_fmt(k->cx->arena, "%s/files", member);

	if (!c->files.n)
		return REFUSE(k, "needs the sources of the program", "%s/files",
			      member);
	return check_files(k, c->files, at);
}

static enum err check_programs(const struct check *k)
{
	const struct code_spec *s = k->s;
	enum err e = OK;

	if (s->kind == CODE_INTERACTIVE && !s->has_interactor)
		return REFUSE(k,
			      "is missing: an interactive task needs the "
			      "program that talks and judges",
			      "interactor");
	if (s->kind != CODE_INTERACTIVE && s->has_interactor)
		return REFUSE(k, "is for kind interactive only: leave it out",
			      "interactor");
	if (s->kind != CODE_IO && s->has_checker)
		return REFUSE(k, "is for kind io only: leave it out",
			      "checker");
	if (s->has_interactor && s->interactor.protocol != CODE_TESTLIB &&
	    s->interactor.protocol != CODE_KATTIS)
		return REFUSE(k,
			      "an interactor's standard output is the "
			      "learner's input: use testlib or kattis",
			      "interactor/protocol");
	if (s->has_interactor)
		e = check_checker(k, &s->interactor, "interactor");
	if (!e && s->has_checker)
		e = check_checker(k, &s->checker, "checker");
	return e;
}

/* ---- functions ---- */

static bool is_word(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = str_lower(s.p[i]);

		if (!(c >= 'a' && c <= 'z') && c != '_' &&
		    !(i && c >= '0' && c <= '9'))
			return false;
	}
	return s.n > 0;
}

/* In each of the task's languages. */
static enum err check_type(const struct check *k, struct str type,
			   bool as_param, const char *field)
{
	const struct str *l = k->s->languages.at;
	const char *why = NULL;

	if (!code_type_known(type))
		why = as_param ? "is not a type that can be passed: int, long, "
				 "double, bool, string, and lists, as int[] "
				 "and int[][]"
			       : "is not a type that can be returned: int, "
				 "long, double, bool, string, void, and "
				 "lists, as int[]";
	for (size_t i = 0; !why && i < k->s->languages.n; i++)
		why = code_driver_type_refusal(l[i], type, as_param);
	return why ? REFUSE(k, why, "%s", field) : OK;
}

static enum err check_function(const struct check *k, size_t i)
{
	const struct code_function *f =
		(const struct code_function *)k->s->functions.at + i;
	const struct str *params = f->params.at;
	enum err e = OK;

	if (!is_word(f->name))
		return REFUSE(k,
			      "must be a name of letters, digits and _: "
			      "rename the function",
			      "functions/%zu/name", i);
	for (size_t j = 0; !e && j < f->params.n; j++)
		e = check_type(
			k, params[j], true,
			str_fmt(k->cx->arena, "functions/%zu/params/%zu", i, j)
				.p);
	if (!e && f->returns.n && !str_is(f->returns, "void"))
		e = check_type(
			k, f->returns, false,
			str_fmt(k->cx->arena, "functions/%zu/returns", i).p);
	if (e)
		return e;
	if (f->gives > (int64_t)f->params.n ||
	    (f->gives && !str_ends(params[f->gives - 1], "[]")))
		return REFUSE(k, "must be the place of a list among params",
			      "functions/%zu/gives", i);
	return OK;
}

static enum err check_drivers(const struct check *k)
{
	const struct str *l = k->s->languages.at;

	if (!k->s->functions.n)
		return REFUSE(k, "needs the functions that are called",
			      "functions");
	for (size_t i = 0; i < k->s->languages.n; i++)
		if (!code_driver_known(l[i]))
			return REFUSE(k,
				      "has no driver that calls functions: "
				      "leave it out",
				      "languages/%zu", i);
	return OK;
}

static enum err check_call(const struct check *k, const struct code_call *c,
			   size_t test, size_t i)
{
	if (!code_function_of(k->s, c->function))
		return REFUSE(k, "is not in functions: add it there",
			      "tests/%zu/calls/%zu/function", test, i);
	if (c->args.p[0] != '[')
		return REFUSE(k, "must be a list", "tests/%zu/calls/%zu/args",
			      test, i);
	if (c->has_value == (c->raises.n > 0))
		return REFUSE(k, "needs either a value or raises",
			      "tests/%zu/calls/%zu/value", test, i);
	return OK;
}

/* ---- groups and tests ---- */

/* Points of a group without tests could not be had by anybody. */
static bool group_has_tests(const struct code_spec *s, struct str group)
{
	const struct code_test *t = s->tests.at;

	for (size_t i = 0; i < s->tests.n; i++)
		if (str_eq(t[i].group, group))
			return true;
	return false;
}

static enum err check_group(const struct check *k, size_t i)
{
	const struct code_group *g = k->s->groups.at;
	const struct str *needs = g[i].requires.at;

	if (code_group_of(k->s, g[i].name) != i)
		return REFUSE(k, "an earlier group has this name: rename one",
			      "groups/%zu/name", i);
	if (g[i].points.nano && !group_has_tests(k->s, g[i].name))
		return REFUSE(k,
			      "has points and no tests: give it some, or take "
			      "it out",
			      "groups/%zu", i);
	for (size_t j = 0; j < g[i].requires.n; j++)
		if (code_group_of(k->s, needs[j]) >= i)
			return REFUSE(k,
				      "must be a group that stands before this "
				      "one",
				      "groups/%zu/requires/%zu", i, j);
	return OK;
}

static enum err check_answer(const struct check *k, const struct code_test *t,
			     size_t i)
{
	const struct code_call *c = t->calls.at;
	enum err e = OK;

	if (k->s->kind == CODE_FUNCTION) {
		if (!t->calls.n)
			return REFUSE(k, "needs at least one call",
				      "tests/%zu/calls", i);
		for (size_t j = 0; !e && j < t->calls.n; j++)
			e = check_call(k, &c[j], i, j);
		return e;
	}
	if (t->calls.n)
		return REFUSE(k, "is for kind function only: leave it out",
			      "tests/%zu/calls", i);
	if (k->s->kind == CODE_IO && !k->s->has_checker && !t->answer.text.p &&
	    !t->answer.base64.p)
		return REFUSE(k,
			      "is missing, and there is no checker: add one of "
			      "them",
			      "tests/%zu/answer", i);
	return OK;
}

static enum err check_test(const struct check *k, size_t i)
{
	const struct code_test *t =
		(const struct code_test *)k->s->tests.at + i;
	enum err e = check_data(k, &t->input, i, "input");

	if (!e)
		e = check_data(k, &t->answer, i, "answer");
	for (size_t j = 0; !e && j < i; j++)
		if (str_eq(t->name, t[-(ptrdiff_t)(i - j)].name))
			return REFUSE(k, "an earlier test has this name",
				      "tests/%zu/name", i);
	if (!e && t->group.n && code_group_of(k->s, t->group) == SIZE_MAX)
		return REFUSE(k, "there is no such group: add it to groups",
			      "tests/%zu/group", i);
	if (!e)
		e = check_answer(k, t, i);
	if (!e)
		e = check_files(k, t->files,
				str_fmt(k->cx->arena, "tests/%zu/files", i));
	return e;
}

/* ---- references ---- */

static enum err check_reference(const struct check *k, size_t i)
{
	const struct code_reference *r =
		(const struct code_reference *)k->s->references.at + i;
	struct str at = str_fmt(k->cx->arena, "references/%zu/files", i);
	struct str where =
		str_fmt(k->cx->arena, "%s/references/%zu", k->where, i);
	enum err e = check_files(k, r->files, at);

	if (e)
		return e;
	if (r->expect == RUN_SK || r->expect == RUN_IE)
		return REFUSE(k,
			      "must be AC, WA, TLE, MLE, OLE, RE or CE: what "
			      "is to come of it",
			      "references/%zu/expect", i);
	return code_accepts(k->cx, k->s, r->language, &r->files,
			    str_z(k->cx->arena, where));
}

/* Is there a point to be had at all? */
static bool has_points(const struct code_spec *s)
{
	const struct code_test *t = s->tests.at;

	for (size_t i = 0; i < s->tests.n; i++)
		if (!t[i].has_points || t[i].points.nano > 0)
			return true;
	return false;
}

/* Numbers that may differ have no order to be sorted by. */
static enum err check_compare(const struct check *k)
{
	const struct code_compare *c = &k->s->compare;

	if (c->how == CODE_LINE_SET && (c->absolute.nano || c->relative.nano))
		return REFUSE(k,
			      "line_set takes no tolerance: leave it out, or "
			      "write a checker",
			      "compare");
	return OK;
}

enum err code_spec_check(struct ctx *cx, const struct code_spec *s,
			 const char *where)
{
	struct check k = { cx, s, where };
	enum err e = check_rules(&k);

	if (!e)
		e = check_files(&k, s->starter, STR("starter"));
	if (!e)
		e = check_files(&k, s->beside, STR("beside"));
	if (!e)
		e = check_entry(&k);
	if (!e)
		e = check_compare(&k);
	if (!e)
		e = check_programs(&k);
	if (!e && s->kind == CODE_FUNCTION)
		e = check_drivers(&k);
	for (size_t i = 0; !e && i < s->functions.n; i++)
		e = check_function(&k, i);
	for (size_t i = 0; !e && i < s->groups.n; i++)
		e = check_group(&k, i);
	if (!e && !s->tests.n)
		return REFUSE(&k, "needs at least one test", "tests");
	for (size_t i = 0; !e && i < s->tests.n; i++)
		e = check_test(&k, i);
	if (!e && !has_points(s))
		return REFUSE(&k, "give no points: give one of them some",
			      "tests");
	for (size_t i = 0; !e && i < s->references.n; i++)
		e = check_reference(&k, i);
	return e;
}
