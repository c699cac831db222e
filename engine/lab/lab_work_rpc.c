/* lab.files, read, save, history, restore, reset: the work. */
#include "base/limits.h"
#include "engine/app.h"
#include "engine/lab/lab_rpc.h"
#include "engine/lab/lab_sql.h"
#include "sandbox/tree_name.h"
#include <stdlib.h>

#define LEARNERS (ROLE_LEARNER)
#define READERS (ROLE_LEARNER | ROLE_STAFF)

static const struct field session_fields[] = {
	FIELD(struct lab_session_params, session, KIND_ID, "of lab.open"),
	FIELD_END,
};
const struct shape lab_session_params_shape = {
	"lab_session_params", sizeof(struct lab_session_params), session_fields
};

/* ---- files and read ---- */

struct at_params {
	struct id session;
	struct str commit, name;
	bool contents;
};
static const struct field files_fields[] = {
	FIELD(struct at_params, session, KIND_ID, "of lab.open"),
	FIELD_OPT(struct at_params, commit, KIND_STR,
		  "an older state; absent: the newest", .min = OID_TEXT,
		  .max = OID_TEXT),
	FIELD_OPT(struct at_params, contents, KIND_BOOL,
		  "what is in them follows as bytes, one after the other"),
	FIELD_END,
};
static const struct shape files_shape = { "lab_files", sizeof(struct at_params),
					  files_fields };
static const struct field read_fields[] = {
	FIELD(struct at_params, session, KIND_ID, "of lab.open"),
	FIELD(struct at_params, name, KIND_STR, "the file", .min = 1,
	      .max = TREE_NAME_BYTES),
	FIELD_OPT(struct at_params, commit, KIND_STR,
		  "an older state; absent: the newest", .min = OID_TEXT,
		  .max = OID_TEXT),
	FIELD_END,
};
static const struct shape read_shape = { "lab_read", sizeof(struct at_params),
					 read_fields };

struct file_view {
	struct str name;
	int64_t size;
	bool executable;
};
static const struct field file_fields[] = {
	FIELD(struct file_view, name, KIND_STR, "its path"),
	FIELD(struct file_view, size, KIND_INT, "bytes"),
	FIELD(struct file_view, executable, KIND_BOOL, "may be run"),
	FIELD_END,
};
static const struct shape file_shape = { "lab_file", sizeof(struct file_view),
					 file_fields };
struct files_result {
	struct str commit;
	struct list files;
};
static const struct field files_result_fields[] = {
	FIELD(struct files_result, commit, KIND_STR, "the state they are of"),
	FIELD(struct files_result, files, KIND_LIST, "by name",
	      .of = KIND_OBJECT, .shape = &file_shape, .max = TREE_ENTRIES),
	FIELD_END,
};
static const struct shape files_result_shape = { "lab_files_result",
						 sizeof(struct files_result),
						 files_result_fields };

/* The files of the tip, or of a commit that leads to it. */
static enum err load_at(struct ctx *cx, const struct lab_session *s,
			struct str commit, struct subs_commit *at,
			struct list *files)
{
	struct work_place place = lab_place(cx, s);
	struct oid id;
	enum err e;

	if (!commit.n)
		return work_load(cx, cx->app->subs, &place, at, files);
	if (!oid_parse(commit, &id))
		return err_field(cx, ERR_INVALID, "/commit",
				 "a commit is %d lower-case hex digits",
				 OID_TEXT);
	e = lab_own_commit(cx, s, &id);
	return e ? e : subs_load(cx, cx->app->subs, place.repo, &id, at, files);
}

/*
 * The repository is the course's: a commit is only taken if it is in this
 * learner's own line, or the starter's.
 */
enum { LINE_MOST = 5000 };
enum err lab_own_commit(struct ctx *cx, const struct lab_session *s,
			const struct oid *id)
{
	struct work_place at = lab_place(cx, s);
	struct oid tip, starter = lab_oid(s->starter);
	const struct subs_commit *c;
	struct list line;
	enum err e;

	if (oid_eq(id, &starter))
		return OK;
	e = subs_tip(cx, cx->app->subs, at.repo, at.ref, &tip);
	if (!e)
		e = subs_log(cx, cx->app->subs, at.repo, &tip, LINE_MOST,
			     &line);
	if (e)
		return e;
	c = line.at;
	for (size_t i = 0; i < line.n; i++)
		if (oid_eq(&c[i].id, id))
			return OK;
	return err_field(cx, ERR_NOT_FOUND, "/commit",
			 "there is no such state of this work");
}

static struct str joined(struct ctx *cx, const struct list *files)
{
	const struct run_file *f = files->at;
	size_t n = 0;
	char *p;

