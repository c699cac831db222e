#include "engine/blob/blob_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	HEX = 2 * BLOB_NAME,
	PATH = HEX + 2, /* with the slash and the end */
	TEMP = 48,
};

/* "ab/cdef…" */
static void path_of(const uint8_t name[BLOB_NAME], char out[PATH])
{
	char hex[HEX + 1];

	sodium_bin2hex(hex, sizeof(hex), name, BLOB_NAME);
	memcpy(out, hex, 2);
	out[2] = '/';
	memcpy(out + 3, hex + 2, HEX - 2 + 1);
}

static enum err broken(struct ctx *cx, const char *what)
{
	int no = errno;

	if (no == ENOSPC || no == EDQUOT || no == EROFS || no == EFBIG)
		err_set(cx, ERR_READ_ONLY,
			"there is no space to store this; try again later");
	else
		err_set(cx, ERR_UNAVAILABLE,
			"the folder of stored files does not work; try again "
			"later");
	return err_detail(cx, "blob %s: errno %d", what, no);
}

/* ---- folders ---- */

static int open_folder(int at, const char *name)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool make_folder(int at, const char *name)
{
	if (mkdirat(at, name, 0700))
		return errno == EEXIST;
	return at == AT_FDCWD || fsync(at) == 0;
}

static bool mine(const struct blob_folder *f, const char *name)
{
	char start[24];
	int n = snprintf(start, sizeof(start), "n%lld-", (long long)f->node);

	return strncmp(name, start, (size_t)n) == 0;
}

static void clean(const struct blob_folder *f)
{
	int fd = open_folder(f->tmp, ".");
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((e = readdir(d)))
		if (mine(f, e->d_name))
			unlinkat(f->tmp, e->d_name, 0);
	closedir(d);
}

enum err blob_folder_open(struct ctx *cx, const char *path, int64_t node,
			  struct blob_folder *out)
{
	struct blob_folder f = { -1, -1, node };

	if (make_folder(AT_FDCWD, path))
		f.root = open_folder(AT_FDCWD, path);
	if (f.root >= 0 && make_folder(f.root, "tmp"))
		f.tmp = open_folder(f.root, "tmp");
	if (f.tmp < 0) {
		err_set(cx, ERR_INVALID,
			"cannot use the folder %s for stored files (%m)", path);
		blob_folder_close(&f);
		return ERR_INVALID;
	}
	clean(&f);
	*out = f;
	return OK;
}

void blob_folder_close(struct blob_folder *f)
{
	if (f->root >= 0)
		close(f->root);
	if (f->tmp >= 0)
		close(f->tmp);
	f->root = f->tmp = -1;
}

/* ---- one file ---- */

static bool write_all(int fd, struct str s)
{
	while (s.n) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		s = str_cut(s, (size_t)n, s.n);
	}
	return true;
}

static bool write_temp(const struct blob_folder *f, const char *temp,
		       struct str bytes)
{
	int fd = openat(f->tmp, temp,
			O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			0600);
	bool good;
	int no;

	if (fd < 0)
		return false;
	good = write_all(fd, bytes) && fsync(fd) == 0;
	no = errno;
	if (close(fd) && good)
		return false;
	errno = no;
	return good;
}

/* The folder's entry must be as durable as the file. */
static bool settle(const struct blob_folder *f, const char *temp,
		   const char *path)
{
	const char folder[3] = { path[0], path[1], 0 };
	bool good;
	int fd;

	if (!make_folder(f->root, folder) ||
	    renameat(f->tmp, temp, f->root, path))
		return false;
	fd = open_folder(f->root, folder);
	if (fd < 0)
		return false;
	good = fsync(fd) == 0;
	close(fd);
	return good;
}

enum err blob_file_write(struct ctx *cx, const struct blob_folder *f,
			 const uint8_t name[BLOB_NAME], struct str bytes)
{
	char path[PATH], temp[TEMP];
	enum err e;

	path_of(name, path);
	snprintf(temp, sizeof(temp), "n%lld-%016llx", (long long)f->node,
		 (unsigned long long)rng_u64(cx->rng));
	if (write_temp(f, temp, bytes) && settle(f, temp, path))
		return OK;
	e = broken(cx, "write");
	unlinkat(f->tmp, temp, 0);
	return e;
}

bool blob_file_is(const struct blob_folder *f, const uint8_t name[BLOB_NAME],
		  int64_t bytes)
{
	char path[PATH];
	struct stat st;

	path_of(name, path);
	return fstatat(f->root, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode) && st.st_size == bytes;
}

