/* What a run can see, reach and leave behind, in each mode of the fence. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/sandbox/box_world.h"
#include "sandbox/box_impl.h"

static void files_go_in_and_come_out(void **state)
{
	struct box_world *w = *state;
	struct run_file put[] = {
		{ STR("in/a.txt"), STR("alpha"), false },
		{ STR("tool"), STR("#!/bin/sh\ncat in/a.txt > out.txt\n"),
		  true },
	};
	struct run_want want[] = { { STR("out.txt"), 100 },
				   { STR("none"), 100 } };
	struct str argv[] = { STR("./tool") };
	struct run_ask ask = { .argv = { argv, 1 },
			       .put = { put, 2 },
			       .want = { want, 2 } };
	const struct run_told *t = told(w, &ask);
	const struct run_got *g = t->got.at;

	assert_int_equal(t->verdict, RUN_AC);
	assert_int_equal(t->got.n, 2);
	assert_int_equal(g[0].state, RUN_GOT);
	assert_str(g[0].data, "alpha");
	assert_int_equal(g[1].state, RUN_GOT_MISSING);
}

static void input_is_read_to_its_end(void **state)
{
	struct box_world *w = *state;
	struct run_ask ask = ask_sh(w, "cat; echo x >> /proc/self/fd/0");

	ask.input = STR("one\ntwo\n");
	assert_str(told(w, &ask)->out, "one\ntwo\n");
	assert_str(sh(w, "cat; echo end")->out, "end\n");
}

static void only_regular_files_are_collected(void **state)
{
	struct box_world *w = *state;
	static const struct {
		const char *name;
		int state;
	} wanted[] = {
		{ "link", RUN_GOT_NOT_REGULAR },
		{ "folder", RUN_GOT_NOT_REGULAR },
		{ "fifo", RUN_GOT_NOT_REGULAR },
		{ "twice", RUN_GOT_NOT_REGULAR },
		{ "away/passwd", RUN_GOT_NOT_REGULAR },
		{ "big", RUN_GOT_TOO_LARGE },
		{ "sparse", RUN_GOT_TOO_LARGE },
		{ "closed", RUN_GOT },
		{ "plain", RUN_GOT },
	};
	struct run_want want[9];
	struct run_ask ask = ask_sh(
		w, "ln -s /etc/passwd link; mkdir folder; mkfifo fifo; echo x "
		   "> twice; ln twice again; ln -s /etc away; head -c 200 "
		   "/dev/zero > big; truncate -s 8000000 sparse; echo y > "
		   "plain; echo z > closed; chmod 000 closed");
	const struct run_got *g;

	for (size_t i = 0; i < 9; i++)
		want[i] = (struct run_want){ str_of(wanted[i].name), 100 };
	ask.want = (struct list){ want, 9 };
	assert_int_equal(told(w, &ask)->verdict, RUN_AC);
	g = w->told.got.at;
	for (size_t i = 0; i < 9; i++) {
		if (g[i].state != wanted[i].state)
			print_message("%s is %s\n", wanted[i].name,
				      run_got_words[g[i].state]);
		assert_int_equal(g[i].state, wanted[i].state);
	}
	assert_str(g[7].data, "z\n");
}

static void nothing_is_left_for_the_next_run(void **state)
{
	struct box_world *w = *state;

	sh(w, "echo note > /tmp/n; echo note > /dev/shm/n; echo note > n; "
	      "(trap '' HUP; exec sleep 777.25) &");
	assert_str(sh(w, "ls /tmp /dev/shm . | grep -c n$; "
			 "set -- /proc/[0-9]*; echo $#")
			   ->out,
		   "0\n1\n");
}

/* A process of the host with this argument. */
static bool on_host(const char *word)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	bool found = false;

	while ((e = readdir(d))) {
		char path[300], text[200];
		ssize_t n = -1;
		int fd;

		snprintf(path, sizeof(path), "/proc/%s/cmdline", e->d_name);
		fd = open(path, O_RDONLY);
		if (fd >= 0) {
			n = read(fd, text, sizeof(text) - 1);
			close(fd);
		}
		if (n > 0 && memmem(text, (size_t)n, word, strlen(word)))
			found = true;
	}
	closedir(d);
	return found;
}

