/*
 * The worker's side: the job of a terminal, lab.host for what is typed and
 * shown, lab.host_save for the files that its shell has changed.
 */
#include "base/limits.h"
#include "engine/app.h"
#include "engine/lab/lab_rpc.h"
#include "engine/lab/lab_sql.h"
#include "engine/lab/term.h"
#include "sandbox/tree_frames.h"

enum { WAIT_MOST_MS = 20000 };

/* ---- the job ---- */

struct terminal_input {
	struct id session;
	int64_t rows, cols, at;
	struct list shell;
	struct str toolchain, commit;
	struct run_limits limits;
};
#define I struct terminal_input
static const struct field input_fields[] = {
	FIELD(I, session, KIND_ID, "for lab.host"),
	FIELD(I, rows, KIND_INT, "lines"),
	FIELD(I, cols, KIND_INT, "columns"),
	FIELD(I, at, KIND_INT, "place of the first byte that it writes"),
	FIELD(I, shell, KIND_LIST, "the command", .of = KIND_STR),
	FIELD_OPT(I, toolchain, KIND_STR, "whose programs are there"),
	FIELD(I, commit, KIND_STR, "what the files are of"),
	FIELD(I, limits, KIND_OBJECT, "of all of it",
	      .shape = &run_limits_shape),
	FIELD_END,
};
#undef I
static const struct shape input_shape =
	SHAPE(struct terminal_input, input_fields);

static enum err about(struct ctx *cx, const struct job *j,
		      struct lab_session *s, struct lab_def *def)
{
	enum err e = lab_session_row(cx, &j->org, &j->ref, s);

	if (!e)
		e = lab_session_here(cx, s);
	return e ? e : lab_def_of(cx, &j->org, &s->version, def);
}

static enum err job_input_of(struct ctx *cx, const struct job *j,
			     struct buf *json, struct str *bytes)
{
	struct term_lease lease = { j->org, j->ref, j->id, j->fence };
	struct terminal_input in = { .session = j->ref };
	struct buf frames = { .limit = TREE_FRAMES_BYTES };
	struct tree_told told = { 0 };
	struct work_place at;
	struct subs_commit tip;
	struct term_size size;
	struct lab_session s;
	struct lab_def def;
	enum err e = about(cx, j, &s, &def);

	if (e)
		return e;
	at = lab_place(cx, &s);
	e = work_load(cx, cx->app->subs, &at, &tip, &told.list.files);
	if (!e)
		e = term_begin(cx, cx->app->labs, &s, &def, &lease, &size,
			       &in.at);
	if (e)
		return e;
	in.rows = size.rows;
	in.cols = size.cols;
	in.shell = def.terminal.shell;
	in.toolchain = lab_def_toolchain(&def);
	in.commit = lab_oid_hex(cx->arena, &tip.id);
	in.limits = def.terminal.limits;
	field_encode(json, &input_shape, &in);
	tree_frames_write(&frames, &told);
	*bytes = buf_copy(&frames, cx->arena);
	buf_done(&frames);
	return OK;
}

struct nothing {
	bool ok;
};
static const struct field nothing_fields[] = {
	FIELD_OPT(struct nothing, ok, KIND_BOOL, "it ended as it should"),
	FIELD_END,
};
static const struct shape nothing_shape = { "terminal_ended",
					    sizeof(struct nothing),
					    nothing_fields };

static enum err job_apply(struct ctx *cx, const struct job *j,
			  const void *result)
{
	(void)result;
	if (cx->app->labs)
		term_ended(cx, cx->app->labs, &j->ref, &j->id, TERM_BY_EXIT);
	return OK;
}

static enum err job_ended(struct ctx *cx, const struct job *j)
{
	if (cx->app->labs)
		term_ended(cx, cx->app->labs, &j->ref, &j->id, TERM_BY_LOSS);
	return OK;
}

const struct job_kind lab_terminal_job = {
	.name = "lab.terminal",
	.result = &nothing_shape,
	.input = job_input_of,
	.apply = job_apply,
	.ended = job_ended,
	.max_tries = 3,
};

/* ---- lab.host ---- */

