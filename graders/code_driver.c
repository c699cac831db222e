/*
 * Calls of a learner's functions. A driver of ours runs in the learner's box,
 * reads one request a line and writes one reply a line; values cross as JSON.
 * It knows nothing of what is right: replies are compared here. So whatever a
 * module does to its driver, it can say only what its functions might have
 * said.
 *
 *	{"id":1,"call":"add","args":[2,3]}
 *	{"id":1,"value":5}
 *	{"id":1,"raised":"ValueError"}      {"id":1,"broken":"why"}
 */
#include "graders/code_impl.h"

enum { MESSAGE_BYTES = 300, LIST_DEPTH = 3 };

/* One row for each language whose functions can be called. */
static const struct driver {
	const char *language, *title;
	/* As it lies beside the learner's files, which cannot have the name. */
	const char *file;
	void (*write)(struct buf *b, const struct code_spec *s);
	bool typed;  /* types are needed, and what crosses must be of them */
	bool no_nul; /* a string ends at a NUL */
	bool flat;   /* lists of numbers only, and never returned */
	bool has_raises; /* has exceptions */
} drivers[] = {
	{ .language = "c",
	  .title = "C",
	  .file = "assay_driver.c",
	  .write = code_driver_c,
	  .typed = true,
	  .no_nul = true,
	  .flat = true },
	{ .language = "c++",
	  .title = "C++",
	  .file = "assay_driver.cpp",
	  .write = code_driver_cpp,
	  .typed = true,
	  .has_raises = true },
	{ .language = "python",
	  .title = "Python",
	  .file = "assay_driver.py",
	  .write = code_driver_python,
	  .has_raises = true },
	{ .language = "java",
	  .title = "Java",
	  .file = "assay_driver/Driver.java",
	  .write = code_driver_java,
	  .typed = true,
	  .has_raises = true },
	{ .language = "javascript",
	  .title = "JavaScript",
	  .file = "assay_driver.cjs",
	  .write = code_driver_javascript,
	  .has_raises = true },
};

static const struct driver *driver_of(struct str language)
{
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (str_is(language, drivers[i].language))
			return &drivers[i];
	return NULL;
}

bool code_driver_known(struct str language)
{
	return driver_of(language) != NULL;
}

struct run_file code_driver_file(struct ctx *cx, const struct code_spec *s,
				 struct str language)
{
	const struct driver *d = driver_of(language);
	struct run_file f = { .name = str_of(d->file) };
	struct buf b = { 0 };

	d->write(&b, s);
	f.data = buf_copy(&b, cx->arena);
	buf_done(&b);
	return f;
}

/* ---- types ---- */

static bool is_list(struct str type)
{
	return str_ends(type, "[]");
}

static struct str element_of(struct str type)
{
	return str_cut(type, 0, type.n - 2);
}

bool code_type_known(struct str type)
{
	static const char *const words[] = { "int", "long", "double", "bool",
					     "string" };

	for (int depth = 0; is_list(type); type = element_of(type))
		if (++depth > LIST_DEPTH)
			return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_is(type, words[i]))
			return true;
	return false;
}

const char *code_driver_type_refusal(struct str language, struct str type,
				     bool as_param)
{
	const struct driver *d = driver_of(language);

	if (!d || !d->flat || !is_list(type))
		return NULL;
	if (!as_param)
		return "is a list, which C cannot return: give it as a "
		       "parameter, with gives, or leave c out";
	type = element_of(type);
	return str_is(type, "int") || str_is(type, "long") ||
			       str_is(type, "double")
		       ? NULL
		       : "is not a list that C can take: there are int[], "
			 "long[] and double[], or leave c out";
}

static bool value_fits(struct ctx *cx, const struct driver *d, struct jval v,
		       struct str type);

/* A list of a type, all through. */
static bool elements_fit(struct ctx *cx, const struct driver *d, struct jval v,
			 struct str type)
{
	struct jval one;
	struct str name;
	uint32_t it = 0;

	if (jval_type(v) != J_ARRAY)
		return false;
	while (jval_next(v, &it, &name, &one))
		if (!value_fits(cx, d, one, type))
			return false;
	return true;
}

static bool value_fits(struct ctx *cx, const struct driver *d, struct jval v,
		       struct str type)
{
	int64_t n;

	if (is_list(type))
		return elements_fit(cx, d, v, element_of(type));
	if (str_is(type, "bool"))
		return jval_type(v) == J_BOOL;
	if (str_is(type, "double"))
		return jval_type(v) == J_NUMBER;
	if (str_is(type, "string"))
		return jval_type(v) == J_NULL ||
		       (jval_type(v) == J_STRING &&
			(!d->no_nul ||
			 str_find(jval_str(cx, v), STR("\0"), 0) == SIZE_MAX));
	return jval_int(v, &n) &&
	       (str_is(type, "long") || (n >= INT32_MIN && n <= INT32_MAX));
}

static const char *args_refusal(struct ctx *cx, const struct driver *d,
				const struct code_function *f, struct jval args)
{
	const struct str *p = f->params.at;
	struct jval one;
	struct str name;
	uint32_t it = 0;

	if (jval_count(args) != f->params.n)
		return str_fmt(cx->arena,
			       "must be as many as the params of %.*s, whose "
			       "types %s needs: add those that are missing",
			       STR_FMT(f->name), d->title)
			.p;
	for (size_t i = 0; jval_next(args, &it, &name, &one); i++)
		if (!value_fits(cx, d, one, p[i]))
			return str_fmt(cx->arena,
				       "have a value in place %zu that is no "
				       "%.*s of %s: write another, or another "
				       "type",
				       i + 1, STR_FMT(p[i]), d->title)
				.p;
	return NULL;
}

