/*
 * Inside a run: what its file system is.
 *
 *   /            tmpfs, a megabyte, read-only once it is made
 *   /usr …       the host's, read-only, nosuid, nodev, all mounts below
 *   /etc         three small files of our own; the loader's cache and the
 *                alternatives are the host's
 *   /dev         null zero full random urandom (and pts for a terminal)
 *   /proc        of this pid namespace; own processes only
 *   /box         the one place to write: a tmpfs with the limits of the run;
 *                work, tmp and shm are folders of it, so one limit holds for
 *                all; what the supervisor reads back cannot lead elsewhere
 *                (nosymfollow)
 *
 * Mounted upon BASE of the own mount namespace, then pivoted to. As root all
 * but /proc, /dev/pts and /box are made once, in a template of which every run
 * gets a copy.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/box_impl.h"

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif
#define BASE "/tmp" /* there on every host; hidden in this namespace only */
#define BOX_FLAGS (MS_NOSUID | MS_NODEV | MS_NOATIME | MS_NOSYMFOLLOW)

#define PROC_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)

enum { OWN_INODES = 4 }; /* of /box: itself, work, tmp, shm */

#define MUST_WORK(in, call)                                                    \
	do {                                                                   \
		if ((call) < 0)                                                \
			box_inside_fail(in, #call);                            \
	} while (0)

static const char *const folders[] = { "usr", "etc",	 "etc/alternatives",
				       "dev", "dev/pts", "proc",
				       "box", NULL };
static const char *const devices[] = { "null",	 "zero",    "full",
				       "random", "urandom", NULL };
static const struct {
	const char *to, *at;
} links[] = {
	{ "/box/tmp", "tmp" },
	{ "/box/shm", "dev/shm" },
	{ "/proc/self/fd", "dev/fd" },
	{ "/proc/self/fd/0", "dev/stdin" },
	{ "/proc/self/fd/1", "dev/stdout" },
	{ "/proc/self/fd/2", "dev/stderr" },
	{ "pts/ptmx", "dev/ptmx" },
	{ NULL, NULL },
};
static const struct {
	const char *at, *text;
} etc[] = {
	{ "etc/passwd", "learner:x:1000:1000::/box/work:/bin/sh\n" },
	{ "etc/group", "learner:x:1000:\n" },
	{ "etc/nsswitch.conf",
	  "passwd: files\ngroup: files\nhosts: files dns\n" },
	{ NULL, NULL },
};

static void write_file(struct box_inside *in, const char *at, const char *text)
{
	int fd = open(at, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	size_t n = strlen(text);

	if (fd < 0 || write(fd, text, n) != (ssize_t)n)
		box_inside_fail(in, "write /etc");
	close(fd);
}

static void make_dirs_of(struct box_inside *in, const char *path)
{
	char part[256];

	for (const char *p = path; (p = strchr(p, '/')); p++) {
		snprintf(part, sizeof(part), "%.*s", (int)(p - path), path);
		if (mkdir(part, 0755) && errno != EEXIST)
			box_inside_fail(in, "mkdir for a bind");
	}
}

/* The host's /path at path of the new root; what is not there is left out. */
static void bind_host(struct box_inside *in, const char *path)
{
	char from[256];
	struct stat st;

	snprintf(from, sizeof(from), "/%s", path);
	if (stat(from, &st))
		return;
	make_dirs_of(in, path);
	if (S_ISDIR(st.st_mode)) {
		if (mkdir(path, 0755) && errno != EEXIST)
			box_inside_fail(in, "mkdir for a bind");
	} else {
		MUST_WORK(in, mknod(path, S_IFREG | 0444, 0));
	}
	MUST_WORK(in, mount(from, path, NULL, MS_BIND | MS_REC, NULL));
}

static void make_tree(struct box_inside *in)
{
	const struct box_host *h = in->host;

	for (int i = 0; folders[i]; i++)
		MUST_WORK(in, mkdir(folders[i], 0755));
	for (int i = 0; links[i].at; i++)
		MUST_WORK(in, symlink(links[i].to, links[i].at));
	for (int i = 0; i < BOX_LINKS && h->links[i].name[0]; i++)
		if (!h->folders[i])
			MUST_WORK(in,
				  symlink(h->links[i].to, h->links[i].name));
	for (int i = 0; etc[i].at; i++)
		write_file(in, etc[i].at, etc[i].text);
	for (int i = 0; devices[i]; i++) {
		char at[16];

		snprintf(at, sizeof(at), "dev/%s", devices[i]);
		MUST_WORK(in, mknod(at, S_IFREG | 0666, 0));
	}
}

static void bind_all(struct box_inside *in)
{
	const struct box_host *h = in->host;

	bind_host(in, "usr");
	for (int i = 0; i < BOX_LINKS && h->links[i].name[0]; i++)
		if (h->folders[i])
			bind_host(in, h->links[i].name);
	bind_host(in, "etc/ld.so.cache");
	bind_host(in, "etc/alternatives");
	for (const struct toolchain *t = toolchains; t->name; t++)
		for (int i = 0; t->binds[i]; i++)
			bind_host(in, t->binds[i] + 1);
}

/* Devices of a read-only mount can be written, but not touched: their times
 * are the host's, and would be notes for the next one. */
static void bind_devices(struct box_inside *in)
{
	struct mount_attr fixed = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
			    MOUNT_ATTR_NOEXEC,
	};
	char from[24];

	for (int i = 0; devices[i]; i++) {
		snprintf(from, sizeof(from), "/dev/%s", devices[i]);
		MUST_WORK(in, mount(from, from + 1, NULL, MS_BIND, NULL));
		MUST_WORK(in, mount_setattr(AT_FDCWD, from + 1, 0, &fixed,
					    sizeof(fixed)));
	}
}

static void make_box(struct box_inside *in)
{
	static const char *const own[] = { "/box/work", "/box/tmp", "/box/shm",
					   NULL };
	char options[96];

	snprintf(options, sizeof(options), "mode=0755,size=%lld,nr_inodes=%lld",
		 (long long)in->kind.disk_bytes,
		 (long long)in->kind.inodes + OWN_INODES);
	MUST_WORK(in, mount("box", "/box", "tmpfs", BOX_FLAGS, options));
	for (int i = 0; own[i]; i++) {
		MUST_WORK(in, mkdir(own[i], 0700));
		if (!in->one_id)
			MUST_WORK(in, chown(own[i], in->learner, in->learner));
	}
	MUST_WORK(in, chdir("/box/work"));
}

/* What no run can change, at BASE, then as the root of this namespace. */
static void make_fixed(struct box_inside *in)
{
	struct mount_attr fixed = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
			    MOUNT_ATTR_NODEV,
		.propagation = MS_PRIVATE,
	};

	MUST_WORK(in, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	MUST_WORK(in, mount("root", BASE, "tmpfs",
			    MS_NOSUID | MS_NODEV | MS_NOATIME,
			    "size=1m,nr_inodes=512,mode=0755"));
	MUST_WORK(in, chdir(BASE));
	make_tree(in);
	bind_all(in);
	MUST_WORK(in, mount_setattr(AT_FDCWD, ".", AT_RECURSIVE, &fixed,
				    sizeof(fixed)));
	bind_devices(in);
}

static void pivot(struct box_inside *in)
{
	MUST_WORK(in, (int)syscall(SYS_pivot_root, ".", "."));
	MUST_WORK(in, umount2(".", MNT_DETACH));
	MUST_WORK(in, chdir("/"));
}

static void make_proc(struct box_inside *in, const char *at,
		      const char *options)
{
	MUST_WORK(in, mount("proc", at, "proc", PROC_FLAGS, options));
}

void box_mounts(struct box_inside *in)
{
	/* Process 1 is in namespaces of its own; anybody else would do this
	 * to the host. */
	if (getpid() != 1 || in->host->mode == BOX_WEAKLY) {
		errno = EPERM;
		box_inside_fail(in, "mounts outside of a mount namespace");
	}
	if (in->from_template) {
		make_proc(in, "/proc", "subset=pid,hidepid=2");
	} else {
		make_fixed(in);
		make_proc(in, "proc", "subset=pid,hidepid=2");
		pivot(in);
	}
	if (in->kind.terminal)
		MUST_WORK(in, mount("devpts", "/dev/pts", "devpts",
				    MS_NOSUID | MS_NOEXEC,
				    "newinstance,ptmxmode=0666,mode=0620"));
	make_box(in);
}

/*
 * The template's proc is the host's: a user namespace may only mount a proc of
 * its own where a whole one is to be seen, and covers it by that.
 */
static _Noreturn void template_child(struct box_inside *in, int tell)
{
	char mark = 't';

	if (unshare(CLONE_NEWNS))
		box_inside_fail(in, "mount namespace");
	umask(0);
	make_fixed(in);
	/* Root of a user namespace alone may not make it, but show it. */
	if (mount("proc", "proc", "proc", PROC_FLAGS, NULL))
		MUST_WORK(in,
			  mount("/proc", "proc", NULL, MS_BIND | MS_REC, NULL));
	pivot(in);
	/* Holds the namespace until the other end is closed. */
	if (write(tell, &mark, 1) != 1 || read(tell, &mark, 1) != 0)
		_exit(1);
	_exit(0);
}

/* All toolchains' folders are seen in it */
void box_template_make(struct box_host *h)
{
	struct box_share share = { 0 };
	struct box_inside in = { .host = h, .share = &share };
	int pair[2], at;
	char mark, path[48];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return;
	pid = fork();
	if (pid == 0) {
		close(pair[0]);
		template_child(&in, pair[1]);
	}
	close(pair[1]);
	if (pid > 0 && read(pair[0], &mark, 1) == 1) {
		snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
		h->template_ns = open(path, O_RDONLY | O_CLOEXEC);
		h->own_ns = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
		h->own_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	close(pair[0]);
	if (pid > 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	if (h->own_ns < 0 || h->own_root < 0)
		box_close(&h->template_ns);
	/* Root that may not go there makes each run's tree anew. */
	if (h->template_ns >= 0 && box_enter_template(h, &at))
		box_leave_template(h, &at);
	else
		box_close(&h->template_ns);
}

/* Folders of a file's name, each the program's own. */
static void put_folders(struct box_inside *in, char *name)
{
	for (char *p = name; (p = strchr(p, '/')); p++) {
		*p = '\0';
		if (!mkdir(name, 0755)) {
			if (!in->one_id)
				MUST_WORK(in, chown(name, in->learner,
						    in->learner));
		} else if (errno != EEXIST) {
			box_inside_fail(in, "a folder to put files in");
		}
		*p = '/';
	}
}

static void put_file(struct box_inside *in, const struct run_file *f)
{
	char name[1024];
	size_t done = 0;
	int fd, mode = f->executable ? 0755 : 0644;

	snprintf(name, sizeof(name), "%.*s", STR_FMT(f->name));
	put_folders(in, name);
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		  f->fixed ? mode & ~0222 : mode);
	if (fd < 0)
		box_inside_fail(in, "a file to put");
	while (done < f->data.n) {
		ssize_t n = write(fd, f->data.p + done, f->data.n - done);

		if (n < 0)
			box_inside_fail(in, "a file to put");
		done += (size_t)n;
	}
	/* What is fixed stays init's, so that it cannot be linked either. */
	if (!in->one_id && !f->fixed)
		MUST_WORK(in, fchown(fd, in->learner, in->learner));
	close(fd);
}

void box_mounts_put(struct box_inside *in, const struct run_ask *ask)
{
	const struct run_file *f = ask->put.at;

	umask(0022);
	for (size_t i = 0; i < ask->put.n; i++)
		put_file(in, &f[i]);
}
