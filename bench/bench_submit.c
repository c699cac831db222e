/*
 * submit: submissions of 3 files x 2 KiB (pieces of C source) into the
 * journal of submissions, a packer beside it, next to a bare append of the same
 * bytes with one fdatasync for each group of the same size. Then at a fixed
 * rate, as learners do: how late is the acknowledgement? What is left on disk
 * when all is packed? And kill -9 in the middle: is all that was told there?
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/benches.h"
#include "sandbox/work.h"

enum {
	FILES = 3,
	FILE_BYTES = 2048,
	GROUP = 32,
	REFS = 500,
	RATE = 1500,
	WORK_FILES = 200
};

/* ---- what is handed in ---- */

struct source {
	char *text;
	size_t n;
};

static void read_folder(struct source *s, const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char path[400];

	while (d && (e = readdir(d))) {
		size_t n = strlen(e->d_name);
		struct stat st;
		int fd;

		if (n < 3 || strcmp(e->d_name + n - 2, ".c"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &st))
			die("cannot read %s", path);
		s->text = realloc(s->text, s->n + (size_t)st.st_size);
		if (read(fd, s->text + s->n, (size_t)st.st_size) != st.st_size)
			die("cannot read %s", path);
		s->n += (size_t)st.st_size;
		close(fd);
	}
	if (d)
		closedir(d);
}

static struct source source_make(void)
{
	struct source s = { 0 };

	read_folder(&s, BENCH_SOURCE "/base");
	read_folder(&s, BENCH_SOURCE "/graders");
	read_folder(&s, BENCH_SOURCE "/sandbox");
	if (s.n < 100 * FILE_BYTES)
		die("no source text in " BENCH_SOURCE);
	return s;
}

struct handing {
	struct source source;
	struct subs *subs;
	struct ctx cx;
	uint64_t n;
};

static void hand_in(struct handing *h, struct subs_done *out)
{
	static const char *const names[FILES] = { "Makefile", "main.c",
						  "util.c" };
	struct run_file f[FILES];
	struct list in = { f, FILES };
	struct tree_list checked;
	char ref[60], message[60];
	struct subs_ask ask = { .repo = STR("c0123456789abcdef"),
				.files = &checked.files,
				.time_ms = 1700000000000 + (int64_t)h->n };

	for (int i = 0; i < FILES; i++)
		f[i] = (struct run_file){
			str_of(names[i]),
			{ h->source.text + rng_below(rng_system(),
						     h->source.n - FILE_BYTES),
			  FILE_BYTES },
			false
		};
	snprintf(ref, sizeof(ref), "refs/subs/%08llx/1",
		 (unsigned long long)(h->n % REFS));
	snprintf(message, sizeof(message), "attempt %llu\n",
		 (unsigned long long)h->n++);
	ask.ref = str_of(ref);
	ask.message = str_of(message);
	tree_check_files(h->cx.arena, &in, &checked);
	if (subs_put(&h->cx, h->subs, &ask, out))
		die("put: %s %s", h->cx.error.text, h->cx.error.detail);
}

static void acknowledge(struct handing *h)
{
	if (subs_flush(h->subs, &h->cx))
		die("flush: %s %s", h->cx.error.text, h->cx.error.detail);
	subs_committed(h->subs, &h->cx);
	arena_reset(h->cx.arena);
}

static struct handing begin(struct source s, const char *dir)
{
	struct handing h = { .source = s,
			     .cx = { .arena = arena_new(1 << 20),
				     .clock = &clock_system,
				     .rng = rng_system() } };
	struct subs_opts o = { .dir = dir };

	if (subs_open(&h.cx, &o, &h.subs))
		die("open: %s", h.cx.error.text);
	return h;
}

static void end(struct handing *h)
{
	subs_close(h->subs);
	arena_free(h->cx.arena);
}

/* ---- the packer ---- */

struct packer {
	pthread_t thread;
	struct subs *subs;
	_Atomic bool stop;
};

static void *pack(void *arg)
{
	struct packer *p = arg;
	struct arena *a = arena_new(0);
	struct ctx cx = { .arena = a };

	while (!p->stop) {
		struct subs_packed told = { .more = true };

		arena_reset(a);
		if (subs_pack_step(&cx, p->subs, &told))
			die("pack: %s %s", cx.error.text, cx.error.detail);
		if (!told.more)
			sleep_ms(20);
	}
	arena_free(a);
	return NULL;
}

static void packer_start(struct packer *p, struct subs *s)
{
	p->subs = s;
	p->stop = false;
	if (pthread_create(&p->thread, NULL, pack, p))
		die("no thread");
}

static void packer_stop(struct packer *p)
{
	p->stop = true;
	pthread_join(p->thread, NULL);
}

static void pack_all(struct handing *h)
{
	struct subs_packed told = { .more = true };

	if (subs_rotate(&h->cx, h->subs))
		die("rotate: %s", h->cx.error.text);
	while (told.more)
		if (subs_pack_step(&h->cx, h->subs, &told))
			die("pack: %s", h->cx.error.text);
}

