/*
 * db: a fresh database for a test, of either engine, and a temporary folder.
 *
 * PostgreSQL is a cluster of our own (pg_start.sh): ctest starts one for the
 * whole run; a test that is run by hand starts it when it finds none, and then
 * leaves it to `pg_stop.sh PG_DIR`.
 */
#pragma once

#include <stdbool.h>

enum db_kind { DB_SQLITE, DB_PG, DB_KINDS };

struct db {
	enum db_kind kind;
	char dir[64];  /* a folder of its own; goes with db_drop */
	char url[256]; /* for store_opts */
	char name[64]; /* PostgreSQL's database */
};

const char *db_name(enum db_kind kind); /* "sqlite", "postgresql" */
/* false: this engine is not installed; skip the test. */
bool db_make(struct db *d, enum db_kind kind);
void db_drop(struct db *d);

/* A cluster that one test may treat badly. dir: under /tmp, short. */
bool pg_cluster_start(const char *dir);
void pg_cluster_kill(const char *dir); /* at once, nothing is flushed */
void pg_cluster_drop(const char *dir);

/* A new folder under /tmp; 64 bytes. */
void tmp_make(char dir[64]);
void tmp_drop(const char *dir); /* and all that is in it */
