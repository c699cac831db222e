#include "sandbox/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <git2.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/gitlib.h"
#include "sandbox/walk_tree.h"

enum {
	WORD_BYTES = 250,
	COMMIT_BYTES = 1 << 20,
	TAGS_MOST = 8,
	OBJECT_TAG = 4
};

struct walk {
	git_repository *repo;
	git_odb *odb;
};

/* ---- opening ---- */

/*
 * What leads out of the folder: objects of another repository, a .git that is
 * a file or a link, a repository that shares another's.
 */
static bool leads_out(const char *dir)
{
	static const char *const not_there[] = {
		"objects/info/alternates",	"commondir",
		".git/objects/info/alternates", ".git/commondir",
		"objects/info/http-alternates",
	};
	static const char *const folders[] = { ".git", "objects", "refs",
					       ".git/objects", ".git/refs" };
	int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool out = at < 0;
	struct stat st;

	for (size_t i = 0; !out && i < sizeof(not_there) / sizeof(char *); i++)
		out = fstatat(at, not_there[i], &st, AT_SYMLINK_NOFOLLOW) == 0;
	for (size_t i = 0; !out && i < sizeof(folders) / sizeof(char *); i++)
		out = fstatat(at, folders[i], &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		      !S_ISDIR(st.st_mode);
	if (at >= 0)
		close(at);
	return out;
}

static enum err not_opened(struct ctx *cx, int code)
{
	enum err e;

	if (code == GIT_EOWNER)
		e = err_set(cx, ERR_DENIED,
			    "the repository belongs to another user than "
			    "the one that reads it: give it to that one");
	else if (code == GIT_ENOTFOUND)
		e = err_set(cx, ERR_NOT_FOUND, "there is no git repository");
	else
		e = err_set(cx, ERR_INVALID,
			    "the git repository cannot be read");
	return gitlib_failed(cx, e, "open");
}

/*
 * libgit2 1.5 answers "not found" where it wanted to ask safe.directory of a
 * configuration that is not there.
 */
static bool is_ours(const char *dir)
{
	struct stat st;

	return stat(dir, &st) || st.st_uid == geteuid();
}

enum err walk_open(struct ctx *cx, const char *dir, struct walk **out)
{
	unsigned flags = GIT_REPOSITORY_OPEN_NO_SEARCH;
	struct walk *w;
	struct stat st;
	int code;
	enum err e;

	if (stat(dir, &st) || !S_ISDIR(st.st_mode))
		return err_set(cx, ERR_NOT_FOUND, "there is no such folder");
	if (leads_out(dir))
		return err_set(cx, ERR_INVALID,
			       "the git repository leads out of its folder; "
			       "give one that stands by itself");
	e = gitlib_start(cx);
	if (e)
		return e;
	w = calloc(1, sizeof(*w)); /* allowed: until walk_close */
	CHECK(w);
	code = is_ours(dir)
		       ? git_repository_open_ext(&w->repo, dir, flags, NULL)
		       : GIT_EOWNER;
	if (code == 0)
		code = git_repository_odb(&w->odb, w->repo);
	if (code) {
		e = not_opened(cx, code);
		walk_close(w);
		return e;
	}
	*out = w;
	return OK;
}

void walk_close(struct walk *w)
{
	if (!w)
		return;
	git_odb_free(w->odb);
	git_repository_free(w->repo);
	free(w);
	gitlib_stop();
}

/* ---- objects ---- */

static enum err odb_error(struct ctx *cx, int code)
{
	if (code == GIT_ENOTFOUND)
		return err_set(cx, ERR_NOT_FOUND, "there is no such object");
	err_set(cx, ERR_CORRUPT, "the git repository is damaged");
	return gitlib_failed(cx, ERR_CORRUPT, "read");
}

static enum err head_of(struct ctx *cx, void *arg, const struct oid *id,
			int *type, int64_t *size)
{
	struct walk *w = arg;
	git_oid key;
	git_object_t t;
	size_t n;
	int code;

	memcpy(key.id, id->b, OID_BYTES);
	code = git_odb_read_header(&n, &t, w->odb, &key);
	if (code)
		return odb_error(cx, code);
	if (n > INT64_MAX)
		return err_set(cx, ERR_CORRUPT, "an object has no size");
	*type = (int)t;
	*size = (int64_t)n;
	return OK;
}

static enum err data_of(struct ctx *cx, void *arg, const struct oid *id,
			struct str *out)
{
	struct walk *w = arg;
	git_odb_object *o;
	git_oid key;
	int code;

	memcpy(key.id, id->b, OID_BYTES);
	code = git_odb_read(&o, w->odb, &key);
	if (code)
		return odb_error(cx, code);
	*out = git_odb_object_size(o)
		       ? str_copy(cx->arena,
				  (struct str){ git_odb_object_data(o),
						git_odb_object_size(o) })
		       : STR("");
	git_odb_object_free(o);
	return OK;
}

/* ---- commits ---- */

static bool simple_word(struct str word)
{
	if (word.n > WORD_BYTES)
		return false;
	for (size_t i = 0; i < word.n; i++) {
		char c = word.p[i];

		if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') &&
		    (c < '0' || c > '9') && (c == 0 || !strchr("/._-+", c)))
			return false;
	}
	return str_find(word, STR(".."), 0) == SIZE_MAX;
}

