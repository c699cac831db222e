/*
 * read: queries beside an nng rep server that decodes the same request by the
 * same field tables and encodes a reply of the same fields; and beside an
 * echo, which does nothing.
 */
#include <signal.h>
#include <stdio.h>

#include "bench/benches.h"
#include "bench/contest.h"
#include "bench/daemon.h"
#include "bench/rep.h"

enum { ATTEMPTS = 500, SLOTS = 10, CONNS = 64 };

struct reads {
	const char *method;
	struct str key, params;
	uint32_t id[CONNS];
	uint32_t serial;
};

static bool fill(void *arg, int place, struct buf *b)
{
	struct reads *q = arg;

	q->id[place] = ++q->serial;
	buf_fmt(b,
		"{\"jsonrpc\":\"2.0\",\"id\":%u,\"method\":\"%s\","
		"\"auth\":\"%.*s\",\"params\":%.*s}",
		q->id[place], q->method, STR_FMT(q->key), STR_FMT(q->params));
	return true;
}

static bool check(void *arg, int place, struct str reply)
{
	const struct reads *q = arg;
	char want[80];
	int n = snprintf(want, sizeof(want), "{\"jsonrpc\":\"2.0\",\"id\":%u,",
			 q->id[place]);

	return reply.n > (size_t)n + 9 &&
	       memcmp(reply.p, want, (size_t)n) == 0 &&
	       (memcmp(reply.p + n, "\"result\":", 9) == 0 ||
		memcmp(reply.p + n, "\"method\":", 9) == 0);
}

static struct runner runner_of(const char *name, const char *url, pid_t pid,
			       struct reads *q)
{
	return (struct runner){ .name = name,
				.load = { .url = url,
					  .server = pid,
					  .fill = fill,
					  .check = check,
					  .arg = q } };
}

static void compare(struct run *r, struct daemon *d, const char *method,
		    struct str params, const char *echo, pid_t echo_pid)
{
	struct reads q = { .method = method, .key = d->key, .params = params };
	struct sample s = { .method = method,
			    .result = daemon_call(d, method, params) };
	const char *url = str_fmt(r->arena, "ipc://%s/%s", r->dir, method).p;
	pid_t pid = rep_reader((const char *const[]){ url, NULL }, &s);
	struct contest c = { .run = r, .n = 3, .conns = CONNS };
	char name[80];

	say("%s: reply of %zu bytes", method, s.result.n);
	c.runners[0] = runner_of("assayd", d->ipc, d->pid, &q);
	c.runners[1] = runner_of("bare nng and JSON", url, pid, &q);
	c.runners[2] = runner_of("echo", echo, echo_pid, &q);
	contest_run(&c);
	snprintf(name, sizeof(name), "read.%s.bare", method);
	contest_report(&c, name, 0, 1, 0.80);
	snprintf(name, sizeof(name), "read.%s.echo", method);
	contest_report(&c, name, 0, 2, 0);
	end_child(pid, SIGKILL);
}

/* A few answers, so that there is something to fold. */
static void answer_some(struct daemon *d, const char *attempt)
{
	for (int slot = 1; slot <= SLOTS; slot++)
		daemon_call(d, "attempt.answer",
			    str_fmt(d->run->arena,
				    "{\"attempt\":\"%s\",\"slot\":%d,"
				    "\"response\":{\"text\":\"frog %d\"}}",
				    attempt, slot, slot));
}

void bench_read(struct run *r)
{
	const char *echo = str_fmt(r->arena, "ipc://%s/echo", r->dir).p;
	char id[ID_TEXT + 1];
	struct daemon d;
	struct world w;
	pid_t echo_pid;

	daemon_make(r, "read", NULL, &d);
	daemon_start(&d);
	world_make(r, &d,
		   &(struct world_wish){ .slug = "read",
					 .attempts = ATTEMPTS,
					 .slots = SLOTS,
					 .learners = "learner-" },
		   &w);
	id_text(&w.attempts[7], id);
	answer_some(&d, id);
	daemon_call(&d, "attempt.submit",
		    str_fmt(r->arena, "{\"attempt\":\"%s\"}", id));
	id_text(&w.attempts[8], id);
	answer_some(&d, id);
	echo_pid = rep_echo((const char *const[]){ echo, NULL });
	compare(r, &d, "server.ping", STR("{}"), echo, echo_pid);
	compare(r, &d, "gradebook.get",
		STR("{\"course\":\"bench\",\"learner\":\"learner-7\"}"), echo,
		echo_pid);
	compare(r, &d, "assessment.conditions",
		STR("{\"course\":\"bench\",\"slug\":\"read-0\","
		    "\"learner\":\"learner-7\"}"),
		echo, echo_pid);
	compare(r, &d, "attempt.get",
		str_fmt(r->arena, "{\"attempt\":\"%s\"}", id), echo, echo_pid);
	end_child(echo_pid, SIGKILL);
	daemon_stop(&d);
}
