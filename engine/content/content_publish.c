#include <sodium.h>

#include "engine/assessment/peer_file.h"
#include "engine/assessment/publish.h"
#include "engine/assessment/selftest.h"
#include "engine/content/content.h"
#include "engine/lab/lab.h"
#include "graders/bundle.h"

enum { DIGEST_BYTES = 32 };

struct content_ready {
	struct str digest;
	enum err e; /* why it is neither */
	struct err_info error;
	struct assessment_wish wish; /* def, tasks */
	struct problems problems;
	struct lab_def lab;
};

static struct str digest_of(struct ctx *cx, struct str text)
{
	uint8_t *digest = arena_alloc(cx->arena, DIGEST_BYTES);

	crypto_generichash(digest, DIGEST_BYTES, (const uint8_t *)text.p,
			   text.n, NULL, 0);
	return (struct str){ (char *)digest, DIGEST_BYTES };
}

/* ---- outcomes ---- */

static void refuse(struct content_file *f, struct str why)
{
	f->outcome = CONTENT_REFUSED;
	f->why = why;
}

/* What the caller of the sync is to blame for is the file's outcome. */
static bool of_the_file(enum err e)
{
	return e == ERR_INVALID || e == ERR_BAD_JSON || e == ERR_TOO_LARGE ||
	       e == ERR_UNSUPPORTED || e == ERR_PRECONDITION;
}

static enum err refuse_by(struct ctx *cx, struct content_file *f, enum err e,
			  const struct problems *problems)
{
	if (!of_the_file(e))
		return e;
	f->outcome = CONTENT_REFUSED;
	if (problems->list.n)
		f->problems = field_text(cx->arena, &problems_shape, problems);
	else
		f->why = str_copy(cx->arena, str_of(cx->error.text));
	err_clear(cx);
	return OK;
}

/* Whoever syncs need not ask for the self-test of code items by hand. */
static enum err try_tasks(struct ctx *cx, const struct assessment_wish *w,
			  struct content_file *f)
{
	const struct problems none = { 0 };
	struct selftest_result r;
	enum err e;

	err_clear(cx);
	e = selftest_ask(cx, &w->org, &w->def, &w->tasks, true, &r);
	if (e)
		return refuse_by(cx, f, e, &none);
	f->outcome = CONTENT_TESTING;
	f->why = STR("its code items are tried first: sync again when that is "
		     "over; code.selftest tells how far it is");
	return OK;
}

/* Two files that publish under one name would replace each other for ever. */
static enum err slug_taken(struct ctx *cx, struct content_file *f, bool *taken)
{
	struct content_file other;
	enum err e = store_one(cx, &content_sql[CONTENT_FILE_BY_SLUG],
			       VALS(v_id(&f->org), v_id(&f->sync),
				    v_int(f->kind), v_text(f->slug)),
			       &other);

	*taken = !e;
	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		return OK;
	}
	if (!e)
		refuse(f, str_fmt(cx->arena,
				  "its slug is that of %.*s in the same folder",
				  STR_FMT(str_cut(other.path, 0, 200))));
	return e;
}

void content_make_ready(struct ctx *cx, struct content_find *f)
{
	struct content_ready *r = ARENA_NEW(cx->arena, struct content_ready);

	f->ready = r;
	if (!f->text.n)
		return;
	r->digest = digest_of(cx, f->text);
	if (f->kind == BUNDLE_LAB)
		r->e = lab_def_read(cx, f->text, &r->lab);
	else if (f->kind == BUNDLE_ASSESSMENT)
		r->e = assessment_read_new(cx, f->text, &r->wish.def,
					   &r->problems);
	if (!r->e && f->kind == BUNDLE_ASSESSMENT)
		r->e = peer_file_check(cx, &r->wish.def, &r->problems);
	if (!r->e && f->kind == BUNDLE_ASSESSMENT)
		assessment_wish_ready(cx, &r->wish, false);
	r->error = cx->error;
	err_clear(cx);
}

static enum err publish_assessment(struct ctx *cx, const struct content_sync *s,
				   const struct content_ready *ready,
				   struct content_file *f)
{
	struct assessment_wish w = ready->wish;
	struct problems problems = ready->problems;
	struct assessment a;
	bool fresh = false, taken = false;
	enum err e = ready->e;

