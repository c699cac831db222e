/*
 * subs_disk: a disk whose n-th call fails, or takes the process down with it.
 */
#pragma once

#include <errno.h>
#include <signal.h>

#include "sandbox/disk.h"

enum { DIRTY_MOST = 256 };

struct bad_disk {
	struct disk disk; /* first: pass &b.disk */
	int64_t calls;
	int64_t at;  /* the call that goes wrong; 0: none */
	int no;	     /* errno; 0: the process is killed */
	bool sticky; /* later ones as well */
	bool power;  /* killed with what was not synced yet in pieces */
	struct rng *rng;
	struct {
		int fd;
		off_t from;
		size_t n;
	} dirty[DIRTY_MOST]; /* written, not synced */
	int dirty_n;
};

/* Some of what was not synced never reached the disk. */
static inline void bad_power(struct bad_disk *b)
{
	for (int i = 0; i < b->dirty_n; i++)
		for (size_t k = 0; k < b->dirty[i].n; k += 512)
			if (rng_below(b->rng, 2)) {
				static const char zeros[512];
				size_t n = b->dirty[i].n - k;

				(void)!pwrite(b->dirty[i].fd, zeros,
					      n < 512 ? n : 512,
					      b->dirty[i].from + (off_t)k);
			}
}

static inline bool bad_now(struct bad_disk *b)
{
	bool now = ++b->calls == b->at || (b->sticky && b->calls > b->at);

	if (!b->at || !now)
		return false;
	if (b->no) {
		errno = b->no;
		return true;
	}
	if (b->power)
		bad_power(b);
	raise(SIGKILL);
	return true;
}

static inline ssize_t bad_write(void *arg, int fd, const void *p, size_t n,
				off_t at)
{
	struct bad_disk *b = arg;
	bool last = b->at && b->calls + 1 == b->at && !b->no;

	if (b->dirty_n < DIRTY_MOST) {
		b->dirty[b->dirty_n].fd = fd;
		b->dirty[b->dirty_n].from = at;
		b->dirty[b->dirty_n++].n = n;
	}
	if (last) /* a part of it */
		(void)!pwrite(fd, p, rng_below(b->rng, n + 1), at);
	if (bad_now(b))
		return -1;
	return pwrite(fd, p, n, at);
}

static inline int bad_sync(void *arg, int fd)
{
	struct bad_disk *b = arg;
	int kept = 0;

	if (bad_now(b))
		return -1;
	for (int i = 0; i < b->dirty_n; i++)
		if (b->dirty[i].fd != fd)
			b->dirty[kept++] = b->dirty[i];
	b->dirty_n = kept;
	return 0; /* the page cache survives a kill; and tests are quick */
}

static inline int bad_sync_folder(void *arg, int fd)
{
	(void)fd;
	return bad_now(arg) ? -1 : 0;
}

static inline int bad_rename(void *arg, int from_at, const char *from,
			     int to_at, const char *to)
{
	return bad_now(arg) ? -1 : renameat(from_at, from, to_at, to);
}

static inline int bad_unlink(void *arg, int at, const char *name)
{
	return bad_now(arg) ? -1 : unlinkat(at, name, 0);
}

static inline void bad_init(struct bad_disk *b, struct rng *rng)
{
	*b = (struct bad_disk){ .disk = { .arg = b,
					  .write = bad_write,
					  .sync = bad_sync,
					  .sync_folder = bad_sync_folder,
					  .rename = bad_rename,
					  .unlink = bad_unlink },
				.rng = rng };
}
