/*
 * What fails on the disk: every call once, space that runs out, files that are
 * damaged.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/unit/sandbox/subs_world.h"

#include "tests/unit/sandbox/subs_disk.h"

enum { PUTS = 6 };

struct run_through {
	struct subs_done acked[PUTS];
	bool is_acked[PUTS];
	bool failed;
};

/* A flush that fails leaves the ref where it was; a later one may work. */
static void put_and_flush(struct subs_world *w, struct run_through *r, int i,
			  enum err want)
{
	struct list files = world_files(w, "try", (uint64_t)i);
	struct subs_ask ask = { .repo = STR("c1"),
				.ref = STR("refs/subs/a/1"),
				.files = &files,
				.message = STR("submission\n") };
	struct oid before = { 0 }, after = { 0 };
	enum err had, has, e;

	had = subs_tip(&w->cx, w->s, ask.repo, ask.ref, &before);
	e = subs_put(&w->cx, w->s, &ask, &r->acked[i]);
	if (!e)
		e = subs_flush(w->s, &w->cx);
	if (!e) {
		subs_committed(w->s, &w->cx);
		r->is_acked[i] = true;
		return;
	}
	assert_int_equal(e, want);
	r->failed = true;
	subs_aborted(w->s);
	has = subs_tip(&w->cx, w->s, ask.repo, ask.ref, &after);
	assert_int_equal(has, had);
	assert_true(oid_eq(&before, &after));
}

static void pack_what_can(struct subs_world *w, struct run_through *r,
			  enum err want)
{
	struct subs_packed p = { .more = true };
	enum err e = subs_rotate(&w->cx, w->s);

	while (!e && p.more)
		e = subs_pack_step(&w->cx, w->s, &p);
	if (e) {
		assert_int_equal(e, want);
		r->failed = true;
	}
}

static void acked_are_there(struct subs_world *w, const struct run_through *r)
{
	for (int i = 0; i < PUTS; i++)
		if (r->is_acked[i])
			world_has(w, "c1", &r->acked[i].commit, "try",
				  (uint64_t)i);
}

/* Returns whether the n-th call was reached. */
static bool one_run(void **state, int64_t nth, int no, bool sticky,
		    enum err want)
{
	struct run_through r = { 0 };
	struct subs_world *w;
	struct bad_disk d;

	world_up((void **)&w);
	subs_close(w->s);
	bad_init(&d, rng_system());
	w->opts.disk = &d.disk;
	w->opts.segment_bytes = 1500;
	world_start(w);
	d.at = nth;
	d.no = no;
	d.sticky = sticky;
	for (int i = 0; i < PUTS; i++) {
		put_and_flush(w, &r, i, want);
		if (i % 2)
			pack_what_can(w, &r, want);
		acked_are_there(w, &r);
	}
	acked_are_there(w, &r);
	w->opts.disk = NULL;
	world_restart(w);
	acked_are_there(w, &r);
	world_put(w, "c1", "refs/subs/a/1", "at the end", 99);
	world_flush(w);
	world_pack(w);
	acked_are_there(w, &r);
	world_fsck(w, "c1", false);
	world_down((void **)&w);
	(void)state;
	return r.failed || d.calls >= nth;
}

static void
every_call_may_fail_once_and_nothing_acknowledged_is_lost(void **state)
{
	int64_t n = 1;

	while (one_run(state, n, EIO, false, ERR_UNAVAILABLE))
		n++;
	print_message("%lld calls\n", (long long)n - 1);
	assert_true(n > 40);
}

static void a_full_disk_is_said_to_be_read_only(void **state)
{
	int64_t n = 1;

	while (one_run(state, n, ENOSPC, true, ERR_READ_ONLY))
		n += 5;
	assert_true(n > 40);
}

static void a_batch_that_another_thread_lost_is_not_acknowledged(void **state)
{
	struct subs_world *w = *state;
	struct bad_disk d;
	struct oid tip;

	subs_close(w->s);
	bad_init(&d, rng_system());
	w->opts.disk = &d.disk;
	world_start(w);
	world_put(w, "c1", "refs/subs/a/1", "x", 1);
	d.at = d.calls + 1;
	d.no = EIO;
	/* As another thread may do between put and flush. */
	assert_int_equal(subs_rotate(&w->cx, w->s), ERR_UNAVAILABLE);
	world_put(w, "c1", "refs/subs/b/1", "x", 2);
	assert_int_equal(subs_flush(w->s, &w->cx), ERR_UNAVAILABLE);
	subs_aborted(w->s);
	assert_int_equal(
		subs_tip(&w->cx, w->s, STR("c1"), STR("refs/subs/b/1"), &tip),
		ERR_NOT_FOUND);
	world_put(w, "c1", "refs/subs/b/1", "x", 3);
	world_flush(w);
}

/* ---- damaged files ---- */

static int first_segment(struct subs_world *w, int flags)
{
	const char *path =
		str_fmt(w->cx.arena, "%s/journal/0000000000000001.seg", w->dir)
			.p;
	int fd = open(path, flags, 0600);

	assert_true(fd >= 0);
	return fd;
}

