#include "engine/rpc/metrics.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "engine/rpc/table.h"

enum { BUCKETS = 12, SOURCES_MAX = 16 };

/* Upper bounds in microseconds; the last bucket has none. */
static const int64_t bounds_us[BUCKETS] = { 50,	   100,	   250,	   500,
					    1000,  2500,   5000,   10000,
					    25000, 100000, 500000, 2500000 };
static const char *const bounds_s[BUCKETS] = { "0.00005", "0.0001", "0.00025",
					       "0.0005",  "0.001",  "0.0025",
					       "0.005",	  "0.01",   "0.025",
					       "0.1",	  "0.5",    "2.5" };

struct method_count {
	_Atomic int64_t bucket[BUCKETS + 1];
	_Atomic int64_t ns, failed;
	const char *name;
};

struct metrics {
	size_t n;
	_Atomic int64_t errors[ERR_COUNT];
	_Atomic int64_t replayed;
	struct {
		void (*fill)(void *arg, struct buf *b);
		void *arg;
	} sources[SOURCES_MAX];
	size_t sources_n;
	struct method_count method[];
};

struct metrics *metrics_new(const struct rpc_table *t)
{
	size_t it = 0, n = 0;
	const struct rpc_method *m;
	struct metrics *x;

	while (rpc_each(t, &it))
		n++;
	it = sizeof(*x) + n * sizeof(x->method[0]);
	x = calloc(1, it); /* allowed: process */
	CHECK(x);
	x->n = n;
	it = 0;
	for (size_t i = 0; (m = rpc_each(t, &it)); i++)
		x->method[i].name = m->name;
	return x;
}

void metrics_free(struct metrics *m)
{
	free(m);
}

static void add(_Atomic int64_t *v, int64_t n)
{
	atomic_fetch_add_explicit(v, n, memory_order_relaxed);
}

static int64_t get(_Atomic int64_t *v)
{
	return atomic_load_explicit(v, memory_order_relaxed);
}

void metrics_refused(struct metrics *m, enum err e)
{
	if (m)
		add(&m->errors[e < ERR_COUNT ? e : ERR_INTERNAL], 1);
}

void metrics_call(struct metrics *m, uint32_t n, enum err e, int64_t ns)
{
	int i = 0;

	if (!m)
		return;
	CHECK(n < m->n);
	while (i < BUCKETS && ns > bounds_us[i] * 1000)
		i++;
	add(&m->method[n].bucket[i], 1);
	add(&m->method[n].ns, ns);
	if (e) {
		add(&m->method[n].failed, 1);
		metrics_refused(m, e);
	}
}

void metrics_replayed(struct metrics *m)
{
	if (m)
		add(&m->replayed, 1);
}

void metrics_source(struct metrics *m, void (*fill)(void *arg, struct buf *b),
		    void *arg)
{
	CHECK(m->sources_n < SOURCES_MAX);
	m->sources[m->sources_n].fill = fill;
	m->sources[m->sources_n].arg = arg;
	m->sources_n++;
}

static void header(struct buf *b, const char *name, const char *help,
		   const char *type)
{
	buf_fmt(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void single(struct buf *b, const char *name, const char *help,
		   const char *type, int64_t v)
{
	header(b, name, help, type);
	buf_fmt(b, "%s %lld\n", name, (long long)v);
}

void metrics_gauge(struct buf *b, const char *name, const char *help, int64_t v)
{
	single(b, name, help, "gauge", v);
}

void metrics_counter(struct buf *b, const char *name, const char *help,
		     int64_t v)
{
	single(b, name, help, "counter", v);
}

/* Methods that were never called say nothing: the page stays short. */
static void method_lines(struct buf *b, struct method_count *c)
{
	int64_t sum = 0;

	for (int i = 0; i <= BUCKETS; i++)
		sum += get(&c->bucket[i]);
	if (sum == 0)
		return;
	sum = 0;
	for (int i = 0; i < BUCKETS; i++) {
		sum += get(&c->bucket[i]);
		buf_fmt(b,
			"assay_call_seconds_bucket{method=\"%s\",le=\"%s\"} "
			"%lld\n",
			c->name, bounds_s[i], (long long)sum);
	}
	sum += get(&c->bucket[BUCKETS]);
	buf_fmt(b,
		"assay_call_seconds_bucket{method=\"%s\",le=\"+Inf\"} %lld\n"
		"assay_call_seconds_sum{method=\"%s\"} %.6f\n"
		"assay_call_seconds_count{method=\"%s\"} %lld\n",
		c->name, (long long)sum, c->name, (double)get(&c->ns) / 1e9,
		c->name, (long long)sum);
}

void metrics_page(struct metrics *m, struct buf *b)
{
	header(b, "assay_call_seconds",
	       "Time from a message's arrival to its reply.", "histogram");
	for (size_t i = 0; i < m->n; i++)
		method_lines(b, &m->method[i]);
	header(b, "assay_calls_failed_total", "Calls answered with an error.",
	       "counter");
	for (size_t i = 0; i < m->n; i++)
		if (get(&m->method[i].failed))
			buf_fmt(b,
				"assay_calls_failed_total{method=\"%s\"} "
				"%lld\n",
				m->method[i].name,
				(long long)get(&m->method[i].failed));
	header(b, "assay_errors_total", "Errors answered, by kind.", "counter");
	for (int i = 1; i < ERR_COUNT; i++)
		buf_fmt(b, "assay_errors_total{kind=\"%s\"} %lld\n",
			err_kind((enum err)i), (long long)get(&m->errors[i]));
	metrics_counter(b, "assay_replays_total",
			"Replies repeated for a known idempotency key.",
			get(&m->replayed));
	for (size_t i = 0; i < m->sources_n; i++)
		m->sources[i].fill(m->sources[i].arg, b);
}
