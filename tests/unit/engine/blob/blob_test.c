#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sodium.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "engine/blob/blob.h"
#include "engine/blob/blob_file.h"
#include "tests/support/check.h"
#include "tests/support/tx_world.h"

/* What a thief of the database might try. */
enum { COPY_KEY, OWN_STMTS };
static const struct stmt own_sql[OWN_STMTS] = {
	[COPY_KEY] = { "test_copy_key",
		       "UPDATE learner_key SET wrapped = (SELECT k.wrapped"
		       " FROM learner_key k WHERE k.learner = $1)"
		       " WHERE learner = $2" },
};
static const struct stmt_set own_set = { "test", own_sql, OWN_STMTS };
static const struct stmt_set *const sets[] = { &record_stmts, &auth_stmts,
					       &blob_stmts, &own_set, NULL };
static const struct migration_set *const steps[] = { &record_migrations,
						     &auth_migrations,
						     &blob_migrations, NULL };

static enum err open_blobs(struct tx *w, const char *key, int64_t node,
			   struct blob_store **out)
{
	const struct blob_opts o = {
		.folder = str_fmt(w->cx.arena, "%s/blobs", w->folder).p,
		.master_key = str_fmt(w->cx.arena, "%s/%s", w->folder, key).p,
		.node = node,
	};

	return blob_store_open(&w->cx, &o, out);
}

static int set_up(void **state)
{
	static struct tx w;

	if (sodium_init() < 0)
		return -1;
	tx_open(&w, &(struct tx_opts){ .sets = sets, .steps = steps });
	assert_int_equal(open_blobs(&w, "master.key", 1, &w.app.blobs), OK);
	tx_start(&w, NULL);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	struct tx *w = *state;

	blob_store_free(w->app.blobs);
	tx_close(w);
	return 0;
}

/* ---- commands ---- */

struct put {
	struct blob b;
	struct str content;
	bool made;
	enum err then; /* fails the command after the put */
};

static enum err put_run(struct ctx *cx, void *arg)
{
	struct put *p = arg;
	enum err e = blob_put(cx, &p->b, p->content, &p->made);

	return e ? e : p->then ? err_set(cx, p->then, "asked to") : OK;
}

static enum err put(struct tx *w, const struct id *learner, struct str content,
		    struct put *out)
{
	*out = (struct put){ .b = { .org = w->who.org,
				    .media_type = STR("image/png") },
			     .content = content };
	if (learner)
		out->b.learner = *learner;
	return tx_run(w, put_run, out);
}

struct get {
	const struct id *org, *learner;
	struct str digest, content;
	struct blob b;
};

static enum err get_run(struct ctx *cx, void *arg)
{
	struct get *g = arg;

	return blob_read(cx, g->org, g->learner, g->digest, &g->b, &g->content);
}

static enum err get(struct tx *w, const struct id *learner, struct str digest,
		    struct str *content)
{
	struct get g = { .org = &w->who.org,
			 .learner = learner,
			 .digest = digest };
	enum err e = tx_read(w, get_run, &g);

	if (!e)
		*content = g.content;
	return e;
}

static enum err destroy_run(struct ctx *cx, void *arg)
{
	int64_t generation;

	return blob_destroy_key(cx, &cx->who->org, arg, &generation);
}

static const struct id anna = { { 1, 2 } }, ben = { { 3, 4 } };

/* ---- files ---- */

static char seen[64][128];
static size_t seen_n;

static int see(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)f;
	if (type == FTW_F && strlen(path) < 128 && seen_n < 64)
		snprintf(seen[seen_n++], 128, "%.127s", path);
	return 0;
}

/* How many files there are; their paths are in seen. */
static size_t files(struct tx *w)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/blobs", w->folder);
	seen_n = 0;
	nftw(path, see, 8, FTW_PHYS);
	return seen_n;
}

static struct str slurp(struct tx *w, const char *path)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	char *p;

	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	p = arena_alloc(w->cx.arena, (size_t)st.st_size);
	assert_int_equal(read(fd, p, (size_t)st.st_size), st.st_size);
	close(fd);
	return (struct str){ p, (size_t)st.st_size };
}

static void overwrite(const char *path, struct str bytes)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes.p, bytes.n), (ssize_t)bytes.n);
	close(fd);
}

/* ---- tests ---- */