static void a_torn_end_is_cut_at_any_byte(void **state)
{
	struct subs_world *w = *state;
	struct subs_done a = world_put(w, "c1", "refs/subs/a/1", "x", 1), b;
	struct stat first, st;
	int fd;

	world_flush(w);
	fd = first_segment(w, O_RDONLY);
	assert_int_equal(fstat(fd, &first), 0);
	close(fd);
	b = world_put(w, "c1", "refs/subs/a/1", "x", 2);
	world_flush(w);
	fd = first_segment(w, O_RDWR);
	assert_int_equal(fstat(fd, &st), 0);
	for (off_t at = st.st_size - 1; at >= first.st_size; at -= 7) {
		assert_int_equal(ftruncate(fd, at), 0);
		world_restart(w);
		world_has(w, "c1", &a.commit, "x", 1);
		assert_int_equal(subs_load(&w->cx, w->s, STR("c1"), &b.commit,
					   NULL, &(struct list){ 0 }),
				 ERR_NOT_FOUND);
	}
	close(fd);
	b = world_put(w, "c1", "refs/subs/a/1", "x", 3);
	world_flush(w);
	world_restart(w);
	world_has(w, "c1", &b.commit, "x", 3);
}

static void a_flipped_byte_before_what_was_durable_is_told_not_cut(void **state)
{
	struct subs_world *w = *state;
	struct subs *s;
	struct stat st;
	char c;
	int fd;

	world_put(w, "c1", "refs/subs/a/1", "x", 1);
	world_flush(w);
	fd = first_segment(w, O_RDWR);
	assert_int_equal(fstat(fd, &st), 0);
	world_put(w, "c1", "refs/subs/a/1", "x", 2);
	world_flush(w);
	subs_close(w->s);
	w->s = NULL;
	for (off_t at = 0; at < st.st_size; at += 13) {
		struct stat after;

		assert_int_equal(pread(fd, &c, 1, at), 1);
		c ^= 0x10;
		assert_int_equal(pwrite(fd, &c, 1, at), 1);
		assert_int_equal(subs_open(&w->cx, &w->opts, &s), ERR_CORRUPT);
		c ^= 0x10;
		assert_int_equal(pwrite(fd, &c, 1, at), 1);
		assert_int_equal(fstat(fd, &after), 0);
		assert_true(after.st_size > st.st_size);
	}
	close(fd);
	world_start(w);
}

/* A folder may lose the removal of an old file, and keep that of a new one. */
static void a_packed_segment_that_comes_back_moves_no_ref(void **state)
{
	struct subs_world *w = *state;
	struct subs_done b;
	struct oid tip;
	char bytes[4096];
	ssize_t n;
	int fd;

	world_put(w, "c1", "refs/subs/a/1", "x", 1);
	world_flush(w);
	fd = first_segment(w, O_RDONLY);
	n = read(fd, bytes, sizeof(bytes));
	close(fd);
	assert_true(n > 0 && n < (ssize_t)sizeof(bytes));
	assert_int_equal(subs_rotate(&w->cx, w->s), OK);
	b = world_put(w, "c1", "refs/subs/a/1", "x", 2);
	world_flush(w);
	world_pack(w);
	fd = first_segment(w, O_WRONLY | O_CREAT);
	assert_int_equal(write(fd, bytes, (size_t)n), n);
	close(fd);
	world_restart(w);
	world_pack(w);
	assert_int_equal(
		subs_tip(&w->cx, w->s, STR("c1"), STR("refs/subs/a/1"), &tip),
		OK);
	assert_true(oid_eq(&tip, &b.commit));
}

/* What a killed process wrote is built upon by the next one. */
static void a_start_makes_durable_what_it_finds(void **state)
{
	struct subs_world *w = *state;
	struct bad_disk d;

	world_put(w, "c1", "refs/subs/a/1", "x", 1);
	world_flush(w);
	subs_close(w->s);
	w->s = NULL;
	bad_init(&d, rng_system());
	w->opts.disk = &d.disk;
	world_start(w);
	assert_int_equal(d.calls, 1); /* one segment, one sync */
}

/*
 * What the packer had not named yet is torn: of an index, the table of offsets
 * and all behind it never reached the disk. Returns how many there were.
 */
static int tear_what_has_no_name(struct subs_world *w)
{
	const char *path =
		str_fmt(w->cx.arena, "%s/c1.git/objects/pack", w->dir).p;
	DIR *d = opendir(path);
	struct dirent *e;
	int torn = 0;

	while (d && (e = readdir(d))) {
		struct stat st;
		off_t rows;
		int fd;

		if (e->d_name[0] == '.' || !strncmp(e->d_name, "pack-", 5) ||
		    !strstr(e->d_name, "idx"))
			continue;
		assert_int_equal(fchmodat(dirfd(d), e->d_name, 0600, 0), 0);
		fd = openat(dirfd(d), e->d_name, O_RDWR);
		assert_true(fd >= 0 && fstat(fd, &st) == 0);
		rows = (st.st_size - 1032 - 40) / 28;
		if (rows > 0) {
			off_t keep = 1032 + rows * 24;

			assert_int_equal(ftruncate(fd, keep), 0);
			assert_int_equal(ftruncate(fd, st.st_size), 0);
			torn++;
		}
		close(fd);
	}
	if (d)
		closedir(d);
	return torn;
}

