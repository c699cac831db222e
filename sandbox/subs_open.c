#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/gitlib.h"
#include "sandbox/subs_impl.h"

enum { MODE_FOLDER = 0700, MODE_FILE = 0600 };

static int folder(int at, const char *name)
{
	if (mkdirat(at, name, MODE_FOLDER) == 0) {
		if (at != AT_FDCWD && fsync(at))
			return -1;
	} else if (errno != EEXIST) {
		return -1;
	}
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* A start ends with this: whoever reads it is to mend it, not to wait. */
static enum err unusable(struct ctx *cx, const char *dir, const char *why)
{
	return err_set(cx, ERR_INVALID,
		       "the folder %.150s for submissions cannot be used: %s. "
		       "The user that the server runs as must be able to write "
		       "there, on a disk with room that is not mounted "
		       "read-only; another folder: the setting repos",
		       dir, why);
}

/* The same of what was found wrong with its files. */
static enum err at_start(struct ctx *cx, const char *dir, enum err e)
{
	if (e == ERR_READ_ONLY)
		return unusable(cx, dir, "nothing can be written there");
	return e == ERR_UNAVAILABLE
		       ? unusable(cx, dir,
				  "its files cannot be read and written")
		       : e;
}

static enum err open_folders(struct ctx *cx, struct subs *s, const char *dir)
{
	struct stat st;

	s->dir = folder(AT_FDCWD, dir);
	if (s->dir < 0)
		return unusable(cx, dir, strerror(errno));
	if (fstat(s->dir, &st) || st.st_uid != geteuid())
		return err_set(cx, ERR_INVALID,
			       "the folder %s must belong to the user that "
			       "the server runs as",
			       dir);
	s->journal = folder(s->dir, "journal");
	if (s->journal >= 0)
		s->lock_file = openat(s->journal, "lock",
				      O_RDWR | O_CREAT | O_CLOEXEC, MODE_FILE);
	if (s->lock_file < 0)
		return unusable(cx, dir, strerror(errno));
	if (flock(s->lock_file, LOCK_EX | LOCK_NB))
		return err_set(cx, ERR_CONFLICT,
			       "another process has the folder %s", dir);
	return OK;
}

enum err subs_open(struct ctx *cx, const struct subs_opts *o, struct subs **out)
{
	struct subs *s;
	enum err e = gitlib_start(cx);

	if (e)
		return e;
	s = calloc(1, sizeof(*s)); /* allowed: process */
	CHECK(s);
	s->disk = o->disk ? o->disk : &disk_system;
	s->dir = s->journal = s->lock_file = -1;
	s->segment_bytes = SEGMENT_BYTES;
	if (o->segment_bytes > 0)
		s->segment_bytes = o->segment_bytes < SEGMENT_BYTES_MOST
					   ? (uint64_t)o->segment_bytes
					   : SEGMENT_BYTES_MOST;
	CHECK(pthread_mutex_init(&s->pack, NULL) == 0 &&
	      pthread_mutex_init(&s->write, NULL) == 0 &&
	      pthread_mutex_init(&s->lock, NULL) == 0 &&
	      pthread_mutex_init(&s->odb, NULL) == 0);
	CHECK(deflateInit(&s->deflater, SUBS_LEVEL) == Z_OK);
	s->path = strdup(o->dir);
	CHECK(s->path);
	e = open_folders(cx, s, o->dir);
	if (!e)
		e = at_start(cx, o->dir, segments_load(cx, s));
	if (e)
		subs_close(s);
	else
		*out = s;
	return e;
}

void subs_close(struct subs *s)
{
	if (!s)
		return;
	subs_odb_done(s);
	subs_batch_done(s);
	for (size_t i = 0; i < s->segments_n; i++)
		segment_free(s->segments[i]);
	deflateEnd(&s->deflater);
	pthread_mutex_destroy(&s->pack);
	pthread_mutex_destroy(&s->write);
	pthread_mutex_destroy(&s->lock);
	pthread_mutex_destroy(&s->odb);
	buf_done(&s->buf);
	buf_done(&s->scratch);
	buf_done(&s->packed);
	free(s->path);
	free(s->segments);
	free(s->repos);
	free(s->ops);
	if (s->lock_file >= 0)
		close(s->lock_file); /* and with it the lock */
	if (s->journal >= 0)
		close(s->journal);
	if (s->dir >= 0)
		close(s->dir);
	free(s);
	gitlib_stop();
}
