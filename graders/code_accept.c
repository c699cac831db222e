/* What may be handed in, and what a learner sees of a task. */
#include <stdio.h>

#include "graders/code_impl.h"

enum { PATH = 190, NAME = 100, FILES_USUAL = 16, BYTES_USUAL = 256 << 10 };

struct check {
	struct ctx *cx;
	const struct code_spec *s;
	const char *where;
	const struct code_file *files;
	size_t n;
};

static enum err refuse(const struct check *k, const char *at, size_t i,
		       const char *what)
{
	char path[PATH];

	if (i == SIZE_MAX)
		snprintf(path, sizeof(path), "%s/%s", k->where, at);
	else
		snprintf(path, sizeof(path), "%s/%s/%zu", k->where, at, i);
	return err_field(k->cx, ERR_INVALID, path, "%s", what);
}

/* The same of one file, by its name: who sends a folder counts no files. */
static enum err refuse_file(const struct check *k, size_t i, const char *what)
{
	struct str name = code_text(k->cx->arena, k->files[i].name, NAME);

	return refuse(k, "files", i,
		      str_z(k->cx->arena, str_fmt(k->cx->arena, "%.*s: %s",
						  STR_FMT(name), what)));
}

/* All of them are too much: with the limit, and the file that is over it. */
static enum err refuse_from(const struct check *k, int64_t i, const char *what,
			    int64_t most, const char *unit)
{
	struct arena *a = k->cx->arena;
	struct str name = code_text(a, k->files[i].name, NAME);

	return refuse(
		k, "files", SIZE_MAX,
		str_z(a, str_fmt(a,
				 "%s; it takes %lld %s, and %.*s is "
				 "over that",
				 what, (long long)most, unit, STR_FMT(name))));
}

const struct code_language *code_language_find(const struct code_languages *l,
					       struct str name)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_is(name, l->at[i].name))
			return &l->at[i];
	return NULL;
}

static bool language_allowed(const struct code_spec *s, struct str language)
{
	const struct str *l = s->languages.at;

	for (size_t i = 0; i < s->languages.n; i++)
		if (str_eq(l[i], language))
			return true;
	return false;
}

static bool is_beside(const struct code_spec *s, struct str name)
{
	const struct code_file *f = s->beside.at;

	for (size_t i = 0; i < s->beside.n; i++)
		if (str_eq_nocase(f[i].name, name))
			return true;
	return false;
}

/* The first rule that takes it; all of them are NULL without rules. */
static const struct code_rule *rule_of(const struct code_spec *s,
				       struct str name)
{
	const struct code_rule *r = s->files.at;

	for (size_t i = 0; i < s->files.n; i++)
		if (code_name_like(name, r[i].name))
			return &r[i];
	return NULL;
}

static enum err check_name(const struct check *k, size_t i)
{
	struct str name = k->files[i].name;
	const char *why = code_name_refusal(name);

	if (why)
		return refuse_file(k, i, why);
	if (is_beside(k->s, name))
		return refuse_file(
			k, i, "the task has a file of this name: leave it out");
	for (size_t j = 0; j < i; j++)
		if (str_eq_nocase(k->files[j].name, name))
			return refuse_file(
				k, i, "two files have this name: rename one");
	return OK;
}

static enum err check_file(const struct check *k, size_t i)
{
	const struct code_file *f = &k->files[i];
	const struct code_rule *r = rule_of(k->s, f->name);
	enum err e = check_name(k, i);

	if (e)
		return e;
	if (f->file.p || (f->text.p && f->base64.p))
		return refuse_file(k, i, "give its bytes as text or as base64");
	if (k->s->files.n && !r)
		return refuse_file(
			k, i,
			"this task takes no file of this name: leave it out");
	if (r && r->max_bytes && code_file_bytes(f).n > (size_t)r->max_bytes)
		return refuse_file(
			k, i,
			str_fmt(k->cx->arena,
				"it is larger than the task takes: make it "
				"smaller; it takes %lld bytes",
				(long long)r->max_bytes)
				.p);
	return OK;
}

