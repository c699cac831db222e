#include "engine/blob/blob.h"

#include <sodium.h>
#include <stdlib.h>

#include "base/limits.h"
#include "engine/app.h"
#include "engine/blob/blob_file.h"
#include "engine/blob/blob_sql.h"
#include "engine/blob/learner_key.h"
#include "engine/blob/sealed.h"

_Static_assert((int)BLOB_DIGEST == (int)BLOB_NAME,
	       "a file's name is a hash as long as the digest");

struct blob_store {
	struct blob_folder folder;
	struct master_key master;
};

enum err blob_store_open(struct ctx *cx, const struct blob_opts *o,
			 struct blob_store **out)
{
	struct blob_store *b = calloc(1, sizeof(*b)); /* allowed: process */
	enum err e;

	CHECK(b);
	b->folder.root = b->folder.tmp = -1;
	e = master_key_open(cx, o->master_key, &b->master);
	if (!e)
		e = blob_folder_open(cx, o->folder, o->node, &b->folder);
	if (e)
		blob_store_free(b);
	else
		*out = b;
	return e;
}

enum err blob_store_check(struct blob_store *b, struct ctx *cx)
{
	return master_key_check(cx, &b->master);
}

void blob_store_free(struct blob_store *b)
{
	if (!b)
		return;
	blob_folder_close(&b->folder);
	sodium_memzero(&b->master, sizeof(b->master));
	free(b);
}

/* ---- names ---- */

/* How one blob is found: computed from the digest and the learner's key. */
struct place {
	struct id org, learner;
	struct learner_key key; /* generation 0: not sealed */
	uint8_t name[BLOB_NAME];
};

static struct str name_str(const struct place *p)
{
	return (struct str){ (const char *)p->name, BLOB_NAME };
}

/* sixteen zeros stand for "nobody": a primary key has no NULL. */
static struct val v_learner(const struct id *learner)
{
	return v_bytes((struct str){ (const char *)learner->b, ID_BYTES });
}

static void digest_of(struct str content, uint8_t out[BLOB_DIGEST])
{
	crypto_generichash(out, BLOB_DIGEST, (const unsigned char *)content.p,
			   content.n, NULL, 0);
}

static void set_name(struct place *p, const uint8_t digest[BLOB_DIGEST])
{
	if (p->key.generation)
		crypto_generichash(p->name, BLOB_NAME, digest, BLOB_DIGEST,
				   p->key.name, sizeof(p->key.name));
	else
		memcpy(p->name, digest, BLOB_NAME);
}

static enum err no_blob(struct ctx *cx)
{
	return err_set(cx, ERR_NOT_FOUND, "there is no such blob");
}

static enum err find_place(struct ctx *cx, const struct id *org,
			   const struct id *learner, struct str digest,
			   struct place *p)
{
	enum err e = OK;

	*p = (struct place){ .org = *org };
	if (digest.n != BLOB_DIGEST)
		return no_blob(cx);
	if (learner && !id_is_none(learner)) {
		p->learner = *learner;
		e = learner_key_load(cx, &cx->app->blobs->master, org, learner,
				     &p->key);
	}
	if (e == ERR_NOT_FOUND)
		return no_blob(cx);
	if (!e)
		set_name(p, (const uint8_t *)digest.p);
	return e;
}

static enum err load_row(struct ctx *cx, const struct place *p,
			 struct blob_row *out)
{
	enum err e = store_one(cx, &blob_sql[BLOB_BY_NAME],
			       VALS(v_id(&p->org), v_learner(&p->learner),
				    v_bytes(name_str(p))),
			       out);

	return e == ERR_NOT_FOUND ? no_blob(cx) : e;
}

static void show(const struct blob_row *r, struct str digest, struct blob *out)
{
	*out = (struct blob){ .org = r->org,
			      .learner = r->learner,
			      .digest = digest,
			      .bytes = r->bytes,
			      .media_type = r->media_type,
			      .created_at = r->created_at };
}

/* ---- storing ---- */

/* RFC 6838 section 4.2: restricted-name, twice. */
static bool media_char(char c, bool first)
{
	bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9');

	return word || (!first && c && strchr("!#$&-^_.+", c));
}

