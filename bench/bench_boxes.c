/*
 * boxes: as workers use them, in a process of their own: a hundred tests of a
 * trivial program, how far a limit is passed, verdicts under load, and what
 * thousands of runs leave behind.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/boxes.h"

enum {
	TESTS = 100,
	LIMIT_MS = 200,
	NEAR_MS = 100,
	NEAR_PERCENT = 85,
	RUNS = 1000,
	RUNS_FULL = 10000,
};

static const char trivial_c[] = "#include <stdio.h>\n"
				"int main(void)\n"
				"{\n"
				"	int a, b;\n"
				"	if (scanf(\"%d %d\", &a, &b) != 2)\n"
				"		return 1;\n"
				"	printf(\"%d\\n\", a + b);\n"
				"	return 0;\n"
				"}\n";
/* Burns so many ms of CPU time; below 0: until it is killed, or sleeps. */
static const char burner_c[] =
	"#include <stdlib.h>\n"
	"#include <time.h>\n"
	"#include <unistd.h>\n"
	"int main(int n, char **v)\n"
	"{\n"
	"	long ms = n > 1 ? atol(v[1]) : 0;\n"
	"	if (ms == -2)\n"
	"		for (;;)\n"
	"			pause();\n"
	"	while (ms < 0 || clock() < ms * (CLOCKS_PER_SEC / 1000))\n"
	"		for (volatile int i = 0; i < 1000; i++)\n"
	"			;\n"
	"	return 0;\n"
	"}\n";

static struct str compiled(struct run *r, const char *name, const char *source)
{
	const char *from = in_dir(r, "%s.c", name), *to = in_dir(r, "%s", name);
	const char *const argv[] = { "gcc", "-O2", "-static", "-o",
				     to,    from,  NULL };
	FILE *f = fopen(from, "w");
	struct buf bytes = { 0 };
	struct str s;
	size_t n;

	if (!f || fputs(source, f) < 0 || fclose(f) || run_program(argv, NULL))
		die("%s does not compile", from);
	f = fopen(to, "rb");
	if (!f)
		die("%s: %s", to, strerror(errno));
	do {
		char *p = buf_room(&bytes, 65536);

		n = fread(p, 1, 65536, f);
		bytes.n += n;
	} while (n);
	fclose(f);
	s = buf_copy(&bytes, r->arena);
	buf_done(&bytes);
	return s;
}

/* -- many asks -- */

struct asked {
	struct run_ask ask;
	struct run_file file;
	struct str argv[2];
};

static void ask_for(struct asked *a, struct str program, const char *arg)
{
	*a = (struct asked){ .file = { STR("main"), program, true },
			     .argv = { STR("./main"), str_of(arg) } };
	a->ask.argv = (struct list){ a->argv, arg ? 2 : 1 };
	a->ask.put = (struct list){ &a->file, 1 };
}

/* n times the same, as many at once as there is width; told[n] or NULL. */
static void run_all(struct boxing *b, const struct asked *a, int n,
		    struct run_told *told)
{
	const struct runner *run = boxes_runner(b->boxes);
	int started = 0;

	for (int ended = 0; ended < n; ended++) {
		struct run_told t;
		int64_t ticket;

		for (; started < n && started - ended < run->width; started++)
			if (run->start(&b->cx, run->arg, &a->ask, &ticket))
				die("start: %s", b->cx.error.text);
		if (run->wait(&b->cx, run->arg, &ticket, &t))
			die("wait: %s", b->cx.error.text);
		if (t.verdict == RUN_IE)
			die("a run failed: %.*s", STR_FMT(t.why));
		if (told)
			told[ended] = t;
	}
}

/* -- a hundred tests -- */

