#include "engine/auth/org.h"

#include <sodium.h>

#include "base/limits.h"
#include "engine/app.h"
#include "engine/auth/auth_sql.h"
#include "engine/auth/key.h"
#include "engine/auth/person_key.h"

static const struct field organization_fields[] = {
	FIELD(struct organization, id, KIND_ID, "the tenant"),
	FIELD(struct organization, name, KIND_STR, "its name"),
	FIELD(struct organization, person_key, KIND_BYTES, "never shown"),
	FIELD(struct organization, created_at, KIND_TIME, "when it was made"),
	FIELD_END,
};
const struct shape organization_row =
	SHAPE(struct organization, organization_fields);

#define KEY_FIELDS                                                             \
	FIELD(struct api_key, id, KIND_ID, "the key's id"),                    \
		FIELD(struct api_key, org, KIND_ID, "the organization"),       \
		FIELD(struct api_key, name, KIND_STR, "what it is for"),       \
		FIELD(struct api_key, roles, KIND_FLAGS, "what it may do",     \
		      .words = role_words),                                    \
		FIELD(struct api_key, courses, KIND_LIST,                      \
		      "courses it may touch; empty: all", .of = KIND_STR)

static const struct field api_key_row_fields[] = {
	KEY_FIELDS,
	FIELD(struct api_key, hash, KIND_BYTES, "keyed hash of the secret"),
	FIELD_OPT(struct api_key, created_at, KIND_TIME, "when it was made"),
	FIELD_OPT(struct api_key, expires_at, KIND_TIME, "until when it works"),
	FIELD_OPT(struct api_key, revoked_at, KIND_TIME, "when it was revoked"),
	FIELD_END,
};
const struct shape api_key_row = SHAPE(struct api_key, api_key_row_fields);

static const struct field api_key_fields[] = {
	KEY_FIELDS,
	FIELD_OPT(struct api_key, created_at, KIND_TIME, "when it was made"),
	FIELD_OPT(struct api_key, expires_at, KIND_TIME, "until when it works"),
	FIELD_OPT(struct api_key, revoked_at, KIND_TIME, "when it was revoked"),
	FIELD_END,
};
const struct shape api_key_shape = { "api_key", sizeof(struct api_key),
				     api_key_fields };

static const struct field person_fields[] = {
	FIELD(struct person, id, KIND_ID, "the person in this service"),
	FIELD(struct person, org, KIND_ID, "the organization"),
	FIELD_OPT(struct person, subject, KIND_STR, "the platform's name"),
	FIELD_OPT(struct person, name, KIND_STR, "as shown in reports"),
	FIELD_OPT(struct person, created_at, KIND_TIME, "first seen"),
	FIELD_OPT(struct person, erased_at, KIND_TIME, "when it was erased"),
	FIELD_END,
};
const struct shape person_shape = { "person", sizeof(struct person),
				    person_fields };

enum err org_create(struct ctx *cx, struct str name, struct organization *out)
{
	struct organization o = { .name = name };
	char *key = arena_alloc(cx->arena, 32);
	enum err e;

	if (str_trim(name).n == 0 || name.n > LIMIT_NAME_BYTES)
		return err_field(cx, ERR_INVALID, "/name",
				 "name the organization in 1 to %d bytes",
				 LIMIT_NAME_BYTES);
	o.id = id_new(cx->clock, cx->rng);
	o.created_at = clock_ms(cx->clock);
	rng_fill(cx->rng, key, 32);
	o.person_key = (struct str){ key, 32 };
	e = store_exec(cx, &auth_sql[ORG_INSERT],
		       VALS(v_id(&o.id), v_text(o.name), v_bytes(o.person_key),
			    v_int(o.created_at)),
		       NULL);
	if (!e)
		*out = o;
	return e;
}

enum err org_load(struct ctx *cx, const struct id *id, struct organization *out)
{
	return store_one(cx, &auth_sql[ORG_BY_ID], VALS(v_id(id)), out);
}

enum err org_any(struct ctx *cx)
{
	struct organization o;

	return store_one(cx, &auth_sql[ORG_ANY], NULL, 0, &o);
}

