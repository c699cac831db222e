/*
 * assessment: published assessments and whose rules differ.
 *
 * A version is one row, immutable. All versions of one (organization, course,
 * slug) share a series; attempts, grades and overrides belong to the series,
 * an attempt also to the version that it was started on.
 */
#pragma once

#include "base/limits.h"
#include "engine/rpc/rpc.h"
#include "graders/assessment_file.h"
#include "graders/policy_override.h"
#include "rubrics/peer_def.h"

struct assessment {
	struct id id;	  /* this version */
	struct id series; /* the id of version 1 */
	struct id org;
	struct str course, slug, title;
	int64_t version;
	int kind; /* enum policy_kind */
	struct dec max_score;
	struct str digest;		  /* BLAKE2b-256 of the file as shown */
	int64_t published_at, retired_at; /* 0: live */
	/* Where content.sync found it; absent: somebody published it. */
	struct str source, source_commit;
};
extern const struct shape assessment_row_shape; /* for the wire, too */

/* A version with its definition, decoded. Immutable; shared by threads. */
struct published {
	struct assessment row;
	struct assessment_def def;
	bool has_peer;
	struct peer_def peer;
};

struct catalog; /* decoded versions by id */

struct catalog *catalog_new(size_t most);
void catalog_free(struct catalog *c);
/*
 * The version, decoded; from memory, else by a read on cx->db. ERR_NOT_FOUND,
 * also when it is another tenant's than org. The pointer is good for the
 * request; who keeps it longer holds it. row.retired_at may be out of date:
 * ask assessment_resolve.
 */
MUST enum err catalog_get(struct catalog *c, struct ctx *cx,
			  const struct id *org, const struct id *id,
			  const struct published **out);
void catalog_hold(struct catalog *c, const struct published *p);
/* now: whoever used it until then has it for the request. */
void catalog_drop(struct catalog *c, const struct published *p, int64_t now);

/*
 * The version of a series that stands for all: the newest one that is not
 * retired, or of nothing but retired ones the newest. Retiring says that no
 * attempt starts on a version, and nothing else: what was done on it is read,
 * graded and regraded as before. Who starts an attempt looks at retired_at.
 */
MUST enum err assessment_newest(struct ctx *cx, const struct id *org,
				const struct id *series,
				struct assessment *out);
/* The same of course and slug, whoever asks. ERR_NOT_FOUND. */
MUST enum err assessment_by_slug(struct ctx *cx, const struct id *org,
				 struct str course, struct str slug,
				 struct assessment *out);
/* Version 1 of a series; tells its course and slug. */
MUST enum err assessment_by_series(struct ctx *cx, const struct id *org,
				   const struct id *series,
				   struct assessment *out);
/* One version as it is now, retired or not. ERR_NOT_FOUND. */
MUST enum err assessment_version(struct ctx *cx, const struct id *org,
				 const struct id *id, struct assessment *out);
/*
 * What a caller named: an id of a version, or course and slug (the version that
 * assessment_newest would give).
 * ERR_INVALID if neither, ERR_NOT_FOUND also for a course that his token does
 * not cover.
 */
struct assessment_ref {
	struct id assessment;
	struct str course, slug;
};
/* Params that are just this. */
extern const struct shape assessment_ref_shape;
/* Fields for a params table: assessment, course, slug; all optional. */
#define ASSESSMENT_REF_FIELDS(s, m)                                            \
	{ .name = "assessment",                                                \
	  .doc = "id of a version, or use course and slug",                    \
	  .kind = KIND_ID,                                                     \
	  .optional = true,                                                    \
	  .offset = offsetof(s, m) +                                           \
		    offsetof(struct assessment_ref, assessment) },             \
		{ .name = "course",                                            \
		  .doc = "the platform's course id",                           \
		  .kind = KIND_STR,                                            \
		  .optional = true,                                            \
		  .max = LIMIT_REF_BYTES,                                      \
		  .offset = offsetof(s, m) +                                   \
			    offsetof(struct assessment_ref, course) },         \
	{                                                                      \
		.name = "slug", .doc = "the assessment's name in its course",  \
		.kind = KIND_STR, .optional = true, .max = LIMIT_REF_BYTES,    \
		.offset =                                                      \
			offsetof(s, m) + offsetof(struct assessment_ref, slug) \
	}
MUST enum err assessment_resolve(struct ctx *cx,
				 const struct assessment_ref *ref,
				 struct assessment *out);

/*
 * The rules for one learner: overrides of him and of his groups, and his
 * accommodation, over the version's policy.
 */
MUST enum err assessment_effective(struct ctx *cx, const struct published *p,
				   const struct id *learner,
				   struct policy_effective *out);

/* Handed down by main: rules of open attempts may have changed. */
struct assessment_hooks {
	/* series, learner: none means all. In the command's transaction. */
	enum err (*rules_changed)(struct ctx *cx, const struct id *org,
				  const struct id *series,
				  const struct id *learner);
};

extern const struct rpc_method assessment_methods[];
extern const struct stmt_set assessment_stmts;
extern const struct migration_set assessment_migrations;