static bool media_type_ok(struct str s)
{
	size_t slash = str_find(s, STR("/"), 0);

	if (s.n > BLOB_MEDIA_TYPE || slash == SIZE_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (i != slash && !media_char(s.p[i], i == 0 || i == slash + 1))
			return false;
	return slash > 0 && slash + 1 < s.n;
}

static enum err check(struct ctx *cx, const struct blob *b, struct str content)
{
	if (!content.p)
		return err_set(cx, ERR_INVALID,
			       "send the content behind the message, after "
			       "one NUL");
	if (content.n > LIMIT_BLOB_BYTES)
		return err_set(cx, ERR_TOO_LARGE, "a blob has at most %d bytes",
			       LIMIT_BLOB_BYTES);
	if (!media_type_ok(b->media_type))
		return err_field(cx, ERR_INVALID, "/media_type",
				 "a media type is type/subtype, such as "
				 "image/png");
	return OK;
}

static enum err write_file(struct ctx *cx, const struct place *p,
			   struct str content, int64_t *stored)
{
	struct str bytes = content;

	if (p->key.generation)
		bytes = sealed_close(cx, p->key.seal, name_str(p), content);
	*stored = (int64_t)bytes.n;
	return blob_file_write(cx, &cx->app->blobs->folder, p->name, bytes);
}

static enum err insert_row(struct ctx *cx, const struct blob_row *r)
{
	return store_exec(cx, &blob_sql[BLOB_INSERT],
			  VALS(v_id(&r->org), v_learner(&r->learner),
			       v_bytes(r->name), v_int(r->bytes),
			       v_int(r->stored), v_text(r->media_type),
			       v_int(r->created_at), v_int(r->generation)),
			  NULL);
}

/* The row is there, or not; a file that is gone or cut is written again. */
static enum err put_at(struct ctx *cx, const struct place *p, struct blob *b,
		       struct str content, bool *made)
{
	struct blob_row r;
	int64_t stored;
	enum err e = load_row(cx, p, &r);

	*made = e == ERR_NOT_FOUND;
	if (!e) {
		show(&r, b->digest, b);
		if (blob_file_is(&cx->app->blobs->folder, p->name, r.stored))
			return OK;
		return write_file(cx, p, content, &stored);
	}
	if (e != ERR_NOT_FOUND)
		return e;
	err_clear(cx);
	r = (struct blob_row){ .org = p->org,
			       .learner = p->learner,
			       .name = name_str(p),
			       .bytes = (int64_t)content.n,
			       .media_type = b->media_type,
			       .created_at = clock_ms(cx->clock),
			       .generation = p->key.generation };
	e = write_file(cx, p, content, &r.stored);
	if (!e)
		e = insert_row(cx, &r);
	if (!e)
		show(&r, b->digest, b);
	return e;
}

enum err blob_put(struct ctx *cx, struct blob *b, struct str content,
		  bool *made)
{
	struct place p = { .org = b->org, .learner = b->learner };
	uint8_t *digest;
	enum err e = check(cx, b, content);

	if (e)
		return e;
	if (!id_is_none(&b->learner))
		e = learner_key_need(cx, &cx->app->blobs->master, &b->org,
				     &b->learner, &p.key);
	if (e)
		return e;
	digest = arena_alloc(cx->arena, BLOB_DIGEST);
	digest_of(content, digest);
	b->digest = (struct str){ (const char *)digest, BLOB_DIGEST };
	set_name(&p, digest);
	e = put_at(cx, &p, b, content, made);
	learner_key_wipe(&p.key);
	return e;
}

/* ---- reading ---- */

enum err blob_load(struct ctx *cx, const struct id *org,
		   const struct id *learner, struct str digest,
		   struct blob *out)
{
	struct blob_row r;
	struct place p;
	enum err e = find_place(cx, org, learner, digest, &p);

	if (!e)
		e = load_row(cx, &p, &r);
	learner_key_wipe(&p.key);
	if (!e)
		show(&r, digest, out);
	return e;
}

/* What is in the file must be what was stored, to the last bit. */
static enum err open_file(struct ctx *cx, const struct place *p,
			  const struct blob_row *r, struct str digest,
			  struct str *content)
{
	uint8_t found[BLOB_DIGEST];
	struct str bytes;
	enum err e;

	if (r->stored < 0 || r->bytes < 0 || r->bytes > LIMIT_BLOB_BYTES ||
	    (uint64_t)r->stored > sealed_size(LIMIT_BLOB_BYTES))
		return err_set(cx, ERR_CORRUPT, "what was stored is damaged");
	e = blob_file_read(cx, &cx->app->blobs->folder, p->name, r->stored,
			   &bytes);
	if (!e && p->key.generation)
		e = sealed_open(cx, p->key.seal, name_str(p), bytes,
				(size_t)r->bytes, &bytes);
	if (e)
		return e;
	digest_of(bytes, found);
	if ((int64_t)bytes.n != r->bytes ||
	    memcmp(found, digest.p, BLOB_DIGEST) != 0) {
		err_set(cx, ERR_CORRUPT, "what was stored is damaged");
		return err_detail(cx, "a blob's digest is another");
	}
	*content = bytes;
	return OK;
}

enum err blob_read(struct ctx *cx, const struct id *org,
		   const struct id *learner, struct str digest,
		   struct blob *out, struct str *content)
{
	struct blob_row r;
	struct place p;
	enum err e = find_place(cx, org, learner, digest, &p);

	if (!e)
		e = load_row(cx, &p, &r);
	if (!e)
		e = open_file(cx, &p, &r, digest, content);
	learner_key_wipe(&p.key);
	if (!e)
		show(&r, digest, out);
	return e;
}

/* ---- forgetting ---- */

enum err blob_destroy_key(struct ctx *cx, const struct id *org,
			  const struct id *learner, int64_t *generation)
{
	return learner_key_destroy(cx, org, learner, generation);
}

/* The file first: a row without its file tells nothing that is personal. */
static enum err forget_one(struct ctx *cx, const struct blob_row *r)
{
	enum err e;

	if (r->name.n != BLOB_NAME)
		return err_set(cx, ERR_CORRUPT, "a blob's row is damaged");
	e = blob_file_remove(cx, &cx->app->blobs->folder,
			     (const uint8_t *)r->name.p);
	if (e)
		return e;
	return store_exec(
		cx, &blob_sql[BLOB_DELETE],
		VALS(v_id(&r->org), v_learner(&r->learner), v_bytes(r->name)),
		NULL);
}

enum err blob_forget(struct ctx *cx, const struct id *org,
		     const struct id *learner, int64_t generation, int64_t most,
		     bool *more)
{
	const struct blob_row *r;
	struct list rows = { 0 };
	enum err e;

	CHECK(!id_is_none(learner)); /* the tenant's own share files */
	e = store_list(
		cx, &blob_sql[BLOB_OF_LEARNER],
		VALS(v_id(org), v_id(learner), v_int(generation), v_int(most)),
		SIZE_MAX, &rows, NULL);
	r = rows.at;
	for (size_t i = 0; !e && i < rows.n; i++)
		e = forget_one(cx, &r[i]);
	if (!e)
		*more = (int64_t)rows.n == most;
	return e;
}

static enum err has_row(struct ctx *cx, const uint8_t name[BLOB_NAME],
			bool *drop, void *arg)
{
	struct blob_row r;
	enum err e = store_one(
		cx, &blob_sql[BLOB_ANYBODYS],
		VALS(v_bytes((struct str){ (const char *)name, BLOB_NAME })),
		&r);

	(void)arg;
	*drop = e == ERR_NOT_FOUND;
	if (*drop) {
		err_clear(cx);
		return OK;
	}
	return e;
}

enum err blob_sweep(struct ctx *cx, uint8_t folder, int64_t *removed)
{
	*removed = 0;
	return blob_file_walk(cx, &cx->app->blobs->folder, folder,
			      clock_ms(cx->clock) - BLOB_ORPHAN_MS, has_row,
			      NULL, removed);
}
