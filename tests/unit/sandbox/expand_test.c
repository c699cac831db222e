/*
 * Hostile repositories and archives, read in real boxes. Repositories are made
 * of raw objects, since no git would make them; one is fetched from a git
 * daemon on the loopback, which is handed its connections by the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <ftw.h>
#include <git2.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/box_client.h"
#include "sandbox/expand.h"
#include "sandbox/hostdir.h"

#define EACUTE "\xc3\xa9.txt"
#define E_ACUTE "e\xcc\x81.txt"

struct test {
	struct ctx cx;
	char dir[64];
	struct boxes *boxes;
	struct expander x;
	struct tree_told told;
	git_repository *repo;
	git_odb *odb;
	pid_t daemon;
};

static int remove_one(const char *path, const struct stat *st, int flag,
		      struct FTW *f)
{
	(void)st;
	(void)flag;
	(void)f;
	return remove(path);
}

/* Whether a box works at all here; else all that needs one is skipped. */
static bool works(struct test *t)
{
	struct str word = STR("true");
	struct run_ask ask = { .argv = { &word, 1 } };
	struct run_told told = { 0 };
	enum err e = runner_run(&t->cx, boxes_runner(t->boxes), &ask, &told);

	if (!e && told.verdict == RUN_AC)
		return true;
	print_message("skipped, no box here: %.*s\n", STR_FMT(told.why));
	boxes_close(t->boxes);
	t->boxes = NULL;
	return false;
}

static int open_test(void **state)
{
	static struct test t;
	struct boxes_opts o = { .program = BINARY_DIR "/bin/assay-box",
				.width = 2 };

	t = (struct test){ .cx = { .arena = arena_new(1 << 20),
				   .clock = &clock_system } };
	snprintf(t.dir, sizeof(t.dir), "/tmp/assay-expand-XXXXXX");
	assert_non_null(mkdtemp(t.dir));
	setenv("HOME", t.dir, 1); /* nobody's settings */
	git_libgit2_init();
	*state = &t;
	if (boxes_open(&t.cx, &o, &t.boxes)) {
		print_message("skipped, no box here: %s (%s)\n",
			      t.cx.error.text, t.cx.error.detail);
		return 0;
	}
	if (!works(&t))
		return 0;
	t.x.runner = boxes_runner(t.boxes);
	assert_int_equal(
		expand_load(&t.cx, BINARY_DIR "/bin/assay-tree", &t.x.program),
		OK);
	return 0;
}

