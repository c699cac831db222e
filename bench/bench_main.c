/*
 * assay-bench --bin FOLDER [--json] [--quick | --full] [NAME…]
 *
 * --quick: within a minute; --full: as many as the targets name (100 kills,
 * 100,000 attempts).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/benches.h"

const struct bench benches[] = {
	{ "answer", "durable answers beside a bare SQLite recorder and an echo",
	  true, bench_answer },
	{ "answer-pg", "the same on PostgreSQL, beside a bare recorder", true,
	  bench_answer_pg },
	{ "read", "queries beside an echo with the same JSON", true,
	  bench_read },
	{ "idle", "10,000 idle ws clients: memory of each", true, bench_idle },
	{ "start", "start to the first acknowledged answer", true,
	  bench_start },
	{ "import", "a question bank into assessment.import", true,
	  bench_import },
	{ "timer", "lag of automatic hand-in, spread and all at once", true,
	  bench_timer },
	{ "submit", "submissions beside a bare append; kill -9 and disk", true,
	  bench_submit },
	{ "crash", "kill -9 in a loop: nothing acknowledged is lost", true,
	  bench_crash },
	{ "box", "a fenced run beside plain exec and bubblewrap; limits, load",
	  true, bench_box },
	{ "lab", "opening and saving a lab, idle sessions, keys and a flood",
	  true, bench_lab },
	{ "peer", "peer review: models of reviewers, beside what is asked",
	  true, bench_peer },
	{ "memory", "resident memory over 10^6 requests", false, bench_memory },
	{ "hold", "only the load of answer, for a profiler", false,
	  bench_hold },
	{ 0 },
};

static void help(void)
{
	printf("usage: ./do bench [NAME…] [--json] [--quick] [--full] "
	       "[--repeats N] [--seconds S]\n\n");
	for (const struct bench *b = benches; b->name; b++)
		printf("  %-10s %s%s\n", b->name, b->does,
		       b->usual ? "" : " (only when named)");
	printf("  all        every one but hold\n");
}

/*
 * With autogroup scheduling plain nice does nothing across sessions. Says what
 * it did, and takes it back at the end.
 */
static bool prefer_us(const char *nice)
{
	int fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, nice, strlen(nice)) > 0;

	if (fd >= 0)
		close(fd);
	return done;
}

static const struct bench *find(const char *name)
{
	for (const struct bench *b = benches; b->name; b++)
		if (strcmp(b->name, name) == 0)
			return b;
	return NULL;
}

static void run_bench(struct run *r, const struct bench *b)
{
	double before, after;

	snprintf(r->dir, sizeof(r->dir), "/tmp/ab-XXXXXX");
	if (!mkdtemp(r->dir) || chmod(r->dir, 0711))
		die("no folder in /tmp: %s", strerror(errno));
	r->arena = arena_new(1 << 20);
	before = calibrate();
	say("%s: %s (calibration %.0f ms)", b->name, b->does, before);
	b->run(r);
	after = calibrate();
	say("%s done (calibration %.0f ms)%s", b->name, after,
	    after > 2 * before || before > 2 * after
		    ? ": the machine was not steady, look at ratios only"
		    : "");
	arena_free(r->arena);
	remove_tree(r->dir);
}

static const char *value_of(int argc, char **argv, int *i)
{
	if (*i + 1 >= argc)
		die("%s needs a value", argv[*i]);
	return argv[++*i];
}

static int names_of(struct run *r, int argc, char **argv, const char **names)
{
	int n = 0;

	for (int i = 1; i < argc; i++) {
		const char *a = argv[i];

		if (strcmp(a, "--bin") == 0)
			r->bin = value_of(argc, argv, &i);
		else if (strcmp(a, "--json") == 0)
			r->json = true;
		else if (strcmp(a, "--quick") == 0)
			r->quick = true;
		else if (strcmp(a, "--full") == 0)
			r->full = true;
		else if (strcmp(a, "--repeats") == 0)
			r->repeats = atoi(value_of(argc, argv, &i));
		else if (strcmp(a, "--seconds") == 0)
			r->run_s = r->hold_s = atof(value_of(argc, argv, &i));
		else if (strcmp(a, "--conns") == 0)
			r->hold_conns = atoi(value_of(argc, argv, &i));
		else if (strcmp(a, "help") == 0 || strcmp(a, "--help") == 0) {
			help();
			exit(0);
		} else if (strcmp(a, "all") != 0 && !find(a))
			die("no bench %s; ./do bench help lists them", a);
		else if (n < 32)
			names[n++] = a;
	}
	return n;
}

static bool wanted(const struct bench *b, const char **names, int n)
{
	if (n == 0)
		return b->usual;
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], b->name) == 0 ||
		    (strcmp(names[i], "all") == 0 && b->run != bench_hold))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	struct run r = { .bin = "build/bin", .hold_s = 10, .hold_conns = 64 };
	const char *names[32];
	int n;

	signal(SIGPIPE, SIG_IGN);
	if (sodium_init() < 0)
		return 1;
	n = names_of(&r, argc, argv, names);
	if (r.repeats < 1 || r.repeats > REPEATS_MAX)
		r.repeats = r.quick ? 3 : 5;
	if (r.run_s <= 0)
		r.run_s = r.quick ? 0.4 : 1.0;
	r.warm_s = r.quick ? 0.15 : 0.3;
	raise_files();
	if (prefer_us("-10"))
		say("autogroup -10: this run goes before others");
	for (const struct bench *b = benches; b->name; b++)
		if (wanted(b, names, n))
			run_bench(&r, b);
	prefer_us("0");
	return report_missed() ? 3 : 0;
}