	for (size_t i = 0; i < files->n; i++)
		n += f[i].data.n;
	p = arena_alloc(cx->arena, n + 1);
	n = 0;
	for (size_t i = 0; i < files->n; i++) {
		if (f[i].data.n)
			memcpy(p + n, f[i].data.p, f[i].data.n);
		n += f[i].data.n;
	}
	return (struct str){ p, n };
}

static enum err files(struct ctx *cx, const void *params, void *result)
{
	const struct at_params *p = params;
	struct files_result *out = result;
	const struct run_file *f;
	struct file_view *view;
	struct lab_session s;
	struct subs_commit at;
	struct list all;
	enum err e = lab_session_load(cx, &p->session, &s);

	if (!e)
		e = load_at(cx, &s, p->commit, &at, &all);
	if (e)
		return e;
	view = ARENA_ARRAY(cx->arena, struct file_view, all.n + 1);
	f = all.at;
	for (size_t i = 0; i < all.n; i++)
		view[i] = (struct file_view){ f[i].name, (int64_t)f[i].data.n,
					      f[i].executable };
	out->commit = lab_oid_hex(cx->arena, &at.id);
	out->files = (struct list){ view, all.n };
	if (p->contents)
		cx->io->bytes_out = joined(cx, &all);
	return OK;
}

static enum err read_file(struct ctx *cx, const void *params, void *result)
{
	const struct at_params *p = params;
	struct file_view *out = result;
	const struct run_file *f;
	struct lab_session s;
	struct subs_commit at;
	struct list all;
	enum err e = lab_session_load(cx, &p->session, &s);

	if (!e)
		e = load_at(cx, &s, p->commit, &at, &all);
	if (e)
		return e;
	f = tree_find(&all, p->name);
	if (!f)
		return err_field(cx, ERR_NOT_FOUND, "/name",
				 "there is no such file; lab.files lists them");
	*out = (struct file_view){ f->name, (int64_t)f->data.n, f->executable };
	cx->io->bytes_out = f->data.p ? f->data : STR("");
	return OK;
}

/* ---- save ---- */

struct change {
	struct str name, text;
	int64_t size; /* -1: text, else so many of the bytes behind */
	bool executable;
};
static const struct field change_fields[] = {
	FIELD(struct change, name, KIND_STR, "its path", .min = 1,
	      .max = TREE_NAME_BYTES),
	FIELD_OPT(struct change, text, KIND_STR,
		  "what is in it, if that is text, or",
		  .max = LIMIT_BLOB_BYTES),
	FIELD_OPT(struct change, size, KIND_INT,
		  "how many of the bytes behind the message, which follow each "
		  "other",
		  .min = 0, .max = LIMIT_BLOB_BYTES),
	FIELD_OPT(struct change, executable, KIND_BOOL, "may be run"),
	FIELD_END,
};
static const struct shape change_shape = { "lab_change", sizeof(struct change),
					   change_fields };

struct save_params {
	struct id session;
	struct str base;
	struct list files, removed;
	bool all;
};
static const struct field save_fields[] = {
	FIELD(struct save_params, session, KIND_ID, "of lab.open"),
	FIELD_OPT(struct save_params, base, KIND_STR,
		  "the commit that the changes were made on: refused if the "
		  "work is another by now",
		  .min = OID_TEXT, .max = OID_TEXT),
	FIELD_OPT(struct save_params, files, KIND_LIST, "new or changed",
		  .of = KIND_OBJECT, .shape = &change_shape,
		  .max = TREE_ENTRIES),
	FIELD_OPT(struct save_params, removed, KIND_LIST, "names of those gone",
		  .of = KIND_STR, .max = TREE_ENTRIES),
	FIELD_OPT(struct save_params, all, KIND_BOOL,
		  "files is all there is: others are gone"),
	FIELD_END,
};
static const struct shape save_shape = { "lab_save", sizeof(struct save_params),
					 save_fields };

static const struct field saved_fields[] = {
	LAB_SAVED_FIELDS(struct lab_saved),
	FIELD_END,
};
const struct shape lab_saved_shape = { "lab_saved", sizeof(struct lab_saved),
				       saved_fields };

void lab_saved_set(struct ctx *cx, const struct subs_done *done,
		   const struct tree_list *left, struct lab_saved *out)
{
	*out = (struct lab_saved){
		.commit = lab_oid_hex(cx->arena, &done->commit),
		.tree = lab_oid_hex(cx->arena, &done->tree),
		.same = done->same,
	};
	if (left) {
		out->left_out = left->refused;
		out->left_out_more = left->refused_more;
	}
}

/* The files that came, with what is in them. */
static enum err read_changes(struct ctx *cx, const struct save_params *p,
			     struct list *out)
{
	const struct change *c = p->files.at;
	struct run_file *f =
		ARENA_ARRAY(cx->arena, struct run_file, p->files.n + 1);
	struct str rest = cx->io->bytes_in;

