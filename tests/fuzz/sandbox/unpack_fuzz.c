#include <locale.h>

#include "sandbox/tree_name.h"
#include "sandbox/unpack.h"

/* Any bytes as an archive: what is kept has names that a tree may hold. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx cx = { .arena = arena_new(65536) };
	struct str bytes = { (const char *)data, size };
	const struct run_file *f;
	struct tree_list l;

	setlocale(LC_CTYPE, "C.UTF-8");
	if (unpack(&cx, bytes, &l) == OK) {
		f = l.files.at;
		CHECK(l.bytes <= TREE_BYTES && l.files.n <= TREE_ENTRIES);
		for (size_t i = 0; i < l.files.n; i++)
			CHECK(!tree_name_wrong(f[i].name, TREE_DEPTH));
	}
	arena_free(cx.arena);
	return 0;
}
