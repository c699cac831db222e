#include "sandbox/hostdir_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/hostdir_impl.h"
#include "sandbox/tree_name.h"

enum { RUNS = 0111, READS = 0444, MODE = 07777 };

static enum err cannot(struct ctx *cx, const char *what, struct str name)
{
	int why = errno;

	return err_set(cx, ERR_UNAVAILABLE, "cannot %s %.*s: %s", what,
		       STR_FMT(tree_show(cx->arena, name)), strerror(why));
}

enum err hostdir_open(struct ctx *cx, const char *root, bool make,
		      struct hostdir *out)
{
	int fd;

	if (make && mkdir(root, 0777) && errno != EEXIST)
		return cannot(cx, "make", str_of(root));
	fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set(cx,
			       errno == ENOENT ? ERR_NOT_FOUND : ERR_INVALID,
			       "cannot open the folder %.*s: %s",
			       STR_FMT(tree_show(cx->arena, str_of(root))),
			       strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		enum err e = errno == EWOULDBLOCK
				     ? err_set(cx, ERR_CONFLICT,
					       "another assay is at work in "
					       "this folder: wait until it is "
					       "done")
				     : cannot(cx, "lock", str_of(root));

		close(fd);
		return e;
	}
	*out = (struct hostdir){ fd };
	return OK;
}

void hostdir_tidy(const struct hostdir *h)
{
	unlinkat(h->fd, HOSTDIR_TEMP, 0);
}

void hostdir_close(struct hostdir *h)
{
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
}

/* ---- the folder that a name is in ---- */

static int step(int at, const char *part, bool make)
{
	int fd = hostdir_beneath(at, part, O_DIRECTORY);

	if (fd < 0 && errno == ENOENT && make && mkdirat(at, part, 0777) == 0)
		fd = hostdir_beneath(at, part, O_DIRECTORY);
	return fd;
}

/* *leaf: the name's last part. ERR_NOT_FOUND: a part is not there. */
static enum err parent(struct ctx *cx, const struct hostdir *h, struct str name,
		       bool make, int *out, const char **leaf)
{
	const char *wrong = tree_name_wrong(name, TREE_DEPTH);
	struct str rest = name, part;
	int at, next;

	if (wrong)
		return err_set(cx, ERR_INVALID, "the name %.*s %s",
			       STR_FMT(tree_show(cx->arena, name)), wrong);
	at = dup(h->fd);
	while (at >= 0 && str_split(&rest, '/', &part) && rest.p) {
		next = step(at, str_z(cx->arena, part), make);
		if (next < 0) {
			int why = errno;

			close(at);
			errno = why;
		}
		at = next;
	}
	*leaf = str_z(cx->arena, part);
	*out = at;
	if (at >= 0)
		return OK;
	if (errno == ENOENT)
		return err_set(cx, ERR_NOT_FOUND, "there is no such file");
	if (errno == ELOOP || errno == ENOTDIR || errno == EXDEV)
		return err_set(cx, ERR_CONFLICT,
			       "%.*s does not fit here: a folder of its path "
			       "is something else; move that away",
			       STR_FMT(tree_show(cx->arena, name)));
	return cannot(cx, "open the folder of", name);
}

/* ---- reading ---- */

static enum err load(struct ctx *cx, int dir, const char *leaf, size_t most,
		     struct run_file *out, mode_t *mode)
{
	int fd = hostdir_beneath(dir, leaf, 0);
	struct stat st;
	size_t n = 0;
	char *data;
	enum err e = OK;

	if (fd < 0 && errno == ENOENT)
		return err_set(cx, ERR_NOT_FOUND, "there is no such file");
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) ||
	    (uint64_t)st.st_size > most) {
		if (fd >= 0)
			close(fd);
		return err_set(cx, ERR_CONFLICT,
			       "it is no plain file that can be read");
	}
	data = arena_alloc(cx->arena, (size_t)st.st_size + 1);
	while (!e && n < (size_t)st.st_size) {
		ssize_t got = read(fd, data + n, (size_t)st.st_size - n);

		if (got < 0 && errno != EINTR)
			e = cannot(cx, "read", str_of(leaf));
		else if (got == 0)
			break;
		else if (got > 0)
			n += (size_t)got;
	}
	close(fd);
	out->data = (struct str){ data, n };
	out->executable = (st.st_mode & S_IXUSR) != 0;
	*mode = st.st_mode & MODE;
	return e;
}

enum err hostdir_load(struct ctx *cx, const struct hostdir *h, struct str name,
		      size_t most, struct run_file *out)
{
	struct run_file f = { .name = name };
	const char *leaf;
	mode_t mode;
	int dir;
	enum err e = parent(cx, h, name, false, &dir, &leaf);

	if (e)
		return e;
	e = load(cx, dir, leaf, most, &f, &mode);
	close(dir);
	if (!e)
		*out = f;
	return e;
}

/* ---- writing ---- */

static bool same(const struct run_file *a, const struct run_file *b)
{
	return a->executable == b->executable && str_eq(a->data, b->data);
}

static enum err in_the_way(struct ctx *cx, struct str name)
{
	return err_set(cx, ERR_CONFLICT,
		       "%.*s does not fit here: something else has its name; "
		       "move that away",
		       STR_FMT(tree_show(cx->arena, name)));
}

