#include "tests/oracle/oracle.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"

/* allowed: a cache of a test program, a list is enough for its dozens */
struct oracle_files {
	struct oracle_files *next;
	struct str name, bytes;
	bool parsed;
	struct jval json;
};

/* Below DIR only: the cases name files, and they are not ours. */
static bool stays_inside(struct str name)
{
	struct str rest = name, part;

	if (name.n == 0 || name.p[0] == '/' || memchr(name.p, 0, name.n))
		return false;
	while (str_split(&rest, '/', &part))
		if (part.n == 0 || str_is(part, ".") || str_is(part, ".."))
			return false;
	return true;
}

static enum err read_whole(struct oracle *o, const char *path, struct str *out)
{
	enum err e = ERR_NOT_FOUND;
	FILE *f = fopen(path, "rb");
	char *p;
	long n;

	if (f == NULL)
		return err_set(&o->cx, e, "no such file");
	if (fseek(f, 0, SEEK_END) != 0 || (n = ftell(f)) < 0)
		goto out;
	e = ERR_TOO_LARGE;
	if (n > LIMIT_IMPORT_BYTES)
		goto out;
	rewind(f);
	p = arena_alloc(o->keep.arena, (size_t)n + 1);
	e = ERR_UNAVAILABLE;
	if (fread(p, 1, (size_t)n, f) != (size_t)n)
		goto out;
	*out = (struct str){ p, (size_t)n };
	e = OK;
out:
	fclose(f);
	return e ? err_set(&o->cx, e, "the file cannot be read") : OK;
}

static enum err cached(struct oracle *o, struct str name,
		       struct oracle_files **out)
{
	struct oracle_files *f;
	struct str bytes, path;
	enum err e;

	for (f = o->files; f != NULL; f = f->next)
		if (str_eq(f->name, name)) {
			*out = f;
			return OK;
		}
	if (!stays_inside(name))
		return err_set(&o->cx, ERR_NOT_FOUND, "not a name below DIR");
	path = str_fmt(o->cx.arena, "%s/%.*s", o->dir, STR_FMT(name));
	e = read_whole(o, str_z(o->cx.arena, path), &bytes);
	if (e)
		return e;
	f = ARENA_NEW(o->keep.arena, struct oracle_files);
	f->name = str_copy(o->keep.arena, name);
	f->bytes = bytes;
	f->next = o->files;
	o->files = f;
	*out = f;
	return OK;
}

enum err oracle_file(struct oracle *o, struct str name, struct str *out)
{
	struct oracle_files *f;
	enum err e = cached(o, name, &f);

	if (!e)
		*out = f->bytes;
	return e;
}

enum err oracle_json(struct oracle *o, struct str name, struct jval *out)
{
	struct oracle_files *f;
	struct jdoc *doc;
	enum err e = cached(o, name, &f);

	if (e)
		return e;
	if (!f->parsed) {
		e = jdoc_parse(&o->keep, f->bytes, &doc);
		if (e)
			return e;
		f->json = jdoc_root(doc);
		f->parsed = true;
	}
	*out = f->json;
	return OK;
}

bool oracle_get(struct jval v, const char *name, struct jval *out)
{
	return jval_type(v) == J_OBJECT && jval_get(v, name, out) &&
	       jval_type(*out) != J_NULL;
}

struct str oracle_str(struct oracle *o, struct jval v, const char *name)
{
	struct jval m;

	if (!oracle_get(v, name, &m) || jval_type(m) != J_STRING)
		return (struct str){ 0 };
	return jval_str(&o->cx, m);
}

int64_t oracle_int(struct jval v, const char *name, int64_t otherwise)
{
	struct jval m;
	int64_t n;

	if (!oracle_get(v, name, &m) || jval_type(m) != J_NUMBER ||
	    !jval_int(m, &n))
		return otherwise;
	return n;
}

bool oracle_number(struct oracle *o, struct jval v, double *out)
{
	struct str s;
	const char *z;
	char *end;

	if (jval_type(v) == J_NUMBER)
		s = jval_text(v);
	else if (jval_type(v) == J_STRING)
		s = jval_str(&o->cx, v);
	else
		return false;
	z = str_z(o->cx.arena, s);
	*out = strtod(z, &end);
	return end != z && *end == 0;
}

/* A number, or the words "delta 1e-5 (why)". */
static double stated_tolerance(struct oracle *o, struct jval v, double plain)
{
	struct str s;

	if (oracle_number(o, v, &plain) || jval_type(v) != J_STRING)
		return plain;
	s = jval_str(&o->cx, v);
	if (str_starts(s, "delta "))
		plain = strtod(str_z(o->cx.arena, s) + 6, NULL);
	return plain;
}

bool oracle_near(struct oracle *o, const struct oracle_case *c,
		 struct jval expected, double got)
{
	double want, tolerance = 1e-6, gap;

	if (!oracle_number(o, expected, &want))
		return false;
	tolerance = stated_tolerance(o, c->compare, tolerance);
	gap = want > got ? want - got : got - want;
	return gap <= tolerance;
}

bool oracle_near_dec(struct oracle *o, const struct oracle_case *c,
		     struct jval expected, struct dec got)
{
	return oracle_near(o, c, expected, dec_double(got));
}

enum oracle_verdict oracle_expect(struct oracle *o, const struct oracle_case *c,
				  struct dec value, struct buf *got)
{
	jout_dec(got, value);
	return oracle_near_dec(o, c, c->expected, value) ? ORACLE_PASSED
							 : ORACLE_FAILED;
}
