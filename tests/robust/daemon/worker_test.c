/*
 * Real servers, workers and boxes: what a kill of each leaves. The job is the
 * self-test of a task whose program sleeps, so that there is time to kill.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/field.h"
#include "tests/support/daemon/hand.h"

enum { LONG_MS = 60000 };

/* An assessment with one code task whose reference sleeps so long. */
#define TASK(slug, seconds)                                                    \
	"{\"definition\":{\"assay\":1,\"course\":\"c\",\"slug\":\"" slug       \
	"\",\"title\":\"t\",\"items\":[{\"id\":\"i\",\"type\":\"code\","       \
	"\"name\":\"n\",\"stem\":\"s\",\"mark\":1,\"code\":{\"kind\":\"io\","  \
	"\"languages\":[\"c\"],\"limits\":{\"cpu_ms\":2000,"                   \
	"\"wall_ms\":9000},\"time\":{\"repeats\":1},"                          \
	"\"tests\":[{\"name\":\"t\",\"input\":{\"text\":\"1\"},"               \
	"\"answer\":{\"text\":\"" slug "\"}}],"                                \
	"\"references\":[{\"name\":\"r\",\"language\":\"c\","                  \
	"\"expect\":\"AC\",\"files\":[{\"name\":\"main.c\",\"text\":"          \
	"\"#include <stdio.h>\\n#include <unistd.h>\\n#define nap sleep\\n"    \
	"int main(void){nap(" seconds ");puts(\\\"" slug                       \
	"\\\");return 0;}\"}]}]}}]}}"

struct world {
	struct daemon d;
	struct hand a, b;
};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	daemon_make(&w->d);
	daemon_init(&w->d);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	if (w->a.pid)
		hand_stop(&w->a, SIGKILL);
	if (w->b.pid)
		hand_stop(&w->b, SIGKILL);
	daemon_drop(&w->d);
	free(w);
	return 0;
}

static void begin(struct world *w)
{
	daemon_start(&w->d, NULL);
	hand_key(&w->d);
}

static bool start(struct world *w, struct hand *h, const char *name,
		  const char *scheme)
{
	return hand_start(&w->d, h, name, daemon_url(&w->d, scheme), NULL);
}

static void ask(struct world *w, const char *task)
{
	assert_int_equal(daemon_call(&w->d, "code.selftest", "%s", task), OK);
}

/* ---- looking ---- */

struct look {
	struct world *w;
	const char *state;
	int n; /* at least so many jobs are in it */
	struct str jobs;
};

static int count(struct str all, const char *what)
{
	int n = 0;
	size_t at = 0;

	while ((at = str_find(all, str_of(what), at)) != SIZE_MAX) {
		n++;
		at++;
	}
	return n;
}

static bool in_state(void *arg)
{
	struct look *l = arg;
	struct daemon *d = &l->w->d;

	if (daemon_call(d, "job.list",
			"{\"kind\":\"code.selftest\",\"state\":\"%s\"}",
			l->state) != OK)
		return false;
	l->jobs = d->result;
	return count(l->jobs, "\"id\"") >= l->n;
}

static struct str until(struct world *w, const char *state, int n)
{
	struct look l = { w, state, n, { 0 } };

	if (!daemon_until(in_state, &l, LONG_MS))
		fail_msg("never %d %s: %.*s\n%s", n, state, STR_FMT(l.jobs),
			 w->a.log[0] ? hand_log(&w->d, &w->a) : "");
	return l.jobs;
}

static bool has(struct str s, const char *text)
{
	return str_find(s, str_of(text), 0) != SIZE_MAX;
}

static bool passed(struct world *w, const char *task)
{
	ask(w, task);
	return has(w->d.result, "\"state\":\"passed\"");
}

/* ---- tests ---- */

static void a_worker_on_tcp_does_a_job_and_logs_nothing_of_it(void **state)
{
	struct world *w = *state;

	begin(w);
	if (!start(w, &w->a, "a", "tcp://"))
		skip();
	ask(w, TASK("marmot", "0"));
	until(w, "done", 1);
	assert_true(passed(w, TASK("marmot", "0")));
	assert_int_equal(hand_stop(&w->a, SIGTERM), 0);
	assert_non_null(strstr(hand_log(&w->d, &w->a), "\"job_done\""));
	assert_null(strstr(hand_log(&w->d, &w->a), "marmot"));
	assert_null(strstr(hand_log(&w->d, &w->a), "assay_"));
}

