/* Files into a folder where somebody works: whole, and never outside of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/hostdir_write.h"

struct world {
	struct ctx cx;
	char folder[64], root[80], outside[80];
	struct hostdir h;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	umask(022);
	w->cx.arena = arena_new(65536);
	snprintf(w->folder, sizeof(w->folder), "/tmp/assay-hostdir-XXXXXX");
	if (!mkdtemp(w->folder))
		return -1;
	snprintf(w->root, sizeof(w->root), "%s/lab", w->folder);
	snprintf(w->outside, sizeof(w->outside), "%s/outside", w->folder);
	if (mkdir(w->outside, 0700))
		return -1;
	*state = w;
	return hostdir_open(&w->cx, w->root, true, &w->h) == OK ? 0 : -1;
}

static int gone(const char *path, const struct stat *st, int type,
		struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

static int teardown(void **state)
{
	struct world *w = *state;

	hostdir_close(&w->h);
	nftw(w->folder, gone, 16, FTW_DEPTH | FTW_PHYS);
	arena_free(w->cx.arena);
	free(w);
	return 0;
}

static struct run_file file(const char *name, const char *text)
{
	return (struct run_file){ .name = str_of(name), .data = str_of(text) };
}

static enum err put(struct world *w, const char *name, const char *text,
		    const char *was)
{
	struct run_file f = file(name, text), old = file(name, was);

	err_clear(&w->cx);
	return hostdir_put(&w->cx, &w->h, &f, was ? &old : NULL);
}

static const char *path(struct world *w, const char *name)
{
	return str_fmt(w->cx.arena, "%s/%s", w->root, name).p;
}

static mode_t mode(struct world *w, const char *name)
{
	struct stat st;

	assert_int_equal(lstat(path(w, name), &st), 0);
	return st.st_mode & 07777;
}

static void assert_holds(struct world *w, const char *name, const char *text)
{
	struct run_file f;

	assert_int_equal(hostdir_load(&w->cx, &w->h, str_of(name), 1000, &f),
			 OK);
	assert_true(str_is(f.data, text));
}

/* Nothing is in the folder that the links lead to. */
static void assert_untouched(struct world *w)
{
	assert_int_equal(rmdir(w->outside), 0);
	assert_int_equal(mkdir(w->outside, 0700), 0);
}

static void files_are_put_with_their_folders_and_taken_with_them(void **state)
{
	struct world *w = *state;
	struct run_file f = file("a/b/c.txt", "one");

	assert_int_equal(put(w, "a/b/c.txt", "one", NULL), OK);
	assert_int_equal(put(w, "a/d.txt", "", NULL), OK);
	assert_holds(w, "a/b/c.txt", "one");
	assert_int_equal(hostdir_remove(&w->cx, &w->h, &f), OK);
	assert_int_not_equal(access(path(w, "a/b"), F_OK), 0);
	assert_holds(w, "a/d.txt", "");
	assert_int_equal(hostdir_sync(&w->cx, &w->h), OK);
	assert_int_not_equal(access(path(w, HOSTDIR_TEMP), F_OK), 0);
}

