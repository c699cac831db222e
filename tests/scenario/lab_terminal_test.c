/*
 * Terminals: a learner on one side, a worker that does what the test says on
 * the other, the clock in the test's hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/scenario/lab.h"

#define ANN "learner:ann"
#define AT S ",'attach':$a"

/* Opens the terminal; $a is the attach. */
static struct reply attach(struct world *w, struct story_vars *v)
{
	struct reply r = lab_ok(w, v, ANN, "lab.terminal_open",
				"{" S ",'rows':24,'cols':80}", NO_BYTES);

	v->value['a'] = reply_text(w, &r, "attach");
	world_run(w);
	return r;
}

/* Up to a shell: $j and $f are its lease. */
static void live(struct world *w, struct story_vars *v)
{
	lab_session(w, v);
	attach(w, v);
	lab_lease(w, v, "lab.terminal");
}

static struct reply push(struct world *w, struct story_vars *v,
			 const char *more, const char *bytes)
{
	char params[300];

	snprintf(params, sizeof(params), "{" HOST "%s}", more);
	return lab_ok(w, v, "worker", "lab.host", params,
		      bytes ? str_of(bytes) : NO_BYTES);
}

static struct reply reads(struct world *w, struct story_vars *v,
			  const char *more)
{
	char params[300];

	snprintf(params, sizeof(params), "{" AT "%s}", more);
	return lab_ok(w, v, ANN, "lab.terminal_read", params, NO_BYTES);
}

static struct reply types(struct world *w, struct story_vars *v,
			  const char *keys)
{
	return lab_call(w, v, ANN, "lab.terminal_write", "{" AT "}",
			str_of(keys));
}

static const char *state_of(struct world *w, struct story_vars *v)
{
	struct reply r = reads(w, v, ",'after':0");

	return reply_text(w, &r, "state");
}

static void keys_go_in_and_output_comes_out(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	live(w, &v);
	assert_string_equal(state_of(w, &v), "live");
	assert_int_equal(types(w, &v, "ls\r").e, OK);
	r = push(w, &v, "", NULL);
	assert_true(str_is(r.bytes, "ls\r"));
	assert_string_equal(reply_text(w, &r, "attached"), "true");
	/* Until it is said to be taken, it comes again. */
	r = push(w, &v, "", NULL);
	assert_true(str_is(r.bytes, "ls\r"));
	r = push(w, &v, ",'input_at':3,'at':0", "a.txt\r\n");
	assert_int_equal(r.bytes.n, 0);
	assert_int_equal(reply_int(w, &r, "taken"), 7);
	r = reads(w, &v, ",'after':0");
	assert_true(str_is(r.bytes, "a.txt\r\n"));
	assert_int_equal(reply_int(w, &r, "next"), 7);
	/* Output that is sent once more (a lost answer) counts once. */
	r = push(w, &v, ",'at':0", "a.txt\r\n$ ");
	assert_int_equal(reply_int(w, &r, "taken"), 9);
	r = reads(w, &v, ",'after':7");
	assert_true(str_is(r.bytes, "$ "));
}

static struct asked *asks(struct world *w, struct story_vars *v,
			  const char *who, const char *method,
			  const char *params)
{
	return world_ask(w, who, method, "%s", story_params(w, v, params).p);
}

/* The other side is woken by what happens, not by the clock. */
static void a_reader_waits_for_output_and_a_worker_for_keys(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct asked *reader, *worker;
	struct reply r;

	live(w, &v);
	r = push(w, &v, "", NULL);
	v.value['n'] = reply_text(w, &r, "news");
	worker = asks(w, &v, "worker", "lab.host",
		      "{" HOST ",'seen':$n,'wait_ms':20000}");
	types(w, &v, "x");
	r = world_answer(w, worker);
	assert_true(str_is(r.bytes, "x"));
	r = reads(w, &v, ",'after':0");
	v.value['c'] = reply_text(w, &r, "changes");
	reader = asks(w, &v, ANN, "lab.terminal_read",
		      "{" AT ",'after':0,'changes':$c,'wait_ms':20000}");
	push(w, &v, ",'input_at':1,'at':0", "x");
	r = world_answer(w, reader);
	assert_true(str_is(r.bytes, "x"));
	/* And with nothing new it is told so in the end. */
	reader = asks(w, &v, ANN, "lab.terminal_read",
		      "{" AT ",'after':1,'changes':$c,'wait_ms':20000}");
	world_pass(w, 20000);
	r = world_answer(w, reader);
	assert_int_equal(r.bytes.n, 0);
	assert_int_equal(reply_int(w, &r, "next"), 1);
}

