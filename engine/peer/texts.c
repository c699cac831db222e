#include "engine/peer/texts.h"

#include "base/limits.h"

enum { DIGEST_BYTES = 32, URL_BYTES = 2000, COMMIT_BYTES = 64 };

#define F struct peer_file
static const struct field file_fields[] = {
	FIELD(F, name, KIND_STR, "as the author calls it", .min = 1,
	      .max = LIMIT_NAME_BYTES),
	FIELD(F, digest, KIND_HEX, "of a blob of its author's",
	      .min = DIGEST_BYTES, .max = DIGEST_BYTES),
	FIELD_OPT(F, bytes, KIND_INT, "its size; filled in"),
	FIELD_OPT(F, media_type, KIND_STR, "as told by its author; filled in",
		  .max = 127),
	FIELD_END,
};
#undef F
const struct shape peer_file_shape = { "peer_file", sizeof(struct peer_file),
				       file_fields };

#define C struct peer_commit
static const struct field commit_fields[] = {
	FIELD(C, url, KIND_STR, "of the repository, https", .min = 1,
	      .max = URL_BYTES),
	FIELD(C, commit, KIND_STR, "its commit, 40 or 64 hex digits", .min = 40,
	      .max = COMMIT_BYTES),
	FIELD_END,
};
#undef C
static const struct shape commit_shape =
	SHAPE(struct peer_commit, commit_fields);

#define C struct peer_content
static const struct field content_fields[] = {
	FIELD_OPT(C, text, KIND_STR, "the text", .max = LIMIT_RESPONSE_BYTES),
	FIELD_OPT(C, files, KIND_LIST, "files, put by blob.put before",
		  .of = KIND_OBJECT, .shape = &peer_file_shape,
		  .max = PEER_FILES),
	FIELD_MAYBE(C, commit, has_commit, KIND_OBJECT, "a commit in git",
		    .shape = &commit_shape),
	FIELD_OPT(C, links, KIND_LIST, "https links", .of = KIND_STR,
		  .max = PEER_LINKS),
	FIELD_END,
};
#undef C
const struct shape peer_content_shape = { "peer_content",
					  sizeof(struct peer_content),
					  content_fields };

#define W struct peer_words
static const struct field words_fields[] = {
	FIELD_OPT(W, scores, KIND_LIST,
		  "of each criterion: {\"criterion\":ID, and \"level\":ID or "
		  "\"points\":N}",
		  .of = KIND_OBJECT, .shape = &rubric_score_shape,
		  .max = RUBRIC_CRITERIA),
	FIELD_OPT(W, strengths, KIND_LIST, "what is good, first",
		  .of = KIND_STR, .max = FEEDBACK_POINTS),
	FIELD_OPT(W, improvements, KIND_LIST, "what would make it better",
		  .of = KIND_STR, .max = FEEDBACK_POINTS),
	FIELD_OPT(W, flag_note, KIND_STR, "why it is flagged",
		  .max = LIMIT_TEXT_BYTES),
	FIELD_OPT(W, private_note, KIND_STR, "for moderators only",
		  .max = LIMIT_TEXT_BYTES),
	FIELD_END,
};
#undef W
const struct shape peer_words_shape = { "peer_words", sizeof(struct peer_words),
					words_fields };

/* ---- works ---- */

static struct str at(struct ctx *cx, const char *where, const char *rest)
{
	return str_fmt(cx->arena, "%s/%s", where, rest);
}

static bool is_https(struct str url)
{
	return str_starts(url, "https://") && url.n > sizeof("https://");
}

static bool is_commit(struct str c)
{
	for (size_t i = 0; i < c.n; i++)
		if (str_hex_digit(c.p[i]) < 0)
			return false;
	return c.n == 40 || c.n == 64;
}

/* A name that is one name: no folder, nothing that a shell would act on. */
static bool is_file_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == '/' ||
		    s.p[i] == '\\' || s.p[i] == 0x7f)
			return false;
	return s.n && s.p[0] != '.' && s.p[0] != '-';
}

static enum err check_text(struct ctx *cx, const struct peer_hand_in *h,
			   const struct peer_content *c, const char *where)
{
	struct str field = at(cx, where, "text");
	int64_t words = feedback_words(c->text);

	if ((int64_t)c->text.n > h->text_bytes)
		return err_field(cx, ERR_INVALID, field.p,
				 "the text has at most %lld bytes; this has "
				 "%zu: shorten it",
				 (long long)h->text_bytes, c->text.n);
	if (words < h->text_words)
		return err_field(cx, ERR_INVALID, field.p,
				 "the text needs at least %lld words; this has "
				 "%lld",
				 (long long)h->text_words, (long long)words);
	return OK;
}