static void a_name_that_leads_out_is_refused(void **state)
{
	struct world *w = *state;
	static const char *const bad[] = { "../outside/x", "/tmp/x",	"a//b",
					   ".git/config",  "a/../../x", "" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(put(w, bad[i], "x", NULL), ERR_INVALID);
	assert_untouched(w);
}

static void a_link_is_neither_followed_nor_replaced(void **state)
{
	struct world *w = *state;
	struct run_file f = file("d/x", "x");
	struct stat st;

	assert_int_equal(symlink(w->outside, path(w, "d")), 0);
	assert_int_equal(symlink("../outside/x", path(w, "l")), 0);
	assert_int_equal(put(w, "d/x", "x", NULL), ERR_CONFLICT);
	assert_int_equal(put(w, "l", "x", NULL), ERR_CONFLICT);
	assert_int_equal(hostdir_remove(&w->cx, &w->h, &f), ERR_CONFLICT);
	assert_int_equal(hostdir_load(&w->cx, &w->h, STR("l"), 9, &f),
			 ERR_CONFLICT);
	assert_int_equal(lstat(path(w, "l"), &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_untouched(w);
}

static void our_own_file_replaces_a_link_without_following_it(void **state)
{
	struct world *w = *state;
	struct run_file f = file("mark", "m");

	assert_int_equal(symlink("../outside/x", path(w, "mark")), 0);
	assert_int_equal(symlink("../outside/y", path(w, HOSTDIR_TEMP)), 0);
	assert_int_equal(hostdir_put_over(&w->cx, &w->h, &f), OK);
	assert_holds(w, "mark", "m");
	assert_untouched(w);
}

static void what_was_changed_meanwhile_is_never_replaced(void **state)
{
	struct world *w = *state;
	struct run_file f = file("a", "one");

	assert_int_equal(put(w, "a", "one", NULL), OK);
	assert_int_equal(put(w, "a", "two", NULL), ERR_CONFLICT);
	assert_int_equal(put(w, "a", "two", "other"), ERR_CONFLICT);
	assert_int_equal(put(w, "a", "two", "one"), OK);
	assert_int_equal(hostdir_remove(&w->cx, &w->h, &f), ERR_CONFLICT);
	assert_holds(w, "a", "two");
}

static void a_mode_is_kept_but_for_the_right_to_be_run(void **state)
{
	struct world *w = *state;
	struct run_file f = file("a", "1"), was = file("a", "2");

	f.executable = true;
	assert_int_equal(hostdir_put(&w->cx, &w->h, &f, NULL), OK);
	assert_int_equal(mode(w, "a"), 0755);
	assert_int_equal(chmod(path(w, "a"), 0750), 0);
	f = file("a", "2");
	was = file("a", "1");
	was.executable = true;
	assert_int_equal(hostdir_put(&w->cx, &w->h, &f, &was), OK);
	assert_int_equal(mode(w, "a"), 0640);
	f.executable = true;
	was = file("a", "2");
	assert_int_equal(hostdir_put(&w->cx, &w->h, &f, &was), OK);
	assert_int_equal(mode(w, "a"), 0750);
	assert_int_equal(put(w, "plain", "", NULL), OK);
	assert_int_equal(mode(w, "plain"), 0644);
}

static void two_do_not_work_in_one_folder_at_once(void **state)
{
	struct world *w = *state;
	struct hostdir other;

	assert_int_equal(hostdir_open(&w->cx, w->root, false, &other),
			 ERR_CONFLICT);
	hostdir_close(&w->h);
	assert_int_equal(hostdir_open(&w->cx, w->root, false, &other), OK);
	hostdir_close(&other);
	assert_int_equal(hostdir_open(&w->cx, path(w, "none"), false, &other),
			 ERR_NOT_FOUND);
}

static void what_a_killed_one_left_is_taken_away(void **state)
{
	struct world *w = *state;
	int fd = open(path(w, HOSTDIR_TEMP), O_CREAT | O_WRONLY, 0600);

	assert_true(fd >= 0);
	close(fd);
	hostdir_close(&w->h);
	/* Not before it is known that the folder is ours. */
	assert_int_equal(hostdir_open(&w->cx, w->root, false, &w->h), OK);
	assert_int_equal(access(path(w, HOSTDIR_TEMP), F_OK), 0);
	hostdir_tidy(&w->h);
	assert_int_not_equal(access(path(w, HOSTDIR_TEMP), F_OK), 0);
}

/* Where of the events this one stands last; -1: nowhere. */
static int last_event(const char *p, ssize_t n, uint32_t kind, const char *name)
{
	int at = -1;

	for (int i = 0; n > 0; i++) {
		const struct inotify_event *e = (const void *)p;
		size_t size = sizeof(*e) + e->len;

		if (e->mask & kind && e->len && strcmp(e->name, name) == 0)
			at = i;
		p += size;
		n -= (ssize_t)size;
	}
	return at;
}

static void the_old_file_is_looked_at_when_the_new_one_is_written(void **state)
{
	struct world *w = *state;
	_Alignas(struct inotify_event) char events[8192];
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), written, looked,
	    put_at;
	ssize_t n;

	assert_int_equal(put(w, "a", "one", NULL), OK);
	assert_true(inotify_add_watch(fd, w->root,
				      IN_OPEN | IN_CLOSE_WRITE | IN_MOVED_TO) >=
		    0);
	assert_int_equal(put(w, "a", "two", "one"), OK);
	n = read(fd, events, sizeof(events));
	assert_true(n > 0);
	written = last_event(events, n, IN_CLOSE_WRITE, HOSTDIR_TEMP);
	looked = last_event(events, n, IN_OPEN, "a");
	put_at = last_event(events, n, IN_MOVED_TO, "a");
	assert_true(written >= 0 && written < looked && looked < put_at);
	/* And of one that is not put nothing is left. */
	assert_int_equal(put(w, "a", "three", "one"), ERR_CONFLICT);
	assert_int_equal(put(w, "a", "three", NULL), ERR_CONFLICT);
	assert_int_not_equal(access(path(w, HOSTDIR_TEMP), F_OK), 0);
	close(fd);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(files_are_put_with_their_folders_and_taken_with_them),
		TEST(a_name_that_leads_out_is_refused),
		TEST(a_link_is_neither_followed_nor_replaced),
		TEST(our_own_file_replaces_a_link_without_following_it),
		TEST(what_was_changed_meanwhile_is_never_replaced),
		TEST(a_mode_is_kept_but_for_the_right_to_be_run),
		TEST(two_do_not_work_in_one_folder_at_once),
		TEST(what_a_killed_one_left_is_taken_away),
		TEST(the_old_file_is_looked_at_when_the_new_one_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
