/* What `assay grade` reads: the task, and what is handed in. */
#include "base/limits.h"
#include "cli/file.h"
#include "cli/grade.h"
#include "cli/packed.h"
#include "engine/worker/worker_unpack.h"
#include "graders/assessment_file.h"
#include "graders/bundle.h"
#include "graders/code_known.h"
#include "sandbox/hostdir.h"
#include "sandbox/toolchain.h"

static struct str folder_part(struct str path)
{
	while (path.n && path.p[path.n - 1] != '/')
		path.n--;
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	return path.n ? path : STR(".");
}

/* ---- the task ---- */

/* Files that it names stand beside it; without any it is read as it is. */
static enum err whole(struct cli *c, struct str path, struct str *text)
{
	struct ctx *cx = c->cx;
	struct problems problems = { 0 };
	struct tree_list tree;
	enum err e = file_read(c, path, LIMIT_IMPORT_BYTES, text);

	if (e || (str_find(*text, STR("\"file\""), 0) == SIZE_MAX &&
		  str_find(*text, STR("\"folder\""), 0) == SIZE_MAX))
		return e;
	e = hostdir_read(cx, str_z(cx->arena, folder_part(path)), STR(""),
			 &tree);
	if (!e)
		e = bundle(cx, &tree.files, file_name(path, false), text,
			   &problems);
	return e == ERR_INVALID && problems.errors
		       ? problems_refuse(cx, &problems)
		       : e;
}

static enum err all_known(struct ctx *cx, const struct code_spec *s,
			  const char *where)
{
	struct problems p = { 0 };

	code_spec_known(cx, s, where, toolchain_nth, &p);
	code_calls_known(cx, s, where, &p);
	return problems_refuse(cx, &p);
}

static enum err choose_item(struct grading *g, struct str text, struct str id)
{
	struct ctx *cx = g->c->cx;
	const struct item *it, *found = NULL;
	struct assessment_def def;
	size_t n = 0;
	enum err e = assessment_read(cx, text, &def, NULL);

	if (e)
		return e;
	it = def.items.at;
	for (size_t i = 0; i < def.items.n; i++) {
		if (it[i].type != ITEM_CODE || (id.p && !str_eq(it[i].id, id)))
			continue;
		found = &it[i];
		n++;
	}
	if (!n && id.p)
		return err_set(cx, ERR_INVALID,
			       "the file has no code item %.*s",
			       STR_FMT(str_cut(id, 0, 100)));
	if (n != 1)
		return err_set(cx, ERR_INVALID,
			       n ? "the file has several code items: name one "
				   "with --item"
				 : "the file has no code item");
	g->item = found->id;
	g->spec = found->code;
	assessment_probe(cx, &def, &g->probes);
	return all_known(
		cx, &g->spec,
		str_fmt(cx->arena, "/items/%zu/code", (size_t)(found - it)).p);
}

enum err grade_spec(struct grading *g, struct str path, struct str item)
{
	struct ctx *cx = g->c->cx;
	struct jdoc *doc;
	struct jval v;
	struct str text;
	enum err e = whole(g->c, path, &text);

	if (!e)
		e = jdoc_parse(cx, text, &doc);
	if (e == ERR_BAD_JSON)
		return err_set(cx, ERR_INVALID, "%.*s is not JSON: %s",
			       STR_FMT(path),
			       str_copy(cx->arena, str_of(cx->error.text)).p);
	if (e)
		return e;
	if (jval_type(jdoc_root(doc)) == J_OBJECT &&
	    jval_get(jdoc_root(doc), "items", &v))
		return choose_item(g, text, item);
	if (item.p)
		return err_set(cx, ERR_INVALID,
			       "--item is for an assessment file; %.*s is one "
			       "task by itself",
			       STR_FMT(path));
	e = field_decode(cx, jdoc_root(doc), &code_spec_shape, "", &g->spec);
	if (!e)
		e = code_spec_check(cx, &g->spec, "");
	return e ? e : all_known(cx, &g->spec, "");
}

/* ---- what is handed in ---- */

static const struct code_language *by_ending(const struct grading *g,
					     struct str name)
{
	for (size_t i = 0; i < g->languages.n; i++) {
		const struct code_language *l = &g->languages.at[i];

		for (size_t k = 0; l->suffixes[k]; k++)
			if (str_ends(name, l->suffixes[k]))
				return l;
	}
	return NULL;
}

