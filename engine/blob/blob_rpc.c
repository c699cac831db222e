/* blob.*: contents by their digest, and who may see them. */
#include "base/limits.h"
#include "engine/app.h"
#include "engine/auth/org.h"
#include "engine/blob/blob.h"

#define SEERS (ROLE_STAFF | ROLE_LEARNER | ROLE_REVIEWER)

/* Of who was erased and did not come back it is told that they are erased. */
static enum err named(struct ctx *cx, struct str subject, struct id *out)
{
	struct person_found f;
	enum err e = person_find(cx, &cx->who->org, subject, &f);

	if (!e)
		*out = !f.here && f.erased_at ? f.erased : f.id;
	return e;
}

/*
 * Whose blobs the call is about; none: the tenant's own. A learner has only
 * his. A member of the staff names the learner; whoever is bound to some
 * courses may not, since a blob belongs to no course: the slice that knows the
 * course shows it.
 */
static enum err whose(struct ctx *cx, struct str learner, struct id *out)
{
	const struct principal *who = cx->who;
	bool staff = principal_has(who, ROLE_STAFF);

	*out = (struct id){ 0 };
	if (staff && !learner.n)
		return OK;
	if (learner.n && !str_eq(learner, who->subject) &&
	    (!staff || who->courses.n))
		return err_field(
			cx, ERR_DENIED, "/learner",
			"you may not name this learner: leave learner "
			"out, or use a token of staff for all courses");
	return cx->records || !learner.n || str_eq(learner, who->subject)
		       ? person_for(cx, learner, out)
		       : named(cx, learner, out);
}

static enum err no_blob(struct ctx *cx)
{
	return err_set(cx, ERR_NOT_FOUND, "there is no such blob");
}

/* ---- blob.put ---- */

struct put_params {
	struct str media_type, learner;
};
static const struct field put_fields[] = {
	FIELD(struct put_params, media_type, KIND_STR,
	      "what it is: type/subtype", .min = 3, .max = BLOB_MEDIA_TYPE),
	FIELD_OPT(struct put_params, learner, KIND_STR,
		  "whose document it is; it is then encrypted for him and goes "
		  "with him. A learner's are always his own.",
		  .max = LIMIT_REF_BYTES),
	FIELD_END,
};
static const struct shape put_shape = SHAPE(struct put_params, put_fields);

struct put_result {
	struct str digest;
	int64_t bytes;
	bool made;
};
static const struct field put_result_fields[] = {
	FIELD(struct put_result, digest, KIND_HEX, "BLAKE2b-256 of the content",
	      .min = BLOB_DIGEST, .max = BLOB_DIGEST),
	FIELD(struct put_result, bytes, KIND_INT, "its size"),
	FIELD(struct put_result, made, KIND_BOOL, "false: it was there before"),
	FIELD_END,
};
static const struct shape put_result_shape =
	SHAPE(struct put_result, put_result_fields);

/*
 * The digest of a personal blob would let anyone who reads the chain try
 * contents against it, so it stands in the part that can be erased. For the
 * same reason neither the hash of the request nor the reply is kept: the
 * method needs no key to be repeated safely.
 */
static void note(struct ctx *cx, const struct blob *b)
{
	bool personal = !id_is_none(&b->learner);
	struct record r = { .org = b->org,
			    .stream = personal ? b->learner : b->org,
			    .learner = b->learner,
			    .event = STR("blob.stored"),
			    .idem = cx->io->idem };
	struct buf text = { 0 };

	buf_z(&text, "{\"digest\":\"");
	buf_hex(&text, b->digest.p, b->digest.n);
	buf_z(&text, "\"}");
	if (personal)
		r.personal = buf_copy(&text, cx->arena);
	buf_reset(&text);
	buf_fmt(&text, "{\"bytes\":%lld,\"media_type\":", (long long)b->bytes);
	jout_str(&text, b->media_type);
	if (!personal) {
		buf_z(&text, ",\"digest\":\"");
		buf_hex(&text, b->digest.p, b->digest.n);
		buf_z(&text, "\"");
	}
	buf_z(&text, "}");
	r.body = buf_copy(&text, cx->arena);
	buf_done(&text);
	record_stage(cx, &r);
	cx->io->secret_reply = true;
}

