#include "sandbox/fetch.h"

#include <git2.h>
#include <git2/sys/stream.h>
#include <stdio.h>

#include "sandbox/fetch_stream.h"
#include "sandbox/gitlib.h"

enum { REF_TEXT = 300 };

struct fetching {
	struct ctx *cx;
	const struct fetch_ask *ask;
	git_repository *repo;
	git_remote *remote;
	enum err why; /* of one of our callbacks; libgit2 keeps only -1 */
};

/* ---- what libgit2 asks us while it works ---- */

static int on_progress(const git_indexer_progress *p, void *arg)
{
	struct fetching *f = arg;

	if (p->received_bytes <= FETCH_BYTES &&
	    p->total_objects <= FETCH_OBJECTS)
		return 0;
	f->why = ERR_TOO_LARGE;
	return -1;
}

static int on_credentials(git_credential **out, const char *url,
			  const char *user, unsigned int allowed, void *arg)
{
	struct fetching *f = arg;

	(void)out;
	(void)url;
	(void)user;
	(void)allowed;
	f->why = ERR_DENIED;
	return -1;
}

static enum err failed(struct fetching *f)
{
	const git_error *g = git_error_last();
	enum err e = f->why;

	if (!e && g && g->klass == GIT_ERROR_HTTP && g->message &&
	    strstr(g->message, "404"))
		e = ERR_NOT_FOUND;
	/* "remote error:" begins what the other side says itself. */
	if (!e && g && g->message && strstr(g->message, "redirect") &&
	    !strstr(g->message, "remote error"))
		return err_set(
			f->cx, ERR_DENIED,
			"the host sends us to another address, which is "
			"not followed: give the URL where the repository "
			"is now");
	if (!e && g && g->klass == GIT_ERROR_SSL) {
		err_set(f->cx, ERR_DENIED,
			"the host's certificate is not trusted, or not its "
			"own");
		return err_detail(f->cx, "%s", g->message ? g->message : "");
	}
	switch (e) {
	case ERR_TOO_LARGE:
		err_set(f->cx, e,
			"the repository sends more than %d bytes or %d objects",
			FETCH_BYTES, FETCH_OBJECTS);
		break;
	case ERR_DENIED:
		err_set(f->cx, e,
			"the repository wants a password; only public ones "
			"can be read");
		break;
	case ERR_NOT_FOUND:
		err_set(f->cx, e, "there is no such repository");
		break;
	default:
		e = ERR_UNAVAILABLE;
		err_set(f->cx, e, "the repository could not be fetched");
	}
	return err_detail(f->cx, "%s", g && g->message ? g->message : "");
}

/* ---- which commit ---- */

struct wanted {
	struct str ref;
	char names[4][REF_TEXT]; /* what it may be on the other side */
	size_t names_n;
	bool is_id;
	struct oid id;
	char spec[REF_TEXT]; /* the ref that leads to it; "": not advertised */
};

static void want(struct wanted *w, const char *before, const char *behind)
{
	snprintf(w->names[w->names_n++], REF_TEXT, "%s%.*s%s", before,
		 STR_FMT(w->ref), behind);
}

static void want_all(struct wanted *w, struct str ref)
{
	w->ref = ref.n ? ref : STR("HEAD");
	w->is_id = oid_parse(ref, &w->id);
	if (w->is_id)
		return;
	if (!ref.n || str_starts(ref, "refs/")) {
		want(w, "", "^{}");
		want(w, "", "");
		return;
	}
	want(w, "refs/heads/", "");
	want(w, "refs/tags/", "^{}"); /* what an annotated tag stands for */
	want(w, "refs/tags/", "");
	want(w, "", "");
}

static const git_remote_head *find(const git_remote_head **heads, size_t n,
				   const struct wanted *w)
{
	for (size_t k = 0; k < w->names_n; k++)
		for (size_t i = 0; i < n; i++)
			if (strcmp(heads[i]->name, w->names[k]) == 0)
				return heads[i];
	for (size_t i = 0; w->is_id && i < n; i++)
		if (memcmp(heads[i]->oid.id, w->id.b, OID_BYTES) == 0)
			return heads[i];
	return NULL;
}

static enum err choose(struct fetching *f, struct wanted *w)
{
	const git_remote_head **heads, *head;
	size_t n;

	if (git_remote_ls(&heads, &n, f->remote))
		return failed(f);
	if (n > FETCH_REFS) {
		f->why = ERR_TOO_LARGE;
		return failed(f);
	}
	want_all(w, f->ask->ref);
	head = find(heads, n, w);
	if (!head && !w->is_id)
		return err_set(f->cx, ERR_NOT_FOUND,
			       "the repository has no such branch or tag");
	if (head) {
		snprintf(w->spec, REF_TEXT, "%s", head->name);
		memcpy(w->id.b, head->oid.id, OID_BYTES);
	}
	/* Asked for by the tag itself, whose commit then comes along. */
	if (strstr(w->spec, "^{}"))
		*strstr(w->spec, "^{}") = 0;
	return OK;
}

/* ---- fetching ---- */

