/*
 * csv: tables for spreadsheets and machines (RFC 4180). Every cell is quoted,
 * lines end in CRLF, and a text that a spreadsheet would run as a formula (it
 * begins with = + - @, a tab or a CR) gets an apostrophe in front. Numbers are
 * written by their own functions and never guarded.
 */
#pragma once

#include "base/buf.h"
#include "base/dec.h"
#include "base/id.h"

struct csv_opts {
	char delimiter;	   /* ',' (also 0), ';' or tab */
	char decimal_mark; /* '.' (also 0) or ',' */
	bool bom; /* begin with U+FEFF, which some programs need for UTF-8 */
};

struct csv {
	struct buf *out; /* borrowed; its sticky error is the only one */
	struct csv_opts opts;
	bool in_row;
};

/* Writes the BOM if one is wanted. */
void csv_begin(struct csv *c, struct buf *out, const struct csv_opts *opts);
void csv_cell(struct csv *c, struct str s); /* absent: an empty cell */
void csv_z(struct csv *c, const char *z);
void csv_int(struct csv *c, int64_t v);
void csv_dec(struct csv *c, struct dec d); /* with the decimal mark */
void csv_time(struct csv *c, int64_t ms);  /* RFC 3339; 0: an empty cell */
void csv_id(struct csv *c, const struct id *id); /* none: an empty cell */
void csv_bool(struct csv *c, bool b);		 /* "yes", "no" */
void csv_end(struct csv *c);			 /* of a row */

/* ",", ";" or "tab" and "." or ","; false if it is none. Absent: default. */
bool csv_opts_parse(struct str delimiter, struct str decimal_mark, bool bom,
		    struct csv_opts *out);
