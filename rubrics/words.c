#include "rubrics/words.h"

enum { NO_WORD = 0, LETTER, ALONE, RUN_ON, JOINS };
enum { RUN_ON_LETTERS = 4 };

struct range {
	uint32_t from, to;
	int is;
};

/* What is no letter beyond ASCII, and letters that need a rule; sorted. */
static const struct range ranges[] = {
	{ 0x80, 0xa9, NO_WORD },	{ 0xab, 0xb1, NO_WORD },
	{ 0xb4, 0xb4, NO_WORD },	{ 0xb6, 0xb8, NO_WORD },
	{ 0xbb, 0xbf, NO_WORD },	{ 0xd7, 0xd7, NO_WORD },
	{ 0xf7, 0xf7, NO_WORD },	{ 0x37e, 0x37e, NO_WORD },
	{ 0x387, 0x387, NO_WORD },	{ 0x55a, 0x55f, NO_WORD },
	{ 0x589, 0x58a, NO_WORD },	{ 0x5be, 0x5be, NO_WORD },
	{ 0x5c0, 0x5c0, NO_WORD },	{ 0x5c3, 0x5c3, NO_WORD },
	{ 0x5f3, 0x5f4, NO_WORD },	{ 0x609, 0x60d, NO_WORD },
	{ 0x61b, 0x61f, NO_WORD },	{ 0x66a, 0x66d, NO_WORD },
	{ 0x6d4, 0x6d4, NO_WORD },	{ 0x700, 0x70d, NO_WORD },
	{ 0x964, 0x965, NO_WORD },	{ 0xe00, 0xe4e, RUN_ON },
	{ 0xe4f, 0xe4f, NO_WORD },	{ 0xe50, 0xe59, LETTER },
	{ 0xe5a, 0xe5b, NO_WORD },	{ 0xe80, 0xecf, RUN_ON },
	{ 0xf01, 0xf14, NO_WORD },	{ 0xf3a, 0xf3d, NO_WORD },
	{ 0x1000, 0x103f, RUN_ON },	{ 0x104a, 0x104f, NO_WORD },
	{ 0x1361, 0x1368, NO_WORD },	{ 0x1400, 0x1400, NO_WORD },
	{ 0x1680, 0x1680, NO_WORD },	{ 0x169b, 0x169c, NO_WORD },
	{ 0x1780, 0x17d3, RUN_ON },	{ 0x17d4, 0x17da, NO_WORD },
	{ 0x1800, 0x180a, NO_WORD },	{ 0x2000, 0x200b, NO_WORD },
	{ 0x200c, 0x200d, LETTER },	{ 0x200e, 0x2018, NO_WORD },
	{ 0x2019, 0x2019, JOINS },	{ 0x201a, 0x206f, NO_WORD },
	{ 0x207a, 0x207e, NO_WORD },	{ 0x20a0, 0x20ff, NO_WORD },
	{ 0x2190, 0x2bff, NO_WORD },	{ 0x2e00, 0x2e7f, NO_WORD },
	{ 0x2e80, 0x2fdf, ALONE },	{ 0x2ff0, 0x3004, NO_WORD },
	{ 0x3005, 0x3007, ALONE },	{ 0x3008, 0x3020, NO_WORD },
	{ 0x3030, 0x3030, NO_WORD },	{ 0x3037, 0x3040, NO_WORD },
	{ 0x3041, 0x309f, RUN_ON },	{ 0x30a0, 0x30a0, NO_WORD },
	{ 0x30a1, 0x30fa, RUN_ON },	{ 0x30fb, 0x30fb, NO_WORD },
	{ 0x30fc, 0x30ff, RUN_ON },	{ 0x3200, 0x33ff, NO_WORD },
	{ 0x3400, 0x4dbf, ALONE },	{ 0x4dc0, 0x4dff, NO_WORD },
	{ 0x4e00, 0x9fff, ALONE },	{ 0xa830, 0xa839, NO_WORD },
	{ 0xd800, 0xf8ff, NO_WORD },	{ 0xf900, 0xfaff, ALONE },
	{ 0xfd3e, 0xfd3f, NO_WORD },	{ 0xfe00, 0xfe1f, NO_WORD },
	{ 0xfe30, 0xfe6f, NO_WORD },	{ 0xfeff, 0xfeff, NO_WORD },
	{ 0xff5f, 0xff65, NO_WORD },	{ 0xff66, 0xff9f, RUN_ON },
	{ 0xffe0, 0xffff, NO_WORD },	{ 0x1d000, 0x1d3ff, NO_WORD },
	{ 0x1f000, 0x1faff, NO_WORD },	{ 0x20000, 0x3fffd, ALONE },
	{ 0xe0000, 0x10ffff, NO_WORD },
};