static enum err key_check(struct ctx *cx, const struct api_key *k)
{
	if (str_trim(k->name).n == 0 || k->name.n > LIMIT_NAME_BYTES)
		return err_field(cx, ERR_INVALID, "/name",
				 "say what the key is for in 1 to %d bytes",
				 LIMIT_NAME_BYTES);
	if (!k->roles)
		return err_field(cx, ERR_INVALID, "/roles",
				 "give the key at least one role");
	if (k->expires_at && k->expires_at <= clock_ms(cx->clock))
		return err_field(cx, ERR_INVALID, "/expires_at",
				 "expires_at must be in the future");
	return OK;
}

enum err key_create(struct ctx *cx, struct api_key *k, struct str *secret)
{
	struct buf courses = { 0 };
	enum err e = key_check(cx, k);

	if (e)
		return e;
	k->id = id_new(cx->clock, cx->rng);
	k->created_at = clock_ms(cx->clock);
	*secret = key_secret_new(cx, &k->id, &k->hash);
	buf_ch(&courses, '[');
	for (size_t i = 0; i < k->courses.n; i++) {
		if (i)
			buf_ch(&courses, ',');
		jout_str(&courses, ((struct str *)k->courses.at)[i]);
	}
	buf_ch(&courses, ']');
	e = store_exec(cx, &auth_sql[KEY_INSERT],
		       VALS(v_id(&k->id), v_id(&k->org), v_text(k->name),
			    v_int(k->roles), v_text(buf_view(&courses)),
			    v_bytes(k->hash), v_int(k->created_at),
			    v_int(k->expires_at)),
		       NULL);
	buf_done(&courses);
	return e;
}

enum err key_list(struct ctx *cx, const struct id *org, struct list *out)
{
	return store_list(cx, &auth_sql[KEY_LIST], VALS(v_id(org)), LIMIT_PAGE,
			  out, NULL);
}

static enum err revoke(struct ctx *cx, enum auth_stmt st, const struct id *org,
		       const struct id *id, const char *what)
{
	int64_t changed;
	enum err e = store_exec(
		cx, &auth_sql[st],
		VALS(v_id(org), v_id(id), v_int(clock_ms(cx->clock))),
		&changed);

	if (!e && !changed)
		return err_set(cx, ERR_NOT_FOUND, "there is no such %s", what);
	return e;
}

enum err key_revoke(struct ctx *cx, const struct id *org, const struct id *id)
{
	return revoke(cx, KEY_REVOKE, org, id, "key");
}

enum err issuer_revoke(struct ctx *cx, const struct id *org,
		       const struct id *id)
{
	return revoke(cx, ISSUER_REVOKE, org, id, "issuer");
}

/*
 * A subject is UTF-8, which never begins with this byte: what is hashed of
 * somebody who came back cannot be a subject.
 */
enum { BACK = 0xff };

/* before: whose subject it was and who was erased; none: nobody. */
static struct id person_id(const struct organization *o,
			   const struct id *before, struct str subject)
{
	crypto_generichash_state h;
	const unsigned char back = BACK;
	struct id id;

	crypto_generichash_init(&h, (const unsigned char *)o->person_key.p,
				o->person_key.n, sizeof(id.b));
	if (!id_is_none(before)) {
		crypto_generichash_update(&h, &back, 1);
		crypto_generichash_update(&h, before->b, sizeof(before->b));
	}
	crypto_generichash_update(&h, (const unsigned char *)subject.p,
				  subject.n);
	crypto_generichash_final(&h, id.b, sizeof(id.b));
	id.b[6] = (uint8_t)(0x80 | (id.b[6] & 0x0f)); /* UUIDv8: our own */
	id.b[8] = (uint8_t)(0x80 | (id.b[8] & 0x3f));
	return id;
}

enum err person_find(struct ctx *cx, const struct id *org, struct str subject,
		     struct person_found *out)
{
	struct auth *a = cx->app ? cx->app->auth : NULL;
	struct person_found f = { 0 };
	uint8_t key[PERSON_KEY_BYTES];
	const struct organization o = { .person_key = { (const char *)key,
							sizeof(key) } };
	enum err e =
		person_keys_get(a ? auth_person_keys(a) : NULL, cx, org, key);

