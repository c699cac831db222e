/*
 * What workers save: a terminal's shell again and again, an archive's files
 * among the learner's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/scenario/lab.h"

#define ANN "learner:ann"

static void terminal(struct world *w, struct story_vars *v)
{
	lab_session(w, v);
	lab_ok(w, v, ANN, "lab.terminal_open", "{" S ",'rows':24,'cols':80}",
	       NO_BYTES);
	world_run(w);
	lab_lease(w, v, "lab.terminal");
}

static void saves(struct world *w, struct story_vars *v, const char *name,
		  const char *text)
{
	char size[24];

	snprintf(size, sizeof(size), "%zu", strlen(text));
	v->value['n'] = name;
	v->value['z'] = size;
	lab_ok(w, v, ANN, "lab.save",
	       "{" S ",'files':[{'name':'$n','size':$z}]}", str_of(text));
}

/* By the worker; $c: the base of the next. */
static struct reply host_saves(struct world *w, struct story_vars *v,
			       const char *more, struct str frames)
{
	char params[300];
	struct reply r;

	snprintf(params, sizeof(params), "{" HOST ",'base':'$c'%s}", more);
	r = lab_ok(w, v, "worker", "lab.host_save", params, frames);
	if (str_is(str_of(reply_text(w, &r, "current")), "true"))
		v->value['c'] = reply_text(w, &r, "commit");
	return r;
}

static void takes(struct world *w, struct story_vars *v)
{
	struct reply r = lab_ok(w, v, "worker", "lab.host_files", "{" HOST "}",
				NO_BYTES);

	v->value['c'] = reply_text(w, &r, "commit");
}

static bool holds(struct world *w, struct story_vars *v, const char *name,
		  const char *text)
{
	struct reply r;

	v->value['n'] = name;
	r = lab_call(w, v, ANN, "lab.read", "{" S ",'name':'$n'}", NO_BYTES);
	return r.e ? !text : text && str_is(r.bytes, text);
}

static void
a_shell_that_saves_again_and_again_keeps_nothing_beside(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	terminal(w, &v);
	takes(w, &v);
	host_saves(w, &v, "", lab_frames(w, 1, "m.c", "one"));
	host_saves(w, &v, "", lab_frames(w, 1, "m.c", "two"));
	host_saves(w, &v, "", lab_frames(w, 1, "m.c", "three"));
	assert_true(holds(w, &v, "m.c", "three"));
	assert_true(holds(w, &v, "m.c.editor", NULL));
	/* An editor's is kept, also if the shell's folder has it much later. */
	saves(w, &v, "m.c", "edited");
	saves(w, &v, "e.c", "edited");
	r = host_saves(w, &v, "", lab_frames(w, 1, "m.c", "four"));
	assert_string_equal(reply_text(w, &r, "current"), "false");
	assert_true(holds(w, &v, "m.c.editor", "edited"));
	host_saves(w, &v, "", lab_frames(w, 1, "e.c", "shell"));
	assert_true(holds(w, &v, "e.c.editor", "edited"));
	takes(w, &v);
	r = host_saves(w, &v, "", lab_frames(w, 1, "e.c", "again"));
	assert_string_equal(reply_text(w, &r, "current"), "true");
	assert_true(holds(w, &v, "e.c.editor", "edited"));
}

/* x.zip is in the work, its job is leased. */
static void unpacking(struct world *w, struct story_vars *v)
{
	saves(w, v, "x.zip", "zip");
	lab_ok(w, v, ANN, "lab.unpack", "{" S ",'name':'x.zip'}", NO_BYTES);
	world_run(w);
	lab_lease(w, v, "lab.unpack");
	takes(w, v);
}

static void an_archive_pushes_no_file_of_the_work_out(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	lab_session(w, &v);
	unpacking(w, &v);
	/* Nothing of it fits: the archive stays. */
	r = host_saves(w, &v, ",'removed':['x.zip']",
		       lab_frames(w, 1, "MAIN.PY", "theirs"));
	assert_string_equal(reply_text(w, &r, "same"), "true");
	assert_true(holds(w, &v, "x.zip", "zip"));
	r = host_saves(w, &v, ",'removed':['x.zip']",
		       lab_frames(w, 3, "MAIN.PY", "theirs", "data/in.txt",
				  "new in", "ok.txt", "ok"));
	assert_int_equal(reply_count(w, &r, "left_out"), 1);
	assert_string_equal(reply_text(w, &r, "left_out/0/name"), "MAIN.PY");
	assert_true(holds(w, &v, "main.py", "print(1)\n"));
	assert_true(holds(w, &v, "MAIN.PY", NULL));
	assert_true(holds(w, &v, "data/in.txt", "new in"));
	assert_true(holds(w, &v, "ok.txt", "ok"));
	assert_true(holds(w, &v, "x.zip", NULL));
	assert_int_equal(world_records(w, "lab.unpacked"), 1);
}

static const char *letters(struct world *w, size_t n)
{
	char *p = arena_alloc(w->cx.arena, n + 1);

	memset(p, 'a', n);
	p[n] = '\0';
	return p;
}

static void an_archive_has_the_room_that_is_left(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	const char *large = letters(w, 6 << 20);
	struct reply r;

	lab_session(w, &v);
	saves(w, &v, "y.bin", large);
	saves(w, &v, "z.bin", large);
	unpacking(w, &v);
	r = host_saves(w, &v, ",'removed':['x.zip']",
		       lab_frames(w, 2, "a.bin", large, "b.txt", "b"));
	assert_string_equal(reply_text(w, &r, "left_out/0/name"), "a.bin");
	assert_true(holds(w, &v, "z.bin", large));
	assert_true(holds(w, &v, "b.txt", "b"));
}

static void an_archives_files_are_news_for_an_open_terminal(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	const char *job, *fence;
	struct reply r;

	terminal(w, &v);
	job = v.value['j'];
	fence = v.value['f'];
	unpacking(w, &v);
	world_run(w);
	v.value['x'] = v.value['j'];
	v.value['y'] = v.value['f'];
	v.value['j'] = job;
	v.value['f'] = fence;
	r = lab_ok(w, &v, "worker", "lab.host", "{" HOST "}", NO_BYTES);
	v.value['w'] = reply_text(w, &r, "work");
	lab_ok(w, &v, "worker", "lab.host_save",
	       "{'job':'$x','fence':$y," S ",'base':'$c'}",
	       lab_frames(w, 1, "ok.txt", "ok"));
	world_run(w);
	r = lab_ok(w, &v, "worker", "lab.host", "{" HOST "}", NO_BYTES);
	assert_string_not_equal(reply_text(w, &r, "work"), v.value['w']);
}

static void the_lease_of_an_archive_opens_no_terminal(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	lab_session(w, &v);
	unpacking(w, &v);
	r = lab_call(w, &v, "worker", "lab.host",
		     "{" HOST ",'rows':24,'cols':80}", NO_BYTES);
	assert_int_equal(r.e, ERR_NOT_FOUND);
	assert_true(str_find(r.json, STR("has no terminal"), 0) != SIZE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(
			a_shell_that_saves_again_and_again_keeps_nothing_beside),
		quiz_test(an_archive_pushes_no_file_of_the_work_out),
		quiz_test(an_archive_has_the_room_that_is_left),
		quiz_test(an_archives_files_are_news_for_an_open_terminal),
		quiz_test(the_lease_of_an_archive_opens_no_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
