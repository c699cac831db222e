/*
 * import_report: what became of a source, for a person to read.
 */
#pragma once

#include "graders/bank.h"

/*
 * Appends the counts, then a line for each note: fate, line, place, reason.
 * Ends with a line end. Holds no content of the source but element names.
 */
void import_report(struct buf *b, const struct bank *bank);
