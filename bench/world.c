#include <stdio.h>
#include <stdlib.h>

#include "bench/daemon.h"

enum { START_CONNS = 128 };

static void publish(struct run *r, struct daemon *d, const struct world_wish *w,
		    int kind)
{
	struct buf b = { 0 };
	char policy[400];

	buf_fmt(&b,
		"{\"definition\":{\"assay\":1,\"course\":\"bench\","
		"\"slug\":\"%s-%d\",\"title\":\"Bench\",\"items\":[",
		w->slug, kind);
	for (int i = 0; i < w->slots; i++)
		buf_fmt(&b,
			"%s{\"id\":\"q%d\",\"type\":\"short\",\"mark\":1,"
			"\"stem\":\"What is the name of number %d?\","
			"\"answers\":[{\"text\":\"frog*\",\"fraction\":1},"
			"{\"text\":\"toad*\",\"fraction\":0.5}]}",
			i ? "," : "", i + 1, i + 1);
	buf_ch(&b, ']');
	if (w->policy) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(policy, sizeof(policy), w->policy,
			 w->policy_from + kind);
#pragma GCC diagnostic pop
		buf_fmt(&b, ",\"policy\":%s", policy);
	}
	buf_z(&b, "}}");
	daemon_call(d, "assessment.publish", buf_view(&b));
	buf_done(&b);
	(void)r;
}

/* ---- starting attempts ---- */

struct starts {
	struct world *w;
	const struct world_wish *wish;
	int next, *at; /* of each place: the attempt it starts */
};

static bool starts_fill(void *arg, int place, struct buf *b)
{
	struct starts *s = arg;
	int kinds = s->wish->kinds ? s->wish->kinds : 1;

	if (s->next >= s->w->n)
		return false;
	s->at[place] = s->next++;
	buf_fmt(b,
		"{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"attempt.start\","
		"\"auth\":\"%.*s\",\"params\":{\"course\":\"bench\","
		"\"slug\":\"%s-%d\",\"learner\":\"%s%d\"}}",
		s->at[place], STR_FMT(s->w->d->key), s->wish->slug,
		s->at[place] % kinds, s->wish->learners, s->at[place]);
	return true;
}

static bool starts_check(void *arg, int place, struct str reply)
{
	struct starts *s = arg;
	struct str name = STR("\"attempt\":\"");
	size_t at = str_find(reply, name, 0);

	if (at == SIZE_MAX)
		return false;
	return id_parse(str_cut(reply, at + name.n, at + name.n + ID_TEXT),
			&s->w->attempts[s->at[place]]);
}

void world_make(struct run *r, struct daemon *d, const struct world_wish *wish,
		struct world *out)
{
	int at[START_CONNS];
	struct starts s = { .w = out, .wish = wish, .at = at };
	struct load_result res;

	*out = (struct world){ .d = d,
			       .n = wish->attempts,
			       .slots = wish->slots };
	out->attempts = ARENA_ARRAY(r->arena, struct id, (size_t)out->n);
	for (int i = 0; i < (wish->kinds ? wish->kinds : 1); i++)
		publish(r, d, wish, i);
	load_run(&(struct load_opts){ .url = d->ipc,
				      .conns = START_CONNS,
				      .run_s = 600,
				      .fill = starts_fill,
				      .check = starts_check,
				      .arg = &s },
		 &res);
	if (res.answered != out->n)
		die("only %lld of %d attempts started: %s",
		    (long long)res.answered, out->n, res.first_wrong);
	say("%d attempts started, %.0f a second", out->n, res.rps);
}

/* ---- answers ---- */

void answers_init(struct answers *a, const struct world *w)
{
	size_t places = (size_t)w->n;

	*a = (struct answers){ .w = w };
	a->turn = calloc(places, sizeof(*a->turn));
	a->id = calloc(places, sizeof(*a->id));
	a->at = calloc(places, sizeof(*a->at));
	a->seq = calloc(places * (size_t)w->slots, sizeof(*a->seq));
	CHECK(a->turn && a->id && a->at && a->seq);
}

void answers_done(struct answers *a)
{
	free(a->turn);
	free(a->id);
	free(a->at);
	free(a->seq);
}

/* Each place goes round its own attempts, and then to their next slot. */
static int next_at(struct answers *a, int place)
{
	int own = a->w->n / a->places;
	uint32_t turn = a->turn[place]++;
	int attempt = place + (int)(turn % (uint32_t)own) * a->places;
	int slot = (int)(turn / (uint32_t)own) % a->w->slots;

	return attempt * a->w->slots + slot;
}

bool answers_fill(void *arg, int place, struct buf *b)
{
	struct answers *a = arg;
	int at = next_at(a, place);
	char id[ID_TEXT + 1];

	a->at[place] = at;
	a->id[place] = (uint32_t)++a->serial;
	id_text(&a->w->attempts[at / a->w->slots], id);
	buf_fmt(b,
		"{\"jsonrpc\":\"2.0\",\"id\":%u,\"method\":\"attempt.answer\","
		"\"auth\":\"%.*s\",\"params\":{\"attempt\":\"%s\","
		"\"slot\":%d,",
		a->id[place], STR_FMT(a->w->d->key), id, at % a->w->slots + 1);
	if (!a->without_seq)
		buf_fmt(b, "\"seq\":%u,", a->seq[at] + 1);
	buf_fmt(b,
		"\"response\":{\"text\":\"I believe that it is the frog of "
		"the pond, number %llu\"},"
		"\"idempotency_key\":\"%016llx\"}}",
		(unsigned long long)a->serial,
		(unsigned long long)(a->serial * 0x9e3779b97f4a7c15u));
	return true;
}

bool answers_check(void *arg, int place, struct str reply)
{
	struct answers *a = arg;
	char want[80];
	int n = snprintf(want, sizeof(want), "{\"jsonrpc\":\"2.0\",\"id\":%u,",
			 a->id[place]);

	if (reply.n < (size_t)n + 9 || memcmp(reply.p, want, (size_t)n) != 0)
		return false;
	if (memcmp(reply.p + n, "\"result\":", 9) != 0 &&
	    memcmp(reply.p + n, "\"method\":", 9) != 0)
		return false; /* an echo has its own request */
	a->seq[a->at[place]]++;
	a->acknowledged++;
	return true;
}
