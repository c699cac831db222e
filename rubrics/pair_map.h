/*
 * pair_map: flags of ordered pairs of indices; pairs without flags take no
 * room. A hash table with linear probing.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct pair_map {
	uint64_t *keys;	   /* 0: no pair */
	uint8_t *flags;	   /* of the same places */
	size_t room, used; /* room: 0 or a power of two */
};

void pair_map_done(struct pair_map *m);
/* 0 if nothing is known of this pair. Indices below UINT32_MAX. */
unsigned pair_map_get(const struct pair_map *m, uint32_t a, uint32_t b);
void pair_map_set(struct pair_map *m, uint32_t a, uint32_t b, unsigned flags);
void pair_map_clear(struct pair_map *m, uint32_t a, uint32_t b, unsigned flags);
