#include "sandbox/work.h"

#include "tests/unit/sandbox/subs_world.h"

static const struct id lab = { { 1 } }, learner = { { 2 } };

static struct list files_of(struct subs_world *w, size_t n, ...)
{
	struct run_file *f = ARENA_ARRAY(w->cx.arena, struct run_file, n);
	va_list ap;

	va_start(ap, n);
	for (size_t i = 0; i < n; i++) {
		f[i].name = str_of(va_arg(ap, const char *));
		f[i].data = str_of(va_arg(ap, const char *));
	}
	va_end(ap);
	return (struct list){ f, n };
}

struct lab_world {
	struct work_place starter, mine;
	struct subs_done v1;
};

static struct lab_world begin(struct subs_world *w)
{
	struct lab_world l = {
		.starter = { STR("c1"), work_starter_ref(w->cx.arena, &lab) }
	};
	struct list files =
		files_of(w, 2, "a.c", "1\n2\n3\n4\n5\n6\n", "b.c", "b\n");
	struct oid tip;
	bool fresh;

	l.mine = (struct work_place){ STR("c1"),
				      work_ref(w->cx.arena, &lab, &learner) };
	assert_int_equal(
		work_publish(&w->cx, w->s, &l.starter, &files, 1000, &l.v1),
		OK);
	assert_int_equal(
		work_begin(&w->cx, w->s, &l.mine, &l.v1.commit, &tip, &fresh),
		OK);
	assert_true(fresh && oid_eq(&tip, &l.v1.commit));
	assert_int_equal(
		work_begin(&w->cx, w->s, &l.mine, &l.v1.commit, &tip, &fresh),
		OK);
	assert_false(fresh);
	world_flush(w);
	return l;
}

static struct subs_done save(struct subs_world *w, struct lab_world *l,
			     struct list files, int64_t at)
{
	struct subs_done d;
	struct tree_list left;

	assert_int_equal(work_save(&w->cx, w->s, &l->mine, &files, "save", at,
				   &d, &left),
			 OK);
	world_flush(w);
	return d;
}

static struct str content(struct subs_world *w, struct lab_world *l,
			  const char *name)
{
	struct list files;
	const struct run_file *f;

	assert_int_equal(work_load(&w->cx, w->s, &l->mine, NULL, &files), OK);
	f = tree_find(&files, str_of(name));
	return f ? f->data : (struct str){ 0 };
}

static void a_save_is_a_commit_and_nothing_if_nothing_changed(void **state)
{
	struct subs_world *w = *state;
	struct lab_world l = begin(w);
	struct subs_done a, b;
	struct list log;

	a = save(w, &l, files_of(w, 1, "a.c", "new\n"), 2000);
	b = save(w, &l, files_of(w, 1, "a.c", "new\n"), 9000);
	assert_false(a.same);
	assert_true(b.same && oid_eq(&a.commit, &b.commit));
	assert_int_equal(work_log(&w->cx, w->s, &l.mine, 10, &log), OK);
	assert_int_equal(log.n, 2);
	world_restart(w);
	assert_true(str_is(content(w, &l, "a.c"), "new\n"));
	assert_null(content(w, &l, "b.c").p);
	world_pack(w);
	world_fsck(w, "c1", true);
}

static void what_cannot_be_saved_is_named_and_the_rest_is_saved(void **state)
{
	struct subs_world *w = *state;
	struct lab_world l = begin(w);
	struct list f = files_of(w, 2, "ok", "1", ".git/x", "2");
	struct subs_done d;
	struct tree_list left;

	assert_int_equal(
		work_save(&w->cx, w->s, &l.mine, &f, "save", 2000, &d, &left),
		OK);
	assert_int_equal(left.refused.n, 1);
	assert_true(str_is(content(w, &l, "ok"), "1"));
}

static void a_reset_is_a_commit_and_can_be_taken_back(void **state)
{
	struct subs_world *w = *state;
	struct lab_world l = begin(w);
	struct subs_done work, d;
	struct list log;

	work = save(w, &l, files_of(w, 1, "a.c", "mine\n"), 2000);
	assert_int_equal(
		work_reset(&w->cx, w->s, &l.mine, &l.v1.commit, 3000, &d), OK);
	assert_true(oid_eq(&d.tree, &l.v1.tree));
	assert_true(str_is(content(w, &l, "b.c"), "b\n"));
	assert_int_equal(
		work_reset(&w->cx, w->s, &l.mine, &work.commit, 4000, &d), OK);
	assert_true(str_is(content(w, &l, "a.c"), "mine\n"));
	assert_int_equal(work_log(&w->cx, w->s, &l.mine, 10, &log), OK);
	assert_int_equal(log.n, 4);
}