static void what_it_started_dies_with_it(void **state)
{
	struct box_world *w = *state;
	struct run_ask ask = ask_sh(w, "setsid sleep 778.25 & sleep 779.25");

	sh(w, "(setsid sleep 776.25 &) ; exit 0");
	assert_false(on_host("776.25"));
	ask.limits.wall_ms = 50;
	assert_int_equal(told(w, &ask)->cause, RUN_BY_WALL);
	assert_false(on_host("778.25"));
	assert_false(on_host("779.25"));
}

static void nothing_of_our_environment_is_seen(void **state)
{
	struct box_world *w = *state;
	struct str more[] = { STR("GIVEN=yes") };
	struct run_ask ask = ask_sh(w, "env; cat /proc/*/environ 2>/dev/null");

	setenv("ASSAY_CANARY", "CANARY-of-the-test", 1);
	ask.env = (struct list){ more, 1 };
	told(w, &ask);
	assert_true(str_find(w->told.out, STR("GIVEN=yes"), 0) != SIZE_MAX);
	assert_true(str_find(w->told.out, STR("CANARY"), 0) == SIZE_MAX);
}

/* Beyond the headings of the kernel's lists. */
static void the_hosts_network_is_not_told_of(void **state)
{
	struct box_world *w = *state;

	if (box_host_level(w->host) < RUN_SAMPLED)
		return;
	assert_str(sh(w, "cd /proc/self/net; cat unix tcp udp | wc -l; "
			 "tail -n +3 dev | grep -vc lo:")
			   ->out,
		   "3\n0\n");
}

static void devices_keep_no_notes(void **state)
{
	struct box_world *w = *state;

	if (box_host_level(w->host) < RUN_SAMPLED)
		return;
	assert_str(sh(w, "touch -c /dev/null 2>&1 || echo refused; "
			 "echo x > /dev/null && echo written")
			   ->out,
		   "touch: setting times of '/dev/null': Read-only file "
		   "system\nrefused\nwritten\n");
}

static void asks_that_cannot_be_run_are_refused_with_their_field(void **state)
{
	struct box_world *w = *state;
	static const char *const names[] = { "../x", "/x", "a//b", "a/../b",
					     ".",    "",   "a/" };
	struct run_ask ask = { 0 };
	struct run_told t;

	assert_int_equal(box_run(&w->cx, w->host, &ask, &t), ERR_INVALID);
	assert_string_equal(w->cx.error.field, "/argv");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct run_file f = { str_of(names[i]), STR("x"), false };

		ask = ask_sh(w, ":");
		ask.put = (struct list){ &f, 1 };
		assert_int_equal(box_run(&w->cx, w->host, &ask, &t),
				 ERR_INVALID);
		assert_string_equal(w->cx.error.field, "/put/0/name");
	}
	ask = ask_sh(w, ":");
	ask.limits.tasks = 1000000;
	assert_int_equal(box_run(&w->cx, w->host, &ask, &t), ERR_INVALID);
	assert_string_equal(w->cx.error.field, "/limits/tasks");
	ask = ask_sh(w, ":");
	ask.limits.disk_bytes = 8192;
	ask.put = (struct list){ (struct run_file[]){
					 { STR("a"), STR("x"), false },
					 { STR("b"), STR("x"), false },
					 { STR("c"), STR("x"), false } },
				 3 };
	assert_int_equal(box_run(&w->cx, w->host, &ask, &t), ERR_INVALID);
	assert_string_equal(w->cx.error.field, "/put");
	ask.limits.disk_bytes = 3 * 4096;
	assert_int_equal(told(w, &ask)->verdict, RUN_AC);
	ask = ask_sh(w, ":");
	ask.toolchain = STR("cobol");
	assert_int_equal(box_run(&w->cx, w->host, &ask, &t), ERR_INVALID);
	assert_string_equal(w->cx.error.field, "/toolchain");
}

