#include "rubrics/peer_def.h"

#include "base/limits.h"

const char *const peer_mode_words[] = { "rolling", "cohort", NULL };
const char *const peer_counts_words[] = { "summative", "formative", NULL };
const char *const peer_release_words[] = { "auto", "held", NULL };
const char *const peer_estimate_words[] = { "pg1", "mean", "median", NULL };
const char *const peer_kind_words[] = { "text", "files", "commit", "links",
					NULL };

enum {
	REVIEWS_MOST = 20, /* that are owed or received */
	STOP_MOST = 100,
	WORDS_MOST = 20000,
	FILES_BYTES_MOST = 256 << 20,
	DAYS_MOST = 365,
};

static const struct field hand_in_fields[] = {
	FIELD_OPT(struct peer_hand_in, kinds, KIND_FLAGS,
		  "what may be handed in", .words = peer_kind_words),
	FIELD_OPT(struct peer_hand_in, required, KIND_FLAGS,
		  "what must be; empty: one of any kind is enough",
		  .words = peer_kind_words),
	FIELD_OPT(struct peer_hand_in, text_words, KIND_INT,
		  "words of a text, at least", .min = 0, .max = WORDS_MOST),
	FIELD_OPT(struct peer_hand_in, text_bytes, KIND_INT,
		  "bytes of a text, at most", .min = 1,
		  .max = LIMIT_RESPONSE_BYTES),
	FIELD_OPT(struct peer_hand_in, files, KIND_INT, "files, at most",
		  .min = 1, .max = PEER_FILES),
	FIELD_OPT(struct peer_hand_in, file_bytes, KIND_INT,
		  "bytes of all files together, at most", .min = 1,
		  .max = FILES_BYTES_MOST),
	FIELD_OPT(struct peer_hand_in, grace_minutes, KIND_INT,
		  "to correct it before anybody may get it", .min = 0,
		  .max = 7 * 24 * 60),
	FIELD_OPT(struct peer_hand_in, versions, KIND_INT,
		  "how often it may be handed in", .min = 1, .max = 20),
	FIELD_END,
};
static const struct shape hand_in_shape =
	SHAPE(struct peer_hand_in, hand_in_fields);

static const struct field gold_fields[] = {
	FIELD(struct peer_gold, id, KIND_STR, "its name", .min = 1,
	      .max = RUBRIC_ID_BYTES),
	FIELD_OPT(struct peer_gold, title, KIND_STR, "for authors",
		  .max = LIMIT_NAME_BYTES),
	FIELD_OPT(struct peer_gold, text, KIND_STR, "the work",
		  .max = PEER_GOLD_BYTES),
	FIELD_OPT(struct peer_gold, links, KIND_LIST, "or where it is",
		  .of = KIND_STR, .max = PEER_LINKS),
	FIELD(struct peer_gold, scores, KIND_LIST,
	      "the expert's, of each criterion; comment: the reason",
	      .of = KIND_OBJECT, .shape = &rubric_score_shape,
	      .max = RUBRIC_CRITERIA),
	FIELD_OPT(struct peer_gold, reason, KIND_STR, "the expert's, over all"),
	FIELD_MAYBE(struct peer_gold, covert, has_covert, KIND_BOOL,
		    "also among live reviews, unrecognised"),
	FIELD_MAYBE(struct peer_gold, open, has_open, KIND_BOOL,
		    "also for calibration"),
	FIELD_END,
};
static const struct shape gold_shape = SHAPE(struct peer_gold, gold_fields);

static const struct field calibration_fields[] = {
	FIELD_OPT(struct peer_calibration, least, KIND_INT,
		  "gold items before the first live review", .min = 0,
		  .max = 50),
	FIELD_OPT(struct peer_calibration, criterion_percent, KIND_INT,
		  "passed: each criterion so near to the expert's", .min = 0,
		  .max = 100),
	FIELD_OPT(struct peer_calibration, total_percent, KIND_INT,
		  "and the whole so near", .min = 0, .max = 100),
	FIELD_MAYBE(struct peer_calibration, may_review_supervised,
		    has_may_review_supervised, KIND_BOOL,
		    "who is not qualified yet may review"),
	FIELD_END,
};
static const struct shape calibration_shape =
	SHAPE(struct peer_calibration, calibration_fields);

