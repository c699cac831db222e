#include "sandbox/disk.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static ssize_t write_at(void *arg, int fd, const void *p, size_t n, off_t at)
{
	(void)arg;
	return pwrite(fd, p, n, at);
}

static int sync_file(void *arg, int fd)
{
	(void)arg;
	return fdatasync(fd);
}

static int sync_folder(void *arg, int fd)
{
	(void)arg;
	return fsync(fd);
}

static int rename_at(void *arg, int from_at, const char *from, int to_at,
		     const char *to)
{
	(void)arg;
	return renameat(from_at, from, to_at, to);
}

static int unlink_at(void *arg, int at, const char *name)
{
	(void)arg;
	return unlinkat(at, name, 0);
}

const struct disk disk_system = { .write = write_at,
				  .sync = sync_file,
				  .sync_folder = sync_folder,
				  .rename = rename_at,
				  .unlink = unlink_at };

bool disk_write_all(const struct disk *d, int fd, const void *data, size_t n,
		    off_t at)
{
	const char *p = data;

	while (n) {
		ssize_t k = d->write(d->arg, fd, p, n, at);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return false;
		p += k;
		n -= (size_t)k;
		at += k;
	}
	return true;
}
