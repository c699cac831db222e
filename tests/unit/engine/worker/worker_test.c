/* The whole worker, against a server and a runner in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/limits.h"
#include "tests/support/worker/fake.h"

#define MIB INT64_C(1048576)

/* ---- kinds ---- */

/* Runs one program and says what it was told. */
static enum err run_one(struct ctx *cx, struct worker_env *env,
			struct str input, struct str bytes, struct buf *result)
{
	const struct run_ask ask = { 0 };
	struct run_told told;
	int64_t ticket;
	enum err e;

	assert_true(str_is(bytes, "bytes"));
	e = env->runner->start(cx, env->runner->arg, &ask, &ticket);
	if (!e)
		e = env->runner->wait(cx, env->runner->arg, &ticket, &told);
	if (!e)
		buf_fmt(result, "{\"had\":%.*s}", STR_FMT(input));
	return e;
}

static enum err say_result(struct ctx *cx, struct worker_env *env,
			   struct str input, struct str bytes,
			   struct buf *result)
{
	(void)env;
	(void)bytes;
	if (str_is(input, "{\"do\":\"refuse\"}"))
		return err_set(cx, ERR_INVALID, "no such language");
	if (str_is(input, "{\"do\":\"fail\"}"))
		return err_set(cx, ERR_UNAVAILABLE, "the box did not start");
	if (str_is(input, "{\"do\":\"flood\"}"))
		for (int i = 0; i < LIMIT_RESPONSE_BYTES; i++)
			buf_z(result, "[]");
	else
		buf_str(result, input);
	return OK;
}

static enum err weigh_all(struct ctx *cx, const struct worker_env *env,
			  struct str input, struct str bytes,
			  struct worker_weight *out)
{
	(void)cx;
	(void)env;
	(void)input;
	(void)bytes;
	*out = (struct worker_weight){ 9000, MIB };
	return OK;
}

static const struct worker_kind run_kind = { .name = "run",
					     .group = WORKER_GRADED,
					     .level = true,
					     .weight = { 1000, 64 * MIB },
					     .run = run_one };
static const struct worker_kind all_kind = { .name = "all",
					     .group = WORKER_GRADED,
					     .weight = { 1000, 64 * MIB },
					     .weigh = weigh_all,
					     .run = run_one };
static const struct worker_kind say_kind = { .name = "say",
					     .group = WORKER_AUTHOR,
					     .weight = { 100, MIB },
					     .run = say_result };
static const struct worker_kind lab_kind = { .name = "lab",
					     .group = WORKER_LAB,
					     .weight = { 500, 64 * MIB },
					     .run = run_one };
static const struct worker_kind *const kinds[] = { &run_kind, &all_kind,
						   &say_kind, &lab_kind, NULL };

/* ---- a worker in a thread ---- */

struct world {
	struct fake f;
	struct ctx cx;
	struct worker_opts o;
	struct worker *w;
	pthread_t thread;
	char log[64];
	int log_fd;
	_Atomic bool clean;
};

static void *run(void *arg)
{
	struct world *t = arg;

	t->clean = worker_run(t->w);
	return NULL;
}

static int set_up(void **state)
{
	struct world *t = calloc(1, sizeof(*t));

	fake_init(&t->f);
	snprintf(t->log, sizeof(t->log), "/tmp/assay-worker-XXXXXX");
	t->log_fd = mkstemp(t->log);
	t->cx = (struct ctx){ .arena = arena_new(65536),
			      .clock = &clock_system,
			      .rng = rng_system(),
			      .log = log_new(t->log_fd, LOG_DEBUG,
					     &clock_system) };
	t->o = (struct worker_opts){ .kinds = kinds,
				     .name = STR("w"),
				     .room = { 2000, 1024 * MIB },
				     .hands = 8,
				     .level = RUN_SAMPLED,
				     .lease_ms = 300,
				     .poll_ms = 2,
				     .drain_ms = 20000,
				     .arg = &t->f,
				     .connect = fake_connect,
				     .runs_open = fake_runs_open,
				     .runs_close = fake_runs_close };
	*state = t;
	return 0;
}

