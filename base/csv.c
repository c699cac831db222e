#include "base/csv.h"

#include "base/tm.h"

void csv_begin(struct csv *c, struct buf *out, const struct csv_opts *opts)
{
	*c = (struct csv){ .out = out, .opts = *opts };
	if (!c->opts.delimiter)
		c->opts.delimiter = ',';
	if (!c->opts.decimal_mark)
		c->opts.decimal_mark = '.';
	if (c->opts.bom)
		buf_str(out, STR("\xef\xbb\xbf"));
}

static void open_cell(struct csv *c)
{
	if (c->in_row)
		buf_ch(c->out, c->opts.delimiter);
	c->in_row = true;
	buf_ch(c->out, '"');
}

static bool is_formula(struct str s)
{
	return s.n &&
	       str_find(STR("=+-@\t\r"), str_cut(s, 0, 1), 0) != SIZE_MAX;
}

void csv_cell(struct csv *c, struct str s)
{
	open_cell(c);
	if (is_formula(s))
		buf_ch(c->out, '\'');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			buf_ch(c->out, '"');
		buf_ch(c->out, s.p[i]);
	}
	buf_ch(c->out, '"');
}

void csv_z(struct csv *c, const char *z)
{
	csv_cell(c, str_of(z));
}

void csv_int(struct csv *c, int64_t v)
{
	open_cell(c);
	buf_int(c->out, v);
	buf_ch(c->out, '"');
}

void csv_dec(struct csv *c, struct dec d)
{
	char text[DEC_TEXT];
	size_t n = dec_text(d, text);

	open_cell(c);
	for (size_t i = 0; i < n; i++)
		buf_ch(c->out, text[i] == '.' ? c->opts.decimal_mark : text[i]);
	buf_ch(c->out, '"');
}

void csv_time(struct csv *c, int64_t ms)
{
	char text[TM_TEXT + 1] = "";

	if (ms)
		tm_text(ms, text);
	open_cell(c);
	buf_z(c->out, text);
	buf_ch(c->out, '"');
}

void csv_id(struct csv *c, const struct id *id)
{
	char text[ID_TEXT + 1] = "";

	if (!id_is_none(id))
		id_text(id, text);
	open_cell(c);
	buf_z(c->out, text);
	buf_ch(c->out, '"');
}

void csv_bool(struct csv *c, bool b)
{
	csv_z(c, b ? "yes" : "no");
}

void csv_end(struct csv *c)
{
	buf_str(c->out, STR("\r\n"));
	c->in_row = false;
}

bool csv_opts_parse(struct str delimiter, struct str decimal_mark, bool bom,
		    struct csv_opts *out)
{
	struct csv_opts o = { ',', '.', bom };

	if (str_is(delimiter, "tab"))
		o.delimiter = '\t';
	else if (str_is(delimiter, ";"))
		o.delimiter = ';';
	else if (delimiter.n && !str_is(delimiter, ","))
		return false;
	if (str_is(decimal_mark, ","))
		o.decimal_mark = ',';
	else if (decimal_mark.n && !str_is(decimal_mark, "."))
		return false;
	*out = o;
	return true;
}
