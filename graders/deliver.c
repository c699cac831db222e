#include "graders/code.h"
#include "graders/num.h"
#include "graders/variant.h"

/*
 * What a learner may see is listed here, member by member: a new field of an
 * item stays hidden until somebody decides otherwise.
 */

static void member(struct buf *b, const char *name)
{
	if (b->n > 0 && b->p[b->n - 1] != '{')
		buf_ch(b, ',');
	jout_name(b, name);
}

static void member_str(struct buf *b, const char *name, struct str s)
{
	if (s.n == 0)
		return;
	member(b, name);
	jout_str(b, s);
}

static void member_int(struct buf *b, const char *name, int64_t v)
{
	if (v == 0)
		return;
	member(b, name);
	buf_int(b, v);
}

static void member_true(struct buf *b, const char *name, bool v)
{
	if (!v)
		return;
	member(b, name);
	buf_z(b, "true");
}

/* {"id":"1","text":…,"format":…} */
static void shown(struct buf *b, size_t position, struct str text, int format)
{
	if (position > 1)
		buf_ch(b, ',');
	buf_z(b, "{\"id\":\"");
	buf_int(b, (int64_t)position);
	buf_z(b, "\",\"text\":");
	jout_str(b, text);
	if (format >= 0)
		member_str(b, "format", str_of(text_format_words[format]));
	buf_ch(b, '}');
}

static void put_choices(struct buf *b, const struct item *it,
			const struct variant *v)
{
	const struct choice *choices = it->choices.at;
	const uint32_t *order = v->order.at;

	member(b, "choices");
	buf_ch(b, '[');
	for (size_t i = 0; i < v->order.n; i++)
		shown(b, i + 1, choices[order[i]].text,
		      choices[order[i]].format);
	buf_ch(b, ']');
	member_str(b, "numbering", it->numbering);
}

static void put_match(struct buf *b, const struct item *it,
		      const struct variant *v)
{
	const struct match_stem *stems = it->stems.at;
	const struct str *options = it->options.at;
	const uint32_t *order = v->stems.at;

	member(b, "stems");
	buf_ch(b, '[');
	for (size_t i = 0; i < v->stems.n; i++)
		shown(b, i + 1, stems[order[i]].text, stems[order[i]].format);
	buf_ch(b, ']');
	order = v->order.at;
	member(b, "options");
	buf_ch(b, '[');
	for (size_t i = 0; i < v->order.n; i++)
		shown(b, i + 1, options[order[i]], -1);
	buf_ch(b, ']');
}

static void put_numeric(struct buf *b, const struct item *it)
{
	const struct num_locale *l = num_locale_find(it->locale);
	const struct unit *units = it->units.at;

	member_str(b, "decimal", str_of(l->decimal));
	member_true(b, "unit_separate", it->unit_separate);
	member_true(b, "units_before", it->units_before);
	member_true(b, "fractions", it->fractions);
	if (!it->unit_separate || it->units.n == 0)
		return;
	member(b, "units");
	buf_ch(b, '[');
	for (size_t i = 0; i < it->units.n; i++) {
		if (i > 0)
			buf_ch(b, ',');
		jout_str(b, units[i].name);
	}
	buf_ch(b, ']');
}

static void put_essay(struct buf *b, const struct essay_rules *e)
{
	member_str(b, "editor", e->format);
	member_true(b, "text_required", e->text_required);
	member_int(b, "lines", e->lines);
	member_int(b, "min_words", e->min_words);
	member_int(b, "max_words", e->max_words);
	member_int(b, "attachments", e->attachments);
	member_int(b, "attachments_required", e->attachments_required);
	member_str(b, "file_types", e->file_types);
	member_str(b, "template_text", e->template_text);
}

static void put_type(struct buf *b, const struct item *it,
		     const struct variant *v);

/*
 * A part shows nothing of its own but its choices: importers keep the source
 * of a blank, key included, as its stem.
 */
static void put_parts(struct buf *b, const struct item *it,
		      const struct variant *v)
{
	const struct item *items = it->parts.at;
	const struct variant *parts = v->parts.at;

	member(b, "parts");
	buf_ch(b, '[');
	for (size_t i = 0; i < v->parts.n; i++) {
		buf_z(b, i > 0 ? ",{\"id\":\"" : "{\"id\":\"");
		buf_int(b, (int64_t)i + 1);
		buf_ch(b, '"');
		member_str(b, "type", str_of(item_type_words[items[i].type]));
		member_str(b, "shape", items[i].cloze_shape);
		put_type(b, &items[i], &parts[i]);
		buf_ch(b, '}');
	}
	buf_ch(b, ']');
}

static void put_type(struct buf *b, const struct item *it,
		     const struct variant *v)
{
	switch ((enum item_type)it->type) {
	case ITEM_CHOICE:
	case ITEM_MULTI:
	case ITEM_TRUE_FALSE:
		put_choices(b, it, v);
		return;
	case ITEM_NUMERIC:
		put_numeric(b, it);
		return;
	case ITEM_MATCH:
		put_match(b, it, v);
		return;
	case ITEM_CLOZE:
		put_parts(b, it, v);
		return;
	case ITEM_ESSAY:
		put_essay(b, &it->essay);
		return;
	case ITEM_CODE:
		member(b, "code");
		code_deliver(b, &it->code);
		return;
	case ITEM_SHORT:
	case ITEM_DESCRIPTION:
	case ITEM_OPAQUE:
	case ITEM_TYPE_COUNT:
		return;
	}
}

void item_deliver(struct buf *b, const struct item *it, const struct variant *v)
{
	buf_ch(b, '{');
	member_str(b, "type", str_of(item_type_words[it->type]));
	member_str(b, "name", it->name);
	member(b, "stem");
	jout_str(b, it->stem);
	member_str(b, "stem_format",
		   str_of(text_format_words[it->stem_format]));
	put_type(b, it, v);
	buf_ch(b, '}');
}
