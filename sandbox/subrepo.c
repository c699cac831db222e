/*
 * subrepo: a bare repository as stock git knows it, of few files: HEAD, config,
 * packed-refs, and packs. Made by us alone; it belongs to the user that the
 * server runs as, which git and libgit2 insist on.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/subs_impl.h"

enum { MODE_FOLDER = 0700, MODE_FILE = 0600 };

static const char head_text[] = "ref: refs/heads/main\n";
static const char config_text[] = "[core]\n"
				  "\trepositoryformatversion = 0\n"
				  "\tfilemode = true\n"
				  "\tbare = true\n"
				  "[gc]\n"
				  "\tauto = 0\n";
static const char refs_head[] =
	"# pack-refs with: peeled fully-peeled sorted \n";

/* ---- files ---- */

/* A new file under a name of its own, durable but for its folder. */
static bool write_file(const struct disk *d, int at, const char *name,
		       struct str text)
{
	int fd = openat(at, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			MODE_FILE);
	bool done = fd >= 0 && disk_write_all(d, fd, text.p, text.n, 0) &&
		    d->sync(d->arg, fd) == 0;
	int no = errno;

	if (fd >= 0)
		close(fd);
	errno = no;
	return done;
}

static bool make_folder(int at, const char *name)
{
	return mkdirat(at, name, MODE_FOLDER) == 0 || errno == EEXIST;
}

static bool sync_folder(const struct disk *d, int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool done = fd >= 0 && d->sync_folder(d->arg, fd) == 0;

	if (fd >= 0)
		close(fd);
	return done;
}

static bool fill(const struct disk *d, int at)
{
	return make_folder(at, "objects") && make_folder(at, "objects/pack") &&
	       make_folder(at, "objects/info") && make_folder(at, "refs") &&
	       make_folder(at, "refs/heads") &&
	       write_file(d, at, "HEAD", str_of(head_text)) &&
	       write_file(d, at, "config", str_of(config_text)) &&
	       sync_folder(d, at, "objects") && sync_folder(d, at, "refs") &&
	       d->sync_folder(d->arg, at) == 0;
}

/* Under another name first: a half-made repository is never seen. */
static enum err make(struct ctx *cx, struct subs *s, const char *name)
{
	const char *temp = str_fmt(cx->arena, "tmp-%s", name).p;
	int fd = -1;
	bool done;
	int no;

	if (make_folder(s->dir, temp))
		fd = openat(s->dir, temp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	done = fd >= 0 && fill(s->disk, fd) &&
	       s->disk->rename(s->disk->arg, s->dir, temp, s->dir, name) == 0 &&
	       s->disk->sync_folder(s->disk->arg, s->dir) == 0;
	no = errno;
	if (fd >= 0)
		close(fd);
	return done ? OK : subs_broken(cx, no, "make a repository");
}

enum err subrepo_open(struct ctx *cx, struct subs *s, struct str repo,
		      bool may_make, int *out)
{
	const char *name = str_fmt(cx->arena, "%.*s.git", STR_FMT(repo)).p;
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;
	int fd = openat(s->dir, name, flags);
	struct stat st;
	enum err e;

	if (fd < 0 && errno == ENOENT && !may_make)
		return err_set(cx, ERR_NOT_FOUND, "nothing was handed in here");
	if (fd < 0 && errno == ENOENT) {
		e = make(cx, s, name);
		if (e)
			return e;
		fd = openat(s->dir, name, flags);
	}
	if (fd < 0)
		return subs_broken(cx, errno, "open a repository");
	if (fstat(fd, &st) || st.st_uid != geteuid()) {
		close(fd);
		return err_set(cx, ERR_UNAVAILABLE,
			       "a repository does not belong to the user that "
			       "the server runs as");
	}
	*out = fd;
	return OK;
}

/* ---- packed-refs ---- */

/* Mapped; absent if there is none. */
static enum err map_refs(struct ctx *cx, int at, struct str *out)
{
	int fd = openat(at, "packed-refs", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	void *p = NULL;
	struct stat st;
	int no;

	*out = (struct str){ 0 };
	if (fd < 0 && errno == ENOENT)
		return OK;
	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0)
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd,
			 0);
	no = errno;
	if (fd >= 0)
		close(fd);
	if (!p || p == MAP_FAILED)
		return subs_broken(cx, no, "read packed-refs");
	*out = (struct str){ p, (size_t)st.st_size };
	return OK;
}

