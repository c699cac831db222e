#include "sandbox/hostdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/hostdir_impl.h"

enum { LOOKED_AT = TREE_ENTRIES * 2, PIECE = 65536 };

int hostdir_beneath(int at, const char *path, uint64_t flags)
{
	struct open_how how = {
		.flags = flags | O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
			 O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};

	return (int)syscall(SYS_openat2, at, path, &how, sizeof(how));
}

/* ---- a walk ---- */

struct walking {
	struct ctx *cx;
	struct tree_entry *found;
	size_t n, most;
	int64_t bytes, most_bytes;
	/* Whether it is asked for; NULL: all are. */
	bool (*wants)(struct str path, bool folder);
};

static enum err note(struct walking *w, struct str path, const char *why)
{
	if (w->n == w->most)
		return err_set(w->cx, ERR_TOO_LARGE,
			       "the folder holds more than %zu entries",
			       w->most);
	w->found[w->n++] =
		(struct tree_entry){ .file = { .name = path, .data = STR("") },
				     .refused = why };
	return OK;
}

static enum err read_file(struct walking *w, int fd, const struct stat *st,
			  struct str path)
{
	struct tree_entry *e;
	char *data;
	size_t n = 0, size = (size_t)st->st_size;
	enum err err;

	if (st->st_size > w->most_bytes - w->bytes)
		return note(w, path, "is beyond the size of a whole tree");
	err = note(w, path, NULL);
	if (err)
		return err;
	data = arena_alloc(w->cx->arena, size + 1);
	while (n < size) {
		ssize_t got = read(fd, data + n, size - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_set(w->cx, ERR_UNAVAILABLE,
				       "a file of the folder cannot be read");
		if (got == 0)
			break;
		n += (size_t)got;
	}
	e = &w->found[w->n - 1];
	e->file.data = (struct str){ data, n };
	e->file.executable = (st->st_mode & S_IXUSR) != 0;
	w->bytes += (int64_t)n;
	return OK;
}

static enum err walk(struct walking *w, int dir, struct str path, int depth);

static enum err take(struct walking *w, int dir, const char *name,
		     struct str path, int depth)
{
	int fd = hostdir_beneath(dir, name, 0);
	struct stat st;
	enum err e = OK;

	if (fd < 0)
		return note(w, path,
			    errno == ELOOP   ? "is a symbolic link"
			    : errno == EXDEV ? "is another file system"
					     : "cannot be opened");
	if (fstat(fd, &st))
		e = note(w, path, "cannot be opened");
	else if (S_ISDIR(st.st_mode) && depth == TREE_DEPTH)
		e = note(w, path, "lies too deep");
	else if (S_ISDIR(st.st_mode))
		return walk(w, fd, path, depth + 1); /* closes it */
	else if (!S_ISREG(st.st_mode))
		e = note(w, path, "is neither a file nor a folder");
	else
		e = read_file(w, fd, &st, path);
	close(fd);
	return e;
}

/* dir is closed. */
static enum err walk(struct walking *w, int dir, struct str path, int depth)
{
	DIR *d = fdopendir(dir);
	struct dirent *one;
	enum err e = OK;

	if (!d) {
		close(dir);
		return note(w, path, "cannot be opened");
	}
	while (!e && (one = readdir(d))) {
		struct str name = str_of(one->d_name), whole;

		if (str_is(name, ".") || str_is(name, ".."))
			continue;
		whole = path.n ? str_fmt(w->cx->arena, "%.*s/%.*s",
					 STR_FMT(path), STR_FMT(name))
			       : str_copy(w->cx->arena, name);
		if (!w->wants || w->wants(whole, one->d_type == DT_DIR))
			e = take(w, dirfd(d), one->d_name, whole, depth);
	}
	closedir(d);
	return e;
}

static enum err open_folder(struct ctx *cx, const char *root, struct str below,
			    int *out)
{
	int at = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = at;
	int why = errno;

	if (at >= 0 && below.n) {
		fd = hostdir_beneath(at, str_z(cx->arena, below), O_DIRECTORY);
		why = errno;
		close(at);
	}
	*out = fd;
	if (fd >= 0)
		return OK;
	if (why == ENOENT)
		return err_set(cx, ERR_NOT_FOUND, "there is no such folder");
	return err_set(cx, ERR_INVALID,
		       why == ELOOP ? "the folder's path has a symbolic link"
				    : "the folder cannot be opened");
}

static bool not_git(struct str path, bool folder)
{
	(void)folder;
	return !str_is(path, ".git");
}

enum err hostdir_read(struct ctx *cx, const char *root, struct str below,
		      struct tree_list *out)
{
	struct walking w = { .cx = cx,
			     .most = LOOKED_AT,
			     .most_bytes = TREE_BYTES,
			     .wants = not_git };
	int fd;
	enum err e = open_folder(cx, root, below, &fd);

