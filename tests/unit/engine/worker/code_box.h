/*
 * code_box: the judge with real boxes. What needs a box, or a language, is
 * skipped by name where there is none. Include after cmocka.h.
 */
#pragma once

#include <stdio.h>

#include "engine/worker/worker_languages.h"
#include "sandbox/box_client.h"

struct test {
	struct ctx cx;
	struct boxes *boxes;
	const struct runner *runner;
	struct code_languages languages;
	struct code_spec spec;
	struct code_report report;
	struct code_result result;
};

static inline int open_test(void **state)
{
	static struct test t;
	struct boxes_opts o = { .program = BINARY_DIR "/bin/assay-box",
				.width = 4 };

	t = (struct test){ .cx = { .arena = arena_new(1 << 20),
				   .clock = &clock_system,
				   .rng = rng_system() } };
	*state = &t;
	t.languages = worker_languages(t.cx.arena);
	if (boxes_open(&t.cx, &o, &t.boxes)) {
		print_message("no box on this host: %s\n", t.cx.error.text);
		t.boxes = NULL;
		return 0;
	}
	t.runner = boxes_runner(t.boxes);
	return 0;
}

static inline int close_test(void **state)
{
	struct test *t = *state;

	boxes_close(t->boxes);
	arena_free(t->cx.arena);
	return 0;
}

/* false: not installed here, which is said. */
static inline bool has_language(struct test *t, const char *language)
{
	const struct code_language *l =
		code_language_find(&t->languages, str_of(language));

	if (!l || !l->installed)
		print_message("skipped: %s is not installed here\n", language);
	return l && l->installed;
}

/* Without a strong box, or the language: said, and nothing is run. */
static inline struct test *ready(void **state, const char *language)
{
	struct test *t = *state;

	if (!t->boxes || t->runner->level <= RUN_WEAK) {
		print_message("skipped: no strong box here\n");
		skip();
	}
	if (language && !has_language(t, language))
		skip();
	return t;
}

static inline void spec(struct test *t, const char *json)
{
	struct str text = str_copy(t->cx.arena, str_of(json));
	enum err e;

	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '`')
			((char *)text.p)[i] = '"';
	e = field_decode_text(&t->cx, text, &code_spec_shape, &t->spec);
	if (!e)
		e = code_spec_check(&t->cx, &t->spec, "");
	if (e)
		print_message("%s: %s\n", t->cx.error.field, t->cx.error.text);
	assert_int_equal(e, OK);
}

static inline void judge(struct test *t, const char *language, const char *name,
			 const char *source)
{
	struct code_file *f = ARENA_NEW(t->cx.arena, struct code_file);
	struct code_task task = { .language = str_of(language),
				  .files = { f, 1 } };
	enum err e;

	*f = (struct code_file){ .name = str_of(name), .text = str_of(source) };
	e = code_judge_spec(&t->cx, t->runner, &t->languages, &t->spec, &task,
			    &t->report);
	if (e)
		print_message("%s\n", t->cx.error.text);
	assert_int_equal(e, OK);
	code_score(&t->cx, &t->spec, &t->report, &t->result);
	if (t->report.verdict == RUN_IE)
		print_message("staff: %.*s\n", STR_FMT(t->report.staff));
}

#define assert_verdict(t, word)                                                \
	assert_string_equal(run_verdict_words[(t)->report.verdict], word)
