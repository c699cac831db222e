/*
 * sqlite: the embedded engine. The only home of sqlite3_.
 *
 * One writer connection, N readers with query_only, all of one process; WAL,
 * synchronous=FULL: a commit returns when its frames are on the disk. Nobody
 * checkpoints by himself: the executor calls tidy between batches. A passive
 * checkpoint lets the next write start the WAL anew, unless a reader stands
 * in it at that instant; so it is tried again only after the WAL has grown by
 * STEP_PAGES more, and from PRESSING_PAGES on it waits for the readers.
 *
 * The savepoint of a work is set before its first write, not before.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/store/sqlite.h"

enum {
	TIDY_PAGES = 8000,
	STEP_PAGES = 2000,
	PRESSING_PAGES = 40000,
	PRESSING_MS = 50,
};

static const char *const verb_sql[VERBS] = {
	[BEGIN] = "BEGIN IMMEDIATE", [BEGIN_READ] = "BEGIN",
	[COMMIT] = "COMMIT",	     [ROLLBACK] = "ROLLBACK",
	[SAVE] = "SAVEPOINT w",	     [RELEASE] = "RELEASE w",
	[UNDO] = "ROLLBACK TO w",
};

static int last_errno(sqlite3 *db, int which)
{
	sqlite3_file *f = NULL;
	int n = 0;

	if (sqlite3_file_control(db, "main", which, &f) || !f || !f->pMethods)
		return 0;
	f->pMethods->xFileControl(f, SQLITE_FCNTL_LAST_ERRNO, &n);
	return n;
}

/*
 * A full disk is SQLITE_FULL; a quota or a limit on the file's size is an I/O
 * error, whose errno the file remembers: the database, or its log.
 */
static bool no_space(sqlite3 *db)
{
	static const int files[] = { SQLITE_FCNTL_FILE_POINTER,
				     SQLITE_FCNTL_JOURNAL_POINTER };

	for (size_t i = 0; db && i < sizeof(files) / sizeof(files[0]); i++) {
		int n = last_errno(db, files[i]);

		if (n == EDQUOT || n == EFBIG || n == ENOSPC)
			return true;
	}
	return false;
}

static enum err code_of(sqlite3 *db, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_CONSTRAINT:
		return rc == SQLITE_CONSTRAINT_UNIQUE ||
				       rc == SQLITE_CONSTRAINT_PRIMARYKEY ||
				       rc == SQLITE_CONSTRAINT_ROWID
			       ? ERR_CONFLICT
			       : ERR_INTERNAL;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ERR_BUSY;
	case SQLITE_FULL:
	case SQLITE_READONLY:
		return ERR_READ_ONLY;
	case SQLITE_IOERR:
		return no_space(db) ? ERR_READ_ONLY : ERR_UNAVAILABLE;
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_NOMEM:
	case SQLITE_INTERRUPT:
		return ERR_UNAVAILABLE;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return ERR_CORRUPT;
	case SQLITE_TOOBIG:
		return ERR_TOO_LARGE;
	}
	return ERR_INTERNAL;
}

/* SQLite's messages name tables and columns, never values. */
enum err lite_refused(struct lite *l, struct ctx *cx, int rc)
{
	enum err e = code_of(l->db, rc);

	store_error(cx, e, sqlite3_errmsg(l->db));
	return err_detail(cx, "sqlite %d, errno %d", rc,
			  sqlite3_system_errno(l->db));
}

static int on_commit(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct lite *l = arg;

	(void)db;
	(void)name;
	l->wal_pages = pages;
	return SQLITE_OK;
}