static void a_save_writes_only_what_changed(void **state)
{
	enum { N = 200 };
	struct subs_world *w = *state;
	struct lab_world l = begin(w);
	struct run_file *f = ARENA_ARRAY(w->cx.arena, struct run_file, N);
	struct list files = { f, N };
	struct subs_done d;

	for (int i = 0; i < N; i++)
		f[i] = (struct run_file){
			str_fmt(w->cx.arena, "d%d/%03d", i % 9, i),
			str_fmt(w->cx.arena, "file %d\n", i), false
		};
	d = save(w, &l, files, 2000);
	/* 200 files, 9 folders, the root, the commit */
	assert_int_equal(d.objects, 211);
	world_pack(w);
	f[7].data = STR("changed\n");
	d = save(w, &l, files, 3000);
	/* the file, its folder, the root, the commit */
	assert_int_equal(d.objects, 4);
	world_pack(w);
	assert_true(str_is(content(w, &l, "d7/007"), "changed\n"));
	assert_true(str_is(content(w, &l, "d8/008"), "file 8\n"));
	world_fsck(w, "c1", true);
}

static void a_new_starter_version_is_merged_by_lines(void **state)
{
	struct subs_world *w = *state;
	struct lab_world l = begin(w);
	struct list two = files_of(w, 3, "a.c", "one\n2\n3\n4\n5\n6\n", "b.c",
				   "b\n", "new.c", "n\n");
	const struct subs_commit *c;
	struct work_merged m;
	struct subs_done v2, d;
	struct list log;

	save(w, &l, files_of(w, 2, "a.c", "1\n2\n3\n4\n5\nsix\n", "b.c", "b\n"),
	     2000);
	assert_int_equal(
		work_publish(&w->cx, w->s, &l.starter, &two, 3000, &v2), OK);
	assert_int_equal(work_renew(&w->cx, w->s, &l.mine, &l.v1.commit,
				    &v2.commit, false, 4000, &m, &d),
			 OK);
	assert_int_equal(m.taken, 2);
	assert_true(str_is(content(w, &l, "a.c"), "1\n2\n3\n4\n5\nsix\n"));
	assert_int_equal(work_renew(&w->cx, w->s, &l.mine, &l.v1.commit,
				    &v2.commit, true, 4000, &m, &d),
			 OK);
	world_flush(w);
	assert_int_equal(m.conflicts.n, 0);
	assert_true(str_is(content(w, &l, "a.c"), "one\n2\n3\n4\n5\nsix\n"));
	assert_true(str_is(content(w, &l, "new.c"), "n\n"));
	assert_int_equal(work_log(&w->cx, w->s, &l.mine, 10, &log), OK);
	c = log.at;
	assert_true(oid_eq(&c[0].parents[1], &v2.commit));
	world_pack(w);
	world_fsck(w, "c1", true);
}

static const struct work_conflict *conflict(const struct work_merged *m,
					    const char *name, int kind)
{
	const struct work_conflict *c = m->conflicts.at;

	for (size_t i = 0; i < m->conflicts.n; i++)
		if (str_is(c[i].name, name)) {
			assert_int_equal(c[i].kind, kind);
			return &c[i];
		}
	fail_msg("no conflict in %s", name);
	return NULL;
}

static void a_conflict_keeps_both_versions_and_is_told(void **state)
{
	struct subs_world *w = *state;
	struct list base = files_of(w, 5, "both", "1\n", "here", "1\n", "keep",
				    "k\n", "there", "1\n", "zero", "a\n");
	struct list ours = files_of(w, 6, "added", "mine\n", "both", "ours\n",
				    "keep", "k\n", "readme", "mine\n", "there",
				    "changed\n", "zero", "x\n");
	struct list theirs = files_of(w, 6, "README", "theirs\n", "added",
				      "other\n", "both", "theirs\n", "here",
				      "2\n", "keep", "k2\n", "zero", "x\n");
	const struct work_conflict *c;
	const struct run_file *f;
	struct work_merged m;

	assert_int_equal(work_merge(&w->cx, &base, &ours, &theirs, &m), OK);
	assert_int_equal(m.conflicts.n, 5);
	c = conflict(&m, "both", WORK_BOTH_CHANGED);
	assert_true(str_is(c->ours, "ours\n") && str_is(c->theirs, "theirs\n"));
	conflict(&m, "added", WORK_BOTH_ADDED);
	c = conflict(&m, "here", WORK_GONE_HERE);
	assert_null(c->ours.p);
	assert_true(str_is(c->theirs, "2\n"));
	c = conflict(&m, "there", WORK_GONE_THERE);
	assert_true(str_is(c->ours, "changed\n"));
	c = conflict(&m, "README", WORK_NO_ROOM);
	assert_true(str_is(c->theirs, "theirs\n"));
	f = tree_find(&m.files, STR("both"));
	assert_true(str_is(f->data, "ours\n"));
	assert_null(tree_find(&m.files, STR("here")));
	assert_null(tree_find(&m.files, STR("README")));
	assert_true(str_is(tree_find(&m.files, STR("readme"))->data, "mine\n"));
	assert_true(
		str_is(tree_find(&m.files, STR("there"))->data, "changed\n"));
	assert_true(str_is(tree_find(&m.files, STR("keep"))->data, "k2\n"));
	assert_true(str_is(tree_find(&m.files, STR("zero"))->data, "x\n"));
}

