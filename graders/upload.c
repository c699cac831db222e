#include "graders/upload.h"

#include <stdio.h>

#include "base/limits.h"

enum { PATH = 40 };

struct sent {
	struct str name, text, base64;
	bool has_bytes, executable;
	int64_t bytes;
};
#define S struct sent
static const struct field sent_fields[] = {
	FIELD(S, name, KIND_STR, "path below the working folder", .min = 1,
	      .max = CODE_NAME_BYTES),
	FIELD_OPT(S, text, KIND_STR, "what is in it",
		  .max = LIMIT_RESPONSE_BYTES),
	FIELD_OPT(S, base64, KIND_BYTES, "the same of any bytes"),
	FIELD_MAYBE(S, bytes, has_bytes, KIND_INT,
		    "or so many of those behind the message", .min = 0,
		    .max = CODE_UPLOAD_BYTES),
	FIELD_OPT(S, executable, KIND_BOOL, "may be run"),
	FIELD_END,
};
static const struct shape sent_shape = SHAPE(S, sent_fields);
#undef S

static const struct field upload_fields[] = {
	FIELD_OPT(struct upload, language, KIND_STR, "one of the item's",
		  .max = LIMIT_REF_BYTES),
	FIELD_OPT(struct upload, files, KIND_LIST, "all that is handed in",
		  .of = KIND_OBJECT, .shape = &sent_shape,
		  .max = CODE_UPLOAD_FILES),
	FIELD_OPT(struct upload, archive, KIND_BOOL,
		  "the one file is a zip or tar of them"),
	FIELD_END,
};
static const struct shape upload_shape = SHAPE(struct upload, upload_fields);

static enum err refuse(struct ctx *cx, size_t i, const char *what)
{
	char path[PATH];

	snprintf(path, sizeof(path), "/files/%zu", i);
	return err_field(cx, ERR_INVALID, path, "%s", what);
}

/* Where its content is; *at: how many of bytes were taken. */
static enum err content(struct ctx *cx, const struct sent *s, size_t i,
			struct str bytes, size_t *at, struct code_file *out)
{
	int ways = (s->text.p != NULL) + (s->base64.p != NULL) + s->has_bytes;

	if (ways != 1)
		return refuse(cx, i,
			      "give its content as one of text, base64, bytes");
	*out = (struct code_file){ .name = s->name,
				   .text = s->text,
				   .base64 = s->base64,
				   .executable = s->executable };
	if (!s->has_bytes)
		return OK;
	if ((size_t)s->bytes > bytes.n - *at)
		return refuse(cx, i,
			      "there are not so many bytes behind the message");
	out->base64 =
		bytes.p ? str_cut(bytes, *at, *at + (size_t)s->bytes) : STR("");
	*at += (size_t)s->bytes;
	return OK;
}

enum err upload_read(struct ctx *cx, struct jval v, struct str bytes,
		     struct upload *out)
{
	const struct sent *sent;
	struct code_file *files;
	struct upload u = { 0 };
	size_t at = 0;
	enum err e = OK;

	if (jval_type(v) != J_NULL)
		e = field_decode(cx, v, &upload_shape, "", &u);
	if (e)
		return e;
	sent = u.files.at;
	files = ARENA_ARRAY(cx->arena, struct code_file, u.files.n);
	for (size_t i = 0; !e && i < u.files.n; i++)
		e = content(cx, &sent[i], i, bytes, &at, &files[i]);
	if (!e && at != bytes.n)
		e = err_field(cx, ERR_INVALID, "/files",
			      "%zu bytes behind the message belong to no file",
			      bytes.n - at);
	if (e)
		return e;
	u.files.at = files;
	*out = u;
	return OK;
}