static void without_a_worker_jobs_wait_and_nothing_is_promised(void **state)
{
	struct world *w = *state;
	struct jdoc *doc;
	struct jval jobs, one, id;
	struct str name;
	uint32_t it = 0;

	begin(w);
	ask(w, TASK("a", "0"));
	assert_int_equal(jdoc_parse(&w->d.cx, until(w, "queued", 1), &doc), OK);
	assert_true(jval_get(jdoc_root(doc), "jobs", &jobs));
	assert_true(jval_next(jobs, &it, &name, &one));
	assert_true(jval_get(one, "id", &id));
	assert_int_equal(daemon_call(&w->d, "job.get", "{\"job\":%.*s}",
				     STR_FMT(jval_text(id))),
			 OK);
	assert_true(has(w->d.result, "\"workers\":0"));
	assert_false(has(w->d.result, "estimate_ms"));
}

static void two_workers_share_the_work_and_each_job_counts_once(void **state)
{
	struct world *w = *state;
	struct str done;

	begin(w);
	if (!start(w, &w->a, "a", "tcp://") || !start(w, &w->b, "b", "ipc://"))
		skip();
	ask(w, TASK("a", "1"));
	ask(w, TASK("b", "1"));
	ask(w, TASK("d", "1"));
	ask(w, TASK("e", "1"));
	done = until(w, "done", 4);
	assert_int_equal(count(done, "\"fence\":1,"), 4);
	assert_true(has(done, "\"worker\":\"a\""));
	assert_true(has(done, "\"worker\":\"b\""));
}

static void a_worker_killed_mid_run_costs_time_and_nothing_else(void **state)
{
	static const char *const brief[] = { "--lease", "1s", NULL };
	struct world *w = *state;
	struct str done;

	begin(w);
	if (!hand_start(&w->d, &w->a, "a", daemon_url(&w->d, "tcp://"), brief))
		skip();
	ask(w, TASK("a", "3"));
	until(w, "leased", 1);
	assert_int_equal(hand_stop(&w->a, SIGKILL), -SIGKILL);
	assert_true(start(w, &w->b, "b", "tcp://"));
	done = until(w, "done", 1);
	assert_true(has(done, "\"worker\":\"b\""));
	assert_true(has(done, "\"fence\":2,"));
	assert_true(passed(w, TASK("a", "3")));
}

static void
a_server_killed_mid_run_gets_the_result_when_it_is_back(void **state)
{
	struct world *w = *state;
	struct str done;

	begin(w);
	if (!start(w, &w->a, "a", "ipc://"))
		skip();
	ask(w, TASK("a", "3"));
	until(w, "leased", 1);
	daemon_stop(&w->d, SIGKILL);
	daemon_start(&w->d, NULL);
	done = until(w, "done", 1);
	assert_true(has(done, "\"fence\":1,"));
	assert_true(passed(w, TASK("a", "3")));
	assert_null(strstr(hand_log(&w->d, &w->a), "job_dropped"));
}

static void a_worker_told_to_stop_hands_back_what_it_cannot_finish(void **state)
{
	static const char *const at_once[] = { "--drain", "0ms", NULL };
	struct world *w = *state;

	begin(w);
	if (!hand_start(&w->d, &w->a, "a", daemon_url(&w->d, "ipc://"),
			at_once))
		skip();
	ask(w, TASK("a", "8"));
	until(w, "leased", 1);
	assert_int_equal(hand_stop(&w->a, SIGTERM), 1);
	assert_true(has(until(w, "queued", 1), "\"tries\":0"));
}

/* With nobody else's help: what one lets go, another has at once. */
static void what_a_stopped_worker_had_is_taken_by_another_at_once(void **state)
{
	static const char *const at_once[] = { "--drain", "0ms", "--lease",
					       "1h", NULL };
	struct world *w = *state;
	struct str done;

	begin(w);
	if (!hand_start(&w->d, &w->a, "a", daemon_url(&w->d, "tcp://"),
			at_once))
		skip();
	ask(w, TASK("a", "3"));
	until(w, "leased", 1);
	assert_true(start(w, &w->b, "b", "tcp://"));
	assert_int_equal(hand_stop(&w->a, SIGTERM), 1);
	done = until(w, "done", 1);
	assert_true(has(done, "\"worker\":\"b\""));
	assert_true(has(done, "\"tries\":1,"));
}

static bool is_shut_out(void *arg)
{
	struct world *w = arg;
	const char *log = hand_log(&w->d, &w->a);

	return strstr(log, "server_away") && strstr(log, "unauthenticated");
}

