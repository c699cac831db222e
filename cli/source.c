#include "cli/source.h"

#include "base/limits.h"
#include "cli/file.h"
#include "cli/packed.h"
#include "graders/kattis.h"
#include "rubrics/peer_def.h"
#include "sandbox/hostdir.h"

/* What a slug may hold, from a file's name. */
static struct str slug_of(struct cli *c, struct str path)
{
	struct str name = file_name(path, true);
	struct buf b = { 0 };
	struct str s;

	for (size_t i = 0; i < name.n && b.n < LIMIT_REF_BYTES; i++) {
		char ch = str_lower(name.p[i]);

		if ((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9'))
			buf_ch(&b, ch);
		else if (b.n && b.p[b.n - 1] != '-')
			buf_ch(&b, '-');
	}
	while (b.n && b.p[b.n - 1] == '-')
		b.n--;
	s = b.n ? buf_copy(&b, c->cx->arena) : STR("imported");
	buf_done(&b);
	return s;
}

/* What was imported, as an assessment of its own. */
static void take_bank(struct cli *c, struct str course, struct str slug,
		      struct source *out)
{
	out->imported = true;
	assessment_of_bank(c->cx, &out->bank, course.n ? course : STR("course"),
			   slug.n ? slug : slug_of(c, out->path), &out->def);
	assessment_check(c->cx, &out->def, &out->problems);
	assessment_probe(c->cx, &out->def, &out->problems);
	out->checked = out->problems.errors ? ERR_INVALID : OK;
}

static enum err read_foreign(struct cli *c, struct str bytes, struct str course,
			     struct str slug, struct source *out)
{
	enum err e = bank_read(c->cx, bytes, file_name(out->path, false),
			       &out->bank);

	if (!e)
		take_bank(c, course, slug, out);
	return e;
}

static enum err take_package(struct cli *c, const struct list *files,
			     struct str course, struct str slug,
			     struct source *out)
{
	enum err e = kattis_read(c->cx, files->at, files->n, &out->bank);

	out->format = STR("kattis");
	if (!e)
		take_bank(c, course, slug, out);
	return e;
}

/* A folder: a problem package. */
static enum err read_package(struct cli *c, struct str course, struct str slug,
			     struct source *out)
{
	struct tree_list t;
	enum err e = hostdir_read(c->cx, str_z(c->cx->arena, out->path),
				  STR(""), &t);

	if (e)
		return e;
	packed_say_refused(c, &t);
	return take_package(c, &t.files, course, slug, out);
}

/* The same as an archive, which is opened in a box. */
static enum err read_packed(struct cli *c, struct str bytes, struct str course,
			    struct str slug, struct source *out)
{
	struct tree_list tree;
	enum err e = packed_read(c, bytes, &tree);

	return e ? e : take_package(c, &tree.files, course, slug, out);
}

enum err source_peer(struct ctx *cx, const struct assessment_def *def,
		     struct problems *problems)
{
	const struct str *text;
	struct peer_def peer;
	struct list warnings;
	enum err e;

	if (!def->peer.p)
		return OK;
	e = peer_def_read(cx, def->peer, "/peer", &peer);
	if (e) {
		problem_add(cx, problems, PROBLEM_ERROR,
			    str_of(cx->error.field), "peer", "%s",
			    cx->error.text);
		return e;
	}
	peer_def_warnings(cx, &peer, &warnings);
	text = warnings.at;
	for (size_t i = 0; i < warnings.n; i++)
		problem_add(cx, problems, PROBLEM_WARNING, STR("/peer"), "peer",
			    "%.*s", STR_FMT(text[i]));
	return OK;
}

static enum err read_any(struct cli *c, struct str path, struct str course,
			 struct str slug, struct source *out)
{
	struct str bytes;
	enum err e;

	*out = (struct source){ .path = path };
	if (file_is_folder(c, path))
		return read_package(c, course, slug, out);
	e = file_read(c, path, LIMIT_IMPORT_BYTES, &bytes);
	if (e)
		return e;
	if (packed_is(bytes))
		return read_packed(c, bytes, course, slug, out);
	out->format = bank_detect(bytes);
	if (!out->format.n && str_starts(str_trim(bytes), "{"))
		out->format = STR("assay"); /* so that its errors are listed */
	if (!str_is(out->format, "assay"))
		return read_foreign(c, bytes, course, slug, out);
	out->checked =
		assessment_read_new(c->cx, bytes, &out->def, &out->problems);
	if (!out->checked)
		out->checked = source_peer(c->cx, &out->def, &out->problems);
	if (out->checked == ERR_BAD_JSON)
		out->checked = ERR_INVALID; /* here it is the file's fault */
	if (out->checked && !out->problems.errors)
		return out->checked; /* not even JSON, or over a limit */
	if (!out->checked && course.n)
		out->def.course = course;
	if (!out->checked && slug.n)
		out->def.slug = slug;
	return OK;
}

enum err source_check(struct cli *c, struct str path, struct source *out)
{
	return read_any(c, path, (struct str){ 0 }, (struct str){ 0 }, out);
}

enum err source_read_as(struct cli *c, struct str path, struct str course,
			struct str slug, struct source *out)
{
	enum err e = read_any(c, path, course, slug, out);

	/* What was imported may still need an author; a file may not. */
	return !e && !out->imported ? out->checked : e;
}

enum err source_read(struct cli *c, struct str path, struct source *out)
{
	return source_read_as(c, path, (struct str){ 0 }, (struct str){ 0 },
			      out);
}
