#include "engine/audit/record_erase.h"

struct place {
	int64_t seq;
};
static const struct field place_fields[] = {
	FIELD(struct place, seq, KIND_INT, "place in the chain, or node"),
	FIELD_END,
};
static const struct shape place_shape = SHAPE(struct place, place_fields);

struct who {
	struct id learner;
};
static const struct field who_fields[] = {
	FIELD(struct who, learner, KIND_ID, "whose records were erased"),
	FIELD_END,
};
static const struct shape who_shape = SHAPE(struct who, who_fields);

enum { ERASE_SPAN, ERASE_HEAD, ERASE_NODE, ERASE_MARK, ERASE_MARKED, STMTS };

static const struct stmt sql[STMTS] = {
	[ERASE_SPAN] = { "record_erase_span",
			 "UPDATE record SET personal = NULL,"
			 " personal_salt = NULL"
			 " WHERE node = $1 AND seq > $2 AND seq <= $3"
			 " AND org = $4 AND learner = $5 AND at_ms <= $6"
			 " AND personal IS NOT NULL" },
	[ERASE_HEAD] = { "record_erase_head",
			 "SELECT seq FROM record WHERE node = $1"
			 " ORDER BY seq DESC LIMIT 1",
			 &place_shape },
	[ERASE_NODE] = { "record_erase_node",
			 "SELECT node AS seq FROM record WHERE node > $1"
			 " ORDER BY node LIMIT 1",
			 &place_shape },
	[ERASE_MARK] = { "record_erase_mark",
			 "INSERT INTO record_erased (org, learner)"
			 " VALUES ($1, $2) ON CONFLICT DO NOTHING" },
	[ERASE_MARKED] = { "record_erase_marked",
			   "SELECT learner FROM record_erased"
			   " WHERE org = $1 AND learner = $2",
			   &who_shape },
};
const struct stmt_set record_erase_stmts = { "record_erase", sql, STMTS };

/* Whose records were erased before this step has nothing more to lose, or a
 * job that comes back to record_erase. */
static const struct migration steps[] = {
	{ 6, "whose records were erased",
	  "CREATE TABLE record_erased (\n"
	  "  org {bytes} NOT NULL,\n"
	  "  learner {bytes} NOT NULL,\n"
	  "  PRIMARY KEY (org, learner)\n"
	  "){clustered};\n" },
};
const struct migration_set record_erase_migrations = { steps, 1 };

static enum err one(struct ctx *cx, int which, int64_t arg, int64_t *out)
{
	struct place p = { 0 };
	enum err e = store_one(cx, &sql[which], VALS(v_int(arg)), &p);

	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		e = OK;
	}
	if (!e)
		*out = p.seq;
	return e;
}

enum err record_next_node(struct ctx *cx, int64_t after, int64_t *node)
{
	return one(cx, ERASE_NODE, after, node);
}

enum err record_erase(struct ctx *cx, const struct id *org,
		      const struct id *learner, int64_t before_ms,
		      struct record_span *span)
{
	int64_t head = 0, upto, n = 0;
	enum err e = store_exec(cx, &sql[ERASE_MARK],
				VALS(v_id(org), v_id(learner)), NULL);

	if (!e)
		e = one(cx, ERASE_HEAD, span->node, &head);
	if (e)
		return e;
	upto = head - span->after > span->most ? span->after + span->most
					       : head;
	if (upto > span->after) {
		e = store_exec(cx, &sql[ERASE_SPAN],
			       VALS(v_int(span->node), v_int(span->after),
				    v_int(upto), v_id(org), v_id(learner),
				    v_int(before_ms)),
			       &n);
		if (e)
			return e;
		span->after = upto;
	}
	span->erased += n;
	span->ended = span->after >= head;
	return OK;
}

enum err record_erased(struct ctx *cx, const struct id *org,
		       const struct id *learner, bool *erased)
{
	struct list marks;
	enum err e =
		store_list(cx, &sql[ERASE_MARKED],
			   VALS(v_id(org), v_id(learner)), 1, &marks, NULL);

	*erased = !e && marks.n > 0;
	return e;
}