static void new_files_of_theirs_have_the_room_that_is_left(void **state)
{
	struct subs_world *w = *state;
	struct arena *a = w->cx.arena;
	size_t n = TREE_ENTRIES - 3;
	struct run_file *f = ARENA_ARRAY(a, struct run_file, n + 3);
	struct list base = { f, n }, theirs;
	struct run_file *t = ARENA_ARRAY(a, struct run_file, n + 3);
	struct work_merged m;

	for (size_t i = 0; i < n; i++)
		f[i] = (struct run_file){ str_fmt(a, "m%04zu", i), STR("x") };
	t[0] = (struct run_file){ STR("a/b/c"), STR("three entries") };
	t[1] = (struct run_file){ STR("d/e/f"), STR("and no more") };
	memcpy(&t[2], f, n * sizeof(*f));
	theirs = (struct list){ t, n + 2 };
	assert_int_equal(work_merge(&w->cx, &base, &base, &theirs, &m), OK);
	assert_int_equal(m.conflicts.n, 1);
	conflict(&m, "d/e/f", WORK_NO_ROOM);
	assert_int_equal(m.files.n, n + 1);
}

static struct list some_files(struct rng *rng, struct arena *a)
{
	static const char *const names[] = { "A",   "a",   "b/x", "b/y",
					     "c.c", "d/e", "f" };
	static const char *const texts[] = { "1\n2\n3\n4\n5\n6\n7\n",
					     "1\n2\n3\n4\n5\n6\nseven\n",
					     "one\n2\n3\n4\n5\n6\n7\n", "x",
					     "" };
	struct run_file *f = ARENA_ARRAY(a, struct run_file, 7);
	struct tree_list l;
	size_t n = 0;

	for (size_t i = 0; i < 7; i++)
		if (rng_below(rng, 3))
			f[n++] = (struct run_file){
				str_of(names[i]),
				str_of(texts[rng_below(rng, 5)]),
				rng_below(rng, 4) == 0
			};
	tree_check_files(a, &(struct list){ f, n }, &l);
	return l.files;
}

static bool eq(const struct run_file *a, const struct run_file *b)
{
	return a && b && str_eq(a->data, b->data);
}

/*
 * Whatever the three are: what is ours and not in the result was removed or
 * changed by theirs alone, merged, or is told; never lost without a word.
 */
static void nothing_of_ours_is_lost_without_a_word(void **state)
{
	struct subs_world *w = *state;
	struct rng_seeded rng;

	rng_property(&rng);
	for (int round = 0; round < 2000; round++) {
		struct arena *a = arena_new(0);
		struct ctx cx = { .arena = a };
		struct list base = some_files(&rng.rng, a);
		struct list ours = some_files(&rng.rng, a);
		struct list theirs = some_files(&rng.rng, a);
		const struct run_file *o = ours.at, *t = theirs.at;
		struct work_merged m, again;

		assert_int_equal(work_merge(&cx, &base, &ours, &theirs, &m),
				 OK);
		for (size_t i = 0; i < ours.n; i++) {
			const struct run_file *b = tree_find(&base, o[i].name);
			const struct run_file *r =
				tree_find(&m.files, o[i].name);

			if (!eq(b, &o[i]) && !r)
				fail_msg("lost %.*s", STR_FMT(o[i].name));
		}
		for (size_t i = 0; i < theirs.n; i++) {
			const struct run_file *b = tree_find(&base, t[i].name);
			const struct work_conflict *c = m.conflicts.at;
			bool told = tree_find(&m.files, t[i].name);

			for (size_t k = 0; k < m.conflicts.n; k++)
				told |= str_eq(c[k].name, t[i].name);
			if (!told && !(b && eq(b, &t[i])))
				fail_msg("theirs is lost: %.*s",
					 STR_FMT(t[i].name));
		}
		assert_int_equal(work_merge(&cx, &base, &ours, &ours, &again),
				 OK);
		assert_int_equal(again.conflicts.n, 0);
		assert_int_equal(again.files.n, ours.n);
		assert_int_equal(work_merge(&cx, &base, &base, &theirs, &again),
				 OK);
		assert_int_equal(again.conflicts.n, 0);
		assert_int_equal(again.files.n, theirs.n);
		arena_free(a);
	}
	(void)w;
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)
	const struct CMUnitTest tests[] = {
		T(a_save_is_a_commit_and_nothing_if_nothing_changed),
		T(what_cannot_be_saved_is_named_and_the_rest_is_saved),
		T(a_reset_is_a_commit_and_can_be_taken_back),
		T(a_save_writes_only_what_changed),
		T(a_new_starter_version_is_merged_by_lines),
		T(a_conflict_keeps_both_versions_and_is_told),
		T(new_files_of_theirs_have_the_room_that_is_left),
		T(nothing_of_ours_is_lost_without_a_word),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
