#include "engine/worker/worker_say.h"

#include <stdio.h>

enum { ERROR_BYTES = 400 }; /* of job.fail's params */

enum err say(struct ctx *cx, struct worker_server *s, const char *method,
	     struct str params, struct str bytes, struct client_reply *out)
{
	enum err e = s->call(cx, s->arg, str_of(method), params, bytes, out);

	if (e)
		return e;
	if (!out->code)
		return OK;
	err_field(cx, out->code, str_z(cx->arena, out->field), "%.*s",
		  STR_FMT(str_cut(out->message, 0, ERR_TEXT - 1)));
	cx->error.retry_after_ms = out->retry_after_ms;
	return out->code;
}

enum err worker_call(struct ctx *cx, const struct worker_env *env,
		     const char *method, struct str params, struct str bytes,
		     struct client_reply *out)
{
	return say(cx, env->server, method, params, bytes, out);
}

static enum err no_answer(struct ctx *cx)
{
	return err_set(cx, ERR_UNAVAILABLE,
		       "the server's answer is not what a worker knows");
}

/* ---- job.lease ---- */

static bool get_id(struct ctx *cx, struct jval o, const char *name,
		   struct id *out)
{
	struct jval v;

	return jval_get(o, name, &v) && jval_type(v) == J_STRING &&
	       id_parse(jval_str(cx, v), out);
}

static bool get_int(struct jval o, const char *name, int64_t *out)
{
	struct jval v;

	return jval_get(o, name, &v) && jval_int(v, out);
}

static bool read_job(struct ctx *cx, struct jval o, struct worker_job *out)
{
	struct jval kind, body;

	*out = (struct worker_job){ 0 };
	if (jval_type(o) != J_OBJECT || !get_id(cx, o, "id", &out->id) ||
	    !get_id(cx, o, "org", &out->org) ||
	    !get_int(o, "fence", &out->fence) ||
	    !get_int(o, "tries", &out->tries) ||
	    !get_int(o, "max_tries", &out->max_tries) ||
	    !jval_get(o, "kind", &kind) || jval_type(kind) != J_STRING ||
	    !jval_get(o, "body", &body))
		return false;
	get_id(cx, o, "ref", &out->ref);
	out->kind = jval_str(cx, kind);
	out->body = jval_text(body);
	return true;
}

static enum err read_lease(struct ctx *cx, struct str text, bool *got,
			   struct worker_job *out)
{
	struct jdoc *doc;
	struct jval jobs, one;
	uint32_t it = 0;
	struct str name;
	enum err e = jdoc_parse(cx, text, &doc);

	if (e || jval_type(jdoc_root(doc)) != J_OBJECT ||
	    !jval_get(jdoc_root(doc), "jobs", &jobs) ||
	    jval_type(jobs) != J_ARRAY)
		return no_answer(cx);
	*got = jval_next(jobs, &it, &name, &one);
	return *got && !read_job(cx, one, out) ? no_answer(cx) : OK;
}

void say_words(struct buf *b, const struct list *words)
{
	const struct str *word = words->at;

	buf_ch(b, '[');
	for (size_t i = 0; i < words->n; i++) {
		if (i)
			buf_ch(b, ',');
		jout_str(b, word[i]);
	}
	buf_ch(b, ']');
}

static void say_kinds(struct buf *b, const struct list *kinds)
{
	buf_z(b, "{\"kinds\":");
	say_words(b, kinds);
}

enum err say_lease(struct ctx *cx, struct worker_server *s, struct str name,
		   const struct list *kinds, struct str about, int64_t lease_ms,
		   bool *got, struct worker_job *out)
{
	struct client_reply r;
	struct buf b = { 0 };
	enum err e;

	say_kinds(&b, kinds);
	buf_z(&b, ",\"worker\":");
	jout_str(&b, name);
	buf_fmt(&b, ",\"limit\":1,\"lease_ms\":%lld", (long long)lease_ms);
	if (about.p) {
		buf_z(&b, ",\"about\":");
		buf_str(&b, about);
	}
	buf_ch(&b, '}');
	e = say(cx, s, "job.lease", buf_view(&b), (struct str){ 0 }, &r);
	buf_done(&b);
	return e ? e : read_lease(cx, r.result, got, out);
}

