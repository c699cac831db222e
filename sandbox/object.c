#include "sandbox/object.h"

#include <git2.h>
#include <sodium.h>
#include <stdlib.h>

_Static_assert((int)OBJECT_COMMIT == (int)GIT_OBJECT_COMMIT, "git's numbers");
_Static_assert((int)OBJECT_TREE == (int)GIT_OBJECT_TREE, "git's numbers");
_Static_assert((int)OBJECT_BLOB == (int)GIT_OBJECT_BLOB, "git's numbers");

#define AUTHOR "Assay <assay@localhost>"

/* ---- ids ---- */

bool oid_is_none(const struct oid *o)
{
	static const struct oid none;

	return oid_eq(o, &none);
}

bool oid_eq(const struct oid *a, const struct oid *b)
{
	return memcmp(a->b, b->b, OID_BYTES) == 0;
}

int oid_cmp(const struct oid *a, const struct oid *b)
{
	return memcmp(a->b, b->b, OID_BYTES);
}

void oid_text(const struct oid *o, char out[OID_TEXT + 1])
{
	sodium_bin2hex(out, OID_TEXT + 1, o->b, OID_BYTES);
}

bool oid_parse(struct str hex, struct oid *out)
{
	struct oid o;

	if (hex.n != OID_TEXT)
		return false;
	for (size_t i = 0; i < OID_BYTES; i++) {
		int high = str_hex_digit(hex.p[2 * i]);
		int low = str_hex_digit(hex.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		o.b[i] = (uint8_t)(high << 4 | low);
	}
	*out = o;
	return true;
}

void object_id(int type, struct str data, struct oid *out)
{
	git_oid id;

	/* It can fail only for a type that is none. */
	CHECK(git_odb_hash(&id, data.n ? data.p : "", data.n,
			   (git_object_t)type) == 0);
	memcpy(out->b, id.id, OID_BYTES);
}

/* ---- trees ---- */

struct maker {
	struct arena *arena;
	struct object *out;
	size_t n;
	uint32_t *slots; /* index + 1 of an object, by its id */
	size_t slots_n;	 /* a power of two */
};

static void add_object(struct maker *m, int type, struct str data,
		       struct oid *id)
{
	size_t slot;

	object_id(type, data, id);
	memcpy(&slot, id->b, sizeof(slot));
	for (slot &= m->slots_n - 1; m->slots[slot];
	     slot = (slot + 1) & (m->slots_n - 1))
		if (oid_eq(&m->out[m->slots[slot] - 1].id, id))
			return;
	m->out[m->n] = (struct object){ *id, type, data };
	m->slots[slot] = (uint32_t)++m->n;
}

static void add_item(struct buf *b, const char *mode, struct str name,
		     const struct oid *id)
{
	buf_z(b, mode);
	buf_ch(b, ' ');
	buf_str(b, name);
	buf_ch(b, 0);
	buf_add(b, id->b, OID_BYTES);
}

/* How many of f[0..n-1] stand in the folder of the first, name[0..at-1]. */
static size_t in_folder(const struct run_file *f, size_t n, size_t at)
{
	size_t i = 1;

	while (i < n && f[i].name.n >= at &&
	       memcmp(f[i].name.p, f[0].name.p, at) == 0)
		i++;
	return i;
}

/*
 * The order of whole names by their bytes is git's order of entries, in which
 * a folder's name ends with '/'. at: where the names begin in this folder.
 */
static void make_tree(struct maker *m, const struct run_file *f, size_t n,
		      size_t at, struct oid *id)
{
	struct buf b = { 0 };
	struct oid part;
	size_t i = 0;

	while (i < n) {
		struct str name = str_cut(f[i].name, at, f[i].name.n);
		size_t slash = str_find(name, STR("/"), 0);

		if (slash == SIZE_MAX) {
			add_object(m, OBJECT_BLOB, f[i].data, &part);
			add_item(&b, f[i].executable ? "100755" : "100644",
				 name, &part);
			i++;
		} else {
			size_t k = in_folder(f + i, n - i, at + slash + 1);

			make_tree(m, f + i, k, at + slash + 1, &part);
			add_item(&b, "40000", str_cut(name, 0, slash), &part);
			i += k;
		}
	}
	add_object(m, OBJECT_TREE, buf_copy(&b, m->arena), id);
	buf_done(&b);
}

/* Folders are at most what is between the slashes of all names. */
static size_t most_objects(const struct list *files)
{
	const struct run_file *f = files->at;
	size_t n = files->n + 1;

	for (size_t i = 0; i < files->n; i++)
		for (size_t k = 0; k < f[i].name.n; k++)
			n += f[i].name.p[k] == '/';
	return n;
}

void objects_of(struct arena *a, const struct list *files, struct list *out)
{
	size_t most = most_objects(files);
	struct maker m = { .arena = a, .slots_n = 16 };
	struct oid root;

	while (m.slots_n < 2 * most)
		m.slots_n *= 2;
	m.out = ARENA_ARRAY(a, struct object, most);
	m.slots = ARENA_ARRAY(a, uint32_t, m.slots_n);
	make_tree(&m, files->at, files->n, 0, &root);
	*out = (struct list){ m.out, m.n };
}

static bool item_mode(struct str *rest, uint32_t *out)
{
	uint32_t mode = 0;
	size_t i = 0;

	for (; i < rest->n && i < 7 && rest->p[i] >= '0' && rest->p[i] <= '7';
	     i++)
		mode = mode * 8 + (uint32_t)(rest->p[i] - '0');
	if (i == 0 || i == rest->n || rest->p[i] != ' ')
		return false;
	*rest = str_cut(*rest, i + 1, rest->n);
	*out = mode;
	return true;
}

bool object_tree_next(struct str *rest, struct tree_item *out)
{
	struct str s = *rest;
	const char *end;

	if (s.n == 0 || !item_mode(&s, &out->mode))
		return false;
	end = s.n ? memchr(s.p, 0, s.n) : NULL;
	if (!end || s.n - (size_t)(end - s.p) - 1 < OID_BYTES)
		return false;
	out->name = (struct str){ s.p, (size_t)(end - s.p) };
	memcpy(out->id.b, end + 1, OID_BYTES);
	*rest = str_cut(s, out->name.n + 1 + OID_BYTES, s.n);
	return true;
}

/* ---- commits ---- */

static void add_line(struct buf *b, const char *word, const struct oid *id)
{
	char hex[OID_TEXT + 1];

	oid_text(id, hex);
	buf_z(b, word);
	buf_ch(b, ' ');
	buf_z(b, hex);
	buf_ch(b, '\n');
}

static void add_person(struct buf *b, const char *word, int64_t time_ms)
{
	buf_z(b, word);
	buf_z(b, " " AUTHOR " ");
	buf_int(b, time_ms > 0 ? time_ms / 1000 : 0);
	buf_z(b, " +0000\n");
}

void object_commit(struct arena *a, const struct commit_text *c,
		   struct object *out)
{
	struct buf b = { 0 };

	add_line(&b, "tree", &c->tree);
	for (size_t i = 0; i < 2; i++)
		if (!oid_is_none(&c->parents[i]))
			add_line(&b, "parent", &c->parents[i]);
	add_person(&b, "author", c->time_ms);
	add_person(&b, "committer", c->time_ms);
	buf_ch(&b, '\n');
	buf_str(&b, c->message);
	*out = (struct object){ .type = OBJECT_COMMIT,
				.data = buf_copy(&b, a) };
	object_id(out->type, out->data, &out->id);
	buf_done(&b);
}

/* Takes "word rest\n" off *s. */
static bool take_line(struct str *s, const char *word, struct str *rest)
{
	size_t n = strlen(word);
	const char *end = s->n ? memchr(s->p, '\n', s->n) : NULL;

	if (!end || !str_starts(*s, word) || s->n <= n || s->p[n] != ' ')
		return false;
	*rest = (struct str){ s->p + n + 1, (size_t)(end - s->p) - n - 1 };
	*s = str_cut(*s, (size_t)(end - s->p) + 1, s->n);
	return true;
}

static bool take_time(struct str line, int64_t *ms)
{
	const char *start = AUTHOR " ", *end = " +0000";
	int64_t seconds;

	if (!str_starts(line, start) || !str_ends(line, end) ||
	    line.n < strlen(start) + strlen(end) ||
	    !str_int(str_cut(line, strlen(start), line.n - strlen(end)),
		     &seconds) ||
	    seconds > INT64_MAX / 1000)
		return false;
	*ms = seconds * 1000;
	return true;
}

bool object_commit_read(struct str data, struct commit_text *out)
{
	struct commit_text c = { 0 };
	struct str line;

	if (!take_line(&data, "tree", &line) || !oid_parse(line, &c.tree))
		return false;
	for (int i = 0; take_line(&data, "parent", &line); i++)
		if (i == 2 || !oid_parse(line, &c.parents[i]))
			return false;
	if (!take_line(&data, "author", &line) ||
	    !take_line(&data, "committer", &line) ||
	    !take_time(line, &c.time_ms) || data.n == 0 || data.p[0] != '\n')
		return false;
	c.message = str_cut(data, 1, data.n);
	*out = c;
	return true;
}
