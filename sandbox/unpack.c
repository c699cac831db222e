#include "sandbox/unpack.h"

#include <archive.h>
#include <archive_entry.h>

enum { PIECE = 65536, NAME = 80 };

struct unpacking {
	struct ctx *cx;
	struct archive *a;
	struct tree_entry *found;
	size_t n;	 /* of found */
	struct buf data; /* of the file under way */
	struct str name; /* its name; absent: between two */
	int64_t packed, unpacked;
};

/* cx->error.text goes on with the entry at which it showed. */
static enum err at_entry(struct unpacking *u)
{
	struct arena *a = u->cx->arena;
	struct str text = str_copy(a, str_of(u->cx->error.text));

	if (!u->name.n)
		return u->cx->error.code;
	return err_set(u->cx, u->cx->error.code, "%.*s, at its entry %.*s",
		       STR_FMT(text),
		       STR_FMT(tree_show_short(a, u->name, NAME)));
}

/*
 * What libarchive says may repeat bytes of the archive: it goes to the log of
 * who runs us, and only the sentence out.
 */
static enum err broken(struct unpacking *u)
{
	const char *said = archive_error_string(u->a);

	err_set(u->cx, ERR_INVALID,
		u->name.n ? "the archive is broken"
			  : "it is not a zip or tar archive, or it is broken");
	at_entry(u);
	return err_detail(u->cx, "%s", said ? said : "no reason");
}

static enum err too_much(struct unpacking *u, int64_t bytes)
{
	u->unpacked += bytes < UNPACK_BYTES ? bytes : UNPACK_BYTES + 1;
	if (u->unpacked > UNPACK_BYTES)
		err_set(u->cx, ERR_TOO_LARGE,
			"the archive unpacks to more than %d bytes",
			UNPACK_BYTES);
	else if (u->unpacked > UNPACK_FREE_BYTES &&
		 u->unpacked / UNPACK_RATIO > u->packed)
		err_set(u->cx, ERR_TOO_LARGE,
			"the archive unpacks to more than %d times its size",
			UNPACK_RATIO);
	else
		return OK;
	return at_entry(u);
}

/* NULL: a plain file, or a folder. */
static const char *kind_wrong(struct archive_entry *e)
{
	if (archive_entry_hardlink(e) || archive_entry_hardlink_w(e))
		return "is a hard link";
	switch (archive_entry_filetype(e)) {
	case AE_IFREG:
		break;
	case AE_IFDIR:
		return NULL;
	case AE_IFLNK:
		return "is a symbolic link";
	default:
		return "is neither a file nor a folder";
	}
	if (archive_entry_is_encrypted(e))
		return "is encrypted";
	return NULL;
}

static struct str name_of(struct archive_entry *e)
{
	const char *z = archive_entry_pathname_utf8(e);

	if (!z)
		z = archive_entry_pathname(e);
	return z ? str_of(z) : STR("");
}

static const char too_large[] = "is larger than a whole tree may be";

/* *why: the file is longer than what may be kept. */
static enum err read_data(struct unpacking *u, const char **why)
{
	enum err e = OK;

	buf_reset(&u->data);
	while (!e) {
		char *to = buf_room(&u->data, PIECE);
		la_ssize_t n = archive_read_data(u->a, to, PIECE);

		if (n == ARCHIVE_RETRY)
			continue;
		if (n < 0)
			return broken(u);
		if (n == 0)
			break;
		u->data.n += (size_t)n;
		e = too_much(u, n);
		if (!e && u->data.n > TREE_BYTES) {
			*why = too_large;
			break;
		}
	}
	return e;
}

/* What is passed over is unpacked all the same, if the archive is. */
static enum err pass(struct unpacking *u, struct archive_entry *entry)
{
	int64_t n = archive_entry_size_is_set(entry) ? archive_entry_size(entry)
						     : 0;
	enum err e = too_much(u, n > 0 ? n : 0);

	if (!e && archive_read_data_skip(u->a) < ARCHIVE_WARN)
		e = broken(u);
	return e;
}

static void found(struct unpacking *u, struct str name, const char *why,
		  bool executable)
{
	struct str data =
		why ? (struct str){ 0 } : buf_copy(&u->data, u->cx->arena);

	u->found[u->n++] = (struct tree_entry){
		.file = { .name = str_copy(u->cx->arena, name),
			  .data = data.n ? data : STR(""),
			  .executable = executable },
		.refused = why,
	};
}

static enum err take(struct unpacking *u, struct archive_entry *entry)
{
	struct str name = name_of(entry);
	const char *why = kind_wrong(entry);
	enum err e;
	bool folder;

	if (str_starts(name, "./")) /* as tar writes the folder it is in */
		name = str_cut(name, 2, name.n);
	u->name = name;
	folder = !why && archive_entry_filetype(entry) == AE_IFDIR;
	if (!why && !folder && archive_entry_size(entry) > TREE_BYTES)
		why = too_large;
	e = why || folder ? pass(u, entry) : read_data(u, &why);
	if (!e && !folder) /* that is known from what is in it */
		found(u, name, why, archive_entry_perm(entry) & 0100);
	u->name = (struct str){ 0 };
	return e;
}

static enum err read_all(struct unpacking *u)
{
	enum err e = OK;

	for (int64_t entries = 0; !e; entries++) {
		struct archive_entry *entry;
		int code = archive_read_next_header(u->a, &entry);

		if (code == ARCHIVE_EOF)
			break;
		if (code < ARCHIVE_WARN && code != ARCHIVE_RETRY)
			return broken(u);
		if (entries == UNPACK_ENTRIES) {
			u->name = code == ARCHIVE_RETRY ? STR("")
							: name_of(entry);
			err_set(u->cx, ERR_TOO_LARGE,
				"the archive holds more than %d entries",
				UNPACK_ENTRIES);
			return at_entry(u);
		}
		if (code != ARCHIVE_RETRY)
			e = take(u, entry);
	}
	return e;
}

static bool open_all(struct archive *a, struct str bytes)
{
	return a && archive_read_support_format_tar(a) == ARCHIVE_OK &&
	       archive_read_support_format_gnutar(a) == ARCHIVE_OK &&
	       archive_read_support_format_zip_seekable(a) == ARCHIVE_OK &&
	       archive_read_support_filter_gzip(a) == ARCHIVE_OK &&
	       archive_read_support_filter_bzip2(a) == ARCHIVE_OK &&
	       archive_read_support_filter_xz(a) == ARCHIVE_OK &&
	       archive_read_support_filter_zstd(a) == ARCHIVE_OK &&
	       archive_read_open_memory(a, bytes.p, bytes.n) == ARCHIVE_OK;
}

enum err unpack(struct ctx *cx, struct str bytes, struct tree_list *out)
{
	struct unpacking u = { .cx = cx, .packed = (int64_t)bytes.n };
	enum err e;

	if (bytes.n > UNPACK_PACKED_BYTES)
		return err_set(cx, ERR_TOO_LARGE,
			       "the archive has more than %d bytes",
			       UNPACK_PACKED_BYTES);
	u.found = ARENA_ARRAY(cx->arena, struct tree_entry, UNPACK_ENTRIES);
	u.a = archive_read_new();
	e = open_all(u.a, bytes) ? read_all(&u) : broken(&u);
	archive_read_free(u.a);
	buf_done(&u.data);
	if (!e)
		tree_check(cx->arena, &(struct list){ u.found, u.n }, out);
	return e;
}
