/*
 * content.sync: fetches a repository in a box that reaches its host and nothing
 * else, or reads a folder that both server and worker allow, puts each
 * assessment and lab together with what it refers to, and hands in one after
 * the other.
 */
#include "base/limits.h"
#include "engine/worker/content_host.h"
#include "engine/worker/content_kind.h"
#include "graders/bundle.h"
#include "sandbox/expand.h"
#include "sandbox/hostdir.h"
#include "sandbox/tree_name.h"

enum { WHY_BYTES = 400 };

/* What job.input tells. */
struct ask {
	struct str source, ref, path, root, folder;
	bool private_ok;
};
static const struct field ask_fields[] = {
	FIELD(struct ask, source, KIND_STR, "URL or folder", .max = 1000),
	FIELD_OPT(struct ask, ref, KIND_STR, "branch, tag, commit",
		  .max = SOURCE_REF_BYTES),
	FIELD_OPT(struct ask, path, KIND_STR, "folder inside", .max = 1024),
	FIELD_OPT(struct ask, root, KIND_STR, "allowed folder", .max = 4000),
	FIELD_OPT(struct ask, folder, KIND_STR, "below it", .max = 1024),
	FIELD(struct ask, private_ok, KIND_BOOL, "private addresses, too"),
	FIELD_END,
};
static const struct shape ask_shape = SHAPE(struct ask, ask_fields);

struct syncing {
	struct ctx *cx;
	const struct worker_env *env;
	struct ask ask;
	struct expander expander;
	struct tree_told told;
};

/* ---- reading ---- */

static enum err fetch(struct syncing *s)
{
	struct expand_from from = { .url = s->ask.source,
				    .ref = s->ask.ref,
				    .folder = s->ask.path };
	struct source_url url;
	enum err e = source_url_read(s->cx, "/source", s->ask.source, &url);

	if (!e)
		e = content_host(s->cx, &url, s->ask.private_ok, &from.address);
	if (!e && url.scheme == SOURCE_HTTPS)
		e = content_trusted(s->cx, &from.ca);
	if (!e)
		e = expand_load(s->cx, NULL, &s->expander.program);
	return e ? e : fetch_expand(s->cx, &s->expander, &from, &s->told);
}

/* The server's word is not enough to read this machine's files. */
static bool root_is_ours(const struct syncing *s)
{
	struct str rest = s->env->content_roots, one;

	while (rest.p && str_split(&rest, ',', &one)) {
		one = str_trim(one);
		while (one.n > 1 && one.p[one.n - 1] == '/')
			one.n--;
		if (one.n && str_eq(one, s->ask.root))
			return true;
	}
	return false;
}

static enum err read_plain(struct syncing *s, const char *root,
			   struct str below)
{
	struct str path = s->ask.path;
	enum err e;

	if (path.n && below.n)
		path = str_fmt(s->cx->arena, "%.*s/%.*s", STR_FMT(below),
			       STR_FMT(path));
	else if (below.n)
		path = below;
	e = hostdir_read(s->cx, root, path, &s->told.list);
	if (!e)
		s->told.commit = hostdir_digest(s->cx, &s->told.list.files);
	return e;
}

/* Downwards, whatever the server says. */
static enum err check_path(struct syncing *s, struct str path)
{
	const char *wrong = path.n ? tree_name_wrong(path, TREE_DEPTH) : NULL;

	return wrong ? err_set(s->cx, ERR_INVALID, "the folder's path %s",
			       wrong)
		     : OK;
}

static enum err read_folder(struct syncing *s)
{
	const char *root = str_z(s->cx->arena, s->ask.root);
	struct str below = s->ask.folder;
	struct list files;
	bool is = false;
	enum err e = check_path(s, below);

	if (!e)
		e = check_path(s, s->ask.path);
	if (e)
		return e;

	if (!root_is_ours(s))
		return err_set(s->cx, ERR_DENIED,
			       "this worker's setting content_roots does not "
			       "have the folder: add it there, as in the "
			       "server's");
	e = hostdir_repo(s->cx, root, below, &files, &is);
	if (e)
		return e;
	if (!is && s->ask.ref.n)
		return err_set(s->cx, ERR_INVALID,
			       "the folder is no git repository: it has no "
			       "branches or commits");
	if (!is)
		return read_plain(s, root, below);
	e = expand_load(s->cx, NULL, &s->expander.program);
	return e ? e
		 : repo_expand(s->cx, &s->expander, &files, s->ask.ref,
			       s->ask.path, &s->told);
}

