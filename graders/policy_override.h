/*
 * policy_override: whose rules differ, and why.
 *
 * Learner before group before the assessment, field by field; an accommodation
 * then stretches the time. A field that an override does not name is
 * inherited; an explicit 0 (or "lifted", for instants) means none. Of several
 * groups a learner has the best of each: earliest opening, latest end (none
 * wins), longest limit (none wins), most attempts (any number wins), shortest
 * delays, any of the passwords.
 */
#pragma once

#include "graders/policy.h"

enum override_scope { OVERRIDE_GROUP, OVERRIDE_LEARNER };
extern const char *const override_scope_words[];

/* Instants that an override takes away: bits of .lifted. */
enum override_lift { LIFT_OPENS, LIFT_DUE, LIFT_CLOSES };
extern const char *const override_lift_words[];

struct override {
	int scope;
	struct str ref;	   /* the group's name, or the learner's reference */
	struct str reason; /* for the record; shown in explanations */
	uint32_t lifted;   /* 1 << enum override_lift */
	int64_t opens_at, due_at, closes_at; /* 0: inherited, unless lifted */
	int64_t time_limit_ms, attempts, delay_first_ms, delay_later_ms;
	bool has_time_limit_ms, has_attempts;
	bool has_delay_first_ms, has_delay_later_ms;
	bool may_run_past_close, has_may_run_past_close;
	struct str password; /* absent: inherited; empty: none */
	bool has_password;
};
extern const struct shape override_shape;

/*
 * What a learner is owed in every timed assessment. The limit is multiplied
 * by time_num / time_den (both 0: 1), rounded up to a ms, then extra_ms are
 * added. Where there is no limit there is nothing to stretch.
 */
struct accommodation {
	int64_t time_num, time_den;
	bool has_time_num, has_time_den;
	int64_t extra_ms;
	bool may_run_past_close; /* default true: see has_… */
	bool has_may_run_past_close;
	struct str reason; /* never health data: a reference */
};
extern const struct shape accommodation_shape;

/* One rule that was looked at for one field. */
struct policy_step {
	struct str field; /* "closes_at" */
	struct str value; /* RFC 3339, a number, "none"; passwords: "set" */
	struct str from;  /* "base", "group:NAME", "learner", "accommodation" */
	bool applied;	  /* this one is in force */
};
extern const struct shape policy_step_shape;

struct policy_effective {
	struct policy p;
	struct list passwords; /* struct str: any of them opens; none: open */
	struct list steps;     /* struct policy_step, in the order of looking */
};

/*
 * learner and acc may be NULL. groups: struct override, in any order; the
 * result does not depend on it. Lists and texts live in the arena.
 */
void policy_effective(struct ctx *cx, const struct policy *base,
		      const struct override *learner,
		      const struct override *groups, size_t groups_n,
		      const struct accommodation *acc,
		      struct policy_effective *out);

/* Compares in constant time. Nothing set: always true. */
bool policy_password_ok(const struct policy_effective *e, struct str given);

/* What is wrong with an override or accommodation of this policy. */
void override_check(struct ctx *cx, const struct policy *base,
		    const struct override *o, const char *at,
		    struct problems *out);
void accommodation_check(struct ctx *cx, const struct accommodation *a,
			 const char *at, struct problems *out);
