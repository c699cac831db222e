/*
 * Files of a run, once everything in it is dead. A name is what the program
 * chose to put there: it may be a link to anywhere, a pipe that never gives
 * anything, a folder, a second name of another file. openat2 follows nothing
 * and leaves nothing; what is not one regular file with one name is refused
 * by that reason. Bytes are copied, files never moved.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/box_impl.h"
#include "sandbox/fds.h"

enum { TREE_FILES = 4000, TREE_DEPTH = 32, TREE_ENTRIES = 4 * TREE_FILES };

int box_open_within(int dir, const char *name, uint64_t flags, int mode)
{
	struct open_how how = {
		.flags = flags | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY,
		.mode = (uint64_t)mode,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};

	return (int)syscall(SYS_openat2, dir, name, &how, sizeof(how));
}

/* The child's part: as the run's own init it may open what the program closed
 * even to itself. */
static _Noreturn void open_inside(int userns, int dir, const char *name,
				  int sock)
{
	int fd = -1;

	if (!setns(userns, CLONE_NEWUSER))
		fd = box_open_within(dir, name, O_RDONLY, 0);
	if (fd >= 0)
		fds_send(sock, &fd, 1);
	_exit(0);
}

/* An ordinary user is the owner, but no more than that. */
static int open_as_init(const struct box *b, const char *name)
{
	int pair[2], fd = -1;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -1;
	pid = fork();
	if (pid == 0)
		open_inside(b->userns, b->work, name, pair[1]);
	close(pair[1]);
	if (pid > 0) {
		fds_receive(pair[0], &fd);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	close(pair[0]);
	if (fd < 0)
		errno = EACCES;
	return fd;
}

static int open_wanted(const struct box *b, const char *name)
{
	int fd = box_open_within(b->work, name, O_RDONLY, 0);

	if (fd < 0 && errno == EACCES && b->userns >= 0)
		fd = open_as_init(b, name);
	return fd;
}

static bool copy(struct ctx *cx, int fd, size_t n, struct run_got *g)
{
	char *p = arena_alloc(cx->arena, n + 1);
	size_t done = 0;

	while (done < n) {
		ssize_t got = read(fd, p + done, n - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	g->data = (struct str){ p, done };
	return done == n;
}

/* What is behind a descriptor, which is closed. */
static void take(struct ctx *cx, int fd, int64_t max_bytes, struct run_got *g)
{
	struct stat st;

	g->state = RUN_GOT_NOT_REGULAR;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_nlink != 1) {
		close(fd);
		return;
	}
	if (st.st_size > max_bytes) {
		g->state = RUN_GOT_TOO_LARGE;
	} else if (copy(cx, fd, (size_t)st.st_size, g)) {
		g->executable = st.st_mode & 0111;
		g->state = RUN_GOT;
	}
	close(fd);
}

static void collect_one(struct ctx *cx, const struct box *b,
			const struct run_want *w, struct run_got *g)
{
	int fd = open_wanted(b, str_z(cx->arena, w->name));

	*g = (struct run_got){ .name = w->name, .state = RUN_GOT_NOT_REGULAR };
	if (fd >= 0)
		take(cx, fd, w->max_bytes, g);
	else if (errno == ENOENT || errno == ENOTDIR)
		g->state = RUN_GOT_MISSING;
}

/* -- all of it -- */

struct walk {
	struct ctx *cx;
	const struct box *box;
	int64_t left; /* bytes that may still be taken */
	struct run_got *got;
	size_t n, room;
	int looked; /* at names, of folders too: more may appear as we look */
	bool cut;   /* there was more than the bounds allow */
};

static struct run_got *add(struct walk *w, struct str name)
{
	if (w->n == TREE_FILES) {
		w->cut = true;
		return NULL;
	}
	if (w->n == w->room) {
		size_t room = w->room ? 2 * w->room : 64;
		struct run_got *more =
			ARENA_ARRAY(w->cx->arena, struct run_got, room);

		if (w->n)
			memcpy(more, w->got, w->n * sizeof(*more));
		w->got = more;
		w->room = room;
	}
	w->got[w->n] = (struct run_got){ .name = name };
	return &w->got[w->n++];
}

static void walk_folder(struct walk *w, struct str path, int depth);

static void walk_entry(struct walk *w, struct str path, int depth)
{
	const char *z = str_z(w->cx->arena, path);
	int fd = open_wanted(w->box, z);
	struct run_got *g;
	struct stat st;

	if (fd >= 0 && !fstat(fd, &st) && S_ISDIR(st.st_mode)) {
		close(fd);
		walk_folder(w, path, depth + 1);
		return;
	}
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return; /* gone since its name was read */
	g = add(w, path);
	if (g && fd >= 0) {
		take(w->cx, fd, w->left, g);
		w->left -= (int64_t)g->data.n;
		return;
	}
	if (g)
		g->state = RUN_GOT_NOT_REGULAR;
	box_close(&fd);
}

/* path: "" is the working folder itself. */
static void walk_folder(struct walk *w, struct str path, int depth)
{
	int fd = box_open_within(w->box->work,
				 path.n ? str_z(w->cx->arena, path) : ".",
				 O_RDONLY | O_DIRECTORY, 0);
	DIR *d = fd < 0 || depth > TREE_DEPTH ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d) {
		w->cut = w->cut || depth > TREE_DEPTH;
		box_close(&fd);
		return;
	}
	while (!w->cut && (e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		w->cut = ++w->looked > TREE_ENTRIES;
		walk_entry(w,
			   str_fmt(w->cx->arena, "%.*s%s%s", STR_FMT(path),
				   path.n ? "/" : "", e->d_name),
			   depth);
	}
	closedir(d);
}

void box_collect_tree(struct ctx *cx, const struct box *b, int64_t max_bytes,
		      struct list *out)
{
	struct walk w = { .cx = cx, .box = b, .left = max_bytes };
	struct run_got *last;

	if (b->work >= 0)
		walk_folder(&w, STR(""), 0);
	if (w.cut) {
		if (w.n == TREE_FILES)
			w.n--;
		last = add(&w, STR("."));
		last->state = RUN_GOT_TOO_LARGE;
	}
	*out = (struct list){ w.got, w.n };
}

void box_collect(struct ctx *cx, struct box *b, struct list *out)
{
	const struct run_want *w = b->want.at;
	struct run_got *g = ARENA_ARRAY(cx->arena, struct run_got, b->want.n);

	if (b->want.n == 1 && str_is(w->name, ".")) {
		box_collect_tree(cx, b, w->max_bytes, out);
		return;
	}

	for (size_t i = 0; i < b->want.n; i++) {
		if (b->work >= 0)
			collect_one(cx, b, &w[i], &g[i]);
		else
			g[i] = (struct run_got){ .name = w[i].name,
						 .state = RUN_GOT_MISSING };
	}
	*out = (struct list){ g, b->want.n };
}
