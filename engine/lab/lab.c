#include "engine/lab/lab.h"

#include <sodium.h>

#include "base/limits.h"
#include "engine/app.h"
#include "engine/gradebook/course.h"
#include "engine/lab/lab_sql.h"
#include "graders/code_known.h"

enum { DIGEST_BYTES = 32 };

#define L struct lab
#define SHOWN                                                                  \
	FIELD(L, id, KIND_ID, "this version"),                                 \
		FIELD(L, series, KIND_ID, "the lab, in all its versions"),     \
		FIELD(L, course, KIND_STR, "the platform's course id"),        \
		FIELD(L, slug, KIND_STR, "its name in the course"),            \
		FIELD(L, title, KIND_STR, "for people"),                       \
		FIELD(L, version, KIND_INT, "from 1"),                         \
		FIELD(L, digest, KIND_HEX, "BLAKE2b-256 of the lab file"),     \
		FIELD(L, published_at, KIND_TIME, "when")
static const struct field view_fields[] = { SHOWN, FIELD_END };
const struct shape lab_view_shape = SHAPE(L, view_fields);

static const struct field row_fields[] = {
	FIELD(L, id, KIND_ID, "this version"),
	FIELD(L, series, KIND_ID, "the lab, in all its versions"),
	FIELD(L, org, KIND_ID, "the organization"),
	FIELD(L, course, KIND_STR, "the platform's course id"),
	FIELD(L, slug, KIND_STR, "its name in the course"),
	FIELD(L, title, KIND_STR, "for people"),
	FIELD(L, version, KIND_INT, "from 1"),
	FIELD(L, digest, KIND_HEX, "BLAKE2b-256 of the lab file"),
	FIELD(L, published_at, KIND_TIME, "when"),
	FIELD(L, node, KIND_INT, "that published it"),
	FIELD(L, starter, KIND_HEX, "the commit of its files there"),
	FIELD_END,
};
const struct shape lab_row_shape = SHAPE(L, row_fields);
#undef L

struct oid lab_oid(struct str bytes)
{
	struct oid o = { 0 };

	if (bytes.n == OID_BYTES)
		memcpy(o.b, bytes.p, OID_BYTES);
	return o;
}

struct str lab_oid_bytes(struct arena *a, const struct oid *o)
{
	return str_copy(a, (struct str){ (const char *)o->b, OID_BYTES });
}

struct str lab_oid_hex(struct arena *a, const struct oid *o)
{
	char text[OID_TEXT + 1];

	oid_text(o, text);
	return str_copy(a, str_of(text));
}

static struct str json_text_of(struct ctx *cx, struct str s)
{
	struct buf b = { 0 };
	struct str text;

	jout_str(&b, s);
	text = buf_copy(&b, cx->arena);
	buf_done(&b);
	return text;
}

uint64_t lab_key(const struct id *id, int what)
{
	return id_hash(id) * 31 + (uint64_t)what;
}

static struct str repo_of(struct ctx *cx, const struct id *org,
			  struct str course)
{
	return subs_repo_name(cx->arena, org, course, STR(COURSE_TERM_LABS));
}

/* ---- versions ---- */

enum err lab_resolve(struct ctx *cx, const struct lab_ref *ref, struct lab *out)
{
	enum err e;

	if (id_is_none(&ref->lab) && (!ref->course.n || !ref->slug.n))
		return err_field(cx, ERR_INVALID,
				 ref->course.n ? "/slug" : "/course",
				 "name the lab, or its course and slug");
	if (!id_is_none(&ref->lab))
		e = store_one(cx, &lab_sql[LAB_BY_ID],
			      VALS(v_id(&cx->who->org), v_id(&ref->lab)), out);
	else
		e = store_one(cx, &lab_sql[LAB_NEWEST],
			      VALS(v_id(&cx->who->org), v_text(ref->course),
				   v_text(ref->slug)),
			      out);
	if (!e)
		e = principal_course(cx, out->course);
	if (e == ERR_NOT_FOUND)
		return err_set(cx, e, "there is no such lab");
	return e;
}

enum err lab_def_of(struct ctx *cx, const struct id *org,
		    const struct id *version, struct lab_def *out)
{
	struct lab_body_row row;
	enum err e = store_one(cx, &lab_sql[LAB_BODY],
			       VALS(v_id(org), v_id(version)), &row);

	if (e == ERR_NOT_FOUND)
		return err_set(cx, e, "there is no such lab");
	return e ? e : lab_def_read(cx, row.body, out);
}

/* Of the same content it is the newest, and *lab that. */
static enum err number(struct ctx *cx, struct lab *lab, bool *fresh)
{
	struct lab last;
	enum err e = store_one(
		cx, &lab_sql[LAB_NEWEST],
		VALS(v_id(&lab->org), v_text(lab->course), v_text(lab->slug)),
		&last);

