/*
 * assessment_index: finding items by id, tag and category without walking
 * through all of them for each entry. Made once per definition and call: a
 * definition from outside may have thousands of items, draws and tags.
 *
 * Not for other folders: assessment_file.h and layout.h say what they need.
 */
#pragma once

#include "graders/assessment_file.h"

struct assessment_index;

/* Lives in cx->arena; def must outlive it. */
struct assessment_index *assessment_index(struct ctx *cx,
					  const struct assessment_def *def);
/* The first item of this id; SIZE_MAX if there is none. */
size_t assessment_index_item(const struct assessment_index *x, struct str id);
/*
 * The items that an entry may ask, by rising index. Valid until the next call:
 * the room is reused.
 */
struct list assessment_index_entry(struct assessment_index *x,
				   const struct entry *e);