static void equal_content_is_stored_once(void **state)
{
	struct tx *w = *state;
	uint8_t digest[BLOB_DIGEST];
	struct put a, b;
	struct str got;

	assert_int_equal(put(w, NULL, STR("a picture"), &a), OK);
	assert_true(a.made);
	crypto_generichash(digest, sizeof(digest), (const uint8_t *)"a picture",
			   9, NULL, 0);
	assert_memory_equal(a.b.digest.p, digest, sizeof(digest));
	tx_step_clock(w, 1000);
	assert_int_equal(put(w, NULL, STR("a picture"), &b), OK);
	assert_false(b.made);
	assert_int_equal(b.b.created_at, a.b.created_at);
	assert_int_equal(files(w), 1);
	assert_int_equal(get(w, NULL, a.b.digest, &got), OK);
	assert_true(str_is(got, "a picture"));
}

static void contents_of_any_size_come_back(void **state)
{
	static const size_t sizes[] = { 0,     1,	65536,
					65537, 1000000, LIMIT_BLOB_BYTES };
	struct tx *w = *state;

	for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(*sizes); i++) {
		const struct id *whose = i % 2 ? &anna : NULL;
		size_t n = sizes[i / 2];
		char *p = arena_alloc(w->cx.arena, n);
		struct str in = { p, n }, out;
		struct put a;

		rng_fill(&w->rng.rng, p, n);
		assert_int_equal(put(w, whose, in, &a), OK);
		assert_int_equal(get(w, whose, a.b.digest, &out), OK);
		assert_true(str_eq(in, out));
	}
}

static void a_personal_blob_shows_nothing_on_the_disk(void **state)
{
	struct tx *w = *state;
	struct put a, b;
	char hex[2 * BLOB_DIGEST + 1];

	assert_int_equal(put(w, &anna, STR("my passport"), &a), OK);
	assert_int_equal(put(w, &ben, STR("my passport"), &b), OK);
	assert_true(str_eq(a.b.digest, b.b.digest));
	assert_int_equal(files(w), 2); /* nothing tells that they are equal */
	sodium_bin2hex(hex, sizeof(hex), (const uint8_t *)a.b.digest.p,
		       a.b.digest.n);
	for (size_t i = 0; i < 2; i++) {
		struct str s = slurp(w, seen[i]);

		assert_null(strstr(seen[i], hex + 2));
		assert_true(str_find(s, STR("passport"), 0) == SIZE_MAX);
	}
}

static void one_learner_does_not_find_what_is_anothers(void **state)
{
	struct tx *w = *state;
	struct str got;
	struct put a;

	assert_int_equal(put(w, &anna, STR("hers"), &a), OK);
	assert_int_equal(get(w, &ben, a.b.digest, &got), ERR_NOT_FOUND);
	assert_int_equal(get(w, NULL, a.b.digest, &got), ERR_NOT_FOUND);
	assert_int_equal(put(w, &ben, STR("his"), &a), OK);
	assert_int_equal(get(w, &anna, a.b.digest, &got), ERR_NOT_FOUND);
}

static void a_damaged_file_is_never_given_out(void **state)
{
	struct tx *w = *state;

	for (int personal = 0; personal < 2; personal++) {
		const struct id *whose = personal ? &anna : NULL;
		struct str whole, got = STR("untouched");
		struct put a;
		char *bad;

		assert_int_equal(put(w, whose, STR("some bytes"), &a), OK);
		assert_int_equal(files(w), 1);
		whole = slurp(w, seen[0]);
		bad = arena_alloc(w->cx.arena, whole.n);
		for (size_t i = 0; i < whole.n; i++) {
			memcpy(bad, whole.p, whole.n);
			bad[i] = (char)(bad[i] ^ 4);
			overwrite(seen[0], (struct str){ bad, whole.n });
			assert_int_equal(get(w, whose, a.b.digest, &got),
					 ERR_CORRUPT);
		}
		overwrite(seen[0], str_cut(whole, 0, whole.n - 1));
		assert_int_equal(get(w, whose, a.b.digest, &got), ERR_CORRUPT);
		overwrite(seen[0], whole);
		assert_int_equal(get(w, whose, a.b.digest, &got), OK);
		unlink(seen[0]);
		assert_int_equal(get(w, whose, a.b.digest, &got), ERR_CORRUPT);
	}
}

