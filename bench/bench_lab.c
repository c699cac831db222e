/*
 * lab: what a learner feels of a lab over the wire. Opening one of 200 files,
 * up to the files themselves; a save, beside bare appends with the fsyncs that
 * it needs; sessions where nothing runs; keys and a flood through server,
 * worker and box.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/benches.h"
#include "bench/daemon.h"
#include "bench/labs.h"

enum { FILES = 200, FILE_BYTES = 2048, SESSIONS = 500, SAVES = 40 };

/* ---- opening and saving ---- */

static void publish_large(struct bench_labs *l)
{
	struct buf b = { 0 };

	buf_z(&b, "{\"definition\":{\"assay_lab\":1,\"course\":\"c\","
		  "\"slug\":\"large\",\"title\":\"L\",\"starter\":[");
	for (int i = 0; i < FILES; i++) {
		buf_fmt(&b, "%s{\"name\":\"src/%d/file%03d.c\",\"text\":\"",
			i ? "," : "", i % 10, i);
		for (int k = 0; k < FILE_BYTES / 32; k++)
			buf_fmt(&b, "int f%06d_%04d(int a, int b);; ", i, k);
		buf_z(&b, "\"}");
	}
	buf_z(&b, "]}}");
	daemon_call(&l->d, "lab.publish", buf_view(&b));
	buf_done(&b);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void percentiles(double *ms, int n)
{
	qsort(ms, (size_t)n, sizeof(*ms), by_value);
}

static void opens(struct run *r, struct bench_labs *l)
{
	int n = r->quick ? 9 : 25;
	double *ms = calloc((size_t)n, sizeof(*ms));

	for (int i = 0; i < n; i++) {
		struct lab_person p = labs_person(l, i);
		int64_t from = now_ns();
		struct client_reply files;

		labs_open(l, &p, "large");
		labs_call(&p, "lab.files", ",\"contents\":true",
			  (struct str){ 0 }, &files);
		ms[i] = (double)(now_ns() - from) / 1e6;
		if (files.bytes.n < (size_t)FILES * FILE_BYTES)
			die("the files did not come");
		labs_person_done(&p);
	}
	percentiles(ms, n);
	report(r, &(struct figure){ .name = "lab.open.p50",
				    .unit = "ms",
				    .value = ms[n / 2],
				    .target = -50,
				    .low = ms[0],
				    .high = ms[n - 1],
				    .note = "200 files, call to files there" });
	free(ms);
}

static double bare_ms(int fd, const char *bytes)
{
	int64_t from = now_ns();

	for (int i = 0; i < 2; i++)
		if (write(fd, bytes, 4096) != 4096 || fdatasync(fd))
			die("bare append: %s", strerror(errno));
	return (double)(now_ns() - from) / 1e6;
}

static double save_ms(struct lab_person *p, int i)
{
	struct client_reply reply;
	char more[200];
	int64_t from;

	snprintf(more, sizeof(more),
		 ",\"files\":[{\"name\":\"src/3/file003.c\",\"text\":"
		 "\"int main(void) { return %d; }\"}],"
		 "\"idempotency_key\":\"save-%08d-%d\"",
		 i, i, (int)getpid());
	from = now_ns();
	labs_call(p, "lab.save", more, (struct str){ 0 }, &reply);
	return (double)(now_ns() - from) / 1e6;
}

/* Journal and database, one after the other: two writes that wait. */
static void saves(struct run *r, struct bench_labs *l)
{
	struct lab_person p = labs_person(l, 0);
	double mine[SAVES], base[SAVES];
	int fd = open(in_dir(r, "bare"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	char bytes[4096];

	memset(bytes, 'x', sizeof(bytes));
	labs_open(l, &p, "large");
	for (int i = 0; i < SAVES; i++) {
		base[i] = bare_ms(fd, bytes);
		mine[i] = save_ms(&p, i);
	}
	percentiles(base, SAVES);
	percentiles(mine, SAVES);
	report(r, &(struct figure){
			  .name = "lab.save",
			  .unit = "ms",
			  .value = median(mine, SAVES),
			  .baseline = median(base, SAVES),
			  .ratio = median(mine, SAVES) / median(base, SAVES),
			  .note = "1 of 200, beside two bare fdatasyncs" });
	report(r, &(struct figure){ .name = "lab.save.beside_fsync",
				    .unit = "ms",
				    .value = mine[0] - base[0],
				    .target = -5,
				    .note = "of the quickest of both" });
	close(fd);
	labs_person_done(&p);
}

/* ---- sessions where nothing runs ---- */

static int children(pid_t pid)
{
	char path[64], text[4096];
	int fd, n = 0;
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid,
		 (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? 0 : read(fd, text, sizeof(text));
	for (ssize_t i = 0; i < got; i++)
		n += text[i] == ' ';
	if (fd >= 0)
		close(fd);
	return n;
}

static void idle(struct run *r, struct bench_labs *l)
{
	int n = r->quick ? 100 : SESSIONS;
	int *fds = calloc((size_t)n, sizeof(*fds));
	struct lab_parked *at = calloc((size_t)n, sizeof(*at));
	int64_t before = proc_rss(l->d.pid), parked, reading;

	for (int i = 0; i < n; i++) {
		struct lab_person p = labs_person(l, i);

		labs_open(l, &p, "small");
		labs_park(l, &p, &at[i]); /* a shell was there, and is gone */
		labs_person_done(&p);
	}
	parked = proc_rss(l->d.pid);
	for (int i = 0; i < n; i++)
		fds[i] = labs_reader(l, i, &at[i]);
	sleep_ms(500);
	reading = proc_rss(l->d.pid);
	report(r,
	       &(struct figure){ .name = "lab.idle.parked",
				 .unit = "KiB",
				 .value = (double)(parked - before) / 1024 / n,
				 .target = -64,
				 .note = "resident, of each session" });
	report(r,
	       &(struct figure){ .name = "lab.idle.read",
				 .unit = "KiB",
				 .value = (double)(reading - before) / 1024 / n,
				 .target = -64,
				 .note = "with somebody who waits for it" });
	report(r, &(struct figure){ .name = "lab.idle.processes",
				    .unit = "",
				    .value = children(l->d.pid),
				    .target = -0.5,
				    .note = "of the server" });
	for (int i = 0; i < n; i++)
		close(fds[i]);
	free(fds);
	free(at);
}

/* ---- a shell ---- */

static void keys(struct run *r, struct lab_shell *s)
{
	int n = r->quick ? 50 : 300;
	double *ms = calloc((size_t)n, sizeof(*ms));

	for (int i = 0; i < n; i++) {
		char key[2] = { (char)('a' + i % 26), '\0' };
		int64_t from = now_ns();

		labs_type(s, key);
		labs_until(s, key);
		ms[i] = (double)(now_ns() - from) / 1e6;
	}
	percentiles(ms, n);
	report(r, &(struct figure){ .name = "lab.key.p50",
				    .unit = "ms",
				    .value = ms[n / 2],
				    .note = "typed to its echo" });
	report(r, &(struct figure){ .name = "lab.key.p99",
				    .unit = "ms",
				    .value = ms[n * 99 / 100] });
	free(ms);
}

static void flood(struct run *r, struct bench_labs *l, struct lab_shell *s)
{
	int64_t before, most = 0;
	double slowest = 0;

	labs_type(s, "\025while :; do head -c 1000000 /dev/zero | "
		     "tr '\\0' '#'; done &\r");
	labs_until(s, "########");
	before = proc_rss(l->d.pid);
	for (int i = 0; i < 5; i++) {
		char ask[40], told[40];
		int64_t from = now_ns();
		double ms;

		snprintf(ask, sizeof(ask), "echo AL''IVE%d\r", i);
		snprintf(told, sizeof(told), "ALIVE%d", i);
		labs_type(s, ask);
		labs_until(s, told);
		ms = (double)(now_ns() - from) / 1e6;
		slowest = ms > slowest ? ms : slowest;
		if (proc_rss(l->d.pid) - before > most)
			most = proc_rss(l->d.pid) - before;
	}
	report(r, &(struct figure){ .name = "lab.flood.alive",
				    .unit = "ms",
				    .value = slowest,
				    .target = -1000,
				    .note = "slowest of 5 answers beside it" });
	report(r, &(struct figure){ .name = "lab.flood.memory",
				    .unit = "KiB",
				    .value = (double)most / 1024,
				    .target = -1024,
				    .note = "the server grew by" });
}

static void shell(struct run *r, struct bench_labs *l)
{
	struct lab_shell s;
	pid_t worker = labs_worker(l);

	labs_shell(l, SESSIONS, &s);
	labs_until(&s, "$ ");
	keys(r, &s);
	flood(r, l, &s);
	labs_shell_done(&s);
	end_child(worker, SIGTERM);
}

void bench_lab(struct run *r)
{
	struct bench_labs l;

	labs_begin(r, &l);
	publish_large(&l);
	opens(r, &l);
	saves(r, &l);
	idle(r, &l);
	shell(r, &l);
	labs_end(&l);
}
