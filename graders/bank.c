#include "graders/bank.h"

#include "base/limits.h"
#include "graders/bank_build.h"
#include "graders/bank_text.h"

enum { LOOK_BYTES = 65536 }; /* what detection reads of a file */

const char *const fate_words[] = {
	[FATE_MAPPED] = "mapped",
	[FATE_OPAQUE] = "opaque",
	[FATE_IGNORED] = "ignored",
	[FATE_REFUSED] = "refused",
	NULL,
};

static const struct field bank_note_fields[] = {
	FIELD(struct bank_note, fate, KIND_ENUM, "what became of the nodes",
	      .words = fate_words),
	FIELD(struct bank_note, line, KIND_INT, "line in the source, 0 unknown",
	      .min = 0, .max = INT64_MAX),
	FIELD(struct bank_note, path, KIND_STR, "place in the source"),
	FIELD(struct bank_note, detail, KIND_STR, "why, in one sentence"),
	FIELD(struct bank_note, count, KIND_INT, "nodes that this is about",
	      .min = 0, .max = INT64_MAX),
	FIELD_END,
};

static const struct shape bank_note_shape =
	SHAPE(struct bank_note, bank_note_fields);

static const struct field bank_fields[] = {
	FIELD(struct bank, format, KIND_STR, "format of the source"),
	FIELD_OPT(struct bank, title, KIND_STR, "title of the set"),
	FIELD(struct bank, items, KIND_LIST, "the questions, in source order",
	      .of = KIND_OBJECT, .shape = &item_shape, .max = LIMIT_ITEMS),
	FIELD(struct bank, notes, KIND_LIST, "what was not carried over",
	      .of = KIND_OBJECT, .shape = &bank_note_shape,
	      .max = LIMIT_XML_NODES),
	FIELD(struct bank, nodes, KIND_INT, "nodes of the source"),
	FIELD(struct bank, mapped, KIND_INT, "nodes carried over in full"),
	FIELD(struct bank, opaque, KIND_INT, "nodes kept, but not understood"),
	FIELD(struct bank, ignored, KIND_INT, "nodes that mean nothing here"),
	FIELD(struct bank, refused, KIND_INT, "nodes that are broken"),
	FIELD_END,
};

const struct shape bank_shape = SHAPE(struct bank, bank_fields);

static bool holds(struct str s, const char *z)
{
	return str_find(s, str_of(z), 0) != SIZE_MAX;
}

/* UTF-16 to its ASCII letters, which is all that detection looks at. */
static struct str narrow(struct str s, char *room, size_t room_bytes)
{
	size_t n = 0;

	if (!str_starts(s, "\xff\xfe") && !str_starts(s, "\xfe\xff"))
		return s;
	for (size_t i = 2; i < s.n && n < room_bytes; i++)
		if (s.p[i] != 0)
			room[n++] = s.p[i];
	return (struct str){ room, n };
}

static bool looks_like_gift(struct str s)
{
	const char *open = memchr(s.p, '{', s.n);

	if (memchr(s.p, 0, s.n))
		return false;
	if (open && memchr(open, '}', s.n - (size_t)(open - s.p)))
		return true;
	s = str_cut(s, 0, LOOK_BYTES);
	return str_starts(s, "::") || holds(s, "\n::") ||
	       str_starts(s, "$CATEGORY:") || holds(s, "\n$CATEGORY:");
}

struct str bank_detect(struct str bytes)
{
	char room[LOOK_BYTES / 64];
	struct str s =
		narrow(str_cut(bytes, 0, LOOK_BYTES), room, sizeof(room));
	struct str inner;

