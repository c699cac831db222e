#include "cli/help.h"

#include "cli/connect.h"
#include "cli/online.h"
#include "cli/params.h"
#include "cli/wrap.h"

enum { FLAG_COLUMN = 26, VERB_COLUMN = 22 };

/* ---- what there is ---- */

/* Nouns with repetitions: own verbs, then methods. Absent: no more. */
static struct str raw_noun(struct cli *c, size_t i)
{
	const struct rpc_method *m;
	size_t it = 0;

	for (const struct verb *v = verbs; v->name; v++)
		if (v->noun[0] && i-- == 0)
			return str_of(v->noun);
	while ((m = rpc_each(c->methods, &it)))
		if (i-- == 0)
			return online_noun(m);
	return (struct str){ 0 };
}

const char *help_nth_noun(struct cli *c, size_t i)
{
	size_t found = 0;
	struct str s;

	for (size_t at = 0; (s = raw_noun(c, at)).p; at++) {
		bool seen = false;

		for (size_t k = 0; k < at && !seen; k++)
			seen = str_eq(raw_noun(c, k), s);
		if (!seen && found++ == i)
			return str_z(c->cx->arena, s);
	}
	return NULL;
}

const char *help_nth_verb(struct cli *c, struct str noun, size_t i)
{
	const struct rpc_method *m;
	size_t it = 0;

	for (const struct verb *v = verbs; v->name; v++)
		if (str_is(noun, v->noun) && i-- == 0)
			return v->name;
	while (noun.n && (m = rpc_each(c->methods, &it)))
		if (str_eq(online_noun(m), noun) &&
		    !verb_find(noun, online_verb(m)) && i-- == 0)
			return str_z(c->cx->arena, online_verb(m));
	return NULL;
}

struct str help_roles(struct cli *c, uint32_t roles)
{
	struct buf b = { 0 };
	struct str s;

	if (roles & ROLE_ANYONE)
		return STR("anyone, without a token");
	for (int i = 0; role_words[i]; i++)
		if (roles & (UINT32_C(1) << i))
			buf_fmt(&b, "%s%s", b.n ? ", " : "", role_words[i]);
	s = buf_copy(&b, c->cx->arena);
	buf_done(&b);
	return s;
}

/* ---- lines ---- */

/* "  left        right, broken and hanging" */
static void put_pair(struct cli *c, struct buf *b, struct str left,
		     const char *right, int column)
{
	int used = wrap_width(left) + 2;

	buf_z(b, "  ");
	buf_str(b, left);
	if (used >= column) {
		buf_ch(b, '\n');
		used = 0;
	}
	wrap_pad(b, column - used);
	wrap_text(b, str_of(right), c->columns, column, column);
	buf_ch(b, '\n');
}

static void put_text(struct cli *c, struct buf *b, const char *z)
{
	wrap_text(b, str_of(z), c->columns, 0, 0);
	buf_ch(b, '\n');
}

static void flush(FILE *f, struct buf *b)
{
	cli_put(f, buf_view(b));
	buf_done(b);
}

static void put_flag(struct cli *c, struct buf *b, const struct flag *f)
{
	struct str name = args_spell(c->cx, f->name), left;
	struct buf doc = { 0 };

	left = f->letter ? str_fmt(c->cx->arena, "-%c, %.*s", f->letter,
				   STR_FMT(name))
			 : name;
	if (f->value)
		left = str_fmt(c->cx->arena, "%.*s %s", STR_FMT(left),
			       f->value);
	buf_z(&doc, f->doc ? f->doc : "");
	if (f->required)
		buf_z(&doc, " (required)");
	buf_ch(&doc, 0);
	put_pair(c, b, left, doc.p, FLAG_COLUMN);
	buf_done(&doc);
}

static void put_flags(struct cli *c, struct buf *b, const struct flag *table)
{
	for (; table && table->name; table++)
		put_flag(c, b, table);
}

/* ---- own verbs ---- */

static void put_usage(struct cli *c, struct buf *b, const struct verb *v)
{
	buf_fmt(b, "usage: assay %s%s%s", v->noun, v->noun[0] ? " " : "",
		v->name);
	if (v->words[0])
		buf_fmt(b, " %s", v->words);
	for (const struct flag *f = v->flags; f->name; f++)
		if (f->required)
			buf_fmt(b, " %.*s %s",
				STR_FMT(args_spell(c->cx, f->name)), f->value);
	if (v->flags->name)
		buf_z(b, " [FLAGS]");
	buf_ch(b, '\n');
}

void help_usage(struct cli *c, FILE *f, const struct verb *v)
{
	struct buf b = { 0 };

	put_usage(c, &b, v);
	flush(f, &b);
}

