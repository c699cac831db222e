/*
 * Repositories made by stock git, with trees that it would not make by itself
 * put in as plain objects.
 */
#include "sandbox/walk.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox/gitlib.h"
#include "tests/support/check.h"

struct place {
	char dir[64];
	struct ctx cx;
	struct walk *w;
};

static int remove_it(const char *path, const struct stat *st, int type,
		     struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

static void sh(struct place *p, const char *line)
{
	const char *all = str_fmt(p->cx.arena,
				  "cd %s && export HOME=%s "
				  "GIT_CONFIG_NOSYSTEM=1 && %s",
				  p->dir, p->dir, line)
				  .p;

	if (system(all))
		fail_msg("%s", line);
}

static int up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	snprintf(p->dir, sizeof(p->dir), "/tmp/walk-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	p->cx = (struct ctx){ .arena = arena_new(1 << 16) };
	assert_int_equal(gitlib_start(&p->cx), OK);
	sh(p, "git init -q --bare .");
	*state = p;
	return 0;
}

static int down(void **state)
{
	struct place *p = *state;

	walk_close(p->w);
	gitlib_stop();
	arena_free(p->cx.arena);
	nftw(p->dir, remove_it, 32, FTW_DEPTH | FTW_PHYS);
	free(p);
	return 0;
}

static void open_it(struct place *p)
{
	if (walk_open(&p->cx, p->dir, &p->w))
		fail_msg("%s %s", p->cx.error.text, p->cx.error.detail);
}

/* Puts an object in as it is, whatever git thinks of it. */
static struct oid put(struct place *p, const char *type, struct str data)
{
	const char *file = str_fmt(p->cx.arena, "%s/in", p->dir).p;
	char hex[OID_TEXT + 1] = { 0 };
	FILE *f = fopen(file, "wb");
	struct oid id;

	assert_non_null(f);
	assert_int_equal(fwrite(data.p, 1, data.n, f), data.n);
	fclose(f);
	sh(p, str_fmt(p->cx.arena,
		      "git hash-object -t %s --literally -w in > out", type)
		      .p);
	f = fopen(str_fmt(p->cx.arena, "%s/out", p->dir).p, "rb");
	assert_non_null(f);
	assert_int_equal(fread(hex, 1, OID_TEXT, f), OID_TEXT);
	fclose(f);
	assert_true(oid_parse(str_of(hex), &id));
	return id;
}

struct made {
	struct buf b;
};

static void add(struct made *m, const char *mode, struct str name,
		const struct oid *id)
{
	buf_z(&m->b, mode);
	buf_ch(&m->b, ' ');
	buf_str(&m->b, name);
	buf_ch(&m->b, 0);
	buf_add(&m->b, id->b, OID_BYTES);
}

static struct oid put_tree(struct place *p, struct made *m)
{
	struct oid id = put(p, "tree", buf_view(&m->b));

	buf_done(&m->b);
	return id;
}

static bool refused(const struct tree_list *l, const char *name,
		    const char *part)
{
	const struct tree_refused *r = l->refused.at;

	for (size_t i = 0; i < l->refused.n; i++)
		if (str_is(r[i].name, name))
			return str_find(r[i].why, str_of(part), 0) != SIZE_MAX;
	return false;
}

static void a_plain_commit_is_read_by_branch_tag_and_folder(void **state)
{
	struct place *p = *state;
	struct tree_list l;
	struct oid a, b, c;

	sh(p, "git init -q w && cd w && git config user.name a && "
	      "git config user.email a@b && mkdir d && echo 1 > f && "
	      "echo 2 > d/g && chmod +x d/g && git add . && "
	      "git commit -qm x && git tag -a v1 -m v1 && git branch -M main "
	      "&& git push -q .. main v1");
	open_it(p);
	assert_int_equal(walk_find(&p->cx, p->w, STR("main"), &a), OK);
	assert_int_equal(walk_find(&p->cx, p->w, STR("v1"), &b), OK);
	assert_int_equal(walk_find(&p->cx, p->w, STR("refs/heads/main"), &c),
			 OK);
	assert_true(oid_eq(&a, &b) && oid_eq(&a, &c));
	assert_int_equal(walk_find(&p->cx, p->w, STR("nope"), &c),
			 ERR_NOT_FOUND);
	assert_int_equal(walk_find(&p->cx, p->w, STR("a..b"), &c), ERR_INVALID);
	assert_int_equal(walk_files(&p->cx, p->w, &a, STR(""), &l), OK);
	assert_int_equal(l.files.n, 2);
	assert_int_equal(l.refused.n, 0);
	assert_true(tree_find(&l.files, STR("d/g"))->executable);
	assert_true(str_is(tree_find(&l.files, STR("f"))->data, "1\n"));
	assert_int_equal(walk_files(&p->cx, p->w, &a, STR("d"), &l), OK);
	assert_int_equal(l.files.n, 1);
	assert_non_null(tree_find(&l.files, STR("g")));
	assert_int_equal(walk_files(&p->cx, p->w, &a, STR("nope"), &l),
			 ERR_NOT_FOUND);
	assert_int_equal(walk_files(&p->cx, p->w, &a, STR("../x"), &l),
			 ERR_INVALID);
}

static void hostile_entries_are_named_and_the_rest_is_kept(void **state)
{
	static const struct {
		const char *mode, *name, *shown, *why;
	} bad[] = {
		{ "100644", "..", "d/..", ".." },
		{ "40000", ".git", "d/.git", "git" },
		{ "100644", ".GIT", "d/.GIT", "git" },
		{ "100644", "git~1", "d/git~1", "git" },
		{ "100644", ".g\xe2\x80\x8cit", "d/.g\\xe2\\x80\\x8cit",
		  "git" },
		{ "100644", "a/b", "d/a/b", "slash" },
		{ "120000", "link", "d/link", "symbolic" },
		{ "160000", "module", "d/module", "submodule" },
		{ "100600", "mode", "d/mode", "mode" },
		{ "40000", "not a folder", "d/not a folder", "folder says" },
		{ "100644", "x\ny", "d/x\\x0ay", "control" },
	};
	enum { BAD = sizeof(bad) / sizeof(*bad) };
	struct place *p = *state;
	struct oid blob = put(p, "blob", STR("hi")), gone = { { 1 } }, d, root;
	struct made m = { 0 };
	struct tree_list l;

	for (size_t i = 0; i < BAD; i++)
		add(&m, bad[i].mode, str_of(bad[i].name), &blob);
	add(&m, "100644", STR("good"), &blob);
	add(&m, "100644", STR("gone"), &gone);
	d = put_tree(p, &m);
	add(&m, "40000", STR("d"), &d);
	add(&m, "100755", STR("e"), &blob);
	root = put_tree(p, &m);
	open_it(p);
	assert_int_equal(walk_files(&p->cx, p->w, &root, STR(""), &l), OK);
	assert_int_equal(l.files.n, 2);
	assert_non_null(tree_find(&l.files, STR("d/good")));
	assert_non_null(tree_find(&l.files, STR("e")));
	for (size_t i = 0; i < BAD; i++)
		if (!refused(&l, bad[i].shown, bad[i].why))
			fail_msg("%s", bad[i].shown);
	assert_true(refused(&l, "d/gone", "content"));
	assert_int_equal(l.refused.n, BAD + 1);
}

/* 2^40 paths of 42 objects: attack 65 of the kind. */
static void a_tree_of_trees_ends_at_the_limit(void **state)
{
	struct place *p = *state;
	struct oid id = put(p, "blob", STR("x"));
	struct made m = { 0 };
	struct tree_list l;

	add(&m, "100644", STR("a"), &id);
	add(&m, "100644", STR("b"), &id);
	id = put_tree(p, &m);
	for (int i = 0; i < 39; i++) {
		add(&m, "40000", STR("a"), &id);
		add(&m, "40000", STR("b"), &id);
		id = put_tree(p, &m);
	}
	open_it(p);
	assert_int_equal(walk_files(&p->cx, p->w, &id, STR(""), &l), OK);
	assert_true((int64_t)l.refused.n + l.refused_more + l.entries <=
		    TREE_ENTRIES + 1);
	assert_true(l.refused.n > 0);
}

static void a_wide_tree_ends_at_the_limit_and_says_so(void **state)
{
	struct place *p = *state;
	struct oid blob = put(p, "blob", STR("x")), id;
	struct made m = { 0 };
	struct tree_list l;

	for (int i = 0; i < 2500; i++)
		add(&m, "100644", str_fmt(p->cx.arena, "f%05d", i), &blob);
	id = put_tree(p, &m);
	open_it(p);
	assert_int_equal(walk_files(&p->cx, p->w, &id, STR(""), &l), OK);
	assert_int_equal(l.files.n, TREE_ENTRIES);
	assert_int_equal(l.refused.n, 1);
	assert_true(refused(&l, "f02000", "2000"));
}

static void a_damaged_list_of_a_folder_is_told(void **state)
{
	struct place *p = *state;
	struct oid blob = put(p, "blob", STR("x")), d, root;
	struct made m = { 0 };
	struct tree_list l;

	add(&m, "100644", STR("a"), &blob);
	buf_z(&m.b, "100644 half");
	d = put_tree(p, &m);
	add(&m, "40000", STR("d"), &d);
	root = put_tree(p, &m);
	open_it(p);
	assert_int_equal(walk_files(&p->cx, p->w, &root, STR(""), &l), OK);
	assert_int_equal(l.files.n, 1);
	assert_true(refused(&l, "d/", "damaged"));
	assert_int_equal(walk_files(&p->cx, p->w, &blob, STR(""), &l),
			 ERR_NOT_FOUND);
}

static void what_is_too_large_is_not_loaded(void **state)
{
	struct place *p = *state;
	struct oid blob = put(p, "blob", STR("x")), big;
	struct made m = { 0 };
	struct tree_list l;
	char *zeros = calloc(1, TREE_BYTES + 1);
	struct oid root;

	big = put(p, "blob", (struct str){ zeros, TREE_BYTES + 1 });
	free(zeros);
	add(&m, "100644", STR("big"), &big);
	add(&m, "100644", STR("small"), &blob);
	root = put_tree(p, &m);
	open_it(p);
	assert_int_equal(walk_files(&p->cx, p->w, &root, STR(""), &l), OK);
	assert_int_equal(l.files.n, 1);
	assert_true(refused(&l, "big", "16 MiB"));
	assert_true(arena_held(p->cx.arena) < TREE_BYTES);
}

static void a_repository_that_leads_out_is_refused(void **state)
{
	struct place *p = *state;

	sh(p, "echo /tmp > objects/info/alternates");
	assert_int_equal(walk_open(&p->cx, p->dir, &p->w), ERR_INVALID);
	sh(p, "rm objects/info/alternates && mkdir o && mv refs o/refs && "
	      "ln -s o/refs refs");
	assert_int_equal(walk_open(&p->cx, p->dir, &p->w), ERR_INVALID);
	sh(p, "rm -r HEAD refs objects");
	assert_int_equal(walk_open(&p->cx, p->dir, &p->w), ERR_NOT_FOUND);
}

static void somebody_else_s_repository_is_not_read(void **state)
{
	struct place *p = *state;

	if (geteuid() != 0) {
		print_message("only root can give a folder away\n");
		skip();
	}
	assert_int_equal(chown(p->dir, 12345, 12345), 0);
	assert_int_equal(walk_open(&p->cx, p->dir, &p->w), ERR_DENIED);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, up, down)
	const struct CMUnitTest tests[] = {
		T(a_plain_commit_is_read_by_branch_tag_and_folder),
		T(hostile_entries_are_named_and_the_rest_is_kept),
		T(a_tree_of_trees_ends_at_the_limit),
		T(a_wide_tree_ends_at_the_limit_and_says_so),
		T(a_damaged_list_of_a_folder_is_told),
		T(what_is_too_large_is_not_loaded),
		T(a_repository_that_leads_out_is_refused),
		T(somebody_else_s_repository_is_not_read),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
