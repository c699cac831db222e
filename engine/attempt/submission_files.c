/* Files as they come, and into git. */
#include <stdio.h>

#include "base/limits.h"
#include "engine/app.h"
#include "engine/attempt/submission.h"
#include "engine/gradebook/course.h"
#include "graders/upload.h"

enum { REFUSED_SHOWN = 20, PATH = 40 };

struct refusals {
	struct list list; /* struct tree_refused */
};
static const struct field refusals_fields[] = {
	FIELD(struct refusals, list, KIND_LIST, "what was not taken, and why",
	      .of = KIND_OBJECT, .shape = &tree_refused_shape),
	FIELD_END,
};
static const struct shape refusals_shape =
	SHAPE(struct refusals, refusals_fields);

/* What is left of an upload, and which of its files that were. */
struct sieve {
	struct code_file *files;
	size_t *was;
	size_t n;
	struct tree_refused *refused;
	size_t refused_n;
};

static const struct tree_refused *refused_as(const struct tree_list *t,
					     struct str name)
{
	const struct tree_refused *r = t->refused.at;

	for (size_t i = 0; i < t->refused.n; i++)
		if (str_eq(r[i].name, name))
			return &r[i];
	return NULL;
}

static struct run_file run_file_of(const struct code_file *f)
{
	return (struct run_file){ .name = f->name,
				  .data = code_file_bytes(f),
				  .executable = f->executable };
}

static struct list run_files(struct ctx *cx, const struct code_file *f,
			     size_t n)
{
	struct run_file *out = ARENA_ARRAY(cx->arena, struct run_file, n);

	for (size_t i = 0; i < n; i++)
		out[i] = run_file_of(&f[i]);
	return (struct list){ out, n };
}

/*
 * Names that no tree may hold, and those that a tool would take for its own
 * configuration: told, and left out. Of the rest git's side keeps all.
 */
static void sift(struct ctx *cx, const struct upload *u, struct sieve *out)
{
	const struct code_file *f = u->files.at;
	const struct list all = run_files(cx, f, u->files.n);
	struct tree_list t;

	tree_check_files(cx->arena, &all, &t);
	*out = (struct sieve){
		.files = ARENA_ARRAY(cx->arena, struct code_file, u->files.n),
		.was = ARENA_ARRAY(cx->arena, size_t, u->files.n),
		.refused = ARENA_ARRAY(cx->arena, struct tree_refused,
				       u->files.n + t.refused.n),
	};
	if (t.refused.n)
		memcpy(out->refused, t.refused.at,
		       t.refused.n * sizeof(*out->refused));
	out->refused_n = t.refused.n;
	for (size_t i = 0; i < u->files.n; i++) {
		const char *why = code_name_refusal(f[i].name);

		if (!tree_find(&t.files, f[i].name))
			continue;
		if (why && !refused_as(&t, f[i].name)) {
			out->refused[out->refused_n++] =
				(struct tree_refused){ .name = f[i].name,
						       .why = str_of(why) };
			continue;
		}
		out->was[out->n] = i;
		out->files[out->n++] = f[i];
	}
}

static struct str refused_text(struct ctx *cx, const struct sieve *s)
{
	struct refusals r = { { s->refused, s->refused_n } };

	if (r.list.n > REFUSED_SHOWN)
		r.list.n = REFUSED_SHOWN;
	return s->refused_n ? field_text(cx->arena, &refusals_shape, &r)
			    : (struct str){ 0 };
}

/* The error's "/files/N" is of what is left: name the one that was sent. */
static enum err as_sent(struct ctx *cx, const struct sieve *s, enum err e)
{
	struct str field = str_of(cx->error.field);
	const struct str files = STR("/files/");
	char path[PATH];
	int64_t i;

	if (!str_starts(field, files.p) ||
	    !str_int(str_cut(field, files.n, field.n), &i) || i < 0 ||
	    (size_t)i >= s->n)
		return e;
	snprintf(path, sizeof(path), "/files/%zu", s->was[i]);
	return err_field(cx, e, path, "%.*s: %s", STR_FMT(s->files[i].name),
			 str_z(cx->arena, str_of(cx->error.text)));
}