static bool try_ref(struct walk *w, struct arena *a, const char *before,
		    struct str word, struct oid *out)
{
	const char *name = str_fmt(a, "%s%.*s", before, STR_FMT(word)).p;
	git_oid id;

	if (git_reference_name_to_id(&id, w->repo, name))
		return false;
	memcpy(out->b, id.id, OID_BYTES);
	return true;
}

/* A tag says in its first line what it is of. */
static enum err follow_tags(struct ctx *cx, struct walk *w, struct oid *id)
{
	struct str data, line = STR("object ");
	int type = 0;
	int64_t size = 0;

	for (int i = 0; i < TAGS_MOST; i++) {
		enum err e = head_of(cx, w, id, &type, &size);

		if (!e && type == OBJECT_COMMIT)
			return OK;
		if (!e && (type != OBJECT_TAG || size > COMMIT_BYTES))
			break;
		if (!e)
			e = data_of(cx, w, id, &data);
		if (e)
			return e;
		if (!str_starts(data, line.p) ||
		    !oid_parse(str_cut(data, line.n, line.n + OID_TEXT), id))
			return err_set(cx, ERR_CORRUPT, "the tag is damaged");
	}
	return err_set(cx, ERR_NOT_FOUND, "that does not lead to a commit");
}

enum err walk_find(struct ctx *cx, struct walk *w, struct str word,
		   struct oid *commit)
{
	static const char *const before[] = { "", "refs/heads/", "refs/tags/",
					      "refs/remotes/origin/" };
	struct oid id;
	bool found;
	enum err e;

	if (!word.n)
		word = STR("HEAD");
	if (!simple_word(word))
		return err_set(cx, ERR_INVALID,
			       "a commit is 40 hexadecimal digits, or a "
			       "branch or tag of plain letters");
	found = oid_parse(word, &id);
	for (size_t i = 0; !found && i < sizeof(before) / sizeof(*before); i++)
		found = try_ref(w, cx->arena, before[i], word, &id);
	if (!found)
		return err_set(cx, ERR_NOT_FOUND,
			       "the repository has no \"%.*s\"", STR_FMT(word));
	e = follow_tags(cx, w, &id);
	if (!e)
		*commit = id;
	return e;
}

/* A commit's first line is its tree; so much is the same for all of them. */
static enum err root_of(struct ctx *cx, struct walk *w, const struct oid *id,
			struct oid *root)
{
	struct str data, line = STR("tree ");
	int type = 0;
	int64_t size = 0;
	enum err e = head_of(cx, w, id, &type, &size);

	if (!e && type == OBJECT_TREE) {
		*root = *id;
		return OK;
	}
	if (!e && (type != OBJECT_COMMIT || size > COMMIT_BYTES))
		return err_set(cx, ERR_NOT_FOUND, "that is not a commit");
	if (!e)
		e = data_of(cx, w, id, &data);
	if (e)
		return e;
	if (!str_starts(data, line.p) ||
	    !oid_parse(str_cut(data, line.n, line.n + OID_TEXT), root))
		return err_set(cx, ERR_CORRUPT, "the commit is damaged");
	return OK;
}

enum err walk_files(struct ctx *cx, struct walk *w, const struct oid *id,
		    struct str folder, struct tree_list *out)
{
	struct walk_source from = { w, head_of, data_of };
	struct oid root;
	enum err e = root_of(cx, w, id, &root);

	if (!e)
		e = walk_down(cx, &from, &root, folder, &root);
	return e ? e : walk_tree(cx, &from, &root, out);
}