static void who_comes_back_sees_the_same_screen(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct asked *reader;
	struct reply r;

	live(w, &v);
	push(w, &v, ",'at':0", "much of before");
	attach(w, &v);
	reader = asks(w, &v, ANN, "lab.terminal_read",
		      "{" AT ",'wait_ms':20000}");
	r = push(w, &v, "", NULL);
	assert_string_equal(reply_text(w, &r, "want_screen"), "true");
	push(w, &v, ",'at':14,'screen':true", "SCREEN");
	r = world_answer(w, reader);
	assert_true(str_is(r.bytes, "SCREEN"));
	assert_string_equal(reply_text(w, &r, "screen"), "true");
	assert_int_equal(reply_int(w, &r, "next"), 14);
	push(w, &v, ",'at':14", "!");
	r = reads(w, &v, ",'after':14");
	assert_true(str_is(r.bytes, "!"));
	/* A worker that does not draw one does not keep the reader out. */
	attach(w, &v);
	reader = asks(w, &v, ANN, "lab.terminal_read",
		      "{" AT ",'wait_ms':6000}");
	world_pass(w, 6000);
	r = world_answer(w, reader);
	assert_int_equal(r.e, OK);
	assert_string_equal(reply_text(w, &r, "screen"), "true");
}

static void the_last_to_open_it_has_it(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct asked *first;
	struct reply r;

	live(w, &v);
	r = reads(w, &v, ",'after':0");
	v.value['c'] = reply_text(w, &r, "changes");
	first = asks(w, &v, ANN, "lab.terminal_read",
		     "{" AT ",'after':0,'changes':$c,'wait_ms':20000}");
	v.value['b'] = v.value['a'];
	attach(w, &v);
	assert_int_equal(world_answer(w, first).e, ERR_CONFLICT);
	assert_int_equal(lab_call(w, &v, ANN, "lab.terminal_write",
				  "{" S ",'attach':$b}", STR("x"))
				 .e,
			 ERR_CONFLICT);
	assert_int_equal(types(w, &v, "x").e, OK);
}

static const char *many(struct world *w, size_t n)
{
	char *p = arena_alloc(w->cx.arena, n + 1);

	memset(p, '#', n);
	return p;
}

static void a_flood_waits_for_who_reads_and_passes_who_does_not(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	const char *flood = many(w, 40000);
	struct reply r;

	live(w, &v);
	reads(w, &v, ",'after':0");
	r = push(w, &v, ",'at':0", flood);
	assert_int_equal(reply_int(w, &r, "taken"), 40000);
	clock_manual_step(&w->clock, 100);
	r = push(w, &v, ",'at':40000", flood);
	assert_int_equal(reply_int(w, &r, "taken"), 65536 - 40000);
	assert_int_equal(reply_int(w, &r, "room"), 0);
	/* What is typed goes in all the same. */
	types(w, &v, "\x03");
	r = push(w, &v, "", NULL);
	assert_true(str_is(r.bytes, "\x03"));
	v.value['n'] = reply_text(w, &r, "news");
	reads(w, &v, ",'after':65536");
	r = push(w, &v, "", NULL);
	assert_true(reply_int(w, &r, "news") > atoi(v.value['n']));
	/* By the rate, too, if he is as fast as the worker. */
	clock_manual_step(&w->clock, 100);
	r = push(w, &v, ",'at':65536", flood);
	assert_int_equal(reply_int(w, &r, "taken"), 40000);
	reads(w, &v, ",'after':105536");
	r = push(w, &v, ",'at':105536", flood);
	assert_int_equal(reply_int(w, &r, "taken"), 65536 - 40000);
	assert_int_equal(reply_int(w, &r, "pause_ms"), 100);
	/* And then goes on by itself: nothing else will tell it to. */
	assert_int_equal(reply_int(w, &r, "room"), 105536 + 65536 - 131072);
	/* Nobody reads: it flows, and only the last of it is kept. */
	clock_manual_step(&w->clock, 20000);
	for (int i = 0; i < 5; i++) {
		char more[40];

		snprintf(more, sizeof(more), ",'at':%d", 131072 + i * 40000);
		r = push(w, &v, more, flood);
		assert_int_equal(reply_int(w, &r, "taken"), 40000);
		clock_manual_step(&w->clock, 100);
	}
	attach(w, &v);
	r = reads(w, &v, ",'after':0");
	assert_true(r.bytes.n <= 65536);
}

