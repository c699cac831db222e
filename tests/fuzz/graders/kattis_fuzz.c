/* A package as one text: "== NAME" begins a file. */
#include <stdint.h>

#include "graders/item.h"
#include "graders/kattis.h"

enum { FILES = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx cx = { .arena = arena_new(65536) };
	struct run_file files[FILES];
	struct str rest = { (const char *)data, size }, line;
	struct bank bank;
	size_t n = 0;

	while (rest.n && str_split(&rest, '\n', &line)) {
		if (str_starts(line, "== ") && n < FILES) {
			files[n++] = (struct run_file){
				.name = str_cut(line, 3, line.n),
				.data = { rest.p ? rest.p : "", 0 }
			};
		} else if (n) {
			files[n - 1].data.n =
				(size_t)(line.p + line.n - files[n - 1].data.p);
		}
	}
	if (n && kattis_read(&cx, files, n, &bank) == OK) {
		CHECK(bank.items.n == 1);
		CHECK(item_check(&cx, bank.items.at, "") == OK);
		CHECK(bank.nodes ==
		      bank.mapped + bank.opaque + bank.ignored + bank.refused);
	}
	arena_free(cx.arena);
	return 0;
}
