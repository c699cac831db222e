/* A slot's fold as JSON, so that a log need not be read to go on. */
#include "base/limits.h"
#include "graders/behaviour.h"

/* The words of slot_run as they stand in JSON; responses as their own text. */
struct snapshot {
	int64_t seq;
	int state, engine_state;
	struct str response, graded; /* absent: none */
	int64_t certainty;
	struct dec graded_raw;
	bool graded_last, was_right, try_again;
	int64_t tries;
	struct list tried;	 /* struct str */
	struct list submissions; /* struct handed_in */
	bool has_fraction;
	struct dec fraction;
	bool has_manual;
	struct dec manual;
	struct str comment, marked_by;
};

/* A submission; its response as its own text. */
struct handed_in {
	int64_t number;
	int state;
	struct str response;
	bool has_result;
	struct code_result result;
	struct str report;
};
#define H struct handed_in
static const struct field handed_in_fields[] = {
	FIELD(H, number, KIND_INT, "among the slot's", .min = 1,
	      .max = INT32_MAX),
	FIELD(H, state, KIND_ENUM, "where it stands",
	      .words = submission_state_words),
	FIELD(H, response, KIND_RAW, "what was handed in"),
	FIELD_MAYBE(H, result, has_result, KIND_OBJECT, "what it is worth",
		    .shape = &code_result_shape),
	FIELD_OPT(H, report, KIND_RAW, "what was found, of the last one"),
	FIELD_END,
};
#undef H
static const struct shape handed_in_shape =
	SHAPE(struct handed_in, handed_in_fields);

#define S struct snapshot
static const struct field fields[] = {
	FIELD(S, seq, KIND_INT, "actions that changed something", .min = 0,
	      .max = INT64_MAX),
	FIELD(S, state, KIND_ENUM, "state", .words = slot_state_words),
	FIELD(S, engine_state, KIND_ENUM, "state without the marker's word",
	      .words = slot_state_words),
	FIELD_OPT(S, response, KIND_RAW, "the last one kept"),
	FIELD(S, certainty, KIND_INT, "that came with it", .min = 0, .max = 3),
	FIELD_OPT(S, graded, KIND_RAW, "the last one that was a try"),
	FIELD(S, graded_raw, KIND_DEC, "its fraction before penalties"),
	FIELD(S, graded_last, KIND_BOOL, "nothing was saved since"),
	FIELD(S, was_right, KIND_BOOL, "some try was right"),
	FIELD(S, try_again, KIND_BOOL, "the hint is showing"),
	FIELD(S, tries, KIND_INT, "tries used", .min = 0, .max = INT64_MAX),
	FIELD_OPT(S, tried, KIND_LIST, "every try, for countback",
		  .of = KIND_RAW, .max = LIMIT_PARTS + 2),
	FIELD_OPT(S, submissions, KIND_LIST, "of a judged item",
		  .of = KIND_OBJECT, .shape = &handed_in_shape,
		  .max = CODE_SUBMISSIONS),
	FIELD_MAYBE(S, fraction, has_fraction, KIND_DEC, "penalties taken"),
	FIELD_MAYBE(S, manual, has_manual, KIND_DEC, "mark by a person"),
	FIELD_OPT(S, comment, KIND_STR, "the marker's comment"),
	FIELD_OPT(S, marked_by, KIND_STR, "who marked"),
	FIELD_END,
};
static const struct shape shape = { "slot", sizeof(S), fields };
#undef S

static struct str response_text(struct ctx *cx, const struct item *it,
				const struct response *r)
{
	struct buf b = { 0 };
	struct str text;

	response_write(&b, it, r);
	text = buf_copy(&b, cx->arena);
	buf_done(&b);
	return text;
}

static struct list submission_texts(struct ctx *cx, const struct slot_run *s)
{
	const struct submission *at = s->submissions.at;
	size_t n = s->submissions.n;
	struct handed_in *out = ARENA_ARRAY(cx->arena, struct handed_in, n);

	for (size_t i = 0; i < n; i++)
		out[i] = (struct handed_in){
			.number = at[i].number,
			.state = at[i].state,
			.response = response_text(cx, s->setup.item,
						  &at[i].response),
			.has_result = at[i].state == SUBMISSION_JUDGED ||
				      at[i].state == SUBMISSION_UNGRADABLE,
			.result = at[i].result,
			.report = at[i].report,
		};
	return (struct list){ out, n };
}