	/* Braces may come late; a look for them is cheap. */
	if (s.p == bytes.p)
		bytes = str_cut(bytes, 0, LIMIT_IMPORT_BYTES);
	else
		bytes = s;
	if (str_starts(s, "\xef\xbb\xbf"))
		s = str_cut(s, 3, s.n);
	s = str_trim(s);
	if (s.n == 0)
		return (struct str){ 0 };
	if (s.p[0] == '<' && (holds(s, "<quiz") || holds(s, "<question ")))
		return STR("moodle_xml");
	if (str_starts(s, "<?xml") || str_starts(s, "<!DOCTYPE"))
		return (struct str){ 0 };
	inner = str_trim(str_cut(s, 1, s.n));
	if (s.p[0] == '{' && inner.n > 0 && inner.p[0] == '"' &&
	    (holds(inner, "\"items\"") || holds(inner, "\"assay\"")))
		return STR("assay");
	return looks_like_gift(bytes) ? STR("gift") : (struct str){ 0 };
}

static void assay_item(struct ctx *cx, struct bank_build *b, struct jval v,
		       int64_t index)
{
	struct item *it = ARENA_NEW(cx->arena, struct item);
	enum err e = field_decode(cx, v, &item_shape, "", it);
	struct str id = it->id;

	if (!e)
		e = bank_keep(b, it);
	if (!e && !str_eq(id, it->id))
		bank_note_at(b, FATE_IGNORED, 0, STR("items"), index, 0,
			     "the id is taken or cannot be one, "
			     "it was replaced");
	if (!e)
		bank_mapped(b, 1);
	else
		bank_note_at(b, FATE_REFUSED, 0, STR("items"), index, 1,
			     "%s: %s", cx->error.field, cx->error.text);
	err_clear(cx);
}

/* {"title": "…", "items": [{…}]}: an item is one node, and so is the title. */
static enum err assay_read(struct ctx *cx, struct str bytes, struct bank *out)
{
	struct bank_build *b;
	struct jdoc *doc;
	struct jval root, v, items;
	struct str name, title = { 0 };
	uint32_t it = 0, at = 0;
	int64_t index = 0;
	enum err e;

	if (str_starts(bytes, "\xef\xbb\xbf"))
		bytes = str_cut(bytes, 3, bytes.n);
	e = jdoc_parse(cx, bytes, &doc);
	if (e)
		return e;
	root = jdoc_root(doc);
	if (jval_type(root) != J_OBJECT || !jval_get(root, "items", &items) ||
	    jval_type(items) != J_ARRAY)
		return err_field(cx, ERR_INVALID, "/items",
				 "a list of items is missing");
	b = bank_build_new(cx, "assay");
	while (jval_next(root, &it, &name, &v)) {
		if (str_is(name, "items"))
			continue;
		if (str_is(name, "title") && jval_type(v) == J_STRING) {
			title = bank_name_kept(b, jval_str(cx, v), 0, name);
			bank_mapped(b, 1);
			continue;
		}
		bank_note(b, FATE_IGNORED, 0, name, 1,
			  "a bank has no such member");
	}
	while (jval_next(items, &at, &name, &v))
		assay_item(cx, b, v, index++);
	e = bank_build_done(b, out);
	if (!e)
		out->title = title;
	return e;
}

/* What the name of the file promises, if the content does not say. */
static struct str by_name(struct str hint)
{
	if (str_ends(hint, ".gift") || str_ends(hint, ".txt"))
		return STR("gift");
	if (str_ends(hint, ".xml"))
		return STR("moodle_xml");
	if (str_ends(hint, ".json"))
		return STR("assay");
	return (struct str){ 0 };
}

enum err bank_read(struct ctx *cx, struct str bytes, struct str hint,
		   struct bank *out)
{
	struct str format;

	if (bytes.n > LIMIT_IMPORT_BYTES)
		return err_set(cx, ERR_TOO_LARGE,
			       "a file to import has at most %d bytes",
			       LIMIT_IMPORT_BYTES);
	format = bank_detect(bytes);
	if (format.n == 0)
		format = by_name(hint);
	if (str_is(format, "gift"))
		return gift_read(cx, bytes, out);
	if (str_is(format, "moodle_xml"))
		return moodle_xml_read(cx, bytes, out);
	if (str_is(format, "assay"))
		return assay_read(cx, bytes, out);
	return err_set(cx, ERR_UNSUPPORTED,
		       "this is neither GIFT, Moodle XML nor an Assay file");
}
