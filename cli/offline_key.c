/* assay key, assay token: the platform's side of signed tokens. */
#include "base/limits.h"
#include "base/tm.h"
#include "cli/file.h"
#include "cli/verb.h"
#include "engine/auth/sign.h"

enum { KID_BYTES = 8, HOUR_MS = 3600000 };

const struct flag key_new_flags[] = {
	{ .name = "out",
	  .letter = 'o',
	  .value = "FILE",
	  .doc = "where the private key goes; never replaced",
	  .required = true },
	{ .name = "alg", .value = "ALG", .doc = "ES256 or RS256 [ES256]" },
	{ .name = "kid",
	  .value = "TEXT",
	  .doc = "names the key in tokens [a random one]" },
	{ 0 },
};

const struct flag key_jwks_flags[] = {
	{ .name = "out",
	  .letter = 'o',
	  .value = "FILE",
	  .doc = "[standard output]" },
	{ 0 },
};

const struct flag token_flags[] = {
	{ .name = "issuer",
	  .value = "TEXT",
	  .doc = "iss: as the server knows the platform",
	  .required = true },
	{ .name = "audience",
	  .value = "TEXT",
	  .doc = "aud: as it was registered",
	  .required = true },
	{ .name = "subject",
	  .value = "TEXT",
	  .doc = "sub: the platform's name of the person",
	  .required = true },
	{ .name = "name", .value = "TEXT", .doc = "as shown in reports" },
	{ .name = "roles", .value = "WORD,...", .doc = "[learner]" },
	{ .name = "courses",
	  .value = "A,B,...",
	  .doc = "those that the token is good for [all]" },
	{ .name = "lives", .value = "SPAN", .doc = "until it expires [1h]" },
	{ .name = "out",
	  .letter = 'o',
	  .value = "FILE",
	  .doc = "a new file that only you can read [standard output]" },
	{ 0 },
};

static struct str random_kid(struct cli *c)
{
	uint8_t bytes[KID_BYTES];
	struct buf b = { 0 };
	struct str s;

	rng_fill(c->cx->rng, bytes, sizeof(bytes));
	buf_hex(&b, bytes, sizeof(bytes));
	s = buf_copy(&b, c->cx->arena);
	buf_done(&b);
	return s;
}

int key_new_run(struct cli *c, const struct args *a)
{
	struct str alg = args_get(a, "alg"), kid = args_get(a, "kid");
	struct str out = args_get(a, "out"), jwk;
	enum err e;

	if (!alg.p)
		alg = STR("ES256");
	if (!kid.p)
		kid = random_kid(c);
	if (kid.n < 1 || kid.n > LIMIT_REF_BYTES || !str_utf8_ok(kid))
		return cli_say(c, CLI_USAGE, "--kid wants 1 to %d bytes",
			       LIMIT_REF_BYTES);
	e = sign_key_new(c->cx, alg, kid, &jwk);
	if (e)
		return cli_usage(c);
	e = file_write(c, out, str_fmt(c->cx->arena, "%.*s\n", STR_FMT(jwk)),
		       true);
	if (e)
		return cli_error(c, e);
	fprintf(c->out, "key %.*s (%.*s) is in %.*s; keep it secret\n",
		STR_FMT(kid), STR_FMT(alg), STR_FMT(out));
	return CLI_FINE;
}

static enum err read_private(struct cli *c, const struct args *a,
			     struct str *jwk)
{
	enum err e = file_read(c, args_rest(a, 0), LIMIT_JWKS_BYTES, jwk);

	*jwk = str_trim(*jwk);
	return e;
}

int key_jwks_run(struct cli *c, const struct args *a)
{
	struct str jwk = { 0 }, jwks, out = args_get(a, "out");
	enum err e = read_private(c, a, &jwk);

	if (!e)
		e = sign_jwks(c->cx, jwk, &jwks);
	if (!e)
		e = file_write(c, out.p ? out : STR("-"),
			       str_fmt(c->cx->arena, "%.*s\n", STR_FMT(jwks)),
			       false);
	return e ? cli_error(c, e) : CLI_FINE;
}

static bool roles_ok(struct str roles, struct str *bad)
{
	while (roles.n && str_split(&roles, ',', bad)) {
		bool known = false;

		for (int i = 0; role_words[i] && !known; i++)
			known = str_is(*bad, role_words[i]);
		if (!known)
			return false;
	}
	return true;
}

int token_run(struct cli *c, const struct args *a)
{
	struct token_wish wish = { .issuer = args_get(a, "issuer"),
				   .audience = args_get(a, "audience"),
				   .subject = args_get(a, "subject"),
				   .name = args_get(a, "name"),
				   .roles = args_get(a, "roles"),
				   .courses = args_get(a, "courses"),
				   .lives_ms = HOUR_MS };
	struct str lives = args_get(a, "lives"), out = args_get(a, "out");
	struct str jwk = { 0 }, token, bad;
	enum err e;

	if (lives.p &&
	    (!tm_parse_span(lives, &wish.lives_ms) || wish.lives_ms < 1000))
		return cli_say(c, CLI_USAGE,
			       "--lives wants a span of at least 1s");
	if (!roles_ok(wish.roles, &bad))
		return cli_say(c, CLI_USAGE, "there is no role %.*s",
			       STR_FMT(str_cut(bad, 0, 40)));
	e = read_private(c, a, &jwk);
	if (!e)
		e = sign_for(c->cx, jwk, &wish, &token);
	if (e)
		return cli_error(c, e);
	e = file_write(c, out.p ? out : STR("-"),
		       str_fmt(c->cx->arena, "%.*s\n", STR_FMT(token)),
		       out.p && !str_is(out, "-"));
	return e ? cli_error(c, e) : CLI_FINE;
}
