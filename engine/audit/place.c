/*
 * Theory of operation
 *
 * Places in memory stand in a ring in the order in which they came, each with
 * the number of the write that brings it into the table, `turn`: the next one,
 * for those that wait. After a write they stay until the next one, for readers
 * whose snapshot is older. A bucket chains the newest place of each stream, and
 * that leads to the older ones of its stream; positions only grow, so a link to
 * what has left the ring is known by being below its first.
 *
 * The executor adds at the end, takes back from the end what was undone, and
 * drops from the start. Readers look under the lock.
 */
#include "engine/audit/place.h"

#include <pthread.h>
#include <stdlib.h>

#include "engine/audit/record_sql.h"

enum { ROOM_LEAST = 1024, CHUNK = 512, WIDTH = 4 };

/* Links are positions + 1; what is not above `first` leads nowhere. */
struct entry {
	struct place at;
	int64_t turn;
	int64_t top;	/* largest n of the stream so far; UNKNOWN */
	uint64_t older; /* of the stream */
	uint64_t next;	/* newest of another stream in the bucket */
};

enum { UNKNOWN = -1 };

struct places {
	int64_t lag;
	/* Of the executor: */
	bool loaded, writing;
	uint64_t waits_from, written_to;

	pthread_mutex_t lock; /* over what follows */
	struct entry *ring;
	uint64_t *buckets;
	size_t room; /* of both, a power of two */
	uint64_t first, last;
	int64_t turns;	/* writes that are in the table */
	int64_t oldest; /* of a reader's view: what came later is here */
	bool known;	/* it was loaded once */
};

struct places *places_new(int64_t lag)
{
	struct places *p = calloc(1, sizeof(*p)); /* allowed: process */

	CHECK(p && lag >= 0);
	p->lag = lag ? lag : PLACE_LAG;
	pthread_mutex_init(&p->lock, NULL);
	return p;
}

void places_free(struct places *p)
{
	if (!p)
		return;
	pthread_mutex_destroy(&p->lock);
	free(p->ring);
	free(p->buckets);
	free(p);
}

/* ---- the ring; with the lock ---- */

static struct entry *entry_at(const struct places *p, uint64_t position)
{
	return &p->ring[position & (p->room - 1)];
}

static struct entry *follow(const struct places *p, uint64_t link)
{
	return link > p->first ? entry_at(p, link - 1) : NULL;
}

/* The link to the stream's newest entry, or the one that ends its bucket. */
static uint64_t *newest(const struct places *p, const struct id *stream)
{
	uint64_t *at = &p->buckets[id_hash(stream) & (p->room - 1)];
	struct entry *e;

	while ((e = follow(p, *at)) && !id_eq(&e->at.stream, stream))
		at = &e->next;
	return at;
}

static void link_entry(struct places *p, uint64_t position)
{
	struct entry *e = entry_at(p, position);
	uint64_t *at = newest(p, &e->at.stream);
	const struct entry *old = follow(p, *at);

	e->older = old ? *at : 0;
	e->next = old ? old->next : 0;
	*at = position + 1;
}

/* Takes out the first or the last of the ring. */
static void unlink_entry(struct places *p, uint64_t position)
{
	struct entry *e = entry_at(p, position);
	uint64_t *at = newest(p, &e->at.stream);
	struct entry *older;

	if (*at != position + 1)
		return; /* the oldest of its stream: a link that ends there */
	older = follow(p, e->older);
	if (older)
		older->next = e->next;
	*at = older ? e->older : e->next;
}

static void grow(struct places *p)
{
	struct entry *old = p->ring;
	size_t room = p->room;

	p->room = room ? 2 * room : ROOM_LEAST;
	p->ring = calloc(p->room, sizeof(*p->ring)); /* allowed: process */
	free(p->buckets);
	p->buckets =
		calloc(p->room, sizeof(*p->buckets)); /* allowed: process */
	CHECK(p->ring && p->buckets);
	for (uint64_t i = p->first; i < p->last; i++) {
		*entry_at(p, i) = old[i & (room - 1)];
		link_entry(p, i);
	}
	free(old);
}

