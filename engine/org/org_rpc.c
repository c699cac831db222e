#include "engine/org/org_rpc.h"

#include "base/limits.h"
#include "engine/app.h"
#include "engine/auth/org.h"
#include "engine/rpc/page.h"

/* Appends the one record of a command about the tenant itself. */
static void note(struct ctx *cx, const char *event, const struct id *org,
		 const struct id *stream, struct str body)
{
	struct record r = { .org = *org,
			    .stream = *stream,
			    .event = str_of(event),
			    .body = body };

	record_stage(cx, &r);
}

/* ---- organizations ---- */

struct org_new {
	struct str name;
};
static const struct field org_new_fields[] = {
	FIELD(struct org_new, name, KIND_STR, "the tenant's name", .min = 1,
	      .max = LIMIT_NAME_BYTES),
	FIELD_END,
};
static const struct shape org_new_shape = SHAPE(struct org_new, org_new_fields);

struct org_made {
	struct id organization;
	struct str name;
	struct str key;
};
static const struct field org_made_fields[] = {
	FIELD(struct org_made, organization, KIND_ID, "the tenant"),
	FIELD(struct org_made, name, KIND_STR, "its name"),
	FIELD_OPT(struct org_made, key, KIND_STR,
		  "an administrator's API key, shown this once"),
	FIELD_END,
};
static const struct shape org_made_shape =
	SHAPE(struct org_made, org_made_fields);

static enum err organization_create(struct ctx *cx, const void *params,
				    void *result)
{
	const struct org_new *p = params;
	struct org_made *out = result;
	struct organization o;
	struct api_key k = { .name = STR("first administrator"),
			     .roles = ROLE_ORG_ADMIN | ROLE_PLATFORM };
	enum err e = org_create(cx, p->name, &o);

	if (e)
		return e;
	k.org = o.id;
	e = key_create(cx, &k, &out->key);
	if (e)
		return e;
	out->organization = o.id;
	out->name = o.name;
	cx->io->secret_reply = true;
	note(cx, "organization.created", &o.id, &o.id,
	     field_text(cx->arena, &org_new_shape, p));
	return OK;
}

struct org_view {
	struct id organization;
	struct str name, audience;
	int64_t created_at;
};
static const struct field org_view_fields[] = {
	FIELD(struct org_view, organization, KIND_ID, "the tenant"),
	FIELD(struct org_view, name, KIND_STR, "its name"),
	FIELD(struct org_view, audience, KIND_STR,
	      "what its platforms' tokens have as aud"),
	FIELD(struct org_view, created_at, KIND_TIME, "when it was made"),
	FIELD_END,
};
static const struct shape org_view_shape =
	SHAPE(struct org_view, org_view_fields);

static enum err organization_get(struct ctx *cx, const void *params,
				 void *result)
{
	struct org_view *out = result;
	struct organization o;
	enum err e = org_load(cx, &cx->who->org, &o);

	(void)params;
	if (!e)
		*out = (struct org_view){ o.id, o.name,
					  issuer_audience(cx, &o.id),
					  o.created_at };
	return e;
}

/* ---- keys ---- */

struct key_new {
	struct str name;
	uint32_t roles;
	struct list courses;
	int64_t expires_at;
};
static const struct field key_new_fields[] = {
	FIELD(struct key_new, name, KIND_STR, "what the key is for", .min = 1,
	      .max = LIMIT_NAME_BYTES),
	FIELD(struct key_new, roles, KIND_FLAGS, "what it may do",
	      .words = role_words),
	FIELD_OPT(struct key_new, courses, KIND_LIST,
		  "courses it may touch; absent: all", .of = KIND_STR),
	FIELD_OPT(struct key_new, expires_at, KIND_TIME, "until when it works"),
	FIELD_END,
};
static const struct shape key_new_shape = SHAPE(struct key_new, key_new_fields);

