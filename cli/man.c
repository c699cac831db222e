#include "cli/man.h"

#include "cli/connect.h"
#include "cli/help.h"
#include "cli/online.h"
#include "cli/params.h"

/* Text as mdoc takes it: nothing in it is a macro or an escape. */
static void put(struct buf *b, const char *z)
{
	if (*z == '.' || *z == '\'')
		buf_z(b, "\\&");
	for (; *z; z++) {
		if (*z == '\\')
			buf_z(b, "\\e");
		else if (*z == '-')
			buf_z(b, "\\-");
		else if (*z == '\n')
			buf_ch(b, ' ');
		else
			buf_ch(b, *z);
	}
}

/* A word of a macro's line. */
static void word(struct buf *b, const char *z)
{
	buf_z(b, " \"");
	for (; *z; z++) {
		if (*z == '"')
			buf_z(b, "\\(dq");
		else if (*z == '-')
			buf_z(b, "\\-");
		else if (*z == '\\')
			buf_z(b, "\\e");
		else
			buf_ch(b, *z);
	}
	buf_ch(b, '"');
}

static void line(struct buf *b, const char *z)
{
	put(b, z);
	buf_ch(b, '\n');
}

static void put_flag(struct cli *c, struct buf *b, const struct flag *f)
{
	struct str name = args_spell(c->cx, f->name);
	struct str all = f->letter ? str_fmt(c->cx->arena, "-%c, %.*s",
					     f->letter, STR_FMT(name))
				   : name;

	buf_z(b, ".It Li");
	word(b, str_z(c->cx->arena, all));
	if (f->value) {
		buf_z(b, " Ar");
		word(b, f->value);
	}
	buf_ch(b, '\n');
	put(b, f->doc ? f->doc : "");
	buf_z(b, f->required ? " (required)\n" : "\n");
}

static void put_flags(struct cli *c, struct buf *b, const struct flag *f)
{
	if (!f || !f->name)
		return;
	buf_z(b, ".Bl -tag -width Ds -compact\n");
	for (; f->name; f++)
		put_flag(c, b, f);
	buf_z(b, ".El\n");
}

static void put_verb(struct cli *c, struct buf *b, const struct verb *v)
{
	struct str title = str_fmt(c->cx->arena, "assay %s%s%s %s", v->noun,
				   v->noun[0] ? " " : "", v->name, v->words);

	buf_z(b, ".It Ic");
	word(b, str_z(c->cx->arena, str_trim(title)));
	buf_ch(b, '\n');
	line(b, v->does);
	if (v->more)
		line(b, v->more);
	if (verb_method(c, v))
		line(b, "By flags alone it is the method of this name.");
	put_flags(c, b, v->flags);
}

static void put_method(struct cli *c, struct buf *b, const struct rpc_method *m)
{
	struct str title =
		str_fmt(c->cx->arena, "assay %.*s %.*s",
			STR_FMT(online_noun(m)), STR_FMT(online_verb(m)));

	buf_z(b, ".It Ic");
	word(b, str_z(c->cx->arena, title));
	buf_ch(b, '\n');
	line(b, m->does);
	buf_z(b, "For: ");
	put(b, str_z(c->cx->arena, help_roles(c, m->roles)));
	buf_z(b, ".\n");
	put_flags(c, b, params_flags(c->cx, m->params));
}

static const char head[] =
	".Dd $Mdocdate$\n"
	".Dt ASSAY 1\n"
	".Os\n"
	".Sh NAME\n"
	".Nm assay\n"
	".Nd assess from the command line\n"
	".Sh SYNOPSIS\n"
	".Nm assay\n"
	".Ar verb\n"
	".Op Ar flags\n"
	".Nm assay\n"
	".Ar noun verb\n"
	".Op Ar flags\n"
	".Sh DESCRIPTION\n"
	"Works on assessment files without a server, and reaches every "
	"method of an\n"
	".Xr assayd 8\n"
	"server: each method\n"
	".Em noun.verb\n"
	"is the command\n"
	".Ic assay noun verb .\n"
	"Results are printed for people;\n"
	".Fl \\-json\n"
	"prints them as they came.\n";

static const char tail[] =
	".Sh ENVIRONMENT\n"
	".Bl -tag -width Ds\n"
	".It Ev ASSAY_URL\n"
	"The server.\n"
	".It Ev ASSAY_TOKEN_FILE\n"
	"A file that holds the API key or token.\n"
	".It Ev ASSAY_TOKEN\n"
	"The key or token itself.\n"
	".It Ev EDITOR , VISUAL\n"
	"Writes essays in\n"
	".Ic assay attempt take .\n"
	".It Ev TZ\n"
	"The zone in which times are shown.\n"
	".El\n"
	".Sh EXIT STATUS\n"
	".Bl -tag -width Ds -compact\n"
	".It 0\n"
	"fine\n"
	".It 1\n"
	"refused: the caller can act on it\n"
	".It 2\n"
	"wrong usage\n"
	".It 3\n"
	"the server, or what is below it, failed; or nobody answered\n"
	".El\n"
	".Sh SEE ALSO\n"
	".Xr assayd 8\n";

void man_print(struct cli *c)
{
	const struct rpc_method *m;
	struct buf b = { 0 };
	size_t it = 0;

	buf_z(&b, head);
	buf_z(&b, ".Sh VERBS\n.Bl -tag -width Ds\n");
	for (const struct verb *v = verbs; v->name; v++)
		put_verb(c, &b, v);
	buf_z(&b, ".El\n.Sh METHODS\nAll of them take these flags:\n");
	put_flags(c, &b, connect_flags);
	put_flags(c, &b, online_flags);
	buf_z(&b, ".Pp\nObjects and lists are given as JSON;\n.Li @FILE\n"
		  "and\n.Li \\-\nread it from a file.\n"
		  ".Bl -tag -width Ds\n");
	while ((m = rpc_each(c->methods, &it)))
		put_method(c, &b, m);
	buf_z(&b, ".El\n");
	buf_z(&b, tail);
	cli_put(c->out, buf_view(&b));
	buf_done(&b);
}