static void put(struct places *p, const struct place *at, int64_t top)
{
	if (p->last - p->first == p->room)
		grow(p);
	*entry_at(p, p->last) = (struct entry){
		.at = *at,
		.turn = p->turns + 1,
		.top = top == UNKNOWN || top > at->n ? top : at->n,
	};
	link_entry(p, p->last++);
}

static void drop_first(struct places *p)
{
	unlink_entry(p, p->first);
	p->first++;
}

static void drop_last(struct places *p)
{
	unlink_entry(p, p->last - 1);
	p->last--;
}

static const struct entry *stream_of(const struct places *p,
				     const struct id *stream)
{
	return p->room ? follow(p, *newest(p, stream)) : NULL;
}

/* ---- the executor ---- */

static enum err mark_of(struct ctx *cx, int64_t node, int64_t *seq)
{
	struct place_mark m = { 0 };
	enum err e =
		store_one(cx, &record_sql[PLACE_MARK], VALS(v_int(node)), &m);

	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		e = OK;
	}
	*seq = m.seq;
	return e;
}

/* The next node with a chain; 0: none. */
static enum err next_node(struct ctx *cx, int64_t after, int64_t *node)
{
	struct record_node row = { 0 };
	enum err e = store_one(cx, &record_sql[RECORD_NODE], VALS(v_int(after)),
			       &row);

	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		e = OK;
	}
	*node = row.node;
	return e;
}

enum { NODES_MAX = 1024 };

/* The places that wait, of all chains. */
static enum err read_waiting(struct ctx *cx, struct list *out, size_t *n)
{
	int64_t node = 0, mark;
	enum err e = OK;

	*n = 0;
	while (!e && (e = next_node(cx, node, &node)) == OK && node) {
		CHECK(*n < NODES_MAX); /* config bounds the numbers */
		e = mark_of(cx, node, &mark);
		if (!e)
			e = store_list(cx, &record_sql[PLACE_WAITING],
				       VALS(v_int(node), v_int(mark)), SIZE_MAX,
				       &out[(*n)++], NULL);
	}
	return e;
}

/* What memory had stays until all is read: readers look at it meanwhile. */
enum err places_load(struct places *p, struct ctx *cx)
{
	struct list *nodes;
	int64_t turns = 0;
	size_t n = 0;
	enum err e;

	if (!store_alone(cx) || p->loaded)
		return OK;
	nodes = ARENA_ARRAY(cx->arena, struct list, NODES_MAX);
	e = mark_of(cx, 0, &turns);
	if (!e)
		e = read_waiting(cx, nodes, &n);
	if (e)
		return e;
	pthread_mutex_lock(&p->lock);
	while (p->last > p->first)
		drop_last(p);
	p->turns = p->oldest = turns;
	p->waits_from = p->first;
	p->known = true;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < nodes[i].n; k++)
			put(p, &((const struct place *)nodes[i].at)[k],
			    UNKNOWN);
	pthread_mutex_unlock(&p->lock);
	p->loaded = true;
	return OK;
}

/* The stream's largest n, and whether n is taken: as memory knows it. */
static int64_t top_in_memory(struct places *p, const struct id *stream,
			     int64_t n, bool *taken)
{
	const struct entry *e;
	int64_t top = UNKNOWN;

	*taken = false;
	pthread_mutex_lock(&p->lock);
	e = stream_of(p, stream);
	if (e)
		top = e->top;
	if (n <= top || top == UNKNOWN)
		for (; e && !*taken; e = follow(p, e->older))
			*taken = e->at.n == n;
	pthread_mutex_unlock(&p->lock);
	return top;
}

