#include "engine/lab/lab_def.h"

#include "base/limits.h"
#include "sandbox/tree.h"

enum { MINUTES_MOST = 4 * 60, RATE_MOST = 600 };

#define R struct lab_rates
static const struct field rates_fields[] = {
	FIELD_OPT(R, checks_per_minute, KIND_INT, "checks; default 6", .min = 1,
		  .max = RATE_MOST),
	FIELD_OPT(R, runs_per_minute, KIND_INT, "runs; default 30", .min = 1,
		  .max = RATE_MOST),
	FIELD_OPT(R, shells_per_minute, KIND_INT,
		  "new shells in the terminal; default 6", .min = 1,
		  .max = RATE_MOST),
	FIELD_END,
};
#undef R
static const struct shape rates_shape = SHAPE(struct lab_rates, rates_fields);

#define T struct lab_terminal
static const struct field terminal_fields[] = {
	FIELD_OPT(T, shell, KIND_LIST, "what runs in it; default sh -i",
		  .of = KIND_STR, .max = LAB_WORDS),
	FIELD_OPT(T, limits, KIND_OBJECT,
		  "of one shell with all that it starts",
		  .shape = &run_limits_shape),
	FIELD_OPT(T, idle_minutes, KIND_INT,
		  "without a key: it is parked; default 15", .min = 1,
		  .max = MINUTES_MOST),
	FIELD_OPT(T, life_minutes, KIND_INT,
		  "of one shell, whatever it does; default 120", .min = 1,
		  .max = MINUTES_MOST),
	FIELD_END,
};
#undef T
static const struct shape terminal_shape =
	SHAPE(struct lab_terminal, terminal_fields);

#define D struct lab_def
static const struct field def_fields[] = {
	FIELD(D, assay_lab, KIND_INT, "version of this format: 1", .min = 1,
	      .max = 1),
	FIELD_OPT(D, course, KIND_STR, "the platform's course id",
		  .max = LIMIT_REF_BYTES),
	FIELD_OPT(D, slug, KIND_STR, "its name in the course",
		  .max = LIMIT_REF_BYTES),
	FIELD(D, title, KIND_STR, "for people", .min = 1,
	      .max = LIMIT_NAME_BYTES),
	FIELD_OPT(D, text, KIND_STR, "what is to be done"),
	FIELD_OPT(D, language, KIND_STR,
		  "of runs and checks; default: the check's first", .max = 40),
	FIELD_OPT(D, toolchain, KIND_STR,
		  "whose programs boxes have; default: the language's",
		  .max = 40),
	FIELD_OPT(D, starter, KIND_LIST, "what everybody begins with",
		  .of = KIND_OBJECT, .shape = &code_file_shape,
		  .max = LAB_FILES),
	FIELD_OPT(D, run, KIND_LIST, "what lab.run does by itself",
		  .of = KIND_STR, .max = LAB_WORDS),
	FIELD_MAYBE(D, check, has_check, KIND_OBJECT,
		    "tests, as a code item has them; advisory, never a grade",
		    .shape = &code_spec_shape),
	FIELD_OPT(D, limits, KIND_OBJECT, "of one run",
		  .shape = &run_limits_shape),
	FIELD_OPT(D, rates, KIND_OBJECT, "what is fair use",
		  .shape = &rates_shape),
	FIELD_OPT(D, terminal, KIND_OBJECT, "the interactive terminal",
		  .shape = &terminal_shape),
	FIELD_END,
};
#undef D
const struct shape lab_def_shape = SHAPE(struct lab_def, def_fields);

static void default_to(int64_t *n, int64_t value)
{
	if (*n == 0)
		*n = value;
}

static void fill(struct ctx *cx, struct lab_def *d)
{
	struct run_limits *l = &d->terminal.limits;

	default_to(&d->rates.checks_per_minute, 6);
	default_to(&d->rates.runs_per_minute, 30);
	default_to(&d->rates.shells_per_minute, 6);
	default_to(&d->terminal.idle_minutes, 15);
	default_to(&d->terminal.life_minutes, 120);
	run_limits_fill(&d->limits);
	/* A shell lives long, and what it may use is for all of its life. */
	default_to(&l->wall_ms, d->terminal.life_minutes * 60000);
	default_to(&l->cpu_ms, l->wall_ms / 8);
	default_to(&l->memory_bytes, 256 << 20);
	run_limits_fill(l);
	if (!d->terminal.shell.n) {
		struct str *words = ARENA_ARRAY(cx->arena, struct str, 2);

		words[0] = STR("sh");
		words[1] = STR("-i");
		d->terminal.shell = (struct list){ words, 2 };
	}
}

