/*
 * frame: what stands in a segment file of subs. Everything little-endian.
 *
 *	segment = "ASSAYSEG" version:4 crc:4 number:8 salt:8  frame*
 *	frame   = "SUB1" length:4 check:8 durable:8 body
 *	body    = kind:1 repo-length:1 ref-length:1 0:1 objects:4 tip:20
 *		  repo ref object*
 *	object  = type:1 0:3 size:4 packed:4 id:20 data
 *
 * crc is CRC-32 of the head with 0 in its place. data is the object deflated,
 *as it will stand in a pack. check is SipHash-2-4 of the rest of the frame
 *under a key of the segment's salt and the frame's place, so that bytes from
 *elsewhere, or of a learner's, are never taken for a frame. durable is how much
 *of the segment was on the disk for certain when the frame was made: a damaged
 *place below what a later frame says is a loss, not a torn end.
 */
#pragma once

#include "base/buf.h"
#include "sandbox/object.h"

enum {
	SEGMENT_HEAD = 32,
	FRAME_HEAD = 24,
	FRAME_BODY = 28,   /* before the names */
	FRAME_OBJECT = 32, /* before the data */
	FRAME_MOST = 40 << 20
};

enum frame_kind {
	FRAME_PUT = 1,	 /* objects; the ref is now at tip */
	FRAME_POINT = 2, /* the ref is now at tip; none: it is gone */
	FRAME_FORGET = 3 /* refs that begin with ref are gone, and what only
			    they reached */
};

struct frame {
	int kind; /* enum frame_kind */
	struct str repo, ref;
	struct oid tip;
	uint32_t objects;
	uint64_t durable;
	struct str rest; /* the objects: frame_object */
	size_t at, n;	 /* of the whole frame in the segment */
};
struct frame_object {
	struct oid id;
	int type;      /* enum object_type */
	uint32_t size; /* inflated */
	struct str packed;
};

void segment_head(uint64_t number, uint64_t salt, uint8_t out[SEGMENT_HEAD]);
bool segment_head_read(struct str segment, uint64_t number, uint64_t *salt);

/* Begins a frame at the end of b; then frame_add each object; then end. */
void frame_begin(struct buf *b, const struct frame *f);
/* Returns where the data stands, from the start of the frame. */
size_t frame_add(struct buf *b, size_t frame, const struct frame_object *o);
/* frame: where it begins in b. at: where it will stand in the segment. */
void frame_end(struct buf *b, size_t frame, uint64_t salt, uint64_t at,
	       uint64_t durable);

/*
 * The frame at a place of a segment: false if there is none that is whole and
 * well-formed; then *out is unchanged.
 */
bool frame_read(struct str segment, uint64_t salt, size_t at,
		struct frame *out);
/* Takes the next object off f->rest. false after the last one. */
bool frame_object(struct frame *f, struct frame_object *out);
/*
 * Where the frames of a segment end that are whole one after the other, from
 * its head on. *lost: something behind that place shows that bytes were
 * damaged that had been durable.
 */
size_t frames_end(struct str segment, uint64_t salt, bool *lost);

bool frame_repo_ok(struct str repo);
bool frame_ref_ok(struct str ref); /* or a beginning of one */