enum err say_wait(struct ctx *cx, struct worker_server *s,
		  const struct list *kinds, struct str languages,
		  int64_t wait_ms, bool *due)
{
	struct client_reply r;
	struct buf b = { 0 };
	struct jdoc *doc;
	struct jval v;
	enum err e;

	say_kinds(&b, kinds);
	buf_fmt(&b, ",\"wait_ms\":%lld", (long long)wait_ms);
	if (languages.p) {
		buf_z(&b, ",\"languages\":");
		buf_str(&b, languages);
	}
	buf_ch(&b, '}');
	e = say(cx, s, "job.wait", buf_view(&b), (struct str){ 0 }, &r);
	buf_done(&b);
	if (e)
		return e;
	e = jdoc_parse(cx, r.result, &doc);
	if (e || jval_type(jdoc_root(doc)) != J_OBJECT ||
	    !jval_get(jdoc_root(doc), "due", &v) || jval_type(v) != J_BOOL)
		return no_answer(cx);
	*due = jval_bool(v);
	return OK;
}

/* ---- with a lease ---- */

static void held(struct buf *b, const struct worker_job *j)
{
	buf_z(b, "{\"job\":");
	jout_id(b, &j->id);
	buf_z(b, ",\"organization\":");
	jout_id(b, &j->org);
	buf_fmt(b, ",\"fence\":%lld", (long long)j->fence);
}

static enum err say_held(struct ctx *cx, struct worker_server *s,
			 const char *method, struct buf *b,
			 struct client_reply *r)
{
	enum err e;

	buf_ch(b, '}');
	e = say(cx, s, method, buf_view(b), (struct str){ 0 }, r);
	buf_done(b);
	return e;
}

enum err say_renew(struct ctx *cx, struct worker_server *s,
		   const struct worker_job *j, int64_t lease_ms)
{
	struct client_reply r;
	struct buf b = { 0 };

	held(&b, j);
	buf_fmt(&b, ",\"lease_ms\":%lld", (long long)lease_ms);
	return say_held(cx, s, "job.renew", &b, &r);
}

enum err say_input(struct ctx *cx, struct worker_server *s,
		   const struct worker_job *j, struct str *input,
		   struct str *bytes)
{
	struct client_reply r;
	struct buf b = { 0 };
	struct jdoc *doc;
	struct jval v;
	enum err e;

	held(&b, j);
	e = say_held(cx, s, "job.input", &b, &r);
	if (e)
		return e;
	e = jdoc_parse(cx, r.result, &doc);
	if (e || jval_type(jdoc_root(doc)) != J_OBJECT ||
	    !jval_get(jdoc_root(doc), "input", &v))
		return no_answer(cx);
	*input = jval_text(v);
	*bytes = r.bytes;
	return OK;
}

enum err say_finish(struct ctx *cx, struct worker_server *s,
		    const struct worker_job *j, struct str result)
{
	struct client_reply r;
	struct buf b = { 0 };

	held(&b, j);
	buf_z(&b, ",\"result\":");
	buf_str(&b, result);
	return say_held(cx, s, "job.finish", &b, &r);
}

enum err say_fail(struct ctx *cx, struct worker_server *s,
		  const struct worker_job *j, struct str error, bool retry)
{
	struct client_reply r;
	struct buf b = { 0 };

	error = str_cut(error, 0, ERROR_BYTES);
	while (error.n && !str_utf8_ok(error))
		error.n--;
	held(&b, j);
	buf_z(&b, ",\"error\":");
	jout_str(&b, error.n ? error : STR("no reason was given"));
	buf_fmt(&b, ",\"retry\":%s", retry ? "true" : "false");
	return say_held(cx, s, "job.fail", &b, &r);
}

enum err say_release(struct ctx *cx, struct worker_server *s,
		     const struct worker_job *j)
{
	struct client_reply r;
	struct buf b = { 0 };

	held(&b, j);
	return say_held(cx, s, "job.release", &b, &r);
}
