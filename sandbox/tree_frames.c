#include "sandbox/tree_frames.h"

static const char magic[] = "ASSAYTREE1\n";
enum { MAGIC = sizeof(magic) - 1, HEAD = 9 };

/* ---- writing ---- */

static void put_32(struct buf *b, size_t v)
{
	for (int i = 0; i < 4; i++)
		buf_ch(b, (char)(v >> (8 * i) & 0xff));
}

static void put(struct buf *b, char type, struct str name, struct str data)
{
	buf_ch(b, type);
	put_32(b, name.n);
	put_32(b, data.n);
	buf_str(b, name);
	buf_str(b, data);
}

void tree_frames_write(struct buf *b, const struct tree_told *t)
{
	const struct run_file *f = t->list.files.at;
	const struct tree_refused *r = t->list.refused.at;
	char more[STR_INT_TEXT];

	buf_add(b, magic, MAGIC);
	if (t->commit.n)
		put(b, 'C', t->commit, (struct str){ 0 });
	for (size_t i = 0; i < t->list.files.n; i++)
		put(b, f[i].executable ? 'X' : 'F', f[i].name, f[i].data);
	for (size_t i = 0; i < t->list.refused.n; i++)
		put(b, 'R', r[i].name, r[i].why);
	if (t->list.refused_more)
		put(b, 'M', str_of_int(more, t->list.refused_more),
		    (struct str){ 0 });
	put(b, 'Z', (struct str){ 0 }, (struct str){ 0 });
}

void tree_frames_write_error(struct buf *b, const struct ctx *cx)
{
	buf_add(b, magic, MAGIC);
	put(b, 'E', str_of(err_kind(cx->error.code)),
	    str_cut(str_of(cx->error.text), 0, TREE_FRAMES_WHY));
	put(b, 'Z', (struct str){ 0 }, (struct str){ 0 });
}

/* ---- reading ---- */

struct frame {
	char type;
	struct str name, data;
};

struct reading {
	struct ctx *cx;
	struct str rest;
	struct list files; /* struct run_file, not looked at yet */
	struct tree_told told;
	enum err said; /* by an E */
	bool ended;
};

static enum err not_frames(struct reading *r, const char *what)
{
	err_set(r->cx, ERR_CORRUPT,
		"what was read from outside came back broken");
	return err_detail(r->cx, "tree frames: %s", what);
}

