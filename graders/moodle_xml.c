#include "graders/moodle_xml_impl.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/limits.h"
#include "graders/bank_text.h"

enum { CATEGORY_NODES = 2 }; /* <category><text>: what a question uses */

/* Elements that Moodle writes and that say nothing about an item. */
static const struct {
	const char *name, *why;
} known_asides[] = {
	{ "comment", "comments are not carried over" },
	{ "hidden", "hiding is not a property of an item" },
	{ "coursetags", "tags of one course are not carried over" },
	{ "instructions", "unit instructions are not carried over" },
	{ "info", "the description of a category is not carried over" },
	{ "maxbytes", "the size of attachments is set for the assessment" },
	{ "showstandardinstruction", "the standard instruction is not shown" },
	{ "image", "an image outside of the text is not carried over" },
	{ "image_base64", "an image outside of the text is not carried over" },
	{ "options", "this option of a hint is not carried over" },
	{ "versions", "question versions are not carried over" },
};

void moodle_refuse(struct moodle_question *q, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	if (q->e)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	q->e = err_set(q->cx, ERR_INVALID, "%s", text);
}

void moodle_remark(struct moodle_question *q, const struct xml_node *n,
		   const char *what)
{
	char path[MOODLE_PATH];

	snprintf(path, sizeof(path), "%s/%.*s", q->m->root,
		 STR_FMT(bank_cut(n->name, 100)));
	bank_note(q->m->b, FATE_IGNORED, n->line, str_of(path), 0, "%s", what);
}

struct str moodle_word(struct moodle_question *q, struct xml_node *parent,
		       const char *name, const char *otherwise)
{
	struct xml_node *n = xml_take(parent, name);

	if (!n)
		return str_of(otherwise);
	n->text_taken = true;
	return str_copy(q->cx->arena, str_trim(n->text));
}

int64_t moodle_int(struct moodle_question *q, const char *name,
		   int64_t otherwise, int64_t least, int64_t most)
{
	struct str s = moodle_word(q, q->node, name, NULL);
	int64_t v = otherwise;

	if (s.n == 0)
		return otherwise;
	if (!str_int(s, &v) || v < least || v > most)
		moodle_refuse(q, "%s is no integer from %lld to %lld", name,
			      (long long)least, (long long)most);
	return v;
}

bool moodle_bool(struct moodle_question *q, const char *name, bool otherwise)
{
	struct str s =
		moodle_word(q, q->node, name, otherwise ? "true" : "false");

	return s.n > 0 && !str_is(s, "false") && !str_is(s, "0");
}

static int format_of(struct moodle_question *q, const struct xml_node *n,
		     struct str word, int otherwise)
{
	word = str_trim(word);
	if (word.n == 0)
		return otherwise;
	if (str_is(word, "html"))
		return TEXT_HTML;
	if (str_is(word, "moodle_auto_format"))
		return TEXT_MOODLE;
	if (str_is(word, "plain_text"))
		return TEXT_PLAIN;
	if (str_is(word, "markdown"))
		return TEXT_MARKDOWN;
	if (str_is(word, "wiki_like")) {
		moodle_remark(q, n, "wiki text is kept as plain text");
		return TEXT_PLAIN;
	}
	moodle_remark(q, n, "the text format is not known, taken as HTML");
	return TEXT_HTML;
}

static void take_files(struct moodle_question *q, struct xml_node *node,
		       const char *where)
{
	struct xml_node *f;
	bool any = false;

	for (f = node->first; f; f = f->next) {
		if (f->kind != XML_ELEMENT || !str_is(f->name, "file") ||
		    f->first)
			continue;
		if (!any)
			buf_fmt(&q->files, "<files in=\"%s\">", where);
		any = true;
		f->opaque = true;
		buf_str(&q->files, f->source);
	}
	if (any)
		buf_z(&q->files, "</files>");
}