static enum err check_files(struct ctx *cx, const struct peer_hand_in *h,
			    const struct peer_content *c, const char *where)
{
	const struct peer_file *f = c->files.at;

	if ((int64_t)c->files.n > h->files)
		return err_field(cx, ERR_INVALID, at(cx, where, "files").p,
				 "at most %lld files are taken",
				 (long long)h->files);
	for (size_t i = 0; i < c->files.n; i++) {
		struct str field =
			str_fmt(cx->arena, "%s/files/%zu/name", where, i);

		if (!is_file_name(f[i].name))
			return err_field(cx, ERR_INVALID, field.p,
					 "a file's name has no slash and no "
					 "control character, and does not "
					 "begin with a dot or a hyphen");
		for (size_t k = 0; k < i; k++)
			if (str_eq(f[k].name, f[i].name))
				return err_field(cx, ERR_INVALID, field.p,
						 "two files have this name; "
						 "rename one");
	}
	return OK;
}

static enum err check_links(struct ctx *cx, const struct peer_content *c,
			    const char *where)
{
	const struct str *l = c->links.at;

	for (size_t i = 0; i < c->links.n; i++)
		if (!is_https(l[i]) || l[i].n > URL_BYTES || !str_utf8_ok(l[i]))
			return err_field(
				cx, ERR_INVALID,
				str_fmt(cx->arena, "%s/links/%zu", where, i).p,
				"a link begins with https:// and has at most "
				"%d bytes",
				URL_BYTES);
	if (!c->has_commit)
		return OK;
	if (!is_https(c->commit.url))
		return err_field(cx, ERR_INVALID, at(cx, where, "commit/url").p,
				 "the repository's address begins with "
				 "https://");
	if (!is_commit(c->commit.commit))
		return err_field(cx, ERR_INVALID,
				 at(cx, where, "commit/commit").p,
				 "a commit is its 40 or 64 hex digits, not a "
				 "branch");
	return OK;
}

static enum err check_kinds(struct ctx *cx, const struct peer_hand_in *h,
			    int64_t kinds, const char *where)
{
	for (int i = 0; peer_kind_words[i]; i++) {
		bool has = kinds & (1 << i);

		if (has && !(h->kinds & (1u << i)))
			return err_field(
				cx, ERR_INVALID,
				at(cx, where, peer_kind_words[i]).p,
				"this assessment does not take it; leave it "
				"out");
		if (!has && h->required & (1u << i))
			return err_field(cx, ERR_INVALID,
					 at(cx, where, peer_kind_words[i]).p,
					 "this assessment asks for it");
	}
	if (!kinds)
		return err_field(cx, ERR_INVALID, where,
				 "there is nothing in it; hand in what the "
				 "assessment asks for");
	return OK;
}

enum err peer_content_check(struct ctx *cx, const struct peer_hand_in *h,
			    const struct peer_content *c, const char *where,
			    int64_t *kinds)
{
	enum err e;

	*kinds = (c->text.n ? 1 << PEER_TEXT : 0) |
		 (c->files.n ? 1 << PEER_FILE : 0) |
		 (c->has_commit ? 1 << PEER_COMMIT : 0) |
		 (c->links.n ? 1 << PEER_LINK : 0);
	e = check_kinds(cx, h, *kinds, where);
	if (!e && c->text.n)
		e = check_text(cx, h, c, where);
	if (!e)
		e = check_files(cx, h, c, where);
	if (!e)
		e = check_links(cx, c, where);
	return e;
}

struct str peer_content_write(struct ctx *cx, const struct peer_content *c)
{
	return field_text(cx->arena, &peer_content_shape, c);
}

enum err peer_content_read(struct ctx *cx, struct str personal,
			   struct peer_content *out)
{
	*out = (struct peer_content){ 0 };
	if (!personal.p)
		return err_set(cx, ERR_ERASED,
			       "what was handed in has been erased");
	return field_decode_text(cx, personal, &peer_content_shape, out);
}

/* ---- reviews ---- */

struct str peer_words_write(struct ctx *cx, const struct peer_words *w)
{
	return field_text(cx->arena, &peer_words_shape, w);
}

enum err peer_words_read(struct ctx *cx, struct str personal,
			 struct peer_words *out)
{
	*out = (struct peer_words){ 0 };
	if (!personal.p)
		return err_set(cx, ERR_ERASED, "this review has been erased");
	return field_decode_text(cx, personal, &peer_words_shape, out);
}

struct feedback peer_words_feedback(struct ctx *cx, const struct peer_words *w)
{
	const struct rubric_score *s = w->scores.at;
	struct str *all = ARENA_ARRAY(cx->arena, struct str, w->scores.n);
	size_t n = 0;

	for (size_t i = 0; i < w->scores.n; i++)
		if (s[i].comment.n)
			all[n++] = s[i].comment;
	return (struct feedback){ .strengths = w->strengths,
				  .improvements = w->improvements,
				  .comments = { all, n } };
}
