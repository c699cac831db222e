/*
 * Repositories over http and https, fetched in real boxes from git's own server
 * side, which a small web server on the loopback starts.
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
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/box_client.h"
#include "sandbox/expand.h"

#define SERVER SOURCE_DIR "/tests/unit/sandbox/git_server.py"

struct test {
	struct ctx cx;
	char dir[64];
	struct boxes *boxes;
	struct expander x;
	struct tree_told told;
	struct str commit;
	int elsewhere; /* a listener that should hear nothing */
	int elsewhere_port;
	pid_t server;
	int until; /* its standard input */
	int port;
};

static int remove_one(const char *path, const struct stat *st, int flag,
		      struct FTW *f)
{
	(void)st;
	(void)flag;
	(void)f;
	return remove(path);
}

/* What a shell says, without the end of its line. */
static struct str shell(struct test *t, const char *script)
{
	FILE *f = popen(
		str_fmt(t->cx.arena, "set -e; cd %s; %s", t->dir, script).p,
		"re");
	char line[200] = "";

	assert_non_null(f);
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	assert_int_equal(pclose(f), 0);
	return str_trim(str_copy(t->cx.arena, str_of(line)));
}

static void make_repo(struct test *t)
{
	t->commit = shell(
		t, "git init -q --bare -b main r.git; cd r.git;"
		   "tree=$(echo hello | git hash-object -w --stdin |"
		   " sed 's/^/100644 blob /; s/$/\tREADME/' | git mktree);"
		   "id=$(git -c user.name=A -c user.email=a@b"
		   " commit-tree -m x $tree);"
		   "git update-ref refs/heads/main $id; echo $id");
	assert_int_equal(t->commit.n, 40);
}

static int listener(int *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0 && !bind(fd, (struct sockaddr *)&at, n) &&
		    !listen(fd, 8) &&
		    !getsockname(fd, (struct sockaddr *)&at, &n));
	*port = ntohs(at.sin_port);
	return fd;
}

