/*
 * texts: what people wrote in a run, as it stands in the personal part of
 * records: a work's content, and a review's scores and feedback.
 */
#pragma once

#include "base/ctx.h"
#include "base/field.h"
#include "rubrics/feedback.h"
#include "rubrics/peer_def.h"

struct peer_file {
	struct str name, digest; /* of a blob of its author's */
	int64_t bytes;
	struct str media_type;
};
struct peer_commit {
	struct str url, commit;
};
struct peer_content {
	struct str text;
	struct list files; /* struct peer_file */
	bool has_commit;
	struct peer_commit commit;
	struct list links; /* struct str */
};
extern const struct shape peer_content_shape, peer_file_shape;

/*
 * What a learner sends, against the rules: kinds that are allowed and there,
 * sizes, names of files, https links. ERR_INVALID with the field below where.
 * *kinds: bits of enum peer_kind. Files' bytes are the caller's to look up.
 */
MUST enum err peer_content_check(struct ctx *cx, const struct peer_hand_in *h,
				 const struct peer_content *c,
				 const char *where, int64_t *kinds);
struct str peer_content_write(struct ctx *cx, const struct peer_content *c);
MUST enum err peer_content_read(struct ctx *cx, struct str personal,
				struct peer_content *out);

struct peer_words {		  /* of a review */
	struct list scores;	  /* struct rubric_score */
	struct list strengths;	  /* struct str */
	struct list improvements; /* struct str */
	struct str flag_note;
	struct str private_note; /* for moderators only */
};
extern const struct shape peer_words_shape;
struct str peer_words_write(struct ctx *cx, const struct peer_words *w);
MUST enum err peer_words_read(struct ctx *cx, struct str personal,
			      struct peer_words *out);
/* As the rules see it; in the arena. */
struct feedback peer_words_feedback(struct ctx *cx, const struct peer_words *w);