static int close_test(void **state)
{
	struct test *t = *state;

	if (t->daemon > 0) {
		kill(t->daemon, SIGKILL);
		waitpid(t->daemon, NULL, 0);
	}
	git_odb_free(t->odb);
	git_repository_free(t->repo);
	git_libgit2_shutdown();
	boxes_close(t->boxes);
	nftw(t->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	arena_free(t->cx.arena);
	return 0;
}

/* ---- raw objects ---- */

static void make_repo(struct test *t, const char *name)
{
	const char *at = str_fmt(t->cx.arena, "%s/%s", t->dir, name).p;

	assert_int_equal(git_repository_init(&t->repo, at, 1), 0);
	assert_int_equal(git_repository_odb(&t->odb, t->repo), 0);
}

static git_oid object(struct test *t, git_object_t type, struct str data)
{
	git_oid id;

	assert_int_equal(git_odb_write(&id, t->odb, data.p, data.n, type), 0);
	return id;
}

static git_oid blob(struct test *t, const char *z)
{
	return object(t, GIT_OBJECT_BLOB, str_of(z));
}

static void item(struct buf *b, const char *mode, const char *name, git_oid id)
{
	buf_fmt(b, "%s %s", mode, name);
	buf_ch(b, 0);
	buf_add(b, id.id, GIT_OID_RAWSZ);
}

static git_oid tree(struct test *t, struct buf *b)
{
	git_oid id = object(t, GIT_OBJECT_TREE, buf_view(b));

	buf_done(b);
	return id;
}

/* A commit of it on the branch "master". */
static const char *commit(struct test *t, git_oid root)
{
	char hex[GIT_OID_HEXSZ + 1];
	git_reference *ref = NULL;
	git_oid id;
	struct str text;

	git_oid_tostr(hex, sizeof(hex), &root);
	text = str_fmt(t->cx.arena,
		       "tree %s\nauthor A <a@b> 1 +0000\n"
		       "committer A <a@b> 1 +0000\n\nx\n",
		       hex);
	id = object(t, GIT_OBJECT_COMMIT, text);
	assert_int_equal(git_reference_create(&ref, t->repo,
					      "refs/heads/master", &id, 1, "x"),
			 0);
	git_reference_free(ref);
	git_oid_tostr(hex, sizeof(hex), &id);
	return str_copy(t->cx.arena, str_of(hex)).p;
}

static git_oid hostile_root(struct test *t)
{
	struct buf b = { 0 }, inner = { 0 };
	git_oid good = blob(t, "good"), sub, evil = blob(t, "evil");

	item(&inner, "100644", "..", evil);
	item(&inner, "100644", ".git", evil);
	item(&inner, "100644", "kept.txt", good);
	sub = tree(t, &inner);
	item(&b, "40000", "..", sub);
	item(&b, "40000", ".git", sub);
	item(&b, "40000", ".GIT", sub);
	item(&b, "100644", "git~1", evil);
	item(&b, "100644", ".g\xe2\x80\x8cit", evil);
	item(&b, "100644", "a/b", evil);
	item(&b, "120000", "link", blob(t, "/etc/passwd"));
	item(&b, "160000", "module", evil);
	item(&b, "100644", "README", good);
	item(&b, "100644", "readme", evil);
	item(&b, "100644", EACUTE, good);
	item(&b, "100644", E_ACUTE, evil);
	item(&b, "40000", "sub", sub);
	item(&b, "100755", "run.sh", good);
	return tree(t, &b);
}

/* ---- looking ---- */

static const struct run_file *file(struct test *t, const char *name)
{
	return tree_find(&t->told.list.files, str_of(name));
}

static void assert_refused(struct test *t, const char *name)
{
	const struct tree_refused *r = t->told.list.refused.at;

	assert_null(file(t, name));
	for (size_t i = 0; i < t->told.list.refused.n; i++)
		if (str_is(r[i].name, name))
			return;
	fail_msg("%s was not refused by name", name);
}

static void assert_hostile(struct test *t)
{
	static const char *const refused[] = {
		"..",	    ".git", "git~1",  ".g\\xe2\\x80\\x8cit",
		"a/b",	    "link", "module", "sub/..",
		"sub/.git",
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		assert_refused(t, refused[i]);
	assert_non_null(file(t, "sub/kept.txt"));
	assert_true(file(t, "run.sh")->executable);
	assert_true(!file(t, "README") != !file(t, "readme"));
	assert_true(!file(t, EACUTE) != !file(t, E_ACUTE));
	assert_int_equal(t->told.list.files.n, 4);
}

static enum err read_repo(struct test *t, const char *name, const char *ref,
			  const char *folder)
{
	struct list files;
	bool is = false;

	assert_int_equal(
		hostdir_repo(&t->cx, t->dir, str_of(name), &files, &is), OK);
	assert_true(is);
	return repo_expand(&t->cx, &t->x, &files, str_of(ref), str_of(folder),
			   &t->told);
}

#define NEEDS_BOX(t)                                                           \
	do {                                                                   \
		if (!(t)->boxes)                                               \
			skip();                                                \
	} while (0)

/* ---- tests ---- */

static void a_hostile_tree_is_refused_entry_by_entry(void **state)
{
	struct test *t = *state;
	const char *id;

	NEEDS_BOX(t);
	make_repo(t, "r.git");
	id = commit(t, hostile_root(t));
	assert_int_equal(read_repo(t, "r.git", "", ""), OK);
	assert_true(str_is(t->told.commit, id));
	assert_hostile(t);
	assert_int_equal(read_repo(t, "r.git", id, "sub"), OK);
	assert_int_equal(t->told.list.files.n, 1);
	assert_int_equal(read_repo(t, "r.git", "no-such", ""), ERR_NOT_FOUND);
	assert_int_equal(read_repo(t, "r.git", "", "nowhere"), ERR_NOT_FOUND);
}

/* 42 objects that stand for 2^40 files. */
static void a_tree_of_trees_has_an_end(void **state)
{
	struct test *t = *state;
	git_oid level;
	enum err e;

	NEEDS_BOX(t);
	make_repo(t, "bomb.git");
	level = blob(t, "x");
	for (int i = 0; i < 40; i++) {
		struct buf b = { 0 };

		item(&b, i ? "40000" : "100644", "a", level);
		item(&b, i ? "40000" : "100644", "b", level);
		level = tree(t, &b);
	}
	commit(t, level);
	e = read_repo(t, "bomb.git", "", "");
	if (!e)
		assert_true(t->told.list.refused.n > 0 &&
			    t->told.list.files.n <= TREE_ENTRIES);
	else
		assert_int_equal(e, ERR_TOO_LARGE);
}

static void a_bundle_gives_the_same(void **state)
{
	struct test *t = *state;
	const char *id, *path;
	struct buf b = { 0 };
	char piece[4096];
	size_t n;
	FILE *f;

	NEEDS_BOX(t);
	make_repo(t, "r.git");
	id = commit(t, hostile_root(t));
	path = str_fmt(t->cx.arena,
		       "git -c safe.directory='*' -C %s/r.git bundle create -q "
		       "- master",
		       t->dir)
		       .p;
	f = popen(path, "re");
	assert_non_null(f);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(&b, piece, n);
	assert_int_equal(pclose(f), 0);
	assert_int_equal(bundle_expand(&t->cx, &t->x, buf_view(&b),
				       STR("master"), STR(""), &t->told),
			 OK);
	assert_true(str_is(t->told.commit, id));
	assert_hostile(t);
	/* Broken bytes are the sender's fault, never ours. */
	b.p[b.n / 2] ^= 0x55;
	assert_int_equal(bundle_expand(&t->cx, &t->x, buf_view(&b),
				       STR("master"), STR(""), &t->told),
			 ERR_INVALID);
	buf_done(&b);
}

static void an_archive_is_expanded_in_a_box(void **state)
{
	struct test *t = *state;

	NEEDS_BOX(t);
	assert_int_equal(
		archive_expand(&t->cx, &t->x, STR("no archive"), &t->told),
		ERR_INVALID);
	assert_non_null(strstr(t->cx.error.text, "zip or tar"));
}

/* ---- over the network ---- */

static void serve(int fd, const char *dir)
{
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int c = accept(fd, NULL, NULL);
		char base[128];

		if (c < 0)
			_exit(1);
		if (fork()) {
			close(c);
			continue;
		}
		snprintf(base, sizeof(base), "--base-path=%s", dir);
		dup2(c, 0);
		dup2(c, 1);
		setenv("GIT_CONFIG_COUNT", "1", 1);
		setenv("GIT_CONFIG_KEY_0", "safe.directory", 1);
		setenv("GIT_CONFIG_VALUE_0", "*", 1);
		signal(SIGCHLD, SIG_DFL);
		execlp("git", "git", "daemon", "--inetd", "--export-all", base,
		       (char *)NULL);
		_exit(127);
	}
}

/* Its port. */
static int daemon_start(struct test *t)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, n), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	t->daemon = fork();
	assert_true(t->daemon >= 0);
	if (t->daemon == 0)
		serve(fd, t->dir);
	close(fd);
	return ntohs(at.sin_port);
}

