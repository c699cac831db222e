#include "cli/lab_dir.h"

#include <stdlib.h>

#include "base/limits.h"
#include "cli/online.h"
#include "cli/packed.h"
#include "cli/progress.h"
#include "cli/take.h"
#include "cli/verb.h"
#include "sandbox/gitlib.h"
#include "sandbox/hostdir.h"
#include "sandbox/object.h"
#include "sandbox/tree_name.h"

enum { MARK_BYTES = 4096, MARK_VERSION = 1, BESIDES = 9 };

static const struct field mark_fields[] = {
	FIELD(struct lab_mark, assay_lab_dir, KIND_INT, "this file's version",
	      .min = MARK_VERSION, .max = MARK_VERSION),
	FIELD(struct lab_mark, course, KIND_STR, "the platform's course id",
	      .min = 1, .max = LIMIT_REF_BYTES),
	FIELD(struct lab_mark, slug, KIND_STR, "the lab's name in it", .min = 1,
	      .max = LIMIT_REF_BYTES),
	FIELD(struct lab_mark, session, KIND_ID, "whose work it is"),
	FIELD_OPT(struct lab_mark, commit, KIND_STR, "last in step with",
		  .min = OID_TEXT, .max = OID_TEXT),
	FIELD_END,
};
static const struct shape mark_shape = SHAPE(struct lab_mark, mark_fields);

bool lab_json(const struct lab_dir *d)
{
	return args_on(d->args, "json");
}

bool lab_same(const struct run_file *a, const struct run_file *b)
{
	if (!a || !b)
		return a == b;
	return a->executable == b->executable && str_eq(a->data, b->data);
}

/* ---- the folder ---- */

static enum err read_mark(struct lab_dir *d)
{
	struct ctx *cx = d->c->cx;
	struct run_file f;
	enum err e = hostdir_load(cx, &d->dir, STR(LAB_MARK), MARK_BYTES, &f);

	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		return OK;
	}
	if (!e)
		e = field_decode_text(cx, f.data, &mark_shape, &d->mark);
	d->marked = !e;
	return e ? err_set(cx, ERR_INVALID,
			   "%.*s/" LAB_MARK " is not what assay wrote: open "
			   "the lab in a new folder",
			   STR_FMT(d->path))
		 : OK;
}

int lab_dir_open(struct cli *c, const struct args *a, struct str path,
		 bool make, struct lab_dir *d)
{
	enum err e;

	*d = (struct lab_dir){ .c = c, .args = a, .path = path, .dir = { -1 } };
	e = gitlib_start(c->cx);
	if (!e)
		e = hostdir_open(c->cx, str_z(c->cx->arena, path), make,
				 &d->dir);
	if (!e)
		e = read_mark(d);
	if (e)
		return cli_error(c, e);
	if (d->marked)
		hostdir_tidy(&d->dir);
	e = connect_open(c, a, &d->net);
	return e ? online_nobody(c, lab_json(d), e) : LAB_ON;
}

void lab_dir_close(struct lab_dir *d)
{
	connect_close(&d->net);
	hostdir_close(&d->dir);
}

int lab_dir_marked(struct lab_dir *d)
{
	if (d->marked)
		return LAB_ON;
	return cli_say(d->c, CLI_REFUSED,
		       "%.*s is no lab's folder yet: assay lab open COURSE/LAB "
		       "%.*s makes it one",
		       STR_FMT(d->path), STR_FMT(d->path));
}

int lab_mark_set(struct lab_dir *d, struct str commit)
{
	struct ctx *cx = d->c->cx;
	struct run_file f = { .name = STR(LAB_MARK) };
	struct buf b = { 0 };
	enum err e;

	d->mark.commit = commit;
	field_encode(&b, &mark_shape, &d->mark);
	buf_ch(&b, '\n');
	f.data = buf_copy(&b, cx->arena);
	buf_done(&b);
	e = hostdir_put_over(cx, &d->dir, &f);
	return e ? cli_error(d->c, e) : LAB_ON;
}

/* Ours in the folder, which are no part of the work. */
static bool is_own(struct str name)
{
	return str_is(name, LAB_MARK) || str_is(name, HOSTDIR_TEMP);
}

static struct list without_own(struct arena *a, const struct list *files)
{
	const struct run_file *f = files->at;
	struct run_file *out = ARENA_ARRAY(a, struct run_file, files->n + 1);
	size_t n = 0;