struct key_made {
	struct id id;
	struct str key;
};
static const struct field key_made_fields[] = {
	FIELD(struct key_made, id, KIND_ID, "to list and revoke it by"),
	FIELD_OPT(struct key_made, key, KIND_STR,
		  "the key itself, shown this once"),
	FIELD_END,
};
static const struct shape key_made_shape =
	SHAPE(struct key_made, key_made_fields);

/*
 * An administrator runs his organization: he could give himself any role in it,
 * so he may give it to others, but the operator's, which is beyond it. Who is
 * bound to courses gives no others, whatever the role.
 */
static enum err may_grant(struct ctx *cx, uint32_t roles,
			  const struct list *courses)
{
	const struct principal *who = cx->who;

	if ((roles & ROLE_OPERATOR) && !principal_has(who, ROLE_OPERATOR))
		return err_field(
			cx, ERR_DENIED, "/roles",
			"only an operator can make an operator: use an "
			"operator's key");
	if (!who->courses.n)
		return OK;
	if (!courses->n)
		return err_field(cx, ERR_DENIED, "/courses",
				 "your own key covers some courses only; name "
				 "those of them that the new key may touch");
	for (size_t i = 0; i < courses->n; i++)
		if (!principal_covers(who, ((struct str *)courses->at)[i]))
			return err_field(
				cx, ERR_DENIED, "/courses",
				"your own key does not cover course "
				"%zu of the list: leave it out, or use "
				"a key that does",
				i + 1);
	return OK;
}

static enum err key_create_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct key_new *p = params;
	struct key_made *out = result;
	struct api_key k = { .org = cx->who->org,
			     .name = p->name,
			     .roles = p->roles,
			     .courses = p->courses,
			     .expires_at = p->expires_at };
	enum err e = may_grant(cx, p->roles, &p->courses);

	if (!e)
		e = key_create(cx, &k, &out->key);
	if (e)
		return e;
	out->id = k.id;
	cx->io->secret_reply = true;
	note(cx, "key.created", &k.org, &k.id,
	     field_text(cx->arena, &api_key_shape, &k));
	return OK;
}

struct keys {
	struct list keys;
};
static const struct field keys_fields[] = {
	FIELD(struct keys, keys, KIND_LIST, "oldest first", .of = KIND_OBJECT,
	      .shape = &api_key_shape),
	FIELD_END,
};
static const struct shape keys_shape = SHAPE(struct keys, keys_fields);

static enum err key_list_rpc(struct ctx *cx, const void *params, void *result)
{
	(void)params;
	return key_list(cx, &cx->who->org, &((struct keys *)result)->keys);
}

struct named {
	struct id id;
};
static const struct field named_fields[] = {
	FIELD(struct named, id, KIND_ID, "which one"),
	FIELD_END,
};
static const struct shape named_shape = SHAPE(struct named, named_fields);

static enum err key_revoke_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct named *p = params;
	enum err e = key_revoke(cx, &cx->who->org, &p->id);

	if (e)
		return e;
	*(struct named *)result = *p;
	note(cx, "key.revoked", &cx->who->org, &p->id,
	     field_text(cx->arena, &named_shape, p));
	cx->io->rights_changed = true;
	return OK;
}

/* ---- issuers ---- */

struct issuer_new {
	struct str issuer, audience, jwks;
	uint32_t roles;
};
struct issuer_made {
	struct id id;
	struct str audience;
};
static const struct field issuer_new_fields[] = {
	FIELD(struct issuer_new, issuer, KIND_STR, "the tokens' iss", .min = 1,
	      .max = LIMIT_NAME_BYTES),
	FIELD_OPT(struct issuer_new, audience, KIND_STR,
		  "the tokens' aud; has to hold the organization's id. "
		  "Absent: assay:<id>, as organization.get tells",
		  .min = 1, .max = LIMIT_NAME_BYTES),
	FIELD(struct issuer_new, jwks, KIND_RAW,
	      "public keys as a JWK set (RFC 7517); EC P-256 or RSA", .min = 1,
	      .max = LIMIT_JWKS_BYTES),
	FIELD_OPT(struct issuer_new, roles, KIND_FLAGS,
		  "the most that its tokens may claim; absent: learner and "
		  "reviewer",
		  .words = role_words),
	FIELD_END,
};
static const struct shape issuer_new_shape =
	SHAPE(struct issuer_new, issuer_new_fields);