static enum err words_fit(struct ctx *cx, const struct list *words,
			  const char *where)
{
	const struct str *w = words->at;

	for (size_t i = 0; i < words->n; i++)
		if (w[i].n > LAB_WORD_BYTES || (i == 0 && !w[i].n))
			return err_field(
				cx, ERR_INVALID,
				str_fmt(cx->arena, "%s/%zu", where, i).p,
				"a word of a command has 1 to %d bytes",
				LAB_WORD_BYTES);
	return OK;
}

static enum err language_known(struct ctx *cx, const struct lab_def *d)
{
	const struct str *l = d->check.languages.at;

	if (!d->language.n || !d->has_check)
		return OK;
	for (size_t i = 0; i < d->check.languages.n; i++)
		if (str_eq(l[i], d->language))
			return OK;
	return err_field(cx, ERR_INVALID, "/language",
			 "the check does not take %.*s: name one of "
			 "check.languages",
			 STR_FMT(str_cut(d->language, 0, 40)));
}

static enum err starter_is_here(struct ctx *cx, const struct lab_def *d)
{
	const struct code_file *f = d->starter.at;

	for (size_t i = 0; i < d->starter.n; i++)
		if (f[i].file.p)
			return err_field(
				cx, ERR_INVALID,
				str_fmt(cx->arena, "/starter/%zu/file", i).p,
				"the file itself is needed here: let assay "
				"bundle put it in its place");
	return OK;
}

enum err lab_def_read(struct ctx *cx, struct str text, struct lab_def *out)
{
	struct list files;
	enum err e;

	if (text.n > LAB_FILE_JSON_BYTES)
		return err_set(cx, ERR_TOO_LARGE,
			       "a lab file has at most %d bytes",
			       LAB_FILE_JSON_BYTES);
	e = field_decode_text(cx, text, &lab_def_shape, out);
	if (!e)
		e = starter_is_here(cx, out);
	if (!e)
		e = words_fit(cx, &out->run, "/run");
	if (!e)
		e = words_fit(cx, &out->terminal.shell, "/terminal/shell");
	if (!e && out->has_check)
		e = code_spec_check(cx, &out->check, "/check");
	if (!e)
		e = language_known(cx, out);
	if (!e)
		e = lab_def_files(cx, out, &files);
	if (!e)
		fill(cx, out);
	return e;
}

enum err lab_def_files(struct ctx *cx, const struct lab_def *d,
		       struct list *out)
{
	const struct code_file *f = d->starter.at;
	struct run_file *files =
		ARENA_ARRAY(cx->arena, struct run_file, d->starter.n + 1);
	struct tree_list tree = { 0 };
	int64_t bytes = 0;
	enum err e;

	for (size_t i = 0; i < d->starter.n; i++) {
		files[i] = (struct run_file){ f[i].name, code_file_bytes(&f[i]),
					      f[i].executable };
		bytes += (int64_t)files[i].data.n;
	}
	if (bytes > LAB_BYTES)
		return err_field(cx, ERR_INVALID, "/starter",
				 "the starter files have at most %d bytes",
				 LAB_BYTES);
	tree_check_files(cx->arena, &(struct list){ files, d->starter.n },
			 &tree);
	e = tree_whole(cx, &tree);
	if (!e)
		*out = tree.files;
	return e;
}

struct str lab_def_language(const struct lab_def *d, struct str asked)
{
	if (asked.n)
		return asked;
	if (d->language.n)
		return d->language;
	if (d->has_check && d->check.languages.n)
		return *(const struct str *)d->check.languages.at;
	return (struct str){ 0 };
}

struct str lab_def_toolchain(const struct lab_def *d)
{
	return d->toolchain.n ? d->toolchain
			      : lab_def_language(d, (struct str){ 0 });
}