static void start(struct world *t)
{
	assert_int_equal(worker_new(&t->cx, &t->o, &t->w), OK);
	pthread_create(&t->thread, NULL, run, t);
}

static void stop(struct world *t)
{
	worker_stop(t->w);
	pthread_mutex_lock(&t->f.lock);
	t->f.over = true;
	pthread_cond_broadcast(&t->f.moved);
	pthread_mutex_unlock(&t->f.lock);
	pthread_join(t->thread, NULL);
	worker_free(t->w);
	t->w = NULL;
}

static int tear_down(void **state)
{
	struct world *t = *state;

	if (t->w)
		stop(t);
	log_free(t->cx.log);
	close(t->log_fd);
	unlink(t->log);
	arena_free(t->cx.arena);
	free(t);
	return 0;
}

static bool logged(struct world *t, const char *text)
{
	char all[65536];
	ssize_t n = pread(t->log_fd, all, sizeof(all) - 1, 0);

	all[n > 0 ? n : 0] = 0;
	return strstr(all, text);
}

static bool all_ended(struct fake *f)
{
	for (int i = 0; i < f->jobs; i++)
		if (!f->job[i].ended)
			return false;
	return true;
}

static bool one_runs(struct fake *f)
{
	return f->under_way == 1;
}

static bool two_run(struct fake *f)
{
	return f->under_way == 2;
}

static bool none_runs(struct fake *f)
{
	return f->under_way == 0;
}

/* ---- tests ---- */

static void a_job_is_done_with_its_input_and_handed_in(void **state)
{
	struct world *t = *state;
	int n = fake_add(&t->f, "run", "{\"x\":1}");

	start(t);
	assert_true(fake_until(&t->f, one_runs));
	fake_release(&t->f);
	assert_true(fake_until(&t->f, all_ended));
	assert_string_equal(t->f.job[n].said, "{\"had\":{\"x\":1}}");
	assert_int_equal(t->f.job[n].finished, 1);
	stop(t);
	assert_true(t->clean);
	assert_true(logged(t, "\"job_done\""));
	assert_false(logged(t, "had"));
}

static void what_cannot_be_done_is_given_back_or_given_up(void **state)
{
	struct world *t = *state;
	int refuse = fake_add(&t->f, "say", "{\"do\":\"refuse\"}");
	int broken = fake_add(&t->f, "say", "{\"do\":\"fail\"}");
	int flood = fake_add(&t->f, "say", "{\"do\":\"flood\"}");

	start(t);
	assert_true(fake_until(&t->f, all_ended));
	assert_string_equal(t->f.job[refuse].said, "invalid: no such language");
	assert_false(t->f.job[refuse].retry);
	assert_string_equal(t->f.job[broken].said,
			    "unavailable: the box did not start");
	assert_true(t->f.job[broken].retry);
	assert_false(t->f.job[flood].retry);
	assert_int_equal(t->f.job[flood].finished, 0);
}

static void a_result_that_the_server_refuses_ends_the_job(void **state)
{
	struct world *t = *state;
	int n = fake_add(&t->f, "say", "{}");

	t->f.refuse_finish = ERR_INVALID;
	start(t);
	assert_true(fake_until(&t->f, all_ended));
	assert_string_equal(t->f.job[n].said,
			    "the result was refused: invalid /result/x");
	assert_false(t->f.job[n].retry);
}

static void a_burst_waits_in_the_servers_queue(void **state)
{
	struct world *t = *state;

	for (int i = 0; i < 20; i++)
		fake_add(&t->f, "run", "{}");
	start(t);
	for (int i = 0; i < 10; i++) {
		int leased = 0;

		assert_true(fake_until(&t->f, two_run));
		pthread_mutex_lock(&t->f.lock);
		for (int k = 0; k < t->f.jobs; k++)
			leased += t->f.job[k].leased;
		pthread_mutex_unlock(&t->f.lock);
		assert_int_equal(leased, 2);
		fake_release(&t->f);
	}
	assert_true(fake_until(&t->f, all_ended));
	assert_int_equal(t->f.most_under_way, 2);
}

