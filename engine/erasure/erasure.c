#include "engine/erasure/erasure.h"

#include "base/limits.h"
#include "engine/app.h"
#include "engine/audit/record_erase.h"
#include "engine/auth/org.h"
#include "engine/blob/blob.h"

enum {
	PIECE_RECORDS = 4096, /* read in one piece */
	PIECE_FILES = 64,
	NODES = 1023,
};

/* How far the job is: its body. */
struct chain_at {
	int64_t node, after;
};
struct progress {
	struct id learner;
	int64_t before;	    /* when it was asked for */
	int64_t generation; /* of the key that was destroyed; 0: no files */
	bool settling;	    /* the second look */
	int64_t node;	    /* chains up to this node are done in this look */
	int64_t erased;	    /* personal parts so far */
	struct list chains; /* struct chain_at */
};
static const struct field chain_fields[] = {
	FIELD(struct chain_at, node, KIND_INT, "whose chain"),
	FIELD(struct chain_at, after, KIND_INT, "done up to this place"),
	FIELD_END,
};
static const struct shape chain_shape = SHAPE(struct chain_at, chain_fields);
#define P struct progress
static const struct field progress_fields[] = {
	FIELD(P, learner, KIND_ID, "who is forgotten"),
	FIELD(P, before, KIND_TIME, "when it was asked for"),
	FIELD(P, generation, KIND_INT, "of the key of his files; 0: none left"),
	FIELD(P, settling, KIND_BOOL, "the second look"),
	FIELD(P, node, KIND_INT, "chains done in this look"),
	FIELD(P, erased, KIND_INT, "personal parts so far"),
	FIELD(P, chains, KIND_LIST, "how far each is done", .of = KIND_OBJECT,
	      .shape = &chain_shape, .max = NODES),
	FIELD_END,
};
#undef P
static const struct shape progress_shape =
	SHAPE(struct progress, progress_fields);

/* ---- the pieces ---- */

static struct chain_at *chain_of(struct ctx *cx, struct progress *p,
				 int64_t node)
{
	struct chain_at *all = p->chains.at, *more;

	for (size_t i = 0; i < p->chains.n; i++)
		if (all[i].node == node)
			return &all[i];
	more = ARENA_ARRAY(cx->arena, struct chain_at, p->chains.n + 1);
	if (p->chains.n)
		memcpy(more, all, p->chains.n * sizeof(*more));
	more[p->chains.n].node = node;
	p->chains.at = more;
	return &more[p->chains.n++];
}

/*
 * One piece of the records; *ended: all chains were looked at. Whatever their
 * time: nobody has this id again.
 */
static enum err records(struct ctx *cx, const struct id *org,
			struct progress *p, bool *ended)
{
	struct record_span span = { .most = PIECE_RECORDS };
	struct chain_at *c;
	enum err e = record_next_node(cx, p->node, &span.node);

	if (e)
		return e;
	*ended = span.node == 0;
	if (*ended)
		return OK;
	c = chain_of(cx, p, span.node);
	span.after = c->after;
	e = record_erase(cx, org, &p->learner, INT64_MAX, &span);
	if (e)
		return e;
	c->after = span.after;
	p->erased += span.erased;
	if (span.ended)
		p->node = span.node;
	return OK;
}

static enum err hooks(struct ctx *cx, const struct id *org,
		      const struct id *learner)
{
	const struct erasure_hook *h = cx->app->erasure_hooks;
	enum err e = OK;

	for (; !e && h && h->erase; h++)
		e = h->erase(cx, org, learner);
	return e;
}

/* *ended: this look is over. */
static enum err piece(struct ctx *cx, const struct id *org, struct progress *p,
		      bool *ended)
{
	bool more = false;
	enum err e = OK;

	/* What another server began for him while he was being erased. */
	if (p->settling)
		e = hooks(cx, org, &p->learner);
	if (!e && p->generation)
		e = blob_forget(cx, org, &p->learner, p->generation,
				PIECE_FILES, &more);
	if (e || more)
		return e;
	return records(cx, org, p, ended);
}

static enum err step(struct ctx *cx, const struct job *j, struct job_next *next)
{
	struct progress p;
	bool ended = false;
	enum err e = field_decode_text(cx, j->body, &progress_shape, &p);

	if (!e)
		e = piece(cx, &j->org, &p, &ended);
	if (e)
		return e;
	next->again = !ended || !p.settling;
	if (ended && !p.settling) {
		p.settling = true;
		p.node = 0;
		next->run_at = p.before + ERASURE_SETTLE_MS;
	}
	next->body = field_text(cx->arena, &progress_shape, &p);
	return OK;
}