struct host_params {
	struct id job, organization, session;
	int64_t fence, seen, at, input_at, rows, cols, wait_ms;
	bool screen;
	int ended;
	struct list removed;
	struct str base;
};
static const char *const why_words[] = {
#define X(code, word, doc) word,
	TERM_WHYS(X)
#undef X
		NULL
};
#define HELD                                                                   \
	FIELD(struct host_params, job, KIND_ID, "the job that is leased"),     \
		FIELD_OPT(struct host_params, organization, KIND_ID,           \
			  "whose it is; absent: the caller's"),                \
		FIELD(struct host_params, fence, KIND_INT,                     \
		      "number of the lease", .min = 1, .max = INT64_MAX),      \
		FIELD(struct host_params, session, KIND_ID, "of its input")
#define H struct host_params
static const struct field host_fields[] = {
	HELD,
	FIELD_OPT(H, seen, KIND_INT, "news of the last answer", .min = 0,
		  .max = INT64_MAX),
	FIELD_OPT(H, at, KIND_INT, "place of the first byte behind", .min = 0,
		  .max = INT64_MAX),
	FIELD_OPT(H, input_at, KIND_INT, "input was taken up to here", .min = 0,
		  .max = INT64_MAX),
	FIELD_OPT(H, screen, KIND_BOOL,
		  "the bytes draw the screen as it is at that place"),
	FIELD_OPT(H, ended, KIND_ENUM, "the shell has", .words = why_words),
	FIELD_OPT(H, rows, KIND_INT, "as they are there", .min = 0,
		  .max = TERM_ROWS),
	FIELD_OPT(H, cols, KIND_INT, "likewise", .min = 0, .max = TERM_COLS),
	FIELD_OPT(H, wait_ms, KIND_INT, "for news; 0: not at all", .min = 0,
		  .max = WAIT_MOST_MS),
	FIELD_END,
};
#undef H
static const struct shape host_shape = { "lab_host", sizeof(struct host_params),
					 host_fields };

struct host_result {
	int64_t news, taken, room, pause_ms, rows, cols, input_at, work;
	bool attached, want_screen;
	int close;
};
#define R struct host_result
static const struct field host_result_fields[] = {
	FIELD(R, news, KIND_INT, "to be shown as seen"),
	FIELD(R, taken, KIND_INT, "bytes of the output that were taken"),
	FIELD(R, room, KIND_INT, "how many more may be sent, after the pause"),
	FIELD(R, pause_ms, KIND_INT, "before anything more is sent"),
	FIELD(R, rows, KIND_INT, "as they should be"),
	FIELD(R, cols, KIND_INT, "likewise"),
	FIELD(R, attached, KIND_BOOL, "somebody reads; if not: save"),
	FIELD(R, want_screen, KIND_BOOL, "somebody came: draw the screen"),
	FIELD(R, close, KIND_ENUM, "not none: save, then end the shell",
	      .words = why_words),
	FIELD(R, input_at, KIND_INT, "place of the first byte of input behind"),
	FIELD(R, work, KIND_INT,
	      "another number than before: the work was changed by other ways; "
	      "see lab.host_files"),
	FIELD_END,
};
#undef R
static const struct shape host_result_shape = { "lab_host_result",
						sizeof(struct host_result),
						host_result_fields };

static struct id whose(const struct ctx *cx, const struct host_params *p)
{
	bool any = principal_has(cx->who, ROLE_OPERATOR);

	return any && !id_is_none(&p->organization) ? p->organization
						    : cx->who->org;
}

static bool unpacks(const struct job *j)
{
	return str_is(j->kind, lab_unpack_job.name);
}

/* Whose work the job is about: its terminal's, or where an archive lies. */
static enum err about_session(struct ctx *cx, const struct job *j,
			      struct id *session)
{
	struct lab_run_row run;
	enum err e = ERR_NOT_FOUND;

	if (str_is(j->kind, lab_terminal_job.name)) {
		*session = j->ref;
		return OK;
	}
	if (unpacks(j))
		e = store_one(cx, &lab_sql[LAB_RUN_BY_ID],
			      VALS(v_id(&j->org), v_id(&j->ref)), &run);
	if (!e)
		*session = run.session;
	return e;
}

