/*
 * subs, inside: segments, what is known of them in memory, repositories.
 *
 * Locks, taken in this order, each for as short as it can be:
 *
 *	pack	whoever packs: the batch, repositories' packs and refs on disk
 *	write	whoever writes: the active segment's file, buf, ops, deflater
 *	odb	the handles through which packs are read
 *	lock	everything that readers look at: the list of segments, their
 *		indexes, the bytes in buf
 *
 * The indexes and buf are changed only by who holds write and lock, so that
 * who holds write may read them without lock. Segments leave the list only by
 * who holds pack.
 */
#pragma once

#include <pthread.h>
#include <zlib.h>

#include "sandbox/disk.h"
#include "sandbox/frame.h"
#include "sandbox/pack.h"
#include "sandbox/subindex.h"
#include "sandbox/subs.h"
#include "sandbox/walk_tree.h"

struct git_odb;
struct mapped;
struct batch_frame;

enum {
	SEGMENT_BYTES = 16 << 20,
	SEGMENT_BYTES_MOST = 1 << 30,
	SEGMENTS_MOST = 4096,	  /* not packed yet: above, ERR_BUSY */
	BUFFER_MOST = 64 << 20,	  /* of one group commit */
	SQUEEZE_MOST = 256 << 10, /* of one put: bytes that are deflated */
	SUBS_LEVEL = 4, /* as quick as 1 for what is short, and 4 % smaller */
	HANDLES = 32,	/* repositories open for reading */
	SUBS_PATH = 120
};

struct segment {
	uint64_t number, salt;
	int fd;
	uint64_t n;  /* durable bytes */
	int holders; /* readers; freed by the last one once it is gone */
	bool gone;
	struct subindex index;
	bool forgets; /* begins with a FRAME_FORGET */
	uint32_t forget_repo;
	struct str forget_prefix; /* malloc's */
};

/* One put or point since the last committed(): how to take it back. */
struct op {
	uint64_t segment; /* its number */
	size_t buf_at, objects;
	uint32_t repo;
	char ref[SUBS_REF_BYTES];
	size_t ref_n;
	bool new_here;			/* the segment did not have the ref */
	struct oid before_here, before; /* in the segment; at all */
	bool written;
};

struct handle {
	uint32_t repo;
	struct git_odb *odb;
	uint64_t used;
};

struct subs {
	const struct disk *disk;
	char *path; /* of dir */
	int dir, journal, lock_file;
	uint64_t segment_bytes;
	pthread_mutex_t pack, write, lock, odb;

	/* lock */
	struct segment **segments; /* oldest first */
	size_t segments_n, segments_room;
	char (*repos)[SUBS_REPO_BYTES + 1];
	size_t repos_n, repos_room;
	struct buf buf; /* will stand behind the active segment's n */
	struct subs_stats stats;

	/* write */
	struct segment *active; /* the last one, or NULL: begin a new one */
	uint64_t next_number;
	struct op *ops;
	size_t ops_n, ops_room;
	bool lost; /* unwritten ops were undone behind the writer's back */
	z_stream deflater;
	struct buf scratch, packed;

	/* pack: see subs_pack.h */
	struct mapped *maps; /* the batch; none: there is no batch */
	size_t maps_n;
	struct batch_frame *frames; /* by repository, then as they came */
	size_t frames_n, frames_room, frames_at; /* at: packed so far */

	/* odb */
	struct handle handles[HANDLES];
	uint64_t uses;
};

/* "no space" or "does not work", by errno. */
enum err subs_broken(struct ctx *cx, int no, const char *what);
/* With lock. The number that stands for a repository in memory. */
uint32_t subs_repo_number(struct subs *s, struct str repo);
/* Any thread. UINT32_MAX: never heard of. */
uint32_t subs_repo_find(struct subs *s, struct str repo);
/* Any thread. */
struct str subs_repo_of(struct subs *s, struct arena *a, uint32_t repo);

/* ---- subs_segment.c ---- */

/* Reads all segments that are there; part of subs_open. */
MUST enum err segments_load(struct ctx *cx, struct subs *s);
/* With write: a new active segment. */
MUST enum err segment_begin(struct ctx *cx, struct subs *s);
void segment_name(uint64_t number, char out[SUBS_PATH]);
/* With lock. */
void segment_release(struct segment *g);
void segment_free(struct segment *g);
/* With lock (and write, for the active one): what a frame says. */
void segment_take(struct subs *s, struct segment *g, struct frame f);
/* Number of the last segment that is packed; 0: none. */
MUST enum err segments_packed(struct ctx *cx, struct subs *s, uint64_t *out);
MUST enum err segments_set_packed(struct ctx *cx, struct subs *s,
				  uint64_t number);

/* ---- subs_pack.c ---- */

void subs_batch_done(struct subs *s);

/* ---- subs.c ---- */

/* With write: what subs_rotate does. */
MUST enum err subs_rotate_locked(struct ctx *cx, struct subs *s);
/* With write: a frame without objects at the end of the active segment. */
void subs_note(struct subs *s, int kind, uint32_t repo, struct str ref,
	       const struct oid *tip);
MUST enum err subs_flush_locked(struct ctx *cx, struct subs *s);

/* ---- subs_read.c ---- */

/* From segments or packs; any thread. ERR_NOT_FOUND. */
MUST enum err subs_object(struct ctx *cx, struct subs *s, uint32_t repo,
			  const struct oid *id, int *type, struct str *data);
MUST enum err subs_ref(struct ctx *cx, struct subs *s, uint32_t repo,
		       struct str ref, struct oid *out);
/* Packs of the repository have changed. Any thread. */
void subs_odb_forget(struct subs *s, uint32_t repo);
void subs_odb_done(struct subs *s);
struct subs_place {
	struct subs *s;
	uint32_t repo;
	struct str last; /* the object that was looked at last */
	struct oid last_id;
};

/* ---- subrepo.c: <repo>.git ---- */

/* Opens the folder; makes the repository if it is not there and make. */
MUST enum err subrepo_open(struct ctx *cx, struct subs *s, struct str repo,
			   bool make, int *fd);
/* ERR_NOT_FOUND. */
MUST enum err subrepo_ref(struct ctx *cx, int fd, struct str ref,
			  struct oid *out);
struct ref_change {
	struct str name;
	struct oid tip; /* none: it is gone */
};
/*
 * Writes packed-refs anew: first all that begin with forget (absent: none) are
 * dropped, then the changes (sorted by name, each once) are made.
 */
MUST enum err subrepo_refs(struct ctx *cx, struct subs *s, int fd,
			   const struct list *forget,
			   const struct ref_change *changes, size_t n);
/* All refs as they stand: struct ref_change in cx->arena. */
MUST enum err subrepo_refs_read(struct ctx *cx, int fd, struct list *out);
