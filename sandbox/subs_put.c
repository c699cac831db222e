/*
 * subs: making a submission. See subs.c.
 */
#include <stdlib.h>

#include "sandbox/subs_impl.h"

/* ---- what is asked ---- */

static enum err check_files(struct ctx *cx, const struct list *files)
{
	const struct run_file *f = files->at;
	int64_t bytes = 0;

	if (files->n > TREE_ENTRIES)
		return err_set(cx, ERR_TOO_LARGE, "there are too many files");
	for (size_t i = 0; i < files->n; i++) {
		if (f[i].name.n == 0 ||
		    (i && str_cmp(f[i - 1].name, f[i].name) >= 0))
			return err_set(cx, ERR_INVALID,
				       "files are not sorted by name; check "
				       "them first");
		bytes += (int64_t)f[i].data.n;
		if (bytes > TREE_BYTES)
			return err_set(cx, ERR_TOO_LARGE,
				       "the files have more than 16 MiB");
	}
	return OK;
}

static enum err check_names(struct ctx *cx, struct str repo, struct str ref)
{
	if (!frame_repo_ok(repo))
		return err_set(cx, ERR_INVALID,
			       "a repository's name is made of a-z, 0-9 and -");
	if (!frame_ref_ok(ref) || ref.p[ref.n - 1] == '/')
		return err_set(cx, ERR_INVALID,
			       "a ref is refs/ and parts of a-z, 0-9, - and "
			       "_");
	return OK;
}

static enum err check_ask(struct ctx *cx, const struct subs_ask *ask)
{
	enum err e = check_names(cx, ask->repo, ask->ref);

	if (e)
		return e;
	if (ask->message.n > SUBS_MESSAGE_BYTES || !str_utf8_ok(ask->message) ||
	    (ask->message.n && memchr(ask->message.p, 0, ask->message.n)))
		return err_set(cx, ERR_INVALID,
			       "a message has at most %d bytes of text",
			       SUBS_MESSAGE_BYTES);
	return check_files(cx, ask->files);
}

/* ---- what is there already ---- */

struct known {
	struct oid *ids;
	size_t n, room;
};

static void known_add(struct known *k, const struct oid *id)
{
	if (k->n == k->room) {
		k->room = k->room ? 2 * k->room : 64;
		k->ids = realloc(k->ids, /* allowed: until the put ends */
				 k->room * sizeof(*k->ids));
		CHECK(k->ids);
	}
	k->ids[k->n++] = *id;
}

static int by_id(const void *a, const void *b)
{
	return oid_cmp(a, b);
}

/* A tree of ours and all below it; depth is bounded by what we store. */
static enum err known_tree(struct ctx *cx, struct subs_place *p,
			   const struct oid *id, struct known *k, int depth)
{
	struct tree_item item;
	struct str data;
	enum err e;
	int type;

	if (depth > TREE_DEPTH)
		return err_set(cx, ERR_CORRUPT, "a stored tree is too deep");
	known_add(k, id);
	e = subs_object(cx, p->s, p->repo, id, &type, &data);
	while (!e && object_tree_next(&data, &item)) {
		if (item.mode == 040000)
			e = known_tree(cx, p, &item.id, k, depth + 1);
		else
			known_add(k, &item.id);
	}
	return e;
}

static enum err commit_of(struct ctx *cx, struct subs_place *p,
			  const struct oid *id, struct commit_text *out)
{
	struct str data;
	int type;
	enum err e = subs_object(cx, p->s, p->repo, id, &type, &data);

	if (e)
		return e;
	if (type != OBJECT_COMMIT || !object_commit_read(data, out))
		return err_set(cx, ERR_CORRUPT, "a stored commit is damaged");
	return OK;
}

/* ---- the frame ---- */

struct putting {
	struct ctx *cx;
	struct subs *s;
	const struct subs_ask *ask;
	struct subs_place place;
	struct oid tip; /* of the ref until now */
	struct known known;
	struct subs_done *out;
	size_t squeeze; /* bytes that may still be made small */
};

static bool is_known(const struct putting *p, const struct oid *id)
{
	if (subindex_find(&p->s->active->index, p->place.repo, id))
		return true;
	return p->known.n && bsearch(id, p->known.ids, p->known.n, sizeof(*id),
				     by_id) != NULL;
}

/*
 * Others wait while this is made small (4 MiB would take them 0.2 s), so of one
 * put only so much is; what goes beyond stands as it is.
 */
static int level_of(struct putting *p, struct str data)
{
	if (data.n > p->squeeze)
		return Z_NO_COMPRESSION;
	p->squeeze -= data.n;
	return SUBS_LEVEL;
}

static struct str deflated(struct subs *s, struct str data, int level)
{
	struct buf *b = &s->packed;
	size_t most;
	char *to;

