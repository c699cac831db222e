#include "sandbox/expand.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/fetch.h"
#include "sandbox/unpack.h"

#define PROGRAM "assay-tree"
#define MIB(n) ((int64_t)(n) << 20)

enum {
	PROGRAM_BYTES = 64 << 20,
	REPO_FILES = 20000,
	WORDS = 6,
	CPU_MS = 20000
};

/* ---- the program ---- */

static int open_beside(void)
{
	char at[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", at, sizeof(at) - 1);

	while (n > 0 && at[n - 1] != '/')
		n--;
	if (n <= 0 || (size_t)n + sizeof(PROGRAM) > sizeof(at))
		return -1;
	memcpy(at + n, PROGRAM, sizeof(PROGRAM));
	return open(at, O_RDONLY | O_CLOEXEC);
}

static int open_in_path(struct arena *a)
{
	struct str rest = str_of(getenv("PATH")), part;
	int fd = -1;

	while (fd < 0 && rest.p && str_split(&rest, ':', &part))
		if (part.n)
			fd = open(str_fmt(a, "%.*s/" PROGRAM, STR_FMT(part)).p,
				  O_RDONLY | O_CLOEXEC);
	return fd;
}

enum err expand_load(struct ctx *cx, const char *path, struct str *program)
{
	struct buf b = { .limit = PROGRAM_BYTES };
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : open_beside();
	ssize_t n = 1;

	if (fd < 0 && !path)
		fd = open_in_path(cx->arena);
	if (fd < 0)
		return err_set(cx, ERR_UNAVAILABLE,
			       "the program " PROGRAM
			       " is missing here: install it beside this one");
	while (n > 0) {
		char *to = buf_room(&b, 65536);

		n = to ? read(fd, to, 65536) : -1;
		if (n < 0 && to && errno == EINTR)
			n = 1;
		else if (n > 0)
			b.n += (size_t)n;
	}
	close(fd);
	if (n == 0)
		*program = buf_copy(&b, cx->arena);
	buf_done(&b);
	return n == 0 ? OK
		      : err_set(cx, ERR_UNAVAILABLE,
				"the program " PROGRAM " cannot be read");
}

/* ---- a run ---- */

struct asking {
	struct run_ask ask;
	struct str words[WORDS];
	struct run_file *put;
};

/* room: files beside the program. */
static void begin(struct ctx *cx, const struct expander *x, struct asking *a,
		  size_t room)
{
	*a = (struct asking){ 0 };
	a->put = ARENA_ARRAY(cx->arena, struct run_file, room + 1);
	a->put[0] = (struct run_file){ .name = STR(PROGRAM),
				       .data = x->program,
				       .executable = true };
	a->ask.put = (struct list){ a->put, 1 };
	a->ask.argv = (struct list){ a->words, 1 };
	a->words[0] = STR("./" PROGRAM);
	a->ask.limits = (struct run_limits){
		.cpu_ms = CPU_MS,
		.wall_ms = 40000,
		.memory_bytes = EXPAND_MEMORY_BYTES,
		.tasks = 8,
		.open_files = 256,
		.stdout_bytes = TREE_FRAMES_BYTES,
		.file_bytes = MIB(192),
		.disk_bytes = MIB(320),
		.inodes = REPO_FILES + 1000,
	};
}

static void word(struct asking *a, struct str w)
{
	a->words[a->ask.argv.n++] = w.p ? w : STR("");
}

static enum err stopped(struct ctx *cx, const struct run_told *told)
{
	switch ((enum run_verdict)told->verdict) {
	case RUN_TLE:
		return err_set(cx, ERR_TOO_LARGE,
			       "reading it takes more than the %d seconds "
			       "that it may",
			       CPU_MS / 1000);
	case RUN_MLE:
		return err_set(cx, ERR_TOO_LARGE,
			       "reading it takes more than the %lld MiB of "
			       "memory that it may",
			       (long long)(EXPAND_MEMORY_BYTES >> 20));
	case RUN_OLE:
		return err_set(cx, ERR_TOO_LARGE,
			       "it holds more than may be read");
	case RUN_IE:
		err_set(cx, ERR_UNAVAILABLE,
			"what comes from outside cannot be read here now");
		return err_detail(cx, "%.*s", STR_FMT(told->why));
	case RUN_AC:
	case RUN_WA:
	case RUN_RE:
	case RUN_CE:
	case RUN_SK:
	case RUN_VERDICT_COUNT:
		break;
	}
	err_set(cx, ERR_INVALID, "it cannot be read");
	return err_detail(cx, PROGRAM ": exit %lld signal %lld: %.*s",
			  (long long)told->exit, (long long)told->signal,
			  STR_FMT(str_cut(told->err, 0, 200)));
}

static enum err finish(struct ctx *cx, const struct expander *x,
		       const struct asking *a, struct tree_told *out)
{
	struct run_told told = { 0 };
	enum err e = runner_run(cx, x->runner, &a->ask, &told);

	if (e)
		return e;
	if (told.verdict != RUN_AC)
		return stopped(cx, &told);
	e = tree_frames_read(cx, told.out, out);
	if (e && e != ERR_CORRUPT)
		return err_detail(cx, "%.*s",
				  STR_FMT(str_cut(told.err, 0, 200)));
	return e;
}

enum err archive_expand(struct ctx *cx, const struct expander *x,
			struct str bytes, struct tree_told *out)
{
	struct asking a;

	if (bytes.n > UNPACK_PACKED_BYTES)
		return err_set(cx, ERR_TOO_LARGE,
			       "the archive has more than %d bytes",
			       UNPACK_PACKED_BYTES);
	begin(cx, x, &a, 0);
	a.ask.input = bytes;
	word(&a, STR("archive"));
	return finish(cx, x, &a, out);
}

enum err bundle_expand(struct ctx *cx, const struct expander *x,
		       struct str bytes, struct str ref, struct str folder,
		       struct tree_told *out)
{
	struct asking a;

	if (bytes.n > UNPACK_PACKED_BYTES)
		return err_set(cx, ERR_TOO_LARGE,
			       "the bundle has more than %d bytes",
			       UNPACK_PACKED_BYTES);
	begin(cx, x, &a, 0);
	a.ask.input = bytes;
	word(&a, STR("bundle"));
	word(&a, ref);
	word(&a, folder);
	return finish(cx, x, &a, out);
}

enum err repo_expand(struct ctx *cx, const struct expander *x,
		     const struct list *files, struct str ref,
		     struct str folder, struct tree_told *out)
{
	const struct run_file *f = files->at;
	struct asking a;

	if (files->n > REPO_FILES)
		return err_set(cx, ERR_TOO_LARGE,
			       "the repository has more than %d files: run "
			       "git gc in it",
			       REPO_FILES);
	begin(cx, x, &a, files->n);
	for (size_t i = 0; i < files->n; i++) {
		a.put[i + 1] = f[i];
		a.put[i + 1].name =
			str_fmt(cx->arena, "repo/%.*s", STR_FMT(f[i].name));
	}
	a.ask.put.n += files->n;
	word(&a, STR("repo"));
	word(&a, STR("repo"));
	word(&a, ref);
	word(&a, folder);
	return finish(cx, x, &a, out);
}

enum err fetch_expand(struct ctx *cx, const struct expander *x,
		      const struct expand_from *from, struct tree_told *out)
{
	struct source_url url;
	struct asking a;
	bool v6 = str_find(from->address, STR(":"), 0) != SIZE_MAX;
	enum err e = source_url_read(cx, "/source", from->url, &url);

	if (e)
		return e;
	begin(cx, x, &a, 1);
	a.ask.peer = str_fmt(cx->arena, v6 ? "[%.*s]:%lld" : "%.*s:%lld",
			     STR_FMT(from->address), (long long)url.port);
	a.ask.limits.cpu_ms = 60000;
	a.ask.limits.wall_ms = 180000;
	if (from->ca.n)
		a.put[a.ask.put.n++] = (struct run_file){ .name = STR("ca.pem"),
							  .data = from->ca };
	word(&a, STR("fetch"));
	word(&a, from->url);
	word(&a, from->ref);
	word(&a, from->folder);
	return finish(cx, x, &a, out);
}
