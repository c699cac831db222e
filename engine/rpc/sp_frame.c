#include "engine/rpc/sp_frame.h"

#include "base/err.h"

void sp_hello_put(uint8_t out[SP_HELLO], int proto)
{
	const uint8_t hello[SP_HELLO] = { 0, 'S', 'P', 0, 0, (uint8_t)proto };

	memcpy(out, hello, SP_HELLO);
}

bool sp_hello_ok(const uint8_t in[SP_HELLO], int proto)
{
	uint8_t want[SP_HELLO];

	sp_hello_put(want, proto);
	return memcmp(in, want, SP_HELLO) == 0;
}

static uint64_t length_of(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

/* Bytes of the route at the start of a whole message; 0: it has none. */
static size_t route_of(const uint8_t *p, size_t n)
{
	for (size_t at = 0; at + 4 <= n && at < 4 * SP_HOPS_MAX; at += 4)
		if (p[at] & 0x80)
			return at + 4;
	return 0;
}

enum sp_cut sp_cut(struct str stream, bool ipc, size_t max,
		   struct sp_message *out, size_t *needs)
{
	const uint8_t *p = (const uint8_t *)stream.p;
	size_t before = ipc ? 9 : 8, route;
	uint64_t n;

	*needs = before;
	if (ipc && stream.n > 0 && p[0] != 1)
		return SP_WRONG;
	if (stream.n < before)
		return SP_MORE;
	n = length_of(p + before - 8);
	if (n > max)
		return SP_WRONG;
	*needs = before + (size_t)n;
	if (stream.n < *needs)
		return SP_MORE;
	route = route_of(p + before, (size_t)n);
	if (route == 0)
		return SP_WRONG;
	*out = (struct sp_message){
		.used = *needs,
		.route = str_cut(stream, before, before + route),
		.body = str_cut(stream, before + route, *needs),
	};
	return SP_MESSAGE;
}

size_t sp_head(uint8_t out[SP_HEAD_MAX], bool ipc, struct str route, size_t n)
{
	uint64_t all = route.n + n;
	size_t at = 0;

	CHECK(route.n <= 4 * SP_HOPS_MAX);
	if (ipc)
		out[at++] = 1;
	for (int i = 7; i >= 0; i--)
		out[at++] = (uint8_t)(all >> (8 * i));
	memcpy(out + at, route.p, route.n);
	return at + route.n;
}
