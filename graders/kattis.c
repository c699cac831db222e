#include "graders/kattis_impl.h"

#include <stdlib.h>

#include "base/limits.h"

#define MIB(n) ((int64_t)(n) << 20)

/* ---- files ---- */

struct str kattis_folder(struct str path)
{
	while (path.n && path.p[path.n - 1] != '/')
		path.n--;
	return str_cut(path, 0, path.n ? path.n - 1 : 0);
}

struct str kattis_base(struct str path)
{
	struct str folder = kattis_folder(path);

	return folder.n ? str_cut(path, folder.n + 1, path.n) : path;
}

static int by_path(const void *a, const void *b)
{
	const struct kattis_file *x = a, *y = b;

	return str_cmp(x->path, y->path);
}

struct kattis_file *kattis_find(struct kattis *k, struct str path)
{
	struct kattis_file key = { .path = path };

	return bsearch(&key, k->files, k->n, sizeof(key), by_path);
}

struct kattis_file *kattis_find_z(struct kattis *k, const char *path)
{
	return kattis_find(k, str_of(path));
}

void kattis_mapped(struct kattis *k, struct kattis_file *f)
{
	if (!f->taken)
		bank_mapped(k->bank, 1);
	f->taken = true;
}

void kattis_note(struct kattis *k, enum fate fate, struct kattis_file *f,
		 const char *why)
{
	bank_note(k->bank, fate, 0, code_text(k->cx->arena, f->path, 200),
		  f->taken ? 0 : 1, "%s", why);
	f->taken = true;
}

struct str kattis_language(struct str name)
{
	static const char *const endings[][2] = {
		{ ".c", "c" },		 { ".cc", "c++" },
		{ ".cpp", "c++" },	 { ".cxx", "c++" },
		{ ".c++", "c++" },	 { ".py", "python" },
		{ ".py3", "python" },	 { ".java", "java" },
		{ ".js", "javascript" },
	};

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (str_ends(name, endings[i][0]))
			return str_of(endings[i][1]);
	return (struct str){ 0 };
}

struct code_file kattis_code_file(struct str name, struct str data)
{
	struct code_file f = { .name = name };
	bool text =
		str_utf8_ok(data) && (!data.n || !memchr(data.p, '\0', data.n));

	if (!data.p)
		data = STR("");
	if (text)
		f.text = data;
	else
		f.base64 = data;
	return f;
}

/* The shortest path that ends with problem.yaml says where the package is. */
static bool find_root(const struct run_file *files, size_t n, struct str *root)
{
	bool found = false;

	for (size_t i = 0; i < n; i++) {
		struct str folder = kattis_folder(files[i].name);

		if (!str_is(kattis_base(files[i].name), "problem.yaml") ||
		    (folder.n && memchr(folder.p, '/', folder.n)) ||
		    (found && folder.n >= root->n))
			continue;
		*root = folder;
		found = true;
	}
	return found;
}

bool kattis_is_package(const struct run_file *files, size_t n)
{
	struct str root;

	return find_root(files, n, &root);
}

static void take_files(struct kattis *k, const struct run_file *files, size_t n,
		       struct str root)
{
	size_t skip = root.n ? root.n + 1 : 0;

	k->files = ARENA_ARRAY(k->cx->arena, struct kattis_file, n);
	for (size_t i = 0; i < n; i++) {
		struct str name = files[i].name;

		if (skip && (name.n < skip || name.p[root.n] != '/' ||
			     !str_eq(str_cut(name, 0, root.n), root)))
			continue;
		k->files[k->n++] =
			(struct kattis_file){ .path = str_cut(name, skip,
							      name.n),
					      .data = files[i].data };
	}
	qsort(k->files, k->n, sizeof(k->files[0]), by_path);
}

/* ---- problem.yaml ---- */

static void read_name(struct kattis *k)
{
	const struct yaml_node *n = yaml_get(k->problem, "name");

	if (n && n->kind == YAML_MAP)
		n = yaml_get(n, "en") ? yaml_get(n, "en") : n->first;
	if (n && n->kind == YAML_SCALAR)
		k->item.name = bank_cut(n->text, LIMIT_NAME_BYTES);
}

static bool has_word(const struct yaml_node *n, const char *word)
{
	struct str rest, one;

	if (!n)
		return false;
	if (n->kind == YAML_LIST) {
		for (n = n->first; n; n = n->next)
			if (str_is(n->text, word))
				return true;
		return false;
	}
	rest = n->text;
	while (rest.n && str_split(&rest, ' ', &one))
		if (str_is(one, word))
			return true;
	return false;
}

