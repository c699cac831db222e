#include "tests/unit/sandbox/subs_world.h"

static void
what_is_flushed_is_read_at_once_after_a_restart_and_packed(void **state)
{
	struct subs_world *w = *state;
	struct subs_done d = world_put(w, "c1", "refs/subs/a/1", "first", 1);
	struct oid tip;

	world_has(w, "c1", &d.commit, "first", 1);
	world_flush(w);
	world_has(w, "c1", &d.commit, "first", 1);
	world_restart(w);
	world_has(w, "c1", &d.commit, "first", 1);
	world_pack(w);
	world_has(w, "c1", &d.commit, "first", 1);
	world_restart(w);
	world_has(w, "c1", &d.commit, "first", 1);
	assert_int_equal(
		subs_tip(&w->cx, w->s, STR("c1"), STR("refs/subs/a/1"), &tip),
		OK);
	assert_true(oid_eq(&tip, &d.commit));
	world_fsck(w, "c1", true);
}

static void stock_git_shows_the_same_files_and_the_log(void **state)
{
	struct subs_world *w = *state;
	struct subs_done d = world_put(w, "c1", "refs/subs/a/1", "first", 1);
	struct str said;
	char hex[OID_TEXT + 1];

	world_flush(w);
	world_put(w, "c1", "refs/subs/a/1", "second", 2);
	world_flush(w);
	world_pack(w);
	said = world_git(w, "c1", "log --format='%H %an %at %s' refs/subs/a/1");
	oid_text(&d.commit, hex);
	assert_true(str_find(said, str_of(hex), 0) != SIZE_MAX);
	assert_true(str_find(said, STR("Assay 1700000000 submission"), 0) !=
		    SIZE_MAX);
	said = world_git(w, "c1", "ls-tree -r refs/subs/a/1");
	assert_true(str_find(said, STR("100644 blob "), 0) == 0);
	assert_true(str_find(said, STR("100755 blob "), 0) != SIZE_MAX);
	said = world_git(w, "c1", "show refs/subs/a/1:src/main.c");
	assert_true(str_is(said, "/* second 2 */\n"));
	world_fsck(w, "c1", true);
}

static void a_submission_builds_on_the_one_before_on_its_ref(void **state)
{
	struct subs_world *w = *state;
	const struct subs_commit *c;
	struct subs_done a, b;
	struct list log;

	a = world_put(w, "c1", "refs/subs/a/1", "x", 1);
	b = world_put(w, "c1", "refs/subs/a/1", "x", 2);
	world_flush(w);
	assert_int_equal(subs_log(&w->cx, w->s, STR("c1"), &b.commit, 10, &log),
			 OK);
	c = log.at;
	assert_int_equal(log.n, 2);
	assert_true(oid_eq(&c[0].id, &b.commit));
	assert_true(oid_eq(&c[1].id, &a.commit));
	assert_true(oid_is_none(&c[1].parents[0]));
	assert_int_equal(c[0].time_ms, 1700000000000);
	assert_true(str_is(c[0].message, "submission\n"));
}

static void the_same_files_are_stored_once_and_have_one_tree(void **state)
{
	struct subs_world *w = *state;
	struct subs_done a = world_put(w, "c1", "refs/subs/a/1", "x", 1);
	struct subs_done b = world_put(w, "c1", "refs/subs/b/1", "x", 1);
	struct subs_done c = world_put(w, "c1", "refs/subs/b/1", "y", 1);
	struct subs_done d = world_put(w, "c2", "refs/subs/b/1", "x", 1);

	assert_true(oid_eq(&a.tree, &b.tree));
	/* 3 blobs, 2 trees, 1 commit; the commit of b is a's */
	assert_int_equal(a.objects, 6);
	assert_int_equal(b.objects, 0);
	assert_int_equal(b.known, 6);
	assert_int_equal(c.objects, 4);
	/* another repository has nothing of it */
	assert_int_equal(d.objects, 6);
	world_flush(w);
	world_pack(w);
	world_has(w, "c1", &b.commit, "x", 1);
	world_has(w, "c2", &d.commit, "x", 1);
	world_fsck(w, "c1", true);
	world_fsck(w, "c2", true);
}

