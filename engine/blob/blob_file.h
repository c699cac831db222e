/*
 * blob_file: files by the hash that names them. For engine/blob only.
 *
 *   FOLDER/ab/cdef…   62 more hex digits; 0600 in folders of 0700
 *   FOLDER/tmp/n1-…   being written by node 1; gone after its next start
 *
 * A file is whole or absent: it is written under a temporary name, synced,
 * renamed, and then its folder is synced. No name comes from outside.
 */
#pragma once

#include "base/ctx.h"

enum { BLOB_NAME = 32 };

struct blob_folder {
	int root, tmp; /* descriptors; -1: closed */
	int64_t node;
};

/*
 * Makes the folders and removes this node's temporary files. ERR_INVALID:
 * what is wrong with the folder.
 */
MUST enum err blob_folder_open(struct ctx *cx, const char *path, int64_t node,
			       struct blob_folder *out);
void blob_folder_close(struct blob_folder *f);

/*
 * Durable when it returns. ERR_READ_ONLY: no space, or not writable;
 * ERR_UNAVAILABLE: anything else. A file of that name is replaced.
 */
MUST enum err blob_file_write(struct ctx *cx, const struct blob_folder *f,
			      const uint8_t name[BLOB_NAME], struct str bytes);
/* Is there one of just this size? */
bool blob_file_is(const struct blob_folder *f, const uint8_t name[BLOB_NAME],
		  int64_t bytes);
/* Into the arena. ERR_CORRUPT: missing, or of another size. */
MUST enum err blob_file_read(struct ctx *cx, const struct blob_folder *f,
			     const uint8_t name[BLOB_NAME], int64_t bytes,
			     struct str *out);
/* Not there is fine. */
MUST enum err blob_file_remove(struct ctx *cx, const struct blob_folder *f,
			       const uint8_t name[BLOB_NAME]);

/*
 * Calls each for every file of the folder "00" … "ff" that was last written
 * before before_ms. When *drop is set, the file is removed, if it is still
 * that file.
 */
typedef enum err blob_file_each(struct ctx *cx, const uint8_t name[BLOB_NAME],
				bool *drop, void *arg);
MUST enum err blob_file_walk(struct ctx *cx, const struct blob_folder *f,
			     uint8_t folder, int64_t before_ms,
			     blob_file_each *each, void *arg, int64_t *dropped);
