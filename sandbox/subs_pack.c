/*
 * subs: the packer. A batch is the segments that have ended, oldest first, up
 * to BATCH_BYTES. A step is one repository of the batch: a pack of what its
 * packs lack, then its refs; the last step says on disk that the batch is
 * packed and removes it. A crash anywhere means that the batch is packed again,
 * which changes nothing that was done already.
 *
 * Small packs are merged into the new one, so that their number grows with the
 * logarithm of what is stored. A repository of which something was forgotten
 * is written anew from what its refs reach (subs_sweep.c).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sandbox/subs_pack.h"

enum { BATCH_BYTES = 64 << 20, MERGE_BYTES = 256 << 20 };

/* ---- the batch ---- */

void subs_batch_done(struct subs *s)
{
	for (size_t i = 0; i < s->maps_n; i++)
		if (s->maps[i].text.p)
			munmap((void *)s->maps[i].text.p, s->maps[i].text.n);
	free(s->maps);
	free(s->frames);
	s->maps = NULL;
	s->frames = NULL;
	s->maps_n = s->frames_n = s->frames_room = s->frames_at = 0;
}

/* The segments that have ended, up to so many bytes. */
static void choose(struct subs *s)
{
	uint64_t bytes = 0;

	pthread_mutex_lock(&s->write);
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->segments_n; i++) {
		struct segment *g = s->segments[i];

		if (g == s->active || (bytes && bytes + g->n > BATCH_BYTES))
			break;
		bytes += g->n;
		s->maps = realloc(s->maps, /* allowed: until packed */
				  (s->maps_n + 1) * sizeof(*s->maps));
		CHECK(s->maps);
		s->maps[s->maps_n++] = (struct mapped){ .segment = g };
	}
	pthread_mutex_unlock(&s->lock);
	pthread_mutex_unlock(&s->write);
}

static void add_frame(struct subs *s, uint32_t map, const struct frame *f)
{
	if (s->frames_n == s->frames_room) {
		s->frames_room = s->frames_room ? 2 * s->frames_room : 256;
		s->frames = realloc(s->frames, /* allowed: until packed */
				    s->frames_room * sizeof(*s->frames));
		CHECK(s->frames);
	}
	s->frames[s->frames_n++] =
		(struct batch_frame){ subs_repo_find(s, f->repo), map,
				      (uint32_t)f->at };
}

static enum err map_one(struct ctx *cx, struct subs *s, uint32_t map)
{
	struct mapped *m = &s->maps[map];
	struct segment *g = m->segment;
	void *p = mmap(NULL, g->n, PROT_READ, MAP_SHARED, g->fd, 0);
	size_t at = SEGMENT_HEAD;
	struct frame f;

	if (p == MAP_FAILED)
		return subs_broken(cx, errno, "map a segment");
	m->text = (struct str){ p, g->n };
	for (; frame_read(m->text, g->salt, at, &f); at += f.n)
		add_frame(s, map, &f);
	if (at != g->n)
		return err_set(cx, ERR_CORRUPT,
			       "a segment of submissions is damaged");
	return OK;
}