static void a_file_does_not_open_under_anothers_name(void **state)
{
	struct tx *w = *state;
	struct put a, b;
	struct str one, two, got;

	assert_int_equal(put(w, &anna, STR("the first"), &a), OK);
	assert_int_equal(put(w, &anna, STR("the other"), &b), OK);
	assert_int_equal(files(w), 2);
	one = slurp(w, seen[0]);
	two = slurp(w, seen[1]);
	overwrite(seen[0], two);
	overwrite(seen[1], one);
	assert_int_equal(get(w, &anna, a.b.digest, &got), ERR_CORRUPT);
	assert_int_equal(get(w, &anna, b.b.digest, &got), ERR_CORRUPT);
}

static void a_lost_file_comes_back_with_the_same_put(void **state)
{
	struct tx *w = *state;
	struct put a;
	struct str got;

	for (int personal = 0; personal < 2; personal++) {
		const struct id *whose = personal ? &anna : NULL;

		assert_int_equal(put(w, whose, STR("again"), &a), OK);
		files(w);
		unlink(seen[0]);
		assert_int_equal(put(w, whose, STR("again"), &a), OK);
		assert_false(a.made);
		assert_int_equal(get(w, whose, a.b.digest, &got), OK);
		assert_true(str_is(got, "again"));
		unlink(seen[0]);
	}
}

static void a_destroyed_key_ends_everything(void **state)
{
	struct tx *w = *state;
	struct put a, b, c;
	struct str got;

	assert_int_equal(put(w, &anna, STR("one"), &a), OK);
	assert_int_equal(put(w, &ben, STR("one"), &b), OK);
	assert_int_equal(tx_run(w, destroy_run, (void *)&anna), OK);
	assert_int_equal(tx_run(w, destroy_run, (void *)&anna), OK);
	assert_int_equal(get(w, &anna, a.b.digest, &got), ERR_ERASED);
	assert_int_equal(get(w, &ben, b.b.digest, &got), OK);
	/* She comes back: a new key, and nothing of the old. */
	assert_int_equal(put(w, &anna, STR("two"), &c), OK);
	assert_int_equal(get(w, &anna, c.b.digest, &got), OK);
	assert_int_equal(get(w, &anna, a.b.digest, &got), ERR_NOT_FOUND);
}

static void a_failed_command_leaves_at_most_a_file(void **state)
{
	struct tx *w = *state;
	struct put a = { .b = { .org = w->who.org,
				.learner = anna,
				.media_type = STR("text/plain") },
			 .content = STR("undone"),
			 .then = ERR_PRECONDITION };
	struct str got;

	assert_int_equal(tx_run(w, put_run, &a), ERR_PRECONDITION);
	assert_int_equal(get(w, &anna, a.b.digest, &got), ERR_NOT_FOUND);
	assert_int_equal(files(w), 1);
	for (int n = 1; n < 12; n++) { /* any store call fails */
		struct put b = a;
		enum err e;

		b.then = OK;
		store_fail_at(w->app.store, n, ERR_UNAVAILABLE);
		e = tx_run(w, put_run, &b);
		store_fail_at(w->app.store, 0, OK);
		if (!e)
			assert_int_equal(get(w, &anna, b.b.digest, &got), OK);
	}
}

struct sweep {
	int64_t removed;
};

static enum err sweep_run(struct ctx *cx, void *arg)
{
	struct sweep *s = arg;
	enum err e = OK;

	s->removed = 0;
	for (int i = 0; !e && i < 256; i++) {
		int64_t n;

		e = blob_sweep(cx, (uint8_t)i, &n);
		s->removed += e ? 0 : n;
	}
	return e;
}

static void old_files_without_a_row_go(void **state)
{
	struct tx *w = *state;
	struct timespec now;
	struct put a, lost = { .b = { .org = w->who.org,
				      .media_type = STR("text/plain") },
			       .content = STR("lost"),
			       .then = ERR_PRECONDITION };
	struct sweep s;

	assert_int_equal(put(w, NULL, STR("kept"), &a), OK);
	assert_int_equal(put(w, &anna, STR("kept"), &a), OK);
	assert_int_equal(tx_run(w, put_run, &lost), ERR_PRECONDITION);
	assert_int_equal(files(w), 3);
	/* The files' own times are the system's. */
	clock_gettime(CLOCK_REALTIME, &now);
	tx_step_clock(w, now.tv_sec * 1000 - clock_ms(w->cx.clock));
	assert_int_equal(tx_run(w, sweep_run, &s), OK);
	assert_int_equal(s.removed, 0);
	tx_step_clock(w, BLOB_ORPHAN_MS + 60000);
	assert_int_equal(tx_run(w, sweep_run, &s), OK);
	assert_int_equal(s.removed, 1);
	assert_int_equal(files(w), 2);
}

