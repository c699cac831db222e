/* Archives: whether a task takes them, and what is told of one. */
#include "graders/code_impl.h"

enum { CUT_FILES = 16, CUT_REFUSED = 5, TREE = 40, NAME_SHOWN = 1024 };

/* Some name that is not written out, or more names than one. */
static bool takes_many(const struct code_spec *s)
{
	const struct code_rule *r = s->files.at;

	if (s->max_files == 1)
		return false;
	return s->files.n != 1 || str_find(r[0].name, STR("*"), 0) != SIZE_MAX;
}

bool code_takes_archive(const struct code_spec *s)
{
	if (s->archives == CODE_ARCHIVE_AUTO)
		return takes_many(s);
	return s->archives == CODE_ARCHIVE_YES;
}

static void cut(struct list *l, size_t most, int64_t *more)
{
	if (l->n <= most)
		return;
	*more += (int64_t)(l->n - most);
	l->n = most;
}

void code_archive_cut(struct code_archive *a)
{
	cut(&a->files, CUT_FILES, &a->files_more);
	cut(&a->refused, CUT_REFUSED, &a->refused_more);
}

static const struct field packed_fields[] = {
	FIELD(struct code_packed, name, KIND_STR, "path inside",
	      .max = NAME_SHOWN),
	FIELD(struct code_packed, bytes, KIND_INT, "how large", .min = 0,
	      .max = INT64_MAX),
	FIELD_END,
};
static const struct shape packed_shape =
	SHAPE(struct code_packed, packed_fields);

static const struct field left_out_fields[] = {
	FIELD(struct code_left_out, name, KIND_STR, "what was not taken",
	      .max = NAME_SHOWN),
	FIELD(struct code_left_out, why, KIND_STR, "and why",
	      .max = CODE_WHY_BYTES),
	FIELD_END,
};
static const struct shape left_out_shape =
	SHAPE(struct code_left_out, left_out_fields);

#define A struct code_archive
static const struct field archive_fields[] = {
	FIELD_OPT(A, tree, KIND_STR, "git's id of the files that were taken",
		  .min = TREE, .max = TREE),
	FIELD(A, files, KIND_LIST, "taken, in the order of their bytes",
	      .of = KIND_OBJECT, .shape = &packed_shape,
	      .max = CODE_UPLOAD_FILES),
	FIELD_OPT(A, files_more, KIND_INT, "beyond those", .min = 0,
		  .max = INT64_MAX),
	FIELD(A, refused, KIND_LIST, "what was not taken", .of = KIND_OBJECT,
	      .shape = &left_out_shape, .max = CODE_REFUSED),
	FIELD_OPT(A, refused_more, KIND_INT, "beyond those", .min = 0,
		  .max = INT64_MAX),
	FIELD_END,
};
#undef A
const struct shape code_archive_shape =
	SHAPE(struct code_archive, archive_fields);