static enum err damaged(struct ctx *cx, const uint8_t name[BLOB_NAME],
			const char *how)
{
	char path[PATH];

	path_of(name, path);
	err_set(cx, ERR_CORRUPT, "what was stored is damaged");
	return err_detail(cx, "blob %s: %s", path, how);
}

static enum err read_all(struct ctx *cx, int fd, char *to, size_t n)
{
	while (n) {
		ssize_t got = read(fd, to, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return broken(cx, "read");
		if (got == 0)
			return ERR_CORRUPT;
		to += got;
		n -= (size_t)got;
	}
	return OK;
}

enum err blob_file_read(struct ctx *cx, const struct blob_folder *f,
			const uint8_t name[BLOB_NAME], int64_t bytes,
			struct str *out)
{
	char path[PATH], *to;
	struct stat st;
	enum err e;
	int fd;

	path_of(name, path);
	fd = openat(f->root, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT || errno == ELOOP
			       ? damaged(cx, name, "missing")
			       : broken(cx, "open");
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size != bytes) {
		close(fd);
		return damaged(cx, name, "of another size");
	}
	to = arena_alloc(cx->arena, (size_t)bytes);
	e = read_all(cx, fd, to, (size_t)bytes);
	close(fd);
	if (e == ERR_CORRUPT)
		return damaged(cx, name, "cut while it was read");
	if (!e)
		*out = (struct str){ to, (size_t)bytes };
	return e;
}

enum err blob_file_remove(struct ctx *cx, const struct blob_folder *f,
			  const uint8_t name[BLOB_NAME])
{
	char path[PATH];

	path_of(name, path);
	if (unlinkat(f->root, path, 0) && errno != ENOENT)
		return broken(cx, "remove");
	return OK;
}

/* ---- all files ---- */

static bool name_of(uint8_t folder, const char *rest, uint8_t out[BLOB_NAME])
{
	size_t n = 0;

	out[0] = folder;
	return strlen(rest) == HEX - 2 &&
	       sodium_hex2bin(out + 1, BLOB_NAME - 1, rest, HEX - 2, NULL, &n,
			      NULL) == 0 &&
	       n == BLOB_NAME - 1;
}

static bool older(int at, const char *name, int64_t before_ms)
{
	struct stat st;

	return fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode) &&
	       (int64_t)st.st_mtim.tv_sec * 1000 +
			       st.st_mtim.tv_nsec / 1000000 <
		       before_ms;
}

/*
 * Another node may just have stored the same content again under this name, so
 * the file is first taken away, looked at once more, and then put back or
 * removed.
 */
static bool drop_old(struct ctx *cx, const struct blob_folder *f, int at,
		     const char *name, int64_t before_ms)
{
	char temp[TEMP];

	snprintf(temp, sizeof(temp), "n%lld-%016llx", (long long)f->node,
		 (unsigned long long)rng_u64(cx->rng));
	if (renameat(at, name, f->tmp, temp))
		return false;
	if (older(f->tmp, temp, before_ms))
		return unlinkat(f->tmp, temp, 0) == 0;
	(void)renameat(f->tmp, temp, at, name);
	return false;
}

static enum err walk(struct ctx *cx, const struct blob_folder *f, DIR *d,
		     uint8_t folder, int64_t before_ms, blob_file_each *each,
		     void *arg, int64_t *dropped)
{
	uint8_t name[BLOB_NAME];
	struct dirent *de;
	enum err e = OK;

	while (!e && (de = readdir(d))) {
		bool drop = false;

		if (!name_of(folder, de->d_name, name) ||
		    !older(dirfd(d), de->d_name, before_ms))
			continue;
		e = each(cx, name, &drop, arg);
		if (!e && drop &&
		    drop_old(cx, f, dirfd(d), de->d_name, before_ms))
			++*dropped;
	}
	return e;
}

enum err blob_file_walk(struct ctx *cx, const struct blob_folder *f,
			uint8_t folder, int64_t before_ms, blob_file_each *each,
			void *arg, int64_t *dropped)
{
	char text[3];
	enum err e;
	DIR *d;
	int fd;

	snprintf(text, sizeof(text), "%02x", folder);
	fd = open_folder(f->root, text);
	if (fd < 0)
		return errno == ENOENT ? OK : broken(cx, "folder");
	d = fdopendir(fd);
	if (!d) {
		e = broken(cx, "folder");
		close(fd);
		return e;
	}
	e = walk(cx, f, d, folder, before_ms, each, arg, dropped);
	closedir(d);
	return e;
}