	for (size_t i = 0; i < files->n; i++)
		if (!is_own(f[i].name))
			out[n++] = f[i];
	return (struct list){ out, n };
}

int lab_dir_read(struct lab_dir *d)
{
	struct ctx *cx = d->c->cx;
	enum err e =
		hostdir_read(cx, str_z(cx->arena, d->path), STR(""), &d->local);

	if (e)
		return cli_error(d->c, e);
	if (d->local.refused_more)
		return cli_say(d->c, CLI_REFUSED,
			       "%.*s holds more than %d entries that no lab "
			       "can have, such as links: move them away",
			       STR_FMT(d->path), TREE_REFUSED);
	d->files = without_own(cx->arena, &d->local.files);
	return LAB_ON;
}

bool lab_is_refused(const struct lab_dir *d, struct str name)
{
	const struct tree_refused *r = d->local.refused.at;

	for (size_t i = 0; i < d->local.refused.n; i++) {
		struct str bad = r[i].raw;

		if (str_eq(bad, name) ||
		    (name.n > bad.n && name.p[bad.n] == '/' &&
		     str_eq(str_cut(name, 0, bad.n), bad)))
			return true;
	}
	return false;
}

static int by_name(const void *a, const void *b)
{
	const struct run_file *x = a, *y = b;

	return str_cmp(x->name, y->name);
}

struct list lab_ours(struct lab_dir *d, const struct list *base)
{
	const struct run_file *b = base->at;
	struct run_file *all = ARENA_ARRAY(d->c->cx->arena, struct run_file,
					   d->files.n + base->n + 1);
	size_t n = d->files.n;

	if (n)
		memcpy(all, d->files.at, n * sizeof(*all));
	for (size_t i = 0; i < base->n; i++)
		if (lab_is_refused(d, b[i].name) &&
		    !tree_find(&d->files, b[i].name))
			all[n++] = b[i];
	qsort(all, n, sizeof(*all), by_name);
	return (struct list){ all, n };
}

/* ---- the server ---- */

int lab_call(struct lab_dir *d, const char *method, struct str params,
	     struct str bytes, bool write, struct client_reply *r,
	     struct jval *result)
{
	struct cli *c = d->c;
	struct jdoc *doc;
	enum err e;

	if (write)
		params = connect_with_key(c, params, connect_key(c));
	e = connect_call(c, &d->net, str_of(method), params, bytes, r);
	if (e)
		return online_nobody(c, lab_json(d), e);
	if (r->code)
		return online_refused(c, r, lab_json(d));
	e = jdoc_parse(c->cx, r->result, &doc);
	if (e)
		return cli_error(c, e);
	*result = jdoc_root(doc);
	return LAB_ON;
}

static struct str session_params(struct lab_dir *d, struct buf *b)
{
	struct str s;

	buf_ch(b, '}');
	s = buf_copy(b, d->c->cx->arena);
	buf_done(b);
	return s;
}

static int read_session(struct lab_dir *d, struct jval v)
{
	struct str commit = d->mark.commit;
	struct id session;

	if (!id_parse(take_str(d->c, v, "session"), &session))
		return cli_error(d->c, err_set(d->c->cx, ERR_CORRUPT,
					       "the server's answer names no "
					       "session"));
	if (d->marked && !id_eq(&session, &d->mark.session))
		return cli_say(d->c, CLI_REFUSED,
			       "%.*s is the work of somebody else, or of "
			       "another server: open the lab in a new folder",
			       STR_FMT(d->path));
	d->version = take_int(v, "version");
	d->newest = take_int(v, "newest");
	d->mark.session = session;
	return d->marked ? LAB_ON : lab_mark_set(d, commit);
}

int lab_dir_session(struct lab_dir *d)
{
	struct client_reply r;
	struct buf b = { 0 };
	struct jval v;
	int code;

	buf_z(&b, "{\"course\":");
	jout_str(&b, d->mark.course);
	buf_z(&b, ",\"slug\":");
	jout_str(&b, d->mark.slug);
	code = lab_call(d, "lab.open", session_params(d, &b), (struct str){ 0 },
			true, &r, &v);
	if (code == LAB_ON)
		code = read_session(d, v);
	d->marked = d->marked || code == LAB_ON;
	return code;
}