/* ---- handing in ---- */

struct delivery {
	struct id job, organization;
	int64_t fence;
	struct str commit, path, why;
	struct problems problems;
	bool has_problems;
};
static const struct field delivery_fields[] = {
	FIELD(struct delivery, job, KIND_ID, ""),
	FIELD(struct delivery, organization, KIND_ID, ""),
	FIELD(struct delivery, fence, KIND_INT, ""),
	FIELD(struct delivery, commit, KIND_STR, ""),
	FIELD(struct delivery, path, KIND_STR, ""),
	FIELD_MAYBE(struct delivery, problems, has_problems, KIND_OBJECT, "",
		    .shape = &problems_shape),
	FIELD_OPT(struct delivery, why, KIND_STR, ""),
	FIELD_END,
};
static const struct shape delivery_shape =
	SHAPE(struct delivery, delivery_fields);

/* A broken file is the author's to mend: it goes in with what is wrong. */
static enum err put_together(struct syncing *s, struct delivery *d,
			     struct str *text)
{
	enum err e =
		bundle(s->cx, &s->told.list.files, d->path, text, &d->problems);

	if (!e)
		return OK;
	*text = (struct str){ 0 };
	if (e != ERR_INVALID && e != ERR_BAD_JSON && e != ERR_TOO_LARGE)
		return e;
	d->has_problems = d->problems.list.n > 0;
	if (!d->has_problems)
		d->why = str_copy(
			s->cx->arena,
			str_cut(str_of(s->cx->error.text), 0, WHY_BYTES));
	err_clear(s->cx);
	return OK;
}

static enum err hand_in(struct syncing *s, struct str path)
{
	const struct worker_job *j = s->env->job;
	struct delivery d = { .job = j->id,
			      .organization = j->org,
			      .fence = j->fence,
			      .commit = s->told.commit,
			      .path = path };
	struct client_reply reply;
	struct str text;
	enum err e = put_together(s, &d, &text);

	if (e)
		return e;
	return worker_call(s->cx, s->env, "content.deliver",
			   field_text(s->cx->arena, &delivery_shape, &d), text,
			   &reply);
}

/* ---- the result ---- */

struct found {
	struct str commit;
	int64_t files, bytes, refused_more;
	struct list refused; /* struct tree_refused */
};
static const struct field found_fields[] = {
	FIELD(struct found, commit, KIND_STR, ""),
	FIELD(struct found, files, KIND_INT, ""),
	FIELD(struct found, bytes, KIND_INT, ""),
	FIELD(struct found, refused, KIND_LIST, "", .of = KIND_OBJECT,
	      .shape = &tree_refused_shape),
	FIELD(struct found, refused_more, KIND_INT, ""),
	FIELD_END,
};
static const struct shape found_shape = SHAPE(struct found, found_fields);

static enum err run(struct ctx *cx, struct worker_env *env, struct str input,
		    struct str bytes, struct buf *result)
{
	struct syncing s = { .cx = cx,
			     .env = env,
			     .expander = { .runner = env->runner } };
	const struct run_file *f;
	enum err e = field_decode_text(cx, input, &ask_shape, &s.ask);
	int kind;

	(void)bytes;
	if (!e)
		e = s.ask.root.n ? read_folder(&s) : fetch(&s);
	f = s.told.list.files.at;
	for (size_t i = 0; !e && i < s.told.list.files.n; i++)
		if (bundle_kind_of(f[i].name, &kind))
			e = hand_in(&s, f[i].name);
	if (!e)
		field_encode(result, &found_shape,
			     &(struct found){
				     .commit = s.told.commit,
				     .files = (int64_t)s.told.list.files.n,
				     .bytes = s.told.list.bytes,
				     .refused = s.told.list.refused,
				     .refused_more = s.told.list.refused_more,
			     });
	return e;
}

const struct worker_kind content_kind = {
	.name = "content.sync",
	.group = WORKER_AUTHOR,
	.weight = { .cpu = 500, .memory_bytes = INT64_C(512) << 20 },
	.run = run,
};