static void a_known_tree_has_the_id_that_git_gives_it(void **state)
{
	struct subs_world *w = *state;
	struct run_file f[2] = { { STR("a"), STR("hello\n"), false },
				 { STR("d/b"), STR(""), true } };
	struct list files = { f, 2 }, objects;
	const struct object *o;
	char hex[OID_TEXT + 1];

	/* printf ... | git hash-object --stdin; git mktree */
	objects_of(w->cx.arena, &files, &objects);
	o = objects.at;
	assert_int_equal(objects.n, 4);
	oid_text(&o[0].id, hex);
	assert_string_equal(hex, "ce013625030ba8dba906f756967f9e9ca394464a");
	oid_text(&o[1].id, hex);
	assert_string_equal(hex, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
	files.n = 0;
	objects_of(w->cx.arena, &files, &objects);
	o = objects.at;
	oid_text(&o[0].id, hex);
	assert_string_equal(hex, "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
}

static void what_is_undone_was_never_there(void **state)
{
	struct subs_world *w = *state;
	struct subs_done a = world_put(w, "c1", "refs/subs/a/1", "x", 1), b;
	struct oid tip;
	size_t mark = subs_mark(w->s);

	b = world_put(w, "c1", "refs/subs/a/1", "x", 2);
	world_put(w, "c1", "refs/subs/b/1", "x", 3);
	subs_undo(w->s, mark);
	assert_int_equal(
		subs_tip(&w->cx, w->s, STR("c1"), STR("refs/subs/a/1"), &tip),
		OK);
	assert_true(oid_eq(&tip, &a.commit));
	assert_int_equal(
		subs_tip(&w->cx, w->s, STR("c1"), STR("refs/subs/b/1"), &tip),
		ERR_NOT_FOUND);
	world_flush(w);
	world_restart(w);
	world_has(w, "c1", &a.commit, "x", 1);
	assert_int_equal(subs_load(&w->cx, w->s, STR("c1"), &b.commit, NULL,
				   &(struct list){ 0 }),
			 ERR_NOT_FOUND);
	world_pack(w);
	world_fsck(w, "c1", true);
}

static void
a_commit_that_fails_after_the_flush_takes_its_refs_back(void **state)
{
	struct subs_world *w = *state;
	struct subs_done a = world_put(w, "c1", "refs/subs/a/1", "x", 1);
	struct oid tip;

	world_flush(w);
	world_put(w, "c1", "refs/subs/a/1", "x", 2);
	world_put(w, "c1", "refs/subs/b/1", "x", 3);
	assert_int_equal(subs_flush(w->s, &w->cx), OK);
	subs_aborted(w->s);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(subs_tip(&w->cx, w->s, STR("c1"),
					  STR("refs/subs/a/1"), &tip),
				 OK);
		assert_true(oid_eq(&tip, &a.commit));
		assert_int_equal(subs_tip(&w->cx, w->s, STR("c1"),
					  STR("refs/subs/b/1"), &tip),
				 ERR_NOT_FOUND);
		world_flush(w);
		if (i == 0)
			world_restart(w);
		if (i == 1)
			world_pack(w);
	}
	world_fsck(w, "c1", false);
}

static void what_only_a_forgotten_learner_had_is_gone(void **state)
{
	struct subs_world *w = *state;
	struct subs_done a, b, both, again;
	struct oid tip;

	a = world_put(w, "c1", "refs/subs/a/1", "only a", 1);
	both = world_put(w, "c1", "refs/subs/a/2", "both", 1);
	world_put(w, "c1", "refs/subs/b/2", "both", 1);
	world_flush(w);
	world_pack(w);
	world_put(w, "c1", "refs/subs/a/1", "only a", 2);
	b = world_put(w, "c1", "refs/subs/b/1", "only b", 3);
	world_flush(w);
	assert_int_equal(
		subs_forget(&w->cx, w->s, STR("c1"), STR("refs/subs/a/")), OK);
	assert_int_equal(subs_load(&w->cx, w->s, STR("c1"), &a.commit, NULL,
				   &(struct list){ 0 }),
			 ERR_NOT_FOUND);
	assert_int_equal(
		subs_tip(&w->cx, w->s, STR("c1"), STR("refs/subs/a/1"), &tip),
		ERR_NOT_FOUND);
	assert_int_equal(
		subs_tip(&w->cx, w->s, STR("c1"), STR("refs/subs/a/2"), &tip),
		ERR_NOT_FOUND);
	world_has(w, "c1", &b.commit, "only b", 3);
	world_has(w, "c1", &both.commit, "both", 1);
	/* Nothing is left that a ref does not reach, on the disk as well. */
	world_fsck(w, "c1", true);
	world_restart(w);
	world_has(w, "c1", &b.commit, "only b", 3);
	again = world_put(w, "c1", "refs/subs/a/1", "new", 4);
	world_flush(w);
	world_pack(w);
	world_has(w, "c1", &again.commit, "new", 4);
	world_fsck(w, "c1", true);
}

static void packs_stay_few(void **state)
{
	struct subs_world *w = *state;
	struct subs_done d[60];
	struct str said;

	for (uint64_t i = 0; i < 60; i++) {
		d[i] = world_put(w, "c1", "refs/subs/a/1", "x", i);
		world_flush(w);
		world_pack(w);
	}
	said = world_git(w, "c1", "count-objects -v");
	assert_true(str_find(said, STR("count: 0\n"), 0) == 0);
	for (int i = 0; i < 60; i++)
		world_has(w, "c1", &d[i].commit, "x", (uint64_t)i);
	world_fsck(w, "c1", true);
	for (int i = 10; i < 60; i++) {
		const char *many = str_fmt(w->cx.arena, "\npacks: %d\n", i).p;

		assert_true(str_find(said, str_of(many), 0) == SIZE_MAX);
	}
}

static void names_that_could_lead_elsewhere_are_refused(void **state)
{
	static const char *const repos[] = { "",   "../x", "A",
					     "-x", "a/b",  "a.git" };
	static const char *const refs[] = {
		"",	   "refs/",	"heads/x",   "refs/a/",
		"refs//a", "refs/a//b", "refs/../x", "refs/a.lock",
		"refs/A",  "refs/-a",	"HEAD"
	};
	struct subs_world *w = *state;
	struct list files = world_files(w, "x", 1);
	struct subs_ask ask = { .repo = STR("c1"),
				.ref = STR("refs/a"),
				.files = &files };
	struct subs_done d;

	for (size_t i = 0; i < sizeof(repos) / sizeof(*repos); i++) {
		ask.repo = str_of(repos[i]);
		assert_int_equal(subs_put(&w->cx, w->s, &ask, &d), ERR_INVALID);
	}
	ask.repo = STR("c1");
	for (size_t i = 0; i < sizeof(refs) / sizeof(*refs); i++) {
		ask.ref = str_of(refs[i]);
		assert_int_equal(subs_put(&w->cx, w->s, &ask, &d), ERR_INVALID);
	}
	ask.ref = STR("refs/a");
	ask.message = (struct str){ "a\0b", 3 };
	assert_int_equal(subs_put(&w->cx, w->s, &ask, &d), ERR_INVALID);
	ask.message = STR("ok\n");
	((struct run_file *)files.at)[0].name = STR("zzz");
	assert_int_equal(subs_put(&w->cx, w->s, &ask, &d), ERR_INVALID);
}

static void a_second_process_does_not_get_the_folder(void **state)
{
	struct subs_world *w = *state;
	struct subs *other;

	assert_int_equal(subs_open(&w->cx, &w->opts, &other), ERR_CONFLICT);
}

static void a_course_s_repository_has_one_name_that_tells_nothing(void **state)
{
	struct subs_world *w = *state;
	struct id org = { { 1 } }, other = { { 2 } };
	struct arena *a = w->cx.arena;
	struct str n = subs_repo_name(a, &org, STR("algebra"), STR("2026"));

	assert_true(str_is(
		n, subs_repo_name(a, &org, STR("algebra"), STR("2026")).p));
	assert_false(str_eq(
		n, subs_repo_name(a, &other, STR("algebra"), STR("2026"))));
	assert_false(str_eq(
		n, subs_repo_name(a, &org, STR("algebra2"), STR("026"))));
	assert_true(str_find(n, STR("algebra"), 0) == SIZE_MAX);
	world_put(w, n.p, "refs/subs/a/1", "x", 1);
}

/* Whoever sends much makes nobody wait: only so much of it is made small. */
static void what_is_large_stands_as_it_is(void **state)
{
	enum { LARGE = 1 << 20, SMALL = 200 << 10 };
	static const size_t sizes[] = { LARGE, SMALL, SMALL };
	struct subs_world *w = *state;
	struct run_file f[3];
	struct list files = { f, 3 }, back;
	const struct run_file *got;
	struct subs_ask ask = { .repo = STR("c1"),
				.ref = STR("refs/subs/a/1"),
				.files = &files,
				.message = STR("large\n") };
	struct subs_stats stats;
	struct subs_done d;

	for (size_t i = 0; i < 3; i++) {
		char *data = arena_alloc(w->cx.arena, sizes[i]);

		memset(data, 'a' + (int)i, sizes[i]);
		f[i] = (struct run_file){ str_fmt(w->cx.arena, "f%zu", i),
					  { data, sizes[i] },
					  false };
	}
	assert_int_equal(subs_put(&w->cx, w->s, &ask, &d), OK);
	world_flush(w);
	subs_stats(w->s, &stats);
	assert_true(stats.bytes > LARGE + SMALL);
	assert_true(stats.bytes < LARGE + SMALL + SMALL / 4);
	world_pack(w);
	world_restart(w);
	assert_int_equal(
		subs_load(&w->cx, w->s, STR("c1"), &d.commit, NULL, &back), OK);
	got = back.at;
	assert_int_equal(back.n, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(str_eq(got[i].data, f[i].data));
	world_fsck(w, "c1", true);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)
	const struct CMUnitTest tests[] = {
		T(what_is_flushed_is_read_at_once_after_a_restart_and_packed),
		T(stock_git_shows_the_same_files_and_the_log),
		T(a_submission_builds_on_the_one_before_on_its_ref),
		T(the_same_files_are_stored_once_and_have_one_tree),
		T(a_known_tree_has_the_id_that_git_gives_it),
		T(what_is_undone_was_never_there),
		T(a_commit_that_fails_after_the_flush_takes_its_refs_back),
		T(what_only_a_forgotten_learner_had_is_gone),
		T(what_is_large_stands_as_it_is),
		T(packs_stay_few),
		T(names_that_could_lead_elsewhere_are_refused),
		T(a_second_process_does_not_get_the_folder),
		T(a_course_s_repository_has_one_name_that_tells_nothing),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
