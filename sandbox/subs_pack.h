/*
 * subs_pack: one repository while its share of a batch is packed. Inside subs.
 */
#pragma once

#include "sandbox/subs_impl.h"

struct mapped {
	struct segment *segment;
	struct str text;
};
struct batch_frame {
	uint32_t repo, map, at;
};

/* type 0: data is a whole entry of another pack. */
struct pack_item {
	struct oid id;
	int type;
	uint32_t size;
	struct str data; /* mapped */
};

struct packing {
	struct subs *s;
	uint32_t repo;
	int repo_fd, folder;		  /* folder: objects/pack */
	const struct batch_frame *frames; /* of this repository */
	size_t frames_n;
	struct pack_file *packs;
	size_t packs_n;
	size_t merged; /* of packs: in the new one */
	struct pack_item *items;
	size_t items_n, items_room;
	uint64_t bytes; /* of items */
	struct subindex seen;
	char name[PACK_NAME]; /* of the pack written last */
};
/* The i-th frame of the batch. false: there are no more. */
bool packing_frame(const struct packing *p, size_t i, struct frame *out);
MUST enum err packing_open(struct ctx *cx, struct packing *p);
void packing_done(struct packing *p);
bool packing_has(const struct packing *p, const struct oid *id);
void packing_add(struct packing *p, const struct pack_item *item);
MUST enum err packing_write(struct ctx *cx, struct packing *p, size_t from,
			    size_t n, struct subs_packed *told);
/* keep: names (char[PACK_NAME]) that stay. */
void packing_drop(struct packing *p, size_t n, const struct list *keep);

/* ---- subs_sweep.c ---- */

/*
 * Writes the repository anew with what its refs, as they stand on the disk,
 * reach, from the batch and the packs; then removes all older packs.
 */
MUST enum err packing_sweep(struct ctx *cx, struct packing *p,
			    struct subs_packed *told);