static void hundred_tests(struct run *r, struct boxing *b)
{
	static struct run_told told[TESTS];
	double took[REPEATS_MAX], least = 0;
	struct asked a;

	ask_for(&a, b->trivial, NULL);
	a.ask.input = STR("40 2\n");
	for (int i = 0; i < r->repeats; i++) {
		int64_t from = now_ns();

		run_all(b, &a, TESTS, told);
		took[i] = (double)(now_ns() - from) / 1e9;
		if (!i || took[i] < least)
			least = took[i];
		for (int k = 0; k < TESTS; k++)
			if (!str_is(told[k].out, "42\n"))
				die("a test got %.*s", STR_FMT(told[k].out));
		arena_reset(b->cx.arena);
	}
	report(r, &(struct figure){ .name = "box.tests100",
				    .unit = "s",
				    .value = least,
				    .target = -0.25,
				    .low = least,
				    .high = median(took, r->repeats),
				    .note = "the least and the median; each "
					    "in a box of its own" });
}

/* -- limits -- */

static void overshoot(struct run *r, struct boxing *b, bool cpu)
{
	double over[REPEATS_MAX * 4], worst = 0;
	int n = r->quick ? 8 : 20;
	struct asked a;

	ask_for(&a, b->burner, cpu ? "-1" : "-2");
	a.ask.limits.cpu_ms = LIMIT_MS;
	a.ask.limits.wall_ms = cpu ? 60000 : LIMIT_MS;
	for (int i = 0; i < n; i++) {
		struct run_told t;
		int64_t from = now_ns(), used;

		run_all(b, &a, 1, &t);
		if (t.cause != (cpu ? RUN_BY_CPU : RUN_BY_WALL))
			die("a limit was not noticed");
		used = cpu ? t.cpu_us : (now_ns() - from) / 1000;
		over[i] = (double)used / 1e3 - LIMIT_MS;
		worst = over[i] > worst ? over[i] : worst;
		arena_reset(b->cx.arena);
	}
	report(r, &(struct figure){ .name = cpu ? "box.overshoot.cpu"
						: "box.overshoot.wall",
				    .unit = "ms",
				    .value = median(over, n),
				    .target = cpu ? -10 : -20,
				    .low = median(over, n),
				    .high = worst,
				    .note = cpu ? "median and worst; time that "
						  "was used"
						: "median and worst; start to "
						  "told" });
}

/* -- under load -- */

static void burn(pid_t *pids, int n)
{
	for (int i = 0; i < n; i++) {
		pids[i] = fork_child();
		if (pids[i] == 0)
			for (volatile long k = 0;; k++)
				;
	}
}

/*
 * Programs that need 85 % of the limit, beside twice as many busy processes as
 * there are processors: how many are told to be too slow; and how many would
 * be by the clock on the wall.
 */
static void flips(struct run *r, struct boxing *b)
{
	int n = r->full ? 1000 : r->quick ? 60 : 200, flipped = 0, by_wall = 0;
	int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN), busy = 2 * cpus;
	struct run_told *told = calloc((size_t)n, sizeof(*told));
	char arg[16];
	pid_t pids[256];
	struct asked a;

	CHECK(told && busy <= 256);
	snprintf(arg, sizeof(arg), "%d", NEAR_MS * NEAR_PERCENT / 100);
	ask_for(&a, b->burner, arg);
	a.ask.limits.cpu_ms = NEAR_MS;
	a.ask.limits.wall_ms = 60000;
	burn(pids, busy);
	run_all(b, &a, n, told);
	for (int i = 0; i < busy; i++)
		end_child(pids[i], SIGKILL);
	for (int i = 0; i < n; i++) {
		flipped += told[i].verdict != RUN_AC;
		by_wall += told[i].wall_us > NEAR_MS * 1000;
	}
	free(told);
	arena_reset(b->cx.arena);
	report(r, &(struct figure){ .name = "box.flips",
				    .unit = "/1000",
				    .value = flipped * 1000.0 / n,
				    .target = -1,
				    .note = "wrong TLE at 85 % of the limit, "
					    "2x overload" });
	report(r, &(struct figure){ .name = "box.flips.by_wall",
				    .unit = "/1000",
				    .value = by_wall * 1000.0 / n,
				    .note = "by the clock it would be" });
}

/* -- what is left -- */

