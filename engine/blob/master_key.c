#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/blob/blob_sql.h"
#include "engine/blob/learner_key.h"

enum { TEXT = 64 }; /* the file: 64 hex digits and a newline */

static enum err read_key(struct ctx *cx, const char *path, uint8_t key[32])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char text[TEXT + 8];
	struct stat st;
	ssize_t got;
	size_t n = 0;
	bool good;

	if (fd < 0)
		return errno == ENOENT
			       ? ERR_NOT_FOUND
			       : err_set(cx, ERR_INVALID,
					 "cannot read the master key %s (%m)",
					 path);
	if (fstat(fd, &st) || (st.st_mode & 077)) {
		close(fd);
		return err_set(cx, ERR_INVALID,
			       "the master key %s can be read by others; "
			       "chmod 600 it",
			       path);
	}
	got = read(fd, text, sizeof(text));
	close(fd);
	good = got >= TEXT &&
	       sodium_hex2bin(key, 32, text, TEXT, NULL, &n, NULL) == 0 &&
	       n == 32;
	sodium_memzero(text, sizeof(text));
	return good ? OK
		    : err_set(cx, ERR_INVALID,
			      "the master key %s is damaged; restore it from a "
			      "backup (without it no personal file opens)",
			      path);
}

static enum err write_key(struct ctx *cx, const char *path,
			  const uint8_t key[32])
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	char text[TEXT + 1];
	bool good;

	if (fd < 0)
		return err_set(cx, ERR_INVALID,
			       "cannot make the master key %s (%m)", path);
	sodium_bin2hex(text, sizeof(text), key, 32);
	text[TEXT] = '\n';
	good = write(fd, text, sizeof(text)) == (ssize_t)sizeof(text) &&
	       fsync(fd) == 0;
	good = close(fd) == 0 && good;
	sodium_memzero(text, sizeof(text));
	if (good)
		return OK;
	unlink(path);
	return err_set(cx, ERR_INVALID, "cannot write the master key %s (%m)",
		       path);
}

enum err master_key_open(struct ctx *cx, const char *path,
			 struct master_key *out)
{
	struct master_key m;
	enum err e = read_key(cx, path, m.key);

	if (e == ERR_NOT_FOUND) {
		rng_fill(cx->rng, m.key, sizeof(m.key));
		e = write_key(cx, path, m.key);
	}
	if (!e) {
		crypto_kdf_derive_from_key(m.mark, 16, 1, "blobmark", m.key);
		*out = m;
	}
	sodium_memzero(&m, sizeof(m));
	return e;
}

enum err master_key_check(struct ctx *cx, const struct master_key *m)
{
	struct master_row row;
	enum err e = store_one(cx, &blob_sql[MASTER_LOAD], NULL, 0, &row);

	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		return OK; /* no learner has a key yet */
	}
	if (e)
		return e;
	if (row.mark.n != sizeof(m->mark) ||
	    memcmp(row.mark.p, m->mark, sizeof(m->mark)) != 0)
		return err_set(cx, ERR_INVALID,
			       "the master key is not the one of this "
			       "database: give this server the file that the "
			       "other servers have, or restore it from a "
			       "backup");
	return OK;
}
