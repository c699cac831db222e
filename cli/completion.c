/* completion: a script for bash, from the tables. */
#include "cli/connect.h"
#include "cli/help.h"
#include "cli/online.h"
#include "cli/params.h"

static void put_names(struct cli *c, struct buf *b, const struct flag *f)
{
	for (; f && f->name; f++)
		buf_fmt(b, " %.*s", STR_FMT(args_spell(c->cx, f->name)));
}

static void put_verbs(struct cli *c, struct buf *b, const char *noun)
{
	const char *name;

	buf_fmt(b, "\t%s) words='", noun);
	for (size_t i = 0; (name = help_nth_verb(c, str_of(noun), i)); i++)
		buf_fmt(b, "%s%s", i ? " " : "", name);
	buf_z(b, "' ;;\n");
}

static void put_flags(struct cli *c, struct buf *b)
{
	const struct rpc_method *m;
	size_t it = 0;

	for (const struct verb *v = verbs; v->name; v++) {
		buf_fmt(b, "\t'%s%s%s') words='--help", v->noun,
			v->noun[0] ? " " : "", v->name);
		put_names(c, b, v->flags);
		if (verb_method(c, v))
			put_names(
				c, b,
				params_flags(c->cx, verb_method(c, v)->params));
		if (v->online)
			put_names(c, b, connect_flags);
		buf_z(b, "' ;;\n");
	}
	while ((m = rpc_each(c->methods, &it))) {
		if (verb_find(online_noun(m), online_verb(m)))
			continue;
		buf_fmt(b, "\t'%.*s %.*s') words=\"--help",
			STR_FMT(online_noun(m)), STR_FMT(online_verb(m)));
		put_names(c, b, params_flags(c->cx, m->params));
		buf_z(b, " $common\" ;;\n");
	}
}

int completion_run(struct cli *c, const struct args *a)
{
	struct buf b = { 0 };
	const char *z;

	(void)a;
	buf_z(&b, "# bash completion for assay; printed from its tables\n"
		  "_assay() {\n"
		  "\tlocal cur=${COMP_WORDS[COMP_CWORD]} words= at=2\n"
		  "\tlocal first=${COMP_WORDS[1]} second=${COMP_WORDS[2]}\n"
		  "\tlocal common='");
	put_names(c, &b, connect_flags);
	put_names(c, &b, online_flags);
	buf_z(&b, "'\n\tlocal alone='");
	for (size_t i = 0; (z = help_nth_verb(c, STR(""), i)); i++)
		buf_fmt(&b, " %s", z);
	buf_z(&b, " '\n\tif [ \"$COMP_CWORD\" = 1 ]; then\n"
		  "\t\twords=\"$alone --help --version");
	for (size_t i = 0; (z = help_nth_noun(c, i)); i++)
		buf_fmt(&b, " %s", z);
	buf_z(&b,
	      "\"\n\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	      "\t\treturn\n\tfi\n"
	      "\tcase $alone in *\" $first \"*) at=1 ;; esac\n"
	      "\tif [ \"$COMP_CWORD\" = \"$at\" ] && [ \"$at\" = 2 ]; then\n"
	      "\tcase $first in\n");
	for (size_t i = 0; (z = help_nth_noun(c, i)); i++)
		put_verbs(c, &b, z);
	buf_z(&b, "\tesac\n\telif [[ $cur == -* ]]; then\n"
		  "\t[ $at = 1 ] || first=\"$first $second\"\n"
		  "\tcase $first in\n");
	put_flags(c, &b);
	buf_z(&b, "\tesac\n\tfi\n"
		  "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
		  "}\n"
		  "complete -o default -F _assay assay\n");
	cli_put(c->out, buf_view(&b));
	buf_done(&b);
	return CLI_FINE;
}
