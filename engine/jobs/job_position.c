/* Where a job stands, and who works: for learners, staff and metrics. */
#include "engine/app.h"
#include "engine/jobs/job_impl.h"

enum {
	SEEN_MS = 60000,
	RECENT_MS = 86400000, /* how fast it goes is known from a day */
	RECENT_JOBS = 16,
	ALIVE_MS = 600000, /* who finished something since then is there */
};

static const struct field position_fields[] = {
	FIELD(struct job_position, standing, KIND_ENUM, JOB_STANDING_DOC,
	      .words = job_standing_words),
	FIELD(struct job_position, before, KIND_INT,
	      "jobs due before it; 1000: or more"),
	FIELD(struct job_position, running, KIND_INT,
	      "jobs of its kind that workers do now"),
	FIELD(struct job_position, workers, KIND_INT,
	      "workers that asked this server for its kind within a minute"),
	FIELD_MAYBE(struct job_position, estimate_ms, has_estimate, KIND_INT,
		    "how long until it has ended, if all goes on as it went; "
		    "absent: no worker can take it, nobody works, or nothing "
		    "was done of late"),
	FIELD_END,
};
const struct shape job_position_shape =
	SHAPE(struct job_position, position_fields);

/* ---- workers ---- */

size_t job_kind_number(const struct jobs *jobs, struct str name)
{
	size_t i = 0;

	while (jobs->o.kinds[i] && !str_is(name, jobs->o.kinds[i]->name))
		i++;
	return i;
}

/* The worker's own place, or that of who was not seen for longest. */
static struct job_seen *seen_place(struct jobs *jobs, uint64_t who)
{
	struct job_seen *oldest = &jobs->seen[0];

	for (size_t i = 0; i < JOB_SEEN_MOST; i++) {
		struct job_seen *s = &jobs->seen[i];

		if (s->who == who)
			return s;
		if (s->at_ms < oldest->at_ms)
			oldest = s;
	}
	return oldest;
}

struct job_seen *jobs_seen(struct jobs *jobs, struct ctx *cx,
			   const struct job_ask *a)
{
	const struct str *kinds = a->kinds.at;
	uint64_t who = str_hash(cx->who->actor) * 31 + str_hash(a->worker);
	struct job_seen *s = seen_place(jobs, who);
	uint64_t mask = 0;

	for (size_t i = 0; i < a->kinds.n; i++)
		mask |= UINT64_C(1) << job_kind_number(jobs, kinds[i]);
	/* A worker asks for what it has room for: what it asked before it
	   does, too. */
	s->kinds = s->who == who ? s->kinds | mask : mask;
	if (s->who != who)
		s->about = 0;
	s->who = who;
	s->at_ms = clock_ms(cx->clock);
	return s;
}

int64_t jobs_workers(const struct jobs *jobs, int64_t now_ms, struct str kind)
{
	uint64_t mask = UINT64_C(1) << job_kind_number(jobs, kind);
	int64_t n = 0;

	for (size_t i = 0; i < JOB_SEEN_MOST; i++) {
		const struct job_seen *s = &jobs->seen[i];

		n += s->who && s->kinds & mask && s->at_ms + SEEN_MS > now_ms;
	}
	return n;
}

/* ---- the queue ---- */

enum err job_before(struct ctx *cx, struct str kind, int64_t due_at,
		    const struct id *id, int64_t *out)
{
	const struct str bytes = { (const char *)id->b, ID_BYTES };
	struct job_count_row r;
	enum err e = store_one(cx, &job_sql[JOB_BEFORE],
			       VALS(v_text(kind), v_int(due_at), v_bytes(bytes),
				    v_int(JOB_COUNTED)),
			       &r);

	if (!e)
		*out = r.n;
	return e;
}

enum err job_running(struct ctx *cx, struct str kind, int64_t *out)
{
	struct job_count_row r;
	enum err e = store_one(cx, &job_sql[JOB_RUNNING],
			       VALS(v_text(kind), v_int(clock_ms(cx->clock)),
				    v_int(JOB_COUNTED)),
			       &r);

	if (!e)
		*out = r.n;
	return e;
}

/* Those before it are done by so many at once, each in the usual time. */
static void estimate(struct ctx *cx, const struct job *j,
		     const struct job_recent_row *recent,
		     struct job_position *p)
{
	int64_t now = clock_ms(cx->clock), one, at_once = p->running;
	bool alive =
		p->running || p->workers || recent->last_at + ALIVE_MS > now;

	p->has_estimate =
		recent->n > 0 && alive && p->standing != JOB_NO_WORKER;
	if (!p->has_estimate)
		return;
	one = recent->took_ms / recent->n;
	if (at_once < p->workers)
		at_once = p->workers;
	if (j->state == JOB_LEASED) {
		p->estimate_ms = one - (now - j->leased_at);
	} else {
		p->estimate_ms =
			p->before / (at_once ? at_once : 1) * one + one;
		if (j->due_at > now)
			p->estimate_ms += j->due_at - now;
	}
	if (p->estimate_ms < 0)
		p->estimate_ms = 0;
}

