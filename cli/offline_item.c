/* assay item score: one item, one response, one outcome. */
#include "base/limits.h"
#include "cli/file.h"
#include "cli/source.h"
#include "cli/verb.h"
#include "graders/response.h"
#include "graders/score.h"

const struct flag score_flags[] = {
	{ .name = "item",
	  .value = "ID",
	  .doc = "which item of the file",
	  .required = true },
	{ .name = "response",
	  .value = "JSON",
	  .doc = "what was answered; @FILE and - read it from a file",
	  .required = true },
	{ .name = "json", .doc = "as it is always printed" },
	{ 0 },
};

struct scored {
	struct str item;
	int type, state;
	bool has_score;
	struct dec score, max_score, scaled;
	int64_t parts_right, parts;
	struct str feedback;
	struct str general_feedback;
	struct str reason;
	struct str right_response;
};
static const struct field scored_fields[] = {
	FIELD(struct scored, item, KIND_STR, "its id"),
	FIELD(struct scored, type, KIND_ENUM, "its type",
	      .words = item_type_words),
	FIELD(struct scored, state, KIND_ENUM, "what became of the response",
	      .words = score_state_words),
	FIELD_MAYBE(struct scored, score, has_score, KIND_DEC, "the mark"),
	FIELD(struct scored, max_score, KIND_DEC, "the most it can get"),
	FIELD_MAYBE(struct scored, scaled, has_score, KIND_DEC, "0 to 1"),
	FIELD(struct scored, parts_right, KIND_INT, "of several parts"),
	FIELD(struct scored, parts, KIND_INT, "how many there are"),
	FIELD_OPT(struct scored, feedback, KIND_STR, "to this response"),
	FIELD_OPT(struct scored, general_feedback, KIND_STR, "to all"),
	FIELD_OPT(struct scored, reason, KIND_STR, "why it has no score"),
	FIELD_OPT(struct scored, right_response, KIND_RAW, "full marks"),
	FIELD_END,
};
static const struct shape scored_shape = SHAPE(struct scored, scored_fields);

static const struct item *find(const struct assessment_def *def, struct str id)
{
	size_t i = assessment_item(def, id);

	return i == SIZE_MAX ? NULL : (const struct item *)def->items.at + i;
}

static enum err read_response(struct cli *c, const struct item *it,
			      struct str given, struct response *out)
{
	struct jdoc *doc;
	struct str text;
	enum err e = file_value(c, given, LIMIT_RESPONSE_BYTES, &text);

	if (!e && text.n > LIMIT_RESPONSE_BYTES)
		e = err_set(c->cx, ERR_TOO_LARGE, "the response is too long");
	if (!e)
		e = jdoc_parse(c->cx, text, &doc);
	return e ? e : response_read(c->cx, it, jdoc_root(doc), out);
}

static enum err score(struct cli *c, const struct item *it,
		      const struct response *r, struct scored *out)
{
	struct response right;
	struct outcome o;
	struct variant v;
	struct buf b = { 0 };
	enum err e;

	variant_identity(c->cx->arena, it, &v);
	e = score_item(c->cx, it, &v, r, &o);
	if (!e)
		e = score_right_response(c->cx, it, &v, &right);
	if (e)
		return e;
	response_write(&b, it, &right);
	*out = (struct scored){
		.item = it->id,
		.type = it->type,
		.state = o.state,
		.has_score = o.state != SCORE_NEEDS_PERSON &&
			     o.state != SCORE_INVALID &&
			     o.state != SCORE_NOT_GRADED,
		.score = score_mark(&o, it->mark),
		.max_score = it->mark,
		.scaled = o.fraction,
		.parts_right = o.parts_right,
		.parts = o.parts,
		.feedback = o.feedback,
		.general_feedback = it->general_feedback,
		.reason = o.reason,
		.right_response = buf_copy(&b, c->cx->arena),
	};
	buf_done(&b);
	return OK;
}

int score_run(struct cli *c, const struct args *a)
{
	struct str id = args_get(a, "item");
	const struct item *it;
	struct source src;
	struct response r;
	struct scored out;
	struct buf b = { 0 };
	enum err e = source_read(c, args_rest(a, 0), &src);

	if (e)
		return cli_error(c, e);
	it = find(&src.def, id);
	if (!it)
		return cli_say(c, CLI_REFUSED,
			       "the file has no item %.*s; it has %zu others",
			       STR_FMT(str_cut(id, 0, 100)), src.def.items.n);
	e = read_response(c, it, args_get(a, "response"), &r);
	if (!e)
		e = score(c, it, &r, &out);
	if (e)
		return cli_error(c, e);
	field_encode(&b, &scored_shape, &out);
	buf_ch(&b, '\n');
	cli_put(c->out, buf_view(&b));
	buf_done(&b);
	return CLI_FINE;
}