static const struct field issuer_made_fields[] = {
	FIELD(struct issuer_made, id, KIND_ID, "to change and revoke it by"),
	FIELD(struct issuer_made, audience, KIND_STR,
	      "what the tokens have as aud"),
	FIELD_END,
};
static const struct shape issuer_made_shape =
	SHAPE(struct issuer_made, issuer_made_fields);

static enum err issuer_register_rpc(struct ctx *cx, const void *params,
				    void *result)
{
	const struct issuer_new *p = params;
	struct issuer i = { .org = cx->who->org,
			    .issuer = p->issuer,
			    .audience = p->audience,
			    .jwks = p->jwks,
			    .roles = p->roles };
	enum err e = may_grant(cx, p->roles, &(struct list){ 0 });

	if (!e)
		e = issuer_register(cx, &i);
	if (e)
		return e;
	*(struct issuer_made *)result =
		(struct issuer_made){ i.id, i.audience };
	note(cx, "issuer.registered", &i.org, &i.id,
	     field_text(cx->arena, &issuer_shape, &i));
	cx->io->rights_changed = true;
	return OK;
}

struct issuer_change {
	struct id id;
	struct str jwks;
};
static const struct field issuer_change_fields[] = {
	FIELD(struct issuer_change, id, KIND_ID, "the registration"),
	FIELD(struct issuer_change, jwks, KIND_RAW,
	      "the whole new key set; keep the old key in it until its "
	      "tokens have expired",
	      .min = 1, .max = LIMIT_JWKS_BYTES),
	FIELD_END,
};
static const struct shape issuer_change_shape =
	SHAPE(struct issuer_change, issuer_change_fields);

static enum err issuer_update_rpc(struct ctx *cx, const void *params,
				  void *result)
{
	const struct issuer_change *p = params;
	enum err e = issuer_update(cx, &cx->who->org, &p->id, p->jwks);

	if (e)
		return e;
	((struct named *)result)->id = p->id;
	note(cx, "issuer.updated", &cx->who->org, &p->id,
	     field_text(cx->arena, &issuer_change_shape, p));
	cx->io->rights_changed = true;
	return OK;
}

static enum err issuer_revoke_rpc(struct ctx *cx, const void *params,
				  void *result)
{
	const struct named *p = params;
	enum err e = issuer_revoke(cx, &cx->who->org, &p->id);

	if (e)
		return e;
	*(struct named *)result = *p;
	note(cx, "issuer.revoked", &cx->who->org, &p->id,
	     field_text(cx->arena, &named_shape, p));
	cx->io->rights_changed = true;
	return OK;
}

struct issuers {
	struct list issuers;
};
static const struct field issuers_fields[] = {
	FIELD(struct issuers, issuers, KIND_LIST, "oldest first",
	      .of = KIND_OBJECT, .shape = &issuer_shape),
	FIELD_END,
};
static const struct shape issuers_shape = SHAPE(struct issuers, issuers_fields);

static enum err issuer_list_rpc(struct ctx *cx, const void *params,
				void *result)
{
	(void)params;
	return issuer_list(cx, &cx->who->org,
			   &((struct issuers *)result)->issuers);
}

/* ---- learners ---- */

struct learner_ref {
	struct str learner;
	struct str name;
};
static const struct field learner_set_fields[] = {
	FIELD(struct learner_ref, learner, KIND_STR,
	      "the platform's name of the person (sub)", .min = 1,
	      .max = LIMIT_REF_BYTES),
	FIELD(struct learner_ref, name, KIND_STR, "as shown in reports",
	      .min = 1, .max = LIMIT_NAME_BYTES),
	FIELD_END,
};
static const struct shape learner_set_shape = { "learner_set",
						sizeof(struct learner_ref),
						learner_set_fields };