static void unmap(struct str s)
{
	if (s.p)
		munmap((void *)s.p, s.n);
}

/* "<40 digits> <ref>" */
static bool ref_line(struct str line, struct oid *id, struct str *name)
{
	if (line.n < OID_TEXT + 2 || line.p[OID_TEXT] != ' ')
		return false;
	*name = str_cut(line, OID_TEXT + 1, line.n);
	return oid_parse(str_cut(line, 0, OID_TEXT), id);
}

/* The line around a place; *from and *to are where it begins and ends. */
static struct str line_at(struct str text, size_t at, size_t *from, size_t *to)
{
	while (at > 0 && text.p[at - 1] != '\n')
		at--;
	*from = at;
	while (at < text.n && text.p[at] != '\n')
		at++;
	*to = at + 1 < text.n ? at + 1 : text.n;
	return str_cut(text, *from, at);
}

enum err subrepo_ref(struct ctx *cx, int fd, struct str ref, struct oid *out)
{
	size_t low = sizeof(refs_head) - 1, high, from, to;
	struct str text, name;
	bool found = false;
	struct oid id;
	enum err e = map_refs(cx, fd, &text);

	if (e)
		return e;
	high = text.n;
	while (!found && low < high) {
		struct str line =
			line_at(text, low + (high - low) / 2, &from, &to);
		int c;

		if (!ref_line(line, &id, &name)) {
			unmap(text);
			return err_set(cx, ERR_CORRUPT,
				       "packed-refs is damaged");
		}
		c = str_cmp(name, ref);
		found = c == 0;
		if (c < 0)
			low = to;
		else
			high = from;
	}
	unmap(text);
	if (!found)
		return err_set(cx, ERR_NOT_FOUND, "nothing was handed in here");
	*out = id;
	return OK;
}

enum err subrepo_refs_read(struct ctx *cx, int fd, struct list *out)
{
	struct str text, rest, line;
	struct ref_change *r;
	size_t lines = 1, n = 0;
	enum err e = map_refs(cx, fd, &text);

	if (e)
		return e;
	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	r = ARENA_ARRAY(cx->arena, struct ref_change, lines);
	rest = str_copy(cx->arena, text);
	unmap(text);
	while (rest.n && str_split(&rest, '\n', &line)) {
		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (!ref_line(line, &r[n].tip, &r[n].name))
			return err_set(cx, ERR_CORRUPT,
				       "packed-refs is damaged");
		n++;
	}
	*out = (struct list){ r, n };
	return OK;
}

static bool begins(struct str ref, const struct list *prefixes)
{
	const struct str *p = prefixes->at;

	for (size_t i = 0; i < prefixes->n; i++)
		if (str_eq(str_cut(ref, 0, p[i].n), p[i]))
			return true;
	return false;
}

static void add_ref(struct buf *b, const struct ref_change *r)
{
	char hex[OID_TEXT + 1];

	if (oid_is_none(&r->tip))
		return;
	oid_text(&r->tip, hex);
	buf_z(b, hex);
	buf_ch(b, ' ');
	buf_str(b, r->name);
	buf_ch(b, '\n');
}

enum err subrepo_refs(struct ctx *cx, struct subs *s, int fd,
		      const struct list *forget,
		      const struct ref_change *changes, size_t n)
{
	const struct disk *d = s->disk;
	struct buf b = { 0 };
	struct list old;
	const struct ref_change *r;
	size_t i = 0, k = 0;
	enum err e = subrepo_refs_read(cx, fd, &old);

	if (e)
		return e;
	r = old.at;
	buf_z(&b, refs_head);
	while (i < old.n || k < n) {
		int c = i == old.n ? 1
			: k == n   ? -1
				   : str_cmp(r[i].name, changes[k].name);

		if (c < 0 && !begins(r[i].name, forget))
			add_ref(&b, &r[i]);
		if (c >= 0)
			add_ref(&b, &changes[k++]);
		i += c <= 0;
	}
	if (!write_file(d, fd, "packed-refs.new", buf_view(&b)) ||
	    d->rename(d->arg, fd, "packed-refs.new", fd, "packed-refs") ||
	    d->sync_folder(d->arg, fd))
		e = subs_broken(cx, errno, "write packed-refs");
	buf_done(&b);
	return e;
}