static enum err fetch_it(struct test *t, int port, const char *name,
			 const char *ref, const char *address)
{
	const struct expand_from from = {
		/* The name is not looked up: connections go to address. */
		.url = str_fmt(t->cx.arena, "git://no.such.host:%d/%s", port,
			       name),
		.ref = str_of(ref),
		.folder = STR(""),
		.address = str_of(address),
	};

	return fetch_expand(&t->cx, &t->x, &from, &t->told);
}

static void a_repository_is_fetched_and_pinned(void **state)
{
	struct test *t = *state;
	int port;
	const char *id;
	enum err e;

	NEEDS_BOX(t);
	make_repo(t, "r.git");
	id = commit(t, hostile_root(t));
	port = daemon_start(t);
	e = fetch_it(t, port, "r.git", "master", "127.0.0.1");
	if (e)
		print_error("%s (%s)\n", t->cx.error.text, t->cx.error.detail);
	assert_int_equal(e, OK);
	assert_true(str_is(t->told.commit, id));
	assert_hostile(t);
	assert_int_equal(fetch_it(t, port, "r.git", "", "127.0.0.1"), OK);
	assert_true(str_is(t->told.commit, id));
	assert_int_equal(fetch_it(t, port, "r.git", id, "127.0.0.1"), OK);
	assert_int_equal(fetch_it(t, port, "r.git", "nope", "127.0.0.1"),
			 ERR_NOT_FOUND);
	assert_int_equal(fetch_it(t, port, "r.git",
				  "1111111111111111111111111111111111111111",
				  "127.0.0.1"),
			 ERR_NOT_FOUND);
	/* What is not there, and who is not there: not the file's fault. */
	assert_int_equal(fetch_it(t, port, "x.git", "", "127.0.0.1"),
			 ERR_UNAVAILABLE);
	kill(t->daemon, SIGKILL);
	waitpid(t->daemon, NULL, 0);
	t->daemon = 0;
	assert_int_equal(fetch_it(t, port, "r.git", "", "127.0.0.1"),
			 ERR_UNAVAILABLE);
}