struct moodle_text moodle_text(struct moodle_question *q, struct xml_node *node,
			       int otherwise, const char *where)
{
	struct moodle_text t = { .format = otherwise };
	struct xml_node *text;

	if (!node)
		return t;
	t.format = format_of(q, node, xml_take_attr(node, "format"), otherwise);
	text = xml_take(node, "text");
	if (text) {
		text->text_taken = true;
		t.text = bank_text_kept(q->cx, text->text);
	}
	take_files(q, node, where);
	return t;
}

static const char *aside_reason(struct str name)
{
	for (size_t i = 0; i < sizeof(known_asides) / sizeof(known_asides[0]);
	     i++)
		if (str_is(name, known_asides[i].name))
			return known_asides[i].why;
	return "this element is not known for this type of question";
}

/* Base64 of n bytes of text holds about three quarters of that. */
static void account_file(struct moodle *m, struct xml_node *n, struct str path)
{
	bank_note(m->b, FATE_OPAQUE, n->line, path, xml_size(n),
		  "an embedded file is kept in the item's source");
}

/* What a node says outside of its children, and nobody has read. */
static void account_rest(struct moodle *m, const struct xml_node *n,
			 struct str path)
{
	if (!n->text_taken && str_trim(n->text).n > 0)
		bank_note(m->b, FATE_IGNORED, n->line, path, 0,
			  "text stands where only elements may");
	for (uint32_t i = 0; i < n->attrs_n; i++)
		if (!n->attrs[i].taken)
			bank_note(m->b, FATE_IGNORED, n->line, path, 0,
				  "the attribute \"%.*s\" is not carried over",
				  STR_FMT(bank_cut(n->attrs[i].name, 60)));
}

static void account(struct moodle *m, struct xml_node *n, const char *above)
{
	char path[MOODLE_PATH];
	struct str name = bank_cut(n->name, 60);

	snprintf(path, sizeof(path), "%s/%.*s", above, STR_FMT(name));
	if (n->opaque) {
		account_file(m, n, str_of(path));
		return;
	}
	if (!n->taken) {
		bank_note(m->b, FATE_IGNORED, n->line, str_of(path),
			  xml_size(n), "%s", aside_reason(n->name));
		return;
	}
	bank_mapped(m->b, 1);
	account_rest(m, n, str_of(path));
	for (struct xml_node *c = n->first; c; c = c->next)
		account(m, c, path);
}

/* Counts the nodes of a question that was kept. */
static void moodle_account(struct moodle *m, const struct xml_node *n)
{
	bank_mapped(m->b, 1);
	account_rest(m, n, str_of(m->root));
	for (struct xml_node *c = n->first; c; c = c->next)
		account(m, c, m->root);
}

/* A category that no question took would be lost: say so. */
static void category_unused(struct moodle *m)
{
	if (m->category_line > 0)
		bank_note(m->b, FATE_IGNORED, m->category_line,
			  STR("quiz/question/category"), CATEGORY_NODES,
			  "a category has no questions");
	m->category_line = 0;
}

/* The first child element of this name, taken or not. */
static struct xml_node *find(struct xml_node *parent, const char *name)
{
	struct xml_node *n = parent ? parent->first : NULL;

	while (n && (n->kind != XML_ELEMENT || !str_is(n->name, name)))
		n = n->next;
	return n;
}

static bool is_blank(const struct xml_node *n)
{
	if (n->kind != XML_ELEMENT || str_trim(n->text).n > 0)
		return false;
	for (const struct xml_node *c = n->first; c; c = c->next)
		if (!is_blank(c))
			return false;
	return true;
}

static void take_all(struct xml_node *n)
{
	n->taken = true;
	(void)xml_take_attr(n, "format");
	for (struct xml_node *c = n->first; c; c = c->next)
		take_all(c);
}

/* What is empty in every export says nothing, so nothing is lost. */
static void take_if_blank(struct xml_node *parent, const char *name)
{
	struct xml_node *n = find(parent, name);

	if (n && is_blank(n))
		take_all(n);
}

