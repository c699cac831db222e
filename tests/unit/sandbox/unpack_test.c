/* Hostile archives, written here byte by byte. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <zlib.h>

#include "sandbox/unpack.h"

struct test {
	struct ctx cx;
	struct buf tar, out;
	struct tree_list list;
};

static int open_test(void **state)
{
	static struct test t;

	t = (struct test){ .cx = { .arena = arena_new(1 << 20) } };
	*state = &t;
	return 0;
}

static int close_test(void **state)
{
	struct test *t = *state;

	buf_done(&t->tar);
	buf_done(&t->out);
	arena_free(t->cx.arena);
	return 0;
}

/* ---- a small writer of tar (POSIX ustar) ---- */

static void tar_head(struct buf *b, const char *name, char type, size_t size,
		     const char *link)
{
	char h[512] = { 0 };
	unsigned sum = 0;

	memcpy(h, name, strlen(name) < 100 ? strlen(name) : 100);
	snprintf(h + 100, 8, "%07o", 0755);
	snprintf(h + 108, 8, "%07o", 0);
	snprintf(h + 116, 8, "%07o", 0);
	for (int i = 10; i >= 0; i--, size >>= 3)
		h[124 + i] = (char)('0' + (size & 7));
	snprintf(h + 136, 12, "%011o", 0);
	memset(h + 148, ' ', 8);
	h[156] = type;
	if (link)
		snprintf(h + 157, 100, "%s", link);
	memcpy(h + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof(h); i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 8, "%06o", sum);
	buf_add(b, h, sizeof(h));
}

static void tar_file(struct buf *b, const char *name, const char *data)
{
	static const char zeros[512];
	size_t n = strlen(data);

	tar_head(b, name, '0', n, NULL);
	buf_add(b, data, n);
	buf_add(b, zeros, (512 - n % 512) % 512);
}

static void tar_end(struct buf *b)
{
	static const char zeros[1024];

	buf_add(b, zeros, sizeof(zeros));
}

static void squeeze(struct buf *out, struct str in)
{
	z_stream z = { 0 };

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, 0), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)in.p;
	z.avail_in = (uInt)in.n;
	do {
		z.next_out = (Bytef *)buf_room(out, 65536);
		z.avail_out = 65536;
		deflate(&z, Z_FINISH);
		out->n += 65536 - z.avail_out;
	} while (z.avail_out == 0);
	deflateEnd(&z);
}

/* ---- a small writer of zip ---- */

static void put(struct buf *b, int bytes, size_t v)
{
	while (bytes--) {
		buf_ch(b, (char)(v & 0xff));
		v >>= 8;
	}
}

struct zipping {
	struct buf b, directory;
	int n;
};

static void zip_entry(struct zipping *z, const char *name, struct str packed,
		      struct str plain, int method, unsigned mode)
{
	size_t at = z->b.n;
	unsigned long crc = crc32(0, (const Bytef *)plain.p, (uInt)plain.n);

	put(&z->b, 4, 0x04034b50);
	put(&z->b, 2, 20);
	put(&z->b, 2, 0x800); /* the name is UTF-8 */
	put(&z->b, 2, (size_t)method);
	put(&z->b, 4, 0x00210000);
	put(&z->b, 4, crc);
	put(&z->b, 4, packed.n);
	put(&z->b, 4, plain.n);
	put(&z->b, 2, strlen(name));
	put(&z->b, 2, 0);
	buf_z(&z->b, name);
	buf_str(&z->b, packed);

	put(&z->directory, 4, 0x02014b50);
	put(&z->directory, 2, 3 << 8 | 20); /* Unix */
	put(&z->directory, 2, 20);
	put(&z->directory, 2, 0x800);
	put(&z->directory, 2, (size_t)method);
	put(&z->directory, 4, 0x00210000);
	put(&z->directory, 4, crc);
	put(&z->directory, 4, packed.n);
	put(&z->directory, 4, plain.n);
	put(&z->directory, 2, strlen(name));
	put(&z->directory, 2, 0);
	put(&z->directory, 2, 0);
	put(&z->directory, 2, 0);
	put(&z->directory, 2, 0);
	put(&z->directory, 4, (size_t)mode << 16);
	put(&z->directory, 4, at);
	buf_z(&z->directory, name);
	z->n++;
}

static void zip_file(struct zipping *z, const char *name, const char *data)
{
	zip_entry(z, name, str_of(data), str_of(data), 0, 0100644);
}

static struct str zip_end(struct test *t, struct zipping *z)
{
	size_t at = z->b.n;
	struct str all;

	buf_str(&z->b, buf_view(&z->directory));
	put(&z->b, 4, 0x06054b50);
	put(&z->b, 4, 0);
	put(&z->b, 2, (size_t)z->n);
	put(&z->b, 2, (size_t)z->n);
	put(&z->b, 4, z->directory.n);
	put(&z->b, 4, at);
	put(&z->b, 2, 0);
	all = buf_copy(&z->b, t->cx.arena);
	buf_done(&z->b);
	buf_done(&z->directory);
	return all;
}

