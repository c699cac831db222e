/*
 * subs: reading. Segments first, the newest before the others, then what is
 * packed: whoever packs makes the pack readable before the segment goes.
 */
#include <errno.h>
#include <git2.h>
#include <stdio.h>
#include <git2/sys/odb_backend.h>
#include <unistd.h>

#include "base/limits.h"
#include "sandbox/gitlib.h"
#include "sandbox/subs_impl.h"

uint32_t subs_repo_find(struct subs *s, struct str repo)
{
	uint32_t n;

	if (!frame_repo_ok(repo))
		return UINT32_MAX;
	pthread_mutex_lock(&s->lock);
	n = subs_repo_number(s, repo);
	pthread_mutex_unlock(&s->lock);
	return n;
}

struct str subs_repo_of(struct subs *s, struct arena *a, uint32_t repo)
{
	struct str name;

	pthread_mutex_lock(&s->lock);
	name = str_copy(a, str_of(s->repos[repo]));
	pthread_mutex_unlock(&s->lock);
	return name;
}

/* ---- segments ---- */

static enum err damaged(struct ctx *cx)
{
	return err_set(cx, ERR_CORRUPT, "a stored object is damaged");
}

static enum err inflated(struct ctx *cx, const struct subindex_object *o,
			 const char *packed, struct str *out)
{
	char *to = arena_alloc(cx->arena, o->size + 1);
	uLongf n = o->size;
	struct oid id;

	if (uncompress((uint8_t *)to, &n, (const uint8_t *)packed, o->packed) !=
		    Z_OK ||
	    n != o->size)
		return damaged(cx);
	*out = (struct str){ to, o->size };
	object_id(o->type, *out, &id);
	return oid_eq(&id, &o->id) ? OK : damaged(cx);
}

static bool read_all(int fd, char *p, size_t n, off_t at)
{
	while (n) {
		ssize_t k = pread(fd, p, n, at);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return false;
		p += k;
		n -= (size_t)k;
		at += k;
	}
	return true;
}

/* With lock. What is not written yet stands in buf. */
static bool find_place(struct subs *s, uint32_t repo, const struct oid *id,
		       struct segment **g, struct subindex_object *o)
{
	for (size_t i = s->segments_n; i > 0; i--) {
		const struct subindex_object *found =
			subindex_find(&s->segments[i - 1]->index, repo, id);

		if (found) {
			*g = s->segments[i - 1];
			*o = *found;
			return true;
		}
	}
	return false;
}

static enum err from_segment(struct ctx *cx, struct subs *s, uint32_t repo,
			     const struct oid *id, int *type, struct str *out)
{
	struct subindex_object o;
	struct segment *g = NULL;
	bool found, read = true;
	char *packed = NULL;
	enum err e;

	pthread_mutex_lock(&s->lock);
	found = find_place(s, repo, id, &g, &o);
	if (found) {
		packed = arena_alloc(cx->arena, o.packed + 1);
		if (o.at >= g->n)
			memcpy(packed, s->buf.p + (o.at - g->n), o.packed);
		else
			g->holders++;
		read = o.at >= g->n;
	}
	pthread_mutex_unlock(&s->lock);
	if (!found)
		return ERR_NOT_FOUND;
	if (!read) {
		read = read_all(g->fd, packed, o.packed, o.at);
		pthread_mutex_lock(&s->lock);
		segment_release(g);
		pthread_mutex_unlock(&s->lock);
	}
	if (!read)
		return subs_broken(cx, errno, "read a segment");
	e = inflated(cx, &o, packed, out);
	if (!e)
		*type = o.type;
	return e;
}

/* ---- packs ---- */

static int open_odb(struct subs *s, struct str repo, git_odb **out)
{
	git_odb_backend *packs = NULL;
	git_odb *odb = NULL;
	struct buf path = { 0 };
	int code;

	/* Only packs: nobody puts loose objects here. */
	buf_fmt(&path, "%s/%.*s.git/objects", s->path, STR_FMT(repo));
	buf_ch(&path, 0);
	code = git_odb_new(&odb);
	if (code == 0)
		code = git_odb_backend_pack(&packs, path.p);
	if (code == 0)
		code = git_odb_add_backend(odb, packs, 1);
	if (code == 0)
		*out = odb;
	else
		git_odb_free(odb);
	buf_done(&path);
	return code;
}

