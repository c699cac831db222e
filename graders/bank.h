/*
 * bank: a set of items read from one source, with the account of what became
 * of every node of it.
 */
#pragma once

#include "graders/item.h"

/* What became of a source node. */
enum fate {
	FATE_MAPPED,  /* carried over in full */
	FATE_OPAQUE,  /* kept as it is, cannot be scored */
	FATE_IGNORED, /* means nothing here, listed */
	FATE_REFUSED, /* broken; detail says why */
};
extern const char *const fate_words[];

struct bank_note {
	int fate;
	int64_t line;	   /* in the source, from 1; 0 unknown */
	struct str path;   /* e.g. quiz/question[3]/defaultgrade */
	struct str detail; /* one sentence, safe to show; no content */
	int64_t count;	   /* equal notes are counted, not repeated */
};

struct bank {
	struct str format; /* gift, moodle_xml, assay */
	struct str title;
	struct list items; /* struct item, in source order */
	struct list notes; /* struct bank_note */
	int64_t nodes, mapped, opaque, ignored, refused; /* nodes = sum */
};
extern const struct shape bank_shape;

/* By content: "gift", "moodle_xml", "assay" (JSON) or absent. */
struct str bank_detect(struct str bytes);
/*
 * Reads a source. A broken question is refused and listed, the others are
 * kept; ERR_INVALID only if nothing can be read at all, ERR_TOO_LARGE over a
 * limit. hint: file name or absent.
 */
MUST enum err bank_read(struct ctx *cx, struct str bytes, struct str hint,
			struct bank *out);
MUST enum err gift_read(struct ctx *cx, struct str bytes, struct bank *out);
MUST enum err moodle_xml_read(struct ctx *cx, struct str bytes,
			      struct bank *out);
/* Writes the items again; reading that gives the same items. */
void gift_write(struct buf *b, const struct bank *bank);
void moodle_xml_write(struct buf *b, const struct bank *bank);
