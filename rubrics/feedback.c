#include "rubrics/feedback.h"

#include <stdarg.h>
#include <stdio.h>

#include "rubrics/words.h"

static const struct field rules_fields[] = {
	FIELD_OPT(struct feedback_rules, strengths, KIND_INT,
		  "strengths, at least", .min = 0, .max = FEEDBACK_POINTS),
	FIELD_OPT(struct feedback_rules, improvements, KIND_INT,
		  "improvements, at least", .min = 0, .max = FEEDBACK_POINTS),
	FIELD_OPT(struct feedback_rules, may_be_even, KIND_BOOL,
		  "as many strengths as improvements will do"),
	FIELD_OPT(struct feedback_rules, any_order, KIND_BOOL,
		  "strengths and improvements are not counted against each "
		  "other"),
	FIELD_OPT(struct feedback_rules, words_each, KIND_INT,
		  "words of one point, at least", .min = 1, .max = 200),
	FIELD_OPT(struct feedback_rules, words_total, KIND_INT,
		  "words of the whole review, at least", .min = 0, .max = 5000),
	FIELD_OPT(struct feedback_rules, alike_percent, KIND_INT,
		  "a text that is so much like another one is a copy", .min = 1,
		  .max = 100),
	FIELD_END,
};
const struct shape feedback_rules_shape =
	SHAPE(struct feedback_rules, rules_fields);

void feedback_rules_fill(struct feedback_rules *r)
{
	*r = (struct feedback_rules){
		.strengths = 2,
		.improvements = 1,
		.words_each = 4,
		.words_total = 25,
		.alike_percent = 80,
	};
}

const char *const feedback_kind_words[] = {
#define X(kind, word) word,
	FEEDBACK_FINDINGS_X(X)
#undef X
		NULL,
};

static const struct field finding_fields[] = {
	FIELD(struct feedback_finding, kind, KIND_ENUM, "what is wrong",
	      .words = feedback_kind_words),
	FIELD(struct feedback_finding, field, KIND_STR, "where"),
	FIELD(struct feedback_finding, message, KIND_STR,
	      "why, and what to do"),
	FIELD_END,
};
const struct shape feedback_finding_shape =
	SHAPE(struct feedback_finding, finding_fields);

int64_t feedback_words(struct str text)
{
	struct words w = { text };
	uint64_t hash;
	int64_t n = 0;

	while (words_next(&w, &hash))
		n++;
	return n;
}

/* ---- prints ---- */

/* Keeps the smallest, each once, sorted. */
static void print_add(struct feedback_prints *p, uint64_t hash)
{
	uint32_t at = p->n;

	if (p->n == FEEDBACK_PRINTS && hash >= p->at[p->n - 1])
		return;
	while (at && p->at[at - 1] > hash)
		at--;
	if (at && p->at[at - 1] == hash)
		return;
	if (p->n < FEEDBACK_PRINTS)
		p->n++;
	memmove(&p->at[at + 1], &p->at[at], (p->n - at - 1) * sizeof(p->at[0]));
	p->at[at] = hash;
}

/* Trigrams do not reach over the end of a text. */
static void print_text(struct feedback_prints *p, struct str text)
{
	struct words w = { text };
	uint64_t a = 0, b = 0, c;

	for (size_t n = 1; words_next(&w, &c); n++) {
		if (n >= 3)
			print_add(p, words_mix(words_mix(a, b), c));
		a = b;
		b = c;
	}
}

void feedback_print_text(struct ctx *cx, struct str text,
			 struct feedback_prints *out)
{
	(void)cx;
	*out = (struct feedback_prints){ 0 };
	print_text(out, text);
}

static const struct str *text_at(const struct list *l, size_t i)
{
	return (const struct str *)l->at + i;
}

void feedback_print(struct ctx *cx, const struct feedback *f,
		    struct feedback_prints *out)
{
	const struct list *all[] = { &f->strengths, &f->improvements,
				     &f->comments };

	(void)cx;
	*out = (struct feedback_prints){ 0 };
	for (size_t k = 0; k < 3; k++)
		for (size_t i = 0; i < all[k]->n; i++)
			print_text(out, *text_at(all[k], i));
}

/* Of the smallest of both together, the share that both have. */
int feedback_alike(const struct feedback_prints *a,
		   const struct feedback_prints *b)
{
	uint32_t i = 0, k = 0, both = 0, seen = 0;

	if (!a->n || !b->n)
		return 0;
	while (seen < FEEDBACK_PRINTS && (i < a->n || k < b->n)) {
		seen++;
		if (i < a->n && k < b->n && a->at[i] == b->at[k]) {
			both++;
			i++;
			k++;
		} else if (k == b->n || (i < a->n && a->at[i] < b->at[k])) {
			i++;
		} else {
			k++;
		}
	}
	return (int)(both * 100 / seen);
}

/* ---- findings ---- */

struct seen {
	struct str field;
	uint64_t hash; /* of all its words */
	struct feedback_prints prints;
};

struct check {
	struct ctx *cx;
	const struct feedback_rules *r;
	struct feedback_finding *found;
	size_t n;
	int64_t words;	   /* of all texts */
	int64_t counts[2]; /* points that have words */
	struct seen *seen; /* texts to compare with, in order */
	size_t seen_n;
};

static const char *const list_names[] = { "strengths", "improvements",
					  "comments" };

__attribute__((format(printf, 4, 5))) static void say(struct check *k,
						      enum feedback_kind kind,
						      struct str field,
						      const char *fmt, ...)
{
	char text[ERR_TEXT];
	va_list ap;

	if (k->n == FEEDBACK_FINDINGS)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	k->found[k->n++] = (struct feedback_finding){
		.kind = (int)kind,
		.field = field,
		.message = str_copy(k->cx->arena, str_of(text)),
	};
}