static bool is_for(const struct grading *g, struct str language)
{
	const struct str *l = g->spec.languages.at;

	for (size_t i = 0; i < g->spec.languages.n; i++)
		if (str_eq(l[i], language))
			return true;
	return false;
}

/* The task's only one, or that of the files' endings. */
static enum err guess_language(struct grading *g)
{
	const struct code_file *f = g->files.at;

	if (g->spec.languages.n == 1) {
		g->language = *(struct str *)g->spec.languages.at;
		return OK;
	}
	for (size_t i = 0; i < g->files.n; i++) {
		const struct code_language *l = by_ending(g, f[i].name);

		if (l && is_for(g, str_of(l->name))) {
			g->language = str_of(l->name);
			return OK;
		}
	}
	return err_set(g->c->cx, ERR_INVALID,
		       "no file's ending tells the language: give --language");
}

static struct str known(const struct grading *g)
{
	struct buf b = { 0 };
	struct str s;

	for (size_t i = 0; i < g->languages.n; i++)
		buf_fmt(&b, "%s%s", i ? ", " : "", g->languages.at[i].name);
	s = buf_copy(&b, g->c->cx->arena);
	buf_done(&b);
	return s;
}

static enum err check_language(struct grading *g)
{
	const struct code_language *l =
		code_language_find(&g->languages, g->language);

	if (!l)
		return err_set(g->c->cx, ERR_INVALID,
			       "there is no toolchain %.*s; there are %.*s",
			       STR_FMT(str_cut(g->language, 0, 60)),
			       STR_FMT(known(g)));
	if (!l->installed)
		return err_set(g->c->cx, ERR_UNSUPPORTED,
			       "%s is not installed here: install it, or let a "
			       "server judge",
			       l->title);
	return OK;
}

static void take_files(struct grading *g, const struct tree_list *tree)
{
	const struct run_file *in = tree->files.at;
	struct code_file *f =
		ARENA_ARRAY(g->c->cx->arena, struct code_file, tree->files.n);

	for (size_t i = 0; i < tree->files.n; i++)
		f[i] = (struct code_file){
			.name = in[i].name,
			.text = in[i].data.p ? in[i].data : STR(""),
			.executable = in[i].executable,
		};
	g->files = (struct list){ f, tree->files.n };
}

/* An archive without what a tool would take for its own configuration. */
static enum err read_packed(struct grading *g, struct str bytes,
			    struct tree_list *out)
{
	const struct code_left_out *r;
	enum err e = packed_read(g->c, bytes, out);

	if (e)
		return e;
	g->packed = true;
	worker_unpack_told(g->c->cx, out, &g->archive, &out->files);
	r = g->archive.refused.at;
	for (size_t i = out->refused.n; i < g->archive.refused.n; i++)
		cli_say(g->c, 0, "left out: %.*s: %.*s", STR_FMT(r[i].name),
			STR_FMT(r[i].why));
	return OK;
}

/* A folder, or a zip or tar, which is opened in a box. */
static enum err read_tree(struct grading *g, struct str path,
			  struct tree_list *out)
{
	struct ctx *cx = g->c->cx;
	struct str bytes;
	enum err e;

	if (file_is_folder(g->c, path)) {
		e = hostdir_read(cx, str_z(cx->arena, path), STR(""), out);
		if (!e)
			packed_say_refused(g->c, out);
		return e;
	}
	e = file_read(g->c, path, LIMIT_IMPORT_BYTES, &bytes);
	if (!e && !packed_is(bytes))
		e = err_set(cx, ERR_INVALID,
			    "%.*s is neither a folder nor a zip or tar",
			    STR_FMT(path));
	return e ? e : read_packed(g, bytes, out);
}

enum err grade_files(struct grading *g, struct str folder)
{
	struct ctx *cx = g->c->cx;
	struct tree_list tree;
	enum err e = read_tree(g, folder, &tree);

	if (e)
		return e;
	take_files(g, &tree);
	if (!g->language.p)
		e = guess_language(g);
	if (!e)
		e = check_language(g);
	return e ? e : code_accepts(cx, &g->spec, g->language, &g->files, "");
}