/* certificate: a file of the folder, or NULL. */
static void server_start(struct test *t, const char *certificate)
{
	const char *other = str_fmt(t->cx.arena, "%d", t->elsewhere_port).p;
	int in[2], out[2];
	char line[16] = "";

	assert_true(!pipe(in) && !pipe(out));
	t->server = fork();
	assert_true(t->server >= 0);
	if (t->server == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		if (chdir(t->dir))
			_exit(1);
		execlp("python3", "python3", SERVER, t->dir, other, certificate,
		       (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	t->until = in[1];
	assert_true(read(out[0], line, sizeof(line) - 1) > 0);
	close(out[0]);
	t->port = atoi(line);
	assert_true(t->port > 0);
}

static int open_test(void **state)
{
	static struct test t;
	struct boxes_opts o = { .program = BINARY_DIR "/bin/assay-box",
				.width = 2 };
	struct str word = STR("true");
	struct run_ask ask = { .argv = { &word, 1 } };
	struct run_told told = { 0 };

	t = (struct test){ .cx = { .arena = arena_new(1 << 20),
				   .clock = &clock_system },
			   .until = -1 };
	snprintf(t.dir, sizeof(t.dir), "/tmp/assay-fetch-XXXXXX");
	assert_non_null(mkdtemp(t.dir));
	setenv("HOME", t.dir, 1); /* nobody's settings */
	make_repo(&t);
	t.elsewhere = listener(&t.elsewhere_port);
	*state = &t;
	if (boxes_open(&t.cx, &o, &t.boxes) ||
	    runner_run(&t.cx, boxes_runner(t.boxes), &ask, &told) ||
	    told.verdict != RUN_AC) {
		print_message("skipped, no box here: %s %.*s\n",
			      t.cx.error.text, STR_FMT(told.why));
		boxes_close(t.boxes);
		t.boxes = NULL;
		return 0;
	}
	t.x.runner = boxes_runner(t.boxes);
	assert_int_equal(
		expand_load(&t.cx, BINARY_DIR "/bin/assay-tree", &t.x.program),
		OK);
	return 0;
}

static int close_test(void **state)
{
	struct test *t = *state;

	if (t->server > 0) {
		close(t->until);
		waitpid(t->server, NULL, 0);
	}
	close(t->elsewhere);
	boxes_close(t->boxes);
	nftw(t->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	arena_free(t->cx.arena);
	return 0;
}

/* The name is not looked up by anybody. */
static enum err fetch_it(struct test *t, const char *scheme, const char *host,
			 const char *path, struct str ca)
{
	struct expand_from from = {
		.url = str_fmt(t->cx.arena, "%s://%s:%d/%s", scheme, host,
			       t->port, path),
		.ref = STR("main"),
		.folder = STR(""),
		.address = STR("127.0.0.1"),
		.ca = ca,
	};
	enum err e;

	err_clear(&t->cx);
	e = fetch_expand(&t->cx, &t->x, &from, &t->told);
	if (e)
		print_message("%s: %s (%s)\n", path, t->cx.error.text,
			      t->cx.error.detail);
	return e;
}

#define NEEDS_BOX(t)                                                           \
	do {                                                                   \
		if (!(t)->boxes)                                               \
			skip();                                                \
	} while (0)

static void a_repository_comes_by_http(void **state)
{
	struct test *t = *state;

	NEEDS_BOX(t);
	server_start(t, NULL);
	assert_int_equal(fetch_it(t, "http", "no.such.host", "r.git", STR("")),
			 OK);
	assert_true(str_eq(t->told.commit, t->commit));
	assert_true(str_is(tree_find(&t->told.list.files, STR("README"))->data,
			   "hello\n"));
	assert_int_equal(fetch_it(t, "http", "no.such.host", "x.git", STR("")),
			 ERR_NOT_FOUND);
}

static void a_redirect_is_refused_by_name_and_not_followed(void **state)
{
	struct test *t = *state;

	NEEDS_BOX(t);
	server_start(t, NULL);
	assert_int_equal(
		fetch_it(t, "http", "no.such.host", "moved/r.git", STR("")),
		ERR_DENIED);
	assert_non_null(strstr(t->cx.error.text, "another address"));
	assert_true(accept(t->elsewhere, NULL, NULL) < 0);
}

static void certificate(struct test *t, const char *file)
{
	shell(t, str_fmt(t->cx.arena,
			 "openssl req -x509 -newkey ec -pkeyopt "
			 "ec_paramgen_curve:P-256 -nodes -keyout key -out %s "
			 "-days 2 -subj /CN=git.test "
			 "-addext subjectAltName=DNS:git.test 2>/dev/null; "
			 "cp %s both-%s; cat key >> both-%s",
			 file, file, file, file)
			 .p);
}

static struct str text_of(struct test *t, const char *file)
{
	FILE *f = fopen(str_fmt(t->cx.arena, "%s/%s", t->dir, file).p, "re");
	char *room = arena_alloc(t->cx.arena, 8192);
	size_t n;

	assert_non_null(f);
	n = fread(room, 1, 8192, f);
	fclose(f);
	return (struct str){ room, n };
}

/* In the box, with the name of the URL; the address says nothing. */
static void a_host_proves_its_name_by_its_certificate(void **state)
{
	struct test *t = *state;

	NEEDS_BOX(t);
	certificate(t, "own.pem");
	certificate(t, "others.pem");
	server_start(t, "both-own.pem");
	assert_int_equal(fetch_it(t, "https", "git.test", "r.git",
				  text_of(t, "own.pem")),
			 OK);
	assert_true(str_eq(t->told.commit, t->commit));
	assert_int_equal(fetch_it(t, "https", "other.test", "r.git",
				  text_of(t, "own.pem")),
			 ERR_DENIED);
	assert_int_equal(fetch_it(t, "https", "git.test", "r.git",
				  text_of(t, "others.pem")),
			 ERR_DENIED);
}

#define fetch_test(f) cmocka_unit_test_setup_teardown(f, open_test, close_test)

int main(void)
{
	const struct CMUnitTest tests[] = {
		fetch_test(a_repository_comes_by_http),
		fetch_test(a_redirect_is_refused_by_name_and_not_followed),
		fetch_test(a_host_proves_its_name_by_its_certificate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