/* ---- folders ---- */

static void put_file(struct test *t, const char *name, const char *text)
{
	FILE *f = fopen(str_fmt(t->cx.arena, "%s/%s", t->dir, name).p, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void a_folder_is_read_without_following_links(void **state)
{
	struct test *t = *state;
	struct tree_list l = { 0 };
	const char *dir = t->dir;

	assert_int_equal(mkdir(str_fmt(t->cx.arena, "%s/in", dir).p, 0755), 0);
	assert_int_equal(mkdir(str_fmt(t->cx.arena, "%s/in/d", dir).p, 0755),
			 0);
	assert_int_equal(mkdir(str_fmt(t->cx.arena, "%s/in/.git", dir).p, 0755),
			 0);
	put_file(t, "secret", "s");
	put_file(t, "in/a", "1");
	put_file(t, "in/d/b", "22");
	put_file(t, "in/.git/config", "x");
	assert_int_equal(
		symlink("../secret", str_fmt(t->cx.arena, "%s/in/out", dir).p),
		0);
	assert_int_equal(symlink("in", str_fmt(t->cx.arena, "%s/alias", dir).p),
			 0);
	assert_int_equal(
		mkfifo(str_fmt(t->cx.arena, "%s/in/fifo", dir).p, 0600), 0);
	assert_int_equal(hostdir_read(&t->cx, dir, STR("in"), &l), OK);
	t->told.list = l;
	assert_int_equal(l.files.n, 2);
	assert_true(str_is(file(t, "d/b")->data, "22"));
	assert_refused(t, "out");
	assert_refused(t, "fifo");
	assert_true(str_starts(hostdir_digest(&t->cx, &l.files), "b2:"));
	assert_int_equal(hostdir_read(&t->cx, dir, STR("alias"), &l),
			 ERR_INVALID);
	assert_int_equal(hostdir_read(&t->cx, dir, STR("in/../in"), &l), OK);
	assert_int_equal(hostdir_read(&t->cx, dir, STR("../.."), &l),
			 ERR_INVALID);
	assert_int_equal(hostdir_read(&t->cx, dir, STR("nowhere"), &l),
			 ERR_NOT_FOUND);
}

#define expand_test(f) cmocka_unit_test_setup_teardown(f, open_test, close_test)

int main(void)
{
	const struct CMUnitTest tests[] = {
		expand_test(a_hostile_tree_is_refused_entry_by_entry),
		expand_test(a_tree_of_trees_has_an_end),
		expand_test(a_bundle_gives_the_same),
		expand_test(an_archive_is_expanded_in_a_box),
		expand_test(a_repository_is_fetched_and_pinned),
		expand_test(a_folder_is_read_without_following_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
