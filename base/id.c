#include "base/id.h"

#include "base/clock.h"
#include "base/rng.h"

/* RFC 9562, 5.7: 48 bits of Unix ms, version 7, 12 + 62 random bits. */
struct id id_new(const struct clock *clock, struct rng *rng)
{
	int64_t ms = clock_ms(clock);
	struct id id;

	if (ms < 0)
		ms = 0;
	rng_fill(rng, id.b + 6, ID_BYTES - 6);
	for (int i = 0; i < 6; i++)
		id.b[i] = (uint8_t)(ms >> (40 - 8 * i));
	id.b[6] = (uint8_t)(0x70 | (id.b[6] & 0x0f));
	id.b[8] = (uint8_t)(0x80 | (id.b[8] & 0x3f));
	return id;
}

bool id_is_none(const struct id *id)
{
	static const struct id none;

	return id_eq(id, &none);
}

bool id_eq(const struct id *a, const struct id *b)
{
	return memcmp(a->b, b->b, ID_BYTES) == 0;
}

int id_cmp(const struct id *a, const struct id *b)
{
	int d = memcmp(a->b, b->b, ID_BYTES);

	return (d > 0) - (d < 0);
}

uint64_t id_hash(const struct id *id)
{
	return str_hash((struct str){ (const char *)id->b, ID_BYTES });
}

/* A dash stands before the bytes 4, 6, 8 and 10. */
static bool dash_before(int byte)
{
	return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

static char *put_hex(char *out, const uint8_t *b, int n)
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < n; i++) {
		*out++ = digits[b[i] >> 4];
		*out++ = digits[b[i] & 15];
	}
	return out;
}

void id_text(const struct id *id, char out[ID_TEXT + 1])
{
	out = put_hex(out, id->b, 4);
	*out++ = '-';
	out = put_hex(out, id->b + 4, 2);
	*out++ = '-';
	out = put_hex(out, id->b + 6, 2);
	*out++ = '-';
	out = put_hex(out, id->b + 8, 2);
	*out++ = '-';
	out = put_hex(out, id->b + 10, 6);
	*out = 0;
}

bool id_parse(struct str s, struct id *out)
{
	const char *p = s.p;
	struct id id;

	if (s.n != ID_TEXT)
		return false;
	for (int i = 0; i < ID_BYTES; i++) {
		int high, low;

		if (dash_before(i) && *p++ != '-')
			return false;
		high = str_hex_digit(*p++);
		low = str_hex_digit(*p++);
		if (high < 0 || low < 0)
			return false;
		id.b[i] = (uint8_t)(high << 4 | low);
	}
	*out = id;
	return true;
}