/*
 * The lease of a job about the session's work, by the job's row. ERR_CONFLICT:
 * it is not the caller's.
 */
static enum err leased(struct ctx *cx, const struct host_params *p,
		       struct job *j)
{
	struct id org = whose(cx, p), session = { 0 };
	enum err e = job_load(cx, &org, &p->job, j);

	if (!e)
		e = about_session(cx, j, &session);
	if (e == ERR_NOT_FOUND || (!e && !id_eq(&session, &p->session)))
		return err_set(cx, ERR_NOT_FOUND,
			       "there is no such job that has to do with this "
			       "work");
	if (!e && (j->state != JOB_LEASED || j->fence != p->fence ||
		   !str_eq(j->holder, cx->who->actor)))
		e = err_set(cx, ERR_CONFLICT,
			    "this lease is no longer the caller's");
	return e;
}

/* This server was started again: the worker's shell has lived on. */
static enum err adopt(struct ctx *cx, const struct host_params *p,
		      const struct term_lease *lease)
{
	struct id org = whose(cx, p);
	struct lab_session s;
	struct lab_def def;
	struct job j;
	enum err e = leased(cx, p, &j);

	if (!e && unpacks(&j))
		e = err_set(cx, ERR_NOT_FOUND,
			    "this lease is of an archive, which has no "
			    "terminal: lab.host_save takes its files");
	if (!e)
		e = lab_session_row(cx, &org, &p->session, &s);
	if (!e)
		e = lab_session_here(cx, &s);
	if (!e)
		e = lab_def_of(cx, &org, &s.version, &def);
	return e ? e
		 : term_adopt(cx, cx->app->labs, &s, &def, lease,
			      (struct term_size){ p->rows, p->cols }, p->at,
			      p->input_at);
}

static enum err host(struct ctx *cx, const void *params, void *result)
{
	const struct host_params *p = params;
	const struct term_lease lease = { whose(cx, p), p->session, p->job,
					  p->fence };
	const struct term_push push = { p->seen,	  p->at,
					p->input_at,	  p->screen,
					cx->io->bytes_in, p->ended };
	uint64_t key = term_host_key(&p->session);
	uint64_t seen = parking_seen(cx->app->parking, key);
	struct host_result *out = result;
	struct term_pull pull;
	bool wait;
	enum err e = term_host(cx, cx->app->labs, &lease, &push, &wait, &pull);

	if (e == ERR_NOT_FOUND && !p->ended) {
		err_clear(cx);
		e = adopt(cx, p, &lease);
		if (!e)
			e = term_host(cx, cx->app->labs, &lease, &push, &wait,
				      &pull);
	}
	if (e)
		return e;
	if (wait && p->wait_ms && !cx->io->park_over) {
		cx->io->park = (struct rpc_park){ key, seen, p->wait_ms };
		return OK;
	}
	*out = (struct host_result){
		pull.news,	pull.taken,	  pull.room,	 pull.pause_ms,
		pull.size.rows, pull.size.cols,	  pull.input_at, pull.work,
		pull.attached,	pull.want_screen, pull.close,
	};
	cx->io->bytes_out = pull.input.p ? pull.input : STR("");
	return OK;
}

/* ---- lab.host_save ---- */

static const struct field save_fields[] = {
	HELD,
	FIELD_OPT(struct host_params, removed, KIND_LIST,
		  "names of those that are gone", .of = KIND_STR,
		  .max = TREE_ENTRIES),
	FIELD_OPT(struct host_params, base, KIND_STR,
		  "the commit that the changes were made on: what was changed "
		  "since by other ways, too, is kept beside as NAME.editor",
		  .min = OID_TEXT, .max = OID_TEXT),
	FIELD_END,
};
static const struct shape save_shape = { "lab_host_save",
					 sizeof(struct host_params),
					 save_fields };
static const struct field saved_fields[] = {
	LAB_SAVED_FIELDS(struct lab_saved),
	FIELD(struct lab_saved, current, KIND_BOOL,
	      "base was the newest, so that commit is the base of the next; "
	      "else lab.host_files gives it, with what was changed by other "
	      "ways"),
	FIELD_END,
};
static const struct shape saved_shape = { "lab_host_saved",
					  sizeof(struct lab_saved),
					  saved_fields };