static int64_t entries(const char *path, const char *with)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int64_t n = 0;

	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.' && (!with || strstr(e->d_name, with));
	if (d)
		closedir(d);
	return n;
}

/* Processes with a user id of runs (as root), but those made ready. */
static int64_t processes_of_runs(void)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int64_t n = 0;

	while (d && (e = readdir(d))) {
		char path[300], line[200] = "", name[64] = "";
		long long uid = -1;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%s/status", e->d_name);
		f = e->d_name[0] > '9' ? NULL : fopen(path, "r");
		while (f && fgets(line, sizeof(line), f)) {
			sscanf(line, "Name: %63s", name);
			if (sscanf(line, "Uid: %lld", &uid) == 1)
				break;
		}
		if (f)
			fclose(f);
		n += uid >= BOX_UID_FIRST &&
		     uid < BOX_UID_FIRST + 2 * BOX_NUMBERS && uid % 2 == 1;
	}
	if (d)
		closedir(d);
	return n;
}

static int64_t lines(const char *path)
{
	FILE *f = fopen(path, "r");
	int64_t n = 0;
	int c;

	while (f && (c = fgetc(f)) != EOF)
		n += c == '\n';
	if (f)
		fclose(f);
	return n;
}

enum { LEFT_KINDS = 5 };
static void count_left(int64_t n[LEFT_KINDS])
{
	n[0] = processes_of_runs();
	n[1] = lines("/proc/self/mountinfo");
	n[2] = lines("/proc/sysvipc/shm") + lines("/proc/sysvipc/sem") +
	       lines("/proc/sysvipc/msg");
	n[3] = entries("/proc/self/fd", NULL);
	n[4] = entries("/dev/shm", NULL) + entries("/dev/mqueue", NULL);
}

static void thousands(struct run *r, struct boxing *b)
{
	static const char *const names[LEFT_KINDS] = { "processes", "mounts",
						       "IPC objects",
						       "descriptors",
						       "shared files" };
	int n = r->full ? RUNS_FULL : r->quick ? RUNS / 4 : RUNS;
	int64_t before[LEFT_KINDS], after[LEFT_KINDS], left = 0, from;
	struct asked a;

	ask_for(&a, b->trivial, NULL);
	a.ask.input = STR("40 2\n");
	run_all(b, &a, 50, NULL);
	count_left(before);
	from = now_ns();
	for (int done = 0; done < n; done += 50) {
		run_all(b, &a, 50, NULL);
		arena_reset(b->cx.arena);
	}
	report(r, &(struct figure){ .name = "box.runs",
				    .unit = "/s",
				    .value = n * 1e9 /
					     (double)(now_ns() - from) });
	boxes_close(b->boxes);
	b->boxes = NULL;
	count_left(after);
	for (int i = 0; i < LEFT_KINDS; i++) {
		if (after[i] <= before[i])
			continue;
		left += after[i] - before[i];
		say("left behind: %lld %s", (long long)(after[i] - before[i]),
		    names[i]);
	}
	report(r, &(struct figure){ .name = "box.left_behind",
				    .unit = "things",
				    .value = (double)left,
				    .target = -0.5,
				    .note = n == RUNS_FULL
						    ? "after 10,000 runs"
						    : "10,000 runs: --full" });
}

static void open_boxes(struct boxing *b)
{
	struct boxes_opts opts = { .width = 2 * (int)sysconf(
							_SC_NPROCESSORS_ONLN) };

	if (boxes_open(&b->cx, &opts, &b->boxes))
		die("boxes: %s", b->cx.error.text);
}

void boxes_figures(struct run *r, struct boxing *b)
{
	b->trivial = compiled(r, "trivial", trivial_c);
	b->burner = compiled(r, "burner", burner_c);
	open_boxes(b);
	hundred_tests(r, b);
	overshoot(r, b, true);
	overshoot(r, b, false);
	boxes_close(b->boxes);
	boxes_go_first(false); /* load must be felt */
	open_boxes(b);
	flips(r, b);
	thousands(r, b);
}