/* The second pack takes the first one in; its n-th call is the last one. */
static bool pack_until(int64_t nth, int *torn)
{
	struct subs_packed p = { .more = true };
	struct subs_world *w;
	struct subs_done a, b;
	struct bad_disk d;
	enum err e = OK;

	world_up((void **)&w);
	a = world_put(w, "c1", "refs/subs/a/1", "x", 1);
	world_flush(w);
	world_pack(w);
	b = world_put(w, "c1", "refs/subs/a/1", "x", 2);
	world_flush(w);
	bad_init(&d, rng_system());
	w->opts.disk = &d.disk;
	world_restart(w);
	assert_int_equal(subs_rotate(&w->cx, w->s), OK);
	d.at = d.calls + nth;
	d.no = EIO;
	d.sticky = true;
	while (!e && p.more)
		e = subs_pack_step(&w->cx, w->s, &p);
	*torn += tear_what_has_no_name(w);
	w->opts.disk = NULL;
	world_restart(w);
	world_has(w, "c1", &a.commit, "x", 1);
	world_has(w, "c1", &b.commit, "x", 2);
	world_fsck(w, "c1", false);
	world_pack(w);
	world_has(w, "c1", &a.commit, "x", 1);
	world_fsck(w, "c1", false);
	world_down((void **)&w);
	return e != OK;
}

static void a_torn_index_that_has_no_name_yet_is_never_read(void **state)
{
	int64_t n = 1;
	int torn = 0;

	(void)state;
	while (pack_until(n, &torn))
		n++;
	assert_true(torn >= 2);
}

/* ---- a folder that cannot be written, at the start ---- */

/* By a mount of its own, where root may write whatever the mode says. */
static bool make_read_only(const char *dir)
{
	if (geteuid() != 0)
		return chmod(dir, 0500) == 0;
	return unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount(dir, dir, NULL, MS_BIND, NULL) == 0 &&
	       mount(NULL, dir, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) ==
		       0;
}

enum { SAYS_SO, SAYS_OTHER, CANNOT_TRY };

static int open_read_only(struct subs_world *w)
{
	struct subs *s = NULL;
	const char *text = w->cx.error.text;

	if (!make_read_only(w->opts.dir))
		return CANNOT_TRY;
	if (subs_open(&w->cx, &w->opts, &s) != ERR_INVALID)
		return SAYS_OTHER;
	return strstr(text, w->opts.dir) && strstr(text, "setting repos") &&
			       !strstr(text, "later")
		       ? SAYS_SO
		       : SAYS_OTHER;
}

static void a_read_only_folder_is_named_at_the_start(void **state)
{
	struct subs_world *w = *state;
	int status = 0;
	pid_t child;

	subs_close(w->s);
	w->s = NULL;
	child = fork();
	if (child == 0)
		_exit(open_read_only(w));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == CANNOT_TRY) {
		print_message("no mount of one's own here\n");
		chmod(w->opts.dir, 0700);
		skip();
	}
	chmod(w->opts.dir, 0700);
	assert_int_equal(WEXITSTATUS(status), SAYS_SO);
	/* And once it can be written again, nothing is lost of it. */
	assert_int_equal(subs_open(&w->cx, &w->opts, &w->s), OK);
}

/* Also what cannot be opened for another reason than that. */
static void a_folder_without_room_for_its_lock_is_named(void **state)
{
	struct subs_world *w = *state;
	char path[512];

	subs_close(w->s);
	w->s = NULL;
	snprintf(path, sizeof(path), "%s/journal/lock", w->opts.dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(subs_open(&w->cx, &w->opts, &w->s), ERR_INVALID);
	assert_non_null(strstr(w->cx.error.text, w->opts.dir));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(subs_open(&w->cx, &w->opts, &w->s), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			every_call_may_fail_once_and_nothing_acknowledged_is_lost),
		cmocka_unit_test(a_full_disk_is_said_to_be_read_only),
		cmocka_unit_test_setup_teardown(
			a_read_only_folder_is_named_at_the_start, world_up,
			world_down),
		cmocka_unit_test_setup_teardown(
			a_folder_without_room_for_its_lock_is_named, world_up,
			world_down),
		cmocka_unit_test(
			a_torn_index_that_has_no_name_yet_is_never_read),
		cmocka_unit_test_setup_teardown(
			a_batch_that_another_thread_lost_is_not_acknowledged,
			world_up, world_down),
		cmocka_unit_test_setup_teardown(
			a_packed_segment_that_comes_back_moves_no_ref, world_up,
			world_down),
		cmocka_unit_test_setup_teardown(
			a_start_makes_durable_what_it_finds, world_up,
			world_down),
		cmocka_unit_test_setup_teardown(a_torn_end_is_cut_at_any_byte,
						world_up, world_down),
		cmocka_unit_test_setup_teardown(
			a_flipped_byte_before_what_was_durable_is_told_not_cut,
			world_up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
