/*
 * What the tests of importers share: a context, reading and writing, and
 * random banks whose items both formats can hold.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "graders/bank.h"

struct bench {
	struct ctx cx;
	struct bank bank;
	uint64_t seed; /* of a property's case, printed when it fails */
};

static inline int bench_setup(void **state)
{
	struct bench *b = test_calloc(1, sizeof(*b));

	b->cx.arena = arena_new(65536);
	*state = b;
	return 0;
}

static inline int bench_teardown(void **state)
{
	struct bench *b = *state;

	arena_free(b->cx.arena);
	test_free(b);
	return 0;
}

typedef enum err reader(struct ctx *cx, struct str bytes, struct bank *out);
typedef void writer(struct buf *b, const struct bank *bank);

/* Notes of a fate add up to the bank's number for it, and all to nodes. */
static inline void assert_accounts(const struct bank *b)
{
	const struct bank_note *n = b->notes.at;
	int64_t sums[4] = { 0 };

	for (size_t i = 0; i < b->notes.n; i++)
		sums[n[i].fate] += n[i].count;
	assert_int_equal(sums[FATE_OPAQUE], b->opaque);
	assert_int_equal(sums[FATE_IGNORED], b->ignored);
	assert_int_equal(sums[FATE_REFUSED], b->refused);
	assert_int_equal(b->nodes,
			 b->mapped + b->opaque + b->ignored + b->refused);
}

static inline void read_str(struct bench *t, reader *read, struct str s)
{
	enum err e;

	err_clear(&t->cx);
	e = read(&t->cx, s, &t->bank);
	if (e)
		print_error("%s: %s\n", err_kind(e), t->cx.error.text);
	assert_int_equal(e, OK);
	assert_accounts(&t->bank);
}

static inline const struct item *item_at(const struct bench *t, size_t i)
{
	assert_true(i < t->bank.items.n);
	return (const struct item *)t->bank.items.at + i;
}

static inline const struct choice *choice_at(const struct item *it, size_t i)
{
	assert_true(i < it->choices.n);
	return (const struct choice *)it->choices.at + i;
}

static inline const struct answer *answer_at(const struct item *it, size_t i)
{
	assert_true(i < it->answers.n);
	return (const struct answer *)it->answers.at + i;
}

static inline void assert_str(struct str s, const char *want)
{
	if (s.n != strlen(want) || (s.n && memcmp(s.p, want, s.n) != 0))
		print_error("got \"%.*s\", want \"%s\"\n", STR_FMT(s), want);
	assert_true(s.n == strlen(want));
	assert_true(s.n == 0 || memcmp(s.p, want, s.n) == 0);
}

static inline void assert_dec(struct dec d, const char *want)
{
	char text[DEC_TEXT];

	assert_str((struct str){ text, dec_text(d, text) }, want);
}

static inline const struct bank_note *
note_with(const struct bench *t, enum fate fate, const char *words)
{
	const struct bank_note *n = t->bank.notes.at;

	for (size_t i = 0; i < t->bank.notes.n; i++)
		if (n[i].fate == (int)fate &&
		    str_find(n[i].detail, str_of(words), 0) != SIZE_MAX)
			return &n[i];
	print_error("no note of fate %s with \"%s\"\n", fate_words[fate],
		    words);
	fail();
	return NULL;
}

/* Two banks have equal items: byte by byte in their canonical JSON. */
static inline void assert_same_items(const struct bench *t,
				     const struct bank *a, const struct bank *b)
{
	const struct item *x = a->items.at, *y = b->items.at;
	struct buf p = { 0 }, q = { 0 };

	assert_int_equal(a->items.n, b->items.n);
	for (size_t i = 0; i < a->items.n; i++) {
		buf_reset(&p);
		buf_reset(&q);
		field_encode(&p, &item_shape, &x[i]);
		field_encode(&q, &item_shape, &y[i]);
		if (p.n != q.n || memcmp(p.p, q.p, p.n) != 0)
			print_error("seed %llu\nwas  %.*s\nnow  %.*s\n",
				    (unsigned long long)t->seed, (int)p.n, p.p,
				    (int)q.n, q.p);
		assert_int_equal(p.n, q.n);
		assert_memory_equal(p.p, q.p, p.n);
	}
	buf_done(&p);
	buf_done(&q);
}

