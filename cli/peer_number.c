#include "cli/peer_number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { NUMBER_BYTES = 60, DIGITS_BYTES = 32 };

struct maybe maybe(double v)
{
	if (!isfinite(v))
		return (struct maybe){ 0 };
	/* More digits than anybody can use hide those that count. */
	return (struct maybe){ true, dec_from_double(round(v * 1e6) / 1e6) };
}

struct str peer_digits(struct arena *a, double v)
{
	char *text;
	int n;

	if (!isfinite(v))
		return (struct str){ 0 };
	text = arena_alloc(a, DIGITS_BYTES);
	/* Adding 0 takes the sign off a zero. */
	n = snprintf(text, DIGITS_BYTES, "%.12g", v + 0.0);
	return (struct str){ text, (size_t)n };
}

/* strtod takes names and hexadecimal, too. */
bool peer_double(struct str s, double *out)
{
	char text[NUMBER_BYTES + 1], *end;

	if (!s.n || s.n > NUMBER_BYTES)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!memchr("0123456789+-.eE", s.p[i], 15))
			return false;
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	*out = strtod(text, &end);
	return *end == 0 && isfinite(*out);
}

enum err peer_real(struct ctx *cx, const struct args *a, const char *flag,
		   double *io)
{
	struct str s = args_get(a, flag);

	if (s.p && !peer_double(s, io))
		return err_set(cx, ERR_INVALID,
			       "%.*s: %.*s is no number: write it as 0.5",
			       STR_FMT(args_spell(cx, flag)),
			       STR_FMT(str_cut(s, 0, 40)));
	return OK;
}

enum err peer_whole(struct ctx *cx, const struct args *a, const char *flag,
		    int64_t least, int64_t most, int64_t *io)
{
	struct str s = args_get(a, flag);
	int64_t v;

	if (!s.p)
		return OK;
	if (!str_int(s, &v))
		return err_set(cx, ERR_INVALID,
			       "%.*s: %.*s is no whole number: write it as 5",
			       STR_FMT(args_spell(cx, flag)),
			       STR_FMT(str_cut(s, 0, 40)));
	if (v < least || v > most)
		return err_set(cx, ERR_INVALID,
			       "%.*s: choose a number from %lld to %lld",
			       STR_FMT(args_spell(cx, flag)), (long long)least,
			       (long long)most);
	*io = v;
	return OK;
}

int peer_error(struct cli *c, enum err e)
{
	const struct err_info *said = &c->cx->error;

	if (e == ERR_INVALID && said->field[0] == '/')
		return cli_say(c, CLI_USAGE, "%.*s: %s",
			       STR_FMT(args_spell(c->cx, said->field + 1)),
			       said->text);
	return cli_error(c, e);
}
