/*
 * field_impl: what decode, encode and schema share. Not for other folders.
 */
#pragma once

#include "base/field.h"

/* Inclusive. A field's own limits, or its kind's when it has none. */
struct field_range {
	int64_t min, max;
};

struct field_range field_range_of(const struct field *f);
/* What an element of a list may be: its kind without limits of its own. */
struct field field_element(const struct field *list);
/* Bytes of the C member. */
size_t field_size(const struct field *f);