static void lite_disconnect(struct store_conn *c)
{
	struct lite *l = (struct lite *)c;

	if (l->db && c->writer)
		sqlite3_wal_checkpoint_v2(
			l->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	for (size_t i = 0; i < c->store->stmts_n; i++)
		sqlite3_finalize(l->stmts[i].h);
	for (int i = 0; i < VERBS; i++)
		sqlite3_finalize(l->verbs[i]);
	CHECK(sqlite3_close(l->db) == SQLITE_OK);
	free(l->stmts);
	free(l);
}

static void sync_folder(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *dir =
		slash ? str_fmt(a, "%.*s", (int)(slash - path + 1), path).p
		      : ".";
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/*
 * What is in it may not be read by others on the machine, and a file whose
 * name the power took away holds nothing. If it fails, opening will tell.
 */
static void make_file(struct arena *a, const char *path)
{
	int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		return;
	close(fd);
	sync_folder(a, path);
}

static enum err pragmas(struct lite *l, struct ctx *cx)
{
	static const char common[] = "PRAGMA foreign_keys=ON;"
				     "PRAGMA trusted_schema=OFF;"
				     "PRAGMA cell_size_check=ON;"
				     "PRAGMA temp_store=MEMORY;"
				     "PRAGMA wal_autocheckpoint=0;";
	static const char writer[] = "PRAGMA synchronous=FULL;"
				     "PRAGMA secure_delete=FAST;"
				     "PRAGMA journal_size_limit=67108864;"
				     "PRAGMA cache_size=-65536";
	static const char reader[] = "PRAGMA query_only=ON;"
				     "PRAGMA cache_size=-16384";
	int rc = sqlite3_exec(l->db, common, NULL, NULL, NULL);

	if (!rc)
		rc = sqlite3_exec(l->db, l->conn.writer ? writer : reader, NULL,
				  NULL, NULL);
	if (!rc)
		rc = sqlite3_db_config(l->db, SQLITE_DBCONFIG_DEFENSIVE, 1,
				       NULL);
	if (!rc)
		rc = sqlite3_db_config(l->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	if (!rc)
		rc = sqlite3_db_config(l->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	return rc ? lite_refused(l, cx, rc) : OK;
}

/* The first thing that reads the file. SQLITE_ROW, or what went wrong. */
static int ask_wal(struct lite *l, bool *wal)
{
	sqlite3_stmt *h = NULL;
	int rc = sqlite3_prepare_v2(l->db, "PRAGMA journal_mode=WAL", -1, &h,
				    NULL);

	if (!rc)
		rc = sqlite3_step(h);
	if (rc == SQLITE_ROW)
		*wal = strcmp((const char *)sqlite3_column_text(h, 0), "wal") ==
		       0;
	sqlite3_finalize(h);
	return rc;
}

/*
 * Where two make the log of a new database at once SQLite refuses one of them
 * at once, without the busy handler, lest they wait for each other.
 */
static enum err set_wal(struct lite *l, struct ctx *cx)
{
	enum { NAP_MS = 10 };
	bool wal = false;
	int rc = ask_wal(l, &wal);

	for (int64_t waited = 0;
	     (rc & 0xff) == SQLITE_BUSY && waited < l->conn.store->o.busy_ms;
	     waited += NAP_MS) {
		sqlite3_sleep(NAP_MS);
		rc = ask_wal(l, &wal);
	}
	if (rc != SQLITE_ROW)
		return lite_refused(l, cx, rc);
	if (!wal)
		return err_set(cx, ERR_UNSUPPORTED,
			       "The file system of the database cannot hold "
			       "a write-ahead log. Use a local disk.");
	return OK;
}

static enum err prepare_verbs(struct lite *l, struct ctx *cx)
{
	for (int i = 0; i < VERBS; i++) {
		int rc = sqlite3_prepare_v3(l->db, verb_sql[i], -1,
					    SQLITE_PREPARE_PERSISTENT,
					    &l->verbs[i], NULL);

		if (rc)
			return lite_refused(l, cx, rc);
	}
	return OK;
}

static enum err open_file(struct lite *l, struct ctx *cx, const char *path)
{
	const struct store_opts *o = &l->conn.store->o;
	bool create = l->conn.writer && o->create;
	int rc;
	enum err e;

	if (create)
		make_file(cx->arena, path);
	rc = sqlite3_open_v2(path, &l->db,
			     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
				     SQLITE_OPEN_EXRESCODE,
			     NULL);
	if (rc)
		return lite_refused(l, cx, rc);
	sqlite3_busy_timeout(l->db, (int)o->busy_ms);
	e = pragmas(l, cx);
	if (!e && l->conn.writer)
		e = set_wal(l, cx);
	if (e)
		return e;
	sqlite3_wal_hook(l->db, on_commit, l);
	return prepare_verbs(l, cx);
}

/* For who starts the server: which file, and what to do about it. */
static enum err explain(struct ctx *cx, enum err e, const char *path)
{
	struct err_info was = cx->error;
	const char *text = NULL;

	if (e == ERR_BUSY)
		text = "Another program holds the database %s. Stop it, or "
		       "give this server a database of its own.";
	else if (e == ERR_CORRUPT)
		text = "The file %s is no database or is damaged. Keep a copy "
		       "of it and restore the last backup.";
	else if (e == ERR_UNAVAILABLE)
		text = "The database %s cannot be opened. Check the path, the "
		       "rights, and whether it was created.";
	else if (e == ERR_READ_ONLY)
		text = "The database %s cannot be written. Check the rights "
		       "and the free space.";
	if (!text)
		return e;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	err_set(cx, e, text, path);
#pragma GCC diagnostic pop
	return err_detail(cx, "%s", was.detail);
}

static enum err lite_connect(struct ctx *cx, struct store *s, bool writer,
			     struct store_conn **out)
{
	const char *path = s->o.url.p + strlen("sqlite:");
	struct lite *l;
	enum err e;

	if (!*path || *path == ':')
		return err_set(cx, ERR_INVALID,
			       "store.url must name a file: sqlite:PATH.");
	/* Counting every allocation takes a lock; refused if in use already. */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	l = calloc(1, sizeof(*l)); /* allowed: process */
	CHECK(l);
	l->conn = (struct store_conn){ .store = s, .writer = writer };
	l->stmts = calloc(s->stmts_n, /* allowed: process */
			  sizeof(*l->stmts));
	CHECK(l->stmts);
	l->tidy_at = TIDY_PAGES;
	e = open_file(l, cx, path);
	if (e) {
		lite_disconnect(&l->conn);
		return explain(cx, e, path);
	}
	*out = &l->conn;
	return OK;
}

static enum err lite_revive(struct store_conn *c, struct ctx *cx)
{
	(void)c;
	(void)cx;
	return OK;
}

static enum err lite_script(struct store_conn *c, struct ctx *cx,
			    const char *sql)
{
	struct lite *l = (struct lite *)c;
	int rc = sqlite3_exec(l->db, sql, NULL, NULL, NULL);

	return rc ? lite_refused(l, cx, rc) : OK;
}

/* Transactions */

static int verb(struct lite *l, enum tx_verb v)
{
	int rc = sqlite3_step(l->verbs[v]);

	sqlite3_reset(l->verbs[v]);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static enum err verb_err(struct lite *l, struct ctx *cx, enum tx_verb v)
{
	int rc = verb(l, v);

	return rc ? lite_refused(l, cx, rc) : OK;
}

static enum err lite_begin(struct store_conn *c, struct ctx *cx)
{
	return verb_err((struct lite *)c, cx, c->writer ? BEGIN : BEGIN_READ);
}

static enum err lite_commit(struct store_conn *c, struct ctx *cx)
{
	return verb_err((struct lite *)c, cx, COMMIT);
}

static void lite_rollback(struct store_conn *c)
{
	struct lite *l = (struct lite *)c;

	l->save_due = false;
	/* A full disk or an I/O error may have ended it already. */
	if (!sqlite3_get_autocommit(l->db))
		verb(l, ROLLBACK);
	CHECK(sqlite3_get_autocommit(l->db));
}

static enum err lite_savepoint(struct store_conn *c, struct ctx *cx)
{
	(void)cx;
	((struct lite *)c)->save_due = true;
	return OK;
}

static enum err lite_release(struct store_conn *c, struct ctx *cx)
{
	struct lite *l = (struct lite *)c;

	if (l->save_due) {
		l->save_due = false;
		return OK;
	}
	return verb_err(l, cx, RELEASE);
}

static enum err lite_rollback_to(struct store_conn *c, struct ctx *cx)
{
	struct lite *l = (struct lite *)c;
	enum err e;

	if (sqlite3_get_autocommit(l->db))
		return store_error(cx, ERR_UNAVAILABLE,
				   "the transaction ended by itself");
	if (l->save_due) {
		l->save_due = false;
		return OK;
	}
	e = verb_err(l, cx, UNDO);
	return e ? e : verb_err(l, cx, RELEASE);
}

/* Statements */

static int save_now(struct lite *l)
{
	if (!l->save_due)
		return SQLITE_OK;
	l->save_due = false;
	return verb(l, SAVE);
}

static enum err lite_run(struct store_conn *c, struct ctx *cx, size_t at,
			 const struct val *vals, size_t n, struct sink *sink,
			 int64_t *changed)
{
	struct lite *l = (struct lite *)c;
	struct lite_stmt *p = &l->stmts[at];
	const struct store_stmt *st = &c->store->stmts[at];
	enum err e = OK;
	int rc = st->writes ? save_now(l) : SQLITE_OK;

	CHECK(n == p->n);
	if (!rc)
		rc = lite_bind(p, vals);
	if (!rc)
		rc = lite_step(p, st->columns, sink, &e);
	if (!e && rc != SQLITE_DONE)
		e = lite_refused(l, cx, rc);
	if (!e && changed)
		*changed = sqlite3_changes64(l->db);
	sqlite3_reset(p->h);
	return e;
}

static enum err lite_bulk(struct store_conn *c, struct ctx *cx, size_t at,
			  const struct val *vals, size_t rows, size_t width)
{
	struct lite *l = (struct lite *)c;
	struct lite_stmt *p = &l->stmts[at];
	int rc = save_now(l);

	CHECK(width == p->n);
	for (size_t i = 0; !rc && i < rows; i++) {
		rc = lite_bind(p, vals + i * width);
		if (!rc)
			rc = sqlite3_step(p->h);
		if (rc == SQLITE_DONE)
			rc = SQLITE_OK;
		else
			break;
		sqlite3_reset(p->h);
	}
	if (!rc)
		return OK;
	lite_refused(l, cx, rc);
	sqlite3_reset(p->h);
	return cx->error.code;
}

static void lite_lazy(struct store_conn *c, bool on)
{
	(void)c;
	(void)on;
}

static void lite_tidy(struct store_conn *c, bool now)
{
	struct lite *l = (struct lite *)c;
	bool pressing = l->wal_pages > PRESSING_PAGES;
	int pages = 0, done = 0, rc;

	if (!now && l->wal_pages < l->tidy_at) {
		if (l->wal_pages < TIDY_PAGES)
			l->tidy_at = TIDY_PAGES; /* it was started anew */
		return;
	}
	if (pressing)
		sqlite3_busy_timeout(l->db, PRESSING_MS);
	rc = sqlite3_wal_checkpoint_v2(l->db, NULL,
				       pressing ? SQLITE_CHECKPOINT_RESTART
						: SQLITE_CHECKPOINT_PASSIVE,
				       &pages, &done);
	if (pressing)
		sqlite3_busy_timeout(l->db, (int)c->store->o.busy_ms);
	l->tidy_at = l->wal_pages + STEP_PAGES;
	if (pressing || (rc && (rc & 0xff) != SQLITE_BUSY))
		log_event(c->store->o.log, LOG_WARN, "store_checkpoint",
			  LINT("result", rc), LINT("wal_pages", pages),
			  LINT("copied_pages", done));
}

const struct driver driver_sqlite = {
	.kind = "sqlite",
	.reads_inline = true,
	.alone = true,
	.words = { "INTEGER", "BLOB", "TEXT", " STRICT",
		   " WITHOUT ROWID, STRICT" },
	.connect = lite_connect,
	.disconnect = lite_disconnect,
	.prepare = lite_prepare,
	.revive = lite_revive,
	.script = lite_script,
	.begin = lite_begin,
	.commit = lite_commit,
	.rollback = lite_rollback,
	.savepoint = lite_savepoint,
	.release = lite_release,
	.rollback_to = lite_rollback_to,
	.run = lite_run,
	.bulk = lite_bulk,
	.lazy = lite_lazy,
	.tidy = lite_tidy,
};