static enum err blob_put_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct put_params *p = params;
	struct put_result *out = result;
	struct blob b = { .org = cx->who->org, .media_type = p->media_type };
	enum err e = whose(cx, p->learner, &b.learner);

	if (!e)
		e = blob_put(cx, &b, cx->io->bytes_in, &out->made);
	if (e)
		return e;
	out->digest = b.digest;
	out->bytes = b.bytes;
	if (out->made)
		note(cx, &b);
	return OK;
}

/* ---- blob.info, blob.get ---- */

struct get_params {
	struct str digest, learner;
};
static const struct field get_fields[] = {
	FIELD(struct get_params, digest, KIND_HEX, "BLAKE2b-256 of the content",
	      .min = BLOB_DIGEST, .max = BLOB_DIGEST),
	FIELD_OPT(struct get_params, learner, KIND_STR,
		  "whose document it is; absent: the tenant's, or the calling "
		  "learner's",
		  .max = LIMIT_REF_BYTES),
	FIELD_END,
};
static const struct shape get_shape = SHAPE(struct get_params, get_fields);

static const struct field blob_fields[] = {
	FIELD(struct blob, digest, KIND_HEX, "BLAKE2b-256 of the content"),
	FIELD(struct blob, bytes, KIND_INT, "its size"),
	FIELD(struct blob, media_type, KIND_STR,
	      "as told by who sent it; not checked against the content"),
	FIELD_OPT(struct blob, learner, KIND_ID, "whose document it is"),
	FIELD(struct blob, created_at, KIND_TIME, "when it was stored first"),
	FIELD_END,
};
static const struct shape blob_shape = SHAPE(struct blob, blob_fields);

static enum err seen(struct ctx *cx, const struct get_params *p,
		     struct id *learner)
{
	enum err e = whose(cx, p->learner, learner);

	return e == ERR_DENIED ? no_blob(cx) : e;
}

static enum err blob_info_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct get_params *p = params;
	struct id learner;
	enum err e = seen(cx, p, &learner);

	return e ? e
		 : blob_load(cx, &cx->who->org, &learner, p->digest, result);
}

static enum err blob_get_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct get_params *p = params;
	struct id learner;
	enum err e = seen(cx, p, &learner);

	return e ? e
		 : blob_read(cx, &cx->who->org, &learner, p->digest, result,
			     &cx->io->bytes_out);
}

const struct rpc_method blob_methods[] = {
	{ .name = "blob.put",
	  .does = "Store a content; the same content again is the same blob.",
	  .roles = SEERS,
	  .flags = RPC_WRITES | RPC_TAKES_BYTES | RPC_OWN_KEY | RPC_QUIET,
	  .budget_ms = 2000,
	  .params = &put_shape,
	  .result = &put_result_shape,
	  .fails = FAILS(ERR_DENIED, ERR_TOO_LARGE),
	  .run = blob_put_rpc },
	{ .name = "blob.info",
	  .does = "Tell what is stored under a digest.",
	  .roles = SEERS,
	  .budget_ms = 200,
	  .params = &get_shape,
	  .result = &blob_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_ERASED),
	  .run = blob_info_rpc },
	{ .name = "blob.get",
	  .does = "Give back a stored content, checked to the last bit.",
	  .roles = SEERS,
	  .flags = RPC_SLOW | RPC_GIVES_BYTES,
	  .budget_ms = 2000,
	  .params = &get_shape,
	  .result = &blob_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_ERASED, ERR_CORRUPT),
	  .run = blob_get_rpc },
	{ 0 },
};