static enum err held_session(struct ctx *cx, const struct host_params *p,
			     struct job *j, struct lab_session *s)
{
	struct id org = whose(cx, p);
	enum err e = leased(cx, p, j);

	if (!e)
		e = lab_session_row(cx, &org, &p->session, s);
	return e ? e : lab_session_here(cx, s);
}

static bool same_file(const struct run_file *a, const struct run_file *b)
{
	return a && b ? str_eq(a->data, b->data) : a == b;
}

/*
 * A file that the shell has changed or removed, and somebody else, too, since
 * base: the shell's has the name, the other stays as NAME.editor.
 */
static void keep_other(struct ctx *cx, const struct run_file *base,
		       const struct run_file *now, const struct run_file *ours,
		       struct run_file *out, size_t *n)
{
	if (!now || same_file(base, now) || same_file(ours, now))
		return;
	out[*n] = *now;
	out[*n].name = str_fmt(cx->arena, "%.*s.editor", STR_FMT(now->name));
	(*n)++;
}

/* changed becomes longer by what is kept beside. */
static enum err keep_others(struct ctx *cx, const struct lab_session *s,
			    const struct host_params *p, const struct list *now,
			    struct list *changed)
{
	const struct run_file *c = changed->at;
	const struct str *gone = p->removed.at;
	struct run_file *all = ARENA_ARRAY(cx->arena, struct run_file,
					   2 * changed->n + p->removed.n + 1);
	size_t n = changed->n;
	struct work_place at = lab_place(cx, s);
	struct subs_commit was;
	struct list base;
	struct oid id;
	enum err e;

	if (!oid_parse(p->base, &id))
		return err_field(cx, ERR_INVALID, "/base",
				 "a commit is %d lower-case hex digits",
				 OID_TEXT);
	e = lab_own_commit(cx, s, &id);
	if (!e)
		e = subs_load(cx, cx->app->subs, at.repo, &id, &was, &base);
	if (e)
		return e;
	for (size_t i = 0; i < changed->n; i++) {
		all[i] = c[i];
		keep_other(cx, tree_find(&base, c[i].name),
			   tree_find(now, c[i].name), &c[i], all, &n);
	}
	for (size_t i = 0; i < p->removed.n; i++)
		keep_other(cx, tree_find(&base, gone[i]),
			   tree_find(now, gone[i]), NULL, all, &n);
	*changed = (struct list){ all, n };
	return OK;
}

/*
 * An archive's files among those that are there: none of these is pushed out
 * by a name or a size. Where none of the archive's fits, all stays as it is,
 * the archive too. in->refused: what is left out of in->files.
 */
static enum err fit(struct ctx *cx, const struct host_params *p,
		    const struct list *now, struct tree_list *in,
		    struct list *all)
{
	const struct work_conflict *w;
	struct work_merged merged;
	struct list wanted;
	enum err e;

	lab_apply(cx, now, &in->files, &p->removed, &wanted);
	e = work_merge(cx, now, now, &wanted, &merged);
	if (e)
		return e;
	w = merged.conflicts.at;
	for (size_t i = 0; i < merged.conflicts.n; i++)
		tree_refuse(cx->arena, in, w[i].name,
			    "does not fit among the files that are there, by "
			    "its name or its size");
	*all = merged.conflicts.n < in->files.n ? merged.files : *now;
	return OK;
}

static void all_left_out(struct tree_list *left, const struct tree_list *more)
{
	left->refused = more->refused;
	left->refused_more = more->refused_more;
}

/* What came, on what is there now. */
static enum err put_in(struct ctx *cx, const struct host_params *p,
		       const struct job *j, struct lab_session *s,
		       const struct list *now, const struct list *changed,
		       struct subs_done *done, struct tree_list *left)
{
	struct tree_list fits;
	struct list all;
	enum err e;

	if (!unpacks(j)) {
		lab_apply(cx, now, changed, &p->removed, &all);
		return lab_save_files(cx, s, &all, "terminal", NULL, done,
				      left);
	}
	tree_check_files(cx->arena, changed, &fits);
	e = fit(cx, p, now, &fits, &all);
	/* With an event, so that a terminal takes it over, too. */
	if (!e)
		e = lab_save_files(cx, s, &all, "unpack", "lab.unpacked", done,
				   left);
	if (!e)
		all_left_out(left, &fits);
	return e;
}