static int class_of(uint32_t c)
{
	size_t low = 0, high = sizeof(ranges) / sizeof(ranges[0]);

	if (c < 0x80)
		return c == '\'' ? JOINS
		       : (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
				       (c >= 'a' && c <= 'z')
			       ? LETTER
			       : NO_WORD;
	while (low < high) {
		size_t mid = (low + high) / 2;

		if (c > ranges[mid].to)
			low = mid + 1;
		else if (c < ranges[mid].from)
			high = mid;
		else
			return ranges[mid].is;
	}
	return LETTER;
}

/* Blocks in which capital and small letter stand side by side. */
static bool is_paired(uint32_t c, uint32_t *capital_bit)
{
	*capital_bit = 0;
	if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e))
		*capital_bit = 1;
	else if (!((c >= 0x100 && c <= 0x137) || (c >= 0x14a && c <= 0x177) ||
		   (c >= 0x460 && c <= 0x481) || (c >= 0x48a && c <= 0x4bf) ||
		   (c >= 0x4d0 && c <= 0x52f) || (c >= 0x1e00 && c <= 0x1e95) ||
		   (c >= 0x1ea0 && c <= 0x1eff)))
		return false;
	return true;
}

/* Full-width forms as ASCII; the small letter of Latin, Greek, Cyrillic. */
static uint32_t fold(uint32_t c)
{
	uint32_t capital;

	if (c >= 0xff01 && c <= 0xff5e)
		c -= 0xff01 - '!';
	if (c < 0x80)
		return (unsigned char)str_lower((char)c);
	if ((c >= 0xc0 && c <= 0xde && c != 0xd7) ||
	    (c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f))
		return c + 0x20;
	if (c >= 0x400 && c <= 0x40f)
		return c + 0x50;
	if (c == 0x3c2) /* final sigma */
		return 0x3c3;
	if (is_paired(c, &capital) && (c & 1) == capital)
		return c + 1;
	return c;
}

/* The character at the front, folded; bytes that are none are U+FFFF. */
static size_t front(struct str s, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *u = (const unsigned char *)s.p;
	size_t n = u[0] < 0x80	 ? 1
		   : u[0] < 0xc0 ? 0
		   : u[0] < 0xe0 ? 2
		   : u[0] < 0xf0 ? 3
				 : 4;
	uint32_t v = n > 1 ? u[0] & (0x7fU >> n) : u[0];

	*c = 0xffff;
	if (!n || n > s.n)
		return 1;
	for (size_t i = 1; i < n; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 1;
		v = v << 6 | (u[i] & 0x3f);
	}
	if (v >= least[n] && v <= 0x10ffff)
		*c = fold(v);
	return n;
}

/* splitmix64's finalizer (Steele, Lea, Flood 2014). */
uint64_t words_mix(uint64_t hash, uint64_t more)
{
	uint64_t z = (hash ^ more) + UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Does a letter follow what joins two? */
static bool letter_after(struct str s, size_t at)
{
	uint32_t c;

	if (at >= s.n)
		return false;
	front(str_cut(s, at, s.n), &c);
	return class_of(c) == LETTER;
}

bool words_next(struct words *w, uint64_t *hash)
{
	size_t letters = 0;
	int in = NO_WORD;

	*hash = 0;
	while (w->rest.n) {
		uint32_t c;
		size_t n = front(w->rest, &c);
		int is = class_of(c);

		if (is == JOINS) {
			is = in == LETTER && letter_after(w->rest, n) ? LETTER
								      : NO_WORD;
			c = '\'';
		}
		if (in != NO_WORD &&
		    (is != in || (in == RUN_ON && letters == RUN_ON_LETTERS)))
			return true;
		w->rest = str_cut(w->rest, n, w->rest.n);
		if (is == NO_WORD)
			continue;
		*hash = words_mix(*hash, c);
		if (is == ALONE)
			return true;
		in = is;
		letters++;
	}
	return in != NO_WORD;
}