/* What is written and read again is the same. */
static inline void assert_survives(struct bench *t, const struct bank *bank,
				   writer *write, reader *read)
{
	struct buf text = { 0 };
	struct bank again;
	enum err e;

	write(&text, bank);
	e = read(&t->cx, buf_view(&text), &again);
	if (e)
		print_error("seed %llu: %s\n%.*s\n",
			    (unsigned long long)t->seed, t->cx.error.text,
			    (int)text.n, text.p);
	assert_int_equal(e, OK);
	if (again.refused > 0)
		print_error("seed %llu\n%.*s\n", (unsigned long long)t->seed,
			    (int)text.n, text.p);
	assert_int_equal(again.refused, 0);
	assert_accounts(&again);
	assert_same_items(t, bank, &again);
	buf_done(&text);
}

/* A file of the source tree. */
static inline struct str read_file(struct bench *t, const char *name)
{
	struct str path = str_fmt(t->cx.arena, "%s/%s", SOURCE_DIR, name);
	FILE *f = fopen(str_z(t->cx.arena, path), "rb");
	char *p = arena_alloc(t->cx.arena, 1 << 20);
	size_t n;

	assert_non_null(f);
	n = fread(p, 1, 1 << 20, f);
	fclose(f);
	return (struct str){ p, n };
}

/* --- random banks -------------------------------------------------------- */

struct dice {
	struct ctx *cx;
	struct rng_seeded rng;
};

static inline uint64_t roll(struct dice *d, uint64_t below)
{
	return rng_below(&d->rng.rng, below);
}

/* Words with everything that is syntax in one of the formats. */
static inline struct str random_text(struct dice *d)
{
	static const char *const words[] = {
		"~",
		"=",
		"#",
		"{",
		"}",
		"\\",
		"%50%",
		"::",
		"//",
		"[",
		"]",
		"a",
		"Tee",
		"\xc3\xa4",
		"<b>",
		"&",
		"\"",
		"]]>",
		"\\n",
		"TRUE",
		"$CATEGORY:",
		"42",
		"####",
		"\n",
		"x y",
		"[html]",
		"&amp;",
		"<!--",
		"\xf0\x9f\x98\x80",
		":",
		"?>",
		"{1:SA:",
		"e",
		"\t",
	};
	struct buf b = { 0 };
	struct str out;

	buf_z(&b, "w");
	for (uint64_t n = roll(d, 8); n > 0; n--)
		buf_z(&b, words[roll(d, sizeof(words) / sizeof(words[0]))]);
	buf_z(&b, roll(d, 2) ? "." : "e");
	out = buf_copy(&b, d->cx->arena);
	buf_done(&b);
	return out;
}

static inline struct str maybe_text(struct dice *d)
{
	return roll(d, 2) ? random_text(d) : (struct str){ 0 };
}

/* A name is one line. */
static inline struct str maybe_name(struct dice *d)
{
	struct str s = maybe_text(d);

	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ')
			((char *)s.p)[i] = ' ';
	return s;
}

/* One line without what ends a tag. */
static inline struct str random_word(struct dice *d)
{
	return str_fmt(d->cx->arena, "w%llu ]\xc3\xbc",
		       (unsigned long long)roll(d, 1000));
}

static inline struct dec random_share(struct dice *d)
{
	static const int64_t shares[] = { 1000000000, 0,	  500000000,
					  333333300,  -250000000, 333333333 };

	return (struct dec){ shares[roll(d, 6)] };
}

static inline struct list random_choices(struct dice *d)
{
	size_t n = 2 + roll(d, 4);
	struct choice *c = ARENA_ARRAY(d->cx->arena, struct choice, n);

	for (size_t i = 0; i < n; i++) {
		c[i].id = str_fmt(d->cx->arena, "%zu", i + 1);
		c[i].text = random_text(d);
		c[i].format = (int)roll(d, 4);
		c[i].fraction = i == 0 ? DEC_ONE : random_share(d);
		c[i].feedback = maybe_text(d);
		c[i].feedback_format = (int)roll(d, 4);
	}
	return (struct list){ c, n };
}

static inline struct list random_answers(struct dice *d, bool numeric)
{
	size_t n = 1 + roll(d, 4);
	struct answer *a = ARENA_ARRAY(d->cx->arena, struct answer, n);

	for (size_t i = 0; i < n; i++) {
		a[i].text = random_text(d);
		a[i].fraction = random_share(d);
		a[i].feedback = maybe_text(d);
		a[i].feedback_format = (int)roll(d, 4);
		if (!numeric)
			continue;
		a[i].text = str_fmt(d->cx->arena, "-%llu.5",
				    (unsigned long long)roll(d, 1000));
		if (roll(d, 5) == 0) {
			a[i].text = STR("*");
		} else if (roll(d, 3) == 0) {
			a[i].tolerance_kind = TOL_RANGE;
			a[i].high = STR("1e3");
		} else if (roll(d, 2)) {
			a[i].tolerance = STR("0.125");
		}
	}
	return (struct list){ a, n };
}

