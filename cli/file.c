#include "cli/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"

static enum err read_all(struct cli *c, FILE *f, struct str path, size_t most,
			 struct str *out)
{
	struct buf b = { .limit = most };
	char piece[16384];
	size_t n;
	enum err e = OK;

	while ((n = fread(piece, 1, sizeof(piece), f)) > 0 && !b.failed)
		buf_add(&b, piece, n);
	if (ferror(f))
		e = err_set(c->cx, ERR_UNAVAILABLE, "cannot read %.*s: %s",
			    STR_FMT(path), strerror(errno));
	else if (b.failed)
		e = err_set(c->cx, ERR_TOO_LARGE,
			    "%.*s has more than %zu bytes", STR_FMT(path),
			    most);
	else
		*out = buf_copy(&b, c->cx->arena);
	if (!e && !out->p)
		*out = STR("");
	buf_done(&b);
	return e;
}

enum err file_read(struct cli *c, struct str path, size_t most, struct str *out)
{
	struct stat st;
	FILE *f;
	enum err e;

	if (str_is(path, "-"))
		return read_all(c, c->in, STR("standard input"), most, out);
	f = fopen(str_z(c->cx->arena, path), "rbe");
	if (!f)
		return err_set(
			c->cx,
			errno == ENOENT ? ERR_NOT_FOUND : ERR_UNAVAILABLE,
			"cannot open %.*s: %s", STR_FMT(path), strerror(errno));
	if (fstat(fileno(f), &st) == 0 && S_ISDIR(st.st_mode))
		e = err_set(c->cx, ERR_INVALID, "%.*s is a folder",
			    STR_FMT(path));
	else
		e = read_all(c, f, path, most, out);
	fclose(f);
	return e;
}

static enum err cannot_write(struct cli *c, struct str path)
{
	return err_set(c->cx, ERR_UNAVAILABLE, "cannot write %.*s: %s",
		       STR_FMT(path), strerror(errno));
}

static bool write_all(int fd, struct str text)
{
	while (text.n) {
		ssize_t n = write(fd, text.p, text.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		text = str_cut(text, (size_t)n, text.n);
	}
	return fsync(fd) == 0 || errno == EINVAL || errno == EROFS;
}

static enum err write_secret(struct cli *c, struct str path, const char *at,
			     struct str text)
{
	int fd = open(at, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool good;

	if (fd < 0 && errno == EEXIST)
		return err_set(c->cx, ERR_CONFLICT,
			       "%.*s exists and is not replaced: give another "
			       "name or move it away",
			       STR_FMT(path));
	if (fd < 0)
		return cannot_write(c, path);
	good = write_all(fd, text);
	if (close(fd) != 0 || !good) {
		unlink(at);
		return cannot_write(c, path);
	}
	return OK;
}

/* Something that is no plain file (a pipe, /dev/stdout) is written in place. */
static enum err write_place(struct cli *c, struct str path, const char *at,
			    struct str text)
{
	int fd = open(at, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write_all(fd, text);

	if (fd >= 0)
		close(fd);
	return good ? OK : cannot_write(c, path);
}

enum err file_write(struct cli *c, struct str path, struct str text,
		    bool secret)
{
	const char *at = str_z(c->cx->arena, path);
	struct str temp = str_fmt(c->cx->arena, "%.*s.XXXXXX", STR_FMT(path));
	struct stat st;
	bool good;
	int fd;

	if (str_is(path, "-")) {
		cli_put(c->out, text);
		return fflush(c->out) == 0 ? OK : cannot_write(c, path);
	}
	if (secret)
		return write_secret(c, path, at, text);
	if (stat(at, &st) == 0 && !S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode)
			       ? (errno = EISDIR, cannot_write(c, path))
			       : write_place(c, path, at, text);
	fd = mkstemp((char *)temp.p);
	if (fd < 0)
		return cannot_write(c, path);
	good = write_all(fd, text) && fchmod(fd, 0644) == 0;
	good = close(fd) == 0 && good;
	if (good && rename(temp.p, at) == 0)
		return OK;
	unlink(temp.p);
	return cannot_write(c, path);
}

bool file_is_folder(struct cli *c, struct str path)
{
	struct stat st;

	return stat(str_z(c->cx->arena, path), &st) == 0 && S_ISDIR(st.st_mode);
}

bool file_exists(struct cli *c, struct str path)
{
	return access(str_z(c->cx->arena, path), F_OK) == 0;
}

struct str file_name(struct str path, bool bare)
{
	size_t from = path.n, to;

	while (from > 0 && path.p[from - 1] != '/')
		from--;
	path = str_cut(path, from, path.n);
	for (to = path.n; bare && to > 1; to--)
		if (path.p[to - 1] == '.')
			return str_cut(path, 0, to - 1);
	return path;
}

enum err file_value(struct cli *c, struct str value, size_t most,
		    struct str *out)
{
	if (str_is(value, "-"))
		return file_read(c, value, most, out);
	if (str_starts(value, "@"))
		return file_read(c, str_cut(value, 1, value.n), most, out);
	*out = value;
	return OK;
}
