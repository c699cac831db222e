#include "graders/response.h"

/* Names are written in the order of struct response; blanks are left out. */

static void comma(struct buf *b, size_t start)
{
	if (b->n > start)
		buf_ch(b, ',');
}

static void quoted(struct buf *b, int64_t position)
{
	buf_ch(b, '"');
	buf_int(b, position);
	buf_ch(b, '"');
}

static void write_choice(struct buf *b, const struct response *r)
{
	if (r->choice == 0)
		return;
	jout_name(b, "choice");
	quoted(b, r->choice);
}

static void write_choices(struct buf *b, const struct response *r)
{
	const int64_t *at = r->choices.at;

	if (r->choices.n == 0)
		return;
	jout_name(b, "choices");
	buf_ch(b, '[');
	for (size_t i = 0; i < r->choices.n; i++) {
		if (i > 0)
			buf_ch(b, ',');
		quoted(b, at[i]);
	}
	buf_ch(b, ']');
}

static void write_text(struct buf *b, size_t start, const char *name,
		       struct str s)
{
	if (s.n == 0)
		return;
	comma(b, start);
	jout_name(b, name);
	jout_str(b, s);
}

static void write_pairs(struct buf *b, const struct response *r)
{
	const struct response_pair *at = r->pairs.at;
	bool first = true;

	for (size_t i = 0; i < r->pairs.n; i++) {
		if (at[i].option == 0)
			continue;
		if (first) {
			jout_name(b, "pairs");
			buf_ch(b, '{');
		} else {
			buf_ch(b, ',');
		}
		first = false;
		quoted(b, at[i].stem);
		buf_ch(b, ':');
		quoted(b, at[i].option);
	}
	if (!first)
		buf_ch(b, '}');
}

static void write_attachments(struct buf *b, size_t start,
			      const struct response *r)
{
	const struct str *at = r->attachments.at;

	if (r->attachments.n == 0)
		return;
	comma(b, start);
	jout_name(b, "attachments");
	buf_ch(b, '[');
	for (size_t i = 0; i < r->attachments.n; i++) {
		if (i > 0)
			buf_ch(b, ',');
		jout_str(b, at[i]);
	}
	buf_ch(b, ']');
}

static void write_code(struct buf *b, size_t start, const struct response *r)
{
	write_text(b, start, "language", r->language);
	if (r->tree.n == 0)
		return;
	write_text(b, start, "tree", r->tree);
	write_text(b, start, "commit", r->commit);
	comma(b, start);
	jout_name(b, "files");
	buf_int(b, r->files);
	buf_ch(b, ',');
	jout_name(b, "bytes");
	buf_int(b, r->bytes);
	buf_z(b, r->archive ? ",\"archive\":true" : "");
}

static bool is_empty(const struct response *r)
{
	return r->choice == 0 && r->choices.n == 0 && r->text.n == 0 &&
	       r->unit.n == 0;
}

static void write_parts(struct buf *b, const struct item *it,
			const struct response *r)
{
	const struct response *at = r->parts.at;
	const struct item *items = it->parts.at;
	bool first = true;

	for (size_t i = 0; i < it->parts.n && i < r->parts.n; i++) {
		if (is_empty(&at[i]))
			continue;
		if (first) {
			jout_name(b, "parts");
			buf_ch(b, '{');
		} else {
			buf_ch(b, ',');
		}
		first = false;
		quoted(b, (int64_t)i + 1);
		buf_ch(b, ':');
		response_write(b, &items[i], &at[i]);
	}
	if (!first)
		buf_ch(b, '}');
}

void response_write(struct buf *b, const struct item *it,
		    const struct response *r)
{
	size_t start;

	buf_ch(b, '{');
	start = b->n;
	switch ((enum item_type)it->type) {
	case ITEM_CHOICE:
	case ITEM_TRUE_FALSE:
		write_choice(b, r);
		break;
	case ITEM_MULTI:
		write_choices(b, r);
		break;
	case ITEM_SHORT:
		write_text(b, start, "text", r->text);
		break;
	case ITEM_NUMERIC:
		write_text(b, start, "text", r->text);
		write_text(b, start, "unit", r->unit);
		break;
	case ITEM_MATCH:
		write_pairs(b, r);
		break;
	case ITEM_CLOZE:
		write_parts(b, it, r);
		break;
	case ITEM_ESSAY:
		write_text(b, start, "text", r->text);
		write_text(b, start, "format", r->format);
		write_attachments(b, start, r);
		break;
	case ITEM_CODE:
		write_code(b, start, r);
		break;
	case ITEM_DESCRIPTION:
	case ITEM_OPAQUE:
	case ITEM_TYPE_COUNT:
		break;
	}
	buf_ch(b, '}');
}
