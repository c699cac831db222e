/* Validators become the checker, submissions the references. */
#include "graders/kattis_impl.h"

/* ---- one program: a file, or a folder of files ---- */

struct program {
	struct str name, language;
	struct list files; /* struct code_file */
	size_t from, to;   /* in k->files */
};

static bool below(struct str path, struct str folder)
{
	return path.n > folder.n + 1 && path.p[folder.n] == '/' &&
	       str_eq(str_cut(path, 0, folder.n), folder);
}

/* The program that begins with file i, directly below folder. */
static struct program program_at(struct kattis *k, size_t i, struct str folder)
{
	struct str path = k->files[i].path;
	struct str rest = str_cut(path, folder.n ? folder.n + 1 : 0, path.n);
	struct str part = rest, own;
	struct program p = { .from = i, .to = i + 1 };
	struct code_file *at;
	size_t n = 0;

	str_split(&part, '/', &p.name);
	if (!part.p) { /* a file */
		at = ARENA_NEW(k->cx->arena, struct code_file);
		*at = kattis_code_file(rest, k->files[i].data);
		p.language = kattis_language(rest);
		p.files = (struct list){ at, 1 };
		return p;
	}
	own = str_cut(path, 0, path.n - rest.n + p.name.n);
	while (p.to < k->n && below(k->files[p.to].path, own))
		p.to++;
	at = ARENA_ARRAY(k->cx->arena, struct code_file, p.to - p.from);
	for (size_t j = p.from; j < p.to; j++) {
		struct str name = str_cut(k->files[j].path, own.n + 1,
					  k->files[j].path.n);

		at[n++] = kattis_code_file(name, k->files[j].data);
		if (!p.language.n)
			p.language = kattis_language(name);
	}
	p.files = (struct list){ at, n };
	return p;
}

static void mark(struct kattis *k, const struct program *p, const char *why)
{
	for (size_t j = p->from; j < p->to; j++) {
		if (why)
			kattis_note(k, FATE_IGNORED, &k->files[j], why);
		else
			kattis_mapped(k, &k->files[j]);
	}
}

static bool has_script(const struct program *p)
{
	const struct code_file *f = p->files.at;

	for (size_t i = 0; i < p->files.n; i++)
		if (str_is(f[i].name, "build") || str_is(f[i].name, "run"))
			return true;
	return false;
}

/* ---- the validator ---- */

static void take_validator(struct kattis *k, const struct program *p)
{
	struct code_spec *s = &k->item.code;
	struct code_checker c = { .protocol = CODE_KATTIS,
				  .language = p->language,
				  .files = p->files };
	struct str rest = yaml_text(k->problem, "validator_flags"), word;
	struct str *args = ARENA_ARRAY(k->cx->arena, struct str, CODE_WORDS);
	size_t n = 0;

	while (rest.n && n < CODE_WORDS && str_split(&rest, ' ', &word))
		if (word.n)
			args[n++] = word;
	c.args = (struct list){ args, n };
	if (k->interactive) {
		s->kind = CODE_INTERACTIVE;
		s->has_interactor = true;
		s->interactor = c;
	} else {
		s->has_checker = true;
		s->checker = c;
	}
	if (k->custom_score)
		bank_note(k->bank, FATE_IGNORED, 0, STR("problem.yaml"), 0,
			  "the validator gives scores: say what it gives at "
			  "most in max_points");
	mark(k, p, NULL);
}

static void read_validator(struct kattis *k, const char *name)
{
	struct str folder = str_of(name);
	struct program p;
	bool one = str_is(folder, "output_validator");

	for (size_t i = 0; i < k->n; i = p.to) {
		bool has =
			k->item.code.has_checker || k->item.code.has_interactor;

		p = (struct program){ .to = i + 1 };
		if (!below(k->files[i].path, folder))
			continue;
		p = one ? program_at(k, i, (struct str){ 0 })
			: program_at(k, i, folder);
		if (has)
			mark(k, &p,
			     "there is one validator already: their "
			     "verdicts are not joined");
		else if (!p.language.n || has_script(&p))
			mark(k, &p,
			     "a validator that builds itself, or in "
			     "this language, cannot be used: write a "
			     "checker");
		else
			take_validator(k, &p);
	}
}

/* ---- submissions ---- */

static int expect_of(struct str path, bool *known)
{
	static const struct {
		const char *folder;
		int verdict;
	} folders[] = {
		{ "submissions/accepted/", RUN_AC },
		{ "submissions/wrong_answer/", RUN_WA },
		{ "submissions/partially_accepted/", RUN_WA },
		{ "submissions/time_limit_exceeded/", RUN_TLE },
		{ "submissions/run_time_error/", RUN_RE },
		{ "submissions/memory_limit_exceeded/", RUN_MLE },
		{ "submissions/output_limit_exceeded/", RUN_OLE },
		{ "submissions/compile_error/", RUN_CE },
	};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (str_starts(path, folders[i].folder)) {
			*known = true;
			return folders[i].verdict;
		}
	*known = false;
	return RUN_AC;
}

static const char *reference_refusal(struct kattis *k, const struct program *p)
{
	const struct code_file *f = p->files.at;

	if (!p->language.n)
		return "a solution in a language that is not known here";
	for (size_t i = 0; i < p->files.n; i++)
		if (code_name_refusal(f[i].name))
			return "a solution with a name that cannot be handed "
			       "in";
	if (code_accepts(k->cx, &k->item.code, p->language, &p->files, "")) {
		err_clear(k->cx);
		return "a solution that the task would not take";
	}
	return NULL;
}

static void read_submissions(struct kattis *k)
{
	struct code_reference *at = ARENA_ARRAY(
		k->cx->arena, struct code_reference, CODE_REFERENCES);
	size_t n = 0;
	struct program p;

	for (size_t i = 0; i < k->n; i = p.to) {
		struct str path = k->files[i].path, folder;
		const char *why;
		bool known;
		int expect = expect_of(path, &known);

		p = (struct program){ .to = i + 1 };
		if (!known)
			continue;
		folder = str_cut(
			path, 0,
			str_find(path, STR("/"), 12)); /* submissions/ */
		p = program_at(k, i, folder);
		why = reference_refusal(k, &p);
		if (!why && n == CODE_REFERENCES)
			why = "a task has at most 40 references";
		mark(k, &p, why);
		if (why)
			continue;
		at[n++] = (struct code_reference){
			.name = str_fmt(k->cx->arena, "%.*s/%.*s",
					STR_FMT(kattis_base(folder)),
					STR_FMT(p.name)),
			.language = p.language,
			.files = p.files,
			.expect = expect
		};
	}
	k->item.code.references = (struct list){ at, n };
}

void kattis_programs(struct kattis *k)
{
	if (k->custom || k->interactive ||
	    str_starts(yaml_text(k->problem, "problem_format_version"), "2"))
		read_validator(k, "output_validators");
	read_validator(k, "output_validator");
	read_submissions(k);
	if (k->item.code.has_checker || k->item.code.has_interactor)
		k->item.code.compare = (struct code_compare){ 0 };
	else if (k->interactive || k->custom)
		bank_note(k->bank, FATE_IGNORED, 0, STR("problem.yaml"), 0,
			  "it needs a validator, and there is none that can "
			  "be used");
}
