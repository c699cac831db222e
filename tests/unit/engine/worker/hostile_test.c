/*
 * A server that lies, for a worker that must neither crash nor storm it. Time
 * stands still but for the test's steps, so that what is counted is how often
 * the worker asks, not how fast the machine is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>

#include "tests/support/worker/fake.h"

enum { STEP_MS = 500, MOST_MS = 3000000, ASKS = 40 };

#define ID "\"018f2c00-0000-7000-8000-000000000001\""
#define JOB(kind, body)                                                        \
	"{\"jobs\":[{\"id\":" ID ",\"org\":" ID ",\"fence\":1,\"kind\":" kind  \
	",\"body\":" body ",\"tries\":1,\"max_tries\":5}]}"

/* What no worker can make a job of. */
static const char *const lies[] = {
	"",
	"null",
	"[]",
	"{",
	"{}",
	"\x00\xff\xfe",
	"\xff\xfe\xfd",
	"{\"jobs\":null}",
	"{\"jobs\":{}}",
	"{\"jobs\":[7]}",
	"{\"jobs\":[[]]}",
	"{\"jobs\":[{\"id\":7}]}",
	"{\"jobs\":[{\"id\":\"7\"}]}",
	JOB("7", "{}"),
	JOB("null", "{}"),
	JOB("\"say\"", "") "}",
	JOB("\"what nobody does\"", "{}"),
	JOB("\"\\u0000say\"", "{}"),
	"{\"jobs\":[{\"id\":" ID ",\"org\":" ID ",\"fence\":1e99}]}",
	"{\"jobs\":[{\"id\":" ID ",\"org\":" ID ",\"fence\":\"1\"}]}",
};
enum { LIES = sizeof(lies) / sizeof(*lies) };

struct world {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	struct clock_manual clock;
	struct fake runs; /* for its runner alone */
	struct ctx cx;
	struct worker *w;
	pthread_t thread;
	int asked, finished;
	enum err code;	   /* of each lease; OK: a lie or a job */
	const char *field; /* of that error */
	int64_t retry_after_ms;
	bool jobs, refuse_input; /* real jobs, whose inputs are not given */
};

static void answer_lease(struct world *w, struct client_reply *out)
{
	w->asked++;
	out->code = w->code;
	out->message = STR("\x1b[2Jno");
	out->field = str_of(w->field);
	out->retry_after_ms = w->retry_after_ms;
	if (!w->code)
		out->result = w->jobs ? STR(JOB("\"say\"", "{}"))
				      : str_of(lies[w->asked % LIES]);
}

static enum err answer(struct ctx *cx, void *arg, struct str method,
		       struct str params, struct str bytes,
		       struct client_reply *out)
{
	struct world *w = arg;

	(void)cx;
	(void)params;
	(void)bytes;
	*out = (struct client_reply){ .result = STR("{}") };
	pthread_mutex_lock(&w->lock);
	if (str_is(method, "job.lease")) {
		answer_lease(w, out);
	} else if (str_is(method, "job.wait")) {
		out->result = STR("{\"due\":\"perhaps\"}");
	} else if (str_is(method, "job.input") && w->refuse_input) {
		out->code = ERR_CONFLICT;
	} else if (str_is(method, "job.input")) {
		out->result = STR("{\"input\":{}}");
	} else if (str_is(method, "job.finish")) {
		w->finished++;
	}
	pthread_cond_broadcast(&w->moved);
	pthread_mutex_unlock(&w->lock);
	return OK;
}

static enum err connect_to(struct ctx *cx, void *arg, int64_t ms,
			   struct worker_server *out)
{
	(void)cx;
	(void)ms;
	*out = (struct worker_server){ arg, answer, fake_close };
	return OK;
}

static enum err open_runs(struct ctx *cx, void *arg, struct worker_runs *out)
{
	return fake_runs_open(cx, &((struct world *)arg)->runs, out);
}

static enum err say(struct ctx *cx, struct worker_env *env, struct str input,
		    struct str bytes, struct buf *result)
{
	(void)cx;
	(void)env;
	(void)bytes;
	buf_str(result, input);
	return OK;
}

static const struct worker_kind say_kind = { .name = "say",
					     .group = WORKER_GRADED,
					     .weight = { 100, 1024 },
					     .run = say };