static const struct field licence_fields[] = {
	FIELD_OPT(struct peer_licence, p0, KIND_DEC, "fail rate of who is fine",
		  .min = 0, .max = 1),
	FIELD_OPT(struct peer_licence, p1, KIND_DEC, "fail rate of who is not",
		  .min = 0, .max = 1),
	FIELD_OPT(struct peer_licence, alpha, KIND_DEC,
		  "error of the test: one who is fine is rejected", .min = 0,
		  .max = 1),
	FIELD_OPT(struct peer_licence, beta, KIND_DEC,
		  "error of the test: one who is not qualifies", .min = 0,
		  .max = 1),
	FIELD_OPT(struct peer_licence, gold_h, KIND_DEC, "alarm of failed gold",
		  .min = 0, .max = 100),
	FIELD_OPT(struct peer_licence, k, KIND_DEC,
		  "drift that is let pass, in standard deviations", .min = 0,
		  .max = 100),
	FIELD_OPT(struct peer_licence, h, KIND_DEC, "alarm of drift", .min = 0,
		  .max = 100),
	FIELD_OPT(struct peer_licence, least_gold, KIND_INT,
		  "gold items before a decision", .min = 1, .max = PEER_GOLDS),
	FIELD_OPT(struct peer_licence, most_gold, KIND_INT,
		  "undecided after so many: a moderator looks", .min = 1,
		  .max = 10 * PEER_GOLDS),
	FIELD_OPT(struct peer_licence, covert_new, KIND_DEC,
		  "share of gold in live work of a new reviewer", .min = 0,
		  .max = 1),
	FIELD_OPT(struct peer_licence, covert_stable, KIND_DEC,
		  "and of one who has long been fine", .min = 0, .max = 1),
	FIELD_END,
};
static const struct shape licence_shape =
	SHAPE(struct peer_licence, licence_fields);

static const struct field moderation_fields[] = {
	FIELD_OPT(struct peer_moderation, spot_percent, KIND_INT,
		  "of all works that moderators look at", .min = 0, .max = 100),
	FIELD_OPT(struct peer_moderation, random_percent, KIND_INT,
		  "of these, picked at random", .min = 0, .max = 100),
	FIELD_OPT(struct peer_moderation, departs, KIND_DEC,
		  "estimate so far from the mean: looked at", .min = 0,
		  .max = 100),
	FIELD_OPT(struct peer_moderation, disagrees, KIND_DEC,
		  "reviews so far apart: looked at", .min = 0, .max = 100),
	FIELD_OPT(struct peer_moderation, moves, KIND_DEC,
		  "a released grade moves by more: a moderator confirms",
		  .min = 0, .max = 100),
	FIELD_OPT(struct peer_moderation, starved_hours, KIND_INT,
		  "too few reviews after so long: looked at", .min = 1,
		  .max = 24 * DAYS_MOST),
	FIELD_OPT(struct peer_moderation, moderator_sd, KIND_DEC,
		  "of a moderator's grade", .min = 0, .max = 100),
	FIELD_OPT(struct peer_moderation, gold_sd, KIND_DEC,
		  "of an expert's grade", .min = 0, .max = 100),
	FIELD_OPT(struct peer_moderation, flags, KIND_INT,
		  "reviewers who flag a work: out of the pool", .min = 1,
		  .max = REVIEWS_MOST),
	FIELD_END,
};
static const struct shape moderation_shape =
	SHAPE(struct peer_moderation, moderation_fields);

static const struct field stop_fields[] = {
	FIELD_OPT(struct peer_stop, least, KIND_INT, "reviews, at least",
		  .min = 1, .max = STOP_MOST),
	FIELD_OPT(struct peer_stop, most, KIND_INT, "and at most", .min = 1,
		  .max = STOP_MOST),
	FIELD_MAYBE(struct peer_stop, pass_percent, has_pass_percent, KIND_DEC,
		    "the pass mark", .min = 0, .max = 100),
	FIELD_OPT(struct peer_stop, risk, KIND_DEC,
		  "enough when the wrong side of it is less likely", .min = 0,
		  .max = 1),
	FIELD_END,
};
static const struct shape stop_shape = SHAPE(struct peer_stop, stop_fields);

static const struct field appeals_fields[] = {
	FIELD_OPT(struct peer_appeals, off, KIND_BOOL, "there are none"),
	FIELD_OPT(struct peer_appeals, words, KIND_INT,
		  "words of the grounds, at least", .min = 0, .max = 500),
	FIELD_OPT(struct peer_appeals, days, KIND_INT,
		  "after the release, to appeal", .min = 1, .max = DAYS_MOST),
	FIELD_OPT(struct peer_appeals, decide_days, KIND_INT,
		  "in which one is to be decided", .min = 1, .max = DAYS_MOST),
	FIELD_END,
};
static const struct shape appeals_shape =
	SHAPE(struct peer_appeals, appeals_fields);

static const struct field dates_fields[] = {
	FIELD_OPT(struct peer_dates, opens_at, KIND_TIME,
		  "work is taken from then on"),
	FIELD_OPT(struct peer_dates, hand_in_until, KIND_TIME,
		  "last instant for work"),
	FIELD_OPT(struct peer_dates, review_until, KIND_TIME,
		  "last instant for reviews"),
	FIELD_END,
};
static const struct shape dates_shape = SHAPE(struct peer_dates, dates_fields);

