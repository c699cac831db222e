/*
 * behaviour_world: questions to play with, and a slot that is played.
 */
#pragma once

#include "graders/behaviour.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

/* frog is right, toad nearly; a third for every wrong try; two hints. */
#define FROG                                                                   \
	"{\"type\":\"short\",\"stem\":\"Name an amphibian\",\"mark\":1,"       \
	"\"penalty\":0.3333333,\"answers\":["                                  \
	"{\"text\":\"frog\",\"fraction\":1},"                                  \
	"{\"text\":\"toad\",\"fraction\":0.8},{\"text\":\"*\"}],"              \
	"\"hints\":[{\"text\":\"It croaks.\"},"                                \
	"{\"text\":\"fr…\",\"clear_wrong\":true}]}"
#define PI_TO_TWO                                                              \
	"{\"type\":\"numeric\",\"penalty\":0.1,\"answers\":["                  \
	"{\"text\":\"3.14\",\"fraction\":1},{\"text\":\"*\"}]}"
/* who picks a loses a quarter of the mark, where marks may be lost */
#define ONE_OF_THREE                                                           \
	"{\"type\":\"choice\",\"penalty\":0.5,\"choices\":["                   \
	"{\"text\":\"a\",\"fraction\":-0.25},{\"text\":\"b\",\"fraction\":1}," \
	"{\"text\":\"c\"}],\"hints\":[{\"text\":\"Not c.\"}]}"
#define TWO_OF_FOUR                                                            \
	"{\"type\":\"multi\",\"penalty\":0.5,\"choices\":["                    \
	"{\"text\":\"a\",\"fraction\":0.5},{\"text\":\"b\"},"                  \
	"{\"text\":\"c\",\"fraction\":0.5},{\"text\":\"d\"}],"                 \
	"\"hints\":[{\"text\":\"Two.\",\"clear_wrong\":true,"                  \
	"\"show_right_count\":true}]}"
/* 1-2, 2-1, 3-1, 4-2 */
#define FOUR_PAIRS                                                             \
	"{\"type\":\"match\",\"penalty\":0.25,\"stems\":["                     \
	"{\"text\":\"dog\",\"option\":1},{\"text\":\"frog\",\"option\":0},"    \
	"{\"text\":\"toad\",\"option\":0},{\"text\":\"cat\",\"option\":1}],"   \
	"\"options\":[\"amphibian\",\"mammal\",\"insect\"],"                   \
	"\"hints\":[{\"text\":\"1\",\"clear_wrong\":true},"                    \
	"{\"text\":\"2\",\"clear_wrong\":true}]}"
/* owl weighs 3, the choice (third) weighs 1 */
#define OWL_AND_CAT                                                            \
	"{\"type\":\"cloze\",\"penalty\":0.2,\"stem\":\"{#1} and {#2}\","      \
	"\"parts\":[{\"type\":\"short\",\"mark\":3,\"answers\":["              \
	"{\"text\":\"owl\",\"fraction\":1},{\"text\":\"*\"}]},"                \
	"{\"type\":\"choice\",\"mark\":1,\"choices\":[{\"text\":\"bow-wow\"}," \
	"{\"text\":\"worm\"},{\"text\":\"pussy-cat\",\"fraction\":1}]}],"      \
	"\"hints\":[{\"text\":\"1\"},{\"text\":\"2\",\"clear_wrong\":true}]}"
#define ESSAY                                                                  \
	"{\"type\":\"essay\",\"essay\":{\"format\":\"editor\","                \
	"\"text_required\":true,\"min_words\":3}}"
#define NOTICE "{\"type\":\"description\",\"stem\":\"Read this.\"}"

/* A slot in play, and everything that was asked of it. */
enum { LOG = 400 };
struct play {
	struct ctx *cx;
	struct slot_setup setup;
	struct slot_run slot;
	struct slot_effect effect; /* of the last action that was taken */
	struct slot_action log[LOG];
	size_t n;
};

