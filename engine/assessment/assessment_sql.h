/* assessment_sql: the statements of this folder. */
#pragma once

#include "engine/store/store.h"

enum assessment_stmt {
	ASSESSMENT_INSERT,
	ASSESSMENT_BY_ID,
	ASSESSMENT_BODY,
	ASSESSMENT_LAST,
	ASSESSMENT_NEWEST,
	ASSESSMENT_NEWEST_OF,
	ASSESSMENT_LIST,
	ASSESSMENT_RETIRE,
	OVERRIDE_SET,
	OVERRIDE_REMOVE,
	OVERRIDE_LIST,
	RULES_FOR,
	ACCOMMODATION_SET,
	ACCOMMODATION_REMOVE,
	ACCOMMODATION_OF,
	MEMBER_ADD,
	MEMBER_REMOVE,
	MEMBER_CLEAR,
	MEMBER_LIST,
	ASSESSMENT_STMTS
};
extern const struct stmt assessment_sql[ASSESSMENT_STMTS];

struct body_row {
	struct str body;
};
struct newest_row {
	struct id id;
	int64_t retired_at;
};
struct override_row {
	struct id series;
	int64_t scope;
	struct str ref; /* group name, or the learner's id as text */
	struct str body;
	int64_t updated_at;
};
/* What changes the rules for one learner. */
enum { RULE_GROUP, RULE_LEARNER, RULE_ACCOMMODATION };
struct rule_row {
	int64_t what;
	struct str ref;
	struct str body;
};
struct member_row {
	struct str grp;
	struct id learner;
};