static void bytes_and_inodes_of_all_files_are_bounded(void **state)
{
	struct box_world *w = *state;
	struct run_ask ask = ask_sh(
		w,
		"i=0; while echo > n$i; do i=$((i+1)); done 2>/dev/null; "
		"echo $i; rm n*; for f in a b c d; do head -c 300000 "
		"/dev/zero > $f; done 2>/dev/null; [ $(du -sk . | cut -f1) -le 980 ] && echo kept");

	if (box_host_level(w->host) < RUN_SAMPLED)
		return;
	ask.limits.inodes = 50;
	ask.limits.disk_bytes = 1000000;
	assert_str(told(w, &ask)->out, "50\nkept\n");
}

static void programs_have_ids_of_no_one_else(void **state)
{
	struct box_world *w = *state;
	int a, b;

	if (geteuid() != 0) {
		print_message("skipped: not root\n");
		return;
	}
	a = box_slot_take(w->host);
	b = box_slot_take(w->host);
	assert_true(box_uid(w->host, a, false) > 100000);
	assert_int_not_equal(box_uid(w->host, a, false),
			     box_uid(w->host, a, true));
	assert_int_not_equal(box_uid(w->host, a, true),
			     box_uid(w->host, b, false));
	assert_int_not_equal(box_uid(w->host, a, true),
			     box_uid(w->host, b, true));
	box_slot_give(w->host, a);
	box_slot_give(w->host, b);
}

static void two_hosts_never_use_one_id(void **state)
{
	struct box_world *w = *state, other;
	int a, b, c;

	if (geteuid() != 0) {
		print_message("skipped: not root\n");
		return;
	}
	assert_int_equal(box_world_open(&other, 0), OK);
	a = box_slot_take(w->host);
	b = box_slot_take(other.host);
	c = box_slot_take(other.host);
	assert_true(a >= 0 && b >= 0 && c >= 0);
	assert_int_not_equal(box_uid(w->host, a, true),
			     box_uid(other.host, b, true));
	assert_int_not_equal(box_uid(w->host, a, true),
			     box_uid(other.host, c, true));
	assert_int_not_equal(box_uid(other.host, b, true),
			     box_uid(other.host, c, true));
	box_slot_give(w->host, a);
	box_slot_give(other.host, b);
	box_slot_give(other.host, c);
	box_world_close(&other);
}

static void runs_made_ready_are_used_once(void **state)
{
	struct box_world *w = *state;

	if (box_arm_ahead(&w->cx, w->host, (struct str){ NULL, 0 }, 2) != 2)
		fail_msg("%s", w->cx.error.text);
	for (int i = 0; i < 5; i++)
		assert_str(sh(w, "ls | wc -l; echo > left")->out, "0\n");
}

static void one_that_was_made_ready_and_died_is_not_taken(void **state)
{
	struct box_world *w = *state;
	struct pollfd p = { .events = POLLIN };

	if (box_arm_ahead(&w->cx, w->host, (struct str){ NULL, 0 }, 1) != 1)
		fail_msg("%s", w->cx.error.text);
	p.fd = w->host->ready->pidfd;
	assert_int_equal(kill(w->host->ready->pid, SIGKILL), 0);
	assert_int_equal(poll(&p, 1, -1), 1);
	assert_int_equal(sh(w, ":")->verdict, RUN_AC);
}

static void cgroups_that_somebody_took_away_are_made_again(void **state)
{
	struct box_world *w = *state;
	const struct box_cgroups *g = &w->host->cgroups;
	bool v1 = g->kind == BOX_CGROUP_V1;

	assert_int_equal(sh(w, ":")->verdict, RUN_AC);
	for (int slot = 0; g->kind && slot < 4; slot++)
		for (int i = 0; i < (v1 ? CG_COUNT : 1); i++) {
			char path[400];

			snprintf(path, sizeof(path), "%s/assay-box-%d-%d",
				 g->path[i], (int)getpid(), slot);
			assert_true(!rmdir(path) || errno == ENOENT);
		}
	for (int i = 0; i < 3; i++)
		assert_int_equal(sh(w, ":")->verdict, RUN_AC);
}

