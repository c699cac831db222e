#include "graders/bundle.h"

/* Any bytes as the file that refers to others: what comes out is JSON. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx cx = { .arena = arena_new(65536) };
	struct run_file files[] = {
		{ STR("a/01.in"), STR("1 2\n"), false },
		{ STR("a/bin"), { "\xff\0", 2 }, true },
		{ STR("a/x.lab.json"), { (const char *)data, size }, false },
		{ STR("secret"), STR("SECRET"), false },
	};
	struct problems problems;
	struct jdoc *doc;
	struct str text;

	if (bundle(&cx, &(struct list){ files, 4 }, STR("a/x.lab.json"), &text,
		   &problems) == OK) {
		CHECK(jdoc_parse(&cx, text, &doc) == OK);
		CHECK(str_find(text, STR("SECRET"), 0) == SIZE_MAX ||
		      str_find(files[2].data, STR("SECRET"), 0) != SIZE_MAX);
	}
	arena_free(cx.arena);
	return 0;
}
