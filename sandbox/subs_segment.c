/*
 * subs: the segment files, from their reading at the start to their end. A
 * segment that is packed may still be there after a crash; the file "packed"
 * says so before any is removed, lest an old ref come back.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/subs_impl.h"

enum { MODE = 0600, NUMBER_DIGITS = 16 };

void segment_name(uint64_t number, char out[SUBS_PATH])
{
	snprintf(out, SUBS_PATH, "%016llx.seg", (unsigned long long)number);
}

void segment_free(struct segment *g)
{
	if (!g)
		return;
	if (g->fd >= 0)
		close(g->fd);
	subindex_done(&g->index);
	free((char *)g->forget_prefix.p);
	free(g);
}

void segment_release(struct segment *g)
{
	if (--g->holders == 0 && g->gone)
		segment_free(g);
}

static void add_segment(struct subs *s, struct segment *g)
{
	if (s->segments_n == s->segments_room) {
		s->segments_room = s->segments_room ? 2 * s->segments_room : 16;
		s->segments = realloc(s->segments, /* allowed: process */
				      s->segments_room * sizeof(g));
		CHECK(s->segments);
	}
	s->segments[s->segments_n++] = g;
}

static struct segment *new_segment(uint64_t number, int fd)
{
	struct segment *g = calloc(1, sizeof(*g)); /* allowed: until packed */

	CHECK(g);
	g->number = number;
	g->fd = fd;
	return g;
}

enum err segment_begin(struct ctx *cx, struct subs *s)
{
	uint8_t head[SEGMENT_HEAD];
	char name[SUBS_PATH];
	struct segment *g;
	uint64_t salt;
	size_t waiting;
	int fd;

	pthread_mutex_lock(&s->lock);
	waiting = s->segments_n;
	pthread_mutex_unlock(&s->lock);
	if (waiting >= SEGMENTS_MOST)
		return err_set(cx, ERR_BUSY,
			       "too much waits to be packed; try again later");
	segment_name(s->next_number, name);
	rng_fill(rng_system(), &salt, sizeof(salt));
	segment_head(s->next_number, salt, head);
	fd = openat(s->journal, name,
		    O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, MODE);
	if (fd < 0 || !disk_write_all(s->disk, fd, head, sizeof(head), 0) ||
	    s->disk->sync(s->disk->arg, fd) ||
	    s->disk->sync_folder(s->disk->arg, s->journal)) {
		int no = errno;

		if (fd >= 0)
			close(fd);
		unlinkat(s->journal, name, 0);
		return subs_broken(cx, no, "new segment");
	}
	g = new_segment(s->next_number++, fd);
	g->salt = salt;
	g->n = SEGMENT_HEAD;
	pthread_mutex_lock(&s->lock);
	add_segment(s, g);
	pthread_mutex_unlock(&s->lock);
	s->active = g;
	return OK;
}

/* ---- what a frame says ---- */

static void take_objects(struct segment *g, uint32_t repo, struct frame *f,
			 const char *start)
{
	struct frame_object o;

	while (frame_object(f, &o)) {
		if (subindex_find(&g->index, repo, &o.id))
			continue;
		subindex_add(&g->index,
			     &(struct subindex_object){
				     .id = o.id,
				     .repo = repo,
				     .size = o.size,
				     .at = (uint32_t)(o.packed.p - start),
				     .packed = (uint32_t)o.packed.n,
				     .type = (uint8_t)o.type });
	}
}

/* f.rest points into the mapped segment, whose start is f.at before it. */
void segment_take(struct subs *s, struct segment *g, struct frame f)
{
	uint32_t repo = subs_repo_number(s, f.repo);
	const char *start = f.repo.p - FRAME_BODY - FRAME_HEAD - f.at;
	struct subindex_ref *r;

	if (f.kind == FRAME_FORGET) {
		char *p = malloc(f.ref.n); /* allowed: with the segment */

		CHECK(p);
		memcpy(p, f.ref.p, f.ref.n);
		free((char *)g->forget_prefix.p);
		g->forgets = true;
		g->forget_repo = repo;
		g->forget_prefix = (struct str){ p, f.ref.n };
		return;
	}
	take_objects(g, repo, &f, start);
	r = subindex_ref(&g->index, repo, f.ref);
	if (r)
		r->tip = f.tip;
	else
		subindex_ref_add(&g->index,
				 &(struct subindex_ref){ repo, f.ref, f.tip });
}

/* ---- at the start ---- */

static enum err lost(struct ctx *cx, const char *name, size_t at)
{
	return err_set(cx, ERR_CORRUPT,
		       "the file journal/%s is damaged at byte %zu and holds "
		       "submissions behind it; bring it back from a copy",
		       name, at);
}

/* The file as it is; absent if empty. */
static enum err map_segment(struct ctx *cx, int fd, struct str *out)
{
	struct stat st;
	void *p;

	*out = (struct str){ 0 };
	if (fstat(fd, &st))
		return subs_broken(cx, errno, "read segment");
	if (st.st_size == 0)
		return OK;
	if (st.st_size >= UINT32_MAX)
		return err_set(cx, ERR_CORRUPT, "a segment is too large");
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return subs_broken(cx, errno, "map segment");
	*out = (struct str){ p, (size_t)st.st_size };
	return OK;
}