	*fresh = true;
	lab->series = lab->id;
	lab->version = 1;
	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		return OK;
	}
	if (e)
		return e;
	if (str_eq(last.digest, lab->digest)) {
		*fresh = false;
		*lab = last;
		return OK;
	}
	lab->series = last.series;
	lab->version = last.version + 1;
	return OK;
}

static enum err publish_files(struct ctx *cx, const struct lab *lab,
			      const struct lab_def *def, struct oid *out)
{
	struct work_place at = {
		repo_of(cx, &lab->org, lab->course),
		work_starter_ref(cx->arena, &lab->series),
	};
	struct subs_done done;
	struct list files;
	enum err e = lab_def_files(cx, def, &files);

	if (!e)
		e = work_publish(cx, cx->app->subs, &at, &files,
				 lab->published_at, &done);
	if (!e)
		*out = done.commit;
	return e;
}

static enum err insert(struct ctx *cx, const struct lab *lab, struct str body)
{
	enum err e = store_exec(cx, &lab_sql[LAB_INSERT],
				VALS(v_id(&lab->id), v_id(&lab->series),
				     v_id(&lab->org), v_text(lab->course),
				     v_text(lab->slug), v_text(lab->title),
				     v_int(lab->version), v_bytes(lab->digest),
				     v_int(lab->published_at), v_int(lab->node),
				     v_bytes(lab->starter), v_text(body)),
				NULL);

	if (!e)
		record_stage(
			cx, &(struct record){
				    .org = lab->org,
				    .stream = lab->id,
				    .event = STR("lab.published"),
				    .body = field_text(cx->arena,
						       &lab_view_shape, lab) });
	return e;
}

/* Languages and a toolchain that there are, and can be asked that. */
static enum err known(struct ctx *cx, const struct lab_def *def)
{
	const char *(*nth)(size_t i) = cx->app->language_nth;
	struct problems p = { 0 };

	if (def->toolchain.n)
		code_language_known(cx, def->toolchain, STR("/toolchain"), nth,
				    &p);
	if (def->language.n)
		code_language_known(cx, def->language, STR("/language"), nth,
				    &p);
	if (def->has_check) {
		code_spec_known(cx, &def->check, "/check", nth, &p);
		code_calls_known(cx, &def->check, "/check", &p);
	}
	return problems_refuse(cx, &p);
}

enum err lab_publish_for(struct ctx *cx, const struct lab_wish *w,
			 struct lab *out, bool *fresh)
{
	struct lab_def def = *w->def;
	uint8_t digest[DIGEST_BYTES];
	struct oid starter;
	struct str body;
	enum err e = known(cx, &def);

	if (e)
		return e;
	if (w->course.n)
		def.course = w->course;
	if (!def.course.n || !def.slug.n)
		return err_field(cx, ERR_INVALID,
				 def.course.n ? "/slug" : "/course",
				 "name the course and the slug in the file");
	if (!principal_covers(cx->who, def.course))
		return err_field(
			cx, ERR_DENIED, "/course",
			"your key or token does not cover this course: "
			"use one that does");
	body = field_text(cx->arena, &lab_def_shape, &def);
	crypto_generichash(digest, sizeof(digest), (const uint8_t *)body.p,
			   body.n, NULL, 0);
	*out = (struct lab){
		.id = id_new(cx->clock, cx->rng),
		.org = w->org,
		.course = def.course,
		.slug = def.slug,
		.title = def.title,
		.digest = str_copy(cx->arena, (struct str){ (char *)digest,
							    sizeof(digest) }),
		.published_at = clock_ms(cx->clock),
		.node = cx->app->node,
	};
	e = number(cx, out, fresh);
	if (e || !*fresh || w->dry)
		return e;
	e = publish_files(cx, out, &def, &starter);
	if (e)
		return e;
	out->starter = lab_oid_bytes(cx->arena, &starter);
	return insert(cx, out, body);
}

enum err lab_starter(struct ctx *cx, const struct lab *lab, struct oid *out)
{
	struct lab_def def;
	enum err e;

	*out = lab_oid(lab->starter);
	if (lab->node == cx->app->node)
		return OK;
	/* Published elsewhere: the file has all that is needed. */
	e = lab_def_of(cx, &lab->org, &lab->id, &def);
	return e ? e : publish_files(cx, lab, &def, out);
}

/* ---- sessions ---- */

struct work_place lab_place(struct ctx *cx, const struct lab_session *s)
{
	return (struct work_place){
		repo_of(cx, &s->org, s->course),
		work_ref(cx->arena, &s->lab, &s->learner),
	};
}

enum err lab_session_here(struct ctx *cx, const struct lab_session *s)
{
	if (s->node == cx->app->node)
		return OK;
	err_set(cx, ERR_CONFLICT,
		"this lab's work is kept by node %lld: call that server",
		(long long)s->node);
	cx->error.data =
		str_fmt(cx->arena, "{\"node\":%lld}", (long long)s->node);
	return ERR_CONFLICT;
}

