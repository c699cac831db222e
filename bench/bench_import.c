/* import: a question bank of GIFT through assessment.import. */
#include <stdio.h>

#include "bench/benches.h"
#include "bench/daemon.h"
#include "engine/rpc/client.h"

static void make_bank(struct buf *b, int questions)
{
	for (int i = 0; i < questions; i++)
		if (i % 3 == 0)
			buf_fmt(b,
				"::Q%d:: What is the capital of country "
				"number %d? {\n\t=City %d#Right.\n\t~Town "
				"%d#It is a town.\n\t~%%50%%Village %d\n}\n\n",
				i, i, i, i, i);
		else if (i % 3 == 1)
			buf_fmt(b,
				"::Q%d:: How much is %d and one? {#%d:0.1}"
				"\n\n",
				i, i, i + 1);
		else
			buf_fmt(b,
				"::Q%d:: Name frog %d. {=frog %d =toad %d}"
				"\n\n",
				i, i, i, i);
}

void bench_import(struct run *r)
{
	int questions = 1500;
	double rate[REPEATS_MAX], bytes[REPEATS_MAX];
	struct ctx cx = bench_ctx(r);
	struct client_reply reply;
	struct buf bank = { 0 };
	struct client *c;
	struct daemon d;

	daemon_make(r, "import", NULL, &d);
	daemon_start(&d);
	make_bank(&bank, questions);
	if (client_open(&cx,
			&(struct client_opts){ .url = str_of(d.ipc),
					       .auth = d.key,
					       .timeout_ms = 60000 },
			&c))
		die("import: %s", cx.error.text);
	for (int i = 0; i < r->repeats; i++) {
		int64_t from = now_ns();
		double s;

		if (client_call(&cx, c, STR("assessment.import"),
				STR("{\"course\":\"bench\",\"slug\":\"i\"}"),
				buf_view(&bank), &reply))
			die("import: %s", cx.error.text);
		if (reply.code)
			die("import: %.*s", STR_FMT(reply.message));
		s = (double)(now_ns() - from) / 1e9;
		rate[i] = questions / s;
		bytes[i] = (double)bank.n / s / (1 << 20);
	}
	report(r, &(struct figure){ .name = "import.gift",
				    .unit = "items/s",
				    .value = median(rate, r->repeats) });
	report(r, &(struct figure){ .name = "import.gift.bytes",
				    .unit = "MiB/s",
				    .value = median(bytes, r->repeats) });
	client_close(c);
	buf_done(&bank);
	daemon_stop(&d);
}
