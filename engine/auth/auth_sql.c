#include "engine/auth/auth_sql.h"

#include "engine/auth/org.h"

#define ISSUER_COLS                                                            \
	"id, org, issuer, audience, jwks, roles, created_at, updated_at,"      \
	" revoked_at"
#define PERSON_COLS "id, org, subject, name, created_at, erased_at"
#define KEY_COLS                                                               \
	"id, org, name, roles, courses, hash, created_at, expires_at, revoked_at"

const struct stmt auth_sql[AUTH_STMTS] = {
	[ORG_INSERT] = { "org_insert", "INSERT INTO organization"
				       " (id, name, person_key, created_at)"
				       " VALUES ($1, $2, $3, $4)" },
	[ORG_BY_ID] = { "org_by_id",
			"SELECT id, name, person_key, created_at"
			" FROM organization WHERE id = $1",
			&organization_row },
	[ORG_ANY] = { "org_any",
		      "SELECT id, name, person_key, created_at"
		      " FROM organization LIMIT 1",
		      &organization_row },
	[KEY_INSERT] = { "key_insert",
			 "INSERT INTO api_key (" KEY_COLS ")"
			 " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)" },
	[KEY_BY_ID] = { "key_by_id",
			"SELECT " KEY_COLS " FROM api_key WHERE id = $1",
			&api_key_row },
	[KEY_LIST] = { "key_list",
		       "SELECT " KEY_COLS " FROM api_key WHERE org = $1"
		       " ORDER BY id",
		       &api_key_row },
	[KEY_REVOKE] = { "key_revoke",
			 "UPDATE api_key SET revoked_at ="
			 " CASE WHEN revoked_at = 0 THEN $3"
			 " ELSE revoked_at END WHERE org = $1 AND id = $2" },
	[ISSUER_INSERT] = { "issuer_insert",
			    "INSERT INTO issuer (" ISSUER_COLS ")"
			    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)" },
	[ISSUER_UPDATE] = { "issuer_update",
			    "UPDATE issuer SET jwks = $3, updated_at = $4"
			    " WHERE org = $1 AND id = $2 AND revoked_at = 0" },
	[ISSUER_REVOKE] = { "issuer_revoke",
			    "UPDATE issuer SET revoked_at ="
			    " CASE WHEN revoked_at = 0 THEN $3"
			    " ELSE revoked_at END WHERE org = $1 AND id = $2" },
	[ISSUER_LIST] = { "issuer_list",
			  "SELECT " ISSUER_COLS " FROM issuer WHERE org = $1"
			  " ORDER BY id",
			  &issuer_shape },
	[ISSUER_LIVE] = { "issuer_live",
			  "SELECT " ISSUER_COLS " FROM issuer"
			  " WHERE issuer = $1 AND audience = $2"
			  " AND revoked_at = 0",
			  &issuer_shape },
	[PERSON_INSERT] = { "person_insert",
			    "INSERT INTO person"
			    " (org, id, subject, name, created_at, erased_at)"
			    " VALUES ($1, $2, $3, $4, $5, 0)"
			    " ON CONFLICT (org, id) DO UPDATE"
			    " SET subject = excluded.subject,"
			    " name = COALESCE(excluded.name, person.name)"
			    " WHERE person.erased_at = 0" },
	[PERSON_BY_ID] = { "person_by_id",
			   "SELECT " PERSON_COLS " FROM person"
			   " WHERE org = $1 AND id = $2",
			   &person_shape },
	[PERSON_LIST] = { "person_list",
			  "SELECT " PERSON_COLS " FROM person"
			  " WHERE org = $1 AND id > $2 ORDER BY id LIMIT $3",
			  &person_shape },
	[PERSON_ERASE] = { "person_erase",
			   "UPDATE person SET subject = NULL, name = NULL,"
			   " erased_at = CASE WHEN erased_at = 0 THEN $3"
			   " ELSE erased_at END WHERE org = $1 AND id = $2" },
};

const struct stmt_set auth_stmts = { "auth", auth_sql, AUTH_STMTS };

static const struct migration steps[] = {
	{ 10, "organizations, keys, issuers, people",
	  "CREATE TABLE organization (\n"
	  "  id {bytes} NOT NULL PRIMARY KEY,\n"
	  "  name {text} NOT NULL,\n"
	  "  person_key {bytes} NOT NULL,\n"
	  "  created_at {int} NOT NULL\n"
	  "){table};\n"
	  "CREATE TABLE api_key (\n"
	  "  id {bytes} NOT NULL PRIMARY KEY,\n"
	  "  org {bytes} NOT NULL,\n"
	  "  name {text} NOT NULL,\n"
	  "  roles {int} NOT NULL,\n"
	  "  courses {text} NOT NULL,\n"
	  "  hash {bytes} NOT NULL,\n"
	  "  created_at {int} NOT NULL,\n"
	  "  expires_at {int} NOT NULL,\n"
	  "  revoked_at {int} NOT NULL\n"
	  "){table};\n"
	  "CREATE INDEX api_key_org ON api_key (org);\n"
	  "CREATE TABLE issuer (\n"
	  "  id {bytes} NOT NULL PRIMARY KEY,\n"
	  "  org {bytes} NOT NULL,\n"
	  "  issuer {text} NOT NULL,\n"
	  "  audience {text} NOT NULL,\n"
	  "  jwks {text} NOT NULL,\n"
	  "  roles {int} NOT NULL,\n"
	  "  created_at {int} NOT NULL,\n"
	  "  updated_at {int} NOT NULL,\n"
	  "  revoked_at {int} NOT NULL\n"
	  "){table};\n"
	  "CREATE INDEX issuer_name ON issuer (issuer);\n"
	  "CREATE UNIQUE INDEX issuer_live ON issuer (org, issuer, audience)"
	  " WHERE revoked_at = 0;\n"
	  "CREATE TABLE person (\n"
	  "  org {bytes} NOT NULL,\n"
	  "  id {bytes} NOT NULL,\n"
	  "  subject {text},\n"
	  "  name {text},\n"
	  "  created_at {int} NOT NULL,\n"
	  "  erased_at {int} NOT NULL,\n"
	  "  PRIMARY KEY (org, id)\n"
	  "){clustered};\n" },
	/*
	 * Before this step several organizations could have a pair. Who had it
	 * first keeps it, and whose was never anybody's is told as revoked when
	 * it was last changed.
	 */
	{ 11, "an issuer and audience belong to one organization",
	  "UPDATE issuer SET revoked_at = updated_at\n"
	  "  WHERE revoked_at = 0 AND EXISTS (\n"
	  "    SELECT 1 FROM issuer o WHERE o.issuer = issuer.issuer\n"
	  "    AND o.audience = issuer.audience AND o.revoked_at = 0\n"
	  "    AND o.id < issuer.id);\n"
	  "DROP INDEX issuer_live;\n"
	  "DROP INDEX issuer_name;\n"
	  "CREATE UNIQUE INDEX issuer_live ON issuer (issuer, audience)"
	  " WHERE revoked_at = 0;\n"
	  "CREATE INDEX issuer_org ON issuer (org);\n" },
};
const struct migration_set auth_migrations = { steps, 2 };