static void a_node_cleans_up_after_itself_alone(void **state)
{
	struct tx *w = *state;
	struct blob_store *b;
	char path[128];

	snprintf(path, sizeof(path), "%s/blobs/tmp/n1-0011", w->folder);
	overwrite(path, STR("half"));
	snprintf(path, sizeof(path), "%s/blobs/tmp/n12-0011", w->folder);
	overwrite(path, STR("half of another node's"));
	assert_int_equal(open_blobs(w, "master.key", 1, &b), OK);
	assert_int_equal(files(w), 1);
	assert_non_null(strstr(seen[0], "n12-"));
	blob_store_free(b);
}

static enum err tight_put(struct ctx *cx, void *arg)
{
	struct rlimit was, tight;
	enum err e;

	getrlimit(RLIMIT_FSIZE, &was);
	tight = was;
	tight.rlim_cur = 4096;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &tight);
	e = put_run(cx, arg);
	setrlimit(RLIMIT_FSIZE, &was);
	return e;
}

static void no_space_is_told_and_leaves_nothing(void **state)
{
	struct tx *w = *state;
	char *p = arena_alloc(w->cx.arena, 100000);
	struct put a = { .b = { .org = w->who.org,
				.media_type = STR("text/plain") },
			 .content = { p, 100000 } };

	assert_int_equal(tx_run(w, tight_put, &a), ERR_READ_ONLY);
	assert_int_equal(files(w), 0);
	assert_int_equal(tx_run(w, put_run, &a), OK);
}

static void a_folder_that_vanished_is_unavailable(void **state)
{
	struct tx *w = *state;
	char path[128];
	struct put a;

	snprintf(path, sizeof(path), "%s/blobs/tmp", w->folder);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(put(w, NULL, STR("x"), &a), ERR_UNAVAILABLE);
}

static void media_types_have_their_form(void **state)
{
	static const char *const good[] = { "image/png", "text/x-c++src",
					    "application/vnd.a.b+json" };
	static const char *const bad[] = { "",	    "png",	 "image/",
					   "/png",  "a/b/c",	 "a /b",
					   "a/b;c", "text/pl\n", "-a/b" };
	struct tx *w = *state;
	struct put a = { .b = { .org = w->who.org }, .content = STR("x") };

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		a.b.media_type = str_of(good[i]);
		assert_int_equal(tx_run(w, put_run, &a), OK);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		a.b.media_type = str_of(bad[i]);
		assert_int_equal(tx_run(w, put_run, &a), ERR_INVALID);
	}
}

static void too_much_and_nothing_are_refused(void **state)
{
	struct tx *w = *state;
	struct put a;

	assert_int_equal(put(w, NULL, (struct str){ 0 }, &a), ERR_INVALID);
	assert_int_equal(put(w, NULL,
			     (struct str){ arena_alloc(w->cx.arena, 1),
					   LIMIT_BLOB_BYTES + 1 },
			     &a),
			 ERR_TOO_LARGE);
}

/* ---- keys ---- */

static enum err check_run(struct ctx *cx, void *arg)
{
	return blob_store_check(arg, cx);
}

static void a_server_with_another_master_key_does_not_start(void **state)
{
	struct tx *w = *state;
	struct blob_store *b, *same;
	struct put a;

	assert_int_equal(open_blobs(w, "other.key", 2, &b), OK);
	assert_int_equal(tx_read(w, check_run, b), OK); /* no key yet */
	assert_int_equal(put(w, &anna, STR("x"), &a), OK);
	assert_int_equal(tx_read(w, check_run, b), ERR_INVALID);
	assert_int_equal(open_blobs(w, "master.key", 2, &same), OK);
	assert_int_equal(tx_read(w, check_run, same), OK);
	blob_store_free(b);
	blob_store_free(same);
}

/* It started before the database had a key, and comes second. */
static void two_master_keys_never_wrap_in_one_database(void **state)
{
	struct tx *w = *state;
	struct blob_store *mine = w->app.blobs, *b;
	struct str got;
	struct put a;

	assert_int_equal(open_blobs(w, "other.key", 2, &b), OK);
	assert_int_equal(put(w, &anna, STR("x"), &a), OK);
	w->app.blobs = b;
	assert_int_equal(put(w, &ben, STR("x"), &a), ERR_UNAVAILABLE);
	assert_int_equal(put(w, NULL, STR("x"), &a), OK);
	assert_int_equal(get(w, &anna, a.b.digest, &got), ERR_UNAVAILABLE);
	w->app.blobs = mine;
	blob_store_free(b);
}

