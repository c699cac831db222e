#include "cli/verb.h"

#include "cli/connect.h"
#include "cli/help.h"
#include "cli/online.h"
#include "cli/params.h"
#include "cli/peer.h"

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
	  "Turn GIFT, Moodle XML or problem packages into assessment files.",
	  "One FILE becomes one assessment file, on standard output or in "
	  "OUT. Several need a folder as OUT, which then gets one file each. "
	  "Questions that cannot be read are left out and listed. FILE may "
	  "be an assessment file, too: --as gift or moodle_xml takes its "
	  "questions elsewhere, without its rules. A problem package of "
	  "Kattis or ICPC is a folder, a zip or a tar; archives are opened in "
	  "a box.",
	  import_flags, 1, ANY, import_run },
	{ "", "check", "FILE", "List what is wrong with an assessment file.",
	  "Exit code 1 if publishing it would be refused. GIFT and Moodle XML "
	  "are imported first.",
	  check_flags, 1, 1, check_run },
	{ "", "grade", "[FOLDER|ARCHIVE]",
	  "Judge a folder of files against a code task, here.",
	  "As a server would judge them: each program runs in a box of its "
	  "own (assay-box), and a zip or tar is opened in one. SPEC is an "
	  "assessment file with a code item, or "
	  "one item's `code` by itself; files that it names stand beside it. "
	  "--selftest needs no FOLDER: it judges the references of the task. "
	  "Exit code 0: all tests passed, 1: not, or refused, 3: it could not "
	  "be judged.",
	  grade_flags, 0, 1, grade_run },
	{ "", "bundle", "FOLDER|FILE",
	  "Put an assessment or lab and the files it refers to into one file.",
	  "{\"file\": \"PATH\"} becomes what the file holds, an element "
	  "{\"folder\": \"PATH\"} all files below it. Paths lead from the "
	  "file downwards; links are not followed. An assessment is checked "
	  "as publishing would. FOLDER has one assessment.json, lab.json, "
	  "NAME.assessment.json or NAME.lab.json, or name the FILE.",
	  bundle_flags, 1, 1, bundle_run },
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
	{ "peer", "estimate", "GRADES.csv",
	  "Estimate what works are worth, from a table of reviewers' scores.",
	  "GRADES.csv has a heading, artifact,reviewer,score or "
	  "artifact,reviewer,criterion,score; each criterion is estimated by "
	  "itself. Prints one JSON object per artifact: estimate, sd, the 90 % "
	  "interval from lo to hi, and how many scores it has. pg1 allows for "
	  "how harsh and how reliable each reviewer is; its priors come from "
	  "the scores unless they are given, and anchors tell what all "
	  "reviewers have in common.",
	  peer_estimate_flags, 1, 1, peer_estimate },
	{ "peer", "agreement", "GRADES.csv",
	  "Say how far reviewers agree, from a table of their scores.",
	  "GRADES.csv has a heading, artifact,reviewer,score or "
	  "artifact,reviewer,criterion,score. Prints one JSON object per "
	  "criterion: weighted kappas of all pairs of scores of an artifact, "
	  "Krippendorff's alpha by level, intraclass correlations if every "
	  "reviewer scored every artifact. What is undefined is left out. "
	  "weak: kappa_quadratic is below 0.2; between peers 0.23 to 0.44 is "
	  "usual.",
	  peer_agreement_flags, 1, 1, peer_agreement },
	{ "peer", "allocate", "--reviewers N --per K | --check FILE",
	  "Allocate reviews in a cohort, or verify an allocation.",
	  "Each of N people reviews K works, each work gets K reviews, nobody "
	  "reviews himself, no two each other, no three in a circle, and all "
	  "hang together. Prints {\"reviewer\":R,\"author\":A} for each "
	  "review, and a certificate at the end. With --check exit code 0: "
	  "the reviews are as they should be and the certificate is theirs, "
	  "1: not.",
	  peer_allocate_flags, 0, 0, peer_allocate },
	{ "peer", "simulate", "",
	  "Simulate a course, to compare ways of handing out reviews.",
	  "Authors come over some days; some never review, some give up with "
	  "a review open. Prints one JSON object, the mean of the runs. "
	  "diligent_short is the share of those who did all their reviews and "
	  "got too few; first_hours and need_hours are medians of how long "
	  "they waited.",
	  peer_simulate_flags, 0, 0, peer_simulate },
	{ "attempt", "take", "", "Take an assessment here, in the terminal.",
	  "Shows the rules, then one question at a time; saves each answer at "
	  "once. Leave with `quit` and go on later with the same command.",
	  take_flags, 0, 0, take_run, true },
	{ "code", "submit", "FILE...",
	  "Hand in files to a code question, and show the verdict.",
	  "FILE may be one folder, zip or tar. Starts the attempt if none is open, waits "
	  "until the files are judged and shows each test that may be shown. "
	  "Exit code 0: all tests passed, 1: not, or refused.",
	  code_submit_flags, 1, ANY, code_submit_run, true },
	{ "lab", "open", "COURSE/LAB DIR",
	  "Open a lab in a folder here, or go on in it.",
	  "DIR is made if it is not there. It gets the files of your work, "
	  "begun with the lab's own, and .assay-lab, which remembers the "
	  "session and the commit. Work in it with your own tools; then "
	  "`assay lab check DIR`. Given again it does what `assay lab pull` "
	  "does.",
	  lab_open_flags, 2, 2, lab_open_run, true },
	{ "lab", "pull", "DIR",
	  "Take what changed on the server into a lab's folder.",
	  "What you changed stays; a file that both changed is merged line by "
	  "line. In a conflict yours stays as it is, the server's is put "
	  "beside it as NAME.server, and the exit code is 1. Nothing outside "
	  "of DIR is written, whatever links lie in it. Interrupted, it goes "
	  "on when it is given again.",
	  lab_pull_flags, 1, 1, lab_pull_run, true },
	{ "lab", "push", "DIR", "Save a lab's folder as the work.",
	  "Refused while the server has changes that the folder lacks, as a "
	  "terminal makes: pull them first, or --merge. Links and what else "
	  "no work can have is left out and told; .git is passed over. What "
	  "was saved before stays in `assay lab history`.",
	  lab_push_flags, 1, 1, lab_push_run, true },
	{ "lab", "check", "DIR",
	  "Save a lab's folder, check it by the lab's tests, show the report.",
	  "Saves as `assay lab push` does. The check is advice, never a grade. "
	  "Exit code 0: all tests passed, 1: not, or refused, 3: it could not "
	  "be checked.",
	  lab_check_flags, 1, 1, lab_check_run, true },
	{ "lab", "shell", "", "Work in a lab's terminal, here.",
	  "Ctrl-] leaves; the shell lives on for a while, and the same command "
	  "comes back to the same screen, also after a lost connection.",
	  lab_shell_flags, 0, 0, lab_shell_run, true },
	{ "box", "run", "CMD...",
	  "Run a command in the sandbox; prints what came of it as JSON.",
	  "CMD is a program of this host's /usr, or ./NAME of a file that was "
	  "put. It sees /usr, the files that were put and nothing else, has no "
	  "network, and writes only below its working folder, /tmp and "
	  "/dev/shm. Its output goes to the files named by --stdout and "
	  "--stderr and is only counted without them. Exit code 0 whatever the "
	  "verdict is; 3 for IE, our own failure.",
	  box_run_flags, 1, ANY, box_run_verb },
	{ "box", "selftest", "",
	  "Try each layer of the sandbox on this host; prints JSON.",
	  "Says the level of the fence (full, sampled, weak) and what each "
	  "layer that is missing cannot contain.",
	  box_selftest_flags, 0, 0, box_selftest_verb },
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

const struct rpc_method *verb_method(struct cli *c, const struct verb *v)
{
	return v->noun[0] ? rpc_find(c->methods, str_fmt(c->cx->arena, "%s.%s",
							 v->noun, v->name))
			  : NULL;
}

static bool is_of(const struct flag *table, const struct flag *f)
{
	for (; table->name; table++)
		if (table == f)
			return true;
	return false;
}

/* A word tells, or a flag that the method does not have. */
bool verb_meant(struct cli *c, const struct verb *v, int argc, char **argv)
{
	const struct rpc_method *m = verb_method(c, v);
	const struct flag *tables[] = { m ? params_flags(c->cx, m->params)
					  : v->flags,
					online_flags,
					connect_flags,
					common_flags,
					v->flags,
					NULL };
	struct args a;

	if (!m)
		return true;
	/* What comes before what is wrong tells enough: either says what it
	   is. */
	if (args_read(c->cx, tables, argc, argv, &a))
		err_clear(c->cx);
	for (size_t i = 0; i < a.given.n; i++)
		if (is_of(v->flags, ((struct given *)a.given.at)[i].flag))
			return true;
	return a.rest.n > 0 || args_on(&a, "help");
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