const struct job_kind erasure_job = {
	.name = "learner.erase",
	.step = step,
	.max_tries = JOB_TRIES_MAX,
	.kept = true,
};

/* ---- the command ---- */

/* Who it is, without making a row for him. */
static enum err find(struct ctx *cx, const struct id *org, struct str subject,
		     struct person *out)
{
	struct person_found f;
	enum err e = person_find(cx, org, subject, &f);

	if (e)
		return e;
	if (!f.here && !f.erased_at)
		return err_field(cx, ERR_NOT_FOUND, "/learner",
				 "no such learner has been here");
	if (f.here)
		*out = f.row;
	else
		*out = (struct person){ .id = f.erased,
					.erased_at = f.erased_at };
	return OK;
}

static void note(struct ctx *cx, const struct id *org, struct str reason,
		 const struct erasure *x)
{
	struct record r = { .org = *org,
			    .stream = x->learner,
			    .learner = x->learner,
			    .event = STR("learner.erased") };
	struct buf b = { 0 };

	buf_z(&b, "{\"job\":");
	jout_id(&b, &x->job);
	buf_z(&b, ",\"reason\":");
	jout_str(&b, reason);
	buf_z(&b, "}");
	r.body = buf_copy(&b, cx->arena);
	buf_done(&b);
	record_stage(cx, &r);
}

/* A first piece now: most of what there is, on a small database. */
static enum err begin_job(struct ctx *cx, const struct id *org,
			  struct progress *p, struct id *job)
{
	bool ended = false;
	enum err e = records(cx, org, p, &ended);

	if (e)
		return e;
	return job_queue(
		cx, erasure_job.name,
		&(struct job_wish){
			.org = *org,
			.ref = p->learner,
			.body = field_text(cx->arena, &progress_shape, p) },
		job);
}

enum err erasure_begin(struct ctx *cx, const struct id *org, struct str subject,
		       struct str reason, struct erasure *out)
{
	struct progress p = { .before = clock_ms(cx->clock) };
	struct erasure x = { .erased_at = clock_ms(cx->clock) };
	struct person who;
	enum err e = find(cx, org, subject, &who);

	if (e)
		return e;
	p.learner = x.learner = who.id;
	if (who.erased_at) {
		x.erased_at = who.erased_at;
		*out = x;
		return OK;
	}
	e = person_erase(cx, org, &who.id);
	if (!e)
		e = blob_destroy_key(cx, org, &who.id, &p.generation);
	if (!e)
		e = hooks(cx, org, &who.id);
	if (!e)
		e = begin_job(cx, org, &p, &x.job);
	if (e)
		return e;
	note(cx, org, reason, &x);
	*out = x;
	return OK;
}

/* ---- learner.erase ---- */

struct erase_params {
	struct str learner, reason;
};
static const struct field erase_fields[] = {
	FIELD(struct erase_params, learner, KIND_STR,
	      "the platform's name of the person (sub)", .min = 1,
	      .max = LIMIT_REF_BYTES),
	FIELD(struct erase_params, reason, KIND_STR,
	      "for the audit, kept for ever: no personal data", .min = 1,
	      .max = LIMIT_NAME_BYTES),
	FIELD_END,
};
static const struct shape erase_shape =
	SHAPE(struct erase_params, erase_fields);

static const struct field erased_fields[] = {
	FIELD(struct erasure, learner, KIND_ID, "the pseudonym that stays"),
	FIELD(struct erasure, erased_at, KIND_TIME, "when"),
	FIELD_OPT(struct erasure, job, KIND_ID,
		  "what does the rest (job.get); absent: erased before"),
	FIELD_END,
};
static const struct shape erased_shape = SHAPE(struct erasure, erased_fields);

static enum err erase_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct erase_params *p = params;

	cx->io->rights_changed = true; /* his tokens stand for nobody now */
	return erasure_begin(cx, &cx->who->org, p->learner, p->reason, result);
}

const struct rpc_method erasure_methods[] = {
	{ .name = "learner.erase",
	  .does = "Forget a person: name, documents, answers. Cannot be "
		  "undone; grades and the audit chain stay.",
	  .roles = ROLE_PLATFORM | ROLE_ORG_ADMIN,
	  .flags = RPC_WRITES | RPC_WHOLE,
	  .budget_ms = 1000,
	  .params = &erase_shape,
	  .result = &erased_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_DENIED),
	  .run = erase_rpc },
	{ 0 },
};
