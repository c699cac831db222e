/* Runs by an assay-box: many, pairs, alone, terminals; and who dies with whom.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/sandbox/box_world.h"
#include "sandbox/box_client.h"

struct world {
	struct ctx cx;
	struct boxes *boxes;
	const struct runner *r;
	struct run_told told;
	int64_t ticket;
};

static int setup_level(void **state, int level)
{
	struct world *w = calloc(1, sizeof(*w)); /* allowed: a test's */
	struct boxes_opts opts = { .width = 4, .box.level_most = level };

	*state = w;
	w->cx.arena = arena_new(1 << 16);
	if (boxes_open(&w->cx, &opts, &w->boxes)) {
		print_message("%s\n", w->cx.error.text);
		return 1;
	}
	w->r = boxes_runner(w->boxes);
	print_message("level %s\n", run_level_words[w->r->level]);
	return 0;
}

static int setup(void **state)
{
	return setup_level(state, 0);
}

static int setup_weak(void **state)
{
	return setup_level(state, RUN_WEAK);
}

static int teardown(void **state)
{
	struct world *w = *state;

	boxes_close(w->boxes);
	arena_free(w->cx.arena);
	free(w);
	return 0;
}

static struct run_ask ask_for(struct world *w, const char *script)
{
	struct box_world b = { .cx = w->cx };

	return ask_sh(&b, script);
}

static int64_t start(struct world *w, const struct run_ask *ask)
{
	int64_t ticket = -1;

	if (w->r->start(&w->cx, w->r->arg, ask, &ticket))
		fail_msg("%s", w->cx.error.text);
	return ticket;
}

static void wait_next(struct world *w)
{
	if (w->r->wait(&w->cx, w->r->arg, &w->ticket, &w->told))
		fail_msg("%s", w->cx.error.text);
}

static void more_runs_than_there_is_room_for_are_all_told(void **state)
{
	struct world *w = *state;
	bool seen[20] = { false };
	int64_t first = -1;

	for (int i = 0; i < 20; i++) {
		char script[32];
		struct run_ask ask;
		int64_t t;

		snprintf(script, sizeof(script), "exit %d", i);
		ask = ask_for(w, script);
		t = start(w, &ask);
		if (i == 0)
			first = t;
	}
	for (int i = 0; i < 20; i++) {
		wait_next(w);
		assert_int_equal(w->told.cause, RUN_BY_EXIT);
		assert_int_equal(w->told.exit, w->ticket - first);
		assert_false(seen[w->told.exit]);
		seen[w->told.exit] = true;
	}
}

static void bytes_of_any_length_go_in_and_out(void **state)
{
	struct world *w = *state;
	size_t n = 700000;
	char *p = arena_alloc(w->cx.arena, n);
	struct run_file f = { STR("f"), { p, n }, false };
	struct run_want want = { STR("g"), 1 << 20 };
	struct run_ask ask = ask_for(w, "cat; cp f g");
	const struct run_got *g;

	for (size_t i = 0; i < n; i++)
		p[i] = (char)(i * 7 >> 3);
	ask.input = f.data;
	ask.put = (struct list){ &f, 1 };
	ask.want = (struct list){ &want, 1 };
	start(w, &ask);
	wait_next(w);
	assert_int_equal(w->told.verdict, RUN_AC);
	assert_true(str_eq(w->told.out, f.data));
	g = w->told.got.at;
	assert_true(str_eq(g->data, f.data));
}

static void two_talk_to_each_other_by_pipes(void **state)
{
	struct world *w = *state;
	struct run_ask ask[2] = {
		ask_for(w, "echo ping; read x; [ $x = pong ]"),
		ask_for(w, "read y; [ $y = ping ] && echo pong"),
	};
	int64_t t[2];

	for (int i = 0; i < 5; i++) {
		assert_int_equal(w->r->start_pair(&w->cx, w->r->arg, ask, t),
				 OK);
		for (int k = 0; k < 2; k++) {
			wait_next(w);
			assert_int_equal(w->told.verdict, RUN_AC);
			assert_int_equal(w->told.out.n, 0);
		}
	}
}

