/*
 * peer: a course whose works are reviewed by peers, for scenarios. Include
 * after cmocka.h.
 */
#pragma once

#include <stdlib.h>

#include "tests/support/world.h"

/* Criteria a and b of 0..10 points; b weighs twice. */
#define PEER_RUBRIC                                                            \
	"\"rubric\":{\"criteria\":["                                           \
	"{\"id\":\"a\",\"title\":\"Argument\",\"points\":10},"                 \
	"{\"id\":\"b\",\"title\":\"Evidence\",\"points\":10,\"weight\":2}]}"
#define PEER_REF "{\"course\":\"c\",\"slug\":\"p\"}"

enum { PEER_GOLD_N = 12 };

/* Words that no other text has: n of them. */
static inline const char *peer_text(struct world *w, int n)
{
	struct buf b = { 0 };
	const char *s;

	for (int i = 0; i < n; i++)
		buf_fmt(&b, "%sw%llx", i ? " " : "",
			(unsigned long long)rng_below(&w->rng.rng, 1 << 30));
	s = str_z(w->cx.arena, buf_view(&b));
	buf_done(&b);
	return s;
}

/* The assessment; more: members of "peer", each with a comma before. */
static inline const char *peer_json(struct world *w, int golds,
				    const char *more)
{
	struct buf b = { 0 };
	const char *s;

	buf_z(&b, "{\"assay\":1,\"course\":\"c\",\"slug\":\"p\","
		  "\"title\":\"P\",\"peer\":{" PEER_RUBRIC ",\"gold\":[");
	for (int i = 0; i < golds; i++)
		buf_fmt(&b,
			"%s{\"id\":\"g%d\",\"title\":\"G\","
			"\"text\":\"%d %d %s\","
			"\"scores\":[{\"criterion\":\"a\",\"points\":%d,"
			"\"comment\":\"so\"},{\"criterion\":\"b\","
			"\"points\":%d,\"comment\":\"so\"}],"
			"\"reason\":\"why\"}",
			i ? "," : "", i, 2 + i % 7, 3 + i % 6, peer_text(w, 30),
			2 + i % 7, 3 + i % 6);
	buf_fmt(&b, "]%s}}", more);
	s = str_z(w->cx.arena, buf_view(&b));
	buf_done(&b);
	return s;
}

static inline const char *peer_publish(struct world *w, const char *more)
{
	return world_publish(w, peer_json(w, PEER_GOLD_N, more));
}

/* A work that deserves 6 and 7. */
static inline struct reply peer_try_hand_in(struct world *w, const char *who)
{
	return world_call(w, who, "artifact.submit",
			  "{\"course\":\"c\",\"slug\":\"p\",\"content\":"
			  "{\"text\":\"6 7 %s\"}}",
			  peer_text(w, 40));
}

static inline const char *peer_hand_in(struct world *w, const char *who)
{
	struct reply r = peer_try_hand_in(w, who);

	assert_int_equal(r.e, OK);
	return reply_text(w, &r, "artifact");
}

/* A review's params, with text enough; more: members, each with a comma. */
static inline const char *peer_said(struct world *w, const struct reply *next,
				    int a, int b, const char *more)
{
	return str_fmt(w->cx.arena,
		       "{\"review\":\"%s\",\"fence\":%lld,\"words\":{"
		       "\"scores\":[{\"criterion\":\"a\",\"points\":%d,"
		       "\"comment\":\"%s\"},{\"criterion\":\"b\","
		       "\"points\":%d}],\"strengths\":[\"%s\",\"%s\"],"
		       "\"improvements\":[\"%s\"]}%s}",
		       reply_text(w, next, "review"),
		       (long long)reply_int(w, next, "fence"), a,
		       peer_text(w, 8), b, peer_text(w, 9), peer_text(w, 9),
		       peer_text(w, 9), more)
		.p;
}

static inline struct reply peer_submit(struct world *w, const char *who,
				       const struct reply *next, int a, int b)
{
	return world_call(w, who, "review.submit", "%s",
			  peer_said(w, next, a, b, ""));
}

/*
 * What a work deserves: its text begins with that, of works as of golds; so a
 * simulated reviewer may be as good as the test likes.
 */
static inline void peer_deserves(struct world *w, const struct reply *next,
				 int *a, int *b)
{
	const char *text = reply_text(w, next, "content/text");
	char *end;

	*a = (int)strtol(text, &end, 10);
	*b = (int)strtol(end, NULL, 10);
}

static inline int peer_points(int p)
{
	return p < 0 ? 0 : p > 10 ? 10 : p;
}

/* One calibration: as the expert, or off by so many points. */
static inline struct reply peer_calibrate(struct world *w, const char *who,
					  int off)
{
	struct reply r = world_ok(w, who, "calibration.next", PEER_REF);
	int a, b;

	peer_deserves(w, &r, &a, &b);
	return peer_submit(w, who, &r, peer_points(a + off),
			   peer_points(b + off));
}

/* One live review, likewise. */
static inline struct reply peer_review(struct world *w, const char *who,
				       int off)
{
	struct reply r = world_call(w, who, "review.next", PEER_REF);
	int a, b;

	if (r.e)
		return r;
	peer_deserves(w, &r, &a, &b);
	return peer_submit(w, who, &r, peer_points(a + off),
			   peer_points(b + off));
}
