#include "tests/support/store/db.h"

#include <ftw.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"

const char *db_name(enum db_kind kind)
{
	return kind == DB_SQLITE ? "sqlite" : "postgresql";
}

void tmp_make(char dir[64])
{
	snprintf(dir, 64, "/tmp/assay-test-XXXXXX");
	CHECK(mkdtemp(dir));
}

static int drop_one(const char *path, const struct stat *st, int type,
		    struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

void tmp_drop(const char *dir)
{
	enum { FDS = 16 };

	CHECK(strncmp(dir, "/tmp/assay-test-", 16) == 0);
	(void)nftw(dir, drop_one, FDS, FTW_DEPTH | FTW_PHYS);
}

/* Runs a script of this folder; false if it failed. */
static bool script(const char *name, const char *dir, const char *mode)
{
	char path[512];
	pid_t child;
	int status = 1;

	snprintf(path, sizeof(path), "%s/tests/support/store/%s",
		 TEST_SOURCE_DIR, name);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		execl(path, path, dir, mode, (char *)NULL);
		_exit(127);
	}
	CHECK(waitpid(child, &status, 0) == child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool pg_cluster_start(const char *dir)
{
	char ready[128];

	if (!script("pg_start.sh", dir, NULL))
		return false;
	snprintf(ready, sizeof(ready), "%s/ready", dir);
	return access(ready, F_OK) == 0;
}

void pg_cluster_kill(const char *dir)
{
	CHECK(script("pg_stop.sh", dir, "immediate"));
}

void pg_cluster_drop(const char *dir)
{
	CHECK(script("pg_stop.sh", dir, NULL));
}

static bool run_sql(const char *sql)
{
	char url[256];
	PGconn *c;
	PGresult *r;
	bool ok;

	snprintf(url, sizeof(url), "host=%s user=assay dbname=postgres",
		 TEST_PG_DIR);
	c = PQconnectdb(url);
	r = PQexec(c, sql);
	ok = PQresultStatus(r) == PGRES_COMMAND_OK;
	if (!ok && PQstatus(c) == CONNECTION_OK)
		fprintf(stderr, "%s: %s", sql, PQerrorMessage(c));
	PQclear(r);
	PQfinish(c);
	return ok;
}

static bool make_pg(struct db *d)
{
	static _Atomic int count;
	char sql[160];

	snprintf(d->name, sizeof(d->name), "t%d_%d", (int)getpid(), count++);
	snprintf(d->url, sizeof(d->url), "postgresql:///%s?host=%s&user=assay",
		 d->name, TEST_PG_DIR);
	snprintf(sql, sizeof(sql), "CREATE DATABASE %s", d->name);
	if (run_sql(sql))
		return true;
	return pg_cluster_start(TEST_PG_DIR) && run_sql(sql);
}

bool db_make(struct db *d, enum db_kind kind)
{
	*d = (struct db){ .kind = kind };
	tmp_make(d->dir);
	if (kind == DB_PG && !make_pg(d)) {
		tmp_drop(d->dir);
		return false;
	}
	if (kind == DB_SQLITE)
		snprintf(d->url, sizeof(d->url), "sqlite:%s/db", d->dir);
	return true;
}

void db_drop(struct db *d)
{
	char sql[160];

	snprintf(sql, sizeof(sql), "DROP DATABASE IF EXISTS %s WITH (FORCE)",
		 d->name);
	if (d->kind == DB_PG)
		(void)run_sql(sql);
	tmp_drop(d->dir);
}