static const struct worker_kind *const kinds[] = { &say_kind, NULL };

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->moved, NULL);
	clock_manual_init(&w->clock, 1000000);
	clock_manual_step(&w->clock, 1000);
	fake_init(&w->runs);
	w->field = "";
	w->cx = (struct ctx){ .arena = arena_new(65536),
			      .clock = &w->clock.clock,
			      .rng = rng_system(),
			      .log = log_new(null, LOG_DEBUG,
					     &w->clock.clock) };
	*state = w;
	return 0;
}

static void *run(void *arg)
{
	worker_run(((struct world *)arg)->w);
	return NULL;
}

static void start(struct world *w)
{
	const struct worker_opts o = { .kinds = kinds,
				       .name = STR("w"),
				       .room = { 1000, 1 << 20 },
				       .hands = 2,
				       .level = RUN_SAMPLED,
				       .lease_ms = 60000,
				       .poll_ms = 1000,
				       .drain_ms = 0,
				       .arg = w,
				       .connect = connect_to,
				       .runs_open = open_runs,
				       .runs_close = fake_runs_close };

	assert_int_equal(worker_new(&w->cx, &o, &w->w), OK);
	pthread_create(&w->thread, NULL, run, w);
}

static int tear_down(void **state)
{
	struct world *w = *state;

	worker_stop(w->w);
	pthread_join(w->thread, NULL);
	worker_free(w->w);
	log_free(w->cx.log);
	arena_free(w->cx.arena);
	free(w);
	return 0;
}

/* Lets time pass until it has asked so often; how much it took, in ms. */
static int64_t passes(struct world *w, const int *what, int n)
{
	int64_t ms = 0;
	struct timespec until;

	pthread_mutex_lock(&w->lock);
	while (*what < n && ms < MOST_MS) {
		clock_manual_step(&w->clock, STEP_MS);
		ms += STEP_MS;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 1000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&w->moved, &w->lock, &until);
	}
	n = *what - n;
	pthread_mutex_unlock(&w->lock);
	assert_true(n >= 0);
	return ms;
}

/* All but the first few times it lets at least five seconds pass. */
static void asks_ever_more_seldom(struct world *w)
{
	start(w);
	assert_true(passes(w, &w->asked, ASKS) >= (ASKS - 10) * 5000);
}

static void an_answer_that_is_nonsense_is_asked_for_later(void **state)
{
	asks_ever_more_seldom(*state);
}

static void errors_that_are_nonsense_are_asked_again_later(void **state)
{
	struct world *w = *state;

	w->code = ERR_INVALID;
	w->field = "/kinds/99999999999999999999";
	asks_ever_more_seldom(w);
}

static void a_key_that_is_refused_is_tried_again_later(void **state)
{
	struct world *w = *state;

	w->code = ERR_UNAUTHENTICATED;
	asks_ever_more_seldom(w);
}

/* Whatever it says: a typing error of a server is no end of a worker. */
static void nobody_is_sent_away_for_ever(void **state)
{
	static const int64_t say[] = { INT64_C(9000000000), INT64_MIN,
				       INT64_MAX / 1000 };
	struct world *w = *state;

	w->code = ERR_BUSY;
	w->retry_after_ms = say[0];
	start(w);
	for (int i = 1; i <= 4; i++) {
		passes(w, &w->asked, i);
		pthread_mutex_lock(&w->lock);
		w->retry_after_ms = say[i % 3];
		pthread_mutex_unlock(&w->lock);
	}
}

/* Else it would lease and drop as fast as both can. */
static void jobs_that_are_never_given_are_not_leased_in_a_storm(void **state)
{
	struct world *w = *state;

	w->jobs = w->refuse_input = true;
	asks_ever_more_seldom(w);
	/* And all is well again as soon as the server is. */
	pthread_mutex_lock(&w->lock);
	w->refuse_input = false;
	pthread_mutex_unlock(&w->lock);
	assert_true(passes(w, &w->finished, 3 * ASKS) < 3 * ASKS * 2500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		T(an_answer_that_is_nonsense_is_asked_for_later),
		T(errors_that_are_nonsense_are_asked_again_later),
		T(a_key_that_is_refused_is_tried_again_later),
		T(nobody_is_sent_away_for_ever),
		T(jobs_that_are_never_given_are_not_leased_in_a_storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
