/*
 * Packs as stock git makes them: our index is compared with its, byte by byte.
 */
#include "sandbox/pack.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "sandbox/gitlib.h"
#include "tests/support/check.h"

enum { MOST = 300 };

struct place {
	char dir[64];
	int fd;
	struct ctx cx;
};

static int remove_it(const char *path, const struct stat *st, int type,
		     struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

static int up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	snprintf(p->dir, sizeof(p->dir), "/tmp/pack-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	p->fd = open(p->dir, O_RDONLY | O_DIRECTORY);
	p->cx = (struct ctx){ .arena = arena_new(1 << 16) };
	assert_int_equal(gitlib_start(&p->cx), OK);
	*state = p;
	return 0;
}

static int down(void **state)
{
	struct place *p = *state;

	close(p->fd);
	gitlib_stop();
	arena_free(p->cx.arena);
	nftw(p->dir, remove_it, 32, FTW_DEPTH | FTW_PHYS);
	free(p);
	return 0;
}

static void sha1_is(struct str s, size_t times, const char *want)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t out[SHA1_BYTES];
	char hex[2 * SHA1_BYTES + 1] = { 0 };
	struct sha1 h;

	sha1_init(&h);
	for (size_t i = 0; i < times; i++)
		sha1_add(&h, s.p, s.n);
	sha1_end(&h, out);
	for (int i = 0; i < SHA1_BYTES; i++) {
		hex[2 * i] = digits[out[i] >> 4];
		hex[2 * i + 1] = digits[out[i] & 15];
	}
	assert_string_equal(hex, want);
}

