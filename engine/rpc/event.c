/*
 * event.list and event.feed.
 *
 * The cursor is a place for each node: "1:5102,2:377" means that all of node
 * 1's records up to 5102 and node 2's up to 377 have been looked at. A call
 * looks at no more than SCAN_MAX numbers of a node, and gives the next cursor
 * also when nothing of them was for the caller; so it never skips, never
 * repeats, and never takes long.
 */
#include "base/limits.h"
#include "engine/app.h"
#include "engine/rpc/event_sql.h"
#include "engine/rpc/events.h"
#include "engine/rpc/feed.h"
#include "engine/rpc/table.h"

enum { SCAN_MAX = 5000, PAGE = 100, NODES_MAX = 1024, NAMES_MAX = 64 };

bool event_is_public(struct str name)
{
#define X(word, doc)                                                           \
	if (str_is(name, word))                                                \
		return true;
	PUBLIC_EVENTS(X)
#undef X
	return false;
}

struct event {
	struct str id;
	struct str event;
	int64_t at;
	struct id about, learner;
	struct str actor, body;
};
static const struct field event_fields[] = {
	FIELD(struct event, id, KIND_STR, "its place, node:number"),
	FIELD(struct event, event, KIND_STR, "what happened"),
	FIELD(struct event, at, KIND_TIME, "when"),
	FIELD_OPT(struct event, about, KIND_ID,
		  "the attempt, assessment … that it is about"),
	FIELD_OPT(struct event, learner, KIND_ID, "whom it concerns"),
	FIELD(struct event, actor, KIND_STR, "who did it"),
	FIELD_OPT(struct event, body, KIND_RAW, "more, by kind of event"),
	FIELD_END,
};
static const struct shape event_shape = { "event", sizeof(struct event),
					  event_fields };

void event_json(struct buf *b, const struct record *r)
{
	char text[48];
	struct buf id = { 0 };
	struct event e = {
		.event = r->event,
		.at = r->at_ms,
		.about = r->stream,
		.learner = r->learner,
		.actor = r->actor,
		.body = r->body,
	};

	buf_int(&id, r->node);
	buf_ch(&id, ':');
	buf_int(&id, r->seq);
	CHECK(id.n < sizeof(text));
	memcpy(text, id.p, id.n);
	e.id = (struct str){ text, id.n };
	buf_done(&id);
	field_encode(b, &event_shape, &e);
}

/* Places by node, in order of node. */
struct places {
	struct {
		int64_t node, seq;
	} at[NODES_MAX];
	size_t n;
};

static enum err bad_cursor(struct ctx *cx)
{
	return err_field(cx, ERR_INVALID, "/after",
			 "not a cursor of event.list; leave it out to begin "
			 "with the first event");
}

static enum err cursor_read(struct ctx *cx, struct str text, struct places *p)
{
	struct str part, node;

	p->n = 0;
	if (text.n == 0)
		return OK;
	while (str_split(&text, ',', &part)) {
		int64_t last = p->n ? p->at[p->n - 1].node : 0;

		if (p->n == NODES_MAX || !str_split(&part, ':', &node) ||
		    !str_int(node, &p->at[p->n].node) ||
		    !str_int(part, &p->at[p->n].seq) ||
		    p->at[p->n].node <= last || p->at[p->n].seq < 0)
			return bad_cursor(cx);
		p->n++;
	}
	return OK;
}

static struct str cursor_text(struct ctx *cx, const struct places *p)
{
	struct buf b = { 0 };
	struct str s;

	for (size_t i = 0; i < p->n; i++) {
		if (i)
			buf_ch(&b, ',');
		buf_int(&b, p->at[i].node);
		buf_ch(&b, ':');
		buf_int(&b, p->at[i].seq);
	}
	s = b.n ? buf_copy(&b, cx->arena) : STR("");
	buf_done(&b);
	return s;
}

/* Nodes that the cursor does not know begin at 0. */
static enum err add_nodes(struct ctx *cx, struct places *p)
{
	struct event_node next = { 0 };
	size_t i = 0;
	enum err e;

	for (;;) {
		const struct val after = v_int(next.node);

		e = store_one(cx, event_stmt(EVENT_NEXT_NODE), &after, 1,
			      &next);
		if (e == ERR_NOT_FOUND) {
			err_clear(cx);
			return OK;
		}
		if (e)
			return e;
		while (i < p->n && p->at[i].node < next.node)
			i++;
		if (i < p->n && p->at[i].node == next.node)
			continue;
		if (p->n == NODES_MAX)
			return err_set(cx, ERR_LIMIT_REACHED,
				       "more than %d nodes", NODES_MAX);
		memmove(&p->at[i + 1], &p->at[i],
			(p->n - i) * sizeof(p->at[0]));
		p->at[i].node = next.node;
		p->at[i].seq = 0;
		p->n++;
	}
}