/* What makes room is what was read. */
static void what_was_not_read_is_not_thrown_away(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	live(w, &v);
	push(w, &v, ",'at':0", many(w, 40000));
	reads(w, &v, ",'after':40000");
	clock_manual_step(&w->clock, 100);
	push(w, &v, ",'at':40000", many(w, 30000));
	clock_manual_step(&w->clock, 100);
	push(w, &v, ",'at':70000", many(w, 30000));
	r = reads(w, &v, ",'after':40000");
	assert_string_equal(reply_text(w, &r, "screen"), "false");
	assert_int_equal(r.bytes.n, 60000);
}

static void an_idle_shell_is_parked_and_a_key_starts_another(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	live(w, &v);
	push(w, &v, ",'at':0", "$ ");
	world_pass(w, 15 * 60000 - 1);
	r = push(w, &v, "", NULL);
	assert_string_equal(reply_text(w, &r, "close"), "none");
	world_pass(w, 1);
	r = push(w, &v, "", NULL);
	assert_string_equal(reply_text(w, &r, "close"), "idle");
	lab_ok(w, &v, "worker", "lab.host", "{" HOST ",'screen':true,'at':2}",
	       STR("KEPT"));
	push(w, &v, ",'ended':'idle'", NULL);
	assert_int_equal(lab_call(w, &v, "worker", "job.renew",
				  "{'job':'$j','fence':$f,'lease_ms':60000}",
				  NO_BYTES)
				 .e,
			 OK);
	lab_ok(w, &v, "worker", "job.finish",
	       "{'job':'$j','fence':$f,'result':{}}", NO_BYTES);
	world_run(w);
	/* Through a restart: the screen is written down. */
	world_restart(w);
	attach(w, &v);
	r = reads(w, &v, "");
	assert_true(str_is(r.bytes, "KEPT"));
	assert_int_equal(types(w, &v, "a").e, OK);
	world_run(w);
	lab_lease(w, &v, "lab.terminal");
	r = push(w, &v, "", NULL);
	assert_true(str_is(r.bytes, "a"));
	r = push(w, &v, ",'input_at':1,'at':2", "new");
	assert_int_equal(reply_int(w, &r, "taken"), 3);
	r = reads(w, &v, ",'after':2");
	assert_true(str_is(r.bytes, "new"));
}

static void a_key_right_after_the_end_is_not_lost(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	live(w, &v);
	push(w, &v, ",'ended':'exit'", NULL);
	assert_int_equal(types(w, &v, "k").e, OK);
	world_run(w);
	lab_ok(w, &v, "worker", "job.finish",
	       "{'job':'$j','fence':$f,'result':{}}", NO_BYTES);
	world_run(w);
	lab_lease(w, &v, "lab.terminal");
	r = push(w, &v, "", NULL);
	assert_true(str_is(r.bytes, "k"));
}

/* A call of the worker that was late, or waited, takes no ended shell back. */
static void a_key_is_not_lost_to_a_shell_that_has_ended(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	live(w, &v);
	push(w, &v, ",'ended':'exit'", NULL);
	assert_int_equal(types(w, &v, "k").e, OK);
	world_run(w);
	r = lab_call(w, &v, "worker", "lab.host", "{" HOST "}", NO_BYTES);
	assert_int_equal(r.e, ERR_CONFLICT);
	lab_ok(w, &v, "worker", "job.finish",
	       "{'job':'$j','fence':$f,'result':{}}", NO_BYTES);
	world_run(w);
	lab_lease(w, &v, "lab.terminal");
	r = push(w, &v, "", NULL);
	assert_true(str_is(r.bytes, "k"));
}

static void a_shell_has_a_hard_life(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	live(w, &v);
	for (int i = 0; i < 12; i++) {
		types(w, &v, "x");
		push(w, &v, "", NULL);
		clock_manual_step(&w->clock, 10 * 60000);
		reads(w, &v, ",'after':0");
	}
	world_run(w);
	r = push(w, &v, "", NULL);
	assert_string_equal(reply_text(w, &r, "close"), "life");
	/* A worker that does not say anything is not waited for. */
	world_pass(w, 60000);
	assert_string_equal(state_of(w, &v), "parked");
}