void slot_write(struct ctx *cx, struct buf *b, const struct slot_run *s)
{
	const struct item *it = s->setup.item;
	struct str *tried = ARENA_ARRAY(cx->arena, struct str, s->tried.n);
	struct snapshot w = {
		.seq = s->seq,
		.state = s->state,
		.engine_state = s->engine_state,
		.certainty = s->certainty,
		.graded_raw = s->graded_raw,
		.graded_last = s->graded_last,
		.was_right = s->was_right,
		.try_again = s->try_again,
		.tries = s->tries,
		.tried = { tried, s->tried.n },
		.submissions = submission_texts(cx, s),
		.has_fraction = s->has_fraction,
		.fraction = s->fraction,
		.has_manual = s->has_manual,
		.manual = s->manual,
		.comment = s->comment,
		.marked_by = s->marked_by,
	};

	if (s->has_response)
		w.response = response_text(cx, it, &s->response);
	if (s->has_graded)
		w.graded = response_text(cx, it, &s->graded);
	for (size_t i = 0; i < s->tried.n; i++)
		tried[i] = response_text(
			cx, it, (const struct response *)s->tried.at + i);
	field_encode(b, &shape, &w);
}

static enum err read_response(struct ctx *cx, const struct item *it,
			      struct str text, struct response *out)
{
	struct jdoc *doc;
	enum err e = jdoc_parse(cx, text, &doc);

	return e ? e : response_read(cx, it, jdoc_root(doc), out);
}

static enum err read_tried(struct ctx *cx, const struct item *it,
			   const struct list *texts, struct list *out)
{
	struct response *r = ARENA_ARRAY(cx->arena, struct response, texts->n);
	const struct str *text = texts->at;
	enum err e;

	for (size_t i = 0; i < texts->n; i++) {
		e = read_response(cx, it, text[i], &r[i]);
		if (e)
			return e;
	}
	*out = (struct list){ texts->n ? r : NULL, texts->n };
	return OK;
}

static enum err read_submissions(struct ctx *cx, const struct item *it,
				 const struct list *texts, struct list *out)
{
	struct submission *u =
		ARENA_ARRAY(cx->arena, struct submission, texts->n);
	const struct handed_in *h = texts->at;
	enum err e = OK;

	for (size_t i = 0; !e && i < texts->n; i++) {
		u[i] = (struct submission){ .number = h[i].number,
					    .state = h[i].state,
					    .result = h[i].result,
					    .report = h[i].report };
		e = read_response(cx, it, h[i].response, &u[i].response);
	}
	*out = (struct list){ texts->n ? u : NULL, texts->n };
	return e;
}

enum err slot_read(struct ctx *cx, const struct slot_setup *setup,
		   struct jval v, struct slot_run *out)
{
	const struct item *it = setup->item;
	struct slot_run s = { .setup = *setup };
	struct snapshot w;
	enum err e = field_decode(cx, v, &shape, "", &w);

	if (e)
		return e;
	s.has_response = w.response.p != NULL;
	if (s.has_response)
		e = read_response(cx, it, w.response, &s.response);
	s.has_graded = w.graded.p != NULL;
	if (!e && s.has_graded)
		e = read_response(cx, it, w.graded, &s.graded);
	if (!e)
		e = read_tried(cx, it, &w.tried, &s.tried);
	if (!e)
		e = read_submissions(cx, it, &w.submissions, &s.submissions);
	if (e)
		return e;
	s.seq = w.seq;
	s.state = w.state;
	s.engine_state = w.engine_state;
	s.certainty = w.certainty;
	s.graded_raw = w.graded_raw;
	s.graded_last = w.graded_last;
	s.was_right = w.was_right;
	s.try_again = w.try_again;
	s.tries = w.tries;
	s.has_fraction = w.has_fraction;
	s.fraction = w.fraction;
	s.has_manual = w.has_manual;
	s.manual = w.manual;
	s.comment = w.comment;
	s.marked_by = w.marked_by;
	*out = s;
	return OK;
}