struct list_params {
	struct str after, course;
	int64_t limit;
	struct list events; /* struct str */
};
static const struct field list_params_fields[] = {
	FIELD_OPT(struct list_params, after, KIND_STR,
		  "cursor of the call before; absent: from the first event",
		  .max = 16384),
	FIELD_OPT(struct list_params, limit, KIND_INT,
		  "most events to give; 100 when absent", .min = 1,
		  .max = LIMIT_PAGE),
	FIELD_OPT(struct list_params, events, KIND_LIST, "only these names",
		  .of = KIND_STR, .max = NAMES_MAX),
	FIELD_OPT(struct list_params, course, KIND_STR, "only of this course",
		  .max = LIMIT_REF_BYTES),
	FIELD_END,
};
static const struct shape list_params_shape = { "event_list",
						sizeof(struct list_params),
						list_params_fields };

struct list_result {
	struct list events; /* struct event */
	struct str cursor;
	bool more;
};
static const struct field list_result_fields[] = {
	FIELD(struct list_result, events, KIND_LIST, "in order of each node",
	      .of = KIND_OBJECT, .shape = &event_shape),
	FIELD(struct list_result, cursor, KIND_STR,
	      "send it as after, also when there was no event"),
	FIELD(struct list_result, more, KIND_BOOL,
	      "there is more to look at now: call again at once"),
	FIELD_END,
};
static const struct shape list_result_shape = { "events",
						sizeof(struct list_result),
						list_result_fields };

struct scan {
	const struct list_params *params;
	struct event *out;
	size_t n, max;
	int64_t last; /* number of the last record looked at */
};

static bool named(const struct list *names, struct str event)
{
	const struct str *s = names->at;

	for (size_t i = 0; i < names->n; i++)
		if (str_eq(s[i], event))
			return true;
	return names->n == 0;
}

/* A caller bound to courses sees only events that name one of his. */
static enum err course_fits(struct ctx *cx, struct str want, struct str body,
			    bool *fits)
{
	struct jdoc *doc;
	struct jval v;
	struct str course;
	enum err e;

	*fits = !want.p && cx->who->courses.n == 0;
	if (*fits || !body.p)
		return OK;
	e = jdoc_parse(cx, body, &doc);
	if (e)
		return err_set(cx, ERR_CORRUPT, "a stored event is damaged");
	if (!jval_get(jdoc_root(doc), "course", &v) || jval_type(v) != J_STRING)
		return OK;
	course = jval_str(cx, v);
	*fits = (!want.p || str_eq(course, want)) &&
		principal_covers(cx->who, course);
	return OK;
}

static enum err scan_row(struct ctx *cx, const void *row, void *arg)
{
	const struct event_row *r = row;
	struct scan *s = arg;
	struct event *ev = &s->out[s->n];
	bool fits;
	enum err e;

	if (s->n == s->max)
		return ERR_LIMIT_REACHED; /* ends the scan, see scan_node */
	s->last = r->seq;
	if (!event_is_public(r->event) || !named(&s->params->events, r->event))
		return OK;
	e = course_fits(cx, s->params->course, r->body, &fits);
	if (e || !fits)
		return e;
	*ev = (struct event){
		.id = str_fmt(cx->arena, "%lld:%lld", (long long)r->node,
			      (long long)r->seq),
		.event = str_copy(cx->arena, r->event),
		.at = r->at_ms,
		.about = r->stream,
		.learner = r->learner,
		.actor = str_copy(cx->arena, r->actor),
	};
	if (r->body.p)
		ev->body = str_copy(cx->arena, r->body);
	s->n++;
	return OK;
}

/*
 * What comes next would be numbered as what the cursor has passed: to go on
 * from it would skip events for ever.
 */
static enum err beyond(struct ctx *cx, int64_t node)
{
	return err_field(cx, ERR_INVALID, "/after",
			 "the cursor is beyond the last event of node %lld: "
			 "it is another database's, or this one was restored "
			 "from a backup; leave it out to begin with the first "
			 "event",
			 (long long)node);
}