static enum err make_session(struct ctx *cx, const struct lab *lab,
			     const struct id *learner, struct lab_session *s)
{
	struct work_place at;
	struct oid starter, tip;
	bool fresh;
	enum err e = lab_starter(cx, lab, &starter);

	if (e)
		return e;
	*s = (struct lab_session){
		.org = lab->org,
		.id = id_new(cx->clock, cx->rng),
		.lab = lab->series,
		.learner = *learner,
		.course = lab->course,
		.slug = lab->slug,
		.version = lab->id,
		.number = lab->version,
		.starter = lab_oid_bytes(cx->arena, &starter),
		.node = cx->app->node,
		.opened_at = clock_ms(cx->clock),
		.changed_at = clock_ms(cx->clock),
	};
	at = lab_place(cx, s);
	e = work_begin(cx, cx->app->subs, &at, &starter, &tip, &fresh);
	if (!e)
		e = store_exec(cx, &lab_sql[LAB_SESSION_INSERT],
			       VALS(v_id(&s->org), v_id(&s->id), v_id(&s->lab),
				    v_id(&s->learner), v_text(s->course),
				    v_text(s->slug), v_id(&s->version),
				    v_int(s->number), v_bytes(s->starter),
				    v_int(s->node), v_int(s->opened_at),
				    v_int(s->changed_at)),
			       NULL);
	return e;
}

enum err lab_session_open(struct ctx *cx, const struct lab *lab,
			  const struct id *learner, struct lab_session *out,
			  bool *fresh)
{
	enum err e = store_one(
		cx, &lab_sql[LAB_SESSION_OF],
		VALS(v_id(&lab->org), v_id(&lab->series), v_id(learner)), out);

	*fresh = e == ERR_NOT_FOUND;
	if (e == OK)
		return lab_session_here(cx, out);
	if (e != ERR_NOT_FOUND)
		return e;
	err_clear(cx);
	e = make_session(cx, lab, learner, out);
	if (!e)
		record_stage(
			cx,
			&(struct record){
				.org = out->org,
				.stream = out->id,
				.learner = *learner,
				.event = STR("lab.opened"),
				.body = str_fmt(
					cx->arena,
					"{\"course\":%.*s,\"version\":%lld}",
					STR_FMT(json_text_of(cx, out->course)),
					(long long)out->number) });
	return e;
}

enum err lab_session_row(struct ctx *cx, const struct id *org,
			 const struct id *id, struct lab_session *out)
{
	enum err e = store_one(cx, &lab_sql[LAB_SESSION_BY_ID],
			       VALS(v_id(org), v_id(id)), out);

	if (e == ERR_NOT_FOUND)
		return err_set(cx, e, "there is no such lab session");
	return e;
}

enum err lab_session_load(struct ctx *cx, const struct id *id,
			  struct lab_session *out)
{
	const struct principal *p = cx->who;
	enum err e = lab_session_row(cx, &p->org, id, out);
	bool own;

	if (e)
		return e;
	own = !id_is_none(&p->person) && id_eq(&p->person, &out->learner);
	if ((!own && !principal_has(p, ROLE_STAFF)) ||
	    !principal_covers(p, out->course))
		return err_set(cx, ERR_NOT_FOUND,
			       "there is no such lab session");
	return lab_session_here(cx, out);
}

enum err lab_session_own(struct ctx *cx, const struct id *id,
			 struct lab_session *out)
{
	enum err e = lab_session_load(cx, id, out);

	if (!e && !id_eq(&out->learner, &cx->who->person))
		return err_set(cx, ERR_NOT_FOUND,
			       "there is no such lab session");
	return e;
}

enum err lab_committed(struct ctx *cx, struct lab_session *s,
		       const struct subs_done *done, const char *event)
{
	enum err e;

	if (done->same && !event)
		return OK;
	s->changed_at = clock_ms(cx->clock);
	if (event && !done->same && cx->app->labs)
		labs_changed_later(cx->app->labs, &s->id);
	e = store_exec(cx, &lab_sql[LAB_SESSION_UPDATE],
		       VALS(v_id(&s->org), v_id(&s->id), v_id(&s->version),
			    v_int(s->number), v_bytes(s->starter),
			    v_int(s->changed_at)),
		       NULL);
	if (!e && event && !done->same)
		record_stage(
			cx,
			&(struct record){
				.org = s->org,
				.stream = s->id,
				.learner = s->learner,
				.event = str_of(event),
				.body = str_fmt(
					cx->arena,
					"{\"course\":%.*s,\"commit\":\"%.*s\","
					"\"tree\":\"%.*s\"}",
					STR_FMT(json_text_of(cx, s->course)),
					STR_FMT(lab_oid_hex(cx->arena,
							    &done->commit)),
					STR_FMT(lab_oid_hex(cx->arena,
							    &done->tree))) });
	return e;
}
