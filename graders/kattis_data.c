/*
 * data/: each folder below it that has tests becomes a group. A folder's own
 * testdata.yaml (legacy) or test_group.yaml (2023-07) says how it adds up;
 * what it says of folders within folders is listed, not carried over.
 */
#include "graders/kattis_impl.h"

#include "base/limits.h"

struct data {
	struct kattis *k;
	struct code_group *groups;
	size_t groups_n;
	struct code_test *tests;
	size_t tests_n;
};

static struct str cut_end(struct str s, size_t n)
{
	return str_cut(s, 0, s.n - n);
}

static bool is_sample(struct str folder)
{
	return str_is(folder, "data/sample") ||
	       str_starts(folder, "data/sample/");
}

/* ---- groups ---- */

/* "0 40" of a range: its upper end. */
static bool range_top(struct str s, struct dec *out)
{
	struct str word;
	double v;

	if (!str_split(&s, ' ', &word) || !code_number(str_trim(s), &v) ||
	    v < 0 || v > 1e6)
		return false;
	*out = dec_from_double(v);
	return true;
}

static void read_legacy(struct data *d, const struct yaml_node *y,
			struct code_group *g)
{
	struct str flags = yaml_text(y, "grader_flags");
	struct str accept = yaml_text(y, "accept_score");
	double v;

	if (range_top(yaml_text(y, "range"), &g->points))
		g->how = CODE_MIN;
	else if (accept.n && code_number(accept, &v) && v >= 0 && v <= 1e6)
		g->points = dec_from_double(v);
	if (str_find(flags, STR("min"), 0) != SIZE_MAX)
		g->how = CODE_MIN;
	if (str_find(flags, STR("sum"), 0) != SIZE_MAX)
		g->how = CODE_SUM;
	g->short_circuit = !str_is(yaml_text(y, "on_reject"), "continue");
	(void)d;
}

/* data/secret/X is what "secret/X" and "X" mean. */
static void read_requires(struct data *d, const struct yaml_node *list,
			  struct code_group *g)
{
	struct str *at;
	size_t n = 0, count = 0;

	if (!list || list->kind != YAML_LIST)
		return;
	for (const struct yaml_node *i = list->first; i; i = i->next)
		count++;
	at = ARENA_ARRAY(d->k->cx->arena, struct str, count);
	for (const struct yaml_node *i = list->first; i; i = i->next)
		for (size_t j = 0; j < d->groups_n; j++)
			if (str_eq(i->text, d->groups[j].name) ||
			    (str_ends(d->groups[j].name,
				      str_z(d->k->cx->arena,
					    str_fmt(d->k->cx->arena, "/%.*s",
						    STR_FMT(i->text)))))) {
				at[n++] = d->groups[j].name;
				break;
			}
	g->requires = (struct list){ at, n };
	if (n < count)
		bank_note(d->k->bank, FATE_IGNORED, list->line,
			  STR("data/test_group.yaml"), 0,
			  "a required group has no tests of its own before "
			  "this one: add it to requires");
}

static void read_new(struct data *d, const struct yaml_node *y,
		     struct code_group *g)
{
	const struct yaml_node *scoring = yaml_get(y, "scoring");
	struct str how = yaml_text(scoring, "aggregation");
	double v;

	if (code_number(yaml_text(scoring, "score"), &v) && v >= 0 && v <= 1e6)
		g->points = dec_from_double(v);
	if (str_is(how, "min"))
		g->how = CODE_MIN;
	else if (str_is(how, "pass-fail"))
		g->how = CODE_ALL;
	else if (str_is(how, "sum"))
		g->how = CODE_SUM;
	read_requires(d, yaml_get(scoring, "require_pass"), g);
}

static void read_settings(struct data *d, struct str folder,
			  struct code_group *g)
{
	static const char *const names[] = { "testdata.yaml",
					     "test_group.yaml" };
	struct kattis *k = d->k;

	for (size_t i = 0; i < 2; i++) {
		struct kattis_file *f =
			kattis_find(k, str_fmt(k->cx->arena, "%.*s/%s",
					       STR_FMT(folder), names[i]));
		struct yaml_node *y;

		if (!f)
			continue;
		if (yaml_read(k->cx, f->data, &y)) {
			kattis_note(k, FATE_REFUSED, f, k->cx->error.text);
			err_clear(k->cx);
			continue;
		}
		kattis_mapped(k, f);
		if (i == 0)
			read_legacy(d, y, g);
		else
			read_new(d, y, g);
	}
}

/*
 * The group of a folder, made when its first test comes. Of a problem without
 * scores all secret tests are one.
 */
static struct str group_of(struct data *d, struct str folder)
{
	struct str name = str_cut(folder, 5, folder.n); /* data/ */
	struct code_group *g;

