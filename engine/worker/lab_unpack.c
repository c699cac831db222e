/*
 * lab.unpack: an archive of the work becomes the files that are in it. They go
 * to the server by lab.host_save; what the job brings tells of them.
 */
#include "engine/worker/lab_impl.h"
#include "sandbox/expand.h"
#include "sandbox/tree_name.h"

struct unpack {
	struct id session;
	struct str name, commit;
};
static const struct field unpack_fields[] = {
	FIELD(struct unpack, session, KIND_ID, "whose work"),
	FIELD(struct unpack, name, KIND_STR, "the archive", .min = 1,
	      .max = TREE_NAME_BYTES),
	FIELD(struct unpack, commit, KIND_STR, "of which state"),
	FIELD_END,
};
static const struct shape unpack_shape = SHAPE(struct unpack, unpack_fields);

/* lab.host_save; what it takes. */
struct delivery {
	struct id job, organization, session;
	int64_t fence;
	struct list removed;
	struct str base;
};
static const struct field delivery_fields[] = {
	FIELD(struct delivery, job, KIND_ID, ""),
	FIELD(struct delivery, organization, KIND_ID, ""),
	FIELD(struct delivery, fence, KIND_INT, ""),
	FIELD(struct delivery, session, KIND_ID, ""),
	FIELD(struct delivery, removed, KIND_LIST, "", .of = KIND_STR),
	FIELD(struct delivery, base, KIND_STR, ""),
	FIELD_END,
};
static const struct shape delivery_shape =
	SHAPE(struct delivery, delivery_fields);

/* And what it answers; the job's result has the same members. */
struct outcome {
	struct str commit, tree, reason;
	bool same, current;
	int64_t files, left_out_more;
	struct list left_out; /* struct tree_refused */
};
#define O struct outcome
static const struct field saved_fields[] = {
	FIELD(O, commit, KIND_STR, ""),
	FIELD(O, tree, KIND_STR, ""),
	FIELD(O, same, KIND_BOOL, ""),
	FIELD(O, left_out, KIND_LIST, "", .of = KIND_OBJECT,
	      .shape = &tree_refused_shape),
	FIELD(O, left_out_more, KIND_INT, ""),
	FIELD(O, current, KIND_BOOL, ""),
	FIELD_END,
};
static const struct shape saved_shape = SHAPE(struct outcome, saved_fields);
static const struct field outcome_fields[] = {
	FIELD_OPT(O, commit, KIND_STR, ""),
	FIELD(O, files, KIND_INT, ""),
	FIELD(O, left_out, KIND_LIST, "", .of = KIND_OBJECT,
	      .shape = &tree_refused_shape),
	FIELD(O, left_out_more, KIND_INT, ""),
	FIELD_OPT(O, reason, KIND_STR, ""),
	FIELD_END,
};
static const struct shape outcome_shape = SHAPE(struct outcome, outcome_fields);
#undef O

/* Both lists, as far as there is room; the others are counted. */
static struct list both(struct ctx *cx, const struct list *a,
			const struct list *b, int64_t *more)
{
	const struct tree_refused *from[2] = { a->at, b->at };
	struct tree_refused *all =
		ARENA_ARRAY(cx->arena, struct tree_refused, TREE_REFUSED);
	size_t n = 0;

	for (size_t i = 0; i < a->n + b->n; i++)
		if (n == TREE_REFUSED)
			(*more)++;
		else
			all[n++] = i < a->n ? from[0][i] : from[1][i - a->n];
	return (struct list){ all, n };
}

/* Beside the archive, which may lie in a folder. */
static void place(struct ctx *cx, struct str archive, struct tree_list *t)
{
	struct run_file *f = t->files.at;
	struct tree_list placed;
	size_t n = archive.n;

	while (n && archive.p[n - 1] != '/')
		n--;
	if (!n)
		return;
	for (size_t i = 0; i < t->files.n; i++)
		f[i].name = str_fmt(cx->arena, "%.*s%.*s", (int)n, archive.p,
				    STR_FMT(f[i].name));
	tree_check_files(cx->arena, &t->files, &placed);
	placed.refused_more += t->refused_more;
	placed.refused =
		both(cx, &t->refused, &placed.refused, &placed.refused_more);
	*t = placed;
}

/* The archive stays where it is. */
static void nothing_taken(struct outcome *out, const char *why)
{
	out->commit = (struct str){ 0 };
	out->files = 0;
	out->reason = str_of(why);
}

static enum err deliver(struct ctx *cx, const struct worker_env *env,
			const struct unpack *u, const struct tree_told *told,
			struct outcome *out)
{
	const struct worker_job *j = env->job;
	struct str name = u->name;
	const struct delivery d = { .job = j->id,
				    .organization = j->org,
				    .fence = j->fence,
				    .session = u->session,
				    .removed = { &name, 1 },
				    .base = u->commit };
	struct buf frames = { .limit = TREE_FRAMES_BYTES };
	struct client_reply reply;
	enum err e;

	tree_frames_write(&frames, told);
	e = worker_call(cx, env, "lab.host_save",
			field_text(cx->arena, &delivery_shape, &d),
			buf_view(&frames), &reply);
	buf_done(&frames);
	if (!e)
		e = field_decode_text(cx, reply.result, &saved_shape, out);
	if (e)
		return e;
	out->files = (int64_t)(told->list.files.n - out->left_out.n) -
		     out->left_out_more;
	if (out->files <= 0)
		nothing_taken(out, "none of its files fits into the work");
	out->left_out_more += told->list.refused_more;
	out->left_out = both(cx, &told->list.refused, &out->left_out,
			     &out->left_out_more);
	return OK;
}

/* Whose fault it is that there are no files. */
static bool is_theirs(enum err e)
{
	return e == ERR_INVALID || e == ERR_TOO_LARGE || e == ERR_NOT_FOUND ||
	       e == ERR_DENIED || e == ERR_UNSUPPORTED;
}

static enum err unpack_run(struct ctx *cx, struct worker_env *env,
			   struct str input, struct str bytes,
			   struct buf *result)
{
	struct expander x = { .runner = env->runner };
	struct outcome out = { 0 };
	struct tree_told told;
	struct unpack u;
	enum err e = field_decode_text(cx, input, &unpack_shape, &u);

	if (!e)
		e = expand_load(cx, NULL, &x.program);
	if (e)
		return e;
	e = archive_expand(cx, &x, bytes, &told);
	if (is_theirs(e)) {
		out.reason = str_fmt(cx->arena,
				     "the archive cannot be taken: "
				     "%s",
				     cx->error.text);
		err_clear(cx);
		e = OK;
	} else if (!e) {
		place(cx, u.name, &told.list);
		if (told.list.files.n) {
			e = deliver(cx, env, &u, &told, &out);
		} else {
			nothing_taken(&out, "there is no file in it that a "
					    "work can have");
			out.left_out = told.list.refused;
			out.left_out_more = told.list.refused_more;
		}
	}
	if (!e)
		field_encode(result, &outcome_shape, &out);
	return e;
}

const struct worker_kind worker_lab_unpack = {
	.name = "lab.unpack",
	.group = WORKER_LAB,
	.weight = { 1000, EXPAND_MEMORY_BYTES },
	.run = unpack_run,
};
