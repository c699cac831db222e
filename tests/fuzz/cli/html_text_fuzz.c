/* Any bytes as HTML: text comes out, and what is shown steers no terminal. */
#include "cli/html_text.h"
#include "cli/wrap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	struct str text =
		html_text(a, (struct str){ (const char *)data, size });
	struct buf b = { 0 };

	wrap_text(&b, text, 40, 4, 4);
	for (size_t i = 0; i < b.n; i++)
		CHECK((unsigned char)b.p[i] >= ' ' || b.p[i] == '\n');
	CHECK(str_utf8_ok(buf_view(&b)) || !b.n);
	buf_done(&b);
	arena_free(a);
	return 0;
}