/* The examples of FIPS 180-2, appendix A; and of RFC 3174. */
static void sha1_gives_the_published_sums(void **state)
{
	(void)state;
	sha1_is(STR(""), 1, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
	sha1_is(STR("abc"), 1, "a9993e364706816aba3e25717850c26c9cd0d89d");
	sha1_is(STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmno"
		    "mnopnopq"),
		1, "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
	sha1_is(STR("a"), 1000000, "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
	sha1_is(STR("01234567012345670123456701234567"), 20,
		"dea356a2cddd90c7a7ecedc5ebb563934f460452");
}

static struct str slurp(struct place *p, const char *name)
{
	const char *path = str_fmt(p->cx.arena, "%s/%s", p->dir, name).p;
	FILE *f = fopen(path, "rb");
	struct buf b = { 0 };
	struct str out;
	int c;

	assert_non_null(f);
	while ((c = fgetc(f)) != EOF)
		buf_ch(&b, (char)c);
	fclose(f);
	out = buf_copy(&b, p->cx.arena);
	buf_done(&b);
	return out;
}

static struct object random_object(struct place *p, struct rng *rng, int i)
{
	size_t n = rng_below(rng, rng_below(rng, 8) ? 200 : 70000);
	char *data = arena_alloc(p->cx.arena, n + 8);
	struct object o = { .type = OBJECT_BLOB };

	for (size_t k = 0; k < n; k++)
		data[k] = (char)rng_below(rng, 1 + rng_below(rng, 256));
	memcpy(data + n, &i, sizeof(i)); /* each is another */
	o.data = (struct str){ data, n + sizeof(i) };
	object_id(o.type, o.data, &o.id);
	return o;
}

static void add(struct place *p, struct pack_writer *w, const struct object *o)
{
	uLongf n = compressBound(o->data.n);
	uint8_t *to = arena_alloc(p->cx.arena, n);

	assert_int_equal(
		compress2(to, &n, (const uint8_t *)o->data.p, o->data.n, 1),
		Z_OK);
	pack_add(w, &o->id, o->type, (uint32_t)o->data.n,
		 (struct str){ (char *)to, n });
}

static void look(struct place *p, const struct pack_file *f,
		 const struct object *o)
{
	int64_t row = pack_find(f, &o->id);
	struct str entry;
	struct oid id;

	assert_true(row >= 0);
	pack_oid(f, (uint32_t)row, &id);
	assert_true(oid_eq(&id, &o->id));
	assert_true(pack_entry(f, (uint32_t)row, &entry));
	(void)p;
}

static void the_index_is_the_one_that_git_makes(void **state)
{
	struct place *p = *state;
	struct rng_seeded rng;

	rng_property(&rng);
	for (int round = 0; round < 12; round++) {
		int n = round ? 1 + (int)rng_below(&rng.rng, MOST) : 1;
		struct object *o =
			ARENA_ARRAY(p->cx.arena, struct object, (size_t)n);
		char name[PACK_NAME], again[PACK_NAME];
		struct pack_writer w;
		struct pack_file f;
		struct oid none = { 0 };
		struct str entry;

		pack_begin(&w, &disk_system, p->fd, (uint32_t)n);
		for (int i = 0; i < n; i++) {
			o[i] = random_object(p, &rng.rng, i);
			add(p, &w, &o[i]);
		}
		assert_true(pack_end(&w, name));
		if (system(str_fmt(p->cx.arena,
				   "cd %s && git index-pack --strict -o git.idx "
				   "%s.pack >/dev/null",
				   p->dir, name)
				   .p))
			fail_msg("git index-pack");
		assert_true(str_eq(
			slurp(p, "git.idx"),
			slurp(p, str_fmt(p->cx.arena, "%s.idx", name).p)));
		assert_true(pack_open(&f, p->fd, name));
		assert_int_equal(f.n, n);
		for (int i = 0; i < n; i++)
			look(p, &f, &o[i]);
		assert_int_equal(pack_find(&f, &none), -1);
		/* Entries copied one by one make the same pack. */
		pack_begin(&w, &disk_system, p->fd, (uint32_t)n);
		for (int i = 0; i < n; i++) {
			assert_true(pack_entry(
				&f, (uint32_t)pack_find(&f, &o[i].id), &entry));
			pack_copy(&w, &o[i].id, entry);
		}
		assert_true(pack_end(&w, again));
		assert_string_equal(name, again);
		pack_close(&f);
		unlinkat(p->fd, "git.idx", 0);
	}
}

static void a_damaged_pack_or_index_is_not_taken(void **state)
{
	struct place *p = *state;
	struct rng_seeded rng;
	char name[PACK_NAME];
	struct pack_writer w;
	struct pack_file f;
	struct object o[5];
	struct stat st;
	int fd;

	rng_property(&rng);
	pack_begin(&w, &disk_system, p->fd, 5);
	for (int i = 0; i < 5; i++) {
		o[i] = random_object(p, &rng.rng, i);
		add(p, &w, &o[i]);
	}
	assert_true(pack_end(&w, name));
	/* read-only, as git has them */
	assert_int_equal(fchmodat(p->fd,
				  str_fmt(p->cx.arena, "%s.pack", name).p, 0600,
				  0),
			 0);
	fd = openat(p->fd, str_fmt(p->cx.arena, "%s.pack", name).p, O_RDWR);
	assert_int_equal(fstat(fd, &st), 0);
	for (off_t at = 12; at < st.st_size - 20;
	     at += 1 + (off_t)rng_below(&rng.rng, 50)) {
		struct str entry;
		bool all = true;
		char c;

		assert_int_equal(pread(fd, &c, 1, at), 1);
		c ^= 4;
		assert_int_equal(pwrite(fd, &c, 1, at), 1);
		assert_true(pack_open(&f, p->fd, name));
		for (uint32_t i = 0; i < f.n; i++)
			all &= pack_entry(&f, i, &entry);
		assert_false(all);
		pack_close(&f);
		c ^= 4;
		assert_int_equal(pwrite(fd, &c, 1, at), 1);
	}
	assert_int_equal(ftruncate(fd, st.st_size - 1), 0);
	assert_false(pack_open(&f, p->fd, name));
	close(fd);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, up, down)
	const struct CMUnitTest tests[] = {
		T(sha1_gives_the_published_sums),
		T(the_index_is_the_one_that_git_makes),
		T(a_damaged_pack_or_index_is_not_taken),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