/* ---- as fast as it goes ---- */

/* A second. */
static double bare(struct run *r, struct source s, int round)
{
	const char *path = in_dir(r, "bare%d", round);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	int64_t from = now_ns(), now = from;
	int64_t n = 0;
	struct buf b = { 0 };

	while (now - from < (int64_t)(r->run_s * 1e9)) {
		buf_reset(&b);
		for (int i = 0; i < GROUP * FILES; i++)
			buf_add(&b,
				s.text + rng_below(rng_system(),
						   s.n - FILE_BYTES),
				FILE_BYTES);
		if (write(fd, b.p, b.n) != (ssize_t)b.n || fdatasync(fd))
			die("bare append: %s", strerror(errno));
		n += GROUP;
		now = now_ns();
	}
	close(fd);
	unlink(path);
	buf_done(&b);
	return (double)n * 1e9 / (double)(now - from);
}

static double ours(struct run *r, struct handing *h)
{
	int64_t from = now_ns(), now = from, n = 0;
	struct subs_done d;

	while (now - from < (int64_t)(r->run_s * 1e9)) {
		for (int i = 0; i < GROUP; i++)
			hand_in(h, &d);
		acknowledge(h);
		n += GROUP;
		now = now_ns();
	}
	return (double)n * 1e9 / (double)(now - from);
}

static void throughput(struct run *r, struct handing *h)
{
	double mine[REPEATS_MAX], base[REPEATS_MAX], ratio[REPEATS_MAX];
	struct packer p;

	packer_start(&p, h->subs);
	for (int i = 0; i < r->repeats; i++) {
		if (i % 2) {
			base[i] = bare(r, h->source, i);
			mine[i] = ours(r, h);
		} else {
			mine[i] = ours(r, h);
			base[i] = bare(r, h->source, i);
		}
		ratio[i] = mine[i] / base[i];
	}
	packer_stop(&p);
	report(r, &(struct figure){ .name = "submit.acknowledged",
				    .unit = "/s",
				    .value = median(mine, r->repeats),
				    .target = RATE,
				    .note = "groups of 32, packer beside" });
	report(r,
	       &(struct figure){ .name = "submit.beside_append",
				 .unit = "/s",
				 .value = median(mine, r->repeats),
				 .baseline = median(base, r->repeats),
				 .ratio = median(ratio, r->repeats),
				 .note = "bare append, one fdatasync for 32" });
}

/* ---- at a fixed rate ---- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void at_rate(struct run *r, struct handing *h)
{
	int most = (int)(RATE * (r->full ? 20 : r->quick ? 2 : 6)), n = 0;
	double *ms = calloc((size_t)most, sizeof(*ms));
	int64_t from = now_ns(), gap = 1000000000 / RATE;
	struct subs_done d;
	struct packer p;

	packer_start(&p, h->subs);
	while (n < most) {
		int64_t now = now_ns();
		int first = n;

		while (n < most && from + n * gap <= now) {
			hand_in(h, &d);
			n++;
		}
		if (n == first) {
			sleep_ms(1);
			continue;
		}
		acknowledge(h);
		now = now_ns();
		for (int i = first; i < n; i++)
			ms[i] = (double)(now - (from + i * gap)) / 1e6;
	}
	packer_stop(&p);
	qsort(ms, (size_t)n, sizeof(*ms), by_value);
	report(r, &(struct figure){ .name = "submit.ack.p50",
				    .unit = "ms",
				    .value = ms[n / 2] });
	report(r, &(struct figure){ .name = "submit.ack.p95",
				    .unit = "ms",
				    .value = ms[n * 95 / 100],
				    .target = -20,
				    .note = "1,500 come each second" });
	free(ms);
}

/* ---- what is left on disk ---- */

static int64_t disk_bytes;

static int add_bytes(const char *path, const struct stat *st, int type,
		     struct FTW *f)
{
	(void)path;
	(void)type;
	(void)f;
	disk_bytes += (int64_t)st->st_blocks * 512;
	return 0;
}

static void size(struct run *r, struct handing *h, const char *dir)
{
	char git_dir[200];
	const char *argv[] = { "git",	 "--git-dir", git_dir, "fsck",
			       "--full", "--strict",  NULL };

	pack_all(h);
	disk_bytes = 0;
	nftw(dir, add_bytes, 32, FTW_PHYS);
	report(r,
	       &(struct figure){ .name = "submit.disk",
				 .unit = "bytes",
				 .value = (double)disk_bytes / (double)h->n,
				 .target = -3072,
				 .note = "each, blocks of all files, packed" });
	snprintf(git_dir, sizeof(git_dir), "%s/c0123456789abcdef.git", dir);
	if (run_program(argv, NULL))
		die("git fsck complains");
}

/* ---- kill -9 ---- */