static const char *plural(int64_t n)
{
	return n == 1 ? "" : "s";
}

static uint64_t all_words(struct str text)
{
	struct words w = { text };
	uint64_t hash, all = 0;

	while (words_next(&w, &hash))
		all = words_mix(all, hash);
	return all;
}

/* The same words as an earlier point or comment, or a point much like one. */
static void check_repeated(struct check *k, struct str text, struct str field,
			   bool point)
{
	struct seen *mine = &k->seen[k->seen_n], *s = k->seen;

	*mine = (struct seen){ .field = field, .hash = all_words(text) };
	if (point)
		print_text(&mine->prints, text);
	while (s < mine && s->hash != mine->hash &&
	       feedback_alike(&mine->prints, &s->prints) < k->r->alike_percent)
		s++;
	if (s < mine)
		say(k, FEEDBACK_REPEATED, field,
		    "This says the same as %.*s: write what is new, or leave "
		    "it out.",
		    STR_FMT(s->field));
	k->seen_n++;
}

static void check_point(struct check *k, size_t list, size_t i, struct str text)
{
	struct str field =
		str_fmt(k->cx->arena, "/%s/%zu", list_names[list], i);
	int64_t words = feedback_words(text);

	k->words += words;
	if (!words && list == 2)
		return; /* whether it is required is the rubric's to say */
	if (!str_trim(text).n) {
		say(k, FEEDBACK_EMPTY, field,
		    "This is empty: write it, or take it out.");
		return;
	}
	if (!words) {
		say(k, FEEDBACK_NO_WORDS, field,
		    "There are no words in this: say it in words.");
		return;
	}
	if (list < 2) {
		k->counts[list]++;
		if (words < k->r->words_each) {
			say(k, FEEDBACK_TOO_SHORT, field,
			    "This has %lld word%s, and needs %lld: say what "
			    "exactly, and why.",
			    (long long)words, plural(words),
			    (long long)k->r->words_each);
			return;
		}
	}
	if (words >= k->r->words_each)
		check_repeated(k, text, field, list < 2);
}

static void check_counts(struct check *k)
{
	const int64_t need[] = { k->r->strengths, k->r->improvements };
	int64_t good = k->counts[0], better = k->counts[1];

	for (size_t i = 0; i < 2; i++)
		if (k->counts[i] < need[i])
			say(k, FEEDBACK_TOO_FEW,
			    str_fmt(k->cx->arena, "/%s", list_names[i]),
			    i ? "Name at least %lld thing%s that would make "
				"the work better; there %s %lld."
			      : "Name at least %lld thing%s that the work "
				"does well; there %s %lld.",
			    (long long)need[i], plural(need[i]),
			    k->counts[i] == 1 ? "is" : "are",
			    (long long)k->counts[i]);
	if (k->r->any_order || !better ||
	    good > better - (k->r->may_be_even ? 1 : 0))
		return;
	say(k, FEEDBACK_MORE_STRENGTHS, STR("/strengths"),
	    "A review names %s strengths %s improvements; this one has %lld "
	    "and %lld. Add what the work does well, or keep the most useful "
	    "improvements.",
	    k->r->may_be_even ? "as many" : "more",
	    k->r->may_be_even ? "as" : "than", (long long)good,
	    (long long)better);
}

static void check_copied(struct check *k, const struct feedback *f,
			 const struct feedback_prints *earlier,
			 size_t earlier_n, const struct feedback_prints *work)
{
	struct feedback_prints mine;
	int most = 0, like;

	feedback_print(k->cx, f, &mine);
	for (size_t i = 0; i < earlier_n; i++) {
		like = feedback_alike(&mine, &earlier[i]);
		most = like > most ? like : most;
	}
	if (most && most >= k->r->alike_percent)
		say(k, FEEDBACK_COPIED_SELF, STR(""),
		    "This is %d %% the same as another review of yours: say "
		    "what is true of this work and no other.",
		    most);
	like = work ? feedback_alike(&mine, work) : 0;
	if (like && like >= k->r->alike_percent)
		say(k, FEEDBACK_COPIED_WORK, STR(""),
		    "This is %d %% the work's own text: say in your words what "
		    "you think of it.",
		    like);
}

void feedback_check(struct ctx *cx, const struct feedback_rules *r,
		    const struct feedback *f,
		    const struct feedback_prints *earlier, size_t earlier_n,
		    const struct feedback_prints *work, struct list *findings)
{
	const struct list *all[] = { &f->strengths, &f->improvements,
				     &f->comments };
	size_t texts = all[0]->n + all[1]->n + all[2]->n;
	struct check k = {
		.cx = cx,
		.r = r,
		.found = ARENA_ARRAY(cx->arena, struct feedback_finding,
				     FEEDBACK_FINDINGS),
		.seen = ARENA_ARRAY(cx->arena, struct seen, texts),
	};

	for (size_t list = 0; list < 3; list++)
		for (size_t i = 0; i < all[list]->n; i++)
			check_point(&k, list, i, *text_at(all[list], i));
	check_counts(&k);
	if (k.words < r->words_total)
		say(&k, FEEDBACK_TOO_SHORT, STR(""),
		    "The review has %lld word%s, and needs %lld: say more of "
		    "what you saw.",
		    (long long)k.words, plural(k.words),
		    (long long)r->words_total);
	check_copied(&k, f, earlier, earlier_n, work);
	*findings = (struct list){ k.found, k.n };
}
