/* auth_sql: the statements of this folder. */
#pragma once

#include "engine/store/store.h"

enum auth_stmt {
	ORG_INSERT,
	ORG_BY_ID,
	ORG_ANY,
	KEY_INSERT,
	KEY_BY_ID,
	KEY_LIST,
	KEY_REVOKE,
	ISSUER_INSERT,
	ISSUER_UPDATE,
	ISSUER_REVOKE,
	ISSUER_LIST,
	ISSUER_LIVE,
	PERSON_INSERT,
	PERSON_BY_ID,
	PERSON_LIST,
	PERSON_ERASE,
	AUTH_STMTS
};
extern const struct stmt auth_sql[AUTH_STMTS];