static const struct field peer_fields[] = {
	FIELD(struct peer_def, rubric, KIND_OBJECT, "by what it is judged",
	      .shape = &rubric_shape),
	FIELD_OPT(struct peer_def, hand_in, KIND_OBJECT, "what is handed in",
		  .shape = &hand_in_shape),
	FIELD_OPT(struct peer_def, must_review, KIND_INT,
		  "reviews that each author owes", .min = 1,
		  .max = REVIEWS_MOST),
	FIELD_OPT(struct peer_def, must_receive, KIND_INT,
		  "reviews that each work is to have", .min = 1,
		  .max = REVIEWS_MOST),
	FIELD_OPT(struct peer_def, lease_minutes, KIND_INT,
		  "for one review, from its assignment", .min = 5,
		  .max = 14 * 24 * 60),
	FIELD_OPT(struct peer_def, mode, KIND_ENUM,
		  "when reviews begin: as work comes, or all at once",
		  .words = peer_mode_words),
	FIELD_OPT(struct peer_def, counts, KIND_ENUM,
		  "gives a grade, or advice alone", .words = peer_counts_words),
	FIELD_OPT(struct peer_def, release, KIND_ENUM, "of grades",
		  .words = peer_release_words),
	FIELD_OPT(struct peer_def, estimate, KIND_ENUM,
		  "how reviews make a grade", .words = peer_estimate_words),
	FIELD_OPT(struct peer_def, gold, KIND_LIST,
		  "works with an expert's grade", .of = KIND_OBJECT,
		  .shape = &gold_shape, .max = PEER_GOLDS),
	FIELD_OPT(struct peer_def, calibration, KIND_OBJECT,
		  "how a reviewer learns the rubric",
		  .shape = &calibration_shape),
	{ .name = "licence",
	  .doc = "who may decide grades",
	  .kind = KIND_OBJECT,
	  .optional = true,
	  .offset = offsetof(struct peer_def, licence_file),
	  .shape = &licence_shape },
	FIELD_OPT(struct peer_def, feedback, KIND_OBJECT,
		  "what a review has to say", .shape = &feedback_rules_shape),
	FIELD_OPT(struct peer_def, moderation, KIND_OBJECT,
		  "what moderators look at", .shape = &moderation_shape),
	FIELD_OPT(struct peer_def, stop, KIND_OBJECT,
		  "when a work has enough reviews", .shape = &stop_shape),
	FIELD_OPT(struct peer_def, appeals, KIND_OBJECT, "against grades",
		  .shape = &appeals_shape),
	FIELD_OPT(struct peer_def, dates, KIND_OBJECT, "deadlines",
		  .shape = &dates_shape),
	FIELD_MAYBE(struct peer_def, rate_reviews, has_rate_reviews, KIND_BOOL,
		    "authors rate the reviews that they got"),
	FIELD_OPT(struct peer_def, instructions, KIND_STR, "for reviewers"),
	FIELD_END,
};
const struct shape peer_def_shape = SHAPE(struct peer_def, peer_fields);

/* ---- defaults ---- */

static void licence_defaults(struct peer_licence *out)
{
	const struct licence_rules *r = &licence_rules_default;

	*out = (struct peer_licence){
		.p0 = dec_from_double(r->p0),
		.p1 = dec_from_double(r->p1),
		.alpha = dec_from_double(r->alpha),
		.beta = dec_from_double(r->beta),
		.gold_h = dec_from_double(r->gold_h),
		.k = dec_from_double(r->k),
		.h = dec_from_double(r->h),
		.least_gold = r->least_gold,
		.most_gold = r->most_gold,
		.covert_new = dec_from_double(r->covert_new),
		.covert_stable = dec_from_double(r->covert_stable),
	};
}

static void licence_numbers(const struct peer_licence *l,
			    struct licence_rules *out)
{
	*out = (struct licence_rules){
		.p0 = dec_double(l->p0),
		.p1 = dec_double(l->p1),
		.alpha = dec_double(l->alpha),
		.beta = dec_double(l->beta),
		.gold_h = dec_double(l->gold_h),
		.k = dec_double(l->k),
		.h = dec_double(l->h),
		.least_gold = l->least_gold,
		.most_gold = l->most_gold,
		.covert_new = dec_double(l->covert_new),
		.covert_stable = dec_double(l->covert_stable),
	};
}

