#include "engine/assessment/publish.h"

#include <sodium.h>

#include "engine/app.h"
#include "engine/assessment/assessment_sql.h"
#include "engine/assessment/before.h"
#include "engine/assessment/selftest.h"
#include "graders/code_known.h"

enum { DIGEST_BYTES = 32 };

struct str assessment_text(struct ctx *cx, const struct assessment_def *def)
{
	struct buf b = { 0 };
	struct str text;

	assessment_write(&b, def);
	text = buf_copy(&b, cx->arena);
	buf_done(&b);
	return text;
}

/* Of what assessment.get shows: who has that can compute it. */
static struct str digest_of(struct ctx *cx, const struct assessment_def *def)
{
	struct assessment_def shown = *def;
	uint8_t *digest = arena_alloc(cx->arena, DIGEST_BYTES);
	struct str text;

	assessment_hide(&shown);
	text = assessment_text(cx, &shown);
	crypto_generichash(digest, DIGEST_BYTES, (const uint8_t *)text.p,
			   text.n, NULL, 0);
	return (struct str){ (char *)digest, DIGEST_BYTES };
}

static enum err refuse(struct ctx *cx, const struct problems *problems)
{
	enum err e = problems_refuse(cx, problems);

	if (e)
		cx->error.data =
			field_text(cx->arena, &problems_shape, problems);
	return e;
}

/* Numbers the version after the newest; of the same content, that is *a. */
static enum err next_version(struct ctx *cx, struct assessment *a,
			     struct str body, bool *fresh)
{
	struct assessment last;
	struct body_row was;
	enum err e = store_one(
		cx, &assessment_sql[ASSESSMENT_LAST],
		VALS(v_id(&a->org), v_text(a->course), v_text(a->slug)), &last);

	*fresh = true;
	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		a->series = a->id;
		a->version = 1;
		return OK;
	}
	if (e)
		return e;
	/* The digest tells nothing of the password: compare the whole. */
	e = store_one(cx, &assessment_sql[ASSESSMENT_BODY],
		      VALS(v_id(&a->org), v_id(&last.id)), &was);
	if (e)
		return e;
	if (str_eq(was.body, body) && !last.retired_at) {
		*fresh = false;
		*a = last;
		return OK;
	}
	a->series = last.series;
	a->version = last.version + 1;
	return OK;
}

static enum err insert(struct ctx *cx, const struct assessment *a,
		       struct str body)
{
	return store_exec(
		cx, &assessment_sql[ASSESSMENT_INSERT],
		VALS(v_id(&a->id), v_id(&a->series), v_id(&a->org),
		     v_text(a->course), v_text(a->slug), v_text(a->title),
		     v_int(a->version), v_int(a->kind), v_dec(a->max_score),
		     v_bytes(a->digest), v_int(a->published_at), v_text(body),
		     v_text(a->source), v_text(a->source_commit)),
		NULL);
}

void assessment_languages(struct ctx *cx, const struct assessment_def *def,
			  struct problems *problems)
{
	const struct item *it = def->items.at;

	for (size_t i = 0; i < def->items.n; i++)
		if (it[i].type == ITEM_CODE)
			code_spec_known(
				cx, &it[i].code,
				str_fmt(cx->arena, "/items/%zu/code", i).p,
				cx->app->language_nth, problems);
}

void assessment_wish_ready(struct ctx *cx, struct assessment_wish *w,
			   bool whole)
{
	selftest_tasks(cx, &w->def, &w->tasks);
	if (!whole)
		return;
	w->body = assessment_text(cx, &w->def);
	w->digest = digest_of(cx, &w->def);
}

enum err assessment_publish(struct ctx *cx, const struct assessment_wish *w,
			    struct assessment *out, struct problems *problems,
			    bool *fresh)
{
	const struct assessment_def *def = &w->def;
	struct assessment a = {
		.id = id_new(cx->clock, cx->rng),
		.org = w->org,
		.course = def->course,
		.slug = def->slug,
		.title = def->title,
		.kind = def->policy.kind,
		.max_score = assessment_max(cx, def),
		.digest = w->body.p ? w->digest : digest_of(cx, def),
		.published_at = clock_ms(cx->clock),
		.source = w->source,
		.source_commit = w->source_commit,
	};
	struct str body = w->body.p ? w->body : assessment_text(cx, def);
	enum err e = before_check(cx, &w->org, def, problems);

	assessment_languages(cx, def, problems);
	if (!e)
		e = refuse(cx, problems);
	if (!e)
		e = next_version(cx, &a, body, fresh);
	if (!e && *fresh)
		e = selftest_passed(cx, &w->org, def, &w->tasks);
	if (!e && *fresh && !w->dry)
		e = insert(cx, &a, body);
	if (!e && *fresh && !w->dry)
		record_stage(cx, &(struct record){
					 .org = a.org,
					 .stream = a.id,
					 .event = STR("assessment.published"),
					 .body = field_text(
						 cx->arena,
						 &assessment_row_shape, &a) });
	if (!e)
		*out = a;
	return e;
}
