/* The job, as its worker sees it: what to fetch, each file, the end. */
#include "base/limits.h"
#include "engine/app.h"
#include "engine/content/content.h"
#include "graders/bundle.h"
#include "graders/problem.h"
#include "sandbox/tree.h"
#include "sandbox/tree_name.h"

/* ---- job.input ---- */

struct content_ask {
	struct str source, ref, path, root, folder;
	bool private_ok;
};
static const struct field ask_fields[] = {
	FIELD(struct content_ask, source, KIND_STR, "URL, or a folder"),
	FIELD_OPT(struct content_ask, ref, KIND_STR,
		  "branch, tag or commit; of a second try the commit of the "
		  "first"),
	FIELD_OPT(struct content_ask, path, KIND_STR, "folder inside it"),
	FIELD_OPT(struct content_ask, root, KIND_STR,
		  "a folder: the allowed one that it lies in"),
	FIELD_OPT(struct content_ask, folder, KIND_STR, "and where below it"),
	FIELD(struct content_ask, private_ok, KIND_BOOL,
	      "its host may have a private address"),
	FIELD_END,
};
static const struct shape ask_shape = SHAPE(struct content_ask, ask_fields);

/* The settings may have changed since it was asked for. */
static enum err input(struct ctx *cx, const struct job *j, struct buf *json,
		      struct str *bytes)
{
	struct content_place place;
	struct content_sync s;
	struct content_ask ask;
	enum err e = content_sync_load(cx, &j->org, &j->ref, &s);

	(void)bytes;
	if (!e)
		e = content_place_of(cx, s.source, &place);
	if (e)
		return e;
	ask = (struct content_ask){ .source = s.source,
				    .ref = s.ref,
				    .path = s.path,
				    .root = place.root,
				    .folder = place.folder,
				    .private_ok = place.private_ok };
	/* A plain folder has no commit to come back to. */
	if (s.commit_id.n && !str_starts(s.commit_id, "b2:"))
		ask.ref = s.commit_id;
	field_encode(json, &ask_shape, &ask);
	return OK;
}

/* ---- job.finish ---- */

struct content_found {
	struct str commit;
	int64_t files, bytes, refused_more;
	struct list refused; /* struct tree_refused */
};
static const struct field found_fields[] = {
	FIELD(struct content_found, commit, KIND_STR, "what it is pinned to",
	      .min = 40, .max = CONTENT_COMMIT_BYTES),
	FIELD(struct content_found, files, KIND_INT, "of any kind", .min = 0,
	      .max = TREE_ENTRIES),
	FIELD(struct content_found, bytes, KIND_INT, "of all of them", .min = 0,
	      .max = TREE_BYTES),
	FIELD(struct content_found, refused, KIND_LIST, "entries left out",
	      .of = KIND_OBJECT, .shape = &tree_refused_shape, .min = 0,
	      .max = TREE_REFUSED),
	FIELD(struct content_found, refused_more, KIND_INT, "beyond those",
	      .min = 0, .max = INT64_MAX),
	FIELD_END,
};
static const struct shape found_shape =
	SHAPE(struct content_found, found_fields);

struct found_list {
	struct list refused;
};
static const struct field found_list_fields[] = {
	FIELD(struct found_list, refused, KIND_LIST, "", .of = KIND_OBJECT,
	      .shape = &tree_refused_shape),
	FIELD_END,
};
static const struct shape found_list_shape =
	SHAPE(struct found_list, found_list_fields);

/* Shown once more: what a worker calls safe may not be. */
static struct str refused_text(struct ctx *cx, const struct list *in)
{
	struct tree_refused *to =
		ARENA_ARRAY(cx->arena, struct tree_refused, in->n);
	const struct tree_refused *r = in->at;
	struct found_list l = { { to, in->n } };
	struct str text;

	for (size_t i = 0; i < in->n; i++)
		to[i] = (struct tree_refused){
			.name = str_cut(r[i].name, 0, CONTENT_PATH_BYTES),
			.why = str_cut(r[i].why, 0, CONTENT_WHY_BYTES)
		};
	text = field_text(cx->arena, &found_list_shape, &l);
	/* {"refused":[…]} */
	return str_cut(text, sizeof("{\"refused\":") - 1, text.n - 1);
}

static void note(struct ctx *cx, const struct content_sync *s,
		 const char *event)
{
	record_stage(cx, &(struct record){
				 .org = s->org,
				 .stream = s->id,
				 .event = str_of(event),
				 .body = field_text(cx->arena,
						    &content_shown_shape, s) });
}

static enum err end(struct ctx *cx, struct content_sync *s, const char *event)
{
	enum err e;

	s->ended_at = clock_ms(cx->clock);
	e = store_exec(cx, &content_sql[CONTENT_SYNC_END],
		       VALS(v_id(&s->org), v_id(&s->id), v_int(s->state),
			    v_int(s->files), v_int(s->bytes),
			    v_text(s->refused), v_int(s->refused_more),
			    v_text(s->why), v_int(s->ended_at)),
		       NULL);
	if (!e)
		note(cx, s, event);
	return e;
}

/* The first who names a commit pins the sync to it. */
static enum err pin(struct ctx *cx, struct content_sync *s, struct str commit)
{
	bool digest = str_starts(commit, "b2:");
	struct str hex = str_cut(commit, digest ? 3 : 0, commit.n);
	int64_t changed = 0;
	enum err e;

