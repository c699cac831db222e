#include "engine/attempt/repos.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "sandbox/gitlib.h"
#include "sandbox/walk.h"

enum { WANTS = 64, PATH = 4096, STEPS = 100000 };

/* What is to be forgotten: found again by who asks. */
struct want {
	char repo[SUBS_REPO_BYTES + 1];
	char prefix[SUBS_REF_BYTES + 1];
	int state;
};
enum { WANT_NONE, WANT_WAITS, WANT_DONE };

struct repos {
	struct repos_opts o;
	char folder[PATH];
	struct subs *subs;
	int64_t full_until_ms;
	_Atomic int64_t pack_at_ms;

	pthread_t thread;
	bool runs;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop;
	struct want wants[WANTS];
};

static enum err make_folder(struct ctx *cx, const char *path)
{
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return OK;
	return err_set(cx, ERR_INVALID,
		       "cannot make the folder of the submissions %.200s (%m): "
		       "let the setting repos name a place where the server's "
		       "user can write",
		       path);
}

/* ---- the packer ---- */

static bool next_want(struct repos *r, struct want *out)
{
	bool found = false;

	pthread_mutex_lock(&r->lock);
	for (size_t i = 0; !found && i < WANTS; i++)
		if (r->wants[i].state == WANT_WAITS) {
			*out = r->wants[i];
			found = true;
		}
	pthread_mutex_unlock(&r->lock);
	return found;
}

static void mark_done(struct repos *r, const struct want *w)
{
	pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < WANTS; i++)
		if (r->wants[i].state == WANT_WAITS &&
		    strcmp(r->wants[i].prefix, w->prefix) == 0 &&
		    strcmp(r->wants[i].repo, w->repo) == 0)
			r->wants[i].state = WANT_DONE;
	pthread_mutex_unlock(&r->lock);
}

static const char *prefix_of(struct arena *a, const struct id *learner)
{
	char id[ID_TEXT + 1];

	id_text(learner, id);
	return str_fmt(a, "refs/submissions/%s/", id).p;
}

static bool forget_some(struct repos *r, struct ctx *cx)
{
	struct want w;
	enum err e = OK;

	while (!e && next_want(r, &w)) {
		e = subs_forget(cx, r->subs, str_of(w.repo), str_of(w.prefix));
		if (e == ERR_NOT_FOUND) /* no such repository */
			e = OK;
		if (!e)
			mark_done(r, &w);
	}
	return e == OK;
}

/* Packing can wait for the next start. */
static bool stops(struct repos *r)
{
	bool stop;

	pthread_mutex_lock(&r->lock);
	stop = r->stop;
	pthread_mutex_unlock(&r->lock);
	return stop;
}

static void pack_all(struct repos *r, struct ctx *cx)
{
	struct subs_packed p = { .more = true };
	struct subs_stats s;
	enum err e = OK;

	subs_stats(r->subs, &s);
	if (s.waiting_bytes)
		e = subs_rotate(cx, r->subs);
	for (int i = 0; !e && p.more && i < STEPS && !stops(r); i++)
		e = subs_pack_step(cx, r->subs, &p);
	if (e)
		log_event(r->o.log, LOG_WARN, "pack_failed",
			  LZ("error", err_kind(e)),
			  LZ("detail", cx->error.detail));
}

/* One round; what fails is tried again in the next. */
static void round_of(struct repos *r)
{
	struct arena *a = arena_new(65536);
	struct ctx cx = { .arena = a, .clock = r->o.clock, .log = r->o.log };

	if (!forget_some(r, &cx))
		log_event(r->o.log, LOG_WARN, "forget_failed",
			  LZ("detail", cx.error.detail));
	err_clear(&cx);
	pack_all(r, &cx);
	arena_free(a);
}

static int64_t every_ms(const struct repos *r)
{
	return r->o.shared ? REPOS_PACK_SHARED_MS : REPOS_PACK_MS;
}

static bool any_waits(const struct repos *r)
{
	for (size_t i = 0; i < WANTS; i++)
		if (r->wants[i].state == WANT_WAITS)
			return true;
	return false;
}