static struct str oid_str(struct ctx *cx, const struct oid *o)
{
	char text[OID_TEXT + 1];

	oid_text(o, text);
	return str_copy(cx->arena, (struct str){ text, OID_TEXT });
}

static struct str tree_of(struct ctx *cx, const struct list *files)
{
	const struct object *o;
	struct list objects;

	objects_of(cx->arena, files, &objects);
	o = objects.at;
	return oid_str(cx, &o[objects.n - 1].id);
}

static void describe(struct ctx *cx, struct str language,
		     const struct tree_list *t, struct response *out)
{
	*out = (struct response){ .language = language,
				  .tree = tree_of(cx, &t->files),
				  .files = (int64_t)t->files.n,
				  .bytes = t->bytes };
}

/* An author with one language need not ask for its name. */
static struct str language_of(const struct code_spec *s, struct str said)
{
	const struct str *l = s->languages.at;

	return said.n || s->languages.n != 1 ? said : l[0];
}

enum err submission_read(struct ctx *cx, const struct live_slot *s,
			 struct jval v, struct said *out)
{
	const struct code_spec *spec = &s->made_of->code;
	struct tree_list tree;
	struct list left, run;
	struct sieve sieve;
	struct upload u;
	enum err e = upload_read(
		cx, v, cx->io ? cx->io->bytes_in : (struct str){ 0 }, &u);

	*out = (struct said){ 0 };
	if (e)
		return e;
	sift(cx, &u, &sieve);
	out->refused = refused_text(cx, &sieve);
	if (!sieve.n && !sieve.refused_n) { /* nothing, and said so */
		out->response = (struct response){ 0 };
		return OK;
	}
	u.language = language_of(spec, u.language);
	left = (struct list){ sieve.files, sieve.n };
	e = u.archive ? code_accepts_archive(cx, spec, u.language, &left, "")
		      : code_accepts(cx, spec, u.language, &left, "");
	if (e) {
		e = as_sent(cx, &sieve, e);
		cx->error.data = out->refused;
		return e;
	}
	run = run_files(cx, sieve.files, sieve.n);
	tree_check_files(cx->arena, &run, &tree);
	out->files = tree.files;
	describe(cx, u.language, &tree, &out->response);
	out->response.archive = u.archive;
	return OK;
}

static struct str message_of(struct ctx *cx, const struct live *l, int64_t slot)
{
	char id[ID_TEXT + 1];

	id_text(&l->row.id, id);
	return str_fmt(cx->arena, "attempt %s, question %lld\n", id,
		       (long long)slot);
}

enum err submission_place(struct ctx *cx, const struct attempt_row *a,
			  int64_t slot, struct repos_place *out)
{
	struct str term;
	enum err e = course_term(cx, &a->org, a->course, a->reserved_at, &term);

	if (!e)
		repos_place(cx->arena, &a->org, a->course, term, &a->learner,
			    &a->id, slot, out);
	return e;
}

enum err submission_keep(struct ctx *cx, const struct live *l, int64_t slot,
			 const struct item *it, struct said *said)
{
	struct repos_place at;
	struct subs_done done;
	struct buf b = { 0 };
	enum err e;

	if (!cx->app->repos)
		return err_set(cx, ERR_UNSUPPORTED,
			       "this server keeps no submissions");
	if (said->response.tree.p) {
		e = submission_place(cx, &l->row, slot, &at);
		if (!e)
			e = submission_room(cx, l, slot, &said->response);
		if (!e)
			e = repos_put(cx, cx->app->repos, &at, &said->files,
				      message_of(cx, l, slot), &done);
		if (e)
			return e;
		said->response.commit = oid_str(cx, &done.commit);
	}
	response_write(&b, it, &said->response);
	said->text = buf_copy(&b, cx->arena);
	buf_done(&b);
	return OK;
}
