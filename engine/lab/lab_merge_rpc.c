/* lab.offer and lab.merge: a newer starter, taken over file by file. */
#include "base/limits.h"
#include "engine/app.h"
#include "engine/lab/lab_rpc.h"
#include "engine/lab/lab_sql.h"

static const struct field conflict_fields[] = {
	FIELD(struct work_conflict, name, KIND_STR, "the file"),
	FIELD(struct work_conflict, kind, KIND_ENUM, "what happened",
	      .words = work_conflict_words),
	FIELD_END,
};
static const struct shape conflict_shape = { "lab_conflict",
					     sizeof(struct work_conflict),
					     conflict_fields };

struct offer_result {
	int64_t version, newest, taken;
	struct list conflicts;
	struct str commit;
};
static const struct field offer_fields[] = {
	FIELD(struct offer_result, version, KIND_INT, "that the work is of"),
	FIELD(struct offer_result, newest, KIND_INT,
	      "the lab's newest; the same: there is nothing to merge"),
	FIELD(struct offer_result, taken, KIND_INT,
	      "files that change by the merge"),
	FIELD(struct offer_result, conflicts, KIND_LIST,
	      "files that stay as the learner has them; the new ones are in "
	      "the starter",
	      .of = KIND_OBJECT, .shape = &conflict_shape, .max = TREE_ENTRIES),
	FIELD_OPT(struct offer_result, commit, KIND_STR,
		  "the work as it is now"),
	FIELD_END,
};
static const struct shape offer_shape = { "lab_offer",
					  sizeof(struct offer_result),
					  offer_fields };

struct merge_params {
	struct id session;
	int64_t version;
};
static const struct field merge_fields[] = {
	FIELD(struct merge_params, session, KIND_ID, "of lab.open"),
	FIELD(struct merge_params, version, KIND_INT,
	      "the newest, as lab.offer told it", .min = 1, .max = INT32_MAX),
	FIELD_END,
};
static const struct shape merge_shape = { "lab_merge",
					  sizeof(struct merge_params),
					  merge_fields };

static enum err renew(struct ctx *cx, struct lab_session *s,
		      const struct lab *newest, bool do_save,
		      struct offer_result *out)
{
	struct work_place at = lab_place(cx, s);
	struct oid old = lab_oid(s->starter), new;
	struct work_merged merged = { 0 };
	struct subs_done done = { 0 };
	enum err e = lab_starter(cx, newest, &new);

	if (!e)
		e = work_renew(cx, cx->app->subs, &at, &old, &new, do_save,
			       clock_ms(cx->clock), &merged, &done);
	if (e)
		return e;
	out->taken = merged.taken;
	out->conflicts = merged.conflicts;
	if (!do_save)
		return OK;
	s->version = newest->id;
	s->number = newest->version;
	s->starter = lab_oid_bytes(cx->arena, &new);
	out->version = s->number;
	out->commit = lab_oid_hex(cx->arena, &done.commit);
	return lab_committed(cx, s, &done, "lab.merged");
}

static enum err newest_of(struct ctx *cx, const struct id *session,
			  struct lab_session *s, struct lab *newest,
			  struct offer_result *out)
{
	enum err e = lab_session_own(cx, session, s);

	if (!e)
		e = store_one(cx, &lab_sql[LAB_NEWEST_OF],
			      VALS(v_id(&s->org), v_id(&s->lab)), newest);
	if (e)
		return e;
	out->version = s->number;
	out->newest = newest->version;
	return OK;
}

/* A command, since the starter may have to be put here first. */
static enum err offer(struct ctx *cx, const void *params, void *result)
{
	const struct lab_session_params *p = params;
	struct offer_result *out = result;
	struct lab_session s;
	struct lab newest;
	enum err e = newest_of(cx, &p->session, &s, &newest, out);

	if (e || out->version == out->newest)
		return e;
	return renew(cx, &s, &newest, false, out);
}

static enum err merge(struct ctx *cx, const void *params, void *result)
{
	const struct merge_params *p = params;
	struct offer_result *out = result;
	struct lab_session s;
	struct lab newest;
	enum err e = newest_of(cx, &p->session, &s, &newest, out);

	if (e)
		return e;
	if (p->version != out->newest)
		return err_field(cx, ERR_CONFLICT, "/version",
				 "the newest version is %lld: look at what it "
				 "would change with lab.offer first",
				 (long long)out->newest);
	if (out->version == out->newest)
		return err_set(cx, ERR_PRECONDITION,
			       "the work is of the newest version already");
	return renew(cx, &s, &newest, true, out);
}

const struct rpc_method lab_merge_methods[] = {
	{ .name = "lab.offer",
	  .does = "Tell what merging the lab's newest version would do.",
	  .roles = ROLE_LEARNER,
	  .flags = RPC_WRITES | RPC_QUIET,
	  .params = &lab_session_params_shape,
	  .result = &offer_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT),
	  .run = offer },
	{ .name = "lab.merge",
	  .does = "Merge the newest version's starter into the work; in a "
		  "conflict the learner's own file stays.",
	  .roles = ROLE_LEARNER,
	  .flags = RPC_WRITES | RPC_QUIET,
	  .params = &merge_shape,
	  .result = &offer_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT, ERR_PRECONDITION),
	  .run = merge },
	{ 0 },
};