	for (size_t i = 0; i < p->files.n; i++) {
		struct str data = c[i].text;

		if (!data.p) {
			if ((size_t)c[i].size > rest.n)
				return err_field(
					cx, ERR_INVALID,
					str_fmt(cx->arena, "/files/%zu/size", i)
						.p,
					"the bytes end before this file does");
			data = str_cut(rest, 0, (size_t)c[i].size);
			rest = str_cut(rest, (size_t)c[i].size, rest.n);
		}
		f[i] = (struct run_file){ c[i].name, data, c[i].executable };
	}
	if (rest.n)
		return err_field(cx, ERR_INVALID, "/files",
				 "%zu bytes behind the message belong to no "
				 "file: say each one's size",
				 rest.n);
	*out = (struct list){ f, p->files.n };
	return OK;
}

static bool names(const struct list *l, struct str name)
{
	const struct str *s = l->at;

	for (size_t i = 0; i < l->n; i++)
		if (str_eq(s[i], name))
			return true;
	return false;
}

static int by_name(const void *a, const void *b)
{
	const struct run_file *x = a, *y = b;

	return str_cmp(x->name, y->name);
}

void lab_apply(struct ctx *cx, const struct list *now,
	       const struct list *changed, const struct list *removed,
	       struct list *out)
{
	const struct run_file *old = now->at, *new = changed->at;
	struct run_file *all = ARENA_ARRAY(cx->arena, struct run_file,
					   now->n + changed->n + 1);
	struct list sorted;
	size_t n = 0;

	if (changed->n)
		memcpy(all, new, changed->n * sizeof(*all));
	qsort(all, changed->n, sizeof(*all), by_name);
	sorted = (struct list){ all, changed->n };
	n = changed->n;
	for (size_t i = 0; i < now->n; i++)
		if (!tree_find(&sorted, old[i].name) &&
		    !names(removed, old[i].name))
			all[n++] = old[i];
	qsort(all, n, sizeof(*all), by_name);
	*out = (struct list){ all, n };
}

enum err lab_save_files(struct ctx *cx, struct lab_session *s,
			const struct list *files, const char *why,
			const char *event, struct subs_done *done,
			struct tree_list *left)
{
	struct work_place at = lab_place(cx, s);
	enum err e = work_save(cx, cx->app->subs, &at, files, why,
			       clock_ms(cx->clock), done, left);

	return e ? e : lab_committed(cx, s, done, event);
}

static enum err save(struct ctx *cx, const void *params, void *result)
{
	const struct save_params *p = params;
	struct list changed, now = { 0 }, all;
	struct tree_list left = { 0 };
	struct subs_done done;
	struct subs_commit at;
	struct work_place place;
	struct lab_session s;
	enum err e = lab_session_own(cx, &p->session, &s);

	if (!e)
		e = read_changes(cx, p, &changed);
	if (e)
		return e;
	place = lab_place(cx, &s);
	e = work_load(cx, cx->app->subs, &place, &at, &now);
	if (e)
		return e;
	if (p->base.n && !str_eq(p->base, lab_oid_hex(cx->arena, &at.id)))
		return err_field(cx, ERR_CONFLICT, "/base",
				 "the work was changed since, perhaps in the "
				 "terminal: read it again");
	if (p->all)
		now.n = 0;
	lab_apply(cx, &now, &changed, &p->removed, &all);
	e = lab_save_files(cx, &s, &all, "save", "lab.saved", &done, &left);
	if (!e)
		lab_saved_set(cx, &done, &left, result);
	return e;
}

/* ---- history, restore, reset ---- */

struct history_params {
	struct id session;
	int64_t limit;
};
static const struct field history_fields[] = {
	FIELD(struct history_params, session, KIND_ID, "of lab.open"),
	FIELD_OPT(struct history_params, limit, KIND_INT, "states; default 100",
		  .min = 1, .max = LIMIT_PAGE),
	FIELD_END,
};
static const struct shape history_shape = { "lab_history",
					    sizeof(struct history_params),
					    history_fields };
struct state_view {
	struct str commit, tree, why;
	int64_t at;
};
static const struct field state_fields[] = {
	FIELD(struct state_view, commit, KIND_STR, "for lab.restore"),
	FIELD(struct state_view, tree, KIND_STR, "the same files: the same"),
	FIELD(struct state_view, why, KIND_STR, "what made it"),
	FIELD(struct state_view, at, KIND_TIME, "when, to the second"),
	FIELD_END,
};
static const struct shape state_shape = { "lab_state",
					  sizeof(struct state_view),
					  state_fields };
struct history_result {
	struct list states;
};
static const struct field history_result_fields[] = {
	FIELD(struct history_result, states, KIND_LIST, "newest first",
	      .of = KIND_OBJECT, .shape = &state_shape),
	FIELD_END,
};
static const struct shape history_result_shape = {
	"lab_history_result", sizeof(struct history_result),
	history_result_fields
};