static void child(struct source s, const char *dir, int out)
{
	struct handing h = begin(s, dir);
	struct packer p;
	struct subs_done d[GROUP];

	h.n = (uint64_t)getpid() << 32;
	packer_start(&p, h.subs);
	for (;;) {
		for (int i = 0; i < GROUP; i++)
			hand_in(&h, &d[i]);
		acknowledge(&h);
		for (int i = 0; i < GROUP; i++)
			if (write(out, &d[i].commit, sizeof(d[i].commit)) < 0)
				_exit(1);
	}
}

static void kills(struct run *r, struct source s)
{
	const char *dir = in_dir(r, "killed");
	int rounds = r->full ? 100 : r->quick ? 3 : 10;
	int64_t lost = 0, told = 0;

	for (int i = 0; i < rounds; i++) {
		size_t after = 200 + rng_below(rng_system(), 2000), n = 0;
		struct oid *ids = calloc(after, sizeof(*ids));
		struct handing h;
		int fd[2];
		pid_t pid;

		if (pipe(fd))
			die("no pipe");
		pid = fork_child();
		if (pid == 0) {
			close(fd[0]);
			child(s, dir, fd[1]);
		}
		close(fd[1]);
		while (n < after &&
		       read(fd[0], &ids[n], sizeof(*ids)) == sizeof(*ids))
			n++;
		end_child(pid, SIGKILL);
		close(fd[0]);
		h = begin(s, dir);
		for (size_t k = 0; k < n; k++) {
			struct list files;

			lost += subs_load(&h.cx, h.subs,
					  STR("c0123456789abcdef"), &ids[k],
					  NULL, &files) != OK;
			arena_reset(h.cx.arena);
		}
		told += (int64_t)n;
		end(&h);
		free(ids);
	}
	say("%d kills, %lld acknowledged", rounds, (long long)told);
	report(r, &(struct figure){ .name = "submit.lost",
				    .unit = "submissions",
				    .value = (double)lost,
				    .target = lost ? -0.5 : 0,
				    .note = "of those acknowledged" });
}

/* ---- work trees ---- */

static void flush_or_die(struct handing *h)
{
	if (subs_flush(h->subs, &h->cx))
		die("flush: %s", h->cx.error.text);
	subs_committed(h->subs, &h->cx);
}

/* 200 files: opened for the first time, and saved with one of them changed. */
static void work_times(struct handing *h, double *open_ms, double *save_ms)
{
	struct id lab = id_new(h->cx.clock, h->cx.rng);
	struct id who = id_new(h->cx.clock, h->cx.rng);
	struct arena *a = h->cx.arena;
	struct work_place start = { STR("clabs"), work_starter_ref(a, &lab) };
	struct work_place mine = { STR("clabs"), work_ref(a, &lab, &who) };
	struct run_file *f = ARENA_ARRAY(a, struct run_file, WORK_FILES);
	struct list files = { f, WORK_FILES }, got;
	struct tree_list left;
	struct subs_done v, d;
	struct oid tip;
	int64_t from;
	bool fresh;

	for (int i = 0; i < WORK_FILES; i++)
		f[i] = (struct run_file){
			str_fmt(a, "src/%d/file%03d.c", i % 10, i),
			{ h->source.text + (size_t)i * 1000, FILE_BYTES },
			false
		};
	if (work_publish(&h->cx, h->subs, &start, &files, 0, &v))
		die("publish: %s", h->cx.error.text);
	flush_or_die(h);
	pack_all(h);
	from = now_ns();
	if (work_begin(&h->cx, h->subs, &mine, &v.commit, &tip, &fresh) ||
	    work_load(&h->cx, h->subs, &mine, NULL, &got))
		die("open: %s", h->cx.error.text);
	flush_or_die(h);
	*open_ms = (double)(now_ns() - from) / 1e6;
	f[17].data.n--;
	from = now_ns();
	if (work_save(&h->cx, h->subs, &mine, &files, "idle", 1000, &d, &left))
		die("save: %s", h->cx.error.text);
	*save_ms = (double)(now_ns() - from) / 1e6;
	flush_or_die(h);
	arena_reset(a);
}

static void works(struct run *r, struct handing *h)
{
	double open_ms[REPEATS_MAX], save_ms[REPEATS_MAX];

	for (int i = 0; i < r->repeats; i++)
		work_times(h, &open_ms[i], &save_ms[i]);
	report(r, &(struct figure){ .name = "work.open",
				    .unit = "ms",
				    .value = median(open_ms, r->repeats),
				    .target = -50,
				    .note = "200 files from a pack, durable" });
	report(r, &(struct figure){ .name = "work.save",
				    .unit = "ms",
				    .value = median(save_ms, r->repeats),
				    .target = -5,
				    .note = "1 of 200 changed, before the "
					    "flush" });
}

void bench_submit(struct run *r)
{
	const char *dir = in_dir(r, "subs");
	struct source s = source_make();
	struct handing h = begin(s, dir);

	throughput(r, &h);
	at_rate(r, &h);
	size(r, &h, dir);
	works(r, &h);
	end(&h);
	kills(r, s);
	free(s.text);
}