/* The largest n in the table and in memory, in which there may be some. */
static enum err find_top(struct places *p, struct ctx *cx,
			 const struct id *stream, int64_t *top)
{
	struct place row = { 0 };
	const struct entry *e;
	enum err err =
		store_one(cx, &record_sql[PLACE_TOP], VALS(v_id(stream)), &row);

	if (err == ERR_NOT_FOUND)
		err_clear(cx);
	else if (err)
		return err;
	*top = row.n;
	pthread_mutex_lock(&p->lock);
	for (e = stream_of(p, stream); e; e = follow(p, e->older))
		if (e->at.n > *top)
			*top = e->at.n;
	pthread_mutex_unlock(&p->lock);
	return OK;
}

enum err places_check(struct places *p, struct ctx *cx, const struct record *r,
		      int64_t *top)
{
	struct place row;
	bool taken;
	enum err e = OK;

	if (!store_alone(cx))
		return OK;
	*top = top_in_memory(p, &r->stream, r->n, &taken);
	if (*top == UNKNOWN)
		e = find_top(p, cx, &r->stream, top);
	if (e || (!taken && r->n > *top))
		return e;
	if (!taken) {
		e = store_one(cx, &record_sql[PLACE_AT],
			      VALS(v_id(&r->stream), v_int(r->n)), &row);
		if (e == ERR_NOT_FOUND) {
			err_clear(cx);
			return OK;
		}
		if (e)
			return e;
	}
	return err_set(cx, ERR_CONFLICT, "another was first; try again");
}

void places_add(struct places *p, const struct record *r, int64_t top)
{
	const struct place at = { r->stream, r->n, r->node, r->seq };

	if (!p->loaded) /* several servers write */
		return;
	pthread_mutex_lock(&p->lock);
	put(p, &at, top);
	pthread_mutex_unlock(&p->lock);
}

void places_undo(struct places *p, int64_t node, int64_t seq)
{
	pthread_mutex_lock(&p->lock);
	while (p->last > p->first) {
		struct entry *e = entry_at(p, p->last - 1);

		if (e->turn <= p->turns || e->at.node != node ||
		    e->at.seq <= seq)
			break;
		drop_last(p);
	}
	pthread_mutex_unlock(&p->lock);
}

static int by_stream(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int c = memcmp(x->stream.b, y->stream.b, ID_BYTES);

	return c ? c : (x->n > y->n) - (x->n < y->n);
}

/* Copies of those that wait, in the arena. Only the executor moves them. */
static size_t waiting(struct places *p, struct ctx *cx, struct place **out)
{
	uint64_t from = p->waits_from;
	size_t n = (size_t)(p->last - from);

	if (n < (size_t)p->lag)
		return 0;
	*out = ARENA_ARRAY(cx->arena, struct place, n);
	for (size_t i = 0; i < n; i++)
		(*out)[i] = entry_at(p, from + i)->at;
	return n;
}

static enum err set_mark(struct ctx *cx, int64_t node, int64_t seq)
{
	return store_exec(cx, &record_sql[PLACE_MARK_SET],
			  VALS(v_int(node), v_int(seq)), NULL);
}

/* Each node's last place becomes its mark; they came in the chain's order. */
static enum err set_marks(struct ctx *cx, const struct place *all, size_t n)
{
	enum err e = OK;

	for (size_t i = 0; !e && i < n; i++)
		if (i + 1 == n || all[i + 1].node != all[i].node)
			e = set_mark(cx, all[i].node, all[i].seq);
	return e;
}

static enum err insert_all(struct ctx *cx, const struct place *all, size_t n)
{
	struct val vals[CHUNK * WIDTH];
	enum err e = OK;

	for (size_t at = 0; !e && at < n; at += CHUNK) {
		size_t rows = n - at < CHUNK ? n - at : CHUNK;

		for (size_t i = 0; i < rows; i++) {
			struct val *v = &vals[i * WIDTH];

			v[0] = v_id(&all[at + i].stream);
			v[1] = v_int(all[at + i].n);
			v[2] = v_int(all[at + i].node);
			v[3] = v_int(all[at + i].seq);
		}
		e = store_bulk(cx, &record_sql[PLACE_INSERT], vals, rows,
			       WIDTH);
	}
	return e;
}