static void a_job_that_turns_out_heavy_runs_by_itself(void **state)
{
	struct world *t = *state;

	for (int i = 0; i < 4; i++)
		fake_add(&t->f, "all", "{}");
	start(t);
	for (int i = 0; i < 4; i++) {
		assert_true(fake_until(&t->f, one_runs));
		fake_release(&t->f);
	}
	assert_true(fake_until(&t->f, all_ended));
	assert_int_equal(t->f.most_under_way, 1);
}

static bool three_run(struct fake *f)
{
	return f->under_way == 3;
}

static int64_t leases_of(struct fake *f, const char *kind)
{
	int64_t n = 0;

	pthread_mutex_lock(&f->lock);
	for (int i = 0; i < f->jobs; i++)
		n += !strcmp(f->job[i].kind, kind) ? f->job[i].leases : 0;
	pthread_mutex_unlock(&f->lock);
	return n;
}

static int64_t finished_of(struct fake *f, const char *kind)
{
	int64_t n = 0;

	pthread_mutex_lock(&f->lock);
	for (int i = 0; i < f->jobs; i++)
		n += !strcmp(f->job[i].kind, kind) ? f->job[i].finished : 0;
	pthread_mutex_unlock(&f->lock);
	return n;
}

/* Half of the machine is enough for it: it waits for none. */
static void a_graded_run_begins_beside_a_flood_of_labs(void **state)
{
	struct world *t = *state;

	for (int i = 0; i < 20; i++)
		fake_add(&t->f, "lab", "{}");
	t->o.drain_ms = 20;
	start(t);
	assert_true(fake_until(&t->f, two_run));
	fake_add(&t->f, "run", "{}");
	assert_true(fake_until(&t->f, three_run));
	assert_int_equal(leases_of(&t->f, "lab"), 2);
	assert_int_equal(leases_of(&t->f, "run"), 1);
}

enum { LABS = 60 };

static bool some_run(struct fake *f)
{
	return f->under_way > 0;
}

/* All of the machine: it waits for the labs that run, not for all that wait. */
static void a_heavy_graded_run_passes_the_labs_that_wait(void **state)
{
	struct world *t = *state;

	for (int i = 0; i < LABS; i++)
		fake_add(&t->f, "lab", "{}");
	t->o.drain_ms = 20;
	start(t);
	assert_true(fake_until(&t->f, two_run));
	fake_add(&t->f, "all", "{}");
	while (!finished_of(&t->f, "all")) {
		assert_true(fake_until(&t->f, some_run));
		fake_release(&t->f);
	}
	/* How many pass it depends on how busy the machine is; not all do. */
	assert_in_range(finished_of(&t->f, "lab"), 2, LABS - 10);
}

static bool renewed_often(struct fake *f)
{
	return f->job[0].renewed >= 3;
}

static void a_long_job_keeps_its_lease(void **state)
{
	struct world *t = *state;

	fake_add(&t->f, "run", "{}");
	start(t);
	assert_true(fake_until(&t->f, renewed_often));
	fake_release(&t->f);
	assert_true(fake_until(&t->f, all_ended));
	assert_int_equal(t->f.job[0].finished, 1);
	assert_int_equal(t->f.job[0].leases, 1);
}

static void a_lost_lease_ends_the_run_and_nothing_is_said_of_it(void **state)
{
	struct world *t = *state;

	fake_add(&t->f, "run", "{}");
	start(t);
	assert_true(fake_until(&t->f, one_runs));
	pthread_mutex_lock(&t->f.lock);
	t->f.job[0].fence++; /* another has it */
	pthread_mutex_unlock(&t->f.lock);
	assert_true(fake_until(&t->f, none_runs));
	stop(t);
	assert_int_equal(t->f.job[0].finished, 0);
	assert_int_equal(t->f.job[0].failed, 0);
	assert_int_equal(t->f.job[0].said_after, 0);
	assert_true(logged(t, "\"job_dropped\""));
}

static bool away_long(struct fake *f)
{
	return f->calls > 20;
}