struct learner_who {
	struct str learner;
	struct id id;
};
static const struct field learner_get_fields[] = {
	FIELD_OPT(struct learner_who, learner, KIND_STR,
		  "the platform's name of the person (sub)", .min = 1,
		  .max = LIMIT_REF_BYTES),
	FIELD_OPT(struct learner_who, id, KIND_ID,
		  "or his id, as events, attempts and grades have it"),
	FIELD_END,
};
static const struct shape learner_get_shape = { "learner_get",
						sizeof(struct learner_who),
						learner_get_fields };

static enum err learner_set_rpc(struct ctx *cx, const void *params,
				void *result)
{
	const struct learner_ref *p = params;
	struct id id;
	char text[ID_TEXT + 1];
	enum err e = person_note(cx, &cx->who->org, p->learner, p->name, &id);

	if (!e)
		e = person_load(cx, &cx->who->org, &id, result);
	if (e)
		return e;
	id_text(&id, text);
	/*
	 * The name stays out of the chain, and so do the reply and the hash of
	 * the params: a repeat just sets it again.
	 */
	cx->io->secret_reply = true;
	cx->io->idem = cx->io->ask = (struct str){ 0 };
	note(cx, "learner.set", &cx->who->org, &id,
	     str_fmt(cx->arena, "{\"learner\":\"%s\"}", text));
	return OK;
}

static enum err no_learner(struct ctx *cx, const char *field)
{
	return err_field(cx, ERR_NOT_FOUND, field,
			 "no such learner has been here yet");
}

/* By subject: who has it now, else who had it last, of whom the id is left. */
static enum err learner_named(struct ctx *cx, struct str subject,
			      struct person *out)
{
	struct person_found f;
	enum err e = person_find(cx, &cx->who->org, subject, &f);

	if (e)
		return e;
	if (!f.here && !f.erased_at)
		return no_learner(cx, "/learner");
	if (!f.here)
		return person_load(cx, &cx->who->org, &f.erased, out);
	*out = f.row;
	return OK;
}

static enum err learner_get_rpc(struct ctx *cx, const void *params,
				void *result)
{
	const struct learner_who *p = params;
	struct str subject = p->learner.n ? p->learner : cx->who->subject;
	enum err e;

	if (id_is_none(&p->id) && subject.n)
		return learner_named(cx, subject, result);
	if (id_is_none(&p->id) || p->learner.n)
		return err_field(cx, ERR_INVALID, "/learner",
				 "name one learner, by learner or by id");
	e = person_load(cx, &cx->who->org, &p->id, result);
	return e == ERR_NOT_FOUND ? no_learner(cx, "/id") : e;
}

struct learner_page {
	int64_t limit;
	struct id cursor;
};
static const struct field learner_page_fields[] = {
	RPC_ID_PAGE_FIELDS(struct learner_page),
	FIELD_END,
};
static const struct shape learner_page_shape = { "learner_page",
						 sizeof(struct learner_page),
						 learner_page_fields };

struct learners {
	struct list learners;
	struct id next;
};
static const struct field learners_fields[] = {
	FIELD(struct learners, learners, KIND_LIST,
	      "by id; erased ones have no name", .of = KIND_OBJECT,
	      .shape = &person_shape),
	RPC_NEXT_FIELD(struct learners, KIND_ID),
	FIELD_END,
};
static const struct shape learners_shape =
	SHAPE(struct learners, learners_fields);

static enum err learner_list_rpc(struct ctx *cx, const void *params,
				 void *result)
{
	const struct learner_page *p = params;
	struct learners *out = result;
	bool more = false;
	enum err e = person_list(cx, &cx->who->org, &p->cursor,
				 (size_t)rpc_page_rows(p->limit),
				 &out->learners, &more);

	if (!e && more)
		out->next =
			((struct person *)out->learners.at)[out->learners.n - 1]
				.id;
	return e;
}

