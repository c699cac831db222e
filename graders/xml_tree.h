/*
 * xml_tree: XML from outside as small trees, one child of the root at a time.
 *
 * No DTD (a DOCTYPE is refused, and with it every entity of one's own), no
 * network, no XInclude. Depth, attributes, nodes and texts are counted against
 * limits.h before libxml2 sees the first byte. Memory is that of the largest
 * child.
 */
#pragma once

#include "base/buf.h"
#include "base/ctx.h"

struct xml_attr {
	struct str name, value;
	bool taken;
};

enum xml_kind { XML_ELEMENT, XML_A_COMMENT, XML_INSTRUCTION };

struct xml_node {
	struct xml_node *first, *next; /* children in order; siblings */
	struct xml_attr *attrs;
	struct str name;   /* with its prefix, if any */
	struct str text;   /* all text directly in it, as written */
	struct str source; /* the element as it stands in the file */
	uint32_t attrs_n;
	int32_t line; /* from 1 */
	uint8_t kind; /* enum xml_kind; the last two have no more than that */
	/* The reader's marks; the tree does not look at them. */
	bool taken, text_taken, opaque;
};

/* What is called while the file is read. An error stops the reading. */
struct xml_reader {
	/* The root's beginning; its children are not known yet. */
	enum err (*root)(void *user, struct xml_node *root);
	/* A whole child of the root; freed after the call. */
	enum err (*child)(void *user, struct xml_node *child);
	/* Text between the children of the root, in the end; once. */
	void (*stray)(void *user);
	void *user;
};

/*
 * text: UTF-8. ERR_INVALID where it is not well-formed, with *line where (0
 * if nothing could be begun); children before that were delivered.
 * ERR_UNSUPPORTED for a DOCTYPE, ERR_TOO_LARGE over a limit: nothing was
 * delivered. Errors of the callbacks are passed on.
 */
MUST enum err xml_tree_read(struct ctx *cx, struct str text,
			    const struct xml_reader *r, int64_t *line);

/* What the file says of its encoding; absent if nothing. */
struct str xml_declared_encoding(struct str bytes);

/* First child element of this name that is not taken; NULL. Takes it. */
struct xml_node *xml_take(struct xml_node *parent, const char *name);
/* An attribute's value, taken; absent if there is none. */
struct str xml_take_attr(struct xml_node *n, const char *name);
/* Nodes of the subtree, n included. */
int64_t xml_size(const struct xml_node *n);

/* Text and attribute values, escaped; control characters become U+FFFD. */
void xml_escape(struct buf *b, struct str s);