	for (size_t i = 0; i < hex.n; i++)
		if (str_hex_digit(hex.p[i]) < 0)
			return err_field(cx, ERR_INVALID, "/commit",
					 "a commit id is hexadecimal");
	if (hex.n != 40 && hex.n != 64)
		return err_field(cx, ERR_INVALID, "/commit",
				 "a commit id has 40 or 64 digits");
	if (s->commit_id.n)
		return str_eq(s->commit_id, commit)
			       ? OK
			       : err_set(cx, ERR_CONFLICT,
					 "this sync is pinned to another "
					 "commit: begin again with that");
	e = store_exec(cx, &content_sql[CONTENT_SYNC_PIN],
		       VALS(v_id(&s->org), v_id(&s->id), v_text(commit)),
		       &changed);
	if (!e && !changed)
		e = err_set(cx, ERR_CONFLICT, "the sync has ended");
	if (!e)
		s->commit_id = commit;
	return e;
}

static enum err apply(struct ctx *cx, const struct job *j, const void *result)
{
	const struct content_found *f = result;
	struct content_sync s;
	enum err e = content_sync_load(cx, &j->org, &j->ref, &s);

	if (!e)
		e = pin(cx, &s, f->commit);
	if (e)
		return e;
	s.state = CONTENT_DONE;
	s.files = f->files;
	s.bytes = f->bytes;
	s.refused = refused_text(cx, &f->refused);
	s.refused_more = f->refused_more;
	return end(cx, &s, "content.synced");
}

static enum err ended(struct ctx *cx, const struct job *j)
{
	struct content_sync s;
	enum err e = content_sync_load(cx, &j->org, &j->ref, &s);

	if (e)
		return e;
	s.state = CONTENT_FAILED;
	s.why = j->last_error.n ? str_cut(j->last_error, 0, CONTENT_WHY_BYTES)
				: STR("it was cancelled");
	return end(cx, &s, "content.failed");
}

const struct job_kind content_job = { .name = "content.sync",
				      .input = input,
				      .result = &found_shape,
				      .apply = apply,
				      .ended = ended,
				      .max_tries = 3,
				      .backoff_ms = 5000 };

/* ---- content.deliver ---- */

struct deliver_params {
	struct id job, organization;
	int64_t fence;
	struct str commit, path, why;
	struct problems problems;
	bool has_problems;
};
static const struct field deliver_fields[] = {
	FIELD(struct deliver_params, job, KIND_ID, "the job"),
	FIELD_OPT(struct deliver_params, organization, KIND_ID,
		  "whose it is; absent: the caller's"),
	FIELD(struct deliver_params, fence, KIND_INT, "number of the lease",
	      .min = 1, .max = INT64_MAX),
	FIELD(struct deliver_params, commit, KIND_STR,
	      "what the sync is pinned to", .min = 40,
	      .max = CONTENT_COMMIT_BYTES),
	FIELD(struct deliver_params, path, KIND_STR,
	      "of the file, below the folder that was asked for", .min = 1,
	      .max = CONTENT_PATH_BYTES),
	FIELD_MAYBE(struct deliver_params, problems, has_problems, KIND_OBJECT,
		    "why it could not be put together; then no bytes follow",
		    .shape = &problems_shape),
	FIELD_OPT(struct deliver_params, why, KIND_STR,
		  "the same where nothing can be listed",
		  .max = CONTENT_WHY_BYTES),
	FIELD_END,
};
static const struct shape deliver_shape =
	SHAPE(struct deliver_params, deliver_fields);

static enum err held_sync(struct ctx *cx, const struct deliver_params *p,
			  struct content_sync *s)
{
	bool any = principal_has(cx->who, ROLE_OPERATOR);
	struct id org = any && !id_is_none(&p->organization) ? p->organization
							     : cx->who->org;
	struct job j;
	enum err e = job_held(cx, &org, &p->job, p->fence, &j);

	if (!e && !str_is(j.kind, content_job.name))
		e = err_set(cx, ERR_NOT_FOUND, "there is no such job");
	return e ? e : content_sync_load(cx, &org, &j.ref, s);
}

static enum err find_of(struct ctx *cx, const struct deliver_params *p,
			struct content_find *f)
{
	bool refused = p->why.n || p->has_problems;
	const char *wrong = tree_name_wrong(p->path, TREE_DEPTH);

	*f = (struct content_find){ .path = p->path,
				    .text = cx->io->bytes_in,
				    .why = p->why };
	if (wrong || !bundle_kind_of(p->path, &f->kind))
		return err_field(cx, ERR_INVALID, "/path", "the path %s",
				 wrong ? wrong : "names no content");
	if (p->has_problems)
		f->problems =
			field_text(cx->arena, &problems_shape, &p->problems);
	if (refused == (f->text.n > 0))
		return err_set(cx, ERR_INVALID,
			       "send the file as bytes, or why it is refused");
	return OK;
}

static enum err deliver_before(struct ctx *cx, const void *params)
{
	struct content_find *f = ARENA_NEW(cx->arena, struct content_find);
	enum err e = find_of(cx, params, f);

	if (!e)
		content_make_ready(cx, f);
	cx->io->prepared = f;
	return e;
}

static enum err deliver(struct ctx *cx, const void *params, void *result)
{
	const struct deliver_params *p = params;
	struct content_sync s;
	enum err e = held_sync(cx, p, &s);

	if (!e)
		e = pin(cx, &s, p->commit);
	return e ? e : content_take(cx, &s, cx->io->prepared, result);
}

const struct rpc_method content_worker_methods[] = {
	{ .name = "content.deliver",
	  .does = "Hand in one file that a leased sync has found, with all "
		  "that it refers to put in (bytes).",
	  .roles = ROLE_WORKER,
	  .flags = RPC_WRITES | RPC_QUIET | RPC_TAKES_BYTES | RPC_WHOLE,
	  .budget_ms = 1000,
	  .params = &deliver_shape,
	  .result = &content_file_shown_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT, ERR_LIMIT_REACHED),
	  .run = deliver,
	  .prepare = deliver_before },
	{ 0 },
};
