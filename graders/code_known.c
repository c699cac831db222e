#include "graders/code_known.h"

#include "graders/code_impl.h"

struct looking {
	struct ctx *cx;
	const char *(*nth)(size_t i);
	struct problems *out;
};

static bool is_known(const struct looking *k, struct str name)
{
	const char *known;

	for (size_t i = 0; (known = k->nth(i)); i++)
		if (str_is(name, known))
			return true;
	return false;
}

static struct str all(const struct looking *k)
{
	struct buf b = { 0 };
	const char *known;
	struct str s;

	for (size_t i = 0; (known = k->nth(i)); i++)
		buf_fmt(&b, "%s%s", i ? ", " : "", known);
	s = buf_copy(&b, k->cx->arena);
	buf_done(&b);
	return s;
}

static void look(const struct looking *k, struct str name, struct str at)
{
	if (!is_known(k, name))
		problem_add(k->cx, k->out, PROBLEM_ERROR, at,
			    "unknown_language",
			    "there is no language %.*s; there are %.*s",
			    STR_FMT(str_cut(name, 0, 60)), STR_FMT(all(k)));
}

void code_language_known(struct ctx *cx, struct str name, struct str at,
			 const char *(*nth)(size_t i), struct problems *out)
{
	const struct looking k = { cx, nth, out };

	look(&k, name, at);
}

void code_spec_known(struct ctx *cx, const struct code_spec *s,
		     const char *where, const char *(*nth)(size_t i),
		     struct problems *out)
{
	const struct looking k = { cx, nth, out };
	const struct str *l = s->languages.at;

	for (size_t i = 0; i < s->languages.n; i++)
		look(&k, l[i],
		     str_fmt(cx->arena, "%s/languages/%zu", where, i));
	if (s->has_checker)
		look(&k, s->checker.language,
		     str_fmt(cx->arena, "%s/checker/language", where));
	if (s->has_interactor)
		look(&k, s->interactor.language,
		     str_fmt(cx->arena, "%s/interactor/language", where));
}

/* ---- calls ---- */

/* The first language that cannot be asked is enough. */
static void look_at_call(struct ctx *cx, const struct code_spec *s,
			 const struct code_call *c, struct str at,
			 struct problems *out)
{
	const struct code_function *f = code_function_of(s, c->function);
	const struct str *l = s->languages.at;
	const char *member, *why = NULL;

	if (!f || !c->args.n || c->args.p[0] != '[')
		return;
	for (size_t i = 0; !why && i < s->languages.n; i++) {
		if (code_driver_call_check(cx, l[i], f, c, &member, &why)) {
			why = str_copy(cx->arena, str_of(cx->error.text)).p;
			err_clear(cx);
		}
	}
	if (why)
		problem_add(cx, out, PROBLEM_ERROR,
			    str_fmt(cx->arena, "%.*s/%s", STR_FMT(at), member),
			    "call_unfit", "%s", why);
}

void code_calls_known(struct ctx *cx, const struct code_spec *s,
		      const char *where, struct problems *out)
{
	const struct code_test *t = s->tests.at;

	if (s->kind != CODE_FUNCTION)
		return;
	for (size_t i = 0; i < s->tests.n; i++) {
		const struct code_call *c = t[i].calls.at;

		for (size_t j = 0; j < t[i].calls.n; j++)
			look_at_call(cx, s, &c[j],
				     str_fmt(cx->arena,
					     "%s/tests/%zu/calls/%zu", where, i,
					     j),
				     out);
	}
}