enum err job_position(struct ctx *cx, struct job_workers *w,
		      const struct job *j, struct job_position *out)
{
	int64_t now = clock_ms(cx->clock);
	struct job_position p = {
		.workers = jobs_workers(cx->app->jobs, now, j->kind),
	};
	struct job_recent_row recent;
	enum err e;

	if (!j->due_at)
		return err_set(cx, ERR_PRECONDITION, "the job has ended");
	e = job_standing(cx, w, j, &p.standing, &p.why);
	if (!e && j->state == JOB_QUEUED)
		e = job_before(cx, j->kind, j->due_at, &j->id, &p.before);
	if (!e)
		e = job_running(cx, j->kind, &p.running);
	if (!e)
		e = store_one(cx, &job_sql[JOB_RECENT],
			      VALS(v_text(j->kind), v_int(now - RECENT_MS),
				   v_int(RECENT_JOBS)),
			      &recent);
	if (e)
		return e;
	estimate(cx, j, &recent, &p);
	*out = p;
	return OK;
}

/* ---- metrics ---- */

static const char *const told_words[] = {
#define X(told, word) word,
	JOB_TOLDS(X)
#undef X
};

void jobs_count(struct jobs *jobs, const struct job *j, enum job_told what)
{
	size_t i = job_kind_number(jobs, j->kind);

	if (!jobs->o.kinds[i])
		return;
	jobs->counts.told[i][what]++;
	if (what == JOB_TOLD_DONE && j->leased_at)
		jobs->counts.took_ms[i] += j->updated_at - j->leased_at;
}

static void told_lines(const struct jobs *jobs, struct buf *b)
{
	buf_z(b, "# HELP assay_jobs_total What became of jobs.\n"
		 "# TYPE assay_jobs_total counter\n");
	for (size_t i = 0; jobs->o.kinds[i]; i++)
		for (size_t t = 0; t < JOB_TOLD_COUNT; t++)
			if (jobs->counts.told[i][t])
				buf_fmt(b,
					"assay_jobs_total{kind=\"%s\","
					"what=\"%s\"} %lld\n",
					jobs->o.kinds[i]->name, told_words[t],
					(long long)jobs->counts.told[i][t]);
	buf_z(b, "# HELP assay_job_seconds_total From the lease of jobs that "
		 "were done to their end.\n"
		 "# TYPE assay_job_seconds_total counter\n");
	for (size_t i = 0; jobs->o.kinds[i]; i++)
		if (jobs->counts.took_ms[i])
			buf_fmt(b,
				"assay_job_seconds_total{kind=\"%s\"} %.3f\n",
				jobs->o.kinds[i]->name,
				(double)jobs->counts.took_ms[i] / 1000);
}

static enum err queue_line(struct ctx *cx, const char *kind, struct buf *b)
{
	int64_t now = clock_ms(cx->clock), queued = 0, running = 0;
	enum err e = job_before(cx, str_of(kind), now + 1, &(struct id){ 0 },
				&queued);

	if (!e)
		e = job_running(cx, str_of(kind), &running);
	if (!e)
		buf_fmt(b,
			"assay_jobs{kind=\"%s\",state=\"due\"} %lld\n"
			"assay_jobs{kind=\"%s\",state=\"leased\"} %lld\n",
			kind, (long long)queued, kind, (long long)running);
	return e;
}

static void queue_lines(const struct jobs *jobs, struct ctx *cx, struct buf *b)
{
	enum err e = OK;

	buf_z(b, "# HELP assay_jobs Jobs for workers, due or leased; counted "
		 "up to 1000.\n# TYPE assay_jobs gauge\n");
	for (size_t i = 0; !e && jobs->o.kinds[i]; i++)
		if (!jobs->o.kinds[i]->step)
			e = queue_line(cx, jobs->o.kinds[i]->name, b);
	buf_z(b, "# HELP assay_workers Workers that asked this server for jobs "
		 "within a minute.\n# TYPE assay_workers gauge\n");
	for (size_t i = 0; jobs->o.kinds[i]; i++)
		if (!jobs->o.kinds[i]->step)
			buf_fmt(b, "assay_workers{kind=\"%s\"} %lld\n",
				jobs->o.kinds[i]->name,
				(long long)jobs_workers(
					jobs, clock_ms(cx->clock),
					str_of(jobs->o.kinds[i]->name)));
}

void jobs_metrics(void *arg, struct buf *b)
{
	enum { WAIT_MS = 100 }; /* a page is not worth more */
	struct jobs *jobs = arg;
	struct ctx cx = { .clock = jobs->o.clock };

	told_lines(jobs, b);
	if (!jobs->o.store)
		return;
	cx.db = store_reader(jobs->o.store, WAIT_MS);
	if (!cx.db)
		return;
	cx.arena = arena_new(4096);
	queue_lines(jobs, &cx, b);
	store_reader_done(jobs->o.store, cx.db);
	arena_free(cx.arena);
}