static void put_method_too(struct cli *c, struct buf *b, const struct verb *v)
{
	struct str s = str_fmt(c->cx->arena,
			       "With none of these, by the method's flags "
			       "alone, it is the server's method %s.%s: see "
			       "`assay help %s.%s`.",
			       v->noun, v->name, v->noun, v->name);

	buf_ch(b, '\n');
	put_text(c, b, s.p);
}

void help_verb(struct cli *c, FILE *f, const struct verb *v)
{
	struct buf b = { 0 };

	put_usage(c, &b, v);
	buf_ch(&b, '\n');
	put_text(c, &b, v->does);
	if (v->more) {
		buf_ch(&b, '\n');
		put_text(c, &b, v->more);
	}
	if (verb_method(c, v))
		put_method_too(c, &b, v);
	buf_ch(&b, '\n');
	put_flags(c, &b, v->flags);
	if (v->online)
		put_flags(c, &b, connect_flags);
	put_flags(c, &b, common_flags);
	flush(f, &b);
}

/* ---- methods ---- */

static void put_words(struct cli *c, struct buf *b, const struct shape *s)
{
	struct buf line = { 0 };

	for (const struct field *f = s ? s->fields : NULL; f && f->kind; f++) {
		struct str left = str_fmt(c->cx->arena, "%s", f->name);

		buf_reset(&line);
		buf_z(&line, f->doc ? f->doc : "");
		for (int i = 0; f->words && f->words[i]; i++)
			buf_fmt(&line, "%s%s", i ? ", " : ": ", f->words[i]);
		buf_ch(&line, 0);
		put_pair(c, b, left, line.p, FLAG_COLUMN);
	}
	buf_done(&line);
}

static void put_choices(struct cli *c, struct buf *b, const struct shape *s)
{
	struct buf line = { 0 };

	for (const struct field *f = s ? s->fields : NULL; f && f->kind; f++) {
		if (!f->words)
			continue;
		buf_reset(&line);
		buf_fmt(&line, "%.*s: one of",
			STR_FMT(args_spell(c->cx, f->name)));
		if (f->kind == KIND_FLAGS)
			memcpy(line.p + line.n - 6, "any of", 6);
		for (int i = 0; f->words[i]; i++)
			buf_fmt(&line, "%s%s", i ? ", " : " ", f->words[i]);
		buf_z(b, "  ");
		wrap_text(b, buf_view(&line), c->columns, 4, 2);
		buf_ch(b, '\n');
	}
	buf_done(&line);
}

static void put_method_usage(struct cli *c, struct buf *b,
			     const struct rpc_method *m,
			     const struct flag *fields)
{
	struct buf line = { 0 };

	buf_fmt(&line, "usage: assay %.*s %.*s", STR_FMT(online_noun(m)),
		STR_FMT(online_verb(m)));
	for (const struct flag *f = fields; f->name; f++) {
		buf_fmt(&line, " %s%.*s", f->required ? "" : "[",
			STR_FMT(args_spell(c->cx, f->name)));
		if (f->value)
			buf_fmt(&line, " %s", f->value);
		buf_z(&line, f->required ? "" : "]");
	}
	if (m->flags & RPC_TAKES_BYTES)
		buf_z(&line, " [--bytes FILE]");
	if (m->flags & RPC_GIVES_BYTES)
		buf_z(&line, " [--out FILE]");
	wrap_text(b, buf_view(&line), c->columns, 7, 0);
	buf_ch(b, '\n');
	buf_done(&line);
}

static void put_fails(struct cli *c, struct buf *b, const struct rpc_method *m)
{
	struct buf line = { 0 };

	if (!m->fails || !*m->fails)
		return;
	buf_z(&line, "Fails with");
	for (const enum err *e = m->fails; *e; e++)
		buf_fmt(&line, "%s%s", e == m->fails ? " " : ", ",
			err_kind(*e));
	buf_z(&line, ".");
	buf_ch(b, '\n');
	wrap_text(b, buf_view(&line), c->columns, 0, 0);
	buf_ch(b, '\n');
	buf_done(&line);
}

void help_method(struct cli *c, FILE *f, const struct rpc_method *m)
{
	const struct flag *fields = params_flags(c->cx, m->params);
	struct buf b = { 0 };

	put_method_usage(c, &b, m, fields);
	buf_ch(&b, '\n');
	put_text(c, &b, m->does);
	buf_z(&b,
	      m->flags & RPC_WRITES ? "A command, for: " : "A query, for: ");
	wrap_text(&b, help_roles(c, m->roles), c->columns, 2, 15);
	buf_z(&b, ".\n");
	if (fields->name)
		buf_ch(&b, '\n');
	put_flags(c, &b, fields);
	put_choices(c, &b, m->params);
	if (m->result && m->result->fields[0].kind) {
		buf_z(&b, "\nResult:\n");
		put_words(c, &b, m->result);
	}
	put_fails(c, &b, m);
	buf_z(&b, "\nThe server, and who you are:\n");
	put_flags(c, &b, connect_flags);
	for (const struct flag *o = online_flags; o->name; o++)
		if ((strcmp(o->name, "bytes") != 0 ||
		     m->flags & RPC_TAKES_BYTES) &&
		    (strcmp(o->name, "out") != 0 ||
		     m->flags & RPC_GIVES_BYTES) &&
		    (strcmp(o->name, "idempotency_key") != 0 ||
		     m->flags & RPC_WRITES))
			put_flag(c, &b, o);
	put_flags(c, &b, common_flags);
	flush(f, &b);
}

