/* Whose memory ran out decides whose fault it is. */
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/sandbox/box_world.h"
#include "sandbox/box_impl.h"

enum { ABOVE = 64 << 20, OWN = 24 << 20 };

struct small {
	char path[BOX_PATH + 40]; /* a group with less memory than runs ask */
	bool v1;
};

static bool put(const struct small *s, const char *file, const char *text)
{
	char path[BOX_PATH + 100];
	int fd;
	bool fine;

	snprintf(path, sizeof(path), "%s/%s", s->path, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	fine = fd >= 0 &&
	       write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	if (fd >= 0)
		close(fd);
	return fine;
}

static bool small_make(const struct box_world *w, struct small *s)
{
	const struct box_cgroups *g = &w->host->cgroups;
	char bytes[24];

	s->v1 = g->kind == BOX_CGROUP_V1;
	snprintf(s->path, sizeof(s->path), "%s/assay-test-%d",
		 g->path[CG_MEMORY], (int)getpid());
	snprintf(bytes, sizeof(bytes), "%d", ABOVE);
	if (!g->kind || mkdir(s->path, 0755))
		return false;
	if (!s->v1)
		put(s, "memory.swap.max", "0");
	return put(s, s->v1 ? "memory.limit_in_bytes" : "memory.max", bytes) &&
	       (!s->v1 || put(s, "memory.swappiness", "0"));
}

static void small_remove(const struct small *s)
{
	char leaf[BOX_PATH + 100];

	snprintf(leaf, sizeof(leaf), "%s/assay-box-supervisor", s->path);
	for (int i = 0; i < 1000 && rmdir(s->path); i++) {
		rmdir(leaf);
		poll(NULL, 0, 1);
	}
}

/* The codes tell the line. */
#define REQUIRE(cond)                                                          \
	do {                                                                   \
		if (!(cond)) {                                                 \
			print_message("line %d: %s: %s %s %.*s\n", __LINE__,   \
				      #cond, run_verdict_words[t->verdict],    \
				      run_cause_words[t->cause],               \
				      STR_FMT(str_cut(t->why, 0, 99)));        \
			fflush(stdout);                                        \
			_exit(4);                                              \
		}                                                              \
	} while (0)

#define FILLS "python3 -c 'a=[bytes([i%250])*(1<<20) for i in range(400)]'"

/* More than there is above; and time, on the slowest of machines. */
static void plenty(struct run_ask *ask)
{
	ask->limits.memory_bytes = 256 << 20;
	ask->limits.cpu_ms = 60000;
	ask->limits.wall_ms = 120000;
}

static void judge(struct box_world *w)
{
	struct run_ask ask = ask_sh(w, FILLS);
	const struct run_told *t;

	plenty(&ask);
	for (int i = 0; i < 3; i++) {
		t = told(w, &ask);
		REQUIRE(t->verdict == RUN_IE && t->cause == RUN_BY_SETUP);
		REQUIRE(str_find(t->why, STR("no memory left"), 0) != SIZE_MAX);
	}
	/* A child of it, which it does not mind. */
	ask = ask_sh(w, FILLS "; exit 0");
	plenty(&ask);
	t = told(w, &ask);
	REQUIRE(t->verdict == RUN_IE);
	/* Its own limit is still its own. */
	ask = ask_sh(w, FILLS);
	plenty(&ask);
	ask.limits.memory_bytes = OWN;
	t = told(w, &ask);
	REQUIRE(t->verdict == RUN_MLE && t->cause == RUN_BY_MEMORY);
	/* And what a program does to itself. */
	t = sh(w, "kill -9 $$");
	REQUIRE(t->verdict == RUN_RE && t->cause == RUN_BY_SIGNAL);
}

static void inside(const struct small *s, int level)
{
	struct box_world w;
	const struct run_told *t;

	if (!put(s, "cgroup.procs", "0") || box_world_open(&w, level))
		_exit(3);
	if (level == RUN_SAMPLED) {
		struct run_ask ask = ask_sh(&w, "exec " FILLS);

		plenty(&ask);
		t = told(&w, &ask);
		REQUIRE(t->verdict == RUN_IE && t->cause == RUN_BY_SETUP);
		t = sh(&w, "kill -9 $$");
		REQUIRE(t->verdict == RUN_RE && t->cause == RUN_BY_SIGNAL);
	} else {
		judge(&w);
	}
	box_world_close(&w);
	_exit(0);
}

static void in_a_small_group(void **state, int level)
{
	struct box_world *w = *state;
	struct small s;
	int status;
	pid_t pid;

	if (!small_make(w, &s)) {
		print_message("no cgroup here that may be made smaller\n");
		skip();
	}
	pid = fork();
	if (pid == 0)
		inside(&s, level);
	assert_true(waitpid(pid, &status, 0) == pid);
	small_remove(&s);
	assert_int_equal(status, 0);
}

static void memory_that_a_group_above_has_not_is_our_failure(void **state)
{
	in_a_small_group(state, 0);
}

static void without_a_cgroup_of_its_own_it_is_told_all_the_same(void **state)
{
	in_a_small_group(state, RUN_SAMPLED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			memory_that_a_group_above_has_not_is_our_failure),
		cmocka_unit_test(
			without_a_cgroup_of_its_own_it_is_told_all_the_same),
	};

	return cmocka_run_group_tests(tests, box_setup, box_teardown);
}