void peer_def_defaults(struct peer_def *out)
{
	*out = (struct peer_def){
		.hand_in = { .kinds = 1U << PEER_TEXT,
			     .text_words = 1,
			     .text_bytes = 65536,
			     .files = 10,
			     .file_bytes = 16 << 20,
			     .grace_minutes = 60,
			     .versions = 3 },
		.must_review = 3,
		.must_receive = 3,
		.lease_minutes = 480,
		.calibration = { .least = 1,
				 .criterion_percent = 34,
				 .total_percent = 15,
				 .may_review_supervised = true,
				 .has_may_review_supervised = true },
		.moderation = { .spot_percent = 10,
				.random_percent = 30,
				.departs = dec_int(10),
				.disagrees = dec_int(40),
				.moves = dec_int(5),
				.starved_hours = 168,
				.moderator_sd = dec_int(5),
				.gold_sd = dec_int(3),
				.flags = 2 },
		.stop = { .least = 3,
			  .most = 6,
			  .pass_percent = dec_int(50),
			  .risk = dec_ratio(1, 10) },
		.appeals = { .words = 20, .days = 14, .decide_days = 7 },
		.rate_reviews = true,
		.has_rate_reviews = true,
	};
	licence_defaults(&out->licence_file);
	licence_numbers(&out->licence_file, &out->licence);
	feedback_rules_fill(&out->feedback);
}

/* Kinds that have a default here; the others' is to be absent. */
static size_t size_of(enum kind kind)
{
	switch (kind) {
	case KIND_BOOL:
		return sizeof(bool);
	case KIND_INT:
		return sizeof(int64_t);
	case KIND_DEC:
		return sizeof(struct dec);
	case KIND_ENUM:
		return sizeof(int);
	case KIND_FLAGS:
		return sizeof(uint32_t);
	case KIND_END:
	case KIND_STR:
	case KIND_ID:
	case KIND_TIME:
	case KIND_RAW:
	case KIND_BYTES:
	case KIND_HEX:
	case KIND_OBJECT:
	case KIND_LIST:
		break;
	}
	return 0;
}

/*
 * What the file does not say is as in *from. Looks at the text, since a 0 that
 * is written is another thing than nothing. object: NULL if that is absent.
 */
static void fill(const struct jval *object, const struct shape *shape,
		 const void *from, void *to)
{
	for (const struct field *f = shape->fields; f->kind != KIND_END; f++) {
		const char *source = (const char *)from + f->offset;
		char *target = (char *)to + f->offset;
		struct jval v;
		bool has = object && jval_get(*object, f->name, &v) &&
			   jval_type(v) != J_NULL;

		if (f->kind == KIND_OBJECT)
			fill(has ? &v : NULL, f->shape, source, target);
		else if (!has && size_of(f->kind))
			memcpy(target, source, size_of(f->kind));
		if (!has && f->has > 0)
			((char *)to)[f->has - 1] =
				((const char *)from)[f->has - 1];
	}
}

static void fill_lists(struct peer_def *d)
{
	struct rubric_criterion *c = d->rubric.criteria.at;
	struct peer_gold *g = d->gold.at;

	for (size_t i = 0; i < d->rubric.criteria.n; i++) {
		if (!c[i].has_weight && !c[i].feedback_only) {
			c[i].has_weight = true;
			c[i].weight = DEC_ONE;
		}
		if (c[i].comment_required && !c[i].comment_words)
			c[i].comment_words = 1;
	}
	for (size_t i = 0; i < d->gold.n; i++) {
		g[i].covert = g[i].covert || !g[i].has_covert;
		g[i].open = g[i].open || !g[i].has_open;
		g[i].has_covert = g[i].has_open = true;
	}
}

static bool says(struct jval root, const char *object, const char *name)
{
	struct jval o, v;

	return jval_get(root, object, &o) && jval_type(o) == J_OBJECT &&
	       jval_get(o, name, &v) && jval_type(v) != J_NULL;
}

static void fill_all(struct jval root, struct peer_def *d)
{
	struct peer_def defaults;

	peer_def_defaults(&defaults);
	fill(&root, &peer_def_shape, &defaults, d);
	if (!says(root, "stop", "least") && d->stop.least > d->must_receive)
		d->stop.least = d->must_receive;
	if (!says(root, "stop", "most") && d->stop.most < d->must_receive)
		d->stop.most = d->must_receive;
	fill_lists(d);
	licence_numbers(&d->licence_file, &d->licence);
}

enum err peer_def_read(struct ctx *cx, struct str text, const char *where,
		       struct peer_def *out)
{
	struct jdoc *doc;
	struct peer_def d;
	enum err e;

	if (text.n > PEER_FILE_JSON_BYTES)
		return err_field(cx, ERR_TOO_LARGE, where,
				 "has more than %d bytes: put fewer works into "
				 "gold",
				 PEER_FILE_JSON_BYTES);
	e = jdoc_parse(cx, text, &doc);
	if (!e)
		e = field_decode(cx, jdoc_root(doc), &peer_def_shape, where,
				 &d);
	if (e)
		return e;
	fill_all(jdoc_root(doc), &d);
	e = peer_def_check(cx, &d, where);
	if (!e)
		*out = d;
	return e;
}