	if (e)
		return e;
	for (;;) {
		f.id = person_id(&o, &f.erased, subject);
		e = person_load(cx, org, &f.id, &f.row);
		if (e || !f.row.erased_at)
			break;
		f.erased = f.id;
		f.erased_at = f.row.erased_at;
	}
	sodium_memzero(key, sizeof(key));
	if (e && e != ERR_NOT_FOUND)
		return e;
	f.here = !e;
	if (e) {
		err_clear(cx);
		f.row = (struct person){ 0 };
	}
	*out = f;
	return OK;
}

static enum err note(struct ctx *cx, const struct id *org, struct str subject,
		     struct str name, const struct person_found *f)
{
	int64_t changed;
	enum err e;

	if (f->here && (!name.n || str_eq(name, f->row.name)))
		return OK;
	e = store_exec(cx, &auth_sql[PERSON_INSERT],
		       VALS(v_id(org), v_id(&f->id), v_text(subject),
			    v_text(name.n ? name : (struct str){ 0 }),
			    v_int(clock_ms(cx->clock))),
		       &changed);
	if (!e && !changed)
		return err_set(cx, ERR_BUSY,
			       "this person is being erased; try again");
	return e;
}

enum err person_note(struct ctx *cx, const struct id *org, struct str subject,
		     struct str name, struct id *id)
{
	struct person_found f;
	enum err e;

	if (subject.n == 0 || subject.n > LIMIT_REF_BYTES)
		return err_field(cx, ERR_INVALID, "/learner",
				 "name the learner in 1 to %d bytes",
				 LIMIT_REF_BYTES);
	e = person_find(cx, org, subject, &f);
	if (!e)
		e = note(cx, org, subject, name, &f);
	if (!e)
		*id = f.id;
	return e;
}

enum err person_load(struct ctx *cx, const struct id *org, const struct id *id,
		     struct person *out)
{
	return store_one(cx, &auth_sql[PERSON_BY_ID], VALS(v_id(org), v_id(id)),
			 out);
}

enum err person_list(struct ctx *cx, const struct id *org,
		     const struct id *after, size_t limit, struct list *out,
		     bool *more)
{
	return store_list(
		cx, &auth_sql[PERSON_LIST],
		VALS(v_id(org),
		     v_bytes((struct str){ (const char *)after->b, ID_BYTES }),
		     v_int((int64_t)limit + 1)),
		limit, out, more);
}

enum err person_erase(struct ctx *cx, const struct id *org, const struct id *id)
{
	return revoke(cx, PERSON_ERASE, org, id, "person");
}

/*
 * The caller himself. His token was checked up to AUTH_TRUST_MS ago, perhaps
 * before he was erased: a query may still show him what he could see then, but
 * nothing is written for him any more.
 */
static enum err caller(struct ctx *cx, struct id *id)
{
	const struct principal *who = cx->who;
	struct person_found f;
	enum err e;

	if (!cx->records && !id_is_none(&who->person)) {
		*id = who->person;
		return OK;
	}
	e = person_find(cx, &who->org, who->subject, &f);
	if (e)
		return e;
	if (!id_is_none(&who->person) && !id_eq(&who->person, &f.id))
		return err_set(cx, ERR_UNAUTHENTICATED,
			       "this person was erased; if he is to come back, "
			       "the platform issues a new token");
	if (cx->records)
		e = note(cx, &who->org, who->subject, who->name, &f);
	if (!e)
		*id = f.id;
	return e;
}

enum err person_for(struct ctx *cx, struct str subject, struct id *id)
{
	const struct principal *who = cx->who;
	struct person_found f;
	enum err e;

	if (!subject.n && !who->subject.n)
		return err_field(cx, ERR_INVALID, "/learner",
				 "name the learner: this token acts for the "
				 "platform, not for a person");
	if (!subject.n || str_eq(subject, who->subject))
		return caller(cx, id);
	if (!principal_has(who, ROLE_STAFF))
		return err_field(cx, ERR_DENIED, "/learner",
				 "you may only act for yourself: leave learner "
				 "out, or use a token of staff");
	if (cx->records) /* inside a command */
		return person_note(cx, &who->org, subject, (struct str){ 0 },
				   id);
	e = person_find(cx, &who->org, subject, &f);
	if (!e)
		*id = f.id;
	return e;
}
