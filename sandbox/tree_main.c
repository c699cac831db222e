/*
 * assay-tree: data from outside as a list of files, on standard output as
 * frames (tree_frames.h). It runs inside a box and nowhere else: what it reads
 * is made to break it.
 *
 *	assay-tree archive                       standard input: zip or tar
 *	assay-tree bundle [REF [FOLDER]]         standard input: a git bundle
 *	assay-tree repo DIR [REF [FOLDER]]       a repository below the folder
 *	assay-tree fetch URL [REF [FOLDER]]      over the network, by the
 *	                                         connections of relay.h
 *
 * It ends with 0 whenever it has written frames, also when they tell of an
 * error; what is for staff alone goes to standard error.
 */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <unistd.h>

#include "sandbox/fetch.h"
#include "sandbox/tree_frames.h"
#include "sandbox/unpack.h"
#include "sandbox/walk.h"

#define FETCHED "fetched.git"
#define CA_FILE "ca.pem" /* put into the box beside us, or not there */

struct words {
	struct str at[4]; /* empty: not given */
};

static enum err read_in(struct ctx *cx, struct buf *b)
{
	for (;;) {
		char *to = buf_room(b, 65536);
		ssize_t n;

		if (!to || b->n > UNPACK_PACKED_BYTES)
			return err_set(cx, ERR_TOO_LARGE,
				       "it has more than %d bytes",
				       UNPACK_PACKED_BYTES);
		n = read(STDIN_FILENO, to, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(cx, ERR_UNAVAILABLE,
				       "standard input broke off");
		if (n == 0)
			return OK;
		b->n += (size_t)n;
	}
}

/* id none: the word decides. */
static enum err list_commit(struct ctx *cx, const char *dir, struct oid id,
			    struct str ref, struct str folder,
			    struct tree_told *out)
{
	char text[OID_TEXT + 1];
	struct walk *w = NULL;
	enum err e = walk_open(cx, dir, &w);

	if (!e && oid_is_none(&id))
		e = walk_find(cx, w, ref, &id);
	if (!e)
		e = walk_files(cx, w, &id, folder, &out->list);
	walk_close(w);
	if (e)
		return e;
	oid_text(&id, text);
	out->commit = str_copy(cx->arena, str_of(text));
	return OK;
}

static enum err archive_verb(struct ctx *cx, const struct words *w,
			     struct buf *in, struct tree_told *out)
{
	enum err e = read_in(cx, in);

	(void)w;
	return e ? e : unpack(cx, buf_view(in), &out->list);
}

static enum err bundle_verb(struct ctx *cx, const struct words *w,
			    struct buf *in, struct tree_told *out)
{
	struct oid id;
	enum err e = read_in(cx, in);

	if (!e)
		e = source_ref_check(cx, "/ref", w->at[0]);
	if (!e)
		e = fetch_bundle(cx, buf_view(in), w->at[0], FETCHED, &id);
	return e ? e : list_commit(cx, FETCHED, id, w->at[0], w->at[1], out);
}

static enum err repo_verb(struct ctx *cx, const struct words *w, struct buf *in,
			  struct tree_told *out)
{
	(void)in;
	return list_commit(cx, str_z(cx->arena, w->at[0]),
			   (struct oid){ { 0 } }, w->at[1], w->at[2], out);
}

static enum err fetch_verb(struct ctx *cx, const struct words *w,
			   struct buf *in, struct tree_told *out)
{
	struct fetch_ask ask = { .url = w->at[0],
				 .ref = w->at[1],
				 .dir = FETCHED };
	struct source_url url;
	struct oid id;
	enum err e = source_url_read(cx, "/source", ask.url, &url);

	(void)in;
	if (!e)
		e = source_ref_check(cx, "/ref", ask.ref);
	if (access(CA_FILE, R_OK) == 0)
		ask.ca = CA_FILE;
	if (!e)
		e = fetch(cx, &ask, &id);
	return e ? e : list_commit(cx, FETCHED, id, w->at[1], w->at[2], out);
}

static const struct verb {
	const char *name;
	int least, most; /* words */
	enum err (*run)(struct ctx *cx, const struct words *w, struct buf *in,
			struct tree_told *out);
} verbs[] = {
	{ "archive", 0, 0, archive_verb },
	{ "bundle", 0, 2, bundle_verb },
	{ "repo", 1, 3, repo_verb },
	{ "fetch", 1, 3, fetch_verb },
};

static const struct verb *find(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (argc > 1 && strcmp(argv[1], verbs[i].name) == 0 &&
		    argc - 2 >= verbs[i].least && argc - 2 <= verbs[i].most)
			return &verbs[i];
	return NULL;
}

static int write_out(const struct buf *b)
{
	for (size_t at = 0; at < b->n;) {
		ssize_t n = write(STDOUT_FILENO, b->p + at, b->n - at);

		if (n < 0 && errno != EINTR)
			return 1;
		at += n > 0 ? (size_t)n : 0;
	}
	return b->failed;
}

#ifdef __SANITIZE_ADDRESS__
/* In a box nobody sets the limit of core files, and nothing may be traced. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "disable_coredump=0:detect_leaks=0";
}
#endif

int main(int argc, char **argv)
{
	const struct verb *v = find(argc, argv);
	struct ctx cx = { .arena = arena_new(1 << 20) };
	struct buf in = { 0 }, frames = { 0 };
	struct tree_told told = { 0 };
	struct words words = { 0 };
	int code;

	if (!v) {
		bool asked = argc == 2 && strcmp(argv[1], "--help") == 0;

		fprintf(asked ? stdout : stderr,
			"usage: assay-tree archive | bundle [REF [FOLDER]] | "
			"repo DIR [REF [FOLDER]] | "
			"fetch URL [REF [FOLDER]]\n"
			"Reads what comes from outside, in a box that "
			"a worker has made for it.\n");
		return asked ? 0 : 2;
	}
	setlocale(LC_CTYPE, "C.UTF-8"); /* names in archives */
	for (int i = 2; i < argc; i++)
		words.at[i - 2] = str_of(argv[i]);
	if (v->run(&cx, &words, &in, &told)) {
		fprintf(stderr, "%s: %s\n", err_kind(cx.error.code),
			cx.error.detail);
		tree_frames_write_error(&frames, &cx);
	} else {
		tree_frames_write(&frames, &told);
	}
	code = write_out(&frames);
	buf_done(&frames);
	buf_done(&in);
	arena_free(cx.arena);
	_exit(code); /* in a box a checker of leaks could not look */
}