static void *packer(void *arg)
{
	struct repos *r = arg;
	bool failed = false;

	pthread_mutex_lock(&r->lock);
	while (!r->stop) {
		struct timespec until;

		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += every_ms(r) / 1000;
		while (!r->stop && (failed || !any_waits(r)) &&
		       pthread_cond_timedwait(&r->wake, &r->lock, &until) !=
			       ETIMEDOUT)
			;
		if (r->stop)
			break;
		pthread_mutex_unlock(&r->lock);
		round_of(r);
		pthread_mutex_lock(&r->lock);
		failed = any_waits(r);
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

/* ---- opening ---- */

static enum err start_packer(struct ctx *cx, struct repos *r)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&r->wake, &attr);
	pthread_condattr_destroy(&attr);
	if (!r->o.threaded)
		return OK;
	if (pthread_create(&r->thread, NULL, packer, r))
		return err_set(cx, ERR_UNAVAILABLE,
			       "no thread for packing submissions");
	r->runs = true;
	return OK;
}

enum err repos_open(struct ctx *cx, const struct repos_opts *o,
		    struct repos **out)
{
	struct repos *r = calloc(1, sizeof(*r)); /* allowed: process */
	enum err e;

	CHECK(r);
	r->o = *o;
	r->pack_at_ms = clock_ms(o->clock) + every_ms(r);
	snprintf(r->folder, sizeof(r->folder), "%s/node-%lld", o->folder,
		 (long long)o->node);
	e = gitlib_start(cx);
	if (!e)
		e = make_folder(cx, o->folder);
	if (!e)
		e = make_folder(cx, r->folder);
	if (!e)
		e = subs_open(cx,
			      &(struct subs_opts){ .dir = r->folder,
						   .disk = o->disk },
			      &r->subs);
	if (!e)
		e = start_packer(cx, r);
	if (e) {
		repos_free(r);
		return e;
	}
	*out = r;
	return OK;
}

struct subs *repos_subs(struct repos *r)
{
	return r->subs;
}

void repos_free(struct repos *r)
{
	if (!r)
		return;
	if (r->runs) {
		pthread_mutex_lock(&r->lock);
		r->stop = true;
		pthread_cond_signal(&r->wake);
		pthread_mutex_unlock(&r->lock);
		pthread_join(r->thread, NULL);
	}
	if (r->subs)
		subs_close(r->subs);
	gitlib_stop();
	free(r);
}

/* ---- with the transaction ---- */

static size_t part_mark(void *arg)
{
	return subs_mark(((struct repos *)arg)->subs);
}

static void part_undo(void *arg, size_t mark)
{
	subs_undo(((struct repos *)arg)->subs, mark);
}

/*
 * A full disk here is not a full database: whoever hands in files is told so,
 * and nobody else is stopped.
 */
static enum err part_flush(void *arg, struct ctx *cx)
{
	struct repos *r = arg;
	enum err e = subs_flush(r->subs, cx);

	if (e != ERR_READ_ONLY)
		return e;
	r->full_until_ms = clock_ms(r->o.clock) + REPOS_FULL_MS;
	log_event(r->o.log, LOG_ERROR, "submissions_disk_full",
		  LZ("folder", r->folder));
	return err_set(cx, ERR_UNAVAILABLE,
		       "the disk of the submissions is full: nothing was "
		       "taken; try again later");
}

static void part_committed(void *arg, struct ctx *cx)
{
	subs_committed(((struct repos *)arg)->subs, cx);
}

static void part_aborted(void *arg)
{
	subs_aborted(((struct repos *)arg)->subs);
}

/*
 * The COMMIT may have happened, and names what was written: it stays, since
 * what no record names harms nobody.
 */
static void part_in_doubt(void *arg)
{
	subs_committed(((struct repos *)arg)->subs, NULL);
}

struct tx_part repos_part(struct repos *r)
{
	return (struct tx_part){ .arg = r,
				 .mark = part_mark,
				 .undo = part_undo,
				 .flush = part_flush,
				 .committed = part_committed,
				 .aborted = part_aborted,
				 .in_doubt = part_in_doubt };
}

static int64_t next_ms(void *arg)
{
	struct repos *r = arg;

	return r->o.threaded ? INT64_MAX : r->pack_at_ms;
}

static size_t run(void *arg, struct ctx *cx, int64_t now_ms, size_t max)
{
	struct repos *r = arg;

	(void)cx;
	(void)max;
	r->pack_at_ms = now_ms + every_ms(r);
	round_of(r);
	return 1;
}

