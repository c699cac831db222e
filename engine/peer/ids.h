/* ids: from a UUID to a place in an array. Open addressing; only grows. */
#pragma once

#include "base/id.h"

#define IDS_NONE UINT32_MAX

struct ids {
	struct id *keys;
	uint32_t *places; /* IDS_NONE: free */
	size_t room, n;	  /* room: a power of two, or 0 */
};

void ids_done(struct ids *m);
uint32_t ids_find(const struct ids *m, const struct id *id); /* or NONE */
/* The id must be new. */
void ids_add(struct ids *m, const struct id *id, uint32_t place);
