/*
 * Two names are twins if they have the same key: characters decomposed, folded
 * to small letters, without those that HFS+ ignores, and with marks behind a
 * letter in one order. The key merges a little more than Unicode does, which
 * costs an odd name, and never less.
 */
#include "sandbox/tree_name.h"

#include <locale.h>
#include <pthread.h>
#include <stdlib.h>
#include <wctype.h>

#include "base/buf.h"

enum { PARTS = 64, KEYS = 4096, MARKS = 32 };

/* ---- characters ---- */

/* What HFS+ leaves out when it compares names. */
static bool ignorable(uint32_t c)
{
	return (c >= 0x200c && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x206a && c <= 0x206f) || c == 0xfeff;
}

/* path is UTF-8. */
static uint32_t next_char(struct str s, size_t *at)
{
	unsigned char lead = (unsigned char)s.p[*at];
	size_t n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
	uint32_t c = n == 1 ? lead : lead & (0xffu >> (n + 1));

	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)s.p[*at + i] & 0x3f);
	*at += n;
	return c;
}

static int by_whole(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = ((const struct tree_decomposition *)b)->whole;

	return (x > y) - (x < y);
}

static bool is_mark(uint32_t c)
{
	return (c >= 0x300 && c <= 0x36f) || (c >= 0x591 && c <= 0x5c7) ||
	       (c >= 0x610 && c <= 0x65f) || (c >= 0x93c && c <= 0x94d) ||
	       (c >= 0x1ab0 && c <= 0x1aff) || (c >= 0x1dc0 && c <= 0x1dff) ||
	       (c >= 0x20d0 && c <= 0x20ff) || (c >= 0x3099 && c <= 0x309a) ||
	       (c >= 0xfe20 && c <= 0xfe2f);
}

/*
 * Letters as libc knows them; made once, since libc reads files for it. Without
 * it only ASCII letters fold.
 */
static locale_t letters;

static void make_letters(void)
{
	letters = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

struct key {
	struct buf b;
	uint32_t marks[MARKS]; /* behind the last letter, in order */
	size_t marks_n;
};

static void put_char(struct key *k, uint32_t c)
{
	char utf8[4];

	buf_add(&k->b, utf8, str_utf8_put(utf8, c));
}

static void put_marks(struct key *k)
{
	for (size_t i = 0; i < k->marks_n; i++)
		put_char(k, k->marks[i]);
	k->marks_n = 0;
}

static void put_mark(struct key *k, uint32_t c)
{
	size_t i;

	if (k->marks_n == MARKS)
		put_marks(k);
	for (i = k->marks_n++; i && k->marks[i - 1] > c; i--)
		k->marks[i] = k->marks[i - 1];
	k->marks[i] = c;
}

static uint32_t small(uint32_t c)
{
	if (c < 0x80)
		return (unsigned char)str_lower((char)c);
	return letters ? (uint32_t)towlower_l((wint_t)c, letters) : c;
}

/* Decompositions nest at most four deep. */
static void put_folded(struct key *k, uint32_t c, int depth)
{
	const struct tree_decomposition *d;
	uint32_t lower = small(c), s = c - 0xac00;

	if (ignorable(c))
		return;
	if (lower != c && depth < 8)
		return put_folded(k, lower, depth + 1);
	if (s < 11172) { /* Unicode chapter 3.12: Hangul */
		put_folded(k, 0x1100 + s / 588, depth);
		put_folded(k, 0x1161 + s % 588 / 28, depth);
		if (s % 28)
			put_folded(k, 0x11a7 + s % 28, depth);
		return;
	}
	d = bsearch(&c, tree_decompositions, tree_decompositions_n, sizeof(*d),
		    by_whole);
	if (d && depth < 8) {
		put_folded(k, d->first, depth + 1);
		if (d->second)
			put_folded(k, d->second, depth + 1);
		return;
	}
	if (is_mark(c))
		return put_mark(k, c);
	put_marks(k);
	put_char(k, c);
}

/* ---- one name ---- */

/*
 * What git keeps for itself or takes orders from, and the short names that NTFS
 * gives to it (git's path.c); '?' is any digit.
 */
static const char *const gits[] = { ".git",	"git~1",    ".gitmodules",
				    "gitmod~?", "gi7eba~?", ".gitattributes",
				    "gitatt~?", "gi7d29~?" };

static bool like(struct str s, const char *pattern)
{
	if (s.n != strlen(pattern))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (pattern[i] == '?' ? s.p[i] < '0' || s.p[i] > '9'
				      : s.p[i] != pattern[i])
			return false;
	return true;
}

/* The first bytes of the part as HFS+ and NTFS compare it: small letters. */
static bool is_git(struct str part)
{
	char small_part[20];
	size_t n = 0, at = 0;

	while (at < part.n && n < sizeof(small_part)) {
		uint32_t c = next_char(part, &at);

		if (ignorable(c))
			continue;
		if (c == ':') /* a stream of the file before it */
			break;
		small_part[n++] = c < 0x80 ? str_lower((char)c) : 'x';
	}
	while (n && (small_part[n - 1] == ' ' || small_part[n - 1] == '.'))
		n--;
	for (size_t i = 0; i < sizeof(gits) / sizeof(*gits); i++)
		if (like((struct str){ small_part, n }, gits[i]))
			return true;
	return false;
}

const char *tree_name_part_wrong(struct str part)
{
	if (!part.n)
		return "has a part without a name";
	if (part.n > TREE_NAME_PART)
		return "has a part of more than 255 bytes";
	if (str_is(part, "."))
		return "has a part that is .";
	if (str_is(part, ".."))
		return "has a part that is ..";
	if (!str_utf8_ok(part))
		return "is not UTF-8";
	for (size_t i = 0; i < part.n; i++) {
		unsigned char c = (unsigned char)part.p[i];

		if (c == '/' || c == '\\')
			return "has a slash inside a name";
		if (c < 0x20 || c == 0x7f)
			return "has a control character";
	}
	if (is_git(part))
		return "is, or is taken for, a name that git keeps for itself";
	if (part.p[part.n - 1] == '.' || part.p[part.n - 1] == ' ')
		return "has a part that ends with a dot or a space";
	return NULL;
}

const char *tree_name_wrong(struct str path, int64_t depth)
{
	struct str rest = path, part;
	const char *why = NULL;
	int64_t parts = 0;

	if (!path.n)
		return "has no name";
	if (path.n > TREE_NAME_BYTES)
		return "has a name of more than 1024 bytes";
	if (path.p[0] == '/')
		return "is an absolute path";
	while (!why && str_split(&rest, '/', &part)) {
		why = tree_name_part_wrong(part);
		if (++parts > depth)
			return "lies too deep";
	}
	return why;
}

/* ---- many ---- */

struct named {
	struct str key;
	bool folder;
	struct str path; /* as it was written first */
	struct named *next;
};

struct tree_names {
	struct arena *a;
	int64_t n;
	struct named *chain[KEYS];
};

struct tree_names *tree_names_new(struct arena *a)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct tree_names *t = ARENA_NEW(a, struct tree_names);

	CHECK(pthread_once(&once, make_letters) == 0);
	t->a = a;
	return t;
}