static void the_key_file_is_private_and_whole(void **state)
{
	struct tx *w = *state;
	struct blob_store *b;
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/master.key", w->folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	chmod(path, 0640);
	assert_int_equal(open_blobs(w, "master.key", 1, &b), ERR_INVALID);
	chmod(path, 0600);
	overwrite(path, STR("00ff\n"));
	assert_int_equal(open_blobs(w, "master.key", 1, &b), ERR_INVALID);
}

static enum err copy_run(struct ctx *cx, void *arg)
{
	(void)arg;
	return store_exec(cx, &own_sql[COPY_KEY], VALS(v_id(&anna), v_id(&ben)),
			  NULL);
}

static void a_key_moved_to_another_learner_does_not_open(void **state)
{
	struct tx *w = *state;
	struct put a, b;
	struct str got;

	assert_int_equal(put(w, &anna, STR("x"), &a), OK);
	assert_int_equal(put(w, &ben, STR("x"), &b), OK);
	assert_int_equal(tx_run(w, copy_run, NULL), OK);
	assert_int_equal(get(w, &anna, a.b.digest, &got), OK);
	assert_int_equal(get(w, &ben, b.b.digest, &got), ERR_UNAVAILABLE);
}

/* Random puts, losses and erasures against a table of what must be there. */
static void what_can_be_read_is_what_was_put_and_not_erased(void **state)
{
	enum { LEARNERS = 3, CONTENTS = 6, ROUNDS = 400 };
	bool there[LEARNERS][CONTENTS] = { { false } };
	bool ever[LEARNERS] = { false }, gone[LEARNERS] = { false };
	struct tx *w = *state;
	struct rng_seeded rng;

	rng_property(&rng);
	for (int i = 0; i < ROUNDS; i++) {
		size_t who = rng_below(&rng.rng, LEARNERS);
		size_t what = rng_below(&rng.rng, CONTENTS);
		struct id id = { { 9, (uint8_t)(who + 1) } };
		struct str text = str_fmt(w->cx.arena, "content %zu", what);
		uint8_t digest[BLOB_DIGEST];
		struct str got;
		struct put a;

		crypto_generichash(digest, sizeof(digest),
				   (const uint8_t *)text.p, text.n, NULL, 0);
		switch (rng_below(&rng.rng, 12)) {
		case 0:
			assert_int_equal(tx_run(w, destroy_run, &id), OK);
			memset(there[who], 0, sizeof(there[who]));
			gone[who] = ever[who];
			break;
		case 1:
		case 2:
		case 3:
			assert_int_equal(put(w, &id, text, &a), OK);
			assert_true(a.made == !there[who][what]);
			there[who][what] = ever[who] = true;
			gone[who] = false;
			break;
		default:
			assert_int_equal(get(w, &id,
					     (struct str){ (char *)digest,
							   sizeof(digest) },
					     &got),
					 there[who][what] ? OK
					 : gone[who]	  ? ERR_ERASED
							  : ERR_NOT_FOUND);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		T(equal_content_is_stored_once),
		T(contents_of_any_size_come_back),
		T(a_personal_blob_shows_nothing_on_the_disk),
		T(one_learner_does_not_find_what_is_anothers),
		T(a_damaged_file_is_never_given_out),
		T(a_file_does_not_open_under_anothers_name),
		T(a_lost_file_comes_back_with_the_same_put),
		T(a_destroyed_key_ends_everything),
		T(a_failed_command_leaves_at_most_a_file),
		T(old_files_without_a_row_go),
		T(a_node_cleans_up_after_itself_alone),
		T(no_space_is_told_and_leaves_nothing),
		T(a_folder_that_vanished_is_unavailable),
		T(media_types_have_their_form),
		T(too_much_and_nothing_are_refused),
		T(a_server_with_another_master_key_does_not_start),
		T(two_master_keys_never_wrap_in_one_database),
		T(the_key_file_is_private_and_whole),
		T(a_key_moved_to_another_learner_does_not_open),
		T(what_can_be_read_is_what_was_put_and_not_erased),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
