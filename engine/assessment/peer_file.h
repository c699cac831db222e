/*
 * peer_file: member "peer" of an assessment file, where what graders knows of
 * a file meets what rubrics knows of review.
 */
#pragma once

#include "engine/assessment/assessment.h"

/*
 * Decodes def->peer, which is there. The pass mark is the policy's, unless the
 * stop rule has its own. ERR_INVALID with the field in the file ("/peer/...").
 */
MUST enum err peer_file_read(struct ctx *cx, const struct assessment_def *def,
			     struct peer_def *out);
/*
 * What publishing says of it, added to *problems; nothing if there is none. The
 * same error as peer_file_read's.
 */
MUST enum err peer_file_check(struct ctx *cx, const struct assessment_def *def,
			      struct problems *problems);
/* Takes the gold away, so that it may be shown to others than its authors. */
void peer_file_hide(struct ctx *cx, const struct peer_def *peer,
		    struct assessment_def *def);