	if (e) {
		cx->error = ready->error;
		return refuse_by(cx, f, e, &problems);
	}
	w.org = s->org;
	w.source = s->source;
	w.source_commit = s->commit_id;
	w.dry = s->dry_run;
	w.def.course = s->course; /* the caller's right covers that one */
	f->slug = w.def.slug;
	e = slug_taken(cx, f, &taken);
	if (e || taken)
		return e;
	e = assessment_publish(cx, &w, &a, &problems, &fresh);
	if (e == ERR_PRECONDITION && !w.dry)
		return try_tasks(cx, &w, f);
	if (e)
		return refuse_by(cx, f, e, &problems);
	f->outcome = !fresh	  ? CONTENT_UNCHANGED
		     : s->dry_run ? CONTENT_WOULD
				  : CONTENT_PUBLISHED;
	f->version = a.version;
	if (f->outcome != CONTENT_WOULD)
		f->version_id = a.id;
	if (problems.list.n)
		f->problems = field_text(cx->arena, &problems_shape, &problems);
	return OK;
}

static enum err publish_lab(struct ctx *cx, const struct content_sync *s,
			    const struct content_ready *ready,
			    struct content_file *f)
{
	const struct lab_wish w = { .org = s->org,
				    .def = &ready->lab,
				    .course = s->course,
				    .dry = s->dry_run };
	const struct problems none = { 0 };
	bool fresh = false, taken = false;
	struct lab lab;
	enum err e = ready->e;

	if (e) {
		cx->error = ready->error;
		return refuse_by(cx, f, e, &none);
	}
	f->slug = ready->lab.slug;
	e = slug_taken(cx, f, &taken);
	if (e || taken)
		return e;
	e = lab_publish_for(cx, &w, &lab, &fresh);
	if (e)
		return refuse_by(cx, f, e, &none);
	f->outcome = !fresh	  ? CONTENT_UNCHANGED
		     : s->dry_run ? CONTENT_WOULD
				  : CONTENT_PUBLISHED;
	f->version = lab.version;
	if (f->outcome != CONTENT_WOULD)
		f->version_id = lab.id;
	return OK;
}

/* Published before by this source, and nothing else of the name since. */
static enum err as_before(struct ctx *cx, const struct content_sync *s,
			  struct content_file *f, bool *same)
{
	struct content_file was;
	enum err e = store_one(cx, &content_sql[CONTENT_FILE_BEFORE],
			       VALS(v_id(&s->org), v_text(s->course),
				    v_text(s->source), v_text(s->path),
				    v_text(f->path), v_int(f->kind)),
			       &was);

	*same = !e && str_eq(was.digest, f->digest);
	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		return OK;
	}
	if (*same) {
		f->outcome = CONTENT_UNCHANGED;
		f->slug = was.slug;
		f->version_id = was.version_id;
		f->version = was.version;
	}
	return e;
}

static enum err decide(struct ctx *cx, const struct content_sync *s,
		       const struct content_find *in, struct content_file *f)
{
	bool same = false;
	enum err e;

	if (!in->text.n) {
		f->outcome = CONTENT_REFUSED;
		f->problems = in->problems;
		f->why = in->why;
		return OK;
	}
	f->digest = in->ready->digest;
	e = as_before(cx, s, f, &same);
	if (e || same)
		return e;
	switch ((enum bundle_kind)in->kind) {
	case BUNDLE_ASSESSMENT:
		return publish_assessment(cx, s, in->ready, f);
	case BUNDLE_LAB:
		return publish_lab(cx, s, in->ready, f);
	case BUNDLE_KIND_COUNT:
		break;
	}
	refuse(f, STR("this server publishes no such files"));
	return OK;
}

enum err content_take(struct ctx *cx, const struct content_sync *s,
		      const struct content_find *in, struct content_file *out)
{
	struct content_file f = {
		.org = s->org, .sync = s->id, .path = in->path, .kind = in->kind
	};
	struct list all;
	enum err e = store_one(
		cx, &content_sql[CONTENT_FILE_BY_PATH],
		VALS(v_id(&s->org), v_id(&s->id), v_text(in->path)), out);

	if (e != ERR_NOT_FOUND)
		return e;
	err_clear(cx);
	e = store_list(cx, &content_sql[CONTENT_FILE_LIST],
		       VALS(v_id(&s->org), v_id(&s->id)), CONTENT_FILES, &all,
		       NULL);
	if (!e && all.n >= CONTENT_FILES)
		return err_set(cx, ERR_LIMIT_REACHED, "one sync takes %d files",
			       CONTENT_FILES);
	if (!e)
		e = decide(cx, s, in, &f);
	if (!e)
		e = store_exec(cx, &content_sql[CONTENT_FILE_INSERT],
			       VALS(v_id(&f.org), v_id(&f.sync), v_text(f.path),
				    v_int(f.kind), v_text(f.slug),
				    v_int(f.outcome), v_id(&f.version_id),
				    v_int(f.version), v_bytes(f.digest),
				    v_text(f.problems), v_text(f.why)),
			       NULL);
	if (!e)
		*out = f;
	return e;
}
