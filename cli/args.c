#include "cli/args.h"

enum { GIVEN_MOST = 1000, NEAR = 2 };

/* Whether the word a user wrote is the name in the table. */
static bool same_name(struct str word, const char *name)
{
	for (size_t i = 0; i < word.n; i++) {
		char c = word.p[i] == '-' ? '_' : word.p[i];

		if (name[i] != c) /* also at the end of name */
			return false;
	}
	return name[word.n] == 0;
}

static const struct flag *find(const struct flag *const *tables,
			       struct str word)
{
	for (; *tables; tables++)
		for (const struct flag *f = *tables; f->name; f++)
			if (same_name(word, f->name))
				return f;
	return NULL;
}

static const struct flag *find_letter(const struct flag *const *tables,
				      char letter)
{
	for (; *tables; tables++)
		for (const struct flag *f = *tables; f->name; f++)
			if (f->letter == letter)
				return f;
	return NULL;
}

const char *args_nearest(struct str word,
			 const char *(*next)(void *arg, size_t i), void *arg)
{
	const char *best = NULL, *z;
	size_t least = NEAR + 1;

	for (size_t i = 0; (z = next(arg, i)); i++) {
		size_t d = str_distance(word, str_of(z));

		if (d < least && d < strlen(z)) {
			least = d;
			best = z;
		}
	}
	return best;
}

static const char *next_name(void *arg, size_t i)
{
	for (const struct flag *const *t = arg; *t; t++)
		for (const struct flag *f = *t; f->name; f++)
			if (i-- == 0)
				return f->name;
	return NULL;
}

struct str args_spell(struct ctx *cx, const char *name)
{
	struct str s = str_fmt(cx->arena, "--%s", name);
	char *p = arena_alloc(cx->arena, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		p[i] = s.p[i] == '_' ? '-' : s.p[i];
	return (struct str){ p, s.n };
}

static enum err unknown(struct ctx *cx, const struct flag *const *tables,
			struct str word)
{
	struct str plain = str_copy(cx->arena, word);
	const char *near;

	for (size_t i = 0; i < plain.n; i++)
		if (plain.p[i] == '-')
			((char *)plain.p)[i] = '_';
	near = args_nearest(plain, next_name, (void *)tables);
	if (near)
		return err_set(cx, ERR_INVALID,
			       "there is no flag --%.*s; was %.*s meant?",
			       STR_FMT(str_cut(word, 0, 60)),
			       STR_FMT(args_spell(cx, near)));
	return err_set(cx, ERR_INVALID, "there is no flag --%.*s",
		       STR_FMT(str_cut(word, 0, 60)));
}

struct reading {
	struct ctx *cx;
	const struct flag *const *tables;
	int argc, at;
	char **argv;
	struct args *out;
};

static enum err add(struct reading *r, const struct flag *f, struct str value)
{
	struct given *g = (struct given *)r->out->given.at;

	if (!f->many && args_has(r->out, f->name))
		return err_set(r->cx, ERR_INVALID, "%.*s is given twice",
			       STR_FMT(args_spell(r->cx, f->name)));
	g[r->out->given.n++] = (struct given){ f, value };
	return OK;
}

static enum err take_value(struct reading *r, const struct flag *f,
			   struct str name)
{
	if (r->at >= r->argc)
		return err_set(r->cx, ERR_INVALID, "%.*s wants a value: %s",
			       STR_FMT(name), f->value);
	return add(r, f, str_of(r->argv[r->at++]));
}

static enum err read_switch(struct reading *r, const struct flag *f,
			    struct str value)
{
	if (!value.p)
		return add(r, f, STR("true"));
	if (!str_is(value, "true") && !str_is(value, "false"))
		return err_set(r->cx, ERR_INVALID,
			       "%.*s is a switch: true or false",
			       STR_FMT(args_spell(r->cx, f->name)));
	return add(r, f, value);
}

static enum err read_long(struct reading *r, struct str word)
{
	struct str name = str_cut(word, 2, word.n), value = { 0 };
	size_t eq = str_find(name, STR("="), 0);
	const struct flag *f;

	if (eq != SIZE_MAX) {
		value = str_cut(name, eq + 1, name.n);
		name = str_cut(name, 0, eq);
	}
	f = find(r->tables, name);
	if (!f && !value.p && str_starts(name, "no-")) {
		f = find(r->tables, str_cut(name, 3, name.n));
		if (f && !f->value)
			return read_switch(r, f, STR("false"));
		f = NULL;
	}
	if (!f)
		return unknown(r->cx, r->tables, name);
	if (!f->value)
		return read_switch(r, f, value);
	return value.p ? add(r, f, value) : take_value(r, f, word);
}

static enum err read_short(struct reading *r, struct str word)
{
	const struct flag *f = find_letter(r->tables, word.p[1]);

	if (!f)
		return err_set(r->cx, ERR_INVALID, "there is no flag -%c",
			       word.p[1] > ' ' && word.p[1] < 127 ? word.p[1]
								  : '?');
	if (word.n > 2 && f->value)
		return add(r, f, str_cut(word, 2, word.n));
	if (word.n > 2)
		return err_set(r->cx, ERR_INVALID,
			       "-%c is a switch and takes no value", word.p[1]);
	return f->value ? take_value(r, f, word)
			: read_switch(r, f, (struct str){ 0 });
}

enum err args_read(struct ctx *cx, const struct flag *const *tables, int argc,
		   char **argv, struct args *out)
{
	struct reading r = { cx, tables, argc, 0, argv, out };
	struct str *rest;
	bool words_only = false;
	enum err e = OK;

	if (argc > GIVEN_MOST)
		return err_set(cx, ERR_INVALID, "more than %d words",
			       GIVEN_MOST);
	*out = (struct args){ 0 };
	out->given.at = ARENA_ARRAY(cx->arena, struct given, (size_t)argc + 1);
	out->rest.at = rest =
		ARENA_ARRAY(cx->arena, struct str, (size_t)argc + 1);
	while (!e && r.at < argc) {
		struct str word = str_of(argv[r.at++]);

		if (words_only || word.n < 2 || word.p[0] != '-')
			rest[out->rest.n++] = word;
		else if (str_is(word, "--"))
			words_only = true;
		else if (word.p[1] == '-')
			e = read_long(&r, word);
		else
			e = read_short(&r, word);
	}
	return e;
}

struct str args_nth(const struct args *a, const char *name, size_t i)
{
	const struct given *g = a->given.at;

	for (size_t k = 0; k < a->given.n; k++)
		if (strcmp(g[k].flag->name, name) == 0 && i-- == 0)
			return g[k].value;
	return (struct str){ 0 };
}

struct str args_get(const struct args *a, const char *name)
{
	struct str last = { 0 }, s;

	for (size_t i = 0; (s = args_nth(a, name, i)).p; i++)
		last = s;
	return last;
}

bool args_has(const struct args *a, const char *name)
{
	return args_nth(a, name, 0).p != NULL;
}

bool args_on(const struct args *a, const char *name)
{
	return str_is(args_get(a, name), "true");
}

struct str args_rest(const struct args *a, size_t i)
{
	return i < a->rest.n ? ((struct str *)a->rest.at)[i]
			     : (struct str){ 0 };
}

const struct flag *args_missing(const struct args *a, const struct flag *table)
{
	for (; table && table->name; table++)
		if (table->required && !args_has(a, table->name))
			return table;
	return NULL;
}