static enum err history(struct ctx *cx, const void *params, void *result)
{
	const struct history_params *p = params;
	struct lab_session s;
	struct list line;
	const struct subs_commit *c;
	struct state_view *v;
	struct work_place at;
	enum err e = lab_session_load(cx, &p->session, &s);

	if (e)
		return e;
	at = lab_place(cx, &s);
	e = work_log(cx, cx->app->subs, &at, p->limit ? p->limit : 100, &line);
	if (e)
		return e;
	c = line.at;
	v = ARENA_ARRAY(cx->arena, struct state_view, line.n + 1);
	for (size_t i = 0; i < line.n; i++)
		v[i] = (struct state_view){
			lab_oid_hex(cx->arena, &c[i].id),
			lab_oid_hex(cx->arena, &c[i].tree),
			str_trim(c[i].message),
			c[i].time_ms,
		};
	((struct history_result *)result)->states = (struct list){ v, line.n };
	return OK;
}

static enum err set_back(struct ctx *cx, struct lab_session *s,
			 const struct oid *to, const char *event, void *result)
{
	struct work_place at = lab_place(cx, s);
	struct subs_done done;
	enum err e = work_reset(cx, cx->app->subs, &at, to, clock_ms(cx->clock),
				&done);

	if (!e)
		e = lab_committed(cx, s, &done, event);
	if (!e)
		lab_saved_set(cx, &done, NULL, result);
	return e;
}

struct restore_params {
	struct id session;
	struct str commit;
};
static const struct field restore_fields[] = {
	FIELD(struct restore_params, session, KIND_ID, "of lab.open"),
	FIELD(struct restore_params, commit, KIND_STR, "of lab.history",
	      .min = OID_TEXT, .max = OID_TEXT),
	FIELD_END,
};
static const struct shape restore_shape = { "lab_restore",
					    sizeof(struct restore_params),
					    restore_fields };

static enum err restore(struct ctx *cx, const void *params, void *result)
{
	const struct restore_params *p = params;
	struct lab_session s;
	struct oid to;
	enum err e = lab_session_own(cx, &p->session, &s);

	if (e)
		return e;
	if (!oid_parse(p->commit, &to))
		return err_field(cx, ERR_INVALID, "/commit",
				 "a commit is %d lower-case hex digits",
				 OID_TEXT);
	e = lab_own_commit(cx, &s, &to);
	return e ? e : set_back(cx, &s, &to, "lab.restored", result);
}

static enum err reset(struct ctx *cx, const void *params, void *result)
{
	const struct lab_session_params *p = params;
	struct lab_session s;
	struct oid starter;
	enum err e = lab_session_own(cx, &p->session, &s);

	if (e)
		return e;
	starter = lab_oid(s.starter);
	return set_back(cx, &s, &starter, "lab.reset", result);
}

const struct rpc_method lab_work_methods[] = {
	{ .name = "lab.files",
	  .does = "List the files of the work, with what is in them if wanted.",
	  .roles = READERS,
	  .flags = RPC_SLOW | RPC_GIVES_BYTES,
	  .budget_ms = 500,
	  .params = &files_shape,
	  .result = &files_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT),
	  .run = files },
	{ .name = "lab.read",
	  .does = "Give one file of the work.",
	  .roles = READERS,
	  .flags = RPC_SLOW | RPC_GIVES_BYTES,
	  .budget_ms = 500,
	  .params = &read_shape,
	  .result = &file_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT),
	  .run = read_file },
	{ .name = "lab.save",
	  .does = "Save changed files; those that do not suit are named, the "
		  "rest is saved.",
	  .roles = LEARNERS,
	  .flags = RPC_WRITES | RPC_QUIET | RPC_TAKES_BYTES,
	  .budget_ms = 500,
	  .params = &save_shape,
	  .result = &lab_saved_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT),
	  .run = save },
	{ .name = "lab.history",
	  .does = "List the states that the work was saved in.",
	  .roles = READERS,
	  .flags = RPC_SLOW,
	  .params = &history_shape,
	  .result = &history_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT),
	  .run = history },
	{ .name = "lab.restore",
	  .does = "Make the work what it was; what it is now stays in the "
		  "history.",
	  .roles = LEARNERS,
	  .flags = RPC_WRITES | RPC_QUIET,
	  .params = &restore_shape,
	  .result = &lab_saved_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT),
	  .run = restore },
	{ .name = "lab.reset",
	  .does = "Begin anew with the starter files; what was there stays in "
		  "the history.",
	  .roles = LEARNERS,
	  .flags = RPC_WRITES | RPC_QUIET,
	  .params = &lab_session_params_shape,
	  .result = &lab_saved_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT),
	  .run = reset },
	{ 0 },
};
