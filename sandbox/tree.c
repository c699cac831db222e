#include "sandbox/tree.h"

#include <stdlib.h>

#include "sandbox/tree_name.h"

enum { SHOWN = 200 };

static const struct field refused_fields[] = {
	FIELD(struct tree_refused, name, KIND_STR, "as it stood, shown safely"),
	FIELD(struct tree_refused, why, KIND_STR,
	      "why: the rest of a sentence that begins with the name"),
	FIELD_END
};
const struct shape tree_refused_shape =
	SHAPE(struct tree_refused, refused_fields);

/* ---- names as text ---- */

/* What is not seen itself, but steers or hides what stands around it. */
static bool hidden(struct str s)
{
	static const struct {
		uint32_t from, to;
	} all[] = {
		{ 0x80, 0x9f },	    { 0xad, 0xad },	  { 0x61c, 0x61c },
		{ 0x180e, 0x180e }, { 0x200b, 0x200f },	  { 0x2028, 0x202e },
		{ 0x2060, 0x206f }, { 0xfe00, 0xfe0f },	  { 0xfeff, 0xfeff },
		{ 0xfff0, 0xffff }, { 0xe0000, 0xe0fff },
	};
	uint32_t c =
		(unsigned char)s.p[0] & (s.n == 1 ? 0x7fu : 0xffu >> (s.n + 1));

	for (size_t i = 1; i < s.n; i++)
		c = c << 6 | ((unsigned char)s.p[i] & 0x3f);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (c >= all[i].from && c <= all[i].to)
			return true;
	return false;
}

/* Bytes of the UTF-8 character at p that may be shown; 0: not one. */
static size_t whole_char(struct str s)
{
	for (size_t n = 1; n <= 4 && n <= s.n; n++)
		if (str_utf8_ok(str_cut(s, 0, n)))
			return hidden(str_cut(s, 0, n)) ? 0 : n;
	return 0;
}

struct str tree_show_short(struct arena *a, struct str name, size_t most)
{
	struct buf b = { 0 };
	struct str out;
	size_t i = 0, n;

	while (i < name.n && b.n < most) {
		unsigned char c = (unsigned char)name.p[i];

		n = c < 0x20 || c == 0x7f || c == '\\'
			    ? 0
			    : whole_char(str_cut(name, i, name.n));
		if (n)
			buf_add(&b, name.p + i, n);
		else
			buf_fmt(&b, "\\x%02x", c);
		i += n ? n : 1;
	}
	if (i < name.n)
		buf_z(&b, "...");
	out = buf_copy(&b, a);
	buf_done(&b);
	return out;
}

struct str tree_show(struct arena *a, struct str name)
{
	return tree_show_short(a, name, SHOWN);
}

/* ---- the check ---- */

struct row {
	const struct tree_entry *entry;
	size_t at; /* as it came */
};

static int by_name(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int c = str_cmp(x->entry->file.name, y->entry->file.name);

	return c ? c : (x->at > y->at) - (x->at < y->at);
}

void tree_refuse(struct arena *a, struct tree_list *l, struct str name,
		 const char *why)
{
	struct tree_refused *r = l->refused.at;

	if (l->refused.n == TREE_REFUSED) {
		l->refused_more++;
		return;
	}
	r[l->refused.n++] =
		(struct tree_refused){ tree_show(a, name), str_of(why), name };
}

/* Folders of a name that the one before it does not have, and itself. */
static int64_t new_entries(struct str before, struct str name)
{
	int64_t n = 1;
	size_t same = 0;

	while (same < before.n && same < name.n &&
	       before.p[same] == name.p[same])
		same++;
	for (size_t i = same; i < name.n; i++)
		n += name.p[i] == '/';
	return n;
}

static const char *look(struct tree_names *names, const struct tree_list *l,
			const struct tree_entry *e, int64_t entries)
{
	const char *why = e->refused;

	if (!why)
		why = tree_name_wrong(e->file.name, TREE_DEPTH);
	if (!why && l->entries + entries > TREE_ENTRIES)
		why = "is beyond the 2000 files and folders that one may have";
	if (!why && e->file.data.n > TREE_BYTES)
		why = "is larger than 16 MiB";
	if (!why && (int64_t)e->file.data.n > TREE_BYTES - l->bytes)
		why = "does not fit: all together may have 16 MiB";
	return why ? why : tree_names_add(names, e->file.name);
}

void tree_check(struct arena *a, const struct list *in, struct tree_list *out)
{
	const struct tree_entry *e = in->at;
	struct row *rows = ARENA_ARRAY(a, struct row, in->n);
	struct run_file *files = ARENA_ARRAY(a, struct run_file, in->n);
	struct tree_names *names = tree_names_new(a);
	struct str before = { 0 };

	*out = (struct tree_list){
		.files.at = files,
		.refused.at =
			ARENA_ARRAY(a, struct tree_refused,
				    in->n < TREE_REFUSED ? in->n : TREE_REFUSED)
	};
	for (size_t i = 0; i < in->n; i++)
		rows[i] = (struct row){ &e[i], i };
	if (in->n)
		qsort(rows, in->n, sizeof(*rows), by_name);
	for (size_t i = 0; i < in->n; i++) {
		const struct run_file *f = &rows[i].entry->file;
		int64_t entries = new_entries(before, f->name);
		const char *why = look(names, out, rows[i].entry, entries);

		if (why) {
			tree_refuse(a, out, f->name, why);
			continue;
		}
		files[out->files.n++] = *f;
		out->entries += entries;
		out->bytes += (int64_t)f->data.n;
		before = f->name;
	}
}

void tree_check_files(struct arena *a, const struct list *in,
		      struct tree_list *out)
{
	struct tree_entry *e = ARENA_ARRAY(a, struct tree_entry, in->n);
	const struct run_file *f = in->at;

	for (size_t i = 0; i < in->n; i++)
		e[i].file = f[i];
	tree_check(a, &(struct list){ e, in->n }, out);
}

enum err tree_whole(struct ctx *cx, const struct tree_list *l)
{
	const struct tree_refused *r = l->refused.at;
	int64_t more = (int64_t)l->refused.n + l->refused_more - 1;

	if (l->refused.n == 0)
		return OK;
	if (more == 0)
		return err_set(cx, ERR_INVALID, "the file \"%.*s\" %.*s",
			       STR_FMT(r->name), STR_FMT(r->why));
	return err_set(cx, ERR_INVALID,
		       "the file \"%.*s\" %.*s; so it is with %lld more",
		       STR_FMT(r->name), STR_FMT(r->why), (long long)more);
}

static int is_named(const void *key, const void *of)
{
	return str_cmp(*(const struct str *)key,
		       ((const struct run_file *)of)->name);
}

const struct run_file *tree_find(const struct list *files, struct str name)
{
	if (files->n == 0)
		return NULL;
	return bsearch(&name, files->at, files->n, sizeof(struct run_file),
		       is_named);
}