/*
 * Only what has changed comes, so that files saved by other ways meanwhile
 * stay as they are.
 */
static enum err host_save(struct ctx *cx, const void *params, void *result)
{
	const struct host_params *p = params;
	struct lab_saved *out = result;
	struct tree_list left = { 0 };
	struct tree_told told = { 0 };
	struct work_place at;
	struct subs_commit tip;
	struct subs_done done;
	struct lab_session s;
	struct list now;
	struct job j;
	bool current;
	enum err e = held_session(cx, p, &j, &s);

	if (!e && cx->io->bytes_in.n)
		e = tree_frames_read(cx, cx->io->bytes_in, &told);
	if (e == ERR_CORRUPT)
		return err_set(cx, ERR_INVALID,
			       "the bytes are not frames of files");
	if (e)
		return e;
	at = lab_place(cx, &s);
	e = work_load(cx, cx->app->subs, &at, &tip, &now);
	if (e)
		return e;
	current = str_eq(p->base, lab_oid_hex(cx->arena, &tip.id));
	if (p->base.n && !current)
		e = keep_others(cx, &s, p, &now, &told.list.files);
	if (!e)
		e = put_in(cx, p, &j, &s, &now, &told.list.files, &done, &left);
	if (e)
		return e;
	lab_saved_set(cx, &done, &left, out);
	out->current = current;
	return OK;
}

/* ---- lab.host_files ---- */

static const struct field hold_fields[] = { HELD, FIELD_END };
static const struct shape hold_shape = { "lab_host_files",
					 sizeof(struct host_params),
					 hold_fields };

struct host_files_result {
	struct str commit;
};
static const struct field host_files_fields[] = {
	FIELD(struct host_files_result, commit, KIND_STR,
	      "what they are of: the base of the next lab.host_save"),
	FIELD_END,
};
static const struct shape host_files_shape = { "lab_host_files_result",
					       sizeof(struct host_files_result),
					       host_files_fields };

static enum err host_files(struct ctx *cx, const void *params, void *result)
{
	struct host_files_result *out = result;
	struct buf frames = { .limit = TREE_FRAMES_BYTES };
	struct tree_told told = { 0 };
	struct work_place at;
	struct subs_commit tip;
	struct lab_session s;
	struct job j;
	enum err e = held_session(cx, params, &j, &s);

	if (e)
		return e;
	at = lab_place(cx, &s);
	e = work_load(cx, cx->app->subs, &at, &tip, &told.list.files);
	if (e)
		return e;
	tree_frames_write(&frames, &told);
	cx->io->bytes_out = buf_copy(&frames, cx->arena);
	buf_done(&frames);
	out->commit = lab_oid_hex(cx->arena, &tip.id);
	return OK;
}

const struct rpc_method lab_host_methods[] = {
	{ .name = "lab.host",
	  .does = "A worker's exchange with a terminal: output and screens "
		  "come as bytes, what was typed goes back as bytes.",
	  .roles = ROLE_WORKER,
	  .flags = RPC_TAKES_BYTES | RPC_GIVES_BYTES | RPC_WHOLE,
	  .params = &host_shape,
	  .result = &host_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT),
	  .run = host },
	{ .name = "lab.host_save",
	  .does = "Save the files that a terminal's shell has changed, or that "
		  "came out of an archive.",
	  .roles = ROLE_WORKER,
	  .flags = RPC_WRITES | RPC_QUIET | RPC_TAKES_BYTES | RPC_WHOLE,
	  .budget_ms = 500,
	  .params = &save_shape,
	  .result = &saved_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT),
	  .run = host_save },
	{ .name = "lab.host_files",
	  .does = "Give a worker the work as it was saved last, as frames of "
		  "files, to bring it into a terminal's box.",
	  .roles = ROLE_WORKER,
	  .flags = RPC_GIVES_BYTES | RPC_WHOLE,
	  .budget_ms = 500,
	  .params = &hold_shape,
	  .result = &host_files_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT),
	  .run = host_files },
	{ 0 },
};