	if (!d->k->scoring && !is_sample(folder))
		name = STR("secret");
	for (size_t i = 0; i < d->groups_n; i++)
		if (str_eq(d->groups[i].name, name))
			return name;
	if (d->groups_n == CODE_GROUPS)
		return (struct str){ 0 };
	g = &d->groups[d->groups_n];
	*g = (struct code_group){ .name = name };
	read_settings(d, folder, g);
	if (!is_sample(folder) && !d->k->scoring) {
		g->how = CODE_ALL;
		g->points = DEC_ONE;
		g->short_circuit = true;
	}
	d->groups_n++;
	return name;
}

/* ---- tests ---- */

static struct code_data data_of(struct str bytes)
{
	struct code_file f = kattis_code_file(STR(""), bytes);

	return (struct code_data){ .text = f.text, .base64 = f.base64 };
}

static struct kattis_file *beside(struct kattis *k, struct str in,
				  const char *ending)
{
	return kattis_find(k, str_fmt(k->cx->arena, "%.*s%s",
				      STR_FMT(cut_end(in, 3)), ending));
}

static void take_hint(struct data *d, struct kattis_file *in,
		      struct code_test *t)
{
	struct kattis_file *hint = beside(d->k, in->path, ".hint");

	if (!hint || !str_utf8_ok(hint->data) || hint->data.n > 4096)
		return;
	t->hint = hint->data;
	kattis_mapped(d->k, hint);
}

/* Samples give points only where the package says so. */
static bool sample_counts(const struct data *d)
{
	for (size_t i = 0; i < d->groups_n; i++)
		if (str_starts(d->groups[i].name, "sample") &&
		    d->groups[i].points.nano)
			return d->k->scoring;
	return false;
}

static void take_test(struct data *d, struct kattis_file *in)
{
	struct kattis *k = d->k;
	struct kattis_file *ans = beside(k, in->path, ".ans");
	struct str folder = kattis_folder(in->path);
	struct code_test *t = &d->tests[d->tests_n];

	if (!ans) {
		kattis_note(k, FATE_REFUSED, in,
			    "there is no answer of this name: add it");
		return;
	}
	if (d->tests_n == CODE_TESTS || in->data.n > CODE_DATA_BYTES ||
	    ans->data.n > CODE_DATA_BYTES) {
		kattis_note(k, FATE_REFUSED, in,
			    "a task has at most 400 tests of 8 MiB");
		kattis_note(k, FATE_REFUSED, ans, "its test was left out");
		return;
	}
	*t = (struct code_test){ .name = str_cut(in->path, 5, in->path.n - 3),
				 .group = group_of(d, folder),
				 .has_visibility = true,
				 .visibility = CODE_HIDDEN,
				 .input = data_of(in->data),
				 .answer = data_of(ans->data) };
	if (is_sample(folder)) {
		t->visibility = CODE_VISIBLE;
		t->has_feedback = true;
		t->feedback = CODE_SAY_DIFF;
		t->has_points = !sample_counts(d); /* then 0 */
	}
	take_hint(d, in, t);
	kattis_mapped(k, in);
	kattis_mapped(k, ans);
	d->tests_n++;
}

/* What stands above the folders with tests. */
static void note_outer(struct kattis *k)
{
	for (size_t i = 0; i < k->n; i++) {
		struct kattis_file *f = &k->files[i];
		struct str base = kattis_base(f->path);

		if (f->taken || !str_starts(f->path, "data/"))
			continue;
		if (str_is(base, "testdata.yaml") ||
		    str_is(base, "test_group.yaml"))
			kattis_note(k, FATE_IGNORED, f,
				    "how folders of folders add up is not "
				    "carried over: look at the groups");
		else if (str_ends(base, ".yaml"))
			kattis_note(k, FATE_IGNORED, f,
				    "settings of one test are not carried "
				    "over");
	}
}

enum err kattis_data(struct kattis *k)
{
	struct data d = { .k = k };
	struct code_spec *s = &k->item.code;

	d.groups = ARENA_ARRAY(k->cx->arena, struct code_group, CODE_GROUPS);
	d.tests = ARENA_ARRAY(k->cx->arena, struct code_test, CODE_TESTS + 1);
	for (size_t i = 0; i < k->n; i++) {
		struct kattis_file *f = &k->files[i];

		if ((str_starts(f->path, "data/sample/") ||
		     str_starts(f->path, "data/secret/")) &&
		    str_ends(f->path, ".in"))
			take_test(&d, f);
	}
	note_outer(k);
	if (!d.tests_n)
		return err_set(k->cx, ERR_INVALID,
			       "the package has no tests: data/secret needs "
			       ".in files with .ans files beside them");
	s->groups = (struct list){ d.groups, d.groups_n };
	s->tests = (struct list){ d.tests, d.tests_n };
	return OK;
}