	if (e)
		return e;
	w.found = ARENA_ARRAY(cx->arena, struct tree_entry, w.most);
	e = walk(&w, fd, STR(""), 1);
	if (!e)
		tree_check(cx->arena, &(struct list){ w.found, w.n }, out);
	return e;
}

/* ---- a repository's own files ---- */

/* Objects and refs; not what configures, hooks, or leads elsewhere. */
static bool of_repo(struct str path, bool folder)
{
	static const char *const whole[] = { "HEAD", "packed-refs", "objects",
					     "refs", "objects/pack" };

	for (size_t i = 0; i < sizeof(whole) / sizeof(*whole); i++)
		if (str_is(path, whole[i]))
			return true;
	if (str_starts(path, "refs/"))
		return true;
	if (str_starts(path, "objects/pack/"))
		return !folder &&
		       (str_ends(path, ".pack") || str_ends(path, ".idx"));
	return str_starts(path, "objects/") && path.n >= 10 &&
	       str_hex_digit(path.p[8]) >= 0 && str_hex_digit(path.p[9]) >= 0;
}

enum err hostdir_repo(struct ctx *cx, const char *root, struct str below,
		      struct list *files, bool *is)
{
	struct walking w = { .cx = cx,
			     .most = HOSTDIR_REPO_FILES,
			     .most_bytes = HOSTDIR_REPO_BYTES,
			     .wants = of_repo };
	struct run_file *f;
	int at, git;
	enum err e = open_folder(cx, root, below, &at);

	if (e)
		return e;
	git = hostdir_beneath(at, ".git", O_DIRECTORY);
	if (git < 0)
		git = dup(at);
	*is = faccessat(git, "objects", R_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
	      faccessat(git, "refs", R_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
	      faccessat(git, "HEAD", R_OK, AT_SYMLINK_NOFOLLOW) == 0;
	close(at);
	if (!*is) {
		close(git);
		return OK;
	}
	w.found = ARENA_ARRAY(cx->arena, struct tree_entry, w.most);
	e = walk(&w, git, STR(""), 1);
	f = ARENA_ARRAY(cx->arena, struct run_file, w.n + 1);
	for (size_t i = 0; !e && i < w.n; i++) {
		f[i] = w.found[i].file;
		if (w.found[i].refused)
			e = err_set(cx, ERR_TOO_LARGE,
				    "of the repository %.*s %s",
				    STR_FMT(tree_show(cx->arena, f[i].name)),
				    w.found[i].refused);
	}
	*files = (struct list){ f, w.n };
	return e;
}

/* ---- digest ---- */

static void hash_part(crypto_generichash_state *h, struct str s)
{
	uint64_t n = s.n;
	uint8_t length[8];

	for (int i = 0; i < 8; i++, n >>= 8)
		length[i] = (uint8_t)n;
	crypto_generichash_update(h, length, sizeof(length));
	crypto_generichash_update(h, (const uint8_t *)s.p, s.n);
}

struct str hostdir_digest(struct ctx *cx, const struct list *files)
{
	const struct run_file *f = files->at;
	crypto_generichash_state h;
	uint8_t sum[32];
	struct buf b = { 0 };
	struct str text;

	crypto_generichash_init(&h, NULL, 0, sizeof(sum));
	for (size_t i = 0; i < files->n; i++) {
		hash_part(&h, f[i].name);
		hash_part(&h, f[i].executable ? STR("x") : STR("-"));
		hash_part(&h, f[i].data);
	}
	crypto_generichash_final(&h, sum, sizeof(sum));
	buf_z(&b, "b2:");
	buf_hex(&b, sum, sizeof(sum));
	text = buf_copy(&b, cx->arena);
	buf_done(&b);
	return text;
}