enum err places_flush(struct places *p, struct ctx *cx)
{
	struct place *all = NULL;
	size_t n = p->loaded ? waiting(p, cx, &all) : 0;
	enum err e;

	if (n == 0)
		return OK;
	e = set_marks(cx, all, n);
	qsort(all, n, sizeof(*all), by_stream);
	if (!e)
		e = insert_all(cx, all, n);
	if (!e)
		e = set_mark(cx, 0, p->turns + 1);
	p->writing = !e;
	p->written_to = p->last;
	return e;
}

void places_committed(struct places *p)
{
	if (!p->writing)
		return;
	p->writing = false;
	p->waits_from = p->written_to;
	pthread_mutex_lock(&p->lock);
	p->oldest = p->turns++;
	while (p->first < p->last && entry_at(p, p->first)->turn < p->turns)
		drop_first(p);
	pthread_mutex_unlock(&p->lock);
}

void places_aborted(struct places *p)
{
	p->writing = false;
	p->loaded = false;
}

/* ---- readers ---- */

struct span {
	const struct id *stream;
	int64_t from, to;
};

/* Places found in memory, in the arena. */
struct found {
	struct place *at;
	size_t n, room;
};

static void found_add(struct ctx *cx, struct found *f, const struct place *at)
{
	if (f->n == f->room) {
		size_t room = f->room ? 2 * f->room : 16;
		struct place *more = ARENA_ARRAY(cx->arena, struct place, room);

		if (f->n)
			memcpy(more, f->at, f->n * sizeof(*more));
		f->at = more;
		f->room = room;
	}
	f->at[f->n++] = *at;
}

static bool in_span(const struct place *at, const struct span *s)
{
	return at->n >= s->from && at->n <= s->to;
}

/*
 * True: memory holds all places of the span, also those that are in the table.
 * So it is when it holds one not above the span that was its stream's largest
 * when it came: what came before is below it.
 */
static bool find_all(struct places *p, struct ctx *cx, const struct span *s,
		     struct found *out)
{
	const struct entry *e;
	bool all = false;

	pthread_mutex_lock(&p->lock);
	e = stream_of(p, s->stream);
	for (; e && !all; e = follow(p, e->older)) {
		all = e->at.n <= s->from && e->top == e->at.n;
		if (in_span(&e->at, s))
			found_add(cx, out, &e->at);
	}
	pthread_mutex_unlock(&p->lock);
	return all;
}

/*
 * What the view that has seen so many writes does not find in the table. False:
 * nothing is known, or the view is older than what memory keeps.
 */
static bool find_late(struct places *p, struct ctx *cx, int64_t seen,
		      const struct span *s, struct found *out)
{
	const struct entry *e;
	bool kept;

	out->n = 0;
	pthread_mutex_lock(&p->lock);
	kept = p->known && seen >= p->oldest;
	e = kept ? stream_of(p, s->stream) : NULL;
	for (; e; e = follow(p, e->older))
		if (e->turn > seen && in_span(&e->at, s))
			found_add(cx, out, &e->at);
	pthread_mutex_unlock(&p->lock);
	return kept;
}

static int by_n(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	return (x->n > y->n) - (x->n < y->n);
}

/* What the table led to, and what it does not lead to yet; by n, each once. */
static void merge(struct ctx *cx, const struct record *late, size_t late_n,
		  struct list *out)
{
	const struct record *in = out->at;
	struct record *all;
	size_t n = 0;

	if (late_n == 0)
		return;
	all = ARENA_ARRAY(cx->arena, struct record, out->n + late_n);
	if (out->n)
		memcpy(all, in, out->n * sizeof(*all));
	memcpy(all + out->n, late, late_n * sizeof(*all));
	qsort(all, out->n + late_n, sizeof(*all), by_n);
	for (size_t i = 0; i < out->n + late_n; i++)
		if (i == 0 || all[i].n != all[n - 1].n)
			all[n++] = all[i];
	out->at = all;
	out->n = n;
}

