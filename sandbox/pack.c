#include "sandbox/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum {
	FLUSH_BYTES = 256 << 10,
	PACK_HEAD = 12,
	INDEX_HEAD = 8 + 256 * 4,
	INDEX_ROW = OID_BYTES + 4 + 4, /* spread over three tables */
	INDEX_TAIL = 2 * SHA1_BYTES,
	MODE = 0440
};
/*
 * Git and libgit2 read whatever ends in .idx, torn or not: these must not.
 * Their beginnings are git's own, whose gc removes them.
 */
static const char temp_pack[] = "tmp_pack_assay";
static const char temp_index[] = "tmp_idx_assay";

struct pack_row {
	struct oid id;
	uint32_t crc, offset;
};

static void big(uint8_t p[4], uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t from_big(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/* ---- writing ---- */

static void failed(struct pack_writer *w)
{
	if (!w->no)
		w->no = errno ? errno : EIO;
}

static void flush(struct pack_writer *w)
{
	if (!w->no && !disk_write_all(w->disk, w->fd, w->buf.p, w->buf.n,
				      (off_t)(w->at - w->buf.n)))
		failed(w);
	buf_reset(&w->buf);
}

static void put(struct pack_writer *w, const void *p, size_t n)
{
	sha1_add(&w->sha, p, n);
	buf_add(&w->buf, p, n);
	w->at += n;
	if (w->buf.n >= FLUSH_BYTES)
		flush(w);
}

void pack_begin(struct pack_writer *w, const struct disk *disk, int folder,
		uint32_t count)
{
	uint8_t head[PACK_HEAD] = { 'P', 'A', 'C', 'K', 0, 0, 0, 2 };

	*w = (struct pack_writer){ .disk = disk,
				   .folder = folder,
				   .count = count };
	w->rows = calloc(count + 1, /* allowed: freed by pack_end */
			 sizeof(*w->rows));
	CHECK(w->rows);
	unlinkat(folder, temp_pack, 0);
	w->fd = openat(folder, temp_pack,
		       O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, MODE);
	if (w->fd < 0)
		failed(w);
	sha1_init(&w->sha);
	big(head + 8, count);
	put(w, head, sizeof(head));
}

static struct pack_row *next_row(struct pack_writer *w, const struct oid *id)
{
	struct pack_row *r = &w->rows[w->n];

	CHECK(w->n < w->count && w->at < INT32_MAX);
	w->n++;
	r->id = *id;
	r->offset = (uint32_t)w->at;
	return r;
}

void pack_add(struct pack_writer *w, const struct oid *id, int type,
	      uint32_t size, struct str packed)
{
	struct pack_row *r = next_row(w, id);
	uint8_t head[8];
	uint8_t c = (uint8_t)(type << 4 | (size & 15));
	unsigned n = 0;

	for (size >>= 4; size; size >>= 7) {
		head[n++] = c | 0x80;
		c = size & 0x7f;
	}
	head[n++] = c;
	r->crc = (uint32_t)crc32(0, head, n);
	r->crc = (uint32_t)crc32(r->crc, (const uint8_t *)packed.p,
				 (unsigned)packed.n);
	put(w, head, n);
	put(w, packed.p, packed.n);
}

void pack_copy(struct pack_writer *w, const struct oid *id, struct str entry)
{
	struct pack_row *r = next_row(w, id);

	r->crc =
		(uint32_t)crc32(0, (const uint8_t *)entry.p, (unsigned)entry.n);
	put(w, entry.p, entry.n);
}

static int by_id(const void *a, const void *b)
{
	const struct pack_row *x = a, *y = b;

	return oid_cmp(&x->id, &y->id);
}

static void index_text(struct pack_writer *w, const uint8_t pack[SHA1_BYTES],
		       struct buf *b)
{
	static const uint8_t head[8] = { 0xff, 't', 'O', 'c', 0, 0, 0, 2 };
	uint8_t v[4], sum[SHA1_BYTES];
	struct sha1 sha;
	uint32_t at = 0;

	qsort(w->rows, w->n, sizeof(*w->rows), by_id);
	buf_add(b, head, sizeof(head));
	for (int i = 0; i < 256; i++) {
		while (at < w->n && w->rows[at].id.b[0] <= i)
			at++;
		big(v, at);
		buf_add(b, v, 4);
	}
	for (uint32_t i = 0; i < w->n; i++)
		buf_add(b, w->rows[i].id.b, OID_BYTES);
	for (uint32_t i = 0; i < w->n; i++) {
		big(v, w->rows[i].crc);
		buf_add(b, v, 4);
	}
	for (uint32_t i = 0; i < w->n; i++) {
		big(v, w->rows[i].offset);
		buf_add(b, v, 4);
	}
	buf_add(b, pack, SHA1_BYTES);
	sha1_init(&sha);
	sha1_add(&sha, b->p, b->n);
	sha1_end(&sha, sum);
	buf_add(b, sum, SHA1_BYTES);
}

static void write_index(struct pack_writer *w, const uint8_t sum[SHA1_BYTES])
{
	struct buf b = { 0 };
	int fd;

	unlinkat(w->folder, temp_index, 0);
	fd = openat(w->folder, temp_index,
		    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, MODE);
	index_text(w, sum, &b);
	if (fd < 0 || !disk_write_all(w->disk, fd, b.p, b.n, 0) ||
	    w->disk->sync(w->disk->arg, fd))
		failed(w);
	if (fd >= 0)
		close(fd);
	buf_done(&b);
}

/* An index without its pack would be a broken repository: the pack first. */
static void give_names(struct pack_writer *w, const char *name)
{
	const struct disk *d = w->disk;
	char pack[PACK_NAME + 8], index[PACK_NAME + 8];

	snprintf(pack, sizeof(pack), "%s.pack", name);
	snprintf(index, sizeof(index), "%s.idx", name);
	if (d->rename(d->arg, w->folder, temp_pack, w->folder, pack) ||
	    d->sync_folder(d->arg, w->folder) ||
	    d->rename(d->arg, w->folder, temp_index, w->folder, index) ||
	    d->sync_folder(d->arg, w->folder))
		failed(w);
}

bool pack_end(struct pack_writer *w, char name[PACK_NAME])
{
	uint8_t sum[SHA1_BYTES];
	char hex[2 * SHA1_BYTES + 1];

	CHECK(w->no || w->n == w->count);
	sha1_end(&w->sha, sum);
	buf_add(&w->buf, sum, SHA1_BYTES);
	w->at += SHA1_BYTES;
	flush(w);
	if (!w->no && w->disk->sync(w->disk->arg, w->fd))
		failed(w);
	if (!w->no)
		write_index(w, sum);
	snprintf(name, PACK_NAME, "pack-%s",
		 sodium_bin2hex(hex, sizeof(hex), sum, sizeof(sum)));
	if (!w->no)
		give_names(w, name);
	if (w->fd >= 0)
		close(w->fd);
	buf_done(&w->buf);
	free(w->rows);
	w->rows = NULL;
	return !w->no;
}

/* ---- reading ---- */

static const uint8_t *map_file(int folder, const char *name, const char *end,
			       size_t *bytes)
{
	char path[PACK_NAME + 8];
	struct stat st;
	void *p = MAP_FAILED;
	int fd;

	snprintf(path, sizeof(path), "%s%s", name, end);
	fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size > 0 && st.st_size < INT32_MAX) {
		*bytes = (size_t)st.st_size;
		p = mmap(NULL, *bytes, PROT_READ, MAP_SHARED, fd, 0);
	}
	if (fd >= 0)
		close(fd);
	return p == MAP_FAILED ? NULL : p;
}

static uint32_t offset_of(const struct pack_file *p, uint32_t row)
{
	return from_big(p->index + INDEX_HEAD + (size_t)p->n * (OID_BYTES + 4) +
			4 * (size_t)row);
}

static int by_offset(const void *a, const void *b, void *arg)
{
	uint32_t x = offset_of(arg, *(const uint32_t *)a);
	uint32_t y = offset_of(arg, *(const uint32_t *)b);

	return (x > y) - (x < y);
}

static bool well_formed(struct pack_file *p)
{
	static const uint8_t head[8] = { 0xff, 't', 'O', 'c', 0, 0, 0, 2 };
	uint32_t before = 0;

	if (p->index_bytes < INDEX_HEAD + INDEX_TAIL ||
	    p->pack_bytes < PACK_HEAD + SHA1_BYTES ||
	    memcmp(p->index, head, 8) || memcmp(p->pack, "PACK\0\0\0\2", 8))
		return false;
	for (int i = 0; i < 256; i++) {
		p->n = from_big(p->index + 8 + 4 * i);
		if (p->n < before)
			return false;
		before = p->n;
	}
	return p->n == from_big(p->pack + 8) &&
	       p->index_bytes ==
		       INDEX_HEAD + (size_t)p->n * INDEX_ROW + INDEX_TAIL &&
	       memcmp(p->pack + p->pack_bytes - SHA1_BYTES,
		      p->index + p->index_bytes - INDEX_TAIL, SHA1_BYTES) == 0;
}

bool pack_open(struct pack_file *p, int folder, const char *name)
{
	*p = (struct pack_file){ 0 };
	snprintf(p->name, sizeof(p->name), "%s", name);
	p->index = map_file(folder, name, ".idx", &p->index_bytes);
	p->pack = map_file(folder, name, ".pack", &p->pack_bytes);
	if (!p->index || !p->pack || !well_formed(p)) {
		pack_close(p);
		return false;
	}
	p->order = calloc((size_t)p->n + 1, /* allowed: until pack_close */
			  2 * sizeof(*p->order));
	CHECK(p->order);
	p->place = p->order + p->n + 1;
	for (uint32_t i = 0; i < p->n; i++)
		p->order[i] = i;
	qsort_r(p->order, p->n, sizeof(*p->order), by_offset, p);
	for (uint32_t i = 0; i < p->n; i++)
		p->place[p->order[i]] = i;
	return true;
}

void pack_close(struct pack_file *p)
{
	if (p->index)
		munmap((void *)p->index, p->index_bytes);
	if (p->pack)
		munmap((void *)p->pack, p->pack_bytes);
	free(p->order);
	*p = (struct pack_file){ 0 };
}

void pack_oid(const struct pack_file *p, uint32_t row, struct oid *out)
{
	memcpy(out->b, p->index + INDEX_HEAD + (size_t)row * OID_BYTES,
	       OID_BYTES);
}

int64_t pack_find(const struct pack_file *p, const struct oid *id)
{
	uint32_t from =
		id->b[0] ? from_big(p->index + 8 + 4 * (id->b[0] - 1)) : 0;
	uint32_t to = from_big(p->index + 8 + 4 * id->b[0]);

	while (from < to) {
		uint32_t mid = from + (to - from) / 2;
		int c = memcmp(p->index + INDEX_HEAD + (size_t)mid * OID_BYTES,
			       id->b, OID_BYTES);

		if (c == 0)
			return mid;
		if (c < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return -1;
}

bool pack_entry(const struct pack_file *p, uint32_t row, struct str *out)
{
	uint32_t place = p->place[row], at = offset_of(p, row);
	size_t end = place + 1 < p->n ? offset_of(p, p->order[place + 1])
				      : p->pack_bytes - SHA1_BYTES;
	uint32_t crc = from_big(p->index + INDEX_HEAD +
				(size_t)p->n * OID_BYTES + 4 * (size_t)row);

	if (at < PACK_HEAD || at >= end || end > p->pack_bytes - SHA1_BYTES ||
	    crc32(0, p->pack + at, (unsigned)(end - at)) != crc)
		return false;
	*out = (struct str){ (const char *)p->pack + at, end - at };
	return true;
}
