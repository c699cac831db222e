/*
 * tm: RFC 3339 times. In memory and storage a time is Unix milliseconds.
 */
#pragma once

#include "base/str.h"

enum { TM_TEXT = 24 };

/*
 * "2026-01-02T03:04:05.678Z" and a terminator. Years 0000 to 9999; a time
 * outside is shown as the nearest one inside.
 */
void tm_text(int64_t ms, char out[TM_TEXT + 1]);
/*
 * RFC 3339 date-time with any offset and 0..9 fraction digits (cut to ms);
 * a leap second (23:59:60 UTC) is the last ms of its minute. A time before
 * 1970 is negative. false if it is not one.
 */
bool tm_parse(struct str s, int64_t *ms);
/* "90s", "15m", "2h", "7d", "250ms" or a bare number of ms; not negative. */
bool tm_parse_span(struct str s, int64_t *ms);