static void one_of_a_pair_that_cannot_run_takes_the_other_along(void **state)
{
	struct world *w = *state;
	struct run_ask ask[2] = { ask_for(w, ":"), ask_for(w, ":") };
	int64_t t[2];

	ask[1].argv.n = 0;
	assert_int_equal(w->r->start_pair(&w->cx, w->r->arg, ask, t),
			 ERR_INVALID);
	ask[0] = ask_for(w, "exit 4");
	start(w, &ask[0]);
	wait_next(w);
	assert_int_equal(w->told.exit, 4);
}

static void alone_means_that_nothing_runs_beside_it(void **state)
{
	struct world *w = *state;
	struct run_ask slow = ask_for(w, "sleep 0.2"), alone = ask_for(w, ":");
	int64_t first = start(w, &slow), second, third;

	alone.alone = true;
	second = start(w, &alone);
	slow = ask_for(w, ":");
	third = start(w, &slow);
	wait_next(w);
	assert_int_equal(w->ticket, first);
	wait_next(w);
	assert_int_equal(w->ticket, second);
	wait_next(w);
	assert_int_equal(w->ticket, third);
}

static void cancelled_runs_are_not_told(void **state)
{
	struct world *w = *state;
	struct run_ask ask = ask_for(w, "sleep 100");
	int64_t t;

	for (int i = 0; i < 8; i++)
		start(w, &ask);
	w->r->cancel(w->r->arg);
	ask = ask_for(w, "exit 5");
	t = start(w, &ask);
	wait_next(w);
	assert_int_equal(w->ticket, t);
	assert_int_equal(w->told.exit, 5);
}

static void one_run_can_be_cancelled(void **state)
{
	struct world *w = *state;
	struct run_ask ask = ask_for(w, "sleep 100");
	int64_t t = start(w, &ask);

	boxes_cancel(w->boxes, t);
	wait_next(w);
	assert_int_equal(w->ticket, t);
	assert_int_equal(w->told.cause, RUN_BY_CANCEL);
}

/* Reads until the text is there; the box's hard life bounds it. */
/* What comes is looked at once: two words may come in one piece. */
static bool reads_both(int fd, const char *first, const char *second)
{
	char got[8192];
	size_t n = 0;

	while (n < sizeof(got)) {
		ssize_t more = read(fd, got + n, sizeof(got) - n);

		if (more <= 0)
			return false;
		n += (size_t)more;
		if (memmem(got, n, first, strlen(first)) &&
		    memmem(got, n, second, strlen(second)))
			return true;
	}
	return false;
}

static bool reads(int fd, const char *text)
{
	return reads_both(fd, text, text);
}

static void a_terminal_is_the_runs_own(void **state)
{
	struct world *w = *state;
	struct winsize size = { .ws_row = 50, .ws_col = 132 };
	struct run_want want = { STR("kept"), 100 };
	struct run_ask ask = ask_for(w, "exec sh");
	const char *say = "stty size; tty; echo work > kept; echo li''ve\n";
	int master = -1;
	int64_t t;

	ask.limits.wall_ms = 20000;
	ask.want = (struct list){ &want, 1 };
	if (boxes_terminal(&w->cx, w->boxes, &ask, 24, 80, &master, &t))
		fail_msg("%s", w->cx.error.text);
	assert_true(write(master, say, strlen(say)) > 0);
	assert_true(reads_both(master, "24 80", "live"));
	assert_int_equal(ioctl(master, TIOCSWINSZ, &size), 0);
	assert_true(write(master, "stty size\n", 10) == 10);
	assert_true(reads(master, "50 132"));
	boxes_cancel(w->boxes, t);
	wait_next(w);
	assert_int_equal(w->ticket, t);
	assert_int_equal(w->told.cause, RUN_BY_CANCEL);
	assert_str(((struct run_got *)w->told.got.at)->data, "work\n");
	close(master);
}

