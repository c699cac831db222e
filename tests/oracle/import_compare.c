#include "tests/oracle/import.h"

#include <math.h>
#include <stdlib.h>

bool import_differ(struct compare *c, const char *what, struct str ours)
{
	buf_fmt(c->got, "%s is \"%.*s\"; ", what, STR_FMT(ours));
	return false;
}

static bool same_loose(struct str a, struct str b)
{
	size_t i = 0, j = 0;

	for (;;) {
		while (i < a.n && strchr(" \n\t", a.p[i]))
			i++;
		while (j < b.n && strchr(" \n\t", b.p[j]))
			j++;
		if (i == a.n || j == b.n)
			return i == a.n && j == b.n;
		if (a.p[i++] != b.p[j++])
			return false;
	}
}

static bool is_null(struct jval v)
{
	return jval_type(v) == J_NULL;
}

bool import_text_is(struct compare *c, const char *what, struct jval want,
		    struct str ours)
{
	struct str s = { 0 };

	if (jval_type(want) == J_STRING)
		s = jval_str(&c->o->cx, want);
	else if (jval_type(want) == J_NUMBER)
		s = jval_text(want);
	if (c->loose ? same_loose(s, ours)
		     : str_eq(s, ours) || s.n + ours.n == 0)
		return true;
	return import_differ(c, what, ours);
}

bool import_number_is(struct compare *c, const char *what, struct jval want,
		      double ours)
{
	double d = 0;

	if (jval_type(want) == J_BOOL)
		d = jval_bool(want);
	else if (!is_null(want) && !oracle_number(c->o, want, &d))
		d = jval_type(want) == J_STRING ? 0 : NAN;
	if (fabs(d - ours) < 1e-6)
		return true;
	buf_fmt(c->got, "%s is %g; ", what, ours);
	return false;
}

double import_number_of(struct compare *c, struct str s)
{
	return s.n > 0 ? strtod(str_z(c->o->cx.arena, s), NULL) : 0;
}

bool import_format_is(struct compare *c, const char *what, struct jval want,
		      int ours)
{
	if (is_null(want))
		return true;
	return import_text_is(c, what, want, str_of(text_format_words[ours]));
}

/* {"text": "…", "format": "…"}; null is empty. */
bool import_rich_is(struct compare *c, const char *what, struct jval want,
		    struct str text, int format)
{
	struct jval v;

	if (is_null(want))
		return text.n == 0 || import_differ(c, what, text);
	if (jval_type(want) != J_OBJECT)
		return import_text_is(c, what, want, text);
	if (jval_get(want, "format", &v) &&
	    !import_format_is(c, what, v, format))
		return false;
	return jval_get(want, "text", &v) && import_text_is(c, what, v, text);
}

/* A list, or an object with the keys "0", "1", … */
bool import_element(struct jval v, size_t i, struct jval *out)
{
	uint32_t at = 0;
	struct str name;

	do
		if (!jval_next(v, &at, &name, out))
			return false;
	while (i-- > 0);
	return true;
}

bool import_tags_are(struct compare *c, struct jval want)
{
	const struct str *tags = c->it->tags.at;
	struct jval v;

	if (is_null(want))
		return c->it->tags.n == 0 || import_differ(c, "tags", tags[0]);
	if (jval_count(want) != c->it->tags.n)
		return import_differ(c, "number of tags", STR("different"));
	for (size_t i = 0; import_element(want, i, &v); i++)
		if (!import_text_is(c, "tag", v, tags[i]))
			return false;
	return true;
}