static inline void random_match(struct dice *d, struct item *it)
{
	size_t n = 2 + roll(d, 4), m = 1 + roll(d, n + 2);
	struct str *o = ARENA_ARRAY(d->cx->arena, struct str, n);
	struct match_stem *s = ARENA_ARRAY(d->cx->arena, struct match_stem, m);

	for (size_t i = 0; i < n; i++) {
		struct str text = random_text(d);

		o[i] = str_fmt(d->cx->arena, "%zu %.*s", i, STR_FMT(text));
	}
	for (size_t i = 0; i < m; i++) {
		s[i].text = random_text(d);
		s[i].format = (int)roll(d, 4);
		s[i].option = (int64_t)roll(d, n);
	}
	it->source_type = STR("match");
	it->stems = (struct list){ s, m };
	it->options = (struct list){ o, n };
}

static inline struct item random_item(struct dice *d, size_t number)
{
	static const char *const source_types[] = {
		"multichoice", "multichoice", "truefalse",
		"shortanswer", "numerical",   "match",
		"cloze",       "essay",	      "description"
	};
	struct item it = { .type = (int)roll(d, ITEM_OPAQUE) };
	struct choice *c;

	if (it.type == ITEM_CLOZE)
		it.type = ITEM_MULTI;
	it.source_type = str_of(source_types[it.type]);
	it.id = str_fmt(d->cx->arena, "q%zu", number);
	it.name = maybe_name(d);
	it.stem = random_text(d);
	it.stem_format = (int)roll(d, 4);
	it.general_feedback = maybe_text(d);
	it.general_feedback_format = (int)roll(d, 4);
	it.mark = DEC_ONE;
	it.penalty = (struct dec){ 333333300 };
	if (it.type == ITEM_CHOICE || it.type == ITEM_MULTI) {
		it.choices = random_choices(d);
		it.shuffle = true;
		it.numbering = STR("abc");
	} else if (it.type == ITEM_TRUE_FALSE) {
		it.choices = random_choices(d);
		it.choices.n = 2;
		c = it.choices.at;
		c[0].fraction = roll(d, 2) ? DEC_ONE : DEC_ZERO;
		c[1].fraction = dec_sub(DEC_ONE, c[0].fraction);
		for (int i = 0; i < 2; i++) {
			c[i].format = 0;
			c[i].id = c[i].text = i ? STR("false") : STR("true");
		}
		it.penalty = DEC_ONE;
	} else if (it.type == ITEM_SHORT || it.type == ITEM_NUMERIC) {
		it.answers = random_answers(d, it.type == ITEM_NUMERIC);
	} else if (it.type == ITEM_MATCH) {
		random_match(d, &it);
		it.shuffle = true;
	} else if (it.type == ITEM_ESSAY) {
		it.essay.format = STR("editor");
		it.essay.text_required = true;
		it.essay.lines = 15;
	} else {
		it.mark = DEC_ZERO;
		it.general_feedback = (struct str){ 0 };
		it.general_feedback_format = it.stem_format;
	}
	return it;
}

static inline void random_tags(struct dice *d, struct item *it, size_t number)
{
	size_t n = roll(d, 3);
	struct str *tags = ARENA_ARRAY(d->cx->arena, struct str, n);

	for (size_t i = 0; i < n; i++)
		tags[i] = random_word(d);
	it->tags = (struct list){ tags, n };
	if (roll(d, 2))
		it->idnumber = str_fmt(d->cx->arena, "id %zu]", number);
}

static inline struct bank random_bank(struct dice *d)
{
	size_t n = 1 + roll(d, 12);
	struct item *items = ARENA_ARRAY(d->cx->arena, struct item, n);
	struct str category = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (roll(d, 4) == 0)
			category = random_word(d);
		items[i] = random_item(d, i + 1);
		items[i].category = category;
		random_tags(d, &items[i], i + 1);
	}
	return (struct bank){ .items = { items, n } };
}

/* ASSAY_SEED begins elsewhere. */
static inline uint64_t first_seed(void)
{
	const char *z = getenv("ASSAY_SEED");

	return z ? strtoull(z, NULL, 10) : 1;
}

static inline struct bank bank_of_seed(struct bench *t, uint64_t seed)
{
	struct dice d = { .cx = &t->cx };

	arena_reset(t->cx.arena);
	t->seed = seed;
	rng_seeded_from(&d.rng, seed);
	return random_bank(&d);
}

/* As many random banks survive being written and read again. */
static inline void assert_all_survive(struct bench *t, int banks, writer *write,
				      reader *read)
{
	for (int i = 0; i < banks; i++) {
		struct bank bank = bank_of_seed(t, first_seed() + (uint64_t)i);

		assert_survives(t, &bank, write, read);
	}
}
