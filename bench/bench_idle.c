/* idle: 10,000 ws clients that ask nothing, held by a process of their own. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "bench/benches.h"
#include "bench/daemon.h"

enum { CLIENTS = 10000, HOLD_MS = 3000 };

/* In a child: connects, tells how many it has, and holds them. */
static pid_t hold(const char *url, int *got)
{
	int pipes[2];
	pid_t pid;

	if (pipe(pipes))
		die("no pipe");
	pid = fork_child();
	if (pid == 0) {
		int n = 0;

		while (n < CLIENTS && load_connect(url) >= 0)
			n++;
		if (write(pipes[1], &n, sizeof(n)) != sizeof(n))
			_exit(1);
		for (;;)
			pause();
	}
	close(pipes[1]);
	*got = 0;
	if (read(pipes[0], got, sizeof(*got)) != sizeof(*got))
		die("the holder of connections ended");
	close(pipes[0]);
	return pid;
}

static bool ping_fill(void *arg, int place, struct buf *b)
{
	(void)arg;
	buf_fmt(b, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"server.ping\"}",
		place);
	return true;
}

static bool ping_check(void *arg, int place, struct str reply)
{
	(void)arg;
	(void)place;
	return str_find(reply, STR("\"result\""), 0) != SIZE_MAX;
}

static double ping_rate(struct run *r, struct daemon *d)
{
	struct load_result res;

	load_run(&(struct load_opts){ .url = d->ws,
				      .conns = 8,
				      .warm_s = r->warm_s,
				      .run_s = r->run_s,
				      .fill = ping_fill,
				      .check = ping_check },
		 &res);
	if (res.wrong || res.lost)
		die("wrong ping: %s", res.first_wrong);
	return res.rps;
}

void bench_idle(struct run *r)
{
	struct daemon d;
	int64_t from = now_ns(), before, after;
	double alone, beside, cpu;
	int got;
	pid_t pid;

	daemon_make(r, "idle", NULL, &d);
	daemon_start(&d);
	alone = ping_rate(r, &d);
	before = proc_rss(d.pid);
	from = now_ns();
	pid = hold(d.ws, &got);
	say("%d connections in %.1f s", got, (double)(now_ns() - from) / 1e9);
	sleep_ms(HOLD_MS);
	after = proc_rss(d.pid);
	cpu = proc_cpu_s(d.pid);
	sleep_ms(HOLD_MS);
	cpu = proc_cpu_s(d.pid) - cpu;
	beside = ping_rate(r, &d);
	got = (int)daemon_metric(&d, "assay_connections");
	report(r, &(struct figure){ .name = "idle.ws.held",
				    .unit = "clients",
				    .value = got,
				    .target = CLIENTS });
	report(r, &(struct figure){ .name = "idle.ws.memory",
				    .unit = "KiB",
				    .value = (double)(after - before) / 1024 /
					     CLIENTS,
				    .note = "resident, of each client" });
	report(r, &(struct figure){ .name = "idle.ws.cpu",
				    .unit = "%",
				    .value = cpu * 100000 / HOLD_MS,
				    .note = "of one CPU, for all of them" });
	report(r, &(struct figure){ .name = "idle.ws.ping",
				    .unit = "req/s",
				    .value = beside,
				    .baseline = alone,
				    .ratio = beside / alone,
				    .note = "beside them / alone" });
	end_child(pid, SIGKILL);
	daemon_stop(&d);
}
