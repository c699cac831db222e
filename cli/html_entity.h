/* html_entity: characters that HTML spells out. For html_text. */
#pragma once

#include "base/str.h"

/*
 * The character at s.p[0] == '&', in out or s itself; *used: bytes of s that
 * stood for it. What is no entity is a plain '&'.
 */
struct str html_entity(struct str s, char out[8], size_t *used);