static enum err scan_node(struct ctx *cx, struct scan *s, int64_t node,
			  int64_t *seq, bool *more)
{
	const struct val key = v_int(node);
	struct event_head head = { 0 };
	int64_t to;
	enum err e;

	e = store_one(cx, event_stmt(EVENT_HEAD), &key, 1, &head);
	if (e && e != ERR_NOT_FOUND)
		return e;
	err_clear(cx);
	if (head.seq < *seq)
		return beyond(cx, node);
	if (head.seq == *seq)
		return OK;
	to = head.seq - *seq > SCAN_MAX ? *seq + SCAN_MAX : head.seq;
	s->last = *seq;
	e = store_each(
		cx, event_stmt(EVENT_RANGE),
		VALS(v_int(node), v_int(*seq), v_int(to), v_id(&cx->who->org)),
		scan_row, s);
	if (e == ERR_LIMIT_REACHED && s->n == s->max) {
		err_clear(cx);
		*seq = s->last;
		*more = true;
		return OK;
	}
	if (e)
		return e;
	*seq = to;
	*more = *more || to < head.seq;
	return OK;
}

static enum err event_list_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct list_params *p = params;
	struct list_result *out = result;
	struct places *places = ARENA_NEW(cx->arena, struct places);
	struct scan s = { .params = p, .max = p->limit ? p->limit : PAGE };
	enum err e;

	if (p->course.p && !principal_covers(cx->who, p->course))
		return err_field(cx, ERR_NOT_FOUND, "/course",
				 "there is no such course");
	e = cursor_read(cx, p->after, places);
	if (!e)
		e = add_nodes(cx, places);
	s.out = ARENA_ARRAY(cx->arena, struct event, s.max + 1);
	for (size_t i = 0; !e && i < places->n; i++) {
		if (s.n == s.max) {
			out->more = true; /* nodes not looked at */
			break;
		}
		e = scan_node(cx, &s, places->at[i].node, &places->at[i].seq,
			      &out->more);
	}
	if (e)
		return e;
	out->events = (struct list){ s.out, s.n };
	out->cursor = cursor_text(cx, places);
	return OK;
}

struct feed_result {
	struct str urls, tag, key, cipher;
};
static const struct field feed_result_fields[] = {
	FIELD(struct feed_result, urls, KIND_STR,
	      "where to subscribe with nng sub; comma-separated"),
	FIELD(struct feed_result, tag, KIND_HEX,
	      "what to subscribe to: a message's first 16 bytes"),
	FIELD(struct feed_result, key, KIND_BYTES,
	      "opens the organization's messages; keep it secret"),
	FIELD(struct feed_result, cipher, KIND_STR,
	      "tag, 24 bytes nonce, then the event in this box"),
	FIELD_END,
};
static const struct shape feed_result_shape = { "feed",
						sizeof(struct feed_result),
						feed_result_fields };

static enum err event_feed_rpc(struct ctx *cx, const void *params, void *result)
{
	struct feed_result *out = result;
	uint8_t *tag = arena_alloc(cx->arena, FEED_TAG);
	uint8_t *key = arena_alloc(cx->arena, FEED_KEY);

	(void)params;
	if (!cx->app->feed || !feed_urls(cx->app->feed).n)
		return err_set(cx, ERR_UNSUPPORTED,
			       "this server publishes no feed; event.list "
			       "gives the same events");
	feed_key(cx->app->feed, &cx->who->org, tag, key);
	out->urls = feed_urls(cx->app->feed);
	out->tag = (struct str){ (char *)tag, FEED_TAG };
	out->key = (struct str){ (char *)key, FEED_KEY };
	out->cipher = STR("xsalsa20-poly1305");
	return OK;
}

const struct rpc_method event_methods[] = {
	{
		.name = "event.list",
		.does = "Events after a cursor, in order; skips none.",
		.roles = ROLE_PLATFORM | ROLE_ORG_ADMIN | ROLE_AUDITOR,
		.flags = RPC_SLOW,
		.budget_ms = 500,
		.params = &list_params_shape,
		.result = &list_result_shape,
		.fails = FAILS(ERR_INVALID, ERR_NOT_FOUND),
		.run = event_list_rpc,
	},
	{
		.name = "event.feed",
		.does = "Where the live feed is, and the key that opens it.",
		.roles = ROLE_PLATFORM,
		.flags = RPC_NO_STORE | RPC_WHOLE,
		.budget_ms = 50,
		.result = &feed_result_shape,
		.fails = FAILS(ERR_UNSUPPORTED, ERR_DENIED),
		.run = event_feed_rpc,
	},
	{ 0 },
};