static void read_type(struct kattis *k)
{
	const struct yaml_node *type = yaml_get(k->problem, "type");
	const struct yaml_node *v = yaml_get(k->problem, "validation");

	k->scoring = has_word(type, "scoring");
	k->interactive =
		has_word(type, "interactive") || has_word(v, "interactive");
	k->custom = has_word(v, "custom");
	k->custom_score = has_word(v, "score");
	if (has_word(type, "multi-pass") || has_word(type, "submit-answer"))
		bank_note(k->bank, FATE_IGNORED, type->line,
			  STR("problem.yaml"), 0,
			  "multi-pass and submit-answer problems are not "
			  "known here");
}

static bool positive(struct str s, double most, double *out)
{
	return s.n && code_number(s, out) && *out > 0 && *out <= most;
}

static void read_limits(struct kattis *k)
{
	const struct yaml_node *l = yaml_get(k->problem, "limits");
	const struct yaml_node *m = yaml_get(l, "time_multipliers");
	struct kattis_file *f = kattis_find_z(k, ".timelimit");
	struct code_spec *s = &k->item.code;
	struct str text = yaml_text(l, "time_limit");
	double v;

	if (!text.n && f) {
		text = str_trim(f->data);
		kattis_mapped(k, f);
	}
	if (positive(text, 600, &v))
		s->limits.cpu_ms = (int64_t)(v * 1000 + 0.5);
	else
		bank_note(k->bank, FATE_IGNORED, 0, STR("problem.yaml"), 0,
			  "there is no time limit: set limits.cpu_ms, the "
			  "self-test proposes one");
	if (positive(yaml_text(l, "memory"), 8192, &v))
		s->limits.memory_bytes = (int64_t)v * MIB(1);
	else
		s->limits.memory_bytes = MIB(2048);
	s->limits.stdout_bytes = MIB(8);
	if (positive(yaml_text(l, "output"), 64, &v))
		s->limits.stdout_bytes = (int64_t)(v * MIB(1));
	if (positive(yaml_text(m, "ac_to_time_limit"), 100, &v))
		s->time.accepted = dec_from_double(v);
	if (positive(yaml_text(m, "time_limit_to_tle"), 100, &v))
		s->time.slow = dec_from_double(v);
}

static void read_languages(struct kattis *k)
{
	static const char *const names[][2] = {
		{ "c", "c" },
		{ "cpp", "c++" },
		{ "python3", "python" },
		{ "java", "java" },
		{ "javascript", "javascript" },
	};
	const struct yaml_node *l = yaml_get(k->problem, "languages");
	struct str *at = ARENA_ARRAY(k->cx->arena, struct str, 5);
	size_t n = 0;

	for (size_t i = 0; i < 5; i++)
		if (!l || l->kind != YAML_LIST || has_word(l, names[i][0]))
			at[n++] = str_of(names[i][1]);
	if (!n) {
		bank_note(k->bank, FATE_IGNORED, l->line, STR("problem.yaml"),
			  0,
			  "none of its languages is known here: all of "
			  "ours are allowed");
		for (; n < 5; n++)
			at[n] = str_of(names[n][1]);
	}
	k->item.code.languages = (struct list){ at, n };
}

/* The default validator's flags. Without any it takes no notice of case. */
static void read_flags(struct kattis *k)
{
	struct code_compare *c = &k->item.code.compare;
	struct str rest = yaml_text(k->problem, "validator_flags"), word, next;
	double v;

	c->ignore_case = true;
	while (rest.n && str_split(&rest, ' ', &word)) {
		if (str_is(word, "case_sensitive")) {
			c->ignore_case = false;
		} else if (str_is(word, "space_change_sensitive")) {
			c->how = CODE_EXACT;
		} else if (str_starts(word, "float_") &&
			   str_split(&rest, ' ', &next) &&
			   positive(next, 1, &v)) {
			if (!str_is(word, "float_absolute_tolerance"))
				c->relative = dec_from_double(v);
			if (!str_is(word, "float_relative_tolerance"))
				c->absolute = dec_from_double(v);
		} else if (word.n) {
			bank_note(k->bank, FATE_IGNORED, 0, STR("problem.yaml"),
				  0, "a flag of the validator is not known");
		}
	}
}

static void note_members(struct kattis *k)
{
	static const char *const known[] = {
		"problem_format_version",
		"name",
		"type",
		"limits",
		"validation",
		"validator_flags",
		"languages",
		"keywords",
		"author",
		"credits",
		"source",
		"source_url",
		"license",
		"rights_owner",
		"uuid",
		"version",
		"grading",
		"embargo_until",
		"constants",
		"problem_id",
		"short-name",
		"color",
	};

	for (const struct yaml_node *n = k->problem->first; n; n = n->next) {
		bool found = false;

		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			found |= str_is(n->key, known[i]);
		if (!found)
			bank_note(k->bank, FATE_IGNORED, n->line,
				  STR("problem.yaml"), 0,
				  "a member is not known");
	}
}

