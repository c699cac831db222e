/* hostdir_impl: what reading and writing folders of this machine share. */
#pragma once

#include <stdint.h>

/*
 * Opens a path below the folder `at`, for reading, where no part of it is a
 * link, leads out or to another file system. -1 and errno.
 */
int hostdir_beneath(int at, const char *path, uint64_t flags);