static size_t get_32(const char *p)
{
	size_t v = 0;

	for (int i = 3; i >= 0; i--)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

static enum err next(struct reading *r, struct frame *f)
{
	size_t name, data;

	if (r->rest.n < HEAD)
		return not_frames(r, "cut off");
	name = get_32(r->rest.p + 1);
	data = get_32(r->rest.p + 5);
	if (name > r->rest.n - HEAD || data > r->rest.n - HEAD - name)
		return not_frames(r, "cut off inside a frame");
	f->type = r->rest.p[0];
	f->name = (struct str){ r->rest.p + HEAD, name };
	f->data = (struct str){ r->rest.p + HEAD + name, data };
	r->rest = str_cut(r->rest, HEAD + name + data, r->rest.n);
	return OK;
}

static enum err take_commit(struct reading *r, const struct frame *f)
{
	if (r->told.commit.p || r->files.n || r->told.list.refused.n)
		return not_frames(r, "a commit in the middle");
	if (f->name.n < 40 || f->name.n > TREE_FRAMES_COMMIT || f->data.n)
		return not_frames(r, "no commit id");
	for (size_t i = 0; i < f->name.n; i++)
		if (str_hex_digit(f->name.p[i]) < 0 ||
		    f->name.p[i] != str_lower(f->name.p[i]))
			return not_frames(r, "no commit id");
	r->told.commit = f->name;
	return OK;
}

static enum err take_file(struct reading *r, const struct frame *f)
{
	struct run_file *at = r->files.at;

	if (r->files.n == TREE_ENTRIES)
		return not_frames(r, "more files than a tree has");
	if (!at)
		r->files.at = at = ARENA_ARRAY(r->cx->arena, struct run_file,
					       TREE_ENTRIES);
	at[r->files.n++] = (struct run_file){
		.name = f->name,
		.data = { f->data.n ? f->data.p : "", f->data.n },
		.executable = f->type == 'X',
	};
	return OK;
}

/*
 * Names and reasons were made safe to show inside; here they are again, but for
 * the backslashes that this took.
 */
static struct str show_again(struct arena *a, struct str text)
{
	struct str rest = text, part;
	struct buf b = { 0 };
	struct str out;

	while (str_split(&rest, '\\', &part)) {
		buf_str(&b, tree_show(a, part));
		if (rest.p)
			buf_ch(&b, '\\');
	}
	out = buf_copy(&b, a);
	buf_done(&b);
	return out;
}

static enum err take_refusal(struct reading *r, const struct frame *f)
{
	struct arena *a = r->cx->arena;
	struct tree_refused *at = r->told.list.refused.at;

	if (f->name.n > TREE_FRAMES_NAME || f->data.n > TREE_FRAMES_WHY ||
	    r->told.list.refused.n >= TREE_REFUSED)
		return not_frames(r, "a refusal over its limits");
	if (!at)
		r->told.list.refused.at = at =
			ARENA_ARRAY(a, struct tree_refused, TREE_REFUSED);
	at[r->told.list.refused.n++] = (struct tree_refused){
		.name = show_again(a, f->name),
		.why = show_again(a, f->data),
	};
	return OK;
}

static enum err take_more(struct reading *r, const struct frame *f)
{
	int64_t n;

	if (f->data.n || f->name.n > 10 || !str_int(f->name, &n) || n < 1 ||
	    r->told.list.refused_more)
		return not_frames(r, "no number of more");
	r->told.list.refused_more = n;
	return OK;
}

static enum err take_error(struct reading *r, const struct frame *f)
{
	static const enum err may[] = { ERR_INVALID,	 ERR_NOT_FOUND,
					ERR_TOO_LARGE,	 ERR_DENIED,
					ERR_UNSUPPORTED, ERR_UNAVAILABLE };
	struct str text = show_again(r->cx->arena, f->data);

	for (size_t i = 0; i < sizeof(may) / sizeof(*may); i++)
		if (str_is(f->name, err_kind(may[i])))
			r->said = may[i];
	if (!r->said || f->data.n > TREE_FRAMES_WHY)
		return not_frames(r, "an unknown error");
	err_set(r->cx, r->said, "%.*s", STR_FMT(text));
	return OK;
}

static enum err take(struct reading *r, const struct frame *f)
{
	if (r->said && f->type != 'Z')
		return not_frames(r, "goes on behind an error");
	switch (f->type) {
	case 'C':
		return take_commit(r, f);
	case 'F':
	case 'X':
		return take_file(r, f);
	case 'R':
		return take_refusal(r, f);
	case 'M':
		return take_more(r, f);
	case 'E':
		return take_error(r, f);
	case 'Z':
		r->ended = true;
		if (f->name.n || f->data.n || r->rest.n)
			return not_frames(r, "bytes behind the end");
		return OK;
	}
	return not_frames(r, "an unknown frame");
}

/* The same rules as inside: there it may have been broken into. */
static enum err check_files(struct reading *r)
{
	struct tree_list list;

	tree_check_files(r->cx->arena, &r->files, &list);
	if (list.refused.n)
		return not_frames(r, "a file that no tree has");
	list.refused = r->told.list.refused;
	list.refused_more = r->told.list.refused_more;
	r->told.list = list;
	return OK;
}

enum err tree_frames_read(struct ctx *cx, struct str bytes,
			  struct tree_told *out)
{
	struct reading r = { .cx = cx };
	struct frame f = { 0 };
	enum err e = OK;

	if (bytes.n > TREE_FRAMES_BYTES || !str_starts(bytes, magic))
		return not_frames(&r, "no beginning");
	r.rest = str_cut(bytes, MAGIC, bytes.n);
	while (!e && !r.ended) {
		e = next(&r, &f);
		if (!e)
			e = take(&r, &f);
	}
	if (!e)
		e = r.said ? r.said : check_files(&r);
	if (!e)
		*out = r.told;
	return e;
}