/* <question type="category"><category><text>path</text></category></…> */
static void read_category(struct moodle *m, struct xml_node *n)
{
	struct xml_node *c = xml_take(n, "category"), *t = xml_take(c, "text");

	category_unused(m);
	m->category = (struct str){ 0 };
	if (t) {
		t->text_taken = true;
		m->category = bank_name_kept(m->b, t->text, n->line,
					     STR("quiz/question/category"));
	}
	take_if_blank(n, "info");
	take_if_blank(n, "idnumber");
	moodle_account(m, n);
	if (m->category.n > 0) {
		/* Two nodes wait until a question is in the category. */
		bank_mapped(m->b, -CATEGORY_NODES);
		m->category_line = n->line;
	}
}

static struct item fresh_item(struct moodle *m, struct str type)
{
	return (struct item){
		.mark = DEC_ONE,
		.penalty = { MOODLE_DEFAULT_PENALTY_NANO },
		.category = m->category,
		.source_type = str_copy(m->cx->arena, bank_cut(type, 100)),
	};
}

static void took_category(struct moodle *m)
{
	if (m->category_line > 0)
		bank_mapped(m->b, CATEGORY_NODES);
	m->category_line = 0;
}

static void refuse(struct moodle *m, const struct xml_node *n)
{
	bank_note_at(m->b, FATE_REFUSED, n->line, str_of(m->root), m->index,
		     xml_size(n), "%s", m->cx->error.text);
	err_clear(m->cx);
}

/* A type that cannot be scored here: the whole element is the item. */
static enum err keep_opaque(struct moodle *m, struct xml_node *n,
			    struct str type, const char *reason)
{
	struct item item = fresh_item(m, type), *it = &item;
	struct xml_node *name = find(find(n, "name"), "text"),
			*mark = find(n, "defaultgrade");
	enum err e;

	it->type = ITEM_OPAQUE;
	if (name)
		it->name = bank_name_kept(m->b, name->text, n->line,
					  STR("quiz/question/name"));
	if (!mark || !dec_parse(str_trim(mark->text), &it->mark) ||
	    it->mark.nano < 0 ||
	    dec_cmp(it->mark, dec_int(LIMIT_SCORE_POINTS)) > 0)
		it->mark = DEC_ONE;
	it->source = str_copy(m->cx->arena, n->source);
	e = bank_keep(m->b, it);
	if (e == ERR_LIMIT_REACHED)
		return e;
	if (e) {
		refuse(m, n);
		return OK;
	}
	took_category(m);
	bank_note_at(m->b, FATE_OPAQUE, n->line, str_of(m->root), m->index,
		     xml_size(n), "%s", reason);
	return OK;
}

static enum err keep_read(struct moodle *m, struct moodle_question *q,
			  struct str type)
{
	enum err e = q->e;

	if (e == ERR_UNSUPPORTED) {
		char reason[ERR_TEXT + 40];

		snprintf(reason, sizeof(reason),
			 "kept, but it cannot be scored: %s",
			 m->cx->error.text);
		err_clear(m->cx);
		return keep_opaque(m, q->node, type, reason);
	}
	if (!e && q->files.n > 0)
		q->it->source = buf_copy(&q->files, m->cx->arena);
	if (!e)
		e = bank_keep(m->b, q->it);
	if (e == ERR_LIMIT_REACHED)
		return e;
	if (e) {
		refuse(m, q->node);
		return OK;
	}
	took_category(m);
	moodle_account(m, q->node);
	return OK;
}

static enum err read_question(struct moodle *m, struct xml_node *n)
{
	struct str type = str_trim(xml_take_attr(n, "type"));
	struct moodle_question q = { .cx = m->cx, .m = m, .node = n };
	struct item item;
	enum err e;

