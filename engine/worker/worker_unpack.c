#include "engine/worker/worker_unpack.h"

#include "sandbox/object.h"

struct unpacking {
	struct ctx *cx;
	struct code_archive *out;
	struct list files; /* struct run_file */
};

/* name: safe to show. */
static void refuse(struct unpacking *u, struct str name, struct str why)
{
	struct code_left_out *r = (struct code_left_out *)u->out->refused.at;

	if (u->out->refused.n == CODE_REFUSED) {
		u->out->refused_more++;
		return;
	}
	r[u->out->refused.n++] = (struct code_left_out){
		.name = name,
		.why = str_cut(why, 0, CODE_WHY_BYTES),
	};
}

static void tell_refused(struct unpacking *u, const struct tree_list *t)
{
	const struct tree_refused *r = t->refused.at;

	u->out->refused.at =
		ARENA_ARRAY(u->cx->arena, struct code_left_out, CODE_REFUSED);
	for (size_t i = 0; i < t->refused.n; i++)
		refuse(u, r[i].name, r[i].why);
	u->out->refused_more += t->refused_more;
}

/* Without what a tool would take for its own configuration. */
static void take(struct unpacking *u, const struct list *files)
{
	const struct run_file *f = files->at;
	struct run_file *kept =
		ARENA_ARRAY(u->cx->arena, struct run_file, files->n);
	struct code_packed *told = ARENA_ARRAY(u->cx->arena, struct code_packed,
					       CODE_UPLOAD_FILES);
	size_t n = 0;

	for (size_t i = 0; i < files->n; i++) {
		const char *why = code_name_refusal(f[i].name);

		if (why) {
			refuse(u, tree_show(u->cx->arena, f[i].name),
			       str_of(why));
			continue;
		}
		if (n < CODE_UPLOAD_FILES)
			told[n] = (struct code_packed){ tree_show(u->cx->arena,
								  f[i].name),
							(int64_t)f[i].data.n };
		kept[n++] = f[i];
	}
	u->files = (struct list){ kept, n };
	u->out->files.at = told;
	u->out->files.n = n < CODE_UPLOAD_FILES ? n : CODE_UPLOAD_FILES;
	u->out->files_more = (int64_t)(n - u->out->files.n);
}

/* As if they had been handed in one by one. */
static struct str tree_of(struct ctx *cx, const struct list *files)
{
	char text[OID_TEXT + 1];
	const struct object *o;
	struct list objects;

	if (!files->n)
		return (struct str){ 0 };
	objects_of(cx->arena, files, &objects);
	o = objects.at;
	oid_text(&o[objects.n - 1].id, text);
	return str_copy(cx->arena, (struct str){ text, OID_TEXT });
}

void worker_unpack_told(struct ctx *cx, const struct tree_list *t,
			struct code_archive *out, struct list *kept)
{
	struct unpacking u = { .cx = cx, .out = out };

	*out = (struct code_archive){ 0 };
	tell_refused(&u, t);
	take(&u, &t->files);
	out->tree = tree_of(cx, &u.files);
	*kept = u.files;
}

static struct list code_files(struct ctx *cx, const struct list *files)
{
	const struct run_file *f = files->at;
	struct code_file *out =
		ARENA_ARRAY(cx->arena, struct code_file, files->n);

	for (size_t i = 0; i < files->n; i++)
		out[i] = (struct code_file){ .name = f[i].name,
					     .base64 = f[i].data.p ? f[i].data
								   : STR(""),
					     .executable = f[i].executable };
	return (struct list){ out, files->n };
}

/* A refusal as its sentence, in which the file's name stands. */
static struct str sentence(struct ctx *cx)
{
	struct str text = str_copy(cx->arena, str_of(cx->error.text));

	err_clear(cx);
	return text;
}

/* Whose fault it is that there are no files. */
static bool is_theirs(enum err e)
{
	return e == ERR_INVALID || e == ERR_TOO_LARGE || e == ERR_NOT_FOUND ||
	       e == ERR_DENIED || e == ERR_UNSUPPORTED;
}

static enum err expand(struct unpacking *u, const struct expander *x,
		       struct str bytes, struct str *reason)
{
	struct tree_told told;
	enum err e = archive_expand(u->cx, x, bytes, &told);

	if (!e) {
		worker_unpack_told(u->cx, &told.list, u->out, &u->files);
		return OK;
	}
	if (!is_theirs(e))
		return err_set(u->cx, ERR_UNAVAILABLE,
			       "the archive could not be expanded here");
	*reason = str_fmt(u->cx->arena, "the archive cannot be taken: %s",
			  u->cx->error.text);
	err_clear(u->cx);
	return OK;
}

enum err worker_unpack(struct ctx *cx, const struct expander *x,
		       const struct code_spec *s, struct code_task *task,
		       struct code_archive *out, struct str *reason)
{
	struct unpacking u = { .cx = cx, .out = out };
	enum err e;

	*out = (struct code_archive){ 0 };
	*reason = (struct str){ 0 };
	e = code_accepts_archive(cx, s, task->language, &task->files, "");
	if (e == ERR_INVALID) {
		*reason = sentence(cx);
		return OK;
	}
	if (!e)
		e = expand(&u, x, code_file_bytes(task->files.at), reason);
	if (e || reason->p)
		return e;
	task->files = code_files(cx, &u.files);
	task->archive = false;
	e = code_accepts(cx, s, task->language, &task->files, "");
	if (e == ERR_INVALID) {
		*reason = sentence(cx);
		return OK;
	}
	return e;
}