/* ---- looking ---- */

static const struct run_file *file(struct test *t, const char *name)
{
	const struct run_file *f = t->list.files.at;

	for (size_t i = 0; i < t->list.files.n; i++)
		if (str_is(f[i].name, name))
			return &f[i];
	return NULL;
}

static void assert_has(struct test *t, const char *name, const char *data)
{
	const struct run_file *f = file(t, name);

	if (!f || !str_is(f->data, data))
		fail_msg("%s is missing or another", name);
}

static void assert_refused(struct test *t, const char *name, const char *why)
{
	const struct tree_refused *r = t->list.refused.at;

	for (size_t i = 0; i < t->list.refused.n; i++)
		if (str_is(r[i].name, name)) {
			if (why &&
			    str_find(r[i].why, str_of(why), 0) == SIZE_MAX)
				fail_msg("%s %.*s", name, STR_FMT(r[i].why));
			assert_null(file(t, name));
			return;
		}
	fail_msg("%s was not refused", name);
}

static enum err read_tar(struct test *t)
{
	tar_end(&t->tar);
	return unpack(&t->cx, buf_view(&t->tar), &t->list);
}

/* ---- tests ---- */

static void a_tar_packed_or_not_gives_its_files(void **state)
{
	struct test *t = *state;

	tar_head(&t->tar, "src/", '5', 0, NULL);
	tar_file(&t->tar, "src/main.c", "int main;");
	tar_file(&t->tar, "./README", "hello");
	assert_int_equal(read_tar(t), OK);
	assert_int_equal(t->list.files.n, 2);
	assert_has(t, "src/main.c", "int main;");
	assert_has(t, "README", "hello");
	assert_true(file(t, "README")->executable);
	assert_int_equal(t->list.refused.n, 0);

	squeeze(&t->out, buf_view(&t->tar));
	assert_int_equal(unpack(&t->cx, buf_view(&t->out), &t->list), OK);
	assert_has(t, "src/main.c", "int main;");
}

static void a_zip_gives_its_files(void **state)
{
	struct test *t = *state;
	struct zipping z = { 0 };

	zip_file(&z, "a/b.txt", "one");
	zip_file(&z, "\xc3\xbc.txt", "two");
	assert_int_equal(unpack(&t->cx, zip_end(t, &z), &t->list), OK);
	assert_has(t, "a/b.txt", "one");
	assert_has(t, "\xc3\xbc.txt", "two");
	assert_false(file(t, "a/b.txt")->executable);
}

static void
hostile_entries_are_refused_by_name_and_the_rest_is_kept(void **state)
{
	struct test *t = *state;

	tar_file(&t->tar, "good", "1");
	tar_file(&t->tar, "../up", "2");
	tar_file(&t->tar, "/etc/passwd", "3");
	tar_file(&t->tar, ".git/config", "4");
	tar_file(&t->tar, "GIT~1/config", "5");
	tar_file(&t->tar, ".g\xe2\x80\x8cit/x", "6");
	tar_file(&t->tar, "x/../../y", "7");
	tar_head(&t->tar, "soft", '2', 0, "/etc/passwd");
	tar_head(&t->tar, "hard", '1', 0, "good");
	tar_head(&t->tar, "null", '3', 0, NULL);
	tar_head(&t->tar, "disk", '4', 0, NULL);
	tar_head(&t->tar, "pipe", '6', 0, NULL);
	tar_file(&t->tar, "GOOD", "8");
	tar_file(&t->tar, "\xc3\xa9", "9");
	tar_file(&t->tar, "e\xcc\x81", "10");
	tar_file(&t->tar, "bad\xff", "11");
	tar_file(&t->tar, "last", "12");
	assert_int_equal(read_tar(t), OK);
	assert_has(t, "last", "12");
	assert_refused(t, "../up", "..");
	assert_refused(t, "/etc/passwd", "absolute");
	assert_refused(t, ".git/config", "git keeps");
	assert_refused(t, "GIT~1/config", "git keeps");
	assert_refused(t, ".g\\xe2\\x80\\x8cit/x", "git keeps");
	assert_refused(t, "x/../../y", "..");
	assert_refused(t, "soft", "symbolic link");
	assert_refused(t, "hard", "hard link");
	assert_refused(t, "null", "neither");
	assert_refused(t, "disk", "neither");
	assert_refused(t, "pipe", "neither");
	assert_refused(t, "bad\\xff", "UTF-8");
	/* One of each pair of twins. */
	assert_true(!file(t, "GOOD") != !file(t, "good"));
	assert_true(!file(t, "\xc3\xa9") != !file(t, "e\xcc\x81"));
	assert_int_equal(t->list.files.n, 3);
}

