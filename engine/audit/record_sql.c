#include "engine/audit/record_sql.h"

#include "base/limits.h"

static const struct field record_fields[] = {
	FIELD(struct record, node, KIND_INT, "number of the node, from 1"),
	FIELD(struct record, seq, KIND_INT, "place in the node's chain"),
	FIELD_OPT(struct record, org, KIND_ID, "organization"),
	FIELD(struct record, stream, KIND_ID, "what it is about"),
	FIELD(struct record, n, KIND_INT, "place in the stream"),
	FIELD(struct record, at_ms, KIND_INT, "when, Unix milliseconds"),
	FIELD(struct record, actor, KIND_STR, "who did it"),
	FIELD_OPT(struct record, learner, KIND_ID, "whom it concerns"),
	FIELD(struct record, event, KIND_STR, "what happened"),
	FIELD(struct record, keyed, KIND_BOOL, "found by org and idem"),
	FIELD_OPT(struct record, idem, KIND_HEX, "hash of caller and key"),
	FIELD_OPT(struct record, ask, KIND_HEX, "hash of method and params"),
	FIELD_OPT(struct record, body, KIND_RAW, "what it holds"),
	FIELD_OPT(struct record, personal, KIND_STR, "may be erased",
		  .max = LIMIT_RESPONSE_BYTES),
	FIELD_OPT(struct record, personal_salt, KIND_HEX, "erased with it"),
	FIELD_OPT(struct record, personal_hash, KIND_HEX,
		  "digest of salt and personal part"),
	FIELD_OPT(struct record, reply, KIND_RAW, "the command's result"),
	FIELD(struct record, hash, KIND_HEX, "link of the chain"),
	FIELD_END,
};
const struct shape record_shape = SHAPE(struct record, record_fields);

static const struct field head_fields[] = {
	FIELD(struct record_head, seq, KIND_INT, "last place"),
	FIELD(struct record_head, at_ms, KIND_INT, "its time"),
	FIELD(struct record_head, hash, KIND_HEX, "its hash"),
	FIELD_END,
};
static const struct shape head_shape = SHAPE(struct record_head, head_fields);

static const struct field node_fields[] = {
	FIELD(struct record_node, node, KIND_INT, "number of a node"),
	FIELD_END,
};
static const struct shape node_shape = SHAPE(struct record_node, node_fields);

static const struct field place_fields[] = {
	FIELD(struct place, stream, KIND_ID, "what it is about"),
	FIELD(struct place, n, KIND_INT, "place in the stream"),
	FIELD(struct place, node, KIND_INT, "number of the node"),
	FIELD(struct place, seq, KIND_INT, "place in its chain"),
	FIELD_END,
};
static const struct shape place_shape = SHAPE(struct place, place_fields);

static const struct field mark_fields[] = {
	FIELD(struct place_mark, node, KIND_INT, "number of the node, or 0"),
	FIELD(struct place_mark, seq, KIND_INT, "place in its chain"),
	FIELD_END,
};
static const struct shape mark_shape = SHAPE(struct place_mark, mark_fields);

#define COLUMNS                                                                \
	"node, seq, org, stream, n, at_ms, actor, learner, event,"             \
	" keyed, idem, ask, body, personal, personal_salt,"                    \
	" personal_hash, reply, hash"

#define RECORD_COLUMNS_OF_R                                                    \
	"r.node, r.seq, r.org, r.stream, r.n, r.at_ms, r.actor, r.learner,"    \
	" r.event, r.keyed, r.idem, r.ask, r.body, r.personal,"                \
	" r.personal_salt, r.personal_hash, r.reply, r.hash"

