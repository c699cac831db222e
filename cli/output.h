/*
 * output: results for people: aligned "name: value" lines, tables for lists,
 * times in local form with their offset, spans and sizes in units. Shapes say
 * what a value is; what no shape knows is shown as the JSON that it is.
 */
#pragma once

#include "base/field.h"

struct output {
	struct buf *b;
	int columns; /* lines are broken here; 0: never */
	int indent;  /* of everything that output_object writes */
};

/* An object by its shape; shape may be NULL. Ends with a line break. */
void output_object(struct ctx *cx, const struct output *o,
		   const struct shape *shape, struct jval v);
/* "2026-01-02 15:04:05 +01:00"; zone of the environment (TZ). */
void output_time(struct buf *b, int64_t ms);
/* "1 h 30 min", "1.5 s", "250 ms" */
void output_span(struct buf *b, int64_t ms);
/* Label and text, the text broken to the columns and indented. */
void output_line(const struct output *o, const char *label, struct str text);