static void a_zip_cannot_smuggle_links_or_paths(void **state)
{
	struct test *t = *state;
	struct zipping z = { 0 };

	zip_file(&z, "../up", "1");
	zip_file(&z, "a\\..\\b", "2");
	zip_entry(&z, "link", STR("/etc"), STR("/etc"), 0, 0120777);
	zip_file(&z, "kept", "3");
	assert_int_equal(unpack(&t->cx, zip_end(t, &z), &t->list), OK);
	assert_refused(t, "../up", "..");
	assert_refused(t, "link", "symbolic link");
	assert_has(t, "kept", "3");
	for (size_t i = 0; i < t->list.files.n; i++)
		assert_int_equal(
			str_find(((struct run_file *)t->list.files.at)[i].name,
				 STR(".."), 0),
			SIZE_MAX);
}

/* 64 MiB and one byte of zeros in one entry pack to 64 KiB. */
static void a_bomb_is_stopped(void **state)
{
	struct test *t = *state;
	char *zeros = calloc(1, 80 << 20);
	struct zipping z = { 0 };

	tar_head(&t->tar, "bomb", '0', 80 << 20, NULL);
	buf_add(&t->tar, zeros, 80 << 20);
	tar_end(&t->tar);
	squeeze(&t->out, buf_view(&t->tar));
	assert_int_equal(unpack(&t->cx, buf_view(&t->out), &t->list),
			 ERR_TOO_LARGE);
	assert_string_equal(t->cx.error.text,
			    "the archive unpacks to more than 67108864 bytes, "
			    "at its entry bomb");

	/* Eight of 3 MiB, each within the bounds, packed a thousandfold. */
	buf_reset(&t->out);
	squeeze(&t->out, (struct str){ zeros, 3 << 20 });
	for (char name[2] = "a"; name[0] < 'i'; name[0]++)
		zip_entry(&z, name,
			  str_cut(buf_view(&t->out), 10, t->out.n - 8),
			  (struct str){ zeros, 3 << 20 }, 8, 0100644);
	assert_int_equal(unpack(&t->cx, zip_end(t, &z), &t->list),
			 ERR_TOO_LARGE);
	assert_string_equal(t->cx.error.text,
			    "the archive unpacks to more than 200 times its "
			    "size, at its entry b");
	free(zeros);
}

static void what_an_entry_claims_is_not_believed(void **state)
{
	struct test *t = *state;

	tar_head(&t->tar, "huge", '0', (size_t)1 << 32, NULL);
	assert_int_equal(unpack(&t->cx, buf_view(&t->tar), &t->list),
			 ERR_TOO_LARGE);
	buf_reset(&t->tar);
	tar_head(&t->tar, "cut", '0', 1000, NULL);
	buf_z(&t->tar, "no thousand bytes");
	assert_int_equal(unpack(&t->cx, buf_view(&t->tar), &t->list),
			 ERR_INVALID);
	assert_string_equal(t->cx.error.text,
			    "the archive is broken, at its entry cut");
}

static void too_many_entries_are_stopped(void **state)
{
	struct test *t = *state;
	char name[32];

	for (int i = 0; i <= UNPACK_ENTRIES; i++) {
		snprintf(name, sizeof(name), "d%d/", i);
		tar_head(&t->tar, name, '5', 0, NULL);
	}
	assert_int_equal(read_tar(t), ERR_TOO_LARGE);
	assert_string_equal(t->cx.error.text,
			    "the archive holds more than 4000 entries, at its "
			    "entry d4000/");
	assert_non_null(strstr(t->cx.error.text, "4000 entries"));
}

static void what_is_not_an_archive_is_said_to_be_none(void **state)
{
	struct test *t = *state;

	assert_int_equal(unpack(&t->cx, STR("hello, world"), &t->list),
			 ERR_INVALID);
	assert_int_equal(unpack(&t->cx, STR(""), &t->list), ERR_INVALID);
	/* 7-zip and cpio are not switched on. */
	assert_int_equal(unpack(&t->cx,
				STR("070707000000000000000000000000000000000001"
				    "000000000000000000000000300000000000a"),
				&t->list),
			 ERR_INVALID);
}

#define unpack_test(f) cmocka_unit_test_setup_teardown(f, open_test, close_test)

int main(void)
{
	const struct CMUnitTest tests[] = {
		unpack_test(a_tar_packed_or_not_gives_its_files),
		unpack_test(a_zip_gives_its_files),
		unpack_test(
			hostile_entries_are_refused_by_name_and_the_rest_is_kept),
		unpack_test(a_zip_cannot_smuggle_links_or_paths),
		unpack_test(a_bomb_is_stopped),
		unpack_test(what_an_entry_claims_is_not_believed),
		unpack_test(too_many_entries_are_stopped),
		unpack_test(what_is_not_an_archive_is_said_to_be_none),
	};

	setlocale(LC_CTYPE, "C.UTF-8"); /* as assay-tree does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
