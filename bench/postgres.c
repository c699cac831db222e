/* A private PostgreSQL cluster: a unix socket, no TCP, gone at the end. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/daemon.h"

static const char *const folders[] = {
	"/usr/lib/postgresql/15/bin",
	"/usr/lib/postgresql/16/bin",
	"/usr/lib/postgresql/17/bin",
};

static const char *find_bin(void)
{
	char path[200];

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, sizeof(path), "%s/initdb", folders[i]);
		if (access(path, X_OK) == 0)
			return folders[i];
	}
	return NULL;
}

/* PostgreSQL refuses to run as root. */
static const struct passwd *other_user(void)
{
	const struct passwd *pw;

	if (getuid() != 0)
		return NULL;
	pw = getpwnam("postgres");
	return pw ? pw : getpwnam("nobody");
}

static void own(const char *path)
{
	const struct passwd *pw = other_user();

	mkdir(path, 0700);
	if (pw && chown(path, pw->pw_uid, pw->pw_gid))
		die("cannot give %s away: %s", path, strerror(errno));
}

static pid_t spawn(const char *const *argv, const char *log)
{
	const struct passwd *pw = other_user();
	pid_t pid = fork_child();
	int fd;

	if (pid)
		return pid;
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	if (pw &&
	    (setgroups(0, NULL) || setgid(pw->pw_gid) || setuid(pw->pw_uid)))
		_exit(126);
	if (chdir("/"))
		_exit(126);
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

static const char *url_of(struct run *r, struct postgres *p, const char *name)
{
	return str_fmt(r->arena, "postgresql:///%s?host=%s&user=assay", name,
		       p->sockets)
		.p;
}

static void wait_until_up(struct run *r, struct postgres *p)
{
	const char *url = url_of(r, p, "postgres");

	for (int i = 0; i < 300; i++) {
		PGconn *db = PQconnectdb(url);
		bool up = PQstatus(db) == CONNECTION_OK;

		PQfinish(db);
		if (up)
			return;
		sleep_ms(50);
	}
	die("postgresql does not start; see %s", in_dir(r, "pg.log"));
}

bool postgres_start(struct run *r, struct postgres *p)
{
	const char *bin = find_bin(), *data = in_dir(r, "pg");
	const char *log = in_dir(r, "pg.log");
	int status;

	if (!bin)
		return false;
	*p = (struct postgres){ .sockets = in_dir(r, "pgs") };
	own(data);
	own(p->sockets);
	waitpid(spawn(
			(const char *const[]){
				str_fmt(r->arena, "%s/initdb", bin).p, "-D",
				data, "-U", "assay", "-A", "trust", "-E",
				"UTF8", "--no-locale", "--no-instructions",
				NULL },
			log),
		&status, 0);
	if (status)
		die("initdb failed; see %s", log);
	p->pid = spawn(
		(const char *const[]){ str_fmt(r->arena, "%s/postgres", bin).p,
				       "-D", data, "-k", p->sockets, "-h", "",
				       "-c", "shared_buffers=256MB", "-c",
				       "max_wal_size=4GB", NULL },
		log);
	wait_until_up(r, p);
	return true;
}

const char *postgres_database(struct run *r, struct postgres *p,
			      const char *name)
{
	PGconn *db = PQconnectdb(url_of(r, p, "postgres"));
	const char *sql = str_fmt(r->arena, "CREATE DATABASE %s", name).p;
	PGresult *res = PQexec(db, sql);

	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		die("postgresql: %s", PQerrorMessage(db));
	PQclear(res);
	PQfinish(db);
	return url_of(r, p, name);
}

void postgres_stop(struct postgres *p)
{
	end_child(p->pid, SIGINT);
	p->pid = 0;
}
