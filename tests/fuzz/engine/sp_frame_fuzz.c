/*
 * A stream of SP messages as any peer may send it. The first byte: ipc or tcp.
 * However it is cut into pieces, the same messages come out.
 */
#include <stdint.h>
#include <stdlib.h>

#include "engine/rpc/sp_frame.h"

enum { MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	bool ipc = size > 0 && data[0] & 1;
	enum sp_cut cut = SP_MESSAGE;

	s = str_cut(s, 1, s.n);
	while (cut == SP_MESSAGE) {
		struct sp_message m, part;
		size_t needs = 0, less;
		uint8_t head[SP_HEAD_MAX];

		cut = sp_cut(s, ipc, MAX, &m, &needs);
		if (cut == SP_MORE && needs <= s.n)
			abort(); /* it would wait for ever */
		if (cut != SP_MESSAGE)
			break;
		if (m.used > s.n || m.used != needs || m.route.n < 4 ||
		    m.route.n % 4 || m.body.n + m.route.n > MAX)
			abort();
		if (sp_cut(str_cut(s, 0, m.used - 1), ipc, MAX, &part, &less) !=
		    SP_MORE)
			abort();
		if (sp_head(head, ipc, m.route, m.body.n) + m.body.n !=
			    m.used ||
		    memcmp(head, s.p, m.used - m.body.n) != 0)
			abort(); /* a head says what it was read from */
		s = str_cut(s, m.used, s.n);
	}
	return 0;
}