	n->taken = true;
	if (str_is(type, "category")) {
		read_category(m, n);
		return OK;
	}
	m->index++;
	item = fresh_item(m, type);
	q.it = &item;
	if (!moodle_read_type(&q, type))
		e = keep_opaque(m, n, type,
				"this type of question is kept, but cannot "
				"be scored");
	else
		e = keep_read(m, &q, type);
	buf_done(&q.files);
	if (e == ERR_LIMIT_REACHED)
		e = err_set(m->cx, ERR_TOO_LARGE, "%s", m->cx->error.text);
	return e;
}

static enum err on_root(void *user, struct xml_node *root)
{
	struct moodle *m = user;

	m->root = "quiz/question";
	if (!str_is(root->name, "quiz"))
		return err_set(m->cx, ERR_UNSUPPORTED,
			       "the file is XML, but no Moodle quiz");
	if (m->bare)
		return OK;
	bank_mapped(m->b, 1);
	for (uint32_t i = 0; i < root->attrs_n; i++)
		bank_note(m->b, FATE_IGNORED, root->line, STR("quiz"), 0,
			  "an attribute of the quiz is not carried over");
	return OK;
}

static enum err on_child(void *user, struct xml_node *n)
{
	struct moodle *m = user;

	if (n->kind == XML_ELEMENT && str_is(n->name, "question"))
		return read_question(m, n);
	bank_note(m->b, FATE_IGNORED, n->line,
		  n->kind == XML_ELEMENT ? STR("quiz/other") : n->name,
		  xml_size(n), "%s",
		  n->kind == XML_A_COMMENT ? "comments are not carried over"
					   : "only questions are read here");
	return OK;
}

static void on_stray(void *user)
{
	struct moodle *m = user;

	bank_note(m->b, FATE_IGNORED, 0, STR("quiz"), 0,
		  "text stands between the questions");
}

/* A file of bare questions, as people paste them, gets its quiz. */
static struct str with_root(struct ctx *cx, struct str s, bool *bare)
{
	struct str inner = str_trim(s);
	size_t end = str_find(inner, STR("?>"), 0);
	struct buf b = { 0 };

	if (str_starts(inner, "<?xml") && end != SIZE_MAX)
		inner = str_cut(inner, end + 2, inner.n);
	*bare = str_starts(str_trim(inner), "<question");
	if (!*bare)
		return s;
	buf_z(&b, "<quiz>");
	for (const char *p = s.p; p < inner.p; p++)
		if (*p == '\n') /* so that lines are still right */
			buf_ch(&b, '\n');
	buf_str(&b, inner);
	buf_z(&b, "</quiz>");
	s = buf_copy(&b, cx->arena);
	buf_done(&b);
	return s;
}

enum err moodle_xml_read(struct ctx *cx, struct str bytes, struct bank *out)
{
	struct moodle m = { .cx = cx };
	const struct xml_reader r = { on_root, on_child, on_stray, &m };
	struct bank_text t;
	int64_t line;
	enum err e;

	if (bytes.n > LIMIT_IMPORT_BYTES)
		return err_set(cx, ERR_TOO_LARGE,
			       "a file to import has at most %d bytes",
			       LIMIT_IMPORT_BYTES);
	e = bank_text_decode(cx, bytes, xml_declared_encoding(bytes), &t);
	if (e)
		return e;
	m.b = bank_build_new(cx, "moodle_xml");
	if (t.was)
		bank_note(m.b, FATE_MAPPED, 0, STR("file"), 0,
			  "the file is not UTF-8 and was read as %s", t.was);
	e = xml_tree_read(cx, with_root(cx, t.text, &m.bare), &r, &line);
	if (e == ERR_INVALID && bank_kept(m.b) > 0) {
		bank_note(m.b, FATE_REFUSED, line, STR("file"), 1,
			  "from here on nothing is read: %s", cx->error.text);
		err_clear(cx);
		e = OK;
	}
	if (e) {
		bank_build_free(m.b);
		return e;
	}
	category_unused(&m);
	return bank_build_done(m.b, out);
}
