#include "base/limits.h"
#include "engine/auth/auth_sql.h"
#include "engine/auth/org.h"

static const struct field issuer_fields[] = {
	FIELD(struct issuer, id, KIND_ID, "the registration"),
	FIELD(struct issuer, org, KIND_ID, "the organization"),
	FIELD(struct issuer, issuer, KIND_STR, "the tokens' iss"),
	FIELD(struct issuer, audience, KIND_STR, "the tokens' aud"),
	FIELD(struct issuer, jwks, KIND_RAW, "its public keys, RFC 7517"),
	FIELD(struct issuer, roles, KIND_FLAGS, "roles its tokens may claim",
	      .words = role_words),
	FIELD_OPT(struct issuer, created_at, KIND_TIME, "when registered"),
	FIELD_OPT(struct issuer, updated_at, KIND_TIME, "when last changed"),
	FIELD_OPT(struct issuer, revoked_at, KIND_TIME, "when revoked"),
	FIELD_END,
};
const struct shape issuer_shape = SHAPE(struct issuer, issuer_fields);

static enum err check_name(struct ctx *cx, const char *field, struct str s)
{
	if (str_trim(s).n == 0 || s.n > LIMIT_NAME_BYTES)
		return err_field(cx, ERR_INVALID, field,
				 "%s must have 1 to %d bytes", field + 1,
				 LIMIT_NAME_BYTES);
	return OK;
}

struct str issuer_audience(struct ctx *cx, const struct id *org)
{
	char text[ID_TEXT + 1];

	id_text(org, text);
	return str_fmt(cx->arena, "assay:%s", text);
}

/*
 * The audience holds the organization's id: so a token says in what is signed
 * whose it is, and to register somebody else's public keys gains nothing.
 */
static enum err check_audience(struct ctx *cx, struct issuer *i)
{
	char text[ID_TEXT + 1];
	enum err e;

	if (!i->audience.n)
		i->audience = issuer_audience(cx, &i->org);
	e = check_name(cx, "/audience", i->audience);
	if (e)
		return e;
	id_text(&i->org, text);
	if (str_find(i->audience, str_of(text), 0) == SIZE_MAX)
		return err_field(cx, ERR_INVALID, "/audience",
				 "the audience has to hold your organization's "
				 "id, so that no other organization can take "
				 "your tokens: leave it out for assay:%s, and "
				 "sign tokens for that",
				 text);
	return OK;
}

/* Whose the pair is now: the index would only say that it is taken. */
static enum err check_free(struct ctx *cx, const struct issuer *i)
{
	struct issuer has;
	enum err e =
		store_one(cx, &auth_sql[ISSUER_LIVE],
			  VALS(v_text(i->issuer), v_text(i->audience)), &has);

	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		return OK;
	}
	if (e)
		return e;
	if (id_eq(&has.org, &i->org))
		return err_set(cx, ERR_CONFLICT,
			       "this issuer and audience are registered; use "
			       "issuer.update to change the keys");
	return err_field(cx, ERR_CONFLICT, "/audience",
			 "another organization has this issuer and audience; "
			 "leave the audience out to get one of your own, or "
			 "ask the operator of this service");
}

enum err issuer_register(struct ctx *cx, struct issuer *i)
{
	enum err e = check_name(cx, "/issuer", i->issuer);

	if (!e)
		e = check_audience(cx, i);
	if (!e)
		e = issuer_check_jwks(cx, i->jwks);
	if (!e)
		e = check_free(cx, i);
	if (e)
		return e;
	if (i->roles & (ROLE_OPERATOR | ROLE_WORKER))
		return err_field(cx, ERR_INVALID, "/roles",
				 "tokens cannot act as operator or worker; "
				 "use an API key");
	if (!i->roles)
		i->roles = ROLE_LEARNER | ROLE_REVIEWER;
	i->id = id_new(cx->clock, cx->rng);
	i->created_at = i->updated_at = clock_ms(cx->clock);
	e = store_exec(cx, &auth_sql[ISSUER_INSERT],
		       VALS(v_id(&i->id), v_id(&i->org), v_text(i->issuer),
			    v_text(i->audience), v_text(i->jwks),
			    v_int(i->roles), v_int(i->created_at),
			    v_int(i->updated_at)),
		       NULL);
	if (e == ERR_CONFLICT) /* another server was first, just now */
		return err_set(cx, ERR_CONFLICT,
			       "this issuer and audience are registered; see "
			       "issuer.list");
	return e;
}

enum err issuer_update(struct ctx *cx, const struct id *org,
		       const struct id *id, struct str jwks)
{
	int64_t changed;
	enum err e = issuer_check_jwks(cx, jwks);

	if (e)
		return e;
	e = store_exec(cx, &auth_sql[ISSUER_UPDATE],
		       VALS(v_id(org), v_id(id), v_text(jwks),
			    v_int(clock_ms(cx->clock))),
		       &changed);
	if (!e && !changed)
		return err_set(cx, ERR_NOT_FOUND,
			       "there is no such issuer, or it was revoked");
	return e;
}

enum err issuer_list(struct ctx *cx, const struct id *org, struct list *out)
{
	return store_list(cx, &auth_sql[ISSUER_LIST], VALS(v_id(org)),
			  LIMIT_PAGE, out, NULL);
}
