#include "sandbox/source_url.h"

#include <arpa/inet.h>
#include <netinet/in.h>

const char *const source_scheme_words[] = {
#define X(code, word, port) word,
	SOURCE_SCHEMES(X)
#undef X
		NULL
};
static const int ports[] = {
#define X(code, word, port) port,
	SOURCE_SCHEMES(X)
#undef X
};

static bool host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '.' || c == '_';
}

/* "host", "host:port", "[v6]:port" */
static bool read_host(struct ctx *cx, struct str s, struct source_url *u)
{
	size_t end = s.n && s.p[0] == '[' ? str_find(s, STR("]"), 0)
					  : str_find(s, STR(":"), 0);
	char *host = arena_alloc(cx->arena, s.n + 1);
	struct in6_addr six;

	if (s.n && s.p[0] == '[') {
		if (end == SIZE_MAX)
			return false;
		u->host = str_copy(cx->arena, str_cut(s, 1, end));
		s = str_cut(s, end + 1, s.n);
		if (inet_pton(AF_INET6, u->host.p, &six) != 1)
			return false;
	} else {
		end = end < s.n ? end : s.n;
		for (size_t i = 0; i < end; i++)
			host[i] = str_lower(s.p[i]);
		u->host = (struct str){ host, end };
		s = str_cut(s, end, s.n);
		for (size_t i = 0; i < end; i++)
			if (!host_char(host[i]))
				return false;
	}
	if (!u->host.n || u->host.n > 253)
		return false;
	if (!s.n)
		return true;
	return s.p[0] == ':' && s.n <= 6 &&
	       str_int(str_cut(s, 1, s.n), &u->port) && u->port >= 1 &&
	       u->port <= 65535;
}

enum err source_url_read(struct ctx *cx, const char *field, struct str text,
			 struct source_url *out)
{
	struct source_url u = { .scheme = -1 };
	size_t colon = str_find(text, STR("://"), 0), slash;
	struct str rest;

	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] <= ' ' || text.p[i] == 0x7f ||
		    text.p[i] == '\\')
			return err_field(cx, ERR_INVALID, field,
					 "a URL has no spaces, control "
					 "characters or backslashes");
	if (colon == SIZE_MAX || text.n > SOURCE_URL_BYTES)
		return err_field(cx, ERR_INVALID, field,
				 "name a repository by its URL, as in "
				 "https://example.org/course.git, in at most "
				 "%d bytes",
				 SOURCE_URL_BYTES);
	for (int i = 0; source_scheme_words[i]; i++)
		if (str_is(str_cut(text, 0, colon), source_scheme_words[i]))
			u.scheme = i;
	if (u.scheme < 0)
		return err_field(cx, ERR_UNSUPPORTED, field,
				 "content comes by https, http or git");
	rest = str_cut(text, colon + 3, text.n);
	slash = str_find(rest, STR("/"), 0);
	if (str_find(str_cut(rest, 0, slash), STR("@"), 0) != SIZE_MAX)
		return err_field(cx, ERR_INVALID, field,
				 "leave user and password out of the URL: it "
				 "is stored and shown");
	u.port = ports[u.scheme];
	u.path = slash < rest.n ? str_cut(rest, slash, rest.n) : STR("/");
	if (!read_host(cx, str_cut(rest, 0, slash), &u) ||
	    str_find(u.path, STR("?"), 0) != SIZE_MAX ||
	    str_find(u.path, STR("#"), 0) != SIZE_MAX)
		return err_field(cx, ERR_INVALID, field,
				 "the URL has no host, or parts that "
				 "repositories do not have");
	*out = u;
	return OK;
}

enum err source_ref_check(struct ctx *cx, const char *field, struct str ref)
{
	static const char bad[] = " ~^:?*[\\";
	bool ok = ref.n <= SOURCE_REF_BYTES && !str_starts(ref, "-") &&
		  !str_starts(ref, "/") && !str_ends(ref, "/") &&
		  !str_ends(ref, ".") && !str_ends(ref, ".lock") &&
		  str_find(ref, STR(".."), 0) == SIZE_MAX &&
		  str_find(ref, STR("@{"), 0) == SIZE_MAX &&
		  str_find(ref, STR("//"), 0) == SIZE_MAX && str_utf8_ok(ref);

	for (size_t i = 0; ok && i < ref.n; i++)
		ok = (unsigned char)ref.p[i] > ' ' && ref.p[i] != 0x7f &&
		     !memchr(bad, ref.p[i], sizeof(bad) - 1);
	return ok ? OK
		  : err_field(cx, ERR_INVALID, field,
			      "a ref is the name of a branch or a tag, or a "
			      "commit id");
}

/* ---- addresses ---- */

struct range {
	uint32_t at;
	int bits;
};

/* IANA IPv4 Special-Purpose Address Registry, multicast, reserved. */
static bool private_4(uint32_t a)
{
	static const struct range own[] = {
		{ 0x00000000, 8 },  { 0x0a000000, 8 },	{ 0x64400000, 10 },
		{ 0x7f000000, 8 },  { 0xa9fe0000, 16 }, { 0xac100000, 12 },
		{ 0xc0000000, 24 }, { 0xc0000200, 24 }, { 0xc0586300, 24 },
		{ 0xc0a80000, 16 }, { 0xc6120000, 15 }, { 0xc6336400, 24 },
		{ 0xcb007100, 24 }, { 0xe0000000, 3 },
	};

	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if ((a ^ own[i].at) >> (32 - own[i].bits) == 0)
			return true;
	return false;
}

static uint32_t big_32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/* Only 2000::/3 is given out; of it, what stands for IPv4 goes by that. */
static bool private_6(const uint8_t b[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (memcmp(b, mapped, 12) == 0)
		return private_4(big_32(b + 12));
	if ((b[0] & 0xe0) != 0x20)
		return true;
	if (b[0] == 0x20 && b[1] == 0x02) /* 6to4 */
		return private_4(big_32(b + 2));
	/* 2001::/23 protocols, 2001:db8::/32 and 3fff::/20 for documents. */
	if (b[0] == 0x20 && b[1] == 0x01 &&
	    ((b[2] & 0xfe) == 0 || (b[2] == 0x0d && b[3] == 0xb8)))
		return true;
	return b[0] == 0x3f && b[1] == 0xff && (b[2] & 0xf0) == 0;
}

bool source_private(const struct sockaddr *a)
{
	struct sockaddr_in four;
	struct sockaddr_in6 six;

	if (a->sa_family == AF_INET) {
		memcpy(&four, a, sizeof(four));
		return private_4(ntohl(four.sin_addr.s_addr));
	}
	if (a->sa_family != AF_INET6)
		return true;
	memcpy(&six, a, sizeof(six));
	return private_6(six.sin6_addr.s6_addr);
}

/* ---- lists of hosts ---- */

static bool matches(struct str pattern, struct str host)
{
	struct str tail;

	if (!str_starts(pattern, "*."))
		return str_eq_nocase(pattern, host);
	tail = str_cut(pattern, 1, pattern.n);
	return host.n > tail.n &&
	       str_eq_nocase(str_cut(host, host.n - tail.n, host.n), tail);
}

bool source_listed(struct str list, struct str host)
{
	for (size_t i = 0; i < list.n;) {
		size_t from = i;

		while (i < list.n && list.p[i] != ',' && list.p[i] != ' ')
			i++;
		if (i > from && matches(str_cut(list, from, i), host))
			return true;
		i++;
	}
	return false;
}