static void a_server_that_comes_back_gets_the_result(void **state)
{
	struct world *t = *state;

	fake_add(&t->f, "run", "{}");
	start(t);
	assert_true(fake_until(&t->f, one_runs));
	t->f.away = true;
	fake_release(&t->f);
	assert_true(fake_until(&t->f, away_long));
	assert_int_equal(t->f.job[0].finished, 0);
	t->f.away = false;
	assert_true(fake_until(&t->f, all_ended));
	assert_int_equal(t->f.job[0].finished, 1);
}

static void a_stop_lets_a_job_finish_and_takes_no_other(void **state)
{
	struct world *t = *state;

	fake_add(&t->f, "all", "{}");
	start(t);
	assert_true(fake_until(&t->f, one_runs));
	fake_add(&t->f, "run", "{}"); /* for which there is no room */
	worker_stop(t->w);
	fake_release(&t->f);
	stop(t);
	assert_int_equal(t->f.job[0].finished, 1);
	/* A question that was under way may have got it: it is given back. */
	assert_int_equal(t->f.job[1].leases, t->f.job[1].released);
	assert_int_equal(t->clean, !t->f.job[1].leases);
	assert_int_equal(t->f.job[1].finished, 0);
}

static void a_stop_hands_back_what_takes_too_long(void **state)
{
	struct world *t = *state;

	fake_add(&t->f, "run", "{}");
	t->o.drain_ms = 20;
	start(t);
	assert_true(fake_until(&t->f, one_runs));
	stop(t);
	assert_false(t->clean);
	assert_int_equal(t->f.job[0].finished, 0);
	assert_int_equal(t->f.job[0].failed, 0);
	assert_int_equal(t->f.job[0].released, 1);
	assert_int_equal(t->f.under_way, 0);
	assert_true(logged(t, "\"job_released\""));
}

static void an_older_server_is_given_back_the_job_as_a_try(void **state)
{
	struct world *t = *state;

	fake_add(&t->f, "run", "{}");
	t->f.old = true;
	t->o.drain_ms = 20;
	start(t);
	assert_true(fake_until(&t->f, one_runs));
	stop(t);
	assert_int_equal(t->f.job[0].failed, 1);
	assert_true(t->f.job[0].retry);
	assert_string_equal(t->f.job[0].said, "the worker was stopped");
}

static bool waits(struct fake *f)
{
	return f->waiting == 1;
}

/* A poll is far longer than the test has patience: what it asks is counted. */
static void an_idle_worker_is_told_of_a_job(void **state)
{
	struct world *t = *state;

	t->o.poll_ms = 30000;
	start(t);
	assert_true(fake_until(&t->f, waits));
	assert_int_equal(t->f.asked, 1);
	fake_add(&t->f, "say", "{}");
	assert_true(fake_until(&t->f, all_ended));
	assert_int_equal(t->f.told_due, 1);
	/* For it, for the next, when its end has made room: not by time. */
	assert_in_range(t->f.asked, 2, 8);
	assert_int_equal(t->f.job[0].finished, 1);
	/* It waits again, and is still to be stopped. */
	assert_true(fake_until(&t->f, waits));
}

static void an_older_server_is_polled(void **state)
{
	struct world *t = *state;

	t->f.old = true;
	start(t);
	fake_add(&t->f, "say", "{}");
	assert_true(fake_until(&t->f, all_ended));
	fake_add(&t->f, "say", "{}");
	assert_true(fake_until(&t->f, all_ended));
	assert_int_equal(t->f.waits, 0);
}

static bool asked_again(struct fake *f)
{
	return f->asked >= 2;
}

static void a_server_that_lets_nobody_wait_is_not_stormed(void **state)
{
	struct world *t = *state;

	t->f.hasty = true;
	t->o.poll_ms = 30000;
	start(t);
	assert_true(fake_until(&t->f, asked_again));
	stop(t);
	assert_int_equal(t->f.waits, 1);
	assert_int_equal(t->f.asked, 2);
}

static bool was_refused(struct fake *f)
{
	return f->inputs_refused > 0;
}