/* ---- lists ---- */

static const char *does(struct cli *c, struct str noun, const char *name)
{
	const struct verb *v = verb_find(noun, str_of(name));
	const struct rpc_method *m;

	if (v)
		return v->does;
	m = rpc_find(c->methods,
		     str_fmt(c->cx->arena, "%.*s.%s", STR_FMT(noun), name));
	return m ? m->does : "";
}

bool help_noun(struct cli *c, FILE *f, struct str noun)
{
	struct buf b = { 0 };
	const char *name;

	if (!help_nth_verb(c, noun, 0))
		return false;
	buf_fmt(&b, "usage: assay %.*s VERB ...\n\n", STR_FMT(noun));
	for (size_t i = 0; (name = help_nth_verb(c, noun, i)); i++)
		put_pair(c, &b, str_of(name), does(c, noun, name), VERB_COLUMN);
	buf_fmt(&b, "\nassay %.*s VERB --help says more.\n", STR_FMT(noun));
	flush(f, &b);
	return true;
}

static void put_noun(struct cli *c, struct buf *b, const char *noun)
{
	struct buf line = { 0 };
	const char *name;

	for (size_t i = 0; (name = help_nth_verb(c, str_of(noun), i)); i++)
		buf_fmt(&line, "%s%s", i ? ", " : "", name);
	buf_ch(&line, 0);
	put_pair(c, b, str_of(noun), line.p, VERB_COLUMN);
	buf_done(&line);
}

static bool has_methods(struct cli *c, struct str noun)
{
	const struct rpc_method *m;
	size_t it = 0;

	while ((m = rpc_each(c->methods, &it)))
		if (str_eq(online_noun(m), noun))
			return true;
	return false;
}

void help_all(struct cli *c, FILE *f)
{
	struct buf b = { 0 };
	const char *noun;

	buf_z(&b, "usage: assay VERB ...\n       assay NOUN VERB ...\n\n"
		  "Without a server:\n");
	for (const struct verb *v = verbs; v->name; v++)
		if (!v->online)
			put_pair(c, &b,
				 str_fmt(c->cx->arena, "%s%s%s", v->noun,
					 v->noun[0] ? " " : "", v->name),
				 v->does, VERB_COLUMN);
	buf_z(&b, "\nWith a server (--url, ASSAY_URL):\n");
	for (const struct verb *v = verbs; v->name; v++)
		if (v->online)
			put_pair(c, &b,
				 str_fmt(c->cx->arena, "%s%s%s", v->noun,
					 v->noun[0] ? " " : "", v->name),
				 v->does, VERB_COLUMN);
	for (size_t i = 0; (noun = help_nth_noun(c, i)); i++)
		if (has_methods(c, str_of(noun)))
			put_noun(c, &b, noun);
	buf_z(&b, "\nassay NOUN VERB --help says more. Exit codes: 0 fine, "
		  "1 refused, 2 wrong\nusage, 3 failure of the server or "
		  "below it.\n");
	flush(f, &b);
}

int help_run(struct cli *c, const struct args *a)
{
	struct str noun = args_rest(a, 0), name = args_rest(a, 1);
	const struct verb *v = verb_find(noun, name);
	const struct rpc_method *m;

	if (!noun.p) {
		help_all(c, c->out);
		return CLI_FINE;
	}
	if (!name.p && (v = verb_find(STR(""), noun))) {
		help_verb(c, c->out, v);
		return CLI_FINE;
	}
	if (v) {
		help_verb(c, c->out, v);
		return CLI_FINE;
	}
	m = rpc_find(c->methods, name.p ? str_fmt(c->cx->arena, "%.*s.%.*s",
						  STR_FMT(noun), STR_FMT(name))
					: noun);
	if (m) {
		help_method(c, c->out, m);
		return CLI_FINE;
	}
	if (!name.p && help_noun(c, c->out, noun))
		return CLI_FINE;
	return cli_say(c, CLI_USAGE,
		       "there is no %.*s %.*s; assay help lists "
		       "what there is",
		       STR_FMT(str_cut(noun, 0, 40)),
		       STR_FMT(str_cut(name.p ? name : STR(""), 0, 40)));
}