/* Every file's bytes, which follow each other. */
static enum err split(struct lab_dir *d, struct jval list, struct str bytes,
		      struct list *out)
{
	struct ctx *cx = d->c->cx;
	struct run_file *f =
		ARENA_ARRAY(cx->arena, struct run_file, jval_count(list) + 1);
	struct tree_list checked;
	struct jval v;
	struct str none;
	uint32_t it = 0;
	size_t n = 0;

	while (jval_next(list, &it, &none, &v)) {
		int64_t size = take_int(v, "size");

		if (size < 0 || (uint64_t)size > bytes.n)
			return err_set(cx, ERR_CORRUPT,
				       "the server's files are not whole");
		f[n++] = (struct run_file){
			.name = take_str(d->c, v, "name"),
			.data = str_cut(bytes, 0, (size_t)size),
			.executable = take_bool(v, "executable"),
		};
		bytes = str_cut(bytes, (size_t)size, bytes.n);
	}
	tree_check_files(cx->arena, &(struct list){ f, n }, &checked);
	packed_say_refused(d->c, &checked);
	*out = without_own(cx->arena, &checked.files);
	return OK;
}

int lab_fetch(struct lab_dir *d, struct str commit, struct str *at,
	      struct list *files)
{
	struct progress p;
	struct client_reply r;
	struct buf b = { 0 };
	struct jval v, list;
	enum err e = OK;
	int code;

	buf_z(&b, "{\"session\":");
	jout_id(&b, &d->mark.session);
	if (commit.n) {
		buf_z(&b, ",\"commit\":");
		jout_str(&b, commit);
	}
	buf_z(&b, ",\"contents\":true");
	progress_start(&p, d->c, "asking the server for files");
	progress_set(&p, 0, 0);
	code = lab_call(d, "lab.files", session_params(d, &b),
			(struct str){ 0 }, false, &r, &v);
	progress_end(&p);
	if (code != LAB_ON)
		return code;
	if (!take_get(v, "files", &list) || jval_type(list) != J_ARRAY)
		e = err_set(d->c->cx, ERR_CORRUPT,
			    "the server's answer has no files");
	if (!e)
		e = split(d, list, r.bytes.p ? r.bytes : STR(""), files);
	if (e)
		return cli_error(d->c, e);
	*at = take_str(d->c, v, "commit");
	return LAB_ON;
}

/* ---- taking over ---- */

struct taking {
	struct lab_dir *d;
	struct lab_taken *out;
	struct progress progress;
	struct list ours;
	int64_t done, total; /* bytes */
	struct str *kept;
};

/* Nothing that is there is replaced but what was read. */
static enum err put(struct taking *t, const struct run_file *f)
{
	enum err e;

	if (lab_is_refused(t->d, f->name)) {
		t->kept[t->out->kept.n++] = f->name;
		return OK;
	}
	e = hostdir_put(t->d->c->cx, &t->d->dir, f,
			tree_find(&t->ours, f->name));
	t->out->written += !e;
	t->done += (int64_t)f->data.n;
	progress_set(&t->progress, t->done, t->total);
	return e;
}

static enum err apply(struct taking *t, const struct list *to)
{
	const struct run_file *now = t->ours.at, *f = to->at;
	enum err e = OK;

	for (size_t i = 0; i < to->n; i++)
		if (!lab_same(tree_find(&t->ours, f[i].name), &f[i]))
			t->total += (int64_t)f[i].data.n;
	/* First: a file may go where a folder comes. */
	for (size_t i = 0; !e && i < t->ours.n; i++) {
		if (tree_find(to, now[i].name) ||
		    lab_is_refused(t->d, now[i].name))
			continue;
		e = hostdir_remove(t->d->c->cx, &t->d->dir, &now[i]);
		t->out->removed += !e;
	}
	for (size_t i = 0; !e && i < to->n; i++)
		if (!lab_same(tree_find(&t->ours, f[i].name), &f[i]))
			e = put(t, &f[i]);
	return e;
}

/* NAME.server, or with a number; there already if a try was interrupted. */
static enum err put_beside(struct taking *t, const struct work_conflict *w,
			   const struct run_file *theirs, const struct list *to,
			   struct str *beside)
{
	struct arena *a = t->d->c->cx->arena;

