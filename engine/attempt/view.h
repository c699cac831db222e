/*
 * view: what callers are told of an attempt. For engine/attempt.
 */
#pragma once

#include "engine/attempt/live.h"

struct attempt_view {
	struct id attempt, learner, assessment, series;
	struct str course, slug, title;
	int64_t version, number;
	int state;
	bool practice, preview, resumed;
	int64_t slots;
	int64_t started_at, due_at, hard_end_at;
	bool has_remaining;
	int64_t remaining_ms, server_time;
	int64_t finished_at;
	bool late;
	struct str receipt;
};
extern const struct shape attempt_view_shape;
/* The same fields first in a longer result: s begins with .view. */
#define ATTEMPT_VIEW_FIELD(s)                                                  \
	FIELD(s, view, KIND_OBJECT, "the attempt", .shape = &attempt_view_shape)

void view_attempt(struct ctx *cx, const struct live *l,
		  struct attempt_view *out);

/* One slot, as far as the flags allow. */
struct slot_view {
	int64_t slot, seq, section;
	int state; /* enum shown_state */
	struct str behaviour;
	bool answered;
	int64_t saved_at;
	struct str item;     /* delivery form; raw */
	struct str response; /* raw; absent: none, or not shown */
	int64_t certainty;
	bool has_tries_left;
	int64_t tries_left;
	struct str reason; /* why it could not be scored */
	struct str hint;
	bool has_correct;
	int correct; /* enum shown_correct */
	bool has_right, has_mark, has_max;
	int64_t parts_right, parts;
	struct dec mark, max_mark;
	struct str feedback, general_feedback;
	struct str right_answer; /* raw */
	struct str comment;
	struct str code; /* raw; of a code item */
};
extern const struct shape slot_view_shape;

enum view_parts {
	VIEW_ITEM = 1 << 0,	/* with the delivery form */
	VIEW_RESPONSE = 1 << 1, /* whatever the review rules say */
};
/* flags: bits of enum review_what; staff: everything is shown. */
MUST enum err view_slot(struct ctx *cx, const struct live *l, size_t at,
			uint32_t flags, bool staff, int parts,
			struct slot_view *out);
/* All of them: struct slot_view. */
MUST enum err view_slots(struct ctx *cx, const struct live *l, uint32_t flags,
			 bool staff, int parts, struct list *out);

/* What a caller of this attempt may see now; *staff: everything. */
uint32_t view_flags(const struct ctx *cx, const struct live *l, bool *staff);
/* {"state":…,"due_at":…} for error.data of a refused call. */
struct str view_state(struct ctx *cx, const struct live *l);

/* ---- code items (view_code.c) ---- */

struct submission_row;
struct job_position;
struct job_workers;
/* Submissions, queue and last report, as JSON. w: as for job_standing. */
MUST enum err view_code(struct ctx *cx, const struct live *l, size_t at,
			bool staff, struct job_workers *w, struct str *out);
/* enum code_audience: what may be told by now. */
int view_audience(const struct ctx *cx, const struct live *l, bool staff);
/* A report as an audience sees it; absent: of other tests than these. */
MUST enum err view_report(struct ctx *cx, const struct code_spec *spec,
			  struct str report, int audience, struct str *out);
/* *has false: nothing is queued. */
MUST enum err view_queue(struct ctx *cx, struct job_workers *w,
			 const struct submission_row *row,
			 struct job_position *out, bool *has);
bool view_is_judging(const struct slot_run *s);