static void a_lost_reader_is_told_to_the_worker(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct asked *worker;
	struct reply r;

	live(w, &v);
	r = push(w, &v, "", NULL);
	v.value['n'] = reply_text(w, &r, "news");
	worker = asks(w, &v, "worker", "lab.host",
		      "{" HOST ",'seen':$n,'wait_ms':20000}");
	world_pass(w, 10001);
	r = world_answer(w, worker);
	assert_string_equal(reply_text(w, &r, "attached"), "false");
	/* One who says so is gone at once. */
	attach(w, &v);
	lab_ok(w, &v, ANN, "lab.terminal_close", "{" AT "}", NO_BYTES);
	r = push(w, &v, "", NULL);
	assert_string_equal(reply_text(w, &r, "attached"), "false");
	assert_string_equal(reply_text(w, &r, "close"), "none");
	attach(w, &v);
	lab_ok(w, &v, ANN, "lab.terminal_close", "{" AT ",'end':true}",
	       NO_BYTES);
	r = push(w, &v, "", NULL);
	assert_string_equal(reply_text(w, &r, "close"), "closed");
}

static void a_shell_lives_through_a_restart_of_the_server(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	live(w, &v);
	push(w, &v, ",'at':0", "before");
	world_restart(w);
	r = push(w, &v, ",'at':6,'rows':30,'cols':90", "after");
	assert_int_equal(reply_int(w, &r, "taken"), 5);
	assert_int_equal(reply_int(w, &r, "rows"), 30);
	attach(w, &v);
	push(w, &v, ",'at':11,'screen':true", "BOTH");
	r = reads(w, &v, "");
	assert_true(str_is(r.bytes, "BOTH"));
	assert_int_equal(reply_int(w, &r, "next"), 11);
}

static void a_dead_worker_costs_a_shell_and_no_work(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	live(w, &v);
	push(w, &v, ",'at':0", "$ ");
	v.value['o'] = v.value['f'];
	world_pass(w, 60001);
	r = lab_lease(w, &v, "lab.terminal");
	assert_int_equal(reply_int(w, &r, "input/rows"), 24);
	assert_int_equal(lab_call(w, &v, "worker", "lab.host",
				  "{'job':'$j','fence':$o," S "}", NO_BYTES)
				 .e,
			 ERR_CONFLICT);
	r = push(w, &v, "", NULL);
	assert_int_equal(r.e, OK);
	r = reads(w, &v, ",'after':2");
	assert_true(str_find(r.bytes, STR("the worker was lost"), 0) !=
		    SIZE_MAX);
	/* One that gives up says so. */
	lab_ok(w, &v, "worker", "job.fail",
	       "{'job':'$j','fence':$f,'error':'e','retry':false}", NO_BYTES);
	world_run(w);
	r = reads(w, &v, ",'after':2");
	assert_string_equal(reply_text(w, &r, "state"), "parked");
	assert_string_equal(reply_text(w, &r, "why"), "lost");
}

static void what_a_shell_changes_is_saved(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	live(w, &v);
	/* By the editor, while the shell runs: it stays. */
	lab_ok(w, &v, ANN, "lab.save",
	       "{" S ",'files':[{'name':'e.txt','text':'e'}]}", NO_BYTES);
	r = lab_ok(w, &v, "worker", "lab.host_save",
		   "{" HOST ",'removed':['data/in.txt']}",
		   lab_frames(w, 1, "made.txt", "by the shell"));
	assert_string_equal(reply_text(w, &r, "same"), "false");
	r = lab_ok(w, &v, ANN, "lab.files", "{" S ",'contents':true}",
		   NO_BYTES);
	assert_true(str_is(r.bytes, "eby the shellprint(1)\n"));
	assert_int_equal(world_records(w, "lab.saved"), 1);
	assert_int_equal(lab_call(w, &v, "worker", "lab.host_save",
				  "{" HOST "}", STR("garbage"))
				 .e,
			 ERR_INVALID);
	r = lab_ok(w, &v, "worker", "lab.host_save", "{" HOST "}",
		   lab_frames(w, 1, "made.txt", "by the shell"));
	assert_string_equal(reply_text(w, &r, "same"), "true");
}

/* Even one that has heard of the lease. */
static void another_tenants_worker_has_no_terminal_here(void **state)
{
	static const char *const methods[] = { "lab.host", "lab.host_save",
					       "lab.host_files" };
	struct world *w = *state;
	struct story_vars v = { 0 };

	live(w, &v);
	types(w, &v, "secret");
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(lab_call(w, &v, "foreign_worker", methods[i],
					  "{" HOST "}", NO_BYTES)
					 .e,
				 ERR_NOT_FOUND);
}

