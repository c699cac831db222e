#include "engine/audit/signer.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct signer {
	uint8_t secret[crypto_sign_SECRETKEYBYTES];
	uint8_t key[SIGN_KEY_BYTES];
	char id[SIGN_ID_TEXT + 1];
};

void sign_id(const uint8_t key[SIGN_KEY_BYTES], char out[SIGN_ID_TEXT + 1])
{
	uint8_t h[16]; /* of which half are shown */

	crypto_generichash(h, sizeof(h), key, SIGN_KEY_BYTES, NULL, 0);
	sodium_bin2hex(out, SIGN_ID_TEXT + 1, h, SIGN_ID_TEXT / 2);
}

struct signer *signer_from(const uint8_t seed[32])
{
	struct signer *s =
		calloc(1, sizeof(*s)); /* allowed: process lifetime */

	CHECK(s);
	crypto_sign_seed_keypair(s->key, s->secret, seed);
	sign_id(s->key, s->id);
	return s;
}

void signer_free(struct signer *s)
{
	if (!s)
		return;
	sodium_memzero(s->secret, sizeof(s->secret));
	free(s);
}

/* The file is the 32-byte seed in hex and a newline. */
static enum err read_seed(struct ctx *cx, const char *path, uint8_t seed[32])
{
	char text[80];
	struct stat st;
	size_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t got;

	if (fd < 0)
		return errno == ENOENT
			       ? ERR_NOT_FOUND
			       : err_set(cx, ERR_INVALID,
					 "cannot read the key file %s (%m)",
					 path);
	if (fstat(fd, &st) || (st.st_mode & 077)) {
		close(fd);
		return err_set(
			cx, ERR_INVALID,
			"the key file %s can be read by others; chmod "
			"600 it, and replace it if anyone else was there",
			path);
	}
	got = read(fd, text, sizeof(text));
	close(fd);
	if (got < 64 || sodium_hex2bin(seed, 32, text, 64, NULL, &n, NULL))
		n = 0;
	sodium_memzero(text, sizeof(text));
	if (n != 32)
		return err_set(
			cx, ERR_INVALID,
			"the key file %s is damaged; restore it from a "
			"backup (a new key cannot continue old receipts)",
			path);
	return OK;
}

static enum err write_seed(struct ctx *cx, const char *path,
			   const uint8_t seed[32])
{
	char text[66];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool good;

	if (fd < 0)
		return err_set(cx, ERR_INVALID,
			       "cannot make the key file %s (%m)", path);
	sodium_bin2hex(text, 65, seed, 32);
	text[64] = '\n';
	good = write(fd, text, 65) == 65 && fsync(fd) == 0;
	close(fd);
	sodium_memzero(text, sizeof(text));
	if (good)
		return OK;
	unlink(path);
	return err_set(cx, ERR_INVALID, "cannot write the key file %s (%m)",
		       path);
}

enum err signer_open(struct ctx *cx, const char *path, struct signer **out)
{
	uint8_t seed[32];
	enum err e = read_seed(cx, path, seed);

	if (e == ERR_NOT_FOUND) {
		rng_fill(cx->rng, seed, sizeof(seed));
		e = write_seed(cx, path, seed);
	}
	if (!e)
		*out = signer_from(seed);
	sodium_memzero(seed, sizeof(seed));
	return e;
}

void signer_sign(const struct signer *s, struct str message,
		 uint8_t out[SIGN_BYTES])
{
	crypto_sign_detached(out, NULL, (const uint8_t *)message.p, message.n,
			     s->secret);
}

void signer_public(const struct signer *s, uint8_t out[SIGN_KEY_BYTES])
{
	memcpy(out, s->key, SIGN_KEY_BYTES);
}

const char *signer_id(const struct signer *s)
{
	return s->id;
}

void signer_derive(const struct signer *s, const char *use, uint8_t out[32])
{
	crypto_generichash(out, 32, (const uint8_t *)use, strlen(use),
			   s->secret, 32);
}

bool sign_verify(const uint8_t key[SIGN_KEY_BYTES], struct str message,
		 const uint8_t sig[SIGN_BYTES])
{
	return crypto_sign_verify_detached(sig, (const uint8_t *)message.p,
					   message.n, key) == 0;
}
