/*
 * upload: a response of files and the bytes behind it, parted by a zero byte.
 * What is read lies within what came, and nothing is left over.
 */
#include "graders/upload.h"

static bool within(struct str part, struct str whole)
{
	return part.n == 0 ||
	       (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static void check(const struct upload *u, struct str bytes)
{
	const struct code_file *f = u->files.at;
	size_t behind = 0;

	CHECK(u->files.n <= CODE_UPLOAD_FILES);
	for (size_t i = 0; i < u->files.n; i++) {
		CHECK(f[i].name.n > 0 && f[i].name.n <= CODE_NAME_BYTES);
		CHECK((f[i].text.p != NULL) != (f[i].base64.p != NULL));
		CHECK(!f[i].file.p);
		if (f[i].base64.p && f[i].base64.n &&
		    within(f[i].base64, bytes))
			behind += f[i].base64.n;
	}
	CHECK(behind == bytes.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx cx = { .arena = arena_new(4096) };
	struct str rest = { (const char *)data, size }, text;
	struct upload u;
	struct jdoc *doc;

	if (!str_split(&rest, 0, &text)) {
		text = rest;
		rest = (struct str){ 0 };
	}
	if (jdoc_parse(&cx, text, &doc) == OK &&
	    upload_read(&cx, jdoc_root(doc), rest, &u) == OK)
		check(&u, rest);
	arena_free(cx.arena);
	return 0;
}
