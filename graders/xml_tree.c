#include "graders/xml_tree.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "base/limits.h"

/*
 * Theory of operation. `measure` reads the bytes once, knowing just enough of
 * XML to find tags, and refuses what is too large or has a DOCTYPE; so the
 * parser below never meets input on which it is slow. Then libxml2's SAX
 * interface fills nodes; a child of the root goes to the caller when it ends
 * and its memory is used again.
 */

/* An element that has begun and not ended. */
struct open_node {
	struct xml_node *node;
	struct xml_node **tail; /* where its next child goes */
	struct buf text;
};

struct tree {
	struct ctx *cx;
	const struct xml_reader *r;
	struct str text;
	xmlParserCtxtPtr parser;
	struct arena *child_memory;
	struct open_node *open; /* LIMIT_XML_DEPTH + 1 of them */
	size_t depth;
	bool has_root;
	int code, line; /* of libxml2's first fatal error; 0: none */
	enum err e;
};

static size_t skip_to(struct str s, size_t at, const char *end)
{
	size_t found = str_find(s, str_of(end), at);

	return found == SIZE_MAX ? s.n : found + strlen(end);
}

static bool at_is(struct str s, size_t at, const char *z)
{
	size_t n = strlen(z);

	return s.n - at >= n && memcmp(s.p + at, z, n) == 0;
}

static int64_t line_of(struct str s, size_t at)
{
	int64_t line = 1;

	for (size_t i = 0; i < at && i < s.n; i++)
		line += s.p[i] == '\n';
	return line;
}