const struct rpc_method org_methods[] = {
	{ .name = "organization.create",
	  .does = "Make a tenant and its first administrator's key.",
	  .roles = ROLE_OPERATOR,
	  .flags = RPC_WRITES | RPC_WHOLE,
	  .params = &org_new_shape,
	  .result = &org_made_shape,
	  .run = organization_create },
	{ .name = "organization.get",
	  .does = "Tell which tenant the caller belongs to.",
	  .roles = ROLE_STAFF | ROLE_AUDITOR | ROLE_OPERATOR,
	  .result = &org_view_shape,
	  .run = organization_get },
	{ .name = "key.create",
	  .does = "Make an API key; its text is shown this once.",
	  .roles = ROLE_ORG_ADMIN | ROLE_OPERATOR,
	  .flags = RPC_WRITES,
	  .params = &key_new_shape,
	  .result = &key_made_shape,
	  .fails = FAILS(ERR_DENIED),
	  .run = key_create_rpc },
	{ .name = "key.list",
	  .does = "List the tenant's API keys, without their secrets.",
	  .roles = ROLE_ORG_ADMIN | ROLE_OPERATOR | ROLE_AUDITOR,
	  .flags = RPC_WHOLE,
	  .result = &keys_shape,
	  .run = key_list_rpc },
	{ .name = "key.revoke",
	  .does = "Make an API key useless, at once.",
	  .roles = ROLE_ORG_ADMIN | ROLE_OPERATOR,
	  .flags = RPC_WRITES | RPC_WHOLE,
	  .params = &named_shape,
	  .result = &named_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = key_revoke_rpc },
	{ .name = "issuer.register",
	  .does = "Believe tokens that a platform signs with these keys.",
	  .roles = ROLE_ORG_ADMIN,
	  .flags = RPC_WRITES | RPC_WHOLE,
	  .params = &issuer_new_shape,
	  .result = &issuer_made_shape,
	  .fails = FAILS(ERR_INVALID, ERR_CONFLICT, ERR_DENIED),
	  .run = issuer_register_rpc },
	{ .name = "issuer.update",
	  .does = "Replace an issuer's key set: rotate its keys.",
	  .roles = ROLE_ORG_ADMIN,
	  .flags = RPC_WRITES | RPC_WHOLE,
	  .params = &issuer_change_shape,
	  .result = &named_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = issuer_update_rpc },
	{ .name = "issuer.revoke",
	  .does = "Believe an issuer's tokens no longer.",
	  .roles = ROLE_ORG_ADMIN,
	  .flags = RPC_WRITES | RPC_WHOLE,
	  .params = &named_shape,
	  .result = &named_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = issuer_revoke_rpc },
	{ .name = "issuer.list",
	  .does = "List the tenant's issuers and their public keys.",
	  .roles = ROLE_ORG_ADMIN | ROLE_AUDITOR,
	  .flags = RPC_WHOLE,
	  .result = &issuers_shape,
	  .run = issuer_list_rpc },
	{ .name = "learner.set",
	  .does = "Tell a learner's name for reports.",
	  .roles = ROLE_PLATFORM | ROLE_ORG_ADMIN,
	  .flags = RPC_WRITES | RPC_OWN_KEY | RPC_WHOLE,
	  .params = &learner_set_shape,
	  .result = &person_shape,
	  .run = learner_set_rpc },
	{ .name = "learner.get",
	  .does = "Tell what is known of a learner, by the platform's name or "
		  "by the id in events.",
	  .roles = ROLE_STAFF,
	  .params = &learner_get_shape,
	  .result = &person_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = learner_get_rpc },
	{ .name = "learner.list",
	  .does = "List the learners: which id is whose.",
	  .roles = ROLE_PLATFORM | ROLE_ORG_ADMIN,
	  .flags = RPC_WHOLE,
	  .params = &learner_page_shape,
	  .result = &learners_shape,
	  .run = learner_list_rpc },
	{ 0 },
};