static void take_all(struct subs *s, struct segment *g, struct str text,
		     size_t end)
{
	struct str whole = str_cut(text, 0, end);
	struct frame f;

	for (size_t at = SEGMENT_HEAD; frame_read(whole, g->salt, at, &f);
	     at += f.n)
		segment_take(s, g, f);
	g->n = end;
}

/*
 * A torn end is cut off, so that nothing is ever read behind it. What is left
 * may have been written and never synced, and will be built upon.
 */
static enum err settle(struct ctx *cx, struct subs *s, int fd, size_t end,
		       size_t n)
{
	if ((end < n && ftruncate(fd, (off_t)end)) ||
	    s->disk->sync(s->disk->arg, fd))
		return subs_broken(cx, errno, "settle a segment");
	return OK;
}

static enum err load_one(struct ctx *cx, struct subs *s, uint64_t number,
			 const char *name)
{
	int fd = openat(s->journal, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct segment *g = new_segment(number, fd);
	struct str text = { 0 };
	bool is_lost = false;
	size_t end = 0;
	enum err e = fd < 0 ? subs_broken(cx, errno, "open segment")
			    : map_segment(cx, fd, &text);

	/* One that was never begun has no submissions. */
	if (!e && segment_head_read(text, number, &g->salt)) {
		end = frames_end(text, g->salt, &is_lost);
		if (is_lost)
			e = lost(cx, name, end);
		else
			take_all(s, g, text, end);
	} else if (!e && text.n > SEGMENT_HEAD) {
		e = lost(cx, name, 0);
	}
	if (!e)
		e = settle(cx, s, fd, end, text.n);
	if (text.n)
		munmap((void *)text.p, text.n);
	if (e || end <= SEGMENT_HEAD) {
		segment_free(g);
		if (!e)
			unlinkat(s->journal, name, 0);
		return e;
	}
	add_segment(s, g);
	return OK;
}

struct numbers {
	uint64_t *at;
	size_t n, room;
};

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static bool number_of(const char *name, uint64_t *out)
{
	char again[SUBS_PATH];
	unsigned long long v;

	if (strlen(name) != NUMBER_DIGITS + 4 ||
	    sscanf(name, "%16llx", &v) != 1)
		return false;
	*out = v;
	segment_name(v, again);
	return strcmp(again, name) == 0;
}

static enum err list_numbers(struct ctx *cx, struct subs *s, struct numbers *l)
{
	int fd = openat(s->journal, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	uint64_t v;

	if (!d) {
		int no = errno;

		if (fd >= 0)
			close(fd);
		return subs_broken(cx, no, "list segments");
	}
	while ((e = readdir(d))) {
		if (!number_of(e->d_name, &v))
			continue;
		if (l->n == l->room) {
			l->room = l->room ? 2 * l->room : 16;
			l->at = realloc(l->at, /* allowed: until loaded */
					l->room * sizeof(*l->at));
			CHECK(l->at);
		}
		l->at[l->n++] = v;
	}
	closedir(d);
	if (l->n)
		qsort(l->at, l->n, sizeof(*l->at), by_number);
	return OK;
}

enum err segments_load(struct ctx *cx, struct subs *s)
{
	struct numbers l = { 0 };
	uint64_t packed = 0;
	char name[SUBS_PATH];
	enum err e = segments_packed(cx, s, &packed);

	if (!e)
		e = list_numbers(cx, s, &l);
	s->next_number = packed + 1;
	for (size_t i = 0; !e && i < l.n; i++) {
		segment_name(l.at[i], name);
		if (l.at[i] <= packed)
			unlinkat(s->journal, name, 0);
		else
			e = load_one(cx, s, l.at[i], name);
		if (l.at[i] >= s->next_number)
			s->next_number = l.at[i] + 1;
	}
	free(l.at);
	return e;
}

/* ---- how far packing has come ---- */

enum err segments_packed(struct ctx *cx, struct subs *s, uint64_t *out)
{
	int fd = openat(s->journal, "packed", O_RDONLY | O_CLOEXEC);
	char text[32] = { 0 };
	int64_t v = 0;
	ssize_t n;

	*out = 0;
	if (fd < 0)
		return errno == ENOENT ? OK : subs_broken(cx, errno, "packed");
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0 || text[n - 1] != '\n' ||
	    !str_int((struct str){ text, (size_t)n - 1 }, &v) || v < 0)
		return err_set(cx, ERR_CORRUPT,
			       "the file journal/packed is damaged");
	*out = (uint64_t)v;
	return OK;
}

enum err segments_set_packed(struct ctx *cx, struct subs *s, uint64_t number)
{
	const struct disk *d = s->disk;
	char text[32];
	int n = snprintf(text, sizeof(text), "%llu\n",
			 (unsigned long long)number);
	int fd = openat(s->journal, "packed.tmp",
			O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, MODE);
	bool done = fd >= 0 && disk_write_all(d, fd, text, (size_t)n, 0) &&
		    d->sync(d->arg, fd) == 0 &&
		    d->rename(d->arg, s->journal, "packed.tmp", s->journal,
			      "packed") == 0 &&
		    d->sync_folder(d->arg, s->journal) == 0;
	int no = errno;

	if (fd >= 0)
		close(fd);
	return done ? OK : subs_broken(cx, no, "packed");
}