static bool has_file(const struct check *k, struct str name)
{
	for (size_t i = 0; i < k->n; i++)
		if (str_eq(k->files[i].name, name))
			return true;
	return false;
}

static enum err check_required(const struct check *k)
{
	const struct code_rule *r = k->s->files.at;

	for (size_t i = 0; i < k->s->files.n; i++)
		if (r[i].required && !has_file(k, r[i].name))
			return refuse(
				k, "files", SIZE_MAX,
				str_z(k->cx->arena,
				      str_fmt(k->cx->arena,
					      "the file %.*s is missing: hand "
					      "it in",
					      STR_FMT(r[i].name))));
	if (k->s->entry.n && !is_beside(k->s, k->s->entry) &&
	    !has_file(k, k->s->entry))
		return refuse(k, "files", SIZE_MAX,
			      str_z(k->cx->arena,
				    str_fmt(k->cx->arena,
					    "the file %.*s is missing: hand it "
					    "in",
					    STR_FMT(k->s->entry))));
	return OK;
}

int64_t code_upload_bytes(const struct code_spec *s)
{
	return s->max_bytes ? s->max_bytes : BYTES_USUAL;
}

enum err code_accepts(struct ctx *cx, const struct code_spec *s,
		      struct str language, const struct list *files,
		      const char *where)
{
	struct check k = { cx, s, where, files->at, files->n };
	int64_t most = code_upload_bytes(s);
	int64_t count = s->max_files ? s->max_files : FILES_USUAL;
	int64_t bytes = 0;
	size_t beyond = SIZE_MAX;
	enum err e = OK;

	if (!language_allowed(s, language))
		return refuse(&k, "language", SIZE_MAX,
			      "the task is not for this language: choose one "
			      "of its own");
	if (!k.n)
		return refuse(&k, "files", SIZE_MAX,
			      "there are no files: hand in at least one");
	if ((int64_t)k.n > count)
		return refuse_from(&k, count,
				   "there are more files than the "
				   "task takes: leave some out",
				   count, "files");
	for (size_t i = 0; !e && i < k.n; i++) {
		e = check_file(&k, i);
		bytes += (int64_t)code_file_bytes(&k.files[i]).n;
		if (bytes > most && beyond == SIZE_MAX)
			beyond = i;
	}
	if (!e && bytes > most)
		return refuse_from(&k, (int64_t)beyond,
				   "the files are larger together than the "
				   "task takes: make them smaller",
				   most, "bytes");
	return e ? e : check_required(&k);
}

static enum err check_archive(const struct check *k)
{
	int64_t most = code_upload_bytes(k->s);
	const char *why;
	size_t bytes;

	if (!code_takes_archive(k->s))
		return refuse(k, "archive", SIZE_MAX,
			      "this task takes no archive: hand in the files "
			      "themselves");
	if (k->n != 1)
		return refuse(k, "files", SIZE_MAX,
			      "an archive comes alone: hand in one file");
	why = code_name_refusal(k->files[0].name);
	if (why)
		return refuse(k, "files", 0, why);
	bytes = code_file_bytes(&k->files[0]).n;
	if (!bytes)
		return refuse(k, "files", 0,
			      "the archive is empty: hand in a zip or a tar");
	if (bytes > CODE_UPLOAD_BYTES ||
	    (int64_t)bytes > most + CODE_ARCHIVE_ROOM)
		return refuse(k, "files", 0,
			      "the archive is larger than the task takes: make "
			      "it smaller");
	return OK;
}

enum err code_accepts_archive(struct ctx *cx, const struct code_spec *s,
			      struct str language, const struct list *files,
			      const char *where)
{
	struct check k = { cx, s, where, files->at, files->n };

	if (!language_allowed(s, language))
		return refuse(&k, "language", SIZE_MAX,
			      "the task is not for this language: choose one "
			      "of its own");
	return check_archive(&k);
}

/* ---- the task as a learner sees it ---- */

static void member(struct buf *b, const char *name)
{
	if (b->n > 0 && b->p[b->n - 1] != '{')
		buf_ch(b, ',');
	jout_name(b, name);
}