static struct named *find(struct tree_names *t, struct str key)
{
	struct named *n = t->chain[str_hash(key) % KEYS];

	while (n && !str_eq(n->key, key))
		n = n->next;
	return n;
}

static void keep(struct tree_names *t, struct str path, struct str key,
		 bool folder)
{
	struct named *n = ARENA_NEW(t->a, struct named);
	struct named **chain = &t->chain[str_hash(key) % KEYS];

	*n = (struct named){
		.key = key, .folder = folder, .path = path, .next = *chain
	};
	*chain = n;
	t->n++;
}

/* A path, its key, and where the parts of both end. */
struct heads {
	struct str path, key;
	size_t path_ends[PARTS], key_ends[PARTS], n;
};

static bool split(struct tree_names *t, struct str path, struct heads *h)
{
	struct key k = { 0 };

	*h = (struct heads){ .path = path };
	for (size_t at = 0; at < path.n && h->n < PARTS;) {
		uint32_t c = next_char(path, &at);

		if (c != '/') {
			put_folded(&k, c, 0);
			if (at < path.n)
				continue;
		}
		put_marks(&k);
		h->path_ends[h->n] = c == '/' ? at - 1 : at;
		h->key_ends[h->n++] = k.b.n;
		if (c == '/')
			put_char(&k, c);
	}
	h->key = buf_copy(&k.b, t->a);
	buf_done(&k.b);
	return h->n && h->path_ends[h->n - 1] == path.n;
}

/* Every folder on the way is known under this spelling, or new. */
static const char *clash(struct tree_names *t, const struct heads *h)
{
	for (size_t i = 0; i < h->n; i++) {
		struct str head = str_cut(h->path, 0, h->path_ends[i]);
		bool last = i + 1 == h->n;
		const struct named *n =
			find(t, str_cut(h->key, 0, h->key_ends[i]));

		if (!n || (!last && n->folder && str_eq(n->path, head)))
			continue;
		return last && !n->folder && str_eq(n->path, head)
			       ? "is there twice"
			       : "is the twin of another entry";
	}
	return NULL;
}

static int64_t not_known(struct tree_names *t, const struct heads *h)
{
	int64_t n = 0;

	for (size_t i = 0; i < h->n; i++)
		n += !find(t, str_cut(h->key, 0, h->key_ends[i]));
	return n;
}

const char *tree_names_add(struct tree_names *t, struct str path)
{
	return tree_names_add_within(t, path, INT64_MAX);
}

const char *tree_names_add_within(struct tree_names *t, struct str path,
				  int64_t most)
{
	struct heads h;
	const char *why;

	if (!split(t, path, &h))
		return "lies too deep";
	why = clash(t, &h);
	if (!why && not_known(t, &h) > most - t->n)
		why = "is beyond the files and folders that one may have";
	for (size_t i = 0; !why && i < h.n; i++) {
		struct str key = str_cut(h.key, 0, h.key_ends[i]);

		if (!find(t, key))
			keep(t, str_cut(path, 0, h.path_ends[i]), key,
			     i + 1 < h.n);
	}
	return why;
}
