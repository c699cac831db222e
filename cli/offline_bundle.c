/* assay bundle: an author's folder as one file that can be published. */
#include "cli/file.h"
#include "cli/packed.h"
#include "cli/source.h"
#include "cli/verb.h"
#include "cli/wrap.h"
#include "graders/assessment_file.h"
#include "graders/bundle.h"
#include "sandbox/hostdir.h"

const struct flag bundle_flags[] = {
	{ .name = "out",
	  .letter = 'o',
	  .value = "FILE",
	  .doc = "where it goes [standard output]" },
	{ 0 },
};

struct bundling {
	struct cli *c;
	struct str folder, file; /* file: below the folder */
	int kind;
	struct tree_list tree;
};

static struct str folder_part(struct str path)
{
	while (path.n && path.p[path.n - 1] != '/')
		path.n--;
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	return path.n ? path : STR(".");
}

/* The one file of the folder that others are put into. */
static enum err choose(struct bundling *b)
{
	const struct run_file *f = b->tree.files.at;
	size_t n = 0;
	int kind;

	for (size_t i = 0; i < b->tree.files.n; i++) {
		if (!bundle_kind_of(f[i].name, &kind))
			continue;
		if (n++)
			cli_say(b->c, 0, "%.*s is one, too",
				STR_FMT(f[i].name));
		b->file = f[i].name;
		b->kind = kind;
	}
	if (n == 1)
		return OK;
	return err_set(b->c->cx, ERR_INVALID,
		       n ? "the folder has several assessments or labs: name "
			   "one of them"
			 : "the folder has no file assessment.json, lab.json, "
			   "NAME.assessment.json or NAME.lab.json");
}

static enum err find(struct bundling *b, struct str path)
{
	struct ctx *cx = b->c->cx;
	bool folder = file_is_folder(b->c, path);
	enum err e;

	b->folder = folder ? path : folder_part(path);
	e = hostdir_read(cx, str_z(cx->arena, b->folder), STR(""), &b->tree);
	if (e)
		return e;
	packed_say_refused(b->c, &b->tree);
	if (folder)
		return choose(b);
	b->file = file_name(path, false);
	if (!bundle_kind_of(b->file, &b->kind))
		b->kind = BUNDLE_ASSESSMENT;
	return OK;
}

static void say_problems(struct bundling *b, const struct problems *ps)
{
	const struct problem *p = ps->list.at;
	struct buf clean = { 0 };

	for (size_t i = 0; i < ps->list.n; i++) {
		buf_reset(&clean);
		wrap_clean(&clean,
			   str_fmt(b->c->cx->arena, "%s: %.*s: %.*s",
				   problem_level_words[p[i].level],
				   STR_FMT(p[i].at), STR_FMT(p[i].text)));
		cli_say(b->c, 0, "%.*s", STR_FMT(buf_view(&clean)));
	}
	buf_done(&clean);
}

/* What publishing would say of it; a lab is looked at when it is published. */
static enum err check(struct bundling *b, struct str text,
		      struct problems *problems)
{
	struct assessment_def def;
	enum err e;

	if (b->kind != BUNDLE_ASSESSMENT)
		return OK;
	e = assessment_read_new(b->c->cx, text, &def, problems);
	return e ? e : source_peer(b->c->cx, &def, problems);
}

int bundle_run(struct cli *c, const struct args *a)
{
	struct bundling b = { .c = c };
	struct problems problems = { 0 };
	struct str text, out = args_get(a, "out");
	enum err e = find(&b, args_rest(a, 0));

	if (!e)
		e = bundle(c->cx, &b.tree.files, b.file, &text, &problems);
	if (!e)
		e = check(&b, text, &problems);
	say_problems(&b, &problems);
	if (e)
		return cli_error(c, e);
	text = str_fmt(c->cx->arena, "%.*s\n", STR_FMT(text));
	if (out.p)
		e = file_write(c, out, text, false);
	else
		cli_put(c->out, text);
	return e ? cli_error(c, e) : CLI_FINE;
}
