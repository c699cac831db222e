/* Why a run ended, for each cause, with its figures. */
#include "sandbox/box_impl.h"
#include "tests/unit/sandbox/box_world.h"

struct labelled {
	const char *script;
	int verdict, cause, number; /* exit or signal */
	struct run_limits limits;
};

/* Doubles a string until the memory of the process is full. */
#define EAT "x=x; while :; do x=$x$x; done"

static const struct labelled labelled[] = {
	{ "exit 0", RUN_AC, RUN_BY_EXIT, 0, { 0 } },
	{ "exit 7", RUN_RE, RUN_BY_EXIT, 7, { 0 } },
	{ "exit 255", RUN_RE, RUN_BY_EXIT, 255, { 0 } },
	{ "kill -9 $$", RUN_RE, RUN_BY_SIGNAL, 9, { 0 } },
	{ "kill -15 $$", RUN_RE, RUN_BY_SIGNAL, 15, { 0 } },
	{ "kill -11 $$", RUN_RE, RUN_BY_SIGNAL, 11, { 0 } },
	{ "kill -6 $$", RUN_RE, RUN_BY_SIGNAL, 6, { 0 } },
	{ "kill -10 $$", RUN_RE, RUN_BY_SIGNAL, 10, { 0 } },
	{ "kill -9 -1; exit 0", RUN_AC, RUN_BY_EXIT, 0, { 0 } },
	{ "while :; do :; done", RUN_TLE, RUN_BY_CPU, 0, { .cpu_ms = 50 } },
	{ "trap '' TERM HUP XCPU; while :; do :; done",
	  RUN_TLE,
	  RUN_BY_CPU,
	  0,
	  { .cpu_ms = 50 } },
	{ "while :; do :; done & while :; do :; done & wait",
	  RUN_TLE,
	  RUN_BY_CPU,
	  0,
	  { .cpu_ms = 60 } },
	{ "(while :; do :; done) & exit 0", RUN_AC, RUN_BY_EXIT, 0, { 0 } },
	{ "sleep 100", RUN_TLE, RUN_BY_WALL, 0, { .wall_ms = 60 } },
	{ "kill -STOP $$", RUN_TLE, RUN_BY_WALL, 0, { .wall_ms = 60 } },
	{ "read x < fifo", RUN_RE, RUN_BY_EXIT, 2, { 0 } },
	{ "mkfifo f; read x < f", RUN_TLE, RUN_BY_WALL, 0, { .wall_ms = 60 } },
	{ EAT, RUN_MLE, RUN_BY_MEMORY, 0, { .memory_bytes = 16 << 20 } },
	{ "(" EAT "); exit 0",
	  RUN_MLE,
	  RUN_BY_MEMORY,
	  0,
	  { .memory_bytes = 16 << 20 } },
	{ "while :; do echo xxxxxxxxxxxxxxxx; done",
	  RUN_OLE,
	  RUN_BY_STDOUT,
	  0,
	  { 0 } },
	{ "while :; do echo xxxxxxxxxxxxxxxx >&2; done",
	  RUN_OLE,
	  RUN_BY_STDERR,
	  0,
	  { 0 } },
	{ "printf 12345", RUN_OLE, RUN_BY_STDOUT, 0, { .stdout_bytes = 4 } },
	{ "printf 1234", RUN_AC, RUN_BY_EXIT, 0, { .stdout_bytes = 4 } },
	{ "exec /no/such/program", RUN_RE, RUN_BY_EXIT, 127, { 0 } },
	{ "exec 1>&- 2>&- 0<&-; exit 3", RUN_RE, RUN_BY_EXIT, 3, { 0 } },
};

static void every_cause_has_its_verdict(void **state)
{
	struct box_world *w = *state;

	for (size_t i = 0; i < sizeof(labelled) / sizeof(*labelled); i++) {
		const struct labelled *l = &labelled[i];
		struct run_ask ask = ask_sh(w, l->script);
		const struct run_told *t;

		ask.limits = l->limits;
		t = told(w, &ask);
		print_message("%-4s %-7s %s\n", run_verdict_words[t->verdict],
			      run_cause_words[t->cause], l->script);
		assert_int_equal(t->verdict, l->verdict);
		assert_int_equal(t->cause, l->cause);
		assert_int_equal(t->cause == RUN_BY_SIGNAL ? t->signal
							   : t->exit,
				 l->number);
	}
}

static void output_is_kept_up_to_its_limit(void **state)
{
	struct box_world *w = *state;
	struct run_ask ask = ask_sh(w, "printf 123456; printf abc >&2");
	const struct run_told *t;

	ask.limits.stdout_bytes = 4;
	t = told(w, &ask);
	assert_int_equal(t->verdict, RUN_OLE);
	assert_str(t->out, "1234");
	assert_int_equal(t->stdout_bytes, 4);
	t = sh(w, "printf out; printf err >&2");
	assert_str(t->out, "out");
	assert_str(t->err, "err");
}