static void folders_without_end_are_not_walked_to_their_end(void **state)
{
	struct box_world *w = *state;
	struct run_want all = { STR("."), 1000 };
	struct run_ask ask = ask_sh(w, "mkdir $(seq 18000)");
	const struct run_got *g;

	ask.limits.inodes = 20000;
	ask.want = (struct list){ &all, 1 };
	assert_int_equal(told(w, &ask)->verdict, RUN_AC);
	g = w->told.got.at;
	assert_int_equal(w->told.got.n, 1);
	assert_str(g->name, ".");
	assert_int_equal(g->state, RUN_GOT_TOO_LARGE);
}

/* A limit of 0 would be none where a program of the host takes core files. */
static void the_limit_of_core_files_is_one_byte_for_good(void **state)
{
	struct box_world *w = *state;

	assert_str(sh(w, "python3 -c 'import resource as r\n"
			 "print(r.getrlimit(r.RLIMIT_CORE))\n"
			 "try: r.setrlimit(r.RLIMIT_CORE, (0, 0))\n"
			 "except (OSError, ValueError): print(1)\n"
			 "print(r.getrlimit(r.RLIMIT_CORE))'")
			   ->out,
		   "(1, 1)\n1\n(1, 1)\n");
}

/* What the best level does not promise: it depends on the kernel and on who
 * runs it. */
static bool may_be_absent(struct str layer)
{
	return str_is(layer, "own_user_ids") || str_is(layer, "landlock") ||
	       str_is(layer, "swap_limit");
}

static void every_layer_that_is_there_holds(void **state)
{
	struct box_world *w = *state;
	struct box_selftest st;
	const struct box_layer *l;

	assert_int_equal(box_selftest(&w->cx, w->host, &st), OK);
	l = st.layers.at;
	for (size_t i = 0; i < st.layers.n; i++) {
		if (!l[i].works)
			print_message("not here: %.*s (%.*s)\n",
				      STR_FMT(l[i].name),
				      STR_FMT(l[i].not_contained));
		assert_int_equal(l[i].works, l[i].not_contained.p == NULL);
		if (st.level == RUN_FULL && !may_be_absent(l[i].name))
			assert_true(l[i].works);
	}
	assert_true(st.layers.n > 15);
}

/* -- the same, weaker -- */

static void in_a_child(uid_t id, int level, void (*test)(void **state))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct box_world w;
		void *state = &w;

		/* A change of ids hides /proc/self, unlike a start as one. */
		if (id && (setresgid(id, id, id) || setresuid(id, id, id) ||
			   prctl(PR_SET_DUMPABLE, 1)))
			_exit(3);
		if (box_world_open(&w, level)) {
			print_message("skipped: %s\n", w.cx.error.text);
			_exit(0);
		}
		print_message("level: %s\n",
			      run_level_words[box_host_level(w.host)]);
		test(&state);
		box_world_close(&w);
		_exit(0);
	}
	assert_true(waitpid(pid, &status, 0) == pid);
	assert_int_equal(status, 0);
}