static const struct run_got *find(struct list l, const char *name)
{
	const struct run_got *g = l.at;

	for (size_t i = 0; i < l.n; i++)
		if (str_is(g[i].name, name))
			return &g[i];
	return NULL;
}

static void the_work_of_a_session_can_be_saved_while_it_goes_on(void **state)
{
	struct world *w = *state;
	struct run_want want = { STR("."), 1 << 20 };
	struct run_ask ask = ask_for(
		w, "mkdir -p a/b; echo one > a/b/c; ln -s /etc d; mkfifo e; "
		   "echo rea''dy; read x; echo two > f; exit 3");
	struct list files;
	int master = -1;
	int64_t t;

	ask.limits.wall_ms = 20000;
	ask.want = (struct list){ &want, 1 };
	if (boxes_terminal(&w->cx, w->boxes, &ask, 24, 80, &master, &t))
		fail_msg("%s", w->cx.error.text);
	assert_true(reads(master, "ready"));
	assert_int_equal(boxes_tree(&w->cx, w->boxes, t, 1 << 20, &files), OK);
	assert_int_equal(files.n, 3);
	assert_str(find(files, "a/b/c")->data, "one\n");
	assert_int_equal(find(files, "d")->state, RUN_GOT_NOT_REGULAR);
	assert_int_equal(find(files, "e")->state, RUN_GOT_NOT_REGULAR);
	assert_int_equal(boxes_tree(&w->cx, w->boxes, t, 3, &files), OK);
	assert_int_equal(find(files, "a/b/c")->state, RUN_GOT_TOO_LARGE);
	assert_true(write(master, "\n", 1) == 1);
	wait_next(w);
	assert_int_equal(w->told.exit, 3);
	assert_str(find(w->told.got, "f")->data, "two\n");
	assert_int_equal(boxes_tree(&w->cx, w->boxes, t, 1 << 20, &files),
			 ERR_NOT_FOUND);
	close(master);
}

/* What was planted where an editor's file goes is replaced, not followed. */
static void files_go_into_what_runs_and_follow_nothing(void **state)
{
	struct run_file files[] = {
		{ STR("a"), STR("new a"), false },
		{ STR("link"), STR("new link"), false },
		{ STR("out/x"), STR("x"), false },
		{ STR("pipe"), STR("new pipe"), true },
		{ STR("n/e/w"), STR("w"), false },
		{ STR("folder"), STR("f"), false },
	};
	struct str gone[] = { STR("old"), STR("no") };
	struct world *w = *state;
	const struct list put = { files, 6 }, removed = { gone, 2 };
	struct run_want want = { STR("."), 1 << 20 };
	struct run_ask ask = ask_for(
		w, "echo a > a; echo v > victim; ln -s victim link; "
		   "ln -s /tmp out; mkfifo pipe; echo o > old; mkdir folder; "
		   "touch folder/y; echo rea''dy; read x; cat n/e/w > seen; "
		   "echo more >> a; exit 3");
	struct list refused;
	int master = -1;
	int64_t t;

	ask.limits.wall_ms = 20000;
	ask.want = (struct list){ &want, 1 };
	if (boxes_terminal(&w->cx, w->boxes, &ask, 24, 80, &master, &t))
		fail_msg("%s", w->cx.error.text);
	assert_true(reads(master, "ready"));
	assert_int_equal(
		boxes_put(&w->cx, w->boxes, t, &put, &removed, &refused), OK);
	assert_int_equal(refused.n, 2);
	assert_non_null(find(refused, "out/x"));
	assert_non_null(find(refused, "folder"));
	assert_true(write(master, "\n", 1) == 1);
	wait_next(w);
	assert_int_equal(w->told.exit, 3);
	/* The program's own: it could write to what came. */
	assert_str(find(w->told.got, "a")->data, "new amore\n");
	assert_str(find(w->told.got, "link")->data, "new link");
	assert_str(find(w->told.got, "victim")->data, "v\n");
	assert_str(find(w->told.got, "pipe")->data, "new pipe");
	assert_true(find(w->told.got, "pipe")->executable);
	assert_str(find(w->told.got, "seen")->data, "w");
	assert_null(find(w->told.got, "old"));
	assert_int_equal(
		boxes_put(&w->cx, w->boxes, t, &put, &removed, &refused),
		ERR_NOT_FOUND);
	close(master);
}