	for (int i = 1; i <= BESIDES; i++) {
		struct run_file f = *theirs;
		const struct run_file *there;
		enum err e;

		f.name = i == 1 ? str_fmt(a, "%.*s.server", STR_FMT(w->name))
				: str_fmt(a, "%.*s.server%d", STR_FMT(w->name),
					  i);
		if (tree_name_wrong(f.name, TREE_DEPTH))
			return OK;
		there = tree_find(to, f.name);
		if ((there && !lab_same(there, &f)) ||
		    lab_is_refused(t->d, f.name))
			continue;
		e = there ? OK : put(t, &f);
		if (e != ERR_CONFLICT) {
			*beside = f.name;
			return e;
		}
		err_clear(t->d->c->cx); /* a folder has the name */
	}
	return OK;
}

static enum err put_conflicts(struct taking *t, const struct list *theirs,
			      const struct list *to)
{
	const struct work_conflict *w = t->out->conflicts.at;
	enum err e = OK;

	t->out->beside = ARENA_ARRAY(t->d->c->cx->arena, struct str,
				     t->out->conflicts.n + 1);
	for (size_t i = 0; !e && i < t->out->conflicts.n; i++) {
		const struct run_file *f = tree_find(theirs, w[i].name);

		t->out->beside[i] = (struct str){ 0 };
		if (f && w[i].kind != WORK_NO_ROOM)
			e = put_beside(t, &w[i], f, to, &t->out->beside[i]);
	}
	return e;
}

int lab_take(struct lab_dir *d, struct str commit, const struct list *theirs,
	     struct lab_taken *out)
{
	struct ctx *cx = d->c->cx;
	struct taking t = { .d = d, .out = out };
	struct work_merged merged;
	struct list base = { 0 };
	struct str at;
	int code = LAB_ON;
	enum err e;

	*out = (struct lab_taken){ 0 };
	if (str_eq(d->mark.commit, commit))
		base = *theirs;
	else if (d->mark.commit.n)
		code = lab_fetch(d, d->mark.commit, &at, &base);
	if (code != LAB_ON)
		return code;
	t.ours = lab_ours(d, &base);
	t.kept = ARENA_ARRAY(cx->arena, struct str, TREE_ENTRIES * 2);
	out->kept.at = t.kept;
	e = work_merge(cx, &base, &t.ours, theirs, &merged);
	if (e)
		return cli_error(d->c, e);
	out->conflicts = merged.conflicts;
	progress_start(&t.progress, d->c, "writing");
	e = apply(&t, &merged.files);
	if (!e)
		e = put_conflicts(&t, theirs, &merged.files);
	progress_end(&t.progress);
	if (!e)
		e = hostdir_sync(cx, &d->dir); /* before the mark says so */
	if (e)
		return cli_error(d->c, e);
	return str_eq(d->mark.commit, commit) ? LAB_ON
					      : lab_mark_set(d, commit);
}

/* ---- what is said of it ---- */

static const char *const kinds[] = {
	[WORK_BOTH_CHANGED] = "here and on the server the same lines were "
			      "changed",
	[WORK_BOTH_ADDED] = "here and on the server a file of this name was "
			    "added",
	[WORK_GONE_HERE] = "you removed it, on the server it was changed",
	[WORK_GONE_THERE] = "on the server it was removed, you changed it",
	[WORK_NO_ROOM] = "the server's file does not fit among yours by its "
			 "name or size",
};

void lab_say_taken(struct lab_dir *d, const struct lab_taken *t)
{
	const struct work_conflict *w = t->conflicts.at;
	const struct str *kept = t->kept.at;
	struct take out = { .c = d->c };

	for (size_t i = 0; i < t->conflicts.n; i++)
		if (t->beside[i].p)
			take_sayf(&out,
				  "%.*s: %s. It stays as you have it; the "
				  "server's is %.*s.",
				  STR_FMT(w[i].name), kinds[w[i].kind],
				  STR_FMT(t->beside[i]));
		else
			take_sayf(&out, "%.*s: %s. It stays as you have it.",
				  STR_FMT(w[i].name), kinds[w[i].kind]);
	for (size_t i = 0; i < t->kept.n; i++)
		take_sayf(&out,
			  "%.*s was changed on the server and is not written: "
			  "what is here in its place cannot be saved.",
			  STR_FMT(kept[i]));
}