static void revoke_key(struct world *w)
{
	struct jdoc *doc;
	struct jval keys, one, id, name;
	struct str member;
	uint32_t it = 0;

	assert_int_equal(daemon_call(&w->d, "key.list", "{}"), OK);
	assert_int_equal(jdoc_parse(&w->d.cx, w->d.result, &doc), OK);
	assert_true(jval_get(jdoc_root(doc), "keys", &keys));
	while (jval_next(keys, &it, &member, &one)) {
		assert_true(jval_get(one, "name", &name));
		assert_true(jval_get(one, "id", &id));
		if (str_is(jval_str(&w->d.cx, name), "w"))
			break;
	}
	assert_int_equal(daemon_call(&w->d, "key.revoke", "{\"id\":%.*s}",
				     STR_FMT(jval_text(id))),
			 OK);
}

/* It waits for jobs then, and would for another ten seconds. */
static void a_worker_whose_key_is_revoked_gets_no_job_more(void **state)
{
	static const char *const patient[] = { "--poll", "60s", NULL };
	struct world *w = *state;

	begin(w);
	if (!hand_start(&w->d, &w->a, "a", daemon_url(&w->d, "ipc://"),
			patient))
		skip();
	revoke_key(w);
	assert_true(daemon_until(is_shut_out, w, LONG_MS));
	hand_key(&w->d);
	ask(w, TASK("a", "0"));
	assert_true(start(w, &w->b, "b", "ipc://"));
	assert_true(has(until(w, "done", 1), "\"worker\":\"b\""));
	assert_int_equal(hand_stop(&w->a, SIGTERM), 0);
}

/* ---- the server's own ---- */

static bool worker_is_up(void *arg)
{
	return strstr(daemon_log(arg), "worker_ready") ||
	       strstr(daemon_log(arg), "local_worker_ended");
}

/* Of its last start. */
static pid_t own_pid(struct daemon *d)
{
	const char *at = daemon_log(d), *next;
	static const char event[] = "\"local_worker_started\",\"pid\":";

	while ((next = strstr(at, event)))
		at = next + strlen(event);
	return (pid_t)atoi(at);
}

static bool is_gone(void *arg)
{
	char path[32], line[256] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)*(pid_t *)arg);
	f = fopen(path, "re");
	if (!f)
		return true;
	if (!fgets(line, sizeof(line), f))
		line[0] = 0;
	fclose(f);
	return !line[0] || strstr(line, ") Z ");
}

static bool start_own(struct world *w)
{
	static const char *const local[] = { "--worker", "local", NULL };

	daemon_start(&w->d, local);
	assert_true(daemon_until(worker_is_up, &w->d, LONG_MS));
	if (strstr(daemon_log(&w->d), "worker_ready"))
		return true;
	print_message("no worker here: %s\n", daemon_log(&w->d));
	return false;
}

static void a_servers_own_worker_needs_no_key_and_ends_with_it(void **state)
{
	struct world *w = *state;
	pid_t pid;

	if (!start_own(w))
		skip();
	pid = own_pid(&w->d);
	ask(w, TASK("a", "0"));
	until(w, "done", 1);
	assert_int_equal(daemon_stop(&w->d, SIGTERM), 0);
	assert_true(is_gone(&pid));
}

static void a_servers_own_worker_ends_when_the_server_is_killed(void **state)
{
	struct world *w = *state;
	pid_t pid;

	if (!start_own(w))
		skip();
	pid = own_pid(&w->d);
	assert_false(is_gone(&pid));
	daemon_stop(&w->d, SIGKILL);
	assert_true(daemon_until(is_gone, &pid, LONG_MS));
}

static bool started_twice(void *arg)
{
	return count(str_of(daemon_log(arg)), "\"worker_ready\"") == 2;
}

static void a_servers_own_worker_that_dies_is_started_again(void **state)
{
	struct world *w = *state;

	if (!start_own(w))
		skip();
	kill(own_pid(&w->d), SIGKILL);
	assert_true(daemon_until(started_twice, &w->d, LONG_MS));
	ask(w, TASK("a", "0"));
	until(w, "done", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		T(a_worker_on_tcp_does_a_job_and_logs_nothing_of_it),
		T(without_a_worker_jobs_wait_and_nothing_is_promised),
		T(two_workers_share_the_work_and_each_job_counts_once),
		T(a_worker_killed_mid_run_costs_time_and_nothing_else),
		T(a_server_killed_mid_run_gets_the_result_when_it_is_back),
		T(a_worker_told_to_stop_hands_back_what_it_cannot_finish),
		T(what_a_stopped_worker_had_is_taken_by_another_at_once),
		T(a_worker_whose_key_is_revoked_gets_no_job_more),
		T(a_servers_own_worker_needs_no_key_and_ends_with_it),
		T(a_servers_own_worker_ends_when_the_server_is_killed),
		T(a_servers_own_worker_that_dies_is_started_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