static enum err read_each(struct ctx *cx, const struct found *f,
			  struct list *out)
{
	const struct place *at = f->at;
	size_t n = f->n;
	struct record *late = ARENA_ARRAY(cx->arena, struct record, n + 1);
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		enum err e =
			store_one(cx, &record_sql[PLACE_RECORD],
				  VALS(v_int(at[i].node), v_int(at[i].seq)),
				  &late[found]);

		if (e == ERR_NOT_FOUND)
			err_clear(cx);
		else if (e)
			return e;
		else if (late[found].n == at[i].n &&
			 id_eq(&late[found].stream, &at[i].stream))
			found++;
	}
	merge(cx, late, found, out);
	return OK;
}

static enum err placed(struct ctx *cx, const struct span *s, struct list *out)
{
	return store_list(cx, &record_sql[PLACE_STREAM],
			  VALS(v_id(s->stream), v_int(s->from), v_int(s->to)),
			  SIZE_MAX, out, NULL);
}

/* Without memory: by reading the ends of the chains. The marks come first. */
static enum err read_tails(struct ctx *cx, const struct span *s,
			   struct list *out)
{
	int64_t *nodes = ARENA_ARRAY(cx->arena, int64_t, NODES_MAX);
	int64_t *marks = ARENA_ARRAY(cx->arena, int64_t, NODES_MAX);
	int64_t node = 0;
	size_t n = 0;
	enum err e = OK;

	while (!e && (e = next_node(cx, node, &node)) == OK && node) {
		CHECK(n < NODES_MAX);
		nodes[n] = node;
		e = mark_of(cx, node, &marks[n++]);
	}
	if (!e)
		e = placed(cx, s, out);
	for (size_t i = 0; !e && i < n; i++) {
		struct list late;

		e = store_list(cx, &record_sql[PLACE_TAIL],
			       VALS(v_int(nodes[i]), v_int(marks[i]),
				    v_id(s->stream), v_int(s->from),
				    v_int(s->to)),
			       SIZE_MAX, &late, NULL);
		if (!e)
			merge(cx, late.at, late.n, out);
	}
	return e;
}

enum err places_read(struct places *p, struct ctx *cx, const struct id *stream,
		     int64_t from, int64_t to, struct list *out)
{
	const struct span s = { stream, from, to };
	struct found f = { 0 };
	int64_t seen;
	enum err e;

	if (!store_alone(cx))
		return placed(cx, &s, out);
	if (!p)
		return read_tails(cx, &s, out);
	if (find_all(p, cx, &s, &f)) {
		*out = (struct list){ 0 };
		return read_each(cx, &f, out);
	}
	e = mark_of(cx, 0, &seen);
	if (!e)
		e = placed(cx, &s, out);
	if (e)
		return e;
	return find_late(p, cx, seen, &s, &f) ? read_each(cx, &f, out)
					      : read_tails(cx, &s, out);
}

enum err places_verify(struct ctx *cx, int64_t node, int64_t *missing,
		       int64_t *stray)
{
	const struct {
		int which;
		int64_t *out;
	} looks[] = { { PLACE_MISSING, missing }, { PLACE_STRAY, stray } };
	int64_t mark = 0;
	enum err e = OK;

	*missing = *stray = 0;
	if (!store_alone(cx))
		return OK;
	e = mark_of(cx, node, &mark);
	for (int i = 0; !e && i < 2; i++) {
		struct place_mark m = { 0 };

		e = store_one(cx, &record_sql[looks[i].which],
			      (const struct val[]){ v_int(node), v_int(mark) },
			      i == 0 ? 2 : 1, &m);
		if (e == ERR_NOT_FOUND) {
			err_clear(cx);
			e = OK;
		} else if (!e) {
			*looks[i].out = m.seq;
		}
	}
	return e;
}