static inline int set_up(void **state)
{
	static struct ctx cx;

	cx = (struct ctx){ .arena = arena_new(1 << 16) };
	*state = &cx;
	return 0;
}

static inline int tear_down(void **state)
{
	struct ctx *cx = *state;

	arena_free(cx->arena);
	return 0;
}

static inline struct jval json(struct ctx *cx, const char *text)
{
	struct jdoc *doc;

	assert_int_equal(jdoc_parse(cx, str_of(text), &doc), OK);
	return jdoc_root(doc);
}

static inline const struct item *item_of(struct ctx *cx, const char *text)
{
	struct item *it = ARENA_NEW(cx->arena, struct item);

	if (field_decode(cx, json(cx, text), &item_shape, "", it))
		fail_msg("%s %s", cx->error.field, cx->error.text);
	if (item_check(cx, it, ""))
		fail_msg("%s %s", cx->error.field, cx->error.text);
	return it;
}

static inline struct play *play(struct ctx *cx, const char *item,
				enum behaviour wanted, int max)
{
	struct play *p = ARENA_NEW(cx->arena, struct play);
	struct variant *v = ARENA_NEW(cx->arena, struct variant);

	p->cx = cx;
	p->setup.item = item_of(cx, item);
	p->setup.behaviour = behaviour_for(p->setup.item, wanted);
	variant_identity(cx->arena, p->setup.item, v);
	p->setup.variant = v;
	p->setup.max = dec_int(max);
	slot_start(&p->setup, &p->slot);
	return p;
}

static inline enum err act(struct play *p, struct slot_action a)
{
	assert_true(p->n < LOG);
	p->log[p->n++] = a;
	return slot_apply(p->cx, &p->slot, &a, &p->effect);
}

/* response: JSON; NULL for none. */
static inline struct slot_action action(struct play *p, int kind,
					const char *response)
{
	struct slot_action a = { .kind = kind, .by = STR("key:marker") };

	a.has_response = response != NULL;
	if (response && response_read(p->cx, p->setup.item,
				      json(p->cx, response), &a.response))
		fail_msg("%s %s", p->cx->error.field, p->cx->error.text);
	return a;
}

static inline enum err tell(struct play *p, int kind, const char *response)
{
	return act(p, action(p, kind, response));
}

static inline enum err surely(struct play *p, int kind, const char *response,
			      int certainty)
{
	struct slot_action a = action(p, kind, response);

	a.certainty = certainty;
	return act(p, a);
}

/* mark: NULL for a comment alone, "" to take it back. */
static inline enum err mark_it(struct play *p, const char *mark)
{
	struct slot_action a = action(p, SLOT_MARK, NULL);

	a.comment = STR("seen");
	a.out_of = p->setup.max;
	a.clear_mark = mark && !*mark;
	a.has_mark = mark && *mark;
	if (a.has_mark)
		assert_true(dec_parse(str_of(mark), &a.mark));
	return act(p, a);
}

/* "todo", "graded_partial 0.5": the state, and the mark if there is one. */
static inline const char *now(struct play *p)
{
	char text[DEC_TEXT];
	struct dec mark;

	if (!slot_mark(&p->slot, &mark))
		return slot_state_words[p->slot.state];
	dec_text(mark, text);
	return str_z(p->cx->arena,
		     str_fmt(p->cx->arena, "%s %s",
			     slot_state_words[p->slot.state], text));
}

static inline const char *snapshot(struct ctx *cx, const struct slot_run *s)
{
	struct buf b = { 0 };
	const char *z;

	slot_write(cx, &b, s);
	z = str_z(cx->arena, buf_view(&b));
	buf_done(&b);
	return z;
}

#define assert_now(p, text) assert_string_equal(now(p), (text))
#define OK_TELL(p, kind, response)                                             \
	assert_int_equal(tell((p), (kind), (response)), OK)
/* Each test has an arena of its own. */
#define TEST_OF_SLOT(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