/* Who saves otherwise is told to the worker, who brings the folder in step. */
static void what_an_editor_saves_is_told_to_the_worker(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct asked *worker;
	struct reply r;

	live(w, &v);
	r = push(w, &v, "", NULL);
	v.value['n'] = reply_text(w, &r, "news");
	v.value['w'] = reply_text(w, &r, "work");
	r = lab_ok(w, &v, "worker", "lab.host_files", "{" HOST "}", NO_BYTES);
	v.value['c'] = reply_text(w, &r, "commit");
	worker = asks(w, &v, "worker", "lab.host",
		      "{" HOST ",'seen':$n,'wait_ms':20000}");
	lab_ok(w, &v, ANN, "lab.save",
	       "{" S ",'files':[{'name':'e.txt','text':'ed'}]}", NO_BYTES);
	world_run(w);
	r = world_answer(w, worker);
	assert_string_not_equal(reply_text(w, &r, "work"), v.value['w']);
	v.value['w'] = reply_text(w, &r, "work");
	r = lab_ok(w, &v, "worker", "lab.host_files", "{" HOST "}", NO_BYTES);
	assert_true(str_find(r.bytes, STR("e.txted"), 0) != SIZE_MAX);
	/* What he saves himself is no news for him. */
	lab_ok(w, &v, "worker", "lab.host_save", "{" HOST "}",
	       lab_frames(w, 1, "made.txt", "by the shell"));
	r = push(w, &v, "", NULL);
	assert_string_equal(reply_text(w, &r, "work"), v.value['w']);
}

static void what_both_have_changed_is_kept_twice(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	live(w, &v);
	r = lab_ok(w, &v, "worker", "lab.host_files", "{" HOST "}", NO_BYTES);
	v.value['c'] = reply_text(w, &r, "commit");
	lab_ok(w, &v, ANN, "lab.save",
	       "{" S ",'files':[{'name':'b.txt','text':'[ed]'},"
	       "{'name':'data/in.txt','text':'[in]'}]}",
	       NO_BYTES);
	lab_ok(w, &v, "worker", "lab.host_save",
	       "{" HOST ",'base':'$c','removed':['data/in.txt']}",
	       lab_frames(w, 1, "b.txt", "[sh]"));
	r = lab_ok(w, &v, ANN, "lab.files", "{" S ",'contents':true}",
		   NO_BYTES);
	assert_true(str_find(r.bytes, STR("[sh][ed][in]"), 0) != SIZE_MAX);
	assert_true(str_find(r.result, STR("b.txt.editor"), 0) != SIZE_MAX);
	assert_true(str_find(r.result, STR("data/in.txt.editor"), 0) !=
		    SIZE_MAX);
	/* The same on both sides is no conflict, and another's commit none. */
	lab_ok(w, &v, "worker", "lab.host_save", "{" HOST ",'base':'$c'}",
	       lab_frames(w, 1, "b.txt", "[sh]"));
	r = lab_ok(w, &v, ANN, "lab.files", "{" S "}", NO_BYTES);
	assert_true(str_find(r.result, STR("editor.editor"), 0) == SIZE_MAX);
	assert_int_equal(lab_call(w, &v, "worker", "lab.host_save",
				  "{" HOST ",'base':'"
				  "0123456789012345678901234567890123456789'}",
				  NO_BYTES)
				 .e,
			 ERR_NOT_FOUND);
}

static void a_learner_has_one_live_terminal(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	static const struct story rows[] = {
		{ "author", "lab.publish", LAB_FILE("m", LAB_STARTER, ""), OK },
		{ ANN, "lab.open", "{'course':'c','slug':'m'}", OK,
		  "t=session" },
		{ ANN, "lab.terminal_open",
		  "{'session':'$t','rows':24,'cols':80}", OK, "b=attach" },
	};
	struct reply r;

	live(w, &v);
	STORY(w, &v, rows);
	r = push(w, &v, "", NULL);
	assert_string_equal(reply_text(w, &r, "close"), "other");
	r = reads(w, &v, ",'after':0");
	assert_string_equal(reply_text(w, &r, "state"), "ending");
}