/* A failed assertion of a child must end it: cmocka's own way out is ours. */
#define REQUIRE(cond)                                                          \
	do {                                                                   \
		if (!(cond)) {                                                 \
			print_message("line %d: %s\n", __LINE__, #cond);       \
			fflush(stdout);                                        \
                                                                               \
			_exit(4);                                              \
		}                                                              \
	} while (0)

/* Whether the selftest says of a layer that it is there. */
static bool said_to_work(struct box_world *w, const char *layer)
{
	struct box_selftest st;
	const struct box_layer *l;

	REQUIRE(!box_selftest(&w->cx, w->host, &st));
	l = st.layers.at;
	for (size_t i = 0; i < st.layers.n; i++)
		if (str_is(l[i].name, layer))
			return l[i].works;
	REQUIRE(false);
	return false;
}

static void weaker(void **state)
{
	struct box_world *w = *state;
	struct run_ask ask = ask_sh(w, "setsid sleep 775.25 & sleep 774.25");
	struct run_want want = { STR("out"), 10 };

	REQUIRE(sh(w, "exit 7")->exit == 7);
	REQUIRE(sh(w, "cat /etc/shadow /etc/sudoers")->exit != 0);
	REQUIRE(sh(w, "ls /root /home")->exit != 0);
	REQUIRE(sh(w, "ls /proc/self/net/unix && "
		      "[ $(wc -l < /proc/self/net/unix) != 1 ]")
			->exit != 0);
	REQUIRE(w->told.level != RUN_SAMPLED ||
		sh(w, "python3 -c 'import ctypes; s = ctypes.CDLL(None).semget;"
		      " exit(s(0, 9, 0o1600) >= 0)'")
				->exit == 0);
	REQUIRE(sh(w, "kill -9 $PPID; kill -9 1; echo here")->verdict ==
		RUN_AC);
	ask.limits.wall_ms = 50;
	REQUIRE(told(w, &ask)->cause == RUN_BY_WALL);
	REQUIRE(!on_host("775.25") && !on_host("774.25"));
	ask = ask_sh(w, "while :; do :; done");
	ask.limits.cpu_ms = 50;
	REQUIRE(told(w, &ask)->cause == RUN_BY_CPU);
	ask = ask_sh(w, "x=x; while :; do x=$x$x; done");
	ask.limits.memory_bytes = 64 << 20;
	REQUIRE(told(w, &ask)->cause == RUN_BY_MEMORY);
	ask = ask_sh(w, "mkdir -p a/b/c; chmod 0 a; echo z > out; chmod 0 out");
	ask.want = (struct list){ &want, 1 };
	REQUIRE(told(w, &ask)->verdict == RUN_AC);
	/* All files together are bounded by the box's own file system, which a
	 * weak fence has not, and says so. */
	REQUIRE(said_to_work(w, "disk_limit") == (w->told.level > RUN_WEAK));
	if (w->told.level > RUN_WEAK)
		REQUIRE(((struct run_got *)w->told.got.at)->state == RUN_GOT);
}

enum { NOBODY_KNOWS = 54399 };

static void without_a_cgroup_limits_are_still_kept(void **state)
{
	(void)state;
	in_a_child(0, RUN_SAMPLED, weaker);
}

static void an_ordinary_user_has_a_fence(void **state)
{
	(void)state;
	in_a_child(geteuid() ? 0 : NOBODY_KNOWS, 0, weaker);
}

static void without_namespaces_there_is_a_weaker_one(void **state)
{
	(void)state;
	in_a_child(geteuid() ? 0 : NOBODY_KNOWS, RUN_WEAK, weaker);
	in_a_child(0, RUN_WEAK, weaker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_go_in_and_come_out),
		cmocka_unit_test(input_is_read_to_its_end),
		cmocka_unit_test(only_regular_files_are_collected),
		cmocka_unit_test(nothing_is_left_for_the_next_run),
		cmocka_unit_test(what_it_started_dies_with_it),
		cmocka_unit_test(nothing_of_our_environment_is_seen),
		cmocka_unit_test(the_hosts_network_is_not_told_of),
		cmocka_unit_test(devices_keep_no_notes),
		cmocka_unit_test(
			asks_that_cannot_be_run_are_refused_with_their_field),
		cmocka_unit_test(bytes_and_inodes_of_all_files_are_bounded),
		cmocka_unit_test(programs_have_ids_of_no_one_else),
		cmocka_unit_test(two_hosts_never_use_one_id),
		cmocka_unit_test(runs_made_ready_are_used_once),
		cmocka_unit_test(one_that_was_made_ready_and_died_is_not_taken),
		cmocka_unit_test(
			cgroups_that_somebody_took_away_are_made_again),
		cmocka_unit_test(
			folders_without_end_are_not_walked_to_their_end),
		cmocka_unit_test(the_limit_of_core_files_is_one_byte_for_good),
		cmocka_unit_test(every_layer_that_is_there_holds),
		cmocka_unit_test(without_a_cgroup_limits_are_still_kept),
		cmocka_unit_test(an_ordinary_user_has_a_fence),
		cmocka_unit_test(without_namespaces_there_is_a_weaker_one),
	};

	return cmocka_run_group_tests(tests, box_setup, box_teardown);
}
