#include "cli/cli.h"

#include <stdarg.h>

#include "cli/help.h"
#include "cli/man.h"
#include "cli/online.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "engine/rpc/version.h"

void cli_put(FILE *f, struct str s)
{
	if (s.n)
		fwrite(s.p, 1, s.n, f);
}

static void say(struct cli *c, struct str text)
{
	struct buf b = { 0 };
	const struct output o = { &b, c->columns, 0 };

	output_line(&o, "assay:", text);
	cli_put(c->err, buf_view(&b));
	buf_done(&b);
}

int cli_say(struct cli *c, int code, const char *fmt, ...)
{
	char text[2000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	say(c, str_of(text));
	return code;
}

int cli_code(enum err e)
{
	if (e == OK)
		return CLI_FINE;
	return err_retry(e) || e == ERR_CORRUPT || e == ERR_BAD_JSON
		       ? CLI_FAILED
		       : CLI_REFUSED;
}

int cli_error(struct cli *c, enum err e)
{
	if (c->cx->error.field[0])
		cli_say(c, 0, "%s (at %s)", c->cx->error.text,
			c->cx->error.field);
	else
		say(c, str_of(c->cx->error.text));
	return cli_code(e);
}

int cli_usage(struct cli *c)
{
	say(c, str_of(c->cx->error.text));
	return CLI_USAGE;
}

struct near {
	struct cli *c;
	struct str noun;
};

/* Verbs that stand alone, then nouns. */
static const char *next_first(void *arg, size_t i)
{
	struct near *n = arg;
	size_t alone = 0;

	while (help_nth_verb(n->c, STR(""), alone))
		alone++;
	return i < alone ? help_nth_verb(n->c, STR(""), i)
			 : help_nth_noun(n->c, i - alone);
}

static const char *next_second(void *arg, size_t i)
{
	struct near *n = arg;

	return help_nth_verb(n->c, n->noun, i);
}

static int no_verb(struct cli *c, struct str noun, struct str name)
{
	struct near n = { c, noun };
	const char *near;

	if (help_nth_verb(c, noun, 0) && !name.p) {
		help_noun(c, c->err, noun);
		return CLI_USAGE;
	}
	if (help_nth_verb(c, noun, 0)) {
		near = args_nearest(name, next_second, &n);
		return cli_say(c, CLI_USAGE, "%.*s has no verb %.*s; %s%s%s",
			       STR_FMT(noun), STR_FMT(str_cut(name, 0, 40)),
			       near ? "was " : "assay help ",
			       near ? near : str_z(c->cx->arena, noun),
			       near ? " meant?" : " lists them");
	}
	near = args_nearest(noun, next_first, &n);
	return cli_say(c, CLI_USAGE, "there is no %.*s; %s%s",
		       STR_FMT(str_cut(noun, 0, 40)),
		       near ? near : "assay help",
		       near ? ", perhaps?" : " lists what there is");
}

/* Words before the verb: --help, --version, --print-man. */
static bool alone(struct cli *c, struct str word)
{
	if (str_is(word, "--help") || str_is(word, "-h")) {
		help_all(c, c->out);
	} else if (str_is(word, "--version")) {
		fputs("assay " ASSAY_VERSION "\n", c->out);
	} else if (str_is(word, "--print-man")) {
		man_print(c);
	} else {
		return false;
	}
	return true;
}

/* "attempt.try_again", also of "try-again" */
static struct str method_name(struct cli *c, struct str noun, struct str name)
{
	struct str s = str_fmt(c->cx->arena, "%.*s.%.*s", STR_FMT(noun),
			       STR_FMT(name));

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '-')
			((char *)s.p)[i] = '_';
	return s;
}

static int run(struct cli *c, int argc, char **argv)
{
	struct str noun = str_of(argc > 0 ? argv[0] : NULL);
	struct str name = str_of(argc > 1 ? argv[1] : NULL);
	const struct rpc_method *m;
	const struct verb *v;

	if (!noun.p) {
		help_all(c, c->err);
		return CLI_USAGE;
	}
	if (alone(c, noun))
		return CLI_FINE;
	v = verb_find(STR(""), noun);
	if (v)
		return verb_run(c, v, argc - 1, argv + 1);
	v = name.p ? verb_find(noun, name) : NULL;
	if (v && verb_meant(c, v, argc - 2, argv + 2))
		return verb_run(c, v, argc - 2, argv + 2);
	m = name.p ? rpc_find(c->methods, method_name(c, noun, name)) : NULL;
	if (m)
		return online_run(c, m, argc - 2, argv + 2);
	if ((str_is(name, "--help") || str_is(name, "-h")) &&
	    help_noun(c, c->out, noun))
		return CLI_FINE;
	return no_verb(c, noun, name);
}

int cli_main(struct cli *c, int argc, char **argv)
{
	int code = run(c, argc, argv);

	if (fflush(c->out) != 0 && code == CLI_FINE)
		code = cli_say(c, CLI_FAILED, "cannot write the output");
	return code;
}