static void a_program_that_is_not_there_is_the_programs_fault(void **state)
{
	struct box_world *w = *state;
	struct str argv[] = { STR("no-such-program") };
	struct run_file text = { STR("notes"), STR("not a program"), true };
	struct run_ask ask = { .argv = { argv, 1 }, .put = { &text, 1 } };
	const struct run_told *t = told(w, &ask);

	assert_int_equal(t->verdict, RUN_RE);
	assert_int_equal(t->exit, 127);
	assert_true(str_starts(t->err, "the program cannot be started"));
	argv[0] = STR("./notes");
	t = told(w, &ask);
	assert_int_equal(t->verdict, RUN_RE);
	assert_int_equal(t->exit, 126);
}

static void figures_are_those_of_the_run(void **state)
{
	struct box_world *w = *state;
	struct run_ask ask = ask_sh(w, "while :; do :; done");
	const struct run_told *t;

	ask.limits.cpu_ms = 100;
	t = told(w, &ask);
	assert_in_range(t->cpu_us, 100000, 200000);
	ask = ask_sh(w, "sleep 100");
	ask.limits.wall_ms = 100;
	t = told(w, &ask);
	assert_in_range(t->wall_us, 100000, 200000);
	assert_in_range(t->cpu_us, 0, 50000);
	ask = ask_sh(w, EAT);
	ask.limits.memory_bytes = 16 << 20;
	t = told(w, &ask);
	assert_in_range(t->memory_peak_bytes, 8 << 20, 40 << 20);
	t = sh(w, ":");
	assert_in_range(t->memory_peak_bytes, 1, 8 << 20);
}

/* Not those of a run before in the same place, and never none. */
static void tasks_at_once_are_those_of_the_run(void **state)
{
	struct box_world *w = *state;
	const struct {
		const char *script;
		int64_t tasks;
	} runs[] = {
		{ "exec true", 1 },
		{ "for i in 1 2 3 4 5 6; do sleep 9 & done; kill $!", 7 },
		{ "sleep 9 & :", 2 },
		{ "exec true", 1 },
		{ "sleep 9 & sleep 9 & :", 3 },
	};
	struct run_ask ask;

	if (box_host_level(w->host) < RUN_FULL)
		skip();
	for (size_t i = 0; i < sizeof(runs) / sizeof(*runs); i++)
		if (sh(w, runs[i].script)->tasks_peak != runs[i].tasks)
			fail_msg("%s: %lld", runs[i].script,
				 (long long)w->told.tasks_peak);
	/* Its limit is that of each run, too. */
	ask = ask_sh(w, "sleep 9 & sleep 9 & sleep 9 & sleep 9 & :");
	for (ask.limits.tasks = 2; ask.limits.tasks < 5; ask.limits.tasks++)
		assert_int_equal(told(w, &ask)->tasks_peak, ask.limits.tasks);
}

static void time_of_children_counts(void **state)
{
	struct box_world *w = *state;
	struct run_ask ask = ask_sh(w, "for i in 1 2 3; do sh -c 'i=0; while "
				       "[ $i -lt 20000 ]; do i=$((i+1)); done';"
				       " done");

	assert_int_equal(told(w, &ask)->verdict, RUN_AC);
	assert_in_range(w->told.cpu_us, 15000, 2000000);
	ask.limits.cpu_ms = 10;
	assert_int_equal(told(w, &ask)->cause, RUN_BY_CPU);
}

/* Those that are killed take a while to die, which nobody asked them to. */
static void cpu_time_is_told_as_it_was_when_the_limit_was_passed(void **state)
{
	struct box_world *w = *state;
	struct run_ask ask = ask_sh(w, "for i in 1 2 3 4 5 6 7 8 9; do "
				       "(while :; do :; done) & done; wait");
	const struct run_told *t;

	ask.limits.cpu_ms = 50;
	t = told(w, &ask);
	assert_int_equal(t->cause, RUN_BY_CPU);
	assert_true(t->cpu_us > 50000);
	if (w->host->cgroups.kind)
		assert_true(t->cpu_us < box_cgroup_cpu_us(w->host, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cause_has_its_verdict),
		cmocka_unit_test(output_is_kept_up_to_its_limit),
		cmocka_unit_test(
			a_program_that_is_not_there_is_the_programs_fault),
		cmocka_unit_test(figures_are_those_of_the_run),
		cmocka_unit_test(tasks_at_once_are_those_of_the_run),
		cmocka_unit_test(time_of_children_counts),
		cmocka_unit_test(
			cpu_time_is_told_as_it_was_when_the_limit_was_passed),
	};

	return cmocka_run_group_tests(tests, box_setup, box_teardown);
}