/* The end of a start tag, its attributes, and whether it is empty. */
static size_t measure_tag(struct str s, size_t at, int *attributes, bool *empty)
{
	char quote = 0;

	*attributes = 0;
	for (; at < s.n; at++) {
		char c = s.p[at];

		if (quote) {
			quote = c == quote ? 0 : quote;
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (c == '=') {
			++*attributes;
		} else if (c == '>') {
			*empty = s.p[at - 1] == '/';
			return at + 1;
		}
	}
	*empty = true;
	return at;
}

static enum err too_large(struct ctx *cx, struct str s, size_t at,
			  const char *what, int most)
{
	return err_set(cx, ERR_TOO_LARGE, "line %lld: more than %d %s",
		       (long long)line_of(s, at), most, what);
}

static enum err measure(struct ctx *cx, struct str s)
{
	int64_t nodes = 0, depth = 0;
	int attributes;
	bool empty;

	for (size_t at = 0; at < s.n;) {
		const char *p = memchr(s.p + at, '<', s.n - at);

		if (!p)
			break;
		at = (size_t)(p - s.p);
		if (++nodes > LIMIT_XML_NODES)
			return too_large(cx, s, at, "nodes", LIMIT_XML_NODES);
		if (at_is(s, at, "<!--")) {
			at = skip_to(s, at + 4, "-->");
		} else if (at_is(s, at, "<![CDATA[")) {
			at = skip_to(s, at + 9, "]]>");
		} else if (at_is(s, at, "<?")) {
			at = skip_to(s, at + 2, "?>");
		} else if (at_is(s, at, "<!")) {
			return err_set(cx, ERR_UNSUPPORTED,
				       "line %lld: the file has a DOCTYPE; "
				       "since it could pull in other files, "
				       "such a file is not read",
				       (long long)line_of(s, at));
		} else if (at_is(s, at, "</")) {
			depth--;
			at = skip_to(s, at + 2, ">");
		} else {
			at = measure_tag(s, at + 1, &attributes, &empty);
			if (attributes > LIMIT_XML_ATTRIBUTES)
				return too_large(cx, s, at, "attributes",
						 LIMIT_XML_ATTRIBUTES);
			depth += !empty;
			if (depth > LIMIT_XML_DEPTH)
				return too_large(cx, s, at, "levels",
						 LIMIT_XML_DEPTH);
		}
	}
	return OK;
}

static void stop(struct tree *t, enum err e)
{
	if (!t->e)
		t->e = e;
	xmlStopParser(t->parser);
}

static size_t position(const struct tree *t)
{
	long at = xmlByteConsumed(t->parser);

	return at < 0 || (size_t)at > t->text.n ? 0 : (size_t)at;
}

static struct xml_node *node_new(struct tree *t, enum xml_kind kind)
{
	struct xml_node *n = ARENA_NEW(t->child_memory, struct xml_node);

	n->kind = (uint8_t)kind;
	n->line = (int32_t)(t->parser->input ? t->parser->input->line : 0);
	return n;
}

static void deliver(struct tree *t, struct xml_node *n)
{
	enum err e = t->r->child(t->r->user, n);

	arena_reset(t->child_memory);
	if (e)
		stop(t, e);
}

static void append(struct tree *t, struct xml_node *n)
{
	struct open_node *parent = &t->open[t->depth - 1];

	*parent->tail = n;
	parent->tail = &n->next;
}

static struct str name_of(struct tree *t, const xmlChar *prefix,
			  const xmlChar *local)
{
	if (prefix)
		return str_fmt(t->child_memory, "%s:%s", (const char *)prefix,
			       (const char *)local);
	return str_copy(t->child_memory, str_of((const char *)local));
}

/* Five pointers an attribute: name, prefix, URI, begin and end of value. */
static void take_attributes(struct tree *t, struct xml_node *n, int count,
			    const xmlChar **at)
{
	n->attrs = ARENA_ARRAY(t->child_memory, struct xml_attr, (size_t)count);
	n->attrs_n = (uint32_t)count;
	for (int i = 0; i < count; i++, at += 5) {
		struct str v = { (const char *)at[3], (size_t)(at[4] - at[3]) };

		n->attrs[i].name = name_of(t, at[1], at[0]);
		n->attrs[i].value = str_copy(t->child_memory, v);
	}
}

static void on_start(void *user, const xmlChar *local, const xmlChar *prefix,
		     const xmlChar *uri, int ns_count, const xmlChar **ns,
		     int count, int defaulted, const xmlChar **at)
{
	struct tree *t = user;
	struct open_node *o = &t->open[t->depth];
	struct xml_node *n;
	size_t begin = position(t);

	(void)uri, (void)ns_count, (void)ns, (void)defaulted;
	if (t->e)
		return;
	if (t->depth >= LIMIT_XML_DEPTH) {
		stop(t, err_set(t->cx, ERR_TOO_LARGE, "more than %d levels",
				LIMIT_XML_DEPTH));
		return;
	}
	n = node_new(t, XML_ELEMENT);
	n->name = name_of(t, prefix, local);
	take_attributes(t, n, count, at);
	while (begin > 0 && (begin >= t->text.n || t->text.p[begin] != '<'))
		begin--;
	n->source.p = t->text.p + begin;
	if (t->depth > 1)
		append(t, n);
	o->node = n;
	o->tail = &n->first;
	buf_reset(&o->text);
	t->depth++;
	if (t->depth == 1) {
		t->has_root = true;
		/* The root's children come later, alone: it is done now. */
		if ((t->e = t->r->root(t->r->user, n)) != OK)
			stop(t, t->e);
		o->node = NULL;
		arena_reset(t->child_memory);
	}
}

static void on_end(void *user, const xmlChar *local, const xmlChar *prefix,
		   const xmlChar *uri)
{
	struct tree *t = user;
	struct open_node *o;
	size_t end = position(t);

	(void)local, (void)prefix, (void)uri;
	if (t->e || t->depth == 0)
		return;
	o = &t->open[--t->depth];
	if (!o->node) {
		if (str_trim(buf_view(&o->text)).n > 0)
			t->r->stray(t->r->user);
		return;
	}
	if (t->text.p + end >= o->node->source.p)
		o->node->source.n =
			(size_t)(t->text.p + end - o->node->source.p);
	o->node->text = buf_copy(&o->text, t->child_memory);
	if (t->depth == 1)
		deliver(t, o->node);
}

static void on_text(void *user, const xmlChar *p, int n)
{
	struct tree *t = user;
	struct open_node *o;

	if (t->e || t->depth == 0)
		return;
	o = &t->open[t->depth - 1];
	if (o->text.n + (size_t)n > LIMIT_XML_TEXT_BYTES) {
		stop(t, err_set(t->cx, ERR_TOO_LARGE,
				"a text has more than %d bytes",
				LIMIT_XML_TEXT_BYTES));
		return;
	}
	buf_add(&o->text, p, (size_t)n);
}

/* The parser is behind it already: its own lines are taken off again. */
static void on_aside(struct tree *t, enum xml_kind kind, const xmlChar *text)
{
	struct xml_node *n;

	if (t->e)
		return;
	n = node_new(t, kind);
	for (; text && *text; text++)
		n->line -= *text == '\n';
	n->name = kind == XML_A_COMMENT ? STR("comment") : STR("instruction");
	if (t->depth > 1)
		append(t, n);
	else
		deliver(t, n);
}

static void on_comment(void *user, const xmlChar *text)
{
	on_aside(user, XML_A_COMMENT, text);
}

static void on_instruction(void *user, const xmlChar *target,
			   const xmlChar *data)
{
	(void)target;
	on_aside(user, XML_INSTRUCTION, data);
}

/* measure() has refused it before; this is the second lock on that door. */
static void on_doctype(void *user, const xmlChar *name, const xmlChar *id,
		       const xmlChar *system)
{
	struct tree *t = user;

	(void)name, (void)id, (void)system;
	stop(t, err_set(t->cx, ERR_UNSUPPORTED, "the file has a DOCTYPE"));
}

static xmlEntityPtr on_entity(void *user, const xmlChar *name)
{
	(void)user, (void)name;
	return NULL;
}

/*
 * Without this the parser would go on to the end, telling nobody but filling
 * in an error at every step.
 */
static void on_error(void *user, xmlErrorPtr error)
{
	struct tree *t = user;

	if (error->level == XML_ERR_FATAL && t->code == 0) {
		t->code = error->code;
		t->line = error->line;
		xmlStopParser(t->parser);
	}
}

static const char *why(int code)
{
	switch (code) {
	case XML_ERR_TAG_NAME_MISMATCH:
	case XML_ERR_TAG_NOT_FINISHED:
		return "an element is not closed where it should be";
	case XML_ERR_UNDECLARED_ENTITY:
	case XML_WAR_UNDECLARED_ENTITY:
	case XML_ERR_ENTITYREF_SEMICOL_MISSING:
		return "an entity is not one of XML's five; write &amp; for &";
	case XML_ERR_NAME_REQUIRED:
		return "a < or & begins nothing; write &lt; or &amp;";
	case XML_ERR_DOCUMENT_END:
		return "something stands after the end of the document";
	case XML_ERR_DOCUMENT_EMPTY:
		return "there is no XML in it";
	case XML_ERR_ATTRIBUTE_REDEFINED:
		return "an attribute is given twice";
	default:
		return "it is not well-formed XML";
	}
}

static enum err failed(struct tree *t, int64_t *line)
{
	if (t->e)
		return t->e;
	if (t->parser->wellFormed && t->has_root)
		return OK;
	*line = t->line;
	return err_set(t->cx, ERR_INVALID, "line %lld: %s", (long long)*line,
		       why(t->code));
}

/* The declaration is white space to the parser: the text is UTF-8 by now. */
static struct str without_declaration(struct ctx *cx, struct str s)
{
	size_t end;
	char *p;

	if (!str_starts(str_trim(s), "<?xml"))
		return s;
	end = skip_to(s, 0, "?>");
	p = (char *)str_copy(cx->arena, s).p;
	for (size_t i = 0; i < end; i++)
		if (p[i] != '\n')
			p[i] = ' ';
	return (struct str){ p, s.n };
}

static void sax_of(xmlSAXHandler *sax)
{
	memset(sax, 0, sizeof(*sax));
	sax->initialized = XML_SAX2_MAGIC;
	sax->startElementNs = on_start;
	sax->endElementNs = on_end;
	sax->characters = on_text;
	sax->ignorableWhitespace = on_text;
	sax->cdataBlock = on_text;
	sax->comment = on_comment;
	sax->processingInstruction = on_instruction;
	sax->internalSubset = on_doctype;
	sax->getEntity = on_entity;
	sax->serror = on_error;
}

enum err xml_tree_read(struct ctx *cx, struct str text,
		       const struct xml_reader *r, int64_t *line)
{
	struct tree t = { .cx = cx, .r = r };
	enum err e;

	*line = 0;
	/* Also keeps libxml2 from guessing that this is UTF-16 or UCS-4. */
	if (text.n == 0 || memchr(text.p, 0, text.n))
		return err_set(cx, ERR_INVALID, "there is no XML in it");
	e = measure(cx, text);
	if (e)
		return e;
	t.text = without_declaration(cx, text);
	if (t.text.n > LIMIT_IMPORT_BYTES * 2)
		return err_set(cx, ERR_TOO_LARGE, "the file is too large");
	t.parser = xmlCreateMemoryParserCtxt(t.text.p, (int)t.text.n);
	if (!t.parser)
		return err_set(cx, ERR_UNAVAILABLE, "the XML parser is not");
	t.child_memory = arena_new(65536);
	t.open = ARENA_ARRAY(cx->arena, struct open_node, LIMIT_XML_DEPTH + 1);
	xmlCtxtUseOptions(t.parser, XML_PARSE_NONET | XML_PARSE_HUGE |
					    XML_PARSE_NOERROR |
					    XML_PARSE_NOWARNING);
	sax_of(t.parser->sax);
	t.parser->userData = &t;
	xmlParseDocument(t.parser);
	e = failed(&t, line);
	for (size_t i = 0; i <= LIMIT_XML_DEPTH; i++)
		buf_done(&t.open[i].text);
	arena_free(t.child_memory);
	xmlFreeParserCtxt(t.parser);
	return e;
}

struct str xml_declared_encoding(struct str bytes)
{
	struct str s = str_cut(bytes, 0, 400);
	size_t at, end;
	char quote;

	if (str_starts(s, "\xef\xbb\xbf"))
		s = str_cut(s, 3, s.n);
	s = str_trim(s);
	if (!str_starts(s, "<?xml"))
		return (struct str){ 0 };
	s = str_cut(s, 0, skip_to(s, 0, "?>"));
	at = str_find(s, STR("encoding"), 0);
	if (at == SIZE_MAX)
		return (struct str){ 0 };
	for (at += 8; at < s.n && (s.p[at] == '=' || s.p[at] == ' ');)
		at++;
	if (at >= s.n || (s.p[at] != '"' && s.p[at] != '\''))
		return (struct str){ 0 };
	quote = s.p[at++];
	for (end = at; end < s.n && s.p[end] != quote;)
		end++;
	return str_cut(s, at, end);
}

struct xml_node *xml_take(struct xml_node *parent, const char *name)
{
	struct xml_node *n = parent ? parent->first : NULL;

	for (; n; n = n->next)
		if (n->kind == XML_ELEMENT && !n->taken &&
		    str_is(n->name, name)) {
			n->taken = true;
			return n;
		}
	return NULL;
}

struct str xml_take_attr(struct xml_node *n, const char *name)
{
	for (uint32_t i = 0; n && i < n->attrs_n; i++)
		if (str_is(n->attrs[i].name, name)) {
			n->attrs[i].taken = true;
			return n->attrs[i].value;
		}
	return (struct str){ 0 };
}

int64_t xml_size(const struct xml_node *n)
{
	int64_t size = 1;

	for (const struct xml_node *c = n->first; c; c = c->next)
		size += xml_size(c);
	return size;
}

void xml_escape(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '&')
			buf_z(b, "&amp;");
		else if (c == '<')
			buf_z(b, "&lt;");
		else if (c == '>')
			buf_z(b, "&gt;");
		else if (c == '"')
			buf_z(b, "&quot;");
		else if (c == '\r')
			buf_z(b, "&#13;");
		else if (c < ' ' && c != '\n' && c != '\t')
			buf_z(b, "\xef\xbf\xbd");
		else
			buf_ch(b, s.p[i]);
	}
}
