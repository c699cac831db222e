#include "sandbox/frame.h"

#include <sodium.h>
#include <zlib.h>

#include "sandbox/subs.h"

enum { LOOK_MOST = 1 << 30 }; /* bytes: a learner may fake beginnings */
enum { VERSION = 1, KEY = crypto_shorthash_KEYBYTES };

static const char magic[8] = "ASSAYSEG", start[4] = "SUB1";

/* ---- numbers ---- */

static void put_number(uint8_t *p, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t number_at(const char *at, int bytes)
{
	const uint8_t *p = (const uint8_t *)at;
	uint64_t v = 0;

	for (int i = 0; i < bytes; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static void add_number(struct buf *b, uint64_t v, int bytes)
{
	uint8_t p[8];

	put_number(p, v, bytes);
	buf_add(b, p, (size_t)bytes);
}

/* Of a whole frame without its own 8 bytes, which follow the length. */
static uint64_t check_of(const char *frame, size_t n, uint64_t salt,
			 uint64_t at)
{
	uint8_t key[KEY], out[crypto_shorthash_BYTES];
	uint64_t length = number_at(frame + 4, 4);

	_Static_assert(KEY == 16, "two numbers");
	put_number(key, salt, 8);
	put_number(key + 8, at << 32 | length, 8);
	crypto_shorthash(out, (const uint8_t *)frame + 16, n - 16, key);
	return number_at((const char *)out, 8);
}

/* ---- names ---- */

static bool plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

bool frame_repo_ok(struct str repo)
{
	if (repo.n == 0 || repo.n > SUBS_REPO_BYTES || repo.p[0] == '-')
		return false;
	for (size_t i = 0; i < repo.n; i++)
		if (!plain(repo.p[i]))
			return false;
	return true;
}

bool frame_ref_ok(struct str ref)
{
	char before = '/';

	if (ref.n > SUBS_REF_BYTES || ref.n < 6 || !str_starts(ref, "refs/"))
		return false;
	for (size_t i = 5; i < ref.n; i++) {
		char c = ref.p[i];

		if (c == '/' ? before == '/' : !plain(c) && c != '_')
			return false;
		if (before == '/' && c == '-')
			return false;
		before = c;
	}
	return true;
}

/* ---- writing ---- */

void segment_head(uint64_t number, uint64_t salt, uint8_t out[SEGMENT_HEAD])
{
	memset(out, 0, SEGMENT_HEAD);
	memcpy(out, magic, sizeof(magic));
	put_number(out + 8, VERSION, 4);
	put_number(out + 16, number, 8);
	put_number(out + 24, salt, 8);
	put_number(out + 12, crc32(0, out, SEGMENT_HEAD), 4);
}

bool segment_head_read(struct str segment, uint64_t number, uint64_t *salt)
{
	uint8_t head[SEGMENT_HEAD];

	if (segment.n < SEGMENT_HEAD)
		return false;
	segment_head(number, number_at(segment.p + 24, 8), head);
	if (memcmp(segment.p, head, SEGMENT_HEAD))
		return false;
	*salt = number_at(segment.p + 24, 8);
	return true;
}

void frame_begin(struct buf *b, const struct frame *f)
{
	static const char room[FRAME_HEAD];

	buf_add(b, room, FRAME_HEAD);
	add_number(b, (uint64_t)f->kind, 1);
	add_number(b, f->repo.n, 1);
	add_number(b, f->ref.n, 1);
	add_number(b, 0, 1);
	add_number(b, f->objects, 4);
	buf_add(b, f->tip.b, OID_BYTES);
	buf_str(b, f->repo);
	buf_str(b, f->ref);
}

size_t frame_add(struct buf *b, size_t frame, const struct frame_object *o)
{
	size_t at;

	add_number(b, (uint64_t)o->type, 1);
	add_number(b, 0, 3);
	add_number(b, o->size, 4);
	add_number(b, o->packed.n, 4);
	buf_add(b, o->id.b, OID_BYTES);
	at = b->n - frame;
	buf_str(b, o->packed);
	return at;
}

void frame_end(struct buf *b, size_t frame, uint64_t salt, uint64_t at,
	       uint64_t durable)
{
	uint8_t *p = (uint8_t *)b->p + frame;
	size_t n = b->n - frame;

	memcpy(p, start, sizeof(start));
	put_number(p + 4, n, 4);
	put_number(p + 16, durable, 8);
	put_number(p + 8, check_of((char *)p, n, salt, at), 8);
}

/* ---- reading ---- */

static bool body_read(struct frame *f, struct str body)
{
	const char *p = body.p;
	struct frame walk;
	struct frame_object o;
	size_t names;
	uint32_t n = 0;

	if (body.n < FRAME_BODY)
		return false;
	f->kind = (int)number_at(p, 1);
	names = FRAME_BODY + number_at(p + 1, 1) + number_at(p + 2, 1);
	if (f->kind < FRAME_PUT || f->kind > FRAME_FORGET || body.n < names)
		return false;
	f->repo = (struct str){ p + FRAME_BODY, number_at(p + 1, 1) };
	f->ref = (struct str){ f->repo.p + f->repo.n, number_at(p + 2, 1) };
	f->objects = (uint32_t)number_at(p + 4, 4);
	memcpy(f->tip.b, p + 8, OID_BYTES);
	f->rest = str_cut(body, names, body.n);
	if (!frame_repo_ok(f->repo) || !frame_ref_ok(f->ref))
		return false;
	for (walk = *f; frame_object(&walk, &o); n++)
		;
	return n == f->objects && walk.rest.n == 0;
}

bool frame_read(struct str segment, uint64_t salt, size_t at, struct frame *out)
{
	struct frame f = { .at = at };
	const char *p;

	if (at > segment.n || segment.n - at < FRAME_HEAD + FRAME_BODY)
		return false;
	p = segment.p + at;
	f.n = number_at(p + 4, 4);
	if (memcmp(p, start, sizeof(start)) || f.n < FRAME_HEAD ||
	    f.n > FRAME_MOST || f.n > segment.n - at ||
	    number_at(p + 8, 8) != check_of(p, f.n, salt, at))
		return false;
	f.durable = number_at(p + 16, 8);
	if (!body_read(&f, (struct str){ p + FRAME_HEAD, f.n - FRAME_HEAD }))
		return false;
	*out = f;
	return true;
}

bool frame_object(struct frame *f, struct frame_object *out)
{
	const char *p = f->rest.p;
	size_t packed;

	if (f->rest.n < FRAME_OBJECT)
		return false;
	packed = number_at(p + 8, 4);
	if (packed > f->rest.n - FRAME_OBJECT)
		return false;
	out->type = (int)number_at(p, 1);
	if (out->type < OBJECT_COMMIT || out->type > OBJECT_BLOB)
		return false;
	out->size = (uint32_t)number_at(p + 4, 4);
	memcpy(out->id.b, p + 12, OID_BYTES);
	out->packed = (struct str){ p + FRAME_OBJECT, packed };
	f->rest = str_cut(f->rest, FRAME_OBJECT + packed, f->rest.n);
	return true;
}

/* A frame behind a damaged place that was made when that was durable. */
static bool shows_loss(struct str segment, uint64_t salt, size_t end)
{
	size_t at = end, work = 0;
	struct frame f;

	while (work < LOOK_MOST &&
	       (at = str_find(segment, (struct str){ start, 4 }, at)) !=
		       SIZE_MAX) {
		if (segment.n - at >= FRAME_HEAD)
			work += number_at(segment.p + at + 4, 4);
		if (frame_read(segment, salt, at, &f) && f.durable > end)
			return true;
		at++;
	}
	return false;
}

size_t frames_end(struct str segment, uint64_t salt, bool *lost)
{
	size_t at = SEGMENT_HEAD;
	struct frame f;

	while (frame_read(segment, salt, at, &f))
		at += f.n;
	*lost = at < segment.n && shows_loss(segment, salt, at);
	return at;
}
