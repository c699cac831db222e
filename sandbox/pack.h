/*
 * pack: git's pack files (version 2) and their indexes (version 2), written
 * from objects that are deflated already, without deltas, and read again where
 * this file has written them. Packs stay below 2 GiB.
 */
#pragma once

#include "sandbox/disk.h"
#include "sandbox/object.h"
#include "sandbox/sha1.h"

enum { PACK_NAME = 64 }; /* "pack-<40 digits>.pack" and its end */

/* ---- writing ---- */

struct pack_row; /* one object in the index */
struct pack_writer {
	const struct disk *disk;
	int folder, fd; /* folder: objects/pack */
	uint32_t count; /* objects promised */
	uint64_t at;	/* bytes, some still in buf */
	struct buf buf;
	struct sha1 sha;
	struct pack_row *rows;
	uint32_t n;
	int no; /* errno of what failed; then the rest does nothing */
};
/* Exactly count objects will follow, each once. Always end it. */
void pack_begin(struct pack_writer *w, const struct disk *disk, int folder,
		uint32_t count);
/* packed: deflated. size: inflated. */
void pack_add(struct pack_writer *w, const struct oid *id, int type,
	      uint32_t size, struct str packed);
/* A whole entry of another pack. */
void pack_copy(struct pack_writer *w, const struct oid *id, struct str entry);
/*
 * Makes pack and index durable under their names, in this order, and gives the
 * name without ".pack". false: errno in w->no, and nothing is there but rubbish
 * that the next pack_begin overwrites.
 */
bool pack_end(struct pack_writer *w, char name[PACK_NAME]);

/* ---- reading ---- */

struct pack_file {
	char name[PACK_NAME]; /* without ".pack" */
	uint32_t n;
	const uint8_t *index, *pack; /* mapped */
	size_t index_bytes, pack_bytes;
	uint32_t *order; /* rows by offset */
	uint32_t *place; /* of a row in order */
};
/* false: not one of ours, or damaged. */
bool pack_open(struct pack_file *p, int folder, const char *name);
void pack_close(struct pack_file *p);
void pack_oid(const struct pack_file *p, uint32_t row, struct oid *out);
/* -1: not in it. */
int64_t pack_find(const struct pack_file *p, const struct oid *id);
/* An entry as it stands there; false if its checksum is wrong. */
bool pack_entry(const struct pack_file *p, uint32_t row, struct str *out);