	CHECK(deflateReset(&s->deflater) == Z_OK &&
	      deflateParams(&s->deflater, level, Z_DEFAULT_STRATEGY) == Z_OK);
	most = deflateBound(&s->deflater, data.n);
	buf_reset(b);
	to = buf_room(b, most);
	CHECK(to);
	s->deflater.next_in = (uint8_t *)(data.n ? data.p : "");
	s->deflater.avail_in = (unsigned)data.n;
	s->deflater.next_out = (uint8_t *)to;
	s->deflater.avail_out = (unsigned)most;
	CHECK(deflate(&s->deflater, Z_FINISH) == Z_STREAM_END);
	b->n = most - s->deflater.avail_out;
	return buf_view(b);
}

/* rows: where what is new stands in the frame. */
static void add_object(struct putting *p, const struct object *o,
		       struct subindex_object *rows, size_t *n)
{
	struct frame_object f = { o->id, o->type, (uint32_t)o->data.n,
				  deflated(p->s, o->data,
					   level_of(p, o->data)) };

	rows[(*n)++] = (struct subindex_object){ .id = o->id,
						 .repo = p->place.repo,
						 .size = f.size,
						 .at = (uint32_t)frame_add(
							 &p->s->scratch, 0, &f),
						 .packed = (uint32_t)f.packed.n,
						 .type = (uint8_t)o->type };
}

/* With lock: the ref is at tip now, as far as this segment goes. */
static void move_ref(struct subs *s, uint32_t repo, struct str ref,
		     const struct oid *tip)
{
	struct subindex_ref *r = subindex_ref(&s->active->index, repo, ref);

	if (r)
		r->tip = *tip;
	else
		subindex_ref_add(&s->active->index,
				 &(struct subindex_ref){ repo, ref, *tip });
}

static void add_op(struct subs *s, uint32_t repo, struct str ref,
		   const struct oid *before)
{
	const struct subindex_ref *r =
		subindex_ref(&s->active->index, repo, ref);
	struct op *o;

	if (s->ops_n == s->ops_room) {
		s->ops_room = s->ops_room ? 2 * s->ops_room : 64;
		s->ops = realloc(s->ops, /* allowed: process */
				 s->ops_room * sizeof(*s->ops));
		CHECK(s->ops);
	}
	o = &s->ops[s->ops_n++];
	*o = (struct op){ .segment = s->active->number,
			  .buf_at = s->buf.n,
			  .objects = s->active->index.objects_n,
			  .repo = repo,
			  .ref_n = ref.n,
			  .new_here = !r,
			  .before = *before };
	memcpy(o->ref, ref.p, ref.n);
	if (r)
		o->before_here = r->tip;
}

/* The frame in scratch, with n objects, becomes a part of the segment. */
static void append(struct subs *s, uint32_t repo, struct str ref,
		   const struct oid *tip, struct subindex_object *rows,
		   size_t n)
{
	struct segment *g = s->active;
	uint64_t at = g->n + s->buf.n;

	frame_end(&s->scratch, 0, g->salt, at, g->n);
	CHECK(!s->scratch.failed && at + s->scratch.n < UINT32_MAX);
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < n; i++) {
		rows[i].at += (uint32_t)at;
		subindex_add(&g->index, &rows[i]);
	}
	buf_add(&s->buf, s->scratch.p, s->scratch.n);
	move_ref(s, repo, ref, tip);
	pthread_mutex_unlock(&s->lock);
}

void subs_note(struct subs *s, int kind, uint32_t repo, struct str ref,
	       const struct oid *tip)
{
	struct frame f = { .kind = kind,
			   .repo = str_of(s->repos[repo]),
			   .ref = ref,
			   .tip = *tip };

	buf_reset(&s->scratch);
	frame_begin(&s->scratch, &f);
	frame_end(&s->scratch, 0, s->active->salt, s->active->n + s->buf.n,
		  s->active->n);
	buf_add(&s->buf, s->scratch.p, s->scratch.n);
	if (kind == FRAME_POINT)
		move_ref(s, repo, ref, tip);
}

static void write_frame(struct putting *p, const struct list *objects,
			const struct object *commit)
{
	const struct object *o = objects->at;
	struct subindex_object *rows = ARENA_ARRAY(
		p->cx->arena, struct subindex_object, objects->n + 1);
	struct frame f = { .kind = FRAME_PUT,
			   .repo = p->ask->repo,
			   .ref = p->ask->ref,
			   .tip = commit->id };
	size_t n = 0;

	for (size_t i = 0; i < objects->n; i++)
		f.objects += !is_known(p, &o[i].id);
	f.objects += !is_known(p, &commit->id);
	buf_reset(&p->s->scratch);
	frame_begin(&p->s->scratch, &f);
	for (size_t i = 0; i < objects->n; i++)
		if (!is_known(p, &o[i].id))
			add_object(p, &o[i], rows, &n);
	if (!is_known(p, &commit->id))
		add_object(p, commit, rows, &n);
	CHECK(n == f.objects);
	add_op(p->s, p->place.repo, p->ask->ref, &p->tip);
	append(p->s, p->place.repo, p->ask->ref, &commit->id, rows, n);
	p->out->objects = (int64_t)n;
	p->out->known = (int64_t)(objects->n + 1 - n);
}

