#include "graders/bundle.h"

#include "base/limits.h"

const char *const bundle_kind_words[] = {
#define X(code, word, ending) word,
	BUNDLE_KINDS(X)
#undef X
		NULL
};
static const char *const endings[] = {
#define X(code, word, ending) ending,
	BUNDLE_KINDS(X)
#undef X
};

struct bundling {
	struct ctx *cx;
	const struct run_file *files;
	size_t n;
	struct str folder; /* of the file that refers, with its '/' */
	struct problems *problems;
	struct buf out;
	struct buf at; /* JSON pointer of where we are */
};

static bool ends_path(struct str path, const char *name)
{
	size_t n = strlen(name);
	char before;

	if (!str_ends(path, name))
		return false;
	before = path.n == n ? '/' : path.p[path.n - n - 1];
	return before == '/' || before == '.';
}

bool bundle_kind_of(struct str path, int *kind)
{
	for (int i = 0; i < BUNDLE_KIND_COUNT; i++)
		if (ends_path(path, endings[i])) {
			*kind = i;
			return true;
		}
	return false;
}

static const struct run_file *find(const struct bundling *b, struct str path)
{
	for (size_t i = 0; i < b->n; i++)
		if (str_eq(b->files[i].name, path))
			return &b->files[i];
	return NULL;
}

static void wrong(struct bundling *b, const char *code, const char *what,
		  struct str path)
{
	problem_add(b->cx, b->problems, PROBLEM_ERROR, buf_view(&b->at), code,
		    "%s: %.*s", what, STR_FMT(str_cut(path, 0, 200)));
}

/* From where the referring file stands; false: it leads out, or nowhere. */
static bool resolve(struct bundling *b, struct str path, struct str *out)
{
	struct str rest = path, part;

	while (str_split(&rest, '/', &part))
		if (!part.n || str_is(part, ".") || str_is(part, "..")) {
			wrong(b, "bad_path",
			      "a path leads from the folder of this file "
			      "downwards, without . and ..",
			      path);
			return false;
		}
	*out = str_fmt(b->cx->arena, "%.*s%.*s", STR_FMT(b->folder),
		       STR_FMT(path));
	return true;
}

/* "text":"…" or "base64":"…" */
static void put_content(struct buf *out, struct str data)
{
	if (str_utf8_ok(data) && (!data.n || !memchr(data.p, 0, data.n))) {
		jout_name(out, "text");
		jout_str(out, data);
		return;
	}
	jout_name(out, "base64");
	jout_base64(out, data);
}

static void put_file(struct bundling *b, struct jval v)
{
	struct str path = jval_str(b->cx, v), whole;
	const struct run_file *f;

	if (!resolve(b, path, &whole))
		return;
	f = find(b, whole);
	if (f)
		put_content(&b->out, f->data);
	else
		wrong(b, "missing_file", "there is no such file", whole);
}

/* Elements for all files below a folder, without the commas around them. */
static void put_folder(struct bundling *b, struct jval v)
{
	struct str path = jval_str(b->cx, v), whole;
	size_t n = 0;

	if (!resolve(b, path, &whole))
		return;
	whole = str_fmt(b->cx->arena, "%.*s/", STR_FMT(whole));
	for (size_t i = 0; i < b->n && !b->out.failed; i++) {
		const struct run_file *f = &b->files[i];

		if (f->name.n <= whole.n ||
		    !str_eq(str_cut(f->name, 0, whole.n), whole))
			continue;
		buf_z(&b->out, n++ ? ",{" : "{");
		jout_name(&b->out, "name");
		jout_str(&b->out, str_cut(f->name, whole.n, f->name.n));
		buf_ch(&b->out, ',');
		put_content(&b->out, f->data);
		buf_z(&b->out, f->executable ? ",\"executable\":true}" : "}");
	}
	if (!n)
		wrong(b, "missing_file", "there is no file in this folder",
		      whole);
}

/* A string member of an object, or false. */
static bool string_member(struct jval object, const char *name,
			  struct jval *out)
{
	return jval_type(object) == J_OBJECT && jval_get(object, name, out) &&
	       jval_type(*out) == J_STRING;
}

static void put(struct bundling *b, struct jval v);

static void put_object(struct bundling *b, struct jval v)
{
	struct jval member;
	struct str name;
	uint32_t it = 0;
	size_t n = 0, at = b->at.n;

	buf_ch(&b->out, '{');
	while (jval_next(v, &it, &name, &member)) {
		buf_z(&b->out, n++ ? "," : "");
		buf_fmt(&b->at, "/%.*s", STR_FMT(name));
		if (str_is(name, "file") && jval_type(member) == J_STRING) {
			if (!b->out.failed)
				put_file(b, member);
		} else {
			buf_ch(&b->out, '"');
			buf_str(&b->out, name);
			buf_z(&b->out, "\":");
			put(b, member);
		}
		b->at.n = at;
	}
	buf_ch(&b->out, '}');
}

static void put_array(struct bundling *b, struct jval v)
{
	struct jval element, folder;
	struct str name;
	uint32_t it = 0;
	size_t n = 0, at = b->at.n;

	buf_ch(&b->out, '[');
	while (jval_next(v, &it, &name, &element)) {
		buf_z(&b->out, n ? "," : "");
		buf_fmt(&b->at, "/%zu", n++);
		if (string_member(element, "folder", &folder) &&
		    jval_count(element) == 1)
			put_folder(b, folder);
		else
			put(b, element);
		b->at.n = at;
	}
	buf_ch(&b->out, ']');
}

/*
 * jdoc_parse has bounded the depth. Beyond the limit nothing is looked at any
 * more: a file of 16 MiB may be named a thousand times.
 */
static void put(struct bundling *b, struct jval v)
{
	if (b->out.failed)
		return;
	switch (jval_type(v)) {
	case J_OBJECT:
		put_object(b, v);
		return;
	case J_ARRAY:
		put_array(b, v);
		return;
	case J_NULL:
	case J_BOOL:
	case J_NUMBER:
	case J_STRING:
		buf_str(&b->out, jval_text(v));
	}
}

static struct str folder_of(struct str path)
{
	size_t n = path.n;

	while (n && path.p[n - 1] != '/')
		n--;
	return str_cut(path, 0, n);
}

enum err bundle(struct ctx *cx, const struct list *files, struct str path,
		struct str *text, struct problems *problems)
{
	struct bundling b = { .cx = cx,
			      .files = files->at,
			      .n = files->n,
			      .folder = folder_of(path),
			      .problems = problems,
			      .out = { .limit = BUNDLE_BYTES } };
	const struct run_file *f = find(&b, path);
	struct jdoc *doc;
	enum err e;

	*problems = (struct problems){ 0 };
	if (!f)
		return err_set(cx, ERR_NOT_FOUND, "there is no such file");
	if (f->data.n > BUNDLE_FILE_JSON_BYTES)
		return err_set(cx, ERR_TOO_LARGE,
			       "the file has more than %d bytes before others "
			       "are put into it",
			       BUNDLE_FILE_JSON_BYTES);
	e = jdoc_parse(cx, f->data, &doc);
	if (e)
		return e;
	put(&b, jdoc_root(doc));
	if (b.out.failed)
		e = err_set(cx, ERR_TOO_LARGE,
			    "the file and what it refers to have more than %d "
			    "bytes",
			    BUNDLE_BYTES);
	else
		e = problems_refuse(cx, problems);
	if (!e)
		*text = buf_copy(&b.out, cx->arena);
	buf_done(&b.out);
	buf_done(&b.at);
	return e;
}
