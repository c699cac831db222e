#include "base/jtext.h"

static int hex4(const char *p, size_t n)
{
	int v = 0;

	if (n < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int d = str_hex_digit(p[i]);

		if (d < 0)
			return -1;
		v = v * 16 + d;
	}
	return v;
}

/* p is behind "\u"; returns the bytes read from there. */
static size_t escape_u(const char *p, size_t n, char out[4], size_t *len)
{
	int hi = hex4(p, n), lo;

	if (hi < 0 || (hi >= 0xdc00 && hi <= 0xdfff))
		return 0;
	if (hi < 0xd800 || hi > 0xdfff) {
		*len = str_utf8_put(out, (uint32_t)hi);
		return 4;
	}
	if (n < 10 || p[4] != '\\' || p[5] != 'u')
		return 0;
	lo = hex4(p + 6, 4);
	if (lo < 0xdc00 || lo > 0xdfff)
		return 0;
	*len = str_utf8_put(out, 0x10000 + ((uint32_t)(hi - 0xd800) << 10) +
					 (uint32_t)(lo - 0xdc00));
	return 10;
}

/*
 * The escape at p (a '\'): writes its UTF-8 into out, its length into *len and
 * returns the bytes read; 0 if it is not an escape or a lone surrogate.
 */
static size_t jtext_escape(const char *p, size_t n, char out[4], size_t *len)
{
	size_t took;

	if (n < 2)
		return 0;
	*len = 1;
	switch (p[1]) {
	case '"':
	case '\\':
	case '/':
		out[0] = p[1];
		return 2;
	case 'b':
		out[0] = '\b';
		return 2;
	case 'f':
		out[0] = '\f';
		return 2;
	case 'n':
		out[0] = '\n';
		return 2;
	case 'r':
		out[0] = '\r';
		return 2;
	case 't':
		out[0] = '\t';
		return 2;
	case 'u':
		took = escape_u(p + 2, n - 2, out, len);
		return took ? took + 2 : 0;
	}
	return 0;
}

size_t jtext_check(struct str s, bool *escaped)
{
	size_t i = 0, took, len;
	char out[4];

	*escaped = false;
	for (;;) {
		i += jtext_run(s.p + i, s.n - i);
		if (i == s.n)
			return SIZE_MAX;
		if (s.p[i] != '\\')
			return i;
		took = jtext_escape(s.p + i, s.n - i, out, &len);
		if (!took)
			return i;
		*escaped = true;
		i += took;
	}
}

size_t jtext_resolve(struct str s, char *out)
{
	size_t i = 0, n = 0, took, len;

	while (i < s.n) {
		const char *slash = memchr(s.p + i, '\\', s.n - i);
		size_t run = slash ? (size_t)(slash - s.p) - i : s.n - i;

		memcpy(out + n, s.p + i, run);
		n += run;
		i += run;
		if (!slash)
			break;
		took = jtext_escape(s.p + i, s.n - i, out + n, &len);
		if (!took)
			break; /* not checked before; keep what there is */
		i += took;
		n += len;
	}
	return n;
}

bool jtext_is(struct str s, const char *z)
{
	size_t i = 0, took, len;
	char out[4];

	while (i < s.n) {
		if (s.p[i] != '\\') {
			if (s.p[i] != *z || !*z)
				return false;
			z++;
			i++;
			continue;
		}
		took = jtext_escape(s.p + i, s.n - i, out, &len);
		/* strncmp: never past the end of z */
		if (!took || !out[0] || strncmp(z, out, len) != 0)
			return false;
		i += took;
		z += len;
	}
	return *z == '\0';
}