/* The same without a terminal, which there may be none of. */
static void files_go_into_what_has_no_terminal(void **state)
{
	struct run_file files[] = {
		{ STR("link"), STR("new link"), false },
		{ STR("out/x"), STR("x"), false },
		{ STR("n/e/w"), STR("w"), true },
	};
	struct str gone[] = { STR("old") };
	struct world *w = *state;
	const struct list put = { files, 3 }, removed = { gone, 1 };
	struct run_want want = { STR("."), 1 << 20 };
	struct run_ask ask = ask_for(
		w, "echo v > victim; ln -s victim link; ln -s /tmp out; "
		   "echo o > old; while ! [ -x n/e/w ]; do sleep 0.01; done; "
		   "while [ -e old ]; do sleep 0.01; done; "
		   "cat link >> n/e/w; exit 3");
	struct list refused = { 0 }, seen = { 0 };
	int64_t t;

	ask.limits.wall_ms = 20000;
	ask.want = (struct list){ &want, 1 };
	t = start(w, &ask);
	while (boxes_tree(&w->cx, w->boxes, t, 1 << 20, &seen) ||
	       !find(seen, "old"))
		err_clear(&w->cx);
	assert_int_equal(
		boxes_put(&w->cx, w->boxes, t, &put, &removed, &refused), OK);
	assert_int_equal(refused.n, 1);
	assert_non_null(find(refused, "out/x"));
	wait_next(w);
	assert_int_equal(w->told.exit, 3);
	assert_str(find(w->told.got, "link")->data, "new link");
	assert_str(find(w->told.got, "victim")->data, "v\n");
	assert_str(find(w->told.got, "n/e/w")->data, "wnew link");
	assert_null(find(w->told.got, "old"));
}

enum { NOBODY_KNOWS = 54398 };

/* In a child, as somebody who is nobody. */
static void put_as_nobody(int (*opens)(void **state), bool terminals)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_go_into_what_has_no_terminal),
		cmocka_unit_test(files_go_into_what_runs_and_follow_nothing),
	};
	uid_t id = geteuid() ? geteuid() : NOBODY_KNOWS;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		/* A change of ids hides /proc/self, unlike a start as one. */
		if ((!geteuid() &&
		     (setresgid(id, id, id) || setresuid(id, id, id))) ||
		    prctl(PR_SET_DUMPABLE, 1))
			_exit(3);
		_exit(terminals ? cmocka_run_group_tests(tests, opens, teardown)
				: _cmocka_run_group_tests("weak", tests, 1,
							  opens, teardown));
	}
	assert_true(waitpid(pid, &status, 0) == pid);
	assert_int_equal(status, 0);
}

static void an_ordinary_users_files_go_in_likewise(void **state)
{
	(void)state;
	put_as_nobody(setup, true);
}

static void behind_a_weak_fence_they_do_as_well(void **state)
{
	(void)state;
	put_as_nobody(setup_weak, false);
}

static void what_ignores_the_hangup_is_killed(void **state)
{
	struct world *w = *state;
	struct run_ask ask = ask_for(
		w, "trap '' HUP; echo rea''dy; while :; do sleep 1; done");
	int master = -1;
	int64_t t;

	ask.limits.wall_ms = 20000;
	if (boxes_terminal(&w->cx, w->boxes, &ask, 24, 80, &master, &t))
		fail_msg("%s", w->cx.error.text);
	assert_true(reads(master, "ready"));
	boxes_cancel(w->boxes, t);
	wait_next(w);
	assert_int_equal(w->told.cause, RUN_BY_CANCEL);
	assert_in_range(w->told.wall_us, 1900000, 5000000);
	close(master);
}