struct tx_timer repos_timer(struct repos *r)
{
	return (struct tx_timer){ r, next_ms, run };
}

/* ---- files ---- */

int64_t repos_learner_bytes(const struct repos *r)
{
	return r->o.learner_bytes;
}

void repos_place(struct arena *a, const struct id *org, struct str course,
		 struct str term, const struct id *learner,
		 const struct id *attempt, int64_t slot,
		 struct repos_place *out)
{
	char id[ID_TEXT + 1];

	id_text(attempt, id);
	out->repo = subs_repo_name(a, org, course, term);
	out->ref = str_fmt(a, "%s%s/%lld", prefix_of(a, learner), id,
			   (long long)slot);
}

enum err repos_put(struct ctx *cx, struct repos *r,
		   const struct repos_place *at, const struct list *files,
		   struct str message, struct subs_done *out)
{
	const struct subs_ask ask = { .repo = at->repo,
				      .ref = at->ref,
				      .files = files,
				      .message = message,
				      .time_ms = clock_ms(cx->clock),
				      .skip_same = true };

	if (clock_ms(r->o.clock) < r->full_until_ms)
		return err_set(cx, ERR_READ_ONLY,
			       "the disk of the submissions is full: nothing "
			       "was taken; try again later");
	return subs_put(cx, r->subs, &ask, out);
}

/* From the packs of another node; nothing there is changed. */
static enum err foreign_files(struct ctx *cx, struct repos *r, int64_t node,
			      struct str repo, const struct oid *commit,
			      struct list *out)
{
	struct tree_list all = { 0 };
	struct walk *w = NULL;
	char path[PATH];
	enum err e;

	snprintf(path, sizeof(path), "%s/node-%lld/%.*s.git", r->o.folder,
		 (long long)node, STR_FMT(repo));
	e = walk_open(cx, path, &w);
	if (!e)
		e = walk_files(cx, w, commit, STR(""), &all);
	walk_close(w);
	*out = all.files;
	if (!e)
		return OK;
	return err_set(cx, ERR_BUSY,
		       "server %lld has taken these files, and they cannot be "
		       "read here yet; try again, or ask there",
		       (long long)node);
}

enum err repos_files(struct ctx *cx, struct repos *r, int64_t node,
		     struct str repo, struct str commit, struct list *out)
{
	struct oid id;
	enum err e;

	if (!oid_parse(commit, &id))
		return err_set(cx, ERR_CORRUPT,
			       "a submission's record names no commit");
	if (node != r->o.node)
		return foreign_files(cx, r, node, repo, &id, out);
	e = subs_load(cx, r->subs, repo, &id, NULL, out);
	if (e == ERR_NOT_FOUND)
		return err_set(cx, ERR_ERASED,
			       "the files of this submission are gone");
	return e;
}

/* ---- forgetting ---- */

enum err repos_forget(struct ctx *cx, struct repos *r, struct str repo,
		      const struct id *learner, bool *done)
{
	return repos_forget_refs(cx, r, repo,
				 str_of(prefix_of(cx->arena, learner)), done);
}

enum err repos_forget_refs(struct ctx *cx, struct repos *r, struct str repo,
			   struct str prefix, bool *done)
{
	struct want *free_one = NULL;
	bool waits = false;

	if (repo.n > SUBS_REPO_BYTES || prefix.n > SUBS_REF_BYTES)
		return err_set(cx, ERR_CORRUPT, "no repository has this name");
	*done = false;
	pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < WANTS && !waits && !*done; i++) {
		struct want *w = &r->wants[i];

		if (w->state == WANT_NONE)
			free_one = w;
		else if (str_is(prefix, w->prefix) && str_is(repo, w->repo)) {
			*done = w->state == WANT_DONE;
			waits = !*done;
			if (*done)
				w->state = WANT_NONE;
		}
	}
	if (!waits && !*done && free_one) {
		*free_one = (struct want){ .state = WANT_WAITS };
		memcpy(free_one->repo, repo.p, repo.n);
		memcpy(free_one->prefix, prefix.p, prefix.n);
		pthread_cond_signal(&r->wake);
		if (!r->o.threaded)
			r->pack_at_ms = clock_ms(r->o.clock);
	}
	pthread_mutex_unlock(&r->lock);
	return OK;
}

void repos_stats(struct repos *r, struct subs_stats *out)
{
	subs_stats(r->subs, out);
}
