#include "cli/verb.h"

#include "cli/connect.h"
#include "cli/help.h"

#define ANY ((size_t)1000)

const struct flag common_flags[] = {
	{ .name = "help", .letter = 'h', .doc = "say what this does" },
	{ 0 },
};

static const struct flag no_flags[] = { { 0 } };

const struct verb verbs[] = {
	{ "item", "score", "FILE",
	  "Score one response to one item of a file; prints a JSON object.",
	  "FILE is an assessment file, GIFT or Moodle XML. A response names "
	  "choices, stems and options by their place in the file, from 1: "
	  "{\"choice\":\"2\"}, {\"choices\":[\"1\",\"3\"]}, "
	  "{\"text\":\"3.5\",\"unit\":\"m\"}, {\"pairs\":{\"1\":\"2\"}}, "
	  "{\"parts\":{\"1\":{\"text\":\"x\"}}}.",
	  score_flags, 1, 1, score_run },
	{ "", "import", "FILE...",
	  "Turn GIFT or Moodle XML into an assessment file.",
	  "One FILE becomes one assessment file, on standard output or in "
	  "OUT. Several need a folder as OUT, which then gets one file each. "
	  "Questions that cannot be read are left out and listed. FILE may "
	  "be an assessment file, too: --as gift or moodle_xml takes its "
	  "questions elsewhere, without its rules.",
	  import_flags, 1, ANY, import_run },
	{ "", "check", "FILE", "List what is wrong with an assessment file.",
	  "Exit code 1 if publishing it would be refused. GIFT and Moodle XML "
	  "are imported first.",
	  check_flags, 1, 1, check_run },
	{ "", "verify", "BUNDLE|FOLDER|STORE-URL|RECEIPT",
	  "Check an audit chain or a receipt: is it still what was written?",
	  "A bundle is what `assay audit export` gives, FOLDER a server's "
	  "data folder, STORE-URL sqlite:PATH or postgresql://…; a database "
	  "is only read. Exit code 0: intact, 1: not. A receipt, as a "
	  "learner gets it, needs the key of the server that signed it "
	  "(`assay audit head`).",
	  verify_flags, 1, ANY, verify_run },
	{ "key", "new", "", "Make a platform's key pair that signs tokens.",
	  "The private key goes into a new file that only you can read. What "
	  "the server needs is the public half: `assay key jwks FILE`, then "
	  "`assay issuer register`.",
	  key_new_flags, 0, 0, key_new_run },
	{ "key", "jwks", "FILE", "Print the public half of a private key.",
	  "As a JWK set, the form that `assay issuer register --jwks` takes.",
	  key_jwks_flags, 1, 1, key_jwks_run },
	{ "", "token", "FILE", "Sign a token, as a platform does.",
	  "FILE is the private key of `assay key new`. Whoever has the token "
	  "is its subject until it expires: write it into a file with -o.",
	  token_flags, 1, 1, token_run },
	{ "attempt", "take", "", "Take an assessment here, in the terminal.",
	  "Shows the rules, then one question at a time; saves each answer at "
	  "once. Leave with `quit` and go on later with the same command.",
	  take_flags, 0, 0, take_run, true },
	{ "", "call", "METHOD", "Call a method of the server by its name.",
	  "The methods and their params: `assay help`.", call_flags, 1, 1,
	  call_run, true },
	{ "", "help", "[NOUN [VERB]]", "Say what there is.", NULL, no_flags, 0,
	  2, help_run },
	{ "completion", "bash", "", "Print a completion script for the shell.",
	  "Load it with: source <(assay completion bash)", no_flags, 0, 0,
	  completion_run },
	{ 0 },
};

const struct verb *verb_find(struct str noun, struct str name)
{
	for (const struct verb *v = verbs; v->name; v++)
		if (str_is(noun, v->noun) && str_is(name, v->name))
			return v;
	return NULL;
}

int verb_run(struct cli *c, const struct verb *v, int argc, char **argv)
{
	const struct flag *tables[] = { v->flags, common_flags,
					v->online ? connect_flags : NULL,
					NULL };
	const struct flag *missing;
	struct args a;

	if (args_read(c->cx, tables, argc, argv, &a))
		return cli_usage(c);
	if (args_on(&a, "help")) {
		help_verb(c, c->out, v);
		return CLI_FINE;
	}
	missing = args_missing(&a, v->flags);
	if (missing)
		return cli_say(c, CLI_USAGE, "%s %s needs %.*s %s: %s", v->noun,
			       v->name,
			       STR_FMT(args_spell(c->cx, missing->name)),
			       missing->value, missing->doc);
	if (a.rest.n < v->least || a.rest.n > v->most) {
		help_usage(c, c->err, v);
		return CLI_USAGE;
	}
	return v->run(c, &a);
}