static enum err download(struct fetching *f, const struct wanted *w,
			 const git_remote_callbacks *calls)
{
	git_fetch_options o = GIT_FETCH_OPTIONS_INIT;
	char one[REF_TEXT + 40],
		*all[] = { (char *)"+refs/heads/*:refs/heads/*",
			   (char *)"+refs/tags/*:refs/tags/*" };
	char *single[] = { one };
	git_strarray specs = { all, 2 };

	snprintf(one, sizeof(one), "+%s:refs/heads/wanted", w->spec);
	if (w->spec[0])
		specs = (git_strarray){ single, 1 };
	o.callbacks = *calls;
	o.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
	o.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
	o.update_fetchhead = 0;
	return git_remote_download(f->remote, &specs, &o) ? failed(f) : OK;
}

static enum err is_commit(struct fetching *f, const struct oid *id)
{
	git_commit *c;
	git_oid o;

	memcpy(o.id, id->b, OID_BYTES);
	if (git_commit_lookup(&c, f->repo, &o))
		return err_set(f->cx, ERR_NOT_FOUND,
			       "the repository has no such commit");
	git_commit_free(c);
	return OK;
}

static enum err run(struct fetching *f, struct oid *commit)
{
	git_remote_connect_options o = GIT_REMOTE_CONNECT_OPTIONS_INIT;
	struct wanted w = { 0 };
	const char *url = str_z(f->cx->arena, f->ask->url);
	enum err e;

	o.callbacks.transfer_progress = on_progress;
	o.callbacks.credentials = on_credentials;
	o.callbacks.payload = f;
	o.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
	if (git_repository_init(&f->repo, f->ask->dir, 1) ||
	    git_remote_create_anonymous(&f->remote, f->repo, url) ||
	    git_remote_connect_ext(f->remote, GIT_DIRECTION_FETCH, &o))
		return failed(f);
	e = choose(f, &w);
	if (!e)
		e = download(f, &w, &o.callbacks);
	if (!e)
		e = is_commit(f, &w.id);
	if (!e)
		*commit = w.id;
	return e;
}

enum err fetch(struct ctx *cx, const struct fetch_ask *a, struct oid *commit)
{
	git_stream_registration streams = { .version = GIT_STREAM_VERSION,
					    .init = fetch_stream_new };
	struct fetching f = { .cx = cx, .ask = a };
	enum err e = gitlib_start(cx);

	if (e)
		return e;
	if (git_stream_register(GIT_STREAM_STANDARD, &streams) ||
	    (a->ca &&
	     git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, a->ca, NULL)))
		e = failed(&f);
	if (!e)
		e = run(&f, commit);
	git_remote_free(f.remote);
	git_repository_free(f.repo);
	gitlib_stop();
	return e;
}

/* ---- bundles ---- */

/* "ID REF" lines behind the signature; *pack is what follows them. */
static enum err read_heads(struct ctx *cx, struct str bytes, struct wanted *w,
			   bool *found, struct str *pack)
{
	static const char first[] = "# v2 git bundle\n";
	struct str rest = str_cut(bytes, sizeof(first) - 1, bytes.n), line;
	size_t best = SIZE_MAX;

	if (!str_starts(bytes, first))
		return err_set(cx, ERR_INVALID,
			       "it is not a git bundle of version 2");
	for (int lines = 0; lines < FETCH_REFS; lines++) {
		struct oid id;

		if (!str_split(&rest, '\n', &line))
			break;
		if (!line.n) {
			*pack = rest;
			*found = best != SIZE_MAX;
			return OK;
		}
		if (line.p[0] == '-')
			return err_set(cx, ERR_INVALID,
				       "the bundle needs commits that it does "
				       "not hold: make it of a whole branch");
		if (line.n <= OID_TEXT + 1 ||
		    !oid_parse(str_cut(line, 0, OID_TEXT), &id))
			break;
		line = str_cut(line, OID_TEXT + 1, line.n);
		for (size_t k = 0; k < w->names_n && k < best; k++)
			if (str_is(line, w->names[k])) {
				best = k;
				w->id = id;
			}
	}
	return err_set(cx, ERR_INVALID, "the bundle's list of refs is broken");
}

static enum err write_pack(struct fetching *f, struct str pack)
{
	git_odb_writepack *w = NULL;
	git_indexer_progress p = { 0 };
	git_odb *odb = NULL;
	bool ok = !git_repository_odb(&odb, f->repo) &&
		  !git_odb_write_pack(&w, odb, on_progress, f) &&
		  !w->append(w, pack.p, pack.n, &p) && !w->commit(w, &p);

	if (w)
		w->free(w);
	git_odb_free(odb);
	if (ok)
		return OK;
	if (f->why)
		return failed(f);
	err_set(f->cx, ERR_INVALID, "the bundle's pack is broken");
	return gitlib_failed(f->cx, ERR_INVALID, "the bundle's pack is broken");
}

enum err fetch_bundle(struct ctx *cx, struct str bytes, struct str ref,
		      const char *dir, struct oid *commit)
{
	struct fetching f = { .cx = cx };
	struct wanted w = { 0 };
	struct str pack = { 0 };
	bool found = false;
	enum err e;

	want_all(&w, ref);
	e = read_heads(cx, bytes, &w, &found, &pack);
	if (!e && !found && !w.is_id)
		e = err_set(cx, ERR_NOT_FOUND,
			    "the bundle has no such branch or tag");
	if (!e)
		e = gitlib_start(cx);
	if (e)
		return e;
	if (git_repository_init(&f.repo, dir, 1))
		e = failed(&f);
	if (!e)
		e = write_pack(&f, pack);
	if (!e)
		e = is_commit(&f, &w.id);
	git_repository_free(f.repo);
	gitlib_stop();
	if (!e)
		*commit = w.id;
	return e;
}