static void drop_handle(struct handle *h)
{
	git_odb_free(h->odb);
	*h = (struct handle){ 0 };
}

/* With odb. */
static void drop_handles(struct subs *s, uint32_t repo)
{
	for (size_t i = 0; i < HANDLES; i++)
		if (s->handles[i].odb && s->handles[i].repo == repo)
			drop_handle(&s->handles[i]);
}

void subs_odb_forget(struct subs *s, uint32_t repo)
{
	pthread_mutex_lock(&s->odb);
	drop_handles(s, repo);
	pthread_mutex_unlock(&s->odb);
}

void subs_odb_done(struct subs *s)
{
	for (size_t i = 0; i < HANDLES; i++)
		drop_handle(&s->handles[i]);
}

/* With odb. */
static enum err handle_of(struct ctx *cx, struct subs *s, uint32_t repo,
			  git_odb **out)
{
	struct str name = subs_repo_of(s, cx->arena, repo);
	struct handle *h = &s->handles[0];
	int fd;
	enum err e;

	for (size_t i = 0; i < HANDLES; i++) {
		if (s->handles[i].odb && s->handles[i].repo == repo) {
			s->handles[i].used = ++s->uses;
			*out = s->handles[i].odb;
			return OK;
		}
		if (s->handles[i].used < h->used)
			h = &s->handles[i];
	}
	e = subrepo_open(cx, s, name, false, &fd);
	if (e)
		return e;
	close(fd);
	drop_handle(h);
	if (open_odb(s, name, &h->odb)) {
		err_set(cx, ERR_UNAVAILABLE,
			"the repository cannot be read; try again later");
		h->odb = NULL;
		return gitlib_failed(cx, ERR_UNAVAILABLE, "open packs");
	}
	h->repo = repo;
	h->used = ++s->uses;
	*out = h->odb;
	return OK;
}

static enum err from_packs(struct ctx *cx, struct subs *s, uint32_t repo,
			   const struct oid *id, int *type, struct str *out)
{
	git_odb_object *o = NULL;
	git_odb *odb = NULL;
	git_oid key;
	int code = 0;

	memcpy(key.id, id->b, OID_BYTES);
	/* Once more with a new handle: the packer may have been at work. */
	for (int i = 0; i < 2 && !o; i++) {
		enum err e = handle_of(cx, s, repo, &odb);

		if (e)
			return e;
		code = git_odb_read(&o, odb, &key);
		if (code)
			drop_handles(s, repo);
	}
	if (code == GIT_ENOTFOUND)
		return err_set(cx, ERR_NOT_FOUND, "there is no such commit");
	if (code) {
		damaged(cx);
		return gitlib_failed(cx, ERR_CORRUPT, "read a pack");
	}
	*type = (int)git_odb_object_type(o);
	*out = str_copy(cx->arena, (struct str){ git_odb_object_data(o),
						 git_odb_object_size(o) });
	git_odb_object_free(o);
	return OK;
}

enum err subs_object(struct ctx *cx, struct subs *s, uint32_t repo,
		     const struct oid *id, int *type, struct str *data)
{
	enum err e;

	if (repo == UINT32_MAX)
		return err_set(cx, ERR_NOT_FOUND, "there is no such commit");
	e = from_segment(cx, s, repo, id, type, data);
	if (e != ERR_NOT_FOUND)
		return e;
	pthread_mutex_lock(&s->odb);
	e = from_packs(cx, s, repo, id, type, data);
	pthread_mutex_unlock(&s->odb);
	return e;
}

/* ---- refs ---- */

/* With lock. 0: nothing said, 1: at *out, -1: gone. */
static int ref_in_segments(struct subs *s, uint32_t repo, struct str ref,
			   struct oid *out)
{
	for (size_t i = s->segments_n; i > 0; i--) {
		const struct segment *g = s->segments[i - 1];
		const struct subindex_ref *r =
			subindex_ref(&g->index, repo, ref);

		if (r) {
			*out = r->tip;
			return oid_is_none(&r->tip) ? -1 : 1;
		}
		if (g->forgets && g->forget_repo == repo &&
		    ref.n >= g->forget_prefix.n &&
		    str_eq(str_cut(ref, 0, g->forget_prefix.n),
			   g->forget_prefix))
			return -1;
	}
	return 0;
}