/* Whether what is there is what the caller has seen; its mode. */
static enum err expect(struct ctx *cx, int dir, const char *leaf,
		       const struct run_file *was, struct str name,
		       mode_t *mode)
{
	struct run_file now = { 0 };
	enum err e = load(cx, dir, leaf, TREE_BYTES, &now, mode);

	if (e == ERR_NOT_FOUND && !was) {
		err_clear(cx);
		return OK;
	}
	if (!e && was && same(&now, was))
		return OK;
	if (e && e != ERR_NOT_FOUND && e != ERR_CONFLICT)
		return e;
	if (!was)
		return in_the_way(cx, name);
	return err_set(cx, ERR_CONFLICT,
		       "%.*s was changed meanwhile: give the same command "
		       "again",
		       STR_FMT(tree_show(cx->arena, name)));
}

static bool write_all(int fd, struct str text)
{
	while (text.n) {
		ssize_t n = write(fd, text.p, text.n);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			text = str_cut(text, (size_t)n, text.n);
	}
	return true;
}

/* mode 0: a new file's. */
static bool write_temp(const struct hostdir *h, const struct run_file *f,
		       mode_t mode)
{
	mode_t bare = mode & (mode_t)~RUNS;
	mode_t runs = bare | ((mode & READS) >> 2);
	int fd = openat(h->fd, HOSTDIR_TEMP,
			O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			f->executable ? 0777 : 0666);
	bool good = fd >= 0 && write_all(fd, f->data);

	if (good && mode)
		good = fchmod(fd, f->executable ? runs : bare) == 0;
	if (fd >= 0)
		good = close(fd) == 0 && good;
	return good;
}

static enum err begin(struct ctx *cx, const struct hostdir *h,
		      const struct run_file *f, mode_t mode)
{
	hostdir_tidy(h);
	return write_temp(h, f, mode) ? OK : cannot(cx, "write", f->name);
}

/* Some file systems do not know of RENAME_NOREPLACE. */
static enum err finish(struct ctx *cx, const struct hostdir *h, int dir,
		       const char *leaf, struct str name, bool over)
{
	int bad = over ? 1
		       : renameat2(h->fd, HOSTDIR_TEMP, dir, leaf,
				   RENAME_NOREPLACE);

	if (bad && !over && errno == EEXIST)
		return in_the_way(cx, name);
	if (bad && (over || errno == EINVAL))
		bad = renameat(h->fd, HOSTDIR_TEMP, dir, leaf);
	return bad ? cannot(cx, "write", name) : OK;
}

/* Modes of what is no plain file do not matter: it is not replaced. */
static mode_t mode_of(int dir, const char *leaf)
{
	struct stat st;

	return fstatat(dir, leaf, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			       S_ISREG(st.st_mode)
		       ? st.st_mode & MODE
		       : 0;
}

enum err hostdir_put(struct ctx *cx, const struct hostdir *h,
		     const struct run_file *f, const struct run_file *was)
{
	const char *leaf;
	mode_t mode;
	int dir;
	enum err e = parent(cx, h, f->name, true, &dir, &leaf);

	if (e)
		return e;
	e = begin(cx, h, f, mode_of(dir, leaf));
	if (!e)
		e = expect(cx, dir, leaf, was, f->name, &mode);
	if (!e)
		e = finish(cx, h, dir, leaf, f->name, was);
	if (e)
		hostdir_tidy(h);
	close(dir);
	return e;
}

enum err hostdir_put_over(struct ctx *cx, const struct hostdir *h,
			  const struct run_file *f)
{
	const char *leaf;
	int dir;
	enum err e = parent(cx, h, f->name, true, &dir, &leaf);

	if (e)
		return e;
	e = begin(cx, h, f, 0);
	if (!e)
		e = finish(cx, h, dir, leaf, f->name, true);
	if (e)
		hostdir_tidy(h);
	close(dir);
	return e;
}

/* The folders of a name that is gone, as far as they are empty. */
static void remove_empty(struct ctx *cx, const struct hostdir *h,
			 struct str name)
{
	struct ctx quiet = { .arena = cx->arena };

	for (;;) {
		const char *leaf;
		int dir, gone;

		while (name.n && name.p[name.n - 1] != '/')
			name.n--;
		if (!name.n)
			return;
		name.n--;
		if (parent(&quiet, h, name, false, &dir, &leaf))
			return;
		gone = unlinkat(dir, leaf, AT_REMOVEDIR);
		close(dir);
		if (gone)
			return;
	}
}

enum err hostdir_remove(struct ctx *cx, const struct hostdir *h,
			const struct run_file *was)
{
	const char *leaf;
	mode_t mode;
	int dir;
	enum err e = parent(cx, h, was->name, false, &dir, &leaf);

	if (e)
		return e;
	e = expect(cx, dir, leaf, was, was->name, &mode);
	if (!e && unlinkat(dir, leaf, 0))
		e = cannot(cx, "remove", was->name);
	close(dir);
	if (!e)
		remove_empty(cx, h, was->name);
	return e;
}

enum err hostdir_sync(struct ctx *cx, const struct hostdir *h)
{
	return syncfs(h->fd) ? cannot(cx, "write", STR("the folder")) : OK;
}