const struct stmt record_sql[RECORD_STMTS] = {
	[RECORD_INSERT] = { "record_insert",
			    "INSERT INTO record (" COLUMNS ")"
			    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,"
			    " $10, $11, $12, $13, $14, $15, $16, $17, $18)",
			    NULL },
	[RECORD_HEAD] = { "record_head",
			  "SELECT seq, at_ms, hash FROM record"
			  " WHERE node = $1 ORDER BY seq DESC LIMIT 1",
			  &head_shape },
	[RECORD_AFTER] = { "record_after",
			   "SELECT " COLUMNS " FROM record"
			   " WHERE node = $1 AND seq > $2"
			   " ORDER BY seq LIMIT $3",
			   &record_shape },
	[RECORD_BY_KEY] = { "record_by_key",
			    "SELECT " COLUMNS " FROM record"
			    " WHERE org = $1 AND idem = $2 AND keyed = 1",
			    &record_shape },
	[RECORD_HASH_AT] = { "record_hash_at",
			     "SELECT seq, at_ms, hash FROM record"
			     " WHERE node = $1 AND seq = $2",
			     &head_shape },
	[RECORD_NODE] = { "record_node",
			  "SELECT node FROM record WHERE node > $1"
			  " ORDER BY node LIMIT 1",
			  &node_shape },
	[RECORD_PICKED] = { "record_picked",
			    "SELECT stream, n, node, seq FROM record"
			    " WHERE node = $1 AND seq > $2 AND n > $3"
			    " ORDER BY seq DESC LIMIT 1",
			    &place_shape },
	[PLACE_STREAM] = { "place_stream",
			   "SELECT " RECORD_COLUMNS_OF_R " FROM record_place p"
			   " JOIN record r ON r.node = p.node AND r.seq = p.seq"
			   " WHERE p.stream = $1 AND p.n >= $2 AND p.n <= $3"
			   " ORDER BY p.n",
			   &record_shape },
	[PLACE_RECORD] = { "place_record",
			   "SELECT " COLUMNS " FROM record"
			   " WHERE node = $1 AND seq = $2",
			   &record_shape },
	[PLACE_TAIL] = { "place_tail",
			 "SELECT " COLUMNS " FROM record"
			 " WHERE node = $1 AND seq > $2 AND stream = $3"
			 " AND n >= $4 AND n <= $5 ORDER BY seq",
			 &record_shape },
	[PLACE_WAITING] = { "place_waiting",
			    "SELECT stream, n, node, seq FROM record"
			    " WHERE node = $1 AND seq > $2 ORDER BY seq",
			    &place_shape },
	[PLACE_AT] = { "place_at",
		       "SELECT stream, n, node, seq FROM record_place"
		       " WHERE stream = $1 AND n = $2",
		       &place_shape },
	[PLACE_TOP] = { "place_top",
			"SELECT stream, n, node, seq FROM record_place"
			" WHERE stream = $1 ORDER BY n DESC LIMIT 1",
			&place_shape },
	[PLACE_INSERT] = { "place_insert",
			   "INSERT INTO record_place (stream, n, node, seq)"
			   " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
			   NULL },
	[PLACE_MARK] = { "place_mark",
			 "SELECT node, seq FROM record_mark WHERE node = $1",
			 &mark_shape },
	[PLACE_MARK_SET] = { "place_mark_set",
			     "INSERT INTO record_mark (node, seq)"
			     " VALUES ($1, $2) ON CONFLICT (node)"
			     " DO UPDATE SET seq = excluded.seq",
			     NULL },
	[PLACE_MISSING] = { "place_missing",
			    "SELECT r.node, r.seq FROM record r"
			    " WHERE r.node = $1 AND r.seq <= $2"
			    " AND NOT EXISTS (SELECT 1 FROM record_place p"
			    " WHERE p.stream = r.stream AND p.n = r.n"
			    " AND p.node = r.node AND p.seq = r.seq)"
			    " ORDER BY r.seq LIMIT 1",
			    &mark_shape },
	[PLACE_STRAY] = { "place_stray",
			  "SELECT p.node, p.seq FROM record_place p"
			  " WHERE p.node = $1 AND NOT EXISTS"
			  " (SELECT 1 FROM record r WHERE r.node = p.node"
			  " AND r.seq = p.seq AND r.stream = p.stream"
			  " AND r.n = p.n) LIMIT 1",
			  &mark_shape },
};
const struct stmt_set record_stmts = { "record", record_sql, RECORD_STMTS };

void record_vals(const struct record *r, struct val out[RECORD_COLUMNS])
{
	struct val *v = out;

	*v++ = v_int(r->node);
	*v++ = v_int(r->seq);
	*v++ = v_id(&r->org);
	*v++ = v_id(&r->stream);
	*v++ = v_int(r->n);
	*v++ = v_int(r->at_ms);
	*v++ = v_text(r->actor);
	*v++ = v_id(&r->learner);
	*v++ = v_text(r->event);
	*v++ = v_bool(r->keyed);
	*v++ = v_bytes(r->idem);
	*v++ = v_bytes(r->ask);
	*v++ = v_text(r->body);
	*v++ = v_text(r->personal);
	*v++ = v_bytes(r->personal_salt);
	*v++ = v_bytes(r->personal_hash);
	*v++ = v_text(r->reply);
	*v++ = v_bytes(r->hash);
	CHECK(v == out + RECORD_COLUMNS);
}

static const struct migration steps[] = {
	{ 1, "records",
	  "CREATE TABLE record (\n"
	  "  node {int} NOT NULL,\n"
	  "  seq {int} NOT NULL,\n"
	  "  org {bytes},\n"
	  "  stream {bytes} NOT NULL,\n"
	  "  n {int} NOT NULL,\n"
	  "  at_ms {int} NOT NULL,\n"
	  "  actor {text} NOT NULL,\n"
	  "  learner {bytes},\n"
	  "  event {text} NOT NULL,\n"
	  "  keyed {int} NOT NULL,\n"
	  "  idem {bytes},\n"
	  "  ask {bytes},\n"
	  "  body {text},\n"
	  "  personal {text},\n"
	  "  personal_salt {bytes},\n"
	  "  personal_hash {bytes},\n"
	  "  reply {text},\n"
	  "  hash {bytes} NOT NULL,\n"
	  "  PRIMARY KEY (node, seq)\n"
	  "){clustered};\n"
	  "CREATE UNIQUE INDEX record_stream ON record (stream, n);\n"
	  "CREATE UNIQUE INDEX record_key ON record (org, idem)"
	  " WHERE keyed = 1;\n" },
	{ 2, "where records stand",
	  "CREATE TABLE record_mark (\n"
	  "  node {int} NOT NULL PRIMARY KEY,\n"
	  "  seq {int} NOT NULL\n"
	  "){table};\n" },
	{ 3, "places of their own",
	  "CREATE TABLE record_place (\n"
	  "  stream {bytes} NOT NULL,\n"
	  "  n {int} NOT NULL,\n"
	  "  node {int} NOT NULL,\n"
	  "  seq {int} NOT NULL,\n"
	  "  PRIMARY KEY (stream, n)\n"
	  "){clustered};\n"
	  "INSERT INTO record_place (stream, n, node, seq)"
	  " SELECT stream, n, node, seq FROM record ORDER BY stream, n;\n"
	  "INSERT INTO record_mark (node, seq)"
	  " SELECT node, max(seq) FROM record GROUP BY node;\n"
	  "DROP INDEX record_stream;\n",
	  .only = "sqlite" },
	{ 4, "places by the index",
	  "CREATE VIEW record_place AS"
	  " SELECT stream, n, node, seq FROM record;\n",
	  .only = "postgresql" },
};
const struct migration_set record_migrations = {
	steps, sizeof(steps) / sizeof(steps[0])
};