static int by_repo(const void *a, const void *b)
{
	const struct batch_frame *x = a, *y = b;

	if (x->repo != y->repo)
		return x->repo < y->repo ? -1 : 1;
	if (x->map != y->map)
		return x->map < y->map ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

static enum err begin_batch(struct ctx *cx, struct subs *s)
{
	enum err e = OK;

	choose(s);
	for (uint32_t i = 0; !e && i < s->maps_n; i++)
		e = map_one(cx, s, i);
	if (e)
		subs_batch_done(s);
	else if (s->frames_n)
		qsort(s->frames, s->frames_n, sizeof(*s->frames), by_repo);
	return e;
}

/* What is said to be packed is never looked at again: remove it. */
static enum err end_batch(struct ctx *cx, struct subs *s)
{
	const struct disk *d = s->disk;
	char name[SUBS_PATH];
	enum err e = segments_set_packed(
		cx, s, s->maps[s->maps_n - 1].segment->number);

	if (e)
		return e;
	pthread_mutex_lock(&s->lock);
	s->segments_n -= s->maps_n;
	memmove(s->segments, s->segments + s->maps_n,
		s->segments_n * sizeof(*s->segments));
	for (size_t i = 0; i < s->maps_n; i++) {
		struct segment *g = s->maps[i].segment;

		segment_name(g->number, name);
		d->unlink(d->arg, s->journal, name);
		g->gone = true;
		g->holders++;
		segment_release(g);
	}
	pthread_mutex_unlock(&s->lock);
	subs_batch_done(s);
	d->sync_folder(d->arg, s->journal);
	return OK;
}

bool packing_frame(const struct packing *p, size_t i, struct frame *out)
{
	const struct mapped *m;

	if (i >= p->frames_n)
		return false;
	m = &p->s->maps[p->frames[i].map];
	/* It was whole when the batch began. */
	return frame_read(m->text, m->segment->salt, p->frames[i].at, out);
}

/* ---- the packs that are there ---- */

static bool is_pack(const char *name, const char *end)
{
	return strlen(name) == 5 + OID_TEXT + strlen(end) &&
	       strncmp(name, "pack-", 5) == 0 && str_ends(str_of(name), end);
}

/* One that had not got its index yet, or not any more, when we were killed. */
static void drop_orphan(int folder, const char *name)
{
	char index[PACK_NAME + 8];

	if (!is_pack(name, ".pack"))
		return;
	snprintf(index, sizeof(index), "%.*s.idx", 5 + OID_TEXT, name);
	if (faccessat(folder, index, F_OK, 0) && errno == ENOENT)
		unlinkat(folder, name, 0);
}

enum err packing_open(struct ctx *cx, struct packing *p)
{
	int at = openat(p->repo_fd, "objects/pack",
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int list = at < 0 ? -1 : openat(at, ".", O_RDONLY | O_CLOEXEC);
	DIR *d = list < 0 ? NULL : fdopendir(list);
	char name[PACK_NAME];
	struct dirent *e;
	enum err bad = OK;

	p->folder = at;
	if (!d)
		return subs_broken(cx, errno, "list packs");
	while (!bad && (e = readdir(d))) {
		drop_orphan(at, e->d_name);
		if (!is_pack(e->d_name, ".idx"))
			continue;
		memcpy(name, e->d_name, 5 + OID_TEXT);
		name[5 + OID_TEXT] = 0;
		p->packs = realloc(p->packs, /* allowed: until packed */
				   (p->packs_n + 1) * sizeof(*p->packs));
		CHECK(p->packs);
		if (pack_open(&p->packs[p->packs_n], at, name))
			p->packs_n++;
		else
			bad = err_set(cx, ERR_CORRUPT,
				      "a pack of a repository is damaged");
	}
	closedir(d);
	return bad;
}

void packing_done(struct packing *p)
{
	for (size_t i = 0; i < p->packs_n; i++)
		pack_close(&p->packs[i]);
	free(p->packs);
	free(p->items);
	subindex_done(&p->seen);
	if (p->folder >= 0)
		close(p->folder);
	if (p->repo_fd >= 0)
		close(p->repo_fd);
}

bool packing_has(const struct packing *p, const struct oid *id)
{
	for (size_t i = 0; i < p->packs_n; i++)
		if (pack_find(&p->packs[i], id) >= 0)
			return true;
	return false;
}

void packing_add(struct packing *p, const struct pack_item *item)
{
	if (subindex_find(&p->seen, 0, &item->id))
		return;
	subindex_add(&p->seen, &(struct subindex_object){ .id = item->id });
	if (p->items_n == p->items_room) {
		p->items_room = p->items_room ? 2 * p->items_room : 1024;
		p->items = realloc(p->items, /* allowed: until packed */
				   p->items_room * sizeof(*p->items));
		CHECK(p->items);
	}
	p->items[p->items_n++] = *item;
}

/* ---- what goes into the new pack ---- */

static void take_frames(struct packing *p, struct subs_packed *told)
{
	struct frame_object o;
	struct frame f;

	for (size_t i = 0; packing_frame(p, i, &f); i++)
		while (frame_object(&f, &o)) {
			if (packing_has(p, &o.id)) {
				told->known++;
				continue;
			}
			packing_add(p, &(struct pack_item){ .id = o.id,
							    .type = o.type,
							    .size = o.size,
							    .data = o.packed });
			p->bytes += o.packed.n;
		}
}

static int by_size(const void *a, const void *b)
{
	const struct pack_file *x = a, *y = b;

	return (x->pack_bytes > y->pack_bytes) -
	       (x->pack_bytes < y->pack_bytes);
}

/* Whole packs that are small beside what is written anyway. */
static enum err merge_small(struct ctx *cx, struct packing *p)
{
	if (p->packs_n)
		qsort(p->packs, p->packs_n, sizeof(*p->packs), by_size);
	for (size_t i = 0; i < p->packs_n; i++) {
		const struct pack_file *f = &p->packs[i];

		if (f->pack_bytes > 2 * p->bytes ||
		    p->bytes + f->pack_bytes > MERGE_BYTES)
			break;
		for (uint32_t row = 0; row < f->n; row++) {
			struct pack_item item = { 0 };

			pack_oid(f, row, &item.id);
			if (!pack_entry(f, row, &item.data))
				return err_set(cx, ERR_CORRUPT,
					       "a pack of a repository is "
					       "damaged");
			packing_add(p, &item);
		}
		p->bytes += f->pack_bytes;
		p->merged = i + 1;
	}
	return OK;
}

enum err packing_write(struct ctx *cx, struct packing *p, size_t from, size_t n,
		       struct subs_packed *told)
{
	struct pack_writer w;

	pack_begin(&w, p->s->disk, p->folder, (uint32_t)n);
	for (size_t i = from; i < from + n; i++) {
		const struct pack_item *o = &p->items[i];

		if (o->type)
			pack_add(&w, &o->id, o->type, o->size, o->data);
		else
			pack_copy(&w, &o->id, o->data);
	}
	told->bytes += (int64_t)w.at;
	told->objects += (int64_t)n;
	if (!pack_end(&w, p->name))
		return subs_broken(cx, w.no, "write a pack");
	return OK;
}

/* The first `n` packs are not needed any more; but the new one is. */
void packing_drop(struct packing *p, size_t n, const struct list *keep)
{
	const char(*names)[PACK_NAME] = keep->at;
	const struct disk *d = p->s->disk;
	char name[PACK_NAME + 8];

	for (size_t i = 0; i < n; i++) {
		bool kept = false;

		for (size_t k = 0; k < keep->n; k++)
			kept |= strcmp(names[k], p->packs[i].name) == 0;
		if (kept)
			continue;
		/* An index without its pack would be a damaged repository. */
		snprintf(name, sizeof(name), "%s.idx", p->packs[i].name);
		if (d->unlink(d->arg, p->folder, name))
			continue;
		snprintf(name, sizeof(name), "%s.pack", p->packs[i].name);
		d->unlink(d->arg, p->folder, name);
	}
	d->sync_folder(d->arg, p->folder);
}

static enum err add_pack(struct ctx *cx, struct packing *p,
			 struct subs_packed *told)
{
	enum err e;

	take_frames(p, told);
	if (p->items_n == 0)
		return OK;
	e = merge_small(cx, p);
	if (!e)
		e = packing_write(cx, p, 0, p->items_n, told);
	if (!e && p->merged)
		packing_drop(p, p->merged, &(struct list){ p->name, 1 });
	return e;
}

/* ---- refs ---- */

static int by_ref(const void *a, const void *b)
{
	return str_cmp(((const struct ref_change *)a)->name,
		       ((const struct ref_change *)b)->name);
}

static void forget_refs(struct subindex *last, struct str prefix)
{
	for (size_t i = 0; i < last->refs_n; i++)
		if (str_eq(str_cut(last->refs[i].name, 0, prefix.n), prefix))
			last->refs[i].tip = (struct oid){ 0 };
}

/* The last word of the batch on each ref. */
static void ref_changes(struct ctx *cx, struct packing *p, struct list *changes,
			struct list *forget)
{
	struct str *prefixes = ARENA_ARRAY(cx->arena, struct str, p->frames_n);
	struct subindex last = { 0 };
	struct subindex_ref *was;
	struct ref_change *r;
	struct frame f;

	*forget = (struct list){ prefixes, 0 };
	for (size_t i = 0; packing_frame(p, i, &f); i++) {
		was = subindex_ref(&last, 0, f.ref);
		if (f.kind == FRAME_FORGET) {
			prefixes[forget->n++] = f.ref;
			forget_refs(&last, f.ref);
		} else if (was) {
			was->tip = f.tip;
		} else {
			subindex_ref_add(&last, &(struct subindex_ref){
							0, f.ref, f.tip });
		}
	}
	r = ARENA_ARRAY(cx->arena, struct ref_change, last.refs_n);
	for (size_t i = 0; i < last.refs_n; i++)
		r[i] = (struct ref_change){
			str_copy(cx->arena, last.refs[i].name), last.refs[i].tip
		};
	*changes = (struct list){ r, last.refs_n };
	if (changes->n)
		qsort(r, changes->n, sizeof(*r), by_ref);
	subindex_done(&last);
}

/* ---- a step ---- */

static enum err pack_repo(struct ctx *cx, struct subs *s, size_t frames,
			  struct subs_packed *told)
{
	const struct batch_frame *f = s->frames + s->frames_at;
	struct packing p = { .s = s,
			     .repo = f->repo,
			     .frames = f,
			     .frames_n = frames,
			     .folder = -1,
			     .repo_fd = -1 };
	struct str name = subs_repo_of(s, cx->arena, p.repo);
	struct list changes, forget;
	enum err e = subrepo_open(cx, s, name, true, &p.repo_fd);

	if (!e)
		e = packing_open(cx, &p);
	if (!e) {
		ref_changes(cx, &p, &changes, &forget);
		if (forget.n == 0)
			e = add_pack(cx, &p, told);
	}
	/* Without a forget its packs are on the disk; with one, what the refs
	 * do not reach may go only now. */
	if (!e)
		e = subrepo_refs(cx, s, p.repo_fd, &forget, changes.at,
				 changes.n);
	if (!e && forget.n)
		e = packing_sweep(cx, &p, told);
	packing_done(&p);
	subs_odb_forget(s, f->repo);
	return e;
}

static void count(struct subs *s, const struct subs_packed *told)
{
	pthread_mutex_lock(&s->lock);
	s->stats.packs += told->objects > 0;
	s->stats.packed_objects += told->objects;
	s->stats.packed_bytes += told->bytes;
	pthread_mutex_unlock(&s->lock);
}

static enum err step(struct ctx *cx, struct subs *s, struct subs_packed *told)
{
	size_t n = 0;
	enum err e = OK;

	if (s->maps_n == 0)
		e = begin_batch(cx, s);
	if (e || s->maps_n == 0)
		return e;
	while (s->frames_at + n < s->frames_n &&
	       s->frames[s->frames_at + n].repo == s->frames[s->frames_at].repo)
		n++;
	if (n) {
		e = pack_repo(cx, s, n, told);
		s->frames_at += e ? 0 : n;
	} else {
		e = end_batch(cx, s);
	}
	told->more = true;
	return e;
}

enum err subs_pack_step(struct ctx *cx, struct subs *s, struct subs_packed *out)
{
	struct subs_packed told = { 0 };
	enum err e;

	pthread_mutex_lock(&s->pack);
	e = step(cx, s, &told);
	pthread_mutex_unlock(&s->pack);
	if (!e) {
		count(s, &told);
		*out = told;
	}
	return e;
}

/* ---- erasure ---- */

static enum err note_forget(struct ctx *cx, struct subs *s, struct str repo,
			    struct str prefix, uint64_t *number)
{
	struct oid none = { 0 };
	uint32_t n;
	enum err e = subs_rotate_locked(cx, s);

	if (!e && !s->active)
		e = segment_begin(cx, s);
	if (e)
		return e;
	*number = s->active->number;
	pthread_mutex_lock(&s->lock);
	n = subs_repo_number(s, repo);
	subs_note(s, FRAME_FORGET, n, prefix, &none);
	segment_take(s, s->active,
		     (struct frame){ .kind = FRAME_FORGET,
				     .repo = repo,
				     .ref = prefix });
	pthread_mutex_unlock(&s->lock);
	return subs_rotate_locked(cx, s);
}

enum err subs_forget(struct ctx *cx, struct subs *s, struct str repo,
		     struct str prefix)
{
	struct subs_packed told = { .more = true };
	uint64_t number = 0;
	bool waits = true;
	enum err e;

	if (!frame_repo_ok(repo) || !frame_ref_ok(prefix))
		return err_set(cx, ERR_INVALID,
			       "name a repository and the beginning of refs");
	pthread_mutex_lock(&s->write);
	e = note_forget(cx, s, repo, prefix, &number);
	pthread_mutex_unlock(&s->write);
	while (!e && waits) {
		e = subs_pack_step(cx, s, &told);
		pthread_mutex_lock(&s->lock);
		waits = s->segments_n && s->segments[0]->number <= number;
		pthread_mutex_unlock(&s->lock);
	}
	return e;
}