/* Before any renewal has told it. */
static void a_lease_that_ended_before_the_input_is_dropped(void **state)
{
	struct world *t = *state;

	t->f.refuse_input = true;
	t->o.lease_ms = 600000;
	fake_add(&t->f, "say", "{}");
	start(t);
	assert_true(fake_until(&t->f, was_refused));
	stop(t);
	assert_true(logged(t, "\"job_dropped\""));
	assert_int_equal(t->f.job[0].failed, 0);
	assert_int_equal(t->f.job[0].said_after, 0);
}

static bool second_ended(struct fake *f)
{
	return f->job[1].ended;
}

static void below_the_level_what_counts_is_refused_and_said_to_be(void **state)
{
	struct world *t = *state;
	int graded = fake_add(&t->f, "run", "{}");
	int other = fake_add(&t->f, "say", "{}");

	t->f.level = RUN_WEAK;
	start(t);
	assert_int_equal(other, 1);
	assert_true(fake_until(&t->f, second_ended));
	stop(t);
	assert_int_equal(t->f.job[graded].leases, 0);
	assert_true(logged(t, "\"worker_refuses\""));
	assert_true(logged(t, "\"box_level\":\"sampled\""));
}

/* Else nobody would know why jobs wait. */
static void one_that_refuses_all_says_so(void **state)
{
	static const struct worker_kind *const graded[] = { &run_kind, NULL };
	struct world *t = *state;
	int job = fake_add(&t->f, "run", "{}");

	t->f.level = RUN_WEAK;
	t->o.kinds = graded;
	start(t);
	assert_true(fake_until(&t->f, asked_again));
	stop(t);
	assert_string_equal(t->f.about,
			    "{\"kinds\":[],\"refuses\":[\"run\"],"
			    "\"level\":\"weak\",\"box_level\":\"sampled\"}");
	assert_int_equal(t->f.job[job].leases, 0);
}

static bool waits_with_languages(struct fake *f)
{
	return f->waiting && f->languages[0];
}

static void its_languages_are_said_with_each_question(void **state)
{
	static struct str has[] = { { "c", 1 }, { "python", 6 } };
	struct world *t = *state;

	t->o.has_languages = true;
	t->o.languages = (struct list){ has, 2 };
	start(t);
	assert_true(fake_until(&t->f, waits_with_languages));
	stop(t);
	assert_string_equal(t->f.languages, "[\"c\",\"python\"]");
	assert_non_null(
		strstr(t->f.about, "\"languages\":[\"c\",\"python\"]}"));
}

static void a_kind_that_the_server_does_not_know_is_left_out(void **state)
{
	struct world *t = *state;

	t->f.unknown = "all";
	fake_add(&t->f, "say", "{}");
	start(t);
	assert_true(fake_until(&t->f, all_ended));
	assert_int_equal(t->f.job[0].finished, 1);
	assert_true(logged(t, "\"kind_unknown_to_server\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		T(a_job_is_done_with_its_input_and_handed_in),
		T(what_cannot_be_done_is_given_back_or_given_up),
		T(a_result_that_the_server_refuses_ends_the_job),
		T(a_burst_waits_in_the_servers_queue),
		T(a_job_that_turns_out_heavy_runs_by_itself),
		T(a_graded_run_begins_beside_a_flood_of_labs),
		T(a_heavy_graded_run_passes_the_labs_that_wait),
		T(a_long_job_keeps_its_lease),
		T(a_lost_lease_ends_the_run_and_nothing_is_said_of_it),
		T(a_server_that_comes_back_gets_the_result),
		T(a_stop_lets_a_job_finish_and_takes_no_other),
		T(a_stop_hands_back_what_takes_too_long),
		T(an_older_server_is_given_back_the_job_as_a_try),
		T(an_idle_worker_is_told_of_a_job),
		T(an_older_server_is_polled),
		T(a_server_that_lets_nobody_wait_is_not_stormed),
		T(a_lease_that_ended_before_the_input_is_dropped),
		T(below_the_level_what_counts_is_refused_and_said_to_be),
		T(one_that_refuses_all_says_so),
		T(its_languages_are_said_with_each_question),
		T(a_kind_that_the_server_does_not_know_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