static void what_is_typed_and_sized_has_bounds(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	live(w, &v);
	assert_int_equal(types(w, &v, many(w, 4097)).e, ERR_INVALID);
	for (int i = 0; i < 4; i++)
		assert_int_equal(types(w, &v, many(w, 4096)).e, OK);
	r = types(w, &v, "x");
	assert_int_equal(r.e, ERR_BUSY);
	for (int i = 2; i < 300; i++)
		lab_ok(w, &v, ANN, "lab.terminal_resize",
		       "{" AT ",'rows':30,'cols':100}", NO_BYTES);
	r = push(w, &v, "", NULL);
	assert_int_equal(reply_int(w, &r, "cols"), 100);
	assert_int_equal(lab_call(w, &v, ANN, "lab.terminal_resize",
				  "{" AT ",'rows':1,'cols':100}", NO_BYTES)
				 .e,
			 ERR_INVALID);
	/* A screen too large to be one is not kept. */
	lab_ok(w, &v, "worker", "lab.host", "{" HOST ",'screen':true,'at':0}",
	       str_of(many(w, 200000)));
	assert_int_equal(lab_call(w, &v, "learner:bob", "lab.terminal_open",
				  "{" S ",'rows':24,'cols':80}", NO_BYTES)
				 .e,
			 ERR_NOT_FOUND);
	assert_int_equal(lab_call(w, &v, "learner:bob", "lab.terminal_read",
				  "{" AT "}", NO_BYTES)
				 .e,
			 ERR_NOT_FOUND);
}

static void new_shells_have_a_fair_rate(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };

	live(w, &v);
	for (int i = 0; i < 5; i++) {
		push(w, &v, ",'ended':'exit'", NULL);
		lab_ok(w, &v, "worker", "job.finish",
		       "{'job':'$j','fence':$f,'result':{}}", NO_BYTES);
		assert_int_equal(types(w, &v, "k").e, OK);
		world_run(w);
		lab_lease(w, &v, "lab.terminal");
	}
	push(w, &v, ",'ended':'exit'", NULL);
	assert_int_equal(types(w, &v, "k").e, ERR_RATE_LIMITED);
}

static void an_erased_learners_terminal_is_gone(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };

	live(w, &v);
	push(w, &v, ",'at':0", "ANNS-WORDS");
	world_ok(w, "admin", "learner.erase",
		 "{\"learner\":\"ann\",\"reason\":\"r\"}");
	assert_int_not_equal(
		lab_call(w, &v, "worker", "lab.host", "{" HOST "}", NO_BYTES).e,
		OK);
	assert_int_not_equal(lab_call(w, &v, "worker", "lab.host_save",
				      "{" HOST "}",
				      lab_frames(w, 1, "a", "ANNS-WORDS"))
				     .e,
			     OK);
}

/* A batch that is not committed has queued nothing: it is queued again. */
static void a_failed_commit_loses_no_shell(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	lab_session(w, &v);
	r = lab_ok(w, &v, ANN, "lab.terminal_open",
		   "{" S ",'rows':24,'cols':80}", NO_BYTES);
	v.value['a'] = reply_text(w, &r, "attach");
	world_fail_from(w, 1, ERR_UNAVAILABLE);
	world_run(w);
	world_fail_from(w, 0, OK);
	world_pass(w, 2000);
	lab_lease(w, &v, "lab.terminal");
	assert_string_equal(state_of(w, &v), "live");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(keys_go_in_and_output_comes_out),
		quiz_test(a_reader_waits_for_output_and_a_worker_for_keys),
		quiz_test(who_comes_back_sees_the_same_screen),
		quiz_test(the_last_to_open_it_has_it),
		quiz_test(a_flood_waits_for_who_reads_and_passes_who_does_not),
		quiz_test(what_was_not_read_is_not_thrown_away),
		quiz_test(an_idle_shell_is_parked_and_a_key_starts_another),
		quiz_test(a_key_right_after_the_end_is_not_lost),
		quiz_test(a_key_is_not_lost_to_a_shell_that_has_ended),
		quiz_test(a_shell_has_a_hard_life),
		quiz_test(a_lost_reader_is_told_to_the_worker),
		quiz_test(a_shell_lives_through_a_restart_of_the_server),
		quiz_test(a_dead_worker_costs_a_shell_and_no_work),
		quiz_test(what_a_shell_changes_is_saved),
		quiz_test(another_tenants_worker_has_no_terminal_here),
		quiz_test(what_an_editor_saves_is_told_to_the_worker),
		quiz_test(what_both_have_changed_is_kept_twice),
		quiz_test(a_learner_has_one_live_terminal),
		quiz_test(what_is_typed_and_sized_has_bounds),
		quiz_test(new_shells_have_a_fair_rate),
		quiz_test(an_erased_learners_terminal_is_gone),
		quiz_test(a_failed_commit_loses_no_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
