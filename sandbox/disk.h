/*
 * disk: the calls by which subs makes things durable, as a struct of functions
 * so that a test can let the n-th of them fail or die.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct disk {
	void *arg;
	/* As the system's calls: -1 and errno. */
	ssize_t (*write)(void *arg, int fd, const void *p, size_t n,
			 off_t at);	       /* pwrite */
	int (*sync)(void *arg, int fd);	       /* fdatasync */
	int (*sync_folder)(void *arg, int fd); /* fsync */
	int (*rename)(void *arg, int from_at, const char *from, int to_at,
		      const char *to);
	int (*unlink)(void *arg, int at, const char *name);
};
extern const struct disk disk_system;

/* All of it; false: errno, some may have been written. */
bool disk_write_all(const struct disk *d, int fd, const void *p, size_t n,
		    off_t at);