static void put_words(struct buf *b, const char *name, const struct list *l)
{
	const struct str *w = l->at;

	member(b, name);
	buf_ch(b, '[');
	for (size_t i = 0; i < l->n; i++) {
		if (i)
			buf_ch(b, ',');
		jout_str(b, w[i]);
	}
	buf_ch(b, ']');
}

static void put_rules(struct buf *b, const struct code_spec *s)
{
	const struct code_rule *r = s->files.at;

	member(b, "files");
	buf_ch(b, '[');
	for (size_t i = 0; i < s->files.n; i++) {
		buf_z(b, i ? ",{\"name\":" : "{\"name\":");
		jout_str(b, r[i].name);
		buf_z(b, r[i].required ? ",\"required\":true" : "");
		if (r[i].max_bytes)
			buf_fmt(b, ",\"max_bytes\":%lld",
				(long long)r[i].max_bytes);
		buf_ch(b, '}');
	}
	buf_ch(b, ']');
}

static void put_starter(struct buf *b, const struct code_spec *s)
{
	const struct code_file *f = s->starter.at;

	member(b, "starter");
	buf_ch(b, '[');
	for (size_t i = 0; i < s->starter.n; i++) {
		if (i)
			buf_ch(b, ',');
		field_encode(b, &code_file_shape, &f[i]);
	}
	buf_ch(b, ']');
}

static void put_limits(struct buf *b, const struct code_spec *s)
{
	struct run_limits l = code_test_limits(s, &(struct code_test){ 0 });

	member(b, "limits");
	buf_fmt(b, "{\"cpu_ms\":%lld,\"memory_bytes\":%lld}",
		(long long)l.cpu_ms, (long long)l.memory_bytes);
}

/* Tests that anybody may see, whole: they are samples. */
static void put_samples(struct buf *b, const struct code_spec *s)
{
	const struct code_test *t = s->tests.at;
	bool any = false;

	member(b, "samples");
	buf_ch(b, '[');
	for (size_t i = 0; i < s->tests.n; i++) {
		if (code_test_visibility(s, &t[i]) != CODE_VISIBLE ||
		    code_test_feedback(s, &t[i]) != CODE_SAY_DIFF)
			continue;
		buf_z(b, any ? ",{\"name\":" : "{\"name\":");
		jout_str(b, t[i].name);
		buf_z(b, ",\"input\":");
		field_encode(b, &code_data_shape, &t[i].input);
		buf_z(b, ",\"answer\":");
		field_encode(b, &code_data_shape, &t[i].answer);
		buf_ch(b, '}');
		any = true;
	}
	buf_ch(b, ']');
}

/* How often it may be handed in, and which one counts. */
static void put_tries(struct buf *b, const struct code_spec *s)
{
	if (s->submissions) {
		member(b, "submissions");
		buf_int(b, s->submissions);
	}
	if (s->every_ms) {
		member(b, "every_ms");
		buf_int(b, s->every_ms);
	}
	if (s->per_minute) {
		member(b, "per_minute");
		buf_int(b, s->per_minute);
	}
	member(b, "counts");
	jout_str(b, str_of(code_counts_words[s->counts]));
}

void code_deliver(struct buf *b, const struct code_spec *s)
{
	buf_ch(b, '{');
	member(b, "kind");
	jout_str(b, str_of(code_kind_words[s->kind]));
	put_words(b, "languages", &s->languages);
	put_rules(b, s);
	if (s->entry.n) {
		member(b, "entry");
		jout_str(b, s->entry);
	}
	member(b, "archives");
	buf_z(b, code_takes_archive(s) ? "true" : "false");
	member(b, "max_files");
	buf_int(b, s->max_files ? s->max_files : FILES_USUAL);
	member(b, "max_bytes");
	buf_int(b, code_upload_bytes(s));
	put_tries(b, s);
	put_limits(b, s);
	put_starter(b, s);
	put_samples(b, s);
	buf_ch(b, '}');
}