/* ---- a put ---- */

/* Where a frame can go. With write. */
static enum err get_ready(struct ctx *cx, struct subs *s)
{
	if (s->buf.n > BUFFER_MOST)
		return err_set(cx, ERR_BUSY,
			       "too much is being handed in at once; try "
			       "again");
	return s->active ? OK : segment_begin(cx, s);
}

/* Looks at the ref's last commit. *same: nothing is to be done. */
static enum err look_back(struct putting *p, const struct oid *tree, bool *same)
{
	struct commit_text last;
	enum err e = subs_ref(p->cx, p->s, p->place.repo, p->ask->ref, &p->tip);

	if (e == ERR_NOT_FOUND) {
		err_clear(p->cx);
		return OK;
	}
	if (!e)
		e = commit_of(p->cx, &p->place, &p->tip, &last);
	if (e)
		return e;
	*same = p->ask->skip_same && oid_eq(&last.tree, tree);
	if (!*same)
		e = known_tree(p->cx, &p->place, &last.tree, &p->known, 0);
	if (!e && p->known.n)
		qsort(p->known.ids, p->known.n, sizeof(struct oid), by_id);
	return e;
}

static enum err put(struct putting *p, const struct list *objects)
{
	const struct object *root =
		(const struct object *)objects->at + objects->n - 1;
	struct commit_text text = { .tree = root->id,
				    .time_ms = p->ask->time_ms,
				    .message = p->ask->message };
	struct commit_text other;
	struct object commit;
	bool same = false;
	enum err e = get_ready(p->cx, p->s);

	if (!e) {
		pthread_mutex_lock(&p->s->lock);
		p->place.repo = subs_repo_number(p->s, p->ask->repo);
		pthread_mutex_unlock(&p->s->lock);
		e = look_back(p, &root->id, &same);
	}
	if (!e && !oid_is_none(&p->ask->merged))
		e = commit_of(p->cx, &p->place, &p->ask->merged, &other);
	if (e)
		return e;
	p->out->tree = root->id;
	p->out->same = same;
	if (same) {
		p->out->commit = p->tip;
		p->out->known = (int64_t)objects->n + 1;
		return OK;
	}
	text.parents[0] = p->tip;
	text.parents[1] = p->ask->merged;
	object_commit(p->cx->arena, &text, &commit);
	p->out->commit = commit.id;
	write_frame(p, objects, &commit);
	return OK;
}

enum err subs_put(struct ctx *cx, struct subs *s, const struct subs_ask *ask,
		  struct subs_done *out)
{
	const struct run_file *f = ask->files->at;
	struct subs_done done = { 0 };
	struct putting p = { .cx = cx,
			     .s = s,
			     .ask = ask,
			     .squeeze = SQUEEZE_MOST,
			     .out = &done };
	struct list objects;
	enum err e = check_ask(cx, ask);

	if (e)
		return e;
	p.place.s = s;
	for (size_t i = 0; i < ask->files->n; i++)
		done.bytes += (int64_t)f[i].data.n;
	objects_of(cx->arena, ask->files, &objects);
	pthread_mutex_lock(&s->write);
	e = put(&p, &objects);
	pthread_mutex_lock(&s->lock);
	if (!e) {
		s->stats.puts += !done.same;
		s->stats.objects += done.objects;
		s->stats.known += done.known;
	}
	pthread_mutex_unlock(&s->lock);
	pthread_mutex_unlock(&s->write);
	free(p.known.ids);
	if (!e)
		*out = done;
	return e;
}

enum err subs_point(struct ctx *cx, struct subs *s, struct str repo,
		    struct str ref, const struct oid *commit)
{
	struct subs_place p = { .s = s, .repo = subs_repo_find(s, repo) };
	struct oid before = { 0 };
	struct commit_text text;
	enum err e = check_names(cx, repo, ref);

	pthread_mutex_lock(&s->write);
	if (!e)
		e = get_ready(cx, s);
	if (!e)
		e = commit_of(cx, &p, commit, &text);
	if (!e) {
		e = subs_ref(cx, s, p.repo, ref, &before);
		if (e == ERR_NOT_FOUND) {
			err_clear(cx);
			e = OK;
		}
	}
	if (!e) {
		add_op(s, p.repo, ref, &before);
		pthread_mutex_lock(&s->lock);
		subs_note(s, FRAME_POINT, p.repo, ref, commit);
		pthread_mutex_unlock(&s->lock);
	}
	pthread_mutex_unlock(&s->write);
	return e;
}