static void read_keywords(struct kattis *k)
{
	const struct yaml_node *n = yaml_get(k->problem, "keywords");
	struct str *at = ARENA_ARRAY(k->cx->arena, struct str, 20);
	size_t count = 0;

	if (!n || n->kind != YAML_LIST)
		return;
	for (n = n->first; n && count < 20; n = n->next)
		if (n->kind == YAML_SCALAR && n->text.n)
			at[count++] = n->text;
	k->item.tags = (struct list){ at, count };
}

/* ---- the statement ---- */

static bool is_statement(struct str path)
{
	return str_starts(path, "problem_statement/problem") ||
	       str_starts(path, "statement/problem");
}

/* English before others, Markdown before TeX. */
static int rank(struct str path)
{
	bool md = str_ends(path, ".md"), tex = str_ends(path, ".tex");
	bool en = str_find(path, STR(".en."), 0) != SIZE_MAX ||
		  str_ends(path, "problem.md") || str_ends(path, "problem.tex");

	return !md && !tex ? 0 : 1 + 2 * en + md;
}

static void read_statement(struct kattis *k)
{
	struct kattis_file *best = NULL;

	for (size_t i = 0; i < k->n; i++) {
		struct kattis_file *f = &k->files[i];

		if (is_statement(f->path) && rank(f->path) &&
		    (!best || rank(f->path) > rank(best->path)))
			best = f;
	}
	if (!best || !str_utf8_ok(best->data)) {
		bank_note(k->bank, FATE_IGNORED, 0, STR("statement"), 0,
			  "there is no statement that can be read: write the "
			  "stem");
		k->item.stem = k->item.name;
		return;
	}
	k->item.stem = best->data;
	if (str_ends(best->path, ".md")) {
		k->item.stem_format = TEXT_MARKDOWN;
		kattis_mapped(k, best);
	} else {
		kattis_note(k, FATE_IGNORED, best,
			    "the statement is TeX: it was taken as plain "
			    "text");
	}
}

/* ---- what is left ---- */

static void note_rest(struct kattis *k)
{
	static const struct {
		const char *folder, *why;
	} known[] = {
		{ "input_validators/", "inputs are not validated here" },
		{ "input_format_validators/", "inputs are not validated here" },
		{ "answer_validators/", "answers are not validated here" },
		{ "problem_statement/", "another form of the statement" },
		{ "statement/", "another form of the statement" },
		{ "solution/", "explanations are not carried over" },
		{ "generators/", "generators are not run: the tests are" },
		{ "attachments/", "give it to learners as a starter file" },
		{ "graders/", "a grader of its own cannot be used: see how "
			      "the groups add up" },
		{ "include/", "files for one language are not put beside: "
			      "add them to beside" },
	};

	for (size_t i = 0; i < k->n; i++) {
		const char *why = "not a part of a package that is known here";

		if (k->files[i].taken)
			continue;
		for (size_t j = 0; j < sizeof(known) / sizeof(known[0]); j++)
			if (str_starts(k->files[i].path, known[j].folder))
				why = known[j].why;
		kattis_note(k, FATE_IGNORED, &k->files[i], why);
	}
}

static enum err read_problem(struct kattis *k)
{
	struct kattis_file *f = kattis_find_z(k, "problem.yaml");
	struct yaml_node *root;
	enum err e;

	CHECK(f);
	e = yaml_read(k->cx, f->data, &root);
	if (e)
		return e;
	if (root->kind != YAML_MAP)
		return err_set(k->cx, ERR_INVALID,
			       "problem.yaml must be a mapping");
	k->problem = root;
	kattis_mapped(k, f);
	k->item.type = ITEM_CODE;
	k->item.has_code = true;
	k->item.mark = DEC_ONE;
	read_name(k);
	read_type(k);
	read_limits(k);
	read_languages(k);
	read_flags(k);
	read_keywords(k);
	note_members(k);
	read_statement(k);
	return OK;
}

static enum err read_all(struct kattis *k)
{
	enum err e = read_problem(k);

	if (!e)
		e = kattis_data(k);
	if (e)
		return e;
	kattis_programs(k);
	note_rest(k);
	e = bank_keep(k->bank, &k->item);
	return e;
}

enum err kattis_read(struct ctx *cx, const struct run_file *files, size_t n,
		     struct bank *out)
{
	struct kattis k = { .cx = cx };
	struct str root;
	enum err e;

	if (n > KATTIS_FILES)
		return err_set(cx, ERR_TOO_LARGE,
			       "the package has more than 20000 files");
	if (!find_root(files, n, &root))
		return err_set(cx, ERR_INVALID,
			       "there is no problem.yaml: it is no problem "
			       "package");
	k.bank = bank_build_new(cx, "kattis");
	take_files(&k, files, n, root);
	e = read_all(&k);
	if (e) {
		bank_build_free(k.bank);
		return e;
	}
	return bank_build_done(k.bank, out);
}