enum err code_driver_call_check(struct ctx *cx, struct str language,
				const struct code_function *f,
				const struct code_call *c, const char **member,
				const char **why)
{
	const struct driver *d = driver_of(language);
	struct jdoc *doc;
	enum err e;

	*why = NULL;
	*member = "raises";
	if (c->raises.n && !d->has_raises)
		*why = str_fmt(cx->arena,
			       "cannot be asked of %s, which has no "
			       "exceptions: leave %s out of languages",
			       d->title, d->language)
			       .p;
	if (*why || !d->typed)
		return OK;
	*member = "args";
	e = jdoc_parse(cx, c->args, &doc);
	if (!e)
		*why = args_refusal(cx, d, f, jdoc_root(doc));
	return e;
}

/* ---- requests ---- */

struct str code_driver_input(struct ctx *cx, const struct code_test *t)
{
	const struct code_call *c = t->calls.at;
	struct buf b = { 0 };
	struct str s;

	for (size_t i = 0; i < t->calls.n; i++) {
		buf_fmt(&b, "{\"id\":%zu,\"call\":", i + 1);
		jout_str(&b, c[i].function);
		buf_z(&b, ",\"args\":");
		/* One line, whatever white space the author wrote. */
		for (size_t k = 0; k < c[i].args.n; k++)
			if (c[i].args.p[k] != '\n' && c[i].args.p[k] != '\r')
				buf_ch(&b, c[i].args.p[k]);
		buf_z(&b, "}\n");
	}
	s = buf_copy(&b, cx->arena);
	buf_done(&b);
	return s;
}

/* ---- replies ---- */

struct replies {
	struct ctx *cx;
	const struct code_spec *s;
	struct code_opinion *out;
};

static bool wrong(struct replies *r, struct str message)
{
	*r->out = (struct code_opinion){
		.kind = OPINION_WRONG,
		.message = code_text(r->cx->arena, message, MESSAGE_BYTES),
	};
	return false;
}

/* Its own members only, and the one that was asked. */
static bool is_reply_to(struct jval v, size_t id)
{
	struct jval one;
	int64_t n;

	return jval_type(v) == J_OBJECT && jval_count(v) == 2 &&
	       jval_get(v, "id", &one) && jval_int(one, &n) && n == (int64_t)id;
}

static bool value_is_right(struct replies *r, const struct code_call *c,
			   struct jval got)
{
	struct jdoc *want;
	bool same;

	if (!c->has_value)
		return wrong(r, str_fmt(r->cx->arena,
					"%.*s returned a value where it was to "
					"raise an exception",
					STR_FMT(c->function)));
	if (jdoc_parse(r->cx, c->value, &want)) {
		err_clear(r->cx);
		r->out->kind = OPINION_BROKEN;
		return false;
	}
	same = code_value_same(r->cx, &r->s->compare, jdoc_root(want), got);
	if (!same) {
		wrong(r, str_fmt(r->cx->arena, "%.*s returned another value",
				 STR_FMT(c->function)));
		r->out->wanted = code_text(r->cx->arena, c->value, 120);
		r->out->got = code_text(r->cx->arena, jval_text(got), 120);
	}
	return same;
}

static bool raised_is_right(struct replies *r, const struct code_call *c,
			    struct jval v)
{
	struct str name = jval_type(v) == J_STRING ? jval_str(r->cx, v)
						   : (struct str){ 0 };

	if (str_is(c->raises, "*") || (c->raises.n && str_eq(name, c->raises)))
		return true;
	return wrong(r, str_fmt(r->cx->arena, "%.*s raised %.*s",
				STR_FMT(c->function),
				STR_FMT(str_cut(name, 0, 80))));
}

static bool reply_is_right(struct replies *r, const struct code_call *c,
			   struct str line, size_t id)
{
	struct jdoc *doc;
	struct jval v, one;

	if (line.n > 4 * CODE_VALUE_BYTES || jdoc_parse(r->cx, line, &doc)) {
		err_clear(r->cx);
		return wrong(r, STR("a reply could not be read: do not write "
				    "to the descriptors of the tests"));
	}
	v = jdoc_root(doc);
	if (!is_reply_to(v, id))
		return wrong(r, STR("a reply came that nothing had asked for"));
	if (jval_get(v, "value", &one))
		return value_is_right(r, c, one);
	if (jval_get(v, "raised", &one))
		return raised_is_right(r, c, one);
	if (jval_get(v, "broken", &one) && jval_type(one) == J_STRING)
		return wrong(r, jval_str(r->cx, one));
	return wrong(r, STR("a reply came that nothing had asked for"));
}

void code_driver_read(struct ctx *cx, const struct code_spec *s,
		      const struct code_test *t, struct str output,
		      struct code_opinion *out)
{
	struct replies r = { cx, s, out };
	const struct code_call *c = t->calls.at;
	struct str rest = output, line;

	*out = (struct code_opinion){ .kind = OPINION_RIGHT, .share = DEC_ONE };
	for (size_t i = 0; i < t->calls.n; i++) {
		if (!rest.n || !str_split(&rest, '\n', &line)) {
			wrong(&r, str_fmt(cx->arena,
					  "it ended before call %zu of %zu was "
					  "answered",
					  i + 1, t->calls.n));
			return;
		}
		if (!reply_is_right(&r, &c[i], line, i + 1))
			return;
	}
	if (rest.n)
		wrong(&r, STR("a reply came that nothing had asked for"));
}