enum err subs_ref(struct ctx *cx, struct subs *s, uint32_t repo, struct str ref,
		  struct oid *out)
{
	struct oid tip;
	struct str name;
	int said = -1, fd;
	enum err e;

	if (repo != UINT32_MAX) {
		pthread_mutex_lock(&s->lock);
		said = ref_in_segments(s, repo, ref, &tip);
		pthread_mutex_unlock(&s->lock);
	}
	if (said == 1) {
		*out = tip;
		return OK;
	}
	if (said == -1)
		return err_set(cx, ERR_NOT_FOUND, "nothing was handed in here");
	name = subs_repo_of(s, cx->arena, repo);
	e = subrepo_open(cx, s, name, false, &fd);
	if (e)
		return e;
	e = subrepo_ref(cx, fd, ref, out);
	close(fd);
	return e;
}

enum err subs_tip(struct ctx *cx, struct subs *s, struct str repo,
		  struct str ref, struct oid *out)
{
	return subs_ref(cx, s, subs_repo_find(s, repo), ref, out);
}

/* ---- commits ---- */

static enum err source_head(struct ctx *cx, void *arg, const struct oid *id,
			    int *type, int64_t *size)
{
	struct subs_place *p = arg;
	enum err e = subs_object(cx, p->s, p->repo, id, type, &p->last);

	if (!e) {
		p->last_id = *id;
		*size = (int64_t)p->last.n;
	}
	return e;
}

/* What we stored is small, and head has read it. */
static enum err source_data(struct ctx *cx, void *arg, const struct oid *id,
			    struct str *out)
{
	struct subs_place *p = arg;

	(void)cx;
	CHECK(oid_eq(&p->last_id, id));
	*out = p->last;
	return OK;
}

static enum err read_commit(struct ctx *cx, struct subs *s, uint32_t repo,
			    const struct oid *id, struct subs_commit *out)
{
	struct commit_text t;
	struct str data;
	int type;
	enum err e = subs_object(cx, s, repo, id, &type, &data);

	if (e)
		return e;
	if (type != OBJECT_COMMIT)
		return err_set(cx, ERR_NOT_FOUND, "there is no such commit");
	if (!object_commit_read(data, &t))
		return damaged(cx);
	*out = (struct subs_commit){ .id = *id,
				     .tree = t.tree,
				     .parents = { t.parents[0], t.parents[1] },
				     .time_ms = t.time_ms,
				     .message = t.message };
	return OK;
}

enum err subs_load(struct ctx *cx, struct subs *s, struct str repo,
		   const struct oid *id, struct subs_commit *commit,
		   struct list *files)
{
	struct subs_place p = { .s = s, .repo = subs_repo_find(s, repo) };
	struct walk_source from = { &p, source_head, source_data };
	struct subs_commit c;
	struct tree_list l;
	enum err e = read_commit(cx, s, p.repo, id, &c);

	if (!e)
		e = walk_tree(cx, &from, &c.tree, &l);
	if (e)
		return e;
	if (l.refused.n)
		return damaged(cx); /* it was checked when it came */
	if (commit)
		*commit = c;
	*files = l.files;
	return OK;
}

enum err subs_log(struct ctx *cx, struct subs *s, struct str repo,
		  const struct oid *from, int64_t most, struct list *out)
{
	uint32_t number = subs_repo_find(s, repo);
	struct subs_commit *c;
	struct oid at = *from;
	size_t n = 0;

	most = most < 0 ? 0 : most > LIMIT_PAGE ? LIMIT_PAGE : most;
	c = ARENA_ARRAY(cx->arena, struct subs_commit, (size_t)most);
	for (; (int64_t)n < most && !oid_is_none(&at); n++) {
		enum err e = read_commit(cx, s, number, &at, &c[n]);

		if (e)
			return e;
		at = c[n].parents[0];
	}
	*out = (struct list){ c, n };
	return OK;
}

void subs_stats(struct subs *s, struct subs_stats *out)
{
	pthread_mutex_lock(&s->lock);
	*out = s->stats;
	out->segments = (int64_t)s->segments_n;
	out->waiting_bytes = 0;
	for (size_t i = 0; i < s->segments_n; i++)
		out->waiting_bytes += (int64_t)s->segments[i]->n;
	pthread_mutex_unlock(&s->lock);
}
