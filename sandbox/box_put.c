/*
 * Files into the folder of a run that is under way: what an editor saves while
 * a terminal runs. A child does it, with the ids of the program itself, so that
 * it can do nothing there that the program could not do. Folders are opened
 * one below the other, following nothing; a file is written beside under a name
 * of its own and renamed, so that whatever was planted at its name is replaced
 * and never written through. It is as slow as the disk in memory, and bounded
 * by it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/box_impl.h"

enum { NAME_ROOM = 1024, TEMP_ROOM = 40 };

/* The folder of a name's last part, made if wanted; *last: that part. */
static int folder_of(int work, char *name, bool make, const char **last)
{
	int dir = box_open_within(work, ".", O_RDONLY | O_DIRECTORY, 0);
	char *slash;

	for (; dir >= 0 && (slash = strchr(name, '/')); name = slash + 1) {
		int next;

		*slash = '\0';
		if (make && mkdirat(dir, name, 0755) && errno != EEXIST) {
			box_close(&dir);
			return -1;
		}
		next = box_open_within(dir, name, O_RDONLY | O_DIRECTORY, 0);
		box_close(&dir);
		dir = next;
	}
	*last = name;
	return dir;
}

static bool name_of(struct str name, char *out)
{
	if (!name.n || name.n >= NAME_ROOM || name.p[0] == '/')
		return false;
	snprintf(out, NAME_ROOM, "%.*s", STR_FMT(name));
	return strlen(out) == name.n;
}

static bool write_all(int fd, struct str data)
{
	while (data.n) {
		ssize_t n = write(fd, data.p, data.n);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			data = str_cut(data, (size_t)n, data.n);
	}
	return true;
}

static bool put_one(int work, const struct run_file *f, size_t number)
{
	char name[NAME_ROOM], temp[TEMP_ROOM];
	const char *last;
	bool fine;
	int dir, fd;

	if (!name_of(f->name, name))
		return false;
	dir = folder_of(work, name, true, &last);
	if (dir < 0)
		return false;
	snprintf(temp, sizeof(temp), ".assay-%d-%zu", (int)getpid(), number);
	fd = box_open_within(dir, temp, O_WRONLY | O_CREAT | O_EXCL,
			     f->executable ? 0755 : 0644);
	fine = fd >= 0 && write_all(fd, f->data);
	box_close(&fd);
	if (fine)
		fine = !renameat(dir, temp, dir, last);
	if (!fine)
		unlinkat(dir, temp, 0);
	box_close(&dir);
	return fine;
}

static bool remove_one(int work, struct str file)
{
	char name[NAME_ROOM];
	const char *last;
	bool fine;
	int dir;

	if (!name_of(file, name))
		return false;
	dir = folder_of(work, name, false, &last);
	if (dir < 0)
		return errno == ENOENT;
	fine = !unlinkat(dir, last, 0) || errno == ENOENT;
	box_close(&dir);
	return fine;
}

/* The ids of the program: in its user namespace, or plainly the same. */
static bool become(const struct box *b)
{
	uid_t id;

	if (!b->host->root)
		return b->userns < 0 || !setns(b->userns, CLONE_NEWUSER);
	id = (uid_t)box_uid(b->host, b->slot, true);
	return !syscall(SYS_setgroups, 0, NULL) &&
	       !syscall(SYS_setresgid, id, id, id) &&
	       !syscall(SYS_setresuid, id, id, id);
}

/* The child's part: marks what it could do. */
static _Noreturn void put_inside(const struct box *b, const struct list *files,
				 const struct list *removed, char *done)
{
	const struct run_file *f = files->at;
	const struct str *r = removed->at;

	umask(0022);
	if (!become(b))
		_exit(1);
	/* First what goes: a folder may come where a file was. */
	for (size_t i = 0; i < removed->n; i++)
		done[files->n + i] = remove_one(b->work, r[i]);
	for (size_t i = 0; i < files->n; i++)
		done[i] = put_one(b->work, &f[i], i);
	_exit(0);
}

static void refuse(struct run_got *g, size_t *n, struct str name)
{
	g[(*n)++] =
		(struct run_got){ .name = name, .state = RUN_GOT_NOT_REGULAR };
}

void box_put(struct ctx *cx, const struct box *b, const struct list *files,
	     const struct list *removed, struct list *refused)
{
	size_t all = files->n + removed->n, n = 0;
	struct run_got *g = ARENA_ARRAY(cx->arena, struct run_got, all + 1);
	const struct run_file *f = files->at;
	const struct str *r = removed->at;
	char *done = mmap(NULL, all + 1, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid = -1;

	if (done != MAP_FAILED)
		pid = fork();
	if (pid == 0)
		put_inside(b, files, removed, done);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	for (size_t i = 0; i < files->n; i++)
		if (pid < 0 || !done[i])
			refuse(g, &n, f[i].name);
	for (size_t i = 0; i < removed->n; i++)
		if (pid < 0 || !done[files->n + i])
			refuse(g, &n, r[i]);
	if (done != MAP_FAILED)
		munmap(done, all + 1);
	*refused = (struct list){ g, n };
}