/* The one child of this process: assay-box. */
static pid_t server(void)
{
	char path[64];
	FILE *f;
	int pid = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children",
		 (int)getpid());
	f = fopen(path, "r");
	if (!f || fscanf(f, "%d", &pid) != 1)
		pid = 0;
	if (f)
		fclose(f);
	return pid;
}

static void a_server_that_dies_is_told_and_replaced(void **state)
{
	struct world *w = *state;
	struct run_ask ask = ask_for(w, "sleep 100");
	int64_t t = start(w, &ask);
	pid_t pid = server();

	assert_true(pid > 0);
	kill(pid, SIGKILL);
	wait_next(w);
	assert_int_equal(w->ticket, t);
	assert_int_equal(w->told.verdict, RUN_IE);
	assert_true(w->told.why.n > 0);
	ask = ask_for(w, "exit 6");
	start(w, &ask);
	wait_next(w);
	assert_int_equal(w->told.exit, 6);
}

/* A client that starts something endless, says whose, and is killed. */
static _Noreturn void doomed(int out)
{
	struct world w = { .cx = { .arena = arena_new(1 << 16) } };
	struct boxes_opts opts = { .width = 2 };
	struct run_ask ask;
	pid_t pid;

	if (boxes_open(&w.cx, &opts, &w.boxes))
		_exit(1);
	w.r = boxes_runner(w.boxes);
	ask = ask_for(&w, "sleep 100");
	start(&w, &ask);
	pid = server();
	if (write(out, &pid, sizeof(pid)) != sizeof(pid))
		_exit(1);
	pause();
	_exit(0);
}

static void a_server_dies_with_its_client(void **state)
{
	int pipes[2], status, fd;
	struct pollfd p = { .events = POLLIN };
	pid_t client, pid = 0;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	client = fork();
	if (client == 0)
		doomed(pipes[1]);
	assert_true(read(pipes[0], &pid, sizeof(pid)) == sizeof(pid));
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	assert_true(fd >= 0);
	kill(client, SIGKILL);
	waitpid(client, &status, 0);
	p.fd = fd;
	assert_int_equal(poll(&p, 1, 10000), 1);
	close(fd);
	close(pipes[0]);
	close(pipes[1]);
}

static void a_program_that_is_not_there_is_said(void **state)
{
	struct world *w = *state;
	struct boxes_opts opts = { .program = "/no/such/assay-box" };
	struct boxes *b = NULL;

	assert_int_equal(boxes_open(&w->cx, &opts, &b), ERR_UNAVAILABLE);
	assert_non_null(strstr(w->cx.error.text, "/no/such/assay-box"));
	opts.program = "/bin/true";
	assert_int_equal(boxes_open(&w->cx, &opts, &b), ERR_UNAVAILABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(more_runs_than_there_is_room_for_are_all_told),
		cmocka_unit_test(bytes_of_any_length_go_in_and_out),
		cmocka_unit_test(two_talk_to_each_other_by_pipes),
		cmocka_unit_test(
			one_of_a_pair_that_cannot_run_takes_the_other_along),
		cmocka_unit_test(alone_means_that_nothing_runs_beside_it),
		cmocka_unit_test(cancelled_runs_are_not_told),
		cmocka_unit_test(one_run_can_be_cancelled),
		cmocka_unit_test(a_terminal_is_the_runs_own),
		cmocka_unit_test(
			the_work_of_a_session_can_be_saved_while_it_goes_on),
		cmocka_unit_test(files_go_into_what_runs_and_follow_nothing),
		cmocka_unit_test(files_go_into_what_has_no_terminal),
		cmocka_unit_test(an_ordinary_users_files_go_in_likewise),
		cmocka_unit_test(behind_a_weak_fence_they_do_as_well),
		cmocka_unit_test(what_ignores_the_hangup_is_killed),
		cmocka_unit_test(a_server_that_dies_is_told_and_replaced),
		cmocka_unit_test(a_server_dies_with_its_client),
		cmocka_unit_test(a_program_that_is_not_there_is_said),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
