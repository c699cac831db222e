/*
 * subs: the writer. See subs_impl.h for who may touch what.
 *
 * A put makes the objects, leaves out those that the active segment or the
 * ref's last commit has, and appends one frame to buf. An object of another
 * segment is written again: that segment may just be packed, and an erasure
 * may drop it.
 */
#include "sandbox/subs_impl.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>

#include "sandbox/gitlib.h"

enum err subs_broken(struct ctx *cx, int no, const char *what)
{
	enum err e;

	if (no == ENOSPC || no == EDQUOT || no == EROFS || no == EFBIG)
		e = err_set(cx, ERR_READ_ONLY,
			    "there is no space to store this; try again later");
	else
		e = err_set(cx, ERR_UNAVAILABLE,
			    "the folder of submissions does not work; try "
			    "again later");
	return err_detail(cx, "submissions, %s: errno %d (%s)", what, no,
			  err_kind(e));
}

struct str subs_repo_name(struct arena *a, const struct id *org,
			  struct str course, struct str term)
{
	crypto_generichash_state h;
	uint8_t sum[20], n[4];
	char hex[41];

	for (int i = 0; i < 4; i++)
		n[i] = (uint8_t)(course.n >> (8 * i));
	crypto_generichash_init(&h, NULL, 0, sizeof(sum));
	crypto_generichash_update(&h, org->b, ID_BYTES);
	crypto_generichash_update(&h, n, sizeof(n));
	crypto_generichash_update(&h, (const uint8_t *)course.p, course.n);
	crypto_generichash_update(&h, (const uint8_t *)term.p, term.n);
	crypto_generichash_final(&h, sum, sizeof(sum));
	return str_fmt(a, "c%s",
		       sodium_bin2hex(hex, sizeof(hex), sum, sizeof(sum)));
}

uint32_t subs_repo_number(struct subs *s, struct str repo)
{
	for (size_t i = 0; i < s->repos_n; i++)
		if (str_is(repo, s->repos[i]))
			return (uint32_t)i;
	if (s->repos_n == s->repos_room) {
		s->repos_room = s->repos_room ? 2 * s->repos_room : 16;
		s->repos = realloc(s->repos, /* allowed: process */
				   s->repos_room * sizeof(*s->repos));
		CHECK(s->repos);
	}
	memcpy(s->repos[s->repos_n], repo.p, repo.n);
	s->repos[s->repos_n][repo.n] = 0;
	return (uint32_t)s->repos_n++;
}

/* ---- a flush ---- */

static void undo_refs(struct segment *g, const struct op *o)
{
	struct str name = { o->ref, o->ref_n };

	if (o->new_here)
		subindex_ref_drop(&g->index);
	else
		subindex_ref(&g->index, o->repo, name)->tip = o->before_here;
}

static void undo_one(struct subs *s)
{
	struct op *o = &s->ops[s->ops_n - 1];

	if (o->written) {
		subs_note(s, FRAME_POINT, o->repo,
			  (struct str){ o->ref, o->ref_n }, &o->before);
	} else {
		undo_refs(s->active, o);
		subindex_drop(&s->active->index, o->objects);
		s->buf.n = o->buf_at;
	}
	s->ops_n--;
}

/* Nothing of buf is known to be on the disk, nor that it is not. */
static void drop_unwritten(struct subs *s)
{
	pthread_mutex_lock(&s->lock);
	while (s->ops_n && !s->ops[s->ops_n - 1].written)
		undo_one(s);
	buf_reset(&s->buf);
	pthread_mutex_unlock(&s->lock);
}

static enum err flush_failed(struct ctx *cx, struct subs *s, int no)
{
	drop_unwritten(s);
	/* A failed sync may have dropped the pages: never this file again. */
	if (ftruncate(s->active->fd, (off_t)s->active->n) == 0)
		s->disk->sync(s->disk->arg, s->active->fd);
	s->active = NULL;
	pthread_mutex_lock(&s->lock);
	s->stats.read_only = no == ENOSPC || no == EDQUOT;
	pthread_mutex_unlock(&s->lock);
	return subs_broken(cx, no, "flush");
}

enum err subs_flush_locked(struct ctx *cx, struct subs *s)
{
	struct segment *g = s->active;

	if (s->buf.n == 0)
		return OK;
	if (!disk_write_all(s->disk, g->fd, s->buf.p, s->buf.n, (off_t)g->n) ||
	    s->disk->sync(s->disk->arg, g->fd))
		return flush_failed(cx, s, errno);
	pthread_mutex_lock(&s->lock);
	g->n += s->buf.n;
	s->stats.bytes += (int64_t)s->buf.n;
	s->stats.flushes++;
	s->stats.read_only = false;
	buf_reset(&s->buf);
	pthread_mutex_unlock(&s->lock);
	for (size_t i = 0; i < s->ops_n; i++)
		s->ops[i].written = true;
	if (g->n >= s->segment_bytes)
		s->active = NULL; /* the next put begins another */
	return OK;
}

enum err subs_flush(void *arg, struct ctx *cx)
{
	struct subs *s = arg;
	enum err e;

	pthread_mutex_lock(&s->write);
	if (s->lost)
		e = err_set(cx, ERR_UNAVAILABLE,
			    "what was handed in could not be stored; try "
			    "again");
	else
		e = subs_flush_locked(cx, s);
	if (e) {
		pthread_mutex_lock(&s->lock);
		while (s->ops_n && !s->ops[s->ops_n - 1].written)
			undo_one(s);
		pthread_mutex_unlock(&s->lock);
	}
	pthread_mutex_unlock(&s->write);
	return e;
}

enum err subs_rotate_locked(struct ctx *cx, struct subs *s)
{
	enum err e = subs_flush_locked(cx, s);

	if (e)
		s->lost = true;
	else if (s->active && s->active->n > SEGMENT_HEAD)
		s->active = NULL;
	return e;
}

enum err subs_rotate(struct ctx *cx, struct subs *s)
{
	enum err e;

	pthread_mutex_lock(&s->write);
	e = subs_rotate_locked(cx, s);
	pthread_mutex_unlock(&s->write);
	return e;
}

/* ---- transactions ---- */

size_t subs_mark(void *arg)
{
	struct subs *s = arg;
	size_t n;

	pthread_mutex_lock(&s->write);
	n = s->ops_n;
	pthread_mutex_unlock(&s->write);
	return n;
}

void subs_undo(void *arg, size_t mark)
{
	struct subs *s = arg;
	struct arena *a = arena_new(0);
	struct ctx cx = { .arena = a };

	pthread_mutex_lock(&s->write);
	/* Where a note can go, for what is written already. */
	if (s->ops_n > mark && !s->active && segment_begin(&cx, s))
		s->ops_n = mark; /* a ghost: nobody was told of it */
	pthread_mutex_lock(&s->lock);
	while (s->ops_n > mark)
		undo_one(s);
	pthread_mutex_unlock(&s->lock);
	pthread_mutex_unlock(&s->write);
	arena_free(a);
}

void subs_committed(void *arg, struct ctx *cx)
{
	struct subs *s = arg;

	(void)cx;
	pthread_mutex_lock(&s->write);
	s->ops_n = 0;
	pthread_mutex_unlock(&s->write);
}

void subs_aborted(void *arg)
{
	struct subs *s = arg;

	subs_undo(s, 0);
	pthread_mutex_lock(&s->write);
	s->lost = false;
	pthread_mutex_unlock(&s->write);
}
